// SPDX-License-Identifier: Apache-2.0
/* Fused chains give what their nodes give one by one. The reference is the same step with all
 * intermediate values fetched, too, which keeps the nodes apart. */
#include "tests/engine/fuse_fixture.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(fuse, .timeout = 60);

/* A picture, two filters and what goes with four channels. */
static void start_graph(Buf *b)
{
        buf_puts(b, "x = Placeholder dtype: float\nmore = Placeholder dtype: float\n");
        sines(b, "w", "3, 3, 3, 4", 4, 108, 1.3, 0);
        sines(b, "dw", "3, 3, 3, 1", 4, 27, 1.7, 0);
        sines(b, "bias", "4", 1, 4, 2.1, 0.1);
        sines(b, "bias3", "3", 1, 3, 2.1, 0.1);
        sines(b, "gamma", "4", 1, 4, 0.9, 1.5);
        sines(b, "beta", "4", 1, 4, 1.9, 0);
        sines(b, "mean", "4", 1, 4, 2.9, 0.2);
        sines(b, "var", "4", 1, 4, 0.4, 1.2);
        sines(b, "row", "1, 1, 1, 4", 4, 4, 1.1, 0);
        buf_puts(b, "nan = Const float [] { nan }\ninf = Const float [] { inf }\n"
                    "xnan = Add(x, nan)\n");
}

static TestSession *session_of(const char *text)
{
        autobuf b = BUF(1 << 20);
        TestSession *s = NULL;
        start_graph(&b);
        buf_puts(&b, text);
        Status *st = test_session_text(buf_cstr(&b), &s);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        return s;
}

/* Two pictures of that many channels. */
static Tensor *pictures(int channels, double scale)
{
        Tensor *t = NULL;
        cr_assert_null(tensor_new(DT_FLOAT, &SHAPE(2, 9, 7, channels), &t));
        for (int64_t i = 0; i < tensor_count(t); i++)
                ((float *)tensor_fill(t))[i] = (float)sin(scale * (double)i);
        return t;
}

/* Runs with x, more and, if there is one, another feed; the first fetch's value, or NULL. */
static Tensor *value_of(TestSession *s, const char *const *fetches, int n, const Feed *other,
                        Status **ret)
{
        Tensor *v[8] = { NULL };
        autoptr(Tensor) x = pictures(3, 0.7);
        autoptr(Tensor) more = pictures(4, 1.1);
        Feed feeds[3] = { { "x:0", x }, { "more:0", more } };
        if (other)
                feeds[2] = *other;
        RunRequest r = {
                .fetches = fetches, .n_fetches = n, .feeds = feeds, .n_feeds = other ? 3 : 2
        };
        *ret = test_session_run(s, &r, v);
        for (int i = 1; i < n; i++)
                tensor_unref(v[i]);
        return v[0];
}

static Tensor *value_with(TestSession *s, const char *const *fetches, int n, Status **ret)
{
        return value_of(s, fetches, n, NULL, ret);
}

/* The last line of text is y; the names of the others are in `between`. */
static void expect_same(const char *text, const char *b0, const char *b1, const char *b2)
{
        Status *st;
        autoptr(TestSession) s = session_of(text);
        const char *fetches[] = { "y:0", b0, b1, b2 };
        int n = b2 ? 4 : b1 ? 3 : 2;
        autoptr(Tensor) apart = value_with(s, fetches, n, &st);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        for (int i = 0; i < 3; i++) { /* with weights packed anew, and held */
                autoptr(Tensor) fused = value_with(s, fetches, 1, &st);
                cr_assert_null(st, "%s", st ? status_message(st) : "");
                expect_near(fused, apart);
        }
}

#define CONV(x, w)  "c = Conv2D(" x ", " w ") strides: [1, 1, 1, 1], padding: \"SAME\"\n"
#define NORM(x, op) "n = " op "(" x ", gamma, beta, mean, var) is_training: false, epsilon: 0.01\n"

