// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/math/pow_wide.h"

#ifdef __x86_64__
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512dq")))
#define PART static inline __attribute__((always_inline, target("avx512f,avx512dq")))

enum { LANES = 16, TOP_BITS = 23 - 4 };
/* The octave of m: 1 is where two thirds of its sixteenth are below, which is half as wide there.
 */
#define FIRST 0x3f3aaaab
/* What is added to this is rounded to a whole number. */
#define WHOLE 0x1.8p23f

#define ALL(v)       _mm512_set1_ps(v)
#define ALL_I(v)     _mm512_set1_epi32(v)
#define ADD(a, b)    _mm512_add_ps(a, b)
#define SUB(a, b)    _mm512_sub_ps(a, b)
#define MUL(a, b)    _mm512_mul_ps(a, b)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)

/* For each sixteenth of an octave from FIRST on: c and -log(c), of which the first part is a
 * multiple of 2^-16, as that of log(2) is. */
static const float near[LANES] = { 0x1.58p+0f, 0x1.48p+0f, 0x1.4p+0f,  0x1.3p+0f,
                                   0x1.28p+0f, 0x1.2p+0f,  0x1.1p+0f,  0x1.08p+0f,
                                   0x1p+0f,    0x1.fp-1f,  0x1.dp-1f,  0x1.bp-1f,
                                   0x1.ap-1f,  0x1.88p-1f, 0x1.78p-1f, 0x1.68p-1f };
static const float log_near[LANES] = { -0x1.2e9p-2f, -0x1.fb9p-3f,  -0x1.c9p-3f,
                                       -0x1.5ffp-3f, -0x1.2958p-3f, -0x1.e27p-4f,
                                       -0x1.f0ap-5f, -0x1.f84p-6f,  0,
                                       0x1.042p-5f,  0x1.933p-4f,   0x1.5bf8p-3f,
                                       0x1.a94p-3f,  0x1.1178p-2f,  0x1.3c24p-2f,
                                       0x1.68acp-2f };
static const float log_rest[LANES] = { 0x1.d451eep-18f,  -0x1.86d5e4p-19f, 0x1.070cacp-20f,
                                       -0x1.83853cp-18f, 0x1.683fp-18f,    -0x1.db8abcp-22f,
                                       -0x1.86008cp-20f, 0x1.64f188p-18f,  0,
                                       -0x1.44ec32p-18f, 0x1.797566p-18f,  -0x1.fca55ep-18f,
                                       -0x1.2c3752p-19f, 0x1.d044fcp-19f,  0x1.277334p-18f,
                                       0x1.07d38ep-19f };

PART __m512 from_table(const float table[LANES], __m512i at)
{
        return _mm512_permutexvar_ps(at, _mm512_loadu_ps(table));
}

/* -2 (log(1 + r) - r + r^2/2) / r^3, so that times -r^3/2 it is within 2^-34 of r. */
PART __m512 log1p_rest(__m512 r)
{
        __m512 p = FMA(r, ALL(0x1.4a0422p-2f), ALL(-0x1.9a040cp-2f));
        p = FMA(r, p, ALL(0x1.00018ap-1f));
        return FMA(r, p, ALL(-0x1.55555p-1f));
}

/* The logarithm of normal numbers above zero, and what that leaves. */
PART __m512 log_in_two(__m512 x, __m512 *ret_rest)
{
        __m512i bits = _mm512_castps_si512(x), above = _mm512_sub_epi32(bits, ALL_I(FIRST));
        __m512i at = _mm512_srli_epi32(above, TOP_BITS), octave = _mm512_srai_epi32(above, 23);
        __m512 m = _mm512_castsi512_ps(_mm512_sub_epi32(bits, _mm512_slli_epi32(octave, 23)));
        __m512 k = _mm512_cvtepi32_ps(octave);
        __m512 r = FMA(m, from_table(near, at), ALL(-1));
        __m512 whole = FMA(k, ALL(0x1.62e4p-1f), from_table(log_near, at));
        __m512 rest = FMA(k, ALL(0x1.7f7d1cp-20f), from_table(log_rest, at));
        __m512 one = ADD(whole, r), half = MUL(r, ALL(-0.5f)), two = FMA(r, half, one);
        rest = ADD(rest, ADD(SUB(whole, one), r));
        rest = ADD(rest, FMA(r, half, SUB(one, two)));
        __m512 square = MUL(r, half);
        rest = FMA(MUL(r, square), log1p_rest(r), rest);
        __m512 log_x = ADD(two, rest);
        *ret_rest = ADD(SUB(two, log_x), rest);
        return log_x;
}

/* exp(t + rest), |t| <= 87: t + rest = k log(2) + r; (exp(r) - 1 - r) / r^2 by a polynomial. */
PART __m512 exp_of_two(__m512 t, __m512 rest)
{
        __m512 k = SUB(FMA(t, ALL(0x1.715476p+0f), ALL(WHOLE)), ALL(WHOLE));
        __m512 r = _mm512_fnmadd_ps(k, ALL(0x1.62ep-1f), t);
        r = ADD(r, _mm512_fnmadd_ps(k, ALL(0x1.0bfbe8p-15f), rest));
        __m512 p = FMA(r, ALL(0x1.6d990cp-10f), ALL(0x1.1227fep-7f));
        p = FMA(r, p, ALL(0x1.555486p-5f));
        p = FMA(r, p, ALL(0x1.5554bp-3f));
        p = FMA(r, p, ALL(0.5f));
        p = FMA(MUL(r, r), p, r);
        return _mm512_scalef_ps(ADD(ALL(1), p), k);
}

PART __mmask16 power(__m512 x, __m512 y, __m512 *ret)
{
        __m512 low, high = log_in_two(x, &low), t = MUL(y, high);
        *ret = exp_of_two(t, FMA(y, low, _mm512_fmsub_ps(y, high, t)));
        __m512i above = _mm512_sub_epi32(_mm512_castps_si512(x), ALL_I(0x00800000));
        return _mm512_cmp_ps_mask(_mm512_abs_ps(t), ALL(87), _CMP_LT_OQ) &
               _mm512_cmplt_epu32_mask(above, ALL_I(0x7f000000));
}

POW_LOOP(pow_floats, float, __m512, __mmask16, ps, LANES, power)
#else
void pow_floats(BinaryFn plain, const float *x, int64_t xs, const float *y, int64_t ys, float *z,
                int64_t n)
{
        plain(x, xs, y, ys, z, n);
}
#endif
