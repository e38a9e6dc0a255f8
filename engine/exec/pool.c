// SPDX-License-Identifier: Apache-2.0
/* One queue under one lock. As many threads as there are cores run from the beginning, more of them
 * only once all are busy: a pool of a thousand threads that nobody uses costs a few. */
#include "engine/base/clock.h"
#include "engine/exec/pool_inside.h"
#include <string.h>
#include <unistd.h>

static _Thread_local const Pool *inside;
static _Thread_local void (*after)(void *); /* once the task has ended */
static _Thread_local void *after_arg;

static size_t pool_bytes(int n)
{
        return sizeof(Pool) + (size_t)n * sizeof(pthread_t);
}

static void pool_drop(Pool *p)
{
        pthread_cond_destroy(&p->work);
        pthread_mutex_destroy(&p->lock);
        block_free(p, pool_bytes(p->n));
}

/* Kernels that share their work follow each other within microseconds, and waking a thread costs
 * as many: who has helped in one looks out for the next for a while, and who waits for helpers
 * looks before it sleeps. Not when there are more threads than cores: they would keep each other
 * from working. */
enum { LOOK_NS = 50000, LOOKS = 64, PATIENCE = 4 };
static _Thread_local bool helped, counted; /* in `helping` */

void pool_helps(Pool *p)
{
        atomic_fetch_add(&p->helping, 1);
        counted = helped = true;
}

static void help_ends(Pool *p)
{
        if (counted)
                atomic_fetch_sub(&p->helping, 1);
        counted = false;
}

/* One of the looks that fit into a moment. */
static bool looked(const atomic_bool *flag, const _Atomic(Range *) *offer)
{
        for (int i = 0; i < LOOKS; i++) {
                if (atomic_load_explicit(flag, memory_order_acquire) ||
                    (offer && atomic_load_explicit(offer, memory_order_relaxed)))
                        return true;
#ifdef __x86_64__
                __builtin_ia32_pause();
#endif
        }
        return false;
}

void pool_look_for(const atomic_bool *flag, const _Atomic(Range *) *offer)
{
        if (looked(flag, offer))
                return;
        int64_t end = clock_ns() + LOOK_NS;
        while (!looked(flag, offer) && clock_ns() < end) {
        }
}

static void help(Pool *p, Range *r)
{
        atomic_fetch_add(&p->helping, 1);
        atomic_fetch_sub(&p->sleeping, 1);
        range_help(r, FIRST_HELPER);
        atomic_fetch_add(&p->sleeping, 1);
        atomic_fetch_sub(&p->helping, 1);
}

/* Without the lock, until nothing has come for a while, or tasks are waiting: offers that follow
 * each other must not keep them so. A thread that looks counts as one that sleeps. What was offered
 * until it says that it looks no more it takes. */
static void look_out(Pool *p)
{
        Range *r;
        helped = false;
        atomic_fetch_add(&p->sleeping, 1);
        help_ends(p);
        pthread_mutex_unlock(&p->lock);
        do {
                atomic_fetch_add(&p->looking, 1);
                pool_look_for(&p->some, &p->offer);
                atomic_fetch_sub(&p->looking, 1);
                r = atomic_exchange(&p->offer, NULL);
                if (r)
                        help(p, r);
        } while (r && !atomic_load_explicit(&p->some, memory_order_relaxed));
        pthread_mutex_lock(&p->lock);
        atomic_fetch_sub(&p->sleeping, 1);
}

/* Who has ended a task looks for longer while another thread has more than enough to do: but not
 * for as long as a large piece may take. */
static bool looks(const Pool *p, int *patience)
{
        return p->looks && (helped || (atomic_load(&p->alone) && --*patience >= 0));
}

bool pool_after_task(const Pool *p, void (*fn)(void *), void *arg)
{
        if (!p || inside != p || after)
                return false;
        after_arg = arg;
        after = fn;
        return true;
}

