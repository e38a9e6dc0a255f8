// SPDX-License-Identifier: Apache-2.0
/* Functions of 16 floats that came from halves or bfloat16 and will be rounded to them again:
 * within 2^-13 of the true value, which leaves a half within 0.7 units of its last place, a
 * bfloat16 within 0.6. Polynomials are those of the least largest relative error. */
#pragma once
#include "engine/kernels/math/short_lanes.h"

#define ALL(c)           _mm512_set1_ps(c)
#define MUL_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)

/* 2^t. vreduceps leaves what is above the next lower whole number (of infinities nothing),
 * vscalefps multiplies by two to the power of that number. 2^0 is 1 exactly. */
SHORT_PART __m512 short_exp2(const bool half, __m512 t)
{
        __m512 f = _mm512_reduce_ps(t, 0x09), p;
        if (half) {
                p = ALL(0.01342668477f);
                p = MUL_ADD(p, f, ALL(0.05224247277f));
                p = MUL_ADD(p, f, ALL(0.2412801981f));
                p = MUL_ADD(p, f, ALL(0.6930448413f));
                p = MUL_ADD(p, f, ALL(1));
        } else {
                p = ALL(0.07706703991f);
                p = MUL_ADD(p, f, ALL(0.2276449949f));
                p = MUL_ADD(p, f, ALL(0.6951167583f));
                p = MUL_ADD(p, f, ALL(1));
        }
        return _mm512_scalef_ps(p, t);
}

#define LOG2_E 1.44269504f
SHORT_PART __m512 short_exp(const bool half, __m512 v)
{
        return short_exp2(half, _mm512_mul_ps(v, ALL(LOG2_E)));
}

/* 2^t - 1 for t <= 0: with n the nearest whole number, 2^n (2^(t-n) - 1) + (2^n - 1), neither of
 * which cancels. */
SHORT_PART __m512 short_exp2m1(const bool half, __m512 t)
{
        __m512 whole, f, s, p;
        t = _mm512_max_ps(ALL(-40), t);
        whole = _mm512_roundscale_ps(t, 0x08);
        f = _mm512_sub_ps(t, whole);
        s = _mm512_scalef_ps(ALL(1), whole);
        if (half) {
                p = ALL(0.009618110955f);
                p = MUL_ADD(p, f, ALL(0.0558372885f));
                p = MUL_ADD(p, f, ALL(0.2402325273f));
                p = MUL_ADD(p, f, ALL(0.6931368709f));
        } else {
                p = ALL(0.0555039607f);
                p = MUL_ADD(p, f, ALL(0.2420288622f));
                p = MUL_ADD(p, f, ALL(0.6931782961f));
        }
        return MUL_ADD(s, _mm512_mul_ps(f, p), _mm512_sub_ps(s, ALL(1)));
}

SHORT_PART __m512 short_elu(const bool half, __m512 v)
{
        __m512 below = short_exp2m1(half, _mm512_mul_ps(v, ALL(LOG2_E)));
        return _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask(v, ALL(0), _CMP_LT_OQ), below);
}

SHORT_PART __m512 short_selu(const bool half, __m512 v)
{
        __m512 below = short_exp2m1(half, _mm512_mul_ps(v, ALL(LOG2_E)));
        return _mm512_mask_mul_ps(_mm512_mul_ps(v, ALL(1.05070099f)),
                                  _mm512_cmp_ps_mask(v, ALL(0), _CMP_LT_OQ), below,
                                  ALL(1.75809934f));
}

/* log(1 + r) / r for r from -1/4 to 1/2. */
SHORT_PART __m512 short_log1p_near(const bool half, __m512 r)
{
        __m512 p;
        if (half) {
                p = ALL(-0.1055297628f);
                p = MUL_ADD(p, r, ALL(0.2045780122f));
                p = MUL_ADD(p, r, ALL(-0.2561338246f));
                p = MUL_ADD(p, r, ALL(0.3335753381f));
                p = MUL_ADD(p, r, ALL(-0.4998776019f));
                return MUL_ADD(p, r, ALL(0.999997437f));
        }
        p = ALL(0.1380976588f);
        p = MUL_ADD(p, r, ALL(-0.2579272091f));
        p = MUL_ADD(p, r, ALL(0.3384929001f));
        p = MUL_ADD(p, r, ALL(-0.4999808073f));
        return MUL_ADD(p, r, ALL(0.99994874f));
}

