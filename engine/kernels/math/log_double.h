// SPDX-License-Identifier: Apache-2.0
/* Logarithms of doubles, eight at a time. */
#pragma once
#include "engine/kernels/math/unary.h"

/* y[i] = log(x[i]), within 1.5 units of the last place where the processor has AVX-512; `plain`,
 * which does the same, is called for vectors that hold other than normal numbers above zero, and
 * where it has not. */
void log_doubles(UnaryFn plain, const double *x, double *y, int64_t n);
