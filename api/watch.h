// SPDX-License-Identifier: Apache-2.0
/* Watch: one thread that sees what libmicrohttpd does not: that the client of a suspended request
 * has gone, or that of half a body, and that a request's head or body does not come. */
#pragma once
#include "engine/base/cancel.h"
#include <stdatomic.h>
#include <stdint.h>

typedef struct Watch Watch;

/* tick(arg) is called about once a second, too. */
Status *watch_new(void (*tick)(void *), void *arg, Watch **ret) MUST_USE;
/* Stops the thread. All connections and waits must be gone. */
void watch_free(Watch *w);
/* Monotonic time of the last tick, ns. */
int64_t watch_beat(const Watch *w);

/* An open connection. */
typedef struct Conn {
        struct Conn *prev, *next; /* guarded by the watch's lock */
        int fd;
        bool local; /* on a loopback or unix listener */
        bool unix_socket;
        bool trusted; /* the other end of a unix socket is root or who we are, or has shown a client
                         certificate of an authority that we trust */
        void *tls;    /* its gnutls_session_t, or NULL */
        const void *checked; /* the Access by which the client certificate was last looked at */
        atomic_llong deadline_ns; /* shut down when this has passed; 0: never */
        atomic_bool body;         /* one is coming, so that an end here is too early */
        int ended;                /* for so many ticks; the watch's own */
} Conn;
Status *watch_connect(Watch *w, int fd, Conn **ret) MUST_USE;
void watch_disconnect(Watch *w, Conn *c);

/* Fires the token when the other side of fd hangs up. *ret is for watch_unwait(). Without memory
 * nothing is watched. */
void watch_wait(Watch *w, int fd, Cancel *cancel, uint64_t *ret);
void watch_unwait(Watch *w, uint64_t ticket);
