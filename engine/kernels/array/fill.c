// SPDX-License-Identifier: Apache-2.0
/* Fill: one value everywhere. */
#include "engine/ops/box.h"
#include "engine/ops/op.h"
#include "engine/ops/sizes.h"

/* Older graphs give the value as a vector of one. */
static Status *fill_shape(ShapeCtx *c)
{
        const Shape *dims = shape_in(c, 0), *value = shape_in(c, 1);
        if (dims->rank >= 0 && dims->rank != 1)
                return invalid_argument("dims must represent a vector, got shape %s",
                                        shape_text(dims).s);
        if (value->rank > 0 && !(value->rank == 1 && value->dim[0] == 1))
                return invalid_argument("value must represent a scalar, got shape %s",
                                        shape_text(value).s);
        return shape_sizes(c, 0, &c->out[0]);
}

static Status *fill(OpCtx *c)
{
        Tensor *y = ctx_output(c, 0);

        return box_fill(y, 0, tensor_count(y), ctx_input(c, 1), 0);
}

OP(Fill, .inputs = "dims:index_type; value:T", .outputs = "output:T",
   .attrs = "T:type; index_type:type in [int32,int64] = int32", .shape = fill_shape,
   .compute = fill);
