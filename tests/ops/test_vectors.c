// SPDX-License-Identifier: Apache-2.0
/* Elementwise ops in vectors: every length from 1 to 67, from addresses that are not aligned, with
 * zeros of both signs, infinities, NaNs and the smallest numbers in every lane; against libm in
 * double. */
#include "tests/ops/math_case.h"

TestSuite(vectors, .timeout = 120);

enum { LONGEST = 67 };

static const double values[] = { 0,    -0.0,  1,        -1,        2,    -2,    0.5,   -0.5,
                                 3,    -3,    INFINITY, -INFINITY, NAN,  6e-8,  -6e-8, 1e-5,
                                 7.25, -7.25, 20,       -20,       88.5, -88.5, 100,   -104,
                                 6e4,  -6e4,  1e-40,    -1e-40,    0.1,  -0.3,  1.5,   2.5,
                                 1e5,  -1e30, 3e38,     1e-3,      5,    10,    -10,   0.99 };

static double neg(double a, double b UNUSED)
{
        return -a;
}
static double relu(double a, double b UNUSED)
{
        return a <= 0 ? 0 : a;
}
static double exponential(double a, double b UNUSED)
{
        return exp(a);
}
static double error_function(double a, double b UNUSED)
{
        return erf(a);
}
static double sigmoid(double a, double b UNUSED)
{
        return 1 / (1 + exp(-a));
}
static double maximum(double a, double b)
{
        return a > b || a != a ? a : b;
}
static double sum(double a, double b)
{
        return a + b;
}
static double ratio(double a, double b)
{
        return a / b;
}
static double less(double a, double b)
{
        return a < b;
}
static double select_positive(double a, double b)
{
        return a > 0 ? a : b;
}

static const MathCase cases[] = {
        { "Neg", "z = Neg(a)", neg, 0 },
        { "Relu", "z = Relu(a)", relu, 0 },
        { "Exp", "z = Exp(a)", exponential, 4 },
        { "Log", "z = Log(a)", math_log, 4 },
        { "Tanh", "z = Tanh(a)", math_tanh, 4 },
        { "Erf", "z = Erf(a)", error_function, 4 },
        { "Softplus", "z = Softplus(a)", math_softplus, 5 },
        { "Elu", "z = Elu(a)", math_elu, 4 },
        { "Selu", "z = Selu(a)", math_selu, 4 },
        { "Sigmoid", "z = Sigmoid(a)", sigmoid, 4 },
        { "Rsqrt", "z = Rsqrt(a)", math_rsqrt, 2 },
        { "Maximum", "z = Maximum(a, b)", maximum, 0 },
        { "Add", "z = Add(a, b)", sum, 0 },
        { "RealDiv", "z = RealDiv(a, b)", ratio, 0 },
        { "Pow", "z = Pow(a, b)", pow, 2 },
        { "Less", "z = Less(a, b)", less, 0 },
        { "Select", "o = ZerosLike(a)\nc = Greater(a, o)\nz = Select(c, a, b)", select_positive,
          0 },
        { "Select of rows", "o = ZerosLike(a)\nc = Greater(a, o)\nz = SelectV2(c, a, b)",
          select_positive, 0 },
};

static Tensor *vector(DType t, int64_t n, int64_t seed)
{
        Tensor *x = NULL;
        cr_assert_null(tensor_new(t, &SHAPE(n), &x));
        for (int64_t i = 0; i < n; i++) {
                double v = values[(size_t)(i * 7 + seed) % COUNTOF(values)];
                float f = (float)v;
                if (t == DT_DOUBLE)
                        ((double *)tensor_fill(x))[i] = v;
                else if (t == DT_FLOAT)
                        ((float *)tensor_fill(x))[i] = f;
                else
                        short_narrow(t, &f, (char *)tensor_fill(x) + 2 * i, 1);
        }
        return x;
}

