// SPDX-License-Identifier: Apache-2.0
/* UnbatchDataset: the slices of each element along the first dimension. */
#include "engine/kernels/data/pull.h"

typedef struct UnbatchIter {
        Iter base;
        Row *row; /* whose slices are given; NULL: none */
        int64_t i, n;
} UnbatchIter;

/* All components must have one first dimension, and the same. */
static Status *take_row(UnbatchIter *u, Row *row)
{
        autoptr(Row) hold = row;
        for (int k = 0; k < row->n; k++) {
                if (!tensor_rank(row->t[k]))
                        return invalid_argument("Input element must have a non-scalar value in "
                                                "each component.");
                if (tensor_dim(row->t[k], 0) != tensor_dim(row->t[0], 0))
                        return invalid_argument(
                                "Input element must have the same batch size in each component. "
                                "Component 0 had size %lld but component %d had size, %lld.",
                                (long long)tensor_dim(row->t[0], 0), k,
                                (long long)tensor_dim(row->t[k], 0));
        }
        row_free(u->row);
        u->row = steal(&hold);
        u->i = 0;
        u->n = tensor_dim(row->t[0], 0);
        return NULL;
}

static Status *next(Iter *it, Pull *p)
{
        UnbatchIter *u = (UnbatchIter *)it;
        Row *slices = NULL;
        if (pull_event(p) == PULL_END)
                return pull_end(p);
        if (pull_event(p) == PULL_ROW)
                TRY(take_row(u, pull_row(p)));
        if (!u->row || u->i >= u->n)
                return pull_input(p, it);
        TRY(row_slice(u->row, u->i++, &slices));
        return pull_give(p, slices);
}

static void close(Iter *it)
{
        row_free(((UnbatchIter *)it)->row);
}

static const DatasetKind unbatch_kind = {
        .name = "Unbatch", .iter_size = sizeof(UnbatchIter), .next = next, .close = close
};

static Status *unbatch(OpCtx *c)
{
        Dataset *d = NULL;
        TRY(dataset_unary(c, &unbatch_kind, &d));
        int64_t batch = -1;
        for (int k = 0; k < d->n; k++) {
                if (d->shapes[k].rank <= 0)
                        continue;
                batch = MAX(batch, d->shapes[k].dim[0]);
                shape_remove(&d->shapes[k], 0);
        }
        if (d->cardinality > 0)
                d->cardinality =
                        batch < 0 || __builtin_mul_overflow(d->cardinality, batch, &d->cardinality)
                                ? CARDINALITY_UNKNOWN
                                : d->cardinality;
        return dataset_output(c, d);
}

DATASET_OP(UnbatchDataset, "input_dataset:variant", TYPES METADATA, .compute = unbatch);
DATASET_OP(ExperimentalUnbatchDataset, "input_dataset:variant", TYPES, .compute = unbatch);
