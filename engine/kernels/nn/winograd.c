// SPDX-License-Identifier: Apache-2.0
/* A picture is covered by tiles of 4x4 outputs, each from a patch of 6x6 inputs, or of 2x2 from
 * 4x4. Both transforms run over 16 channels at a time; between them are 36 (16) matrix products,
 * tiles x in_c by in_c x out_c, one for each place of a transformed patch. Tiles are taken in
 * blocks that the second-level cache holds.
 *
 * The transforms interpolate at 0, 1, -1 and infinity, or at 0, -A, A, -B, B and infinity (Lavin
 * and Gray, "Fast Algorithms for Convolutional Neural Networks", which has 1 and 2 for A and B).
 * These two were found by trying: errors are twice those of a plain sum, with 1 and 2 they are four
 * times as large; and all their products are exact. */
#include "engine/kernels/nn/winograd.h"

#include "engine/ops/lanes.h"
#include <math.h>

enum { TILE_MAX = 4, PATCH_MAX = 6 };
#define A  0.625f
#define B  1.5f
#define A2 (A * A)
#define B2 (B * B)
/* What a block's transformed inputs and products may take. */
enum { BLOCK_BYTES = 1800 << 10 };

static int64_t tiles_along(const Window *w, int tile)
{
        return (w->out + tile - 1) / tile;
}

static int64_t tiles_of(const Conv *v, int tile)
{
        return v->batch * tiles_along(&v->w[1], tile) * tiles_along(&v->w[2], tile);
}

static int64_t places_of(int tile)
{
        return (int64_t)(tile + 2) * (tile + 2);
}

size_t winograd_filter_bytes(const Conv *v, int tile, bool narrow)
{
        int64_t panels = v->in_c * (v->out_c / PANEL);
        return (size_t)(places_of(tile) * panels * lanes_line_bytes(narrow));
}

/* Tiles of a block: what fits the cache, a multiple of the threads' share. */
static int64_t blocks_of(const Conv *v, int tile, int64_t threads)
{
        int64_t tile_bytes = places_of(tile) * (v->in_c + v->out_c) * (int64_t)sizeof(float);
        int64_t fit = MAX(BLOCK_BYTES / tile_bytes, (int64_t)ROWS_MAX * 2);
        int64_t tiles = tiles_of(v, tile);
        int64_t blocks = (tiles + fit - 1) / fit;
        return MIN((blocks + threads - 1) / threads * threads, tiles);
}

/* Into how many parts the output's channels are cut, one a thread: where tiles are so few that all
 * would read the whole filter for next to no work. Each part transforms all inputs for itself. */
static int64_t parts_of(const Conv *v, int tile, int64_t threads)
{
        bool few = tiles_of(v, tile) < threads * ROWS_MAX && blocks_of(v, tile, 1) == 1;
        return few && v->out_c / PANEL >= threads ? threads : 1;
}

/* Seconds, as measured on a core with AVX-512: products go at 160 GFLOP/s; filters come from memory
 * at 12 GB/s, here once per block and while the processor computes; a plain convolution has less of
 * them to wait for than it computes. */
static double tiled_seconds(const Conv *v, int tile, int64_t threads, bool narrow)
{
        double filter = (double)v->in_c * (double)v->out_c;
        double places = (double)(tiles_of(v, tile) * places_of(tile));
        double share = 1 / (double)threads, parts = (double)parts_of(v, tile, threads);
        double channels = (double)v->in_c * parts + (double)v->out_c;
        double moved = share * places * 4 * channels / 15e9;
        double blocks = parts > 1 ? share : share * (double)blocks_of(v, tile, threads);
        double products = share * places * 2 * filter / 160e9;
        double fetched = blocks * (double)winograd_filter_bytes(v, tile, narrow) / 12e9;
        return moved + MAX(products, fetched);
}

