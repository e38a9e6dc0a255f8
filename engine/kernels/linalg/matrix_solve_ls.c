// SPDX-License-Identifier: Apache-2.0
/* MatrixSolveLs: the x that brings A x closest to b, the shortest one when there are several. fast:
 * by the normal equations, A^H A + l2; else by singular values, without l2, as TensorFlow does. */
#include "engine/kernels/linalg/wide.h"

#include <cblas.h>

void zposv_(const char *part, const int *n, const int *nrhs, double complex *a, const int *lda,
            double complex *b, const int *ldb, int *info);
void zgelsd_(const int *m, const int *n, const int *nrhs, double complex *a, const int *lda,
             double complex *b, const int *ldb, double *s, const double *rcond, int *rank,
             double complex *work, const int *lwork, double *rwork, int *iwork, int *info);

/* Sizes, and matrices with their columns one after the other. */
typedef struct Ls {
        int m, n, k, most; /* A is m by n, b m by k; most: the larger of m and n */
        double l2;
        double complex *a, *b, *gram, *x; /* x: most rows */
        double complex *work;
        double *values, *rwork;
        int lwork, *iwork;
} Ls;

static void multiply(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k,
                     const double complex *a, int lda, const double complex *b, int ldb,
                     double complex *y, int ldy)
{
        const double complex one = 1, zero = 0;
        cblas_zgemm(CblasColMajor, ta, tb, m, n, k, &one, a, lda, b, ldb, &zero, y, ldy);
}

/* With the smaller of A^H A and A A^H. */
static Status *solve_normal(const Ls *v)
{
        int side = MIN(v->m, v->n), info = 0;
        bool tall = v->m >= v->n;
        const double complex *a = v->a;
        if (tall)
                multiply(CblasConjTrans, CblasNoTrans, side, side, v->m, a, v->m, a, v->m, v->gram,
                         side);
        else
                multiply(CblasNoTrans, CblasConjTrans, side, side, v->n, a, v->m, a, v->m, v->gram,
                         side);
        for (int i = 0; i < side; i++)
                v->gram[(int64_t)i * (side + 1)] += v->l2;
        if (tall) /* x = gram^-1 A^H b */
                multiply(CblasConjTrans, CblasNoTrans, v->n, v->k, v->m, a, v->m, v->b, v->m, v->x,
                         v->most);
        zposv_("L", &side, &v->k, v->gram, &side, tall ? v->x : v->b, tall ? &v->most : &v->m,
               &info);
        if (info)
                return invalid_argument("Input matrix was rank deficient or ill-conditioned. Try "
                                        "setting fast=False or provide a larger l2_regularizer > "
                                        "0.");
        if (!tall) /* x = A^H gram^-1 b */
                multiply(CblasConjTrans, CblasNoTrans, v->n, v->k, v->m, a, v->m, v->b, v->m, v->x,
                         v->most);
        return NULL;
}

static Status *solve_values(const Ls *v)
{
        const double cut = -1; /* the machine's precision */
        int rank, info = 0;
        for (int j = 0; j < v->k; j++)
                memcpy(v->x + (int64_t)j * v->most, v->b + (int64_t)j * v->m,
                       (size_t)v->m * sizeof *v->x);
        zgelsd_(&v->m, &v->n, &v->k, v->a, &v->m, v->x, &v->most, v->values, &cut, &rank, v->work,
                &v->lwork, v->rwork, v->iwork, &info);
        return info ? invalid_argument("Input matrix could not be decomposed.") : NULL;
}

/* Asks LAPACK what it needs and allocates it. */
static Status *make_work(OpCtx *c, Ls *v)
{
        const double cut = -1;
        double complex work;
        double rwork, s;
        int rank, iwork, info = 0, ask = -1;
        zgelsd_(&v->m, &v->n, &v->k, v->a, &v->m, v->x, &v->most, &s, &cut, &rank, &work, &ask,
                &rwork, &iwork, &info);
        if (info || !(creal(work) < INT32_MAX) || !(rwork < INT32_MAX))
                return resource_exhausted("a matrix of %d by %d is too large for MatrixSolveLs",
                                          v->m, v->n);
        v->lwork = (int)creal(work);
        TRY(wide_alloc(c, v->lwork, &v->work));
        v->values = ctx_scratch(c, (size_t)MIN(v->m, v->n) * sizeof *v->values);
        v->rwork = ctx_scratch(c, (size_t)rwork * sizeof *v->rwork);
        v->iwork = ctx_scratch(c, (size_t)iwork * sizeof *v->iwork);
        return v->values && v->rwork && v->iwork ? NULL : status_oom();
}

