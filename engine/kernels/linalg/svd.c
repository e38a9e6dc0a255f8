// SPDX-License-Identifier: Apache-2.0
/* Svd: A = U diag(s) V' for batches of matrices. LAPACK reads columns first, so that it sees A' and
 * swaps the parts of U and V. */
#include "engine/kernels/linalg/svd.h"

/* Sides beyond this would need work arrays that LAPACK's 32-bit sizes cannot name. */
enum { SVD_MAX_SIDE = 16384 };

#define GESDD(fn, T)                                                                           \
        void fn(const char *job, const int *m, const int *n, T *a, const int *lda, T *s, T *u, \
                const int *ldu, T *vt, const int *ldvt, T *work, const int *lwork, int *iwork, \
                int *info);
GESDD(sgesdd_, float)
GESDD(dgesdd_, double)
#define GESDD_FLOAT  sgesdd_
#define GESDD_DOUBLE dgesdd_

/* One matrix after another: what LAPACK is told, and its scratch. */
typedef struct Svd {
        int m, n, k, u_cols, v_cols; /* A is m by n, k the smaller; u_cols is k or m */
        bool vectors;
        void *a, *v, *work; /* work is NULL while its size is asked for */
        int lwork, *iwork;
} Svd;

/* U and V are square with full_matrices, else as many columns as there are singular values. */
static Status *svd_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        if (x->rank >= 0 && x->rank < 2)
                return invalid_argument("Input tensor 0 must have rank >= 2");
        if (x->rank < 0)
                return NULL;
        bool vectors = node_bool(c->node, "compute_uv", true);
        bool full = node_bool(c->node, "full_matrices", false);
        int64_t m = x->dim[x->rank - 2], n = x->dim[x->rank - 1];
        int64_t k = m < 0 || n < 0 ? -1 : MIN(m, n);
        Shape s = *x, u = *x, v = *x;
        s.rank--;
        s.dim[s.rank - 1] = k;
        u.dim[u.rank - 1] = full ? m : k;
        v.dim[v.rank - 2] = n;
        v.dim[v.rank - 1] = full ? n : k;
        c->out[0] = s;
        c->out[1] = vectors ? u : SHAPE(0);
        c->out[2] = vectors ? v : SHAPE(0);
        return NULL;
}

/* gesdd sees A', hence n and m change places, and so do u and v. What it gives for v is turned back
 * at the end. Matrices that are not finite give NaN. */
#define LOOP(ID, T, W, GET, PUT)                                                                \
        static int gesdd_##ID(const Svd *d, T *s, T *u, T *work, int lwork)                     \
        {                                                                                       \
                const char *job = !d->vectors                            ? "N"                  \
                                  : d->u_cols > d->k || d->v_cols > d->k ? "A"                  \
                                                                         : "S";                 \
                int info = 0, ldv = MAX(d->n, 1), ldu = MAX(d->u_cols, 1);                      \
                GESDD_##ID(job, &d->n, &d->m, d->a, &ldv, s, d->v, &ldv, u, &ldu, work, &lwork, \
                           d->iwork, &info);                                                    \
                return info;                                                                    \
        }                                                                                       \
        static int64_t work_##ID(const Svd *d)                                                  \
        {                                                                                       \
                T size = 0;                                                                     \
                return gesdd_##ID(d, NULL, NULL, &size, -1) ? 0 : (int64_t)(size * 1.01) + 64;  \
        }                                                                                       \
        static bool finite_##ID(const T *a, int64_t count)                                      \
        {                                                                                       \
                for (int64_t i = 0; i < count; i++)                                             \
                        if (!isfinite(a[i]))                                                    \
                                return false;                                                   \
                return true;                                                                    \
        }                                                                                       \
        static void unset_##ID(T *x, int64_t count)                                             \
        {                                                                                       \
                for (int64_t i = 0; i < count; i++)                                             \
                        x[i] = (T)NAN;                                                          \
        }                                                                                       \
        static Status *one_##ID(const Svd *d, const T *a, T *s, T *u, T *v)                     \
        {                                                                                       \
                int64_t count = (int64_t)d->m * d->n;                                           \
                const T *columns = d->v;                                                        \
                if (!finite_##ID(a, count)) {                                                   \
                        unset_##ID(s, d->k);                                                    \
                        unset_##ID(u, d->vectors ? (int64_t)d->m * d->u_cols : 0);              \
                        unset_##ID(v, d->vectors ? (int64_t)d->n * d->v_cols : 0);              \
                        return NULL;                                                            \
                }                                                                               \
                memcpy(d->a, a, (size_t)count * sizeof *a);                                     \
                if (gesdd_##ID(d, s, u, d->work, d->lwork))                                     \
                        return invalid_argument("Singular value decomposition failed.");        \
                for (int64_t i = 0; i < d->n && d->vectors; i++)                                \
                        for (int64_t j = 0; j < d->v_cols; j++)                                 \
                                v[i * d->v_cols + j] = columns[j * d->n + i];                   \
                return NULL;                                                                    \
        }                                                                                       \
        static Status *all_##ID(OpCtx *c, const Svd *d, const T *a, int64_t batch, T *s, T *u,  \
                                T *v)                                                           \
        {                                                                                       \
                int64_t mu = (int64_t)d->m * d->u_cols, nv = (int64_t)d->n * d->v_cols;         \
                for (int64_t b = 0; b < batch; b++) {                                           \
                        if (ctx_cancelled(c))                                                   \
                                return cancelled("Step was cancelled");                         \
                        TRY(one_##ID(d, a + b * d->m * d->n, s + b * d->k,                      \
                                     d->vectors ? u + b * mu : NULL,                            \
                                     d->vectors ? v + b * nv : NULL));                          \
                }                                                                               \
                return NULL;                                                                    \
        }
