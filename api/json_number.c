// SPDX-License-Identifier: Apache-2.0
/* Text to number: digits first, then one rounding. See the header for the ladder
 * of methods. */
#include "api/json_number.h"

#include "api/json_digits.h"
#include "api/json_plain.h"
#include "api/pow10.h"
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>

void number_init(void)
{
        pow10_init();
}

/* ---- scanning ---- */

/* Takes what follows an 'e'; far beyond every type the exponent stops counting. */
static const char *take_exponent(const char *p, const char *end, int64_t *q)
{
        int64_t e = 0;
        bool negative = p < end && *p == '-';
        if (p < end && (*p == '-' || *p == '+'))
                p++;
        if (p == end || !is_digit(*p))
                return NULL;
        for (; p < end && is_digit(*p); p++)
                if (e < INT64_MAX / 100)
                        e = e * 10 + (*p - '0');
        *q += negative ? -e : e;
        return p;
}

/* Reads the digits again when they were more than 19: as many as fit go into w, the rest into q. */
static void reread(const char *p, const char *end, int64_t exponent, Decimal *d)
{
        bool full = false, behind_point = false;
        d->w = 0;
        d->q = exponent;
        for (; p < end && (*p | 0x20) != 'e'; p++) {
                uint64_t w;
                if (*p == '.') {
                        behind_point = true;
                        continue;
                }
                full = full || __builtin_mul_overflow(d->w, (uint64_t)10, &w) ||
                       __builtin_add_overflow(w, (uint64_t)(*p - '0'), &w);
                if (full) {
                        d->inexact = d->inexact || *p != '0';
                        d->q += !behind_point;
                } else {
                        d->w = w;
                        d->q -= behind_point;
                }
        }
}

/* One number's digits and exponents, with more than 19 digits read again the slow way. */
static inline const char *scan(const char *p, const char *end, Decimal *ret)
{
        Decimal d = { .at = p };
        if (p < end && *p == '-') {
                d.negative = true;
                p++;
        }
        const char *digits = p;
        p = take_digits(p, end, &d.w);
        if (p == digits || (*digits == '0' && p - digits > 1))
                return NULL;
        int64_t n = p - digits;
        if (p < end && *p == '.') {
                const char *fraction = p + 1;
                p = take_digits(fraction, end, &d.w);
                if (p == fraction)
                        return NULL;
                d.q = fraction - p;
                n -= d.q;
                d.fraction = true;
        }
        int64_t exponent = 0;
        if (p < end && (*p | 0x20) == 'e') {
                p = take_exponent(p + 1, end, &exponent);
                if (!p)
                        return NULL;
                d.q += exponent;
                d.fraction = true;
        }
        d.end = p;
        if (UNLIKELY(n > 19))
                reread(digits, p, exponent, &d);
        *ret = d;
        return p;
}

const char *number_scan(const char *p, const char *end, Decimal *ret)
{
        return scan(p, end, ret);
}

/* ---- rounding ---- */

/* The hard way: at most 800 digits decide for every double (767 can matter), a 1 stands for what
 * follows them. The process never leaves the C locale, so strtod() reads points. */
static double hard_case(const Decimal *d)
{
        char text[840];
        size_t n = 0;
        int64_t q = d->q;
        const char *p = d->at + d->negative;
        for (uint64_t w = d->w; w >= 10; w /= 10) /* q becomes the exponent of the first digit */
                q++;
        while (*p == '0' || *p == '.')
                p++;
        bool rest = false;
        for (; p < d->end && (*p | 0x20) != 'e'; p++) {
                if (*p == '.')
                        continue;
                if (n < 800)
                        text[n++] = *p;
                else
                        rest = rest || *p != '0';
                if (n == 1)
                        text[n++] = '.';
        }
        if (rest)
                text[n++] = '1';
        q = MIN(q, 99999);
        snprintf(text + n, sizeof text - n, "0e%lld", (long long)MAX(q, -99999));
        return strtod(text, NULL);
}

/* w * 10^q, rounded to 53 bits by one 64 x 128-bit product; false when the bits behind the rounding
 * are too close to call or the result might not be a normal double. The true product lies in
 * [product, product + 2) of its upper 128 bits. */
static bool by_product(uint64_t w, int64_t q, double *ret)
{
        if (q < -290 || q > 288)
                return false;
        const Pow10 *power = &pow10_table[q - POW10_MIN];
        int shift = __builtin_clzll(w);
        w <<= shift;
        unsigned __int128 product = (unsigned __int128)w * power->hi;
        product += (unsigned __int128)w * power->lo >> 64;
        int normal = (int)(product >> 127) ^ 1; /* the top bit is the highest one or the next */
        product <<= normal;
        uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product, tail = high & 0x7FF;
        if (UNLIKELY(low >= (uint64_t)-8 ||
                     (tail == 0x400 && low < 8))) /* may carry, may be half */
                return false;
        uint64_t mantissa = (high >> 11) + (tail >= 0x400);
        /* w * 10^q = product * 2^(64 - shift - normal) * 2^(log2 - 127), and product = mantissa *
         * 2^75 */
        int exponent = pow10_log2((int)q) - 127 + 64 - shift - normal + 75;
        uint64_t bits = (uint64_t)(exponent + 1023) << 52;
        double power_of_2;
        memcpy(&power_of_2, &bits, 8);
        *ret = (double)mantissa * power_of_2; /* exact: 53 bits times a power of two, both normal */
        return true;
}

