// SPDX-License-Identifier: Apache-2.0
/* Work is cut by pixels of the result, which the layer before left in that thread's cache; by
 * columns (panels) where there are too few pixels for all threads to work on.
 *
 * A product reads the input where it lies, whatever strides and padding: it is told where by
 * pointers. Behind a depthwise convolution it reads the rows that were just made. */
#include "engine/kernels/nn/conv_rows.h"

#include "engine/kernels/nn/depthwise_rows.h"
#include "engine/ops/lanes.h"
#include "engine/ops/panels.h"

/* Pieces per thread, so that one slow thread does not hold up the rest; what is made in advance for
 * a product should have so many bytes, where weights are near and where they are far; pixels that a
 * piece should have for its weights' sake; pointers that are kept at a time. */
enum { PIECES = 4, NEAR_BYTES = 48 << 10, FAR_BYTES = 512 << 10, PIXELS_MIN = 42 };
enum { WEIGHTS_NEAR = 256 << 10, POINTERS_MAX = 16 << 10, TAPS_MAX = 49, ROWS_EACH = 4 };

typedef struct RowsJob {
        const Conv *head; /* depthwise; NULL: none */
        DepthwiseRows depthwise;
        const Conv *conv; /* the product; NULL: none, the head's rows go to y */
        Panels panels;
        const float *x; /* the product's; not used behind a head */
        float *y;
        int64_t n;    /* of the output, over all pictures: rows behind a head, else pixels */
        int64_t step; /* pixels of one of the n */
        int64_t cuts, panel_cuts;
        atomic_bool failed; /* no memory */
} RowsJob;

/* With fewer channels than a vector has lanes, the loop over them is too short. */
static bool product_usable(const Conv *v)
{
        return v->spatial == 2 && !v->depthwise && v->out_c % LANES == 0 && v->in_c >= LANES &&
               v->w[1].size * v->w[2].size <= TAPS_MAX && lanes_usable();
}

/* Is each pixel of the output made of the pixel in the same place? */
static bool in_place(const Conv *v)
{
        for (int i = 1; i < WINDOW_AXES; i++)
                if (v->w[i].size != 1 || v->w[i].stride != 1 || v->w[i].before || v->w[i].after)
                        return false;
        return true;
}

bool conv_rows_usable(const Conv *v)
{
        return product_usable(v) || depthwise_rows_usable(v);
}

bool conv_rows_pair_usable(const Conv *first, const Conv *then)
{
        return depthwise_rows_usable(first) && product_usable(then) && in_place(then);
}

/* ---- pointers ---- */

/* Where pixels [from, from + n) are in what a product reads; `zeros` stands for padding. */
typedef struct Pointers {
        const float **at; /* [taps][n] */
        float *zeros;     /* a pixel's channels */
        int64_t most;     /* pixels that there is room for */
        size_t bytes;
} Pointers;

static bool pointers_new(const RowsJob *j, int64_t panels, Pointers *ret)
{
        const Panels *p = &j->panels;
        int64_t most = MIN(panels_block(p, panels), (int64_t)POINTERS_MAX / p->taps);
        size_t table = (size_t)(most * p->taps) * sizeof *ret->at;
        size_t pixel = (size_t)p->depth * sizeof *ret->zeros;
        *ret = (Pointers){ .at = block_alloc(table + pixel), .most = most, .bytes = table + pixel };
        if (!ret->at)
                return false;
        ret->zeros = (float *)(ret->at + most * p->taps);
        memset(ret->zeros, 0, pixel);
        return true;
}

/* Pixels that lie one behind the other. */
static void point_along(const RowsJob *j, const float *x, int64_t n, const Pointers *p)
{
        for (int64_t i = 0; i < n; i++)
                p->at[i] = x + i * j->panels.depth;
}

