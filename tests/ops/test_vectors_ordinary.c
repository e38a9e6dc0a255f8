// SPDX-License-Identifier: Apache-2.0
/* Elementwise ops of many ordinary numbers, nothing special among them: what vectors compute on
 * their own, against libm in double. */
#include "tests/ops/math_case.h"

TestSuite(ordinary_vectors, .timeout = 120);

enum { MANY = 16 * 1000 + 5 };

static void expect_many(const MathCase *c, DType t, const Tensor *x, const Tensor *y)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        const char *name = dtype_name(t);
        buf_printf(&graph, "a = Placeholder dtype: %s\nb = Placeholder dtype: %s\n%s\n", name, name,
                   c->graph);
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        autoptr(Tensor) z = math_run(
                s, (Feed[]){ { "a:0", (Tensor *)x }, { "b:0", (Tensor *)(y ? y : x) } }, 2);
        for (int64_t i = 0; i < MANY; i++)
                math_expect(c, t, tensor_double(x, i), tensor_double(y ? y : x, i),
                            tensor_double(z, i));
}

static Tensor *many(DType t)
{
        Tensor *x = NULL;
        cr_assert_null(tensor_new(t, &SHAPE(MANY), &x));
        return x;
}

/* Bases above zero of all sizes, down to the smallest, and exponents that give results of all
 * sizes; every third is near 1, where the logarithm is small. */
Test(ordinary_vectors, of_floats_above_zero_have_powers_within_a_unit_and_a_half)
{
        static const MathCase power = { "Pow", "z = Pow(a, b)", pow, 1.5 };
        autoptr(Tensor) a = many(DT_FLOAT);
        autoptr(Tensor) b = many(DT_FLOAT);
        float *x = tensor_fill(a), *y = tensor_fill(b);
        for (uint32_t i = 0; i < MANY; i++) {
                uint32_t some = i * 2654435761u;
                x[i] = i % 3 == 0 ? 1 + (float)(int32_t)some * 0x1p-33f
                                  : float_of_bits_(some % 0x7f7fffff + 1);
                double most = fmin(fmax(1 / fabs(log2((double)x[i])), 1e-3), 1e6);
                y[i] = (float)((double)(int32_t)(some * 747796405u) * 0x1p-31 * 152 * most);
        }
        expect_many(&power, DT_FLOAT, a, b);
}
Test(ordinary_vectors, of_doubles_above_zero_have_powers_within_a_unit_and_a_half)
{
        static const MathCase power = { "Pow", "z = Pow(a, b)", pow, 1.5 };
        autoptr(Tensor) a = many(DT_DOUBLE);
        autoptr(Tensor) b = many(DT_DOUBLE);
        double *x = tensor_fill(a), *y = tensor_fill(b);
        for (uint32_t i = 0; i < MANY; i++) {
                double some = (double)(int32_t)(i * 2654435761u) * 0x1p-31;
                x[i] = i % 3 == 0 ? 1 + some * ldexp(1, -(int)(i % 50) - 2)
                                  : (1 + fabs(some)) * ldexp(1, (int)(i % 2090) - 1072);
                double most = fmin(fmax(1 / fabs(log2(x[i])), 1e-4), 1e15);
                y[i] = (double)(int32_t)(i * 747796405u) * 0x1p-31 * 1080 * most;
        }
        expect_many(&power, DT_DOUBLE, a, b);
}

/* Bases on both sides of where one piece of the table ends, in every octave there is. */
Test(ordinary_vectors, have_powers_at_the_ends_of_every_sixteenth)
{
        static const MathCase power = { "Pow", "z = Pow(a, b)", pow, 1.5 };
        for (int wide = 0; wide < 2; wide++) {
                DType t = wide ? DT_DOUBLE : DT_FLOAT;
                autoptr(Tensor) a = many(t);
                autoptr(Tensor) b = many(t);
                for (int i = 0; i < MANY; i++) {
                        double part = (i / 2 % 48 + 48) / 96.0, beside = i % 2 ? 0x1p-24 : 0x1p-53;
                        double x = ldexp(part + (i % 3 - 1) * beside, i / 96 % 240 - 120);
                        double y = (i % 7 - 3) * (i % 5 ? 0.25 : 1.3) + 0x1p-20;
                        if (wide) {
                                ((double *)tensor_fill(a))[i] = x;
                                ((double *)tensor_fill(b))[i] = y;
                        } else {
                                ((float *)tensor_fill(a))[i] = (float)x;
                                ((float *)tensor_fill(b))[i] = (float)y;
                        }
                }
                expect_many(&power, t, a, b);
        }
}

