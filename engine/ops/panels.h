// SPDX-License-Identifier: Apache-2.0
/* Convolutions as products: pixels, read where they lie, by a matrix of weights in panels of 32
 * columns. A tap is a place of the filter; each pixel of the result has a pixel of the input for
 * each. */
#pragma once
#include "engine/ops/conv_tail.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Panels {
        const void *u;              /* by panels_pack() */
        bool narrow;                /* as bfloat16 */
        int64_t taps, depth, width; /* channels of a tap, of the result: a multiple of 16 */
        const float *shift;         /* added to each column; NULL: none */
        ConvTail tail;
} Panels;

/* depth: of all taps together. */
size_t panels_bytes(int64_t depth, int64_t width, bool narrow);
/* A matrix to be packed: [depth, width], each column multiplied by its scale (may be NULL). */
typedef struct PanelsSource {
        const float *f, *scale;
        int64_t depth, width;
        bool narrow;
} PanelsSource;
/* Packs rows [from, to) into panels [first, end). */
void panels_pack(const PanelsSource *s, int64_t from, int64_t to, int64_t first, int64_t end,
                 void *u);
/* How many panels there are. */
int64_t panels_count(const Panels *p);
/* How many pixels to multiply at a time by that many panels. */
int64_t panels_block(const Panels *p, int64_t panels);
/* Computes the columns of panels [from, to) of y [n, width]. at: [taps, n], the input's pixels.
 * Each element is the same sum in the same order, however the work is cut. */
void panels_multiply(const Panels *p, const float *const *at, int64_t n, int64_t from, int64_t to,
                     float *y);
