// SPDX-License-Identifier: Apache-2.0
/* Strided copies: dimensions are merged first, then the two innermost are copied as a block. */
#include "engine/ops/box.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { TILE = 32 }; /* side of the squares that keep a transpose in the cache */

void box_strides(const Shape *s, int64_t ret[SHAPE_MAX_RANK])
{
        int64_t n = 1;
        for (int i = s->rank - 1; i >= 0; i--) {
                ret[i] = n;
                n *= s->dim[i];
        }
}

/* The same copy in fewer dims: those of one element dropped, neighbours that continue each other
 * merged. False when there is nothing to copy. */
static bool simplify(const Box *b, Box *ret)
{
        Box s = { .dst_at = b->dst_at, .src_at = b->src_at };
        for (int i = 0; i < b->rank; i++) {
                int p = s.rank - 1;
                int64_t n = b->dim[i];
                if (n == 0)
                        return false;
                if (n == 1)
                        continue;
                if (p >= 0 && s.dst[p] == n * b->dst[i] && s.src[p] == n * b->src[i]) {
                        s.dim[p] *= n;
                        s.dst[p] = b->dst[i];
                        s.src[p] = b->src[i];
                } else {
                        box_add(&s, n, b->dst[i], b->src[i]);
                }
        }
        *ret = s;
        return true;
}

static void swap_dims(Box *b, int i, int j)
{
        int64_t dim = b->dim[i], dst = b->dst[i], src = b->src[i];
        b->dim[i] = b->dim[j], b->dst[i] = b->dst[j], b->src[i] = b->src[j];
        b->dim[j] = dim, b->dst[j] = dst, b->src[j] = src;
}

/* Gives the box two dims at least, and where the inner one jumps in the source, a source-contiguous
 * dim next to it: together they make the square that is copied in tiles. */
static void pair_up(Box *b)
{
        while (b->rank < 2) {
                box_add(b, 1, 0, 0);
                if (b->rank == 2)
                        swap_dims(b, 0, 1);
        }
        int in = b->rank - 1;
        if (b->src[in] == 1 || b->src[in] == 0)
                return;
        for (int i = 0; i < in; i++)
                if (b->src[i] == 1 || b->src[i] == -1) {
                        swap_dims(b, i, in - 1);
                        return;
                }
}

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

/* All whole squares of an n[0] x n[1] matrix d[i, j] = s[j, i]; strides in bytes. A tile of lines
 * is turned in a buffer, so that each line of either side is touched once: strides that are powers
 * of two would throw it out of the cache before the second time. */
#define SQUARES(SIZE, SIDE)                                                                     \
        static void squares_##SIZE(char *d, const char *s, int64_t n0, int64_t n1, int64_t dst, \
                                   int64_t src)                                                 \
        {                                                                                       \
                enum { LINE = 64 / SIZE };                                                      \
                char tile[LINE][64] __attribute__((aligned(64)));                               \
                for (int64_t j0 = 0; j0 < n1; j0 += LINE)                                       \
                        for (int64_t i0 = 0; i0 < n0; i0 += LINE) {                             \
                                int64_t ni = MIN(n0 - i0, (int64_t)LINE),                       \
                                        nj = MIN(n1 - j0, (int64_t)LINE);                       \
                                for (int64_t j = 0; j < nj; j += SIDE)                          \
                                        for (int64_t i = 0; i < ni; i += SIDE)                  \
                                                square_##SIZE(&tile[i][j * SIZE],               \
                                                              s + (j0 + j) * src +              \
                                                                      (i0 + i) * SIZE,          \
                                                              64, src);                         \
                                char *to = d + i0 * dst + j0 * SIZE;                            \
                                for (int64_t i = 0; i < ni && nj == LINE; i++)                  \
                                        memcpy(to + i * dst, tile[i], 64);                      \
                                for (int64_t i = 0; i < ni && nj < LINE; i++)                   \
                                        memcpy(to + i * dst, tile[i], (size_t)(nj * SIZE));     \
                        }                                                                       \
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

/* The two innermost dims of a plain type. */
static void copy_block(DType dtype, char *d, const char *s, const int64_t *n, const int64_t *dst,
                       const int64_t *src)
{
        int64_t size = (int64_t)dtype_size(dtype);
        if (dst[1] == 1 && src[1] == 1) {
                for (int64_t i = 0; i < n[0]; i++)
                        memcpy(d + i * dst[0] * size, s + i * src[0] * size, (size_t)(n[1] * size));
        } else if (dst[1] == 1 && src[1] == 0) {
                for (int64_t i = 0; i < n[0]; i++)
                        DISPATCH_SIZE(dtype, repeat, (void *)(d + i * dst[0] * size),
                                      (const void *)(s + i * src[0] * size), n[1]);
        } else if (dst[1] == 1 && src[0] == 1) {
                transpose_block(dtype, d, s, n, dst[0], src[1]);
        } else {
                DISPATCH_SIZE(dtype, tiles, (void *)d, (const void *)s, n, dst, src);
        }
}

static Status *copy_block_counted(Tensor *dst, int64_t d, const Tensor *src, int64_t s,
                                  const int64_t *n, const int64_t *ds, const int64_t *ss)
{
        for (int64_t i = 0; i < n[0]; i++)
                for (int64_t j = 0; j < n[1]; j++)
                        TRY(tensor_copy_elements(dst, d + i * ds[0] + j * ds[1], src,
                                                 s + i * ss[0] + j * ss[1], 1));
        return NULL;
}

/* The outer dimensions are counted through, the two inner ones go as one block. */
Status *box_copy(const Box *box, Tensor *dst, const Tensor *src)
{
        Box b;
        if (!simplify(box, &b))
                return NULL;
        pair_up(&b);
        int outer = b.rank - 2;
        int64_t at[BOX_MAX_RANK] = { 0 }, d = b.dst_at, s = b.src_at;
        bool plain = dtype_is_plain(dst->dtype);
        int64_t size = (int64_t)dtype_size(dst->dtype);
        for (;;) {
                if (plain)
                        copy_block(dst->dtype, (char *)dst->data + d * size,
                                   (const char *)src->data + s * size, b.dim + outer, b.dst + outer,
                                   b.src + outer);
                else
                        TRY(copy_block_counted(dst, d, src, s, b.dim + outer, b.dst + outer,
                                               b.src + outer));
                int i = outer - 1;
                for (; i >= 0; i--) { /* the next place, as an odometer counts */
                        d += b.dst[i], s += b.src[i];
                        if (++at[i] < b.dim[i])
                                break;
                        d -= b.dim[i] * b.dst[i], s -= b.dim[i] * b.src[i];
                        at[i] = 0;
                }
                if (i < 0)
                        return NULL;
        }
}

Status *box_fill(Tensor *dst, int64_t to, int64_t n, const Tensor *src, int64_t from)
{
        Box b = { .dst_at = to, .src_at = from };
        box_add(&b, n, 1, 0);
        return box_copy(&b, dst, src);
}
