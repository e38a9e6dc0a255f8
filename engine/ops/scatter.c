// SPDX-License-Identifier: Apache-2.0
/* Scatter: rows named by indices are changed by rows of updates. */
#include "engine/ops/indexing.h"

/* ---- the arithmetic: x[i] = x[i] op u[i * step] ---- */

/* Integers wrap around, as they do in TensorFlow. */
#define WRAP(W, builtin, a, b)                \
        ({                                    \
                W r_;                         \
                (void)builtin((a), (b), &r_); \
                r_;                           \
        })
#define LOOP(ID, T, W, GET, PUT, name, expression)                         \
        static void name##_##ID(T *x, const T *u, int64_t step, int64_t n) \
        {                                                                  \
                for (int64_t i = 0; i < n; i++) {                          \
                        W a = GET(x[i]), b = GET(u[i * step]);             \
                        x[i] = PUT((W)(expression));                       \
                }                                                          \
        }
#define FLOATING(ID, T, W, GET, PUT)              \
        LOOP(ID, T, W, GET, PUT, add, a + b)      \
        LOOP(ID, T, W, GET, PUT, subtract, a - b) \
        LOOP(ID, T, W, GET, PUT, multiply, a *b)  \
        LOOP(ID, T, W, GET, PUT, divide, a / b)
/* The caller made sure that b is never zero; dividing by -1 must not trap. */
#define INTEGER(ID, T, W, GET, PUT)                                               \
        LOOP(ID, T, W, GET, PUT, add, WRAP(W, __builtin_add_overflow, a, b))      \
        LOOP(ID, T, W, GET, PUT, subtract, WRAP(W, __builtin_sub_overflow, a, b)) \
        LOOP(ID, T, W, GET, PUT, multiply, WRAP(W, __builtin_mul_overflow, a, b)) \
        LOOP(ID, T, W, GET, PUT, divide,                                          \
             b == (W)-1 && (W)-1 < 1 ? WRAP(W, __builtin_sub_overflow, (W)0, a) : (W)(a / b))
#define ORDER(ID, T, W, GET, PUT)                        \
        LOOP(ID, T, W, GET, PUT, smaller, b < a ? b : a) \
        LOOP(ID, T, W, GET, PUT, larger, a < b ? b : a)
FLOAT_TYPES(FLOATING)
COMPLEX_TYPES(FLOATING)
INT_TYPES(INTEGER)
REAL_TYPES(ORDER)
LOOP(BOOL, bool, bool, SAME_, SAME_, add, a || b)
#define ADD_TYPES(X, ...) NUMBER_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)

/* Integer division by zero is an error before anything is written. */
static Status *check_divisors(const Tensor *u, int64_t at, int64_t n)
{
        if (!dtype_is_integer(tensor_dtype(u)))
                return NULL;
        for (int64_t i = 0; i < n; i++)
                if (tensor_int(u, at + i) == 0)
                        return invalid_argument("Integer division by zero");
        return NULL;
}

static Status *replace(Tensor *x, int64_t at, const Tensor *u, int64_t u_at, int64_t step,
                       int64_t n)
{
        if (step)
                return tensor_copy_elements(x, at, u, u_at, n);
        for (int64_t i = 0; i < n; i++)
                TRY(tensor_copy_elements(x, at + i, u, u_at, 1));
        return NULL;
}

/* n elements at one place; u_step 0 uses the same update for all. */
Status *scatter_apply(ScatterOp op, Tensor *x, int64_t at, const Tensor *u, int64_t u_at,
                      int64_t u_step, int64_t n)
{
        if (op == SCATTER_UPDATE || tensor_dtype(x) == DT_STRING)
                return replace(x, at, u, u_at, u_step, n);
        size_t size = dtype_size(tensor_dtype(x));
        void *to = (char *)tensor_fill(x) + (size_t)at * size;
        const void *from = (const char *)tensor_data(u) + (size_t)u_at * size;
        DType t = tensor_dtype(x);
        switch (op) {
        case SCATTER_ADD: DISPATCH(ADD_TYPES, t, add, to, from, u_step, n); break;
        case SCATTER_SUB: DISPATCH(NUMBER_TYPES, t, subtract, to, from, u_step, n); break;
        case SCATTER_MUL: DISPATCH(NUMBER_TYPES, t, multiply, to, from, u_step, n); break;
        case SCATTER_DIV:
                TRY(check_divisors(u, u_at, u_step ? n : MIN(n, 1)));
                DISPATCH(NUMBER_TYPES, t, divide, to, from, u_step, n);
                break;
        case SCATTER_MIN: DISPATCH(REAL_TYPES, t, smaller, to, from, u_step, n); break;
        default: DISPATCH(REAL_TYPES, t, larger, to, from, u_step, n); break;
        }
        return NULL;
}

/* ---- rows of the first dimension ---- */

/* One update for each index, or one scalar for all. */
Status *scatter_rows_check(const Shape *x, const Shape *indices, const Shape *updates)
{
        if (x->rank == 0)
                return invalid_argument("params must be at least 1-D, got shape %s",
                                        shape_text(x).s);
        if (x->rank < 0 || indices->rank < 0 || updates->rank <= 0)
                return NULL;
        Shape want = *indices;
        bool ok = indices->rank + x->rank - 1 <= SHAPE_MAX_RANK;
        for (int i = 1; i < x->rank && ok; i++)
                shape_append(&want, x->dim[i]);
        if (ok && shape_compatible(&want, updates))
                return NULL;
        return invalid_argument("Must have updates.shape = indices.shape + params.shape[1:] or "
                                "updates.shape = [], got updates.shape %s, indices.shape %s, "
                                "params.shape %s",
                                shape_text(updates).s, shape_text(indices).s, shape_text(x).s);
}

