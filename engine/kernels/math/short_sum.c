// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/math/short_sum.h"

#include "engine/kernels/math/short_lanes.h"

enum { ROWS = 16, DOWN = 8 };

SHORT_PART __m512 add(__m512 a, __m512 b)
{
        return _mm512_add_ps(a, b);
}
SHORT_PART ShortPair pair_add(ShortPair s, ShortPair v)
{
        return (ShortPair){ add(s.a, v.a), add(s.b, v.b) };
}

/* 16 floats as two times 8 doubles, added. */
SHORT_PART __m512d widened(__m512 v)
{
        return _mm512_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(v)),
                             _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)));
}

/* At most 4 * SHORT_CARRY vectors in four lanes of their own. */
SHORT_PART __m512d sum_block(const bool half, const uint16_t *x, int64_t n)
{
        ShortPair s = { _mm512_setzero_ps(), _mm512_setzero_ps() }, t = s;
        for (; n >= 2 * SHORT_PAIR; n -= 2 * SHORT_PAIR, x += 2 * SHORT_PAIR) {
                s = pair_add(s, short_load(half, x));
                t = pair_add(t, short_load(half, x + SHORT_PAIR));
        }
        if (n >= SHORT_PAIR) {
                s = pair_add(s, short_load(half, x));
                n -= SHORT_PAIR;
                x += SHORT_PAIR;
        }
        if (n > 0)
                t = pair_add(t, short_load_some(half, x, n));
        return _mm512_add_pd(_mm512_add_pd(widened(s.a), widened(s.b)),
                             _mm512_add_pd(widened(t.a), widened(t.b)));
}

SHORT_PART void sum_along(const bool half, const uint16_t *x, int64_t n, double *acc)
{
        enum { BLOCK = (SHORT_CARRY - 1) * 2 * SHORT_PAIR };
        __m512d sum = _mm512_setzero_pd();
        for (; n > BLOCK; n -= BLOCK, x += BLOCK)
                sum = _mm512_add_pd(sum, sum_block(half, x, BLOCK));
        sum = _mm512_add_pd(sum, sum_block(half, x, n));
        *acc += _mm512_reduce_add_pd(sum);
}

/* To 8 accumulators each come the floats of one half of v. */
SHORT_PART void add_16(double *acc, __m512 v)
{
        __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
        __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
        _mm512_storeu_pd(acc, _mm512_add_pd(_mm512_loadu_pd(acc), low));
        _mm512_storeu_pd(acc + 8, _mm512_add_pd(_mm512_loadu_pd(acc + 8), high));
}
/* A pair in the order of the elements: those of bfloat16 lie in turn in a and b. */
SHORT_PART void add_pair(const bool half, double *acc, ShortPair s)
{
        const __m512i low =
                _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
        add_16(acc, half ? s.a : _mm512_permutex2var_ps(s.a, low, s.b));
        add_16(acc + 16, half ? s.b : _mm512_permutex2var_ps(s.a, high, s.b));
}
SHORT_PART void add_some(const bool half, double *acc, ShortPair s, int64_t n)
{
        double sums[SHORT_PAIR] = { 0 };
        add_pair(half, sums, s);
        for (int64_t i = 0; i < n; i++)
                acc[i] += sums[i];
}

/* m <= DOWN rows, `stride` elements apart, of which each sums into the same n accumulators. */
SHORT_PART void sum_down(const bool half, const uint16_t *x, int64_t n, const int64_t m,
                         int64_t stride, double *acc)
{
        for (; n >= SHORT_PAIR; n -= SHORT_PAIR, x += SHORT_PAIR, acc += SHORT_PAIR) {
                ShortPair s = short_load(half, x);
                for (int64_t r = 1; r < m; r++)
                        s = pair_add(s, short_load(half, x + r * stride));
                add_pair(half, acc, s);
        }
        if (n > 0) {
                ShortPair s = short_load_some(half, x, n);
                for (int64_t r = 1; r < m; r++)
                        s = pair_add(s, short_load_some(half, x + r * stride, n));
                add_some(half, acc, s, n);
        }
}

