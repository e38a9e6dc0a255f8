// SPDX-License-Identifier: Apache-2.0
/* Ops that run a whole dataset at once: DatasetToSingleElement, ReduceDataset,
 * InitializeTableFromDataset. Each is the one element of a dataset over it. DatasetCardinality
 * only asks. */
#include "engine/kernels/data/batch.h"
#include "engine/kernels/data/single.h"
#include "engine/kernels/lookup/lookup.h"

/* ---- running ---- */

typedef struct Whole {
        OpCtx *c;
        Iter *root;
        UseRow use;
} Whole;

static void on_row(void *arg, Status *s, Row *row)
{
        Whole *w = arg;
        OpCtx *c = w->c;
        if (!s)
                s = w->use(c, row);
        row_free(row);
        iter_free(w->root);
        ctx_done(c, s);
}

static Status *whole_new(OpCtx *c, Dataset *d, UseRow use, Whole **ret)
{
        Whole *w = ctx_scratch(c, sizeof *w);
        if (!w)
                return status_oom();
        *w = (Whole){ .c = c, .use = use };
        TRY(iter_new(d, &w->root));
        *ret = w;
        return NULL;
}

void single_run(OpCtx *c, Status *s, Dataset *d, UseRow use)
{
        Whole *w = NULL;
        autoptr(Dataset) hold = d;
        if (!s)
                s = whole_new(c, d, use, &w);
        if (s)
                ctx_done(c, s);
        else
                pull_start(c, w->root, on_row, w);
}

/* ---- DatasetToSingleElement ---- */

typedef struct SingleIter {
        Iter base;
        Row *row;
} SingleIter;

/* Asks for a second element, which must not come. */
static Status *single_next(Iter *it, Pull *p)
{
        SingleIter *s = (SingleIter *)it;
        if (pull_event(p) == PULL_ROW && s->row)
                return invalid_argument("Dataset had more than one element.");
        if (pull_event(p) == PULL_END)
                return s->row ? pull_give(p, steal(&s->row))
                              : invalid_argument("Dataset was empty.");
        if (pull_event(p) == PULL_ROW)
                s->row = pull_row(p);
        return pull_input(p, it);
}

static void single_close(Iter *it)
{
        row_free(((SingleIter *)it)->row);
}

static const DatasetKind single_kind = { .name = "SingleElement",
                                         .iter_size = sizeof(SingleIter),
                                         .next = single_next,
                                         .close = single_close };

static void single_element(OpCtx *c)
{
        Dataset *d = NULL;
        Status *s = dataset_unary(c, &single_kind, &d);
        single_run(c, s, d, row_put);
}

/* ---- ReduceDataset ---- */

/* The state lies in row; the function makes the next one of it and each element. */
static Status *reduce_next(Iter *it, Pull *p)
{
        SingleIter *s = (SingleIter *)it;
        Row *args = NULL;
        if (pull_event(p) == PULL_ASKED)
                TRY(row_join(it->ds->values, NULL, &s->row));
        if (pull_event(p) == PULL_END)
                return pull_give(p, steal(&s->row));
        if (pull_event(p) == PULL_ROW) {
                autoptr(Row) row = pull_row(p);
                TRY(row_join(s->row, row, &args));
                return pull_call(p, &it->ds->func[0], args);
        }
        if (pull_event(p) == PULL_RESULT) {
                autoptr(Row) row = pull_row(p);
                if (row->n != s->row->n)
                        return invalid_argument("The number of components of the initial state "
                                                "and the reduce function output does not match. "
                                                "(initial_state=%d, output=%d).",
                                                s->row->n, row->n);
                row_free(s->row);
                s->row = steal(&row);
        }
        return pull_input(p, it);
}

static const DatasetKind reduce_kind = { .name = "Reduce",
                                         .iter_size = sizeof(SingleIter),
                                         .next = reduce_next,
                                         .close = single_close };

