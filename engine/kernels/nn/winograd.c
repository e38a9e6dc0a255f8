// SPDX-License-Identifier: Apache-2.0
/* A picture is covered by tiles of 4x4 outputs, each from 6x6 inputs. Both transforms run over 16
 * channels at a time; between them are 36 matrix products, tiles x in_c by in_c x out_c, one for
 * each place of a transformed tile. Tiles are taken in blocks that the second-level cache holds.
 *
 * The transforms interpolate at 0, -A, A, -B, B and infinity (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", which has 1 and 2 for A and B). These two were found by trying:
 * errors are twice those of a plain sum, with 1 and 2 they are four times as large; and all their
 * products are exact. */
#include "engine/kernels/nn/winograd.h"

#include "engine/kernels/nn/lanes.h"

enum { TILE = 4, PATCH = 6, PLACES = PATCH * PATCH };
#define A  0.625f
#define B  1.5f
#define A2 (A * A)
#define B2 (B * B)
/* What a block's transformed inputs and products may take. */
enum { BLOCK_BYTES = 1800 << 10 };

static int64_t tiles_along(const Window *w)
{
        return (w->out + TILE - 1) / TILE;
}

static int64_t tiles_of(const Conv *v)
{
        return v->batch * tiles_along(&v->w[1]) * tiles_along(&v->w[2]);
}

size_t winograd_filter_bytes(const Conv *v)
{
        return (size_t)(PLACES * v->in_c * v->out_c) * sizeof(float);
}

/* Tiles of a block: what fits the cache, a multiple of the threads' share. */
static int64_t blocks_of(const Conv *v, int64_t threads)
{
        int64_t tile_bytes = PLACES * (v->in_c + v->out_c) * (int64_t)sizeof(float);
        int64_t fit = MAX(BLOCK_BYTES / tile_bytes, (int64_t)ROWS_MAX * 2), tiles = tiles_of(v);
        int64_t blocks = (tiles + fit - 1) / fit;
        return MIN((blocks + threads - 1) / threads * threads, tiles);
}

/* Into how many parts the output's channels are cut, one a thread: where tiles are so few that all
 * would read the whole filter for next to no work. Each part transforms all inputs for itself. */
static int64_t parts_of(const Conv *v, int64_t threads)
{
        bool few = tiles_of(v) < threads * ROWS_MAX && blocks_of(v, 1) == 1;
        return few && v->out_c / PANEL >= threads ? threads : 1;
}

/* Seconds, as measured on a core with AVX-512: products go at 160 GFLOP/s; filters come from memory
 * at 12 GB/s, here once per block and while the processor computes; a plain convolution has less of
 * them to wait for than it computes. */
static bool worth_it(const Conv *v, int64_t threads)
{
        double pixels = (double)v->batch * (double)(v->w[1].out * v->w[2].out);
        double filter = (double)v->in_c * (double)v->out_c, tiles = (double)tiles_of(v);
        double share = 1 / (double)threads, parts = (double)parts_of(v, threads);
        double direct = share * pixels * 18 * filter / 160e9;
        double channels = (double)v->in_c * parts + (double)v->out_c;
        double moved = share * tiles * PLACES * 4 * channels / 15e9;
        double blocks = parts > 1 ? share : share * (double)blocks_of(v, threads);
        double products = share * tiles * 2 * PLACES * filter / 160e9;
        double fetched = blocks * filter * 4 * PLACES / 12e9;
        return moved + MAX(products, fetched) < 0.9 * direct;
}

bool winograd_usable(const Conv *v, int threads)
{
        if (v->spatial != 2 || v->depthwise || v->in_c % LANES || v->out_c % PANEL ||
            v->in_c < LANES * 2 || !lanes_usable())
                return false;
        for (int i = 1; i < WINDOW_AXES; i++)
                if (v->w[i].size != 3 || v->w[i].stride != 1 || v->w[i].dilation != 1)
                        return false;
        return worth_it(v, threads);
}

/* ---- the filter ---- */

/* u[0], u[step], ...: one dimension of three taps becomes six. */
PART void filter_six(const V g[3], V u[PATCH])
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

