// SPDX-License-Identifier: Apache-2.0
/* Two passes over a window of the text. The first one compares 64 bytes at a time: what a byte is
 * (digit, point, bracket, ...) is a bit in a mask, and all rules of JSON are arithmetic with masks;
 * it leaves the places of numbers. The second one loads each number so that its last digit is the
 * last byte of its 16, four to a register, or of 32 when one of four is longer. No branch depends
 * on digits. */
#include "api/json_wide.h"

#include "engine/base/auto.h"
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>

#define WIDE                                                                                \
        __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,bmi,bmi2,lzcnt," \
                              "popcnt")))
#define COMPRESS __attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt")))

enum {
        LONGEST = 24, /* characters of a number */
        BLOCK = 64,
        FIRST_BLOCKS = 2, /* a try, since what follows may be anything; then twice as many, to */
        MOST_BLOCKS = 16,
        GROUP = 4,
        SHORT = 16, /* characters of a number that has a quarter of a register */
        ROOM = MOST_BLOCKS * BLOCK / 2 + 32, /* numbers, which have two bytes, and some too many */
};

/* ---- the first pass ---- */

typedef struct Window {
        uint16_t start[ROOM], end[ROOM];
        int n; /* numbers that are whole and right; behind the last one may be anything */
} Window;

/* What the next block must know of the one before. */
typedef struct Carry {
        uint64_t inside, comma, close, row_comma, blank, row_blank, open, sign, point, zero;
        bool pointed; /* the number that has begun has its point */
} Carry;

/* The bits behind those of a mask. */
#define NEXT(mask, name) ((mask) << 1 | before->name >> 63)

/* Between numbers stand "," and "],[", with at most one blank behind the comma; anything else is
 * bad. Inside is what numbers are made of, the rest as it came; ends: behind each number. */
WIDE static inline uint64_t bad_gaps(__m512i x, uint64_t inside, uint64_t ends, const Carry *before,
                                     Carry *c)
{
        uint64_t blank = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(' ')),
                 open = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('[')),
                 commas = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(',')), bad;
        c->close = ends & _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(']'));
        c->comma = ends & commas;
        bad = ends & ~(c->close | c->comma);
        uint64_t behind = NEXT(c->comma, comma);
        c->blank = behind & blank;
        bad |= (behind & ~blank & ~inside) | (NEXT(c->blank, blank) & ~inside);
        c->row_comma = NEXT(c->close, close);
        bad |= c->row_comma & ~commas;
        behind = NEXT(c->row_comma, row_comma);
        c->row_blank = behind & blank;
        c->open = (behind & ~blank) | NEXT(c->row_blank, row_blank);
        return bad | (c->open & ~open) | (NEXT(c->open, open) & ~inside);
}

/* A sign, perhaps; digits, not with a 0 first unless alone; a point between digits, perhaps. */
WIDE static inline uint64_t bad_numbers(__m512i x, uint64_t digits, uint64_t starts, uint64_t ends,
                                        const Carry *before, Carry *c)
{
        uint64_t zeros = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('0')),
                 first = (starts & ~c->sign) | NEXT(c->sign, sign);
        c->zero = first & zeros;
        uint64_t bad = (c->sign & ~starts) | (first & ~digits);
        bad |= (NEXT(c->point, point) & ~digits) | (NEXT(c->zero, zero) & digits);
        /* Points and ends in their order: no two points side by side. */
        uint64_t both = c->point | ends, kinds = _pext_u64(c->point, both);
        c->pointed = both ? c->point > ends : before->pointed;
        return bad | (kinds & (kinds << 1 | before->pointed));
}

/* The numbers from p on, where one begins, as masks; `left` of its row of `row` are left. Returns
 * how many blocks there are in front of the first one where something else is. */
