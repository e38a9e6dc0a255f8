// SPDX-License-Identifier: Apache-2.0
/* Number to text: Schubfach (Raffaele Giulietti, "The Schubfach way to render doubles", 2021). A
 * value c * 2^q and the two ends of its rounding interval are scaled by one power of ten; the
 * shortest decimal in the interval, or the nearest of several, is then one of four candidates. The
 * proof bounds c from above only, so one routine serves all our types. */
#include "api/json_number.h"

#include "api/pow10.h"
#include <string.h>

typedef struct Shortest {
        uint64_t digits;
        int exponent;
} Shortest;

/* floor(g * cp / 2^128), its last bit set when anything was cut off. */
static uint64_t scaled(Pow10 g, uint64_t cp)
{
        unsigned __int128 low = (unsigned __int128)g.lo * cp, high = (unsigned __int128)g.hi * cp;
        high += low >> 64;
        return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* The mantissa of 10^q rounded up, as the method wants it. */
static Pow10 power_up(int q)
{
        Pow10 g = pow10_table[q - POW10_MIN];
        if (q < 0 || q > POW10_EXACT)
                g.hi += ++g.lo == 0;
        return g;
}

/* narrow: c is a power of two whose lower neighbour is half as far away as the upper one. */
static Shortest shortest(uint64_t c, int q, bool narrow)
{
        int k = (q * 1262611 - (narrow ? 524031 : 0)) >> 22; /* floor(log10) of 2^q or 3/4 * 2^q */
        int h = q + pow10_log2(-k) + 1;
        Pow10 g = power_up(-k);
        uint64_t odd = c & 1;
        uint64_t lower = scaled(g, (4 * c - 2 + narrow) << h) + odd;
        uint64_t value = scaled(g, 4 * c << h);
        uint64_t upper = scaled(g, (4 * c + 2) << h) - odd;
        /* All four candidates, then a choice without branches, which nobody could predict. */
        uint64_t s = value / 4, t = s / 10;
        bool down_10 = lower <= 40 * t, up_10 = 40 * t + 40 <= upper,
             by_10 = (s >= 10) & (down_10 != up_10);
        bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
        bool nearer_up = (value + (s & 1)) > 4 * s + 2; /* half-way goes to the even one */
        up = down == up ? nearer_up : up;
        uint64_t mask = -(uint64_t)by_10;
        return (Shortest){ ((t + up_10) & mask) | ((s + up) & ~mask), k + by_10 };
}

/* ---- digits ---- */

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* By the highest bit, corrected by one comparison. */
static int digit_count(uint64_t v)
{
        /* clang-format off */
        static const uint64_t powers[] = {
                0, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u,
                10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
                1000000000000000u, 10000000000000000u, 100000000000000000u, 1000000000000000000u,
                10000000000000000000u,
        };
        /* clang-format on */
        int about = (64 - __builtin_clzll(v | 1)) * 1233 >> 12; /* log10, perhaps one short */
        return about + (v >= powers[about]);
}

/* Writes the n digits of v at p. */
static void put_digits(uint64_t v, int n, char *p)
{
        while (n >= 2) {
                n -= 2;
                memcpy(p + n, pairs + v % 100 * 2, 2);
                v /= 100;
        }
        if (n)
                *p = (char)('0' + v);
}

char *number_write_uint(uint64_t v, char *p)
{
        int n = digit_count(v);
        put_digits(v, n, p);
        return p + n;
}

char *number_write_int(int64_t v, char *p)
{
        if (v < 0)
                *p++ = '-';
        return number_write_uint(v < 0 ? -(uint64_t)v : (uint64_t)v, p);
}

/* ---- layout ---- */

/* Eight decimal digits of v < 10^8 as bytes, the first in the lowest: halves, then pairs, then
 * digits. */
static inline uint64_t spread_8(uint64_t v)
{
        uint64_t x = v / 10000 | (v % 10000) << 32;
        uint64_t q = (x * 5243 >> 19) & 0x0000007f0000007fu; /* x / 100 */
        uint64_t y = q | (x - 100 * q) << 16;
        uint64_t t = (y * 103 >> 10) & 0x000f000f000f000fu; /* y / 10 */
        return t | (y - 10 * t) << 8;
}

/* Up to 17 digits in registers: what is stored and loaded again at another offset would wait for
 * the store. */
typedef struct Digits {
        unsigned __int128 text; /* characters, the first in the lowest byte; behind them anything */
        int n;                  /* digits without the zeros at the end */
        bool has_top;           /* a 17th digit stands in front of the text; counted in n */
        char top;
} Digits;

/* Of up to 9 digits, as floats have them, the text is one byte and one block. */
static inline Digits digits_of(uint64_t v, int all)
{
        const uint64_t block = 100000000, ascii = 0x3030303030303030u;
        uint64_t rest = v / block, low = spread_8(v - rest * block);
        int zeros = LIKELY(low) ? __builtin_clzll(low) / 8 : 8;
        if (rest < 10) {
                Digits d = { .n = all - zeros };
                d.text = ((unsigned __int128)(low | ascii) << 8 | ('0' + rest)) >> (8 * (9 - all));
                return d;
        }
        uint64_t top = rest / block, mid = spread_8(rest - top * block);
        if (UNLIKELY(!low))
                zeros += mid ? __builtin_clzll(mid) / 8 : 8;
        Digits d = { .n = all - zeros, .has_top = all > 16, .top = (char)('0' + top) };
        d.text = (unsigned __int128)(low | ascii) << 64 | (mid | ascii);
        d.text >>= 8 * (16 - (all - d.has_top));
        return d;
}

static char *put_exponent(int e, char *p)
{
        *p++ = 'e';
        *p++ = e < 0 ? '-' : '+';
        e = e < 0 ? -e : e;
        if (e < 10)
                *p++ = '0';
        return number_write_uint((uint64_t)e, p);
}

/* d.ddde+xx */
static char *put_scientific(Digits d, int e, char *p)
{
        p[0] = d.has_top ? d.top : (char)d.text;
        p[1] = '.';
        d.text >>= d.has_top ? 0 : 8;
        memcpy(p + 2, &d.text, 16);
        return put_exponent(e, p + (d.n == 1 ? 1 : d.n + 1));
}

/* The digits with the point behind the first `point` of them, which may be outside on either side.
 * Whole blocks are written, what is too much is overwritten or cut off. */
static inline char *put_positional(Digits d, int point, char *p)
{
        bool small = point <= 0;
        if (UNLIKELY(small)) {
                memcpy(p, "0.0000", 6);
                p += 2 - point;
        }
        if (d.has_top) {
                *p++ = d.top;
                d.n--;
                point--;
        }
        memcpy(p, &d.text, 16);
        if (UNLIKELY(small))
                return p + d.n;
        if (LIKELY(point < d.n)) {
                d.text >>= 8 * point;
                memcpy(p + point + 1, &d.text, 16);
                p[point] = '.';
                return p + d.n + 1;
        }
        memset(p + d.n, '0', (size_t)(point - d.n));
        memcpy(p + point, ".0", 2);
        return p + point + 2;
}

/* The magnitude c * 2^q. */
static char *put_float(uint64_t c, int q, bool narrow, char *p)
{
        if (c == 0 ||
            (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0)) { /* a small integer */
                p = number_write_uint(c ? c >> -q : 0, p);
                memcpy(p, ".0", 2);
                return p + 2;
        }
        Shortest s = shortest(c, q, narrow);
        int all = digit_count(s.digits), e = all + s.exponent - 1;
        Digits d = digits_of(s.digits, all);
        return UNLIKELY(e < -4 || e >= 16) ? put_scientific(d, e, p) : put_positional(d, e + 1, p);
}

/* Takes the bits of a float type apart: f fraction bits below an exponent field whose bias is
 * given. */
static inline char *put_bits(uint64_t bits, int f, int bias, bool negative, char *p)
{
        uint64_t fraction = bits & (((uint64_t)1 << f) - 1);
        int field = (int)(bits >> f);
        *p = '-';
        p += negative;
        if (field == 0)
                return put_float(fraction, 1 - bias - f, false, p);
        return put_float(fraction | (uint64_t)1 << f, field - bias - f, fraction == 0 && field > 1,
                         p);
}

char *number_write_double(double v, char *p)
{
        uint64_t bits;
        memcpy(&bits, &v, 8);
        return put_bits(bits & INT64_MAX, 52, 1023, bits >> 63, p);
}

char *number_write_float(float v, char *p)
{
        uint32_t bits;
        memcpy(&bits, &v, 4);
        return put_bits(bits & INT32_MAX, 23, 127, bits >> 31, p);
}

char *number_write_half(Half v, char *p)
{
        return put_bits(v.bits & INT16_MAX, 10, 15, v.bits >> 15, p);
}

char *number_write_bfloat16(BFloat16 v, char *p)
{
        return put_bits(v.bits & INT16_MAX, 7, 127, v.bits >> 15, p);
}
