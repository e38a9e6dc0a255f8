// SPDX-License-Identifier: Apache-2.0
#include "engine/base/mem_lasting.h"

#include "engine/base/mem_big.h"
#include "engine/base/mem_large.h"
#include <pthread.h>
#include <stdatomic.h>

/* Less is not worth huge pages, of which the last is not full: then a piece is a block. Sanitizers
 * see no piece's end but a block's. */
#ifdef NO_CACHE
#define ROOM_MIN SIZE_MAX
#else
#define ROOM_MIN (2 * HUGE_PAGE)
#endif

typedef struct LastingBlock {
        struct LastingBlock *next;
        char *at;
        size_t size, used;
        size_t reserved; /* by mem_reserve(), what does not count included; 0: by block_alloc() */
        size_t told;     /* by lasting_fresh(): up to there, a multiple of a huge page */
} LastingBlock;

struct Lasting {
        pthread_mutex_t lock; /* guards: all */
        size_t expected;
        LastingBlock *blocks; /* the newest first; the others are full */
};

static atomic_llong bytes; /* of all pieces in reserved blocks */

int64_t lasting_bytes(void)
{
        return atomic_load(&bytes);
}

Status *lasting_new(Lasting **ret)
{
        Lasting *l = mem_calloc(1, sizeof *l);
        if (!l)
                return status_oom();
        pthread_mutex_init(&l->lock, NULL);
        *ret = l;
        return NULL;
}

void lasting_expect(Lasting *l, size_t n)
{
        pthread_mutex_lock(&l->lock);
        l->expected += n;
        pthread_mutex_unlock(&l->lock);
}

/* Room for what is expected, if that is much, else for n bytes. */
static LastingBlock *new_block(size_t expected, size_t n)
{
        LastingBlock *b = mem_calloc(1, sizeof *b);
        size_t room = (MAX(expected, n) + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
        if (!b)
                return NULL;
        b->size = room >= ROOM_MIN ? room : n;
        b->at = room >= ROOM_MIN ? mem_reserve(room, &b->reserved) : block_alloc(n);
        if (!b->at)
                mem_free(steal(&b));
        return b;
}

static void free_block(LastingBlock *b)
{
        if (b->reserved) {
                mem_unreserve(b->at, b->reserved - b->used);
                atomic_fetch_sub(&bytes, (int64_t)b->used);
        } else {
                block_free(b->at, b->size);
        }
        mem_free(b);
}

/* Under the lock. */
static void *take(Lasting *l, size_t n)
{
        LastingBlock *b = l->blocks;
        if (!b || b->size - b->used < n) {
                b = new_block(l->expected, n);
                if (!b)
                        return NULL;
                b->next = l->blocks;
                l->blocks = b;
                l->expected -= MIN(l->expected, b->size);
        }
        if (b->reserved && !mem_claim(n))
                return NULL;
        if (b->reserved)
                atomic_fetch_add(&bytes, (int64_t)n);
        b->used += n;
        return b->at + b->used - n;
}

void *lasting_alloc(Lasting *l, size_t n)
{
        if (n > PTRDIFF_MAX - 2 * HUGE_PAGE)
                return NULL;
        pthread_mutex_lock(&l->lock);
        void *p = take(l, (n + MEM_ALIGN - 1) & ~(size_t)(MEM_ALIGN - 1));
        pthread_mutex_unlock(&l->lock);
        return p;
}

int64_t lasting_fresh(Lasting *l, int threads, char **ret_first)
{
        int64_t pages = 0;
        pthread_mutex_lock(&l->lock);
        LastingBlock *b = l->blocks;
        if (b && b->reserved && b->used > b->told) {
                int64_t all = (int64_t)((b->size - b->told) / HUGE_PAGE);
                pages = (int64_t)((b->used - b->told + HUGE_PAGE - 1) / HUGE_PAGE);
                pages = MIN((pages + threads - 1) / threads * threads, all);
                *ret_first = b->at + b->told;
                b->told += (size_t)pages * HUGE_PAGE;
        }
        pthread_mutex_unlock(&l->lock);
        return pages;
}

void lasting_free(Lasting *l)
{
        while (l && l->blocks) {
                LastingBlock *b = l->blocks;
                l->blocks = b->next;
                free_block(b);
        }
        if (l)
                pthread_mutex_destroy(&l->lock);
        mem_free(l);
}
