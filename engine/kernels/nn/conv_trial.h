// SPDX-License-Identifier: Apache-2.0
/* The trial: each way of a convolution runs a few times on the step's own input and filter, and the
 * fastest wins. */
#pragma once
#include "engine/kernels/nn/conv_choice.h"

/* Finds the fastest of these ways on the step's threads; f->y stays as it is. False, and *ret_tile
 * untouched, when the step was cancelled meanwhile, or there is no memory: that is no error. */
bool conv_trial(OpCtx *c, const ConvForward *f, const ConvWays *ways, int *ret_tile) MUST_USE;

/* Seconds that a run of f takes that way, with its packed filter in a cache or (far) in memory;
 * infinite when it fails. */
typedef double (*ConvMeasure)(OpCtx *c, const ConvForward *f, int tile, bool far);
/* Test hook: what measures from now on, instead of the clock; NULL: the clock again. */
void conv_trial_measure_by(ConvMeasure m);
