// SPDX-License-Identifier: Apache-2.0
/* Partial runs: a step whose feeds come, and whose fetches are asked for, call by call
 *.
 *
 * The step starts at setup. Each fetch has a one-shot slot: empty, arrived, or taken. A call first
 * checks everything, then marks its feeds and fetches as used, feeds the step, and waits until its
 * fetches have arrived. */
#include "engine/session/partial.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include <string.h>

/* The plan says how long the arrays are, so it goes last. */
void partial_unref(PartialRun *p)
{
        if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
                return;
        const Plan *plan = p->compiled ? p->compiled->plan : NULL;
        for (uint32_t i = 0; plan && p->values && i < plan->n_fetches; i++)
                tensor_unref(p->values[i]);
        for (uint32_t i = 0; plan && p->feed_names && i < plan->n_feeds; i++)
                mem_free(p->feed_names[i]);
        for (int i = 0; p->fetch_names && i < p->compiled->n_fetches; i++)
                mem_free(p->fetch_names[i]);
        mem_free(p->feed_names);
        mem_free(p->fetch_names);
        mem_free(p->fed);
        mem_free(p->fetched);
        mem_free(p->values);
        mem_free(p->dead);
        mem_free(p->handle);
        status_free(p->status);
        if (p->step)
                step_unref(p->step);
        cancel_unref(p->running.cancel);
        compiled_unref(p->compiled);
        pthread_mutex_destroy(&p->lock);
        session_unref(p->session);
        mem_free(p);
}

PartialRun *partial_ref(PartialRun *p)
{
        atomic_fetch_add(&p->refs, 1);
        return p;
}

/* ---- ending calls ---- */

/* A call is answered when all it fetches is there, or nothing more will come. */
static bool arrived(const Call *c)
{
        const PartialRun *p = c->run;
        if (c->status || p->ended)
                return true;
        for (int i = 0; i < c->n; i++)
                if (!p->values[c->fetch[i]] && !p->dead[c->fetch[i]])
                        return false;
        return !c->last;
}

/* Takes the calls that can be answered out of the list. Under the lock. */
static Call *take_answerable(PartialRun *p)
{
        Call *out = NULL;
        for (Call **at = &p->calls; *at;) {
                Call *c = *at;
                if (!arrived(c)) {
                        at = &c->next;
                        continue;
                }
                *at = c->next;
                c->next = out;
                out = c;
        }
        return out;
}

/* As setup named it. */
static const char *fetch_name(const PartialRun *p, int fetch)
{
        for (int i = 0; i < p->compiled->n_fetches; i++)
                if (p->compiled->fetch[i] == fetch)
                        return p->fetch_names[i];
        return "";
}

/* What a call is told. */
static Status *outcome(PartialRun *p, const Call *c)
{
        if (c->status)
                return status_copy(c->status);
        for (int i = 0; i < c->n; i++) {
                if (p->dead[c->fetch[i]])
                        return invalid_argument("The tensor returned for %s was not valid.",
                                                fetch_name(p, c->fetch[i]));
                if (!p->values[c->fetch[i]])
                        return p->status ? status_copy(p->status)
                                         : cancelled("Run call was cancelled");
        }
        return NULL;
}

static void call_free(Call *c)
{
        cancel_unref(c->request_cancel);
        status_free(c->status);
        mem_free(c->fetch);
        partial_unref(c->run);
        mem_free(c);
}

/* Moves the values out of their slots; a fetch named twice in one call shares its value. Under the
 * lock. */
static void take_values(const Call *c, Tensor **out)
{
        for (int i = 0; i < c->n; i++) {
                out[i] = steal(&c->run->values[c->fetch[i]]);
                for (int k = 0; k < i && !out[i]; k++)
                        if (c->fetch[k] == c->fetch[i])
                                out[i] = tensor_ref(out[k]);
        }
}

/* Takes the handle out of the session; its reference goes, too. */
static void delist(PartialRun *p)
{
        Session *s = p->session;
        pthread_mutex_lock(&s->lock);
        bool listed = map_get(&s->partials, p->handle) == p;
        if (listed)
                map_del(&s->partials, p->handle);
        pthread_mutex_unlock(&s->lock);
        if (listed)
                partial_unref(p);
}