WIDE static int look(const char *p, int blocks, int64_t row, int64_t left, uint64_t *ret_starts,
                     uint64_t *ret_ends)
{
        Carry before = { 0 }, c;
        uint64_t heads = 1; /* as if rows ended with each of these numbers */
        for (int64_t i = row; i < 64; i += row)
                heads |= (uint64_t)1 << i;
        for (int i = 0; i < blocks; i++, before = c) {
                __m512i x = _mm512_loadu_si512(p + i * BLOCK);
                uint64_t digits = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(x, _mm512_set1_epi8('0')),
                                                         _mm512_set1_epi8(10));
                c.point = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('.'));
                c.sign = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('-'));
                c.inside = digits | c.point | c.sign;
                uint64_t behind = c.inside << 1 | before.inside >> 63, starts = c.inside & ~behind,
                         ends = behind & ~c.inside;
                uint64_t bad = bad_gaps(x, c.inside, ends, &before, &c) |
                               bad_numbers(x, digits, starts, ends, &before, &c);
                unsigned n = (unsigned)_mm_popcnt_u64(ends);
                uint64_t rows = left <= 64 ? heads << (left - 1) : 0,
                         closed = _pext_u64(c.close, ends);
                bool begins = i || starts & 1; /* what is no number is left to others */
                if (!begins || bad || closed != _bzhi_u64(rows, n))
                        return i;
                left += (int64_t)_mm_popcnt_u64(closed) * row - n;
                ret_starts[i] = starts;
                ret_ends[i] = ends;
        }
        return blocks;
}

/* Writes the places of the bits of n masks; returns how many there are. In eights, some too many:
 * to know how many there are would cost a branch that nobody can foresee. */
WIDE static int places(const uint64_t *masks, int n, uint16_t *ret)
{
        int at = 0;
        for (int i = 0; i < n; i++) {
                uint64_t bits = masks[i];
                int after = at + (int)_mm_popcnt_u64(bits);
                while (at < after)
                        for (int k = 0; k < 8; k++, bits &= bits - 1)
                                ret[at++] = (uint16_t)(i * BLOCK + (int)_tzcnt_u64(bits));
                at = after;
        }
        return at;
}

/* The same where the processor can move bytes together. There are 33 in a block at most. */
COMPRESS static int places_together(const uint64_t *masks, int n, uint16_t *ret)
{
        static const uint8_t iota[BLOCK] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                             13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
                                             26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
                                             39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
                                             52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63 };
        __m512i all = _mm512_loadu_si512(iota);
        int at = 0;
        for (int i = 0; i < n; i++) {
                __m256i few = _mm512_castsi512_si256(_mm512_maskz_compress_epi8(masks[i], all));
                _mm512_storeu_si512(ret + at,
                                    _mm512_add_epi16(_mm512_cvtepu8_epi16(few),
                                                     _mm512_set1_epi16((short)(i * BLOCK))));
                at += (int)_mm_popcnt_u64(masks[i]);
        }
        return at;
}

static void find_numbers(const char *p, int blocks, int64_t row, int64_t left, Window *w)
{
        uint64_t starts[MOST_BLOCKS], ends[MOST_BLOCKS];
        bool together = __builtin_cpu_supports("avx512vbmi2");
        int n = look(p, blocks, row, left, starts, ends);
        (together ? places_together : places)(starts, n, w->start);
        w->n = (together ? places_together : places)(ends, n, w->end);
}

/* ---- the second pass ---- */

/* Two numbers taken apart. */
typedef struct Pair {
        __m512i eights; /* of each number, two 128-bit lanes of which each has two numbers of eight
                           digits in its lower half */
        uint32_t points[2];
} Pair;

/* The bits up to the one that is set, none without one. */
static inline uint32_t up_to(uint32_t bit)
{
        return bit * 2 - (bit != 0);
}

/* A number's bytes, and zeros in front of them: what is there need not even be memory. Of numbers
 * that are too long some bytes, which nobody uses. */
WIDE static inline __m256i load_number(const char *end, int n)
{
        return _mm256_maskz_loadu_epi8((__mmask32)(UINT32_MAX << ((32 - n) & 31)), end - 32);
}

/* Numbers of eight digits each, from digits. */
WIDE static inline __m512i join_eights(__m512i d)
{
        d = _mm512_maddubs_epi16(d, _mm512_set1_epi16(0x010a));
        d = _mm512_madd_epi16(d, _mm512_set1_epi32(0x00010064));
        return _mm512_madd_epi16(_mm512_packus_epi32(d, d), _mm512_set1_epi32(0x00012710));
}

