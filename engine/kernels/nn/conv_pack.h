// SPDX-License-Identifier: Apache-2.0
/* Constant filters brought into the forms that the house's own kernels want, and measured. */
#pragma once
#include "engine/kernels/nn/conv_weights.h"

typedef struct ConvPack {
        const Conv *conv;
        const float *filter, *scale; /* scale, per channel, may be NULL */
        int64_t channels, count;     /* of the output; of the filter */
        WeightsForm form;            /* WEIGHTS_FORMS: it is only measured */
        bool narrow;                 /* as bfloat16 */
        void *to;                    /* NULL: the same */
        size_t bytes;                /* of the form */
        struct Lasting *lasting;     /* where `to` is; NULL: it is a block */
        float *sum; /* |w scale| of each channel is added to it, NaN included; NULL: nobody asks */
} ConvPack;

/* Fills p->to on all threads, to the end even if the step is cancelled. */
void conv_pack(OpCtx *c, const ConvPack *p);
/* Rows of n channels, [from, to) of each multiplied by its scale, in TensorFlow's layout: the
 * output channel runs fastest. */
void conv_pack_scaled(const float *f, int64_t rows, int64_t n, const float *scale, int64_t from,
                      int64_t to, float *y);
