// SPDX-License-Identifier: Apache-2.0
/* Big files past the page cache, where the file system lets us: with it, each page is found, filled
 * and copied by a processor, which takes longer than the disk. Bytes that are not aligned as disks
 * want it go through a piece of memory that is. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Below that the cache costs less than it saves. */
#define DIRECT_LEAST ((size_t)4 << 20)

typedef struct Direct {
        int fd;
        char *memory, *piece; /* where bytes go through; made when first needed */
        bool past;            /* else through the cache */
} Direct;

/* Takes over how fd is read or written from here on; its offset must be 0. n: bytes that will come
 * or go. */
void direct_start(Direct *d, int fd, size_t n);
/* As read() and write() do: how many of n bytes, or -1 with errno; EINTR is dealt with. Where the
 * disk cannot go on directly (a file's last bytes) the page cache takes over. */
ssize_t direct_read(Direct *d, char *p, size_t n);
ssize_t direct_write(Direct *d, const char *p, size_t n);
void direct_end(Direct *d);