/* Two numbers of 1 to LONGEST bytes, which are known to be right. */
WIDE static inline Pair take_pair(__m256i a, __m256i b)
{
        Pair r;
        __m512i x = _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1),
                d = _mm512_sub_epi8(x, _mm512_set1_epi8('0'));
        uint64_t points = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('.'));
        d = _mm512_maskz_mov_epi8(_mm512_cmplt_epu8_mask(d, _mm512_set1_epi8(10)), d);
        r.points[0] = (uint32_t)points;
        r.points[1] = (uint32_t)(points >> 32);
        /* Digits in front of the point move up by one, over it. */
        __m512i below = _mm512_maskz_shuffle_i64x2(0xcc, d, d, _MM_SHUFFLE(2, 2, 0, 0));
        uint64_t moved = (uint64_t)up_to(r.points[1]) << 32 | up_to(r.points[0]);
        r.eights = join_eights(_mm512_mask_mov_epi8(d, moved, _mm512_alignr_epi8(d, below, 15)));
        return r;
}

/* Four numbers: (high * 10^16 + low) / scale. */
typedef struct Group {
        __m256i high, low;
        __m256d scale; /* signed */
        bool pointed;  /* one of them at least */
        bool negative[GROUP];
} Group;

/* clang-format off */
#define UP(s)                                                                            \
        s 1e0, s 1e1, s 1e2, s 1e3, s 1e4, s 1e5, s 1e6, s 1e7, s 1e8, s 1e9, s 1e10,    \
        s 1e11, s 1e12, s 1e13, s 1e14, s 1e15, s 1e16, s 1e17, s 1e18, s 1e19, s 1e20,  \
        s 1e21, s 1e22
/* By sign, and by the digits behind the point: as many bits in a mask as are in front of its bit,
 * 32 when there is none. */
static const double power[2][33] = { { UP(+), [32] = 1 }, { UP(-), [32] = -1 } };
/* clang-format on */

/* False: one of the numbers is too long. */
WIDE static inline bool take_group(const char *base, const uint16_t *start, const uint16_t *end,
                                   Group *ret)
{
        __m256i x[GROUP];
        int room = 0;
        for (int i = 0; i < GROUP; i++) {
                int n = end[i] - start[i];
                room |= LONGEST - n;
                ret->negative[i] = base[start[i]] == '-';
                x[i] = load_number(base + end[i], n);
        }
        /* In this order unpacking puts them into theirs. */
        Pair a = take_pair(x[0], x[2]), b = take_pair(x[1], x[3]);
        __m512i u = _mm512_unpacklo_epi64(a.eights, b.eights);
        __m256i upper = _mm512_castsi512_si256(_mm512_shuffle_i64x2(u, u, _MM_SHUFFLE(2, 0, 2, 0))),
                lower = _mm512_castsi512_si256(_mm512_shuffle_i64x2(u, u, _MM_SHUFFLE(3, 1, 3, 1)));
        ret->high = _mm256_srli_epi64(upper, 32);
        ret->low = _mm256_add_epi64(_mm256_mul_epu32(lower, _mm256_set1_epi64x(100000000)),
                                    _mm256_srli_epi64(lower, 32));
        ret->scale = _mm256_set_pd(power[ret->negative[3]][_lzcnt_u32(b.points[1])],
                                   power[ret->negative[2]][_lzcnt_u32(a.points[1])],
                                   power[ret->negative[1]][_lzcnt_u32(b.points[0])],
                                   power[ret->negative[0]][_lzcnt_u32(a.points[0])]);
        ret->pointed = a.points[0] | a.points[1] | b.points[0] | b.points[1];
        return room >= 0;
}

/* The same for short numbers, all four in one register. `start` and what is SHORT bytes in front of
 * it are memory. False: one of them is longer. */
