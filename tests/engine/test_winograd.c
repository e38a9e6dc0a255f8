// SPDX-License-Identifier: Apache-2.0
/* Winograd's way gives what oneDNN's plain sums give, by tiles of either side, whole ones and not.
 */
#include "engine/kernels/nn/winograd.h"
#include "engine/ops/lanes.h"
#include "tests/engine/fuse_fixture.h"
#include <criterion/criterion.h>

TestSuite(winograd, .timeout = 60);

enum { IN = 64, OUT = 96, THREADS = 2 };
#define BOUND 1e-5 /* of the largest result */

static int tile_of(int h, int w)
{
        Conv v = { .spatial = 2, .batch = 1, .in_c = IN, .out_c = OUT };
        for (int i = 0; i < WINDOW_AXES; i++)
                v.w[i] = (Window){ .in = 1, .size = 1, .stride = 1, .dilation = 1, .out = 1 };
        for (int i = 1; i < WINDOW_AXES; i++) {
                v.w[i].in = v.w[i].out = i == 1 ? h : w;
                v.w[i].size = 3;
                v.w[i].before = v.w[i].after = 1;
        }
        return winograd_tile(&v, THREADS, false);
}

/* The convolution is fused with a residual and Relu when nothing between is fetched. */
static void expect_same(int h, int w)
{
        autobuf b = BUF(1 << 16);
        autofree char *in = mem_printf("1, %d, %d, %d", h, w, IN);
        autofree char *filter = mem_printf("3, 3, %d, %d", IN, OUT);
        autofree char *out = mem_printf("1, %d, %d, %d", h, w, OUT);
        sines(&b, "x", in, 4, h * w * IN, 0.37, 1.1);
        sines(&b, "w", filter, 4, 9 * IN * OUT, 0.73, 1.1);
        sines(&b, "r", out, 4, h * w * OUT, 0.11, 0);
        buf_puts(&b, "one = Placeholder dtype: float\nx1 = Mul(x, one)\nr1 = Mul(r, one)\n"
                     "c = Conv2D(x1, w) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                     "a = Add(c, r1)\ny = Relu(a)\n");
        autoptr(TestSession) s = NULL;
        cr_assert_null(test_session_text(buf_cstr(&b), &s));
        float one = 1;
        autoptr(Tensor) scalar = NULL;
        cr_assert_null(tensor_scalar(DT_FLOAT, &one, &scalar));
        Feed feed = { "one:0", scalar };
        const char *fetches[] = { "y:0", "c:0" };
        Tensor *apart[2] = { NULL }, *fused = NULL;
        RunRequest r = { .fetches = fetches, .n_fetches = 2, .feeds = &feed, .n_feeds = 1 };
        cr_assert_null(test_session_run(s, &r, apart));
        r.n_fetches = 1;
        cr_assert_null(test_session_run(s, &r, &fused));
        double largest = 0, most = 0;
        for (int64_t i = 0; i < tensor_count(fused); i++) {
                double v = tensor_double(apart[0], i);
                largest = MAX(largest, v);
                most = MAX(most, fabs(tensor_double(fused, i) - v));
        }
        cr_assert(largest > 1);
        cr_assert(most < BOUND * largest, "%d x %d: off by %g of %g", h, w, most, largest);
        tensor_unref(fused);
        tensor_unref(apart[0]);
        tensor_unref(apart[1]);
}

Test(winograd, every_tile_and_every_rest)
{
        static const int sides[][2] = { { 14, 14 }, { 13, 15 }, { 15, 29 }, { 56, 56 },
                                        { 57, 58 }, { 59, 33 }, { 5, 70 } };
        int found[5] = { 0 };
        for (size_t i = 0; i < COUNTOF(sides); i++) {
                found[tile_of(sides[i][0], sides[i][1])]++;
                expect_same(sides[i][0], sides[i][1]);
        }
        cr_assert_eq(found[2] > 0, lanes_usable());
        cr_assert_eq(found[4] > 0, lanes_usable());
}
