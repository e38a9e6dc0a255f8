// SPDX-License-Identifier: Apache-2.0
/* Acceptor: takes the connections of one listener and deals them out to loops in turn.
 * Threads that accept for themselves would not do: the one that is woken first takes nearly all. */
#pragma once
#include "api/http_loop.h"
#include "engine/base/status.h"
#include <pthread.h>
#include <stdbool.h>

typedef struct Acceptor {
        pthread_t thread;
        int listener, stop; /* stop: an eventfd */
        HttpLoop **loops;   /* borrowed */
        int n, next;
        bool runs;
} Acceptor;

/* fd is a listening socket, which is made non-blocking. fd and loops must outlive the acceptor.
 */
Status *acceptor_start(int fd, HttpLoop **loops, int n, Acceptor *ret) MUST_USE;
/* From now on nobody is let in. Does nothing when it does not run. */
void acceptor_stop(Acceptor *a);
