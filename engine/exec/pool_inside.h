// SPDX-License-Identifier: Apache-2.0
/* What the files of the pool share: pool.c (threads and their queue) and pool_range.c
 * (ranges that several threads work on). */
#pragma once
#include "engine/base/mem.h"
#include "engine/exec/pool.h"
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

typedef struct Range Range;

/* What threads look at without the lock lies in one line of the cache. */
struct Pool {
        pthread_mutex_t lock; /* guards: all but the atomic ones */
        pthread_cond_t work;
        Task *head, *tail;
        bool looks; /* see pool_look_for() */
        bool stopping;
        bool orphan; /* freed by one of its own threads: the last to end frees the memory */
        int n, alive;
        atomic_int started;                        /* changes under the lock only */
        alignas(MEM_ALIGN) _Atomic(Range *) offer; /* for one who looks, with a reference */
        atomic_bool some;                          /* head is not NULL */
        atomic_int sleeping;                       /* threads that wait for work */
        atomic_int helping; /* threads in a range: they will be there for the next at once */
        atomic_int looking; /* threads that look before they sleep; also among those */
        atomic_int alone;   /* threads in a range that nobody was free to help with */
        alignas(MEM_ALIGN) pthread_t threads[];
};

/* Looks for a while whether one of them is set, before the caller sleeps: a wake-up costs more than
 * most pieces of work. offer may be NULL. */
void pool_look_for(const atomic_bool *flag, const _Atomic(Range *) *offer);
/* The calling thread, one of the pool's, helps with a range now, and looks out for another. */
void pool_helps(Pool *p);

/* Shares of a range: the caller's is 0, that of who takes an offer this one. */
enum { FIRST_HELPER = 1 };
/* Does what is left of it, a share first; drops the reference that the helper was given. */
void range_help(Range *r, int share);
