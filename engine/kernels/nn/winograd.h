// SPDX-License-Identifier: Apache-2.0
/* Winograd's minimal filtering for float pictures: F(4x4, 3x3), 36 products where there would be
 * 144, for some additions and an error of some 1e-6 of the largest term; or F(2x2, 3x3), 16 where
 * there would be 36, of a filter that is less than half as large. */
#pragma once
#include "engine/kernels/nn/conv.h"
#include "engine/ops/conv_tail.h"

typedef struct Winograd {
        Conv conv;
        int tile; /* winograd_tile() */
        ConvTail tail;
        const void *u;      /* the filter, transformed */
        bool narrow;        /* as bfloat16 */
        const float *shift; /* tail.shift: per output channel */
        const float *x;     /* finite, and small enough for sums not to overflow */
        float *y;
} Winograd;

/* Seconds on as many threads by tiles of that side, or (0) by a plain sum: a model's, by sizes
 * alone. Infinite: it cannot be computed so. narrow: the filter is kept as bfloat16. */
double winograd_seconds(const Conv *v, int tile, int threads, bool narrow);
/* The side of the tiles, 2 or 4, that is the fastest by this model; 0: none is faster than a plain
 * sum by far enough. */
int winograd_tile(const Conv *v, int threads, bool narrow);
/* Bytes of the filter, transformed for tiles of that side. */
size_t winograd_filter_bytes(const Conv *v, int tile, bool narrow);
/* A filter to be transformed for tiles of that side: [3, 3, in_c, out_c], each output channel
 * multiplied by its scale (may be NULL). Finite where narrow. */
typedef struct WinogradSource {
        const Conv *conv;
        int tile;
        const float *f, *scale;
        bool narrow;
} WinogradSource;
/* Transforms input channels [from, to) for panels of output channels [first, end). */
void winograd_filter(const WinogradSource *s, int64_t from, int64_t to, int64_t first, int64_t end,
                     void *u);
/* Computes y on the step's threads. RESOURCE_EXHAUSTED without memory. */
Status *winograd_run(OpCtx *c, const Winograd *w) MUST_USE;