/* a and b are views one element into what is fed; b may be a single element. */
static void expect_case(const MathCase *c, DType t)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        const char *name = dtype_name(t);
        buf_printf(&graph,
                   "x = Placeholder dtype: %s\ny = Placeholder dtype: %s\n"
                   "one = Const int32 [1] { 1 }\nrest = Const int32 [1] { -1 }\n"
                   "a = Slice(x, one, rest)\nb = Slice(y, one, rest)\n%s\n",
                   name, name, c->graph);
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        for (int64_t n = 1; n <= LONGEST; n++) {
                autoptr(Tensor) x = vector(t, n + 1, n);
                autoptr(Tensor) y = vector(t, n + 1, 3 * n + 5);
                autoptr(Tensor) z = math_run(s, (Feed[]){ { "x:0", x }, { "y:0", y } }, 2);
                cr_assert_eq(tensor_count(z), n);
                for (int64_t i = 0; i < n; i++)
                        math_expect(c, tensor_dtype(z), tensor_double(x, i + 1),
                                    tensor_double(y, i + 1), tensor_double(z, i));
        }
}

static void expect_all(DType t)
{
        for (size_t i = 0; i < COUNTOF(cases); i++)
                expect_case(&cases[i], t);
}

Test(vectors, of_floats_are_libms_values_in_every_lane)
{
        expect_all(DT_FLOAT);
}
Test(vectors, of_doubles_are_libms_values_in_every_lane)
{
        expect_all(DT_DOUBLE);
}
Test(vectors, of_halves_are_libms_values_in_every_lane)
{
        expect_all(DT_HALF);
}
Test(vectors, of_bfloat16_are_libms_values_in_every_lane)
{
        expect_all(DT_BFLOAT16);
}

/* One exponent for all, of those that have arithmetic of their own, and one that has not. */
static void expect_powers(DType t)
{
        static const double exponents[] = { 1, 2, 3, -1, 0.5, -0.5, -2 };
        static const MathCase power = { "Pow", NULL, pow, 2 };
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        const char *name = dtype_name(t);
        buf_printf(&graph, "a = Placeholder dtype: %s\nb = Placeholder dtype: %s\nz = Pow(a, b)\n",
                   name, name);
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        for (size_t e = 0; e < COUNTOF(exponents); e++)
                for (int64_t n = 1; n <= LONGEST; n++) {
                        autoptr(Tensor) a = vector(t, n, n);
                        autoptr(Tensor) b = NULL;
                        cr_assert_null(tensor_new(t, &SHAPE(1), &b));
                        float f = (float)exponents[e];
                        if (t == DT_DOUBLE)
                                *(double *)tensor_fill(b) = exponents[e];
                        else if (t == DT_FLOAT)
                                *(float *)tensor_fill(b) = f;
                        else
                                short_narrow(t, &f, tensor_fill(b), 1);
                        autoptr(Tensor) z = math_run(s, (Feed[]){ { "a:0", a }, { "b:0", b } }, 2);
                        for (int64_t i = 0; i < n; i++)
                                math_expect(&power, t, tensor_double(a, i), exponents[e],
                                            tensor_double(z, i));
                }
}

Test(vectors, are_raised_to_one_power_as_libm_does)
{
        expect_powers(DT_FLOAT);
        expect_powers(DT_DOUBLE);
        expect_powers(DT_HALF);
        expect_powers(DT_BFLOAT16);
}

/* What x and the sum so far make, in the type. */
static double plus_in(DType t, double s, double x)
{
        float f = (float)s + (float)x, back;
        Half bits; /* or bfloat16's */
        if (t == DT_DOUBLE)
                return s + x;
        if (t == DT_INT32)
                return (double)(int32_t)((uint32_t)(int32_t)s + (uint32_t)(int32_t)x);
        if (t == DT_FLOAT)
                return (double)f;
        short_narrow(t, &f, &bits, 1);
        short_widen(t, &bits, &back, 1);
        return (double)back;
}

