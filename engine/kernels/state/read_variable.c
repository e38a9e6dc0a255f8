// SPDX-License-Identifier: Apache-2.0
/* What can be asked of a variable: its value, its shape, whether it has one; and its end. */
#include "engine/kernels/state/var.h"

static Status *read_variable(OpCtx *c)
{
        Tensor *value;
        TRY(var_read(c, 0, node_type(ctx_node(c), "dtype", DT_INVALID), &value));
        ctx_set_output(c, 0, value);
        return NULL;
}

static Status *is_initialized(OpCtx *c)
{
        Variable *v;
        TRY(var_of(c, 0, &v));
        *(bool *)tensor_fill(ctx_output(c, 0)) = variable_initialized(v);
        return NULL;
}

static Status *variable_shape_shape(ShapeCtx *c)
{
        c->out[0] = SHAPE(-1);
        return NULL;
}

/* Read now, not at import: a variable of unknown shape may change it. */
static Status *variable_shape(OpCtx *c)
{
        autoptr(Tensor) value = NULL;
        Tensor *y;
        TRY(var_read(c, 0, DT_INVALID, &value));
        TRY(ctx_alloc(c, 0, &SHAPE(tensor_rank(value)), &y));
        for (int i = 0; i < tensor_rank(value); i++) {
                if (tensor_dtype(y) == DT_INT64)
                        ((int64_t *)tensor_fill(y))[i] = tensor_dim(value, i);
                else
                        ((int32_t *)tensor_fill(y))[i] = (int32_t)tensor_dim(value, i);
        }
        return NULL;
}

/* The variable stays findable, without a value, which is what a missing one looks like. Other
 * resources go with their session. */
static Status *destroy_resource(OpCtx *c)
{
        const Tensor *handle = ctx_input(c, 0);
        bool ignore = node_bool(ctx_node(c), "ignore_lookup_error", true);
        Resource *r = tensor_count(handle) == 1 ? tensor_resource_at(handle, 0) : NULL;
        if (!r)
                return ignore ? NULL : not_found("Resource does not exist.");
        if (r->kind != &variable_kind)
                return NULL;
        Variable *v = variable_of(r);
        if (!ignore && !variable_initialized(v))
                return var_missing(c, v);
        variable_assign(v, NULL);
        return NULL;
}

OP(ReadVariableOp, .inputs = "resource:resource", .outputs = "value:dtype", .attrs = "dtype:type",
   .kernels = "dtype:type in [" VALUE_TYPES "]", .flags = "stateful", .shape = shape_unknown,
   .compute = read_variable, .late_shape = true);
OP(VarIsInitializedOp, .inputs = "resource:resource", .outputs = "is_initialized:bool",
   .flags = "stateful", .shape = shape_scalars, .compute = is_initialized);
OP(IsVariableInitialized, .inputs = "ref:ref(dtype)", .outputs = "is_initialized:bool",
   .attrs = "dtype:type", .kernels = "dtype:type in [" VALUE_TYPES "]", .flags = "uninit_ok",
   .shape = shape_scalars, .compute = is_initialized);
OP(VariableShape, .inputs = "input:resource", .outputs = "output:out_type",
   .attrs = "out_type:type in [int32,int64] = int32", .flags = "stateful",
   .shape = variable_shape_shape, .compute = variable_shape, .late_shape = true);
OP(DestroyResourceOp, .inputs = "resource:resource", .attrs = "ignore_lookup_error:bool = true",
   .flags = "stateful", .shape = shape_none, .compute = destroy_resource);