Test(fuse, convolution_bias_and_relu)
{
        expect_same(CONV("x", "w") "b = BiasAdd(c, bias)\ny = Relu(b)\n", "c:0", "b:0", NULL);
}

Test(fuse, strides_and_valid_padding)
{
        expect_same("c = Conv2D(x, w) strides: [1, 2, 2, 1], padding: \"VALID\"\n"
                    "b = BiasAdd(c, bias)\ny = Relu6(b)\n",
                    "c:0", "b:0", NULL);
}

Test(fuse, every_version_of_batch_normalization)
{
        expect_same(CONV("x", "w") NORM("c", "FusedBatchNorm") "y = Relu(n)\n", "c:0", "n:0", NULL);
        expect_same(CONV("x", "w") NORM("c", "FusedBatchNormV2") "y = Relu(n)\n", "c:0", "n:0",
                    NULL);
        expect_same(CONV("x", "w") NORM("c", "FusedBatchNormV3") "y = Relu6(n)\n", "c:0", "n:0",
                    NULL);
}

Test(fuse, bias_before_normalization)
{
        expect_same(
                CONV("x", "w") "b = BiasAdd(c, bias)\n" NORM("b", "FusedBatchNorm") "y = Relu(n)\n",
                "c:0", "b:0", "n:0");
}

Test(fuse, normalization_in_training_stays_apart)
{
        expect_same(CONV("x", "w") "n = FusedBatchNorm(c, gamma, beta, mean, var) is_training: "
                                   "true\ny = Relu(n)\n",
                    "c:0", "n:0", NULL);
}

Test(fuse, a_residual_on_either_side)
{
        expect_same(CONV("x", "w") NORM("c", "FusedBatchNorm") "a = Add(n, more)\ny = Relu(a)\n",
                    "c:0", "n:0", "a:0");
        expect_same(CONV("x", "w") NORM("c", "FusedBatchNorm") "a = AddV2(more, n)\ny = Relu(a)\n",
                    "c:0", "n:0", "a:0");
}

Test(fuse, a_residual_whose_bytes_can_be_taken_over)
{
        expect_same("m = Neg(more)\nq = Sqrt(m)\nr = Square(m)\n" CONV(
                            "x", "w") "a = Add(r, c)\ny = Relu(a)\n",
                    "c:0", "a:0", "q:0");
}

Test(fuse, a_residual_that_broadcasts_is_added_one_by_one)
{
        expect_same(CONV("x", "w") "a = Add(c, row)\ny = Relu(a)\n", "c:0", "a:0", NULL);
        expect_same(CONV("x", "w") "a = Add(c, inf)\ny = Relu(a)\n", "c:0", "a:0", NULL);
}

Test(fuse, depthwise)
{
        expect_same("c = DepthwiseConv2dNative(x, dw) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                    "b = BiasAdd(c, bias3)\ny = Relu6(b)\n",
                    "c:0", "b:0", NULL);
}

Test(fuse, a_nan_goes_through_relu)
{
        expect_same(CONV("xnan", "w") "b = BiasAdd(c, bias)\ny = Relu(b)\n", "c:0", "b:0", NULL);
        expect_same(CONV("xnan", "w") "b = BiasAdd(c, bias)\ny = Relu6(b)\n", "c:0", "b:0", NULL);
        expect_same("m = Add(more, nan)\n" CONV("x", "w") "a = Add(c, m)\ny = Relu(a)\n", "c:0",
                    "a:0", NULL);
}

Test(fuse, a_sum_beyond_all_floats_is_infinite)
{
        expect_same("k = Const float [] { 3e38 }\nbig = Mul(x, k)\n" CONV(
                            "big", "w") "b = BiasAdd(c, bias)\ny = Relu(b)\n",
                    "c:0", "b:0", NULL);
}

