// SPDX-License-Identifier: Apache-2.0
/* Exchange: one request from its head to its answer, on libmicrohttpd.
 *
 * All suspending and resuming is here. An exchange is RUNNING while its handler runs, then either
 * ANSWERED at once, or SUSPENDED until somebody answers. Two own it: MHD until the request is
 * completed, and whoever is to answer it. */
#pragma once
#include "api/access.h"
#include "api/guard.h"
#include "api/once.h"
#include "api/request.h"
#include "api/server.h"
#include "api/spares.h"
#include "api/watch.h"
#include "api/workers.h"
#include <pthread.h>

typedef struct Exchange Exchange;

/* What the exchanges of a server share. */
typedef struct Exchanges {
        Context context;
        Watch *watch;
        Workers *workers, *readers; /* readers: of long bodies, which must not wait for disks */
        Once *once;
        _Atomic(Access *) access; /* as it is now; a request reads it once */
        int64_t head_timeout_ns, body_timeout_ns;
        void (*log)(void *arg, const RequestLog *entry);
        void *log_arg;
        atomic_llong unanswered; /* started requests that somebody is still to answer */
        pthread_mutex_t lock;    /* guards: suspended */
        Exchange *suspended;
        Spares spares;
        atomic_size_t promised; /* bytes of memory set aside for bodies that are coming */
        atomic_size_t raw;      /* bytes of tensors that are coming */
} Exchanges;

/* One listener, as MHD's callbacks get it. */
typedef struct Port {
        Exchanges *all;
        bool local, unix_socket, tls;
} Port;

/* MHD's callbacks; cls is a Port. */
void *exchange_begin(void *cls, const char *target, struct MHD_Connection *c);
enum MHD_Result exchange_step(void *cls, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **request);
void exchange_end(void *cls, struct MHD_Connection *c, void **request,
                  enum MHD_RequestTerminationCode why);
void exchange_connection(void *cls, struct MHD_Connection *c, void **context,
                         enum MHD_ConnectionNotificationCode what);

/* Answers all suspended requests 503, whatever happens to their steps. */
void exchanges_abandon(Exchanges *all);
