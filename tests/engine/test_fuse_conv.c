// SPDX-License-Identifier: Apache-2.0
/* Convolutions by the house's own kernels (as many channels as vectors have lanes) give what
 * oneDNN's give, which runs the same nodes one by one when all values between are fetched. */
#include "tests/engine/fuse_fixture.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <unistd.h>

TestSuite(fuse_conv, .timeout = 60);

/* in: [2, h, w, 32]; filters of 32 channels, and what goes with 48 of them. */
static void expect_same_wide(int h, int w, const char *text, const char *const *between, int n)
{
        autobuf b = BUF(1 << 16);
        autofree char *shape = mem_printf("2, %d, %d, 32", h, w);
        sines(&b, "in", shape, 4, 2 * h * w * 32, 0.37, 0.1);
        sines(&b, "w1", "1, 1, 32, 48", 4, 1536, 0.73, 0);
        sines(&b, "w3", "3, 3, 32, 48", 4, 13824, 0.73, 0);
        sines(&b, "dw", "3, 3, 32, 1", 4, 288, 1.7, 0);
        sines(&b, "b32", "32", 1, 32, 0.3, 0);
        sines(&b, "b48", "48", 1, 48, 0.3, 0);
        sines(&b, "gamma", "48", 1, 48, 0.9, 1.5);
        sines(&b, "mean", "48", 1, 48, 2.9, 0.2);
        sines(&b, "var", "48", 1, 48, 0.4, 1.2);
        buf_puts(&b, "one = Placeholder dtype: float\nx = Mul(in, one)\n");
        buf_puts(&b, text);
        autoptr(TestSession) s = NULL;
        Status *st = test_session_text(buf_cstr(&b), &s);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        float one = 1;
        autoptr(Tensor) scalar = NULL;
        cr_assert_null(tensor_scalar(DT_FLOAT, &one, &scalar));
        Feed feed = { "one:0", scalar };
        const char *fetches[6] = { "y:0" };
        Tensor *apart[6] = { NULL }, *fused = NULL;
        for (int i = 0; i < n; i++)
                fetches[i + 1] = between[i];
        RunRequest r = { .fetches = fetches, .n_fetches = n + 1, .feeds = &feed, .n_feeds = 1 };
        cr_assert_null(test_session_run(s, &r, apart));
        r.n_fetches = 1;
        cr_assert_null(test_session_run(s, &r, &fused));
        expect_near(fused, apart[0]);
        tensor_unref(fused);
        for (int i = 0; i <= n; i++)
                tensor_unref(apart[i]);
}

static void expect_same_at_all_sizes(const char *text, const char *const *between, int n)
{
        static const int sides[][2] = { { 14, 14 }, { 9, 23 }, { 7, 7 },
                                        { 4, 5 },   { 31, 6 }, { 33, 60 } };
        for (size_t i = 0; i < COUNTOF(sides); i++)
                expect_same_wide(sides[i][0], sides[i][1], text, between, n);
}

#define BETWEEN(...) \
        (const char *const[]){ __VA_ARGS__ }, (int)COUNTOF(((const char *const[]){ __VA_ARGS__ }))

Test(fuse_conv, pointwise)
{
        expect_same_at_all_sizes("c = Conv2D(x, w1) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                                 "b = BiasAdd(c, b48)\ny = Relu6(b)\n",
                                 BETWEEN("c:0", "b:0"));
        expect_same_at_all_sizes("c = Conv2D(x, w1) strides: [1, 2, 3, 1], padding: \"VALID\"\n"
                                 "b = BiasAdd(c, b48)\ny = Relu(b)\n",
                                 BETWEEN("c:0", "b:0"));
}

Test(fuse_conv, every_stride_and_padding)
{
        expect_same_at_all_sizes(
                "c = Conv2D(x, w3) strides: [1, 2, 2, 1], padding: \"SAME\"\n"
                "n = FusedBatchNorm(c, gamma, b48, mean, var) is_training: false\ny = Relu(n)\n",
                BETWEEN("c:0", "n:0"));
        expect_same_at_all_sizes("c = Conv2D(x, w3) strides: [1, 3, 1, 1], padding: \"VALID\"\n"
                                 "b = BiasAdd(c, b48)\ny = Relu(b)\n",
                                 BETWEEN("c:0", "b:0"));
        expect_same_at_all_sizes("c = Conv2D(x, w3) strides: [1, 1, 1, 1], padding: \"SAME\", "
                                 "dilations: [1, 2, 3, 1]\n"
                                 "b = BiasAdd(c, b48)\ny = Relu6(b)\n",
                                 BETWEEN("c:0", "b:0"));
        expect_same_at_all_sizes("c = Conv2D(x, w3) strides: [1, 1, 2, 1], padding: \"EXPLICIT\", "
                                 "explicit_paddings: [0, 0, 2, 1, 0, 3, 0, 0]\n"
                                 "b = BiasAdd(c, b48)\ny = Relu6(b)\n",
                                 BETWEEN("c:0", "b:0"));
}

