// SPDX-License-Identifier: Apache-2.0
/* Plain numbers by the row: up to 15 characters, no exponent, at most one blank behind a comma.
 *
 * One look at 16 bytes says where a number ends, whatever is in it, so that the processor works on
 * several numbers at once; the digits are put together by shuffling them to the right end of a
 * register. What is not plain is left to json_number.c, which also complains. */
#include "api/json_plain.h"

#include "api/json_wide.h"
#include "engine/base/auto.h"
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>

#define WIDE __attribute__((target("sse4.1")))
enum { WINDOW = 32 }; /* bytes that must be there to look at a number and what follows it */

typedef struct Plain {
        uint64_t w; /* all digits, below 10^15 */
        unsigned fraction, negative;
        bool point;
} Plain;

/* The digits of x between `from` and `to`, without what stands at `point`, as one number. */
WIDE static inline uint64_t digits_of(__m128i x, unsigned from, unsigned to, unsigned point)
{
        const __m128i iota = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        int shift = (int)(to - (point < to)) - 16; /* the last digit comes into byte 15 */
        __m128i at = _mm_add_epi8(iota, _mm_set1_epi8((char)shift));
        __m128i before = _mm_cmpgt_epi8(_mm_set1_epi8((char)from), at); /* no digit: gives 0 */
        at = _mm_sub_epi8(at, _mm_cmpgt_epi8(at, _mm_set1_epi8((char)((int)point - 1))));
        __m128i d = _mm_shuffle_epi8(x, _mm_or_si128(at, before));
        d = _mm_maddubs_epi16(d, _mm_set1_epi16(0x010a));                       /* pairs */
        d = _mm_madd_epi16(d, _mm_set1_epi32(0x00010064));                      /* fours */
        d = _mm_madd_epi16(_mm_packus_epi32(d, d), _mm_set1_epi32(0x00012710)); /* eights */
        uint64_t halves = (uint64_t)_mm_cvtsi128_si64(d);
        return (halves & UINT32_MAX) * 100000000 + (halves >> 32);
}

/* Takes the number at p, of which WINDOW bytes can be read, up to the ',' or ']' that must follow
 * it; NULL when it is not plain. */
WIDE static inline const char *plain_scan(const char *p, Plain *ret)
{
        __m128i x = _mm_loadu_si128((const __m128i *)p);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(',')),
                                    _mm_cmpeq_epi8(x, _mm_set1_epi8(']')));
        unsigned n = (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(ends) | 1u << 16);
        unsigned negative = *p == '-';
        x = _mm_sub_epi8(x, _mm_set1_epi8('0'));
        unsigned others =
                (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(x, _mm_set1_epi8(10)), x));
        others = (others & ((1u << n) - 1)) ^ negative;
        unsigned point = (unsigned)__builtin_ctz(others | 1u << n);
        bool has_point = point < n;
        /* All at once: single conditions would be branches that depend on the digits. */
        unsigned leading_zero = (p[negative] == '0') & (point > negative + 1);
        unsigned bad_point = has_point & ((p[point] != '.') | (point + 1 == n));
        if (UNLIKELY((n == 16) | ((others & (others - 1)) != 0) | (point <= negative) |
                     leading_zero | bad_point))
                return NULL;
        *ret = (Plain){ .w = digits_of(x, negative, n, point),
                        .fraction = has_point ? n - point - 1 : 0,
                        .negative = negative,
                        .point = has_point };
        return p + n;
}

/* ---- to the types; false: the long way ---- */

/* Signed, so that the sign costs no branch, which nobody could foresee. */
static const double power[2][16] = {
        { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 },
        { -1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12, -1e13,
          -1e14, -1e15 },
};

/* Both parts are exact doubles, so the quotient is rounded once. */
static inline bool to_DOUBLE(const Plain *n, double *ret)
{
        *ret = (double)(int64_t)n->w / power[n->negative][n->fraction];
        return true;
}

/* A second rounding is wrong only where the first ended half-way between two floats. */
static inline bool to_FLOAT(const Plain *n, float *ret)
{
        const uint64_t half = (uint64_t)1 << 28;
        double v = (double)(int64_t)n->w / power[n->negative][n->fraction];
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        if (UNLIKELY((bits & (half * 2 - 1)) == half))
                return false;
        *ret = (float)v;
        return true;
}

#define TO_INT(ID, T, LEAST, MOST)                                        \
        static inline bool to_##ID(const Plain *n, T *ret)                \
        {                                                                 \
                int64_t v = n->negative ? -(int64_t)n->w : (int64_t)n->w; \
                *ret = (T)v;                                              \
                return !n->point && v >= (LEAST) && v <= (MOST);          \
        }
TO_INT(INT32, int32_t, INT32_MIN, INT32_MAX)
TO_INT(INT64, int64_t, INT64_MIN, INT64_MAX)
TO_INT(UINT8, uint8_t, 0, UINT8_MAX)

/* ---- runs and rows ---- */

/* Behind a ',' and at most one blank. A branch, which is foreseen: the next number's place must not
 * wait for what is loaded here. */
static inline const char *behind_comma(const char *p)
{
        p++;
        if (*p == ' ') {
                __asm__("" : "+r"(p)); /* or the compiler would add the comparison's result */
                p++;
        }
        return p;
}

/* Behind "],[", where another number must stand; NULL when it does not. */
static inline const char *behind_row(const char *p)
{
        if (p[0] != ']' || p[1] != ',')
                return NULL;
        p = behind_comma(p + 1);
        return *p == '[' && (p[1] == '-' || (p[1] >= '0' && p[1] <= '9')) ? p + 1 : NULL;
}

