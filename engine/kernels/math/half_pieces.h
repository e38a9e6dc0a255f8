// SPDX-License-Identifier: Apache-2.0
/* Functions of halves and bfloat16 in vectors of 32 halves, for processors that compute with halves
 * (AVX512-FP16): in each quarter of an octave of eight the function is a parabola, whose numbers
 * four tables in registers hold:
 *
 *     y = a + (v - at) (b + (v - at) c)
 *
 * at and a are a point of the function that halves express all but exactly, so that only the small
 * second term is rounded twice. Below the pieces y = v + c v^2. bfloat16 have fewer digits and
 * become halves by a shift; where they have exponents that halves have not, y is v. */
#pragma once
#include "engine/kernels/math/short_lanes.h"

typedef struct HalfPieces {
        uint16_t at[32], a[32], b[32], c[32]; /* by exponent and two digits, the lowest five bits */
        uint16_t near;                        /* c below the pieces */
        uint16_t least, most;                 /* where they begin, with v's sign; the largest v */
} HalfPieces;

/* Tests set this to try processors without arithmetic of halves. */
extern bool half_pieces_off;

/* clang 14 has no such vectors. */
#ifndef __clang__
#define HALF_TARGET __attribute__((target("avx512fp16,avx512f,avx512bw,avx512vl,avx512dq")))
#define HALF_PART                                   \
        static inline __attribute__((always_inline, \
                                     target("avx512fp16,avx512f,avx512bw,avx512vl,avx512dq")))

static inline bool half_pieces_usable(void)
{
        return __builtin_cpu_supports("avx512fp16") && short_lanes_usable() && !half_pieces_off;
}

HALF_PART __m512i half_table(const uint16_t table[32])
{
        return _mm512_loadu_si512(table);
}
HALF_PART __m512h half_same(uint16_t bits)
{
        return _mm512_castsi512_ph(_mm512_set1_epi16((short)bits));
}
HALF_PART __m512h half_pick(__m512i other, __mmask32 m, __m512i piece, const uint16_t table[32])
{
        return _mm512_castsi512_ph(
                _mm512_mask_permutexvar_epi16(other, m, piece, half_table(table)));
}

/* v is of the pieces' sign or passes; `from` is v, or zero where it passes. */
HALF_PART __m512h half_piece(const HalfPieces *p, __m512h v, __m512h from)
{
        __m512i w = _mm512_castph_si512(v), zero = _mm512_setzero_si512();
        __m512i piece = _mm512_srli_epi16(w, 8);
        __mmask32 m = _mm512_cmpge_epu16_mask(w, _mm512_set1_epi16((short)p->least));
        __m512h d = _mm512_sub_ph(from, half_pick(zero, m, piece, p->at));
        __m512h c = half_pick(_mm512_set1_epi16((short)p->near), m, piece, p->c);
        __m512h slope = _mm512_fmadd_ph(d, c, half_pick(zero, m, piece, p->b));
        return _mm512_fmadd_ph(d, slope, half_pick(w, m, piece, p->a));
}

/* bfloat16 as halves: `small`, from 2^-14 on with their sign, and back. What is not from `small` to
 * infinity of that sign is not in *ret_has. */
enum {
        HALF_SMALLEST = 0x3880,
        HALF_REBIAS = 0x3800,
        BFLOAT16_SIGN = 0x8000,
        BFLOAT16_INF = 0x7f80
};
HALF_PART __m512h half_of_bfloat16(const HalfPieces *p, __m512i w, __mmask32 *ret_has)
{
        const int sign = p->most & BFLOAT16_SIGN, most = (p->most & 0x7fff) - 0x400;
        __m512i up = _mm512_sub_epi16(w, _mm512_set1_epi16((short)(sign | HALF_SMALLEST)));
        *ret_has = _mm512_cmple_epu16_mask(up, _mm512_set1_epi16(BFLOAT16_INF - HALF_SMALLEST));
        up = _mm512_min_epu16(up, _mm512_set1_epi16((short)(most >> 3)));
        up = _mm512_slli_epi16(up, 3);
        return _mm512_castsi512_ph(_mm512_add_epi16(up, _mm512_set1_epi16((short)(sign | 0x400))));
}

