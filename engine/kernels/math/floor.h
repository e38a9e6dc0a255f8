// SPDX-License-Identifier: Apache-2.0
/* Quotients and remainders of floor division in floating point, without branches: what processors
 * divide in vectors. */
#pragma once
#include "engine/kernels/math/types.h"

/* The floor of a / b and the remainder of b's sign, for integers up to 2^51. A reciprocal is
 * enough, and is taken once where b stands still: it misses the quotient by one at most, and that
 * shows in the remainder, which is exact. b is not 0. Nothing branches on b alone: a loop in which
 * it stands still would branch, too. */
IN_LOOP double floor_quotient(double a, double b, double *rest)
{
        double q = floor(a * (1 / b)), r = a - q * b, over = r * copysign(1.0, b);
        double off = over < 0 ? -1 : over >= fabs(b) ? 1 : 0;
        *rest = r - off * b;
        return q + off;
}

/* The floor of a / b for integers of 32 bits. A half more of a never reaches the next multiple, and
 * keeps the quotient so far from whole numbers that a reciprocal's error (2^-52 of it) does not
 * matter. */
IN_LOOP double floor_of_32(double a, double b)
{
        return floor((a + copysign(0.5, b)) * (1 / b));
}
