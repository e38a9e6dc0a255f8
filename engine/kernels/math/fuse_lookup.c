// SPDX-License-Identifier: Apache-2.0
/* The pattern of embedding_lookup_sparse(): Unique ids are gathered from a table, and joined by
 * segments through the places that Unique gave. Without weights the same rows are added in the same
 * order when they are taken from the table as they are needed. */
#include "engine/kernels/math/segment.h"
#include "engine/ops/pattern.h"

static bool plain_gather(const Node *n)
{
        return !node_attr(n, "batch_dims") || node_int(n, "batch_dims", 0) == 0;
}

/* What the members would refuse is left to them: ids outside the table, segments out of order. */
static bool fits(const Tensor *table, const Tensor *ids, const Tensor *segments)
{
        int64_t last = 0, n = tensor_count(ids);
        if (tensor_rank(table) < 1 || tensor_rank(ids) != 1 || tensor_rank(segments) != 1 ||
            tensor_count(segments) != n)
                return false;
        for (int64_t i = 0; i < n; i++) {
                int64_t id = tensor_int(ids, i), segment = tensor_int(segments, i);
                if (id < 0 || id >= tensor_dim(table, 0) || segment < last)
                        return false;
                last = segment;
        }
        return true;
}

static bool is_first_axis(const Tensor *axis)
{
        return tensor_rank(axis) == 0 && tensor_int(axis, 0) == 0;
}

static SegmentMean mean_of(const Node *n)
{
        const char *op = n->op->def->name;
        return !strcmp(op, "SparseSegmentMean")  ? MEAN_COUNT
               : !strcmp(op, "SparseSegmentSum") ? MEAN_NONE
                                                 : MEAN_SQRT;
}

static Status *lookup(OpCtx *c, bool *ret_done)
{
        const PatternNode *f = pattern_node(ctx_node(c));
        Segments s = { .data = pattern_value(c, 't'),
                       .indices = pattern_value(c, 'x'),
                       .ids = pattern_value(c, 's'),
                       .join = segment_sum_loops,
                       .empty = EMPTY_ZERO,
                       .mean = mean_of(f->member[f->n - 1].node) };
        if (!is_first_axis(pattern_value(c, 'z')) || !fits(s.data, s.indices, s.ids))
                return NULL;
        Shape shape = *tensor_shape(s.data);
        shape.dim[0] = segments_count(s.ids);
        TRY(ctx_alloc(c, 0, &shape, &s.out));
        *ret_done = true;
        return segments_sorted(&s);
}

#define JOINS "SparseSegmentMean,SparseSegmentSum,SparseSegmentSqrtN"
/* Later versions of embedding_lookup() end with an Identity. */
PATTERN(lookup_identity,
        .steps = { { "Unique", "x" },
                   { "GatherV2", "tA0z", .fits = plain_gather },
                   { "Identity", "B0" },
                   { JOINS, "C0A1s" } },
        .compute = lookup);
PATTERN(lookup,
        .steps = { { "Unique", "x" },
                   { "GatherV2", "tA0z", .fits = plain_gather },
                   { JOINS, "B0A1s" } },
        .compute = lookup);
