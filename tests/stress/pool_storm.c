// SPDX-License-Identifier: Apache-2.0
/* Races at the pool: threads share ranges of all sizes out at once, with pauses in which helpers
 * look for more, fall asleep or are just about to, while tasks come in between. Every index must be
 * visited once, before the call returns. STRESS_ROUNDS: ranges per thread. */
#include "engine/base/auto.h"
#include "engine/exec/pool.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALLERS = 3, ROUNDS = 4000, LONGEST = 300, POOLS = 4 };

static atomic_int wrong, tasks;
static int rounds = ROUNDS;

typedef struct Visit {
        int seen[LONGEST]; /* no atomics: the pool keeps them apart, and shows them to the caller */
        int spin;
} Visit;

static void visit(void *arg, int64_t from, int64_t to)
{
        Visit *v = arg;
        for (int64_t i = from; i < to; i++)
                v->seen[i]++;
        for (volatile int i = 0; i < v->spin; i++) {
        }
}

static void run_task(Task *t)
{
        atomic_fetch_add(&tasks, 1);
        free(t);
}

typedef struct Caller {
        Pool *pool;
        unsigned seed;
} Caller;

static void share(Caller *c)
{
        Visit v = { .spin = rand_r(&c->seed) % 2000 };
        int n = 1 + rand_r(&c->seed) % LONGEST, grain = 1 + rand_r(&c->seed) % n;
        pool_parallel(c->pool, rand_r(&c->seed) % 3, n, grain, visit, &v);
        for (int i = 0; i < n; i++)
                if (v.seen[i] != 1) {
                        fprintf(stderr, "pool_storm: index %d was visited %d times\n", i,
                                v.seen[i]);
                        atomic_fetch_add(&wrong, 1);
                }
}

static void *storm(void *arg)
{
        Caller *c = arg;
        for (int i = 0; i < rounds; i++) {
                int luck = rand_r(&c->seed) % 200;
                if (luck < 2) {
                        usleep(luck ? 40 : 100); /* about as long as helpers look */
                } else if (luck < 6) {
                        Task *t = malloc(sizeof *t);
                        if (!t)
                                abort();
                        t->fn = run_task;
                        atomic_fetch_sub(&tasks, 1);
                        pool_submit(c->pool, t);
                }
                share(c);
        }
        return NULL;
}

int main(void)
{
        const char *text = getenv("STRESS_ROUNDS");
        rounds = text ? (int)strtol(text, NULL, 10) : rounds;
        for (int n = 1; n <= POOLS; n++) {
                autoptr(Pool) pool = NULL;
                pthread_t threads[CALLERS];
                Caller callers[CALLERS];
                if (pool_new(n, &pool))
                        abort();
                for (int i = 0; i < CALLERS; i++) {
                        callers[i] = (Caller){ pool, (unsigned)(n * CALLERS + i) };
                        if (pthread_create(&threads[i], NULL, storm, &callers[i]))
                                abort();
                }
                for (int i = 0; i < CALLERS; i++)
                        pthread_join(threads[i], NULL);
        }
        if (atomic_load(&tasks)) {
                fprintf(stderr, "pool_storm: %d tasks too many\n", atomic_load(&tasks));
                atomic_fetch_add(&wrong, 1);
        }
        printf("pool_storm: %d ranges, %d wrong\n", POOLS * CALLERS * rounds, atomic_load(&wrong));
        return atomic_load(&wrong) != 0;
}
