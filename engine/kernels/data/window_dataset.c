// SPDX-License-Identifier: Apache-2.0
/* WindowDataset: windows over the input, each component as a dataset of its own.
 * SlidingWindowDataset: the same as batches. */
#include "engine/kernels/data/pull.h"
#include "engine/kernels/data/rows_dataset.h"

typedef struct Window {
        Dataset base;
        int64_t size, shift, stride;
        bool drop_remainder, batches;
} Window;

typedef struct WindowIter {
        Iter base;
        Rows rows;    /* from the beginning of the window on */
        int64_t skip; /* elements between windows that are still to come */
        bool over;
} WindowIter;

/* How many elements a window reaches over. */
static int64_t reach(const Window *d)
{
        int64_t n;
        return __builtin_mul_overflow(d->size - 1, d->stride, &n) ||
                               __builtin_add_overflow(n, 1, &n)
                       ? INT64_MAX
                       : n;
}

/* Those of the rows that the window has: every stride-th. */
static Status *pick(const Rows *rows, int64_t stride, Rows *ret)
{
        for (int64_t i = 0; i<rows->n; i = stride> rows->n - i ? rows->n : i + stride) {
                Row *copy = NULL;
                TRY(row_join(rows_at(rows, i), NULL, &copy));
                TRY(rows_add(ret, copy));
        }
        return NULL;
}

/* A dataset for each component or, for sliding windows, a batch. */
static Status *make_row(const Window *d, const Rows *picked, Row **ret)
{
        const Dataset *input = d->base.input[0];
        autoptr(Row) row = NULL;
        if (d->batches)
                return rows_batch(picked, ret);
        TRY(row_new(d->base.n, &row));
        for (int k = 0; k < row->n; k++) {
                autoptr(Dataset) window = NULL;
                TRY(rows_dataset(picked, k, input, &window));
                TRY(tensor_resource(DT_VARIANT, &window->base, &row->t[k]));
        }
        *ret = steal(&row);
        return NULL;
}

/* The next window begins `shift` further on, perhaps behind what is there. */
static Status *give(WindowIter *w, Pull *p)
{
        const Window *d = (Window *)w->base.ds;
        Rows picked __attribute__((cleanup(rows_clear))) = { 0 };
        Row *row = NULL;
        if (!w->rows.n || (d->drop_remainder && w->rows.n < reach(d)))
                return pull_end(p);
        TRY(pick(&w->rows, d->stride, &picked));
        TRY(make_row(d, &picked, &row));
        w->skip = MAX(d->shift - w->rows.n, (int64_t)0);
        for (int64_t i = 0; i < d->shift && w->rows.n; i++)
                row_free(rows_pop(&w->rows));
        return pull_give(p, row);
}

static Status *next(Iter *it, Pull *p)
{
        WindowIter *w = (WindowIter *)it;
        if (pull_event(p) == PULL_END)
                w->over = true;
        if (pull_event(p) == PULL_ROW && w->skip)
                w->skip--;
        else if (pull_event(p) == PULL_ROW)
                TRY(rows_add(&w->rows, pull_row(p)));
        if (!w->over && w->rows.n < reach((Window *)it->ds))
                return pull_input(p, it);
        return give(w, p);
}

static void close(Iter *it)
{
        rows_clear(&((WindowIter *)it)->rows);
}

static const DatasetKind window_kind = { .name = "Window",
                                         .size = sizeof(Window),
                                         .iter_size = sizeof(WindowIter),
                                         .next = next,
                                         .close = close };

/* names: of the three; sliding windows speak of the stride by its own. */
static Status *read_sizes(const OpCtx *c, const char *const names[3], Window *ret)
{
        TRY(scalar_int(c, 1, names[0], &ret->size));
        if (ret->size <= 0)
                return invalid_argument("Window size must be greater than zero.");
        TRY(scalar_int(c, 2, names[1], &ret->shift));
        if (ret->shift <= 0)
                return invalid_argument("Window shift must be greater than zero.");
        TRY(scalar_int(c, 3, names[2], &ret->stride));
        if (ret->stride <= 0)
                return invalid_argument("%s must be greater than zero.",
                                        ret->batches ? names[2] : "Window stride");
        return NULL;
}

static int64_t cardinality(int64_t n, const Window *d)
{
        if (n < 0)
                return n;
        int64_t r = d->drop_remainder ? reach(d) : 1;
        return n < r ? 0 : (n - r) / d->shift + 1;
}

static Status *window_dataset(OpCtx *c)
{
        static const char *const names[] = { "size", "shift", "stride" };
        int64_t drop;
        Window sizes = { .batches = false };
        Dataset *d = NULL;
        TRY(read_sizes(c, names, &sizes));
        TRY(scalar_int(c, 4, "drop_remainder", &drop));
        TRY(dataset_unary(c, &window_kind, &d));
        Window *w = (Window *)d;
        w->size = sizes.size;
        w->shift = sizes.shift;
        w->stride = sizes.stride;
        w->drop_remainder = drop;
        for (int k = 0; k < d->n; k++) {
                d->types[k] = DT_VARIANT;
                d->shapes[k] = SHAPE_SCALAR;
        }
        d->cardinality = cardinality(d->cardinality, w);
        return dataset_output(c, d);
}

static Status *sliding_window(OpCtx *c)
{
        static const char *const names[] = { "window_size", "window_shift", "window_stride" };
        Window sizes = { .batches = true };
        Dataset *d = NULL;
        TRY(read_sizes(c, names, &sizes));
        TRY(dataset_unary(c, &window_kind, &d));
        Window *w = (Window *)d;
        w->size = sizes.size;
        w->shift = sizes.shift;
        w->stride = sizes.stride;
        w->drop_remainder = w->batches = true;
        for (int k = 0; k < d->n; k++)
                if (d->shapes[k].rank >= 0 && d->shapes[k].rank < SHAPE_MAX_RANK)
                        shape_insert(&d->shapes[k], 0, -1);
        d->cardinality = cardinality(d->cardinality, w);
        return dataset_output(c, d);
}

#define SLIDING "input_dataset:variant; window_size:int64; window_shift:int64; window_stride:int64"

DATASET_OP(WindowDataset,
           "input_dataset:variant; size:int64; shift:int64; stride:int64; drop_remainder:bool",
           TYPES METADATA, .compute = window_dataset);
DATASET_OP(SlidingWindowDataset, SLIDING, TYPES, .compute = sliding_window);
DATASET_OP(ExperimentalSlidingWindowDataset, SLIDING, TYPES, .compute = sliding_window);
