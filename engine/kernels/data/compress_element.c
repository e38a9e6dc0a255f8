// SPDX-License-Identifier: Apache-2.0
/* CompressElement, UncompressElement: an element as one variant. TensorFlow packs it for its way
 * between processes; here it stays where it is, and its tensors with it. */
#include "engine/kernels/data/dataset.h"

typedef struct Compressed {
        Resource base;
        Grave grave; /* an element may hold compressed ones */
        Row *row;
} Compressed;

static void free_now(Grave *g)
{
        Compressed *e = CONTAINER_OF(g, Compressed, grave);
        row_free(e->row);
        mem_free(e);
}

static void destroy(Resource *r)
{
        bury(&CONTAINER_OF(r, Compressed, base)->grave, free_now);
}

static const ResourceKind compressed_kind = { .name = "CompressedElement", .destroy = destroy };

static Status *compress(OpCtx *c)
{
        Tensor *t = NULL;
        autoptr(Row) row = NULL;
        TRY(row_of(c->in, ctx_inputs(c), &row));
        Compressed *e = mem_calloc(1, sizeof *e);
        if (!e)
                return status_oom();
        resource_init(&e->base, &compressed_kind);
        e->row = steal(&row);
        autoptr(Resource) r = &e->base;
        TRY(tensor_resource(DT_VARIANT, r, &t));
        ctx_set_output(c, 0, t);
        return NULL;
}

static Status *uncompress(OpCtx *c)
{
        const Tensor *t = ctx_input(c, 0);
        Resource *r = tensor_rank(t) ? NULL : tensor_resource_at(t, 0);
        if (!r || r->kind != &compressed_kind)
                return invalid_argument("Input does not contain a compressed element.");
        return row_put(c, CONTAINER_OF(r, Compressed, base)->row);
}

OP(CompressElement, .inputs = "components:input_types[]", .outputs = "compressed:variant",
   .attrs = "input_types:list(type) >=1", .shape = shape_scalars, .compute = compress,
   .late_shape = true);
OP(UncompressElement, .inputs = "compressed:variant", .outputs = "components:output_types[]",
   .attrs = TYPES, .shape = component_shapes, .compute = uncompress, .late_shape = true);
