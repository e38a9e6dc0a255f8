// SPDX-License-Identifier: Apache-2.0
/* SparseToDense: a default everywhere, values where indices say. Indices may be one number, a
 * vector (of positions in a vector) or rows. */
#include "engine/kernels/sparse/sparse.h"

/* One value may stand for all indices. */
static Status *to_dense_shape(ShapeCtx *c)
{
        const Shape *at = shape_in(c, 0), *values = shape_in(c, 2);
        if (at->rank > 2)
                return invalid_argument("sparse_indices should be a scalar, vector, or matrix, "
                                        "got shape %s",
                                        shape_text(at).s);
        if (shape_in(c, 1)->rank >= 0 && shape_in(c, 1)->rank != 1)
                return invalid_argument("output_shape should be a vector, got shape %s",
                                        shape_text(shape_in(c, 1)).s);
        int64_t n = at->rank < 0 ? -1 : at->rank == 0 ? 1 : at->dim[0];
        int64_t rank = at->rank < 0 ? -1 : at->rank == 2 ? at->dim[1] : 1;
        const Shape *dims = shape_in(c, 1);
        if (dims->rank == 1 && rank >= 0 && dims->dim[0] >= 0 && rank != dims->dim[0])
                return invalid_argument("output_shape has incorrect number of elements: %lld "
                                        "should be: %lld",
                                        (long long)dims->dim[0], (long long)rank);
        if (values->rank > 1 ||
            (values->rank == 1 && n >= 0 && values->dim[0] >= 0 && values->dim[0] != n))
                return invalid_argument("sparse_values has incorrect shape %s, should be [] or "
                                        "[%lld]",
                                        shape_text(values).s, (long long)n);
        if (shape_in(c, 3)->rank > 0)
                return invalid_argument("default_value should be a scalar.");
        return shape_from_input(c, 1, &c->out[0]);
}

/* The error of entry i. */
static Status *refused(const Tensor *at, int64_t i, const Shape *s, SparseFault fault)
{
        int64_t row[SHAPE_MAX_RANK];
        for (int d = 0; d < s->rank; d++)
                row[d] = tensor_int(at, i * s->rank + d);
        return sparse_bad_index(fault, i, row, s->dim, s->rank);
}

/* The element that entry i names. */
static Status *place(const Tensor *at, int64_t i, const Shape *s, int64_t *ret)
{
        int64_t key = 0;
        for (int d = 0; d < s->rank; d++) {
                int64_t v = tensor_int(at, i * s->rank + d);
                if (v < 0 || v >= s->dim[d])
                        return refused(at, i, s, SPARSE_OUTSIDE);
                key = key * s->dim[d] + v;
        }
        *ret = key;
        return NULL;
}

/* validate_indices asks for strictly rising places; without it the last of equals wins. Places
 * outside are errors in either case. */
static Status *to_dense(OpCtx *c)
{
        const Tensor *at = ctx_input(c, 0), *values = ctx_input(c, 2);
        Tensor *y = ctx_output(c, 0);
        bool ordered = node_bool(ctx_node(c), "validate_indices", true);
        int64_t n = tensor_rank(at) ? tensor_dim(at, 0) : 1, last = -1;
        for (int64_t i = 0; i < tensor_count(y); i++)
                TRY(tensor_copy_elements(y, i, ctx_input(c, 3), 0, 1));
        for (int64_t i = 0; i < n; i++) {
                int64_t key;
                TRY(place(at, i, tensor_shape(y), &key));
                if (ordered && key <= last)
                        return refused(at, i, tensor_shape(y),
                                       key < last ? SPARSE_UNORDERED : SPARSE_REPEATED);
                last = key;
                TRY(tensor_copy_elements(y, key, values, tensor_rank(values) ? i : 0, 1));
        }
        return NULL;
}

OP(SparseToDense,
   .inputs = "sparse_indices:Tindices; output_shape:Tindices; sparse_values:T; default_value:T",
   .outputs = "dense:T",
   .attrs = "validate_indices:bool = true; T:type; Tindices:type in [int32,int64]",
   .kernels = SPARSE_ANY("T"), .shape = to_dense_shape, .compute = to_dense);
