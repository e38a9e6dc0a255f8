// SPDX-License-Identifier: Apache-2.0
/* ChooseFastestBranchDataset: functions that make datasets, all alike but for their speed, of one
 * input. Any of them will do: the first. */
#include "engine/kernels/data/pull.h"

typedef struct BranchIter {
        Iter base;
        Iter *made; /* over what the function made */
} BranchIter;

static Status *call_branch(const Iter *it, Pull *p)
{
        Tensor *t = NULL;
        Row *args = NULL;
        TRY(tensor_resource(DT_VARIANT, &it->ds->input[0]->base, &t));
        TRY(row_single(t, &args));
        return pull_call(p, &it->ds->func[0], args);
}

static Status *next(Iter *it, Pull *p)
{
        BranchIter *b = (BranchIter *)it;
        if (pull_event(p) == PULL_ASKED)
                return b->made ? pull_from(p, b->made) : call_branch(it, p);
        if (pull_event(p) != PULL_RESULT)
                return pull_pass(p);
        autoptr(Row) made = pull_row(p);
        TRY(iter_of_result(made, &b->made));
        return pull_from(p, b->made);
}

static void close(Iter *it)
{
        iter_free(((BranchIter *)it)->made);
}

static const DatasetKind branch_kind = {
        .name = "ChooseFastestBranch", .iter_size = sizeof(BranchIter), .next = next, .close = close
};

/* The first of a list of functions. */
static Status *prepare(PrepareCtx *p)
{
        const AttrValue *v = node_attr(p->node, "branches");
        const Function **f = arena_calloc(p->arena, 1, sizeof *f);
        if (!f)
                return status_oom();
        if (!v || !v->list || !v->list->n_func)
                return invalid_argument("NodeDef missing attr 'branches'");
        p->state = f;
        return prepare_function(p, v->list->func[0], f);
}

/* numerator elements out for denominator in */
static Status *read_ratio(const OpCtx *c, int64_t *numerator, int64_t *denominator)
{
        TRY(scalar_int(c, 1, "ratio_numerator", numerator));
        TRY(scalar_int(c, 2, "ratio_denominator", denominator));
        if (*numerator <= 0)
                return invalid_argument("`ratio_numerator` must be greater than zero.");
        if (*denominator <= 0)
                return invalid_argument("`ratio_denominator` must be greater than zero.");
        if (node_int(ctx_node(c), "num_elements_per_branch", 1) % *denominator)
                return invalid_argument("`num_elements_per_branch` must be divisible by "
                                        "`ratio_denominator`.");
        return NULL;
}

static Status *branch(OpCtx *c)
{
        const int64_t *lengths = NULL;
        int n = 0;
        int64_t numerator, denominator;
        autoptr(Dataset) d = NULL;
        TRY(node_attr_ints(ctx_node(c), "other_arguments_lengths", &lengths, &n));
        if ((size_t)n != node_attr(ctx_node(c), "branches")->list->n_func)
                return invalid_argument("branches and other_arguments_lengths must have the same "
                                        "length.");
        TRY(read_ratio(c, &numerator, &denominator));
        if (lengths[0] < 0 || lengths[0] > ctx_inputs(c) - 3)
                return invalid_argument("other_arguments_lengths do not fit other_arguments");
        TRY(dataset_typed(c, &branch_kind, &d));
        TRY(captured_read(c, 0, 3, (int)lengths[0], &d->func[0]));
        if (d->cardinality >= 0)
                d->cardinality = (int64_t)MIN(
                        (double)d->cardinality * (double)numerator / (double)denominator, 0x1p62);
        return dataset_output(c, steal(&d));
}

DATASET_OP(ChooseFastestBranchDataset,
           "input_dataset:variant; ratio_numerator:int64; ratio_denominator:int64; "
           "other_arguments:Targuments[]",
           "Targuments:list(type) >=0; num_elements_per_branch:int >=1; branches:list(func) >=1; "
           "other_arguments_lengths:list(int) >=1; " TYPES,
           .prepare = prepare, .compute = branch);