/* The magnitude's bits of the nearest bfloat16; vpmulhrsw shifts by three and rounds. Of a negative
 * half they come 0x1000 below, which `sign` makes good. */
HALF_PART __m512i bfloat16_of_half(const HalfPieces *p, __m512i other, __mmask32 has, __m512h v)
{
        const int sign = p->most & BFLOAT16_SIGN ? BFLOAT16_SIGN + 0x1000 : 0;
        __m512i up = _mm512_mulhrs_epi16(_mm512_castph_si512(v), _mm512_set1_epi16(0x1000));
        return _mm512_mask_add_epi16(other, has, up,
                                     _mm512_set1_epi16((short)(sign + HALF_REBIAS)));
}

/* A function of what is below zero; the rest passes. */
HALF_PART __m512i half_below(const bool half, const HalfPieces *p, __m512i w)
{
        __mmask32 has;
        __m512h v = _mm512_castsi512_ph(w), y;
        if (half) {
                v = _mm512_max_ph(half_same(p->most), v);
                y = half_piece(p, v, _mm512_min_ph(_mm512_setzero_ph(), v));
                return _mm512_castph_si512(y);
        }
        v = half_of_bfloat16(p, w, &has);
        return bfloat16_of_half(p, w, has, half_piece(p, v, v));
}

/* A function of magnitudes; signs stay. */
HALF_PART __m512i half_odd(const bool half, const HalfPieces *p, __m512i w)
{
        __mmask32 has;
        __m512i signs = _mm512_set1_epi16((short)BFLOAT16_SIGN), y;
        __m512h v = _mm512_castsi512_ph(_mm512_andnot_si512(signs, w));
        if (half) {
                v = _mm512_min_ph(half_same(p->most), v);
                y = _mm512_castph_si512(half_piece(p, v, v));
        } else {
                y = _mm512_castph_si512(v);
                v = half_of_bfloat16(p, y, &has);
                y = bfloat16_of_half(p, y, has, half_piece(p, v, v));
        }
        return _mm512_ternarylogic_epi64(signs, w, y, 0xca); /* signs ? w : y */
}

#define UNARY_PIECES_LOOP_(ID, half, fn, by_pieces)                                                \
        HALF_TARGET static void fn##_pieces_##ID(const void *x_, void *y_, int64_t n)              \
        {                                                                                          \
                const uint16_t *x = x_;                                                            \
                uint16_t *y = y_;                                                                  \
                for (; n >= SHORT_PAIR; n -= SHORT_PAIR, x += SHORT_PAIR, y += SHORT_PAIR)         \
                        _mm512_storeu_si512(y,                                                     \
                                            by_pieces(half, &fn##_pieces, _mm512_loadu_si512(x))); \
                if (n > 0) {                                                                       \
                        __mmask32 m = (1u << n) - 1;                                               \
                        __m512i w = _mm512_maskz_loadu_epi16(m, x);                                \
                        w = by_pieces(half, &fn##_pieces, w);                                      \
                        _mm512_mask_storeu_epi16(y, m, w);                                         \
                }                                                                                  \
        }                                                                                          \
        static void fn##_loop_##ID(const void *x, void *y, int64_t n)                              \
        {                                                                                          \
                if (half_pieces_usable())                                                          \
                        fn##_pieces_##ID(x, y, n);                                                 \
                else                                                                               \
                        fn##_wide_##ID(x, y, n);                                                   \
        }
#define UNARY_PIECES_(ID, half, fn, call, by_pieces) \
        UNARY_LANES_(ID, half, fn, call, fn##_wide)  \
        UNARY_PIECES_LOOP_(ID, half, fn, by_pieces)
#else
#define UNARY_PIECES_(ID, half, fn, call, by_pieces) UNARY_LANES_(ID, half, fn, call, fn##_loop)
#endif

/* Both short types: by the table fn_pieces and half_below or half_odd, or, on other processors, as
 * UNARY_LANES(fn, call) does. */
#define UNARY_PIECES(fn, call, by_pieces)              \
        UNARY_PIECES_(HALF, true, fn, call, by_pieces) \
        UNARY_PIECES_(BFLOAT16, false, fn, call, by_pieces)
