// SPDX-License-Identifier: Apache-2.0
/* Pool: the engine's compute threads. Tasks run in the order they were given; nothing in a task may
 * block. */
#pragma once
#include "engine/base/status.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct Pool Pool;

/* A piece of work, embedded in whatever it belongs to; it may be freed by its own fn. */
typedef struct Task {
        void (*fn)(struct Task *);
        struct Task *next;
} Task;

/* Works on [from, to) of a range. */
typedef void (*PoolFn)(void *arg, int64_t from, int64_t to);

int pool_cores(void);
/* n threads; 0: as many as there are cores. RESOURCE_EXHAUSTED when threads cannot be made. */
Status *pool_new(int n, Pool **ret) MUST_USE;
/* Runs what is queued, then ends the threads. NULL is fine. */
void pool_free(Pool *p);
AUTOPTR_DEFINE(Pool, pool_free)
int pool_threads(const Pool *p);
void pool_submit(Pool *p, Task *t);
/* Does one of its threads work just now, or has it something to do? A guess, since that changes all
 * the time. */
bool pool_busy(const Pool *p);
/* Is the caller one of the pool's threads? */
bool pool_inside(const Pool *p);
/* Calls fn(arg) on this thread, once it has ended the task that it is in, as if it were none of the
 * pool's. fn may do all but free the pool. False: it is in none of p's tasks, or has something else
 * to call. */
bool pool_after_task(const Pool *p, void (*fn)(void *), void *arg);
/* Calls fn(arg, from, to) over [0, n) in pieces of at least grain, but for the last, on this thread
 * and on idle ones, be it that they become idle on the way, `most` threads together (0: as many as
 * the pool has); returns when all are done. p may be NULL. */
void pool_parallel(Pool *p, int most, int64_t n, int64_t grain, PoolFn fn, void *arg);
