// SPDX-License-Identifier: Apache-2.0
/* Products large enough for the other library, for threads, and for the loop of single rows: small
 * whole numbers, whose sums are exact whatever their order. And sequences whose inputs are
 * multiplied ahead in several blocks. */
#include "engine/base/buf.h"
#include "tests/lib/session_case.h"
#include <math.h>
#include <stdio.h>

TestSuite(products, .timeout = 60);

static Tensor *run(const char *graph, Feed *feeds, int n)
{
        autoptr(TestSession) s = NULL;
        Tensor *y = NULL;
        const char *fetch = "y:0";
        RunRequest r = { .feeds = feeds, .n_feeds = n, .fetches = &fetch, .n_fetches = 1 };
        cr_assert_null(test_session_text(graph, &s));
        Status *st = test_session_run(s, &r, &y);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        return y;
}

static void expect_product(int64_t m, int64_t n, int64_t k, bool ta, bool tb)
{
        autobuf graph = BUF(4096);
        autoptr(Tensor) a = whole_numbers(ta ? &SHAPE(k, m) : &SHAPE(m, k), 1);
        autoptr(Tensor) b = whole_numbers(tb ? &SHAPE(n, k) : &SHAPE(k, n), 2);
        const float *pa = tensor_data(a), *pb = tensor_data(b);
        buf_printf(&graph,
                   "a = Placeholder dtype: float\nb = Placeholder dtype: float\n"
                   "y = MatMul(a, b) transpose_a: %s, transpose_b: %s\n",
                   ta ? "true" : "false", tb ? "true" : "false");
        autoptr(Tensor) y = run(buf_cstr(&graph), (Feed[]){ { "a:0", a }, { "b:0", b } }, 2);
        cr_assert(shape_equal(tensor_shape(y), &SHAPE(m, n)));
        for (int64_t i = 0; i < m; i++)
                for (int64_t j = 0; j < n; j++) {
                        float sum = 0;
                        for (int64_t p = 0; p < k; p++)
                                sum += pa[ta ? p * m + i : i * k + p] *
                                       pb[tb ? j * k + p : p * n + j];
                        cr_assert_eq(tensor_double(y, i * n + j), sum, "%ld %ld of %ld %ld %ld",
                                     (long)i, (long)j, (long)m, (long)n, (long)k);
                }
}

Test(products, large_ones_are_right_however_they_are_stored)
{
        for (int t = 0; t < 4; t++) {
                expect_product(33, 257, 129, t & 1, t >> 1);
                expect_product(190, 65, 200, t & 1, t >> 1);
        }
}

Test(products, single_rows_and_columns_are_right_however_they_are_stored)
{
        for (int t = 0; t < 4; t++) {
                expect_product(1, 1, 5, t & 1, t >> 1);
                expect_product(1, 37, 19, t & 1, t >> 1);
                expect_product(1, 5000, 9, t & 1, t >> 1);
                expect_product(700, 1, 400, t & 1, t >> 1);
        }
}

Test(products, nothing_to_sum_gives_zeros)
{
        expect_product(3, 40, 0, false, false);
        expect_product(1, 40, 0, false, false);
}

enum { TIME = 7, ROWS = 300, IN = 2, CELL = 3 };

static float sigmoid(float v)
{
        return 1 / (1 + expf(-v));
}

/* The equations, one number at a time; forget bias 1, no peepholes, no clipping. */
static void lstm_reference(const float *x, const float *w, float *h)
{
        float cs[CELL] = { 0 }, last[CELL] = { 0 };
        for (int t = 0; t < TIME; t++) {
                float g[4 * CELL] = { 0 };
                for (int j = 0; j < 4 * CELL; j++) {
                        for (int i = 0; i < IN; i++)
                                g[j] += x[t * ROWS * IN + i] * w[i * 4 * CELL + j];
                        for (int i = 0; i < CELL; i++)
                                g[j] += last[i] * w[(IN + i) * 4 * CELL + j];
                }
                for (int k = 0; k < CELL; k++) {
                        cs[k] = cs[k] * sigmoid(g[2 * CELL + k] + 1) +
                                sigmoid(g[k]) * tanhf(g[CELL + k]);
                        last[k] = sigmoid(g[3 * CELL + k]) * tanhf(cs[k]);
                        h[t * ROWS * CELL + k] = last[k];
                }
        }
}

Test(products, an_lstm_of_many_rows_takes_its_inputs_in_blocks)
{
        static float want[TIME * ROWS * CELL];
        autoptr(Tensor) x = whole_numbers(&SHAPE(TIME, ROWS, IN), 3);
        autoptr(Tensor) w = whole_numbers(&SHAPE(IN + CELL, 4 * CELL), 4);
        autoptr(Tensor) y = run("x = Placeholder dtype: float\nw = Placeholder dtype: float\n"
                                "time = Const int64 [] { 7 }\nzero = Const float [300, 3] { 0 }\n"
                                "peep = Const float [3] { 0 }\nbias = Const float [12] { 0 }\n"
                                "l = BlockLSTM(time, x, zero, zero, w, peep, peep, peep, bias) "
                                "cell_clip: -1.0\ny = Identity(l:6)\n",
                                (Feed[]){ { "x:0", x }, { "w:0", w } }, 2);
        for (int row = 0; row < ROWS; row++)
                lstm_reference((const float *)tensor_data(x) + (ptrdiff_t)row * IN, tensor_data(w),
                               want + (ptrdiff_t)row * CELL);
        for (int i = 0; i < TIME * ROWS * CELL; i++)
                cr_assert(fabs(tensor_double(y, i) - (double)want[i]) < 1e-5, "%d: %g, %g", i,
                          tensor_double(y, i), (double)want[i]);
}

