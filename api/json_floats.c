// SPDX-License-Identifier: Apache-2.0
/* Schubfach (see json_number_write.c) for floats in vectors. A float has 24 bits, so that a power
 * of ten of 64 bits decides, and what is scaled has 32. Digits become characters in the vector,
 * too; what is left to do for each number is to store it. Zeros, numbers that need an exponent,
 * whole ones from 10^8 on and what is not finite go the long way. */
#include "api/json_floats.h"

#include "api/json_number.h"
#include "api/pow10.h"
#include <pthread.h>
#include <string.h>

static char *put_special(float v, char *p)
{
        const char *word = v != v ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"";
        size_t n = strlen(word);
        memcpy(p, word, n);
        return p + n;
}

static char *put_one(float v, char *p)
{
        return v - v == 0 ? number_write_float(v, p) : put_special(v, p);
}

static char *write_each(const float *v, int64_t n, int64_t row, char *p)
{
        for (int64_t i = 0, left = row; i < n; i++) {
                if (row && left == row)
                        *p++ = '[';
                p = put_one(v[i], p);
                if (row && --left == 0) {
                        *p++ = ']';
                        left = row;
                }
                *p++ = ',';
        }
        return p;
}

#ifdef __x86_64__
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd")))

enum { BLOCK = 8, LEAST = -31, MOST = 46 };

/* The upper halves of the powers of ten, rounded up, as the method wants them. */
static uint64_t powers[MOST - LEAST + 1];

static void fill(void)
{
        for (int q = LEAST; q <= MOST; q++) {
                Pow10 g = pow10_table[q - POW10_MIN];
                powers[q - LEAST] = g.hi + (g.lo != 0 || q < 0 || q > POW10_EXACT);
        }
}

/* floor(g * cp / 2^64), its last bit set when anything that counts was cut off. */
WIDE static inline __m512i scaled(__m512i g, __m512i cp)
{
        __m512i low = _mm512_mul_epu32(g, cp),
                high = _mm512_mul_epu32(_mm512_srli_epi64(g, 32), cp);
        high = _mm512_add_epi64(high, _mm512_srli_epi64(low, 32));
        const __m512i rest = _mm512_set1_epi64(0xfffffffe), one = _mm512_set1_epi64(1);
        __m512i whole = _mm512_srli_epi64(high, 32);
        return _mm512_mask_or_epi64(whole, _mm512_test_epi64_mask(high, rest), whole, one);
}

/* Floats, one to 64 bits, as digits * 10^exponent. */
typedef struct Decimals {
        __m512i digits, exponent;
} Decimals;

/* One of the four candidates; the conditions are those of the scalar routine. */
WIDE static inline Decimals choose(__m512i lower, __m512i value, __m512i upper, __m512i k)
{
        const __m512i one = _mm512_set1_epi64(1), forty = _mm512_set1_epi64(40),
                      four = _mm512_set1_epi64(4);
        __m512i s = _mm512_srli_epi64(value, 2);
        __m512i t = _mm512_srli_epi64(_mm512_mul_epu32(s, _mm512_set1_epi64(0xcccccccd)), 35);
        __m512i t40 = _mm512_mul_epu32(t, forty), s4 = _mm512_slli_epi64(s, 2);
        __mmask8 down_10 = _mm512_cmple_epu64_mask(lower, t40),
                 up_10 = _mm512_cmple_epu64_mask(_mm512_add_epi64(t40, forty), upper),
                 by_10 = (__mmask8)((down_10 ^ up_10) &
                                    _mm512_cmpge_epu64_mask(s, _mm512_set1_epi64(10)));
        __mmask8 down = _mm512_cmple_epu64_mask(lower, s4),
                 up = _mm512_cmple_epu64_mask(_mm512_add_epi64(s4, four), upper);
        __m512i rounded = _mm512_add_epi64(value, _mm512_and_si512(s, one));
        __mmask8 nearer_up =
                _mm512_cmpgt_epu64_mask(rounded, _mm512_add_epi64(s4, _mm512_set1_epi64(2)));
        up = (__mmask8)(((down ^ up) & up) | (~(down ^ up) & nearer_up));
        __m512i fine = _mm512_mask_add_epi64(s, up, s, one),
                coarse = _mm512_mask_add_epi64(t, up_10, t, one);
        return (Decimals){ _mm512_mask_mov_epi64(fine, by_10, coarse),
                           _mm512_mask_add_epi64(k, by_10, k, one) };
}

