// SPDX-License-Identifier: Apache-2.0
/* Server: HTTP on libmicrohttpd. The only file that knows MHD's life cycle: connections, bodies,
 * suspending and resuming.
 *
 * A request is parsed in its loop's turn (http_loop.h), refused there if anything about it is odd
 * (guard.h), and given to its route's handler. What is not answered when the handler returns is
 * suspended: it holds no thread until request_answer() is called, from wherever. */
#pragma once
#include "engine/engine.h"
#include "storage/store.h"

typedef struct Server Server;

/* One failed request, for a log. Everything is borrowed for the call. */
typedef struct RequestLog {
        const char *method, *path, *request_id, *code_name, *detail;
        int status;
        int64_t duration_us;
} RequestLog;

typedef struct ServerOptions {
        const char *const
                *listen;     /* NULL-terminated: HOST:PORT, [IPV6]:PORT, unix:PATH; port 0: any */
        int first_fd, n_fds; /* sockets that listen already (systemd's); used besides listen */
        int threads;         /* HTTP threads of each listener; 0: one per two processors */
        int64_t poll_ns;     /* how long an HTTP thread polls before it sleeps, while that pays */
        size_t max_body;     /* bytes; 0: LIMIT_BODY */
        int head_timeout_ms; /* for a request's head to arrive; 0: 10 s */
        int body_timeout_ms; /* grace before a body's minimum rate counts; 0: 20 s */
        Engine *engine;      /* borrowed, must outlive the server */
        Store *store;        /* borrowed */
        const char *const *tokens; /* SHA-256 of each allowed token in lower-case hex,
                                      NULL-terminated; NULL or empty: no authentication */
        const char *const
                *hosts; /* more names that a loopback listener may be called by; may be NULL */
        const char *tls_cert, *tls_key; /* PEM files; with them all but unix sockets speak TLS, and
                                           nothing else; NULL or "": plain HTTP */
        const char *tls_client_ca; /* PEM file: a client certificate of one of its authorities is as
                                      good as a token; NULL or "": none is asked for */
        const char *version;       /* a literal */
        void (*log)(void *arg, const RequestLog *entry); /* may be NULL; from any thread */
        void *log_arg;
} ServerOptions;

/* Makes the store's sessions again, then listens and serves. All that options point to is copied,
 * but for engine and store. INVALID_ARGUMENT for a malformed address, UNAVAILABLE when one cannot
 * be listened on. */
Status *server_start(const ServerOptions *o, Server **ret) MUST_USE;
/* Are tokens and TLS files what they should be? The error is that of server_start(). */
Status *server_check(const ServerOptions *o) MUST_USE;
/* Takes over max_body, tokens, hosts and the TLS files, read again; other options are not looked
 * at. On failure all stays as it was. FAILED_PRECONDITION: TLS cannot be switched on or off. */
Status *server_reload(Server *s, const ServerOptions *o) MUST_USE;
/* The port of the first TCP listener; 0 when there is none. */
int server_port(const Server *s);
/* Stops listening, turns /readyz red, refuses new requests, and waits for those under way; at the
 * deadline their steps are cancelled and answered UNAVAILABLE. */
void server_drain(Server *s, int timeout_ms);
/* Drains without patience if nobody has, ends all connections and frees the server. NULL is fine.
 */
void server_stop(Server *s);
/* False when the housekeeping thread or the worker has not moved for ms milliseconds: for a
 * watchdog. */
bool server_alive(const Server *s, int ms);
AUTOPTR_DEFINE(Server, server_stop)
