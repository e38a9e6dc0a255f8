// SPDX-License-Identifier: Apache-2.0
/* What softmaxes and their losses do to a row of floats or doubles first. */
#pragma once
#include "engine/kernels/math/types.h"

/* row_max_<ID>(x, n): the largest of n > 0 elements; NaNs are passed over but for the first.
 * row_exp_<ID>(x, y, n, m): sets y[i] = exp(x[i] - m) unless y is NULL, and returns their sum. y
 * may be x. */
#define DECLARE(ID, T, W, GET, PUT)            \
        T row_max_##ID(const T *x, int64_t n); \
        T row_exp_##ID(const T *x, T *y, int64_t n, T m);
WIDE_TYPES(DECLARE)
#undef DECLARE
