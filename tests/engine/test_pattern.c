// SPDX-License-Identifier: Apache-2.0
/* Cells of recurrent networks, as nodes and as fused ops, inside dynamic_rnn's loop and outside,
 * give what their nodes give one by one: every graph runs with rewriting on and off. */
#include "engine/base/buf.h"
#include "engine/engine.h"
#include "tests/lib/rewrite_case.h"
#include <math.h>
#include <stdio.h>

TestSuite(pattern, .timeout = 60);

enum { TIME = 6, IN = 4 };
static int rows = 3, units = 5; /* of a cell */

/* name = scale sin(i + 1), of that shape. */
static void sines(Buf *b, const char *name, const int *dims, double scale)
{
        int n = 1, rank = 0;
        for (; dims[rank]; rank++)
                n *= dims[rank];
        buf_printf(b,
                   "%s/1 = Const float [] { 1 }\n%s/n = Const float [] { %d.5 }\n"
                   "%s/k = Const float [] { %g }\n%s/d = Const int32 [%d] { ",
                   name, name, n, name, scale, name, rank);
        for (int i = 0; i < rank; i++)
                buf_printf(b, "%s%d", i ? ", " : "", dims[i]);
        buf_printf(b,
                   " }\n%s/r = Range(%s/1, %s/n, %s/1)\n%s/s = Sin(%s/r)\n%s/m = Mul(%s/s, %s/k)\n"
                   "%s = Reshape(%s/m, %s/d)\n",
                   name, name, name, name, name, name, name, name, name, name, name, name);
}

/* Gates' weights sum up as many numbers as there are units: larger cells get smaller ones. */
static void weights(Buf *b)
{
        double w = 0.7 * sqrt(9.0 / (IN + units));
        sines(b, "x", (int[]){ TIME, rows, IN, 0 }, 0.9);
        sines(b, "w4", (int[]){ IN + units, 4 * units, 0 }, w);
        sines(b, "b4", (int[]){ 4 * units, 0 }, 0.3);
        sines(b, "w2", (int[]){ IN + units, 2 * units, 0 }, w);
        sines(b, "b2", (int[]){ 2 * units, 0 }, 0.3);
        sines(b, "w1", (int[]){ IN + units, units, 0 }, w);
        sines(b, "b1", (int[]){ units, 0 }, 0.3);
        sines(b, "peep", (int[]){ units, 0 }, 0.4);
        sines(b, "start", (int[]){ rows, units, 0 }, 0.5);
        buf_puts(b, "steps = Const int32 [] { 6 }\nzero = Const int32 [] { 0 }\n"
                    "one = Const int32 [] { 1 }\nunit = Const float [] { 1 }\n"
                    "x0 = Const int32 [3] { 0, 0, 0 }\nx1 = Const int32 [3] { 1, 3, 4 }\n"
                    "first3 = Slice(x, x0, x1)\nfirst = Squeeze(first3) squeeze_dims: [0]\n");
}

static void loop_value(Buf *b, const char *name, const char *from, const char *type)
{
        buf_printf(b,
                   "e_%s = Enter(%s) frame_name: \"f\", T: %s\n"
                   "m_%s = Merge(e_%s, n_%s) N: 2, T: %s\ns_%s = Switch(m_%s, cond) T: %s\n"
                   "%s = Identity(s_%s:1) T: %s\nx_%s = Exit(s_%s) T: %s\n",
                   name, from, type, name, name, name, type, name, name, type, name, name, type,
                   name, name, type);
}

/* Where the input's steps go in the array. */
static const char *in_order = "Identity(range)";

/* Around a body that makes new_h, new_c from now, h, c and the weights, called as outside but for a
 * k in front. */
