// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.h"

#include "api/server.h"
#include "daemon/log.h"
#include "daemon/memory.h"
#include "daemon/notify.h"
#include "daemon/signals.h"
#include "daemon/tokens.h"
#include "engine/base/mem.h"
#include "engine/engine.h"
#include "storage/store.h"
#include "version.h"
#include <stdio.h>
#include <unistd.h>

#define FIRST_FAILED_STATUS 400

AUTOPTR_DEFINE(Engine, engine_free)

/* Destroyed in reverse order of opening: the server lets go of engine and store. */
typedef struct Service {
        const Config *started; /* what the sockets, the store and the engine were opened with */
        const Config *config;  /* as of the last SIGHUP, or the same */
        Config *reloaded;      /* owned, or NULL */
        int argc;              /* to read the configuration again */
        char *const *argv;
        TextList tokens;
        int first_fd, n_fds; /* from systemd */
        Store *store;
        Engine *engine;
        Server *server;
} Service;

static void service_close(Service *s)
{
        server_stop(s->server);
        engine_free(s->engine);
        store_close(s->store);
        list_clear(&s->tokens);
        if (s->reloaded)
                config_free(s->reloaded);
}

/* ---- start ---- */

/* Failures of clients are worth a line, successes only for debugging. */
static void log_request(void *arg UNUSED, const RequestLog *r)
{
        LogLevel level = r->status >= 500                   ? LEVEL_WARNING
                         : r->status >= FIRST_FAILED_STATUS ? LEVEL_INFO
                                                            : LEVEL_DEBUG;
        if (!log_enabled(level))
                return;
        log_event(level, "request", "method", r->method, "path", r->path, "status",
                  LOG_NUMBER(r->status), "code", r->code_name, "detail", r->detail, "request_id",
                  r->request_id, "us", LOG_NUMBER(r->duration_us), (char *)NULL);
}

/* Systemd's sockets must pass the same test as addresses that we are told. */
static Status *check_sockets(const Service *s, const Config *c)
{
        bool guarded = config_asks(c) || c->allow_insecure_listen;
        for (int fd = s->first_fd; fd < s->first_fd + s->n_fds && !guarded; fd++) {
                if (!notify_socket_is_local(fd))
                        return failed_precondition(
                                "a socket from systemd can be reached from other machines and "
                                "nothing asks who calls: give a token-file or tls-client-ca, or "
                                "allow-insecure-listen if that is meant");
        }
        return NULL;
}

static void set_memory_limit(const Config *c)
{
        mem_limit_set(c->memory_limit ? c->memory_limit : memory_there_is() / 5 * 4);
}

static void log_placement(const char *session, const char *line)
{
        log_info(line, "session", session);
}

static Status *start_engine(Service *s)
{
        const Config *c = s->config;
        EngineOptions o = {
                .threads = (int)c->threads,
                .model_roots = (const char *const *)c->model_roots.items,
                .data_roots = (const char *const *)c->data_roots.items,
                .data_writable = c->data_root_writable,
                .deterministic = c->deterministic,
                .log = log_placement,
        };
        return engine_new(&o, &s->engine);
}

/* What server_reload() looks at, too. */
static ServerOptions server_options(const Config *c, const TextList *tokens)
{
        return (ServerOptions){ .max_body = (size_t)c->max_body,
                                .tokens = (const char *const *)tokens->items,
                                .hosts = (const char *const *)c->allowed_hosts.items,
                                .tls_cert = c->tls_cert,
                                .tls_key = c->tls_key,
                                .tls_client_ca = c->tls_client_ca };
}

Status *service_check(const Config *c)
{
        autolist tokens = { 0 };
        TRY(tokens_load(c->token_file, &tokens));
        ServerOptions o = server_options(c, &tokens);
        return server_check(&o);
}

