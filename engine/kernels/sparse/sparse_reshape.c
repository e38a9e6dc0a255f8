// SPDX-License-Identifier: Apache-2.0
/* SparseReorder puts entries in the order of their indices; SparseReshape renames their places. */
#include "engine/kernels/sparse/sparse.h"

static Status *reorder_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, 1, 2));
        return shape_all_unchanged(c);
}

/* Repeated indices are allowed and keep their order. */
static Status *reorder(OpCtx *c)
{
        Sparse s;
        int64_t *key, *order;
        TRY(sparse_read(c, 0, 1, 2, &s));
        TRY(sparse_keys(c, &s, false, &key));
        TRY(sparse_order(c, key, s.n, &order));
        int64_t *at = tensor_fill(ctx_output(c, 0));
        for (int64_t i = 0; i < s.n; i++) {
                sparse_row(s.dims, s.rank, key[order[i]], at + i * s.rank);
                TRY(tensor_copy_elements(ctx_output(c, 1), i, s.values, order[i], 1));
        }
        return NULL;
}

OP(SparseReorder, .inputs = "input_indices:int64; input_values:T; input_shape:int64",
   .outputs = "output_indices:int64; output_values:T", .attrs = "T:type",
   .kernels = SPARSE_ANY("T"), .shape = reorder_shape, .compute = reorder);

static Status *reshape_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, -1, 1));
        TRY(shape_want_rank_as(c, 2, 1, "Target shape should be a vector but received shape %s"));
        int64_t n = shape_in(c, 0)->rank < 0 ? -1 : shape_in(c, 0)->dim[0];
        int64_t rank = shape_in(c, 2)->rank < 0 ? -1 : shape_in(c, 2)->dim[0];
        c->out[0] = SHAPE(n, rank);
        c->out[1] = SHAPE(rank);
        return NULL;
}

/* The one size that is -1 follows from the others. */
static Status *resolve(const int64_t *want, int64_t n, int64_t count, int64_t *ret)
{
        int64_t hole = -1, known = 1;
        for (int64_t i = 0; i < n; i++) {
                ret[i] = want[i];
                if (want[i] == -1 && hole >= 0)
                        return invalid_argument("only one output dimension may be -1, not both "
                                                "%lld and %lld",
                                                (long long)hole, (long long)i);
                if (want[i] < -1)
                        return invalid_argument("size %lld must be non-negative, not %lld",
                                                (long long)i, (long long)want[i]);
                if (want[i] == -1)
                        hole = i;
                else if (__builtin_mul_overflow(known, want[i], &known))
                        return invalid_argument("The new shape has more than 2**63 - 1 elements");
        }
        if (hole >= 0 && (known == 0 || count % known))
                return invalid_argument("Input to reshape is a SparseTensor with %lld dense "
                                        "values, but the requested shape requires a multiple "
                                        "of %lld",
                                        (long long)count, (long long)known);
        if (hole >= 0)
                ret[hole] = count / known;
        else if (known != count)
                return invalid_argument("Input to reshape is a tensor with %lld dense values, but "
                                        "the requested shape has %lld",
                                        (long long)count, (long long)known);
        return NULL;
}

/* The row-major number of an entry stays; -1 in the new shape is what the count leaves. */
static Status *reshape(OpCtx *c)
{
        Sparse s;
        int64_t *at = tensor_fill(ctx_output(c, 0)), *dims = tensor_fill(ctx_output(c, 1));
        int64_t rank = tensor_count(ctx_input(c, 2));
        TRY(sparse_read(c, 0, -1, 1, &s));
        TRY(resolve(tensor_data(ctx_input(c, 2)), rank, s.count, dims));
        for (int64_t i = 0; i < s.n; i++)
                sparse_row(dims, rank, sparse_key(&s, i), at + i * rank);
        return NULL;
}

OP(SparseReshape, .inputs = "input_indices:int64; input_shape:int64; new_shape:int64",
   .outputs = "output_indices:int64; output_shape:int64", .shape = reshape_shape,
   .compute = reshape);
