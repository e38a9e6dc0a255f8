// SPDX-License-Identifier: Apache-2.0
/* TridiagonalSolve, TridiagonalMatMul: matrices of which only the main diagonal and its two
 * neighbours are not zero. Row i holds super[i] right of diag[i] and sub[i] left of it. */
#include "engine/kernels/linalg/square.h"

/* ---- solving ---- */

/* Elimination fills u, three numbers a row: U has two diagonals above the main one when rows change
 * places. A matrix that is singular gives NaNs, as in TensorFlow; with perturb a zero on U's
 * diagonal is taken for a tiny number. */
#define SOLVE(ID, T, W, GET, PUT)                                                                 \
        static void nans_##ID(T *x, int64_t n)                                                    \
        {                                                                                         \
                for (int64_t i = 0; i < n; i++)                                                   \
                        x[i] = (T)NAN;                                                            \
        }                                                                                         \
        /* Swaps rows i and i + 1 of u and x if that brings the larger pivot up; row i + 1 still  \
         * has the sub diagonal's number, *low, in front. */                                      \
        static void pivot_##ID(T *u, T *low, T *x, int64_t m)                                     \
        {                                                                                         \
                T t = u[0];                                                                       \
                if (!(fabs(*low) > fabs(u[0])))                                                   \
                        return;                                                                   \
                u[0] = *low;                                                                      \
                *low = t;                                                                         \
                t = u[1], u[1] = u[3], u[3] = t;                                                  \
                t = u[2], u[2] = u[4], u[4] = t;                                                  \
                for (int64_t j = 0; j < m; j++)                                                   \
                        t = x[j], x[j] = x[m + j], x[m + j] = t;                                  \
        }                                                                                         \
        static bool eliminate_##ID(const T *d, int64_t n, bool pivoting, T tiny, T *x, int64_t m, \
                                   T *u)                                                          \
        {                                                                                         \
                const T *super = d, *diag = d + n, *sub = d + 2 * n;                              \
                for (int64_t i = 0; i < n; i++) {                                                 \
                        u[3 * i] = diag[i];                                                       \
                        u[3 * i + 1] = i + 1 < n ? super[i] : 0;                                  \
                        u[3 * i + 2] = 0;                                                         \
                }                                                                                 \
                for (int64_t i = 0; i < n; i++) {                                                 \
                        T *r = u + 3 * i, low = i + 1 < n ? sub[i + 1] : 0;                       \
                        if (pivoting && i + 1 < n)                                                \
                                pivot_##ID(r, &low, x + i * m, m);                                \
                        if (r[0] == 0)                                                            \
                                r[0] = tiny;                                                      \
                        if (r[0] == 0)                                                            \
                                return false;                                                     \
                        if (i + 1 == n)                                                           \
                                break;                                                            \
                        T f = low / r[0];                                                         \
                        r[3] -= f * r[1];                                                         \
                        r[4] -= f * r[2];                                                         \
                        for (int64_t j = 0; j < m; j++)                                           \
                                x[(i + 1) * m + j] -= f * x[i * m + j];                           \
                }                                                                                 \
                return true;                                                                      \
        }                                                                                         \
        static void solve_##ID(const T *d, int64_t n, bool pivoting, bool perturb, T *x,          \
                               int64_t m, T *u)                                                   \
        {                                                                                         \
                typeof(REAL_##ID((T)0)) most = 0, least = sizeof most == 4 ? 1e-7f : 1e-16;       \
                for (int64_t i = 0; i < 3 * n; i++)                                               \
                        most = fabs(d[i]) > most ? fabs(d[i]) : most;                             \
                if (!eliminate_##ID(d, n, pivoting, perturb ? MAX(most, least) * least : 0, x, m, \
                                    u)) {                                                         \
                        nans_##ID(x, n *m);                                                       \
                        return;                                                                   \
                }                                                                                 \
                for (int64_t i = n - 1; i >= 0; i--)                                              \
                        for (int64_t j = 0; j < m; j++) {                                         \
                                T sum = x[i * m + j];                                             \
                                if (i + 1 < n)                                                    \
                                        sum -= u[3 * i + 1] * x[(i + 1) * m + j];                 \
                                if (i + 2 < n)                                                    \
                                        sum -= u[3 * i + 2] * x[(i + 2) * m + j];                 \
                                x[i * m + j] = sum / u[3 * i];                                    \
                        }                                                                         \
        }                                                                                         \
        static void solve_all_##ID(const T *d, int64_t batch, int64_t n, bool pivoting,           \
                                   bool perturb, T *x, int64_t m, T *u)                           \
        {                                                                                         \
                for (int64_t b = 0; b < batch; b++)                                               \
                        solve_##ID(d + b * 3 * n, n, pivoting, perturb, x + b * n * m, m, u);     \
        }
LINALG_TYPES(SOLVE)
#undef SOLVE

