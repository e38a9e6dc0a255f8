// SPDX-License-Identifier: Apache-2.0
/* Races at warm-ups: threads, each with a session of its own on one graph, run plain steps and
 * warm-ups, some cancelled, of a few shapes at once. A session's steps must give the same bits
 * until its own next warm-up. Ends with everything given back. STRESS_ROUNDS: actions per thread.
 */
#include "engine/base/mem.h"
#include "engine/session/sessions.h"
#include "tests/lib/graph_builder.h"
#include "tests/stress/lib/must.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 400, SIDES = 24, FIRST_SIDE = 4, CHANNELS = 32, SESSIONS = 4 };

static const char nodes[] =
        "x = Placeholder dtype: float, shape: [1, ?, ?, 32]\n"
        "0 = Const float [] { 0 }\nn = Const float [] { 9216 }\n1 = Const float [] { 1 }\n"
        "d = Const int32 [4] { 3, 3, 32, 32 }\n"
        "r = Range(0, n, 1)\ns = Sin(r)\nw = Reshape(s, d)\n"
        "c = Conv2D(x, w) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
        "y = Relu(c)\n";

static Engine *engine;
static Graph *graph;
static Tensor *pictures[SIDES];
static atomic_int steps, warm_ups, cancels, wrong;

typedef struct Run {
        pthread_mutex_t lock; /* guards: ended */
        pthread_cond_t changed;
        bool ended;
        Status *status;
        Tensor *value;
} Run;

static void wake(Run *run)
{
        pthread_mutex_lock(&run->lock);
        run->ended = true;
        pthread_cond_signal(&run->changed);
        pthread_mutex_unlock(&run->lock);
}

static void on_done(void *arg, Status *s, const RunResult *r)
{
        Run *run = arg;
        run->status = s;
        run->value = r ? tensor_ref(r->values[0]) : NULL;
        wake(run);
}

static void on_closed(void *arg)
{
        wake(arg);
}

static void wait_for(Run *run)
{
        pthread_mutex_lock(&run->lock);
        while (!run->ended)
                pthread_cond_wait(&run->changed, &run->lock);
        run->ended = false;
        pthread_mutex_unlock(&run->lock);
}

/* NULL when it was cancelled. */
static Tensor *step(Session *s, int side, bool tunes, bool cancelled_soon)
{
        Run run = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
        autoptr(Cancel) token = NULL;
        const char *fetch = "y:0";
        Feed feed = { "x:0", pictures[side] };
        must(cancel_new(&token));
        RunRequest r = { .fetches = &fetch,
                         .n_fetches = 1,
                         .feeds = &feed,
                         .n_feeds = 1,
                         .tunes = tunes,
                         .cancel = token };
        session_run(s, &r, on_done, &run);
        if (cancelled_soon)
                cancel_fire(token, cancelled("storm"));
        wait_for(&run);
        if (run.status && cancelled_soon && status_code(run.status) == SR_CANCELLED)
                status_free(steal(&run.status));
        must(run.status);
        atomic_fetch_add(run.value ? tunes ? &warm_ups : &steps : &cancels, 1);
        return run.value;
}

/* Compares with what the session gave last for that side, which a warm-up may change; also one that
 * was cancelled, if it had got that far. */
static void act(Session *s, Tensor **last, int side, unsigned dice)
{
        bool tunes = dice % 4 == 0, cut = dice % 8 == 0;
        Tensor *t = step(s, side, tunes, cut);
        if (t && last[side] && !tunes &&
            memcmp(tensor_data(t), tensor_data(last[side]), tensor_bytes(t)) != 0) {
                fprintf(stderr, "warmup_storm: other bits without a warm-up\n");
                atomic_fetch_add(&wrong, 1);
        }
        tensor_unref(last[side]);
        last[side] = cut ? NULL : tensor_ref(t);
        tensor_unref(t);
}

static void *storm(void *arg)
{
        unsigned number = (unsigned)(uintptr_t)arg, seed = number;
        const char *told = getenv("STRESS_ROUNDS");
        int rounds = told ? (int)strtol(told, NULL, 10) : ROUNDS;
        for (int k = 0; k < SESSIONS; k++) {
                char name[32];
                Session *s = NULL;
                Tensor *last[SIDES] = { NULL };
                Run end = { .lock = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER };
                snprintf(name, sizeof name, "s%u", number);
                must(engine_create_session(engine,
                                           &(SessionOptions){ .name = name, .graph = graph }, &s));
                for (int i = 0; i < rounds / SESSIONS; i++) {
                        unsigned dice = (unsigned)rand_r(&seed) >> 4;
                        act(s, last, (int)(dice / 8 % SIDES), dice);
                }
                session_close(s, on_closed, &end);
                wait_for(&end);
                must(engine_forget(engine, name));
                session_unref(s);
                for (int i = 0; i < SIDES; i++)
                        tensor_unref(last[i]);
        }
        return NULL;
}

static void begin(void)
{
        autoptr(GraphSource) src = NULL;
        int first;
        must(engine_new(&(EngineOptions){ .threads = 3 }, &engine));
        must(graph_text(nodes, &src));
        must(graph_new(&graph));
        must(graph_extend(graph, src, false, &first));
        for (int i = 0; i < SIDES; i++) {
                int side = FIRST_SIDE + i;
                must(tensor_new(DT_FLOAT, &SHAPE(1, side, side, CHANNELS), &pictures[i]));
                float *x = tensor_fill(pictures[i]);
                for (int64_t k = 0; k < tensor_count(pictures[i]); k++)
                        x[k] = (float)(k * 37 % 101) / 101;
        }
}

int main(void)
{
        pthread_t threads[THREADS];
        int64_t blocks = mem_stats().blocks;
        begin();
        for (int i = 0; i < THREADS; i++)
                pthread_create(&threads[i], NULL, storm, (void *)(uintptr_t)(i + 1));
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        for (int i = 0; i < SIDES; i++)
                tensor_unref(pictures[i]);
        graph_unref(graph);
        engine_free(engine);
        if (mem_stats().blocks != blocks) {
                fprintf(stderr, "warmup_storm: blocks are still out\n");
                atomic_fetch_add(&wrong, 1);
        }
        printf("warmup_storm: %d steps, %d warm-ups, %d cancelled, %d faults\n",
               atomic_load(&steps), atomic_load(&warm_ups), atomic_load(&cancels),
               atomic_load(&wrong));
        return atomic_load(&wrong) != 0;
}
