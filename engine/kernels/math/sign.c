// SPDX-License-Identifier: Apache-2.0
/* Neg, Abs, Sign. Negating the smallest integer wraps to itself. */
#include "engine/kernels/math/unary.h"

UNARY_LOOPS(neg, SIGNED_TYPES, 0 - (uint64_t)v)
UNARY_EXACT_LOOPS(neg, FLOAT_COMPLEX_TYPES, -v)
UNARY_OP(Neg, neg, SIGNED_NUMBER_TYPES, T_SIGNED_COMPLEX);

UNARY_LOOPS(abs, SIGNED_TYPES, v < 0 ? 0 - (uint64_t)v : (uint64_t)v)
UNARY_LOOPS(abs, FLOAT_TYPES, fabs(v))
UNARY_OP(Abs, abs, SIGNED_REAL_TYPES, T_SIGNED);

UNARY_LOOPS(sign, SIGNED_TYPES, (v > 0) - (v < 0))
UNARY_LOOPS(sign, FLOAT_TYPES, v != v ? v : (V)((v > 0) - (v < 0)))
UNARY_LOOPS(sign, COMPLEX_TYPES, v == 0 ? 0 : v / cabs(v))
UNARY_OP(Sign, sign, SIGNED_NUMBER_TYPES, T_SIGNED_COMPLEX);
