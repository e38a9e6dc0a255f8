// SPDX-License-Identifier: Apache-2.0
/* BroadcastTo: dims of size 1 (or missing in front) repeated up to the shape asked for. */
#include "engine/ops/box.h"
#include "engine/ops/op.h"
#include "engine/ops/sizes.h"

/* Only the input may grow: the result must be the shape asked for, not one that is larger. */
static Status *broadcast_to_shape(ShapeCtx *c)
{
        Shape to, joined;
        const Shape *x = shape_in(c, 0);
        TRY(shape_sizes(c, 1, &to));
        if (x->rank >= 0 && to.rank >= 0 && x->rank > to.rank)
                return invalid_argument("Rank of input (%d) must be no greater than rank of output "
                                        "shape (%d).",
                                        x->rank, to.rank);
        TRY(shape_broadcast(x, &to, &joined));
        if (shape_complete(&joined) && shape_complete(&to) && !shape_equal(&joined, &to))
                return invalid_argument("Unable to broadcast tensor of shape %s to tensor of shape "
                                        "%s",
                                        shape_text(x).s, shape_text(&to).s);
        c->out[0] = to;
        return NULL;
}

/* A repeated dimension is walked with stride 0. */
static Status *broadcast_to(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        int64_t from[SHAPE_MAX_RANK], to[SHAPE_MAX_RANK];
        int lead = tensor_rank(y) - tensor_rank(x);
        Box b;
        box_begin(&b, 0, 0);
        box_strides(tensor_shape(x), from);
        box_strides(tensor_shape(y), to);
        for (int i = 0; i < tensor_rank(y); i++) {
                bool repeat = i < lead || tensor_dim(x, i - lead) == 1;
                box_add(&b, tensor_dim(y, i), to[i], repeat ? 0 : from[i - lead]);
        }
        return box_copy(&b, y, x);
}

OP(BroadcastTo, .inputs = "input:T; shape:Tidx", .outputs = "output:T",
   .attrs = "T:type; Tidx:type in [int32,int64] = int32", .shape = broadcast_to_shape,
   .compute = broadcast_to);
