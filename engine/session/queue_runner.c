// SPDX-License-Identifier: Apache-2.0
/* QueueRunner: enqueue ops repeated until the queue is closed, a stop is requested or one fails;
 * who runs the close op, and what the coordinator hears of it, is as in TensorFlow's
 * queue_runner_impl.py. */
#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/session/coordinator.h"
#include <string.h>

enum { DEF_BYTES = 1 << 20 };

void runner_free(Runner *q)
{
        for (int i = 0; i < q->n_errors; i++)
                status_free(q->errors[i]);
        cancel_unref(q->cancel);
        arena_free(q->arena);
}

/* ---- ops that run once ---- */

/* A stop that is to be hard, or whose op is missing or failed, cancels the steps themselves. */
static void op_end(RunnerOp *op, bool failed)
{
        Runner *q = op->runner;
        Coordinator *c = q->coordinator;
        Session *s = q->session;
        pthread_mutex_lock(&c->lock);
        bool hard = op == &q->stop && (failed || q->hard);
        pthread_mutex_unlock(&c->lock);
        if (hard)
                cancel_fire(q->cancel, cancelled("The queue runner was stopped"));
        pthread_mutex_lock(&c->lock);
        q->ops--;
        c->live--;
        pthread_mutex_unlock(&c->lock);
        coordinator_settle(c, s);
}

/* TensorFlow ignores what these ops say: the queue may be closed already. */
static void op_done(void *arg, Status *s, const RunResult *r UNUSED)
{
        bool failed = s != NULL;
        status_free(s);
        op_end(arg, failed);
}

void runner_op_run(RunnerOp *op)
{
        RunRequest request = { .targets = &op->name, .n_targets = 1 };
        if (*op->name)
                session_run(op->runner->session, &request, op_done, op);
        else
                op_end(op, true);
}

/* ---- enqueuers ---- */

static bool says_closed(const QueueRunnerDef *def, const Status *s)
{
        for (size_t i = 0; i < def->n_queue_closed_exception_types; i++)
                if ((int)def->queue_closed_exception_types[i] == (int)status_code(s))
                        return true;
        return !def->n_queue_closed_exception_types && status_code(s) == SR_OUT_OF_RANGE;
}

/* One enqueue has ended; again unless it failed or somebody said stop. */
static bool on_step(Repeat *repeat, Status *s, const RunResult *r UNUSED)
{
        Enqueuer *e = CONTAINER_OF(repeat, Enqueuer, repeat);
        Runner *q = e->runner;
        pthread_mutex_lock(&q->coordinator->lock);
        q->steps[e - q->enqueuers] += !s;
        bool again = !s && !q->stopping;
        pthread_mutex_unlock(&q->coordinator->lock);
        e->status = s;
        return again;
}

/* An end that nobody asked for: kept, and reported. Under the lock. */
static void note_error(Runner *q, Status *s)
{
        if (q->n_errors < QUEUE_RUNNER_ERRORS && (q->errors[q->n_errors] = status_copy(s)))
                q->n_errors++;
        coordinator_stop(q->coordinator, s);
}

/* Takes the end of an enqueuer into the books; true when the close op is to be run: by the last
 * one, if it ended because the queue is closed. Under the lock. */
static bool note_end(Enqueuer *e)
{
        Runner *q = e->runner;
        Status *s = steal(&e->status);
        bool closed = s && says_closed(q->def, s);
        e->alive = false;
        q->live--;
        q->asked |= !closed && q->stopping;
        if (s && !closed && !q->stopping)
                note_error(q, steal(&s));
        status_free(s);
        if (!q->live)
                q->ended_us = clock_wall_us();
        if (!closed || q->live || !*q->close.name)
                return false;
        q->close.begun = true;
        q->ops++;
        q->coordinator->live++;
        return true;
}

/* Behind the last step. The session, and with it all of this, outlives running_leave(). */
static void on_over(Repeat *repeat)
{
        Enqueuer *e = CONTAINER_OF(repeat, Enqueuer, repeat);
        Runner *q = e->runner;
        Coordinator *c = q->coordinator;
        autoptr(Session) s = repeat->session;
        pthread_mutex_lock(&c->lock);
        bool close = note_end(e);
        pthread_mutex_unlock(&c->lock);
        if (close)
                runner_op_run(&q->close);
        pthread_mutex_lock(&c->lock);
        c->live--;
        pthread_mutex_unlock(&c->lock);
        coordinator_settle(c, s);
        running_leave(s);
}

void runners_name_live(const Coordinator *c, Buf *out)
{
        for (const Runner *q = c->runners; q; q = q->next)
                for (int i = 0; i < q->n; i++)
                        if (q->enqueuers[i].alive)
                                buf_printf(out, "%sQueueRunnerThread-%s-%s", out->len ? " " : "",
                                           q->def->queue_name, q->def->enqueue_op_name[i]);
}

/* ---- birth ---- */

