// SPDX-License-Identifier: Apache-2.0
/* The error function of floats, for loops. */
#pragma once
#include "engine/kernels/math/types.h"

/* 2^-q for q in [0, 126): a whole power of two, added to the exponent, times a polynomial. The sum
 * with 1.5 * 2^23 leaves the nearest whole number in a float's last bits. */
IN_LOOP float exp2_below(float q)
{
        float whole = 0x1.8p23f - q, f = 0x1.8p23f - whole - q, p = 0x1.5c08e6p-10f;
        p = p * f + 0x1.3d0c52p-7f;
        p = p * f + 0x1.c6b6e4p-5f;
        p = p * f + 0x1.ebf918p-3f;
        p = p * f + 0x1.62e428p-1f;
        p = p * f + 1;
        return float_of_bits_(float_bits_(p) + (float_bits_(whole) << 23));
}

/* Within 2.4 units of the last place. Up to 0.9 by erf(v) / v - 1, a polynomial of v * v; from
 * there on by the logarithm of what is missing to 1, which is a smooth function, and below half a
 * unit where |v| is 4. Polynomials of the least largest error. */
IN_LOOP float erf_float(float v)
{
        float s = v * v, t = fabsf(v), q = -0.0002859704f, p = -0x1.3f4f92p-11f;
        t = t > 4 ? 4 : t;
        q = q * t + 0.004422567f;
        q = q * t - 0.03219404f;
        q = q * t + 0.1502043f;
        q = q * t + 0.9189622f;
        q = q * t + 1.627067f;
        q = q * t + 0.00024013378f;
        p = p * s + 0x1.4876d2p-8f;
        p = p * s - 0x1.b6beeap-6f;
        p = p * s + 0x1.ce1dd2p-4f;
        p = p * s - 0x1.8126fap-2f;
        p = p * s + 0x1.06eba6p-3f;
        float far = copysignf(1 - exp2_below(q), v), near = v * p + v;
        return t > 0.9f ? far : near;
}