/* The shortest digits of finite floats other than 0, given as bits without sign. */
WIDE static inline Decimals shortest(__m512i bits)
{
        const __m512i one = _mm512_set1_epi64(1), two = _mm512_set1_epi64(2);
        __m512i field = _mm512_srli_epi64(bits, 23),
                fraction = _mm512_and_si512(bits, _mm512_set1_epi64(0x7fffff));
        __mmask8 normal = _mm512_test_epi64_mask(field, field),
                 narrow = (__mmask8)(_mm512_testn_epi64_mask(fraction, fraction) &
                                     _mm512_cmpgt_epu64_mask(field, one));
        __m512i c = _mm512_mask_or_epi64(fraction, normal, fraction, _mm512_set1_epi64(1 << 23)),
                q = _mm512_sub_epi64(_mm512_max_epu64(field, one), _mm512_set1_epi64(150));
        /* floor(log10) of 2^q, or of 3/4 * 2^q */
        __m512i k = _mm512_mul_epi32(q, _mm512_set1_epi64(1262611));
        k = _mm512_mask_sub_epi64(k, narrow, k, _mm512_set1_epi64(524031));
        k = _mm512_srai_epi64(k, 22);
        __m512i up = _mm512_sub_epi64(_mm512_setzero_si512(), k), h;
        h = _mm512_srai_epi64(_mm512_mul_epi32(up, _mm512_set1_epi64(1741647)), 19);
        h = _mm512_add_epi64(_mm512_add_epi64(q, h), one);
        __m512i g =
                _mm512_i64gather_epi64(_mm512_sub_epi64(up, _mm512_set1_epi64(LEAST)), powers, 8);
        __m512i c4 = _mm512_slli_epi64(c, 2), odd = _mm512_and_si512(c, one),
                below = _mm512_sub_epi64(c4, two);
        below = _mm512_mask_add_epi64(below, narrow, below, one);
        __m512i lower = scaled(g, _mm512_sllv_epi64(below, h)),
                value = scaled(g, _mm512_sllv_epi64(c4, h)),
                upper = scaled(g, _mm512_sllv_epi64(_mm512_add_epi64(c4, two), h));
        return choose(_mm512_add_epi64(lower, odd), value, _mm512_sub_epi64(upper, odd), k);
}

/* Eight decimal digits of each v < 10^8 as bytes, the first in the lowest. */
WIDE static inline __m512i spread_8(__m512i v)
{
        __m512i q = _mm512_srli_epi64(_mm512_mul_epu32(v, _mm512_set1_epi64(3518437209)), 45),
                r = _mm512_sub_epi64(v, _mm512_mul_epu32(q, _mm512_set1_epi64(10000)));
        __m512i x = _mm512_or_si512(q, _mm512_slli_epi64(r, 32));
        q = _mm512_srli_epi16(_mm512_mulhi_epu16(x, _mm512_set1_epi16(5243)), 3); /* x / 100 */
        r = _mm512_sub_epi16(x, _mm512_mullo_epi16(q, _mm512_set1_epi16(100)));
        x = _mm512_or_si512(q, _mm512_slli_epi32(r, 16));
        q = _mm512_srli_epi16(_mm512_mullo_epi16(x, _mm512_set1_epi16(103)), 10); /* x / 10 */
        r = _mm512_sub_epi16(x, _mm512_mullo_epi16(q, _mm512_set1_epi16(10)));
        return _mm512_or_si512(q, _mm512_slli_epi16(r, 8));
}

/* Texts without signs: up to 16 characters in two words, the same from behind the point on, where
 * the point is, and how long all is. */
typedef struct Texts {
        uint64_t low[BLOCK], high[BLOCK], rest_low[BLOCK], rest_high[BLOCK], point[BLOCK],
                length[BLOCK];
        unsigned odd; /* bits: those that are none */
} Texts;

/* 10^n as often as lanes need it. */
WIDE static inline __m512i power_of(__m512i n)
{
        const __m512i table = _mm512_setr_epi32(1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
                                                100000000, 1000000000, -1, -1, -1, -1, -1, -1);
        return _mm512_and_si512(_mm512_permutexvar_epi32(n, table), _mm512_set1_epi64(UINT32_MAX));
}

/* How many digits each v < 10^9 has. */
WIDE static inline __m512i digit_count(__m512i v)
{
        __m512i bits = _mm512_sub_epi64(_mm512_set1_epi64(64), _mm512_lzcnt_epi64(v));
        __m512i about = _mm512_srli_epi64(_mm512_mul_epu32(bits, _mm512_set1_epi64(1233)), 12);
        __mmask8 more = _mm512_cmpge_epu64_mask(v, power_of(about));
        return _mm512_mask_add_epi64(about, more, about, _mm512_set1_epi64(1));
}

