// SPDX-License-Identifier: Apache-2.0
/* Ops of one short float for all 65,536 there are, in vectors and in plain loops, against libm in
 * double. */
#include "engine/base/buf.h"
#include "engine/kernels/math/half_pieces.h"
#include "tests/lib/op_session.h"
#include <criterion/criterion.h>

TestSuite(shorts, .timeout = 120);

enum { ALL_SHORTS = 1 << 16 };

typedef struct ShortCase {
        const char *op;
        double (*want)(double v);
        double error; /* in units of the last place, beside half a one for rounding; 0: the nearest
                       */
} ShortCase;

static double neg(double v)
{
        return -v;
}
static double square(double v)
{
        return v * v;
}
static double reciprocal(double v)
{
        return 1 / v;
}
static double rsqrt_of(double v)
{
        return 1 / (sqrt)(v);
}
static double sigmoid(double v)
{
        return 1 / (1 + (exp)(-v));
}
static double elu(double v)
{
        return v < 0 ? (expm1)(v) : v;
}
static double selu(double v)
{
        return v < 0 ? 1.7580993408473768599402175208123 * (expm1)(v)
                     : 1.0507009873554804934193349852946 * v;
}
static double softplus(double v)
{
        return (v > 0 ? v : 0) + (log1p)((exp)(-(fabs)(v)));
}

static const ShortCase cases[] = {
        { "Neg", neg, 0 },
        { "Abs", fabs, 0 },
        { "Square", square, 0 },
        { "Reciprocal", reciprocal, 0 },
        { "Sqrt", sqrt, 0 },
        { "Rsqrt", rsqrt_of, 0.2 },
        { "Exp", exp, 0.2 },
        { "Log", log, 0.2 },
        { "Tanh", tanh, 0.2 },
        { "Sigmoid", sigmoid, 0.2 },
        { "Elu", elu, 0.2 },
        { "Selu", selu, 0.2 },
        { "Softplus", softplus, 0.2 },
};

static double value(DType t, uint16_t bits)
{
        return t == DT_HALF ? (double)half_to_float((Half){ bits })
                            : (double)bfloat16_to_float((BFloat16){ bits });
}

/* The distance of v's neighbours, and of those of the smallest normal number below that. */
static double unit(DType t, double v)
{
        int digits = t == DT_HALF ? 11 : 8, e;
        double least = t == DT_HALF ? 0x1p-14 : 0x1p-126;
        (frexp)((fmax)((fabs)(v), least), &e);
        return (ldexp)(1, e - digits);
}

/* Infinity is what comes after the largest. Loops of floats overflow on the way to what is below
 * the smallest normal number. */
static void expect_near(const char *op, DType t, double of, double want, double error, double got)
{
        double largest = t == DT_HALF ? 65504 : 0x1.fep127;
        if (isnan(want) || isnan(got)) {
                cr_assert(isnan(want) && isnan(got), "%s %s of %a: %a, not %a", op, dtype_name(t),
                          of, got, want);
                return;
        }
        double most = unit(t, want) * (0.5 + error);
        if ((fabs)(want) >= largest + unit(t, largest) / 2)
                want = copysign(INFINITY, want);
        bool lost = short_lanes_off && got == 0 && (fabs)(want) < 0x1p-126;
        bool near = lost || got == want || (fabs)(got - want) <= most ||
                    (isinf(got) && (fabs)(want) >= largest + unit(t, largest) - most);
        bool signs = !signbit(got) == !signbit(want) || (error > 0 && got == 0);
        cr_assert(near && signs, "%s %s of %a: %a, not %a", op, dtype_name(t), of, got, want);
}

static Tensor *run_all(const ShortCase *c, DType t, Tensor *x)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        Tensor *z = NULL;
        const char *fetch = "z:0";
        buf_printf(&graph, "x = Placeholder dtype: %s\nz = %s(x)\n", dtype_name(t), c->op);
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        Feed feed = { "x:0", x };
        cr_assert_null(test_session_run(
                s, &(RunRequest){ .feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1 },
                &z));
        return z;
}

