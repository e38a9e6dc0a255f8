// SPDX-License-Identifier: Apache-2.0
/* 2^(y log2(x)) in double, which leaves but the last rounding. The logarithm is that of a number
 * near the sixteenth of an octave that x is in, from a table, and a polynomial in what is left; the
 * power of two likewise is a polynomial in what is left to a whole number. Polynomials of the least
 * largest error: 2^-33 of the logarithm, 2^-29 of the power. */
#include "engine/kernels/math/pow_float.h"

#ifdef __x86_64__
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f")))
#define PART static inline __attribute__((always_inline, target("avx512f")))

enum { LANES = 16, HALF_LANES = 8, TOP_BITS = 52 - 4 };

/* For each sixteenth of [1, 2): a number close to 1 / x, of few bits, so that r = x about - 1 is
 * exact, and its logarithm's negative. At both ends r is all that there is, so that nothing cancels
 * where x is near 1. */
static const double about[LANES] = { 0x1p+0,    0x1.d4p-1, 0x1.bbp-1, 0x1.a4p-1,
                                     0x1.9p-1,  0x1.7dp-1, 0x1.6cp-1, 0x1.5dp-1,
                                     0x1.4ep-1, 0x1.41p-1, 0x1.35p-1, 0x1.2ap-1,
                                     0x1.1fp-1, 0x1.16p-1, 0x1.0dp-1, 0x1p-1 };
static const double log_about[LANES] = {
        0,
        0x1.097e38ce60649p-3,
        0x1.abb2ca9ec7472p-3,
        0x1.249cd2b13cd6cp-2,
        0x1.6cb0f6865c8eap-2,
        0x1.b495d4e9185f7p-2,
        0x1.f804ae8d0cd02p-2,
        0x1.1b17e849adc26p-1,
        0x1.3b8b1c68fa6edp-1,
        0x1.58de3bf8b824bp-1,
        0x1.7502cc4a27b80p-1,
        0x1.8fc924c89ac84p-1,
        0x1.ab9151be168ddp-1,
        0x1.c31a27dd00b4ap-1,
        0x1.db694903d94b8p-1,
        1,
};

#define ALL(v)       _mm512_set1_pd(v)
#define FMA(a, b, c) _mm512_fmadd_pd(a, b, c)

PART __m512d from_table(const double table[LANES], __m512i at)
{
        return _mm512_permutex2var_pd(_mm512_loadu_pd(table), at,
                                      _mm512_loadu_pd(table + HALF_LANES));
}

/* Of finite numbers above zero. */
PART __m512d log2_wide(__m512d x)
{
        __m512d m = _mm512_getmant_pd(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
        __m512i at = _mm512_srli_epi64(_mm512_castpd_si512(m), TOP_BITS);
        __m512d r = FMA(m, from_table(about, at), ALL(-1)), r2 = _mm512_mul_pd(r, r);
        __m512d whole = _mm512_add_pd(_mm512_getexp_pd(x), from_table(log_about, at));
        __m512d low = FMA(r, ALL(-0x1.7154761076bd3p-1), ALL(0x1.715476529b9c3p+0));
        __m512d mid = FMA(r, ALL(-0x1.715af9d035c63p-2), ALL(0x1.ec70abcc79163p-2));
        __m512d high = FMA(r, ALL(-0x1.c826ccde35789p-3), ALL(0x1.276dd9d423d98p-2));
        return FMA(r, FMA(r2, FMA(r2, high, mid), low), whole);
}

/* Rounds to a float once: too large a power is infinite, too small a one zero or subnormal. */
PART __m256 exp2_wide(__m512d t)
{
        __m512d whole = _mm512_roundscale_pd(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        __m512d f = _mm512_sub_pd(t, whole), f2 = _mm512_mul_pd(f, f);
        __m512d low = FMA(f, ALL(0x1.62e430c7e9233p-1), ALL(0x1.0000000261500p+0));
        __m512d mid = FMA(f, ALL(0x1.c6aed4b951199p-5), ALL(0x1.ebfbdadcb0ba5p-3));
        __m512d high = FMA(f, ALL(0x1.5f456a8abceeap-10), ALL(0x1.3b2dbbc1000e1p-7));
        __m512d top = FMA(f2, ALL(0x1.41d333694e99cp-13), high);
        __m512d p = FMA(f2, FMA(f2, top, mid), low);
        return _mm512_cvtpd_ps(_mm512_scalef_pd(p, whole));
}

PART __m256 pow_wide(__m256 x, __m256 y)
{
        __m512d t = _mm512_mul_pd(log2_wide(_mm512_cvtps_pd(x)), _mm512_cvtps_pd(y));
        return exp2_wide(t);
}

PART __m256 upper(__m512 v)
{
        return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
}

PART __m512 joined(__m256 low, __m256 high)
{
        return _mm512_castpd_ps(_mm512_insertf64x4(_mm512_castps_pd(_mm512_castps256_ps512(low)),
                                                   _mm256_castps_pd(high), 1));
}

PART bool ordinary(__m512 x, __m512 y)
{
        __m512i huge = _mm512_set1_epi32(0x7f800000);
        __m512i sizes = _mm512_and_si512(_mm512_castps_si512(y), _mm512_set1_epi32(0x7fffffff));
        __m512i below = _mm512_sub_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(1));
        return (_mm512_cmplt_epu32_mask(below, _mm512_set1_epi32(0x7f7fffff)) &
                _mm512_cmplt_epu32_mask(sizes, huge)) == 0xffff;
}

/* m elements of p, or one for all; what is beyond them is 1. */
PART __m512 some(const float *p, int64_t step, __mmask16 m)
{
        return step ? _mm512_mask_loadu_ps(_mm512_set1_ps(1), m, p) : _mm512_set1_ps(*p);
}

PART void pow_512(BinaryFn plain, const float *x, int64_t xs, const float *y, const int64_t ys,
                  float *z, int64_t n)
{
        for (int64_t i = 0; i < n; i += LANES) {
                int64_t left = MIN(n - i, (int64_t)LANES);
                __mmask16 m = (__mmask16)((1u << left) - 1);
                __m512 a = some(x + i * xs, xs, m), b = some(y + i * ys, ys, m);
                if (!ordinary(a, b)) {
                        plain(x + i * xs, xs, y + i * ys, ys, z + i, left);
                        continue;
                }
                __m256 low = pow_wide(_mm512_castps512_ps256(a), _mm512_castps512_ps256(b));
                _mm512_mask_storeu_ps(z + i, m, joined(low, pow_wide(upper(a), upper(b))));
        }
}

WIDE static void pow_to_one(BinaryFn plain, const float *x, int64_t xs, const float *y, float *z,
                            int64_t n)
{
        pow_512(plain, x, xs, y, 0, z, n);
}

WIDE static void pow_to_each(BinaryFn plain, const float *x, int64_t xs, const float *y, float *z,
                             int64_t n)
{
        pow_512(plain, x, xs, y, 1, z, n);
}
#endif

void pow_floats(BinaryFn plain, const float *x, int64_t xs, const float *y, int64_t ys, float *z,
                int64_t n)
{
#ifdef __x86_64__
        if (__builtin_cpu_supports("avx512f")) {
                (ys ? pow_to_each : pow_to_one)(plain, x, xs, y, z, n);
                return;
        }
#endif
        plain(x, xs, y, ys, z, n);
}