/* Nine digits with zeros behind, `lead` zeros in front, and all again behind the point. */
WIDE static inline void lay_out(Decimals d, Texts *ret)
{
        const __m512i one = _mm512_set1_epi64(1), nine = _mm512_set1_epi64(9),
                      ascii = _mm512_set1_epi64(0x3030303030303030),
                      sixty_four = _mm512_set1_epi64(64);
        __m512i n = digit_count(d.digits),
                e = _mm512_sub_epi64(_mm512_add_epi64(n, d.exponent), one);
        __m512i all = _mm512_mul_epu32(d.digits, power_of(_mm512_sub_epi64(nine, n)));
        __m512i first = _mm512_srli_epi64(_mm512_mul_epu32(all, _mm512_set1_epi64(1441151881)), 57),
                rest = _mm512_sub_epi64(all, _mm512_mul_epu32(first, _mm512_set1_epi64(100000000)));
        __m512i eight = spread_8(rest);
        /* Digits without the zeros at the end; of no digits but the first there are 64 bits. */
        n = _mm512_sub_epi64(nine, _mm512_srli_epi64(_mm512_lzcnt_epi64(eight), 3));
        eight = _mm512_or_si512(eight, ascii);
        __m512i low = _mm512_or_si512(_mm512_slli_epi64(eight, 8),
                                      _mm512_or_si512(first, _mm512_set1_epi64('0'))),
                high = _mm512_or_si512(_mm512_srli_epi64(eight, 56), _mm512_slli_epi64(ascii, 8));
        __m512i lead = _mm512_max_epi64(_mm512_sub_epi64(_mm512_setzero_si512(), e),
                                        _mm512_setzero_si512()),
                shift = _mm512_slli_epi64(lead, 3), back = _mm512_sub_epi64(sixty_four, shift);
        high = _mm512_or_si512(_mm512_sllv_epi64(high, shift), _mm512_srlv_epi64(low, back));
        low = _mm512_or_si512(_mm512_sllv_epi64(low, shift), _mm512_srlv_epi64(ascii, back));
        n = _mm512_add_epi64(n, lead);
        __m512i point = _mm512_add_epi64(_mm512_max_epi64(e, _mm512_setzero_si512()), one);
        shift = _mm512_slli_epi64(point, 3);
        back = _mm512_sub_epi64(sixty_four, shift);
        _mm512_storeu_si512(ret->low, low);
        _mm512_storeu_si512(ret->high, high);
        _mm512_storeu_si512(ret->rest_low, _mm512_or_si512(_mm512_srlv_epi64(low, shift),
                                                           _mm512_sllv_epi64(high, back)));
        _mm512_storeu_si512(ret->rest_high, _mm512_srlv_epi64(high, shift));
        _mm512_storeu_si512(ret->point, point);
        /* At least one digit stands behind the point. */
        n = _mm512_max_epi64(n, _mm512_add_epi64(point, one));
        _mm512_storeu_si512(ret->length, _mm512_add_epi64(n, one));
        ret->odd |= _mm512_cmplt_epi64_mask(e, _mm512_set1_epi64(-4)) |
                    _mm512_cmpgt_epi64_mask(e, _mm512_set1_epi64(7));
}

WIDE static inline void make_texts(__m256i floats, Texts *ret)
{
        __m256i magnitude = _mm256_and_si256(floats, _mm256_set1_epi32(INT32_MAX));
        __mmask8 odd = _mm256_cmpge_epi32_mask(magnitude, _mm256_set1_epi32(0x7f800000)) |
                       _mm256_testn_epi32_mask(magnitude, magnitude);
        /* So that tables are not left. */
        magnitude = _mm256_mask_mov_epi32(magnitude, odd, _mm256_set1_epi32(0x3f800000));
        ret->odd = odd;
        lay_out(shortest(_mm512_cvtepu32_epi64(magnitude)), ret);
}

WIDE static inline char *put_text(const Texts *t, int i, char *p)
{
        memcpy(p, &t->low[i], 8);
        memcpy(p + 8, &t->high[i], 8);
        char *point = p + t->point[i];
        memcpy(point + 1, &t->rest_low[i], 8);
        memcpy(point + 9, &t->rest_high[i], 8);
        *point = '.';
        return p + t->length[i];
}

WIDE static char *write_wide(const float *v, int64_t n, int64_t row, char *p)
{
        Texts t;
        for (int64_t i = 0, left = row; i < n; i += BLOCK) {
                int some = n - i < BLOCK ? (int)(n - i) : BLOCK;
                __mmask8 there = (__mmask8)((1u << some) - 1);
                __m256i bits = _mm256_maskz_loadu_epi32(there, v + i);
                unsigned signs = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(bits));
                make_texts(bits, &t);
                for (int k = 0; k < some; k++) {
                        if (row && left == row)
                                *p++ = '[';
                        *p = '-';
                        p = t.odd >> k & 1 ? put_one(v[i + k], p)
                                           : put_text(&t, k, p + (signs >> k & 1));
                        if (row && --left == 0) {
                                *p++ = ']';
                                left = row;
                        }
                        *p++ = ',';
                }
        }
        return p;
}

static bool has_wide(void)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq") ||
            !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512cd"))
                return false;
        pthread_once(&once, fill);
        return true;
}
#else
#define has_wide()               false
#define write_wide(v, n, row, p) write_each(v, n, row, p)
#endif

char *floats_write(const float *v, int64_t n, int64_t row, char *p)
{
        return n >= 4 && has_wide() ? write_wide(v, n, row, p) : write_each(v, n, row, p);
}
