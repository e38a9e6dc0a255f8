// SPDX-License-Identifier: Apache-2.0
/* Taking turns. */
#include "engine/state/turn.h"

#include "engine/base/mem.h"

typedef struct Waiter {
        Wait wait;
        TurnFn fn;
        void *arg;
} Waiter;

void turn_init(Turn *t)
{
        *t = (Turn){ 0 };
        pthread_mutex_init(&t->lock, NULL);
}

void turn_done(Turn *t)
{
        pthread_mutex_destroy(&t->lock);
}

static void waiter_cancel(Wait *w, WaitList *ended)
{
        wait_end(w, cancelled("Operation was cancelled"), ended);
}

static void waiter_done(Wait *wait)
{
        Waiter *w = CONTAINER_OF(wait, Waiter, wait);
        TurnFn fn = w->fn;
        void *arg = w->arg;
        Status *s = wait->status;
        mem_free(w);
        fn(arg, s);
}

static const WaitKind waiter_kind = { .cancel = waiter_cancel, .done = waiter_done };

/* Calls fn when it is this one's turn, at once or later, or with the reason why it never will
 * be. */
void turn_take(Turn *t, Cancel *cancel, TurnFn fn, void *arg)
{
        WaitList ended = { 0 };
        Waiter *w = mem_calloc(1, sizeof *w);
        if (!w) {
                fn(arg, status_oom());
                return;
        }
        wait_init(&w->wait, &waiter_kind, &t->lock);
        w->fn = fn;
        w->arg = arg;
        pthread_mutex_lock(&t->lock);
        wait_begin(&w->wait, &t->waiting);
        if (!t->taken) {
                t->taken = true;
                wait_end(&w->wait, NULL, &ended);
        } else if (!wait_hook(&w->wait, cancel)) {
                waiter_cancel(&w->wait, &ended);
        }
        pthread_mutex_unlock(&t->lock);
        waits_deliver(&ended);
}

/* The next in line has the turn without its ever being free in between: nobody jumps the queue. */
void turn_pass(Turn *t)
{
        WaitList ended = { 0 };
        pthread_mutex_lock(&t->lock);
        t->taken = t->waiting.first != NULL;
        if (t->taken)
                wait_end(t->waiting.first, NULL, &ended);
        pthread_mutex_unlock(&t->lock);
        waits_deliver(&ended);
}
