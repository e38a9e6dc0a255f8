// SPDX-License-Identifier: Apache-2.0
/* What a forward convolution does to its result before it writes it: y = act(conv + shift + y). */
#pragma once
#include <stdbool.h>

typedef enum ConvAct { CONV_ACT_NONE, CONV_ACT_RELU, CONV_ACT_RELU6, CONV_ACT_LEAKY } ConvAct;

typedef struct ConvTail {
        bool shift; /* a number per output channel is added */
        bool sum;   /* what y held is added */
        ConvAct act;
        float alpha; /* of CONV_ACT_LEAKY: the factor of what is not above zero */
} ConvTail;
