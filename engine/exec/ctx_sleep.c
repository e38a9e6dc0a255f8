// SPDX-License-Identifier: Apache-2.0
/* An op that sleeps: a timer and the step's token, of which the first wakes it. */
#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/exec/pool.h"
#include "engine/exec/timer.h"
#include "engine/ops/ctx.h"
#include "engine/ops/env.h"

typedef struct Sleep {
        Timer timer;
        CancelHook hook;
        Task task;
        const OpEnv *env; /* good until it has been woken */
        Timers *timers;
        Cancel *cancel; /* a reference */
        void (*fn)(void *);
        void *arg;
        atomic_bool woken, timed; /* timed: the timer runs or has run */
        atomic_int refs;          /* timer, hook, and who makes it */
} Sleep;

static void let_go(Sleep *s, int n)
{
        if (atomic_fetch_sub(&s->refs, n) != n)
                return;
        cancel_unref(s->cancel);
        mem_free(s);
}

static void call(Task *t)
{
        Sleep *s = CONTAINER_OF(t, Sleep, task);
        s->fn(s->arg);
        let_go(s, 1);
}

/* Once; on the pool, for whoever wakes wants to get on. Takes a reference over. */
static void wake(Sleep *s)
{
        if (atomic_exchange(&s->woken, true))
                let_go(s, 1);
        else if (s->env->pool)
                pool_submit(s->env->pool, &s->task);
        else
                call(&s->task);
}

static void on_timer(Timer *t)
{
        Sleep *s = CONTAINER_OF(t, Sleep, timer);
        atomic_store(&s->timed, true);
        if (cancel_try_remove(s->cancel, &s->hook))
                let_go(s, 1);
        wake(s);
}

/* The timer never waits for the hook, so the hook may wait for the timer. */
static void on_cancel(CancelHook *h)
{
        Sleep *s = CONTAINER_OF(h, Sleep, hook);
        timer_clear(s->timers, &s->timer);
        if (!atomic_load(&s->timed))
                let_go(s, 1);
        wake(s);
}

/* Three hold it: the timer, the cancel hook and the call that sets both up. */
static Sleep *sleep_new(OpCtx *c, void (*fn)(void *), void *arg)
{
        Sleep *s = mem_calloc(1, sizeof *s);
        if (!s)
                return NULL;
        s->task.fn = call;
        s->hook.fn = on_cancel;
        s->timer.index = -1;
        s->env = c->env;
        s->timers = c->env->timers;
        s->cancel = cancel_ref(c->env->cancel);
        s->fn = fn;
        s->arg = arg;
        atomic_init(&s->refs, 3);
        return s;
}

/* The timer may run before the hook is there: then one of the two sees the other and takes the hook
 * out. */
Status *ctx_sleep(OpCtx *c, int64_t ns, void (*fn)(void *), void *arg)
{
        int64_t at;
        if (!c->env->timers)
                return unimplemented("{{node %s}} cannot sleep here", c->node->name);
        if (__builtin_add_overflow(clock_ns(), ns, &at))
                at = INT64_MAX;
        Sleep *s = sleep_new(c, fn, arg);
        if (!s)
                return status_oom();
        Status *bad = timer_set(s->timers, &s->timer, at, on_timer);
        if (bad) {
                let_go(s, 3);
                return bad;
        }
        if (!cancel_add(s->cancel, &s->hook))
                on_cancel(&s->hook);
        else if (atomic_load(&s->timed) && cancel_try_remove(s->cancel, &s->hook))
                let_go(s, 1);
        let_go(s, 1);
        return NULL;
}
