// SPDX-License-Identifier: Apache-2.0
/* WrapDatasetVariant, UnwrapDatasetVariant: a dataset as something that is no dataset until it is
 * unwrapped. TensorFlow takes such ones from device to device. */
#include "engine/kernels/data/dataset.h"

typedef struct Wrapped {
        Resource base;
        Grave grave; /* datasets may hold wrapped ones */
        Dataset *dataset;
} Wrapped;

static void free_now(Grave *g)
{
        Wrapped *w = CONTAINER_OF(g, Wrapped, grave);
        dataset_unref(w->dataset);
        mem_free(w);
}

static void destroy(Resource *r)
{
        bury(&CONTAINER_OF(r, Wrapped, base)->grave, free_now);
}

static const ResourceKind wrapped_kind = { .name = "WrappedDataset", .destroy = destroy };

static Status *wrap(OpCtx *c)
{
        Dataset *d = NULL;
        Tensor *t = NULL;
        TRY(dataset_at(c, 0, &d));
        Wrapped *w = mem_calloc(1, sizeof *w);
        if (!w)
                return status_oom();
        resource_init(&w->base, &wrapped_kind);
        w->dataset = dataset_ref(d);
        autoptr(Resource) r = &w->base;
        TRY(tensor_resource(DT_VARIANT, r, &t));
        ctx_set_output(c, 0, t);
        return NULL;
}

static Status *unwrap(OpCtx *c)
{
        const Tensor *t = ctx_input(c, 0);
        if (tensor_rank(t))
                return invalid_argument("Dataset tensor must be a scalar of dtype DT_VARIANT.");
        Resource *r = tensor_resource_at(t, 0);
        if (!r || r->kind != &wrapped_kind)
                return invalid_argument("Tensor must be a WrappedDataset variant object.");
        return dataset_output(c, dataset_ref(CONTAINER_OF(r, Wrapped, base)->dataset));
}

OP(WrapDatasetVariant, .inputs = "input_handle:variant", .outputs = "output_handle:variant",
   .shape = shape_scalars, .compute = wrap, .late_shape = true);
OP(UnwrapDatasetVariant, .inputs = "input_handle:variant", .outputs = "output_handle:variant",
   .shape = shape_scalars, .compute = unwrap);