Test(fuse_conv, a_residual_of_many_channels)
{
        expect_same_at_all_sizes("r = Conv2D(x, w3) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                                 "c = Conv2D(x, w1) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                                 "b = BiasAdd(c, b48)\na = Add(r, b)\ny = Relu(a)\n",
                                 BETWEEN("c:0", "b:0", "a:0"));
}

#define DEPTHWISE(stride, padding)                                          \
        "d = DepthwiseConv2dNative(x, dw) strides: [1, " stride ", " stride \
        ", 1], padding: \"" padding "\"\ne = BiasAdd(d, b32)\nf = Relu6(e)\n"
#define THEN "c = Conv2D(f, w1) strides: [1, 1, 1, 1], padding: \"SAME\"\n"

Test(fuse_conv, depthwise_of_many_channels)
{
        expect_same_at_all_sizes(DEPTHWISE("1", "SAME") "y = Neg(f)\n", BETWEEN("d:0", "e:0"));
        expect_same_at_all_sizes(DEPTHWISE("2", "SAME") "y = Neg(f)\n", BETWEEN("d:0", "e:0"));
        expect_same_at_all_sizes(DEPTHWISE("1", "VALID") "y = Neg(f)\n", BETWEEN("d:0", "e:0"));
        expect_same_at_all_sizes(DEPTHWISE("2", "VALID") "y = Neg(f)\n", BETWEEN("d:0", "e:0"));
}

Test(fuse_conv, a_separable_convolution)
{
        expect_same_at_all_sizes(DEPTHWISE("1", "SAME") THEN
                                 "n = FusedBatchNorm(c, gamma, b48, mean, var) is_training: false\n"
                                 "y = Relu6(n)\n",
                                 BETWEEN("d:0", "e:0", "f:0", "c:0", "n:0"));
        expect_same_at_all_sizes(DEPTHWISE("2", "SAME") THEN "y = BiasAdd(c, b48)\n",
                                 BETWEEN("d:0", "e:0", "f:0", "c:0"));
        expect_same_at_all_sizes("d = DepthwiseConv2dNative(x, dw) strides: [1, 1, 1, 1], padding: "
                                 "\"SAME\"\ny = Conv2D(d, w1) strides: [1, 1, 1, 1], padding: "
                                 "\"VALID\"\n",
                                 BETWEEN("d:0"));
        expect_same_at_all_sizes("q = Conv2D(x, w1) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                                 "r = Neg(q)\n" DEPTHWISE("1", "SAME") THEN
                                 "b = BiasAdd(c, b48)\na = Add(b, r)\n"
                                 "y = Relu(a)\n",
                                 BETWEEN("d:0", "e:0", "f:0", "c:0", "b:0"));
}

/* Alphas that are usual, that turn the sign, that enlarge; and by oneDNN, for a number of channels
 * that no vector has. */
Test(fuse_conv, leaky_relu)
{
        expect_same_at_all_sizes("c = Conv2D(x, w3) strides: [1, 2, 1, 1], padding: \"SAME\"\n"
                                 "b = BiasAdd(c, b48)\ny = LeakyRelu(b) alpha: 0.1\n",
                                 BETWEEN("c:0", "b:0"));
        expect_same_at_all_sizes(
                DEPTHWISE("1", "SAME") "g = DepthwiseConv2dNative(f, dw) strides: [1, 1, 1, 1], "
                                       "padding: \"SAME\"\nk = LeakyRelu(g) alpha: -1.5\n"
                                       "c = Conv2D(k, w1) strides: [1, 1, 1, 1], padding: "
                                       "\"SAME\"\nb = BiasAdd(c, b48)\n"
                                       "y = LeakyRelu(b) alpha: 3\n",
                BETWEEN("g:0", "k:0", "c:0", "b:0"));
        expect_same_at_all_sizes("s = Const int32 [4] { 3, 3, 32, 5 }\nz = Const int32 [4] { 0, 0, "
                                 "0, 0 }\nw5 = Slice(w3, z, s)\n"
                                 "c = Conv2D(x, w5) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                                 "y = LeakyRelu(c)\n",
                                 BETWEEN("c:0"));
}

/* The value that is added is the one that is convolved: it may not be written over. */
Test(fuse_conv, a_residual_that_is_the_input)
{
        expect_same_at_all_sizes(
                "s = Const int32 [4] { 1, 1, 32, 32 }\nz = Const int32 [4] { 0, 0, "
                "0, 0 }\nw = Slice(w1, z, s)\n" DEPTHWISE(
                        "1", "SAME") "c = Conv2D(f, w) strides: [1, 1, 1, 1], padding: "
                                     "\"SAME\"\na = Add(c, x)\ny = Relu(a)\n",
                BETWEEN("d:0", "e:0", "f:0", "c:0", "a:0"));
}

/* What may follow the second convolution does not follow the first when there is no second. */
Test(fuse_conv, a_depthwise_convolution_alone)
{
        expect_same_at_all_sizes("d = DepthwiseConv2dNative(x, dw) strides: [1, 1, 1, 1], padding: "
                                 "\"SAME\"\ne = BiasAdd(d, b32)\na = Add(e, x)\ny = Relu6(a)\n",
                                 BETWEEN("d:0", "e:0", "a:0"));
        expect_same_at_all_sizes("d = DepthwiseConv2dNative(x, dw) strides: [1, 1, 1, 1], padding: "
                                 "\"SAME\"\ne = Relu(d)\nf = BiasAdd(e, b32)\ny = Relu6(f)\n",
                                 BETWEEN("d:0", "e:0", "f:0"));
}

