// SPDX-License-Identifier: Apache-2.0
/* DirectedInterleaveDataset: one dataset says which of the others gives the next element. */
#include "engine/kernels/data/pull.h"

typedef struct Directed {
        Dataset base; /* input[0] chooses among the others */
        bool stop_on_empty;
} Directed;

typedef struct DirectedIter {
        Iter base;
        Iter **inputs; /* one per input of the dataset; [0] is not used */
        bool *over;    /* those that have ended */
        int live;
        int64_t chosen; /* 0: the chooser is being asked */
} DirectedIter;

static Status *open(Iter *it)
{
        DirectedIter *d = (DirectedIter *)it;
        size_t n = (size_t)it->ds->n_inputs;
        d->inputs = mem_calloc(n, sizeof *d->inputs);
        d->over = mem_calloc(n, sizeof *d->over);
        d->live = it->ds->n_inputs - 1;
        return d->inputs && d->over ? NULL : status_oom();
}

static void close(Iter *it)
{
        DirectedIter *d = (DirectedIter *)it;
        for (int i = 0; d->inputs && i < it->ds->n_inputs; i++)
                iter_free(d->inputs[i]);
        mem_free(d->inputs);
        mem_free(d->over);
}

static Status *choose(DirectedIter *d, Pull *p)
{
        d->chosen = 0;
        return pull_input(p, &d->base);
}

/* An input that has ended is passed over: another choice is asked for. */
static Status *take_choice(DirectedIter *d, Pull *p)
{
        autoptr(Row) row = pull_row(p);
        Dataset *ds = d->base.ds;
        int64_t i = tensor_rank(row->t[0]) ? -1 : tensor_int(row->t[0], 0), n = ds->n_inputs - 1;
        if (i < 0 || i >= n)
                return invalid_argument("Selector index out of range: %lld >= %lld", (long long)i,
                                        (long long)n);
        if (d->over[i + 1])
                return choose(d, p);
        d->chosen = i + 1;
        if (!d->inputs[d->chosen])
                TRY(iter_new(ds->input[d->chosen], &d->inputs[d->chosen]));
        return pull_from(p, d->inputs[d->chosen]);
}

/* The end of the choices, or of the last input that is left, is the end. */
static Status *take_end(DirectedIter *d, Pull *p)
{
        if (!d->chosen || ((Directed *)d->base.ds)->stop_on_empty)
                return pull_end(p);
        iter_free(steal(&d->inputs[d->chosen]));
        d->over[d->chosen] = true;
        return --d->live ? choose(d, p) : pull_end(p);
}

static Status *next(Iter *it, Pull *p)
{
        DirectedIter *d = (DirectedIter *)it;
        switch (pull_event(p)) {
        case PULL_ASKED: return choose(d, p);
        case PULL_ROW: return d->chosen ? pull_pass(p) : take_choice(d, p);
        default: return take_end(d, p);
        }
}

static const DatasetKind directed_kind = { .name = "DirectedInterleave",
                                           .size = sizeof(Directed),
                                           .iter_size = sizeof(DirectedIter),
                                           .open = open,
                                           .next = next,
                                           .close = close };

static Status *check_types(const Dataset *first, const Dataset *d, int i)
{
        autobuf is = BUF(1 << 12), want = BUF(1 << 12);
        if (d->n == first->n && !memcmp(d->types, first->types, (size_t)d->n * sizeof *d->types))
                return NULL;
        components_text(first, &want);
        components_text(d, &is);
        return invalid_argument("All inputs must have the same output_dtypes. First input has "
                                "types %s, and input %d has types %s",
                                buf_cstr(&want), i, buf_cstr(&is));
}

static Status *check_inputs(const OpCtx *c)
{
        Dataset *selector = NULL, *first = NULL, *input = NULL;
        TRY(dataset_at(c, 0, &selector));
        if (selector->n != 1 || selector->types[0] != DT_INT64 || selector->shapes[0].rank > 0)
                return invalid_argument("The selector input must be a dataset of scalar int64 "
                                        "elements.");
        TRY(dataset_at(c, 1, &first));
        for (int i = 2; i < ctx_inputs(c); i++) {
                TRY(dataset_at(c, i, &input));
                TRY(check_types(first, input, i - 1));
        }
        return NULL;
}

static Status *directed(OpCtx *c)
{
        Dataset *first = NULL;
        autoptr(Dataset) d = NULL;
        TRY(check_inputs(c));
        TRY(dataset_at(c, 1, &first));
        TRY(dataset_new(&directed_kind, ctx_inputs(c), first->n, &d));
        for (int i = 0; i < ctx_inputs(c); i++) {
                Dataset *input = NULL;
                TRY(dataset_at(c, i, &input));
                d->input[i] = dataset_ref(input);
        }
        memcpy(d->types, first->types, (size_t)d->n * sizeof *d->types);
        for (int k = 0; ctx_inputs(c) == 2 && k < d->n; k++)
                d->shapes[k] = first->shapes[k];
        ((Directed *)d)->stop_on_empty = node_bool(ctx_node(c), "stop_on_empty_dataset", false);
        return dataset_output(c, steal(&d));
}

DATASET_OP(DirectedInterleaveDataset,
           "selector_input_dataset:variant; data_input_datasets:N*variant",
           TYPES "; N:int >=1; stop_on_empty_dataset:bool = false", .compute = directed);
DATASET_OP(ExperimentalDirectedInterleaveDataset,
           "selector_input_dataset:variant; data_input_datasets:N*variant", TYPES "; N:int >=1",
           .compute = directed);
