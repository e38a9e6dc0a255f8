// SPDX-License-Identifier: Apache-2.0
/* The driver of a step: takes ready nodes, runs the cheap ones, sends the costly ones to the pool,
 * until nothing is left. */
#include "engine/exec/step_inside.h"

#include "engine/base/clock.h"
#include <string.h>

/* What the inbox holds instead of messages: nobody drives; the driver is to look again. One word
 * says both what came and who drives, because the driver may end the step as soon as it has taken
 * the last message: who brought it must not touch the step any more. */
static Message idle, called;
/* Quick steps run on the caller's thread; beyond this they move to the pool. */
enum { QUICK_NS = 200000, LOOK_EVERY = 64 };
static void drive(Step *s, bool on_pool);
/* Does this thread drive a step just now? */
static _Thread_local bool driving;

/* The first error counts; what still runs is cancelled. */
void step_abort(Step *s, Status *st)
{
        s->aborted = true;
        if (s->status) {
                status_free(st);
                return;
        }
        s->status = st;
        cancel_fire(s->env.cancel,
                    status_copy(st)); /* the caller's step, if any, ends with the same error */
}

/* A list, last in, first out: the value that was just made is still in the cache. */
void step_ready(Step *s, Iteration *it, const PlanNode *pn, bool dead)
{
        if (UNLIKELY(s->n_ready == s->cap_ready)) {
                Ready *more = block_alloc(2 * s->cap_ready * sizeof *more);
                if (!more) {
                        step_abort(s, status_oom());
                        return;
                }
                memcpy(more, s->ready, s->n_ready * sizeof *more);
                block_free(s->ready, s->cap_ready * sizeof *more);
                s->ready = more;
                s->cap_ready *= 2;
        }
        s->ready[s->n_ready++] = (Ready){ .it = it, .pn = pn, .dead = dead, .ready_us = s->now_us };
        it->outstanding++;
}

void step_node_ended(Step *s, Iteration *it)
{
        if (--it->outstanding == 0 && it->frame->parent && !s->aborted) {
                Status *st = frame_cleanup(s, it->frame);
                if (st)
                        step_abort(s, st);
        }
}

static void drive_on_pool(Task *t)
{
        drive(CONTAINER_OF(t, Step, task), true);
}

static void move_to_pool(Step *s)
{
        s->task.fn = drive_on_pool;
        pool_submit(s->env.pool, &s->task);
}

/* By what earlier steps of this plan took, or, for a new plan, by whether it has heavy kernels. */
static bool belongs_on_pool(const Step *s)
{
        if (!s->env.pool || pool_inside(s->env.pool))
                return false;
        if (s->env.one_thread)
                return true; /* where it stays, without holding up a connection */
        if (s->spec.since_ns && s->started_ns - s->spec.since_ns > QUICK_NS)
                return true; /* many quick calls make a long step: a loop by functions */
        int64_t ns = atomic_load_explicit(&s->plan->run_ns, memory_order_relaxed);
        return ns ? ns > QUICK_NS : s->plan->heavy;
}

/* Nobody drives, and there is something to do. A thread in the midst of a step of its own leaves
 * this one to the pool: an enqueue must not wait until whoever gets the element is through. So do
 * those of HTTP and of timers, unless it is quick. */
static void take_wheel(Step *s)
{
        if (s->env.pool && (driving || belongs_on_pool(s)))
                move_to_pool(s);
        else
                drive(s, pool_inside(s->env.pool));
}

/* Sees to it that somebody drives: whoever drives now, this thread, or the pool. */
static void wake(Step *s)
{
        Message *head = atomic_load(&s->inbox);
        while (!head || head == &idle)
                if (atomic_compare_exchange_weak(&s->inbox, &head, &called)) {
                        if (head == &idle)
                                take_wheel(s);
                        return;
                }
}

void step_post(Step *s, Message *m)
{
        Message *head = atomic_load(&s->inbox);
        do
                m->next = head == &idle || head == &called ? NULL : head;
        while (!atomic_compare_exchange_weak(&s->inbox, &head, m));
        if (head == &idle)
                take_wheel(s);
}

/* ---- the inbox ---- */

/* A node that ran elsewhere ends here, on the driver. */
static void receive_run(Step *s, NodeRun *r)
{
        Iteration *it = r->iter;
        Status *st = r->status;
        s->in_flight--;
        if (!st && r->pn->def->start)
                st = run_check(r);
        if (UNLIKELY(s->env.trace != NULL))
                node_trace(r);
        if (st)
                step_blame(s, r->pn, r, st);
        else if (!s->aborted)
                propagate(s, it, r->pn, r->out);
        run_done(r);
        block_free(CONTAINER_OF(r, FarRun, run), sizeof(FarRun));
        step_node_ended(s, it);
}