/* As large as the type holds, so that sums wrap. */
static Tensor *addend(DType t, int64_t n, int64_t seed)
{
        if (t != DT_INT32)
                return vector(t, n, seed);
        Tensor *x = NULL;
        cr_assert_null(tensor_new(t, &SHAPE(n), &x));
        for (int64_t i = 0; i < n; i++)
                ((int32_t *)tensor_fill(x))[i] = (int32_t)((uint32_t)(i * 7 + seed) * 2654435761u);
        return x;
}

static void expect_sum_of(int k, DType t, int64_t n)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        Tensor *x[8];
        Feed feeds[8];
        static const char *const names[] = { "x0:0", "x1:0", "x2:0", "x3:0",
                                             "x4:0", "x5:0", "x6:0", "x7:0" };
        for (int i = 0; i < k; i++) {
                buf_printf(&graph, "x%d = Placeholder dtype: %s\n", i, dtype_name(t));
                x[i] = addend(t, n, i * 3 + n);
                feeds[i] = (Feed){ names[i], x[i] };
        }
        buf_puts(&graph, "below = Neg(x0)\nown = Neg(below)\nz = AddN(own");
        for (int i = 1; i < k; i++)
                buf_printf(&graph, ", x%d", i);
        buf_puts(&graph, ")\n");
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        autoptr(Tensor) z = math_run(s, feeds, k);
        for (int64_t i = 0; i < n; i++) {
                double want = tensor_double(x[0], i), got = tensor_double(z, i);
                for (int j = 1; j < k; j++)
                        want = plus_in(t, want, tensor_double(x[j], i));
                cr_assert((isnan(got) && isnan(want)) || got == want, "%d %s: %g, not %g", k,
                          dtype_name(t), got, want);
        }
        for (int i = 0; i < k; i++)
                tensor_unref(x[i]);
}

/* Three at a time, one after the other, into the first, which nobody else has. */
Test(vectors, sums_of_many_are_rounded_after_each)
{
        static const DType types[] = { DT_FLOAT, DT_DOUBLE, DT_INT32, DT_HALF, DT_BFLOAT16 };
        for (size_t t = 0; t < COUNTOF(types); t++)
                for (int k = 1; k <= 8; k++) {
                        for (int64_t n = 1; n <= LONGEST; n += 11)
                                expect_sum_of(k, types[t], n);
                        expect_sum_of(k, types[t], 4097);
                }
}

/* ---- division ---- */

static TestSession *division(const char *op, DType t)
{
        autobuf graph = BUF(4096);
        TestSession *s = NULL;
        buf_printf(&graph, "a = Placeholder dtype: %s\nb = Placeholder dtype: %s\nz = %s(a, b)\n",
                   dtype_name(t), dtype_name(t), op);
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        return s;
}

/* TensorFlow's: fmod(), and where signs differ fmod(fmod(x, y) + y, y). */
static float floor_mod_float(float a, float b)
{
        float r = fmodf(a, b);
        return (a < 0) == (b < 0) ? r : fmodf(r + b, b);
}
static double floor_mod_double(double a, double b)
{
        double r = fmod(a, b);
        return (a < 0) == (b < 0) ? r : fmod(r + b, b);
}

static void expect_floor_mod(DType t, int64_t step)
{
        autoptr(TestSession) s = division("FloorMod", t);
        for (int64_t n = 1; n <= LONGEST; n++) {
                autoptr(Tensor) a = vector(t, n, n);
                autoptr(Tensor) b = vector(t, step ? n : 1, 3 * n + 2);
                autoptr(Tensor) z = math_run(s, (Feed[]){ { "a:0", a }, { "b:0", b } }, 2);
                for (int64_t i = 0; i < n; i++) {
                        double x = tensor_double(a, i), y = tensor_double(b, i * step);
                        double want = t == DT_FLOAT ? (double)floor_mod_float((float)x, (float)y)
                                                    : floor_mod_double(x, y);
                        double got = tensor_double(z, i);
                        cr_assert((isnan(got) && isnan(want)) ||
                                          (got == want && !signbit(got) == !signbit(want)),
                                  "%g mod %g is %.17g, not %.17g", x, y, got, want);
                }
        }
}

