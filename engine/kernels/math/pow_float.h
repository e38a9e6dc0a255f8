// SPDX-License-Identifier: Apache-2.0
/* Powers of floats, sixteen at a time. */
#pragma once
#include "engine/kernels/math/binary.h"

/* z[i] = x[i * xs] to the power y[i * ys], within 0.6 units of the last place where the processor
 * has AVX-512; `plain`, which does the same, is called for vectors that hold other bases than
 * finite ones above zero or other exponents than finite ones, and where it has not. */
void pow_floats(BinaryFn plain, const float *x, int64_t xs, const float *y, int64_t ys, float *z,
                int64_t n);
