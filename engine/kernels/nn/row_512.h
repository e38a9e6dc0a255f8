// SPDX-License-Identifier: Apache-2.0
/* Maxima and exponentials of rows of floats, for processors with AVX-512: see row_exp.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* May the others be called for rows of n? Rows shorter than a vector are not worth it. */
bool row_512_usable(int64_t n);
float row_512_max(const float *x, int64_t n);
/* Within 2 units of the last place. */
float row_512_exp(const float *x, float *y, int64_t n, float m);
