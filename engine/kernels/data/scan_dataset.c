// SPDX-License-Identifier: Apache-2.0
/* ScanDataset: a function of a state and each element gives the next state and what comes out. */
#include "engine/kernels/data/map.h"

typedef struct ScanIter {
        Iter base;
        Row *state;
} ScanIter;

static Status *open(Iter *it)
{
        return row_join(it->ds->values, NULL, &((ScanIter *)it)->state);
}

static void close(Iter *it)
{
        row_free(((ScanIter *)it)->state);
}

static Status *wrong(const char *what, int i, const char *want, const char *got)
{
        return invalid_argument("Got wrong %s for scan_func return value %d (expected %s, got %s).",
                                what, i, want, got);
}

/* States first, of the types that they had, then what the dataset gives. */
static Status *check_results(const ScanIter *s, const Row *both)
{
        const Dataset *d = s->base.ds;
        int n = s->state->n;
        for (int i = 0; i < MIN(both->n, n + d->n); i++) {
                const Tensor *t = both->t[i];
                const Shape *shape = i < n ? NULL : &d->shapes[i - n];
                DType type = i < n ? tensor_dtype(s->state->t[i]) : d->types[i - n];
                if (tensor_dtype(t) != type)
                        return wrong("type", i, dtype_name(type), dtype_name(tensor_dtype(t)));
                if (shape && !shape_compatible(shape, tensor_shape(t)))
                        return wrong("shape", i, shape_text(shape).s,
                                     shape_text(tensor_shape(t)).s);
        }
        return NULL;
}

/* The first of the results are the state, of the same types as before. */
static Status *take(ScanIter *s, Pull *p)
{
        int n = s->state->n;
        Row *state = NULL, *out = NULL;
        autoptr(Row) both = pull_row(p);
        if (both->n < n)
                return invalid_argument("The function of a scan must return its state of %d "
                                        "components, but it returns %d",
                                        n, both->n);
        TRY(check_results(s, both));
        TRY(row_of(both->t, n, &state));
        row_free(s->state);
        s->state = state;
        TRY(row_of(both->t + n, both->n - n, &out));
        return pull_give(p, out);
}

static Status *next(Iter *it, Pull *p)
{
        ScanIter *s = (ScanIter *)it;
        Row *args = NULL;
        autoptr(Row) row = NULL;
        switch (pull_event(p)) {
        case PULL_ASKED: return pull_input(p, it);
        case PULL_RESULT: return take(s, p);
        case PULL_ERROR: return map_error(p, ((Map *)it->ds)->preserve_cardinality);
        case PULL_END: return pull_end(p);
        default: row = pull_row(p);
        }
        TRY(row_join(s->state, row, &args));
        return pull_call(p, &it->ds->func[0], args);
}

static const DatasetKind scan_kind = { .name = "Scan",
                                       .size = sizeof(Map),
                                       .iter_size = sizeof(ScanIter),
                                       .open = open,
                                       .next = next,
                                       .close = close,
                                       .catches_calls = true };

static Status *scan(OpCtx *c)
{
        int n = dataset_list_len(ctx_node(c), "Tstate");
        autoptr(Dataset) d = NULL;
        TRY(dataset_typed(c, &scan_kind, &d));
        TRY(row_of(c->in + 1, n, &d->values));
        TRY(captured_read(c, 0, 1 + n, ctx_inputs(c) - 1 - n, &d->func[0]));
        ((Map *)d)->preserve_cardinality = node_bool(ctx_node(c), "preserve_cardinality", false);
        if (!((Map *)d)->preserve_cardinality)
                d->cardinality = CARDINALITY_UNKNOWN;
        return dataset_output(c, steal(&d));
}

#define SCAN(op, more)                                                                            \
        DATASET_OP(op,                                                                            \
                   "input_dataset:variant; initial_state:Tstate[]; other_arguments:Targuments[]", \
                   "f:func; Tstate:list(type) >=1; Targuments:list(type) >=0; " TYPES             \
                   "; preserve_cardinality:bool = false" more,                                    \
                   .prepare = dataset_prepare, .compute = scan)

SCAN(ScanDataset, "; use_default_device:bool = true" METADATA);
SCAN(ExperimentalScanDataset, "");