static Status *reduce_new(OpCtx *c, Dataset **ret)
{
        int n = dataset_list_len(ctx_node(c), "Tstate");
        Dataset *input = NULL;
        autoptr(Dataset) d = NULL;
        TRY(dataset_at(c, 0, &input));
        TRY(dataset_new(&reduce_kind, 1, n, &d));
        d->input[0] = dataset_ref(input);
        for (int i = 0; i < n; i++)
                d->types[i] = tensor_dtype(ctx_input(c, 1 + i));
        TRY(row_of(c->in + 1, n, &d->values));
        TRY(captured_read(c, 0, 1 + n, ctx_inputs(c) - 1 - n, &d->func[0]));
        *ret = steal(&d);
        return NULL;
}

static Status *put_result(OpCtx *c, const Row *row)
{
        return row_put_matching(c, row, "The result");
}

static void reduce(OpCtx *c)
{
        Dataset *d = NULL;
        Status *s = reduce_new(c, &d);
        single_run(c, s, d, put_result);
}

/* ---- InitializeTableFromDataset ---- */

static Status *fill_table(OpCtx *c, const Row *row)
{
        Table *t;
        TRY(table_at(c, &t));
        if (row)
                return table_initialize(t, row->t[0], row->t[1]);
        autoptr(Tensor) keys = NULL;
        autoptr(Tensor) values = NULL;
        TRY(tensor_new(table_key_dtype(t), &SHAPE(0), &keys));
        TRY(tensor_new(table_value_dtype(t), &SHAPE(0), &values));
        return table_initialize(t, keys, values);
}

static Status *table_rows(OpCtx *c, Dataset **ret)
{
        Table *t;
        Dataset *d = NULL;
        TRY(table_at(c, &t));
        TRY(dataset_at(c, 1, &d));
        if (d->n != 2)
                return invalid_argument("Dataset should have two output types only. Dataset has "
                                        "%d output types",
                                        d->n);
        if (d->types[0] != table_key_dtype(t) || d->types[1] != table_value_dtype(t))
                return invalid_argument("Key and value types of the table (%s, %s) are not those "
                                        "of the dataset (%s, %s)",
                                        dtype_name(table_key_dtype(t)),
                                        dtype_name(table_value_dtype(t)), dtype_name(d->types[0]),
                                        dtype_name(d->types[1]));
        return batch_over(d, INT64_MAX, false, ret);
}

static void initialize_table(OpCtx *c)
{
        Dataset *d = NULL;
        Status *s = table_rows(c, &d);
        single_run(c, s, d, fill_table);
}

/* ---- DatasetCardinality ---- */

static Status *cardinality(OpCtx *c)
{
        Dataset *d = NULL;
        TRY(dataset_at(c, 0, &d));
        *(int64_t *)tensor_fill(ctx_output(c, 0)) = d->cardinality;
        return NULL;
}

OP(DatasetToSingleElement, .inputs = "dataset:variant", .outputs = "components:output_types[]",
   .attrs = TYPES METADATA, .flags = "stateful", .shape = component_shapes, .start = single_element,
   .late_shape = true);
OP(ReduceDataset,
   .inputs = "input_dataset:variant; initial_state:Tstate[]; other_arguments:Targuments[]",
   .outputs = "components:output_types[]",
   .attrs = "f:func; Tstate:list(type) >=1; Targuments:list(type) >=0; " TYPES
            "; use_inter_op_parallelism:bool = true" METADATA,
   .flags = "stateful", .shape = component_shapes, .prepare = dataset_prepare, .start = reduce,
   .late_shape = true);
OP(InitializeTableFromDataset, .inputs = "table_handle:resource; dataset:variant",
   .flags = "stateful", .shape = shape_none, .start = initialize_table);
OP(DatasetCardinality, .inputs = "input_dataset:variant", .outputs = "cardinality:int64",
   .shape = shape_scalars, .compute = cardinality);
OP(ExperimentalDatasetCardinality, .inputs = "input_dataset:variant",
   .outputs = "cardinality:int64", .shape = shape_scalars, .compute = cardinality);
