// SPDX-License-Identifier: Apache-2.0
/* Softmax of rows of halves or bfloat16. A row is gone over three times: for its largest, for its
 * exponentials, which are kept as floats, and for the result. One loop does the second for a row,
 * the first for the row behind it and the third for the row before, so that it waits for sums and
 * largest only once; what the next one needs comes from memory meanwhile. */
#include "engine/kernels/nn/softmax.h"

#include "engine/kernels/math/short_math.h"
#include "engine/kernels/nn/row_ahead.h"

bool softmax_short_usable(void)
{
        return short_lanes_usable();
}

int64_t softmax_short_room(int64_t n)
{
        return (n + SHORT_PAIR - 1) / SHORT_PAIR * SHORT_PAIR;
}

SHORT_PART __m512i load_words(const bool half, const uint16_t *x, int64_t n)
{
        return n >= SHORT_PAIR ? _mm512_loadu_si512(x) : short_load_low(half, x, n);
}
SHORT_PART ShortPair load_low(const bool half, const uint16_t *x, int64_t n)
{
        return n >= SHORT_PAIR ? short_load(half, x) : short_pair(half, short_load_low(half, x, n));
}
/* `exact` results may lie in the middle of two bfloat16; those of an exponential never do, and need
 * not look for the even one. */
SHORT_PART __m512i rounded(const bool half, const bool exact, ShortPair p)
{
        if (half || exact)
                return short_round(half, p);
        __m512i a = _mm512_castps_si512(p.a), b = _mm512_castps_si512(p.b);
        const __m512i middle = _mm512_set1_epi32(0x8000);
        return _mm512_mask_blend_epi16(0xaaaaaaaa,
                                       _mm512_srli_epi32(_mm512_add_epi32(a, middle), 16),
                                       _mm512_add_epi32(b, middle));
}
SHORT_PART void store(const bool half, const bool exact, uint16_t *y, ShortPair p, int64_t n)
{
        __mmask32 m = n >= SHORT_PAIR ? UINT32_MAX : (1u << n) - 1;
        if (half && n >= SHORT_PAIR)
                short_store(half, y, p);
        else
                _mm512_mask_storeu_epi16(y, m, rounded(half, exact, p));
}

/* The least of 32 unsigned words. */
SHORT_PART uint16_t least_word(__m512i w)
{
        __m256i v = _mm256_min_epu16(_mm512_castsi512_si256(w), _mm512_extracti64x4_epi64(w, 1));
        __m128i u = _mm_min_epu16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
        return (uint16_t)_mm_cvtsi128_si32(_mm_minpos_epu16(u));
}

/* The largest of a row, of which `most` has the largest words with signs. So numbers above zero are
 * in order, and above all others; where there are none, the smallest word without a sign is the
 * largest number. A NaN may be passed over: its exponential makes one of the sum. */
SHORT_PART float row_max(const bool half, const uint16_t *x, int64_t n, __m512i most)
{
        __m512i flip = _mm512_set1_epi16(INT16_MAX);
        uint16_t word = least_word(_mm512_xor_si512(most, flip)) ^ INT16_MAX;
        if (word >> 15) {
                most = _mm512_set1_epi16(-1);
                for (int64_t i = 0; i < n; i += SHORT_PAIR)
                        most = _mm512_min_epu16(load_words(half, x + i, n - i), most);
                word = least_word(most);
        }
        return _mm512_cvtss_f32(short_same(half, &word).a);
}

/* A row on its way. `by` is what its exponentials are multiplied with or, of a logarithm, what is
 * taken off in the end. */
typedef struct Row {
        const uint16_t *x;
        uint16_t *y;
        float *room;
        float max, by;
} Row;

/* (v - max) log2(e). Where a sum is all that counts, it may be off by a number that is the same for
 * all of a row of halves and tiny there: the product with max is rounded. That of a bfloat16 might
 * be infinite; a logarithm needs exactly 1 for what is the largest. */
SHORT_PART __m512 below_max(const bool half, const bool is_log, __m512 v, float max)
{
        if (half && !is_log)
                return _mm512_fmsub_ps(v, ALL(LOG2_E), ALL(max * LOG2_E));
        return _mm512_mul_ps(_mm512_sub_ps(v, ALL(max)), ALL(LOG2_E));
}

