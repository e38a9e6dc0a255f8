// SPDX-License-Identifier: Apache-2.0
/* VariableV2 and VarHandleOp: a variable of the session, found or made by its name. */
#include "engine/kernels/state/var.h"
#include "engine/ops/ctx_own.h"

static Status *variable_shape(ShapeCtx *c)
{
        TRY(node_attr_shape(c->node, "shape", &c->out[0]));
        /* The old op could not tell a scalar from an unknown shape. */
        if (c->out[0].rank == 0 && strcmp(c->node->def->op, "Variable") == 0)
                c->out[0] = SHAPE_UNKNOWN;
        return NULL;
}

/* What each step asks for. */
typedef struct Declared {
        OwnName own;
        bool named; /* own counts */
        DType dtype;
} Declared;

static Status *variable_prepare(PrepareCtx *p)
{
        Declared *d = arena_calloc(p->arena, 1, sizeof *d);
        if (!d)
                return status_oom();
        d->named = own_name_find(p->node, &d->own);
        d->dtype = node_type(p->node, "dtype", DT_INVALID);
        p->state = d;
        return NULL;
}

/* A shared name may stand for a variable of another type already. */
static Status *variable(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        const Declared *d = ctx_state(c);
        Tensor *handle;
        if (d->named)
                TRY(ctx_own_by_name(c, &variable_kind, &d->own, var_make, &r));
        else
                TRY(ctx_own_resource(c, &variable_kind, true, var_make, &r));
        Variable *v = variable_of(r);
        DType dtype = d->dtype;
        if (v->dtype != dtype)
                return invalid_argument("Trying to get variable %s as %s, but it is %s", v->name,
                                        dtype_name(dtype), dtype_name(v->dtype));
        TRY(tensor_resource(DT_RESOURCE, r, &handle));
        ctx_set_output(c, 0, handle);
        return NULL;
}

OP(VariableV2, .outputs = "ref:ref(dtype)",
   .attrs = "shape:shape; dtype:type; container:string = \"\"; shared_name:string = \"\"",
   .kernels = "dtype:type in [" VALUE_TYPES "]", .flags = "stateful", .shape = variable_shape,
   .prepare = variable_prepare, .compute = variable, .late_shape = true);
OP(Variable, .outputs = "ref:ref(dtype)",
   .attrs = "shape:shape; dtype:type; container:string = \"\"; shared_name:string = \"\"",
   .kernels = "dtype:type in [" VALUE_TYPES "]", .flags = "stateful", .shape = variable_shape,
   .prepare = variable_prepare, .compute = variable, .late_shape = true);
OP(VarHandleOp, .outputs = "resource:resource",
   .attrs = "container:string = \"\"; shared_name:string = \"\"; dtype:type; shape:shape; "
            "allowed_devices:list(string) = []",
   .kernels = "dtype:type in [" VALUE_TYPES "]", .flags = "stateful", .shape = shape_scalars,
   .prepare = variable_prepare, .compute = variable, .late_shape = true);
