// SPDX-License-Identifier: Apache-2.0
/* Softplus, log(1 + exp(x)), and Softsign, x / (1 + |x|). Softplus is written so that neither tail
 * overflows. */
#include "engine/kernels/math/short_math.h"
#include "engine/kernels/math/wide_math.h"
#include "engine/kernels/nn/activation.h"

/* log(1 + e) for e in [0, 1]. Floats by a polynomial of the least largest error (2^-27), which
 * takes less time than a division; doubles as twice the series of atanh(s), s = e / (2 + e): s is
 * at most 1/3, and terms below half a unit of the last place are left out. */
IN_LOOP float log1p_unit_float(float e)
{
        float sum = -0.003244024608f;
        sum = sum * e + 0.01985145981f;
        sum = sum * e - 0.05695952952f;
        sum = sum * e + 0.1060365441f;
        sum = sum * e - 0.1530559230f;
        sum = sum * e + 0.1967593917f;
        sum = sum * e - 0.2495413364f;
        sum = sum * e + 0.3332996242f;
        sum = sum * e - 0.4999990242f;
        return sum * (e * e) + e;
}
IN_LOOP double log1p_unit_double(double e)
{
        double s = e / (2 + e), t = s * s, sum = 1 / 31.0;
        for (int k = 29; k > 0; k -= 2)
                sum = sum * t + 1 / (double)k;
        return 2 * s * sum;
}
#define LOG1P(e) _Generic((e), float : log1p_unit_float, default : log1p_unit_double)(e)

#define SOFTPLUS(v)         (((v) > 0 ? (v) : 0) + LOG1P(exp(-fabs(v))))
#define SOFTPLUS_GRAD(g, v) ((g) / (exp(-(v)) + 1))
#define SOFTSIGN(v)         ((v) / (1 + fabs(v)))
#define SOFTSIGN_GRAD(g, v) ((g) / ((1 + fabs(v)) * (1 + fabs(v))))

UNARY_LOOPS(softplus, TYPE_FLOAT, SOFTPLUS(v))
WIDE_LOOP(softplus, DOUBLE, softplus_doubles, SOFTPLUS(v))
UNARY_LANES(softplus, short_softplus)
ACTIVATION_COMPUTE(FLOAT_TYPES, softplus)
ACTIVATION(FLOAT_TYPES, softsign, SOFTSIGN)
ACTIVATION_GRAD(FLOAT_TYPES, softplus_grad, SOFTPLUS_GRAD)
ACTIVATION_GRAD(FLOAT_TYPES, softsign_grad, SOFTSIGN_GRAD)

OP(Softplus, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = shape_unchanged, .compute = softplus,
   .inplace = 1);
OP(Softsign, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = shape_unchanged, .compute = softsign,
   .inplace = 1);
OP(SoftplusGrad, .inputs = "gradients:T; features:T", .outputs = "backprops:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = activation_grad_shape,
   .compute = softplus_grad, .inplace = 3);
OP(SoftsignGrad, .inputs = "gradients:T; features:T", .outputs = "backprops:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = activation_grad_shape,
   .compute = softsign_grad, .inplace = 3);
