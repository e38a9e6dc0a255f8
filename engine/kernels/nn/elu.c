// SPDX-License-Identifier: Apache-2.0
/* Elu and Selu (Klambauer et al. 2017): linear above zero, a saturating exponential below. The
 * gradients take the op's output, not its input. */
#include "engine/kernels/math/half_pieces.h"
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

/* Fitted to all halves from -9 on: within 0.63 units of the last place. */
static const HalfPieces elu_pieces UNUSED = {
        .at = { 0xc0e6, 0xc17c, 0xc289, 0xc36d, 0xc494, 0xc58b, 0xc63d, 0xc7a0,
                0xc880, 0xa99c, 0xaa9d, 0xab23, 0xac86, 0xadb2, 0xae39, 0xaf50,
                0xb0a3, 0xb184, 0xb2b5, 0xb366, 0xb468, 0xb558, 0xb654, 0xb7e3,
                0xb8ae, 0xb917, 0xba9d, 0xbb2b, 0xbc86, 0xbd6e, 0xbe90, 0xbf94 },
        .a = { 0xbb4f, 0xbb7c, 0xbbb2, 0xbbce, 0xbbeb, 0xbbf8, 0xbbfc, 0xbbff,
               0xbc00, 0xa97d, 0xaa72, 0xaaf1, 0xac5e, 0xad73, 0xadee, 0xaee9,
               0xb051, 0xb111, 0xb20d, 0xb29b, 0xb3b4, 0xb48b, 0xb53a, 0xb63a,
               0xb716, 0xb788, 0xb880, 0xb8bc, 0xb96b, 0xb9f1, 0xba73, 0xbacc },
        .b = { 0x2d65, 0x2c26, 0x28e9, 0x2649, 0x2163, 0x1c1b, 0x17f2, 0x1017,
               0x0808, 0x3ba8, 0x3b99, 0x3b91, 0x3b74, 0x3b52, 0x3b42, 0x3b23,
               0x3aec, 0x3abc, 0x3a7d, 0x3a59, 0x3a13, 0x39bb, 0x3963, 0x38e3,
               0x3875, 0x383c, 0x3701, 0x3688, 0x352d, 0x3420, 0x3237, 0x30d2 },
        .c = { 0x2af6, 0x2808, 0x2506, 0x220b, 0x1dc5, 0x1863, 0x129e, 0x0c4b,
               0x0ae2, 0x37a9, 0x36e4, 0x37a5, 0x3755, 0x36bf, 0x3705, 0x36ef,
               0x36b3, 0x36bc, 0x3664, 0x3616, 0x3615, 0x35b9, 0x3539, 0x34e9,
               0x348b, 0x341a, 0x3319, 0x325f, 0x3126, 0x3013, 0x2e4e, 0x2ced },
        .near = 0x37ec,
        .least = 0xa900,
        .most = 0xc880,
};
UNARY_LOOPS(elu, WIDE_TYPES, ELU(v))
UNARY_PIECES(elu, short_elu, half_below)
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
