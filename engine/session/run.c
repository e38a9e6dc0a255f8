// SPDX-License-Identifier: Apache-2.0
/* session_run: from a request to a step and back, with its timeout, its cancellation and its place
 * in the list of steps. */
#include "engine/session/inside.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/session/watch.h"

typedef struct Run {
        Running running; /* first: the session's list */
        Session *session;
        Compiled *compiled;
        RunDone done;
        void *arg;
        Timer timer;
        bool has_timer;
        atomic_bool timed_out;
        CancelHook hook; /* in the request's token */
        Cancel *request_cancel;
        Report *report;  /* NULL: nobody asked for metadata */
        DebugLog *debug; /* NULL: nothing is watched */
} Run;

/* ---- bookkeeping of steps, shared with partial runs ---- */

/* From here the run is listed, and a close waits for it. */
Status *running_begin(Session *s, Running *r, bool partial)
{
        r->started_ns = clock_ns();
        r->started_us = clock_wall_of(r->started_ns);
        pthread_mutex_lock(&s->lock);
        if (s->closed) {
                pthread_mutex_unlock(&s->lock);
                return client_closed();
        }
        r->id = ++s->steps;
        s->last_run_us = r->started_us;
        r->partial = partial;
        r->prev = NULL;
        r->next = s->running;
        if (s->running)
                s->running->prev = r;
        s->running = r;
        s->n_running++;
        s->n_holding++;
        pthread_mutex_unlock(&s->lock);
        return NULL;
}

/* It moves to the recent ones. */
void running_end(Session *s, Running *r, StatusCode code)
{
        int64_t ns = (r->ended_ns ? r->ended_ns : clock_ns()) - r->started_ns;
        pthread_mutex_lock(&s->lock);
        *(r->prev ? &r->prev->next : &s->running) = r->next;
        if (r->next)
                r->next->prev = r->prev;
        s->recent[s->n_ended++ % RECENT_STEPS] = (StepInfo){ .id = r->id,
                                                             .started_us = r->started_us,
                                                             .ended_us = r->started_us + ns / 1000,
                                                             .code = code,
                                                             .partial = r->partial };
        s->n_running--;
        pthread_mutex_unlock(&s->lock);
}

void running_leave(Session *s)
{
        pthread_mutex_lock(&s->lock);
        bool last = --s->n_holding == 0 && s->closed;
        pthread_mutex_unlock(&s->lock);
        if (last)
                session_finish_close(s);
}

/* What kernels of this session's steps see. */
OpEnv session_env(Session *s, const RunOptions *o, Cancel *cancel, int64_t step_id)
{
        const SessionThreads *t = &s->threads;
        int pool =
                o ? o->inter_op_thread_pool : 0; /* -1: the caller's thread, which is none here */
        return (OpEnv){ .container = s->container,
                        .resources = s->resources,
                        .private_ = s->private_,
                        .cancel = cancel,
                        .pool = t->pools[MAX(pool, 0)].pool,
                        .timers = s->engine->timers,
                        .op_threads = t->op_threads,
                        .report_oom = o && o->report_tensor_allocations_upon_oom,
                        .one_thread =
                                t->one_thread || pool < 0 || config_single_threaded(s->config),
                        .roots = s->roots,
                        .step_id = step_id };
}

int64_t session_timeout_ns(const Session *s, const RunOptions *o)
{
        int64_t ms =
                o && o->timeout_in_ms > 0 ? o->timeout_in_ms : s->config->operation_timeout_in_ms;
        return ms > 0 ? MIN(ms, INT64_MAX / 4000000) * 1000000 : 0;
}

/* ---- one run ---- */

/* The step's last act: everything of the run has been given back. */
static void run_free(void *run)
{
        Run *r = run;
        Session *s = r->session;
        bool begun = r->running.id;
        cancel_unref(r->running.cancel);
        cancel_unref(r->request_cancel);
        report_free(r->report);
        debug_log_free(r->debug);
        compiled_unref(r->compiled);
        block_free(r, sizeof *r);
        if (begun)
                running_leave(s);
        session_unref(s);
}