static void loop(Buf *b, const char *body, const char *array_attrs, const char *new_h,
                 const char *new_c)
{
        static const char *const outside[] = {
                "steps", "w4", "b4", "w2", "b2", "w1", "b1", "peep"
        };
        weights(b);
        buf_printf(b,
                   "range = Range(zero, steps, one)\n"
                   "in = TensorArrayV3(steps) dtype: float%s\n"
                   "out_ta = TensorArrayV3(steps) dtype: float\n"
                   "front = Const int32 [1] { 0 }\norder = %s\n"
                   "in_flow = TensorArrayScatterV3(in, order, x, in:1)\n",
                   array_attrs, in_order);
        loop_value(b, "t", "zero", "int32");
        loop_value(b, "flow", "out_ta:1", "float");
        loop_value(b, "h", "start", "float");
        loop_value(b, "c", "start", "float");
        for (size_t i = 0; i < COUNTOF(outside); i++)
                buf_printf(b, "k%s = Enter(%s) frame_name: \"f\", is_constant: true, T: %s\n",
                           outside[i], outside[i], i ? "float" : "int32");
        buf_puts(b, "kin = Enter(in) frame_name: \"f\", is_constant: true, T: resource\n"
                    "kflow = Enter(in_flow) frame_name: \"f\", is_constant: true, T: float\n"
                    "kout = Enter(out_ta) frame_name: \"f\", is_constant: true, T: resource\n"
                    "less = Less(m_t, ksteps) T: int32\ncond = LoopCond(less)\n"
                    "one_t = Const(^t) int32 [] { 1 }\nnew_t = Add(t, one_t) T: int32\n"
                    "axis = Const(^t) int32 [] { 1 }\nkunit = Const(^t) float [] { 1 }\n"
                    "now = TensorArrayReadV3(kin, t, kflow) dtype: float\n");
        buf_puts(b, body);
        buf_printf(b,
                   "new_flow = TensorArrayWriteV3(kout, t, %s, flow) T: float\n"
                   "n_t = NextIteration(new_t) T: int32\nn_flow = NextIteration(new_flow) T: "
                   "float\nn_h = NextIteration(%s) T: float\nn_c = NextIteration(%s) T: float\n"
                   "all = TensorArrayGatherV3(out_ta, range, x_flow) dtype: float\n"
                   "minus = Const int32 [1] { -1 }\nmany = Const int32 [1] { %d }\nflat = "
                   "Reshape(all, many)\n"
                   "ends = Reshape(x_c, minus)\n"
                   "z = Const int32 [] { 0 }\nout = ConcatV2(flat, ends, z) T: float, N: 2, "
                   "Tidx: int32\n",
                   new_h, new_h, new_c, TIME * rows * units);
}

static void expect_loop(const char *body, const char *array_attrs, const char *new_h,
                        const char *new_c)
{
        autobuf b = BUF(1 << 20);
        loop(&b, body, array_attrs, new_h, new_c);
        rewrite_expect_same(buf_cstr(&b), 1);
}

#define GATES(x, k)                                                       \
        "joined = ConcatV2(" x ", h, axis) T: float, N: 2, Tidx: int32\n" \
        "product = MatMul(joined, " k "w4) T: float\ngates = BiasAdd(product, " k "b4) T: float\n"
#define LSTM(split, add)                                                                   \
        "p = Split(" split ", gates) num_split: 4, T: float\nf1 = " add "(p:2, kunit) T: " \
        "float\nf = Sigmoid(f1) T: float\nkept = Mul(c, f) T: float\ni = Sigmoid(p) T: "   \
        "float\nj = Tanh(p:1) T: float\nmore = Mul(i, j) T: float\nnew_c = " add           \
        "(kept, more) T: float\nshown = Tanh(new_c) T: float\no = Sigmoid(p:3) T: float\n" \
        "new_h = Mul(shown, o) T: float\n"

Test(pattern, an_lstm_of_nodes_in_a_loop)
{
        expect_loop(GATES("now", "k") LSTM("axis", "Add"), "", "new_h", "new_c");
        expect_loop(GATES("now", "k") LSTM("axis", "AddV2"), ", clear_after_read: false", "new_h",
                    "new_c");
}

Test(pattern, elements_in_any_order)
{
        in_order = "ReverseV2(range, front) T: int32, Tidx: int32";
        expect_loop(GATES("now", "k") LSTM("axis", "Add"), "", "new_h", "new_c");
        in_order = "Identity(range)";
}

