// SPDX-License-Identifier: Apache-2.0
/* What the ops on variables share. */
#include "engine/kernels/state/var.h"

Status *var_of(const OpCtx *c, int i, Variable **ret)
{
        Resource *r;
        TRY(ctx_resource(c, i, &variable_kind, &r));
        *ret = variable_of(r);
        return NULL;
}

Status *var_missing(const OpCtx *c, const Variable *v)
{
        return ctx_missing_resource(c, &variable_kind, v->container, v->name);
}

static Status *unreadable(const OpCtx *c, const Variable *v)
{
        autoptr(Status) why = var_missing(c, v);
        return failed_precondition("Error while reading resource variable %s from Container: %s. "
                                   "This could mean that the variable was uninitialized. Not "
                                   "found: %s",
                                   v->name, v->container, status_message(why));
}

/* A new reference to the value as it is now: later writes do not show in it. */
Status *var_read(const OpCtx *c, int i, DType dtype, Tensor **ret)
{
        Variable *v;
        TRY(var_of(c, i, &v));
        Tensor *t = variable_read(v);
        if (!t)
                return unreadable(c, v);
        if (dtype != DT_INVALID && tensor_dtype(t) != dtype) {
                Status *s = invalid_argument("Trying to read variable with wrong dtype. Expected "
                                             "%s got %s",
                                             dtype_name(dtype), dtype_name(tensor_dtype(t)));
                tensor_unref(t);
                return s;
        }
        *ret = t;
        return NULL;
}

/* Reference variables may be written before they have a value, resource variables may not. */
Status *var_update(const OpCtx *c, int i, DType dtype, Status *(*fn)(void *arg, Tensor *value),
                   void *arg)
{
        Variable *v;
        TRY(var_of(c, i, &v));
        if (v->dtype != dtype)
                return invalid_argument("Trying to assign variable with wrong dtype. Expected %s "
                                        "got %s",
                                        dtype_name(v->dtype), dtype_name(dtype));
        if (!dtype_is_ref(ctx_node(c)->in_types[i]) && !variable_initialized(v))
                return var_missing(c, v);
        return variable_update(v, fn, arg);
}

Status *var_make(const OpCtx *c, const char *name, Resource **ret)
{
        const Node *n = ctx_node(c);
        Shape shape = SHAPE_UNKNOWN;
        if (node_type(n, "dtype", DT_INVALID) == DT_RESOURCE) /* could hold itself */
                return unimplemented("Variables of resources are not supported");
        TRY(node_attr_shape(n, "shape", &shape));
        TRY(variable_new(node_type(n, "dtype", DT_INVALID), &shape, name, ctx_container(c), ret));
        variable_of(*ret)->made = dtype_is_ref(n->out_types[0]);
        return NULL;
}