/* All taps of the output's pixel (y, x) of a picture. */
static void point_taps(const RowsJob *j, int64_t picture, int64_t y, int64_t x, const float **at,
                       int64_t n, const float *zeros)
{
        const Window *down = &j->conv->w[1], *across = &j->conv->w[2];
        int64_t y0 = y * down->stride - down->before, x0 = x * across->stride - across->before;
        const float *base = j->x + picture * down->in * across->in * j->conv->in_c;
        for (int64_t i = 0; i < down->size; i++)
                for (int64_t k = 0; k < across->size; k++, at += n) {
                        int64_t v = y0 + i * down->dilation, w = x0 + k * across->dilation;
                        bool inside = v >= 0 && v < down->in && w >= 0 && w < across->in;
                        *at = inside ? base + (v * across->in + w) * j->conv->in_c : zeros;
                }
}

static void point(const RowsJob *j, int64_t from, int64_t n, const Pointers *p)
{
        int64_t width = j->conv->w[2].out, picture = j->conv->w[1].out * width;
        if (in_place(j->conv)) {
                point_along(j, j->x + from * j->panels.depth, n, p);
                return;
        }
        for (int64_t i = 0; i < n; i++) {
                int64_t at = (from + i) % picture;
                point_taps(j, (from + i) / picture, at / width, at % width, p->at + i, n, p->zeros);
        }
}

/* ---- running ---- */

/* Pixels [from, to) by panels [first, end). */
static bool multiply(const RowsJob *j, int64_t from, int64_t to, int64_t first, int64_t end)
{
        Pointers p;
        if (!pointers_new(j, end - first, &p))
                return false;
        for (int64_t i = from; i < to; i += p.most) {
                int64_t n = MIN(p.most, to - i);
                point(j, i, n, &p);
                panels_multiply(&j->panels, p.at, n, first, end, j->y + i * j->panels.width);
        }
        block_free(p.at, p.bytes);
        return true;
}

/* Rows [from, to) of a depthwise convolution, each multiplied while it is in the cache. */
static bool make_and_multiply(const RowsJob *j, int64_t from, int64_t to)
{
        int64_t row = j->step * j->panels.depth, panels = panels_count(&j->panels);
        int64_t weights = j->panels.depth * j->panels.width * (int64_t)sizeof(float);
        int64_t fit = (weights > WEIGHTS_NEAR ? FAR_BYTES : NEAR_BYTES) / 4 / row;
        int64_t step = MAX(MIN(fit, to - from), (int64_t)1);
        size_t bytes = (size_t)(step * row) * sizeof(float);
        Pointers p;
        float *made = block_alloc(bytes);
        if (!made || !pointers_new(j, panels, &p)) {
                block_free(made, bytes);
                return false;
        }
        for (int64_t i = from; i < to; i += step) {
                int64_t rows = MIN(step, to - i), pixels = rows * j->step;
                for (int64_t k = 0; k < rows; k++)
                        depthwise_row(&j->depthwise, i + k, made + k * row);
                for (int64_t k = 0; k < pixels; k += p.most) {
                        int64_t n = MIN(p.most, pixels - k);
                        point_along(j, made + k * j->panels.depth, n, &p);
                        panels_multiply(&j->panels, p.at, n, 0, panels,
                                        j->y + (i * j->step + k) * j->panels.width);
                }
        }
        block_free(p.at, p.bytes);
        block_free(made, bytes);
        return true;
}

static bool run_piece(const RowsJob *j, int64_t i)
{
        int64_t cut = i / j->panel_cuts, part = i % j->panel_cuts;
        int64_t from = j->n * cut / j->cuts, to = j->n * (cut + 1) / j->cuts;
        if (!j->conv) {
                int64_t row = j->step * j->head->out_c;
                for (int64_t k = from; k < to; k++)
                        depthwise_row(&j->depthwise, k, j->y + k * row);
                return true;
        }
        if (j->head)
                return make_and_multiply(j, from, to);
        int64_t panels = panels_count(&j->panels);
        return multiply(j, from, to, panels * part / j->panel_cuts,
                        panels * (part + 1) / j->panel_cuts);
}