WIDE static inline bool take_short(const char *base, const uint16_t *start, const uint16_t *end,
                                   Group *ret)
{
        __m128i n = _mm_sub_epi16(_mm_loadl_epi64((const __m128i *)end),
                                  _mm_loadl_epi64((const __m128i *)start)),
                before = _mm_sub_epi16(_mm_set1_epi16(SHORT), n);
        if (_mm_movepi16_mask(before) & 0xf)
                return false;
        __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const void *)(base + end[0] - SHORT)));
        x = _mm512_inserti32x4(x, _mm_loadu_si128((const void *)(base + end[1] - SHORT)), 1);
        x = _mm512_inserti32x4(x, _mm_loadu_si128((const void *)(base + end[2] - SHORT)), 2);
        x = _mm512_inserti32x4(x, _mm_loadu_si128((const void *)(base + end[3] - SHORT)), 3);
        /* Of each quarter the last bytes are the number's. */
        const __m512i quarter = _mm512_set_epi64(0x0003000300030003, 0x0003000300030003,
                                                 0x0002000200020002, 0x0002000200020002,
                                                 0x0001000100010001, 0x0001000100010001, 0, 0),
                      place = _mm512_broadcast_i32x4(
                              _mm_set_epi64x(0x0f0e0d0c0b0a0908, 0x0706050403020100));
        before = _mm_or_si128(before, _mm_slli_epi16(before, 8));
        uint64_t own = _mm512_cmpge_epi8_mask(
                place, _mm512_permutexvar_epi16(quarter, _mm512_castsi128_si512(before)));
        uint64_t points = own & _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('.')),
                 minus = own & _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('-'));
        __m512i d = _mm512_sub_epi8(x, _mm512_set1_epi8('0'));
        d = _mm512_maskz_mov_epi8(own & _mm512_cmplt_epu8_mask(d, _mm512_set1_epi8(10)), d);
        /* Digits in front of the point move up by one, over it. */
        __m128i point = _mm_cvtsi64_si128((int64_t)points),
                moved = _mm_subs_epu16(_mm_add_epi16(point, point), _mm_set1_epi16(1));
        d = _mm512_mask_mov_epi8(d, (uint64_t)_mm_cvtsi128_si64(moved), _mm512_bslli_epi128(d, 1));
        __m512i eights = join_eights(d),
                all = _mm512_add_epi64(_mm512_mul_epu32(eights, _mm512_set1_epi64(100000000)),
                                       _mm512_srli_epi64(eights, 32));
        ret->high = _mm256_setzero_si256();
        ret->low = _mm512_castsi512_si256(
                _mm512_permutexvar_epi64(_mm512_set_epi64(0, 0, 0, 0, 6, 4, 2, 0), all));
        /* Of the digits behind the point, 0 to 15, four bits are looked at; without one, too. */
        __m512i behind = _mm512_castsi256_si512(_mm256_lzcnt_epi64(_mm256_cvtepu16_epi64(point)));
        __m256d scale = _mm512_castpd512_pd256(_mm512_permutex2var_pd(
                _mm512_loadu_pd(power[0]), behind, _mm512_loadu_pd(power[0] + 8)));
        __m256i sign = _mm256_cvtepu16_epi64(_mm_cvtsi64_si128((int64_t)minus));
        ret->scale = _mm256_mask_xor_pd(scale, _mm256_test_epi64_mask(sign, sign), scale,
                                        _mm256_set1_pd(-0.0));
        ret->pointed = points;
        for (int i = 0; i < GROUP; i++)
                ret->negative[i] = minus >> (i * SHORT) & 0xffff;
        return true;
}

/* ---- to the types; false: the long way ---- */

/* Below 2^53 both parts are exact, so that the quotient is rounded once. */
WIDE static inline bool to_DOUBLE(const Group *g, double *out)
{
        _mm256_storeu_pd(out, _mm256_div_pd(_mm256_cvtepi64_pd(g->low), g->scale));
        __m256i above = _mm256_or_si256(_mm256_srli_epi64(g->low, 53), g->high);
        return _mm256_testz_si256(above, above);
}

/* The quotient is wrong by 4 units in the last place at most, which matters only where it is as
 * near to the middle between two floats. */
WIDE static inline bool to_FLOAT(const Group *g, float *out)
{
        const int64_t half = (int64_t)1 << 28, near = 8;
        __m256d w = _mm256_add_pd(_mm256_mul_pd(_mm256_cvtepi64_pd(g->high), _mm256_set1_pd(1e16)),
                                  _mm256_cvtepi64_pd(g->low));
        __m256d v = _mm256_div_pd(w, g->scale);
        __m256i tail = _mm256_sub_epi64(_mm256_castpd_si256(v), _mm256_set1_epi64x(half - near));
        tail = _mm256_and_si256(tail, _mm256_set1_epi64x(half * 2 - 1));
        _mm_storeu_ps(out, _mm256_cvtpd_ps(v));
        return !_mm256_cmple_epu64_mask(tail, _mm256_set1_epi64x(2 * near));
}

