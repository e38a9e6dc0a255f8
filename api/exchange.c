// SPDX-License-Identifier: Apache-2.0
#include "api/exchange_inside.h"
#include "api/intake.h"
#include "api/replay.h"
#include "engine/base/clock.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

void exchange_ref(Exchange *x)
{
        atomic_fetch_add(&x->refs, 1);
}

void exchange_unref(Exchange *x)
{
        if (atomic_fetch_sub(&x->refs, 1) != 1)
                return;
        reply_done(&x->request.reply);
        body_end(x);
        if (x->request.arena)
                arena_free(x->request.arena);
        cancel_unref(x->request.cancel);
        block_free(x, sizeof *x);
}

void exchange_deadline(Exchange *x, int64_t ns)
{
        if (x->conn)
                atomic_store_explicit(&x->conn->deadline_ns, ns, memory_order_relaxed);
}

/* Whether the other side still owes us something. */
static void expects_body(Exchange *x, bool does)
{
        if (x->conn)
                atomic_store_explicit(&x->conn->body, does, memory_order_relaxed);
}

/* ---- connections ---- */

/* Who is at the other end of a unix socket is what the kernel says. */
static bool peer_trusted(int fd)
{
        struct ucred peer;
        socklen_t n = sizeof peer;
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
               (peer.uid == 0 || peer.uid == geteuid());
}

static void attach_tls(const Exchanges *all, struct MHD_Connection *c, Conn *conn)
{
        const Access *access = atomic_load(&all->access);
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        if (!info)
                return;
        tls_attach(access->tls, info->tls_session);
        conn->tls = info->tls_session;
}

/* Looks at the client certificate at a connection's first request, and again whenever the operator
 * has changed who is trusted. */
static void check_client(const Exchanges *all, Conn *conn)
{
        const Access *access = atomic_load_explicit(&all->access, memory_order_acquire);
        if (!conn->tls || conn->checked == access)
                return;
        if (conn->checked)
                tls_attach(access->tls, conn->tls);
        conn->trusted = tls_client_verified(conn->tls);
        conn->checked = access;
}

/* A connection has a deadline from its first moment, for its first head. */
void exchange_connection(void *cls, struct MHD_Connection *c, void **context,
                         enum MHD_ConnectionNotificationCode what)
{
        Port *port = cls;
        if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
                if (*context)
                        watch_disconnect(port->all->watch, *context);
                *context = NULL;
                return;
        }
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        Conn *conn = NULL;
        if (!info)
                return;
        status_free(watch_connect(port->all->watch, info->connect_fd, &conn));
        *context = conn;
        if (!conn)
                return;
        conn->local = port->local;
        conn->unix_socket = port->unix_socket;
        conn->trusted = port->unix_socket && peer_trusted(info->connect_fd);
        if (port->tls)
                attach_tls(port->all, c, conn);
        atomic_store(&conn->deadline_ns, clock_ns() + port->all->head_timeout_ns);
}

/* At the request line: nothing is known yet but the target. */
void *exchange_begin(void *cls, const char *target, struct MHD_Connection *c)
{
        Port *port = cls;
        Exchange *x = block_alloc(sizeof *x);
        if (!x)
                return NULL;
        memset(x, 0, sizeof *x);
        autoptr(Status) oom = arena_new(LIMIT_ARENA, &x->request.arena);
        if (oom) {
                block_free(x, sizeof *x);
                return NULL;
        }
        Request *r = &x->request;
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        x->all = port->all;
        x->mhd = c;
        x->loop = http_loop_mine();
        x->conn = info ? info->socket_context : NULL;
        atomic_init(&x->refs, 1);
        r->context = &port->all->context;
        r->start_ns = clock_ns();
        r->method = "";
        r->content_type_text = r->accept = r->idempotency_key = "";
        r->last_event_id = r->session_context = r->if_match = r->if_none_match = "";
        r->json_length = -1;
        reply_init(&r->reply);
        r->path = arena_strdup(r->arena, target);
        exchange_deadline(x, r->start_ns + port->all->head_timeout_ns);
        return x;
}

/* libmicrohttpd is done with the request; the answering thread may still hold it. */
void exchange_end(void *cls, struct MHD_Connection *c UNUSED, void **request,
                  enum MHD_RequestTerminationCode why UNUSED)
{
        Port *port = cls;
        Exchange *x = *request;
        *request = NULL;
        if (!x)
                return;
        expects_body(x, false);
        exchange_deadline(x, clock_ns() + KEEP_ALIVE_S * SECOND);
        if (x->counted)
                atomic_fetch_sub(&port->all->context.inflight, 1);
        exchange_unref(x);
}

/* ---- waiting ---- */

/* Who has ended a step sends its answer, too, rather than wake up another thread for that. */
static void resume_mhd(Exchange *x)
{
        const Engine *engine = x->all->context.engine;
        HttpLoop *loop = http_loop_ref(x->loop);
        MHD_resume_connection(x->mhd);
        if (engine && engine_call_after(engine, http_loop_visit, loop))
                return;
        http_loop_wake(loop);
        http_loop_unref(loop);
}

