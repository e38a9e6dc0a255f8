// SPDX-License-Identifier: Apache-2.0
/* RandomGamma, StatelessRandomGammaV2: Marsaglia and Tsang's transformation of a normal number
 * (2000); below alpha = 1 one more is drawn and scaled by a power of a uniform, alpha = 1 is an
 * exponential. All in double, whatever the type. */
#include "engine/kernels/random/params.h"
#include "engine/kernels/random/rejection.h"

#include <math.h>

static double sample(double alpha, Philox gen, DType out)
{
        Draws normals = { .kind = RANDOM_NORMAL };
        Draws uniforms = { .kind = RANDOM_UNIFORM };
        bool small = alpha < 1;
        double d = alpha + (small ? 2.0 / 3 : -1.0 / 3), c = 1.0 / 3 / sqrt(d);
        (void)out;
        if (!(alpha >= 0))
                return NAN;
        if (alpha == 1)
                return -log1p(-draw(&uniforms, &gen));
        for (int i = 0; i < REJECTION_TRIES; i++) {
                double x = draw(&normals, &gen), v = 1 + c * x;
                if (v <= 0)
                        continue;
                v = v * v * v;
                double u = draw(&uniforms, &gen);
                if (u < 1 - 0.0331 * (x * x) * (x * x) ||
                    log(u) < 0.5 * x * x + d * (1 - v + log(v)))
                        return d * v * (small ? pow(draw(&uniforms, &gen), 1 / alpha) : 1);
        }
        return d;
}

static Status *random_gamma(OpCtx *c)
{
        return rejection_own(c, sample);
}

static Status *stateless_gamma(OpCtx *c)
{
        return rejection_stateless(c, sample);
}

OP(RandomGamma, .inputs = "shape:S; alpha:T", .outputs = "output:T",
   .attrs = "seed:int = 0; seed2:int = 0; S:type in [int32,int64]; T:type in [half,float,double]",
   .flags = "stateful", .shape = rejection_shape, .compute = random_gamma);
OP(StatelessRandomGammaV2, .inputs = "shape:T; seed:Tseed; alpha:dtype", .outputs = "output:dtype",
   .attrs = "dtype:type in [half,float,double]; T:type in [int32,int64]; Tseed:type in "
            "[int32,int64] = int64",
   .shape = rejection_stateless_shape, .compute = stateless_gamma);
