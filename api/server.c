// SPDX-License-Identifier: Apache-2.0
/* Starting, draining and stopping. What happens to a request is in exchange.c. */
#include "api/server.h"

#include "api/accept.h"
#include "api/exchange.h"
#include "api/http_loop.h"
#include "api/listen.h"
#include "api/restore.h"
#include "engine/base/clock.h"
#include <errno.h>
#include <gnutls/abstract.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
        MAX_LISTENERS = 16,
        WORKERS = 2,
        READERS = 1,
        IDLE_TIMEOUT_S = 75,
        CONNECTION_MEMORY = 32 * 1024,
        CANCEL_MS = 5000, /* for cancelled steps to end */
};

/* A listener and the loops that serve its connections, each with a libmicrohttpd of its own. */
typedef struct Daemon {
        HttpLoop **loops;
        int n;
        Acceptor acceptor;
        Listener listener;
        Port port;
} Daemon;

struct Server {
        Exchanges all;
        Daemon daemons[MAX_LISTENERS];
        int n;
        bool drained;
        HttpPolling polling;
};

static void nap(void)
{
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* ---- start ---- */

/* Handed sockets first, then addresses. */
static Status *listen_all(const ServerOptions *o, Server *s)
{
        for (int i = 0; i < o->n_fds && s->n < MAX_LISTENERS; i++) {
                TRY(listen_adopt(o->first_fd + i, &s->daemons[s->n].listener));
                s->n++;
        }
        for (const char *const *p = o->listen; p && *p; p++) {
                if (s->n == MAX_LISTENERS)
                        return invalid_argument("more than %d addresses to listen on",
                                                MAX_LISTENERS);
                TRY(listen_open(*p, &s->daemons[s->n].listener));
                s->n++;
        }
        return s->n ? NULL : invalid_argument("no address to listen on");
}

/* Paths and queries are decoded by the router, after matching: MHD leaves them alone. */
static size_t no_unescape(void *cls UNUSED, struct MHD_Connection *c UNUSED, char *text)
{
        return strlen(text);
}

static void no_log(void *cls UNUSED, const char *fmt UNUSED, va_list ap UNUSED) {}

/* What MHD wants for TLS. Connections get their certificates from tls_attach(), so that these can
 * change; this only keeps MHD from asking for some. */
static int no_certificate(gnutls_session_t session UNUSED, const gnutls_datum_t *ca UNUSED,
                          int n_ca UNUSED, const gnutls_pk_algorithm_t *algorithms UNUSED,
                          int n_algorithms UNUSED, gnutls_pcert_st **certs UNUSED,
                          unsigned *n UNUSED, gnutls_privkey_t *key UNUSED)
{
        return -1;
}

/* One of `loops` that share the connections of a socket. */
static struct MHD_Daemon *start_mhd(Daemon *d, int loops)
{
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
                         MHD_USE_ERROR_LOG | (d->port.tls ? MHD_USE_TLS : 0);
        struct MHD_OptionItem more[3], *m = more;
        if (d->port.tls) {
                *m++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
                                                (void *)no_certificate };
                *m++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES };
        }
        *m = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
        return MHD_start_daemon(
                flags, 0, NULL, NULL, exchange_step, &d->port, MHD_OPTION_EXTERNAL_LOGGER, no_log,
                NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape,
                NULL, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, &d->port,
                MHD_OPTION_NOTIFY_COMPLETED, exchange_end, &d->port, MHD_OPTION_NOTIFY_CONNECTION,
                exchange_connection, &d->port, MHD_OPTION_CONNECTION_TIMEOUT,
                (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_LIMIT,
                (unsigned)MAX(LIMIT_IDLE_CONNECTIONS / loops, 1),
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_ARRAY,
                more, MHD_OPTION_END);
}

static Status *start_loop(Daemon *d, int loops, const HttpPolling *polling)
{
        struct MHD_Daemon *mhd = start_mhd(d, loops);
        if (!mhd)
                return unavailable("cannot start the HTTP server: %s", strerror(errno));
        Status *s = http_loop_start(mhd, polling, &d->loops[d->n]);
        if (s)
                MHD_stop_daemon(mhd);
        else
                d->n++;
        return s;
}

static Status *start_daemon(Daemon *d, Exchanges *all, int loops, const HttpPolling *polling)
{
        bool tls = atomic_load(&all->access)->tls && !d->listener.unix_path;
        d->port = (Port){ all, d->listener.local, d->listener.unix_path, tls };
        d->loops = mem_calloc((size_t)loops, sizeof(HttpLoop *));
        if (!d->loops)
                return status_oom();
        while (d->n < loops)
                TRY(start_loop(d, loops, polling));
        return acceptor_start(d->listener.fd, d->loops, d->n, &d->acceptor);
}

static void stop_daemon(Daemon *d)
{
        acceptor_stop(&d->acceptor);
        for (int i = 0; i < d->n; i++)
                http_loop_stop(d->loops[i]);
        listen_close(&d->listener);
}

static void free_loops(Daemon *d)
{
        for (int i = 0; i < d->n; i++)
                http_loop_unref(d->loops[i]);
        mem_free(d->loops);
}

static void tick(void *arg)
{
        Exchanges *all = arg;
        session_table_tick(all->context.sessions, &all->context);
}