/* From any thread: takes the connection out of those that wait. */
static void resume(Exchange *x)
{
        if (x->watched)
                watch_unwait(x->all->watch, x->ticket);
        pthread_mutex_lock(&x->all->lock);
        if (x->prev)
                x->prev->next = x->next;
        else
                x->all->suspended = x->next;
        if (x->next)
                x->next->prev = x->prev;
        pthread_mutex_unlock(&x->all->lock);
        resume_mhd(x);
}

/* The client's going away is watched only where it can end something: worker routes go on. */
void exchange_suspend(Exchange *x)
{
        Request *r = &x->request;
        x->phase = PHASE_ANSWER;
        exchange_deadline(x, 0);
        MHD_suspend_connection(x->mhd);
        pthread_mutex_lock(&x->all->lock);
        x->prev = NULL;
        x->next = x->all->suspended;
        if (x->next)
                x->next->prev = x;
        x->all->suspended = x;
        pthread_mutex_unlock(&x->all->lock);
        x->watched = !(r->route->flags & ROUTE_WORKER) && r->cancel && x->conn;
        if (x->watched)
                watch_wait(x->all->watch, x->conn->fd, r->cancel, &x->ticket);
        int expected = RUNNING;
        if (!atomic_compare_exchange_strong(&x->state, &expected, SUSPENDED))
                resume(x);
}

/* An answer to a key is remembered before anybody can have seen it. */
static void remember(Request *r)
{
        if (r->replay_scope && r->reply.status < 300)
                replay_remember(r);
        if (r->route->flags & ROUTE_REPLAY)
                once_forget(r);
        else
                once_end(r);
}

/* Three may meet here: the handler's thread, one that answers later, and the one that suspends. Who
 * comes second does the rest. */
void request_answer(Request *r)
{
        Exchange *x = (Exchange *)r;
        atomic_llong *unanswered = &x->all->unanswered;
        int expected = RUNNING;
        remember(r);
        if (!atomic_compare_exchange_strong(&x->state, &expected, ANSWERED) &&
            expected == SUSPENDED && atomic_compare_exchange_strong(&x->state, &expected, ANSWERED))
                resume(x);
        exchange_unref(x);
        atomic_fetch_sub(unanswered, 1);
}

/* True when it was not answered yet. */
static bool abandon_one(Exchanges *all)
{
        pthread_mutex_lock(&all->lock);
        Exchange *x = all->suspended;
        if (x)
                exchange_ref(x);
        pthread_mutex_unlock(&all->lock);
        if (!x)
                return false;
        int expected = SUSPENDED;
        if (atomic_compare_exchange_strong(&x->state, &expected, ABANDONED))
                resume(x);
        if (x->request.cancel)
                cancel_fire(x->request.cancel, unavailable("The server is going down."));
        exchange_unref(x);
        return true;
}

void exchanges_abandon(Exchanges *all)
{
        while (abandon_one(all))
                ;
}

/* ---- handing over ---- */

/* Handlers that answer at once, and those that start something. */
static void start(Request *r)
{
        if (!r->route->handle) {
                Status *s = r->route->start(r);
                if (s)
                        request_fail(r, s);
                return;
        }
        Status *s = r->route->handle(r);
        if (s)
                request_fail(r, s);
        else
                request_answer(r);
}

/* Looks a key up; true when there is nothing left to do but to send the reply. */
static bool answered_before(Request *r)
{
        bool answered = false;
        if (!*r->idempotency_key || !(r->route->flags & (ROUTE_REPLAY | ROUTE_ONCE)))
                return false;
        Status *s = once_begin(((Exchange *)r)->all->once, r, &answered);
        if (!s && !answered && r->route->flags & ROUTE_REPLAY)
                s = replay_find(r, &answered);
        if (s)
                request_set_problem(r, s, 0, NULL, NULL);
        return s || answered;
}

static void begin(Request *r)
{
        if (answered_before(r))
                request_answer(r);
        else
                start(r);
}

/* Both hold the exchange: it may be answered, and the connection be done with it, before what has
 * started it returns. */
static void work(Job *job)
{
        Exchange *x = CONTAINER_OF(job, Exchange, job);
        exchange_ref(x);
        begin(&x->request);
        exchange_unref(x);
}

static void go_on(Job *job)
{
        Exchange *x = CONTAINER_OF(job, Exchange, job);
        exchange_ref(x);
        x->go_on(&x->request);
        exchange_unref(x);
}

void request_on_worker(Request *r, void (*fn)(Request *))
{
        Exchange *x = (Exchange *)r;
        x->go_on = fn;
        x->job.fn = go_on;
        workers_push(x->all->workers, &x->job);
}

/* Answers at once. */
static void handle(Request *r)
{
        Status *s = answered_before(r) ? NULL : r->route->handle(r);
        if (s)
                request_set_problem(r, s, 0, NULL, NULL);
        once_end(r);
}

/* Who is to read the request, if not the connection's own thread: handlers that wait for disks, and
 * long bodies, which would hold up other connections. */
