// SPDX-License-Identifier: Apache-2.0
/* Digits, eight at a time (SWAR), and numbers that are short enough for one look. Private to
 * json_number.c. */
#pragma once
#include "api/json_number.h"
#include "engine/base/ascii.h"
#include "engine/base/auto.h"
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The number that eight digit values make, the first in the lowest byte: pairs, then fours, then
 * all. */
static inline uint64_t join_8(uint64_t x)
{
        const uint64_t mask = 0x000000FF000000FFu;
        x = x * 10 + (x >> 8);
        return ((x & mask) * 0x000F424000000064u + ((x >> 16) & mask) * 0x0000271000000001u) >> 32;
}

/* Takes all digits at p into *w, which silently overflows beyond 19. Fewer than eight are shifted
 * to where they would stand behind leading zeros, so that their number costs no branch. */
static const uint64_t scale[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };

static inline const char *take_digits(const char *p, const char *end, uint64_t *w)
{
        while (LIKELY(end - p >= 8)) {
                uint64_t x;
                memcpy(&x, p, 8);
                x ^= 0x3030303030303030u;
                uint64_t others = ((x + 0x7676767676767676u) | x) & 0x8080808080808080u;
                if (others) {
                        unsigned n = (unsigned)__builtin_ctzll(others) / 8;
                        *w = *w * scale[n] + join_8(x << 8 << (56 - 8 * n));
                        return p + n;
                }
                *w = *w * 100000000 + join_8(x);
                p += 8;
        }
        for (; p < end && is_digit(*p); p++)
                *w = *w * 10 + (uint64_t)(*p - '0');
        return p;
}

/* Bit i is set when p[i] is no digit, for 16 bytes. */
static inline unsigned others_16(const char *p)
{
#ifdef __SSE2__
        __m128i x = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8('0'));
        return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(x, _mm_set1_epi8(10)), x));
#else
        unsigned mask = 0;
        for (int i = 0; i < 16; i++)
                mask |= (unsigned)!is_digit(p[i]) << i;
        return mask;
#endif
}

/* The number that the first n (1 to 8) bytes at p make. */
static inline uint64_t join(const char *p, unsigned n)
{
        uint64_t x;
        memcpy(&x, p, 8);
        return join_8((x ^ 0x3030303030303030u) << (64 - 8 * n));
}

/* number_scan() for what most numbers are: up to 15 characters without exponent. Both lengths come
 * from one look, so that the next number's place is known before this one's value. NULL: ask
 * scan(). */
static inline const char *scan_short(const char *p, const char *end, Decimal *ret)
{
        if (UNLIKELY(end - p < 32))
                return NULL;
        bool negative = *p == '-';
        const char *digits = p + negative;
        unsigned others = others_16(digits), whole = (unsigned)__builtin_ctz(others | 1 << 16),
                 fraction = 0;
        const char *stop = digits + whole;
        if (UNLIKELY(whole == 0 || whole > 8 || (*digits == '0' && whole > 1)))
                return NULL;
        uint64_t w = join(digits, whole);
        if (LIKELY(*stop == '.')) {
                unsigned behind = (unsigned)__builtin_ctz((others & (others - 1)) | 1 << 16);
                fraction = behind - whole - 1;
                if (UNLIKELY(fraction == 0 || behind == 16))
                        return NULL;
                const char *point = stop + 1;
                stop = digits + behind;
                if (fraction <= 8)
                        w = w * scale[fraction] + join(point, fraction);
                else
                        w = (w * scale[8] + join(point, 8)) * scale[fraction - 8] +
                            join(point + 8, fraction - 8);
        }
        if (UNLIKELY((*stop | 0x20) == 'e'))
                return NULL;
        *ret = (Decimal){
                .w = w, .q = -(int64_t)fraction, .negative = negative, .at = p, .end = stop
        };
        return stop;
}
