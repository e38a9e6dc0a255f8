// SPDX-License-Identifier: Apache-2.0
/* Pad, PadV2: a border of zeros, or of one value. */
#include "engine/kernels/array/padding.h"
#include "engine/ops/box.h"

static Status *pad_shape(ShapeCtx *c)
{
        return padding_shape(c, PADDING_ANY);
}

/* What fills the border of a Pad: one zero element, in the step's memory as a tensor. */
static Status *zero_of(DType dtype, Tensor **ret)
{
        TRY(tensor_new(dtype, &SHAPE_SCALAR, ret));
        if (dtype_is_plain(dtype))
                memset(tensor_fill(*ret), 0, tensor_bytes(*ret));
        return NULL;
}

/* The border along dim d before or behind x: as wide as x in the dims before d, as wide as y in
 * those behind, so that no element is written twice. */
static Status *pad_border(OpCtx *c, const Tensor *value, const int64_t *to, int d, int side)
{
        const Tensor *x = ctx_input(c, 0), *paddings = ctx_input(c, 1);
        Tensor *y = ctx_output(c, 0);
        Box b;
        box_begin(&b, 0, 0);
        for (int i = 0; i < tensor_rank(y); i++) {
                int64_t before = tensor_int(paddings, 2 * i), size = tensor_dim(x, i);
                if (i < d)
                        b.dst_at += before * to[i];
                if (i == d && side)
                        b.dst_at += (before + size) * to[i];
                box_add(&b,
                        i < d   ? size
                        : i > d ? tensor_dim(y, i)
                                : tensor_int(paddings, 2 * d + side),
                        to[i], 0);
        }
        return box_copy(&b, y, value);
}

static Status *pad_with(OpCtx *c, const Tensor *value)
{
        const Tensor *x = ctx_input(c, 0), *paddings = ctx_input(c, 1);
        int64_t from[SHAPE_MAX_RANK], to[SHAPE_MAX_RANK];
        Box b;
        Tensor *y = ctx_output(c, 0);
        box_begin(&b, 0, 0);
        box_strides(tensor_shape(x), from);
        box_strides(tensor_shape(y), to);
        for (int i = 0; i < tensor_rank(y); i++) {
                b.dst_at += tensor_int(paddings, 2 * i) * to[i];
                box_add(&b, tensor_dim(x, i), to[i], from[i]);
                TRY(pad_border(c, value, to, i, 0));
                TRY(pad_border(c, value, to, i, 1));
        }
        return box_copy(&b, y, x);
}

static Status *pad(OpCtx *c)
{
        autoptr(Tensor) zero = NULL;
        TRY(zero_of(tensor_dtype(ctx_input(c, 0)), &zero));
        return pad_with(c, zero);
}

static Status *pad_v2_shape(ShapeCtx *c)
{
        if (shape_in(c, 2)->rank > 0)
                return invalid_argument("constant_values must be a scalar. Found: %s",
                                        shape_text(shape_in(c, 2)).s);
        return padding_shape(c, PADDING_ANY);
}

static Status *pad_v2(OpCtx *c)
{
        return pad_with(c, ctx_input(c, 2));
}

OP(Pad, .inputs = "input:T; paddings:Tpaddings", .outputs = "output:T",
   .attrs = "T:type; Tpaddings:type in [int32,int64] = int32",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = pad_shape, .compute = pad);
OP(PadV2, .inputs = "input:T; paddings:Tpaddings; constant_values:T", .outputs = "output:T",
   .attrs = "T:type; Tpaddings:type in [int32,int64] = int32",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = pad_v2_shape, .compute = pad_v2);