/* Indices are checked before the first write: a variable is changed wholly or not at all. */
Status *scatter_rows(ScatterOp op, Tensor *x, const Tensor *indices, const Tensor *updates)
{
        const Shape *s = tensor_shape(x);
        TRY(scatter_rows_check(s, tensor_shape(indices), tensor_shape(updates)));
        int64_t n = tensor_count(indices), inner = shape_product(s, 1, s->rank);
        bool scalar = tensor_rank(updates) == 0;
        for (int64_t i = 0; i < n; i++) {
                int64_t at = tensor_int(indices, i);
                if (at < 0 || at >= s->dim[0])
                        return invalid_argument("indices%s = %lld is not in [0, %lld)",
                                                index_text(tensor_shape(indices), i).s,
                                                (long long)at, (long long)s->dim[0]);
        }
        if (op == SCATTER_DIV && n && inner)
                TRY(check_divisors(updates, 0, tensor_count(updates)));
        for (int64_t i = 0; i < n; i++)
                TRY(scatter_apply(op, x, tensor_int(indices, i) * inner, updates,
                                  scalar ? 0 : i * inner, !scalar, inner));
        return NULL;
}

/* ---- rows named by vectors ---- */

static Status *nd_mismatch(const Shape *x, const Shape *indices, const Shape *updates, int64_t k)
{
        return invalid_argument("Must have updates.shape = indices.shape[:batch_dim] + "
                                "params_shape[slice_dim:], got updates.shape: %s, indices.shape: "
                                "%s, params_shape: %s, slice_dim: %lld, and batch_dim: %d",
                                shape_text(updates).s, shape_text(indices).s, shape_text(x).s,
                                (long long)k, indices->rank > 1 ? indices->rank - 1 : 1);
}

/* A vector of indices may stand for as many tuples of one; the updates' rank tells. */
static Shape nd_tuples(const Shape *x, const Shape *indices, const Shape *updates)
{
        Shape s = *indices;
        if (s.rank == 1 && updates->rank == x->rank)
                shape_append(&s, 1);
        return s;
}

/* Updates have the indices' outer dimensions and what the index tuples leave of x. */
Status *scatter_nd_check(const Shape *x, const Shape *indices, const Shape *updates)
{
        if (indices->rank == 0)
                return invalid_argument("Indices shape must have rank at least one. Found:[]");
        if (updates->rank == 0 && indices->rank > 1)
                return invalid_argument("Updates shape must have rank at least one. Found:[]");
        if (x->rank == 0)
                return invalid_argument("Output must be at least 1-D, got shape: []");
        if (x->rank < 0 || indices->rank < 0 || updates->rank < 0)
                return NULL;
        Shape want = nd_tuples(x, indices, updates);
        int64_t k = want.dim[--want.rank];
        if (want.rank && updates->dim[0] >= 0 && want.dim[0] >= 0 && updates->dim[0] != want.dim[0])
                return invalid_argument("The outermost dimension of updates and indices must match."
                                        " Got indices.shape %s, updates.shape %s",
                                        shape_text(indices).s, shape_text(updates).s);
        if (k < 0)
                return NULL;
        if (k > x->rank || want.rank + x->rank - (int)k > SHAPE_MAX_RANK)
                return nd_mismatch(x, indices, updates, k);
        for (int i = (int)k; i < x->rank; i++)
                shape_append(&want, x->dim[i]);
        return shape_compatible(&want, updates) ? NULL : nd_mismatch(x, indices, updates, k);
}

/* The row that an index tuple means; -1 outside. */
static int64_t row_of(const Shape *x, const Tensor *indices, int64_t i, int64_t k)
{
        int64_t row = 0;
        for (int64_t j = 0; j < k; j++) {
                int64_t at = tensor_int(indices, i * k + j);
                if (at < 0 || at >= x->dim[j])
                        return -1;
                row = row * x->dim[j] + at;
        }
        return row;
}

/* As scatter_rows(), with tuples for indices. */
Status *scatter_nd(ScatterOp op, Tensor *x, const Tensor *indices, const Tensor *updates)
{
        const Shape *s = tensor_shape(x);
        TRY(scatter_nd_check(s, tensor_shape(indices), tensor_shape(updates)));
        Shape outer = nd_tuples(s, tensor_shape(indices), tensor_shape(updates));
        int64_t k = outer.dim[--outer.rank], n = shape_product(&outer, 0, outer.rank);
        int64_t inner = shape_product(s, (int)k, s->rank);
        if (tensor_count(x) == 0 && (tensor_count(indices) || tensor_count(updates)))
                return invalid_argument("Indices and updates specified for empty output.  indices "
                                        "shape: %s",
                                        shape_text(tensor_shape(indices)).s);
        for (int64_t i = 0; i < n; i++)
                if (row_of(s, indices, i, k) < 0)
                        return invalid_argument("indices%s = [%s] does not index into shape %s",
                                                index_text(&outer, i).s,
                                                index_row_text(indices, i, k).s, shape_text(s).s);
        for (int64_t i = 0; i < n; i++)
                TRY(scatter_apply(op, x, row_of(s, indices, i, k) * inner, updates, i * inner, 1,
                                  inner));
        return NULL;
}