/* The sums of 16 vectors, in the order of the vectors: two become one, whose lanes are in turn of
 * one and the other, four times. */
SHORT_PART __m512 fold_16(const __m512 v[ROWS])
{
        __m512 four[4], two[2];
        for (int i = 0; i < 4; i++) {
                const __m512 *r = v + 4 * i;
                __m512 a = add(_mm512_unpacklo_ps(r[0], r[1]), _mm512_unpackhi_ps(r[0], r[1]));
                __m512 b = add(_mm512_unpacklo_ps(r[2], r[3]), _mm512_unpackhi_ps(r[2], r[3]));
                __m512d c = _mm512_castps_pd(a), d = _mm512_castps_pd(b);
                four[i] = add(_mm512_castpd_ps(_mm512_unpacklo_pd(c, d)),
                              _mm512_castpd_ps(_mm512_unpackhi_pd(c, d)));
        }
        for (int i = 0; i < 2; i++)
                two[i] = add(_mm512_shuffle_f32x4(four[2 * i], four[2 * i + 1], 0x88),
                             _mm512_shuffle_f32x4(four[2 * i], four[2 * i + 1], 0xdd));
        return add(_mm512_shuffle_f32x4(two[0], two[1], 0x88),
                   _mm512_shuffle_f32x4(two[0], two[1], 0xdd));
}

SHORT_PART __m512 sum_row(const bool half, const uint16_t *x, int64_t n)
{
        ShortPair s = { _mm512_setzero_ps(), _mm512_setzero_ps() };
        for (; n >= SHORT_PAIR; n -= SHORT_PAIR, x += SHORT_PAIR)
                s = pair_add(s, short_load(half, x));
        if (n > 0)
                s = pair_add(s, short_load_some(half, x, n));
        return add(s.a, s.b);
}

/* Of rows of at most 32 * SHORT_CARRY elements 16 at a time. */
SHORT_PART void sum_rows(const bool half, const uint16_t *x, int64_t n, int64_t m, double *acc)
{
        for (; m > 0; m -= ROWS, x += ROWS * n, acc += ROWS) {
                __m512 v[ROWS];
                for (int64_t r = 0; r < ROWS; r++)
                        v[r] = r < m ? sum_row(half, x + r * n, n) : _mm512_setzero_ps();
                __m512 sums = fold_16(v);
                if (m >= ROWS) {
                        add_16(acc, sums);
                        continue;
                }
                float some[ROWS];
                _mm512_storeu_ps(some, sums);
                for (int64_t r = 0; r < m; r++)
                        acc[r] += (double)some[r];
        }
}

#define DEFINE(ID, half)                                                                      \
        SHORT_TARGET void short_sum_along_##ID(const void *x, int64_t n, void *acc)           \
        {                                                                                     \
                sum_along(half, x, n, acc);                                                   \
        }                                                                                     \
        SHORT_TARGET void short_sum_across_##ID(const void *x, int64_t n, void *acc)          \
        {                                                                                     \
                sum_down(half, x, n, 1, 0, acc);                                              \
        }                                                                                     \
        SHORT_TARGET void short_sum_rows_##ID(const void *x, int64_t n, int64_t m, void *acc) \
        {                                                                                     \
                sum_rows(half, x, n, m, acc);                                                 \
        }                                                                                     \
        SHORT_TARGET void short_sum_down_##ID(const void *x_, int64_t n, int64_t m,           \
                                              int64_t stride, void *acc)                      \
        {                                                                                     \
                const uint16_t *x = x_;                                                       \
                for (; m >= DOWN; m -= DOWN, x += DOWN * stride)                              \
                        sum_down(half, x, n, DOWN, stride, acc);                              \
                if (m > 0)                                                                    \
                        sum_down(half, x, n, m, stride, acc);                                 \
        }
DEFINE(HALF, true)
DEFINE(BFLOAT16, false)
