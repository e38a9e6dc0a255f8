// SPDX-License-Identifier: Apache-2.0
/* Where rows have their extremes, with zeros of both signs, infinities and NaNs in every lane,
 * against a loop that goes one element at a time. */
#include "tests/ops/math_case.h"

TestSuite(vector_extremes, .timeout = 120);

enum { ROWS = 7, LONGEST = 201 };

/* The first place in a row of n that no other is better than; a NaN is never better, and worse than
 * all. */
static int64_t first_best(const Tensor *x, int64_t from, int64_t n, double sign)
{
        int64_t best = -1;
        for (int64_t i = 0; i < n; i++) {
                double v = tensor_double(x, from + i);
                if (!isnan(v) && (best < 0 || sign * v > sign * tensor_double(x, from + best)))
                        best = i;
        }
        return MAX(best, 0);
}

/* Of row r the first r numbers are NaNs, the others of these in some order. */
static Tensor *special_rows(DType t, int64_t rows, int64_t n)
{
        static const double special[] = { 0,  -0.0, INFINITY, -INFINITY, NAN, 1,
                                          -1, NAN,  1e30,     -1e30,     2,   -2 };
        Tensor *x = NULL;
        cr_assert_null(tensor_new(t, &SHAPE(rows, n), &x));
        for (int64_t i = 0; i < rows * n; i++) {
                uint32_t some = (uint32_t)i * 2654435761u >> 20;
                bool nan = i % n < i / n;
                double v = nan ? NAN : special[some % (i / n % 2 ? COUNTOF(special) : 4)];
                if (t == DT_DOUBLE)
                        ((double *)tensor_fill(x))[i] = v;
                else
                        ((float *)tensor_fill(x))[i] = (float)v;
        }
        return x;
}

static void expect_extremes(DType t)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        buf_printf(&graph,
                   "x = Placeholder dtype: %s\na = Const int32 [] { 1 }\nm = ArgMax(x, a)\n"
                   "l = ArgMin(x, a)\nz = Pack(m, l)\n",
                   dtype_name(t));
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        for (int64_t n = 1; n <= LONGEST; n += 1 + n / 16) {
                autoptr(Tensor) x = special_rows(t, ROWS, n);
                autoptr(Tensor) z = math_run(s, (Feed[]){ { "x:0", x } }, 1);
                for (int64_t r = 0; r < ROWS; r++) {
                        cr_assert_eq(tensor_int(z, r), first_best(x, r * n, n, 1));
                        cr_assert_eq(tensor_int(z, ROWS + r), first_best(x, r * n, n, -1));
                }
        }
}

Test(vector_extremes, are_found_beside_nans_and_infinities)
{
        expect_extremes(DT_FLOAT);
        expect_extremes(DT_DOUBLE);
}
