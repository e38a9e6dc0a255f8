// SPDX-License-Identifier: Apache-2.0
/* Pixels are taken in blocks: short ones that stay in the first-level cache where the weights stay
 * in the second; long ones where weights come from farther, so that they come once. While a panel
 * is at work the next one is fetched. */
#include "engine/ops/panels.h"

#include "engine/base/auto.h"
#include "engine/ops/lanes.h"
#include "engine/tensor/dtype.h"

#include <string.h>

enum { NEAR_BYTES = 32 << 10, FAR_BYTES = 768 << 10, WEIGHTS_NEAR = 512 << 10 };
enum { BLOCK_MAX = 72 * ROWS_MAX };

int64_t panels_count(const Panels *p)
{
        return (p->width + PANEL - 1) / PANEL;
}

size_t panels_bytes(int64_t depth, int64_t width, bool narrow)
{
        return (size_t)(depth * ((width + PANEL - 1) / PANEL) * lanes_line_bytes(narrow));
}

/* Columns [k, k + 32) of a row; those that the last panel lacks are zeros. */
static inline void line(const float *f, const float *scale, int64_t k, int64_t width,
                        float to[PANEL])
{
        if (k + PANEL <= width && scale)
                for (int i = 0; i < PANEL; i++)
                        to[i] = f[k + i] * scale[k + i];
        else if (k + PANEL <= width)
                memcpy(to, f + k, PANEL * sizeof *to);
        else
                for (int64_t i = 0; i < PANEL; i++)
                        to[i] = k + i >= width ? 0 : scale ? f[k + i] * scale[k + i] : f[k + i];
}

static void narrow_line(const float from[PANEL], uint16_t *to)
{
        for (int i = 0; i < PANEL; i++)
                to[i % LANES * 2 + i / LANES] = bfloat16_from_float(from[i]).bits;
}

/* Some rows at a time: they are read in the order of memory, and each panel gets a run of lines. */
HOT void panels_pack(const PanelsSource *s, int64_t from, int64_t to, int64_t first, int64_t end,
                     void *u)
{
        enum { ROWS = 8 };
        int64_t bytes = lanes_line_bytes(s->narrow);
        float wide[PANEL];
        for (int64_t c = from; c < to; c += ROWS)
                for (int64_t k = first; k < end; k++) {
                        char *at = (char *)u + (k * s->depth + c) * bytes;
                        for (int64_t i = c; i < MIN(c + ROWS, to); i++, at += bytes) {
                                line(s->f + i * s->width, s->scale, k * PANEL, s->width,
                                     s->narrow ? wide : (float *)at);
                                if (s->narrow)
                                        narrow_line(wide, (uint16_t *)at);
                        }
                }
}

/* Some pixels by a panel: where they come from, and how the product gets to y. */
typedef struct Work {
        const Panels *p;
        const float *const *at; /* [taps][n], from the first pixel on */
        int64_t n;
        const char *u; /* this panel's */
        const float *shift;
        bool half; /* it has 16 columns only */
        Ahead ahead;
} Work;

/* Columns [16 * i, 16 * i + 16) of the panel; i is a constant. */
PART void finish_rows(const int rows, const int i, V sum[ROWS_MAX][2], const Work *w, float *y)
{
        const Bounds bounds = lanes_bounds(&w->p->tail);
        int64_t width = w->p->width;
        V shift = { 0 };
        y += i * LANES;
        if (w->shift)
                shift = *(const V *)(w->shift + i * LANES);
        if (w->p->tail.sum)
#pragma GCC unroll 14
                for (int r = 0; r < rows; r++)
                        sum[r][i] += *(const V *)(y + r * width);
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++)
                lanes_finish(&bounds, sum[r][i] + shift, y + r * width);
}

PART void rows_of(const int rows, const bool narrow, const Work *w, float *y)
{
        V sum[ROWS_MAX][2] = { 0 };
        Ahead ahead = w->ahead;
        int64_t depth = w->p->depth, tap = depth * lanes_line_bytes(narrow);
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++) { /* results are far apart, in lines that may be far away */
                __builtin_prefetch(y + r * w->p->width, 1);
                __builtin_prefetch(y + r * w->p->width + LANES, 1);
        }
        for (int64_t i = 0; i < w->p->taps; i++, ahead.at += depth * ahead.step)
                lanes_product(rows, narrow, w->at + i * w->n, depth, w->u + i * tap, ahead, sum);
        finish_rows(rows, 0, sum, w, y);
        if (!w->half)
                finish_rows(rows, 1, sum, w, y);
}

WIDE static void multiply(int rows, const Work *w,
                          float *y){ LANES_ROWS(rows, rows_of, false, w, y) }

WIDE static void multiply_narrow(int rows, const Work *w,
                                 float *y){ LANES_ROWS(rows, rows_of, true, w, y) }

int64_t panels_block(const Panels *p, int64_t panels)
{
        int64_t row = p->depth * (int64_t)sizeof(float);
        int64_t weights = p->depth * p->taps * lanes_line_bytes(p->narrow) * panels;
        int64_t fit = (weights > WEIGHTS_NEAR ? FAR_BYTES : NEAR_BYTES) / row;
        return MIN(MAX(fit / ROWS_MAX, (int64_t)2) * ROWS_MAX, (int64_t)BLOCK_MAX);
}

/* All pixels in as few passes as possible, of nearly the same size. */
void panels_multiply(const Panels *p, const float *const *at, int64_t n, int64_t from, int64_t to,
                     float *y)
{
        int64_t passes = (n + ROWS_MAX - 1) / ROWS_MAX, depth = p->taps * p->depth;
        int64_t line = lanes_line_bytes(p->narrow);
        for (int64_t k = from; k < to; k++) {
                Work w = { .p = p,
                           .n = n,
                           .u = (const char *)p->u + k * depth * line,
                           .shift = p->shift ? p->shift + k * PANEL : NULL,
                           .half = (k + 1) * PANEL > p->width };
                for (int64_t i = 0; i < passes; i++) {
                        int64_t first = n * i / passes, end = n * (i + 1) / passes;
                        w.at = at + first;
                        w.ahead = k + 1 < panels_count(p)
                                          ? lanes_ahead(w.u, p->narrow, depth, i, passes)
                                          : (Ahead){ w.u, 0 };
                        (p->narrow ? multiply_narrow : multiply)((int)(end - first), &w,
                                                                 y + first * p->width + k * PANEL);
                }
        }
}
