// SPDX-License-Identifier: Apache-2.0
/* A range is cut into a share for each thread, and who is through with his helps with the others',
 * so late helpers find nothing left and go. */
#include "engine/base/clock.h"
#include "engine/exec/pool_inside.h"
#include "engine/exec/processor.h"

/* Pieces from which on a range is cut though nobody is there to help: few are large ones, each of
 * which costs something of its own. */
enum { FEW = 4 };

/* A piece that lacks one part in so many of the grain is as good as a whole one. */
enum { NEARLY = 8 };

/* A thread's part of a range. The same part of the next range is mostly what was made of this one,
 * and is then in that thread's cache. */
typedef struct Share {
        alignas(64) atomic_llong next; /* first index not taken */
        int64_t end;
} Share;

struct Range {
        Pool *pool;
        PoolFn fn;
        void *arg;
        int64_t piece;
        atomic_llong left; /* indexes not yet done */
        Share *shares;
        int n_shares;
        atomic_int refs;
        atomic_bool over;   /* nothing is left */
        atomic_bool helped; /* a helper has begun */
        int64_t late_ns;    /* the caller's: when helpers are late; 0: it has not looked yet */
        bool settled;       /* the caller's: it has left, and looks no more */
        pthread_mutex_t lock;
        pthread_cond_t done;
        size_t bytes;
};

static void range_unref(Range *r)
{
        if (atomic_fetch_sub(&r->refs, 1) != 1)
                return;
        pthread_cond_destroy(&r->done);
        pthread_mutex_destroy(&r->lock);
        block_free(r, r->bytes);
}

static void piece_done(Range *r, int64_t n)
{
        if (atomic_fetch_sub(&r->left, n) != n)
                return;
        atomic_store(&r->over, true);
        pthread_mutex_lock(&r->lock);
        pthread_cond_signal(&r->done);
        pthread_mutex_unlock(&r->lock);
}

/* ---- processors ---- */

/* A virtual machine's kernel may take a processor that sleeps for one that its host has taken away,
 * and wake up a helper where the caller works: there it waits until the kernel looks at how busy
 * its processors are, some milliseconds later. So a caller whom nobody has come to help for long
 * leaves. (A helper that left when it found itself there would do so too often: it may be the
 * caller that has moved.) */
enum { LATE_NS = 100000 };

/* After a piece of the caller's: threads still sleep, it seems, though one was woken up. */
static void make_room(Range *r)
{
        if (r->settled || atomic_load_explicit(&r->helped, memory_order_relaxed) ||
            !atomic_load_explicit(&r->pool->sleeping, memory_order_relaxed))
                return;
        int64_t now = clock_ns();
        r->late_ns = r->late_ns ? r->late_ns : now + LATE_NS;
        if (now < r->late_ns)
                return;
        r->settled = true;
        processor_leave();
}

/* The own share first. */
static void range_work(Range *r, int own)
{
        for (int i = 0; i < r->n_shares; i++) {
                Share *s = &r->shares[(own + i) % r->n_shares];
                int64_t from;
                while ((from = atomic_fetch_add(&s->next, r->piece)) < s->end) {
                        int64_t to = MIN(from + r->piece, s->end);
                        r->fn(r->arg, from, to);
                        piece_done(r, to - from);
                        if (own < FIRST_HELPER)
                                make_room(r);
                }
        }
}

void range_help(Range *r, int share)
{
        atomic_store_explicit(&r->helped, true, memory_order_relaxed);
        range_work(r, share);
        range_unref(r);
}

typedef struct RangeTask {
        Task task;
        Range *range;
        int share;
} RangeTask;

static void range_task(Task *t)
{
        RangeTask *rt = (RangeTask *)t;
        pool_helps(rt->range->pool);
        range_help(rt->range, rt->share);
}

/* Whole pieces of [from, n), as many for each as for the others. */
static void deal(Range *r, int64_t from, int64_t n)
{
        int64_t pieces = (n - from + r->piece - 1) / r->piece;
        for (int i = 0; i < r->n_shares; i++) {
                atomic_init(&r->shares[i].next, from + pieces * i / r->n_shares * r->piece);
                r->shares[i].end = MIN(from + pieces * (i + 1) / r->n_shares * r->piece, n);
        }
}

