// SPDX-License-Identifier: Apache-2.0
/* GetElementAtIndex: one element by its number. Elements before it are made and dropped: no dataset
 * here can be asked out of order, and its element must be what an iterator would give. */
#include "engine/kernels/data/single.h"

typedef struct At {
        Dataset base;
        int64_t index;
} At;

typedef struct AtIter {
        Iter base;
        int64_t passed;
} AtIter;

static Status *beyond(int64_t index, int64_t n)
{
        return out_of_range("Index out of range [0, %lld):%lld", (long long)n, (long long)index);
}

static Status *next(Iter *it, Pull *p)
{
        AtIter *a = (AtIter *)it;
        int64_t index = ((At *)it->ds)->index;
        if (pull_event(p) == PULL_END)
                return beyond(index, a->passed);
        if (pull_event(p) == PULL_ROW && a->passed++ == index)
                return pull_give(p, pull_row(p));
        if (pull_event(p) == PULL_ROW)
                row_free(pull_row(p));
        return pull_input(p, it);
}

static const DatasetKind at_kind = {
        .name = "ElementAtIndex", .size = sizeof(At), .iter_size = sizeof(AtIter), .next = next
};

static Status *at_new(OpCtx *c, Dataset **ret)
{
        int64_t index;
        autoptr(Dataset) d = NULL;
        TRY(scalar_int(c, 1, "index", &index));
        TRY(dataset_unary(c, &at_kind, &d));
        int64_t n = d->input[0]->cardinality;
        if (index < 0 || (n >= 0 && index >= n))
                return beyond(index, MAX(n, 0));
        ((At *)d)->index = index;
        *ret = steal(&d);
        return NULL;
}

static void start(OpCtx *c)
{
        Dataset *d = NULL;
        Status *s = at_new(c, &d);
        single_run(c, s, d, row_put);
}

OP(GetElementAtIndex, .inputs = "dataset:variant; index:int64",
   .outputs = "components:output_types[]", .attrs = TYPES, .shape = component_shapes,
   .start = start, .late_shape = true);
