// SPDX-License-Identifier: Apache-2.0
/* The peer: a bare libmicrohttpd server in a process of its own, which reads the body and answers a
 * constant one, with as many heads as the daemon sends, and waits for events as the daemon does. */
#pragma once
#include "engine/base/status.h"
#include <stddef.h>
#include <sys/types.h>

typedef struct Peer {
        pid_t pid;
        int port;
} Peer;

/* Starts it; its answers have n bytes. */
Status *peer_start(size_t n, Peer *ret) MUST_USE;
void peer_stop(Peer *p);
