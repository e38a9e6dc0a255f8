// SPDX-License-Identifier: Apache-2.0
/* A forward convolution with its tail, cut into pieces for the executor's threads and for their
 * caches. */
#pragma once
#include "engine/kernels/nn/onednn.h"

typedef struct ConvForward {
        Onednn *onednn;
        Conv conv; /* onednn_conv_usable() */
        ConvTail tail;
        ConvWeights *weights; /* weights_foldable(); tail.shift when there is a shift */
        const float *x;
        float *y;
        bool own;    /* the house's own kernels are welcome where they are faster */
        float limit; /* no |y| will be larger, nor NaN; infinite: not known */
} ConvForward;

/* Computes y. Same bits every time for the same ctx_threads(). */
Status *conv_forward(OpCtx *c, const ConvForward *f) MUST_USE;
/* Computes then->y of first's result, which nobody else sees; first->y and then->x are not given.
 */
Status *conv_forward_pair(OpCtx *c, ConvForward *first, ConvForward *then) MUST_USE;
/* The largest |x|; infinite when one is not finite. */
float conv_largest(const float *x, int64_t n);