/* A call that failed ends the run, as in TensorFlow: what it asked for cannot be had any more. */
void partial_end(PartialRun *p, Status *why)
{
        cancel_fire(p->running.cancel, why);
        delist(p);
}

/* Answers a call that is in no list any more. No lock held. */
static void answer(Call *c)
{
        PartialRun *p = c->run;
        if (c->has_timer)
                timer_clear(p->session->engine->timers, &c->timer);
        if (c->request_cancel)
                cancel_remove(c->request_cancel, &c->hook);
        Tensor **out = mem_calloc((size_t)c->n + 1, sizeof *out);
        pthread_mutex_lock(&p->lock);
        Status *s = out ? outcome(p, c) : status_oom();
        if (!s)
                take_values(c, out);
        Status *why = s && !p->ended ? status_copy(s) : NULL;
        pthread_mutex_unlock(&p->lock);
        if (why)
                partial_end(p, why);
        RunResult result = { .n = c->n, .values = out, .step_id = p->running.id };
        c->done(c->arg, s, s ? NULL : &result);
        for (int i = 0; out && i < c->n; i++)
                tensor_unref(out[i]);
        mem_free(out);
        call_free(c);
}

static void answer_all(Call *list)
{
        for (Call *c = list, *next; c; c = next) {
                next = c->next;
                answer(c);
        }
}

static void answer_ready(PartialRun *p)
{
        pthread_mutex_lock(&p->lock);
        Call *list = take_answerable(p);
        pthread_mutex_unlock(&p->lock);
        answer_all(list);
}

/* Ends one waiting call early; it may be gone already. Takes why. */
static void give_up(Call *c, Status *why)
{
        autoptr(PartialRun) p = partial_ref(c->run);
        pthread_mutex_lock(&p->lock);
        if (c->status)
                status_free(why);
        else
                c->status = why;
        pthread_mutex_unlock(&p->lock);
        answer_ready(p);
}

static void on_call_timeout(Timer *t)
{
        give_up(CONTAINER_OF(t, Call, timer),
                deadline_exceeded("Timed out waiting for notification"));
}

static void on_call_cancel(CancelHook *h)
{
        give_up(CONTAINER_OF(h, Call, hook), cancelled("Run call was cancelled"));
}

/* ---- what the step tells ---- */

/* From the step: a value, or NULL for a dead one. */
static void on_fetched(void *arg, uint32_t fetch, Tensor *value)
{
        PartialRun *p = arg;
        pthread_mutex_lock(&p->lock);
        p->dead[fetch] = !value;
        if (value)
                p->values[fetch] = tensor_ref(value);
        Call *list = take_answerable(p);
        pthread_mutex_unlock(&p->lock);
        answer_all(list);
}

/* An error that no call was there to hear stays with the handle until the next call. */
static void on_ended(void *arg, Status *s, Tensor *const *values)
{
        PartialRun *p = arg;
        handles_settle(p->session, p->compiled, p->running.id, s ? NULL : values);
        running_end(p->session, &p->running, status_code(s));
        pthread_mutex_lock(&p->lock);
        p->ended = true;
        p->status = s;
        Call *list = take_answerable(p);
        pthread_mutex_unlock(&p->lock);
        if (!s || list)
                delist(p);
        answer_all(list);
}

static void after_step(void *arg)
{
        PartialRun *p = arg;
        autoptr(Session) s = session_ref(p->session);
        partial_unref(p); /* the step's */
        running_leave(s);
}

/* ---- setup ---- */

/* Later calls are checked against these. */
static Status *copy_names(PartialRun *p, const RunRequest *r)
{
        for (int i = 0; i < r->n_feeds; i++)
                if (!(p->feed_names[i] = mem_strdup(r->feeds[i].key)))
                        return status_oom();
        for (int i = 0; i < r->n_fetches; i++)
                if (!(p->fetch_names[i] = mem_strdup(r->fetches[i])))
                        return status_oom();
        return NULL;
}