static void on_timeout(Timer *t)
{
        Run *r = CONTAINER_OF(t, Run, timer);
        atomic_store(&r->timed_out, true);
        autoptr(Cancel) c = cancel_ref(r->running.cancel);
        cancel_fire(c, deadline_exceeded("Timed out waiting for notification"));
}

static void on_request_cancel(CancelHook *h)
{
        Run *r = CONTAINER_OF(h, Run, hook);
        autoptr(Cancel) c = cancel_ref(r->running.cancel);
        Status *why = cancel_reason(r->request_cancel);
        cancel_fire(c, why ? why : cancelled("Run call was cancelled"));
}

/* After this neither the timer nor the request's token touches the run. */
static void unhook(Run *r)
{
        if (r->has_timer)
                timer_clear(r->session->engine->timers, &r->timer);
        if (r->request_cancel)
                cancel_remove(r->request_cancel, &r->hook);
}

/* Gives the values in the order of the request's fetches. Takes st. */
static void deliver(Run *r, Status *st, Tensor *const *values)
{
        const Compiled *c = r->compiled;
        Tensor *small[16], **out = small;
        int n = c->n_fetches;
        if (!st && n > (int)COUNTOF(small) && !(out = block_alloc((size_t)n * sizeof *out)))
                st = status_oom();
        if (st) {
                r->done(r->arg, st, NULL);
                return;
        }
        for (int i = 0; i < n; i++)
                out[i] = c->fetch[i] < 0 ? NULL : values[c->fetch[i]];
        RunResult result = { .n = n, .values = out, .step_id = r->running.id, .debug = r->debug };
        RunMetadata *metadata = NULL;
        st = r->report ? report_metadata(r->report, r->session, c, &metadata) : NULL;
        result.metadata = metadata;
        r->done(r->arg, st, st ? NULL : &result);
        if (out != small)
                block_free(out, (size_t)n * sizeof *out);
}

/* A timeout's error is TensorFlow's, whatever the step says about its cancellation. */
static void on_done(void *arg, Status *st, Tensor *const *values)
{
        Run *r = arg;
        unhook(r);
        if (atomic_load(&r->timed_out) && st) {
                status_free(st);
                st = deadline_exceeded("Timed out waiting for notification");
        }
        handles_settle(r->session, r->compiled, r->running.id, st ? NULL : values);
        running_end(r->session, &r->running, status_code(st));
        deliver(r, st, values);
}

/* Nothing to compute: every fetch is a feed, or there is none. TensorFlow's client makes no step
 * then. */
static bool trivial(const Compiled *c)
{
        const Plan *p = c->plan;
        for (uint32_t i = 0; i < p->n_fetches; i++)
                if (p->fetch_of_feed[i] < 0)
                        return false;
        return !p->n_nodes;
}

/* Hands the fed values back. Takes nothing over. */
static void deliver_trivial(Run *r, const RunRequest *req)
{
        const Plan *p = r->compiled->plan;
        Tensor **values = mem_calloc(p->n_fetches + 1, sizeof *values);
        for (uint32_t i = 0; values && i < p->n_fetches; i++)
                values[i] = req->feeds[p->fetch_of_feed[i]].value;
        deliver(r, values ? NULL : status_oom(), values);
        mem_free(values);
}

/* Options that this session cannot serve. */
static Status *check_options(const Session *s, const RunOptions *o)
{
        TRY(threads_check(&s->threads, o));
        if (o && o->output_partition_graphs &&
            config_experimental(s->config)->disable_output_partition_graphs)
                return invalid_argument(
                        "RunOptions.output_partition_graphs() is not supported when "
                        "disable_output_partition_graphs is true.");
        return watches_check(o);
}

/* The request's token and the timeout both fire the run's own. */
static Status *hook_up(Run *r, const RunRequest *req)
{
        int64_t timeout = session_timeout_ns(r->session, req->options);
        TRY(cancel_new(&r->running.cancel));
        if (req->cancel) {
                r->request_cancel = cancel_ref(req->cancel);
                r->hook.fn = on_request_cancel;
        }
        if (!timeout)
                return NULL;
        r->has_timer = true;
        return timer_set(r->session->engine->timers, &r->timer, clock_ns() + timeout, on_timeout);
}

