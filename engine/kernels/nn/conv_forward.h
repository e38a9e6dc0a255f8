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

/* weights_measure() with the form for the kernel that runs where results are bounded. limit, x and
 * y are not looked at. */
Status *conv_forward_measure(OpCtx *c, const ConvForward *f) MUST_USE;
/* Computes y. Same bits every time in a session, for the same ctx_threads(), until a warm-up of its
 * own (conv_choice.h). */
Status *conv_forward(OpCtx *c, const ConvForward *f) MUST_USE;
/* The same by Winograd's tiles of that side, or (0) by a plain sum, which it must be able to. */
Status *conv_forward_by(OpCtx *c, const ConvForward *f, int tile) MUST_USE;
/* Lets go of packed filters that the tiles of that side (0: a plain sum) need, once the steps that
 * use them have ended. */
void conv_forward_drop(const ConvForward *f, int tile);
/* Computes then->y of first's result, which nobody else sees; first->y and then->x are not given.
 */
Status *conv_forward_pair(OpCtx *c, ConvForward *first, ConvForward *then) MUST_USE;
/* The largest |x|; infinite when one is not finite. */
float conv_largest(const float *x, int64_t n);
