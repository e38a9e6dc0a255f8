// SPDX-License-Identifier: Apache-2.0
/* Session: its life from creation to close, its graph, and what can be asked about it. */
#include "engine/session/cost.h"
#include "engine/session/inside.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/state/variable.h"
#include <string.h>

Session *session_ref(Session *s)
{
        atomic_fetch_add(&s->refs, 1);
        return s;
}

/* Nothing runs any more: each run holds the session. */
void session_unref(Session *s)
{
        if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
                return;
        callables_forget(s);
        loops_free(s->loops);
        coordinator_free(s->coordinator);
        graph_unref(s->graph);
        resources_unref(s->resources);
        resources_unref(s->private_);
        map_done(&s->partials);
        arena_free(s->config_arena);
        pthread_mutex_destroy(&s->lock);
        if (s->origin_free)
                s->origin_free(s->origin);
        threads_done(&s->threads);
        placement_done(&s->placement);
        cost_done(s);
        mem_free(s->name);
        mem_free(s->target);
        mem_free(s->container);
        mem_free(s);
}

const char *session_name(const Session *s)
{
        return s->name;
}

void *session_origin(const Session *s)
{
        return s->origin;
}

const char *session_target(const Session *s)
{
        return s->target;
}

const char *session_container(const Session *s)
{
        return s->container;
}

const ConfigProto *session_config(const Session *s)
{
        return s->config;
}

/* Reads one field under the lock. */
#define LOCKED(s, type, expr)                     \
        ({                                        \
                pthread_mutex_lock(&(s)->lock);   \
                type v_ = (expr);                 \
                pthread_mutex_unlock(&(s)->lock); \
                v_;                               \
        })

bool session_closed(Session *s)
{
        return LOCKED(s, bool, s->closed);
}

int64_t session_last_run_us(Session *s)
{
        return LOCKED(s, int64_t, s->last_run_us);
}

int64_t session_steps(Session *s)
{
        return LOCKED(s, int64_t, s->steps);
}

int session_partial_runs(Session *s)
{
        return LOCKED(s, int, (int)s->partials.count);
}

/* ---- graph ---- */

/* A graph that others share, or that plans were made for elsewhere, is cloned first. */
static Status *extend_locked(Session *s, GraphSource *src, bool validate_only, ExtendResult *ret)
{
        if (s->closed)
                return client_closed();
        if (s->finalized)
                return failed_precondition("Session has been finalized.");
        if (graph_count(s->graph) && config_experimental(s->config)->optimize_for_static_graph)
                return failed_precondition("Extending the graph is not supported when "
                                           "`optimize_for_static_graph` is true.");
        if (!validate_only && !graph_sole_owner(s->graph)) {
                Graph *own = NULL;
                TRY(graph_clone(s->graph, &own));
                callables_forget(s);
                graph_unref(s->graph);
                s->graph = own;
        }
        TRY(graph_extend(s->graph, src, validate_only, &ret->first));
        ret->nodes_added = graph_count(s->graph) - ret->first;
        ret->graph_version = graph_version(s->graph);
        return NULL;
}

Status *session_extend(Session *s, GraphSource *src, bool validate_only, ExtendResult *ret)
{
        pthread_mutex_lock(&s->lock);
        Status *st = extend_locked(s, src, validate_only, ret);
        pthread_mutex_unlock(&s->lock);
        return st;
}

Status *session_read_graph(Session *s, Status *(*fn)(void *arg, const Graph *g), void *arg)
{
        pthread_mutex_lock(&s->lock);
        Status *st = s->closed ? client_closed() : fn(arg, s->graph);
        pthread_mutex_unlock(&s->lock);
        return st;
}

/* For callers that make a tensor of text and want to know its type. */
static Status *feed_info_locked(Session *s, const char *key, DType *ret_dtype, Shape *ret_shape)
{
        if (s->closed)
                return client_closed();
        if (!graph_count(s->graph))
                return client_empty_graph();
        TensorId id = { 0 };
        TRY(client_feed(s->graph, key, "feed_dict", &id));
        *ret_dtype = dtype_base(id.node->out_types[id.output]);
        *ret_shape = id.node->out_shapes[id.output];
        return NULL;
}

Status *session_feed_info(Session *s, const char *key, DType *ret_dtype, Shape *ret_shape)
{
        pthread_mutex_lock(&s->lock);
        Status *st = feed_info_locked(s, key, ret_dtype, ret_shape);
        pthread_mutex_unlock(&s->lock);
        return st;
}

/* ---- close ---- */