/* Queue and ops must be in the graph before anything starts. */
static Status *check_names(void *def, const Graph *g)
{
        const QueueRunnerDef *d = def;
        TRY(client_element(g, d->queue_name));
        for (size_t i = 0; i < d->n_enqueue_op_name; i++)
                TRY(client_element(g, d->enqueue_op_name[i]));
        if (*d->close_op_name)
                TRY(client_element(g, d->close_op_name));
        return *d->cancel_op_name ? client_element(g, d->cancel_op_name) : NULL;
}

/* QueueRunner's own checks, with its texts. */
Status *session_queue_runner_check(Session *s, const QueueRunnerDef *def)
{
        Status *st = NULL;
        if (!*def->queue_name || !def->n_enqueue_op_name)
                st = invalid_argument("Must provide queue and enqueue_ops.");
        else if (def->n_enqueue_op_name > QUEUE_RUNNER_OPS)
                st = resource_exhausted("A session runs at most %d enqueue ops at once.",
                                        QUEUE_RUNNER_OPS);
        if (st && status_code(st) == SR_INVALID_ARGUMENT)
                status_set_exception(st, "ValueError");
        for (size_t i = 0; !st && i < def->n_queue_closed_exception_types; i++) {
                int code = (int)def->queue_closed_exception_types[i];
                if (code <= SR_OK || code > SR_UNAUTHENTICATED)
                        st = invalid_argument("queue_closed_exception_types has %d, which is not "
                                              "the code of an error",
                                              code);
        }
        return st ? st : session_read_graph(s, check_names, (void *)def);
}

/* The runner outlives the request. */
static Status *copy_def(Arena *a, const QueueRunnerDef *def, const QueueRunnerDef **ret)
{
        autobuf bytes = BUF(DEF_BYTES);
        ProtobufCMessage *m = NULL;
        TRY(proto_pack(&def->base, &bytes));
        TRY(buf_status(&bytes));
        TRY(proto_unpack(&tensorflow__queue_runner_def__descriptor, bytes.data, bytes.len, NULL, a,
                         &m));
        *ret = (const QueueRunnerDef *)m;
        return NULL;
}

/* One chain of steps for each enqueue op. */
static Status *fill(Runner *q)
{
        const QueueRunnerDef *d = q->def;
        Session *s = q->session;
        q->n = (int)d->n_enqueue_op_name;
        q->enqueuers = arena_calloc(q->arena, (size_t)q->n, sizeof *q->enqueuers);
        q->steps = arena_calloc(q->arena, (size_t)q->n, sizeof *q->steps);
        if (!q->enqueuers || !q->steps)
                return status_oom();
        q->close = (RunnerOp){ .runner = q, .name = d->close_op_name };
        q->stop = (RunnerOp){ .runner = q, .name = d->cancel_op_name };
        TRY(cancel_new(&q->cancel));
        for (int i = 0; i < q->n; i++) {
                Enqueuer *e = &q->enqueuers[i];
                e->runner = q;
                e->alive = true;
                e->request = (RunRequest){ .targets = (const char *const *)&d->enqueue_op_name[i],
                                           .n_targets = 1,
                                           .cancel = q->cancel };
                e->repeat = (Repeat){ .session = s,
                                      .pool = s->engine->pool,
                                      .request = &e->request,
                                      .step = on_step,
                                      .over = on_over };
        }
        q->started_us = clock_wall_us();
        return NULL;
}

/* A runner lives in its own arena. */
static Status *runner_new(Session *s, Coordinator *c, const QueueRunnerDef *def, Runner **ret)
{
        Arena *a;
        TRY(arena_new(16 << 20, &a));
        Runner *q = arena_calloc(a, 1, sizeof *q);
        if (!q) {
                arena_free(a);
                return status_oom();
        }
        *q = (Runner){ .session = s, .coordinator = c, .arena = a };
        Status *st = copy_def(a, def, &q->def);
        if (!st)
                st = fill(q);
        if (st) {
                runner_free(q);
                return st;
        }
        *ret = q;
        return NULL;
}

/* ---- listing it: both locks held ---- */

static bool same_def(const QueueRunnerDef *a, const QueueRunnerDef *b)
{
        bool same = !strcmp(a->queue_name, b->queue_name) &&
                    a->n_enqueue_op_name == b->n_enqueue_op_name;
        for (size_t i = 0; same && i < a->n_enqueue_op_name; i++)
                same = !strcmp(a->enqueue_op_name[i], b->enqueue_op_name[i]);
        return same;
}

static Runner *find_running(const Coordinator *c, const QueueRunnerDef *def)
{
        for (Runner *q = c->runners; q; q = q->next)
                if (q->live && same_def(q->def, def))
                        return q;
        return NULL;
}

/* Takes the oldest ended runners beyond those kept out of the list. */
static Runner *take_forgotten(Coordinator *c)
{
        int kept = 0;
        Runner *out = NULL;
        for (Runner **at = &c->runners; *at;) {
                Runner *q = *at;
                if (q->live || q->ops || ++kept < QUEUE_RUNNERS_KEPT) {
                        at = &q->next;
                        continue;
                }
                *at = q->next;
                q->next = out;
                out = q;
        }
        return out;
}

static int count_live(const Coordinator *c)
{
        int n = 0;
        for (const Runner *q = c->runners; q; q = q->next)
                n += q->live;
        return n;
}

