// SPDX-License-Identifier: Apache-2.0
/* Loops: what is kept of a step that is run again and again, and who is told. */
#include "engine/session/loop.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/session/inside.h"
#include "engine/session/repeat.h"
#include <string.h>

typedef struct Loop Loop;

typedef struct LoopWaiter {
        CancelHook hook;
        Cancel *cancel; /* one reference, or NULL */
        Loop *loop;     /* one reference */
        void (*done)(void *arg);
        void *arg;
        int64_t seen;
        struct LoopWaiter *next;
} LoopWaiter;

struct Loop {
        atomic_int refs;
        Repeat repeat; /* with one reference to the session while running */
        Arena *arena;  /* of the request */
        RunRequest request;
        Cancel *cancel;
        Loop *next; /* in the session's list, newest first; guarded by its lock */

        pthread_mutex_t lock; /* guards: everything below */
        LoopInfo info;
        Status *error;
        Tensor **values; /* as many as fetches, or NULL */
        LoopWaiter *waiters;
        void (*view_free)(void *);
};

static void drop_values(Loop *l)
{
        for (int i = 0; l->values && i < l->request.n_fetches; i++)
                tensor_unref(l->values[i]);
        mem_free(steal(&l->values));
}

/* The view belongs to the API, which knows how to free it. */
static void loop_unref(Loop *l)
{
        if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
                return;
        for (int i = 0; i < l->request.n_feeds; i++)
                tensor_unref(l->request.feeds[i].value);
        drop_values(l);
        if (l->view_free)
                l->view_free(l->info.view);
        status_free(l->error);
        cancel_unref(l->cancel);
        if (l->arena)
                arena_free(l->arena);
        pthread_mutex_destroy(&l->lock);
        mem_free(l);
}
AUTOPTR_DEFINE(Loop, loop_unref)

static Loop *loop_ref(Loop *l)
{
        atomic_fetch_add(&l->refs, 1);
        return l;
}

/* ---- who waits for news ---- */

static void waiter_free(LoopWaiter *w)
{
        cancel_unref(w->cancel);
        loop_unref(w->loop);
        mem_free(w);
}

/* Takes those out of the list that have something to see, or the one whose token fired. Under the
 * lock. */
static LoopWaiter *take_waiters(Loop *l, const LoopWaiter *fired)
{
        LoopWaiter *out = NULL;
        for (LoopWaiter **at = &l->waiters; *at;) {
                LoopWaiter *w = *at;
                if (w != fired && w->seen >= l->info.reports && l->info.state == LOOP_RUNNING) {
                        at = &w->next;
                        continue;
                }
                *at = w->next;
                w->next = out;
                out = w;
        }
        return out;
}

/* Without the lock: an answer may start another wait. */
static void tell(LoopWaiter *list)
{
        for (LoopWaiter *w = list, *next; w; w = next) {
                next = w->next;
                if (w->cancel)
                        cancel_remove(w->cancel, &w->hook);
                w->done(w->arg);
                waiter_free(w);
        }
}

static void on_wait_cancel(CancelHook *h)
{
        LoopWaiter *w = CONTAINER_OF(h, LoopWaiter, hook);
        autoptr(Loop) l = loop_ref(w->loop);
        pthread_mutex_lock(&l->lock);
        LoopWaiter *list = take_waiters(l, w);
        pthread_mutex_unlock(&l->lock);
        tell(list);
}

/* ---- turns ---- */

/* Keeps the values of a step that is to be reported. Under the lock. */
static void keep_values(Loop *l, const RunResult *r)
{
        drop_values(l);
        l->values = mem_calloc((size_t)r->n + 1, sizeof *l->values);
        for (int i = 0; l->values && i < r->n; i++)
                l->values[i] = r->values[i] ? tensor_ref(r->values[i]) : NULL;
        l->info.reported = l->values ? l->info.done : 0;
}

/* Takes s over. Under the lock. */
static LoopState state_after(Loop *l, Status *s, bool stopped)
{
        if (!s && l->info.steps && l->info.done >= l->info.steps)
                return LOOP_DONE;
        if (!s && stopped)
                s = cancel_reason(l->cancel);
        if (!s)
                return LOOP_RUNNING;
        l->error = s;
        if (l->info.until_end && status_code(s) == SR_OUT_OF_RANGE)
                return LOOP_DONE;
        return stopped ? LOOP_CANCELLED : LOOP_FAILED;
}

