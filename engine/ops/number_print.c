// SPDX-License-Identifier: Apache-2.0
/* A real number is m * 2^e. Its digits are those of the integer next to m * 2^e * 10^k, the even
 * one of two that are equally near, which is exact in 128 bits for most numbers that people print.
 */
#include "engine/ops/number_print.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 Wide;

enum {
        WIDE_BITS = 128,
        TENS_MAX = 38,   /* 10^38 is the largest power of ten in 128 bits */
        DIGITS_MAX = 19, /* so many fit into 64 bits */
        PRECISION = 6,   /* where none is asked for */
        BODY_MAX = 64,
};

/* 10^k, k up to TENS_MAX. */
static Wide power_of_ten(int k)
{
        static const uint64_t tens[] = { 1u,
                                         10u,
                                         100u,
                                         1000u,
                                         10000u,
                                         100000u,
                                         1000000u,
                                         10000000u,
                                         100000000u,
                                         1000000000u,
                                         10000000000u,
                                         100000000000u,
                                         1000000000000u,
                                         10000000000000u,
                                         100000000000000u,
                                         1000000000000000u,
                                         10000000000000000u,
                                         100000000000000000u,
                                         1000000000000000000u,
                                         10000000000000000000u };
        return k <= DIGITS_MAX ? tens[k] : (Wide)tens[DIGITS_MAX] * tens[k - DIGITS_MAX];
}

/* Bits of 10^k, k up to TENS_MAX. */
static int bits_of_ten(int k)
{
        return (k * 108853 >> 15) + 1;
}

/* Bits of v > 0. */
static int bits_of(uint64_t v)
{
        return 64 - __builtin_clzll(v);
}

/* Adds what is left of a division, whose half is a middle between two, by the rule for ties. */
static bool round_up(Wide quotient, bool above_half, bool at_half, uint64_t *ret)
{
        quotient += above_half || (at_half && (quotient & 1));
        *ret = (uint64_t)quotient;
        return quotient >> 64 == 0;
}

/* n / 2^shift */
static bool shift_down(Wide n, int shift, uint64_t *ret)
{
        if (shift >= WIDE_BITS)
                return false;
        if (!shift)
                return round_up(n, false, false, ret);
        Wide half = (Wide)1 << (shift - 1), rest = n & ((half << 1) - 1);
        return round_up(n >> shift, rest > half, rest == half, ret);
}

/* The integer next to m * 2^e * 10^k, m > 0; false when it or the way to it is too long. */
static bool scale(uint64_t m, int e, int k, uint64_t *ret)
{
        if (k > TENS_MAX || k < -TENS_MAX)
                return false;
        if (k >= 0) {
                if (bits_of(m) + bits_of_ten(k) + MAX(e, 0) > WIDE_BITS)
                        return false;
                Wide n = m * power_of_ten(k);
                return e < 0 ? shift_down(n, -e, ret) : round_up(n << e, false, false, ret);
        }
        if (bits_of(m) + e > WIDE_BITS || bits_of_ten(-k) - e >= WIDE_BITS)
                return false;
        Wide n = e > 0 ? (Wide)m << e : m, d = power_of_ten(-k) << MAX(-e, 0);
        Wide quotient = n / d, rest = n % d;
        return round_up(quotient, rest > d - rest, rest == d - rest, ret);
}

/* The digits of v, at least `least` of them; returns how many. */
static int put_digits(uint64_t v, int least, char *to)
{
        char text[24], *end = text + sizeof text, *p = end;
        for (; v || least > 0; v /= 10, least--)
                *--p = (char)('0' + v % 10);
        memcpy(to, p, (size_t)(end - p));
        return (int)(end - p);
}

/* A number without its sign, as m * 2^e; m is 0 or odd. */
typedef struct Binary {
        uint64_t m;
        int e;
} Binary;

static Binary take_apart(double v)
{
        enum { FRACTION = 52, EXPONENT = 0x7ff, BIAS = 1075 };
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        int e = (int)(bits >> FRACTION) & EXPONENT;
        uint64_t m = bits & (((uint64_t)1 << FRACTION) - 1);
        m |= (uint64_t)(e > 0) << FRACTION;
        int zeros = m ? __builtin_ctzll(m) : 0;
        return (Binary){ m >> zeros, MAX(e, 1) - BIAS + zeros };
}