Test(pattern, factors_may_stand_the_other_way_about)
{
        expect_loop(GATES("now", "k") "p = Split(axis, gates) num_split: 4, T: float\n"
                                      "f1 = AddV2(kunit, p:2) T: float\nf = Sigmoid(f1) T: float\n"
                                      "kept = Mul(f, c) T: float\ni = Sigmoid(p) T: float\n"
                                      "j = Tanh(p:1) T: float\nmore = Mul(j, i) T: float\n"
                                      "new_c = AddV2(more, kept) T: float\n"
                                      "shown = Tanh(new_c) T: float\no = Sigmoid(p:3) T: float\n"
                                      "new_h = Mul(o, shown) T: float\n",
                    "", "new_h", "new_c");
}

Test(pattern, an_input_that_others_read_too_is_not_made_ahead)
{
        expect_loop(GATES("now", "k") LSTM("axis", "Add") "part = Mul(kunit, kunit) T: float\n"
                                                          "other = Identity(now) T: float\n"
                                                          "sum = Sum(other, axis2) T: float, "
                                                          "Tidx: int32, keep_dims: true\n"
                                                          "axis2 = Const(^t) int32 [] { 1 }\n"
                                                          "tiny = Const(^t) float [] { 0.01 }\n"
                                                          "small = Mul(sum, tiny) T: float\n"
                                                          "y = Add(new_h, small) T: float\n",
                    "", "y", "new_c");
}

/* What looks like a cell, but is split along the other axis: a gate for each row. */
Test(pattern, gates_that_lie_otherwise_run_one_by_one)
{
        autobuf b = BUF(1 << 20);
        weights(&b);
        buf_puts(&b,
                 "axis = Const int32 [] { 1 }\nkunit = Const float [] { 1 }\n"
                 "by_rows = Const int32 [] { 0 }\ntwo = Const int32 [2] { 4, 5 }\n"
                 "y4 = ConcatV2(first, first, axis)\nn8 = Const int32 [2] { 4, 6 }\n"
                 "left = Reshape(y4, n8)\nhs = Const int32 [2] { 4, 3 }\nh4 = RandomUniform(hs) "
                 "seed: 1, seed2: 2, dtype: float\njoined = ConcatV2(left, h4, "
                 "axis)\nproduct = MatMul(joined, w1)\n"
                 "gates = BiasAdd(product, b1)\nc = Const float [1, 5] { 0.3, 0.2, 0.1, 0.5, "
                 "0.7 }\n" LSTM("by_rows", "Add") "out = ConcatV2(new_h, new_c, axis)\n");
        rewrite_expect_same(buf_cstr(&b), 1);
}

Test(pattern, cells_one_after_the_other_without_a_loop)
{
        autobuf b = BUF(1 << 20);
        weights(&b);
        buf_puts(&b, "axis = Const int32 [] { 1 }\nkunit = Const float [] { 1 }\n"
                     "hs = Const int32 [2] { 3, 5 }\nh = RandomUniform(hs) seed: 1, seed2: 2, "
                     "dtype: float\nc = Identity(h)\n" GATES("first", "") LSTM("axis", "Add"));
        for (int i = 2; i < 5; i++) {
                char h[32], c[32];
                snprintf(h, sizeof h, i == 2 ? "new_h" : "new_h%d", i - 1);
                snprintf(c, sizeof c, i == 2 ? "new_c" : "new_c%d", i - 1);
                buf_printf(&b,
                           "j%d = ConcatV2(first, %s, axis)\ng%d = MatMul(j%d, w4)\n"
                           "gb%d = BiasAdd(g%d, b4)\np%d = Split(axis, gb%d) num_split: 4\n",
                           i, h, i, i, i, i, i, i);
                buf_printf(&b,
                           "ff%d = Add(p%d:2, kunit)\nf%d = Sigmoid(ff%d)\nk%d = Mul(%s, f%d)\n"
                           "i%d = Sigmoid(p%d)\nt%d = Tanh(p%d:1)\nmm%d = Mul(i%d, t%d)\n",
                           i, i, i, i, i, c, i, i, i, i, i, i, i, i);
                buf_printf(&b,
                           "new_c%d = Add(k%d, mm%d)\ns%d = Tanh(new_c%d)\no%d = Sigmoid(p%d:3)\n"
                           "new_h%d = Mul(s%d, o%d)\n",
                           i, i, i, i, i, i, i, i, i, i);
        }
        buf_puts(&b, "out = ConcatV2(new_h4, new_c4, new_c, axis)\n");
        rewrite_expect_same(buf_cstr(&b), 4);
}

