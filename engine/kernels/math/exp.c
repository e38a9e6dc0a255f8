// SPDX-License-Identifier: Apache-2.0
/* Exp, Expm1, Log, Log1p. */
#include "engine/kernels/math/complex.h"
#include "engine/kernels/math/log_double.h"
#include "engine/kernels/math/short_math.h"

UNARY_LOOPS(exp, WIDE_COMPLEX_TYPES, exp(v))
UNARY_LANES(exp, short_exp)
UNARY_OP(Exp, exp, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);

UNARY_LOOPS(log, TYPE_FLOAT, log(v))
UNARY_LOOPS(log, COMPLEX_TYPES, log(v))
UNARY_LANES(log, short_log)
UNARY_LOOPS(plain_log, TYPE_DOUBLE, log(v))
static void log_loop_DOUBLE(const void *x, void *y, int64_t n)
{
        log_doubles(plain_log_loop_DOUBLE, x, y, n);
}
UNARY_OP(Log, log, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);

UNARY_LOOPS(expm1, FLOAT_TYPES, expm1(v))
UNARY_LOOPS(expm1, COMPLEX_TYPES, complex_expm1(v))
UNARY_OP(Expm1, expm1, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);

UNARY_LOOPS(log1p, FLOAT_TYPES, log1p(v))
UNARY_LOOPS(log1p, COMPLEX_TYPES, complex_log1p(v))
UNARY_OP(Log1p, log1p, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX);
