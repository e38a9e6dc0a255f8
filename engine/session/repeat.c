// SPDX-License-Identifier: Apache-2.0
/* Each step's end starts the next one, by a trampoline: a step that ends inside of the call that
 * started it lets that caller go on, any other one brings the work back to the pool. */
#include "engine/session/repeat.h"

#include "engine/base/clock.h"

#define SLICE_NS INT64_C(2000000) /* then others have their turn on the pool */

typedef enum Turn { TURN_CALLING, TURN_ENDED, TURN_WAITING } Turn;

/* Either the caller of session_run() is still there to take the next turn, or this thread passes it
 * to the pool. */
static void on_step(void *arg, Status *s, const RunResult *result)
{
        Repeat *r = arg;
        int expected = TURN_CALLING;
        r->again = r->step(r, s, result);
        if (atomic_compare_exchange_strong(&r->turn, &expected, TURN_ENDED))
                return;
        if (r->again)
                pool_submit(r->pool, &r->task);
        else
                r->over(r);
}

/* Steps in a row on one thread, no longer than SLICE_NS, for others want the pool, too. */
static void take_turns(Task *t)
{
        Repeat *r = CONTAINER_OF(t, Repeat, task);
        int64_t until = clock_ns() + SLICE_NS;
        do {
                int expected = TURN_CALLING;
                atomic_store(&r->turn, TURN_CALLING);
                session_run(r->session, r->request, on_step, r);
                if (atomic_compare_exchange_strong(&r->turn, &expected, TURN_WAITING))
                        return;
                if (!r->again) {
                        r->over(r);
                        return;
                }
        } while (clock_ns() < until);
        pool_submit(r->pool, &r->task);
}

void repeat_start(Repeat *r)
{
        r->task.fn = take_turns;
        pool_submit(r->pool, &r->task);
}