/* The inbox is a stack: turned around, messages are in the order they came. */
static void receive(Step *s)
{
        Message *list = atomic_exchange(&s->inbox, NULL), *in_order = NULL;
        while (list && list != &called) {
                Message *m = list;
                list = m->next;
                m->next = in_order;
                in_order = m;
        }
        while (in_order) {
                Message *m = in_order;
                in_order = m->next;
                if (m->run) {
                        receive_run(s, m->run);
                        continue;
                }
                if (s->aborted)
                        tensor_unref(m->value);
                else
                        step_send(s, s->root->first, &s->plan->feeds[m->feed], m->value, false);
                block_free(m, sizeof *m);
        }
}

/* ---- the driver ---- */

void step_look_for_cancel(Step *s)
{
        if (UNLIKELY(cancel_fired(s->env.cancel)) && !s->aborted) {
                Status *why = cancel_reason(s->env.cancel);
                step_abort(s, why ? why : cancelled("Run call was cancelled"));
        }
}

static void forget_ready(Step *s)
{
        while (s->n_ready)
                s->ready[--s->n_ready].it->outstanding--;
}

/* Nothing can be done beside it but what runs elsewhere already: a costly node that is alone runs
 * here, where it may share itself out among the threads, instead of being handed over. */
static void run_aside(Step *s)
{
        NodeRun *r = steal(&s->aside);
        if (s->in_flight > 1) {
                node_submit(r);
                return;
        }
        node_compute(r);
        receive_run(s, r);
}

static void give_up(Step *s)
{
        forget_ready(s);
        if (!s->aside)
                return;
        node_give_up(s->aside);
        receive_run(s, steal(&s->aside));
}

/* Runs what is ready. False when the step moved to the pool meanwhile. */
static bool run_all_ready(Step *s, bool on_pool)
{
        int64_t deadline = 0;
        while (s->n_ready || s->aside) {
                step_look_for_cancel(s);
                if (UNLIKELY(s->aborted)) {
                        give_up(s);
                        break;
                }
                if (UNLIKELY(!s->n_ready))
                        run_aside(s);
                else
                        node_run(s, s->ready[--s->n_ready]);
                if (UNLIKELY(s->aside != NULL) && --s->aside_for == 0)
                        node_submit(steal(&s->aside));
                if (on_pool || ++s->ran < LOOK_EVERY || !s->env.pool)
                        continue;
                s->ran = 0;
                int64_t now = clock_ns();
                deadline = deadline ? deadline : now + QUICK_NS;
                if (now < deadline)
                        continue;
                move_to_pool(s);
                return false;
        }
        return true;
}

static Status *dead_fetch(Step *s)
{
        for (uint32_t i = 0; i < s->plan->n_fetches; i++)
                if (!s->fetched[i])
                        return invalid_argument("Retval[%u] does not have value", i);
        return NULL;
}

static void note_duration(Step *s)
{
        int64_t now = clock_ns(), ns = now - s->started_ns,
                old = atomic_load_explicit(&s->plan->run_ns, memory_order_relaxed);
        atomic_store_explicit(&s->plan->run_ns, old ? (old * 7 + ns) / 8 : ns,
                              memory_order_relaxed);
        if (s->spec.ended_ns)
                *s->spec.ended_ns = now;
}

/* Everything of the step is given back before anybody hears of its end. */
static void finish(Step *s)
{
        step_look_for_cancel(s); /* what ran last may not have noticed */
        if (!s->aborted && !s->spec.partial) {
                s->status = dead_fetch(s);
                note_duration(s);
        }
        frame_free(s, steal(&s->root));
        resources_unref(steal(&s->env.step));
        if (s->hooked)
                cancel_remove(s->env.cancel, &s->hook);
        void (*after)(void *) = s->spec.after;
        void *arg = s->spec.arg;
        s->spec.done(arg, steal(&s->status), s->fetched);
        step_unref(s);
        if (after)
                after(arg);
}

/* Drives until there is nothing to do: true when the step has ended, which then is the caller's to
 * finish. Else it may be gone when this returns.
 * The inbox goes to idle only while it is empty: nothing gets lost. That of a finished step never
 * does, so that a late feed lies in it until the last reference goes. */
static bool drive_on(Step *s, bool on_pool)
{
        for (;;) {
                receive(s);
                step_look_for_cancel(s);
                if (!run_all_ready(s, on_pool))
                        return false;
                bool held = s->spec.partial && !s->aborted && !atomic_load(&s->released);
                if (!s->in_flight && !held && !atomic_load(&s->inbox))
                        return true;
                Message *none = NULL;
                if (atomic_compare_exchange_strong(&s->inbox, &none, &idle))
                        return false;
        }
}