/* Input channel c, output channels k..k+16: where u is laid out in panels of 32 output channels. */
PART void filter_part(const Conv *v, const float *f, const float *scale, int64_t c, int64_t k,
                      float *u)
{
        V g[3][3], half[3][PATCH], column[3], out[PATCH];
        V one = (V){ 0 } + 1;
        if (scale)
                one = *(const V *)(scale + k);
        for (int i = 0; i < 9; i++)
                g[i / 3][i % 3] = *(const V *)(f + (i * v->in_c + c) * v->out_c + k) * one;
        for (int i = 0; i < 3; i++)
                filter_six(g[i], half[i]);
        for (int j = 0; j < PATCH; j++) {
                for (int i = 0; i < 3; i++)
                        column[i] = half[i][j];
                filter_six(column, out);
                for (int i = 0; i < PATCH; i++) {
                        int64_t place = i * PATCH + j,
                                panel = place * (v->out_c / PANEL) + k / PANEL;
                        *(V *)(u + (panel * v->in_c + c) * PANEL + k % PANEL) = out[i];
                }
        }
}

WIDE void winograd_filter(const Conv *v, const float *f, const float *scale, float *u)
{
        for (int64_t c = 0; c < v->in_c; c++)
                for (int64_t k = 0; k < v->out_c; k += LANES)
                        filter_part(v, f, scale, c, k, u);
}

/* ---- a block of tiles ---- */

typedef struct Block {
        const Winograd *w;
        int64_t first, n;    /* tiles */
        int64_t from, width; /* output channels: whole panels */
        float *in, *out;     /* [PLACES][n][in_c], [PLACES][n][width] */
} Block;

/* Where a tile's first output is. */
typedef struct Corner {
        int64_t picture, y, x;
} Corner;

static Corner corner_of(const Conv *v, int64_t tile)
{
        int64_t across = tiles_along(&v->w[2]), down = tiles_along(&v->w[1]);
        return (Corner){ tile / (across * down), tile / across % down * TILE,
                         tile % across * TILE };
}

PART void input_six(const V d[PATCH], V r[PATCH])
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

/* Sixteen channels of a tile: x is the picture's first element of these channels. */
PART void input_part(const Conv *v, const float *x, Corner at, float *to, int64_t step)
{
        V d[PATCH], r[PATCH], half[PATCH][PATCH];
        int64_t h = v->w[1].in, w = v->w[2].in, y0 = at.y - v->w[1].before,
                x0 = at.x - v->w[2].before;
        for (int i = 0; i < PATCH; i++) {
                for (int j = 0; j < PATCH; j++) {
                        int64_t y = y0 + i, z = x0 + j;
                        bool in = y >= 0 && y < h && z >= 0 && z < w;
                        d[j] = in ? *(const V *)(x + (y * w + z) * v->in_c) : (V){ 0 };
                }
                input_six(d, half[i]);
        }
        for (int j = 0; j < PATCH; j++) {
                for (int i = 0; i < PATCH; i++)
                        d[i] = half[i][j];
                input_six(d, r);
                for (int i = 0; i < PATCH; i++)
                        *(V *)(to + (i * PATCH + j) * step) = r[i];
        }
}

WIDE static void input_tiles(const Block *b)
{
        const Conv *v = &b->w->conv;
        int64_t plane = v->w[1].in * v->w[2].in * v->in_c;
        for (int64_t t = 0; t < b->n; t++) {
                Corner at = corner_of(v, b->first + t);
                for (int64_t c = 0; c < v->in_c; c += LANES)
                        input_part(v, b->w->x + at.picture * plane + c, at, b->in + t * v->in_c + c,
                                   b->n * v->in_c);
        }
}

/* rows x in_c by in_c x 32. */
PART void product_rows(const int rows, const float *a, int64_t in_c, const float *u, Ahead ahead,
                       float *out, int64_t out_c)
{
        V sum[ROWS_MAX][2] = { 0 };
        const float *row[ROWS_MAX];
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++)
                row[r] = a + r * in_c;
        lanes_product(rows, row, in_c, u, ahead, sum);
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++) {
                *(V *)(out + r * out_c) = sum[r][0];
                *(V *)(out + r * out_c + LANES) = sum[r][1];
        }
}

