// SPDX-License-Identifier: Apache-2.0
/* The limit on memory: who asks for too much is told no, and nothing else changes. And blocks,
 * which are kept for reuse, but not at the cost of who wants memory now. */
#include "engine/base/mem.h"
#include "engine/base/mem_big.h"
#include "engine/base/mem_lasting.h"
#include <criterion/criterion.h>
#include <pthread.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { BLOCKS_ARE_KEPT = 0 };
#else
enum { BLOCKS_ARE_KEPT = 1 };
#endif

enum { MiB = 1 << 20 };

static void no_limit(void)
{
        mem_limit_set(0);
}

TestSuite(mem, .fini = no_limit);

Test(mem, what_is_held_is_counted_and_given_back)
{
        int64_t before = mem_stats().held;
        void *p = mem_alloc(64 * MiB), *q = block_alloc(96 * MiB);
        cr_assert_not_null(p);
        cr_assert_not_null(q);
        int64_t more = mem_stats().held - before;
        cr_expect(more > 159 * MiB && more < 161 * MiB, "%lld", (long long)more);
        mem_free(p);
        block_free(q, 96 * MiB);
        more = mem_stats().held - before;
        cr_expect(more > -MiB && more < MiB, "%lld", (long long)more);
}

Test(mem, beyond_the_limit_there_is_no_memory_of_any_kind)
{
        mem_limit_set(mem_stats().held + 32 * MiB);
        cr_expect_null(mem_alloc(64 * MiB));
        cr_expect_null(mem_calloc(64, MiB));
        cr_expect_null(block_alloc(64 * MiB));
        void *p = mem_alloc(16 * MiB); /* shrinking is always possible */
        cr_assert_not_null(p);
        cr_expect_null(mem_realloc(p, 64 * MiB));
        cr_expect_null(mem_alloc(24 * MiB), "the first 16 MiB count");
        p = mem_realloc(p, MiB);
        void *q = mem_alloc(24 * MiB);
        cr_expect_not_null(q, "what was given back may be had again");
        mem_free(p);
        mem_free(q);
}

Test(mem, shrinking_needs_no_memory)
{
        void *p = mem_alloc(16 * MiB);
        cr_assert_not_null(p = mem_realloc(p, 16));
        mem_limit_set(1);
        cr_assert_not_null(p = mem_realloc(p, 8));
        mem_free(p);
}

Test(mem, sizes_that_no_machine_has_are_refused)
{
        cr_expect_null(mem_calloc(SIZE_MAX / 2, 3));
        cr_expect_null(block_alloc(SIZE_MAX));
        void *p = mem_alloc(1);
        cr_expect_null(mem_realloc(p, SIZE_MAX));
        mem_free(p);
}

Test(mem, blocks_kept_for_reuse_give_way_to_the_limit)
{
        block_free(block_alloc(24 * MiB), 24 * MiB);
        mem_limit_set(mem_stats().held + 2 * MiB);
        void *p = mem_alloc(16 * MiB);
        cr_expect(p || !BLOCKS_ARE_KEPT);
        mem_free(p);
        mem_limit_set(0);
}

/* ---- blocks between threads ---- */

enum { ROUNDS = 400, SIZES = 4 };
static const size_t sizes[SIZES] = { 64, 5000, 300000, 20 * MiB };

typedef struct Handover {
        pthread_barrier_t turn;
        unsigned char *block[SIZES];
        int wrong; /* blocks that did not hold what was written */
} Handover;

static void *free_all(void *arg)
{
        Handover *h = arg;
        for (int round = 0; round < ROUNDS; round++) {
                pthread_barrier_wait(&h->turn);
                for (int i = 0; i < SIZES; i++) {
                        h->wrong += h->block[i][0] != round % 256 || h->block[i][sizes[i] - 1] != i;
                        block_free(h->block[i], sizes[i]);
                }
                pthread_barrier_wait(&h->turn);
        }
        return NULL;
}

/* As steps do that begin on one thread and end on another. */
Test(mem, what_one_thread_takes_and_another_frees_comes_back)
{
        Handover h = { .wrong = 0 };
        pthread_t other;
        int64_t mallocs = 0;
        pthread_barrier_init(&h.turn, NULL, 2);
        cr_assert_eq(pthread_create(&other, NULL, free_all, &h), 0);
        for (int round = 0; round < ROUNDS; round++) {
                if (round == ROUNDS / 2)
                        mallocs = mem_stats().mallocs;
                for (int i = 0; i < SIZES; i++) {
                        cr_assert_not_null(h.block[i] = block_alloc(sizes[i]));
                        h.block[i][0] = (unsigned char)round;
                        h.block[i][sizes[i] - 1] = (unsigned char)i;
                }
                pthread_barrier_wait(&h.turn);
                pthread_barrier_wait(&h.turn);
        }
        pthread_join(other, NULL);
        pthread_barrier_destroy(&h.turn);
        cr_expect_eq(h.wrong, 0);
        if (BLOCKS_ARE_KEPT)
                cr_expect_eq(mem_stats().mallocs, mallocs, "%lld mallocs in a steady state",
                             (long long)(mem_stats().mallocs - mallocs));
}

