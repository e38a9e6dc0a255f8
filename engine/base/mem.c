// SPDX-License-Identifier: Apache-2.0
/* malloc with a fault switch, and size-class caches for blocks: one per thread, and a depot between
 * the threads. */
#include "engine/base/mem.h"

#include "engine/base/mem_big.h"
#include "engine/base/mem_large.h"
#include "engine/base/mem_lasting.h"
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- faults ---- */

static atomic_bool fail_armed;
static atomic_llong fail_left, fail_seen;

void mem_fail_at(int64_t n)
{
        if (n > 0)
                atomic_store(&fail_seen, 0);
        atomic_store(&fail_left, n);
        atomic_store(&fail_armed, n > 0);
}

int64_t mem_fail_count(void)
{
        return atomic_load(&fail_seen);
}

/* True when this allocation is the one that the test wants to fail. */
static bool faulty(void)
{
        if (LIKELY(!atomic_load_explicit(&fail_armed, memory_order_relaxed)))
                return false;
        atomic_fetch_add(&fail_seen, 1);
        return atomic_fetch_sub(&fail_left, 1) == 1;
}

/* ---- threads ---- */

enum { CLASS_MIN_LOG = 6, CLASS_MAX_LOG = 26, CLASSES = (CLASS_MAX_LOG - CLASS_MIN_LOG) * 4 + 1 };
#define CACHED_MAX  ((size_t)1 << CLASS_MAX_LOG)
#define KEEP_BYTES  ((size_t)64 << 10)  /* per class, of a thread, but two blocks at least */
#define KEEP_MOST   ((size_t)1 << 20)   /* larger blocks are in the depot only */
#define DEPOT_BYTES ((size_t)256 << 20) /* of all threads together */
enum { KEEP_BLOCKS = 16 };

typedef struct FreeBlock {
        struct FreeBlock *next;
} FreeBlock;

/* Counters are per thread and only ever added up, so that the hot path has no shared cache line. */
typedef struct Cache {
        FreeBlock *free[CLASSES];
        uint32_t n[CLASSES], most[CLASSES]; /* blocks in each list; how many it may have */
        bool registered;
        int64_t uncounted;                   /* bytes from malloc that are not in the sum yet */
        atomic_llong bytes, blocks, mallocs; /* written by this thread only */
        struct Cache *prev, *next;           /* guarded by caches_lock */
} Cache;

static _Thread_local Cache cache;
static pthread_mutex_t caches_lock = PTHREAD_MUTEX_INITIALIZER; /* guards: caches, gone */
static Cache *caches;
static MemStats gone; /* what ended threads had counted */
static pthread_key_t thread_end;
static pthread_once_t thread_end_once = PTHREAD_ONCE_INIT;

static void register_thread(void);
static void depot_empty(bool all);

/* ---- the limit ----
 * Every byte from malloc counts. Each thread hands what it counted to the sum in portions, so that
 * the sum is off by a portion per thread at most and threads share no cache line that is often
 * written. */

enum { PORTION = 256 << 10 };
static atomic_llong held, limit = INT64_MAX;

static void hand_in(void)
{
        atomic_fetch_add_explicit(&held, cache.uncounted, memory_order_relaxed);
        cache.uncounted = 0;
}

/* Handed in by portions: a shared counter would be fought over by all threads. */
static void count(int64_t n)
{
        if (UNLIKELY(!cache.registered))
                register_thread();
        cache.uncounted += n;
        if (UNLIKELY(cache.uncounted > PORTION || cache.uncounted < -PORTION))
                hand_in();
}

static bool within_limit(int64_t more)
{
        return more <= 0 ||
               LIKELY(cache.uncounted + atomic_load_explicit(&held, memory_order_relaxed) <=
                      atomic_load_explicit(&limit, memory_order_relaxed) - more);
}

/* What is kept for reuse gives way to what is wanted now. */
static bool room_for(int64_t more)
{
        if (LIKELY(within_limit(more)))
                return true;
        depot_empty(true);
        return within_limit(more);
}

/* What malloc gave, counted. */
static void *keep(void *p)
{
        int64_t n = p ? (int64_t)malloc_usable_size(p) : 0;
        if (UNLIKELY(!room_for(n))) {
                free(p);
                return NULL;
        }
        count(n);
        return p;
}