/* A positive v is 2^e m with m from 3/4 to 3/2; sets *ret_r to m - 1 and returns e. vgetmantps
 * makes NaNs of numbers below zero, vgetexpps minus infinity of zero. */
SHORT_PART __m512 short_split(__m512 v, __m512 *ret_r)
{
        __m512 m = _mm512_getmant_ps(v, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
        __m512 e = _mm512_getexp_ps(_mm512_mul_ps(v, ALL(0x1.555556p-1f)));
        *ret_r = _mm512_sub_ps(m, ALL(1));
        return _mm512_add_ps(e, ALL(1));
}

SHORT_PART __m512 short_log(const bool half, __m512 v)
{
        __m512 r, e = short_split(v, &r);
        return MUL_ADD(e, ALL(0.693147181f), _mm512_mul_ps(r, short_log1p_near(half, r)));
}

/* tanh(x) / x in half octaves from 1/16 on, which the exponent and a digit of x number: the lower
 * four bits of that number, as vpermps takes them. From 5 on the result is 1. */
SHORT_PART __m512 short_tanh(const bool half UNUSED, __m512 v)
{
        const __m512 c0 =
                _mm512_setr_ps(1.25990927f, 1.08031845f, 0.880493879f, 0.110234216f, 0, 0,
                               0.99999994f, 0.999982178f, 0.999931037f, 0.999755383f, 0.999204576f,
                               0.998087287f, 0.999206424f, 1.01970458f, 1.10402441f, 1.23798728f);
        const __m512 c1 = _mm512_setr_ps(
                -0.621804059f, -0.442747444f, -0.291052073f, 0.173542723f, 0, 0, 2.71456283e-05f,
                0.000660890946f, 0.00181996939f, 0.00461645471f, 0.0109086363f, 0.0200070143f,
                0.0145468405f, -0.0654707998f, -0.306037486f, -0.581135213f);
        const __m512 c2 = _mm512_setr_ps(0.141011149f, 0.081256032f, 0.0427728444f, -0.0506553613f,
                                         0, 0, -0.334784269f, -0.34252733f, -0.351319939f,
                                         -0.36622718f, -0.390292525f, -0.415096849f, -0.406489253f,
                                         -0.301975071f, -0.0722097605f, 0.116879068f);
        const __m512 c3 = _mm512_setr_ps(
                -0.0122934552f, -0.00561877154f, -0.0023566091f, 0.00390734477f, 0, 0,
                0.0248440634f, 0.0569287241f, 0.0792657882f, 0.105877541f, 0.136706889f,
                0.159341693f, 0.155021697f, 0.109337077f, 0.0358377397f, -0.00765191903f);
        __m512 x = _mm512_min_ps(ALL(5), _mm512_abs_ps(v)), p;
        __m512i part = _mm512_srli_epi32(_mm512_castps_si512(_mm512_max_ps(x, ALL(0x1p-4f))), 22);
        p = _mm512_permutexvar_ps(part, c3);
        p = MUL_ADD(p, x, _mm512_permutexvar_ps(part, c2));
        p = MUL_ADD(p, x, _mm512_permutexvar_ps(part, c1));
        p = MUL_ADD(p, x, _mm512_permutexvar_ps(part, c0));
        return _mm512_or_ps(_mm512_mul_ps(p, x), _mm512_and_ps(v, ALL(-0.0f)));
}

/* 1 / (1 + exp(-v)): no half is so far below zero that a result which is not zero would overflow on
 * the way. Of a bfloat16 1 / (1 + exp(-|v|)), times exp(-|v|) for v below zero, which is right down
 * to the smallest. */
SHORT_PART __m512 short_sigmoid(const bool half, __m512 v)
{
        if (half)
                return _mm512_rcp14_ps(
                        _mm512_add_ps(short_exp2(half, _mm512_mul_ps(v, ALL(-LOG2_E))), ALL(1)));
        __m512 e = short_exp(half, _mm512_or_ps(v, ALL(-0.0f)));
        __m512 r = _mm512_rcp14_ps(_mm512_add_ps(e, ALL(1)));
        return _mm512_mask_mul_ps(r, _mm512_movepi32_mask(_mm512_castps_si512(v)), r, e);
}

/* log(1 + e) / e for e from 0 to 1. */
SHORT_PART __m512 short_log1p_unit(const bool half, __m512 e)
{
        __m512 p;
        if (half) {
                p = ALL(-0.02386914566f);
                p = MUL_ADD(p, e, ALL(0.1012222692f));
                p = MUL_ADD(p, e, ALL(-0.2100486755f));
                p = MUL_ADD(p, e, ALL(0.3252066672f));
                p = MUL_ADD(p, e, ALL(-0.499361366f));
                return MUL_ADD(p, e, ALL(0.9999915957f));
        }
        p = ALL(0.04134729132f);
        p = MUL_ADD(p, e, ALL(-0.1574271917f));
        p = MUL_ADD(p, e, ALL(0.3063009083f));
        p = MUL_ADD(p, e, ALL(-0.4969778061f));
        return MUL_ADD(p, e, ALL(0.9999432564f));
}

SHORT_PART __m512 short_softplus(const bool half, __m512 v)
{
        __m512 e = short_exp(half, _mm512_or_ps(v, ALL(-0.0f)));
        return MUL_ADD(e, short_log1p_unit(half, e), _mm512_max_ps(ALL(0), v));
}

SHORT_PART __m512 short_rsqrt(const bool half UNUSED, __m512 v)
{
        return _mm512_rsqrt14_ps(v);
}

/* An estimate and one step of Newton's: within 2^-27 of the root, which is enough to round it
 * right. Zeros and infinity stay; what is smaller than the smallest normal float takes the long
 * way. */
SHORT_PART __m512 short_sqrt(const bool half, __m512 v)
{
        __m512 y = _mm512_rsqrt14_ps(v), s = _mm512_mul_ps(v, y);
        __m512 rest = _mm512_fnmadd_ps(s, s, v);
        s = MUL_ADD(rest, _mm512_mul_ps(y, ALL(0.5f)), s);
        if (!half && _mm512_fpclass_ps_mask(v, 0x20))
                return _mm512_sqrt_ps(v);
        return _mm512_mask_mov_ps(s, _mm512_fpclass_ps_mask(v, 0x0e), v);
}

/* Lanes whose magnitudes are not from 2^-60 to 2^60. */
SHORT_PART __mmask16 short_far(__mmask16 of, __m512 v)
{
        const __m512i least = _mm512_set1_epi32((127 - 60) << 23);
        const __m512i range = _mm512_set1_epi32(120 << 23);
        __m512i size = _mm512_castps_si512(_mm512_abs_ps(v));
        return _mm512_mask_cmp_epu32_mask(of, _mm512_sub_epi32(size, least), range, _MM_CMPINT_NLE);
}

/* The quotient, from an estimate and one step of Newton's: within 2^-27, which is enough to round
 * it right. Without a remainder (none is left, or by zero or of infinities) it is right before the
 * step. What leaves the range of floats on the way, which only bfloat16 do, is divided. */
SHORT_PART __m512 short_div(const bool half, __m512 a, __m512 b)
{
        __m512 y = _mm512_rcp14_ps(b), q = _mm512_mul_ps(a, y), rest = _mm512_fnmadd_ps(q, b, a);
        if (!half &&
            (short_far(0xffff, b) | short_far(_mm512_cmp_ps_mask(a, ALL(0), _CMP_NEQ_UQ), q)))
                return _mm512_div_ps(a, b);
        return _mm512_mask3_fmadd_ps(rest, y, q, _mm512_cmp_ps_mask(rest, ALL(0), _CMP_NEQ_OQ));
}

SHORT_PART __m512 short_reciprocal(const bool half, __m512 v)
{
        return short_div(half, ALL(1), v);
}

/* log2 of positive numbers, zero and infinity. */
SHORT_PART __m512 short_log2(__m512 v)
{
        __m512 r, e = short_split(v, &r), p = ALL(0.1196033284f);
        p = MUL_ADD(p, r, ALL(-0.2424758971f));
        p = MUL_ADD(p, r, ALL(0.2982802391f));
        p = MUL_ADD(p, r, ALL(-0.3615726233f));
        p = MUL_ADD(p, r, ALL(0.4806261063f));
        p = MUL_ADD(p, r, ALL(-0.7213277817f));
        p = MUL_ADD(p, r, ALL(1.442696333f));
        return MUL_ADD(p, r, e);
}

/* Gradients, of a result y. */
SHORT_PART __m512 short_tanh_grad(const bool half UNUSED, __m512 y, __m512 dy)
{
        return _mm512_mul_ps(dy, _mm512_fnmadd_ps(y, y, ALL(1)));
}
SHORT_PART __m512 short_sigmoid_grad(const bool half UNUSED, __m512 y, __m512 dy)
{
        return _mm512_mul_ps(_mm512_mul_ps(dy, y), _mm512_sub_ps(ALL(1), y));
}
