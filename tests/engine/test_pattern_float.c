// SPDX-License-Identifier: Apache-2.0
/* Softmax with a mask, layer normalization and Gelu as Python writes them in nodes: one node in
 * their place gives the same, and there is none when somebody looks at what is in between. */
#include "engine/base/buf.h"
#include "tests/lib/rewrite_case.h"
#include <string.h>

TestSuite(pattern_float, .timeout = 60);

#define RANDOM(name, rank, dims, seed)                                                          \
        name "_d = Const int32 [" #rank "] { " dims " }\n" name "_u = RandomUniform(" name      \
             "_d) seed: " #seed ", seed2: 2, dtype: float\n"                                    \
             "two_" name " = Const float [] { 8 }\nfour_" name " = Const float [] { 4 }\n" name \
             "_m = Mul(" name "_u, two_" name ")\n" name " = Sub(" name "_m, four_" name ")\n"

static void expect(int groups, const char *also, const char *one, const char *two)
{
        autobuf b = BUF(1 << 16);
        buf_printf(&b, "%s%s", one, two);
        rewrite_expect_same_beside(buf_cstr(&b), also, groups, 2e-6);
}

/* ---- softmax ---- */

#define SCORES RANDOM("x", 4, "2, 3, 4, 37", 1) "k = Const float [] { 0.125 }\n"
#define MASKED "scaled = Mul(x, k)\nmasked = Add(scaled, mask)\nout = Softmax(masked)\n"

Test(pattern_float, a_mask_is_added_within_the_softmax)
{
        expect(1, NULL, SCORES RANDOM("mask", 4, "2, 1, 1, 37", 2), MASKED);
        expect(1, NULL, SCORES RANDOM("mask", 4, "2, 1, 4, 37", 2), MASKED);
        expect(1, NULL, SCORES RANDOM("mask", 4, "2, 3, 4, 37", 2), MASKED);
        expect(1, NULL, SCORES RANDOM("mask", 2, "4, 37", 2), MASKED);
        expect(1, NULL, SCORES RANDOM("mask", 1, "37", 2), MASKED);
        expect(1, NULL, SCORES RANDOM("mask", 3, "3, 1, 37", 2),
               "scaled = Mul(k, x)\nmasked = AddV2(mask, scaled)\nout = Softmax(masked)\n");
}

Test(pattern_float, scale_or_mask_may_be_missing)
{
        expect(1, NULL, SCORES, "scaled = Mul(x, k)\nout = Softmax(scaled)\n");
        expect(1, NULL, SCORES RANDOM("mask", 4, "2, 1, 1, 37", 2),
               "masked = Add(x, mask)\nout = Softmax(masked)\n");
        expect(1, NULL, SCORES RANDOM("mask", 4, "2, 1, 1, 37", 2),
               "masked = Add(mask, x)\nout = Softmax(masked)\n");
        expect(1, NULL, SCORES, "masked = Add(x, x)\nout = Softmax(masked)\n");
}

Test(pattern_float, masks_that_do_not_fit_are_left_to_the_nodes)
{
        expect(1, NULL, SCORES RANDOM("mask", 4, "2, 3, 4, 1", 2), MASKED);
        expect(1, NULL, SCORES RANDOM("mask", 5, "5, 1, 1, 1, 37", 2), MASKED);
        expect(1, NULL, RANDOM("x", 3, "1, 4, 1", 1) RANDOM("mask", 2, "4, 37", 2),
               "out_ = Add(x, mask)\nout = Softmax(out_)\n");
        /* Many factors: only the sum is taken in. */
        expect(1, NULL, SCORES RANDOM("mask", 1, "37", 2) RANDOM("many", 1, "37", 3),
               "scaled = Mul(x, many)\nmasked = Add(scaled, mask)\nout = Softmax(masked)\n");
}

Test(pattern_float, masked_scores_that_are_seen_stay)
{
        expect(0, "masked:0", SCORES RANDOM("mask", 4, "2, 1, 1, 37", 2), MASKED);
        expect(1, "scaled:0", SCORES RANDOM("mask", 4, "2, 1, 1, 37", 2), MASKED);
        expect(0, NULL, SCORES RANDOM("mask", 4, "2, 1, 1, 37", 2),
               "scaled = Mul(x, k)\nmasked = Add(scaled, mask)\np = Softmax(masked)\n"
               "out = Add(p, masked)\n");
        expect(0, NULL, SCORES, "scaled = Mul(x, k)\np = Softmax(scaled)\nout = Add(p, scaled)\n");
}

Test(pattern_float, rows_that_are_masked_away_are_the_same)
{
        expect(1, NULL, SCORES "m = Const float [1, 37] { -inf }\nmask = Identity(m)\n", MASKED);
        expect(1, NULL, SCORES "m = Const float [1, 37] { nan }\nmask = Identity(m)\n", MASKED);
        expect(1, NULL, SCORES "m = Const float [1, 37] { -1e30 }\nmask = Identity(m)\n", MASKED);
}