static double direct_seconds(const Conv *v, int64_t threads)
{
        double pixels = (double)v->batch * (double)(v->w[1].out * v->w[2].out);
        return pixels * 18 * (double)v->in_c * (double)v->out_c / 160e9 / (double)threads;
}

static bool usable(const Conv *v)
{
        if (v->spatial != 2 || v->depthwise || v->in_c % LANES || v->out_c % PANEL ||
            v->in_c < LANES * 2 || !lanes_usable())
                return false;
        for (int i = 1; i < WINDOW_AXES; i++)
                if (v->w[i].size != 3 || v->w[i].stride != 1 || v->w[i].dilation != 1)
                        return false;
        return true;
}

double winograd_seconds(const Conv *v, int tile, int threads, bool narrow)
{
        if (!tile)
                return direct_seconds(v, threads);
        return usable(v) ? tiled_seconds(v, tile, threads, narrow) : INFINITY;
}

int winograd_tile(const Conv *v, int threads, bool narrow)
{
        if (!usable(v))
                return 0;
        double two = tiled_seconds(v, 2, threads, narrow);
        double four = tiled_seconds(v, 4, threads, narrow);
        bool better = MIN(two, four) < 0.9 * direct_seconds(v, threads);
        return !better ? 0 : two < four ? 2 : 4;
}

/* ---- the filter ---- */

/* One dimension of three taps becomes four, or six. */
PART void filter_four(const V g[3], V u[PATCH_MAX])
{
        V even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
        u[0] = g[0];
        u[1] = even + odd;
        u[2] = even - odd;
        u[3] = g[2];
}

PART void filter_six(const V g[3], V u[PATCH_MAX])
{
        const float na = 1 / (2 * A2 * (A2 - B2)), nb = 1 / (2 * B2 * (B2 - A2));
        V even_a = (g[0] + g[2] * A2) * na, odd_a = g[1] * (A * na);
        V even_b = (g[0] + g[2] * B2) * nb, odd_b = g[1] * (B * nb);
        u[0] = g[0] * (1 / (A2 * B2));
        u[1] = even_a + odd_a;
        u[2] = even_a - odd_a;
        u[3] = even_b + odd_b;
        u[4] = even_b - odd_b;
        u[5] = g[2];
}

/* Sixteen columns of a line; the lower ones come first. */
PART void put_half(bool narrow, bool upper, V w, char *line)
{
        Bits b = (Bits)w, *words = (Bits *)line;
        Bits rounded = b + 0x7fff + ((b >> 16) & 1);
        if (!narrow)
                *(V *)(line + upper * sizeof(V)) = w;
        else if (upper)
                *words |= rounded & -0x10000;
        else
                *words = rounded >> 16 & 0xffff;
}

PART void filter_line(const int tile, const V g[3], V u[PATCH_MAX])
{
        if (tile == 2)
                filter_four(g, u);
        else
                filter_six(g, u);
}

/* Input channel c, output channels k..k+16: where u is laid out in panels of 32 output channels. */
PART void filter_part(const int tile, const WinogradSource *s, int64_t c, int64_t k, char *u)
{
        const int patch = tile + 2;
        const Conv *v = s->conv;
        V g[3][3], half[3][PATCH_MAX], column[3], out[PATCH_MAX];
        V one = (V){ 0 } + 1;
        if (s->scale)
                one = *(const V *)(s->scale + k);
        for (int i = 0; i < 9; i++)
                g[i / 3][i % 3] = *(const V *)(s->f + (i * v->in_c + c) * v->out_c + k) * one;
        for (int i = 0; i < 3; i++)
                filter_line(tile, g[i], half[i]);
        for (int j = 0; j < patch; j++) {
                for (int i = 0; i < 3; i++)
                        column[i] = half[i][j];
                filter_line(tile, column, out);
                for (int i = 0; i < patch; i++) {
                        int64_t place = i * patch + j,
                                panel = place * (v->out_c / PANEL) + k / PANEL;
                        put_half(s->narrow, k % PANEL, out[i],
                                 u + (panel * v->in_c + c) * lanes_line_bytes(s->narrow));
                }
        }
}

