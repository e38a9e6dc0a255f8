// SPDX-License-Identifier: Apache-2.0
/* Roll: dimensions shifted, what leaves at one end comes back at the other. */
#include "engine/ops/box.h"
#include "engine/ops/op.h"

static Status *roll_shape(ShapeCtx *c)
{
        const Shape *shift = shape_in(c, 1), *axis = shape_in(c, 2);
        if (shape_in(c, 0)->rank == 0)
                return invalid_argument("input must be 1-D or higher");
        if (shift->rank > 1)
                return invalid_argument("shift must be a scalar or a 1-D vector. Found: %s",
                                        shape_text(shift).s);
        if (axis->rank > 1)
                return invalid_argument("axis must be a scalar or a 1-D vector. Found: %s",
                                        shape_text(axis).s);
        if (shape_complete(shift) && shape_complete(axis) && !shape_equal(shift, axis))
                return invalid_argument("shift and axis must have the same size");
        return shape_unchanged(c);
}

/* Adds up each dimension's shifts, as a number in [0, dim). */
static Status *read_shifts(const Tensor *shift, const Tensor *axis, const Shape *s, int64_t *ret)
{
        for (int i = 0; i < s->rank; i++)
                ret[i] = 0;
        for (int64_t i = 0; i < tensor_count(shift); i++) {
                int64_t at = tensor_int(axis, i);
                if (at < -s->rank || at >= s->rank)
                        return invalid_argument("axis %lld is out of range", (long long)at);
                at += at < 0 ? s->rank : 0;
                int64_t dim = MAX(s->dim[at], 1);
                ret[at] = ((ret[at] + tensor_int(shift, i) % dim) % dim + dim) % dim;
        }
        return NULL;
}

/* Every shifted dim falls into two parts; bit i of `parts` says which of dim i's is copied. */
static Status *copy_part(Tensor *y, const Tensor *x, const int64_t *shift, unsigned parts)
{
        int64_t stride[SHAPE_MAX_RANK];
        Box b;
        box_begin(&b, 0, 0);
        box_strides(tensor_shape(x), stride);
        for (int i = 0; i < tensor_rank(x); i++) {
                int64_t dim = tensor_dim(x, i), tail = parts >> i & 1;
                box_add(&b, tail ? shift[i] : dim - shift[i], stride[i], stride[i]);
                b.src_at += tail ? (dim - shift[i]) * stride[i] : 0;
                b.dst_at += tail ? 0 : shift[i] * stride[i];
        }
        return box_copy(&b, y, x);
}

/* Each shifted dimension cuts the tensor in two: all combinations of halves are copied, each as one
 * box. */
static Status *roll(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        int64_t shift[SHAPE_MAX_RANK];
        unsigned split = 0;
        TRY(read_shifts(ctx_input(c, 1), ctx_input(c, 2), tensor_shape(x), shift));
        for (int i = 0; i < tensor_rank(x); i++)
                split |= (unsigned)(shift[i] != 0) << i;
        for (unsigned parts = 0; parts < 1u << tensor_rank(x); parts++)
                if ((parts & ~split) == 0)
                        TRY(copy_part(ctx_output(c, 0), x, shift, parts));
        return NULL;
}

OP(Roll, .inputs = "input:T; shift:Tshift; axis:Taxis", .outputs = "output:T",
   .attrs = "T:type; Tshift:type in [int32,int64]; Taxis:type in [int32,int64]",
   .shape = roll_shape, .compute = roll);