static const double exact[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
#define EXACT_INT ((uint64_t)1 << 53)

/* What one division or product of exact doubles does not settle. Trailing zeros, which "%.18e"
 * writes, are taken off: a short number is exact where a long one is too close to call. */
static double general_case(const Decimal *d)
{
        uint64_t w = d->w;
        int64_t q = d->q;
        double v;
        if (w == 0)
                return 0;
        if (w <= EXACT_INT && q > 0 && q <= 22)
                return (double)w * exact[q];
        if (d->inexact)
                return hard_case(d);
        if (by_product(w, q, &v))
                return v;
        for (; w % 10 == 0; w /= 10)
                q++;
        return w <= EXACT_INT && q <= 0 && q >= -22 ? (double)w / exact[-q] : hard_case(d);
}

/* The magnitude, correctly rounded to double; infinity when too large. */
static inline double magnitude(const Decimal *d)
{
        if (LIKELY(d->w <= EXACT_INT && d->q <= 0 && d->q >= -22))
                return (double)d->w / exact[-d->q];
        return general_case(d);
}

/* Rounds to odd instead of to nearest: the last bit says "and something". A number with two more
 * bits than the target can then be rounded again without harm (Boldo and Melquiond, 2008). */
static double rounded_to_odd(const Decimal *d)
{
        int mode = fegetround();
        fesetround(FE_TOWARDZERO);
        double down = hard_case(d);
        fesetround(FE_UPWARD);
        double up = hard_case(d);
        fesetround(mode);
        uint64_t bits;
        memcpy(&bits, &down, 8);
        bits |= down != up;
        memcpy(&down, &bits, 8);
        return down;
}

/* A double that will be rounded again, to a type with `dropped` fewer bits (more below `normal`).
 * Rounding twice is wrong only where the first result stands half-way between two values of the
 * target but the number does not. */
static inline double magnitude_for(const Decimal *d, int dropped, double normal)
{
        double v = magnitude(d);
        uint64_t bits, half = (uint64_t)1 << (dropped - 1), tail;
        memcpy(&bits, &v, 8);
        tail = bits & (half * 2 - 1);
        if (LIKELY(tail != half && (v >= normal || tail % half)))
                return v;
        bool is_exact = v == 0 || (d->q == 0 && d->w <= EXACT_INT);
        return is_exact ? v : rounded_to_odd(d);
}

/* Rounds so that a second rounding to fewer bits is right (Boldo and Melquiond, "Emulation of FMA
 * and correctly rounded sums"). */
static float float_to_odd(double v)
{
        float f = (float)v;
        uint32_t bits;
        memcpy(&bits, &f, 4);
        if ((double)f > v)
                bits--;
        bits |= (double)f != v;
        memcpy(&f, &bits, 4);
        return f;
}

/* The sign is put in without a branch: nobody can predict it. */
bool number_to_double(const Decimal *d, double *ret)
{
        double v = magnitude(d);
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        bits |= (uint64_t)d->negative << 63;
        memcpy(ret, &bits, sizeof bits);
        return v <= __DBL_MAX__;
}

bool number_to_float(const Decimal *d, float *ret)
{
        float v = (float)magnitude_for(d, 53 - 24, 0x1p-126);
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        bits |= (uint32_t)d->negative << 31;
        memcpy(ret, &bits, sizeof bits);
        return v <= __FLT_MAX__;
}

bool number_to_half(const Decimal *d, Half *ret)
{
        Half v = half_from_float(float_to_odd(magnitude_for(d, 53 - 11, 0x1p-14)));
        *ret = (Half){ (uint16_t)(v.bits | d->negative << 15) };
        return v.bits < 0x7c00;
}

bool number_to_bfloat16(const Decimal *d, BFloat16 *ret)
{
        BFloat16 v = bfloat16_from_float(float_to_odd(magnitude_for(d, 53 - 8, 0x1p-126)));
        *ret = (BFloat16){ (uint16_t)(v.bits | d->negative << 15) };
        return v.bits < 0x7f80;
}

/* ---- integers ---- */

/* The magnitude when it is a whole number that fits 64 bits: 3.0 and 1e3 are. */
static bool whole(const Decimal *d, uint64_t *ret)
{
        uint64_t w = d->w;
        int64_t q = w ? d->q : 0;
        if (d->inexact)
                return false;
        for (; q < 0; q++, w /= 10)
                if (w % 10)
                        return false;
        for (; q > 0; q--)
                if (__builtin_mul_overflow(w, (uint64_t)10, &w))
                        return false;
        *ret = w;
        return true;
}

bool number_to_int(const Decimal *d, int64_t min, int64_t max, int64_t *ret)
{
        uint64_t w;
        if (!whole(d, &w) || w > (d->negative ? -(uint64_t)min : (uint64_t)max))
                return false;
        *ret = d->negative ? (int64_t)-w : (int64_t)w;
        return true;
}

bool number_to_uint(const Decimal *d, uint64_t max, uint64_t *ret)
{
        uint64_t w;
        if (!whole(d, &w) || w > (d->negative ? 0 : max))
                return false;
        *ret = w;
        return true;
}

/* ---- runs ---- */

static inline bool is_space(char c)
{
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The next element behind a comma, or NULL when there is none. */
static inline const char *skip_comma(const char *p, const char *end)
{
        while (p < end && is_space(*p))
                p++;
        if (p == end || *p++ != ',')
                return NULL;
        while (p < end && is_space(*p))
                p++;
        return p;
}

static inline const char *scan_any(const char *p, const char *end, Decimal *ret)
{
        const char *stop = scan_short(p, end, ret);
        return LIKELY(stop != NULL) ? stop : scan(p, end, ret);
}

#define TO_FLOAT(T)    number_to_float(&d, &out[n])
#define TO_DOUBLE(T)   number_to_double(&d, &out[n])
#define TO_HALF(T)     number_to_half(&d, &out[n])
#define TO_BFLOAT16(T) number_to_bfloat16(&d, &out[n])
#define TO_SIGNED(T)                                                        \
        (number_to_int(&d, (int64_t)((uint64_t)-1 << (sizeof(T) * 8 - 1)),  \
                       INT64_MAX >> (64 - sizeof(T) * 8), &whole_number) && \
         (out[n] = (T)whole_number, true))
#define TO_UNSIGNED(T)                                                                        \
        (number_to_uint(&d, UINT64_MAX >> (64 - sizeof(T) * 8), (uint64_t *)&whole_number) && \
         (out[n] = (T)whole_number, true))
#define TO_INT8   TO_SIGNED
#define TO_INT16  TO_SIGNED
#define TO_INT32  TO_SIGNED
#define TO_INT64  TO_SIGNED
#define TO_UINT8  TO_UNSIGNED
#define TO_UINT16 TO_UNSIGNED
#define TO_UINT32 TO_UNSIGNED
#define TO_UINT64 TO_UNSIGNED

#define RUN(ID, T, W, GET, PUT)                                                          \
        static const char *run_##ID(const char *p, const char *end, T *out, int64_t max, \
                                    int64_t *ret_n)                                      \
        {                                                                                \
                const char *stop = p;                                                    \
                int64_t n = 0, whole_number UNUSED;                                      \
                Decimal d;                                                               \
                while (n < max && p && (p = scan_any(p, end, &d)) && TO_##ID(T)) {       \
                        stop = p;                                                        \
                        n++;                                                             \
                        p = skip_comma(p, end);                                          \
                }                                                                        \
                *ret_n = n;                                                              \
                return stop;                                                             \
        }
REAL_TYPES(RUN)

/* The types that are stored alike. */
static DType stored_as(DType dtype)
{
        switch ((int)dtype) {
        case DT_QINT8: return DT_INT8;
        case DT_QUINT8: return DT_UINT8;
        case DT_QINT16: return DT_INT16;
        case DT_QUINT16: return DT_UINT16;
        case DT_QINT32: return DT_INT32;
        default: return dtype;
        }
}

static const char *any_run(DType dtype, const char *p, const char *end, void *out, int64_t max,
                           int64_t *ret_n)
{
        switch ((int)dtype) {
#define CASE(ID, T, W, GET, PUT) \
        case DT_##ID: return run_##ID(p, end, out, max, ret_n);
                REAL_TYPES(CASE)
#undef CASE
        }
        *ret_n = 0;
        return p;
}

/* As many numbers as come, by the fast reader first. */
const char *number_run(DType dtype, const char *p, const char *end, void *out, int64_t max,
                       int64_t *ret_n)
{
        int64_t plain = 0, more = 0;
        dtype = stored_as(dtype);
        const char *stop = plain_run(dtype, p, end, out, max, &plain),
                   *next = plain ? skip_comma(stop, end) : p;
        if (plain < max && next) {
                char *rest = (char *)out + (size_t)plain * dtype_size(dtype);
                next = any_run(dtype, next, end, rest, max - plain, &more);
                stop = more || !plain ? next : stop;
        }
        *ret_n = plain + more;
        return stop;
}

const char *number_rows(DType dtype, const char *p, const char *end, void *out, int64_t n,
                        int64_t max, int64_t *ret_rows)
{
        return plain_rows(stored_as(dtype), p, end, out, n, max, ret_rows);
}