/* uncounted: so many bytes of it */
static void free_counted(void *p, size_t uncounted)
{
        if (!p)
                return;
        count((int64_t)uncounted - (int64_t)malloc_usable_size(p));
        free(p);
}

static void give_back(void *p)
{
        free_counted(p, 0);
}

void mem_limit_set(int64_t bytes)
{
        atomic_store(&limit, bytes > 0 ? bytes : INT64_MAX);
}

/* The bytes of a block of that class. */
static size_t class_size(unsigned c)
{
        return (((size_t)1 << CLASS_MIN_LOG) + ((size_t)(c & 3) << (CLASS_MIN_LOG - 2)))
               << (c >> 2);
}

/* size: the class's, or what was asked for when it is in none. */
static void block_give_back(void *p, size_t size)
{
        if (!is_large(size)) {
                give_back(p);
                return;
        }
        large_free(p, size);
        count(-(int64_t)large_size(size));
}

/* Gives this thread's cached blocks back, when it goes idle. */
void block_trim(void)
{
        for (unsigned c = 0; c < CLASSES; c++) {
                while (cache.free[c]) {
                        FreeBlock *b = cache.free[c];
                        cache.free[c] = b->next;
                        block_give_back(b, class_size(c));
                }
                cache.n[c] = 0;
        }
}

/* A thread's counts outlive it in "gone", so that the sums stay right: blocks it made may be freed
 * by others. */
static void forget_thread(void *p UNUSED)
{
        block_trim();
        pthread_mutex_lock(&caches_lock);
        hand_in();
        if (cache.registered) {
                gone.block_bytes += atomic_load(&cache.bytes);
                gone.blocks += atomic_load(&cache.blocks);
                gone.mallocs += atomic_load(&cache.mallocs);
                *(cache.prev ? &cache.prev->next : &caches) = cache.next;
                if (cache.next)
                        cache.next->prev = cache.prev;
                cache.registered = false;
                atomic_store(&cache.bytes, 0);
                atomic_store(&cache.blocks, 0);
                atomic_store(&cache.mallocs, 0);
        }
        pthread_mutex_unlock(&caches_lock);
}

static void make_thread_end(void)
{
        if (pthread_key_create(&thread_end, forget_thread) == 0)
                atexit(block_trim);
}

/* At the first block of a thread. It keeps few of a class: what goes from thread to thread comes
 * back the sooner. Beyond KEEP_MOST a lock costs nothing beside the use of the block. */
static void register_thread(void)
{
        for (unsigned c = 0; c < CLASSES; c++) {
                size_t n = MIN(MAX(KEEP_BYTES / class_size(c), (size_t)2), (size_t)KEEP_BLOCKS);
                cache.most[c] = class_size(c) > KEEP_MOST ? 0 : (uint32_t)n;
        }
        pthread_once(&thread_end_once, make_thread_end);
        pthread_setspecific(thread_end, &cache);
        pthread_mutex_lock(&caches_lock);
        cache.registered = true;
        cache.prev = NULL;
        cache.next = caches;
        if (caches)
                caches->prev = &cache;
        caches = &cache;
        pthread_mutex_unlock(&caches_lock);
}

/* ---- plain memory ---- */

void *mem_alloc(size_t n)
{
        return faulty() ? NULL : keep(malloc(n ? n : 1));
}

/* glibc's calloc() goes past its thread cache: small blocks are cleared here instead. */
void *mem_calloc(size_t n, size_t size)
{
        enum { SMALL = 1024 };
        if (UNLIKELY(faulty()))
                return NULL;
        if (n > SMALL || size > SMALL || n * size > SMALL)
                return keep(calloc(n ? n : 1, size ? size : 1));
        size_t bytes = n * size;
        void *p = keep(malloc(bytes ? bytes : 1));
        return p ? memset(p, 0, bytes) : NULL;
}

