// SPDX-License-Identifier: Apache-2.0
/* auto_mixed_precision_mkl: products by constants with the constants rounded to bfloat16. */
#include "engine/ops/lanes.h"
#include "tests/engine/fuse_fixture.h"
#include <criterion/criterion.h>

TestSuite(bfloat16, .timeout = 60);

/* What results may be off by, of the largest one, where all terms are above zero: twice what
 * rounding the weights of a plain sum can do, and more than was found of Winograd's. */
#define BOUND (1.0 / 256)

/* y of a session with the option as given. x: in, times a number that is fed, so that it is not
 * known beforehand. */
static Tensor *run(Tensorflow__RewriterConfig__Toggle toggle, const char *text)
{
        Tensorflow__RewriterConfig rewriter = TENSORFLOW__REWRITER_CONFIG__INIT;
        Tensorflow__GraphOptions graph = TENSORFLOW__GRAPH_OPTIONS__INIT;
        ConfigProto config = TENSORFLOW__CONFIG_PROTO__INIT;
        rewriter.auto_mixed_precision_mkl = toggle;
        graph.rewrite_options = &rewriter;
        config.graph_options = &graph;
        autoptr(TestSession) s = NULL;
        Status *st = test_session_with(&config, text, &s);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        float one = 1;
        autoptr(Tensor) scalar = NULL;
        cr_assert_null(tensor_scalar(DT_FLOAT, &one, &scalar));
        Feed feed = { "one:0", scalar };
        const char *fetch = "y:0";
        Tensor *y = NULL;
        RunRequest r = { .fetches = &fetch, .n_fetches = 1, .feeds = &feed, .n_feeds = 1 };
        cr_assert_null(test_session_run(s, &r, &y));
        return y;
}

static double largest_difference(const Tensor *a, const Tensor *b, double *ret_largest)
{
        double most = *ret_largest = 0;
        cr_assert(shape_equal(tensor_shape(a), tensor_shape(b)));
        for (int64_t i = 0; i < tensor_count(a); i++) {
                double x = tensor_double(a, i), y = tensor_double(b, i);
                cr_assert_eq(isnan(x), isnan(y), "element %ld: %g, of floats %g", (long)i, x, y);
                if (isnan(x))
                        continue;
                most = MAX(most, fabs(x - y));
                *ret_largest = MAX(*ret_largest, fabs(y));
        }
        return most;
}

/* On: within the bound, and other numbers where it `acts` and the processor has the kernels. Off,
 * and by default: the same bits. */
static void expect_bounded(const char *text, bool acts)
{
        double largest;
        autoptr(Tensor) plain = run(TENSORFLOW__REWRITER_CONFIG__TOGGLE__DEFAULT, text);
        autoptr(Tensor) off = run(TENSORFLOW__REWRITER_CONFIG__TOGGLE__OFF, text);
        autoptr(Tensor) on = run(TENSORFLOW__REWRITER_CONFIG__TOGGLE__ON, text);
        cr_assert_eq(largest_difference(off, plain, &largest), 0);
        double d = largest_difference(on, plain, &largest);
        cr_assert(largest > 0.1);
        cr_assert(d <= BOUND * largest, "off by %g of %g", d, largest);
        cr_assert_eq(d > 0, acts && lanes_usable(), "off by %g", d);
}

static void expect_conv(bool acts, int side, int channels, const char *text)
{
        autobuf b = BUF(1 << 16);
        autofree char *in = mem_printf("1, %d, %d, %d", side, side, channels);
        autofree char *w1 = mem_printf("1, 1, %d, 96", channels);
        autofree char *w3 = mem_printf("3, 3, %d, 96", channels);
        autofree char *dw = mem_printf("3, 3, %d, 1", channels);
        sines(&b, "in", in, 4, side * side * channels, 0.37, 1.1);
        sines(&b, "w1", w1, 4, channels * 96, 0.73, 1.1);
        sines(&b, "w3", w3, 4, 9 * channels * 96, 0.73, 1.1);
        sines(&b, "dw", dw, 4, 9 * channels, 1.7, 1.1);
        sines(&b, "b96", "96", 1, 96, 0.3, 0);
        sines(&b, "gamma", "96", 1, 96, 0.9, 1.5);
        sines(&b, "mean", "96", 1, 96, 2.9, 0.2);
        sines(&b, "var", "96", 1, 96, 0.4, 1.2);
        buf_puts(&b, "one = Placeholder dtype: float\nx = Mul(in, one)\n");
        buf_puts(&b, text);
        expect_bounded(buf_cstr(&b), acts);
}

Test(bfloat16, convolutions)
{
        expect_conv(true, 8, 32,
                    "c = Conv2D(x, w1) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                    "y = BiasAdd(c, b96)\n");
        expect_conv(true, 9, 48,
                    "c = Conv2D(x, w3) strides: [1, 2, 2, 1], padding: \"SAME\"\n"
                    "n = FusedBatchNorm(c, gamma, b96, mean, var) is_training: false\n"
                    "y = Relu(n)\n");
        expect_conv(true, 7, 32,
                    "d = DepthwiseConv2dNative(x, dw) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                    "r = Relu(d)\n"
                    "c = Conv2D(r, w1) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                    "y = BiasAdd(c, b96)\n");
}

#define THREE_BY_THREE                                                 \
        "c = Conv2D(x, w3) strides: [1, 1, 1, 1], padding: \"SAME\"\n" \
        "y = BiasAdd(c, b96)\n"

/* Filters as Winograd has them. */
Test(bfloat16, winograd)
{
        expect_conv(true, 14, 64, THREE_BY_THREE);
}

/* They compute longer than they wait for weights. */
Test(bfloat16, large_pictures_are_left_alone)
{
        expect_conv(false, 30, 64, THREE_BY_THREE);
}

static void expect_dense(int rows, int depth, int columns, const char *text)
{
        autobuf b = BUF(1 << 16);
        autofree char *in = mem_printf("%d, %d", rows, depth);
        autofree char *w = mem_printf("%d, %d", depth, columns);
        autofree char *bias = mem_printf("%d", columns);
        sines(&b, "in", in, 2, rows * depth, 0.37, 1.1);
        sines(&b, "w", w, 2, depth * columns, 0.73, 1.1);
        sines(&b, "b", bias, 1, columns, 0.3, 0);
        buf_puts(&b, "one = Placeholder dtype: float\nx = Mul(in, one)\n");
        buf_puts(&b, text);
        expect_bounded(buf_cstr(&b), true);
}

Test(bfloat16, products)
{
        expect_dense(1, 200, 1001, "y = MatMul(x, w)\n");
        expect_dense(7, 33, 64, "y = MatMul(x, w)\n");
        expect_dense(20, 64, 5, "p = MatMul(x, w)\ns = BiasAdd(p, b)\ny = Relu(s)\n");
}

/* A NaN among the weights makes NaNs of what it is multiplied into, and of nothing else. */
Test(bfloat16, a_NaN_stays_one)
{
        expect_dense(2, 2, 3,
                     "v = Const float [2, 3] { 0.3, nan, 0.7, 1.1, 0.9, -0.2 }\n"
                     "y = MatMul(x, v)\n");
}