#define PLAIN(ID, T)                                                                          \
        WIDE static const char *run_##ID(const char *p, const char *end, T *out, int64_t max, \
                                         int64_t *ret_n)                                      \
        {                                                                                     \
                const char *stop = p;                                                         \
                int64_t n = 0;                                                                \
                Plain number;                                                                 \
                while (n < max && end - p >= WINDOW) {                                        \
                        const char *behind = plain_scan(p, &number);                          \
                        if (!behind || !to_##ID(&number, &out[n]))                            \
                                break;                                                        \
                        n++;                                                                  \
                        stop = behind;                                                        \
                        if (*behind != ',')                                                   \
                                break;                                                        \
                        p = behind_comma(behind);                                             \
                }                                                                             \
                *ret_n = n;                                                                   \
                return stop;                                                                  \
        }                                                                                     \
        WIDE static const char *rows_##ID(const char *p, const char *end, T *out, int64_t n,  \
                                          int64_t max, int64_t *ret_rows)                     \
        {                                                                                     \
                int64_t rows = 0;                                                             \
                Plain number;                                                                 \
                for (const char *q = p; rows < max; rows++, out += n, p = q) {                \
                        for (int64_t i = 0; q && i < n; i++) {                                \
                                const char *behind =                                          \
                                        end - q >= WINDOW ? plain_scan(q, &number) : NULL;    \
                                if (!behind || !to_##ID(&number, &out[i]))                    \
                                        q = NULL;                                             \
                                else if (i + 1 < n)                                           \
                                        q = *behind == ',' ? behind_comma(behind) : NULL;     \
                                else                                                          \
                                        q = behind_row(behind);                               \
                        }                                                                     \
                        if (!q)                                                               \
                                break;                                                        \
                }                                                                             \
                *ret_rows = rows;                                                             \
                return p;                                                                     \
        }
#define PLAIN_TYPES(X) \
        X(FLOAT, float) X(DOUBLE, double) X(INT32, int32_t) X(INT64, int64_t) X(UINT8, uint8_t)
PLAIN_TYPES(PLAIN)

static const char *narrow_run(DType dtype, const char *p, const char *end, void *out, int64_t max,
                              int64_t *ret_n)
{
        *ret_n = 0;
        if (end - p < WINDOW)
                return p;
        switch ((int)dtype) {
#define CASE(ID, T) \
        case DT_##ID: return run_##ID(p, end, out, max, ret_n);
                PLAIN_TYPES(CASE)
#undef CASE
        default: return p;
        }
}

static const char *narrow_rows(DType dtype, const char *p, const char *end, void *out, int64_t n,
                               int64_t max, int64_t *ret_rows)
{
        *ret_rows = 0;
        if (end - p < WINDOW)
                return p;
        switch ((int)dtype) {
#define CASE(ID, T) \
        case DT_##ID: return rows_##ID(p, end, out, n, max, ret_rows);
                PLAIN_TYPES(CASE)
#undef CASE
        default: return p;
        }
}

/* As many as possible together, some one by one, and again: what stops the wide way may be a
 * single odd number, or the end of the text coming near. */
const char *plain_run(DType dtype, const char *p, const char *end, void *out, int64_t max,
                      int64_t *ret_n)
{
        const int64_t few = 16;
        const char *stop = p;
        bool wide = max > few && wide_knows(dtype);
        size_t size = dtype_size(dtype);
        *ret_n = 0;
        if (!__builtin_cpu_supports("sse4.1"))
                return p;
        for (int64_t n, wanted;;) {
                WideStop s = { .n = 0 };
                if (wide)
                        wide_numbers(dtype, p, end, (char *)out + (size_t)*ret_n * size, INT64_MAX,
                                     max - *ret_n, &s);
                if (s.n) {
                        *ret_n += s.n;
                        stop = s.number;
                        p = behind_comma(stop);
                }
                wanted = wide ? MIN(few, max - *ret_n) : max;
                const char *behind =
                        narrow_run(dtype, p, end, (char *)out + (size_t)*ret_n * size, wanted, &n);
                stop = n ? behind : stop;
                *ret_n += n;
                if (n < wanted || *ret_n == max || *stop != ',')
                        return stop;
                p = behind_comma(stop);
        }
}

const char *plain_rows(DType dtype, const char *p, const char *end, void *out, int64_t n,
                       int64_t max, int64_t *ret_rows)
{
        const int64_t few = 16 / n + 1;
        const size_t size = (size_t)n * dtype_size(dtype);
        bool wide = max > few && wide_knows(dtype);
        *ret_rows = 0;
        if (!__builtin_cpu_supports("sse4.1"))
                return p;
        for (int64_t rows, wanted;;) {
                WideStop s = { .row = p };
                if (wide)
                        wide_numbers(dtype, p, end, (char *)out + (size_t)*ret_rows * size, n,
                                     (max - *ret_rows) * n, &s);
                *ret_rows += s.rows;
                wanted = wide ? MIN(few, max - *ret_rows) : max;
                p = narrow_rows(dtype, s.row, end, (char *)out + (size_t)*ret_rows * size, n,
                                wanted, &rows);
                *ret_rows += rows;
                if (rows < wanted || *ret_rows == max)
                        return p;
        }
}
#else
const char *plain_run(DType dtype UNUSED, const char *p, const char *end UNUSED, void *out UNUSED,
                      int64_t max UNUSED, int64_t *ret_n)
{
        *ret_n = 0;
        return p;
}

const char *plain_rows(DType dtype UNUSED, const char *p, const char *end UNUSED, void *out UNUSED,
                       int64_t n UNUSED, int64_t max UNUSED, int64_t *ret_rows)
{
        *ret_rows = 0;
        return p;
}
#endif
