// SPDX-License-Identifier: Apache-2.0
/* Softmax of rows of halves or bfloat16: three passes over a row in the cache, the first two of
 * which widen it, and keep the exponentials as floats. */
#include "engine/kernels/nn/softmax.h"

#include "engine/kernels/math/short_math.h"

bool softmax_short_usable(void)
{
        return short_lanes_usable();
}

int64_t softmax_short_room(int64_t n)
{
        return (n + SHORT_PAIR - 1) / SHORT_PAIR * SHORT_PAIR;
}

SHORT_PART ShortPair load_low(const bool half, const uint16_t *x, int64_t n)
{
        return n >= SHORT_PAIR ? short_load(half, x) : short_load_low(half, x, n);
}
SHORT_PART void store(const bool half, uint16_t *y, ShortPair p, int64_t n)
{
        if (n >= SHORT_PAIR)
                short_store(half, y, p);
        else
                short_store_some(half, y, p, n);
}

/* NaNs are passed over: their exponentials make NaNs of the sum. */
SHORT_PART float row_max(const bool half, const uint16_t *x, int64_t n)
{
        __m512 a = ALL(-INFINITY), b = a;
        for (int64_t i = 0; i < n; i += SHORT_PAIR) {
                ShortPair v = load_low(half, x + i, n - i);
                a = _mm512_max_ps(v.a, a);
                b = _mm512_max_ps(v.b, b);
        }
        return _mm512_reduce_max_ps(_mm512_max_ps(a, b));
}

SHORT_PART float row_exp(const bool half, const uint16_t *x, int64_t n, float max, float *room)
{
        __m512 a = _mm512_setzero_ps(), b = a;
        for (int64_t i = 0; i < n; i += SHORT_PAIR) {
                ShortPair v = load_low(half, x + i, n - i);
                v.a = short_exp(half, _mm512_sub_ps(v.a, ALL(max)));
                v.b = short_exp(half, _mm512_sub_ps(v.b, ALL(max)));
                _mm512_storeu_ps(room + i, v.a);
                _mm512_storeu_ps(room + i + SHORT_PAIR / 2, v.b);
                a = _mm512_add_ps(a, v.a);
                b = _mm512_add_ps(b, v.b);
        }
        return _mm512_reduce_add_ps(_mm512_add_ps(a, b));
}

SHORT_PART void row_scale(const bool half, const float *room, uint16_t *y, int64_t n, float by)
{
        for (int64_t i = 0; i < n; i += SHORT_PAIR) {
                __m512 a = _mm512_loadu_ps(room + i);
                __m512 b = _mm512_loadu_ps(room + i + SHORT_PAIR / 2);
                ShortPair p = { _mm512_mul_ps(a, ALL(by)), _mm512_mul_ps(b, ALL(by)) };
                store(half, y + i, p, n - i);
        }
}

SHORT_PART void row_shift(const bool half, const uint16_t *x, uint16_t *y, int64_t n, float max,
                          float by)
{
        for (int64_t i = 0; i < n; i += SHORT_PAIR) {
                ShortPair v = load_low(half, x + i, n - i);
                v.a = _mm512_sub_ps(_mm512_sub_ps(v.a, ALL(max)), ALL(by));
                v.b = _mm512_sub_ps(_mm512_sub_ps(v.b, ALL(max)), ALL(by));
                store(half, y + i, v, n - i);
        }
}

SHORT_PART void row(const bool half, const uint16_t *x, uint16_t *y, int64_t n, bool is_log,
                    float *room)
{
        float max = row_max(half, x, n), sum = row_exp(half, x, n, max, room);
        if (is_log)
                row_shift(half, x, y, n, max, logf(sum));
        else
                row_scale(half, room, y, n, 1 / sum);
}

SHORT_TARGET static void row_of_halves(const uint16_t *x, uint16_t *y, int64_t n, bool is_log,
                                       float *room)
{
        row(true, x, y, n, is_log, room);
}
SHORT_TARGET static void row_of_bfloat16(const uint16_t *x, uint16_t *y, int64_t n, bool is_log,
                                         float *room)
{
        row(false, x, y, n, is_log, room);
}

void softmax_short(DType t, const uint16_t *x, uint16_t *y, int64_t n, bool is_log, float *room)
{
        (t == DT_HALF ? row_of_halves : row_of_bfloat16)(x, y, n, is_log, room);
}
