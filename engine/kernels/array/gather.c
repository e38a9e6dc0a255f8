// SPDX-License-Identifier: Apache-2.0
/* Gather, GatherV2, GatherNd: elements or rows picked by index. */
#include "engine/ops/indexing.h"

static Status *gather_v1_shape(ShapeCtx *c)
{
        if (shape_in(c, 0)->rank == 0)
                return invalid_argument("params must be at least 1 dimensional");
        return gather_shape(shape_in(c, 0), shape_in(c, 1), 0, 0, &c->out[0]);
}

static Status *gather_v1(OpCtx *c)
{
        return gather(ctx_input(c, 0), ctx_input(c, 1), 0, 0, ctx_output(c, 0));
}

static Status *gather_v2_shape(ShapeCtx *c)
{
        const Shape *params = shape_in(c, 0), *indices = shape_in(c, 1);
        int64_t axis, batch_dims = node_int(c->node, "batch_dims", 0);
        if (shape_in(c, 2)->rank > 0)
                return invalid_argument("axis must be scalar");
        if (params->rank == 0)
                return invalid_argument("params must be at least 1 dimensional");
        if (shape_int_value(c, 2, &axis))
                return gather_shape(params, indices, axis, batch_dims, &c->out[0]);
        if (batch_dims < -SHAPE_MAX_RANK || batch_dims > SHAPE_MAX_RANK)
                return NULL; /* refused when it runs */
        int rank = params->rank + indices->rank - 1 -
                   (int)(batch_dims < 0 ? batch_dims + indices->rank : batch_dims);
        if (params->rank >= 0 && indices->rank >= 0 && rank >= 0 && rank <= SHAPE_MAX_RANK)
                c->out[0] = shape_of_rank(rank);
        return NULL;
}

static Status *gather_v2(OpCtx *c)
{
        return gather(ctx_input(c, 0), ctx_input(c, 1), tensor_int(ctx_input(c, 2), 0),
                      node_int(ctx_node(c), "batch_dims", 0), ctx_output(c, 0));
}

static Status *gather_nd_op_shape(ShapeCtx *c)
{
        return gather_nd_shape(shape_in(c, 0), shape_in(c, 1), &c->out[0]);
}

static Status *gather_nd_op(OpCtx *c)
{
        return gather_nd(ctx_input(c, 0), ctx_input(c, 1), ctx_output(c, 0));
}

OP(Gather, .inputs = "params:Tparams; indices:Tindices", .outputs = "output:Tparams",
   .attrs = "validate_indices:bool = true; Tparams:type; Tindices:type in [int32,int64]",
   .shape = gather_v1_shape, .compute = gather_v1);
OP(GatherV2, .inputs = "params:Tparams; indices:Tindices; axis:Taxis", .outputs = "output:Tparams",
   .attrs = "batch_dims:int = 0; Tparams:type; Tindices:type in [int32,int64]; Taxis:type in "
            "[int32,int64]",
   .shape = gather_v2_shape, .compute = gather_v2);
OP(GatherNd, .inputs = "params:Tparams; indices:Tindices", .outputs = "output:Tparams",
   .attrs = "Tparams:type; Tindices:type in [int32,int64]", .shape = gather_nd_op_shape,
   .compute = gather_nd_op);