/* ---- layer normalization ---- */

#define NORM_OF(rank, dims, n, axis) \
        RANDOM("x", rank, dims, 1)   \
        RANDOM("gamma", 1, n, 2)     \
        RANDOM("beta", 1, n, 3)      \
        "tiny = Const float [] { 1e-5 }\naxis = Const int32 [1] { " axis " }\n"
#define MOMENTS(stop)                                                                   \
        "mean = Mean(x, axis) keep_dims: true\nstop = StopGradient(mean)\n"             \
        "dev = SquaredDifference(x, " stop ")\nvar = Mean(dev, axis) keep_dims: true\n" \
        "eps = AddV2(var, tiny)\nroot = Rsqrt(eps)\nmul = Mul(root, gamma)\n"           \
        "scaled = Mul(x, mul)\nshift = Mul(mean, mul)\nrest = Sub(beta, shift)\n"
#define MOMENTS_END "out = Add(scaled, rest)\n"

/* With the other sum: x (g r) + (b - mean (g r)) differs by what large means cost. */
static void expect_norm(int groups, const char *also, const char *one, const char *two)
{
        autobuf b = BUF(1 << 16);
        buf_printf(&b, "%s%s", one, two);
        rewrite_expect_same_beside(buf_cstr(&b), also, groups, 2e-5);
}

Test(pattern_float, moments_and_batch_normalization_are_a_layer_norm)
{
        expect_norm(1, NULL, NORM_OF(2, "6, 70", "70", "-1"), MOMENTS("stop") MOMENTS_END);
        expect_norm(1, NULL, NORM_OF(3, "2, 3, 768", "768", "2"), MOMENTS("stop") MOMENTS_END);
        expect_norm(1, NULL, NORM_OF(2, "3, 5000", "5000", "1"), MOMENTS("mean") MOMENTS_END);
        expect_norm(1, NULL, NORM_OF(1, "64", "64", "0"), MOMENTS("mean") MOMENTS_END);
        expect_norm(1, NULL, NORM_OF(2, "100, 1", "1", "1"), MOMENTS("stop") MOMENTS_END);
}

#define CENTRED "mean = Mean(x, axis) keep_dims: true\nd = Sub(x, mean)\n"
#define BY_ROOT                                                                           \
        "var = Mean(sq, axis) keep_dims: true\neps = Add(var, tiny)\nroot = Rsqrt(eps)\n" \
        "norm = Mul(d, root)\nscaled = Mul(norm, gamma)\nout = Add(scaled, beta)\n"
#define BY_DIVISION                                                                      \
        "var = Mean(sq, axis) keep_dims: true\neps = Add(var, tiny)\nroot = Sqrt(eps)\n" \
        "norm = RealDiv(d, root)\nscaled = Mul(gamma, norm)\nout = AddV2(beta, scaled)\n"

Test(pattern_float, layer_norms_by_hand)
{
        static const char *const squares[] = { "sq = Square(d)\n", "sq = Mul(d, d)\n",
                                               "sq = SquaredDifference(x, mean)\n" };
        for (int i = 0; i < 6; i++) {
                autobuf b = BUF(1 << 16);
                buf_printf(&b, "%s%s%s", CENTRED, squares[i / 2], i % 2 ? BY_ROOT : BY_DIVISION);
                expect_norm(1, NULL, NORM_OF(2, "6, 70", "70", "-1"), buf_cstr(&b));
        }
}

/* The same graphs, with every type that they name double. */
static void expect_norm_of_doubles(const char *one, const char *two)
{
        autobuf b = BUF(1 << 16);
        autobuf all = BUF(1 << 16);
        buf_printf(&all, "%s%s", one, two);
        for (const char *p = buf_cstr(&all), *end; *p; p = end) {
                end = strstr(p, "float") ? strstr(p, "float") : p + strlen(p);
                buf_append(&b, p, (size_t)(end - p));
                if (*end) {
                        buf_puts(&b, "double");
                        end += 5;
                }
        }
        rewrite_expect_same_beside(buf_cstr(&b), NULL, 1, 1e-13);
}

Test(pattern_float, layer_norms_of_doubles)
{
        expect_norm_of_doubles(NORM_OF(2, "6, 70", "70", "-1"), MOMENTS("stop") MOMENTS_END);
        expect_norm_of_doubles(NORM_OF(2, "3, 5000", "5000", "1"), MOMENTS("mean") MOMENTS_END);
        expect_norm_of_doubles(NORM_OF(2, "100, 1", "1", "1"), MOMENTS("stop") MOMENTS_END);
        expect_norm_of_doubles(NORM_OF(3, "2, 3, 768", "768", "2"),
                               CENTRED "sq = Square(d)\n" BY_ROOT);
        expect_norm_of_doubles(NORM_OF(1, "64", "64", "0"), CENTRED "sq = Mul(d, d)\n" BY_DIVISION);
}