/* Counts the step, keeps what is to be reported, and says whether to go on. */
static bool on_step(Repeat *repeat, Status *s, const RunResult *r)
{
        Loop *l = CONTAINER_OF(repeat, Loop, repeat);
        /* The session's lock comes before the loop's. */
        bool stopped = cancel_fired(l->cancel) || session_closed(repeat->session);
        pthread_mutex_lock(&l->lock);
        LoopInfo *i = &l->info;
        i->done += !s;
        LoopState state = state_after(l, s, stopped);
        bool report = !s && (state != LOOP_RUNNING || i->done % i->report_every == 0);
        if (report)
                keep_values(l, r);
        i->reports += report || state != LOOP_RUNNING;
        if (state != LOOP_RUNNING)
                i->ended_us = clock_wall_us();
        i->state = state;
        LoopWaiter *list = take_waiters(l, NULL);
        pthread_mutex_unlock(&l->lock);
        tell(list);
        return state == LOOP_RUNNING;
}

/* Behind the last step: the loop is only remembered from here on. */
static void leave(Repeat *repeat)
{
        autoptr(Session) s = steal(&repeat->session);
        loop_unref(CONTAINER_OF(repeat, Loop, repeat));
        running_leave(s);
}

static bool is_over(Loop *l)
{
        pthread_mutex_lock(&l->lock);
        bool over = l->info.state != LOOP_RUNNING;
        pthread_mutex_unlock(&l->lock);
        return over;
}

/* ---- birth ---- */

static Status *copy_texts(Arena *a, const char *const *from, int n, const char *const **ret)
{
        const char **copy = arena_calloc(a, (size_t)n + 1, sizeof *copy);
        for (int i = 0; copy && i < n; i++)
                if (!(copy[i] = arena_strdup(a, from[i])))
                        return status_oom();
        *ret = copy;
        return copy ? NULL : status_oom();
}

/* By bytes, as all messages that outlive a request. */
static Status *copy_options(Arena *a, const RunOptions *o, const RunOptions **ret)
{
        autobuf bytes = BUF(1 << 20);
        ProtobufCMessage *m = NULL;
        if (!o)
                return NULL;
        TRY(proto_pack(&o->base, &bytes));
        TRY(proto_unpack(&tensorflow__run_options__descriptor, bytes.len ? bytes.data : "",
                         bytes.len, NULL, a, &m));
        *ret = (const RunOptions *)m;
        return NULL;
}

/* The loop's own copy: the request is gone when it runs. */
static Status *copy_request(Loop *l, const RunRequest *r)
{
        Feed *feeds = arena_calloc(l->arena, (size_t)r->n_feeds + 1, sizeof *feeds);
        if (!feeds)
                return status_oom();
        l->request = (RunRequest){ .feeds = feeds, .core_names = r->core_names };
        TRY(copy_texts(l->arena, r->fetches, r->n_fetches, &l->request.fetches));
        TRY(copy_texts(l->arena, r->targets, r->n_targets, &l->request.targets));
        TRY(copy_options(l->arena, r->options, &l->request.options));
        for (int i = 0; i < r->n_feeds; i++) {
                feeds[i].key = arena_strdup(l->arena, r->feeds[i].key);
                feeds[i].value = tensor_ref(r->feeds[i].value);
                l->request.n_feeds++;
                if (!feeds[i].key)
                        return status_oom();
        }
        l->request.n_fetches = r->n_fetches;
        l->request.n_targets = r->n_targets;
        TRY(cancel_new(&l->cancel));
        l->request.cancel = l->cancel;
        return NULL;
}

/* Not listed yet, so nobody else can see it. */
static Status *loop_new(Session *s, const LoopSpec *spec, Loop **ret)
{
        autoptr(Loop) l = mem_calloc(1, sizeof *l);
        if (!l)
                return status_oom();
        atomic_init(&l->refs, 1);
        pthread_mutex_init(&l->lock, NULL);
        l->repeat = (Repeat){ .session = s, /* counted once it is listed */
                              .pool = s->engine->pool,
                              .request = &l->request,
                              .step = on_step,
                              .over = leave };
        l->info = (LoopInfo){ .steps = spec->steps,
                              .report_every = MAX(spec->report_every, 1),
                              .until_end = spec->until_end,
                              .view = spec->view,
                              .started_us = clock_wall_us() };
        TRY(arena_new(16 << 20, &l->arena));
        TRY(copy_request(l, spec->run));
        *ret = steal(&l);
        return NULL;
}

/* Takes the oldest ended loops beyond LOOPS_KEPT out of the list. Under the session's lock. */
static Loop *take_forgotten(Session *s, int *ret_running)
{
        int kept = 0;
        Loop *out = NULL;
        *ret_running = 0;
        for (Loop **at = &s->loops; *at;) {
                Loop *l = *at;
                bool over = is_over(l);
                *ret_running += !over;
                if (!over || ++kept < LOOPS_KEPT) {
                        at = &l->next;
                        continue;
                }
                *at = l->next;
                l->next = out;
                out = l;
        }
        return out;
}

