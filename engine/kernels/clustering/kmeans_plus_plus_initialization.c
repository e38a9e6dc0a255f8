// SPDX-License-Identifier: Apache-2.0
/* KmeansPlusPlusInitialization: first centers of k-means; a point is drawn the likelier the further
 * it is from those already chosen, and the best of several draws taken. */
#include "engine/kernels/random/simple.h"
#include "engine/ops/op.h"

#include <math.h>

enum { DRAWS_MAX = 1000 };

static Status *plus_plus_shape(ShapeCtx *c)
{
        const Shape *points = shape_in(c, 0);
        int64_t k = -1;
        TRY(shape_want_rank_as(c, 0, 2, "Input points should be a matrix."));
        TRY(shape_want_rank_as(c, 1, 0, "Input num_to_sample should be a scalar."));
        TRY(shape_want_rank_as(c, 2, 0, "Input seed should be a scalar."));
        TRY(shape_want_rank_as(c, 3, 0, "Input num_retries_per_sample should be a scalar."));
        if (points->rank == 2 && points->dim[0] == 0)
                return invalid_argument("Expected points.rows() > 0.");
        if (shape_int_value(c, 1, &k) && k <= 0)
                return invalid_argument("Expected num_to_sample > 0.");
        if (k > 0 && points->rank == 2 && points->dim[0] >= 0 && k > points->dim[0])
                return invalid_argument("Expected num_to_sample <= points.rows(). %lld vs %lld.",
                                        (long long)k, (long long)points->dim[0]);
        c->out[0] = SHAPE(k, points->rank < 0 ? -1 : points->dim[1]);
        return NULL;
}

typedef struct Seeding {
        const float *points;
        int64_t n, dim;
        float *half_norm;    /* half of each point's squared length */
        float *distance;     /* to the nearest chosen one */
        float *sum;          /* of the distances, up to and with each */
        float *tried, *best; /* the distances if one more were chosen */
        bool *taken;
        PhiloxSingle random;
} Seeding;

static float dot(const float *a, const float *b, int64_t n)
{
        float sum = 0;
        for (int64_t i = 0; i < n; i++)
                sum += a[i] * b[i];
        return sum;
}

/* The first whose sum is above v. */
static int64_t above(const Seeding *s, float v)
{
        int64_t lo = 0, hi = s->n;
        while (lo < hi) {
                int64_t mid = lo + (hi - lo) / 2;
                if (v < s->sum[mid])
                        hi = mid;
                else
                        lo = mid + 1;
        }
        return MIN(lo, s->n - 1);
}

/* One not yet taken; where the distances favor none, the first. */
static int64_t draw(Seeding *s, bool first)
{
        if (first)
                return (int64_t)simple_uniform64(&s->random, (uint64_t)s->n);
        for (int i = 0; i < DRAWS_MAX; i++) {
                int64_t at = above(s, simple_float(&s->random) * s->sum[s->n - 1]);
                if (!s->taken[at])
                        return at;
        }
        int64_t at = 0;
        while (s->taken[at])
                at++;
        return at;
}

/* The sum of s->tried, the distances with that point chosen. */
static float try_point(Seeding *s, int64_t at)
{
        float sum = 0;
        for (int64_t i = 0; i < s->n; i++) {
                float d = s->half_norm[i] -
                          dot(s->points + i * s->dim, s->points + at * s->dim, s->dim) +
                          s->half_norm[at];
                s->tried[i] = d < s->distance[i] ? d : s->distance[i];
                sum += s->tried[i];
        }
        return sum;
}

/* -1 when the step is cancelled. */
static int64_t choose(OpCtx *c, Seeding *s, bool first, int64_t retries)
{
        float least = INFINITY;
        int64_t best = -1;
        for (int64_t i = 0; i <= retries; i++) {
                if (ctx_cancelled(c))
                        return -1;
                int64_t at = draw(s, first);
                float potential = try_point(s, at);
                if (best >= 0 && !(potential < least))
                        continue;
                best = at;
                least = potential;
                float *was = s->best;
                s->best = s->tried;
                s->tried = was;
        }
        float *was = s->distance;
        s->distance = s->best;
        s->best = was;
        s->taken[best] = true;
        return best;
}

static Status *seeds(OpCtx *c, Seeding *s, int64_t retries)
{
        float *y = tensor_fill(ctx_output(c, 0));
        for (int64_t i = 0; i < s->n; i++) {
                s->half_norm[i] =
                        0.5F * dot(s->points + i * s->dim, s->points + i * s->dim, s->dim);
                s->distance[i] = INFINITY;
        }
        for (int64_t k = 0; k < tensor_dim(ctx_output(c, 0), 0); k++) {
                float sum = 0;
                for (int64_t i = 0; k && i < s->n; i++)
                        s->sum[i] = sum += s->distance[i];
                int64_t at = choose(c, s, !k, retries);
                if (at < 0)
                        return cancelled("Step was cancelled");
                memcpy(y + k * s->dim, s->points + at * s->dim, (size_t)s->dim * sizeof *y);
        }
        return NULL;
}

static Status *plus_plus(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        int64_t n = tensor_dim(x, 0), k = tensor_int(ctx_input(c, 1), 0);
        int64_t retries = tensor_int(ctx_input(c, 3), 0);
        float *room;
        if (n > INT64_MAX / 64 || !(room = ctx_scratch(c, (size_t)n * 5 * sizeof *room)))
                return status_oom();
        bool *taken = ctx_scratch(c, (size_t)n);
        if (!taken)
                return status_oom();
        memset(taken, 0, (size_t)n);
        Seeding s = {
                .points = tensor_data(x),
                .n = n,
                .dim = tensor_dim(x, 1),
                .half_norm = room,
                .distance = room + n,
                .sum = room + 2 * n,
                .tried = room + 3 * n,
                .best = room + 4 * n,
                .taken = taken,
                .random = philox_single(philox_seeded((uint64_t)tensor_int(ctx_input(c, 2), 0), 0)),
        };
        return seeds(c, &s, retries < 0 ? 2 + (int64_t)log((double)k) : retries);
}

OP(KmeansPlusPlusInitialization,
   .inputs = "points:float; num_to_sample:int64; seed:int64; num_retries_per_sample:int64",
   .outputs = "samples:float", .shape = plus_plus_shape, .compute = plus_plus, .costly = true);
