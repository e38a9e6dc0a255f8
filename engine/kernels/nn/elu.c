// SPDX-License-Identifier: Apache-2.0
/* Elu and Selu (Klambauer et al. 2017): linear above zero, a saturating exponential below. The
 * gradients take the op's output, not its input. */
#include "engine/kernels/math/short_math.h"
#include "engine/kernels/nn/activation.h"

/* exp(v) - 1 for v below 0: 2^k (exp(r) - 1) + (2^k - 1), where r = v - k log(2) is at most half of
 * log(2), and exp(r) - 1 = r + r^2 p(r) with a polynomial p of nearly the least largest error. The
 * sum with 1.5 * 2^52 (2^23) leaves the nearest whole number in the last bits. Below -40 (-20) the
 * result rounds to -1. */
IN_LOOP double power_of_2(double whole)
{
        uint64_t bits, one;
        memcpy(&bits, &whole, sizeof(bits));
        memcpy(&one, &(double){ 1 }, sizeof(one));
        bits = (bits << 52) + one;
        memcpy(&whole, &bits, sizeof(bits));
        return whole;
}
IN_LOOP double expm1_below_double(double v)
{
        v = v < -40 ? -40 : v;
        double whole = v * 0x1.71547652b82fep+0 + 0x1.8p52, k = whole - 0x1.8p52;
        double r = (v - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
        double p = 0x1.af3925b51fcc2p-26;
        p = p * r + 0x1.2891866697d1ap-22;
        p = p * r + 0x1.71de0d673b2dep-19;
        p = p * r + 0x1.a019b90c23139p-16;
        p = p * r + 0x1.a01a01a7dfabfp-13;
        p = p * r + 0x1.6c16c1788c33cp-10;
        p = p * r + 0x1.1111111110973p-7;
        p = p * r + 0x1.5555555553d61p-5;
        p = p * r + 0x1.5555555555556p-3;
        p = p * r + 0x1.0000000000001p-1;
        double power = power_of_2(whole);
        return power * (r * r * p + r) + (power - 1);
}
IN_LOOP float expm1_below_float(float v)
{
        v = v < -20 ? -20 : v;
        float whole = v * 0x1.715476p+0f + 0x1.8p23f, k = whole - 0x1.8p23f;
        float r = (v - k * 0x1.62ep-1f) - k * 0x1.0bfbe8p-15f, p = 0x1.6d990cp-10f;
        p = p * r + 0x1.1227fep-7f;
        p = p * r + 0x1.555486p-5f;
        p = p * r + 0x1.5554bp-3f;
        p = p * r + 0.5f;
        float power = float_of_bits_((float_bits_(whole) << 23) + float_bits_(1));
        return power * (r * r * p + r) + (power - 1);
}
#define EXPM1_BELOW(v) _Generic((v), float : expm1_below_float, default : expm1_below_double)(v)

#define SCALE(v)        ((typeof(v))1.0507009873554804934193349852946)
#define SCALE_ALPHA(v)  ((typeof(v))1.7580993408473768599402175208123)
#define ELU(v)          ((v) < 0 ? EXPM1_BELOW(v) : (v))
#define SELU(v)         ((v) < 0 ? SCALE_ALPHA(v) * EXPM1_BELOW(v) : SCALE(v) * (v))
#define ELU_GRAD(g, y)  ((y) < 0 ? ((y) + 1) * (g) : (g))
#define SELU_GRAD(g, y) ((y) < 0 ? ((y) + SCALE_ALPHA(y)) * (g) : SCALE(y) * (g))

UNARY_LOOPS(elu, WIDE_TYPES, ELU(v))
UNARY_LANES(elu, short_elu)
ACTIVATION_COMPUTE(FLOAT_TYPES, elu)
UNARY_LOOPS(selu, WIDE_TYPES, SELU(v))
UNARY_LANES(selu, short_selu)
ACTIVATION_COMPUTE(FLOAT_TYPES, selu)
ACTIVATION_GRAD(FLOAT_TYPES, elu_grad, ELU_GRAD)
ACTIVATION_GRAD(FLOAT_TYPES, selu_grad, SELU_GRAD)

OP(Elu, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = shape_unchanged, .compute = elu,
   .inplace = 1);
OP(Selu, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = shape_unchanged, .compute = selu,
   .inplace = 1);
OP(EluGrad, .inputs = "gradients:T; outputs:T", .outputs = "backprops:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = activation_grad_shape,
   .compute = elu_grad, .inplace = 3);
OP(SeluGrad, .inputs = "gradients:T; outputs:T", .outputs = "backprops:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = activation_grad_shape,
   .compute = selu_grad, .inplace = 3);
