// SPDX-License-Identifier: Apache-2.0
/* _ThawedConst: what a Const becomes whose reference is taken. Freezing a graph puts constants in
 * the place of its variables, also where the graph still assigns to them; such a constant is a
 * variable of the session that begins with its value (engine/graph/check.c). */
#include "engine/kernels/state/var.h"
#include "engine/tensor/tensor_proto.h"

static void value_free(void *value)
{
        tensor_unref(value);
}

static Status *thawed_prepare(PrepareCtx *p)
{
        const AttrValue *v = node_attr(p->node, "value");
        Tensor *value;
        if (!v || v->value_case != TENSORFLOW__ATTR_VALUE__VALUE_TENSOR)
                return invalid_argument("A constant without a value");
        TRY(tensor_from_proto(v->tensor, NULL, &value));
        p->state = value;
        Status *s = arena_on_free(p->arena, value_free, value);
        if (s)
                tensor_unref(value);
        else if (tensor_dtype(value) != node_type(p->node, "dtype", DT_INVALID))
                s = invalid_argument("Type mismatch between value (%s) and dtype (%s)",
                                     dtype_name(tensor_dtype(value)),
                                     dtype_name(node_type(p->node, "dtype", DT_INVALID)));
        return s;
}

static Status *thawed_shape(ShapeCtx *c)
{
        c->out[0] = SHAPE_UNKNOWN; /* assignments may change it */
        return NULL;
}

static Status *make(const OpCtx *c, const char *name, Resource **ret)
{
        Tensor *value = ctx_state(c);
        TRY(variable_new(tensor_dtype(value), tensor_shape(value), name, ctx_container(c), ret));
        variable_assign(variable_of(*ret), value);
        return NULL;
}

static Status *thawed(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        Tensor *handle;
        TRY(ctx_own_resource(c, &variable_kind, true, make, &r));
        TRY(tensor_resource(DT_RESOURCE, r, &handle));
        ctx_set_output(c, 0, handle);
        return NULL;
}

OP(_ThawedConst, .outputs = "ref:ref(dtype)", .attrs = "value:tensor; dtype:type",
   .kernels = "dtype:type in [" PLAIN_TYPES "]", .flags = "stateful", .shape = thawed_shape,
   .prepare = thawed_prepare, .compute = thawed, .late_shape = true);
