// SPDX-License-Identifier: Apache-2.0
/* One core for all sizes: as many rows as 16 bytes hold elements are zipped until 16 bytes hold one
 * column of them. A block of rows is turned in a buffer, from where each row of the result goes out
 * in one piece: a line that is alone on its page costs twice what neighbours cost, and rows whose
 * distance is a power of two would throw each other out of the cache before they are full. */
#include "engine/ops/box_turn.h"

#include "engine/base/auto.h"

#ifdef __x86_64__
#include <immintrin.h>

#define TURNS __attribute__((target("avx512f,avx512bw")))
#define PART  static inline __attribute__((always_inline, target("avx512f,avx512bw")))

/* LINE: of the cache, LANE: what is zipped, RUN: what is read and written in one piece; FAR: rows
 * that are no neighbours for the processor's own prefetching. Bytes. */
enum { LINE = 64, LANE = 16, RUN = 2 * LINE, LONG_RUN = 4 * RUN, FAR = 512 };

/* The part of a transpose that the buffer holds. */
typedef struct Block {
        const char *s;
        char *d;
        int64_t src, dst;      /* bytes from row to row */
        int64_t rows, columns; /* of the source */
        __m512i *lines;
} Block;

PART __m512i zip(const int size, const int upper, __m512i a, __m512i b)
{
        switch (size) {
        case 1: return upper ? _mm512_unpackhi_epi8(a, b) : _mm512_unpacklo_epi8(a, b);
        case 2: return upper ? _mm512_unpackhi_epi16(a, b) : _mm512_unpacklo_epi16(a, b);
        case 4: return upper ? _mm512_unpackhi_epi32(a, b) : _mm512_unpacklo_epi32(a, b);
        default: return upper ? _mm512_unpackhi_epi64(a, b) : _mm512_unpacklo_epi64(a, b);
        }
}

/* As many bytes of a line as there are, up to all. */
PART __mmask64 first_bytes(int64_t n)
{
        return n >= LINE ? ~(__mmask64)0 : n > 0 ? ((__mmask64)1 << n) - 1 : 0;
}

/* A line of each of the rows whose elements share a lane, from column `at` on: line c then holds
 * columns at + c, at + c + n, ... of them in its four lanes. What is not there are zeros. */
PART void zip_rows(const int size, const bool whole, const Block *b, int64_t row, int64_t at,
                   __m512i *to)
{
        const int n = LANE / size;
        const char *s = b->s + row * b->src + at * size;
        __mmask64 wanted = first_bytes((b->columns - at) * size);
        __m512i r[LANE], t[LANE];
#pragma GCC unroll 16
        for (int i = 0; i < n; i++, s += b->src)
                r[i] = whole ? _mm512_loadu_si512(s)
                             : _mm512_maskz_loadu_epi8(row + i < b->rows ? wanted : 0, s);
#pragma GCC unroll 4
        for (int m = 1; m < n; m *= 2) {
#pragma GCC unroll 8
                for (int i = 0; i < n / 2; i++) {
                        t[2 * i] = zip(size, 0, r[i], r[i + n / 2]);
                        t[2 * i + 1] = zip(size, 1, r[i], r[i + n / 2]);
                }
#pragma GCC unroll 16
                for (int i = 0; i < n; i++)
                        r[i] = t[i];
        }
#pragma GCC unroll 16
        for (int i = 0; i < n; i++)
                _mm512_store_si512(to + i, r[i]);
}

/* Lane l of each of four lines, n apart, is line l of the result. */
PART void deal_lanes(const int n, const __m512i *from, __m512i ret[4])
{
        __m512i a = from[0], b = from[n], c = from[2 * n], e = from[3 * n];
        __m512i low = _mm512_shuffle_i32x4(a, b, 0x44), high = _mm512_shuffle_i32x4(a, b, 0xee);
        __m512i low2 = _mm512_shuffle_i32x4(c, e, 0x44), high2 = _mm512_shuffle_i32x4(c, e, 0xee);
        ret[0] = _mm512_shuffle_i32x4(low, low2, 0x88);
        ret[1] = _mm512_shuffle_i32x4(low, low2, 0xdd);
        ret[2] = _mm512_shuffle_i32x4(high, high2, 0x88);
        ret[3] = _mm512_shuffle_i32x4(high, high2, 0xdd);
}