/* By some input channels at a time: they are read in the order of memory, and each of the many
 * panels gets a run of lines. */
WIDE void winograd_filter(const WinogradSource *s, int64_t from, int64_t to, int64_t first,
                          int64_t end, void *u)
{
        enum { RUN = 16 };
        for (int64_t c = from; c < to; c += RUN)
                for (int64_t k = first * PANEL; k < end * PANEL; k += PANEL)
                        for (int64_t i = c; i < MIN(c + RUN, to); i++)
                                for (int64_t half = k; half < k + PANEL; half += LANES)
                                        if (s->tile == 2)
                                                filter_part(2, s, i, half, u);
                                        else
                                                filter_part(4, s, i, half, u);
}

/* ---- a block of tiles ---- */

typedef struct Block {
        const Winograd *w;
        int64_t first, n;    /* tiles */
        int64_t from, width; /* output channels: whole panels */
        float *in, *out;     /* [places][n][in_c], [places][n][width] */
} Block;

/* Where a tile's first output is. */
typedef struct Corner {
        int64_t picture, y, x;
} Corner;

static Corner corner_of(const Block *b, int64_t i)
{
        const Window *w = b->w->conv.w;
        int tile = b->w->tile;
        int64_t across = tiles_along(&w[2], tile), down = tiles_along(&w[1], tile);
        int64_t at = b->first + i;
        return (Corner){ at / (across * down), at / across % down * tile, at % across * tile };
}

PART void input_four(const V d[PATCH_MAX], V r[PATCH_MAX])
{
        r[0] = d[0] - d[2];
        r[1] = d[1] + d[2];
        r[2] = d[2] - d[1];
        r[3] = d[3] - d[1];
}

PART void input_six(const V d[PATCH_MAX], V r[PATCH_MAX])
{
        V even_a = d[4] - B2 * d[2], odd_a = A * (d[3] - B2 * d[1]);
        V even_b = d[4] - A2 * d[2], odd_b = B * (d[3] - A2 * d[1]);
        r[0] = A2 * B2 * d[0] - (A2 + B2) * d[2] + d[4];
        r[1] = even_a + odd_a;
        r[2] = even_a - odd_a;
        r[3] = even_b + odd_b;
        r[4] = even_b - odd_b;
        r[5] = A2 * B2 * d[1] - (A2 + B2) * d[3] + d[5];
}

PART void input_line(const int tile, const V d[PATCH_MAX], V r[PATCH_MAX])
{
        if (tile == 2)
                input_four(d, r);
        else
                input_six(d, r);
}

/* Sixteen channels of a tile: x is the picture's first element of these channels. */
PART void input_part(const int tile, const Conv *v, const float *x, Corner at, float *to,
                     int64_t step)
{
        const int patch = tile + 2;
        V d[PATCH_MAX], r[PATCH_MAX], half[PATCH_MAX][PATCH_MAX];
        int64_t h = v->w[1].in, w = v->w[2].in, y0 = at.y - v->w[1].before,
                x0 = at.x - v->w[2].before;
        for (int i = 0; i < patch; i++) {
                for (int j = 0; j < patch; j++) {
                        int64_t y = y0 + i, z = x0 + j;
                        bool in = y >= 0 && y < h && z >= 0 && z < w;
                        d[j] = in ? *(const V *)(x + (y * w + z) * v->in_c) : (V){ 0 };
                }
                input_line(tile, d, half[i]);
        }
        for (int j = 0; j < patch; j++) {
                for (int i = 0; i < patch; i++)
                        d[i] = half[i][j];
                input_line(tile, d, r);
                for (int i = 0; i < patch; i++)
                        *(V *)(to + (i * patch + j) * step) = r[i];
        }
}

