// SPDX-License-Identifier: Apache-2.0
/* What an elementwise op shall give, for tests of vectors. */
#pragma once
#include "engine/base/buf.h"
#include "engine/tensor/short_float.h"
#include "tests/lib/op_session.h"
#include <criterion/criterion.h>
#include <math.h>

typedef struct MathCase {
        const char *name, *graph; /* of a and b, to z */
        double (*want)(double a, double b);
        double error; /* in units of the last place; 0: the same bits but for NaNs */
} MathCase;

/* What the session's z is with these feeds. */
Tensor *math_run(TestSession *s, Feed *feeds, int n);
/* Is `got`, of type t, what c wants of a and b? */
void math_expect(const MathCase *c, DType t, double a, double b, double got);

UNUSED static double math_elu(double a, double b UNUSED)
{
        return a < 0 ? expm1(a) : a;
}
UNUSED static double math_selu(double a, double b UNUSED)
{
        return (a < 0 ? 1.6732632423543772848 * expm1(a) : a) * 1.0507009873554804935;
}
UNUSED static double math_log(double a, double b UNUSED)
{
        return log(a);
}
UNUSED static double math_tanh(double a, double b UNUSED)
{
        return tanh(a);
}
UNUSED static double math_rsqrt(double a, double b UNUSED)
{
        return 1 / sqrt(a);
}
UNUSED static double math_softplus(double a, double b UNUSED)
{
        return (a > 0 ? a : 0) + log1p(exp(-fabs(a)));
}
