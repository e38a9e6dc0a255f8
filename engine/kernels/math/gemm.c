// SPDX-License-Identifier: Apache-2.0
/* sgemm.h for float; OpenBLAS for double and complex; plain loops for integers, which wrap; half
 * and bfloat16 through float. A product of much work is cut by rows or columns, one piece per
 * thread. */
#include "engine/kernels/math/gemm.h"

#include "engine/ops/sgemm_lanes.h"
#include <cblas.h>
#include <limits.h>
#include <math.h>

/* Multiplications from which on threads pay; columns of a packed panel; rows by which a thread is
 * busy while the next panel comes; pieces of them, by columns. */
enum { GEMM_GRAIN = 1 << 20, INNER = 32, TILE = 64, PACKED_ROWS = 48, ACROSS = 4 };

static CBLAS_TRANSPOSE blas_trans(bool trans, bool conjugate)
{
        return !trans ? CblasNoTrans : conjugate ? CblasConjTrans : CblasTrans;
}

/* One row of a: y = x B, for which gemv is several times faster than gemm. */
static void blas_row(const Gemm *g, const void *a, const void *b, void *out, int64_t n)
{
        int rows = (int)(g->trans_b ? n : g->k), cols = (int)(g->trans_b ? g->k : n);
        int ld = (int)(g->trans_b ? g->k : g->n);
        cblas_dgemv(CblasRowMajor, g->trans_b ? CblasNoTrans : CblasTrans, rows, cols, 1, b, ld, a,
                    1, 0, out, 1);
}

/* The callers see to it that all sizes fit BLAS's int. beta = 0: what is in out, NaN included, does
 * not count. */
static void blas_gemm(const Gemm *g, const void *a, const void *b, const float *packed, void *out,
                      int64_t m_, int64_t n_)
{
        CBLAS_TRANSPOSE ta = blas_trans(g->trans_a, g->conj_a);
        CBLAS_TRANSPOSE tb = blas_trans(g->trans_b, g->conj_b);
        int m = (int)m_, n = (int)n_, k = (int)g->k;
        int lda = (int)(g->trans_a ? g->m : g->k), ldb = (int)(g->trans_b ? g->k : g->n);
        int ldc = (int)g->n;
        float one[2] = { 1, 0 }, zero[2] = { 0, 0 };
        double one2[2] = { 1, 0 }, zero2[2] = { 0, 0 };
        switch ((int)g->dtype) {
        case DT_FLOAT:
                sgemm_run(&(Sgemm){ .m = m_,
                                    .n = n_,
                                    .k = g->k,
                                    .trans_a = g->trans_a,
                                    .trans_b = g->trans_b,
                                    .a = a,
                                    .b = b,
                                    .lda = lda,
                                    .ldb = ldb,
                                    .ldc = ldc,
                                    .c = out,
                                    .packed = packed });
                break;
        case DT_DOUBLE:
                cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, out, ldc);
                break;
        case DT_COMPLEX64:
                cblas_cgemm(CblasRowMajor, ta, tb, m, n, k, one, a, lda, b, ldb, zero, out, ldc);
                break;
        default:
                cblas_zgemm(CblasRowMajor, ta, tb, m, n, k, one2, a, lda, b, ldb, zero2, out, ldc);
                break;
        }
}

/* Rows [row, row + m) and columns [col, col + n) of the product. */
static void blas_piece(const Gemm *g, int64_t row, int64_t m, int64_t col, int64_t n)
{
        size_t size = dtype_size(g->dtype);
        const char *a = (const char *)g->a + size * (size_t)(g->trans_a ? row : row * g->k);
        const char *b = (const char *)g->b + size * (size_t)(g->trans_b ? col * g->k : col);
        char *out = (char *)g->out + size * (size_t)(row * g->n + col);
        if (g->dtype == DT_DOUBLE && m == 1 && (!g->trans_a || g->m == 1))
                blas_row(g, a, b, out, n);
        else
                blas_gemm(g, a, b, g->packed ? g->packed + col * g->k : NULL, out, m, n);
}

/* A product that takes long is made tile by tile, with a look in between whether anybody still
 * waits for it; tiles are so large that the library's copies of what it multiplies do not count. */