/* What should be the old state is one of the cell's own gates. */
Test(pattern, cells_that_feed_on_themselves_run_one_by_one)
{
        autobuf b = BUF(1 << 20);
        weights(&b);
        buf_puts(&b, "axis = Const int32 [] { 1 }\nkunit = Const float [] { 1 }\n"
                     "hs = Const int32 [2] { 3, 5 }\n"
                     "h = RandomUniform(hs) seed: 1, seed2: 2, dtype: float\n" GATES(
                             "first",
                             "") "p = Split(axis, gates) num_split: 4\nf1 = Add(p:2, kunit)\n"
                                 "f = Sigmoid(f1)\ni = Sigmoid(p)\nkept = Mul(i, f)\n"
                                 "j = Tanh(p:1)\nmore = Mul(i, j)\nnew_c = Add(kept, more)\n"
                                 "shown = Tanh(new_c)\no = Sigmoid(p:3)\nnew_h = Mul(shown, o)\n"
                                 "out = ConcatV2(new_h, new_c, axis)\n");
        rewrite_expect_same(buf_cstr(&b), 0);
}

#define GRU                                                                                \
        "j1 = ConcatV2(now, h, axis) T: float, N: 2, Tidx: int32\n"                        \
        "p1 = MatMul(j1, kw2) T: float\ng1 = BiasAdd(p1, kb2) T: float\n"                  \
        "gates = Sigmoid(g1) T: float\np = Split(axis, gates) num_split: 2, T: float\n"    \
        "part = Mul(p, h) T: float\nj2 = ConcatV2(now, part, axis) T: float, N: 2, Tidx: " \
        "int32\np2 = MatMul(j2, kw1) T: float\ng2 = BiasAdd(p2, kb1) T: float\n"           \
        "cand = Tanh(g2) T: float\nkept = Mul(p:1, h) T: float\n"                          \
        "rest = Sub(kunit, p:1) T: float\nmore = Mul(rest, cand) T: float\n"               \
        "new_h = Add(kept, more) T: float\n"

Test(pattern, a_gru_of_nodes_in_a_loop)
{
        expect_loop(GRU, "", "new_h", "c");
}

Test(pattern, fused_cells_in_a_loop_read_ahead)
{
        expect_loop("cell = LSTMBlockCell(now, c, h, kw4, kpeep, kpeep, kpeep, kb4) T: float, "
                    "use_peephole: true, cell_clip: 0.4, forget_bias: 0.5\n",
                    "", "cell:6", "cell:1");
        expect_loop("cell = GRUBlockCell(now, h, kw2, kw1, kb2, kb1) T: float\n", "", "cell:3",
                    "c");
}

Test(pattern, outputs_of_a_cell_that_are_taken_are_there)
{
        for (int i = 0; i < 7; i++) {
                char h[24], c[24];
                snprintf(h, sizeof h, "cell:%d", i);
                snprintf(c, sizeof c, "cell:%d", (i + 3) % 7);
                expect_loop("cell = LSTMBlockCell(now, c, h, kw4, kpeep, kpeep, kpeep, kb4) T: "
                            "float, use_peephole: true, forget_bias: 0.5\n",
                            "", h, c);
        }
}

/* Columns of one row are shared among threads, those of several, and rows behind them; a column's
 * end is not a gate's. Of 256 units each thread has its own, or of 17 rows, with weights that are
 * packed after some steps. */
