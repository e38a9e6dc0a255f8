// SPDX-License-Identifier: Apache-2.0
/* StridedSlice, x[a:b:c, ..., newaxis, i], its gradient, and the update of a copy. */
#include "engine/kernels/array/part.h"
#include "engine/ops/slice_spec.h"

/* How many entries the three vectors at inputs i.. have, -1 while unknown. */
static int64_t entries(const ShapeCtx *c, int i)
{
        const Shape *s = shape_in(c, i);
        return s->rank == 1 ? s->dim[0] : -1;
}

static Status *strided_slice_shape(ShapeCtx *c)
{
        SliceSpec spec;
        for (int i = 1; i <= 3 && c->at_import; i++)
                TRY(shape_want_rank(c, i, 1));
        TRY(slice_spec(c->node, shape_in(c, 0), entries(c, 1), shape_value(c, 1), shape_value(c, 2),
                       shape_value(c, 3), &spec));
        c->out[0] = spec.final;
        return NULL;
}

static Status *strided_slice(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *begin = ctx_input(c, 1);
        SliceSpec spec;
        TRY(slice_spec(ctx_node(c), tensor_shape(x), tensor_count(begin), begin, ctx_input(c, 2),
                       ctx_input(c, 3), &spec));
        return part_output(c, 0, x, spec.begin, spec.stride, &spec.size, &spec.final);
}

static Status *strided_slice_grad_shape(ShapeCtx *c)
{
        TRY(shape_want_rank_as(c, 0, 1, "shape must be 1-D, got shape.shape = %s"));
        for (int i = 1; i <= 3 && c->at_import; i++)
                TRY(shape_want_rank(c, i, 1));
        return shape_from_input(c, 0, &c->out[0]);
}

/* dx is zero but where the slice took x from: there it is dy. */
static Status *strided_slice_grad(OpCtx *c)
{
        const Tensor *begin = ctx_input(c, 1), *dy = ctx_input(c, 4);
        Tensor *dx = ctx_output(c, 0);
        SliceSpec spec;
        TRY(slice_spec(ctx_node(c), tensor_shape(dx), tensor_count(begin), begin, ctx_input(c, 2),
                       ctx_input(c, 3), &spec));
        if (!shape_equal(&spec.final, tensor_shape(dy)))
                return invalid_argument("shape of dy was %s instead of %s",
                                        shape_text(tensor_shape(dy)).s, shape_text(&spec.final).s);
        if (dtype_is_plain(tensor_dtype(dx)) && tensor_count(dx))
                memset(tensor_fill(dx), 0, tensor_bytes(dx));
        return slice_spec_put(&spec, dx, dy);
}

/* On a copy, TensorStridedSliceUpdate's promise; variables have an op of their own. */
static Status *strided_slice_update(OpCtx *c)
{
        const Tensor *begin = ctx_input(c, 1);
        SliceSpec spec;
        TRY(slice_spec(ctx_node(c), tensor_shape(ctx_input(c, 0)), tensor_count(begin), begin,
                       ctx_input(c, 2), ctx_input(c, 3), &spec));
        Tensor *y;
        TRY(tensor_clone(ctx_input(c, 0), &y));
        ctx_set_output(c, 0, y);
        return slice_spec_put(&spec, y, ctx_input(c, 4));
}

OP(StridedSlice, .inputs = "input:T; begin:Index; end:Index; strides:Index", .outputs = "output:T",
   .attrs = "T:type; Index:type in [int32,int64]; begin_mask:int = 0; end_mask:int = 0; "
            "ellipsis_mask:int = 0; new_axis_mask:int = 0; shrink_axis_mask:int = 0",
   .shape = strided_slice_shape, .compute = strided_slice, .late_shape = true);
OP(StridedSliceGrad, .inputs = "shape:Index; begin:Index; end:Index; strides:Index; dy:T",
   .outputs = "output:T",
   .attrs = "T:type; Index:type in [int32,int64]; begin_mask:int = 0; end_mask:int = 0; "
            "ellipsis_mask:int = 0; new_axis_mask:int = 0; shrink_axis_mask:int = 0",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = strided_slice_grad_shape,
   .compute = strided_slice_grad);
OP(TensorStridedSliceUpdate, .inputs = "input:T; begin:Index; end:Index; strides:Index; value:T",
   .outputs = "output:T",
   .attrs = "T:type; Index:type in [int32,int64]; begin_mask:int = 0; end_mask:int = 0; "
            "ellipsis_mask:int = 0; new_axis_mask:int = 0; shrink_axis_mask:int = 0",
   .shape = shape_unchanged, .compute = strided_slice_update, .late_shape = true);