/* What all sockets share. */
static Status *make_shared(const ServerOptions *o, Exchanges *all)
{
        Context *c = &all->context;
        c->engine = o->engine;
        c->store = o->store;
        c->version = o->version ? o->version : "";
        atomic_store(&c->max_body, o->max_body ? o->max_body : LIMIT_BODY);
        c->started_us = clock_wall_us();
        if (getrandom(c->id_seed, sizeof c->id_seed, 0) != sizeof c->id_seed)
                return unavailable("no random numbers: %s", strerror(errno));
        json_object_seed(c->id_seed[0] | 1);
        all->head_timeout_ns = (o->head_timeout_ms ? o->head_timeout_ms : 10000) * INT64_C(1000000);
        all->body_timeout_ns = (o->body_timeout_ms ? o->body_timeout_ms : 20000) * INT64_C(1000000);
        all->log = o->log;
        all->log_arg = o->log_arg;
        Access *access = NULL;
        TRY(access_new(o, &access));
        atomic_store(&all->access, access);
        TRY(once_new(&all->once));
        TRY(metrics_new(&c->metrics));
        TRY(session_table_new(&c->sessions));
        TRY(contexts_new(&c->contexts));
        TRY(graph_cache_new(&c->graphs));
        TRY(workers_new(WORKERS, &all->workers));
        TRY(workers_new(READERS, &all->readers));
        return watch_new(tick, all, &all->watch);
}

/* A step runs for somebody; requests that only wait need no processor. */
static bool processors_needed(void *server)
{
        const Context *c = &((const Server *)server)->all.context;
        return c->engine && atomic_load_explicit(&c->inflight, memory_order_relaxed) > 0 &&
               engine_computes(c->engine);
}

/* Sockets first: an address in use is noticed before sessions are restored. */
static Status *start_all(const ServerOptions *o, Server *s)
{
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        /* Half of the processors, so that whom they serve (clients on this machine, steps) finds
         * one: a thread that shares its processor with another busy one waits whole ticks, and all
         * its connections with it. */
        int loops = o->threads > 0 ? o->threads : (int)MAX(cores / 2, 1L);
        /* Whoever polls on the only processor waits for those whom it keeps from working. */
        s->polling = (HttpPolling){ cores > 1 ? o->poll_ns : 0, processors_needed, s };
        TRY(listen_all(o, s));
        TRY(make_shared(o, &s->all));
        TRY(restore_sessions(&s->all.context));
        for (int i = 0; i < s->n; i++)
                TRY(start_daemon(&s->daemons[i], &s->all, loops, &s->polling));
        return NULL;
}

/* After a failure server_stop() takes down what stands. */
Status *server_start(const ServerOptions *o, Server **ret)
{
        Server *s = mem_calloc(1, sizeof *s);
        if (!s)
                return status_oom();
        pthread_mutex_init(&s->all.lock, NULL);
        spares_init(&s->all.spares);
        Status *error = start_all(o, s);
        if (error) {
                server_stop(s);
                return error;
        }
        *ret = s;
        return NULL;
}

Status *server_check(const ServerOptions *o)
{
        autoptr(Access) access = NULL;
        return access_new(o, &access);
}

Status *server_reload(Server *s, const ServerOptions *o)
{
        autoptr(Access) access = NULL;
        Access *now = atomic_load(&s->all.access);
        TRY(access_new(o, &access));
        if (!access->tls != !now->tls)
                return failed_precondition("TLS is switched on or off by a restart only");
        access->older = now;
        atomic_store(&s->all.access, steal(&access));
        atomic_store(&s->all.context.max_body, o->max_body ? o->max_body : LIMIT_BODY);
        return NULL;
}

int server_port(const Server *s)
{
        for (int i = 0; i < s->n; i++)
                if (s->daemons[i].listener.port)
                        return s->daemons[i].listener.port;
        return 0;
}

bool server_alive(const Server *s, int ms)
{
        int64_t limit = ms * INT64_C(1000000);
        return clock_ns() - watch_beat(s->all.watch) < limit &&
               workers_delay(s->all.workers) < limit;
}

/* ---- stop ---- */

/* Waits until a counter is 0; false when the time is over first. */
static bool wait_zero(const atomic_llong *counter, int timeout_ms)
{
        int64_t end = clock_ns() + timeout_ms * INT64_C(1000000);
        while (atomic_load((atomic_llong *)counter) > 0) {
                if (clock_ns() >= end)
                        return false;
                nap();
        }
        return true;
}

void server_drain(Server *s, int timeout_ms)
{
        Exchanges *all = &s->all;
        atomic_store(&all->context.draining, true);
        for (int i = 0; i < s->n; i++)
                acceptor_stop(&s->daemons[i].acceptor);
        s->drained = true;
        if (wait_zero(&all->context.inflight, timeout_ms))
                return;
        if (all->context.engine)
                engine_cancel_all(all->context.engine);
        wait_zero(&all->context.inflight, CANCEL_MS);
}

static void free_shared(Exchanges *all)
{
        contexts_free(all->context.contexts);
        session_table_free(all->context.sessions);
        graph_cache_free(all->context.graphs);
        metrics_free(all->context.metrics);
        once_free(all->once);
        access_free(atomic_load(&all->access));
        spares_done(&all->spares);
        pthread_mutex_destroy(&all->lock);
}

/* Order matters: nobody may be suspended when MHD stops (it aborts), and who still owes an answer
 * must find what it touches. */
void server_stop(Server *s)
{
        if (!s)
                return;
        if (!s->drained)
                server_drain(s, 0);
        workers_free(s->all.readers);
        workers_free(s->all.workers);
        exchanges_abandon(&s->all);
        wait_zero(&s->all.context.inflight, CANCEL_MS);
        bool ended = wait_zero(&s->all.unanswered, CANCEL_MS);
        for (int i = 0; i < s->n; i++)
                stop_daemon(&s->daemons[i]);
        watch_free(s->all.watch);
        /* A step that will not end keeps the server's memory, rather than finding it gone. */
        if (!ended)
                return;
        for (int i = 0; i < s->n; i++)
                free_loops(&s->daemons[i]);
        free_shared(&s->all);
        mem_free(s);
}
