// SPDX-License-Identifier: Apache-2.0
/* HttpLoop: a thread that serves the connections of a libmicrohttpd daemon, which has none of its
 * own. Others may take a turn at it while it waits: who has ended a step sends the answer itself,
 * which a thread that must first be woken up would do some 20 to 50 us later. */
#pragma once
#include "engine/base/status.h"
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HttpLoop HttpLoop;

/* A thread polls before it sleeps, as long as that pays: to wake up a processor that sleeps takes a
 * virtual machine 50 us, several times a small request. */
typedef struct HttpPolling {
        int64_t ns;              /* how long; 0: never */
        bool (*busy)(void *arg); /* others need the processors: nobody polls; may be NULL */
        void *arg;
} HttpPolling;

/* Takes mhd over, which was made with MHD_USE_EPOLL, without internal threads; polling is borrowed
 * until http_loop_stop(). UNAVAILABLE when there is no thread for it; mhd is then as it was. */
Status *http_loop_start(struct MHD_Daemon *mhd, const HttpPolling *polling,
                        HttpLoop **ret) MUST_USE;
/* Gives it a connection, whose socket it takes over, and closes if there is no room for it. From
 * any thread, like the next two. */
void http_loop_add(HttpLoop *l, int fd, const struct sockaddr *from, socklen_t len);
/* After MHD_resume_connection() of one of its connections. */
void http_loop_wake(HttpLoop *l);
/* The same, but the calling thread (not that of a loop) takes the turn, if nobody else has it.
 * Drops the caller's reference. Does nothing once the loop was stopped. */
void http_loop_visit(void *loop);
/* Closes all connections, none of which may be suspended, and ends the thread. */
void http_loop_stop(HttpLoop *l);
HttpLoop *http_loop_ref(HttpLoop *l);
/* The last one frees the loop, which was stopped. NULL is fine. */
void http_loop_unref(HttpLoop *l);

/* The loop whose turn it is on the calling thread; NULL: none's. */
HttpLoop *http_loop_mine(void);