WIDE static void product(int rows, const float *a, int64_t in_c, const float *u, Ahead ahead,
                         float *out, int64_t out_c)
{
        LANES_ROWS(rows, product_rows, a, in_c, u, ahead, out, out_c)
}

/* All rows in as few passes as possible, of nearly the same size. */
static void products(const Block *b)
{
        const Conv *v = &b->w->conv;
        int64_t passes = (b->n + ROWS_MAX - 1) / ROWS_MAX, panels = b->width / PANEL;
        for (int64_t i = 0; i < PLACES * panels; i++) {
                int64_t place = i / panels, k = i % panels;
                int64_t panel = place * (v->out_c / PANEL) + b->from / PANEL + k;
                const float *a = b->in + place * b->n * v->in_c;
                const float *u = b->w->u + panel * v->in_c * PANEL;
                float *out = b->out + place * b->n * b->width + k * PANEL;
                for (int64_t p = 0; p < passes; p++) {
                        int64_t from = b->n * p / passes, to = b->n * (p + 1) / passes;
                        product((int)(to - from), a + from * v->in_c, v->in_c, u,
                                lanes_ahead(u, v->in_c, p, passes), out + from * b->width,
                                b->width);
                }
        }
}

PART void output_four(const V m[PATCH], V y[TILE])
{
        V sum_a = m[1] + m[2], diff_a = m[1] - m[2], sum_b = m[3] + m[4], diff_b = m[3] - m[4];
        y[0] = m[0] + sum_a + sum_b;
        y[1] = A * diff_a + B * diff_b;
        y[2] = A2 * sum_a + B2 * sum_b;
        y[3] = A * A2 * diff_a + B * B2 * diff_b + m[5];
}

/* Sixteen channels of a tile: y is the picture's first element of these channels. */
PART void output_part(const Winograd *w, const float *from, int64_t step, const V *shift, Corner at,
                      float *y)
{
        const Conv *v = &w->conv;
        V m[PATCH], half[PATCH][TILE], out[TILE];
        for (int i = 0; i < PATCH; i++) {
                for (int j = 0; j < PATCH; j++)
                        m[j] = *(const V *)(from + (i * PATCH + j) * step);
                output_four(m, half[i]);
        }
        const Bounds bounds = lanes_bounds(&w->tail);
        int64_t rows = MIN((int64_t)TILE, v->w[1].out - at.y);
        int64_t columns = MIN((int64_t)TILE, v->w[2].out - at.x);
        for (int j = 0; j < columns; j++) {
                for (int i = 0; i < PATCH; i++)
                        m[i] = half[i][j];
                output_four(m, out);
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
                Corner at = corner_of(v, b->first + t);
                for (int64_t k = 0; k < b->width; k += LANES) {
                        V shift = { 0 };
                        if (b->w->tail.shift)
                                shift = *(const V *)(b->w->shift + b->from + k);
                        output_part(b->w, b->out + t * b->width + k, b->n * b->width, &shift, at,
                                    b->w->y + at.picture * plane + b->from + k);
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
        int64_t tiles = tiles_of(v), panels = v->out_c / PANEL;
        Block b = { .w = job->w,
                    .first = tiles * block / job->blocks,
                    .from = panels * part / job->parts * PANEL };
        b.n = tiles * (block + 1) / job->blocks - b.first;
        b.width = panels * (part + 1) / job->parts * PANEL - b.from;
        size_t bytes = (size_t)(PLACES * b.n * (v->in_c + b.width)) * sizeof(float);
        b.in = block_alloc(bytes);
        if (!b.in) {
                atomic_store(&job->failed, true);
                return;
        }
        b.out = b.in + PLACES * b.n * v->in_c;
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
        int64_t threads = ctx_threads(c), parts = parts_of(&w->conv, threads);
        Job job = { .w = w,
                    .blocks = parts > 1 ? 1 : blocks_of(&w->conv, threads),
                    .parts = parts };
        ctx_parallel(c, job.blocks * job.parts, 1, run_blocks, &job);
        return atomic_load(&job.failed) ? status_oom() : NULL;
}