static void expect_all(DType t)
{
        for (size_t i = 0; i < COUNTOF(cases); i++) {
                autoptr(Tensor) x = NULL;
                cr_assert_null(tensor_new(t, &SHAPE(ALL_SHORTS), &x));
                for (int k = 0; k < ALL_SHORTS; k++)
                        ((uint16_t *)tensor_fill(x))[k] = (uint16_t)k;
                autoptr(Tensor) y = run_all(&cases[i], t, x);
                for (int k = 0; k < ALL_SHORTS; k++)
                        expect_near(cases[i].op, t, value(t, (uint16_t)k),
                                    cases[i].want(value(t, (uint16_t)k)), cases[i].error,
                                    value(t, ((const uint16_t *)tensor_data(y))[k]));
        }
}

Test(shorts, all_halves_have_the_nearest_results)
{
        expect_all(DT_HALF);
}
Test(shorts, all_bfloat16_have_the_nearest_results)
{
        expect_all(DT_BFLOAT16);
}
Test(shorts, all_have_the_nearest_results_without_vectors_of_halves)
{
        half_pieces_off = true;
        expect_all(DT_HALF);
        expect_all(DT_BFLOAT16);
}
Test(shorts, all_have_the_nearest_results_without_vectors)
{
        short_lanes_off = true;
        expect_all(DT_HALF);
        expect_all(DT_BFLOAT16);
}

/* ---- reductions ---- */

/* Numbers of both signs that follow no order, and now and then one of no use to others. */
static uint16_t number(DType t, int64_t i, bool odd_ones)
{
        static const double odd[] = { INFINITY, -INFINITY, NAN, 0, -0.0, 6e-8, 60000 };
        uint32_t h = (uint32_t)(i + 1) * 2654435761u;
        float v = ((float)(h >> 8) * 0x1p-24f - 0.4f) * (float)(1 << (h & 7));
        if (odd_ones && (h >> 12) % 61 == 0)
                v = (float)odd[(h >> 4) % COUNTOF(odd)];
        return t == DT_HALF ? half_from_float(v).bits : bfloat16_from_float(v).bits;
}

typedef struct Reduction {
        const char *op;
        double sum, size, most; /* of magnitudes: sum; how many */
        bool nan;
} Reduction;

static void take(Reduction *r, double v)
{
        bool more = strcmp(r->op, "Min") ? v > r->most : v < r->most;
        r->most = r->size == 0 || more ? v : r->most;
        r->sum += v;
        r->nan |= isnan(v);
        r->size++;
}

/* Column `at` of m, or row `at` of n elements, which are reduced to y. */
static void expect_reduced(const char *op, DType t, const uint16_t *x, int64_t count, int64_t step,
                           uint16_t y)
{
        Reduction r = { .op = op };
        double magnitudes = 0, got = value(t, y);
        for (int64_t i = 0; i < count; i++) {
                take(&r, value(t, x[i * step]));
                magnitudes += (fabs)(value(t, x[i * step]));
        }
        if (op[0] == 'M' && strcmp(op, "Mean")) {
                cr_assert(r.nan ? isnan(got) : got == r.most, "%s %s of %ld: %g, not %g", op,
                          dtype_name(t), (long)count, got, r.most);
                return;
        }
        double by = strcmp(op, "Mean") ? 1 : r.size, want = r.sum / by;
        cr_assert((fabs)(got - want) <= unit(t, want) / 2 + magnitudes / by * 0x1p-18,
                  "%s %s of %ld: %g, not %g", op, dtype_name(t), (long)count, got, want);
}

static void expect_matrix(const char *op, DType t, int64_t m, int64_t n, int axis)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        autoptr(Tensor) x = NULL;
        autoptr(Tensor) z = NULL;
        const char *fetch = "z:0";
        buf_printf(&graph, "x = Placeholder dtype: %s\na = Const int32 [] { %d }\nz = %s(x, a)\n",
                   dtype_name(t), axis, op);
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        cr_assert_null(tensor_new(t, &SHAPE(m, n), &x));
        uint16_t *v = tensor_fill(x);
        for (int64_t i = 0; i < m * n; i++)
                v[i] = number(t, i, op[1] != 'u' && strcmp(op, "Mean"));
        Feed feed = { "x:0", x };
        RunRequest r = { .feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1 };
        cr_assert_null(test_session_run(s, &r, &z));
        const uint16_t *y = tensor_data(z);
        for (int64_t i = 0; i < (axis ? m : n); i++)
                expect_reduced(op, t, axis ? v + i * n : v + i, axis ? n : m, axis ? 1 : n, y[i]);
}

