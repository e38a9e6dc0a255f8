// SPDX-License-Identifier: Apache-2.0
/* An op that waits in a list until somebody takes it out: whoever does may end it. */
#include "tests/engine/wait_op.h"

#include "engine/ops/op.h"
#include <pthread.h>
#include <unistd.h>

typedef struct Waiting {
        CancelHook hook;
        OpCtx *c;
        struct Waiting *next;
} Waiting;

atomic_int test_count;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards: list, n_waiting */
static Waiting *list;
static int n_waiting;

/* Takes w out of the list; false: somebody was faster. */
static bool take(Waiting *w)
{
        pthread_mutex_lock(&lock);
        Waiting **at = &list;
        while (*at && *at != w)
                at = &(*at)->next;
        bool mine = *at;
        if (mine) {
                *at = w->next;
                n_waiting--;
        }
        pthread_mutex_unlock(&lock);
        return mine;
}

static void end_wait(Waiting *w, Status *s)
{
        OpCtx *c = w->c;
        if (!s)
                ctx_forward(c, 0, 0);
        mem_free(w);
        ctx_done(c, s);
}

static void on_cancel(CancelHook *h)
{
        Waiting *w = CONTAINER_OF(h, Waiting, hook);
        if (take(w))
                end_wait(w, cancelled("TestWait was cancelled"));
}

static void wait_start(OpCtx *c)
{
        Waiting *w = mem_calloc(1, sizeof *w);
        w->c = c;
        w->hook.fn = on_cancel;
        pthread_mutex_lock(&lock);
        bool alive = cancel_add(ctx_cancel(c), &w->hook);
        if (alive) {
                w->next = list;
                list = w;
                n_waiting++;
        }
        pthread_mutex_unlock(&lock);
        if (!alive)
                end_wait(w, cancelled("TestWait was cancelled"));
}

OP(TestWait, .inputs = "x:float", .outputs = "y:float", .flags = "stateful", .start = wait_start);

static Status *count_compute(OpCtx *c)
{
        *(float *)tensor_fill(ctx_output(c, 0)) = (float)(atomic_fetch_add(&test_count, 1) + 1);
        return NULL;
}

OP(TestCount, .outputs = "y:float", .flags = "stateful", .shape = shape_scalars,
   .compute = count_compute);

int waiting(void)
{
        pthread_mutex_lock(&lock);
        int n = n_waiting;
        pthread_mutex_unlock(&lock);
        return n;
}

/* Takes the oldest out that may be released, with its hook; NULL: none, or a cancel has it. The
 * hook is taken off under the lock, which keeps w from being freed meanwhile. */
static Waiting *take_oldest(void)
{
        Waiting *found = NULL;
        pthread_mutex_lock(&lock);
        for (Waiting *w = list; w; w = w->next)
                if (*(const float *)tensor_data(w->c->in[0]) >= 0)
                        found = w;
        if (found && !cancel_try_remove(ctx_cancel(found->c), &found->hook))
                found = NULL;
        pthread_mutex_unlock(&lock);
        return found && take(found) ? found : NULL;
}

/* Not those who come meanwhile: what goes on may wait anew. */
void release_all(void)
{
        for (int n = waiting(); n > 0; n--) {
                Waiting *w = take_oldest();
                if (w)
                        end_wait(w, NULL);
        }
}

void *release_until(void *over)
{
        for (; !atomic_load((atomic_bool *)over); usleep(50))
                release_all();
        return NULL;
}