Test(vectors, floor_mod_of_floats_is_that_of_tensorflow)
{
        expect_floor_mod(DT_FLOAT, 1);
        expect_floor_mod(DT_FLOAT, 0);
        expect_floor_mod(DT_DOUBLE, 1);
        expect_floor_mod(DT_DOUBLE, 0);
}

/* Numbers that are a multiple of b, or one step beside it: where a quotient that is rounded up
 * gives the next integer. */
static void expect_near_multiples(DType t, double b, double largest)
{
        enum { N = 1000 };
        autoptr(TestSession) s = division("FloorMod", t);
        autoptr(Tensor) a = NULL;
        autoptr(Tensor) divisor = NULL;
        cr_assert_null(tensor_new(t, &SHAPE(N), &a));
        cr_assert_null(tensor_new(t, &SHAPE(1), &divisor));
        for (int i = 0; i < N; i++) {
                double k = floor(ldexp(largest, -(i / 16)) * (1 - i % 16 * 0.03));
                double m = (i & 1 ? -k : k) * b, up = i % 3 - 1;
                if (t == DT_FLOAT)
                        ((float *)tensor_fill(a))[i] = nextafterf((float)m, (float)(m + up));
                else
                        ((double *)tensor_fill(a))[i] = nextafter(m, m + up * fabs(m));
        }
        if (t == DT_FLOAT)
                *(float *)tensor_fill(divisor) = (float)b;
        else
                *(double *)tensor_fill(divisor) = b;
        autoptr(Tensor) z = math_run(s, (Feed[]){ { "a:0", a }, { "b:0", divisor } }, 2);
        for (int64_t i = 0; i < N; i++) {
                double x = tensor_double(a, i), y = tensor_double(divisor, 0);
                double want = t == DT_FLOAT ? (double)floor_mod_float((float)x, (float)y)
                                            : floor_mod_double(x, y);
                cr_assert_eq(tensor_double(z, i), want, "%.17g mod %.17g is %.17g, not %.17g", x, y,
                             tensor_double(z, i), want);
        }
}

Test(vectors, remainders_next_to_multiples_are_exact)
{
        static const double divisors[] = { 3, -3, 0.1, 7.25, 1e-3, -49, 1e-30, 1e30 };
        for (size_t i = 0; i < COUNTOF(divisors); i++) {
                expect_near_multiples(DT_FLOAT, divisors[i], 0x1p22);
                expect_near_multiples(DT_DOUBLE, divisors[i], 0x1p51);
        }
        expect_near_multiples(DT_DOUBLE, 0x1.8p1023, 1);
        expect_near_multiples(DT_DOUBLE, 0x1p-1070, 0x1p40);
        expect_near_multiples(DT_FLOAT, 0x1p-140, 0x1p10);
}

static const int64_t integers[] = { 0,
                                    1,
                                    -1,
                                    2,
                                    -2,
                                    7,
                                    -7,
                                    100,
                                    -100,
                                    INT32_MAX,
                                    INT32_MIN,
                                    INT32_MIN + 1,
                                    65536,
                                    -65537,
                                    3,
                                    1000003,
                                    INT64_MAX,
                                    INT64_MIN,
                                    ((int64_t)1 << 53) + 1,
                                    -((int64_t)1 << 51) };

