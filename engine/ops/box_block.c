// SPDX-License-Identifier: Apache-2.0
/* Rows, steps, repeated elements and transposes by squares of vectors; what is none of them goes in
 * tiles that the cache holds. */
#include "engine/ops/box_block.h"

#include "engine/ops/box_turn.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { TILE = 32 }; /* side of the squares that keep a transpose in the cache */

/* d[i * dst[0] + j * dst[1]] = s[i * src[0] + j * src[1]], in tiles */
#define TILES(SIZE, T)                                                                      \
        static void tiles_##SIZE(T *d, const T *s, const int64_t *n, const int64_t *dst,    \
                                 const int64_t *src)                                        \
        {                                                                                   \
                for (int64_t i0 = 0; i0 < n[0]; i0 += TILE)                                 \
                        for (int64_t j0 = 0; j0 < n[1]; j0 += TILE)                         \
                                for (int64_t i = i0; i < MIN(n[0], i0 + TILE); i++)         \
                                        for (int64_t j = j0; j < MIN(n[1], j0 + TILE); j++) \
                                                d[i * dst[0] + j * dst[1]] =                \
                                                        s[i * src[0] + j * src[1]];         \
        }                                                                                   \
        static void repeat_##SIZE(T *d, const T *s, int64_t n)                              \
        {                                                                                   \
                T v = *s;                                                                   \
                for (int64_t i = 0; i < n; i++)                                             \
                        d[i] = v;                                                           \
        }
MOVE_TYPES(TILES)
#undef TILES

/* ---- transposes proper ---- */

#ifdef __SSE2__
/* d[i * dst + j] = s[j * src + i] for i, j < 4, elements of four bytes. */
static inline void square_4(char *d, const char *s, int64_t dst, int64_t src)
{
        __m128 r[4];
        for (int j = 0; j < 4; j++)
                r[j] = _mm_castsi128_ps(_mm_loadu_si128((const __m128i *)(s + j * src)));
        _MM_TRANSPOSE4_PS(r[0], r[1], r[2], r[3]);
        for (int i = 0; i < 4; i++)
                _mm_storeu_si128((__m128i *)(d + i * dst), _mm_castps_si128(r[i]));
}

/* The same for 2 elements of eight bytes. */
static inline void square_8(char *d, const char *s, int64_t dst, int64_t src)
{
        __m128i a = _mm_loadu_si128((const __m128i *)s),
                b = _mm_loadu_si128((const __m128i *)(s + src));
        _mm_storeu_si128((__m128i *)d, _mm_unpacklo_epi64(a, b));
        _mm_storeu_si128((__m128i *)(d + dst), _mm_unpackhi_epi64(a, b));
}

/* The same for 8 elements of two bytes: three rounds of zipping rows that are four apart. */
static inline void square_2(char *d, const char *s, int64_t dst, int64_t src)
{
        __m128i r[8], t[8];
        for (int j = 0; j < 8; j++)
                r[j] = _mm_loadu_si128((const __m128i *)(s + j * src));
        for (int round = 0; round < 3; round++) {
                for (int j = 0; j < 4; j++) {
                        t[2 * j] = _mm_unpacklo_epi16(r[j], r[j + 4]);
                        t[2 * j + 1] = _mm_unpackhi_epi16(r[j], r[j + 4]);
                }
                memcpy(r, t, sizeof r);
        }
        for (int i = 0; i < 8; i++)
                _mm_storeu_si128((__m128i *)(d + i * dst), r[i]);
}

/* Lines of the output that the tile below will want. */
static inline void fetch_lines(char *d, int64_t i0, int64_t n0, int64_t dst, int64_t lines)
{
        for (int64_t i = i0 + lines; i < MIN(n0, i0 + 2 * lines); i++)
                __builtin_prefetch(d + i * dst, 1);
}

/* All whole squares of an n[0] x n[1] matrix d[i, j] = s[j, i]; strides in bytes. A tile of lines
 * is turned in a buffer, so that each line of either side is touched once: strides that are powers
 * of two would throw it out of the cache before the second time. Lines are fetched in pairs, as
 * the processor does anyway. */
