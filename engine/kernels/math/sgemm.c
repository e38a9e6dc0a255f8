// SPDX-License-Identifier: Apache-2.0
/* OpenBLAS 0.3.21 is best at small products, oneDNN 2.6 at large ones (175 instead of 140 GFLOP/s
 * at 128x768x768, 163 instead of 74 at 16x1024x384; AVX-512), and neither at a single row, which
 * is bound by how fast the matrix comes: our own loop reads it in the order of memory. */
#include "engine/kernels/math/sgemm.h"

#include "engine/tensor/dtype.h"

#include <cblas.h>
#include <dnnl.h>
#include <string.h>

/* Multiplications from which on oneDNN's copies of its operands pay. */
enum { LARGE = 1 << 18 };
/* 16 floats anywhere in memory; lines of b taken at a time; columns whose sums stay in the cache.
 */
enum { LANES = 16, LINES = 8, BLOCK = 4096 };
typedef float V __attribute__((vector_size(64), aligned(4), may_alias));

/* libgomp's, under oneDNN; the setting is the calling thread's own. */
void omp_set_num_threads(int n);

void openmp_stay_here(void)
{
        static _Thread_local bool told;
        if (!told)
                omp_set_num_threads(1);
        told = true;
}

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

static void run_blas(const Sgemm *g)
{
        cblas_sgemm(CblasRowMajor, g->trans_a ? CblasTrans : CblasNoTrans,
                    g->trans_b ? CblasTrans : CblasNoTrans, (int)g->m, (int)g->n, (int)g->k, 1,
                    g->a, (int)g->lda, g->b, (int)g->ldb, g->beta, g->c, (int)g->ldc);
}

/* false: it has no memory for its copies. */
static bool run_onednn(const Sgemm *g)
{
        openmp_stay_here();
        return dnnl_sgemm(g->trans_a ? 'T' : 'N', g->trans_b ? 'T' : 'N', g->m, g->n, g->k, 1, g->a,
                          g->lda, g->b, g->ldb, g->beta, g->c, g->ldc) == dnnl_success;
}

static bool large(const Sgemm *g)
{
#ifdef __x86_64__
        return g->m * g->n >= (LARGE + g->k - 1) / g->k && __builtin_cpu_supports("avx512f");
#else
        return false;
#endif
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
        if (row && !g->trans_b)
                run_row(g);
        else if (row)
                run_dots(g);
        else if (!large(g) || !run_onednn(g))
                run_blas(g);
}
