// SPDX-License-Identifier: Apache-2.0
/* Sparse matrices element by element: their sum, multiples, softmax. TensorFlow has kernels of
 * these for GPUs only; zeros that are entries stay so. */
#include "engine/kernels/sparse/csr.h"

/* A matrix with m's entries and values of its own. */
static Status *copy_entries(const Csr *m, Csr **ret)
{
        autoptr(Csr) y = NULL;
        TRY(csr_new(tensor_dtype(m->values), 3, (int64_t[]){ m->batch, m->rows, m->cols },
                    tensor_count(m->values), &y));
        y->rank = m->rank;
        memcpy(tensor_fill(y->starts), tensor_data(m->starts), tensor_bytes(m->starts));
        TRY(tensor_copy_elements(y->at, 0, m->at, 0, tensor_count(m->at)));
        *ret = steal(&y);
        return NULL;
}

static Status *first_shape(ShapeCtx *c)
{
        c->out[0] = SHAPE_SCALAR;
        return shape_want_rank(c, 0, 0);
}

/* ---- multiples ---- */

#define MULTIPLY(ID, T, W, GET, PUT)                                         \
        static void multiply_##ID(const Csr *m, const T *b, bool each, T *y) \
        {                                                                    \
                const T *x = tensor_data(m->values);                         \
                int64_t from, to;                                            \
                for (int64_t row = 0; row < m->batch * m->rows; row++) {     \
                        csr_row(m, row, &from, &to);                         \
                        for (int64_t i = from; i < to; i++)                  \
                                y[i] = x[i] * b[each ? row / m->rows : 0];   \
                }                                                            \
        }
LINALG_TYPES(MULTIPLY)
#undef MULTIPLY

static Status *multiply(OpCtx *c)
{
        const Tensor *b = ctx_input(c, 1);
        int rank = tensor_rank(b);
        const Csr *m;
        autoptr(Csr) y = NULL;
        TRY(csr_in_beside(c, b, &m));
        if (rank != 0 && rank != 3)
                return unimplemented("Multiplying by a 2D+ dense tensor is not currently "
                                     "supported, but shape of b is: %s",
                                     shape_text(tensor_shape(b)).s);
        if (rank == 3 &&
            (m->rank != 3 || tensor_dim(b, 0) != m->batch || tensor_count(b) != m->batch))
                return invalid_argument("If b is a rank-3 tensor, then a must be a rank 3 and the "
                                        "size of b be [batch_size, 1, 1].  But the shape of b is: "
                                        "%s",
                                        shape_text(tensor_shape(b)).s);
        TRY(copy_entries(m, &y));
        DISPATCH(LINALG_TYPES, tensor_dtype(b), multiply, m, tensor_data(b), rank == 3,
                 tensor_fill(y->values));
        csr_out(c, &y);
        return NULL;
}

OP(SparseMatrixMul, .inputs = "a:variant; b:T", .outputs = "output:variant", .attrs = "T:type",
   .kernels = LINALG_KERNELS, .shape = first_shape, .compute = multiply);

/* ---- sum ---- */

/* The next column of a row of a or b, whose entries from *i on are to come; false at both ends. */
static bool next_col(const Csr *a, int64_t i, int64_t a_end, const Csr *b, int64_t j, int64_t b_end,
                     int64_t *ret)
{
        if (i == a_end && j == b_end)
                return false;
        int64_t left = i < a_end ? csr_col(a, i) : INT64_MAX;
        int64_t right = j < b_end ? csr_col(b, j) : INT64_MAX;
        *ret = MIN(left, right);
        return true;
}

/* Goes through all rows of both; with y the sums are put there. */
#define SUM(ID, T, W, GET, PUT)                                                                 \
        static void sum_##ID(const Csr *a, const Csr *b, const T *alpha, const T *beta, Csr *y, \
                             int64_t *ret_n)                                                    \
        {                                                                                       \
                const T *x = tensor_data(a->values), *z = tensor_data(b->values);               \
                int64_t n = 0, i, a_end, j, b_end, col;                                         \
                for (int64_t row = 0; row < a->batch * a->rows; row++) {                        \
                        csr_row(a, row, &i, &a_end);                                            \
                        csr_row(b, row, &j, &b_end);                                            \
                        for (; next_col(a, i, a_end, b, j, b_end, &col); n++) {                 \
                                T sum = 0;                                                      \
                                for (; i < a_end && csr_col(a, i) == col; i++)                  \
                                        sum += *alpha * x[i];                                   \
                                for (; j < b_end && csr_col(b, j) == col; j++)                  \
                                        sum += *beta * z[j];                                    \
                                if (!y)                                                         \
                                        continue;                                               \
                                csr_entry(y, n, row, col);                                      \
                                ((T *)tensor_fill(y->values))[n] = sum;                         \
                        }                                                                       \
                }                                                                               \
                *ret_n = n;                                                                     \
        }
LINALG_TYPES(SUM)
#undef SUM

static Status *sum(const OpCtx *c, const Csr *a, const Csr *b, Csr *y, int64_t *ret_n)
{
        DISPATCH(LINALG_TYPES, tensor_dtype(a->values), sum, a, b, tensor_data(ctx_input(c, 2)),
                 tensor_data(ctx_input(c, 3)), y, ret_n);
        return NULL;
}

