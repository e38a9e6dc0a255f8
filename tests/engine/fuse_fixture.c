// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/fuse_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

/* As nodes, so that the graph's text stays short. */
void sines(Buf *b, const char *name, const char *shape, int rank, int n, double scale, double shift)
{
        buf_printf(b,
                   "%s/0 = Const float [] { 0 }\n%s/n = Const float [] { %d }\n"
                   "%s/1 = Const float [] { 1 }\n%s/k = Const float [] { %g }\n"
                   "%s/s = Const float [] { %g }\n%s/d = Const int32 [%d] { %s }\n"
                   "%s/r = Range(%s/0, %s/n, %s/1)\n%s/m = Mul(%s/r, %s/k)\n"
                   "%s/i = Sin(%s/m)\n%s/a = Add(%s/i, %s/s)\n%s = Reshape(%s/a, %s/d)\n",
                   name, name, n, name, name, scale, name, shift, name, rank, shape, name, name,
                   name, name, name, name, name, name, name, name, name, name, name, name, name);
}

/* NaN only beside NaN; infinities must be the same. */
void expect_near(const Tensor *a, const Tensor *b)
{
        cr_assert(shape_equal(tensor_shape(a), tensor_shape(b)));
        for (int64_t i = 0; i < tensor_count(a); i++) {
                double x = tensor_double(a, i), y = tensor_double(b, i);
                cr_assert(x == y || (isnan(x) && isnan(y)) || fabs(x - y) < 2e-5 * (1 + fabs(y)),
                          "element %ld: %g, one by one %g", (long)i, x, y);
        }
}