/* Callables are prepared once, without a debugger's nodes. */
static Status *check_watches(const RunRequest *req)
{
        if (req->callable && watches_wanted(req->options))
                return unimplemented("Debug options are not currently supported via the C++ "
                                     "MakeCallable interface.");
        return NULL;
}

/* Names and options first, values after: the order of TensorFlow's client. */
static Status *prepare(Session *s, const RunRequest *req, Run *r)
{
        TRY(check_watches(req));
        pthread_mutex_lock(&s->lock);
        Status *st = callable_compile(s, req, &r->compiled);
        pthread_mutex_unlock(&s->lock);
        placement_log(s);
        TRY(st);
        TRY(check_options(s, req->options));
        TRY(signature_check_feeds(r->compiled, req));
        if (watches_wanted(req->options))
                TRY(debug_log_new(&r->debug));
        return report_new(s, req, r->compiled, &r->report);
}

Status *session_prepare(Session *s, const RunRequest *req)
{
        autoptr(Compiled) c = NULL;
        TRY(check_watches(req));
        pthread_mutex_lock(&s->lock);
        Status *st = callable_compile(s, req, &c);
        pthread_mutex_unlock(&s->lock);
        return st ? st : check_options(s, req->options);
}

/* Feeds in the order of the plan. */
static Status *make_step(Run *r, const RunRequest *req, Step **ret)
{
        Session *s = r->session;
        const Plan *plan = r->compiled->plan;
        Tensor *small[16], **feeds = small;
        if (plan->n_feeds > COUNTOF(small) && !(feeds = block_alloc(plan->n_feeds * sizeof *feeds)))
                return status_oom();
        for (uint32_t i = 0; i < plan->n_feeds; i++)
                feeds[i] = req->feeds[i].value;
        StepSpec spec = { .plan = r->compiled->plan,
                          .env = session_env(s, req->options, r->running.cancel, r->running.id),
                          .feeds = feeds,
                          .started_ns = r->running.started_ns,
                          .ended_ns = &r->running.ended_ns,
                          .done = on_done,
                          .after = run_free,
                          .arg = r };
        spec.env.tunes = req->tunes && !s->engine->deterministic;
        spec.env.trace = r->report ? r->report->trace : NULL;
        spec.env.debug_log = r->debug;
        Status *st = step_new(&spec, ret);
        if (feeds != small)
                block_free(feeds, plan->n_feeds * sizeof *feeds);
        return st;
}

/* From here on the run is in the session's list; on failure it has been taken out again. */
static Status *start(Run *r, const RunRequest *req)
{
        Session *s = r->session;
        Step *step = NULL;
        TRY(running_begin(s, &r->running, false));
        Status *st = r->debug ? watches_publish(s, req, r->compiled, r->running.id) : NULL;
        if (!st)
                st = make_step(r, req, &step);
        if (!st && r->request_cancel && !cancel_add(r->request_cancel, &r->hook)) {
                cancel_fire(r->running.cancel, cancelled("Run call was cancelled"));
                cancel_unref(steal(&r->request_cancel));
        }
        if (st) {
                running_end(s, &r->running, status_code(st));
                return st;
        }
        step_start(step);
        return NULL;
}

/* Runs that fetch only what they feed, or constants, have no step. */
void session_run(Session *s, const RunRequest *req, RunDone done, void *arg)
{
        Run *r = block_alloc(sizeof *r);
        if (!r) {
                done(arg, status_oom(), NULL);
                return;
        }
        *r = (Run){ .session = session_ref(s), .done = done, .arg = arg, .timer.index = -1 };
        Status *st = prepare(s, req, r);
        if (!st && trivial(r->compiled)) {
                deliver_trivial(r, req);
                run_free(r);
                return;
        }
        if (!st)
                st = hook_up(r, req);
        if (!st)
                st = start(r, req);
        if (st) {
                unhook(r);
                done(arg, st, NULL);
                run_free(r);
        }
}
