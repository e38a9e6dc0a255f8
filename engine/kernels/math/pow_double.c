// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/math/pow_wide.h"

#ifdef __x86_64__
#include "engine/kernels/math/expm1_near.h"

#define WIDE __attribute__((target("avx512f,avx512dq")))
#define PART static inline __attribute__((always_inline, target("avx512f,avx512dq")))

enum { LANES = 8, TOP_BITS = 52 - 4 };
/* The octave of m: 1 is where two thirds of its sixteenth are below, which is half as wide there.
 */
#define FIRST 0x3fe7555555555556
/* What is added to this is rounded to a whole number. */
#define WHOLE 0x1.8p52

#define ALL(v)       _mm512_set1_pd(v)
#define ALL_I(v)     _mm512_set1_epi64(v)
#define ADD(a, b)    _mm512_add_pd(a, b)
#define SUB(a, b)    _mm512_sub_pd(a, b)
#define MUL(a, b)    _mm512_mul_pd(a, b)
#define FMA(a, b, c) _mm512_fmadd_pd(a, b, c)

/* For each sixteenth of an octave from FIRST on: c and -log(c), of which the first part is a
 * multiple of 2^-42, as that of log(2) is. */
static const double near[2 * LANES] = { 0x1.58p+0, 0x1.48p+0, 0x1.4p+0,  0x1.3p+0,
                                        0x1.28p+0, 0x1.2p+0,  0x1.1p+0,  0x1.08p+0,
                                        0x1p+0,    0x1.fp-1,  0x1.dp-1,  0x1.bp-1,
                                        0x1.ap-1,  0x1.88p-1, 0x1.78p-1, 0x1.68p-1 };
static const double log_near[2 * LANES] = {
        -0x1.2e8e2bae12p-2, -0x1.fb9186d5e4p-3, -0x1.c8ff7c79aap-3,
        -0x1.5ff3070a7ap-3, -0x1.29552f82p-3,   -0x1.e27076e2bp-4,
        -0x1.f0a30c0118p-5, -0x1.f829b0e78p-6,  0,
        0x1.0415d89e78p-5,  0x1.9335e5d594p-4,  0x1.5bf406b544p-3,
        0x1.a93ed3c8aep-3,  0x1.1178e8227ep-2,  0x1.3c25277333p-2,
        0x1.68ac83e9c7p-2
};
static const double log_rest[2 * LANES] = {
        0x1.67b1e99b72bd8p-45,  0x1.d572aab993c87p-47,  0x1.7794f689f8434p-45,
        0x1.8586f183bebf2p-44,  0x1.5b967f4471dfcp-44,  0x1.a342c2af0003cp-45,
        0x1.d599e83368e91p-45,  -0x1.980267c7e09e4p-45, 0,
        -0x1.dddc7f461c516p-44, 0x1.3115c3abd47dap-45,  -0x1.27023eb68981cp-46,
        -0x1.8724350562169p-45, 0x1.1ef78ce2d07f2p-44,  0x1.83b54b606bd5cp-46,
        -0x1.7af966c548a3p-44
};

PART __m512d from_table(const double table[2 * LANES], __m512i at)
{
        return _mm512_permutex2var_pd(_mm512_loadu_pd(table), at, _mm512_loadu_pd(table + LANES));
}

/* -2 (log(1 + r) - r + r^2/2) / r^3, so that times -r^3/2 it is within 2^-69 of r; s is -r^2/2. */
PART __m512d log1p_rest(__m512d r, __m512d s)
{
        __m512d s2 = MUL(s, s);
        __m512d a = FMA(r, ALL(0x1.fffffffffffdp-2), ALL(-0x1.5555555555555p-1));
        __m512d b = FMA(r, ALL(-0x1.55555555a3453p-1), ALL(0x1.999999999a853p-1));
        __m512d c = FMA(r, ALL(0x1.fffffa8b340bcp-1), ALL(-0x1.2492491baa427p+0));
        __m512d d = FMA(r, ALL(-0x1.99ae06d74e1d9p+0), ALL(0x1.c71c9e460270fp+0));
        __m512d e = FMA(r, ALL(0x1.3a533ec2374afp+1), ALL(-0x1.74ad3e7c2e9a6p+1));
        return FMA(s2, FMA(s2, e, FMA(s, d, c)), FMA(s, b, a));
}

/* The logarithm of normal numbers above zero, and what that leaves. */
PART __m512d log_in_two(__m512d x, __m512d *ret_rest)
{
        __m512i bits = _mm512_castpd_si512(x), above = _mm512_sub_epi64(bits, ALL_I(FIRST));
        __m512i at = _mm512_srli_epi64(above, TOP_BITS), octave = _mm512_srai_epi64(above, 52);
        __m512d m = _mm512_castsi512_pd(_mm512_sub_epi64(bits, _mm512_slli_epi64(octave, 52)));
        __m512d k = _mm512_cvtepi64_pd(octave);
        __m512d r = FMA(m, from_table(near, at), ALL(-1));
        __m512d whole = FMA(k, ALL(0x1.62e42fefa38p-1), from_table(log_near, at));
        __m512d rest = FMA(k, ALL(0x1.ef35793c7673p-45), from_table(log_rest, at));
        __m512d one = ADD(whole, r), half = MUL(r, ALL(-0.5)), two = FMA(r, half, one);
        rest = ADD(rest, ADD(SUB(whole, one), r));
        rest = ADD(rest, FMA(r, half, SUB(one, two)));
        __m512d square = MUL(r, half);
        rest = FMA(MUL(r, square), log1p_rest(r, square), rest);
        __m512d log_x = ADD(two, rest);
        *ret_rest = ADD(SUB(two, log_x), rest);
        return log_x;
}

/* exp(t + rest), |t| <= 708: t + rest = k log(2) + r. */
PART __m512d exp_of_two(__m512d t, __m512d rest)
{
        __m512d k = SUB(FMA(t, ALL(0x1.71547652b82fep+0), ALL(WHOLE)), ALL(WHOLE));
        __m512d r = _mm512_fnmadd_pd(k, ALL(0x1.62e42feep-1), t);
        r = ADD(r, _mm512_fnmadd_pd(k, ALL(0x1.a39ef35793c76p-33), rest));
        return _mm512_scalef_pd(ADD(ALL(1), expm1_near(r)), k);
}

PART __mmask8 power(__m512d x, __m512d y, __m512d *ret)
{
        __m512d low, high = log_in_two(x, &low), t = MUL(y, high);
        *ret = exp_of_two(t, FMA(y, low, _mm512_fmsub_pd(y, high, t)));
        __m512i above = _mm512_sub_epi64(_mm512_castpd_si512(x), ALL_I(0x0010000000000000));
        return _mm512_cmp_pd_mask(_mm512_abs_pd(t), ALL(708), _CMP_LT_OQ) &
               _mm512_cmplt_epu64_mask(above, ALL_I(0x7fe0000000000000));
}

POW_LOOP(pow_doubles, double, __m512d, __mmask8, pd, LANES, power)
#else
void pow_doubles(BinaryFn plain, const double *x, int64_t xs, const double *y, int64_t ys,
                 double *z, int64_t n)
{
        plain(x, xs, y, ys, z, n);
}
#endif