WIDE static void input_tiles(const Block *b)
{
        const Conv *v = &b->w->conv;
        int64_t plane = v->w[1].in * v->w[2].in * v->in_c;
        for (int64_t t = 0; t < b->n; t++) {
                Corner at = corner_of(b, t);
                const float *x = b->w->x + at.picture * plane;
                float *to = b->in + t * v->in_c;
                for (int64_t c = 0; c < v->in_c; c += LANES)
                        if (b->w->tile == 2)
                                input_part(2, v, x + c, at, to + c, b->n * v->in_c);
                        else
                                input_part(4, v, x + c, at, to + c, b->n * v->in_c);
        }
}

/* rows x in_c by in_c x 32. */
PART void product_rows(const int rows, const bool narrow, const float *a, int64_t in_c,
                       const char *u, Ahead ahead, float *out, int64_t out_c)
{
        V sum[ROWS_MAX][2] = { 0 };
        const float *row[ROWS_MAX];
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++)
                row[r] = a + r * in_c;
        lanes_product(rows, narrow, row, in_c, u, ahead, sum);
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++) {
                *(V *)(out + r * out_c) = sum[r][0];
                *(V *)(out + r * out_c + LANES) = sum[r][1];
        }
}

WIDE static void product(int rows, const float *a, int64_t in_c, const char *u, Ahead ahead,
                         float *out, int64_t out_c){ LANES_ROWS(rows, product_rows, false, a, in_c,
                                                                u, ahead, out, out_c) }

WIDE static void product_narrow(int rows, const float *a, int64_t in_c, const char *u, Ahead ahead,
                                float *out, int64_t out_c)
{
        LANES_ROWS(rows, product_rows, true, a, in_c, u, ahead, out, out_c)
}

/* All rows in as few passes as possible, of nearly the same size. */
static void products(const Block *b)
{
        const Conv *v = &b->w->conv;
        int64_t passes = (b->n + ROWS_MAX - 1) / ROWS_MAX, panels = b->width / PANEL;
        int64_t line = lanes_line_bytes(b->w->narrow), places = places_of(b->w->tile);
        for (int64_t i = 0; i < places * panels; i++) {
                int64_t place = i / panels, k = i % panels;
                int64_t panel = place * (v->out_c / PANEL) + b->from / PANEL + k;
                const float *a = b->in + place * b->n * v->in_c;
                const char *u = (const char *)b->w->u + panel * v->in_c * line;
                float *out = b->out + place * b->n * b->width + k * PANEL;
                for (int64_t p = 0; p < passes; p++) {
                        int64_t from = b->n * p / passes, to = b->n * (p + 1) / passes;
                        (b->w->narrow ? product_narrow
                                      : product)((int)(to - from), a + from * v->in_c, v->in_c, u,
                                                 lanes_ahead(u, b->w->narrow, v->in_c, p, passes),
                                                 out + from * b->width, b->width);
                }
        }
}

PART void output_two(const V m[PATCH_MAX], V y[TILE_MAX])
{
        y[0] = m[0] + m[1] + m[2];
        y[1] = m[1] - m[2] + m[3];
}

PART void output_four(const V m[PATCH_MAX], V y[TILE_MAX])
{
        V sum_a = m[1] + m[2], diff_a = m[1] - m[2], sum_b = m[3] + m[4], diff_b = m[3] - m[4];
        y[0] = m[0] + sum_a + sum_b;
        y[1] = A * diff_a + B * diff_b;
        y[2] = A2 * sum_a + B2 * sum_b;
        y[3] = A * A2 * diff_a + B * B2 * diff_b + m[5];
}

PART void output_line(const int tile, const V m[PATCH_MAX], V y[TILE_MAX])
{
        if (tile == 2)
                output_two(m, y);
        else
                output_four(m, y);
}

