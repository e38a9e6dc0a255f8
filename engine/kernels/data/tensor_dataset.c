// SPDX-License-Identifier: Apache-2.0
/* TensorDataset: one element, all of its tensors. TensorSliceDataset: their slices along the first
 * dimension. */
#include "engine/kernels/data/pull.h"

typedef struct SliceIter {
        Iter base;
        int64_t i;
} SliceIter;

static Status *tensor_next(Iter *it, Pull *p)
{
        if (it->at++)
                return pull_end(p);
        Row *row = NULL;
        TRY(row_join(it->ds->values, NULL, &row));
        return pull_give(p, row);
}

static Status *slice_next(Iter *it, Pull *p)
{
        SliceIter *s = (SliceIter *)it;
        const Dataset *d = it->ds;
        if (s->i >= d->cardinality)
                return pull_end(p);
        Row *row = NULL;
        TRY(row_slice(d->values, s->i, &row));
        s->i++;
        return pull_give(p, row);
}

static const DatasetKind tensor_kind = { .name = "Tensor", .next = tensor_next };
static const DatasetKind slice_kind = { .name = "TensorSlice",
                                        .iter_size = sizeof(SliceIter),
                                        .next = slice_next };

static Status *make(OpCtx *c, const DatasetKind *kind, Dataset **ret)
{
        autoptr(Dataset) d = NULL;
        TRY(dataset_new(kind, 0, ctx_inputs(c), &d));
        TRY(row_of(c->in, ctx_inputs(c), &d->values));
        for (int i = 0; i < d->n; i++) {
                d->types[i] = tensor_dtype(ctx_input(c, i));
                d->shapes[i] = *tensor_shape(ctx_input(c, i));
        }
        *ret = steal(&d);
        return NULL;
}

/* output_shapes must be true. */
static Status *check_shapes(const OpCtx *c, const Dataset *d)
{
        autoptr(Dataset) says = NULL;
        TRY(dataset_new(d->kind, 0, d->n, &says));
        TRY(dataset_read_types(ctx_node(c), "Toutput_types", says));
        return components_fit(d->n, d->types, d->shapes, says->n, says->types, says->shapes);
}

static Status *tensor_dataset(OpCtx *c)
{
        autoptr(Dataset) d = NULL;
        TRY(make(c, &tensor_kind, &d));
        TRY(check_shapes(c, d));
        d->cardinality = 1;
        return dataset_output(c, steal(&d));
}

static Status *slice_dataset(OpCtx *c)
{
        int64_t n = -1;
        for (int i = 0; i < ctx_inputs(c); i++) {
                const Tensor *t = ctx_input(c, i);
                if (!tensor_rank(t))
                        return invalid_argument("All components must be at least 1-dimensional");
                if (n >= 0 && tensor_dim(t, 0) != n)
                        return invalid_argument("All components must have the same size in the 0th "
                                                "dimension");
                n = tensor_dim(t, 0);
        }
        autoptr(Dataset) d = NULL;
        TRY(make(c, &slice_kind, &d));
        for (int i = 0; i < d->n; i++)
                shape_remove(&d->shapes[i], 0);
        TRY(check_shapes(c, d));
        d->cardinality = n;
        return dataset_output(c, steal(&d));
}

DATASET_OP(TensorDataset, "components:Toutput_types[]",
           "Toutput_types:list(type) >=1; output_shapes:list(shape) >=1" METADATA,
           .flags = "stateful", .compute = tensor_dataset);
DATASET_OP(TensorSliceDataset, "components:Toutput_types[]",
           "Toutput_types:list(type) >=1; output_shapes:list(shape) >=1; is_files:bool = "
           "false" METADATA,
           .flags = "stateful", .compute = slice_dataset);