Test(pattern, large_cells_are_shared_among_threads)
{
        static const int sizes[][2] = {
                { 1, 203 }, { 7, 203 }, { 40, 131 }, { 6, 256 }, { 17, 256 }
        };
        for (size_t i = 0; i < COUNTOF(sizes); i++) {
                rows = sizes[i][0];
                units = sizes[i][1];
                expect_loop(GATES("now", "k") LSTM("axis", "Add"), "", "new_h", "new_c");
                expect_loop(GRU, "", "new_h", "c");
                expect_loop("cell = LSTMBlockCell(now, c, h, kw4, kpeep, kpeep, kpeep, kb4) T: "
                            "float, cell_clip: 0.4, forget_bias: 0.5\n",
                            "", "cell:6", "cell:1");
                expect_loop("cell = LSTMBlockCell(now, c, h, kw4, kpeep, kpeep, kpeep, kb4) T: "
                            "float, use_peephole: true, cell_clip: 0.4, forget_bias: 0.5\n",
                            "", "cell:6", "cell:1");
                expect_loop("cell = GRUBlockCell(now, h, kw2, kw1, kb2, kb1) T: float\n", "",
                            "cell:3", "c");
        }
}

Test(pattern, errors_name_the_node_that_made_them)
{
        autobuf b = BUF(1 << 20);
        loop(&b,
             "again = TensorArrayReadV3(kin, t, kflow, ^now) dtype: float\n" GATES("again", "k")
                     LSTM("axis", "Add"),
             "", "new_h", "new_c");
        rewrite_expect_error(buf_cstr(&b), "{{node again}}");
        b.len = 0;
        loop(&b,
             "joined = ConcatV2(now, h, axis) T: float, N: 2, Tidx: int32\n"
             "product = MatMul(joined, kw4) T: float\ngates = BiasAdd(product, kb2) T: "
             "float\n" LSTM("axis", "Add"),
             "", "new_h", "new_c");
        rewrite_expect_error(buf_cstr(&b), "{{node gates}}");
}

/* ---- lookups ---- */

#define SEGMENTS "segments = Const int32 [12] { 0, 0, 0, 1, 1, 1, 1, 2, 3, 3, 4, 4 }\n"

Test(pattern, lookups_of_sparse_ids_are_the_same_to_the_bit)
{
        static const char *const joins[] = { "Mean", "Sum", "SqrtN" };
        for (int i = 0; i < 6; i++) {
                autobuf b = BUF(1 << 16);
                buf_printf(&b,
                           "length = Const int32 [1] { 12 }\nfrom = Const int64 [] { 0 }\n"
                           "to = Const int64 [] { 7 }\nsizes = Const int32 [2] { 7, 3 }\n"
                           "table = RandomUniform(sizes) seed: 1, seed2: 2, dtype: float\n"
                           "zero = Const int32 [] { 0 }\n"
                           "ids = RandomUniformInt(length, from, to) seed: 3, seed2: 4\n" SEGMENTS
                           "u = Unique(ids)\ng = GatherV2(table, u, zero)\n%s"
                           "out = SparseSegment%s(%s, u:1, segments)\n",
                           i % 2 ? "same = Identity(g)\n" : "", joins[i / 2], i % 2 ? "same" : "g");
                rewrite_expect_same(buf_cstr(&b), 1);
        }
}

Test(pattern, lookups_of_ids_that_are_not_there_fail_alike)
{
        rewrite_expect_error("length = Const int32 [1] { 12 }\nfrom = Const int64 [] { 7 }\n"
                             "to = Const int64 [] { 8 }\nsizes = Const int32 [2] { 7, 3 }\n"
                             "table = RandomUniform(sizes) seed: 1, seed2: 2, dtype: float\n"
                             "zero = Const int32 [] { 0 }\n"
                             "ids = RandomUniformInt(length, from, to) seed: 3, seed2: 4\n" SEGMENTS
                             "u = Unique(ids)\ng = GatherV2(table, u, zero)\n"
                             "out = SparseSegmentMean(g, u:1, segments)\n",
                             "{{node g}}");
}