Test(fuse, a_normalization_by_an_infinite_factor)
{
        expect_same("g = Mul(gamma, inf)\n" CONV("x", "w") "n = FusedBatchNorm(c, g, beta, mean, "
                                                           "var) is_training: false\ny = Relu(n)\n",
                    "c:0", "n:0", NULL);
}

Test(fuse, a_value_with_another_consumer_is_left)
{
        expect_same(CONV("x", "w") "b = BiasAdd(c, bias)\nr = Relu(b)\nt = Tanh(b)\n"
                                   "y = Add(r, t)\n",
                    "c:0", "b:0", "r:0");
}

Test(fuse, errors_name_the_node_that_fails)
{
        Status *st;
        autoptr(TestSession) s = session_of("p = Placeholder dtype: float\n" CONV(
                "x", "w") "wrong = BiasAdd(c, p)\ny = Relu(wrong)\n");
        const char *fetch = "y:0";
        Tensor *p = NULL;
        cr_assert_null(tensor_new(DT_FLOAT, &SHAPE(5), &p));
        memset(tensor_fill(p), 0, tensor_bytes(p));
        value_of(s, &fetch, 1, &(Feed){ "p:0", p }, &st);
        cr_assert(st);
        cr_expect_str_eq(status_node(st), "wrong");
        cr_expect_str_eq(status_op(st), "BiasAdd");
        cr_expect(strstr(status_message(st), "Must provide as many biases"));
        status_free(st);
        tensor_unref(p);
}

Test(fuse, a_fed_value_in_between_is_used)
{
        autoptr(TestSession) s = session_of(CONV("x", "w") "b = BiasAdd(c, bias)\ny = Relu(b)\n");
        const char *fetch = "y:0";
        Tensor *b = NULL;
        Status *st;
        cr_assert_null(tensor_new(DT_FLOAT, &SHAPE(2, 9, 7, 4), &b));
        for (int64_t i = 0; i < tensor_count(b); i++)
                ((float *)tensor_fill(b))[i] = i % 2 ? 3 : -3;
        Tensor *v = value_of(s, &fetch, 1, &(Feed){ "b:0", b }, &st);
        cr_assert_null(st);
        for (int64_t i = 0; i < tensor_count(v); i++)
                cr_assert_eq(tensor_double(v, i), i % 2 ? 3 : 0);
        tensor_unref(v);
        tensor_unref(b);
}

/* Weights in a variable: held after some steps, changed in place, held again. */
Test(fuse, a_variable_that_changes_is_seen)
{
        Status *st;
        autoptr(TestSession) s = session_of(
                "v = VariableV2() dtype: float, shape: [3, 3, 3, 4]\nset = Assign(v, w)\n"
                "r = Identity(v) T: float\ntwice = AssignAdd(v, w)\n" CONV(
                        "x", "r") "b = BiasAdd(c, bias)\ny = Relu(b)\n");
        const char *fetches[] = { "y:0", "c:0", "b:0" };
        cr_assert_null(test_session_target(s, "set"));
        for (int round = 0; round < 4; round++) {
                for (int i = 0; i < 5; i++) {
                        autoptr(Tensor) apart = value_with(s, fetches, 3, &st);
                        autoptr(Tensor) fused = value_with(s, fetches, 1, &st);
                        expect_near(fused, apart);
                }
                cr_assert_null(test_session_target(s, "twice"));
        }
}

Test(fuse, matrix_product_bias_and_activation)
{
        expect_same("d = Const int32 [2] { 42, 9 }\nf = Reshape(x, d)\n"
                    "e = Const int32 [2] { 9, 12 }\nv = Reshape(w, e)\n"
                    "z = Const int32 [] { 0 }\nb0 = Concat(z, bias, gamma, beta)\n"
                    "c = MatMul(f, v) transpose_a: false\nb = BiasAdd(c, b0)\ny = Relu6(b)\n",
                    "c:0", "b:0", NULL);
}

/* Large enough for Winograd's way, on processors where that is taken: sizes that no tile divides,
 * pictures at their edges, a residual. */