/* One that was stopped and joined is as good as new. */
static Status *ready_to_start(Coordinator *c, const Runner *q)
{
        if (c->joined && !c->live)
                coordinator_clear(c);
        if (c->stop)
                return failed_precondition("The coordinator was asked to stop; join it, or clear "
                                           "the stop, before queue runners are started.");
        if (count_live(c) + q->n > QUEUE_RUNNER_OPS)
                return resource_exhausted("A session runs at most %d enqueue ops at once.",
                                          QUEUE_RUNNER_OPS);
        return NULL;
}

/* Each chain holds the session. */
static void enlist(Session *s, Coordinator *c, Runner *q)
{
        q->id = ++c->n_started;
        q->live = q->n;
        c->live += q->n;
        q->next = c->runners;
        c->runners = q;
        for (int i = 0; i < q->n; i++)
                session_ref(s);
        s->n_holding += q->n;
}

/* Starting the same definition twice is once, as with QueueRunner.create_threads(). */
Status *session_queue_runner_start(Session *s, const QueueRunnerDef *def, int64_t *ret_id)
{
        Coordinator *c;
        Runner *q = NULL, *old = NULL, *forgotten = NULL;
        TRY(session_queue_runner_check(s, def));
        TRY(coordinator_of(s, &c));
        TRY(runner_new(s, c, def, &q));
        pthread_mutex_lock(&s->lock);
        pthread_mutex_lock(&c->lock);
        Status *st = s->closed ? client_closed() : NULL;
        if (!st && (old = find_running(c, def)))
                *ret_id = old->id;
        else if (!st)
                st = ready_to_start(c, q);
        if (!st && !old) {
                forgotten = take_forgotten(c);
                enlist(s, c, q);
                *ret_id = q->id;
        }
        pthread_mutex_unlock(&c->lock);
        pthread_mutex_unlock(&s->lock);
        for (Runner *next; forgotten; forgotten = next) {
                next = forgotten->next;
                runner_free(forgotten);
        }
        if (st || old)
                runner_free(q);
        else
                for (int i = 0, n = q->n; i < n; i++)
                        repeat_start(&q->enqueuers[i].repeat);
        return st;
}

/* ---- looking, stopping ---- */

/* The state is what came of it, not what was asked for. */
static Status *show(const Runner *q, Status *(*fn)(void *arg, const QueueRunnerInfo *i), void *arg)
{
        QueueRunnerInfo i = { .id = q->id,
                              .def = q->def,
                              .state = q->live       ? QUEUE_RUNNER_RUNNING
                                       : q->n_errors ? QUEUE_RUNNER_FAILED
                                       : q->asked    ? QUEUE_RUNNER_STOPPED
                                                     : QUEUE_RUNNER_CLOSED,
                              .started_us = q->started_us,
                              .ended_us = q->ended_us,
                              .steps = q->steps,
                              .live = q->live,
                              .errors = q->errors,
                              .n_errors = q->n_errors };
        return fn(arg, &i);
}

/* Under the lock: fn must not come back here. */
Status *session_each_queue_runner(Session *s, Status *(*fn)(void *arg, const QueueRunnerInfo *i),
                                  void *arg)
{
        Coordinator *c;
        Status *st = NULL;
        TRY(coordinator_of(s, &c));
        pthread_mutex_lock(&c->lock);
        for (const Runner *q = c->runners; q && !st; q = q->next)
                st = show(q, fn, arg);
        pthread_mutex_unlock(&c->lock);
        return st;
}

/* Under the lock. */
static Status *find(const Coordinator *c, const Session *s, int64_t id, Runner **ret)
{
        for (Runner *q = c->runners; q; q = q->next)
                if (q->id == id) {
                        *ret = q;
                        return NULL;
                }
        return not_found("Session '%s' has no queue runner %lld", s->name, (long long)id);
}

/* As above, for one. */
Status *session_get_queue_runner(Session *s, int64_t id,
                                 Status *(*fn)(void *arg, const QueueRunnerInfo *i), void *arg)
{
        Coordinator *c;
        Runner *q;
        TRY(coordinator_of(s, &c));
        pthread_mutex_lock(&c->lock);
        Status *st = find(c, s, id, &q);
        if (!st)
                st = show(q, fn, arg);
        pthread_mutex_unlock(&c->lock);
        return st;
}

/* Stops the chains now; the cancel op runs as for a stop by the coordinator. */
Status *session_stop_queue_runner(Session *s, int64_t id)
{
        Coordinator *c;
        Runner *q;
        autoptr(Cancel) now = NULL;
        TRY(coordinator_of(s, &c));
        pthread_mutex_lock(&c->lock);
        Status *st = find(c, s, id, &q);
        if (!st && q->live) {
                q->stopping = q->hard = true;
                if (q->stop.begun)
                        now = cancel_ref(q->cancel);
        }
        pthread_mutex_unlock(&c->lock);
        if (now)
                cancel_fire(now, cancelled("The queue runner was stopped"));
        if (!st)
                coordinator_settle(c, s);
        return st;
}
