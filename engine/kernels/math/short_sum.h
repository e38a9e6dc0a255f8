// SPDX-License-Identifier: Apache-2.0
/* Sums of halves and bfloat16 into accumulators of doubles, as rows of ReduceFns. Values are added
 * up as floats, at most SHORT_CARRY one after the other in a lane before that goes into the
 * accumulators: a sum is off by at most 2^-18 of what the magnitudes sum up to, while the result is
 * rounded to 2^-12 of itself or less. Only where short_lanes_usable(). */
#pragma once
#include <stdint.h>

enum { SHORT_CARRY = 32 };

/* As ReduceFns has them. */
#define DECLARE(ID)                                                               \
        void short_sum_along_##ID(const void *x, int64_t n, void *acc);           \
        void short_sum_across_##ID(const void *x, int64_t n, void *acc);          \
        void short_sum_rows_##ID(const void *x, int64_t n, int64_t m, void *acc); \
        void short_sum_down_##ID(const void *x, int64_t n, int64_t m, int64_t stride, void *acc);
DECLARE(HALF)
DECLARE(BFLOAT16)
#undef DECLARE
