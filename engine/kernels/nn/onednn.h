// SPDX-License-Identifier: Apache-2.0
/* The one place that talks to oneDNN: float convolutions on TensorFlow's own layouts.
 *
 * Making a primitive costs a quarter of a millisecond, so each node keeps those it has used, by
 * geometry; they run on several threads at once, with scratchpads of their own. Each call stays on
 * its caller's thread: OpenMP teams (Debian's oneDNN has no other kind) beside the executor's own
 * threads wait for each other and cost more than they bring. A forward pass is cut into pictures
 * and rows instead (conv_forward.c), which the executor's threads share. */
#pragma once
#include "engine/kernels/nn/conv.h"
#include "engine/kernels/nn/conv_weights.h"
#include "engine/ops/conv_tail.h"

typedef struct Onednn Onednn;

/* OpDef.prepare of ops that call oneDNN: makes the node's cache of primitives. The state must be
 * used by onednn_* and conv_forward() only. */
Status *onednn_prepare(PrepareCtx *p) MUST_USE;
/* The node's memory of its weights. */
WeightsCache *onednn_weights(Onednn *o);
/* Does oneDNN have a good kernel for it, and do its sizes fit? */
bool onednn_conv_usable(const Conv *v);
/* Computes a backward pass (see conv_run) on this thread; may be called on several at once. A
 * failure of the library is an INTERNAL error. */
Status *onednn_backward(Onednn *o, ConvPass pass, const Conv *v, float *x, float *f,
                        float *y) MUST_USE;
/* Computes a forward pass on this thread; may be called on several at once. */
Status *onednn_forward(Onednn *o, const Conv *v, const ConvTail *tail, ConvWeights *w,
                       const float *x, float *y) MUST_USE;