/* Rows as short as a lane and longer than what lanes carry, as few and as many as are taken at
 * once; columns that threads share. */
static void expect_reductions(void)
{
        static const char *const ops[] = { "Sum", "Mean", "Max", "Min" };
        static const int64_t sizes[][2] = { { 1, 1 },    { 3, 5 },    { 16, 31 },   { 17, 32 },
                                            { 40, 33 },  { 15, 100 }, { 70, 64 },   { 9, 511 },
                                            { 5, 1500 }, { 3, 9000 }, { 1000, 97 }, { 1, 4097 } };
        for (size_t o = 0; o < COUNTOF(ops); o++)
                for (size_t i = 0; i < COUNTOF(sizes); i++)
                        for (int axis = 0; axis < 2; axis++) {
                                expect_matrix(ops[o], DT_HALF, sizes[i][0], sizes[i][1], axis);
                                expect_matrix(ops[o], DT_BFLOAT16, sizes[i][0], sizes[i][1], axis);
                        }
}

Test(shorts, are_reduced_as_doubles_are)
{
        expect_reductions();
}
Test(shorts, are_reduced_as_doubles_are_without_vectors)
{
        short_lanes_off = true;
        expect_reductions();
}

/* ---- two operands ---- */

static double quotient(double a, double b)
{
        return a / b;
}
static double product(double a, double b)
{
        return a * b;
}
static double difference(double a, double b)
{
        return a - b;
}
static double tanh_grad(double y, double dy)
{
        return dy * (1 - y * y);
}

typedef struct ShortPairCase {
        const char *op;
        double (*want)(double a, double b);
        double error, from, to; /* of all first operands those are tried */
} ShortPairCase;

static const ShortPairCase pair_cases[] = {
        { "Mul", product, 0, -INFINITY, INFINITY },
        { "Sub", difference, 0, -INFINITY, INFINITY },
        { "RealDiv", quotient, 0, -INFINITY, INFINITY },
        { "Pow", pow, 0.3, -INFINITY, INFINITY },
        { "TanhGrad", tanh_grad, 0.2, -0.99, 0.99 },
};

static const double seconds[] = { 3,    -0.1, 1.7,  -2,     0.5,      0,     -0.0, INFINITY, NAN,
                                  1e-4, 777,  1e-7, -31.25, 1.015625, 60000, 1,    -INFINITY };

/* All first operands with one of the second, alone or as many times. */
static void expect_pairs(const ShortPairCase *c, DType t, float second, bool alone)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        autoptr(Tensor) x = NULL;
        autoptr(Tensor) y = NULL;
        autoptr(Tensor) z = NULL;
        const char *fetch = "z:0", *type = dtype_name(t);
        uint16_t b = t == DT_HALF ? half_from_float(second).bits : bfloat16_from_float(second).bits;
        buf_printf(&graph, "x = Placeholder dtype: %s\ny = Placeholder dtype: %s\nz = %s(x, y)\n",
                   type, type, c->op);
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        cr_assert_null(tensor_new(t, &SHAPE(ALL_SHORTS), &x));
        cr_assert_null(tensor_new(t, alone ? &SHAPE_SCALAR : &SHAPE(ALL_SHORTS), &y));
        for (int k = 0; k < ALL_SHORTS; k++)
                ((uint16_t *)tensor_fill(x))[k] = (uint16_t)k;
        for (int k = 0; k < tensor_count(y); k++)
                ((uint16_t *)tensor_fill(y))[k] = b;
        Feed feeds[] = { { "x:0", x }, { "y:0", y } };
        RunRequest r = { .feeds = feeds, .n_feeds = 2, .fetches = &fetch, .n_fetches = 1 };
        cr_assert_null(test_session_run(s, &r, &z));
        for (int k = 0; k < ALL_SHORTS; k++) {
                double a = value(t, (uint16_t)k);
                if (a >= c->from && a <= c->to)
                        expect_near(c->op, t, a, c->want(a, value(t, b)), c->error,
                                    value(t, ((const uint16_t *)tensor_data(z))[k]));
        }
}

static void expect_all_pairs(void)
{
        for (size_t i = 0; i < COUNTOF(pair_cases); i++)
                for (size_t k = 0; k < COUNTOF(seconds); k++) {
                        bool alone = strcmp(pair_cases[i].op, "TanhGrad") && k % 2;
                        expect_pairs(&pair_cases[i], DT_HALF, (float)seconds[k], alone);
                        expect_pairs(&pair_cases[i], DT_BFLOAT16, (float)seconds[k], alone);
                }
}

