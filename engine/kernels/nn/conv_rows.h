// SPDX-License-Identifier: Apache-2.0
/* Forward convolutions by the house's own kernels: plain ones, depthwise 3x3, or a depthwise one
 * and the 1x1 that follows it, whose values in between stay in the cache. No NaN is lost, whatever
 * the tail, and the bits are the same for any number of threads. */
#pragma once
#include "engine/kernels/nn/conv_forward.h"

/* By sizes and processor alone. */
bool conv_rows_usable(const Conv *v);
/* Can `then` take first's output from the cache? Both are usable. */
bool conv_rows_pair_usable(const Conv *first, const Conv *then);
/* Computes f->y. */
Status *conv_rows(OpCtx *c, const ConvForward *f) MUST_USE;
/* Computes then->y, without first->y and then->x. */
Status *conv_rows_pair(OpCtx *c, const ConvForward *first, const ConvForward *then) MUST_USE;
