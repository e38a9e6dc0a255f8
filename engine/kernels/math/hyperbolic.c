// SPDX-License-Identifier: Apache-2.0
/* Sinh, Cosh, Tanh, Asinh, Acosh, Atanh and the gradient of Tanh. */
#include "engine/kernels/math/grad.h"
#include "engine/kernels/math/short_math.h"
#include "engine/kernels/math/wide_math.h"

UNARY(Sinh, sinh, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX, sinh(v));
UNARY(Cosh, cosh, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX, cosh(v));
WIDE_LOOP(tanh, FLOAT, tanh_floats, tanh(v))
WIDE_LOOP(tanh, DOUBLE, tanh_doubles, tanh(v))
UNARY_LOOPS(tanh, COMPLEX_TYPES, tanh(v))
UNARY_LANES(tanh, short_tanh)
UNARY_OP(Tanh, tanh, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);
UNARY(Asinh, asinh, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX, asinh(v));
UNARY(Acosh, acosh, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX, acosh(v));
UNARY(Atanh, atanh, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX, atanh(v));
GRAD_BY_LANES(TanhGrad, tanh_grad, dy *(1 - y * y), short_tanh_grad);
