// SPDX-License-Identifier: Apache-2.0
/* Sum, Prod, Mean, EuclideanNorm. Means of integers are cut towards zero, as TensorFlow's. */
#include "engine/kernels/math/reduce.h"
#include "engine/kernels/math/short_sum.h"

/* Those of short floats differ from those of floats in how values come in. */
#define SHORT_ROW(ID, fn)                                                               \
        [DT_##ID] = { sizeof(double),        fn##_init_FLOAT,     short_sum_along_##ID, \
                      short_sum_across_##ID, short_sum_rows_##ID, fn##_join_FLOAT,      \
                      fn##_finish_FLOAT,     short_sum_down_##ID, true },
#define SHORT_ROWS(fn) SHORT_ROW(HALF, fn) SHORT_ROW(BFLOAT16, fn)

REDUCE_LOOPS(sum, NUMBER_TYPES, WIDE_ACC, 0, s + v, s + v, s)
REDUCE_OP_SHORT(Sum, sum, NUMBER_TYPES, WIDE_ACC, SHORT_ROWS(sum), T_NUMBER,
                .kernels = KERNELS_NUMBER);

Status *reduce_sum(OpCtx *c, const Tensor *x, const Shape *shape, unsigned axes, Tensor *y)
{
        return reduce_apply(c, sum_fns, x, shape, axes, y);
}

REDUCE_LOOPS(prod, NUMBER_TYPES, WIDE_ACC, 1, s *v, s *v, s)
REDUCE_OP(Prod, prod, NUMBER_TYPES, WIDE_ACC, T_NUMBER, .kernels = KERNELS_NUMBER);

REDUCE_LOOPS(mean, FLOAT_COMPLEX_TYPES, WIDE_ACC, 0, s + v, s + v, s / count)
REDUCE_LOOPS(mean, SIGNED_TYPES, WIDE_ACC, 0, s + v, s + v, count ? (int64_t)s / count : 0)
REDUCE_LOOPS(mean, UNSIGNED_TYPES, WIDE_ACC, 0, s + v, s + v, count ? s / (uint64_t)count : 0)
REDUCE_OP_SHORT(Mean, mean, NUMBER_TYPES, WIDE_ACC, SHORT_ROWS(mean), T_NUMBER,
                .kernels = KERNELS_NUMBER);

REDUCE_LOOPS(norm, FLOAT_TYPES, WIDE_ACC, 0, s + v * v, s + v, sqrt(s))
REDUCE_LOOPS(norm, INT_TYPES, WIDE_ACC, 0, s + v * v, s + v, sqrt((double)s))
REDUCE_LOOPS(norm, COMPLEX_TYPES, WIDE_ACC, 0, s + v * conj(v), s + v, sqrt(creal(s)))
REDUCE_OP(EuclideanNorm, norm, NUMBER_TYPES, WIDE_ACC, T_NUMBER, .kernels = KERNELS_NUMBER);