/* Sixteen channels of a tile: y is the picture's first element of these channels. */
PART void output_part(const int tile, const Winograd *w, const float *from, int64_t step,
                      const V *shift, Corner at, float *y)
{
        const Conv *v = &w->conv;
        const int patch = tile + 2;
        V m[PATCH_MAX], half[PATCH_MAX][TILE_MAX], out[TILE_MAX];
        for (int i = 0; i < patch; i++) {
                for (int j = 0; j < patch; j++)
                        m[j] = *(const V *)(from + (i * patch + j) * step);
                output_line(tile, m, half[i]);
        }
        const Bounds bounds = lanes_bounds(&w->tail);
        int64_t rows = MIN((int64_t)tile, v->w[1].out - at.y);
        int64_t columns = MIN((int64_t)tile, v->w[2].out - at.x);
        for (int j = 0; j < columns; j++) {
                for (int i = 0; i < patch; i++)
                        m[i] = half[i][j];
                output_line(tile, m, out);
                for (int i = 0; i < rows; i++) {
                        float *to = y + ((at.y + i) * v->w[2].out + at.x + j) * v->out_c;
                        V sum = out[i] + *shift;
                        if (w->tail.sum)
                                sum += *(const V *)to;
                        lanes_finish(&bounds, sum, to);
                }
        }
}

WIDE static void output_tiles(const Block *b)
{
        const Conv *v = &b->w->conv;
        int64_t plane = v->w[1].out * v->w[2].out * v->out_c;
        for (int64_t t = 0; t < b->n; t++) {
                Corner at = corner_of(b, t);
                const float *from = b->out + t * b->width;
                float *y = b->w->y + at.picture * plane + b->from;
                for (int64_t k = 0; k < b->width; k += LANES) {
                        V shift = { 0 };
                        if (b->w->tail.shift)
                                shift = *(const V *)(b->w->shift + b->from + k);
                        if (b->w->tile == 2)
                                output_part(2, b->w, from + k, b->n * b->width, &shift, at, y + k);
                        else
                                output_part(4, b->w, from + k, b->n * b->width, &shift, at, y + k);
                }
        }
}

/* ---- all blocks ---- */

typedef struct Job {
        const Winograd *w;
        int64_t blocks, parts;
        atomic_bool failed; /* no memory */
} Job;

static void run_block(Job *job, int64_t block, int64_t part)
{
        const Conv *v = &job->w->conv;
        int64_t tiles = tiles_of(v, job->w->tile), panels = v->out_c / PANEL;
        int64_t places = places_of(job->w->tile);
        Block b = { .w = job->w,
                    .first = tiles * block / job->blocks,
                    .from = panels * part / job->parts * PANEL };
        b.n = tiles * (block + 1) / job->blocks - b.first;
        b.width = panels * (part + 1) / job->parts * PANEL - b.from;
        size_t bytes = (size_t)(places * b.n * (v->in_c + b.width)) * sizeof(float);
        b.in = block_alloc(bytes);
        if (!b.in) {
                atomic_store(&job->failed, true);
                return;
        }
        b.out = b.in + places * b.n * v->in_c;
        input_tiles(&b);
        products(&b);
        output_tiles(&b);
        block_free(b.in, bytes);
}

static void run_blocks(void *arg, int64_t from, int64_t to)
{
        Job *job = arg;
        for (int64_t i = from; i < to; i++)
                run_block(job, i / job->parts, i % job->parts);
}

Status *winograd_run(OpCtx *c, const Winograd *w)
{
        int64_t threads = ctx_threads(c), parts = parts_of(&w->conv, w->tile, threads);
        Job job = { .w = w,
                    .blocks = parts > 1 ? 1 : blocks_of(&w->conv, w->tile, threads),
                    .parts = parts };
        ctx_parallel(c, job.blocks * job.parts, 1, run_blocks, &job);
        return atomic_load(&job.failed) ? status_oom() : NULL;
}
