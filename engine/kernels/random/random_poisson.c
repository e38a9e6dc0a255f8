// SPDX-License-Identifier: Apache-2.0
/* RandomPoisson, RandomPoissonV2, StatelessRandomPoisson: Knuth's product of uniforms below a rate
 * of 10, Hormann's transformed rejection (1993) from there on. All in double, whatever the types,
 * as in TensorFlow since it has the second version. A rate that is no number gives NaN (0 for
 * integers), where TensorFlow never ends. */
#include "engine/kernels/random/rejection.h"

#include <float.h>
#include <math.h>

/* What the output's type holds; more than that is drawn again. */
static double highest(DType out)
{
        switch ((int)out) {
        case DT_HALF: return 65504;
        case DT_FLOAT: return (double)FLT_MAX;
        case DT_DOUBLE: return DBL_MAX;
        case DT_INT32: return INT32_MAX;
        default: return (double)INT64_MAX;
        }
}

static double knuth(double rate, Philox gen)
{
        Draws u = { .kind = RANDOM_UNIFORM };
        double limit = exp(-rate), product = 1;
        for (double k = 0;; k++) {
                product *= draw(&u, &gen);
                if (product <= limit)
                        return k;
        }
}

static double hormann(double rate, Philox gen, DType out)
{
        Draws d = { .kind = RANDOM_UNIFORM };
        double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
        double inv_alpha = 1.1239 + 1.1328 / (b - 3.4), log_rate = log(rate), k = rate;
        for (int i = 0; i < REJECTION_TRIES; i++) {
                double u = draw(&d, &gen) - 0.5, v = draw(&d, &gen);
                double shifted = 0.5 - fabs(u);
                k = floor((2 * a / shifted + b) * u + rate + 0.43);
                if (k > highest(out))
                        continue;
                if (shifted >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2))
                        return k;
                if (k < 0 || (shifted < 0.013 && v > shifted))
                        continue;
                if (log(v * inv_alpha / (a / (shifted * shifted) + b)) <=
                    -rate + k * log_rate - lgamma(k + 1))
                        return k;
        }
        return k;
}

static double sample(double rate, Philox gen, DType out)
{
        if (isnan(rate))
                return NAN;
        if (isinf(rate) && rate > 0)
                return INFINITY;
        return rate < 10 ? knuth(rate, gen) : hormann(rate, gen, out);
}

static Status *random_poisson(OpCtx *c)
{
        return rejection_own(c, sample);
}

static Status *stateless_poisson(OpCtx *c)
{
        return rejection_stateless(c, sample);
}

OP(RandomPoisson, .inputs = "shape:S; rate:dtype", .outputs = "output:dtype",
   .attrs = "seed:int = 0; seed2:int = 0; S:type in [int32,int64]; dtype:type in "
            "[half,float,double]",
   .flags = "stateful,deprecated@25", .shape = rejection_shape, .compute = random_poisson);
OP(RandomPoissonV2, .inputs = "shape:S; rate:R", .outputs = "output:dtype",
   .attrs = "seed:int = 0; seed2:int = 0; S:type in [int32,int64]; R:type in "
            "[half,float,double,int32,int64] = double; dtype:type in "
            "[half,float,double,int32,int64] = int64",
   .flags = "stateful", .shape = rejection_shape, .compute = random_poisson);
OP(StatelessRandomPoisson, .inputs = "shape:T; seed:Tseed; lam:Rtype", .outputs = "output:dtype",
   .attrs = "Rtype:type in [half,float,double,int32,int64]; dtype:type in "
            "[half,float,double,int32,int64]; T:type in [int32,int64]; Tseed:type in "
            "[int32,int64] = int64",
   .shape = rejection_stateless_shape, .compute = stateless_poisson);