Test(pattern_float, other_axes_and_scales_are_left_to_the_nodes)
{
        expect_norm(1, NULL, NORM_OF(2, "6, 6", "6", "0"), MOMENTS("stop") MOMENTS_END);
        expect_norm(1, NULL, NORM_OF(2, "6, 70", "1", "1"), MOMENTS("stop") MOMENTS_END);
        expect_norm(1, NULL, NORM_OF(3, "2, 5, 7", "7", "-1"),
                    "axis0 = Const int32 [2] { 1, 2 }\nmean = Mean(x, axis0) keep_dims: true\n"
                    "d = Sub(x, mean)\nsq = Square(d)\nvar = Mean(sq, axis0) keep_dims: true\n"
                    "eps = Add(var, tiny)\nroot = Rsqrt(eps)\nnorm = Mul(d, root)\n"
                    "scaled = Mul(norm, gamma)\nout = Add(scaled, beta)\n");
}

Test(pattern_float, moments_that_are_seen_stay)
{
        expect_norm(0, "var:0", NORM_OF(2, "6, 70", "70", "-1"), MOMENTS("stop") MOMENTS_END);
        expect_norm(0, "mean:0", NORM_OF(2, "6, 70", "70", "-1"), MOMENTS("mean") MOMENTS_END);
        expect_norm(0, NULL, NORM_OF(2, "6, 70", "70", "-1"),
                    MOMENTS("stop") "norm = Add(scaled, rest)\nout = Mul(norm, root)\n");
        expect_norm(0, "d:0", NORM_OF(2, "6, 70", "70", "-1"), CENTRED "sq = Square(d)\n" BY_ROOT);
}

/* ---- Gelu ---- */

#define NUMBERS                                                                       \
        RANDOM("x", 2, "70, 31", 1)                                                   \
        "half = Const float [] { 0.5 }\nwhole = Const float [] { 1 }\n"               \
        "root = Const float [] { 1.4142135 }\nback = Const float [] { 0.70710678 }\n" \
        "three = Const float [] { 3 }\ntwo = Const float [] { 2 }\n"                  \
        "cubic = Const float [] { 0.044715 }\n"                                       \
        "factor = Const float [] { 0.79788456 }\n"
#define BY_TANH(power)                                                                  \
        "p = Pow(x, " power ")\nc = Mul(cubic, p)\ns = Add(x, c)\nk = Mul(factor, s)\n" \
        "t = Tanh(k)\nmore = Add(whole, t)\n"

static const char *const parts[] = { "part = RealDiv(x, root)\n", "part = Mul(x, back)\n",
                                     "part = Mul(back, x)\n" };
static const char *const ends[] = { "cdf = Mul(half, more)\nout = Mul(x, cdf)\n",
                                    "cdf = Mul(more, half)\nout = Mul(cdf, x)\n",
                                    "left = Mul(half, x)\nout = Mul(left, more)\n",
                                    "left = Mul(x, half)\nout = Mul(more, left)\n",
                                    "left = Mul(x, more)\nout = Mul(left, half)\n" };

Test(pattern_float, gelu_by_erf)
{
        for (size_t i = 0; i < COUNTOF(parts); i++)
                for (size_t k = 0; k < COUNTOF(ends); k++) {
                        autobuf b = BUF(1 << 16);
                        buf_printf(&b, "%serf = Erf(part)\nmore = AddV2(whole, erf)\n%s", parts[i],
                                   ends[k]);
                        expect(1, NULL, NUMBERS, buf_cstr(&b));
                }
}

Test(pattern_float, gelu_by_tanh)
{
        for (size_t k = 0; k < COUNTOF(ends); k++)
                expect(1, NULL, NUMBERS BY_TANH("three"), ends[k]);
}

Test(pattern_float, what_only_looks_like_gelu)
{
        expect(1, NULL, NUMBERS BY_TANH("two"), ends[0]);
        /* The share of the sum is taken of another tensor. */
        expect(0, NULL, NUMBERS RANDOM("other", 2, "70, 31", 4) BY_TANH("three"),
               "cdf = Mul(half, more)\nout = Mul(other, cdf)\n");
        expect(0, NULL, NUMBERS,
               "part = RealDiv(root, x)\nerf = Erf(part)\n"
               "more = Add(whole, erf)\ncdf = Mul(half, more)\n"
               "out = Mul(x, cdf)\n");
        expect(0, "more:0", NUMBERS BY_TANH("three"), ends[0]);
        expect(0, NULL, NUMBERS BY_TANH("three"),
               "cdf = Mul(half, more)\ny = Mul(x, cdf)\n"
               "out = Add(y, t)\n");
}
