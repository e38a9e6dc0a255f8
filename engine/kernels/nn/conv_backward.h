// SPDX-License-Identifier: Apache-2.0
/* Gradients of convolutions by oneDNN, on the threads that there are. */
#pragma once
#include "engine/kernels/nn/onednn.h"

/* CONV_BACK_INPUT or CONV_BACK_FILTER, see conv_run(); the node's state is onednn_prepare()'s.
 * Which threads there are decides the order of sums, not which are idle. */
Status *conv_backward(OpCtx *c, ConvPass pass, const Conv *v, float *x, float *f,
                      float *y) MUST_USE;