/* 32 exponentials of a row, or those that are left of n. */
SHORT_PART ShortPair exponentials(const bool half, const bool is_log, const Row *r, int64_t i,
                                  int64_t n)
{
        ShortPair v = load_low(half, r->x + i, n - i);
        v.a = short_exp2(half, below_max(half, is_log, v.a, r->max));
        v.b = short_exp2(half, below_max(half, is_log, v.b, r->max));
        return v;
}

SHORT_PART void finish(const bool half, const bool is_log, const Row *r, int64_t i, int64_t n)
{
        ShortPair p;
        if (is_log) {
                p = load_low(half, r->x + i, n - i);
                p.a = _mm512_sub_ps(_mm512_sub_ps(p.a, ALL(r->max)), ALL(r->by));
                p.b = _mm512_sub_ps(_mm512_sub_ps(p.b, ALL(r->max)), ALL(r->by));
        } else {
                p.a = _mm512_mul_ps(_mm512_loadu_ps(r->room + i), ALL(r->by));
                p.b = _mm512_mul_ps(_mm512_loadu_ps(r->room + i + SHORT_PAIR / 2), ALL(r->by));
        }
        store(half, is_log, r->y + i, p, n - i);
}

/* Exponentials and sum of row r; `before`, if not NULL, is finished, and *ret_most are the largest
 * words of `next`. */
SHORT_PART float row_exp(const bool half, const bool is_log, const Row *r, const Row *before,
                         const uint16_t *next, int64_t n, __m512i *ret_most)
{
        __m512 a = _mm512_setzero_ps(), b = a;
        __m512i most = _mm512_set1_epi16(INT16_MIN);
        const int64_t ahead = row_next(n);
        for (int64_t i = 0; i < n; i += SHORT_PAIR) {
                ShortPair v = exponentials(half, is_log, r, i, n);
                a = _mm512_add_ps(a, v.a);
                b = _mm512_add_ps(b, v.b);
                if (!is_log) {
                        _mm512_storeu_ps(r->room + i, v.a);
                        _mm512_storeu_ps(r->room + i + SHORT_PAIR / 2, v.b);
                }
                most = _mm512_max_epi16(load_words(half, next + i, n - i), most);
                row_ahead(next + ahead + i, r->y + i);
                if (before)
                        finish(half, is_log, before, i, n);
        }
        *ret_most = most;
        return _mm512_reduce_add_ps(_mm512_add_ps(a, b));
}

SHORT_PART void rows_of(const bool half, const bool is_log, const ShortRows *j)
{
        const int64_t n = j->n, room = softmax_short_room(n);
        Row r = { .x = j->x, .y = j->y, .room = j->room }, before = r;
        __m512i most = _mm512_set1_epi16(INT16_MIN);
        for (int64_t i = 0; i < n; i += SHORT_PAIR)
                most = _mm512_max_epi16(load_words(half, r.x + i, n - i), most);
        for (int64_t k = 0; k < j->rows; k++, r.x += n, r.y += n) {
                const uint16_t *next = k + 1 < j->rows ? r.x + n : r.x;
                r.max = row_max(half, r.x, n, most);
                r.room = j->room + (k & 1) * room;
                float sum = row_exp(half, is_log, &r, k ? &before : NULL, next, n, &most);
                r.by = is_log ? logf(sum) : 1 / sum;
                before = r;
        }
        for (int64_t i = 0; i < n; i += SHORT_PAIR)
                finish(half, is_log, &before, i, n);
}

#define ROWS_OF(name, half, is_log)                          \
        SHORT_TARGET static void name(const ShortRows *rows) \
        {                                                    \
                rows_of(half, is_log, rows);                 \
        }
ROWS_OF(halves, true, false)
ROWS_OF(log_of_halves, true, true)
ROWS_OF(bfloat16, false, false)
ROWS_OF(log_of_bfloat16, false, true)

void softmax_short(DType t, const ShortRows *rows, bool is_log)
{
        if (t == DT_HALF)
                (is_log ? log_of_halves : halves)(rows);
        else
                (is_log ? log_of_bfloat16 : bfloat16)(rows);
}
