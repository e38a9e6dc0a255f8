// SPDX-License-Identifier: Apache-2.0
/* SparseAdd, SparseSparseMaximum and Minimum: two sparse tensors of one shape walk side by side in
 * the order of their indices; where one has no entry it counts as zero. */
#include "engine/kernels/sparse/sparse.h"

#include <tgmath.h>

/* A step of the walk: entry a, entry b, or both; -1 where there is none. */
typedef struct Pair {
        int64_t a, b, key;
} Pair;

typedef struct Union {
        Sparse a, b;
        Pair *pair;
        int64_t n;
} Union;

/* The result has at most as many entries as both together: how many, only the values say. */
static Status *pair_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, 1, 2));
        TRY(sparse_want(c, 3, 4, 5));
        if (c->n_in > 6 && shape_in(c, 6)->rank > 0)
                return invalid_argument("The magnitude threshold must be a scalar: got shape %s",
                                        shape_text(shape_in(c, 6)).s);
        const Shape *dims = shape_in(c, 2);
        c->out[0] = SHAPE(-1, dims->rank < 0 ? -1 : dims->dim[0]);
        c->out[1] = SHAPE(-1);
        if (c->n_out > 2)
                c->out[2] = *dims;
        return NULL;
}

static Status *same_dims(const Union *u)
{
        if (u->a.rank != u->b.rank)
                return invalid_argument("Operands do not have the same ranks; got %lld and %lld",
                                        (long long)u->a.rank, (long long)u->b.rank);
        for (int64_t d = 0; d < u->a.rank; d++)
                if (u->a.dims[d] != u->b.dims[d])
                        return invalid_argument("Operands' shapes do not match: got %lld and "
                                                "%lld for dimension %lld",
                                                (long long)u->a.dims[d], (long long)u->b.dims[d],
                                                (long long)d);
        return NULL;
}

/* A merge of both sides by key; an index that both have gives one pair. Sorted inputs are
 * TensorFlow's contract, others give a wrong sum but nothing worse. */
static Status *union_new(OpCtx *c, Union *ret)
{
        Union u = { 0 };
        int64_t *ka, *kb;
        TRY(sparse_read(c, 0, 1, 2, &u.a));
        TRY(sparse_read(c, 3, 4, 5, &u.b));
        TRY(same_dims(&u));
        TRY(sparse_keys(c, &u.a, false, &ka));
        TRY(sparse_keys(c, &u.b, false, &kb));
        u.pair = ctx_scratch(c, ((size_t)u.a.n + (size_t)u.b.n + 1) * sizeof *u.pair);
        if (!u.pair)
                return status_oom();
        for (int64_t i = 0, j = 0; i < u.a.n || j < u.b.n;) {
                bool a = j == u.b.n || (i < u.a.n && ka[i] <= kb[j]);
                bool b = i == u.a.n || (j < u.b.n && kb[j] <= ka[i]);
                u.pair[u.n++] = (Pair){ a ? i : -1, b ? j : -1, a ? ka[i] : kb[j] };
                i += a;
                j += b;
        }
        *ret = u;
        return NULL;
}

static Status *put_rows(OpCtx *c, const Union *u, int64_t n, Tensor **ret_values)
{
        int64_t *at;
        TRY(sparse_alloc(c, 0, n, u->a.rank, ctx_outputs(c) > 2 ? u->a.dims : NULL, &at,
                         ret_values));
        for (int64_t i = 0; i < n; i++)
                sparse_row(u->a.dims, u->a.rank, u->pair[i].key, at + i * u->a.rank);
        return NULL;
}

#define VALUE(GET, list, i) ((i) < 0 ? 0 : GET(((list))[i]))
/* keep(): drops the pairs whose sum is smaller than the threshold, returns how many stay. */
#define LOOP(ID, T, W, GET, PUT)                                                                 \
        static int64_t keep_##ID(Union *u, double least)                                         \
        {                                                                                        \
                const T *a = tensor_data(u->a.values), *b = tensor_data(u->b.values);            \
                int64_t n = 0;                                                                   \
                for (int64_t i = 0; i < u->n; i++) {                                             \
                        Pair p = u->pair[i];                                                     \
                        W sum = (W)(VALUE(GET, a, p.a) + VALUE(GET, b, p.b));                    \
                        if (!((double)fabs(sum) < least))                                        \
                                u->pair[n++] = p;                                                \
                }                                                                                \
                return n;                                                                        \
        }                                                                                        \
        static void add_##ID(const Union *u, T *y)                                               \
        {                                                                                        \
                const T *a = tensor_data(u->a.values), *b = tensor_data(u->b.values);            \
                for (int64_t i = 0; i < u->n; i++)                                               \
                        y[i] = PUT(                                                              \
                                (W)(VALUE(GET, a, u->pair[i].a) + VALUE(GET, b, u->pair[i].b))); \
        }
NUMBER_TYPES(LOOP)
#undef LOOP
/* Ties keep the first one's value, which is the same but for the sign of zero. */
#define LOOP(ID, T, W, GET, PUT)                                                            \
        static void pick_##ID(const Union *u, bool max, T *y)                               \
        {                                                                                   \
                const T *a = tensor_data(u->a.values), *b = tensor_data(u->b.values);       \
                for (int64_t i = 0; i < u->n; i++) {                                        \
                        W p = VALUE(GET, a, u->pair[i].a), q = VALUE(GET, b, u->pair[i].b); \
                        y[i] = PUT((max ? p >= q : p <= q) ? p : q);                        \
                }                                                                           \
        }
REAL_TYPES(LOOP)
#undef LOOP

