// SPDX-License-Identifier: Apache-2.0
/* Which way a float convolution goes where there are several: a plain sum, or Winograd's by tiles
 * of either side.
 *
 * A model of sizes and memory says which is the fastest. A warm-up, whose caller has time, tries
 * those that the model holds about as fast (conv_trial.h); what won is remembered for the process,
 * and new sessions take it. A session that has gone one way goes it for good, so that its steps
 * give the same bits, until a warm-up of its own finds another. */
#pragma once
#include "engine/kernels/nn/conv_forward.h"

enum { CONV_WAYS = 3 };
/* The side of the tiles, or 0 for the plain sum. */
typedef struct ConvWays {
        int n, tile[CONV_WAYS]; /* the model's choice comes first */
} ConvWays;

/* What may be the fastest of what can be computed, by sizes alone: one at least. */
ConvWays conv_ways(const Conv *v, int threads, bool narrow);
/* The way for f, which is bounded, in this step. RESOURCE_EXHAUSTED without memory. */
Status *conv_choice(OpCtx *c, const ConvForward *f, int *ret_tile) MUST_USE;
