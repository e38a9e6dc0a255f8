// SPDX-License-Identifier: Apache-2.0
/* TemporaryVariable lives until DestroyTemporaryVariable takes its value, or to the step's end. */
#include "engine/kernels/state/var.h"

/* The name within the step: loops have one per iteration. */
static char *step_name(OpCtx *c)
{
        const char *name = node_string(ctx_node(c), "var_name", "");
        return mem_printf("%s/%s", *name ? name : ctx_node(c)->name, ctx_frame_name(c));
}

static Status *temporary_variable_shape(ShapeCtx *c)
{
        return node_attr_shape(c->node, "shape", &c->out[0]);
}

/* Starts as zeros: TensorFlow leaves the memory as it is, which may hold another client's data. */
static Status *temporary_variable(OpCtx *c)
{
        const Node *n = ctx_node(c);
        autofree char *name = step_name(c);
        autoptr(Resource) r = NULL;
        autoptr(Tensor) zeros = NULL;
        Tensor *handle;
        Shape shape = SHAPE_UNKNOWN;
        DType dtype = node_type(n, "dtype", DT_INVALID);
        if (!name)
                return status_oom();
        TRY(node_attr_shape(n, "shape", &shape));
        if (!shape_complete(&shape))
                return invalid_argument("Shape %s is not fully defined", shape_text(&shape).s);
        TRY(tensor_new(dtype, &shape, &zeros));
        if (dtype_is_plain(dtype) && tensor_count(zeros))
                memset(tensor_fill(zeros), 0, tensor_bytes(zeros));
        TRY(variable_new(dtype, &shape, name, "", &r));
        variable_assign(variable_of(r), zeros);
        TRY(ctx_put_step_resource(c, &variable_kind, name, r));
        TRY(tensor_resource(DT_RESOURCE, r, &handle));
        ctx_set_output(c, 0, handle);
        return NULL;
}

static Status *destroy_prepare(PrepareCtx *p)
{
        if (!*node_string(p->node, "var_name", ""))
                return invalid_argument("Missing var_name attribute");
        return NULL;
}

/* The value outlives the variable, as the op's output. */
static Status *destroy_temporary_variable(OpCtx *c)
{
        autofree char *name = step_name(c);
        Variable *v;
        if (!name)
                return status_oom();
        TRY(var_of(c, 0, &v));
        Tensor *value = variable_read(v);
        if (!value)
                return failed_precondition("Attempting to use uninitialized value %s", v->name);
        ctx_set_output(c, 0, value);
        return ctx_drop_step_resource(c, &variable_kind, name);
}

OP(TemporaryVariable, .outputs = "ref:ref(dtype)",
   .attrs = "shape:shape; dtype:type; var_name:string = \"\"",
   .kernels = "dtype:type in [" VALUE_TYPES "]", .flags = "stateful",
   .shape = temporary_variable_shape, .compute = temporary_variable, .late_shape = true);
OP(DestroyTemporaryVariable, .inputs = "ref:ref(T)", .outputs = "value:T",
   .attrs = "T:type; var_name:string", .kernels = "T:type in [" VALUE_TYPES "]",
   .shape = shape_unchanged, .prepare = destroy_prepare, .compute = destroy_temporary_variable,
   .late_shape = true);