#define SQUARES(SIZE, SIDE)                                                                     \
        static void tile_##SIZE(char *d, const char *s, int64_t ni, int64_t nj, int64_t dst,    \
                                int64_t src)                                                    \
        {                                                                                       \
                char tile[64 / SIZE][64] __attribute__((aligned(64)));                          \
                for (int64_t j = 0; j < nj; j += SIDE)                                          \
                        for (int64_t i = 0; i < ni; i += SIDE)                                  \
                                square_##SIZE(&tile[i][j * SIZE], s + j * src + i * SIZE, 64,   \
                                              src);                                             \
                for (int64_t i = 0; i < ni && nj * SIZE == 64; i++)                             \
                        memcpy(d + i * dst, tile[i], 64);                                       \
                for (int64_t i = 0; i < ni && nj * SIZE < 64; i++)                              \
                        memcpy(d + i * dst, tile[i], (size_t)(nj * SIZE));                      \
        }                                                                                       \
        static void squares_##SIZE(char *d, const char *s, int64_t n0, int64_t n1, int64_t dst, \
                                   int64_t src)                                                 \
        {                                                                                       \
                enum { LINE = 64 / SIZE };                                                      \
                for (int64_t j1 = 0; j1 < n1; j1 += 2 * LINE)                                   \
                        for (int64_t i = 0; i < n0; i += LINE)                                  \
                                for (int64_t j = j1; j < MIN(n1, j1 + 2 * LINE); j += LINE) {   \
                                        fetch_lines(d + j * SIZE, i, n0, dst, LINE);            \
                                        tile_##SIZE(d + i * dst + j * SIZE,                     \
                                                    s + j * src + i * SIZE,                     \
                                                    MIN(n0 - i, (int64_t)LINE),                 \
                                                    MIN(n1 - j, (int64_t)LINE), dst, src);      \
                                }                                                               \
        }
SQUARES(2, 8)
SQUARES(4, 4)
SQUARES(8, 2)
#undef SQUARES

/* Does the squares; ret[0] x ret[1] elements are done, from the first on. */
static void transpose_squares(size_t size, char *d, const char *s, const int64_t *n, int64_t dst,
                              int64_t src, int64_t ret[2])
{
        int64_t side = size == 2 ? 8 : size == 4 ? 4 : size == 8 ? 2 : 0, bytes = (int64_t)size;
        ret[0] = side ? n[0] / side * side : 0;
        ret[1] = side ? n[1] / side * side : 0;
        if (size == 2)
                squares_2(d, s, ret[0], ret[1], dst * bytes, src * bytes);
        else if (size == 4)
                squares_4(d, s, ret[0], ret[1], dst * bytes, src * bytes);
        else if (size == 8)
                squares_8(d, s, ret[0], ret[1], dst * bytes, src * bytes);
}
#else
static void transpose_squares(size_t size UNUSED, char *d UNUSED, const char *s UNUSED,
                              const int64_t *n UNUSED, int64_t dst UNUSED, int64_t src UNUSED,
                              int64_t ret[2])
{
        ret[0] = ret[1] = 0;
}
#endif

/* d[i * dst + j] = s[j * src + i]: squares, then what is left on the right and below. */
static void transpose_block(DType dtype, char *d, const char *s, const int64_t *n, int64_t dst,
                            int64_t src)
{
        int64_t size = (int64_t)dtype_size(dtype), done[2];
        transpose_squares((size_t)size, d, s, n, dst, src, done);
        int64_t strides_d[2] = { dst, 1 }, strides_s[2] = { 1, src };
        if (done[1] < n[1])
                DISPATCH_SIZE(dtype, tiles, (void *)(d + done[1] * size),
                              (const void *)(s + done[1] * src * size),
                              ((int64_t[]){ n[0], n[1] - done[1] }), strides_d, strides_s);
        if (done[0] < n[0] && done[1])
                DISPATCH_SIZE(dtype, tiles, (void *)(d + done[0] * dst * size),
                              (const void *)(s + done[0] * size),
                              ((int64_t[]){ n[0] - done[0], done[1] }), strides_d, strides_s);
}

/* Rows without a gap in them. Short ones are not worth a call of memcpy each: they go by units of
 * 16 bytes, the last of which may overlap the one before. */