static Workers *worker_for(const Exchange *x)
{
        const Request *r = &x->request;
        if (x->refused)
                return NULL;
        if (r->route->flags & ROUTE_WORKER)
                return x->all->workers;
        return r->body.len > LONG_BODY ? x->all->readers : NULL;
}

static enum MHD_Result dispatch(Exchange *x)
{
        Request *r = &x->request;
        Workers *worker = worker_for(x);
        Cancel *token;
        if (!x->refused && r->route->handle && !worker)
                handle(r);
        if (x->refused || (r->route->handle && !worker))
                return answer_send(x);
        Status *s = worker == x->all->readers ? request_cancel_token(r, &token) : NULL;
        if (s) {
                request_set_problem(r, s, 0, NULL, NULL);
                return answer_send(x);
        }
        exchange_ref(x);
        atomic_fetch_add(&x->all->unanswered, 1);
        if (worker) {
                x->job.fn = work;
                workers_push(worker, &x->job);
        } else {
                begin(r);
        }
        if (!worker && atomic_load(&x->state) == ANSWERED)
                return answer_send(x);
        exchange_suspend(x);
        return MHD_YES;
}

/* ---- bodies ---- */

/* Unless it must be at once, a refusal waits until the body has been read: the connection can then
 * be used again. */
static enum MHD_Result refuse(Exchange *x, Status *s, int http, bool at_once)
{
        const char *title = NULL;
        x->refused = true;
        if (!s) {
                x->request.reply.status = http;
                return MHD_YES;
        }
        if (http != status_code_http(status_code(s)))
                title = MHD_get_reason_phrase_for((unsigned)http);
        request_set_problem(&x->request, s, http, title, NULL);
        if (!at_once)
                return MHD_YES;
        x->request.reply.close = true;
        return answer_send(x);
}

/* All checks that need no body. */
static enum MHD_Result on_head(Exchange *x, const char *method, const char *version)
{
        Head head;
        Request *r = &x->request;
        guard_head(x->mhd, version, &head);
        x->counted = true;
        atomic_fetch_add(&x->all->context.inflight, 1);
        if (x->conn)
                check_client(x->all, x->conn);
        x->takes_gzip = gzip_accepted(head.accept_encoding);
        Refusal no = intake_head(x->all, x->conn, r, method, &head);
        bool has = head.chunked || head.content_length > 0;
        expects_body(x, has);
        x->body_start_ns = clock_ns();
        exchange_deadline(x, x->body_start_ns + x->all->body_timeout_ns);
        if (no.http)
                return refuse(x, no.status, no.http, no.at_once);
        Status *s = head.gzip && has ? gunzip_new(&x->gunzip) : NULL;
        if (s)
                return refuse(x, s, 429, false);
        body_expect(x, head.content_length);
        return MHD_YES;
}

/* What there is no place for, or what cannot be unpacked. Takes s over. */
static enum MHD_Result refuse_body(Exchange *x, Status *s)
{
        const Buf *body = &x->request.body;
        x->received = 0;
        if (body->full && !s)
                return refuse(x,
                              resource_exhausted("The request body is larger than %zu bytes.",
                                                 x->request.max_body),
                              413, false);
        s = s ? s : status_oom();
        bool bomb = x->gunzip && status_code(s) == SR_RESOURCE_EXHAUSTED && !body->oom;
        return refuse(x, s, bomb ? 413 : status_code_http(status_code(s)), false);
}

/* A slow body is given time by what has come already. */
static enum MHD_Result on_body(Exchange *x, const char *data, size_t *size)
{
        Request *r = &x->request;
        size_t n = *size;
        *size = 0;
        x->received += n;
        exchange_deadline(x, x->body_start_ns + x->all->body_timeout_ns +
                                     (int64_t)(x->received / SLOWEST_BODY) * SECOND);
        if (x->refused)
                return x->received > LIMIT_DISCARD ? MHD_NO : MHD_YES;
        Status *s = body_add(x, data, n);
        return s || r->body.full || r->body.oom ? refuse_body(x, s) : MHD_YES;
}

static enum MHD_Result on_end(Exchange *x)
{
        Status *s = x->gunzip && !x->refused ? gunzip_end(x->gunzip) : NULL;
        gunzip_free(steal(&x->gunzip));
        if (s)
                (void)refuse_body(x, s);
        expects_body(x, false);
        body_whole(x);
        exchange_deadline(x, 0);
        return dispatch(x);
}

enum MHD_Result exchange_step(void *cls UNUSED, struct MHD_Connection *c UNUSED,
                              const char *url UNUSED, const char *method, const char *version,
                              const char *data, size_t *size, void **request)
{
        Exchange *x = *request;
        if (!x || !x->request.path)
                return MHD_NO;
        if (x->phase == PHASE_HEAD) {
                x->phase = PHASE_BODY;
                return on_head(x, method, version);
        }
        if (x->phase == PHASE_ANSWER)
                return atomic_load(&x->state) == ABANDONED ? answer_send_abandoned(x)
                                                           : answer_send(x);
        if (*size)
                return on_body(x, data, size);
        return on_end(x);
}