static void keep(Union *u, DType type, double least)
{
#define KEEP(ID, T, W, GET, PUT) \
        case DT_##ID: u->n = keep_##ID(u, least); break;
        switch ((int)type) {
                NUMBER_TYPES(KEEP)
        }
#undef KEEP
}

/* Sums below the threshold are dropped before rows are written, so the output has just the right
 * size. */
static Status *add(OpCtx *c)
{
        Union u;
        Tensor *values;
        TRY(union_new(c, &u));
        keep(&u, tensor_dtype(u.a.values), tensor_double(ctx_input(c, 6), 0));
        TRY(put_rows(c, &u, u.n, &values));
        DISPATCH(NUMBER_TYPES, tensor_dtype(values), add, &u, tensor_fill(values));
        return NULL;
}

/* No threshold here: zeros that come out stay. */
static Status *pick(OpCtx *c, bool max)
{
        Union u;
        Tensor *values;
        TRY(union_new(c, &u));
        TRY(put_rows(c, &u, u.n, &values));
        DISPATCH(REAL_TYPES, tensor_dtype(values), pick, &u, max, tensor_fill(values));
        return NULL;
}

static Status *pick_max(OpCtx *c)
{
        return pick(c, true);
}

static Status *pick_min(OpCtx *c)
{
        return pick(c, false);
}

#define TWO "a_indices:int64; a_values:T; a_shape:int64; b_indices:int64; b_values:T; b_shape:int64"
OP(SparseAdd, .inputs = TWO "; thresh:Treal",
   .outputs = "sum_indices:int64; sum_values:T; sum_shape:int64",
   .attrs = T_NUMBER "; Treal:type in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,"
                     "half,uint32,uint64]",
   .kernels = SPARSE_NUMBERS("T"), .shape = pair_shape, .compute = add, .late_shape = true);
OP(SparseSparseMaximum, .inputs = TWO, .outputs = "output_indices:int64; output_values:T",
   .attrs = T_REAL, .shape = pair_shape, .compute = pick_max, .late_shape = true);
OP(SparseSparseMinimum, .inputs = TWO, .outputs = "output_indices:int64; output_values:T",
   .attrs = T_NUMBER, .kernels = SPARSE_REALS, .shape = pair_shape, .compute = pick_min,
   .late_shape = true);

/* ---- gradients: each entry takes what arrived at its place ---- */

/* Each operand's gradient has its own number of entries. */
static Status *add_grad_shape(ShapeCtx *c)
{
        for (int i = 1; i < 4 && !c->at_import; i++)
                if (shape_in(c, i)->rank >= 0 && shape_in(c, i)->rank != 2)
                        return invalid_argument("Input indices should be matrices but received "
                                                "shapes: %s and %s and %s",
                                                shape_text(shape_in(c, 1)).s,
                                                shape_text(shape_in(c, 2)).s,
                                                shape_text(shape_in(c, 3)).s);
        TRY(shape_want_rank_as(
                c, 0, 1, "Input backprop_val_grad should be a vector but received shape: %s"));
        for (int i = 1; i < 4; i++)
                TRY(shape_want_rank(c, i, 2));
        const Shape *grad = shape_in(c, 0), *sum = shape_in(c, 3);
        if (grad->rank == 1 && sum->rank == 2 && grad->dim[0] >= 0 && sum->dim[0] >= 0 &&
            grad->dim[0] != sum->dim[0])
                return invalid_argument("# elements of backprop_val_grad and # rows of "
                                        "sum_indices should match (#nnz of sum): got %lld and "
                                        "%lld",
                                        (long long)grad->dim[0], (long long)sum->dim[0]);
        for (int i = 1; i < 3; i++) {
                const Shape *at = shape_in(c, i);
                if (at->rank == 2 && sum->rank == 2 && at->dim[1] >= 0 && sum->dim[1] >= 0 &&
                    at->dim[1] != sum->dim[1])
                        return invalid_argument("The densified operands should have the same "
                                                "ndims; for A, B, sum got: %lld%lld%lld",
                                                (long long)shape_in(c, 1)->dim[1],
                                                (long long)shape_in(c, 2)->dim[1],
                                                (long long)sum->dim[1]);
                c->out[i - 1] = SHAPE(at->rank < 0 ? -1 : at->dim[0]);
        }
        return NULL;
}

/* Both gradients walk beside the sum's indices. An entry that the threshold dropped from the sum
 * gets 0. */
static Status *add_grad(OpCtx *c)
{
        const Tensor *grad = ctx_input(c, 0), *sum = ctx_input(c, 3);
        int64_t rank = tensor_dim(sum, 1), n = tensor_dim(sum, 0);
        size_t row = (size_t)rank * sizeof(int64_t);
        const int64_t *to = tensor_data(sum);
        for (int k = 0; k < 2; k++) {
                const int64_t *at = tensor_data(ctx_input(c, 1 + k));
                Tensor *y = ctx_output(c, k);
                if (tensor_count(y))
                        memset(tensor_fill(y), 0, tensor_bytes(y));
                for (int64_t i = 0, j = 0; i < tensor_count(y) && j < n;) {
                        int order = 0;
                        for (int64_t d = 0; d < rank && !order; d++)
                                order = (at[i * rank + d] > to[j * rank + d]) -
                                        (at[i * rank + d] < to[j * rank + d]);
                        if (!order && row)
                                TRY(tensor_copy_elements(y, i, grad, j, 1));
                        i += order <= 0;
                        j += order >= 0;
                }
        }
        return NULL;
}

OP(SparseAddGrad,
   .inputs = "backprop_val_grad:T; a_indices:int64; b_indices:int64; sum_indices:int64",
   .outputs = "a_val_grad:T; b_val_grad:T", .attrs = T_NUMBER, .kernels = SPARSE_NUMBERS("T"),
   .shape = add_grad_shape, .compute = add_grad);
