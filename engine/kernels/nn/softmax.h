// SPDX-License-Identifier: Apache-2.0
/* The softmax of floats, for kernels that make its input; and of short floats. */
#pragma once
#include "engine/tensor/dtype.h"

/* Each of so many rows of n > 0 numbers becomes its softmax. */
void softmax_floats(float *y, int64_t n, int64_t rows);

/* Rows of n > 0 short floats; y may be x. room, at an address for vectors, takes
 * softmax_short_room(n) floats, and twice that for two rows or more. */
typedef struct ShortRows {
        const uint16_t *x;
        uint16_t *y;
        int64_t n, rows;
        float *room;
} ShortRows;

/* Rows of short floats in vectors of their own, where there are such; t is their type. */
bool softmax_short_usable(void);
int64_t softmax_short_room(int64_t n);
void softmax_short(DType t, const ShortRows *rows, bool is_log);