static void run_pieces(void *arg, int64_t from, int64_t to)
{
        RowsJob *j = arg;
        for (int64_t i = from; i < to; i++)
                if (!run_piece(j, i))
                        atomic_store(&j->failed, true);
}

/* Multiplications that take a tenth of a second or so. */
#define LONG_MACS 4e9

/* Into PIECES parts a thread, or fewer when pixels are few, but as many for each; along the panels
 * when there is not a full pass of pixels for each thread. */
static Status *run(OpCtx *c, RowsJob *j)
{
        int64_t threads = ctx_threads(c), pieces = threads * PIECES, pixels = j->n * j->step;
        double macs = (double)pixels * (double)j->panels.taps * (double)j->panels.depth *
                      (double)j->panels.width;
        if (j->conv &&
            macs > LONG_MACS * (double)pieces) /* so that it may be given up in between */
                pieces = ((int64_t)(macs / LONG_MACS) / threads + 1) * threads;
        j->panel_cuts = 1;
        if (j->conv && !j->head && threads > 1 && pixels < threads * ROWS_MAX) {
                j->cuts = 1;
                j->panel_cuts = MIN(pieces, panels_count(&j->panels));
        } else {
                while (j->conv && pieces > threads && pixels < pieces * PIXELS_MIN)
                        pieces -= threads;
                j->cuts = MAX(MIN(pieces, j->n), (int64_t)1);
        }
        ctx_parallel(c, j->cuts * j->panel_cuts, 1, run_pieces, j);
        return atomic_load(&j->failed) ? status_oom() : NULL;
}

/* ---- what is asked for ---- */

static Status *set_depthwise(OpCtx *c, RowsJob *j, const ConvForward *f)
{
        j->head = &f->conv;
        j->n = f->conv.batch * f->conv.w[1].out;
        j->step = f->conv.w[2].out;
        j->depthwise = (DepthwiseRows){
                .conv = &f->conv, .shift = weights_shift(f->weights), .tail = f->tail, .x = f->x
        };
        const void *plain;
        TRY(weights_form(c, f->weights, &f->conv, WEIGHTS_PLAIN, &plain));
        j->depthwise.f = plain;
        return NULL;
}

static Status *set_product(OpCtx *c, RowsJob *j, const ConvForward *f)
{
        const Conv *v = &f->conv;
        j->conv = v;
        j->x = f->x;
        j->panels = (Panels){ .taps = v->w[1].size * v->w[2].size,
                              .depth = v->in_c,
                              .width = v->out_c,
                              .narrow = weights_narrow(f->weights, v),
                              .shift = weights_shift(f->weights),
                              .tail = f->tail };
        if (!j->head) {
                j->n = v->batch * v->w[1].out * v->w[2].out;
                j->step = 1;
        }
        return weights_form(c, f->weights, v, WEIGHTS_PANELS, &j->panels.u);
}

Status *conv_rows(OpCtx *c, const ConvForward *f)
{
        RowsJob j = { .y = f->y };
        TRY(f->conv.depthwise ? set_depthwise(c, &j, f) : set_product(c, &j, f));
        return run(c, &j);
}

/* Less than ROWS_EACH rows a thread cannot be shared out evenly, their pixels can: then all is made
 * before it is multiplied. */
Status *conv_rows_pair(OpCtx *c, const ConvForward *first, const ConvForward *then)
{
        RowsJob j = { .y = then->y };
        TRY(set_depthwise(c, &j, first));
        TRY(set_product(c, &j, then));
        int64_t pixels = j.n * j.step;
        if (ctx_threads(c) == 1 || j.n >= ctx_threads(c) * ROWS_EACH)
                return run(c, &j);
        float *between = ctx_scratch(c, (size_t)(pixels * j.panels.depth) * sizeof(float));
        if (!between)
                return status_oom();
        ConvForward apart = *first;
        apart.y = between;
        TRY(conv_rows(c, &apart));
        apart = *then;
        apart.x = between;
        return conv_rows(c, &apart);
}