/* The end of a step is outside: whom it tells (a caller's step, a loop) goes on right here. */
static void drive(Step *s, bool on_pool)
{
        bool nested = driving;
        driving = true;
        bool over = drive_on(s, on_pool);
        driving = nested;
        if (over)
                finish(s);
}

/* ---- life ---- */

/* Makes the block; step, fetched values and the first ready list are one. */
static Step *step_alloc(const Plan *p)
{
        size_t bytes = sizeof(Step) + p->n_fetches * sizeof(Tensor *);
        Step *s = block_alloc(bytes);
        if (!s)
                return NULL;
        memset(s, 0, bytes);
        s->bytes = bytes;
        s->fetched = (Tensor **)(s + 1);
        s->cap_ready = MAX(16u, MIN(p->n_nodes, 256u));
        s->ready = block_alloc(s->cap_ready * sizeof *s->ready);
        if (!s->ready) {
                block_free(s, bytes);
                return NULL;
        }
        return s;
}

/* Feeds and constants are sent at once; nothing runs before step_start(). */
Status *step_new(const StepSpec *spec, Step **ret)
{
        Plan *p = spec->plan;
        Step *s = step_alloc(p);
        if (!s)
                return status_oom();
        atomic_init(&s->refs, spec->partial ? 2 : 1);
        s->plan = p;
        s->n_fetches = p->n_fetches;
        s->spec = *spec;
        s->env = spec->env;
        s->env.step = NULL;
        cancel_ref(s->env.cancel);
        Status *st = frame_root(s, &s->root);
        if (st) {
                atomic_store(&s->refs, 1);
                step_unref(s);
                return st;
        }
        for (uint32_t i = 0; i < p->n_fetches; i++)
                if (p->fetch_constant[i])
                        s->fetched[i] = tensor_ref(p->fetch_constant[i]);
                else if (p->fetch_of_feed[i] >= 0 && spec->feeds[p->fetch_of_feed[i]])
                        s->fetched[i] = tensor_ref(spec->feeds[p->fetch_of_feed[i]]);
        for (uint32_t i = 0; i < p->n_feeds; i++)
                if (spec->feeds[i])
                        step_send(s, s->root->first, &p->feeds[i], tensor_ref(spec->feeds[i]),
                                  false);
        s->spec.feeds = NULL; /* the caller's; not needed any more */
        *ret = s;
        return NULL;
}

/* Messages that came after the end are dropped. */
void step_unref(Step *s)
{
        if (atomic_fetch_sub(&s->refs, 1) != 1)
                return;
        for (Message *m = atomic_load(&s->inbox), *next; m && m != &called; m = next) {
                next = m->next;
                tensor_unref(m->value);
                block_free(m, sizeof *m);
        }
        frame_free(s, s->root);
        for (uint32_t i = 0; i < s->n_fetches; i++)
                tensor_unref(s->fetched[i]);
        cancel_unref(s->env.cancel);
        block_free(s->ready, s->cap_ready * sizeof *s->ready);
        block_free(s, s->bytes);
}

/* A partial run may have nobody who drives it and nothing under way that hears of the end. */
static void on_cancel(CancelHook *h)
{
        wake(CONTAINER_OF(h, Step, hook));
}

/* On this thread, unless the step is long. */
void step_start(Step *s)
{
        const Plan *p = s->plan;
        Iteration *root = s->root->first;
        s->started_ns = s->spec.started_ns ? s->spec.started_ns : clock_ns();
        s->hook.fn = on_cancel;
        s->hooked = s->spec.partial && cancel_add(s->env.cancel, &s->hook);
        for (uint32_t i = 0; i < p->n_fetches && s->spec.fetched; i++)
                if (s->fetched[i])
                        s->spec.fetched(s->spec.arg, i, s->fetched[i]);
        for (uint32_t i = 0; i < p->n_roots; i++)
                step_ready(s, root, &p->nodes[p->roots[i]], false);
        if (belongs_on_pool(s))
                move_to_pool(s);
        else
                drive(s, pool_inside(s->env.pool));
}

int64_t step_since(const Step *s)
{
        return s->spec.since_ns ? s->spec.since_ns : s->started_ns;
}

Status *step_feed(Step *s, uint32_t feed, Tensor *value)
{
        Message *m = block_alloc(sizeof *m);
        if (!m)
                return status_oom();
        *m = (Message){ .feed = feed, .value = tensor_ref(value) };
        step_post(s, m);
        return NULL;
}

void step_release(Step *s)
{
        atomic_store(&s->released, true);
        wake(s);
}