static void blas_tiles(OpCtx *c, const Gemm *g, int64_t row, int64_t m, int64_t col, int64_t n)
{
        const double budget = (double)(INT64_C(1) << 32);
        double area = budget / (double)g->k;
        if ((double)m * (double)n <= area) {
                blas_piece(g, row, m, col, n);
                return;
        }
        int64_t side = MAX((int64_t)sqrt(area) / TILE * TILE, (int64_t)TILE);
        int64_t rows = MIN(m, side);
        int64_t cols = MAX((int64_t)(area / (double)rows) / TILE * TILE, (int64_t)TILE);
        for (int64_t i = 0; i < m; i += rows)
                for (int64_t j = 0; j < n && !ctx_cut(c); j += cols)
                        blas_piece(g, row + i, MIN(rows, m - i), col + j, MIN(cols, n - j));
}

typedef struct BlasJob {
        const Gemm *g;
        OpCtx *c;
        int64_t rows, cols, across; /* of a piece; pieces next to each other */
} BlasJob;

static void blas_rows(void *arg, int64_t from, int64_t to)
{
        const BlasJob *j = arg;
        blas_tiles(j->c, j->g, from, to - from, 0, j->g->n);
}
static void blas_columns(void *arg, int64_t from, int64_t to)
{
        const BlasJob *j = arg;
        blas_tiles(j->c, j->g, 0, j->g->m, from, to - from);
}

static void blas_grid(void *arg, int64_t from, int64_t to)
{
        const BlasJob *j = arg;
        for (int64_t i = from; i < to; i++) {
                int64_t row = i / j->across * j->rows, col = i % j->across * j->cols;
                blas_tiles(j->c, j->g, row, MIN(j->rows, j->g->m - row), col,
                           MIN(j->cols, j->g->n - col));
        }
}

static int64_t parts(int64_t n, int64_t each)
{
        return (n + each - 1) / each;
}

/* By a packed matrix each thread multiplies rows of its own: what comes before and after works by
 * rows, too, and finds them in the same thread's cache. Pieces of them cost nothing, unless rows
 * are copied for each. False: they are too few. */
static bool packed_run(OpCtx *c, const Gemm *g)
{
        int64_t threads = ctx_threads(c);
        double work = (double)g->m * (double)g->n * (double)g->k;
        Sgemm copied = { .trans_a = g->trans_a, .lda = g->trans_a ? g->m : g->k };
        if (!g->packed || threads == 1 || g->m < PACKED_ROWS * threads || work < 2 * GEMM_GRAIN)
                return false;
        BlasJob j = { .g = g, .c = c, .rows = parts(g->m, threads), .cols = g->n };
        if (!sgemm_lanes_copies(&copied))
                j.cols = parts(parts(g->n, ACROSS), INNER) * INNER;
        j.across = parts(g->n, j.cols);
        ctx_parallel(c, parts(g->m, j.rows) * j.across, 1, blas_grid, &j);
        return true;
}

/* ---- integers ---- */

/* Products are made without sign in 64 bits, where wrapping is defined, and cut to the type. */
#define LOOPS(ID, T, W, GET, PUT)                                                       \
        HOT_##ID static void rows_##ID(void *arg, int64_t from, int64_t to)             \
        {                                                                               \
                const Gemm *g = arg;                                                    \
                const T *a = g->a, *b = g->b;                                           \
                int64_t ai = g->trans_a ? 1 : g->k, ap = g->trans_a ? g->m : 1;         \
                int64_t bp = g->trans_b ? 1 : g->n, bj = g->trans_b ? g->k : 1;         \
                for (int64_t i = from; i < to; i++) {                                   \
                        T *out = (T *)g->out + i * g->n;                                \
                        memset(out, 0, (size_t)g->n * sizeof(T));                       \
                        for (int64_t p = 0; p < g->k; p++) {                            \
                                uint64_t v = (uint64_t)a[i * ai + p * ap];              \
                                for (int64_t j = 0; j < g->n; j++)                      \
                                        out[j] = (T)((uint64_t)out[j] +                 \
                                                     v * (uint64_t)b[p * bp + j * bj]); \
                        }                                                               \
                }                                                                       \
        }
INT_TYPES(LOOPS)
#undef LOOPS

/* Plain loops take long: looks now and then whether anybody still waits for them. */
enum { LOOK_AFTER = 1 << 24 };

typedef struct IntJob {
        Gemm g;
        OpCtx *c;
        int64_t rows; /* that make LOOK_AFTER multiplications */
} IntJob;

static void int_rows(void *arg, int64_t from, int64_t to)
{
        IntJob *j = arg;
        for (; from < to && !ctx_cut(j->c); from += MIN(j->rows, to - from))
                DISPATCH(INT_TYPES, j->g.dtype, rows, &j->g, from, from + MIN(j->rows, to - from));
}