/* n digits, of which the first `whole` are before the point; fewer than none: zeros are missing. */
static int put_fixed(const char *digits, int n, int whole, char *to)
{
        char *p = to;
        if (whole <= 0) {
                *p++ = '0';
                *p++ = '.';
        }
        for (int i = whole; i < 0; i++)
                *p++ = '0';
        for (int i = 0; i < n; i++) {
                if (i && i == whole)
                        *p++ = '.';
                *p++ = digits[i];
        }
        return (int)(p - to);
}

static int put_exponent(const char *digits, int n, int exponent, char *to)
{
        int len = put_fixed(digits, n, 1, to);
        to[len++] = 'e';
        to[len++] = exponent < 0 ? '-' : '+';
        return len + put_digits((uint64_t)abs(exponent), 2, to + len);
}

/* %f; 0: cannot. */
static int print_fixed(Binary x, int precision, char *to)
{
        uint64_t v = 0;
        char digits[24];
        if (precision > DIGITS_MAX || (x.m && !scale(x.m, x.e, precision, &v)))
                return 0;
        int n = put_digits(v, precision + 1, digits);
        return put_fixed(digits, n, n - precision, to);
}

/* As many digits as asked for, the first of which is none but 0 alone, and its place. */
static bool find_digits(Binary x, int n, char *digits, int *ret_exponent)
{
        uint64_t v = 0, most = (uint64_t)power_of_ten(n), least = most / 10;
        int exponent =
                x.m ? (bits_of(x.m) - 1 + x.e) * 1233 >> 12 : 0; /* by log10(2), or one off */
        while (x.m && (v < least || v >= most)) {
                if (!scale(x.m, x.e, n - 1 - exponent, &v))
                        return false;
                exponent += v >= most ? 1 : v < least ? -1 : 0;
        }
        put_digits(v, n, digits);
        *ret_exponent = exponent;
        return true;
}

/* %e and %g; 0: cannot. */
static int print_digits(Binary x, char kind, int precision, char *to)
{
        char digits[24];
        int n = kind == 'e' ? precision + 1 : MAX(precision, 1), exponent;
        if (n > DIGITS_MAX || !find_digits(x, n, digits, &exponent))
                return 0;
        if (kind == 'e')
                return put_exponent(digits, n, exponent, to);
        bool fixed = exponent >= -4 && exponent < n;
        while (n > 1 && digits[n - 1] == '0' && (!fixed || n > exponent + 1))
                n--;
        return fixed ? put_fixed(digits, n, exponent + 1, to)
                     : put_exponent(digits, n, exponent, to);
}

/* Sign and body, filled up to the width. */
static void put(Buf *b, const NumberFormat *f, char sign, const char *body, int n)
{
        int len = n + (sign != 0), fill = MAX(f->width - len, 0);
        char *p = buf_reserve(b, (size_t)(len + fill));
        if (!p)
                return;
        b->len += (size_t)(len + fill);
        if (f->flag != '-' && f->flag != '0')
                p = (char *)memset(p, ' ', (size_t)fill) + fill;
        if (sign)
                *p++ = sign;
        if (f->flag == '0')
                p = (char *)memset(p, '0', (size_t)fill) + fill;
        memcpy(p, body, (size_t)n);
        if (f->flag == '-')
                memset(p + n, ' ', (size_t)fill);
}

static char sign_of(const NumberFormat *f, bool negative)
{
        return negative ? '-' : f->flag == '+' || f->flag == ' ' ? f->flag : 0;
}

bool number_print_real(Buf *b, const NumberFormat *f, double v)
{
        char body[BODY_MAX];
        int precision = f->precision < 0 ? PRECISION : f->precision;
        if (!isfinite(v) || f->flag == '#')
                return false;
        Binary x = take_apart(v);
        int n = f->kind == 'f' ? print_fixed(x, precision, body)
                               : print_digits(x, f->kind, precision, body);
        if (n)
                put(b, f, sign_of(f, signbit(v)), body, n);
        return n > 0;
}

void number_print_int(Buf *b, const NumberFormat *f, int64_t v)
{
        char body[BODY_MAX];
        bool is_signed = f->kind == 'd', negative = is_signed && v < 0;
        int n = put_digits(negative ? 0 - (uint64_t)v : (uint64_t)v, 1, body);
        put(b, f, is_signed ? sign_of(f, negative) : 0, body, n);
}
