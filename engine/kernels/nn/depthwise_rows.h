// SPDX-License-Identifier: Apache-2.0
/* Depthwise 3x3 convolutions, row by row. */
#pragma once
#include "engine/kernels/nn/conv.h"
#include "engine/ops/conv_tail.h"

typedef struct DepthwiseRows {
        const Conv *conv;   /* depthwise_rows_usable() */
        const float *f;     /* [3, 3, channels] */
        const float *shift; /* per channel; NULL: none */
        ConvTail tail;
        const float *x; /* all pictures */
} DepthwiseRows;

bool depthwise_rows_usable(const Conv *v);
/* Computes row `row` of the output, counted over all pictures, into y [columns, channels]. */
void depthwise_row(const DepthwiseRows *d, int64_t row, float *y);
