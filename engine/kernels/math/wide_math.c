// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/math/wide_math.h"

#ifdef __x86_64__
#include "engine/kernels/math/expm1_near.h"

#define PART static inline __attribute__((always_inline, target("avx512f")))
#define WIDE __attribute__((target("avx512f")))

enum { FLOATS = 16, LANES = 8, TOP_BITS = 52 - 4 };

#define ALL(v)        _mm512_set1_pd(v)
#define FMA(a, b, c)  _mm512_fmadd_pd(a, b, c)
#define LESS(a, b, c) _mm512_fnmadd_pd(a, b, c) /* c - a b */
#define NEAREST       (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

#define ALL_F(v)        _mm512_set1_ps(v)
#define FMA_F(a, b, c)  _mm512_fmadd_ps(a, b, c)
#define LESS_F(a, b, c) _mm512_fnmadd_ps(a, b, c)

/* ---- reciprocal roots: an estimate of 14 bits, y, and its error e, 1 - x y^2, by which it gets
 * better. Of zeros, infinities and what is below them e is no number, and the estimate right. ----
 */

PART __m512 rsqrt_floats_lanes(__m512 x)
{
        __m512 y = _mm512_rsqrt14_ps(x), e = LESS_F(_mm512_mul_ps(x, y), y, ALL_F(1));
        __m512 good = FMA_F(_mm512_mul_ps(y, e), FMA_F(e, ALL_F(0.375f), ALL_F(0.5f)), y);
        return _mm512_mask_mov_ps(good, _mm512_cmp_ps_mask(e, e, _CMP_UNORD_Q), y);
}

PART __m512d rsqrt_doubles_lanes(__m512d x)
{
        __m512d y = _mm512_rsqrt14_pd(x), e = LESS(_mm512_mul_pd(x, y), y, ALL(1));
        __m512d good = FMA(_mm512_mul_pd(y, e), FMA(e, ALL(0.375), ALL(0.5)), y);
        __m512d rest = LESS(_mm512_mul_pd(x, good), good, ALL(1));
        good = FMA(_mm512_mul_pd(good, rest), ALL(0.5), good);
        return _mm512_mask_mov_pd(good, _mm512_cmp_pd_mask(e, e, _CMP_UNORD_Q), y);
}

/* ---- exponentials: v = k log(2) + r; exp(r) - 1 by expm1_near.h ---- */

PART __m512d split(__m512d v, __m512d *ret_r)
{
        __m512d k = _mm512_roundscale_pd(_mm512_mul_pd(v, ALL(0x1.71547652b82fep+0)), NEAREST);
        *ret_r = LESS(k, ALL(0x1.a39ef35793c76p-33), LESS(k, ALL(0x1.62e42feep-1), v));
        return k;
}

/* exp(v) - 1 for v from -40 to 0: 2^k (exp(r) - 1) + (2^k - 1). */
PART __m512d expm1_lanes(__m512d v)
{
        __m512d r, power = _mm512_scalef_pd(ALL(1), split(v, &r));
        return FMA(power, expm1_near(r), _mm512_sub_pd(power, ALL(1)));
}

PART __m512 expm1_lanes_float(__m512 v)
{
        __m512 k = _mm512_roundscale_ps(_mm512_mul_ps(v, ALL_F(0x1.715476p+0f)), NEAREST);
        __m512 r = LESS_F(k, ALL_F(0x1.0bfbe8p-15f), LESS_F(k, ALL_F(0x1.62ep-1f), v));
        __m512 p = FMA_F(r, ALL_F(0x1.6d990cp-10f), ALL_F(0x1.1227fep-7f));
        p = FMA_F(r, p, ALL_F(0x1.555486p-5f));
        p = FMA_F(r, p, ALL_F(0x1.5554bp-3f));
        p = FMA_F(r, p, ALL_F(0.5f));
        __m512 power = _mm512_scalef_ps(ALL_F(1), k);
        p = FMA_F(_mm512_mul_ps(r, r), p, r);
        return FMA_F(power, p, _mm512_sub_ps(power, ALL_F(1)));
}

/* -t / (2 + t), t = exp(-2 |v|) - 1, with v's sign. vminpd gives its second operand when that is
 * NaN. The quotient is by an estimate of the reciprocal, and what is left of t. */
PART __m512d tanh_doubles_lanes(__m512d v)
{
        __m512d size = _mm512_min_pd(ALL(20), _mm512_abs_pd(v));
        __m512d t = expm1_lanes(_mm512_mul_pd(size, ALL(-2))), by = _mm512_add_pd(t, ALL(2));
        __m512d q = _mm512_rcp14_pd(by);
        q = FMA(q, LESS(by, q, ALL(1)), q);
        __m512d y = _mm512_mul_pd(t, q);
        y = _mm512_abs_pd(FMA(q, LESS(by, y, t), y));
        __m512i sign = _mm512_and_si512(_mm512_castpd_si512(v), _mm512_set1_epi64(INT64_MIN));
        return _mm512_castsi512_pd(_mm512_or_si512(_mm512_castpd_si512(y), sign));
}