/* Diagonals come as three rows of one matrix: above, main, below. */
static Status *solve_shape(ShapeCtx *c)
{
        const Shape *d = shape_in(c, 0), *b = shape_in(c, 1);
        TRY(shape_want_rank_at_least_as(c, 0, 2, "Input tensor 0 must have rank >= 2"));
        TRY(shape_want_rank_at_least_as(c, 1, 2, "Input tensor 1 must have rank >= 2"));
        c->out[0] = *b;
        if (d->rank >= 0 && d->dim[d->rank - 2] >= 0 && d->dim[d->rank - 2] != 3)
                return invalid_argument("Expected diagonals to have 3 rows, got %lld",
                                        (long long)d->dim[d->rank - 2]);
        if (d->rank < 0 || b->rank < 0)
                return NULL;
        Shape want = *d;
        want.dim[want.rank - 2] = d->dim[d->rank - 1];
        want.dim[want.rank - 1] = -1;
        if (!shape_compatible(&want, b))
                return invalid_argument("Expected the right-hand sides to have shape %s, got %s",
                                        shape_text(&want).s, shape_text(b).s);
        return NULL;
}

/* Solved in place, in a copy of the right-hand side. perturb_singular needs the pivots. */
static Status *tridiagonal_solve(OpCtx *c)
{
        const Tensor *d = ctx_input(c, 0), *b = ctx_input(c, 1);
        Tensor *x = ctx_output(c, 0);
        int64_t n = tensor_dim(x, tensor_rank(x) - 2), m = tensor_dim(x, tensor_rank(x) - 1);
        bool pivoting = node_bool(ctx_node(c), "partial_pivoting", true);
        bool perturb = node_bool(ctx_node(c), "perturb_singular", false);
        if (perturb && !pivoting)
                return invalid_argument("Setting perturb_singular requires pivoting.");
        if (!tensor_count(x))
                return NULL;
        void *u = ctx_scratch(c, (size_t)n * 3 * LINALG_ELEMENT);
        if (!u)
                return status_oom();
        memcpy(tensor_fill(x), tensor_data(b), tensor_bytes(x));
        DISPATCH(LINALG_TYPES, tensor_dtype(d), solve_all, tensor_data(d),
                 tensor_count(x) / (n * m), n, pivoting, perturb, tensor_fill(x), m, u);
        return NULL;
}

OP(TridiagonalSolve, .inputs = "diagonals:T; rhs:T", .outputs = "output:T",
   .attrs = "partial_pivoting:bool = true; perturb_singular:bool = false; T:type in "
            "[double,float,complex64,complex128]",
   .shape = solve_shape, .compute = tridiagonal_solve);

/* ---- multiplying ---- */

/* The first row has nothing on its left and the last nothing on its right, whatever the diagonals
 * hold there. */
#define MULTIPLY(ID, T, W, GET, PUT)                                                       \
        static void multiply_##ID(const T *super, const T *diag, const T *sub, const T *x, \
                                  int64_t batch, int64_t n, int64_t m, T *y)               \
        {                                                                                  \
                for (int64_t r = 0; r < batch * n; r++, x += m, y += m)                    \
                        for (int64_t j = 0; j < m; j++) {                                  \
                                y[j] = diag[r] * x[j];                                     \
                                if (r % n + 1 < n)                                         \
                                        y[j] += super[r] * x[m + j];                       \
                                if (r % n)                                                 \
                                        y[j] += sub[r] * x[j - m];                         \
                        }                                                                  \
        }
LINALG_TYPES(MULTIPLY)
#undef MULTIPLY

/* Here the diagonals are three inputs of one row each. */
static Status *matmul_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 3);
        TRY(shape_want_rank_at_least(c, 3, 2));
        c->out[0] = *x;
        for (int i = 0; i < 3 && x->rank >= 0; i++) {
                Shape want = *x;
                want.dim[want.rank - 1] = x->dim[x->rank - 2];
                want.dim[want.rank - 2] = 1;
                if (!shape_compatible(&want, shape_in(c, i)))
                        return invalid_argument("Expected a diagonal of shape %s, got %s",
                                                shape_text(&want).s, shape_text(shape_in(c, i)).s);
        }
        return NULL;
}

static Status *tridiagonal_matmul(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 3);
        int64_t n = tensor_dim(x, tensor_rank(x) - 2), m = tensor_dim(x, tensor_rank(x) - 1);
        if (tensor_count(x))
                DISPATCH(LINALG_TYPES, tensor_dtype(x), multiply, tensor_data(ctx_input(c, 0)),
                         tensor_data(ctx_input(c, 1)), tensor_data(ctx_input(c, 2)), tensor_data(x),
                         tensor_count(x) / (n * m), n, m, tensor_fill(ctx_output(c, 0)));
        return NULL;
}

OP(TridiagonalMatMul, .inputs = "superdiag:T; maindiag:T; subdiag:T; rhs:T", .outputs = "output:T",
   .attrs = "T:type in [double,float,complex64,complex128]", .shape = matmul_shape,
   .compute = tridiagonal_matmul);