static void expect_same_large(const char *shape, int n, const char *padding, const char *rest)
{
        autobuf b = BUF(1 << 16);
        sines(&b, "big", shape, 4, n, 0.37, 0.1);
        sines(&b, "filter", "3, 3, 64, 64", 4, 36864, 0.73, 0);
        sines(&b, "shift", "64", 1, 64, 0.3, 0);
        buf_puts(&b, "one = Placeholder dtype: float\nin = Mul(big, one)\n"
                     "tenth = Const float [] { 0.06 }\nsmall = Mul(filter, tenth)\n");
        buf_printf(&b,
                   "c = Conv2D(in, small) strides: [1, 1, 1, 1], padding: \"%s\"\n"
                   "s = BiasAdd(c, shift)\n%s",
                   padding, rest);
        autoptr(TestSession) s = NULL;
        cr_assert_null(test_session_text(buf_cstr(&b), &s));
        float one = 1;
        autoptr(Tensor) scalar = NULL;
        cr_assert_null(tensor_scalar(DT_FLOAT, &one, &scalar));
        Feed feed = { "one:0", scalar };
        const char *fetches[] = { "y:0", "c:0", "s:0" };
        Tensor *apart[3], *fused[1];
        RunRequest r = { .fetches = fetches, .n_fetches = 3, .feeds = &feed, .n_feeds = 1 };
        cr_assert_null(test_session_run(s, &r, apart));
        r.n_fetches = 1;
        cr_assert_null(test_session_run(s, &r, fused));
        expect_near(fused[0], apart[0]);
        tensor_unref(fused[0]);
        for (int i = 0; i < 3; i++)
                tensor_unref(apart[i]);
}

Test(fuse, large_pictures)
{
        expect_same_large("1, 14, 14, 64", 12544, "SAME", "y = Relu(s)\n");
        expect_same_large("1, 14, 13, 64", 11648, "SAME", "a = Add(s, in)\ny = Relu6(a)\n");
        expect_same_large("1, 29, 31, 64", 57536, "SAME", "y = Relu(s)\n");
        expect_same_large("2, 30, 23, 64", 88320, "VALID", "y = Relu6(s)\n");
        expect_same_large("2, 28, 28, 64", 100352, "SAME", "a = Add(s, in)\ny = Relu(a)\n");
}

/* ---- the trace ---- */

typedef struct Traced {
        char label[256];
        int nodes;
        atomic_bool done;
} Traced;

static void look(void *arg, Status *s, const RunResult *r)
{
        Traced *t = arg;
        const Tensorflow__DeviceStepStats *d = r ? r->metadata->step_stats->dev_stats[0] : NULL;
        for (size_t i = 0; d && i < d->n_node_stats; i++)
                if (!strcmp(d->node_stats[i]->node_name, "y"))
                        snprintf(t->label, sizeof t->label, "%s", d->node_stats[i]->timeline_label);
        t->nodes = d ? (int)d->n_node_stats : 0;
        status_free(s);
        atomic_store(&t->done, true);
}

Test(fuse, a_trace_tells_what_was_fused)
{
        autoptr(TestSession) s = session_of(CONV("x", "w") "b = BiasAdd(c, bias)\ny = Relu(b)\n");
        autoptr(Tensor) x = pictures(3, 0.7);
        const char *fetch = "y:0";
        Feed feed = { "x:0", x };
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
        RunRequest r = { .fetches = &fetch,
                         .n_fetches = 1,
                         .feeds = &feed,
                         .n_feeds = 1,
                         .options = &o,
                         .metadata = true };
        Traced t = { .nodes = 0 };
        session_run(test_session_of(s), &r, look, &t);
        while (!atomic_load(&t.done))
                usleep(1000);
        cr_expect_str_eq(t.label, "y = Conv2D+BiasAdd+Relu(x, w, bias) fuses c, b, y");
        cr_expect_eq(t.nodes, 1);
}
