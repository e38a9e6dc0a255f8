// SPDX-License-Identifier: Apache-2.0
/* Reads numbers as TensorFlow's strings::safe_strto32() and its kin do. */
#include "engine/ops/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { TEXT_MAX = 4096 };

/* A NUL-terminated copy without the white space around it; false when it is no candidate. */
static bool trimmed(const char *s, size_t n, char ret[TEXT_MAX])
{
        size_t from = 0, to = n;
        while (from < to && isspace((unsigned char)s[from]))
                from++;
        while (to > from && isspace((unsigned char)s[to - 1]))
                to--;
        if (from == to || to - from >= TEXT_MAX)
                return false;
        memcpy(ret, s + from, to - from);
        ret[to - from] = '\0';
        return strlen(ret) == to - from && !strpbrk(ret, "xX(");
}

/* Decimal, with sign, in range. */
static bool parse_int(const char *text, bool wide, void *ret)
{
        char *end;
        errno = 0;
        long long v = strtoll(text, &end, 10);
        if (*end || errno || (!wide && (v < INT32_MIN || v > INT32_MAX)))
                return false;
        if (wide)
                *(int64_t *)ret = v;
        else
                *(int32_t *)ret = (int32_t)v;
        return true;
}

/* A text of digits, with a sign, a point and an exponent or without: (-1)^negative * digits *
 * 10^power.
 */
typedef struct Decimal {
        uint64_t digits;
        int64_t power;
        bool negative, whole; /* whole: neither point nor exponent */
} Decimal;

/* Digits from *at on, put behind those in *digits; how many. */
static int64_t read_digits(const char **at, const char *end, uint64_t *digits)
{
        const char *from = *at;
        for (; *at < end && (unsigned)(**at - '0') < 10; (*at)++)
                *digits = *digits * 10 + (unsigned)(**at - '0');
        return *at - from;
}

/* False for any other text, and for what has more digits than the struct holds. */
static bool read_decimal(const char *at, const char *end, Decimal *ret)
{
        enum { DIGITS = 19, POWER_DIGITS = 4 };
        Decimal d = { .negative = at < end && *at == '-' };
        at += at < end && (*at == '-' || *at == '+');
        int64_t n = read_digits(&at, end, &d.digits);
        const char *behind = at;
        if (at < end && *at == '.') {
                at++;
                n += d.power = read_digits(&at, end, &d.digits);
                d.power = -d.power;
        }
        if (at < end && n && (*at == 'e' || *at == 'E')) {
                uint64_t power = 0;
                at++;
                bool minus = at < end && *at == '-';
                at += at < end && (*at == '-' || *at == '+');
                int64_t m = read_digits(&at, end, &power);
                if (!m || m > POWER_DIGITS)
                        return false;
                d.power += minus ? -(int64_t)power : (int64_t)power;
        }
        d.whole = behind == end;
        *ret = d;
        return n > 0 && n <= DIGITS && at == end;
}

/* Exact digits times or over an exact power are rounded once. What becomes a float is rounded
 * twice, which only matters next to the middle between two floats. */
static bool put_real(const Decimal *d, DType type, void *ret)
{
        static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                         1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
        enum { MOST = COUNTOF(powers) - 1 };
        if (d->digits >> 53 || d->power > MOST || d->power < -MOST)
                return false;
        double v = d->power < 0 ? (double)d->digits / powers[-d->power]
                                : (double)d->digits * powers[d->power];
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        if (type == DT_DOUBLE) {
                *(double *)ret = d->negative ? -v : v;
                return true;
        }
        uint64_t cut = bits & 0x1fffffff; /* what a float has no room for; its middle: */
        if (v > 1e38 || (v != 0 && v < 1e-37) || (cut >= 0xfffffff && cut <= 0x10000001))
                return false;
        *(float *)ret = d->negative ? -(float)v : (float)v;
        return true;
}

static bool put_int(const Decimal *d, DType type, void *ret)
{
        uint64_t most = type == DT_INT32 ? INT32_MAX : INT64_MAX;
        if (!d->whole || d->digits > most)
                return false;
        int64_t v = d->negative ? -(int64_t)d->digits : (int64_t)d->digits;
        if (type == DT_INT32)
                *(int32_t *)ret = (int32_t)v;
        else
                *(int64_t *)ret = v;
        return true;
}

/* The usual texts, without libc's functions, of which each looks at the text once more. */
static bool parse_usual(const char *text, size_t n, DType type, void *ret)
{
        Decimal d;
        if (!n || !read_decimal(text, text + n, &d))
                return false;
        return type == DT_INT32 || type == DT_INT64 ? put_int(&d, type, ret)
                                                    : put_real(&d, type, ret);
}

/* TensorFlow's strings::safe_strto*: the whole text must be the number. Overflow to infinity is
 * allowed for floats. */
bool number_parse(const char *text, size_t n, DType type, void *ret)
{
        char copy[TEXT_MAX], *end;
        if (parse_usual(text, n, type, ret))
                return true;
        if (!trimmed(text, n, copy))
                return false;
        if (type == DT_INT32 || type == DT_INT64)
                return parse_int(copy, type == DT_INT64, ret);
        if (type == DT_FLOAT)
                *(float *)ret = strtof(copy, &end);
        else
                *(double *)ret = strtod(copy, &end);
        return !*end;
}
