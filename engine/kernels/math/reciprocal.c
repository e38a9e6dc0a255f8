// SPDX-License-Identifier: Apache-2.0
/* Reciprocal (and Inv, its old name) with gradients. Integers: 1/0 is 0, as only +-1 have one. */
#include "engine/kernels/math/grad.h"
#include "engine/kernels/math/short_math.h"

UNARY_LOOPS(reciprocal, SIGNED_TYPES, v == 1 || v == -1 ? v : 0)
UNARY_LOOPS(reciprocal, WIDE_COMPLEX_TYPES, 1 / v)
UNARY_LANES(reciprocal, short_reciprocal)
UNARY_OP(Reciprocal, reciprocal, SIGNED_NUMBER_TYPES, T_SIGNED_COMPLEX);
OP(Inv, .inputs = "x:T", .outputs = "y:T", .attrs = T_SIGNED_COMPLEX, .shape = shape_unchanged,
   .compute = reciprocal_compute, .inplace = 1);

GRAD(ReciprocalGrad, reciprocal_grad, -dy *y *y);
OP(InvGrad, .inputs = "y:T; dy:T", .outputs = "z:T", .attrs = T_FLOAT_COMPLEX, .shape = grad_shape,
   .compute = reciprocal_grad_compute, .inplace = 3);
