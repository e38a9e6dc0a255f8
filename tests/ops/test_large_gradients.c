// SPDX-License-Identifier: Apache-2.0
/* Gradients of convolutions and pooling of a size that threads share: whole numbers, whose sums are
 * exact, against plain loops. */
#include "tests/lib/session_case.h"

TestSuite(large_gradients, .timeout = 60);

enum { BATCH = 5, SIDE = 14, IN = 16, OUT = 24, TAPS = 3 };

static void run(const char *graph, Feed *feeds, int n, Tensor **ret, int fetches)
{
        static const char *const names[] = { "y0:0", "y1:0" };
        autoptr(TestSession) s = NULL;
        RunRequest r = { .feeds = feeds, .n_feeds = n, .fetches = names, .n_fetches = fetches };
        cr_assert_null(test_session_text(graph, &s));
        Status *st = test_session_run(s, &r, ret);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
}

static void expect(const Tensor *got, const double *want)
{
        for (int64_t i = 0; i < tensor_count(got); i++)
                cr_assert_eq(tensor_double(got, i), want[i], "%ld: %g, not %g", (long)i,
                             tensor_double(got, i), want[i]);
}

/* Both gradients at once: of a 3x3 SAME convolution, one multiplication at a time. */
static void conv_reference(const float *x, const float *f, const float *g, double *dx, double *df)
{
        for (int at = 0; at < BATCH * SIDE * SIDE; at++)
                for (int tap = 0; tap < TAPS * TAPS; tap++) {
                        int r = at / SIDE % SIDE + tap / TAPS - 1, c = at % SIDE + tap % TAPS - 1;
                        int from = (at / SIDE / SIDE * SIDE + r) * SIDE + c;
                        bool inside = r >= 0 && r < SIDE && c >= 0 && c < SIDE;
                        for (int k = 0; inside && k < IN * OUT; k++) {
                                int i = k / OUT, o = k % OUT;
                                dx[from * IN + i] +=
                                        (double)(f[tap * IN * OUT + k] * g[at * OUT + o]);
                                df[tap * IN * OUT + k] +=
                                        (double)(x[from * IN + i] * g[at * OUT + o]);
                        }
                }
}

Test(large_gradients, a_batch_of_convolutions_is_cut_among_threads)
{
        static double dx[BATCH * SIDE * SIDE * IN], df[TAPS * TAPS * IN * OUT];
        autoptr(Tensor) x = whole_numbers(&SHAPE(BATCH, SIDE, SIDE, IN), 1);
        autoptr(Tensor) f = whole_numbers(&SHAPE(TAPS, TAPS, IN, OUT), 2);
        autoptr(Tensor) g = whole_numbers(&SHAPE(BATCH, SIDE, SIDE, OUT), 3);
        conv_reference(tensor_data(x), tensor_data(f), tensor_data(g), dx, df);
        for (int round = 0; round < 4; round++) {
                Tensor *y[2] = { NULL };
                run("x = Placeholder dtype: float\nf = Placeholder dtype: float\n"
                    "g = Placeholder dtype: float\nxs = Shape(x)\nfs = Shape(f)\n"
                    "y0 = Conv2DBackpropInput(xs, f, g) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                    "y1 = Conv2DBackpropFilter(x, fs, g) strides: [1, 1, 1, 1], padding: "
                    "\"SAME\"\n",
                    (Feed[]){ { "x:0", x }, { "f:0", f }, { "g:0", g } }, 3, y, 2);
                expect(y[0], dx);
                expect(y[1], df);
                tensor_unref(y[0]);
                tensor_unref(y[1]);
        }
}

enum { CHANNELS = 70, POOLED = 7, POOL_BATCH = 4 };

/* 3x3 windows, 2 apart, SAME: of 14 rows the last window has two. The first of equals wins. */
static void pool_reference(const float *x, const float *g, double *dx)
{
        for (int at = 0; at < POOL_BATCH * POOLED * POOLED * CHANNELS; at++) {
                int c = at % CHANNELS, column = at / CHANNELS % POOLED * 2,
                    row = at / CHANNELS / POOLED % POOLED * 2, b = at / CHANNELS / POOLED / POOLED,
                    best = -1;
                for (int tap = 0; tap < 9; tap++) {
                        int r = row + tap / 3, k = column + tap % 3;
                        int from = ((b * SIDE + r) * SIDE + k) * CHANNELS + c;
                        if (r < SIDE && k < SIDE && (best < 0 || x[from] > x[best]))
                                best = from;
                }
                dx[best] += (double)g[at];
        }
}

Test(large_gradients, maxima_of_many_channels_get_what_is_theirs)
{
        static double dx[POOL_BATCH * SIDE * SIDE * CHANNELS];
        autoptr(Tensor) x = whole_numbers(&SHAPE(POOL_BATCH, SIDE, SIDE, CHANNELS), 4);
        autoptr(Tensor) g = whole_numbers(&SHAPE(POOL_BATCH, POOLED, POOLED, CHANNELS), 5);
        Tensor *y[2] = { NULL };
        pool_reference(tensor_data(x), tensor_data(g), dx);
        run("x = Placeholder dtype: float\ng = Placeholder dtype: float\n"
            "p = MaxPool(x) ksize: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding: \"SAME\"\n"
            "y0 = MaxPoolGrad(x, p, g) ksize: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding: "
            "\"SAME\"\n",
            (Feed[]){ { "x:0", x }, { "g:0", g } }, 2, y, 1);
        expect(y[0], dx);
        tensor_unref(y[0]);
}
