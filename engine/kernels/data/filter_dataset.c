// SPDX-License-Identifier: Apache-2.0
/* FilterDataset: the elements for which a function says true. TakeWhileDataset: those before the
 * first one for which it says false. FilterByLastComponentDataset: those whose last component is
 * true, without it. */
#include "engine/kernels/data/pull.h"

typedef struct FilterIter {
        Iter base;
        Row *row; /* that the function is asked about */
} FilterIter;

/* words: of the error, when the function gives anything else. */
static Status *verdict(Pull *p, const char *words, bool *ret)
{
        autoptr(Row) answer = pull_row(p);
        if (answer->n != 1 || tensor_dtype(answer->t[0]) != DT_BOOL ||
            tensor_count(answer->t[0]) != 1)
                return invalid_argument("%s", words);
        *ret = tensor_int(answer->t[0], 0);
        return NULL;
}

static Status *next(Iter *it, Pull *p, bool stop_at_false)
{
        FilterIter *f = (FilterIter *)it;
        bool good = false;
        switch (pull_event(p)) {
        case PULL_ASKED: return pull_input(p, it);
        case PULL_ROW:
                row_free(f->row);
                f->row = pull_row(p);
                return pull_call_with(p, &it->ds->func[0], f->row);
        case PULL_RESULT:
                TRY(verdict(p,
                            stop_at_false ? "`predicate` must returns a scalar bool tensor."
                                          : "Filter predicate `f` must return a scalar bool.",
                            &good));
                if (good)
                        return pull_give(p, steal(&f->row));
                return stop_at_false ? pull_end(p) : pull_input(p, it);
        default: return pull_pass(p);
        }
}

static Status *filter_next(Iter *it, Pull *p)
{
        return next(it, p, false);
}

static Status *while_next(Iter *it, Pull *p)
{
        return next(it, p, true);
}

static void close(Iter *it)
{
        row_free(((FilterIter *)it)->row);
}

static Status *component_next(Iter *it, Pull *p)
{
        if (pull_event(p) != PULL_ROW)
                return pull_event(p) == PULL_END ? pull_end(p) : pull_input(p, it);
        autoptr(Row) row = pull_row(p);
        const Tensor *last = row->t[row->n - 1];
        if (tensor_dtype(last) != DT_BOOL || tensor_rank(last))
                return invalid_argument("Last component must be a bool scalar.");
        if (!tensor_int(last, 0))
                return pull_input(p, it);
        Row *rest = NULL;
        TRY(row_of(row->t, row->n - 1, &rest));
        return pull_give(p, rest);
}

static const DatasetKind filter_kind = {
        .name = "Filter", .iter_size = sizeof(FilterIter), .next = filter_next, .close = close
};
static const DatasetKind while_kind = {
        .name = "TakeWhile", .iter_size = sizeof(FilterIter), .next = while_next, .close = close
};
static const DatasetKind component_kind = { .name = "FilterByLastComponent",
                                            .next = component_next };

static Status *make(OpCtx *c, const DatasetKind *kind)
{
        autoptr(Dataset) d = NULL;
        TRY(dataset_unary(c, kind, &d));
        TRY(captured_read(c, 0, 1, ctx_inputs(c) - 1, &d->func[0]));
        d->cardinality = d->cardinality ? CARDINALITY_UNKNOWN : 0;
        return dataset_output(c, steal(&d));
}

static Status *filter_dataset(OpCtx *c)
{
        return make(c, &filter_kind);
}

static Status *take_while(OpCtx *c)
{
        return make(c, &while_kind);
}

static Status *by_component(OpCtx *c)
{
        Dataset *input = NULL, *d = NULL;
        TRY(dataset_at(c, 0, &input));
        if (input->n < 2)
                return invalid_argument("Input dataset must have at least two components.");
        TRY(dataset_new(&component_kind, 1, input->n - 1, &d));
        d->input[0] = dataset_ref(input);
        memcpy(d->types, input->types, (size_t)d->n * sizeof *d->types);
        memcpy(d->shapes, input->shapes, (size_t)d->n * sizeof *d->shapes);
        return dataset_output(c, d);
}

#define PREDICATE(op, fn, more)                                               \
        DATASET_OP(op, "input_dataset:variant; other_arguments:Targuments[]", \
                   "predicate:func; Targuments:list(type) >=0; " TYPES more,  \
                   .prepare = dataset_prepare, .compute = fn)

PREDICATE(FilterDataset, filter_dataset, METADATA);
PREDICATE(TakeWhileDataset, take_while, METADATA);
PREDICATE(ExperimentalTakeWhileDataset, take_while, "");
OP(FilterByLastComponentDataset, .inputs = "input_dataset:variant", .outputs = "output:variant",
   .attrs = TYPES, .shape = shape_scalars, .compute = by_component);
