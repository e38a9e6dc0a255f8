// SPDX-License-Identifier: Apache-2.0
/* What softmaxes and their losses do to a row of floats or doubles first. */
#pragma once
#include "engine/kernels/math/fold.h"
#include "engine/kernels/math/types.h"

/* Rows of so few elements are done together, FOLD_ROWS of them. */
enum { ROWS_SHORT = 128 };

/* row_max_<ID>(x, n): the largest of n > 0 elements; NaNs are passed over but for the first.
 * row_exp_<ID>(x, y, n, m): sets y[i] = exp(x[i] - m) unless y is NULL, and returns their sum. y
 * may be x. rows_max_<ID>, rows_exp_<ID>: the same of k <= FOLD_ROWS rows of n <= ROWS_SHORT, which
 * follow each other. */
#define DECLARE(ID, T, W, GET, PUT)                                                        \
        T row_max_##ID(const T *x, int64_t n);                                             \
        T row_exp_##ID(const T *x, T *y, int64_t n, T m);                                  \
        void rows_max_##ID(const T *x, int64_t n, int64_t k, T max[FOLD_ROWS]);            \
        void rows_exp_##ID(const T *x, T *y, int64_t n, int64_t k, const T max[FOLD_ROWS], \
                           T sum[FOLD_ROWS]);
WIDE_TYPES(DECLARE)
#undef DECLARE