/* Owns the compiled signature from here, on failure, too. */
static Status *partial_new(Session *s, const RunRequest *r, Compiled *c, PartialRun **ret)
{
        autoptr(PartialRun) p = mem_calloc(1, sizeof *p);
        if (!p) {
                compiled_unref(c);
                return status_oom();
        }
        atomic_init(&p->refs, 1);
        pthread_mutex_init(&p->lock, NULL);
        p->session = session_ref(s);
        p->compiled = c;
        size_t feeds = c->plan->n_feeds + 1, fetches = (size_t)c->n_fetches + 1;
        p->feed_names = mem_calloc(feeds, sizeof *p->feed_names);
        p->fetch_names = mem_calloc(fetches, sizeof *p->fetch_names);
        p->fed = mem_calloc(feeds, 1);
        p->fetched = mem_calloc(fetches, 1);
        p->values = mem_calloc(fetches, sizeof *p->values);
        p->dead = mem_calloc(fetches, 1);
        if (!p->feed_names || !p->fetch_names || !p->fed || !p->fetched || !p->values || !p->dead)
                return status_oom();
        p->feeds_left = r->n_feeds;
        p->fetches_left = (int)c->plan->n_fetches;
        TRY(copy_names(p, r));
        TRY(cancel_new(&p->running.cancel));
        *ret = steal(&p);
        return NULL;
}

/* The handle is unique in the session, and tells what it is for. */
static Status *enlist(Session *s, PartialRun *p)
{
        pthread_mutex_lock(&s->lock);
        p->handle = mem_printf("%.100s;%lld", p->compiled->n_fetches ? p->fetch_names[0] : "",
                               (long long)s->next_partial++);
        Status *st = p->handle ? map_set(&s->partials, p->handle, p) : status_oom();
        if (!st)
                partial_ref(p);
        pthread_mutex_unlock(&s->lock);
        return st;
}

/* The step starts at once, and waits for its feeds. */
static Status *begin(Session *s, PartialRun *p)
{
        const Plan *plan = p->compiled->plan;
        autofree Tensor **none = mem_calloc(plan->n_feeds + 1, sizeof *none);
        if (!none)
                return status_oom();
        TRY(running_begin(s, &p->running, true));
        StepSpec spec = { .plan = p->compiled->plan,
                          .env = session_env(s, NULL, p->running.cancel, p->running.id),
                          .feeds = none,
                          .partial = true,
                          .fetched = on_fetched,
                          .done = on_ended,
                          .after = after_step,
                          .arg = p };
        Status *st = step_new(&spec, &p->step);
        if (!st && (st = enlist(s, p)))
                step_unref(p->step); /* its own reference: it will never start */
        if (st) {
                running_end(s, &p->running, status_code(st));
                running_leave(s);
                return st;
        }
        partial_ref(p); /* the step's */
        step_start(p->step);
        return NULL;
}

/* Nodes that the graph gets later are none of this run's. */
Status *session_partial_run_setup(Session *s, const RunRequest *r, char **ret)
{
        Compiled *c = NULL;
        pthread_mutex_lock(&s->lock);
        Status *st = signature_compile(s, r, true, &c);
        size_t n_nodes = st ? 0 : (size_t)graph_count(s->graph);
        pthread_mutex_unlock(&s->lock);
        TRY(st);
        autoptr(PartialRun) p = NULL;
        TRY(partial_new(s, r, c, &p));
        p->n_nodes = n_nodes;
        TRY(begin(s, p));
        if ((*ret = mem_strdup(p->handle)))
                return NULL;
        cancel_fire(p->running.cancel, status_oom());
        delist(p);
        return status_oom();
}

/* ---- a call ---- */

