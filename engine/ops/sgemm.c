// SPDX-License-Identifier: Apache-2.0
/* OpenBLAS 0.3.21 is best at small products, the house's own kernels at large ones on processors
 * with AVX-512 (200 instead of 140 GFLOP/s at 128x768x768, 155 instead of 70 at 16x1024x384), and
 * neither at a single row, which is bound by how fast the matrix comes: a loop reads it in the
 * order of memory. */
#include "engine/ops/sgemm.h"

#include "engine/ops/sgemm_lanes.h"
#include "engine/tensor/dtype.h"

#include <cblas.h>
#include <string.h>

/* 16 floats anywhere in memory; lines of b taken at a time; columns whose sums stay in the cache.
 */
enum { LANES = 16, LINES = 8, BLOCK = 4096 };
typedef float V __attribute__((vector_size(64), aligned(4), may_alias));

/* Columns [j, j + WIDTH vectors) of y += x[0] b[0] + ... + x[7] b[7]. Half of the time is waiting
 * for b, so the sums stay in registers: four vectors of eight lines were the best of many shapes.
 */
#define ADD(width)                                                                          \
        static inline __attribute__((always_inline)) void add_##width(                      \
                const float *x, const float *b, int64_t ldb, float *y)                      \
        {                                                                                   \
                V sum[width];                                                               \
                for (int u = 0; u < (width); u++)                                           \
                        sum[u] = *(const V *)(y + u * LANES);                               \
                _Pragma("GCC unroll 8") for (int i = 0; i < LINES; i++)                     \
                        _Pragma("GCC unroll 4") for (int u = 0; u < (width); u++) sum[u] += \
                        *(const V *)(b + i * ldb + u * LANES) * x[i];                       \
                for (int u = 0; u < (width); u++)                                           \
                        *(V *)(y + u * LANES) = sum[u];                                     \
        }
ADD(4)
ADD(1)

/* y += x[0] b[0] + ... + x[7] b[7], over n columns. */
HOT static void add_lines(const float *x, const float *b, int64_t ldb, int64_t n, float *y)
{
        int64_t j = 0;
        for (; j + 4 * LANES <= n; j += 4 * LANES)
                add_4(x, b + j, ldb, y + j);
        for (; j + LANES <= n; j += LANES)
                add_1(x, b + j, ldb, y + j);
        for (; j < n; j++)
                for (int i = 0; i < LINES; i++)
                        y[j] += b[i * ldb + j] * x[i];
}

HOT static void add_line(float x, const float *b, int64_t n, float *y)
{
        for (int64_t j = 0; j < n; j++)
                y[j] += b[j] * x;
}

/* One row: all of b is read once, line by line. */
static void run_row(const Sgemm *g)
{
        if (g->beta == 0)
                memset(g->c, 0, (size_t)g->n * sizeof *g->c);
        for (int64_t from = 0; from < g->n; from += BLOCK) {
                const float *b = g->b + from;
                int64_t n = MIN(g->n - from, (int64_t)BLOCK), p = 0;
                for (; p + LINES <= g->k; p += LINES)
                        add_lines(g->a + p, b + p * g->ldb, g->ldb, n, g->c + from);
                for (; p < g->k; p++)
                        add_line(g->a[p], b + p * g->ldb, n, g->c + from);
        }
}

/* One row times a transposed matrix: a dot product for each number. */
static void run_dots(const Sgemm *g)
{
        cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)g->n, (int)g->k, 1, g->b, (int)g->ldb, g->a,
                    1, g->beta, g->c, 1);
}

/* One column. */
static void run_column(const Sgemm *g)
{
        int64_t rows = g->trans_a ? g->k : g->m, cols = g->trans_a ? g->m : g->k;
        cblas_sgemv(CblasRowMajor, g->trans_a ? CblasTrans : CblasNoTrans, (int)rows, (int)cols, 1,
                    g->a, (int)g->lda, g->b, g->trans_b ? 1 : (int)g->ldb, g->beta, g->c,
                    (int)g->ldc);
}

static void run_blas(const Sgemm *g)
{
        cblas_sgemm(CblasRowMajor, g->trans_a ? CblasTrans : CblasNoTrans,
                    g->trans_b ? CblasTrans : CblasNoTrans, (int)g->m, (int)g->n, (int)g->k, 1,
                    g->a, (int)g->lda, g->b, (int)g->ldb, g->beta, g->c, (int)g->ldc);
}

/* What is packed is large enough, or a piece of what is, whose sums must be those of the whole. */
static bool usable(const Sgemm *g)
{
        return g->packed || sgemm_lanes_usable(g);
}

void sgemm_run(const Sgemm *g)
{
        if (!g->m || !g->n)
                return;
        if (!g->k) {
                for (int64_t i = 0; g->beta == 0 && i < g->m; i++)
                        memset(g->c + i * g->ldc, 0, (size_t)g->n * sizeof *g->c);
                return;
        }
        bool row = g->m == 1 && (!g->trans_a || g->lda == 1);
        if (row && g->packed)
                sgemm_row(g);
        else if (row && !g->trans_b)
                run_row(g);
        else if (row)
                run_dots(g);
        else if (g->n == 1 && !g->packed)
                run_column(g);
        else if (!usable(g) || !sgemm_lanes(g))
                run_blas(g);
}