static Range *range_new(Pool *p, int helpers, int64_t from, int64_t n, int64_t piece, PoolFn fn,
                        void *arg)
{
        size_t at = sizeof(Range) + (size_t)helpers * sizeof(RangeTask);
        at = (at + alignof(Share) - 1) / alignof(Share) * alignof(Share);
        size_t bytes = at + (size_t)(helpers + 1) * sizeof(Share);
        Range *r = block_alloc(bytes);
        if (!r)
                return NULL;
        r->pool = p;
        r->fn = fn;
        r->arg = arg;
        r->piece = piece;
        atomic_init(&r->helped, false);
        r->late_ns = 0;
        r->settled = false;
        r->shares = (Share *)((char *)r + at);
        r->n_shares = helpers + 1;
        deal(r, from, n);
        r->bytes = bytes;
        atomic_init(&r->left, n - from);
        atomic_init(&r->over, false);
        atomic_init(&r->refs, helpers + 1);
        pthread_mutex_init(&r->lock, NULL);
        pthread_cond_init(&r->done, NULL);
        return r;
}

/* Who ends a range asks for the next one sooner than its helpers can say that they are free. */
static bool anybody_free(const Pool *p)
{
        return atomic_load_explicit(&p->sleeping, memory_order_relaxed) > 0 ||
               atomic_load_explicit(&p->helping, memory_order_relaxed) > 0;
}

/* Gives the range to a thread that looks, if there is one and it is not too late: it either sees
 * the offer, or has said before that it leaves off. */
static bool offer(Pool *p, Range *r)
{
        Range *none = NULL, *mine = r;
        if (!atomic_load_explicit(&p->looking, memory_order_relaxed) ||
            !atomic_compare_exchange_strong(&p->offer, &none, r))
                return false;
        return atomic_load(&p->looking) > 0 ||
               !atomic_compare_exchange_strong(&p->offer, &mine, NULL);
}

/* Nobody took it in time. */
static void take_back(Pool *p, Range *r)
{
        Range *mine = r;
        if (atomic_load_explicit(&p->offer, memory_order_relaxed) == r &&
            atomic_compare_exchange_strong(&p->offer, &mine, NULL))
                range_unref(r);
}

/* Of the helpers the first is one that looks, if there is one. */
static void call_helpers(Pool *p, Range *r, int helpers)
{
        RangeTask *tasks = (RangeTask *)(r + 1);
        for (int i = offer(p, r); i < helpers; i++) {
                tasks[i] = (RangeTask){ { .fn = range_task }, r, FIRST_HELPER + i };
                pool_submit(p, &tasks[i].task);
        }
}

static void wait_for_helpers(const Pool *p, Range *r)
{
        if (p->looks)
                pool_look_for(&r->over, NULL);
        if (atomic_load(&r->over))
                return;
        pthread_mutex_lock(&r->lock);
        while (atomic_load(&r->left) > 0)
                pthread_cond_wait(&r->done, &r->lock);
        pthread_mutex_unlock(&r->lock);
}

/* While nobody is free: returns where the rest begins, as soon as somebody is. */
static int64_t work_alone(Pool *p, int64_t n, int64_t piece, PoolFn fn, void *arg)
{
        int64_t at = 0;
        atomic_fetch_add(&p->alone, 1);
        while (at < n && !anybody_free(p)) {
                int64_t end = MIN(at + piece, n);
                fn(arg, at, end);
                at = end;
        }
        atomic_fetch_sub(&p->alone, 1);
        return at;
}

/* [from, n), with helpers; on this thread without memory. */
static void work_together(Pool *p, int helpers, int64_t from, int64_t n, int64_t piece, PoolFn fn,
                          void *arg)
{
        Range *r = range_new(p, helpers, from, n, piece, fn, arg);
        if (!r) {
                fn(arg, from, n);
                return;
        }
        call_helpers(p, r, helpers);
        range_work(r, 0);
        take_back(p, r);
        wait_for_helpers(p, r);
        range_unref(r);
}

void pool_parallel(Pool *p, int most, int64_t n, int64_t grain, PoolFn fn, void *arg)
{
        grain = MAX(grain, (int64_t)1);
        int64_t pieces = (n + grain / NEARLY) / grain, from = 0;
        int64_t threads = most > 0 ? MIN(most, pool_threads(p)) : pool_threads(p);
        int helpers = (int)MIN(pieces, threads) - 1;
        /* Four pieces a thread, so that one slow thread does not hold up the rest. */
        int64_t piece = MAX(grain, (n + threads * 4 - 1) / (threads * 4));
        if (p && helpers > 0 && !anybody_free(p))
                from = n < FEW * piece ? 0 : work_alone(p, n, piece, fn, arg);
        if (p && helpers > 0 && n - from > piece && anybody_free(p))
                work_together(p, helpers, from, n, piece, fn, arg);
        else if (from < n)
                fn(arg, from, n);
}