/* Takes the next waiter out. Without one the session is finished, and the engine may go with it. */
static CloseWaiter *next_waiter(Session *s)
{
        Engine *e = s->engine;
        pthread_mutex_lock(&e->lock);
        pthread_mutex_lock(&s->lock);
        CloseWaiter *w = s->waiters;
        if (w)
                s->waiters = w->next;
        else
                s->finished = true;
        pthread_mutex_unlock(&s->lock);
        pthread_cond_broadcast(&e->closed);
        pthread_mutex_unlock(&e->lock);
        return w;
}

/* Tells who waits; more may come meanwhile. */
static void tell_waiters(Session *s)
{
        for (CloseWaiter *w; (w = next_waiter(s));) {
                w->done(w->arg);
                if (w != &s->first_waiter)
                        mem_free(w);
        }
}

/* When the last run has left: graph and resources go. */
void session_finish_close(Session *s)
{
        pthread_mutex_lock(&s->lock);
        Graph *graph = steal(&s->graph);
        Map partials = s->partials;
        s->partials = (Map){ 0 };
        callables_forget(s);
        pthread_mutex_unlock(&s->lock);
        partials_clear(&partials);
        if (!s->shares_resources)
                resources_clear_all(s->resources);
        resources_clear_all(s->private_);
        graph_unref(graph);
        tell_waiters(s);
}

/* One by one, without the lock: a cancellation may end the step on this thread. */
void session_cancel_all(Session *s, StatusCode code, const char *why)
{
        for (;;) {
                autoptr(Cancel) token = NULL;
                pthread_mutex_lock(&s->lock);
                for (Running *r = s->running; r && !token; r = r->next)
                        if (!cancel_fired(r->cancel))
                                token = cancel_ref(r->cancel);
                pthread_mutex_unlock(&s->lock);
                if (!token)
                        return;
                cancel_fire(token, status_new(code, "%s", why));
        }
}

/* Lines a waiter up; false when it is to be told at once: the session ended long ago, or there is
 * no memory. Under the lock. */
static bool wait_for_close(Session *s, void (*done)(void *arg), void *arg)
{
        CloseWaiter *w = s->closed ? NULL : &s->first_waiter;
        if (s->finished || (!w && !(w = mem_alloc(sizeof *w))))
                return false;
        *w = (CloseWaiter){ .done = done, .arg = arg, .next = s->waiters };
        s->waiters = w;
        return true;
}

/* The session counts as closed at once; "done" hears when the last run has left. */
void session_close(Session *s, void (*done)(void *arg), void *arg)
{
        autoptr(Session) hold UNUSED = session_ref(s);
        pthread_mutex_lock(&s->lock);
        bool waits = done && wait_for_close(s, done, arg), already = s->closed;
        s->closed = true;
        if (!already)
                s->n_holding++; /* ours, until all are cancelled */
        pthread_mutex_unlock(&s->lock);
        if (done && !waits)
                done(arg);
        if (already)
                return;
        pthread_mutex_lock(&s->engine->lock);
        config_drop(s);
        pthread_mutex_unlock(&s->engine->lock);
        session_cancel_all(s, SR_CANCELLED, "Run call was cancelled");
        running_leave(s);
}

/* ---- steps ---- */

/* Its error is that of a cancelled call. */
Status *session_cancel_step(Session *s, int64_t id)
{
        autoptr(Cancel) token = NULL;
        pthread_mutex_lock(&s->lock);
        for (Running *r = s->running; r; r = r->next)
                if (r->id == id)
                        token = cancel_ref(r->cancel);
        pthread_mutex_unlock(&s->lock);
        if (!token)
                return not_found("Session '%s' has no running step %lld", s->name, (long long)id);
        cancel_fire(token, cancelled("Run call was cancelled"));
        return NULL;
}

/* On a copy, without the lock. */
Status *session_each_step(Session *s, Status *(*fn)(void *arg, const StepInfo *i), void *arg)
{
        pthread_mutex_lock(&s->lock);
        int64_t kept = MIN(s->n_ended, (int64_t)RECENT_STEPS);
        size_t n = 0, total = (size_t)(s->n_running + kept);
        autofree StepInfo *list = mem_calloc(total + 1, sizeof *list);
        for (Running *r = s->running; list && r; r = r->next)
                list[n++] = (StepInfo){ .id = r->id,
                                        .started_us = r->started_us,
                                        .partial = r->partial };
        for (int64_t i = s->n_ended - 1; list && i >= s->n_ended - kept; i--)
                list[n++] = s->recent[i % RECENT_STEPS];
        pthread_mutex_unlock(&s->lock);
        if (!list)
                return status_oom();
        for (size_t i = 0; i < n; i++)
                TRY(fn(arg, &list[i]));
        return NULL;
}
