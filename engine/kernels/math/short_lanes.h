// SPDX-License-Identifier: Apache-2.0
/* Halves and bfloat16 computed as vectors of floats that never leave the registers: 32 of them are
 * widened, given to a function of two vectors of 16, and rounded. For processors with AVX-512; all
 * others run the loops of floats, block by block (short_float.h).
 *
 *     UNARY_LANES(exp, short_exp)
 *
 * makes the loops of both short types for a function of engine/kernels/math/short_math.h. */
#pragma once
#include "engine/kernels/math/binary.h"
#include "engine/kernels/math/unary.h"

#include <immintrin.h>

#define SHORT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define SHORT_PART \
        static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq")))

enum { SHORT_PAIR = 32 };

/* Tests set this to try the plain loops, too. */
extern bool short_lanes_off;
static inline bool short_lanes_usable(void)
{
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && !short_lanes_off;
}

/* 32 elements as floats. Of halves a holds the first 16, of bfloat16 those at even places, which
 * needs no crossing of lanes. `half` is a constant wherever this is inlined. */
typedef struct ShortPair {
        __m512 a, b;
} ShortPair;

SHORT_PART ShortPair short_pair(const bool half, __m512i w)
{
        if (half)
                return (ShortPair){ _mm512_cvtph_ps(_mm512_castsi512_si256(w)),
                                    _mm512_cvtph_ps(_mm512_extracti64x4_epi64(w, 1)) };
        return (ShortPair){ _mm512_castsi512_ps(_mm512_slli_epi32(w, 16)),
                            _mm512_castsi512_ps(_mm512_and_si512(w, _mm512_set1_epi32(-0x10000))) };
}

SHORT_PART ShortPair short_load(const bool half, const uint16_t *x)
{
        if (half)
                return (ShortPair){ _mm512_cvtph_ps(_mm256_loadu_si256((const void *)x)),
                                    _mm512_cvtph_ps(_mm256_loadu_si256(
                                            (const void *)(x + SHORT_PAIR / 2))) };
        return short_pair(false, _mm512_loadu_si512(x));
}

/* A float's bits with those of the nearest bfloat16 in the upper half, ties to even. A NaN comes of
 * an element or an instruction: its lower bits are zero, so that it stays one. */
SHORT_PART __m512i short_nearest(__m512 v)
{
        __m512i u = _mm512_castps_si512(v);
        __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
        return _mm512_add_epi32(_mm512_add_epi32(u, _mm512_set1_epi32(0x7fff)), odd);
}

SHORT_PART __m512i short_round(const bool half, ShortPair p)
{
        if (half)
                return _mm512_inserti64x4(
                        _mm512_castsi256_si512(_mm512_cvtps_ph(p.a, _MM_FROUND_TO_NEAREST_INT)),
                        _mm512_cvtps_ph(p.b, _MM_FROUND_TO_NEAREST_INT), 1);
        return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(short_nearest(p.a), 16),
                                       short_nearest(p.b));
}

SHORT_PART void short_store(const bool half, uint16_t *y, ShortPair p)
{
        if (half) {
                _mm256_storeu_si256((void *)y, _mm512_cvtps_ph(p.a, _MM_FROUND_TO_NEAREST_INT));
                _mm256_storeu_si256((void *)(y + SHORT_PAIR / 2),
                                    _mm512_cvtps_ph(p.b, _MM_FROUND_TO_NEAREST_INT));
        } else {
                _mm512_storeu_si512(y, short_round(false, p));
        }
}

/* The first n < 32 elements; the others are zeros. */
SHORT_PART ShortPair short_load_some(const bool half, const uint16_t *x, int64_t n)
{
        return short_pair(half, _mm512_maskz_loadu_epi16((1u << n) - 1, x));
}
/* Words of the first n; the others are minus infinity. */
SHORT_PART __m512i short_load_low(const bool half, const uint16_t *x, int64_t n)
{
        __m512i low = _mm512_set1_epi16((short)(half ? 0xfc00 : 0xff80));
        return _mm512_mask_loadu_epi16(low, (1u << n) - 1, x);
}
SHORT_PART void short_store_some(const bool half, uint16_t *y, ShortPair p, int64_t n)
{
        _mm512_mask_storeu_epi16(y, (1u << n) - 1, short_round(half, p));
}

/* One element in all lanes. */
SHORT_PART ShortPair short_same(const bool half, const uint16_t *x)
{
        return short_pair(half, _mm512_set1_epi16((short)*x));
}

