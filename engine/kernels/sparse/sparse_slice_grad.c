// SPDX-License-Identifier: Apache-2.0
/* SparseSliceGrad: values of a slice's gradient at the places that they have in the whole tensor.
 */
#include "engine/kernels/sparse/sparse.h"

static Status *grad_shape(ShapeCtx *c)
{
        const Shape *in = shape_in(c, 1), *start = shape_in(c, 2), *out = shape_in(c, 3);
        bool matrices = (in->rank < 0 || in->rank == 2) && (out->rank < 0 || out->rank == 2);
        if (!matrices && !c->at_import)
                return invalid_argument("Input and output indices should be matrices but received "
                                        "shapes: %s and %s",
                                        shape_text(in).s, shape_text(out).s);
        TRY(shape_want_rank_as(
                c, 0, 1, "Input backprop_val_grad should be a vector but received shape: %s"));
        TRY(shape_want_rank(c, 1, 2));
        TRY(shape_want_rank_as(c, 2, 1, "Input start should be a vector but received shape: %s"));
        TRY(shape_want_rank(c, 3, 2));
        Shape columns = SHAPE(in->rank < 0 ? -1 : in->dim[1]), own = SHAPE(-1), all;
        if (out->rank == 2)
                own.dim[0] = out->dim[1];
        if (!shape_compatible(&columns, &own) || !shape_compatible(&columns, start))
                return invalid_argument("The input and output should have the same ndims: got: "
                                        "%lld and %lld",
                                        (long long)columns.dim[0], (long long)own.dim[0]);
        all = SHAPE(out->rank < 0 ? -1 : out->dim[0]);
        if (!shape_compatible(&all, shape_in(c, 0)))
                return invalid_argument("Number of elements of backprop_val_grad and rows of "
                                        "output_indices differ: %s vs. %s",
                                        shape_text(shape_in(c, 0)).s, shape_text(out).s);
        c->out[0] = SHAPE(in->rank < 0 ? -1 : in->dim[0]);
        return NULL;
}

static bool same_place(const int64_t *in, const int64_t *start, const int64_t *out, int64_t rank)
{
        for (int64_t d = 0; d < rank; d++)
                if ((uint64_t)in[d] - (uint64_t)out[d] != (uint64_t)start[d])
                        return false;
        return true;
}

/* Both lists of indices are in one order. */
static Status *slice_grad(OpCtx *c)
{
        const Tensor *grad = ctx_input(c, 0), *in = ctx_input(c, 1), *out = ctx_input(c, 3);
        const int64_t *start = tensor_data(ctx_input(c, 2)), *x = tensor_data(in);
        const int64_t *y = tensor_data(out);
        Tensor *to = ctx_output(c, 0);
        int64_t rank = tensor_dim(in, 1), used = 0;
        memset(tensor_fill(to), 0, tensor_bytes(to));
        for (int64_t i = 0; i < tensor_dim(in, 0) && used < tensor_count(grad); i++)
                if (same_place(x + i * rank, start, y + used * rank, rank))
                        TRY(tensor_copy_elements(to, i, grad, used++, 1));
        if (used != tensor_count(grad))
                return internal_error("Elements of backprop_val_grad aren't all propagated. Num "
                                      "elements:%lld, used: %lld",
                                      (long long)tensor_count(grad), (long long)used);
        return NULL;
}

OP(SparseSliceGrad,
   .inputs = "backprop_val_grad:T; input_indices:int64; input_start:int64; output_indices:int64",
   .outputs = "val_grad:T", .attrs = T_NUMBER, .shape = grad_shape, .compute = slice_grad);
