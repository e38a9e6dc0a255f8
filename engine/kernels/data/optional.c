// SPDX-License-Identifier: Apache-2.0
/* OptionalFromValue, OptionalNone, OptionalHasValue, OptionalGetValue. */
#include "engine/kernels/data/optional.h"

#include "engine/kernels/data/dataset.h"
#include "engine/ops/signature.h"

typedef struct Optional {
        Resource base;
        Grave grave;
        Row *row; /* NULL: no value */
} Optional;

static void free_now(Grave *g)
{
        Optional *o = CONTAINER_OF(g, Optional, grave);
        row_free(o->row);
        mem_free(o);
}

static void destroy(Resource *r)
{
        bury(&CONTAINER_OF(r, Optional, base)->grave, free_now);
}

static const ResourceKind optional_kind = { .name = "Optional", .destroy = destroy };

Status *optional_new(Row *row, Tensor **ret)
{
        autoptr(Row) hold = row;
        Optional *o = mem_calloc(1, sizeof *o);
        if (!o)
                return status_oom();
        resource_init(&o->base, &optional_kind);
        o->row = steal(&hold);
        autoptr(Resource) r = &o->base;
        return tensor_resource(DT_VARIANT, r, ret);
}

static Status *optional_at(const OpCtx *c, const Optional **ret)
{
        const Tensor *t = ctx_input(c, 0);
        if (tensor_rank(t))
                return invalid_argument("Input to OptionalHasValue must be a scalar tensor "
                                        "containing an OptionalVariant object.");
        Resource *r = tensor_resource_at(t, 0);
        if (!r || r->kind != &optional_kind)
                return invalid_argument("Input to OptionalHasValue must be an OptionalVariant "
                                        "object.");
        *ret = CONTAINER_OF(r, Optional, base);
        return NULL;
}

static Status *put(OpCtx *c, Row *row)
{
        Tensor *t = NULL;
        TRY(optional_new(row, &t));
        ctx_set_output(c, 0, t);
        return NULL;
}

static Status *none(OpCtx *c)
{
        return put(c, NULL);
}

static Status *from_value(OpCtx *c)
{
        Row *row = NULL;
        TRY(row_of(c->in, ctx_inputs(c), &row));
        return put(c, row);
}

static Status *has_value(OpCtx *c)
{
        const Optional *o = NULL;
        TRY(optional_at(c, &o));
        *(bool *)tensor_fill(ctx_output(c, 0)) = o->row;
        return NULL;
}

/* Components must be those that the node declares. */
static Status *get_value(OpCtx *c)
{
        const Optional *o = NULL;
        TRY(optional_at(c, &o));
        if (!o->row)
                return invalid_argument("The given optional does not have a value.");
        return row_put_matching(c, o->row, "The given optional");
}

OP(OptionalNone, .outputs = "optional:variant", .shape = shape_scalars, .compute = none,
   .late_shape = true);
OP(OptionalFromValue, .inputs = "components:Toutput_types[]", .outputs = "optional:variant",
   .attrs = "Toutput_types:list(type) >=1", .shape = shape_scalars, .compute = from_value,
   .late_shape = true);
OP(OptionalHasValue, .inputs = "optional:variant", .outputs = "has_value:bool",
   .shape = shape_scalars, .compute = has_value);
OP(OptionalGetValue, .inputs = "optional:variant", .outputs = "components:output_types[]",
   .attrs = TYPES, .shape = component_shapes, .compute = get_value, .late_shape = true);
