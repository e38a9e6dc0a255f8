// SPDX-License-Identifier: Apache-2.0
/* Erf, Erfc, Erfinv, Ndtri. */
#include "engine/kernels/math/erf.h"
#include "engine/kernels/math/special.h"
#include "engine/kernels/math/unary.h"

UNARY_LOOPS(erf, TYPE_HALF, )
UNARY_LOOPS(erf, TYPE_BFLOAT16, erf_float(v))
UNARY_LOOPS(erf, TYPE_FLOAT, erf_float(v))
UNARY_LOOPS(erf, TYPE_DOUBLE, erf(v))
UNARY_OP(Erf, erf, FLOAT_TYPES, T_FLOAT);
UNARY(Erfc, erfc, FLOAT_TYPES, T_FLOAT, erfc(v));
UNARY(Erfinv, erfinv, FLOAT_TYPES, T_FLOAT, special_erfinv((double)v));
UNARY(Ndtri, ndtri, FLOAT_TYPES, T_FLOAT, special_ndtri((double)v));