/* Of every size; every third is near 1. */
Test(ordinary_vectors, of_doubles_above_zero_have_logarithms_within_two_units)
{
        static const MathCase log_case = { "Log", "z = Log(a)", math_log, 2 };
        autoptr(Tensor) a = many(DT_DOUBLE);
        double *x = tensor_fill(a);
        for (uint32_t i = 0; i < MANY; i++) {
                double some = (double)(int32_t)(i * 2654435761u);
                x[i] = i % 3 == 0 ? 1 + some * 0x1p-33 * ldexp(1, -(int)(i % 50))
                                  : (1 + fabs(some) * 0x1.3p-31) * ldexp(1, (int)(i % 2040) - 1020);
        }
        expect_many(&log_case, DT_DOUBLE, a, NULL);
}

Test(ordinary_vectors, elu_and_selu_below_zero_are_within_four_units)
{
        static const MathCase cases_below[] = { { "Elu", "z = Elu(a)", math_elu, 4 },
                                                { "Selu", "z = Selu(a)", math_selu, 4 } };
        for (size_t c = 0; c < COUNTOF(cases_below); c++) {
                autoptr(Tensor) d = many(DT_DOUBLE);
                autoptr(Tensor) f = many(DT_FLOAT);
                for (uint32_t i = 0; i < MANY; i++) {
                        double v = -fabs((double)(int32_t)(i * 2654435761u)) * 0x1p-31 *
                                   (i % 2 ? 45 : ldexp(1, -(int)(i % 60)));
                        ((double *)tensor_fill(d))[i] = v;
                        ((float *)tensor_fill(f))[i] = (float)v;
                }
                expect_many(&cases_below[c], DT_DOUBLE, d, NULL);
                expect_many(&cases_below[c], DT_FLOAT, f, NULL);
        }
}

/* Of every size for roots; for the others from the smallest to where they are 1 or x. */
Test(ordinary_vectors, have_reciprocal_roots_tanh_and_softplus_within_three_units)
{
        static const MathCase root = { "Rsqrt", "z = Rsqrt(a)", math_rsqrt, 2 },
                              tangent = { "Tanh", "z = Tanh(a)", math_tanh, 3 },
                              softplus = { "Softplus", "z = Softplus(a)", math_softplus, 5 };
        for (int wide = 0; wide < 2; wide++) {
                DType t = wide ? DT_DOUBLE : DT_FLOAT;
                int most = wide ? 1020 : 125;
                autoptr(Tensor) a = many(t);
                autoptr(Tensor) b = many(t);
                for (uint32_t i = 0; i < MANY; i++) {
                        double some = (double)(int32_t)(i * 2654435761u) * 0x1p-31;
                        double v = (1 + fabs(some)) *
                                   ldexp(1, (int)(i % 2 * most) - (int)(i % (uint32_t)most));
                        double w = some * (i % 2 ? 22 : ldexp(1, -(int)(i % (uint32_t)most)));
                        if (wide) {
                                ((double *)tensor_fill(a))[i] = v;
                                ((double *)tensor_fill(b))[i] = w;
                        } else {
                                ((float *)tensor_fill(a))[i] = (float)v;
                                ((float *)tensor_fill(b))[i] = (float)w;
                        }
                }
                expect_many(&root, t, a, NULL);
                expect_many(&tangent, t, b, NULL);
                expect_many(&softplus, t, b, NULL);
        }
}