/* realloc(p, 0) would free p: one byte at least. On failure the old block stays. */
void *mem_realloc(void *p, size_t n)
{
        int64_t old = p ? (int64_t)malloc_usable_size(p) : 0;
        if (faulty() || n > PTRDIFF_MAX || !room_for((int64_t)n - old))
                return NULL;
        void *q = realloc(p, n ? n : 1);
        if (q)
                count((int64_t)malloc_usable_size(q) - old);
        return q;
}

void mem_free(void *p)
{
        give_back(p);
}

/* Huge pages for whole ones only: nothing beyond n is ever touched. */
void *mem_reserve(size_t n, size_t *ret_size)
{
        void *p = NULL;
        if (faulty() || n > PTRDIFF_MAX || posix_memalign(&p, HUGE_PAGE, n ? n : 1) != 0)
                return NULL;
        large_wish(p, n);
        *ret_size = malloc_usable_size(p);
        return p;
}

bool mem_claim(size_t n)
{
        if (faulty() || !room_for((int64_t)n))
                return false;
        count((int64_t)n);
        return true;
}

void mem_unreserve(void *p, size_t unclaimed)
{
        free_counted(p, unclaimed);
}

/* ---- the depot ----
 * What threads have too much of, for those that have too little: steps begin on one thread and end
 * on another. Threads bring and fetch half of what they may keep, so that they seldom come. */

typedef struct Shelf {
        pthread_mutex_t lock; /* guards: free */
        FreeBlock *_Atomic free;
        atomic_bool used; /* somebody fetched from it since the depot was last full */
} Shelf;

static Shelf shelves[CLASSES] = { [0 ... CLASSES - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER } };
static atomic_size_t depot_bytes;

/* Fills the thread's empty list, and takes a block of it; NULL: there is none. */
static void *depot_fetch(unsigned c)
{
        Shelf *s = &shelves[c];
        uint32_t n = 1, most = MAX(cache.most[c] / 2, 1u);
        if (!atomic_load_explicit(&s->free, memory_order_relaxed))
                return NULL;
        pthread_mutex_lock(&s->lock);
        FreeBlock *first = s->free, *last = first;
        for (; first && last->next && n < most; n++)
                last = last->next;
        s->free = first ? last->next : NULL;
        atomic_store_explicit(&s->used, true, memory_order_relaxed);
        pthread_mutex_unlock(&s->lock);
        if (!first)
                return NULL;
        last->next = NULL;
        atomic_fetch_sub_explicit(&depot_bytes, n * class_size(c), memory_order_relaxed);
        cache.free[c] = first->next;
        cache.n[c] = n - 1;
        return first;
}

/* all: else what somebody has fetched from since this was last asked stays. */
static void depot_empty(bool all)
{
        for (unsigned c = 0; c < CLASSES; c++) {
                Shelf *s = &shelves[c];
                if (atomic_exchange_explicit(&s->used, false, memory_order_relaxed) && !all)
                        continue;
                pthread_mutex_lock(&s->lock);
                FreeBlock *list = s->free, *b;
                s->free = NULL;
                pthread_mutex_unlock(&s->lock);
                while ((b = list)) {
                        list = b->next;
                        block_give_back(b, class_size(c));
                        atomic_fetch_sub_explicit(&depot_bytes, class_size(c),
                                                  memory_order_relaxed);
                }
        }
}

/* Takes over a block for which the thread's list has no room, and half of the list with it. False
 * when the depot is full, too. */
UNUSED static bool depot_bring(unsigned c, FreeBlock *b)
{
        Shelf *s = &shelves[c];
        uint32_t n = cache.most[c] / 2;
        size_t bytes = (n + 1) * class_size(c);
        if (depot_bytes + bytes > DEPOT_BYTES) /* by what a graph left that is gone, perhaps */
                depot_empty(false);
        if (depot_bytes + bytes > DEPOT_BYTES)
                return false;
        FreeBlock *last = b;
        b->next = cache.free[c];
        for (uint32_t i = 0; i < n; i++)
                last = last->next;
        cache.free[c] = last->next;
        cache.n[c] -= n;
        atomic_fetch_add_explicit(&depot_bytes, bytes, memory_order_relaxed);
        pthread_mutex_lock(&s->lock);
        last->next = s->free;
        s->free = b;
        pthread_mutex_unlock(&s->lock);
        return true;
}

