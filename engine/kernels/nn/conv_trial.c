// SPDX-License-Identifier: Apache-2.0
/* The ways run in turn, so that all have the same machine. How near a filter is when its layer
 * comes depends on how much else the process has gone through since: the ways with the larger
 * filters win when it is in a cache, and lose when it comes from memory. So both are measured, and
 * the sum counts. */
#include "engine/kernels/nn/conv_trial.h"

#include "engine/base/clock.h"
#include <math.h>

/* Of either kind; none of those beyond the least begins when that much time has passed. */
enum { ROUNDS_MIN = 2, ROUNDS_MAX = 6, ENOUGH_NS = 100000000 };

/* The layer before has just made the input: it is in the cache. */
static double by_clock(OpCtx *c, const ConvForward *f, int tile, bool far)
{
        const Conv *v = &f->conv;
        if (far)
                weights_evict(f->weights);
        conv_largest(f->x, v->batch * v->w[0].in * v->w[1].in * v->w[2].in * v->in_c);
        int64_t start = clock_ns();
        Status *s = conv_forward_by(c, f, tile);
        int64_t ns = clock_ns() - start;
        bool failed = s;
        status_free(s);
        return failed ? INFINITY : (double)ns * 1e-9;
}

static _Atomic(ConvMeasure) measure = by_clock;

void conv_trial_measure_by(ConvMeasure m)
{
        atomic_store(&measure, m ? m : by_clock);
}

/* What the ways run on: weights without packings, and an output of their own. */
typedef struct Trial {
        ConvForward f[CONV_WAYS];
        ConvWeights *weights[CONV_WAYS];
        float *y;
        size_t bytes;
} Trial;

static void trial_done(Trial *t)
{
        for (int i = 0; i < CONV_WAYS; i++)
                if (t->weights[i])
                        weights_unref(t->weights[i]);
        block_free(t->y, t->bytes);
}

static Status *trial_begin(const ConvForward *f, int n, Trial *t)
{
        const Conv *v = &f->conv;
        t->bytes = (size_t)(v->batch * v->w[0].out * v->w[1].out * v->w[2].out * v->out_c) *
                   sizeof(float);
        t->y = block_alloc(t->bytes);
        if (!t->y)
                return status_oom();
        memcpy(t->y, f->y, f->tail.sum ? t->bytes : 0);
        for (int i = 0; i < n; i++) {
                TRY(weights_bare(f->weights, v, &t->weights[i]));
                t->f[i] = *f;
                t->f[i].weights = t->weights[i];
                t->f[i].y = t->y;
        }
        return NULL;
}

typedef struct Times {
        double near[CONV_WAYS], far[CONV_WAYS]; /* the best */
} Times;

/* One run of each way. False: cancelled. */
static bool run_round(OpCtx *c, const ConvWays *ways, const Trial *t, bool far, double *best)
{
        ConvMeasure by = atomic_load(&measure);
        for (int i = 0; i < ways->n; i++) {
                double seconds = by(c, &t->f[i], ways->tile[i], far);
                best[i] = MIN(best[i], seconds);
                if (ctx_cancelled(c))
                        return false;
        }
        return true;
}

/* The first runs pack filters and touch memory: they do not count. */
static bool run_rounds(OpCtx *c, const ConvWays *ways, const Trial *t, Times *ret)
{
        double first[CONV_WAYS] = { 0 };
        bool go_on = run_round(c, ways, t, false, first);
        int64_t start = clock_ns();
        for (int i = 0; i < ways->n; i++)
                ret->near[i] = ret->far[i] = INFINITY;
        for (int round = 0; go_on && round < ROUNDS_MAX; round++) {
                if (round >= ROUNDS_MIN && clock_ns() - start > ENOUGH_NS)
                        break;
                go_on = run_round(c, ways, t, true, ret->far) &&
                        run_round(c, ways, t, false, ret->near);
        }
        return go_on;
}

/* Of equals the first, which is the model's choice; -1: none could run. */
static int fastest(const ConvWays *ways, const Times *t)
{
        int best = -1;
        double least = INFINITY;
        for (int i = 0; i < ways->n; i++)
                if (t->near[i] + t->far[i] < least) {
                        least = t->near[i] + t->far[i];
                        best = i;
                }
        return best;
}

bool conv_trial(OpCtx *c, const ConvForward *f, const ConvWays *ways, int *ret_tile)
{
        Trial t = { .y = NULL };
        Times times;
        int best = -1;
        Status *s = trial_begin(f, ways->n, &t);
        if (!s && run_rounds(c, ways, &t, &times))
                best = fastest(ways, &times);
        trial_done(&t);
        status_free(s);
        if (best >= 0)
                *ret_tile = ways->tile[best];
        return best >= 0;
}
