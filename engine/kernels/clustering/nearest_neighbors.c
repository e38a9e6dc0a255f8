// SPDX-License-Identifier: Apache-2.0
/* NearestNeighbors: for each point the k nearest of some centers, by squared distance. */
#include "engine/ops/op.h"

static Status *neighbors_shape(ShapeCtx *c)
{
        const Shape *points = shape_in(c, 0), *centers = shape_in(c, 1);
        int64_t k = -1;
        TRY(shape_want_rank_as(c, 0, 2, "Input points should be a matrix."));
        TRY(shape_want_rank_as(c, 1, 2, "Input centers should be a matrix."));
        TRY(shape_want_rank_as(c, 2, 0, "Input k should be a scalar."));
        if (points->rank == 2 && centers->rank == 2 && points->dim[1] >= 0 &&
            centers->dim[1] >= 0 && points->dim[1] != centers->dim[1])
                return invalid_argument("Expected point_dimensions == center_dimensions: %lld vs "
                                        "%lld.",
                                        (long long)points->dim[1], (long long)centers->dim[1]);
        if (points->rank == 2 && points->dim[0] == 0)
                return invalid_argument("Expected points.rows() > 0.");
        if (shape_int_value(c, 2, &k) && k < 0)
                return invalid_argument("k must not be negative, but is %lld", (long long)k);
        if (k >= 0 && centers->rank == 2 && centers->dim[0] >= 0)
                k = MIN(k, centers->dim[0]);
        else
                k = -1;
        c->out[0] = c->out[1] = SHAPE(points->rank < 0 ? -1 : points->dim[0], k);
        return NULL;
}

static float distance(const float *a, const float *b, int64_t n)
{
        float sum = 0;
        for (int64_t i = 0; i < n; i++)
                sum += (a[i] - b[i]) * (a[i] - b[i]);
        return sum;
}

/* Keeps the k best so far in order; equal ones as they come. */
static int64_t keep(float d, int64_t center, int64_t have, int64_t k, int64_t *index, float *best)
{
        int64_t at = have;
        while (at > 0 && best[at - 1] > d)
                at--;
        if (at == k)
                return have;
        int64_t moved = MIN(have, k - 1) - at;
        memmove(best + at + 1, best + at, (size_t)moved * sizeof *best);
        memmove(index + at + 1, index + at, (size_t)moved * sizeof *index);
        best[at] = d;
        index[at] = center;
        return MIN(have + 1, k);
}

typedef struct Search {
        OpCtx *c;
        int64_t k;
} Search;

static void search(void *arg, int64_t from, int64_t to)
{
        const Search *s = arg;
        const Tensor *centers = ctx_input(s->c, 1);
        int64_t n = tensor_dim(centers, 1);
        const float *x = tensor_data(ctx_input(s->c, 0)), *y = tensor_data(centers);
        int64_t *index = tensor_fill(ctx_output(s->c, 0));
        float *best = tensor_fill(ctx_output(s->c, 1));
        for (int64_t p = from; p < to && !ctx_cancelled(s->c); p++) {
                int64_t have = 0;
                for (int64_t i = 0; i < tensor_dim(centers, 0); i++)
                        have = keep(distance(x + p * n, y + i * n, n), i, have, s->k,
                                    index + p * s->k, best + p * s->k);
        }
}

static Status *neighbors(OpCtx *c)
{
        Search s = { c, tensor_dim(ctx_output(c, 0), 1) };
        if (!tensor_count(ctx_output(c, 0)))
                return NULL;
        ctx_parallel(c, tensor_dim(ctx_output(c, 0), 0), 16, search, &s);
        return ctx_cancelled(c) ? cancelled("Step was cancelled") : NULL;
}

OP(NearestNeighbors, .inputs = "points:float; centers:float; k:int64",
   .outputs = "nearest_center_indices:int64; nearest_center_distances:float",
   .shape = neighbors_shape, .compute = neighbors, .costly = true);