/* Large blocks come from elsewhere, but count and obey like all. */
Test(mem, blocks_of_many_sizes_are_aligned_and_counted)
{
        enum { N = 48 };
        void *p[N];
        int64_t before = mem_stats().held, sum = 0;
        for (int i = 0; i < N; i++) {
                size_t n = ((size_t)1 << (i / 2)) * (i % 2 ? 11 : 8) + 1;
                cr_assert_not_null(p[i] = block_alloc(n));
                cr_expect_eq((uintptr_t)p[i] % MEM_ALIGN, 0);
                ((char *)p[i])[0] = ((char *)p[i])[n - 1] = 1;
                sum += (int64_t)n;
        }
        int64_t more = mem_stats().held - before;
        cr_expect(more > sum - MiB && more < 2 * sum, "%lld of %lld", (long long)more,
                  (long long)sum);
        mem_limit_set(before + sum);
        cr_expect_null(block_alloc((size_t)sum));
        for (int i = 0; i < N; i++)
                block_free(p[i], ((size_t)1 << (i / 2)) * (i % 2 ? 11 : 8) + 1);
        cr_expect_not_null(p[0] = block_alloc((size_t)sum / 2), "what is kept gives way");
        block_free(p[0], (size_t)sum / 2);
}

enum { PIECES = 40, PIECE = 300 << 10 };

/* Writes all of n pieces, looks whether each kept what is its own, and frees them. */
static void use_pieces(Lasting *l, int n)
{
        unsigned char *p[PIECES];
        for (int i = 0; i < n; i++) {
                p[i] = lasting_alloc(l, PIECE + (size_t)i);
                cr_assert_not_null(p[i]);
                cr_expect_eq((uintptr_t)p[i] % MEM_ALIGN, 0);
                memset(p[i], i + 1, PIECE + (size_t)i);
        }
        for (int i = 0; i < n; i++)
                for (int k = 0; k < PIECE + i; k++)
                        if (p[i][k] != i + 1)
                                cr_assert_fail("piece %d, byte %d", i, k);
        lasting_free(l);
}

Test(mem, lasting_pieces_are_counted_and_go_together)
{
        MemStats before = mem_stats();
        for (int expected = 0; expected <= 64; expected += 16) { /* less, and more than is taken */
                Lasting *l = NULL;
                cr_assert_null(lasting_new(&l));
                lasting_expect(l, (size_t)expected * MiB);
                cr_assert_not_null(lasting_alloc(l, 5 * MiB));
                int64_t more = mem_stats().block_bytes - before.block_bytes;
                cr_expect_eq(more, 5 * MiB, "%lld", (long long)more);
                use_pieces(l, PIECES);
                cr_expect_eq(mem_stats().block_bytes, before.block_bytes);
                int64_t left = mem_stats().held - before.held;
                cr_expect(left < 16 * MiB, "%lld", (long long)left);
        }
}

Test(mem, fresh_pages_of_lasting_pieces_are_told_once_and_stay_what_they_are)
{
        enum { HUGE = 2 * MiB };
        Lasting *l = NULL;
        char *first = NULL;
        cr_assert_null(lasting_new(&l));
        lasting_expect(l, 3 * HUGE);
        char *p = lasting_alloc(l, 100);
        memset(p, 7, 100);
        int64_t pages = lasting_fresh(l, 2, &first);
        cr_expect_eq(pages, BLOCKS_ARE_KEPT ? 2 : 0);
        mem_populate(first, (size_t)pages * HUGE);
        cr_expect(p[0] == 7 && p[99] == 7);
        cr_expect_eq(lasting_fresh(l, 2, &first), 0);
        cr_assert_not_null(lasting_alloc(l, 2 * HUGE));
        pages = lasting_fresh(l, 2, &first); /* never beyond what is reserved */
        cr_expect_eq(pages, BLOCKS_ARE_KEPT ? 1 : 0);
        lasting_free(l);
}

Test(mem, without_memory_there_is_no_lasting_piece)
{
        for (int n = 1; n < 4; n++) {
                Lasting *l = NULL;
                cr_assert_null(lasting_new(&l));
                lasting_expect(l, 8 * MiB);
                mem_fail_at(n);
                void *p = lasting_alloc(l, 100);
                bool failed = mem_fail_count() >= n;
                mem_fail_at(0);
                cr_expect_eq(p == NULL, failed);
                use_pieces(l, 2);
        }
        Lasting *l = NULL;
        cr_assert_null(lasting_new(&l));
        lasting_expect(l, 64 * MiB);
        mem_limit_set(mem_stats().held + 32 * MiB);
        cr_expect_null(lasting_alloc(l, 48 * MiB));
        cr_expect_null(lasting_alloc(l, SIZE_MAX - 10));
        mem_limit_set(0);
        use_pieces(l, PIECES);
}
