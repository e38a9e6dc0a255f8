// SPDX-License-Identifier: Apache-2.0
/* A closed loop of HTTP clients: n connections, each with one request under way, driven by one
 * epoll loop, so that the client costs little and always the same. */
#pragma once
#include "engine/base/buf.h"
#include <sys/types.h>

typedef struct Load {
        int port, connections;
        int idle;                  /* connections besides that have had an answer and wait */
        int requests;              /* over all connections */
        pid_t server;              /* whose CPU time is measured; 0: none */
        double *latency;           /* where seconds of each request are put; NULL: nowhere */
        void (*before)(void *arg); /* called before each request; may be NULL */
        void *arg;
        const Buf *request; /* head and body, as they go over the wire */
} Load;

typedef struct LoadResult {
        double per_second, p50, p99; /* seconds */
        double cpu;                  /* of the server, seconds per request */
        size_t answer;               /* bytes of the last answer, head included */
} LoadResult;

/* Lets this process and those it starts have as many files open as the system allows. */
void load_raise_limit(void);
/* Runs the load, after a tenth of it to warm up. UNAVAILABLE for a broken connection, UNKNOWN for
 * an answer other than 200. */
Status *load_run(const Load *l, LoadResult *ret) MUST_USE;
/* A request with a body. */
void load_request(Buf *out, const char *path, const char *extra_heads, const Buf *body);
