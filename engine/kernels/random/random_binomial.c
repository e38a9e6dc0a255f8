// SPDX-License-Identifier: Apache-2.0
/* StatefulRandomBinomial, StatelessRandomBinomial: sums of geometric numbers while the mean is
 * below 10, Hormann's transformed rejection (1993) from there on. */
#include "engine/kernels/random/generator_var.h"
#include "engine/kernels/random/params.h"
#include "engine/kernels/random/rejection.h"

#include <math.h>

enum { INVERSION_RESERVED = 42, POLL_EVERY = 1 << 12 };

/* How many geometric numbers it takes to pass count. */
static double invert(double count, double p, Philox gen)
{
        Draws u = { .kind = RANDOM_UNIFORM };
        double sum = 0;
        int n = 0;
        for (; n < REJECTION_TRIES; n++) {
                sum += ceil(log(draw(&u, &gen)) / log1p(-p));
                if (sum > count)
                        break;
        }
        return n;
}

/* What Stirling's formula misses of log k!. */
static double stirling_tail(double k)
{
        static const double small[] = { 0.0810614667953272,  0.0413406959554092,
                                        0.0276779256849983,  0.02079067210376509,
                                        0.0166446911898211,  0.0138761288230707,
                                        0.0118967099458917,  0.0104112652619720,
                                        0.00925546218271273, 0.00833056343336287 };
        if (k >= 0 && k <= 9)
                return small[(int)k];
        double square = (k + 1) * (k + 1);
        return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

static double bound(double count, double r, double m, double k)
{
        return (m + 0.5) * log((m + 1) / (r * (count - m + 1))) +
               (count + 1) * log((count - m + 1) / (count - k + 1)) +
               (k + 0.5) * log(r * (count - k + 1) / (k + 1)) + stirling_tail(m) +
               stirling_tail(count - m) - stirling_tail(k) - stirling_tail(count - k);
}

/* BTRS, the constants are the paper's. The first test accepts most candidates without a logarithm.
 * Should chance never accept, the mode is returned. */
static double transform(double count, double p, Philox gen)
{
        Draws d = { .kind = RANDOM_UNIFORM };
        double deviation = sqrt(count * p * (1 - p)), b = 1.15 + 2.53 * deviation;
        double a = -0.0873 + 0.0248 * b + 0.01 * p, c = count * p + 0.5;
        double alpha = (2.83 + 5.1 / b) * deviation, m = floor((count + 1) * p);
        for (int i = 0; i < REJECTION_TRIES; i++) {
                double u = draw(&d, &gen), v = draw(&d, &gen);
                u -= 0.5;
                double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + c);
                if (us >= 0.07 && v <= 0.92 - 4.2 / b)
                        return k;
                if (k < 0 || k > count)
                        continue;
                v = log(v * alpha / (a / (us * us) + b));
                if (v <= bound(count, p / (1 - p), m, k))
                        return k;
        }
        return m;
}

/* Sample i of the sequence; p at most a half. `many`: the mean is 10 or more. */
static double sample_half(double count, double p, bool many, Philox gen, int64_t i)
{
        philox_skip(&gen, (uint64_t)i * (many ? RANDOM_RESERVED : INVERSION_RESERVED));
        return many ? transform(count, p, gen) : invert(count, p, gen);
}

/* A product in the parameters' type decides how to draw. */
static bool is_many(double count, double p, DType t)
{
        if (t == DT_DOUBLE)
                return count * p >= 10;
        float product = (float)count * (float)p;
        return (t == DT_HALF ? half_to_float(half_from_float(product)) : product) >= 10;
}

/* A count or probability of 0 wins over NaN in the other.
 * Above one half the failures are drawn. */
static double sample(double count, double p, DType t, Philox gen, int64_t i)
{
        if (count <= 0 || p <= 0)
                return 0;
        if (p >= 1)
                return count;
        if (isnan(p) || isnan(count))
                return NAN;
        if (p <= 0.5)
                return sample_half(count, p, is_many(count, p, t), gen, i);
        double q = t == DT_FLOAT ? (double)(1 - (float)p) : 1 - p;
        return count - sample_half(count, q, is_many(count, q, t), gen, i);
}

/* Samples of a batch lie n apart, as the shape's leading dims count samples. */
static Status *fill(OpCtx *c, int first, const Shape *batches, Philox gen)
{
        const Tensor *counts = ctx_input(c, first), *probs = ctx_input(c, first + 1);
        Tensor *y = ctx_output(c, 0);
        int64_t n = shape_product(batches, 0, batches->rank), samples = tensor_count(y) / n;
        for (int64_t i = 0; i < tensor_count(y); i++) {
                int64_t b = i / samples;
                double count = tensor_double(counts, params_index(batches, counts, b));
                double p = tensor_double(probs, params_index(batches, probs, b));
                if (i % POLL_EVERY == 0 && ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                rejection_put(y, i % samples * n + b,
                              sample(count, p, tensor_dtype(counts), gen, i));
        }
        return NULL;
}

/* The variable moves on by a fixed amount, not by what was used: what follows depends on shapes
 * only. */
static Status *stateful(OpCtx *c)
{
        Shape batches;
        Philox gen;
        int64_t all = tensor_count(ctx_output(c, 0));
        if (tensor_int(ctx_input(c, 1), 0) != RNG_PHILOX)
                return invalid_argument("Unsupported algorithm id: %lld",
                                        (long long)tensor_int(ctx_input(c, 1), 0));
        TRY(params_batches(c, 3, 5, &batches));
        if (!all)
                return NULL;
        uint64_t n = (uint64_t)shape_product(&batches, 0, batches.rank);
        TRY(generator_var_take(c, false, n * 200 * ((uint64_t)all / n + 3) / 4, &gen));
        return fill(c, 3, &batches, gen);
}

static Status *stateless(OpCtx *c)
{
        Shape batches;
        TRY(params_batches(c, 2, 4, &batches));
        if (!tensor_count(ctx_output(c, 0)))
                return NULL;
        return fill(c, 2, &batches, philox_stateless(ctx_input(c, 1)));
}

static Status *stateful_shape(ShapeCtx *c)
{
        if (shape_in(c, 1)->rank > 0)
                return invalid_argument("algorithm must be of shape [], not %s",
                                        shape_text(shape_in(c, 1)).s);
        TRY(random_shape_at(c, 2));
        return params_shape(c, 3, 5);
}

static Status *stateless_shape(ShapeCtx *c)
{
        TRY(random_stateless_shape(c));
        return params_shape(c, 2, 4);
}

#define BINOMIAL_TYPES                                         \
        "T:type in [half,float,double,int32,int64] = double; " \
        "dtype:type in [half,float,double,int32,int64] = int64"

OP(StatefulRandomBinomial,
   .inputs = "resource:resource; algorithm:int64; shape:S; counts:T; probs:T",
   .outputs = "output:dtype", .attrs = "S:type in [int32,int64]; " BINOMIAL_TYPES,
   .flags = "stateful", .shape = stateful_shape, .compute = stateful);
OP(StatelessRandomBinomial, .inputs = "shape:S; seed:Tseed; counts:T; probs:T",
   .outputs = "output:dtype",
   .attrs = "S:type in [int32,int64]; Tseed:type in [int32,int64] = int64; " BINOMIAL_TYPES,
   .shape = stateless_shape, .compute = stateless);
