// SPDX-License-Identifier: Apache-2.0
/* dynamic_rnn(time_major=True): a while loop that reads its step from one TensorArray and writes
 * its output to another; the cell is what differs. */
#include "bench/works.h"

#include <stdio.h>

enum { STEPS = 50, IN = 128, UNITS = 256 };

/* A loop variable: Enter, Merge, Switch, Identity. new_NAME is for the body to define. */
static void loop_var(Buf *t, const char *name, const char *from, const char *type)
{
        buf_printf(t,
                   "enter_%s = Enter(%s) frame_name: \"rnn\", T: %s\n"
                   "merge_%s = Merge(enter_%s, next_%s) N: 2, T: %s\n"
                   "switch_%s = Switch(merge_%s, cond) T: %s\n"
                   "%s = Identity(switch_%s:1) T: %s\n"
                   "exit_%s = Exit(switch_%s) T: %s\n",
                   name, from, type, name, name, name, type, name, name, type, name, name, type,
                   name, name, type);
}

static void loop_next(Buf *t, const char *name, const char *from, const char *type)
{
        buf_printf(t, "next_%s = NextIteration(%s) T: %s\n", name, from, type);
}

/* What the loop uses of the world outside. */
static void loop_constant(Buf *t, const char *name, const char *from, const char *type)
{
        buf_printf(t, "%s = Enter(%s) frame_name: \"rnn\", is_constant: true, T: %s\n", name, from,
                   type);
}

static void begin(Buf *t, int batch, bool has_c)
{
        buf_printf(t, "x = Placeholder dtype: float, shape: [%d, %d, %d]\n", STEPS, batch, IN);
        buf_printf(t,
                   "steps = Const int32 [] { %d }\nzero = Const int32 [] { 0 }\n"
                   "one = Const int32 [] { 1 }\nrange = Range(zero, steps, one)\n"
                   "state = Const float [%d, %d] { 0 }\nstate_c = Identity(state)\n",
                   STEPS, batch, UNITS);
        buf_printf(t, "in_ta = TensorArrayV3(steps) dtype: float, element_shape: [%d, %d]\n", batch,
                   IN);
        buf_printf(t, "out_ta = TensorArrayV3(steps) dtype: float, element_shape: [%d, %d]\n",
                   batch, UNITS);
        buf_puts(t, "in_flow = TensorArrayScatterV3(in_ta, range, x, in_ta:1)\n");
        loop_var(t, "count", "zero", "int32");
        loop_var(t, "time", "zero", "int32");
        loop_var(t, "flow", "out_ta:1", "float");
        loop_var(t, "h", "state", "float");
        if (has_c)
                loop_var(t, "c", "state_c", "float");
        loop_constant(t, "k_steps", "steps", "int32");
        loop_constant(t, "k_in", "in_ta", "resource");
        loop_constant(t, "k_in_flow", "in_flow", "float");
        loop_constant(t, "k_out", "out_ta", "resource");
        buf_puts(t, "less_count = Less(merge_count, k_steps) T: int32\n"
                    "less_time = Less(merge_time, k_steps) T: int32\n"
                    "both = LogicalAnd(less_count, less_time)\n"
                    "cond = LoopCond(both)\n"
                    "one_count = Const(^count) int32 [] { 1 }\n"
                    "new_count = Add(count, one_count) T: int32\n"
                    "one_time = Const(^count) int32 [] { 1 }\n"
                    "new_time = Add(time, one_time) T: int32\n"
                    "now = TensorArrayReadV3(k_in, time, k_in_flow) dtype: float\n");
}

/* new_h and, if any, new_c are there. */
static void end(Buf *t, const char *new_h, const char *new_c)
{
        buf_printf(t, "new_flow = TensorArrayWriteV3(k_out, time, %s, flow) T: float\n", new_h);
        loop_next(t, "count", "new_count", "int32");
        loop_next(t, "time", "new_time", "int32");
        loop_next(t, "flow", "new_flow", "float");
        loop_next(t, "h", new_h, "float");
        if (new_c)
                loop_next(t, "c", new_c, "float");
        buf_printf(t, "out = TensorArrayGatherV3(out_ta, range, exit_flow) dtype: float\n");
}

/* [concat(a, b)] w + bias, with the weights from outside the loop. */
static void dense(Buf *t, const char *name, const char *a, const char *b, int units)
{
        char to[16], k[16], kb[16], from_b[16];
        buf_printf(t,
                   "w_%s = Const float [%d, %d] { 0.06 }\nw_b%s = Const float [%d] { 0.1 }\n"
                   "read_%s = Identity(w_%s)\nread_b%s = Identity(w_b%s)\n",
                   name, IN + UNITS, units, name, units, name, name, name, name);
        snprintf(to, sizeof(to), "read_%s", name);
        snprintf(k, sizeof(k), "k_%s", name);
        snprintf(kb, sizeof(kb), "k_b%s", name);
        snprintf(from_b, sizeof(from_b), "read_b%s", name);
        loop_constant(t, k, to, "float");
        loop_constant(t, kb, from_b, "float");
        buf_printf(t,
                   "axis_%s = Const(^count) int32 [] { 1 }\n"
                   "concat_%s = ConcatV2(%s, %s, axis_%s) T: float, N: 2, Tidx: int32\n"
                   "product_%s = MatMul(concat_%s, k_%s) T: float\n"
                   "%s = BiasAdd(product_%s, k_b%s) T: float\n",
                   name, name, a, b, name, name, name, name, name, name, name);
}