/* Handed sockets replace the default address, and stand beside given ones. */
static Status *start_server(Service *s)
{
        static const char *const nowhere[] = { NULL };
        const Config *c = s->config;
        bool handed = s->n_fds > 0 && config_listens_by_default(c);
        ServerOptions o = server_options(c, &s->tokens);
        o.listen = handed ? nowhere : (const char *const *)c->listen.items;
        o.first_fd = s->first_fd;
        o.n_fds = s->n_fds;
        o.threads = (int)c->http_threads;
        o.poll_ns = c->http_poll * 1000;
        o.engine = s->engine;
        o.store = s->store;
        o.version = SESSRUN_VERSION;
        o.log = log_request;
        return server_start(&o, &s->server);
}

/* In order of dependence; what was opened before a failure is closed by the caller. The memory's
 * limit is set first: starting takes memory, too. */
static Status *service_open(Service *s)
{
        set_memory_limit(s->config);
        TRY(signals_block());
        TRY(tokens_load(s->config->token_file, &s->tokens));
        TRY(notify_sockets(&s->first_fd, &s->n_fds));
        TRY(check_sockets(s, s->config));
        TRY(store_open(s->config->state_dir, &s->store));
        store_restore_ahead(s->store);
        TRY(start_engine(s));
        TRY(start_server(s));
        for (size_t i = 0;
             i < s->config->listen.n && !(s->n_fds && config_listens_by_default(s->config)); i++)
                log_info("listening", "address", s->config->listen.items[i]);
        log_info("ready", "version", SESSRUN_VERSION, "state_dir", s->config->state_dir, "port",
                 LOG_NUMBER(server_port(s->server)), "sockets", LOG_NUMBER(s->n_fds));
        notify_ready();
        return NULL;
}

/* ---- run ---- */

static void warn_stale(const char *option)
{
        log_warning("an option has changed that only a restart reads", "option", option);
}

/* All or nothing: what cannot be taken over leaves everything as it was. */
static Status *take_over(Service *s)
{
        autoptr(Config) c = NULL;
        autolist tokens = { 0 };
        TRY(config_load(s->argc, s->argv, environ, &c));
        TRY(check_sockets(s, c));
        TRY(config_check_listen(c, &s->started->listen)); /* those stay open */
        TRY(tokens_load(c->token_file, &tokens));
        ServerOptions o = server_options(c, &tokens);
        TRY(server_reload(s->server, &o));
        log_setup((LogFormat)c->log_format, (LogLevel)c->log_level);
        set_memory_limit(c);
        config_each_stale(s->started, c, warn_stale);
        if (s->reloaded)
                config_free(s->reloaded);
        s->config = s->reloaded = steal(&c);
        return NULL;
}

/* A bad configuration is refused as a whole, and the old one stays. */
static void reload(Service *s)
{
        notify_reloading();
        autoptr(Status) e = take_over(s);
        if (e)
                log_error("the configuration was not reloaded", "error", status_message(e));
        else
                log_info("configuration reloaded");
        notify_ready();
}

/* Feeds the watchdog while both the server and the store move; returns when it is time to stop. */
static void wait_for_stop(Service *s)
{
        int interval = notify_watchdog_interval_ms();
        for (;;) {
                Signal got = signals_wait(interval ? interval : -1);
                if (got == SIGNAL_STOP)
                        return;
                if (got == SIGNAL_RELOAD)
                        reload(s);
                if (!interval)
                        continue;
                if (server_alive(s->server, interval) && store_alive(s->store, interval / 2))
                        notify_watchdog();
                else
                        log_error("the watchdog is not fed: server or store has not moved");
        }
}

static void drain(const Service *s)
{
        int64_t seconds = s->config->drain_timeout;
        notify_stopping(seconds);
        log_info("draining", "running", LOG_NUMBER(engine_running(s->engine)), "seconds",
                 LOG_NUMBER(seconds));
        server_drain(s->server, (int)(seconds * 1000));
        log_info("drained");
}

Status *service_run(const Config *c, int argc, char *const *argv)
{
        __attribute__((cleanup(service_close)))
        Service s = { .started = c, .config = c, .argc = argc, .argv = argv };
        TRY(service_open(&s));
        wait_for_stop(&s);
        drain(&s);
        return NULL;
}