/* ---- blocks ----
 * Classes: four steps per power of two from 64 bytes to CACHED_MAX. What is freed beyond what a
 * thread and the depot keep goes back to malloc. */

static void bump(atomic_llong *c, int64_t by)
{
        atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + by,
                              memory_order_relaxed);
}

/* Size class of n (n <= CACHED_MAX); small ones, the rule, by a look at a table. */
static inline unsigned class_of(size_t n)
{
        static const uint8_t small[] = { 0,  0,  4,  6,  8,  9,  10, 11, 12,
                                         13, 13, 14, 14, 15, 15, 16, 16 };
        if (LIKELY(n <= 1024))
                return small[(n + 63) >> 6];
        unsigned log = 63u - (unsigned)__builtin_clzll(n - 1); /* 2^log < n <= 2^(log+1) */
        unsigned quarter = log - 2, step = MAX(quarter, (unsigned)CLASS_MIN_LOG); /* logs, too */
        size_t base = (size_t)1 << log, k = (n - base + ((size_t)1 << step) - 1) >> step;
        return (log - CLASS_MIN_LOG) * 4 + ((unsigned)k << (step - quarter));
}

/* From malloc or, large ones, from the system itself; counted. */
static void *block_malloc(size_t size)
{
        bump(&cache.mallocs, 1);
        if (!is_large(size))
                return keep(aligned_alloc(MEM_ALIGN, size));
        int64_t n = (int64_t)large_size(size);
        void *p = n && room_for(n) ? large_new(size) : NULL;
        if (p)
                count(n);
        return p;
}

/* Of a class of which the thread has none. */
static void *block_fetch(unsigned c)
{
        void *p = depot_fetch(c);
        return p ? p : block_malloc(class_size(c));
}

/* Counted by what was asked for, not by the class, since that is what block_free() is told. Large
 * blocks skip the cache. */
void *block_alloc(size_t n)
{
        if (UNLIKELY(faulty()))
                return NULL;
        if (UNLIKELY(!cache.registered))
                register_thread();
        void *p;
        if (UNLIKELY(n > CACHED_MAX)) {
                if (n > SIZE_MAX - MEM_ALIGN)
                        return NULL;
                p = block_malloc((n + MEM_ALIGN - 1) & ~(size_t)(MEM_ALIGN - 1));
        } else {
                unsigned c = class_of(n);
                FreeBlock *b = cache.free[c];
                if (LIKELY(b != NULL)) {
                        cache.free[c] = b->next;
                        cache.n[c]--;
                        p = b;
                } else {
                        p = block_fetch(c);
                }
        }
        if (UNLIKELY(!p))
                return NULL;
        bump(&cache.bytes, (int64_t)n);
        bump(&cache.blocks, 1);
        return p;
}

/* Any thread may free, into its own cache; a full one gives to the depot, a full depot to malloc.
 */
void block_free(void *p, size_t n)
{
        if (!p)
                return;
        if (UNLIKELY(!cache.registered))
                register_thread();
        bump(&cache.bytes, -(int64_t)n);
        bump(&cache.blocks, -1);
        size_t size UNUSED = n;
#ifndef NO_CACHE
        if (LIKELY(n <= CACHED_MAX)) {
                unsigned c = class_of(n);
                if (LIKELY(cache.n[c] < cache.most[c])) {
                        FreeBlock *b = p;
                        b->next = cache.free[c];
                        cache.free[c] = b;
                        cache.n[c]++;
                        return;
                }
                if (depot_bring(c, p))
                        return;
                size = class_size(c);
        }
#endif
        block_give_back(p, size);
}

/* A thread's own bytes may be negative, when it frees what others made; only the sum means
 * something. */
MemStats mem_stats(void)
{
        pthread_mutex_lock(&caches_lock);
        MemStats s = gone;
        for (Cache *c = caches; c; c = c->next) {
                s.block_bytes += atomic_load(&c->bytes);
                s.blocks += atomic_load(&c->blocks);
                s.mallocs += atomic_load(&c->mallocs);
        }
        s.block_bytes += lasting_bytes();
        s.held = atomic_load(&held);
        pthread_mutex_unlock(&caches_lock);
        return s;
}
