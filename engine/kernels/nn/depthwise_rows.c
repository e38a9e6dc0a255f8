// SPDX-License-Identifier: Apache-2.0
/* Four neighbours of the output share what they read of the input, and the filter. What lies
 * outside the picture is left out (rows) or taken as zero (columns), as padding is. */
#include "engine/kernels/nn/depthwise_rows.h"

#include "engine/ops/lanes.h"

enum { SIDE = 3, COLUMNS = 4 };

bool depthwise_rows_usable(const Conv *v)
{
        const Window *y = &v->w[1], *x = &v->w[2];
        return v->spatial == 2 && v->depthwise && v->in_c == v->out_c && v->in_c % LANES == 0 &&
               y->size == SIDE && x->size == SIDE && y->dilation == 1 && x->dilation == 1 &&
               (x->stride == 1 || x->stride == 2) && x->out >= COLUMNS && lanes_usable();
}

/* COLUMNS outputs next to each other. */
typedef struct Four {
        const float *row[SIDE]; /* the input's rows; NULL: outside */
        int64_t at, width;      /* the first column that is read; how many there are */
} Four;

PART void four(const int stride, const bool edge, const DepthwiseRows *d, const Four *p, float *y)
{
        int64_t channels = d->conv->in_c;
        const Bounds bounds = lanes_bounds(&d->tail);
        for (int64_t c = 0; c < channels; c += LANES) {
                V sum[COLUMNS] = { 0 }, shift = { 0 };
#pragma GCC unroll 3
                for (int i = 0; i < SIDE; i++) {
                        if (!p->row[i])
                                continue;
                        const float *x = p->row[i] + p->at * channels + c;
                        const float *f = d->f + i * SIDE * channels + c;
#pragma GCC unroll 9
                        for (int j = 0; j < (COLUMNS - 1) * stride + SIDE; j++) {
                                V v = { 0 };
                                if (!edge || (p->at + j >= 0 && p->at + j < p->width))
                                        v = *(const V *)(x + j * channels);
#pragma GCC unroll 4
                                for (int k = 0; k < COLUMNS; k++)
                                        if (j >= k * stride && j < k * stride + SIDE)
                                                sum[k] += v * *(const V *)(f + (j - k * stride) *
                                                                                       channels);
                        }
                }
                if (d->shift)
                        shift = *(const V *)(d->shift + c);
#pragma GCC unroll 4
                for (int k = 0; k < COLUMNS; k++)
                        lanes_finish(&bounds, sum[k] + shift, y + k * channels + c);
        }
}

WIDE static void four_1(const DepthwiseRows *d, const Four *p, float *y)
{
        four(1, false, d, p, y);
}

WIDE static void four_2(const DepthwiseRows *d, const Four *p, float *y)
{
        four(2, false, d, p, y);
}

WIDE static void edge_1(const DepthwiseRows *d, const Four *p, float *y)
{
        four(1, true, d, p, y);
}

WIDE static void edge_2(const DepthwiseRows *d, const Four *p, float *y)
{
        four(2, true, d, p, y);
}

/* The last four begin where they end with the row: what they share with those before is computed
 * twice, to the same bits. That is why nothing may be added to what y holds. */
void depthwise_row(const DepthwiseRows *d, int64_t row, float *y)
{
        const Conv *v = d->conv;
        const Window *down = &v->w[1], *across = &v->w[2];
        int64_t picture = row / down->out, first = row % down->out * down->stride - down->before;
        int64_t line = across->in * v->in_c, stride = across->stride;
        const float *x = d->x + picture * down->in * line;
        Four p = { .width = across->in };
        for (int i = 0; i < SIDE; i++)
                if (first + i >= 0 && first + i < down->in)
                        p.row[i] = x + (first + i) * line;
        for (int64_t i = 0; i < across->out; i += COLUMNS) {
                int64_t at = MIN(i, across->out - COLUMNS);
                p.at = at * stride - across->before;
                bool edge = p.at < 0 || p.at + (COLUMNS - 1) * stride + SIDE > across->in;
                if (stride == 1)
                        (edge ? edge_1 : four_1)(d, &p, y + at * v->in_c);
                else
                        (edge ? edge_2 : four_2)(d, &p, y + at * v->in_c);
        }
}
