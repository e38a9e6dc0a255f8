// SPDX-License-Identifier: Apache-2.0
/* The softmax of floats, for kernels that make its input. */
#pragma once
#include <stdint.h>

/* Each of so many rows of n > 0 numbers becomes its softmax. */
void softmax_floats(float *y, int64_t n, int64_t rows);
