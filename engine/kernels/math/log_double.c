// SPDX-License-Identifier: Apache-2.0
/* x is m 2^k, with m in [3/4, 3/2); log(x) is k log(2), the logarithm of a number near m, from a
 * table, and that of what is left, by a polynomial. */
#include "engine/kernels/math/log_double.h"

#ifdef __x86_64__
#include <immintrin.h>

#define PART static inline __attribute__((always_inline, target("avx512f")))

enum { LANES = 8, TOP_BITS = 52 - 4 };

/* For each sixteenth of an octave, by m's highest bits (the upper half of them is that below 1): a
 * number close to 1 / m, of few bits, and its logarithm's negative. Next to 1 on both sides there
 * is nothing to add to the polynomial, and farther off nothing cancels. */
static const double about[2 * LANES] = { 0x1p+0,    0x1.d4p-1, 0x1.bbp-1, 0x1.a4p-1,
                                         0x1.9p-1,  0x1.7dp-1, 0x1.6cp-1, 0x1.5dp-1,
                                         0x1.4ep+0, 0x1.41p+0, 0x1.35p+0, 0x1.2ap+0,
                                         0x1.1fp+0, 0x1.16p+0, 0x1.0dp+0, 0x1p+0 };
static const double log_about[2 * LANES] = {
        0,
        0x1.700d30aeac0e1p-4,
        0x1.28753bc11aba5p-3,
        0x1.95a5adcf7017fp-3,
        0x1.f991c6cb3b379p-3,
        0x1.2e9e2bce12286p-2,
        0x1.5d5bddf595f30p-2,
        0x1.8873658327ccfp-2,
        -0x1.1058bf9ae4ad5p-2,
        -0x1.cf6354e09c5dcp-3,
        -0x1.815c0a14357ebp-3,
        -0x1.371fc201e8f74p-3,
        -0x1.d4313d66cb35dp-4,
        -0x1.51b073f06183fp-4,
        -0x1.95c830ec8e3ebp-5,
        0,
};

#define ALL(v)       _mm512_set1_pd(v)
#define FMA(a, b, c) _mm512_fmadd_pd(a, b, c)

PART __m512d from_table(const double table[2 * LANES], __m512i at)
{
        return _mm512_permutex2var_pd(_mm512_loadu_pd(table), at, _mm512_loadu_pd(table + LANES));
}

/* (log(1 + r) - r) / r^2 for r from -1/32 to 1/16, within 2^-55 of log(1 + r) / r^2. */
PART __m512d log1p_rest(__m512d r)
{
        __m512d r2 = _mm512_mul_pd(r, r), r4 = _mm512_mul_pd(r2, r2);
        __m512d a = FMA(r, ALL(0x1.5555555555a3ap-2), ALL(-0x1.fffffffffffffp-2));
        __m512d b = FMA(r, ALL(0x1.999999898c78ap-3), ALL(-0x1.000000000419bp-2));
        __m512d c = FMA(r, ALL(0x1.2492b09dfec52p-3), ALL(-0x1.55555443ccf4fp-3));
        __m512d d = FMA(r, ALL(0x1.c5ea4ad2c6e9ap-4), ALL(-0x1.0009a5b62d29ap-3));
        d = FMA(r2, ALL(-0x1.6a3e031e2e16dp-4), d);
        return FMA(r4, FMA(r2, d, c), FMA(r2, b, a));
}

PART __m512d log_wide(__m512d x)
{
        __m512d m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_src);
        __m512d k = _mm512_sub_pd(_mm512_getexp_pd(x), _mm512_getexp_pd(m));
        __m512i at = _mm512_srli_epi64(_mm512_castpd_si512(m), TOP_BITS);
        __m512d r = FMA(m, from_table(about, at), ALL(-1));
        __m512d whole = FMA(k, ALL(0x1.62e42fefa39efp-1), from_table(log_about, at));
        return _mm512_add_pd(whole, FMA(_mm512_mul_pd(r, r), log1p_rest(r), r));
}

__attribute__((target("avx512f"))) static void log_512(UnaryFn plain, const double *x, double *y,
                                                       int64_t n)
{
        const __m512i least = _mm512_set1_epi64(0x0010000000000000),
                      normal = _mm512_set1_epi64(0x7fe0000000000000);
        for (int64_t i = 0; i < n; i += LANES) {
                int64_t left = MIN(n - i, (int64_t)LANES);
                __mmask8 some = (__mmask8)((1u << left) - 1);
                __m512d v = _mm512_mask_loadu_pd(ALL(1), some, x + i);
                __m512i above = _mm512_sub_epi64(_mm512_castpd_si512(v), least);
                if (_mm512_cmpge_epu64_mask(above, normal))
                        plain(x + i, y + i, left);
                else
                        _mm512_mask_storeu_pd(y + i, some, log_wide(v));
        }
}
#endif

void log_doubles(UnaryFn plain, const double *x, double *y, int64_t n)
{
#ifdef __x86_64__
        if (__builtin_cpu_supports("avx512f")) {
                log_512(plain, x, y, n);
                return;
        }
#endif
        plain(x, y, n);
}