/* ---- half and bfloat16 ---- */

#define CONVERT(ID, T, W, GET, PUT)                              \
        static void widen_##ID(const T *x, float *y, int64_t n)  \
        {                                                        \
                for (int64_t i = 0; i < n; i++)                  \
                        y[i] = GET(x[i]);                        \
        }                                                        \
        static void narrow_##ID(const float *x, T *y, int64_t n) \
        {                                                        \
                for (int64_t i = 0; i < n; i++)                  \
                        y[i] = PUT(x[i]);                        \
        }
TYPE_HALF(CONVERT)
TYPE_BFLOAT16(CONVERT)
#undef CONVERT
#define NARROW_TYPES(X, ...) TYPE_HALF(X, ##__VA_ARGS__) TYPE_BFLOAT16(X, ##__VA_ARGS__)

/* Sums in float, rounded once at the end, which is more exact than sums of halves. */
static Status *gemm_narrow(OpCtx *c, const Gemm *g)
{
        int64_t na = g->m * g->k, nb = g->k * g->n, nc = g->m * g->n, total;
        if (__builtin_add_overflow(na, nb, &total) || __builtin_add_overflow(total, nc, &total) ||
            total > INT64_MAX / 4)
                return status_oom();
        float *wide = ctx_scratch(c, (size_t)total * sizeof *wide);
        if (!wide)
                return status_oom();
        DISPATCH(NARROW_TYPES, g->dtype, widen, g->a, wide, na);
        DISPATCH(NARROW_TYPES, g->dtype, widen, g->b, wide + na, nb);
        Gemm w = *g;
        w.dtype = DT_FLOAT;
        w.a = wide;
        w.b = wide + na;
        w.out = wide + na + nb;
        TRY(gemm_run(c, &w));
        DISPATCH(NARROW_TYPES, g->dtype, narrow, w.out, g->out, nc);
        return NULL;
}

/* ---- all ---- */

/* Rows or columns of a piece. A library makes copies of what it multiplies for each piece, so that
 * there is one a thread, a multiple of its inner block. */
static int64_t grain_of(const OpCtx *c, int64_t pieces, double least, bool blas)
{
        int64_t threads = ctx_threads(c), share = (pieces + threads - 1) / threads;
        int64_t grain = MAX((int64_t)least + 8, blas ? MIN(share, pieces / 2) : 0);
        return blas ? (grain + INNER - 1) / INNER * INNER : grain;
}

static Status *gemm_pieces(OpCtx *c, const Gemm *g, bool parallel)
{
        if (g->m == 0 || g->n == 0)
                return NULL;
        if (g->k == 0) {
                memset(g->out, 0, (size_t)(g->m * g->n) * dtype_size(g->dtype));
                return NULL;
        }
        if (g->dtype == DT_HALF || g->dtype == DT_BFLOAT16)
                return gemm_narrow(c, g);
        if (MAX(g->m, g->n) > INT_MAX || g->k > INT_MAX)
                return unimplemented("a matrix product of more than 2^31 rows or columns");
        bool blas = !dtype_is_integer(g->dtype), by_rows = !blas || g->m >= g->n;
        RangeFn fn = !blas ? int_rows : by_rows ? blas_rows : blas_columns;
        IntJob ints = { .g = *g, .c = c };
        int64_t pieces = by_rows ? g->m : g->n;
        BlasJob job = { .g = g, .c = c };
        void *arg = blas ? (void *)&job : &ints;
        double each = (double)g->k * (double)(by_rows ? g->n : g->m); /* work per piece */
        double grain = g->m == 1 ? GEMM_GRAIN / 8 : GEMM_GRAIN;       /* a row waits for memory */
        ints.rows = each < LOOK_AFTER ? (int64_t)(LOOK_AFTER / each) : 1;
        if (!parallel || each * (double)pieces < 2 * grain)
                fn(arg, 0, pieces);
        else
                ctx_parallel(c, pieces, grain_of(c, pieces, grain / each, blas), fn, arg);
        return NULL;
}

Status *gemm_run(OpCtx *c, const Gemm *g)
{
        if (kept_narrow_usable(g))
                return kept_narrow_run(c, g);
        Gemm with = *g;
        with.packed = kept_packed(g);
        if (packed_run(c, &with))
                return NULL;
        return gemm_pieces(c, &with, true);
}
Status *gemm_here(OpCtx *c, const Gemm *g)
{
        return gemm_pieces(c, g, false);
}