PART __m512 tanh_floats_lanes(__m512 v)
{
        __m512 size = _mm512_min_ps(ALL_F(10), _mm512_abs_ps(v));
        __m512 t = expm1_lanes_float(_mm512_mul_ps(size, ALL_F(-2))),
               by = _mm512_add_ps(t, ALL_F(2));
        __m512 q = _mm512_rcp14_ps(by), y = _mm512_mul_ps(t, q);
        y = _mm512_abs_ps(FMA_F(q, LESS_F(by, y, t), y));
        __m512i sign = _mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(INT32_MIN));
        return _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(y), sign));
}

/* ---- logarithms: x is m 2^k, with m in [3/4, 3/2); log(x) is k log(2), the logarithm of a number
 * near m, from a table, and that of what is left, by a polynomial ---- */

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

PART __m512d log_lanes(__m512d x)
{
        __m512d m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_src);
        __m512d k = _mm512_sub_pd(_mm512_getexp_pd(x), _mm512_getexp_pd(m));
        __m512i at = _mm512_srli_epi64(_mm512_castpd_si512(m), TOP_BITS);
        __m512d r = FMA(m, from_table(about, at), ALL(-1));
        __m512d whole = FMA(k, ALL(0x1.62e42fefa39efp-1), from_table(log_about, at));
        return _mm512_add_pd(whole, FMA(_mm512_mul_pd(r, r), log1p_rest(r), r));
}

/* What 1 + e loses of e is added; its logarithm's own slope does not matter then. */
PART __m512d softplus_doubles_lanes(__m512d v)
{
        __m512d size = _mm512_min_pd(ALL(750), _mm512_abs_pd(v)), r;
        __m512d k = split(_mm512_sub_pd(ALL(0), size), &r);
        __m512d e = _mm512_scalef_pd(_mm512_add_pd(expm1_near(r), ALL(1)), k);
        __m512d u = _mm512_add_pd(e, ALL(1)), lost = _mm512_sub_pd(e, _mm512_sub_pd(u, ALL(1)));
        return _mm512_add_pd(_mm512_max_pd(ALL(0), v), _mm512_add_pd(log_lanes(u), lost));
}

/* ---- loops ---- */

#define LOOP(name, T, lanes, V, Mask, s)                                         \
        WIDE static void name##_512(const T *x, T *y, int64_t n)                 \
        {                                                                        \
                for (int64_t i = 0; i < n; i += lanes) {                         \
                        int64_t left = MIN(n - i, (int64_t)lanes);               \
                        Mask some = (Mask)((1u << left) - 1);                    \
                        V v = name##_lanes(_mm512_maskz_loadu_##s(some, x + i)); \
                        _mm512_mask_storeu_##s(y + i, some, v);                  \
                }                                                                \
        }                                                                        \
        void wide_##name(UnaryFn plain, const void *x, void *y, int64_t n)       \
        {                                                                        \
                if (n >= lanes && __builtin_cpu_supports("avx512f"))             \
                        name##_512(x, y, n);                                     \
                else                                                             \
                        plain(x, y, n);                                          \
        }
#define FLOATS_LOOP(name)  LOOP(name, float, FLOATS, __m512, __mmask16, ps)
#define DOUBLES_LOOP(name) LOOP(name, double, LANES, __m512d, __mmask8, pd)

WIDE static void log_512(UnaryFn plain, const double *x, double *y, int64_t n)
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
                        _mm512_mask_storeu_pd(y + i, some, log_lanes(v));
        }
}

void wide_log_doubles(UnaryFn plain, const void *x, void *y, int64_t n)
{
        if (__builtin_cpu_supports("avx512f"))
                log_512(plain, x, y, n);
        else
                plain(x, y, n);
}
#else
#define LOOP(name)                                                         \
        void wide_##name(UnaryFn plain, const void *x, void *y, int64_t n) \
        {                                                                  \
                plain(x, y, n);                                            \
        }
#define FLOATS_LOOP(name)  LOOP(name)
#define DOUBLES_LOOP(name) LOOP(name)
LOOP(log_doubles)
#endif
FLOATS_LOOP(rsqrt_floats)
DOUBLES_LOOP(rsqrt_doubles)
FLOATS_LOOP(tanh_floats)
DOUBLES_LOOP(tanh_doubles)
DOUBLES_LOOP(softplus_doubles)