/* A long sequence pays for packing its weights, a short one does not; each adds up in the same
 * order. (Smaller inputs would be multiplied by OpenBLAS in the short one.) */
Test(products, an_lstm_begins_alike_however_long_it_goes_on)
{
        enum { SHORT = 3, LONG = 9, BATCH = 16, SIZE = 20, UNITS = 256 };
        autoptr(Tensor) x = whole_numbers(&SHAPE(LONG, BATCH, SIZE), 3);
        autoptr(Tensor) w = whole_numbers(&SHAPE(SIZE + UNITS, 4 * UNITS), 4);
        Tensor *y[2];
        for (int i = 0; i < 2; i++) {
                char graph[600];
                snprintf(graph, sizeof graph,
                         "x = Placeholder dtype: float\nw0 = Placeholder dtype: float\n"
                         "k = Const float [] { 0.013 }\nw = Mul(w0, k)\n"
                         "time = Const int64 [] { %d }\nzero = Const float [16, 256] { 0 }\n"
                         "peep = Const float [256] { 0 }\nbias = Const float [1024] { 0 }\n"
                         "l = BlockLSTM(time, x, zero, zero, w, peep, peep, peep, bias) "
                         "cell_clip: -1.0\ny = Identity(l:6)\n",
                         i ? LONG : SHORT);
                y[i] = run(graph, (Feed[]){ { "x:0", x }, { "w0:0", w } }, 2);
        }
        size_t bytes = (size_t)SHORT * BATCH * UNITS * sizeof(float);
        cr_assert(!memcmp(tensor_data(y[0]), tensor_data(y[1]), bytes));
        cr_assert(tensor_double(y[0], SHORT * BATCH * UNITS) == 0);
        cr_assert(tensor_double(y[1], SHORT * BATCH * UNITS) != 0);
        tensor_unref(y[0]);
        tensor_unref(y[1]);
}

/* The outputs and states of a sequence on so many threads. Weights that are constant get packed. */
static Tensor *sequence(int threads, int batch, int units, bool constant, const char *more)
{
        enum { STEPS = 20, SIZE = 20 };
        ConfigProto config = TENSORFLOW__CONFIG_PROTO__INIT;
        autoptr(TestSession) s = NULL;
        autobuf t = BUF(4 << 20);
        uint32_t seed = 1;
        buf_printf(&t, "weights = Const float [%d, %d] { 0.1", SIZE + units, 4 * units);
        for (int i = 1; i < (SIZE + units) * 4 * units; i++) {
                seed = seed * 1664525 + 1013904223;
                buf_printf(&t, ", %s.%03u", seed >> 31 ? "-" : "", (seed >> 8) % 100);
        }
        buf_printf(&t,
                   " }\nxs = Const int32 [3] { %d, %d, %d }\n"
                   "x = RandomUniform(xs) seed: 1, seed2: 2, dtype: float\n"
                   "none = Const int32 [0] { }\nlow = Const int32 [] { 1 }\n"
                   "high = Const int32 [] { 2 }\nn = RandomUniformInt(none, low, high)\n"
                   "one = Cast(n) SrcT: int32, DstT: float\nproduct = Mul(weights, one)\n"
                   "time = Const int64 [] { %d }\nzero = Const float [%d, %d] { 0 }\n"
                   "peep = Const float [%d] { 0.1 }\nbias = Const float [%d] { 0.3 }\n"
                   "l = BlockLSTM(time, x, zero, zero, %s, peep, peep, peep, bias) %s\n"
                   "axis = Const int32 [] { 2 }\ny = ConcatV2(l:6, l:1, axis)\n",
                   STEPS, batch, SIZE, STEPS, batch, units, units, 4 * units,
                   constant ? "weights" : "product", more);
        config.intra_op_parallelism_threads = threads;
        expect_ok(test_session_with(&config, buf_cstr(&t), &s));
        return fetch(s, "y:0");
}

/* One row is cut by columns or units, a few by units, more of them by rows, evenly or not; weights
 * are read as they came or packed. The house's own products add up in one order; others may differ
 * by where they are cut. */
Test(products, an_lstm_is_the_same_on_one_thread)
{
        static const struct {
                int batch, units;
                const char *more;
        } rows[] = { { 1, 256, "use_peephole: true" },
                     { 1, 256, "" },
                     { 1, 203, "" },
                     { 4, 256, "cell_clip: -1.0" },
                     { 9, 256, "use_peephole: true" },
                     { 200, 256, "" } };
#ifdef NO_CLONES /* rows that are not packed are multiplied without fused additions */
        double error = 1e-4;
#else
        double error = __builtin_cpu_supports("avx512f") ? 0 : 1e-4;
#endif
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autoptr(Tensor) want =
                        sequence(1, rows[i].batch, rows[i].units, false, rows[i].more);
                for (int k = 1; k < 4; k++) {
                        autoptr(Tensor) is = sequence(1 + k % 2, rows[i].batch, rows[i].units,
                                                      k / 2, rows[i].more);
                        for (int64_t at = 0; at < tensor_count(want); at++)
                                cr_assert(fabs(tensor_double(is, at) - tensor_double(want, at)) <=
                                                  error,
                                          "row %zu, %d, %ld: %.9g, %.9g", i, k, (long)at,
                                          tensor_double(is, at), tensor_double(want, at));
                }
        }
}
