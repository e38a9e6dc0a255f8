// SPDX-License-Identifier: Apache-2.0
/* Qr: A = Q R by Householder's reflections, each of which clears one column below the diagonal. */
#include "engine/kernels/linalg/square.h"

/* Q is square with full_matrices; R then has rows of zeros below. */
static Status *qr_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        if (x->rank >= 0 && x->rank < 2)
                return invalid_argument("Input tensor 0 must have rank >= 2");
        if (x->rank < 0)
                return NULL;
        int64_t m = x->dim[x->rank - 2], n = x->dim[x->rank - 1];
        int64_t k = m < 0 || n < 0 ? -1 : MIN(m, n);
        bool full = node_bool(c->node, "full_matrices", false);
        c->out[0] = c->out[1] = *x;
        c->out[0].dim[x->rank - 1] = c->out[1].dim[x->rank - 2] = full ? m : k;
        return NULL;
}

/* reflector(): turns x (n elements, `step` apart) into the vector v with v[0] = 1 (not stored) and
 * returns tau, so that (1 - conj(tau) v v^H) x = (beta, 0, ...); x[0] becomes beta, a real number.
 * reflect(): a (rows of `cols`, from column `from`) becomes (1 - tau v v^H) a. */
#define LOOP(ID, T, W, GET, PUT)                                                                  \
        static T reflector_##ID(T *x, int64_t n, int64_t step)                                    \
        {                                                                                         \
                typeof(REAL_##ID(x[0])) tail = 0, size = fabs(x[0]), beta;                        \
                T head = x[0];                                                                    \
                for (int64_t i = 1; i < n; i++)                                                   \
                        tail += REAL_##ID(x[i * step] * CONJ_##ID(x[i * step]));                  \
                if (tail == 0 && head == REAL_##ID(head))                                         \
                        return 0;                                                                 \
                beta = -copysign(sqrt(size * size + tail), REAL_##ID(head));                      \
                for (int64_t i = 1; i < n; i++)                                                   \
                        x[i * step] /= head - beta;                                               \
                x[0] = beta;                                                                      \
                return (beta - head) / beta;                                                      \
        }                                                                                         \
        static void reflect_##ID(const T *v, int64_t n, int64_t step, T tau, T *a, int64_t cols,  \
                                 int64_t from)                                                    \
        {                                                                                         \
                for (int64_t j = from; j < cols && tau != 0; j++) {                               \
                        T dot = a[j];                                                             \
                        for (int64_t i = 1; i < n; i++)                                           \
                                dot += CONJ_##ID(v[i * step]) * a[i * cols + j];                  \
                        a[j] -= tau * dot;                                                        \
                        for (int64_t i = 1; i < n; i++)                                           \
                                a[i * cols + j] -= tau * dot * v[i * step];                       \
                }                                                                                 \
        }                                                                                         \
        static Status *factor_##ID(OpCtx *c, T *a, int64_t m, int64_t n, T *tau)                  \
        {                                                                                         \
                for (int64_t k = 0; k < MIN(m, n); k++) {                                         \
                        if (ctx_cancelled(c))                                                     \
                                return cancelled("Step was cancelled");                           \
                        tau[k] = reflector_##ID(a + k * n + k, m - k, n);                         \
                        reflect_##ID(a + k * n + k, m - k, n, CONJ_##ID(tau[k]), a + k * n, n,    \
                                     k + 1);                                                      \
                }                                                                                 \
                return NULL;                                                                      \
        }                                                                                         \
        static void expand_##ID(const T *a, int64_t m, int64_t n, const T *tau, T *q, int64_t qn, \
                                T *r)                                                             \
        {                                                                                         \
                for (int64_t i = 0; i < m * qn; i++)                                              \
                        q[i] = (T)(i / qn == i % qn);                                             \
                for (int64_t k = MIN(m, n) - 1; k >= 0; k--)                                      \
                        reflect_##ID(a + k * n + k, m - k, n, tau[k], q + k * qn, qn, k);         \
                for (int64_t i = 0; i < qn; i++)                                                  \
                        for (int64_t j = 0; j < n; j++)                                           \
                                r[i * n + j] = i <= j ? a[i * n + j] : 0;                         \
        }                                                                                         \
        static Status *all_##ID(OpCtx *c, const T *x, int64_t batch, int64_t m, int64_t n, T *q,  \
                                int64_t qn, T *r, T *a, T *tau)                                   \
        {                                                                                         \
                for (int64_t b = 0; b < batch; b++) {                                             \
                        memcpy(a, x + b * m * n, (size_t)(m * n) * sizeof *a);                    \
                        TRY(factor_##ID(c, a, m, n, tau));                                        \
                        expand_##ID(a, m, n, tau, q + b * m * qn, qn, r + b * qn * n);            \
                }                                                                                 \
                return NULL;                                                                      \
        }
LINALG_TYPES(LOOP)
#undef LOOP

/* One matrix of scratch serves the batch: R ends up above its diagonal, the reflections below. */
static Status *qr(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *q = ctx_output(c, 0), *r = ctx_output(c, 1);
        int rank = tensor_rank(x);
        int64_t m = tensor_dim(x, rank - 2), n = tensor_dim(x, rank - 1);
        int64_t qn = tensor_dim(q, rank - 1), batch = shape_product(tensor_shape(x), 0, rank - 2);
        if (!tensor_count(q) && !tensor_count(r))
                return NULL;
        void *a = ctx_scratch(c, (size_t)(m * n) * LINALG_ELEMENT);
        void *tau = ctx_scratch(c, (size_t)MIN(m, n) * LINALG_ELEMENT);
        if (!a || !tau)
                return status_oom();
        DISPATCH_RETURN(LINALG_TYPES, tensor_dtype(x), all, c, tensor_data(x), batch, m, n,
                        tensor_fill(q), qn, tensor_fill(r), a, tau);
}

OP(Qr, .inputs = "input:T", .outputs = "q:T; r:T",
   .attrs = "full_matrices:bool = false; T:type in [double,float,half,complex64,complex128]",
   .kernels = LINALG_KERNELS, .shape = qr_shape, .compute = qr, .costly = true);