void loops_free(Loop *list)
{
        for (Loop *next; list; list = next) {
                next = list->next;
                loop_unref(list);
        }
}

/* Lists the loop, which then counts among what a close waits for. Under the session's lock. */
static Status *enlist(Session *s, Loop *l, int running)
{
        if (s->closed)
                return client_closed();
        if (running >= LOOPS_RUNNING)
                return resource_exhausted("A session runs at most %d loops at once.",
                                          LOOPS_RUNNING);
        session_ref(s);
        s->n_holding++;
        l->info.id = ++s->n_loops;
        l->next = s->loops;
        s->loops = loop_ref(l);
        return NULL;
}

/* Ended loops are forgotten when new ones come and there are too many. */
Status *session_loop_start(Session *s, const LoopSpec *spec, int64_t *ret_id)
{
        Loop *l = NULL;
        int running;
        TRY(loop_new(s, spec, &l));
        pthread_mutex_lock(&s->lock);
        Loop *forgotten = take_forgotten(s, &running);
        Status *st = enlist(s, l, running);
        pthread_mutex_unlock(&s->lock);
        loops_free(forgotten);
        if (st) {
                loop_unref(l);
                return st;
        }
        l->view_free = spec->view_free;
        *ret_id = l->info.id;
        repeat_start(&l->repeat);
        return NULL;
}

/* ---- looking ---- */

static Status *show(Loop *l, Status *(*fn)(void *arg, const LoopInfo *i), void *arg)
{
        pthread_mutex_lock(&l->lock);
        l->info.error = l->info.state == LOOP_DONE ? NULL : l->error;
        l->info.values = l->values;
        Status *s = fn(arg, &l->info);
        pthread_mutex_unlock(&l->lock);
        return s;
}

/* The first loop with an id below that, as a reference; NULL when there is none. */
static Loop *find_below(Session *s, int64_t id)
{
        pthread_mutex_lock(&s->lock);
        Loop *l = s->loops;
        while (l && l->info.id >= id)
                l = l->next;
        if (l)
                loop_ref(l);
        pthread_mutex_unlock(&s->lock);
        return l;
}

static Status *find(Session *s, int64_t id, Loop **ret)
{
        autoptr(Loop) l = id < INT64_MAX ? find_below(s, id + 1) : NULL;
        if (!l || l->info.id != id)
                return not_found("Session '%s' has no loop %lld", s->name, (long long)id);
        *ret = steal(&l);
        return NULL;
}

/* From the newest on by number, without holding the lock while one is shown. */
Status *session_each_loop(Session *s, Status *(*fn)(void *arg, const LoopInfo *i), void *arg)
{
        int64_t below = INT64_MAX;
        for (;;) {
                autoptr(Loop) l = find_below(s, below);
                if (!l)
                        return NULL;
                below = l->info.id;
                TRY(show(l, fn, arg));
        }
}

Status *session_get_loop(Session *s, int64_t id, Status *(*fn)(void *arg, const LoopInfo *i),
                         void *arg)
{
        autoptr(Loop) l = NULL;
        TRY(find(s, id, &l));
        return show(l, fn, arg);
}

Status *session_cancel_loop(Session *s, int64_t id)
{
        autoptr(Loop) l = NULL;
        TRY(find(s, id, &l));
        cancel_fire(l->cancel, cancelled("The loop was cancelled"));
        return NULL;
}

/* Answers at the next report, at once if there is one that "seen" does not know. */
Status *session_loop_wait(Session *s, int64_t id, int64_t seen, Cancel *cancel,
                          void (*done)(void *arg), void *arg)
{
        autoptr(Loop) l = NULL;
        TRY(find(s, id, &l));
        LoopWaiter *w = mem_calloc(1, sizeof *w);
        if (!w)
                return status_oom();
        *w = (LoopWaiter){ .hook.fn = on_wait_cancel,
                           .cancel = cancel ? cancel_ref(cancel) : NULL,
                           .loop = loop_ref(l),
                           .done = done,
                           .arg = arg,
                           .seen = seen };
        pthread_mutex_lock(&l->lock);
        w->next = l->waiters;
        l->waiters = w;
        bool gone = cancel && !cancel_add(cancel, &w->hook);
        LoopWaiter *list = take_waiters(l, gone ? w : NULL);
        pthread_mutex_unlock(&l->lock);
        tell(list);
        return NULL;
}
