// SPDX-License-Identifier: Apache-2.0
/* What the machine itself takes for as many bytes as a graph has: the limits beside which
 * load_bench's figures stand. Each returns seconds, the best of three. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Takes, touches and gives back half a GB. A virtual machine hands memory that is free for a while
 * back to its host, and gets it again at twenty times the price of memory that it still has: that
 * is the machine's, not the daemon's. */
void limit_warm(void);

/* The kernel gives n bytes, a first touch each page; in huge pages, or in those of 4 KiB. CPU time,
 * as of the next. */
double limit_pages(size_t n, bool huge);
/* SHA-256 by the library that the daemon uses. */
double limit_digest(const void *data, size_t n);
/* Written past the page cache and synced; the file stays for limit_read(). */
double limit_write(const char *path, const void *data, size_t n);
double limit_read(const char *path, size_t n);
/* Sent to a bare libmicrohttpd, which drops the bytes, by the client that sends the graph.
 * *ret_cpu: CPU seconds of both, the least. */
double limit_http(const void *data, size_t n, double *ret_cpu);
/* Sent over a bare socket of the loopback, in pieces of 64 KiB, to a thread that reads them into
 * one place. */
double limit_socket(const void *data, size_t n);