LINALG_REALS(LOOP)
#undef LOOP

#define IDENTITY(ID, T, W, GET, PUT)                              \
        static void identity_##ID(T *x, int64_t batch, int64_t n) \
        {                                                         \
                for (int64_t i = 0; i < batch * n * n; i++)       \
                        x[i] = (T)(i % (n * n) % (n + 1) == 0);   \
        }
LINALG_TYPES(IDENTITY)
#undef IDENTITY

/* Matrices without elements: full_matrices still promises orthogonal ones. */
static Status *svd_empty(OpCtx *c, const Svd *d, DType type)
{
        for (int i = 1; i < 3 && d->vectors; i++) {
                Tensor *t = ctx_output(c, i);
                int64_t n = tensor_dim(t, tensor_rank(t) - 1);
                if (tensor_count(t))
                        DISPATCH(LINALG_TYPES, type, identity, tensor_fill(t),
                                 tensor_count(t) / (n * n), n);
        }
        return NULL;
}

static int64_t svd_work(const Svd *d, DType type)
{
        return type == DT_FLOAT ? work_FLOAT(d) : work_DOUBLE(d);
}

static Status *svd(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        int rank = tensor_rank(x);
        DType type = tensor_dtype(x);
        int64_t m = tensor_dim(x, rank - 2), n = tensor_dim(x, rank - 1);
        bool full = node_bool(ctx_node(c), "full_matrices", false);
        if (m > SVD_MAX_SIDE || n > SVD_MAX_SIDE)
                return resource_exhausted("a matrix of %lld by %lld is too large for Svd",
                                          (long long)m, (long long)n);
        Svd d = { .m = (int)m, .n = (int)n, .k = (int)MIN(m, n) };
        d.vectors = node_bool(ctx_node(c), "compute_uv", true);
        d.u_cols = full ? d.m : d.k;
        d.v_cols = full ? d.n : d.k;
        if (!tensor_count(x))
                return svd_empty(c, &d, type);
        if (dtype_is_complex(type))
                return svd_complex(c, d.vectors, full);
        /* LAPACK says itself how much room it wants. */
        int64_t lwork = svd_work(&d, type);
        if (lwork <= 0 || lwork > INT32_MAX)
                return resource_exhausted("a matrix of %lld by %lld is too large for Svd",
                                          (long long)m, (long long)n);
        d.lwork = (int)lwork;
        d.a = ctx_scratch(c, (size_t)(m * n) * sizeof(double));
        d.v = ctx_scratch(c, d.vectors ? (size_t)(n * d.v_cols) * sizeof(double) : 8);
        d.work = ctx_scratch(c, (size_t)lwork * sizeof(double));
        d.iwork = ctx_scratch(c, (size_t)d.k * 8 * sizeof(int));
        if (!d.a || !d.v || !d.work || !d.iwork)
                return status_oom();
        DISPATCH_RETURN(LINALG_REALS, type, all, c, &d, tensor_data(x), tensor_count(x) / (m * n),
                        tensor_fill(ctx_output(c, 0)), tensor_fill(ctx_output(c, 1)),
                        tensor_fill(ctx_output(c, 2)));
}

OP(Svd, .inputs = "input:T", .outputs = "s:T; u:T; v:T",
   .attrs = "compute_uv:bool = true; full_matrices:bool = false; "
            "T:type in [double,float,half,complex64,complex128]",
   .kernels = LINALG_KERNELS, .shape = svd_shape, .compute = svd, .costly = true);
OP(BatchSvd, .inputs = "input:T", .outputs = "s:T; u:T; v:T",
   .attrs = "compute_uv:bool = true; full_matrices:bool = false; "
            "T:type in [double,float,complex64,complex128]",
   .flags = "deprecated@13", .kernels = LINALG_KERNELS, .shape = svd_shape, .compute = svd,
   .costly = true);