static Status *add(OpCtx *c)
{
        DType type = tensor_dtype(ctx_input(c, 2));
        int64_t n;
        const Csr *a, *b;
        autoptr(Csr) y = NULL;
        TRY(csr_in(c, 0, type, "a", &a));
        TRY(csr_in(c, 1, type, "b", &b));
        if (a->rank != b->rank || a->batch != b->batch || a->rows != b->rows || a->cols != b->cols)
                return invalid_argument("Incompatible shapes of a and b, a.shape == "
                                        "[%lld,%lld,%lld], b.shape == [%lld,%lld,%lld]",
                                        (long long)a->batch, (long long)a->rows, (long long)a->cols,
                                        (long long)b->batch, (long long)b->rows,
                                        (long long)b->cols);
        TRY(sum(c, a, b, NULL, &n));
        TRY(csr_new(type, 3, (int64_t[]){ a->batch, a->rows, a->cols }, n, &y));
        y->rank = a->rank;
        TRY(sum(c, a, b, y, &n));
        csr_close(y);
        csr_out(c, &y);
        return NULL;
}

static Status *add_shape(ShapeCtx *c)
{
        for (int i = 0; i < 4; i++)
                TRY(shape_want_rank(c, i, 0));
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

OP(SparseMatrixAdd, .inputs = "a:variant; b:variant; alpha:T; beta:T", .outputs = "c:variant",
   .attrs = "T:type in [float,double,complex64,complex128]", .shape = add_shape, .compute = add);

/* ---- softmax ---- */

/* Over the entries of each row. */
#define SOFTMAX(ID, T, W, GET, PUT)                                                           \
        static void softmax_##ID(const Csr *m, T *y)                                          \
        {                                                                                     \
                const T *x = tensor_data(m->values);                                          \
                int64_t from, to;                                                             \
                for (int64_t row = 0; row < m->batch * m->rows; row++) {                      \
                        T most = -(T)INFINITY, sum = 0;                                       \
                        csr_row(m, row, &from, &to);                                          \
                        for (int64_t i = from; i < to; i++)                                   \
                                most = x[i] > most ? x[i] : most;                             \
                        for (int64_t i = from; i < to; i++)                                   \
                                sum += y[i] = exp(x[i] - most);                               \
                        for (int64_t i = from; i < to; i++)                                   \
                                y[i] /= sum;                                                  \
                }                                                                             \
        }                                                                                     \
        /* The gradient counts where s has entries; it need not have all of them. */          \
        static void softmax_grad_##ID(const Csr *s, const Csr *g, T *y)                       \
        {                                                                                     \
                const T *p = tensor_data(s->values), *dp = tensor_data(g->values);            \
                int64_t from, to, j, end;                                                     \
                for (int64_t row = 0; row < s->batch * s->rows; row++) {                      \
                        T sum = 0;                                                            \
                        csr_row(s, row, &from, &to);                                          \
                        csr_row(g, row, &j, &end);                                            \
                        for (int64_t i = from; i < to; i++) {                                 \
                                while (j < end && csr_col(g, j) < csr_col(s, i))              \
                                        j++;                                                  \
                                y[i] = j < end && csr_col(g, j) == csr_col(s, i) ? dp[j] : 0; \
                                sum += y[i] * p[i];                                           \
                        }                                                                     \
                        for (int64_t i = from; i < to; i++)                                   \
                                y[i] = (y[i] - sum) * p[i];                                   \
                }                                                                             \
        }
LINALG_REALS(SOFTMAX)
#undef SOFTMAX

static Status *softmax(OpCtx *c)
{
        const Csr *m;
        autoptr(Csr) y = NULL;
        TRY(csr_in(c, 0, node_type(ctx_node(c), "type", DT_INVALID), "logits", &m));
        TRY(copy_entries(m, &y));
        DISPATCH(LINALG_REALS, tensor_dtype(m->values), softmax, m, tensor_fill(y->values));
        csr_out(c, &y);
        return NULL;
}

OP(SparseMatrixSoftmax, .inputs = "logits:variant", .outputs = "softmax:variant",
   .attrs = "type:type in [float,double]", .shape = first_shape, .compute = softmax);

static Status *softmax_grad_shape(ShapeCtx *c)
{
        TRY(shape_want_rank(c, 1, 0));
        return first_shape(c);
}

static Status *softmax_grad(OpCtx *c)
{
        DType type = node_type(ctx_node(c), "type", DT_INVALID);
        const Csr *s, *g;
        autoptr(Csr) y = NULL;
        TRY(csr_in(c, 0, type, "softmax", &s));
        TRY(csr_in(c, 1, type, "grad_softmax", &g));
        if (s->rank != g->rank || s->batch != g->batch || s->rows != g->rows)
                return invalid_argument("Ranks of softmax and grad_softmax matrices differ, or "
                                        "their rows: %d of %lld and %lld rows, %d of %lld and "
                                        "%lld",
                                        s->rank, (long long)s->batch, (long long)s->rows, g->rank,
                                        (long long)g->batch, (long long)g->rows);
        TRY(copy_entries(s, &y));
        DISPATCH(LINALG_REALS, type, softmax_grad, s, g, tensor_fill(y->values));
        csr_out(c, &y);
        return NULL;
}

OP(SparseMatrixSoftmaxGrad, .inputs = "softmax:variant; grad_softmax:variant",
   .outputs = "gradient:variant", .attrs = "type:type in [float,double]",
   .shape = softmax_grad_shape, .compute = softmax_grad);
