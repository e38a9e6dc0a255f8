// SPDX-License-Identifier: Apache-2.0
/* RebatchDataset: each batch in as many parts as there are replicas, the last ones smaller or
 * empty. */
#include "engine/kernels/data/pull.h"

typedef struct Rebatch {
        Dataset base;
        int64_t replicas;
} Rebatch;

typedef struct RebatchIter {
        Iter base;
        Row *row;     /* whose parts are given; NULL: none */
        int64_t part; /* the next one */
} RebatchIter;

static Status *check_row(const Row *row)
{
        for (int k = 0; k < row->n; k++)
                if (!tensor_rank(row->t[k]))
                        return invalid_argument("Cannot rebatch dataset: All components must have "
                                                "at least one dimension. Perhaps your input "
                                                "dataset is not batched? Component %d is scalar.",
                                                k);
        return NULL;
}

/* Parts are as large as a whole number allows, so the last ones may be empty. */
static Status *make_part(const Row *row, int64_t part, int64_t replicas, Row **ret)
{
        autoptr(Row) parts = NULL;
        TRY(row_new(row->n, &parts));
        for (int k = 0; k < row->n; k++) {
                Shape shape = *tensor_shape(row->t[k]);
                int64_t n = shape.dim[0], step = n / replicas + (n % replicas != 0);
                int64_t from = part > (step ? n / step : 0) ? n : MIN(part * step, n);
                shape.dim[0] = MIN(step, n - from);
                TRY(tensor_slice(row->t[k], from * shape_product(&shape, 1, shape.rank), &shape,
                                 &parts->t[k]));
        }
        *ret = steal(&parts);
        return NULL;
}

static Status *next(Iter *it, Pull *p)
{
        RebatchIter *r = (RebatchIter *)it;
        int64_t replicas = ((Rebatch *)it->ds)->replicas;
        Row *part = NULL;
        if (pull_event(p) == PULL_END)
                return pull_end(p);
        if (pull_event(p) == PULL_ROW) {
                row_free(r->row);
                r->row = pull_row(p);
                r->part = 0;
                TRY(check_row(r->row));
        }
        if (!r->row || r->part >= replicas)
                return pull_input(p, it);
        TRY(make_part(r->row, r->part++, replicas, &part));
        return pull_give(p, part);
}

static void close(Iter *it)
{
        row_free(((RebatchIter *)it)->row);
}

static const DatasetKind rebatch_kind = { .name = "Rebatch",
                                          .size = sizeof(Rebatch),
                                          .iter_size = sizeof(RebatchIter),
                                          .next = next,
                                          .close = close };

static Status *rebatch(OpCtx *c)
{
        int64_t n;
        Dataset *d = NULL;
        TRY(scalar_int(c, 1, "num_replicas", &n));
        if (n <= 0)
                return invalid_argument("num_replicas must be greater than zero.");
        TRY(dataset_typed(c, &rebatch_kind, &d));
        ((Rebatch *)d)->replicas = n;
        if (d->cardinality > 0 && __builtin_mul_overflow(d->cardinality, n, &d->cardinality))
                d->cardinality = INT64_MAX;
        return dataset_output(c, d);
}

DATASET_OP(RebatchDataset, "input_dataset:variant; num_replicas:int64",
           TYPES "; use_fallback:bool = true", .compute = rebatch);
DATASET_OP(ExperimentalRebatchDataset, "input_dataset:variant; num_replicas:int64",
           TYPES "; use_fallback:bool = true", .compute = rebatch);