/* Outside of the pool: what it starts is nobody's task. */
static void run_after(const Pool *p)
{
        inside = NULL;
        after(after_arg);
        after = NULL;
        inside = p;
}

static void *worker(void *arg)
{
        Pool *p = arg;
        int patience = 0;
        inside = p;
        pthread_mutex_lock(&p->lock);
        while (p->head || !p->stopping) {
                Task *t = p->head;
                if (!t && looks(p, &patience)) {
                        look_out(p);
                        continue;
                }
                help_ends(p);
                if (!t) {
                        atomic_fetch_add(&p->sleeping, 1);
                        pthread_cond_wait(&p->work, &p->lock);
                        atomic_fetch_sub(&p->sleeping, 1);
                        continue;
                }
                p->head = t->next;
                atomic_store(&p->some, p->head != NULL);
                pthread_mutex_unlock(&p->lock);
                t->fn(t);
                if (UNLIKELY(after != NULL))
                        run_after(p);
                patience = PATIENCE;
                pthread_mutex_lock(&p->lock);
        }
        bool last = --p->alive == 0 && p->orphan;
        pthread_mutex_unlock(&p->lock);
        if (last)
                pool_drop(p);
        return NULL;
}

/* One thread more. Under the lock, or before anybody else knows the pool. */
static bool grow(Pool *p)
{
        if (p->started == p->n || pthread_create(&p->threads[p->started], NULL, worker, p))
                return false;
        p->started++;
        p->alive++;
        return true;
}

int pool_cores(void)
{
        return (int)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
}

Status *pool_new(int n, Pool **ret)
{
        if (n <= 0)
                n = pool_cores();
        autoptr(Pool) p = block_alloc(pool_bytes(n));
        if (!p)
                return status_oom();
        memset(p, 0, pool_bytes(n));
        pthread_mutex_init(&p->lock, NULL);
        pthread_cond_init(&p->work, NULL);
        p->n = n;
        p->looks = n <= pool_cores();
        pthread_mutex_lock(&p->lock);
        while (p->started < MIN(n, pool_cores()) && grow(p)) {
        }
        bool enough = p->started == MIN(n, pool_cores());
        pthread_mutex_unlock(&p->lock);
        if (!enough)
                return resource_exhausted("cannot start %d compute threads", n);
        *ret = steal(&p);
        return NULL;
}

void pool_free(Pool *p)
{
        if (!p)
                return;
        bool own = pool_inside(p);
        pthread_mutex_lock(&p->lock);
        p->stopping = true;
        p->orphan = own;
        for (int i = 0; own && i < p->started; i++)
                pthread_detach(p->threads[i]);
        pthread_cond_broadcast(&p->work);
        pthread_mutex_unlock(&p->lock);
        if (own)
                return;
        for (int i = 0; i < p->started; i++)
                pthread_join(p->threads[i], NULL);
        pool_drop(p);
}

int pool_threads(const Pool *p)
{
        return p ? p->n : 1;
}

bool pool_busy(const Pool *p)
{
        return atomic_load_explicit(&p->some, memory_order_relaxed) ||
               atomic_load_explicit(&p->sleeping, memory_order_relaxed) <
                       atomic_load_explicit(&p->started, memory_order_relaxed);
}

bool pool_inside(const Pool *p)
{
        return p && inside == p;
}

void pool_submit(Pool *p, Task *t)
{
        t->next = NULL;
        pthread_mutex_lock(&p->lock);
        if (p->head)
                p->tail->next = t;
        else
                p->head = t;
        p->tail = t;
        atomic_store(&p->some, true);
        bool wake = atomic_load(&p->sleeping) > 0;
        if (UNLIKELY(!wake && p->started < p->n && !p->stopping))
                grow(p);
        /* Under the lock: once a worker has the task, the pool may be freed by whom it serves. */
        if (wake)
                pthread_cond_signal(&p->work);
        pthread_mutex_unlock(&p->lock);
}