/* Columns at + c, at + c + n, ... of tile t of the rows go out. */
PART void deal_columns(const int size, const bool whole, const Block *b, int64_t column, int64_t t,
                       const __m512i *from)
{
        const int n = LANE / size;
        __m512i r[4];
        __mmask64 wanted = first_bytes((b->rows - t * (LINE / size)) * size);
        char *to = b->d + column * b->dst + t * LINE;
        deal_lanes(n, from, r);
#pragma GCC unroll 4
        for (int l = 0; l < 4; l++, to += n * b->dst)
                if (whole)
                        _mm512_storeu_si512(to, r[l]);
                else
                        _mm512_mask_storeu_epi8(to, column + l * n < b->columns ? wanted : 0, r[l]);
}

/* To be read, or written: for clang the builtin's second argument is a literal. */
PART void fetch_line(const char *p, bool write)
{
        if (write)
                __builtin_prefetch(p, 1);
        else
                __builtin_prefetch(p, 0);
}

/* Asks for lines [k, k + n) of the block's result or of the source of the next block. */
PART void fetch(const char *p, int64_t step, int64_t k, int n, bool write)
{
        for (int64_t i = k / 2; i < (k + n) / 2; i++) {
                fetch_line(p + i * step, write);
                fetch_line(p + i * step + LINE, write);
        }
}

/* A block is zipped into the buffer, and dealt out from there. whole: of whole lines on both sides;
 * far: a square of RUN on either side whose lines are on many pages, which are asked for early. */
PART void turn_block(const int size, const bool whole, const bool far, const Block *b)
{
        const int n = LANE / size, line = LINE / size;
        int64_t tiles = far ? RUN / LINE : (b->rows + line - 1) / line, k = 0;
        int64_t columns = far ? RUN / size : b->columns;
        for (int64_t at = 0; at < columns; at += line)
                for (int64_t row = 0; row < tiles * line; row += n, k += n) {
                        if (far)
                                fetch(b->d, b->dst, k, n, true);
                        zip_rows(size, whole, b, row, at, b->lines + k);
                }
        k = 0;
        for (int64_t at = 0; at < columns; at += line, k += tiles * line)
                for (int c = 0; c < n; c++)
                        for (int64_t t = 0; t < tiles; t++) {
                                if (far)
                                        fetch(b->s + RUN, b->src, k + (c * tiles + t) * 4, 4,
                                              false);
                                deal_columns(size, whole, b, at + c, t,
                                             b->lines + k + t * line + c);
                        }
}

/* Where one side is short, the other's pieces may be long. */
PART void turn(const int size, char *d, const char *s, int64_t n0, int64_t n1, int64_t dst,
               int64_t src, __m512i *buffer)
{
        int64_t columns = (n1 * size <= LINE ? LONG_RUN : RUN) / size;
        int64_t rows = (n0 * size <= LINE ? LONG_RUN : RUN) / size;
        bool far = dst >= FAR && (src >= FAR || src <= -FAR);
        for (int64_t j = 0; j < n1; j += rows)
                for (int64_t i = 0; i < n0; i += columns) {
                        Block b = { s + j * src + i * size, d + i * dst + j * size, src,   dst,
                                    MIN(rows, n1 - j),      MIN(columns, n0 - i),   buffer };
                        if (b.rows * size % LINE || b.columns * size % LINE)
                                turn_block(size, false, false, &b);
                        else if (far && b.rows * size == RUN && b.columns * size == RUN)
                                turn_block(size, true, true, &b);
                        else
                                turn_block(size, true, false, &b);
                }
}

#define TURN(SIZE)                                                                                 \
        TURNS static void turn_##SIZE(char *d, const char *s, int64_t n0, int64_t n1, int64_t dst, \
                                      int64_t src)                                                 \
        {                                                                                          \
                __m512i buffer[LONG_RUN / SIZE]; /* LONG_RUN by LINE, the largest block */         \
                turn(SIZE, d, s, n0, n1, dst, src, buffer);                                        \
        }
TURN(1)
TURN(2)
TURN(4)
TURN(8)
TURN(16)
#undef TURN

bool box_turn_usable(void)
{
        return __builtin_cpu_supports("avx512bw");
}

void box_turn(size_t size, char *d, const char *s, int64_t n0, int64_t n1, int64_t dst, int64_t src)
{
        switch (size) {
        case 1: turn_1(d, s, n0, n1, dst, src); break;
        case 2: turn_2(d, s, n0, n1, dst, src); break;
        case 4: turn_4(d, s, n0, n1, dst, src); break;
        case 8: turn_8(d, s, n0, n1, dst, src); break;
        default: turn_16(d, s, n0, n1, dst, src); break;
        }
}
#else
bool box_turn_usable(void)
{
        return false;
}

void box_turn(size_t size UNUSED, char *d UNUSED, const char *s UNUSED, int64_t n0 UNUSED,
              int64_t n1 UNUSED, int64_t dst UNUSED, int64_t src UNUSED)
{
}
#endif