#define TO_INT(ID, T, LEAST, MOST)                                               \
        WIDE static inline bool to_##ID(const Group *g, T *out)                  \
        {                                                                        \
                int64_t w[GROUP];                                                \
                bool fits = !g->pointed && _mm256_testz_si256(g->high, g->high); \
                _mm256_storeu_si256((__m256i *)w, g->low);                       \
                for (int i = 0; i < GROUP; i++) {                                \
                        int64_t v = g->negative[i] ? -w[i] : w[i];               \
                        fits &= v >= (LEAST) && v <= (MOST);                     \
                        out[i] = (T)v;                                           \
                }                                                                \
                return fits;                                                     \
        }
TO_INT(INT32, int32_t, INT32_MIN, INT32_MAX)
TO_INT(INT64, int64_t, INT64_MIN, INT64_MAX)
TO_INT(UINT8, uint8_t, 0, UINT8_MAX)

/* ---- all ---- */

/* Reads groups of numbers, n at most; returns how many numbers were read. behind: SHORT bytes in
 * front of base are memory. */
#define GROUPS(ID, T)                                                                              \
        WIDE static int groups_##ID(const char *base, bool behind, const Window *w, int n, T *out) \
        {                                                                                          \
                int i = 0;                                                                         \
                for (Group g; i + GROUP <= n; i += GROUP)                                          \
                        if (!((behind && take_short(base, w->start + i, w->end + i, &g)) ||        \
                              take_group(base, w->start + i, w->end + i, &g)) ||                   \
                            !to_##ID(&g, out + i))                                                 \
                                break;                                                             \
                return i;                                                                          \
        }
#define TYPES(X) \
        X(FLOAT, float) X(DOUBLE, double) X(INT32, int32_t) X(INT64, int64_t) X(UINT8, uint8_t)
TYPES(GROUPS)

static int groups(DType dtype, const char *base, bool behind, const Window *w, int n, void *out)
{
        switch ((int)dtype) {
#define CASE(ID, T) \
        case DT_##ID: return groups_##ID(base, behind, w, n, out);
                TYPES(CASE)
#undef CASE
        default: return 0;
        }
}

bool wide_knows(DType dtype)
{
        return (dtype == DT_FLOAT || dtype == DT_DOUBLE || dtype == DT_INT32 || dtype == DT_INT64 ||
                dtype == DT_UINT8) &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("bmi2");
}

/* Notes that n more numbers of a window are read, behind which there is another one. */
static void advance(const char *base, const Window *w, int n, int64_t row, int64_t *left,
                    WideStop *s)
{
        s->n += n;
        s->number = base + w->end[n - 1];
        if (n < *left) {
                *left -= n;
                return;
        }
        int64_t rest = (n - *left) % row; /* of a row that has begun */
        s->rows += 1 + (n - *left) / row;
        s->row = base + w->start[n - rest];
        *left = row - rest;
}

void wide_numbers(DType dtype, const char *p, const char *end, void *out, int64_t row, int64_t max,
                  WideStop *ret)
{
        Window w;
        WideStop s = { .row = p, .number = p };
        const char *first = p;
        int64_t left = row;
        size_t size = dtype_size(dtype);
        for (int blocks = FIRST_BLOCKS; end - p >= blocks * BLOCK;
             blocks = MIN(blocks * 2, (int)MOST_BLOCKS)) {
                find_numbers(p, blocks, row, left, &w);
                int n = (int)MIN((int64_t)w.n - 1, max - s.n),
                    done = groups(dtype, p, p - first >= SHORT, &w, n,
                                  (char *)out + (size_t)s.n * size);
                if (done == 0)
                        break;
                advance(p, &w, done, row, &left, &s);
                p += w.start[done];
        }
        *ret = s;
}
#else
bool wide_knows(DType dtype UNUSED)
{
        return false;
}

void wide_numbers(DType dtype UNUSED, const char *p, const char *end UNUSED, void *out UNUSED,
                  int64_t row UNUSED, int64_t max UNUSED, WideStop *ret)
{
        *ret = (WideStop){ .row = p, .number = p };
}
#endif