/* Of the first 16 in blocks without the large ones, of all with them; of 0: any of 32 bits. */
static Tensor *whole(DType t, int64_t n, int64_t seed, size_t of, bool divisors)
{
        Tensor *x = NULL;
        cr_assert_null(tensor_new(t, &SHAPE(n), &x));
        for (int64_t i = 0; i < n; i++) {
                uint32_t bits = ((uint32_t)i * 2654435761u + (uint32_t)seed) * 2246822519u;
                int64_t v = of ? integers[(size_t)(i * 7 + seed) % of] : (int32_t)bits;
                v = of || !divisors ? v : v >> (i + seed) % 31;
                v = divisors && v == 0 ? 5 : v;
                if (t == DT_INT64)
                        ((int64_t *)tensor_fill(x))[i] = v;
                else
                        ((int32_t *)tensor_fill(x))[i] = (int32_t)v;
        }
        return x;
}

/* By one the smallest integer wraps. */
static int64_t floor_div(DType t, int64_t a, int64_t b)
{
        if (b == -1)
                return t == DT_INT32 ? (int32_t)(0 - (uint32_t)a) : (int64_t)(0 - (uint64_t)a);
        return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static void expect_integers(DType t, int64_t step, size_t of)
{
        autoptr(TestSession) div = division("FloorDiv", t);
        autoptr(TestSession) mod = division("FloorMod", t);
        for (int64_t n = 1; n <= LONGEST; n++) {
                autoptr(Tensor) a = whole(t, n, n, of, false);
                autoptr(Tensor) b = whole(t, step ? n : 1, 3 * n + 2, of, true);
                autoptr(Tensor) q = math_run(div, (Feed[]){ { "a:0", a }, { "b:0", b } }, 2);
                autoptr(Tensor) r = math_run(mod, (Feed[]){ { "a:0", a }, { "b:0", b } }, 2);
                for (int64_t i = 0; i < n; i++) {
                        int64_t x = tensor_int(a, i), y = tensor_int(b, i * step),
                                want = floor_div(t, x, y);
                        cr_assert_eq(tensor_int(q, i), want, "%ld / %ld", (long)x, (long)y);
                        cr_assert_eq(tensor_int(r, i),
                                     (int64_t)((uint64_t)x - (uint64_t)want * (uint64_t)y) *
                                             (y != -1),
                                     "%ld mod %ld", (long)x, (long)y);
                }
        }
}

Test(vectors, integers_are_divided_towards_minus_infinity)
{
        for (int64_t step = 0; step < 2; step++) {
                expect_integers(DT_INT32, step, 16);
                expect_integers(DT_INT32, step, 0);
                expect_integers(DT_INT64, step, 16);
                expect_integers(DT_INT64, step, COUNTOF(integers));
        }
}

Test(vectors, all_halves_survive_the_way_to_floats_and_back)
{
        enum { ALL = 1 << 16 };
        static uint16_t all[ALL], back[ALL];
        static float wide[ALL];
        for (int i = 0; i < ALL; i++)
                all[i] = (uint16_t)i;
        for (int odd = 0; odd < 2; odd++) {
                short_widen(DT_HALF, all + odd, wide, ALL - odd);
                short_narrow(DT_HALF, wide, back, ALL - odd);
                for (int i = odd; i < ALL; i++) {
                        float want = half_to_float((Half){ (uint16_t)i });
                        cr_assert(isnan(want) ? isnan(wide[i - odd]) : wide[i - odd] == want);
                        cr_assert(isnan(want) ? (back[i - odd] & 0x7c00) == 0x7c00
                                              : back[i - odd] == i);
                }
        }
}

Test(vectors, floats_round_to_halves_alike_in_vectors_and_alone)
{
        for (uint32_t bits = 0; bits < 0xffff0000u; bits += 0x3fff) {
                float in[9];
                Half out[9];
                for (uint32_t i = 0; i < 9; i++)
                        in[i] = float_of_bits_(bits + i * 0x777);
                short_narrow(DT_HALF, in, out, 9);
                for (int i = 0; i < 9; i++)
                        cr_assert(isnan(in[i]) || out[i].bits == half_from_float(in[i]).bits,
                                  "%a becomes %x", (double)in[i], out[i].bits);
        }
}