/* One set of scratch serves the batch. fast needs the product of A with itself, of the smaller
 * side. */
static Status *make_ls(OpCtx *c, bool fast, Ls *ret)
{
        const Tensor *a = ctx_input(c, 0), *b = ctx_input(c, 1);
        int64_t m = tensor_dim(a, tensor_rank(a) - 2), n = tensor_dim(a, tensor_rank(a) - 1);
        int64_t k = tensor_dim(b, tensor_rank(b) - 1), side = MIN(m, n);
        TRY(wide_check_sides(c, m, n));
        TRY(wide_check_sides(c, k, k));
        Ls v = { .m = (int)m, .n = (int)n, .k = (int)k, .most = (int)MAX(m, n) };
        v.l2 = tensor_double(ctx_input(c, 2), 0);
        TRY(wide_alloc(c, m * n, &v.a));
        TRY(wide_alloc(c, m * k, &v.b));
        TRY(wide_alloc(c, MAX(m, n) * k, &v.x));
        if (fast)
                TRY(wide_alloc(c, side * side, &v.gram));
        else
                TRY(make_work(c, &v));
        *ret = v;
        return NULL;
}

/* An empty A says nothing about x: zeros, the shortest solution. */
static Status *solve_ls(OpCtx *c)
{
        const Tensor *a = ctx_input(c, 0), *b = ctx_input(c, 1);
        Tensor *x = ctx_output(c, 0);
        bool fast = node_bool(ctx_node(c), "fast", true);
        Ls v;
        if (!(tensor_double(ctx_input(c, 2), 0) >= 0))
                return invalid_argument("l2_regularizer must be >= 0.");
        if (!tensor_count(x))
                return NULL;
        if (!tensor_count(a)) {
                memset(tensor_fill(x), 0, tensor_bytes(x));
                return NULL;
        }
        TRY(make_ls(c, fast, &v));
        int64_t m = v.m, n = v.n, k = v.k;
        for (int64_t i = 0; i < tensor_count(x) / (n * k); i++) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                wide_read_columns(a, i * m * n, m, n, v.a);
                wide_read_columns(b, i * m * k, m, k, v.b);
                /* LAPACK may loop on NaN and infinity. */
                if (!wide_finite(v.a, m * n) || !wide_finite(v.b, m * k))
                        return invalid_argument("Input matrix must be finite.");
                TRY(fast ? solve_normal(&v) : solve_values(&v));
                wide_write_columns(v.x, v.most, n, k, x, i * n * k);
        }
        return NULL;
}

static Status *ls_shape(ShapeCtx *c)
{
        const Shape *a = shape_in(c, 0), *b = shape_in(c, 1);
        TRY(shape_want_rank_at_least_as(c, 0, 2, "Input tensor 0 must have rank >= 2"));
        TRY(shape_want_rank_at_least_as(c, 1, 2, "Input tensor 1 must have rank >= 2"));
        TRY(shape_want_rank(c, 2, 0));
        if (a->rank < 0 || b->rank < 0)
                return NULL;
        Shape want = *a;
        want.dim[want.rank - 1] = b->dim[b->rank - 1];
        if (!shape_compatible(&want, b))
                return invalid_argument("Input matrix and rhs are incompatible.");
        c->out[0] = *b;
        c->out[0].dim[b->rank - 2] = a->dim[a->rank - 1];
        return NULL;
}

OP(MatrixSolveLs, .inputs = "matrix:T; rhs:T; l2_regularizer:double", .outputs = "output:T",
   .attrs = "T:type in [double,float,half,complex64,complex128]; fast:bool = true",
   .kernels = "T:type in [float,double,complex64,complex128]", .shape = ls_shape,
   .compute = solve_ls, .costly = true);
OP(BatchMatrixSolveLs, .inputs = "matrix:T; rhs:T; l2_regularizer:double", .outputs = "output:T",
   .attrs = "T:type in [double,float]; fast:bool = true", .flags = "deprecated@13",
   .shape = ls_shape, .compute = solve_ls, .costly = true);
