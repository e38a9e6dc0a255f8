// SPDX-License-Identifier: Apache-2.0
/* The session's queues as a client works on them without a graph. An operation that waits counts
 * as a running step: it is listed, can be cancelled, and ends when the session is closed. */
#include "engine/session/declared.h"
#include "engine/session/inside.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/state/queue.h"
#include <string.h>

/* ---- which there are ---- */

typedef struct Visit {
        Status *(*fn)(void *arg, const QueueInfo *q);
        void *arg;
} Visit;

static Status *visit_queue(void *arg, const char *container UNUSED, const char *name UNUSED,
                           Resource *r)
{
        Visit *visit = arg;
        QueueInfo info;
        queue_info(queue_of(r), &info);
        return visit->fn(visit->arg, &info);
}

Status *session_each_queue(Session *s, Status *(*fn)(void *arg, const QueueInfo *q), void *arg)
{
        if (session_closed(s))
                return client_closed();
        Visit visit = { .fn = fn, .arg = arg };
        TRY(resources_each(s->resources, &queue_kind, visit_queue, &visit));
        return resources_each(s->private_, &queue_kind, visit_queue, &visit);
}

typedef struct Search {
        const char *name;
        Resource *found; /* one reference */
} Search;

/* A private queue answers to its node's name, too. */
static Status *match(void *arg, const char *container UNUSED, const char *name, Resource *r)
{
        Search *search = arg;
        QueueInfo info;
        queue_info(queue_of(r), &info);
        if (!search->found && (!strcmp(name, search->name) || !strcmp(info.name, search->name)))
                search->found = resource_ref(r);
        return NULL;
}

/* By its name in the session's container, else by any that ends in it: nodes may have containers of
 * their own. */
static Status *find_queue(Session *s, const char *name, Resource **ret)
{
        if (session_closed(s))
                return client_closed();
        Search search = { .name = name };
        Status *st = resources_find(s->resources, &queue_kind, s->container, name, ret);
        if (!st)
                return NULL;
        status_free(st);
        st = resources_each(s->resources, &queue_kind, match, &search);
        if (!st && !search.found)
                st = resources_each(s->private_, &queue_kind, match, &search);
        if (!st && !search.found) {
                st = not_found("Session '%s' has no queue '%s'", s->name, name);
                declared_queue_hint(s, name, st);
        }
        if (st) {
                resource_unref(search.found);
                return st;
        }
        *ret = search.found;
        return NULL;
}

Status *session_get_queue(Session *s, const char *name, Status *(*fn)(void *, const QueueInfo *),
                          void *arg)
{
        autoptr(Resource) r = NULL;
        QueueInfo info;
        TRY(find_queue(s, name, &r));
        queue_info(queue_of(r), &info);
        return fn(arg, &info);
}

/* ---- one operation ---- */

typedef struct QueueRun {
        Running running; /* in the session's list */
        Session *session;
        Resource *queue;
        QueueDone done;
        void *arg;
        Timer timer;
        bool has_timer;
        Cancel *request_cancel; /* the request's token; NULL: none */
        CancelHook hook;
} QueueRun;

/* The session is let go last. */
static void run_free(QueueRun *r)
{
        Session *s = r->session;
        bool begun = r->running.id;
        cancel_unref(r->running.cancel);
        cancel_unref(r->request_cancel);
        resource_unref(r->queue);
        mem_free(r);
        if (begun)
                running_leave(s);
        session_unref(s);
}

static Status *too_late(void)
{
        return deadline_exceeded("Timed out waiting for notification");
}

static void on_timeout(Timer *t)
{
        autoptr(Cancel) c = cancel_ref(CONTAINER_OF(t, QueueRun, timer)->running.cancel);
        cancel_fire(c, too_late());
}

static void on_request_cancel(CancelHook *h)
{
        QueueRun *r = CONTAINER_OF(h, QueueRun, hook);
        autoptr(Cancel) c = cancel_ref(r->running.cancel);
        Status *why = cancel_reason(r->request_cancel);
        cancel_fire(c, why ? why : cancelled("Run call was cancelled"));
}

static void unhook(QueueRun *r)
{
        if (r->has_timer)
                timer_clear(r->session->engine->timers, &r->timer);
        if (r->request_cancel)
                cancel_remove(r->request_cancel, &r->hook);
}