#define UNARY_LANES_(ID, half, fn, call, name)                                                 \
        SHORT_TARGET static void fn##_lanes_##ID(const void *x_, void *y_, int64_t n)          \
        {                                                                                      \
                const uint16_t *x = x_;                                                        \
                uint16_t *y = y_;                                                              \
                for (; n >= SHORT_PAIR; n -= SHORT_PAIR, x += SHORT_PAIR, y += SHORT_PAIR) {   \
                        ShortPair p = short_load(half, x);                                     \
                        short_store(half, y, (ShortPair){ call(half, p.a), call(half, p.b) }); \
                }                                                                              \
                if (n > 0) {                                                                   \
                        ShortPair p = short_load_some(half, x, n);                             \
                        p = (ShortPair){ call(half, p.a), call(half, p.b) };                   \
                        short_store_some(half, y, p, n);                                       \
                }                                                                              \
        }                                                                                      \
        static void name##_##ID(const void *x, void *y, int64_t n)                             \
        {                                                                                      \
                if (short_lanes_usable())                                                      \
                        fn##_lanes_##ID(x, y, n);                                              \
                else                                                                           \
                        unary_short(fn##_loop_FLOAT, DT_##ID, 0, x, y, n);                     \
        }
/* fn_loop_FLOAT serves other processors; call(half, v) is a vector function. */
#define UNARY_LANES(fn, call)                         \
        UNARY_LANES_(HALF, true, fn, call, fn##_loop) \
        UNARY_LANES_(BFLOAT16, false, fn, call, fn##_loop)

/* The same for two operands; what stands still is prepared once. */
#define BINARY_LANES_LOOP_(half, call, GET_A, GET_B, TAIL_A, TAIL_B)                             \
        for (; n >= SHORT_PAIR;                                                                  \
             n -= SHORT_PAIR, x += xs * SHORT_PAIR, y += ys * SHORT_PAIR, z += SHORT_PAIR) {     \
                ShortPair a = GET_A, b = GET_B;                                                  \
                short_store(half, z, (ShortPair){ call(half, a.a, b.a), call(half, a.b, b.b) }); \
        }                                                                                        \
        if (n > 0) {                                                                             \
                ShortPair a = TAIL_A, b = TAIL_B;                                                \
                a = (ShortPair){ call(half, a.a, b.a), call(half, a.b, b.b) };                   \
                short_store_some(half, z, a, n);                                                 \
        }
#define BINARY_LANES_(ID, half, fn, call)                                                         \
        SHORT_TARGET static void fn##_lanes_##ID(const void *x_, int64_t xs, const void *y_,      \
                                                 int64_t ys, void *z_, int64_t n)                 \
        {                                                                                         \
                const uint16_t *x = x_, *y = y_;                                                  \
                uint16_t *z = z_;                                                                 \
                if (xs && ys) {                                                                   \
                        BINARY_LANES_LOOP_(half, call, short_load(half, x), short_load(half, y),  \
                                           short_load_some(half, x, n),                           \
                                           short_load_some(half, y, n))                           \
                } else if (xs) {                                                                  \
                        const ShortPair one = short_same(half, y);                                \
                        BINARY_LANES_LOOP_(half, call, short_load(half, x), one,                  \
                                           short_load_some(half, x, n), one)                      \
                } else if (ys) {                                                                  \
                        const ShortPair one = short_same(half, x);                                \
                        BINARY_LANES_LOOP_(half, call, one, short_load(half, y), one,             \
                                           short_load_some(half, y, n))                           \
                } else {                                                                          \
                        const ShortPair a0 = short_same(half, x), b0 = short_same(half, y);       \
                        BINARY_LANES_LOOP_(half, call, a0, b0, a0, b0)                            \
                }                                                                                 \
        }                                                                                         \
        static void fn##_loop_##ID(const void *x, int64_t xs, const void *y, int64_t ys, void *z, \
                                   int64_t n)                                                     \
        {                                                                                         \
                if (short_lanes_usable() && n > 0)                                                \
                        fn##_lanes_##ID(x, xs, y, ys, z, n);                                      \
                else                                                                              \
                        binary_short(fn##_loop_FLOAT, DT_##ID, 0, x, xs, y, ys, z, n);            \
        }
#define BINARY_LANES(fn, call)              \
        BINARY_LANES_(HALF, true, fn, call) \
        BINARY_LANES_(BFLOAT16, false, fn, call)
