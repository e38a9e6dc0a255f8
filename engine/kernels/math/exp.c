// SPDX-License-Identifier: Apache-2.0
/* Exp, Expm1, Log, Log1p. */
#include "engine/kernels/math/complex.h"
#include "engine/kernels/math/short_math.h"
#include "engine/kernels/math/wide_math.h"

UNARY_LOOPS(exp, WIDE_COMPLEX_TYPES, exp(v))
UNARY_LANES(exp, short_exp)
UNARY_OP(Exp, exp, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);

UNARY_LOOPS(log, TYPE_FLOAT, log(v))
UNARY_LOOPS(log, COMPLEX_TYPES, log(v))
UNARY_LANES(log, short_log)
WIDE_LOOP(log, DOUBLE, log_doubles, log(v))
UNARY_OP(Log, log, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);

UNARY_LOOPS(expm1, FLOAT_TYPES, expm1(v))
UNARY_LOOPS(expm1, COMPLEX_TYPES, complex_expm1(v))
UNARY_OP(Expm1, expm1, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);

UNARY_LOOPS(log1p, FLOAT_TYPES, log1p(v))
UNARY_LOOPS(log1p, COMPLEX_TYPES, complex_log1p(v))
UNARY_OP(Log1p, log1p, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);