/* Waits in the run's list until it is answered. */
static Status *call_new(PartialRun *p, const RunRequest *r, RunDone done, void *arg, Call **ret)
{
        Call *c = mem_calloc(1, sizeof *c);
        int *fetch = c ? mem_calloc((size_t)r->n_fetches + 1, sizeof *fetch) : NULL;
        if (!fetch) {
                mem_free(c);
                return status_oom();
        }
        *c = (Call){ .run = partial_ref(p),
                     .n = r->n_fetches,
                     .fetch = fetch,
                     .done = done,
                     .arg = arg,
                     .timer.index = -1 };
        *ret = c;
        return NULL;
}

/* Marks what the call uses and puts it into the waiting list. Under the lock. */
static void accept_call(PartialRun *p, Call *c, const RunRequest *r, const int *feeds)
{
        for (int i = 0; i < r->n_feeds; i++)
                p->fed[feeds[i]] = true;
        for (int i = 0; i < c->n; i++) {
                p->fetches_left -= !p->fetched[c->fetch[i]];
                p->fetched[c->fetch[i]] = true;
        }
        p->feeds_left -= r->n_feeds;
        c->last = !p->feeds_left && !p->fetches_left;
        c->next = p->calls;
        p->calls = c;
}

/* Hooks the call to its timeout and to the request's token. Under the lock, before anybody can
 * answer it. */
static Status *arm(Call *c, const RunRequest *r)
{
        int64_t timeout = session_timeout_ns(c->run->session, NULL);
        if (timeout) {
                TRY(timer_set(c->run->session->engine->timers, &c->timer, clock_ns() + timeout,
                              on_call_timeout));
                c->has_timer = true;
        }
        if (!r->cancel)
                return NULL;
        c->hook.fn = on_call_cancel;
        if (cancel_add(r->cancel, &c->hook))
                c->request_cancel = cancel_ref(r->cancel);
        else
                c->status = cancelled("Run call was cancelled");
        return NULL;
}

/* Refuses the call, changing nothing, or makes it part of the run. Under the lock. */
static Status *admit(PartialRun *p, Call *c, const RunRequest *r, int *feeds)
{
        if (p->ended)
                return p->status ? status_copy(p->status)
                                 : invalid_argument(
                                           "Must run 'setup' before performing partial runs!");
        TRY(partial_check(p, r, feeds, c->fetch));
        TRY(arm(c, r));
        accept_call(p, c, r, feeds);
        return NULL;
}

/* All checks are under the lock; feeds go in only when they have passed, so a refused call leaves
 * the handle usable. */
static Status *submit(PartialRun *p, const RunRequest *r, RunDone done, void *arg)
{
        autofree int *feeds = mem_calloc((size_t)r->n_feeds + 1, sizeof *feeds);
        Call *c = NULL;
        if (!feeds)
                return status_oom();
        TRY(call_new(p, r, done, arg, &c));
        pthread_mutex_lock(&p->lock);
        bool ended = p->ended;
        Status *s = admit(p, c, r, feeds);
        bool last = !s && c->last;
        pthread_mutex_unlock(&p->lock);
        if (ended)
                delist(p);
        if (s) {
                call_free(c);
                return s;
        }
        for (int i = 0; i < r->n_feeds && !s; i++)
                s = step_feed(p->step, (uint32_t)feeds[i], r->feeds[i].value);
        if (s)
                cancel_fire(p->running.cancel, s);
        else if (last)
                step_release(p->step);
        answer_ready(p);
        return NULL;
}

/* An unknown handle gets TensorFlow's text. */
void session_partial_run(Session *s, const char *handle, const RunRequest *r, RunDone done,
                         void *arg)
{
        pthread_mutex_lock(&s->lock);
        PartialRun *found = s->closed ? NULL : map_get(&s->partials, handle);
        autoptr(PartialRun) p = found ? partial_ref(found) : NULL;
        Status *st = s->closed ? client_closed() : NULL;
        pthread_mutex_unlock(&s->lock);
        if (!st && !p)
                st = invalid_argument("Must run 'setup' before performing partial runs!");
        if (!st)
                st = submit(p, r, done, arg);
        if (st)
                done(arg, st, NULL);
}

void partials_clear(Map *partials)
{
        map_each (e, partials)
                partial_unref(e->value);
        map_done(partials);
}
