// SPDX-License-Identifier: Apache-2.0
/* Sigmoid and its gradient. exp(-v) may overflow to infinity, whose reciprocal is the right 0. */
#include "engine/kernels/math/grad.h"
#include "engine/kernels/math/short_math.h"

UNARY_LOOPS(sigmoid, WIDE_COMPLEX_TYPES, 1 / (1 + exp(-v)))
UNARY_LANES(sigmoid, short_sigmoid)
UNARY_OP(Sigmoid, sigmoid, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);
GRAD_BY_LANES(SigmoidGrad, sigmoid_grad, dy *y *(1 - y), short_sigmoid_grad);