HOT static void copy_rows(char *d, const char *s, int64_t n, int64_t size, int64_t dst, int64_t src)
{
        for (int64_t i = 0; i < n; i++, d += dst, s += src) {
                for (int64_t k = 0; k + 16 < size; k += 16)
                        memcpy(d + k, s + k, 16);
                memcpy(d + size - 16, s + size - 16, 16);
        }
}

/* The same bytes n times, dst apart: in pieces that are still in the cache for the last of them. */
static void copy_often(char *d, const char *s, int64_t n, int64_t size, int64_t dst)
{
        enum { PIECE = 16 << 10 };
        for (int64_t at = 0; at < size; at += PIECE)
                for (int64_t i = 0; i < n; i++)
                        memcpy(d + i * dst + at, s + at, (size_t)MIN(size - at, (int64_t)PIECE));
}

/* One row of elements that lie a step apart in the source. The compiler makes vectors of steps that
 * it knows. */
#define STEP_BY(step)                           \
        case step:                              \
                for (int64_t j = 0; j < n; j++) \
                        d[j] = s[step * j];     \
                break;
#define STEPS(SIZE, T)                                                          \
        HOT static void steps_##SIZE(T *d, const T *s, int64_t n, int64_t step) \
        {                                                                       \
                switch (step) {                                                 \
                        STEP_BY(-1)                                             \
                        STEP_BY(2)                                              \
                        STEP_BY(3)                                              \
                        STEP_BY(4)                                              \
                default:                                                        \
                        for (int64_t j = 0; j < n; j++)                         \
                                d[j] = s[step * j];                             \
                }                                                               \
        }
MOVE_TYPES(STEPS)
#undef STEPS

/* Is this a transpose that is large enough, on either side, for box_turn()? */
static bool turns(int64_t size, const int64_t n[2], const int64_t dst[2], const int64_t src[2])
{
        enum { SHORT = 32 }; /* bytes */
        return dst[1] == 1 && src[0] == 1 && src[1] != 0 && n[0] * size >= SHORT &&
               n[1] * size >= SHORT && box_turn_usable();
}

void box_block(DType dtype, char *d, const char *s, const int64_t n[2], const int64_t dst[2],
               const int64_t src[2])
{
        int64_t size = (int64_t)dtype_size(dtype);
        if (src[1] != 1 && turns(size, n, dst, src))
                box_turn((size_t)size, d, s, n[0], n[1], dst[0] * size, src[1] * size);
        else
                box_block_plain(dtype, d, s, n, dst, src);
}

void box_block_plain(DType dtype, char *d, const char *s, const int64_t n[2], const int64_t dst[2],
                     const int64_t src[2])
{
        int64_t size = (int64_t)dtype_size(dtype), row = n[1] * size;
        if (dst[1] == 1 && src[1] == 1 && row >= 16 && row <= 256)
                copy_rows(d, s, n[0], row, dst[0] * size, src[0] * size);
        else if (dst[1] == 1 && src[1] == 1 && src[0] == 0)
                copy_often(d, s, n[0], row, dst[0] * size);
        else if (dst[1] == 1 && src[1] == 1)
                for (int64_t i = 0; i < n[0]; i++)
                        memcpy(d + i * dst[0] * size, s + i * src[0] * size, (size_t)row);
        else if (dst[1] == 1 && src[1] == 0)
                for (int64_t i = 0; i < n[0]; i++)
                        DISPATCH_SIZE(dtype, repeat, (void *)(d + i * dst[0] * size),
                                      (const void *)(s + i * src[0] * size), n[1]);
        else if (dst[1] == 1 && src[0] == 1)
                transpose_block(dtype, d, s, n, dst[0], src[1]);
        else if (dst[1] == 1 && src[1] >= -4 && src[1] <= 4)
                for (int64_t i = 0; i < n[0]; i++)
                        DISPATCH_SIZE(dtype, steps, (void *)(d + i * dst[0] * size),
                                      (const void *)(s + i * src[0] * size), n[1], src[1]);
        else
                DISPATCH_SIZE(dtype, tiles, (void *)d, (const void *)s, n, dst, src);
}
