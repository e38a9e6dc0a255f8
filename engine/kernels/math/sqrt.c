// SPDX-License-Identifier: Apache-2.0
/* Sqrt, Rsqrt and their gradients, which are told the result y, not the argument. */
#include "engine/kernels/math/grad.h"
#include "engine/kernels/math/short_math.h"
#include "engine/kernels/math/wide_math.h"

UNARY_LOOPS(sqrt, WIDE_COMPLEX_TYPES, sqrt(v))
UNARY_LANES(sqrt, short_sqrt)
UNARY_OP(Sqrt, sqrt, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);

WIDE_LOOP(rsqrt, FLOAT, rsqrt_floats, 1 / sqrt(v))
WIDE_LOOP(rsqrt, DOUBLE, rsqrt_doubles, 1 / sqrt(v))
UNARY_LOOPS(rsqrt, COMPLEX_TYPES, 1 / sqrt(v))
UNARY_LANES(rsqrt, short_rsqrt)
UNARY_OP(Rsqrt, rsqrt, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);

GRAD(SqrtGrad, sqrt_grad, (V)0.5 * dy / y);
GRAD(RsqrtGrad, rsqrt_grad, (V)-0.5 * dy * y * y * y);