Test(shorts, with_another_have_the_nearest_results)
{
        expect_all_pairs();
}
Test(shorts, with_another_have_the_nearest_results_without_vectors)
{
        short_lanes_off = true;
        expect_all_pairs();
}

/* ---- softmax ---- */

/* The largest of a row, and the sum of exp() of what lies below it. */
static void row_of(DType t, const uint16_t *x, int64_t n, double *ret_max, double *ret_sum)
{
        double max = -INFINITY, sum = 0;
        for (int64_t k = 0; k < n; k++)
                max = (fmax)(max, value(t, x[k]));
        for (int64_t k = 0; k < n; k++)
                sum += (exp)(value(t, x[k]) - max);
        *ret_max = max;
        *ret_sum = sum;
}

static Tensor *softmax_of(const char *op, DType t, Tensor *x)
{
        const ShortCase c = { .op = op };
        return run_all(&c, t, x);
}

/* Three rows, the last one below zero throughout. */
static void expect_softmax(DType t, int64_t n, bool is_log)
{
        enum { M = 3 };
        autoptr(Tensor) x = NULL;
        const char *op = is_log ? "LogSoftmax" : "Softmax";
        cr_assert_null(tensor_new(t, &SHAPE(M, n), &x));
        uint16_t *v = tensor_fill(x);
        for (int64_t i = 0; i < M * n; i++)
                v[i] = number(t, i, false) | (i < (M - 1) * n ? 0 : 0x8000);
        v[n - 1] = t == DT_HALF ? 0xfc00 : 0xff80; /* minus infinity at the end of a row */
        autoptr(Tensor) z = softmax_of(op, t, x);
        double max = 0, sum = 0;
        for (int64_t i = 0; i < M * n; i++) {
                double mine = value(t, v[i]);
                if (i % n == 0)
                        row_of(t, v + i, n, &max, &sum);
                double want = is_log ? mine - max - (log)(sum) : (exp)(mine - max) / sum;
                double got = value(t, ((const uint16_t *)tensor_data(z))[i]);
                if (!is_log || !((fabs)(got - want) < 0x1p-22)) /* what floats leave of it */
                        expect_near(op, t, mine, want, 0.3, got);
        }
}

/* Rows with a NaN of either sign, among numbers above zero and below, and between them one without.
 */
static void expect_nans(DType t, int64_t n, const char *op)
{
        autoptr(Tensor) x = NULL;
        cr_assert_null(tensor_new(t, &SHAPE(9, n), &x));
        uint16_t *v = tensor_fill(x);
        for (int64_t i = 0; i < 9 * n; i++)
                v[i] = (number(t, i, false) & 0x7fff) | (i / n & 4 ? 0x8000 : 0);
        for (int64_t r = 1; r < 9; r += 2)
                v[r * n + n / 2] = r & 2 ? 0xffff : 0x7fff;
        autoptr(Tensor) z = softmax_of(op, t, x);
        for (int64_t i = 0; i < 9 * n; i++)
                cr_assert_eq(isnan(value(t, ((const uint16_t *)tensor_data(z))[i])) != 0,
                             (i / n & 1) != 0, "%s %s of %ld, row %ld", op, dtype_name(t), (long)n,
                             (long)(i / n));
}

static void expect_softmaxes(void)
{
        static const int64_t sizes[] = { 5, 64, 65, 100, 127, 1000, 4097 };
        for (size_t i = 0; i < COUNTOF(sizes); i++)
                for (int is_log = 0; is_log < 2; is_log++) {
                        expect_softmax(DT_HALF, sizes[i], is_log);
                        expect_softmax(DT_BFLOAT16, sizes[i], is_log);
                        expect_nans(DT_HALF, sizes[i], is_log ? "LogSoftmax" : "Softmax");
                        expect_nans(DT_BFLOAT16, sizes[i], is_log ? "LogSoftmax" : "Softmax");
                }
}

Test(shorts, rows_have_the_nearest_softmax)
{
        expect_softmaxes();
}
Test(shorts, rows_have_the_nearest_softmax_without_vectors)
{
        short_lanes_off = true;
        expect_softmaxes();
}