void work_lstm_loop(Buf *t, int batch)
{
        begin(t, batch, true);
        dense(t, "gates", "now", "h", 4 * UNITS);
        buf_puts(t, "split_axis = Const(^count) int32 [] { 1 }\n"
                    "parts = Split(split_axis, gates) num_split: 4, T: float\n"
                    "forget = Const(^count) float [] { 1 }\n"
                    "f_more = Add(parts:2, forget) T: float\n"
                    "f = Sigmoid(f_more) T: float\n"
                    "kept = Mul(c, f) T: float\n"
                    "i = Sigmoid(parts) T: float\n"
                    "j = Tanh(parts:1) T: float\n"
                    "added = Mul(i, j) T: float\n"
                    "new_c = Add(kept, added) T: float\n"
                    "shown = Tanh(new_c) T: float\n"
                    "o = Sigmoid(parts:3) T: float\n"
                    "new_h = Mul(shown, o) T: float\n");
        end(t, "new_h", "new_c");
}

void work_gru_loop(Buf *t, int batch)
{
        begin(t, batch, false);
        dense(t, "ru", "now", "h", 2 * UNITS);
        buf_puts(t, "gates = Sigmoid(ru) T: float\n"
                    "split_axis = Const(^count) int32 [] { 1 }\n"
                    "parts = Split(split_axis, gates) num_split: 2, T: float\n"
                    "part = Mul(parts, h) T: float\n");
        dense(t, "cand", "now", "part", UNITS);
        buf_puts(t, "candidate = Tanh(cand) T: float\n"
                    "kept = Mul(parts:1, h) T: float\n"
                    "whole = Const(^count) float [] { 1 }\n"
                    "rest = Sub(whole, parts:1) T: float\n"
                    "added = Mul(rest, candidate) T: float\n"
                    "new_h = Add(kept, added) T: float\n");
        end(t, "new_h", NULL);
}

/* LSTMBlockCell takes peepholes that it does not use. */
static void lstm_weights(Buf *t)
{
        buf_printf(t,
                   "w_gates = Const float [%d, %d] { 0.06 }\nw_bgates = Const float [%d] { 0.1 }\n"
                   "peep = Const float [%d] { 0 }\n",
                   IN + UNITS, 4 * UNITS, 4 * UNITS, UNITS);
}

void work_lstm_cell_loop(Buf *t, int batch)
{
        begin(t, batch, true);
        lstm_weights(t);
        loop_constant(t, "k_w", "w_gates", "float");
        loop_constant(t, "k_b", "w_bgates", "float");
        loop_constant(t, "k_peep", "peep", "float");
        buf_puts(t, "cell = LSTMBlockCell(now, c, h, k_w, k_peep, k_peep, k_peep, k_b) T: float, "
                    "forget_bias: 1.0, cell_clip: -1.0, use_peephole: false\n");
        end(t, "cell:6", "cell:1");
}

void work_gru_cell_loop(Buf *t, int batch)
{
        begin(t, batch, false);
        buf_printf(t,
                   "w_ru = Const float [%d, %d] { 0.06 }\nw_bru = Const float [%d] { 0.1 }\n"
                   "w_cand = Const float [%d, %d] { 0.06 }\nw_bcand = Const float [%d] { 0.1 }\n",
                   IN + UNITS, 2 * UNITS, 2 * UNITS, IN + UNITS, UNITS, UNITS);
        loop_constant(t, "k_ru", "w_ru", "float");
        loop_constant(t, "k_bru", "w_bru", "float");
        loop_constant(t, "k_cand", "w_cand", "float");
        loop_constant(t, "k_bcand", "w_bcand", "float");
        buf_puts(t, "cell = GRUBlockCell(now, h, k_ru, k_cand, k_bru, k_bcand) T: float\n");
        end(t, "cell:3", NULL);
}

void work_block_lstm(Buf *t, int batch)
{
        buf_printf(t,
                   "x = Placeholder dtype: float, shape: [%d, %d, %d]\n"
                   "steps = Const int64 [] { %d }\nstate = Const float [%d, %d] { 0 }\n",
                   STEPS, batch, IN, STEPS, batch, UNITS);
        lstm_weights(t);
        buf_puts(t, "all = BlockLSTM(steps, x, state, state, w_gates, peep, peep, peep, w_bgates) "
                    "forget_bias: 1.0, cell_clip: -1.0, use_peephole: false\n"
                    "out = Identity(all:6)\n");
}
