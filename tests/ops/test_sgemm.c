// SPDX-License-Identifier: Apache-2.0
/* Products of float matrices below the ops: every end of rows, columns and sums, lines that are
 * apart, and the house's own kernels beside the libraries. Small whole numbers, whose sums are
 * exact in any order, but where bits are compared. */
#include "engine/base/auto.h"
#include "engine/base/mem.h"
#include "engine/ops/lanes.h"
#include "engine/ops/sgemm_lanes.h"
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

TestSuite(sgemm, .timeout = 60);

/* What stands between lines. */
#define BETWEEN 77.0F
enum { APART = 5 };

typedef struct Matrices {
        Sgemm g;
        float *a, *b, *c, *packed;
        size_t size; /* of c */
} Matrices;

static float whole(size_t i)
{
        return (float)((uint32_t)(i * 2654435761U + 12345) >> 29) - 3;
}

static float fraction(size_t i)
{
        return whole(i) + 1 / (1 + (float)(i % 97));
}

static float *filled(int64_t n, float (*value)(size_t))
{
        float *x = mem_calloc((size_t)n + 1, sizeof *x);
        cr_assert(x);
        for (size_t i = 0; i < (size_t)n; i++)
                x[i] = value ? value(i) : BETWEEN;
        return x;
}

/* Lines are `apart` longer than they need to be. */
static Matrices matrices(int64_t m, int64_t n, int64_t k, int form, int apart,
                         float (*value)(size_t))
{
        Matrices r = { .g = { .m = m, .n = n, .k = k, .trans_a = form & 1, .trans_b = form & 2 } };
        r.g.lda = (r.g.trans_a ? m : k) + apart;
        r.g.ldb = (r.g.trans_b ? k : n) + apart;
        r.g.ldc = n + apart;
        r.g.a = r.a = filled(r.g.lda * (r.g.trans_a ? k : m), value);
        r.g.b = r.b = filled(r.g.ldb * (r.g.trans_b ? n : k), value);
        r.size = (size_t)(r.g.ldc * m);
        r.g.c = r.c = filled((int64_t)r.size, NULL);
        return r;
}

static void done(Matrices *r)
{
        mem_free(r->a);
        mem_free(r->b);
        mem_free(r->c);
        mem_free(r->packed);
}

static float at(const Sgemm *g, int64_t i, int64_t j)
{
        float sum = 0;
        for (int64_t p = 0; p < g->k; p++)
                sum += g->a[g->trans_a ? p * g->lda + i : i * g->lda + p] *
                       g->b[g->trans_b ? j * g->ldb + p : p * g->ldb + j];
        return sum;
}

/* c is the product, `times` over, and nothing between its lines was touched. */
static void expect_c(const Matrices *r, float start, float times)
{
        const Sgemm *g = &r->g;
        for (int64_t i = 0; i < g->m; i++)
                for (int64_t j = 0; j < g->ldc; j++) {
                        float want = j < g->n ? start + times * at(g, i, j) : BETWEEN;
                        cr_assert_eq(g->c[i * g->ldc + j], want,
                                     "%ld %ld of %ld %ld %ld: %g, not %g", (long)i, (long)j,
                                     (long)g->m, (long)g->n, (long)g->k, g->c[i * g->ldc + j],
                                     want);
                }
}

static void expect_product(int64_t m, int64_t n, int64_t k)
{
        for (int form = 0; form < 4; form++) {
                Matrices r = matrices(m, n, k, form, APART, whole);
                sgemm_run(&r.g);
                expect_c(&r, 0, 1);
                r.g.beta = 1;
                sgemm_run(&r.g);
                expect_c(&r, 0, 2);
                bool own = lanes_usable() && m && n && k;
                cr_assert(!own || sgemm_lanes(&r.g));
                expect_c(&r, 0, own ? 3 : 2);
                done(&r);
        }
}

Test(sgemm, every_end_of_rows_and_columns)
{
        for (int64_t m = 1; m <= 30; m++)
                expect_product(m, 1 + m * 7 % 67, 1 + m * 5 % 35);
        for (int64_t n = 1; n <= 66; n++)
                expect_product(1 + n % 29, n, 17);
}

/* More than is summed at a time, and than stays near; lines that are a power of two apart. */
Test(sgemm, long_sums_and_many_rows)
{
        expect_product(15, 33, 1700);
        expect_product(300, 40, 700);
        Matrices r = matrices(30, 160, 1024, 0, 0, whole);
        sgemm_run(&r.g);
        expect_c(&r, 0, 1);
        done(&r);
}

Test(sgemm, nothing_to_multiply)
{
        expect_product(0, 5, 5);
        expect_product(5, 0, 5);
        expect_product(5, 5, 0);
}

/* The same bits packed or not, and wherever rows and columns are cut. */
static void expect_same_bits(int64_t m, int64_t n, int64_t k, int form)
{
        Matrices r = matrices(m, n, k, form, 0, fraction);
        size_t bytes = r.size * sizeof(float);
        autofree float *plain = mem_dup(r.c, bytes);
        cr_assert(plain && sgemm_lanes(&r.g));
        memcpy(plain, r.c, bytes);
        r.packed = mem_calloc(1, (size_t)sgemm_pack_bytes(k, n));
        cr_assert(r.packed);
        sgemm_pack(r.b, r.g.trans_b, k, n, r.packed);
        r.g.packed = r.packed;
        memset(r.c, 0, bytes);
        cr_assert(sgemm_lanes(&r.g));
        cr_assert_eq(memcmp(plain, r.c, bytes), 0, "packed: %ld %ld %ld", (long)m, (long)n,
                     (long)k);
        memset(r.c, 0, bytes);
        for (int64_t from = 0; from < n; from += PANEL) {
                Sgemm part = r.g;
                part.packed = NULL;
                part.n = MIN(n - from, (int64_t)PANEL);
                part.b += from * (part.trans_b ? part.ldb : 1);
                part.c += from;
                cr_assert(sgemm_lanes(&part));
        }
        cr_assert_eq(memcmp(plain, r.c, bytes), 0, "cut: %ld %ld %ld", (long)m, (long)n, (long)k);
        done(&r);
}

Test(sgemm, bits_are_the_same_packed_and_cut)
{
        for (int form = 0; form < 4 && lanes_usable(); form++) {
                expect_same_bits(45, 100, 600, form);
                expect_same_bits(3, 33, 1600, form);
                expect_same_bits(14, 16, 40, form);
        }
}

/* A NaN and an infinity reach their row and column, and no other; what c held does not count. */
Test(sgemm, what_is_not_finite_stays_in_its_row_and_column)
{
        for (int form = 0; form < 4; form++) {
                Matrices r = matrices(40, 45, 200, form, 0, whole);
                r.a[r.g.trans_a ? 7 : 7 * r.g.lda] = NAN;
                r.b[r.g.trans_b ? 44 * r.g.ldb : 44] = INFINITY;
                for (size_t i = 0; i < r.size; i++)
                        r.c[i] = NAN;
                sgemm_run(&r.g);
                for (int64_t i = 0; i < 40; i++)
                        for (int64_t j = 0; j < 45; j++)
                                cr_assert_eq(isfinite(r.c[i * 45 + j]) != 0, i != 7 && j != 44,
                                             "%ld %ld", (long)i, (long)j);
                done(&r);
        }
}
