// SPDX-License-Identifier: Apache-2.0
/* Sixteen by sixteen numbers are turned in registers: pairs, fours, then quarters of vectors change
 * places. */
#include "engine/ops/lanes.h"

#include "engine/tensor/dtype.h"

typedef struct Block {
        __m512 v[LANES];
} Block;

PART void turn_fours(Block *b)
{
        Block t;
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i += 2) {
                t.v[i] = _mm512_unpacklo_ps(b->v[i], b->v[i + 1]);
                t.v[i + 1] = _mm512_unpackhi_ps(b->v[i], b->v[i + 1]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i += 4)
#pragma GCC unroll 2
                for (int k = 0; k < 2; k++) {
                        __m512d x = (__m512d)t.v[i + k], y = (__m512d)t.v[i + 2 + k];
                        b->v[i + 2 * k] = (__m512)_mm512_unpacklo_pd(x, y);
                        b->v[i + 2 * k + 1] = (__m512)_mm512_unpackhi_pd(x, y);
                }
}

/* Vector `from + i` and the one `step` further on give vectors `to + i` and `to + i + apart`. */
PART void turn_quarters(Block *b)
{
        enum { EVEN = 0x88, ODD = 0xdd };
        Block t;
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
#pragma GCC unroll 2
                for (int k = 0; k < 2; k++) {
                        t.v[8 * k + i] =
                                _mm512_shuffle_f32x4(b->v[8 * k + i], b->v[8 * k + i + 4], EVEN);
                        t.v[8 * k + i + 4] =
                                _mm512_shuffle_f32x4(b->v[8 * k + i], b->v[8 * k + i + 4], ODD);
                }
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
                b->v[i] = _mm512_shuffle_f32x4(t.v[i], t.v[i + 8], EVEN);
                b->v[i + 8] = _mm512_shuffle_f32x4(t.v[i], t.v[i + 8], ODD);
        }
}

WIDE static void turn(const float *x, int64_t ldx, int64_t rows, int64_t cols, float *y,
                      int64_t ldy)
{
        __mmask16 mask = (__mmask16)((1U << MIN(cols, (int64_t)LANES)) - 1);
        Block b;
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
                b.v[i] = i < rows ? _mm512_maskz_loadu_ps(mask, x + i * ldx) : _mm512_setzero_ps();
        turn_fours(&b);
        turn_quarters(&b);
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
                if (i < cols)
                        _mm512_storeu_ps(y + i * ldy, b.v[i]);
}

void lanes_turn(const float *x, int64_t ldx, int64_t rows, int64_t cols, float *y, int64_t ldy)
{
        for (int64_t c = 0; c < cols; c += LANES)
                for (int64_t r = 0; r < rows; r += LANES)
                        turn(x + r * ldx + c, ldx, rows - r, cols - c, y + c * ldy + r, ldy);
}