/* The second convolution is no 1x1, or the first has several filters a channel: two kernels. */
Test(fuse_conv, what_looks_like_a_separable_convolution)
{
        expect_same_at_all_sizes(
                DEPTHWISE("1", "SAME") "c = Conv2D(f, w3) strides: [1, 1, 1, 1], padding: "
                                       "\"SAME\"\ny = Relu(c)\n",
                BETWEEN("d:0", "e:0", "f:0", "c:0"));
        expect_same_at_all_sizes(
                DEPTHWISE("1", "SAME") "c = Conv2D(f, w1) strides: [1, 2, 2, 1], padding: "
                                       "\"SAME\"\ny = Relu(c)\n",
                BETWEEN("d:0", "e:0", "f:0", "c:0"));
}

/* Roots of negative numbers: a pixel's NaN reaches what it touches, and stops nowhere. */
Test(fuse_conv, nans_go_through_kernels_of_many_channels)
{
        expect_same_at_all_sizes(
                "half = Const float [] { 0.5 }\nu = Sub(x, half)\nv = Sqrt(u)\n"
                "d = DepthwiseConv2dNative(v, dw) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                "f = Relu6(d)\nc = Conv2D(f, w1) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                "b = BiasAdd(c, b48)\ny = Relu(b)\n",
                BETWEEN("d:0", "f:0", "c:0", "b:0"));
        expect_same_at_all_sizes("half = Const float [] { 0.5 }\nu = Sub(x, half)\nv = Sqrt(u)\n"
                                 "c = Conv2D(v, w3) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                                 "b = BiasAdd(c, b48)\ny = Relu6(b)\n",
                                 BETWEEN("c:0", "b:0"));
}

/* Fires a token after so many microseconds. */
typedef struct Firing {
        Cancel *cancel;
        unsigned after;
} Firing;

static void *fire(void *arg)
{
        const Firing *f = arg;
        usleep(f->after);
        cancel_fire(f->cancel, status_new(SR_CANCELLED, "gone"));
        return NULL;
}

static Tensor *value_of_y(TestSession *s)
{
        Tensor *y = NULL;
        cr_assert_null(test_session_fetch(s, "y:0", &y));
        return y;
}

/* Two convolutions of a value that is no constant, by weights of which all are the same. */
static TestSession *session_of_weight(const char *weight)
{
        TestSession *s = NULL;
        autofree char *text = mem_printf(
                "r = RandomUniform(s) T: int32, dtype: float\ns = Const int32 [4] { 2, 8, 8, 256 "
                "}\n"
                "z = ZerosLike(r)\nhalf = Const float [] { 0.5 }\nx = Add(z, half)\n"
                "w1 = Const float [1, 1, 256, 512] { %s }\n"
                "w3 = Const float [3, 3, 512, 256] { %s }\n"
                "c = Conv2D(x, w1) strides: [1, 1, 1, 1], padding: \"SAME\"\nd = Relu(c)\n"
                "e = Conv2D(d, w3) strides: [1, 1, 1, 1], padding: \"SAME\"\ny = Relu(e)\n",
                weight, weight);
        cr_assert_null(test_session_text(text, &s));
        return s;
}

/* A step that is cancelled after so many microseconds, or through before. */
static void cancelled_step(TestSession *s, unsigned after)
{
        autoptr(Cancel) cancel = NULL;
        pthread_t thread;
        Tensor *y = NULL;
        const char *fetch = "y:0";
        cr_assert_null(cancel_new(&cancel));
        Firing f = { cancel, after };
        RunRequest r = { .fetches = &fetch, .n_fetches = 1, .cancel = cancel };
        cr_assert_eq(pthread_create(&thread, NULL, fire, &f), 0);
        status_free(test_session_run(s, &r, &y));
        pthread_join(thread, NULL);
        tensor_unref(y);
}

/* Packed weights outlive the step that is cancelled while it packs them: the next one finds all of
 * them. Weights change from round to round, because blocks come back as they were. */
Test(fuse_conv, a_cancelled_first_step)
{
        static const char *const weights[] = { "0.01", "0.02" };
        Tensor *want[2];
        for (int i = 0; i < 2; i++) {
                autoptr(TestSession) s = session_of_weight(weights[i]);
                want[i] = value_of_y(s);
        }
        for (unsigned i = 0; i < 40; i++) {
                autoptr(TestSession) s = session_of_weight(weights[i % 2]);
                cancelled_step(s, 500 * i);
                autoptr(Tensor) y = value_of_y(s);
                cr_expect_eq(tensor_bytes(y), tensor_bytes(want[i % 2]));
                cr_expect(!memcmp(tensor_data(y), tensor_data(want[i % 2]), tensor_bytes(y)),
                          "cancelled after %u us", 500 * i);
        }
        tensor_unref(want[0]);
        tensor_unref(want[1]);
}