/* What the caller is told: that time was up, if that is why the queue gave up. */
static Status *outcome(const QueueRun *r, Status *st)
{
        if (!st || status_code(st) != SR_CANCELLED)
                return st;
        Status *why = cancel_reason(r->running.cancel);
        if (!why || status_code(why) != SR_DEADLINE_EXCEEDED) {
                status_free(why);
                return st;
        }
        status_free(st);
        return why;
}

static void on_done(void *arg, Status *st, Tensor **components, int n)
{
        QueueRun *r = arg;
        unhook(r);
        st = outcome(r, st);
        running_end(r->session, &r->running, st ? status_code(st) : SR_OK);
        r->done(r->arg, st, components, n);
        run_free(r);
}

/* A wait over HTTP is a step of the session: listed, cancellable, ended by a close. */
static Status *hook_up(QueueRun *r, const QueueWait *w)
{
        TRY(cancel_new(&r->running.cancel));
        TRY(running_begin(r->session, &r->running, false));
        Status *st = NULL;
        if (w->wait_ns > 0) {
                r->has_timer = true;
                st = timer_set(r->session->engine->timers, &r->timer, clock_ns() + w->wait_ns,
                               on_timeout);
        }
        if (!st && w->cancel) {
                r->hook.fn = on_request_cancel;
                r->request_cancel = cancel_ref(w->cancel);
                if (!cancel_add(w->cancel, &r->hook))
                        cancel_fire(r->running.cancel, cancelled("Run call was cancelled"));
        }
        if (st)
                running_end(r->session, &r->running, status_code(st));
        return st;
}

/* Holds the queue: a reset meanwhile takes only its name. */
static Status *run_new(Session *s, const char *name, const QueueWait *w, QueueDone done, void *arg,
                       QueueRun **ret)
{
        autoptr(Resource) q = NULL;
        TRY(find_queue(s, name, &q));
        QueueRun *r = mem_calloc(1, sizeof *r);
        if (!r)
                return status_oom();
        r->session = session_ref(s);
        r->queue = steal(&q);
        r->done = done;
        r->arg = arg;
        r->timer.index = -1;
        Status *st = hook_up(r, w);
        if (st) {
                unhook(r);
                run_free(r);
                return st;
        }
        *ret = r;
        return NULL;
}

/* After the operation was lined up: who does not want to wait gives up now. */
static void give_up(const QueueWait *w, Cancel *token)
{
        if (!w->wait_ns)
                cancel_fire(token, too_late());
}

/* The same queue operations as the ops', without a graph. */
void session_queue_enqueue(Session *s, const char *name, Tensor *const *components, int n,
                           bool many, const QueueWait *w, QueueDone done, void *arg)
{
        QueueRun *r = NULL;
        Status *st = run_new(s, name, w, done, arg, &r);
        if (st) {
                done(arg, st, NULL, 0);
                return;
        }
        autoptr(Cancel) token = cancel_ref(r->running.cancel);
        (many ? queue_enqueue_many : queue_enqueue)(queue_of(r->queue), components, n, token,
                                                    on_done, r);
        give_up(w, token);
}

/* QUEUE_ONE takes a single element, without the batch dimension. */
void session_queue_dequeue(Session *s, const char *name, int64_t n, bool up_to, const QueueWait *w,
                           QueueDone done, void *arg)
{
        QueueRun *r = NULL;
        Status *st = run_new(s, name, w, done, arg, &r);
        if (st) {
                done(arg, st, NULL, 0);
                return;
        }
        autoptr(Cancel) token = cancel_ref(r->running.cancel);
        if (n == QUEUE_ONE)
                queue_dequeue(queue_of(r->queue), token, on_done, r);
        else
                queue_dequeue_many(queue_of(r->queue), n, up_to, token, on_done, r);
        give_up(w, token);
}

/* Waits behind the enqueues, as QueueClose does. */
void session_queue_close(Session *s, const char *name, bool cancel_pending, QueueDone done,
                         void *arg)
{
        static const QueueWait forever = { .wait_ns = -1 };
        QueueRun *r = NULL;
        Status *st = run_new(s, name, &forever, done, arg, &r);
        if (st)
                done(arg, st, NULL, 0);
        else
                queue_close(queue_of(r->queue), cancel_pending, on_done, r);
}
