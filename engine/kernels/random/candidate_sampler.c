// SPDX-License-Identifier: Apache-2.0
/* UniformCandidateSampler, LogUniformCandidateSampler, AllCandidateSampler, and what all candidate
 * samplers share. */
#include "engine/kernels/random/candidate_sampler.h"

#include <math.h>

/* Blocks of the generator that TensorFlow sets aside: 2048 numbers per sample. */
enum { BLOCKS_PER_SAMPLE = 512, POLL_EVERY = 1 << 16 };

/* Without repeats there cannot be more samples than classes. TensorFlow tells the two numbers of
 * columns in this order. */
Status *sampler_shape(ShapeCtx *c)
{
        const Shape *classes = shape_in(c, 0);
        int64_t wanted = node_int(c->node, "num_true", 1);
        int64_t sampled = node_int(c->node, "num_sampled", 1);
        if (classes->rank >= 0 && classes->rank != 2)
                return invalid_argument("true_classes must be a matrix");
        if (classes->rank == 2 && classes->dim[1] >= 0 && classes->dim[1] != wanted)
                return invalid_argument("true_classes must have num_true columns, expected: %lld "
                                        "was: %lld",
                                        (long long)classes->dim[1], (long long)wanted);
        if (node_bool(c->node, "unique", false) &&
            sampled > node_int(c->node, "range_max", sampled))
                return invalid_argument("Sampler's range is too small.");
        c->out[0] = c->out[2] = SHAPE(sampled);
        c->out[1] = SHAPE(classes->rank == 2 ? classes->dim[0] : -1, wanted);
        return NULL;
}

static float expected(const Sampler *s, int64_t class)
{
        double p = s->probability(s, class);
        if (!s->unique || s->tries == s->sampled)
                return (float)(p * (double)s->sampled);
        return (float)-expm1((double)s->tries * log1p(-p));
}

/* Remembers a class; false when it was there. */
static bool remember(Sampler *s, int64_t class)
{
        uint64_t at = ((uint64_t) class * 0x9e3779b97f4a7c15ull) >> 20;
        for (at &= s->mask; s->table[at]; at = (at + 1) & s->mask)
                if (s->table[at] == class + 1)
                        return false;
        s->table[at] = class + 1;
        return true;
}

/* At most half full, so that probes end. */
static Status *table_new(OpCtx *c, Sampler *s)
{
        uint64_t size = 4;
        while (size < 2 * (uint64_t)s->sampled)
                size *= 2;
        s->table = ctx_scratch(c, size * sizeof *s->table);
        if (!s->table)
                return status_oom();
        memset(s->table, 0, size * sizeof *s->table);
        s->mask = size - 1;
        return NULL;
}

/* With unique each class is taken once, and tries are counted: the expected counts follow from
 * them. */
static Status *draw_all(OpCtx *c, Sampler *s, int64_t *ret)
{
        for (int64_t n = 0; n < s->sampled;) {
                int64_t class = s->draw(s);
                if (s->tries++ % POLL_EVERY == 0 && ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                if (!s->unique || remember(s, class))
                        ret[n++] = class;
        }
        return NULL;
}

/* Expected counts are of the sampler as it is now, before anything is learned from this step. */
Status *sampler_run(OpCtx *c, Sampler *s)
{
        const Node *n = ctx_node(c);
        Philox gen;
        s->unique = node_bool(n, "unique", false);
        s->sampled = node_int(n, "num_sampled", 1);
        if (s->unique)
                TRY(table_new(c, s));
        TRY(philox_reserve(c, (uint64_t)s->sampled * BLOCKS_PER_SAMPLE, &gen));
        s->random = philox_single(gen);
        int64_t *drawn = tensor_fill(ctx_output(c, 0));
        const int64_t *classes = tensor_data(ctx_input(c, 0));
        float *of_true = tensor_fill(ctx_output(c, 1)), *of_drawn = tensor_fill(ctx_output(c, 2));
        TRY(draw_all(c, s, drawn));
        for (int64_t i = 0; i < tensor_count(ctx_input(c, 0)); i++)
                of_true[i] = expected(s, classes[i]);
        for (int64_t i = 0; i < s->sampled; i++)
                of_drawn[i] = expected(s, drawn[i]);
        return NULL;
}

/* ---- uniform ---- */

static int64_t uniform_draw(Sampler *s)
{
        return (int64_t)simple_uniform64(&s->random, (uint64_t)s->range);
}

static double uniform_probability(const Sampler *s, int64_t class)
{
        (void)class;
        return 1.0 / (double)s->range;
}

static Status *sample_uniform(OpCtx *c)
{
        Sampler s = { .draw = uniform_draw,
                      .probability = uniform_probability,
                      .range = node_int(ctx_node(c), "range_max", 1) };
        return sampler_run(c, &s);
}

/* ---- log-uniform: small classes are likely ---- */

static int64_t log_draw(Sampler *s)
{
        double v = exp(simple_double(&s->random) * log1p((double)s->range));
        return v < 9e18 ? ((int64_t)v - 1) % s->range : s->range - 1;
}

static double log_probability(const Sampler *s, int64_t class)
{
        return log(((double)class + 2.0) / ((double)class + 1.0)) / log1p((double)s->range);
}

static Status *sample_log_uniform(OpCtx *c)
{
        Sampler s = { .draw = log_draw,
                      .probability = log_probability,
                      .range = node_int(ctx_node(c), "range_max", 1) };
        return sampler_run(c, &s);
}

/* ---- all: nothing is left to chance ---- */

/* Every class is drawn once, for certain: all expected counts are 1. */
static Status *sample_all(OpCtx *c)
{
        int64_t *drawn = tensor_fill(ctx_output(c, 0));
        for (int64_t i = 0; i < tensor_count(ctx_output(c, 0)); i++)
                drawn[i] = i;
        for (int o = 1; o < 3; o++)
                for (int64_t i = 0; i < tensor_count(ctx_output(c, o)); i++)
                        ((float *)tensor_fill(ctx_output(c, o)))[i] = 1;
        return NULL;
}

#define SAMPLER_OP(id, fn)                                                                  \
        OP(id, .inputs = SAMPLER_INPUTS, .outputs = SAMPLER_OUTPUTS,                        \
           .attrs = SAMPLER_ATTRS "range_max:int >=1; " SAMPLER_SEEDS, .flags = "stateful", \
           .shape = sampler_shape, .compute = fn)
SAMPLER_OP(UniformCandidateSampler, sample_uniform);
SAMPLER_OP(LogUniformCandidateSampler, sample_log_uniform);
OP(AllCandidateSampler, .inputs = SAMPLER_INPUTS, .outputs = SAMPLER_OUTPUTS,
   .attrs = SAMPLER_ATTRS SAMPLER_SEEDS, .flags = "stateful", .shape = sampler_shape,
   .compute = sample_all);
