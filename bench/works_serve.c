// SPDX-License-Identifier: Apache-2.0
/* A wide model for serving, and a block of attention. */
#include "bench/works.h"

enum { ONE = 26, MANY = 14, IDS = 4, ROWS = 10000, WIDE = 32 };
enum { TOKENS = 128, HIDDEN = 768, HEADS = 12, HEAD = HIDDEN / HEADS };

/* name = act(x w + b); act "" is none. scale follows the fan-in. */
static void dense(Buf *t, const char *name, const char *x, int in, int out, const char *act)
{
        buf_printf(t, "w_%s = Const float [%d, %d] { %s }\nw_b%s = Const float [%d] { 0.1 }\n",
                   name, in, out, in > 2000 ? "0.03" : "0.06", name, out);
        buf_printf(t, "product_%s = MatMul(%s, w_%s)\n%s%s = BiasAdd(product_%s, w_b%s)\n", name, x,
                   name, *act ? "sum_" : "", name, name, name);
        if (*act)
                buf_printf(t, "%s = %s(sum_%s)\n", name, act, name);
}

/* A column of ids each; then, for MANY of them, embedding_lookup_sparse(combiner="mean"). */
void work_wide(Buf *t, int batch)
{
        buf_printf(t,
                   "x = Placeholder dtype: int64, shape: [%d, %d]\naxis = Const int32 [] { 1 }\n"
                   "zero = Const int32 [] { 0 }\nsizes = Const int32 [2] { %d, %d }\n"
                   "halves = SplitV(x, sizes, axis) num_split: 2\n"
                   "ones = Split(axis, halves) num_split: %d\n"
                   "manys = Split(axis, halves:1) num_split: %d\n"
                   "flat = Const int32 [1] { -1 }\nsegments = Const int32 [%d] { ",
                   batch, ONE + MANY * IDS, ONE, MANY * IDS, ONE, MANY, batch * IDS);
        for (int i = 0; i < batch * IDS; i++)
                buf_printf(t, "%s%d", i ? ", " : "", i / IDS);
        buf_puts(t, " }\n");
        for (int i = 0; i < ONE + MANY; i++)
                buf_printf(t, "w_table%d = Const float [%d, %d] { 0.5 }\n", i, ROWS, WIDE);
        for (int i = 0; i < ONE; i++)
                buf_printf(t,
                           "rows%d = GatherV2(w_table%d, ones:%d, zero)\n"
                           "part%d = Squeeze(rows%d) squeeze_dims: [1]\n",
                           i, i, i, i, i);
        for (int i = ONE; i < ONE + MANY; i++)
                buf_printf(t,
                           "ids%d = Reshape(manys:%d, flat)\nunique%d = Unique(ids%d)\n"
                           "rows%d = GatherV2(w_table%d, unique%d, zero)\n"
                           "part%d = SparseSegmentMean(rows%d, unique%d:1, segments)\n",
                           i, i - ONE, i, i, i, i, i, i, i, i);
        buf_puts(t, "features = ConcatV2(");
        for (int i = 0; i < ONE + MANY; i++)
                buf_printf(t, "part%d, ", i);
        buf_puts(t, "axis)\n");
        dense(t, "d1", "features", (ONE + MANY) * WIDE, 1024, "Relu");
        dense(t, "d2", "d1", 1024, 256, "Relu");
        dense(t, "out", "d2", 256, 1, "Sigmoid");
}

/* tf.contrib.layers.layer_norm: moments and batch_normalization in nodes. */
static void layer_norm(Buf *t, const char *name, const char *x)
{
        buf_printf(t,
                   "w_g%s = Const float [%d] { 1 }\nw_s%s = Const float [%d] { 0.2 }\n"
                   "mean_%s = Mean(%s, last) keep_dims: true\n"
                   "stop_%s = StopGradient(mean_%s)\n"
                   "dev_%s = SquaredDifference(%s, stop_%s)\n"
                   "var_%s = Mean(dev_%s, last) keep_dims: true\n",
                   name, HIDDEN, name, HIDDEN, name, x, name, name, name, x, name, name, name);
        buf_printf(t,
                   "eps_%s = Add(var_%s, tiny)\nrsqrt_%s = Rsqrt(eps_%s)\n"
                   "mul_%s = Mul(rsqrt_%s, w_g%s)\nscaled_%s = Mul(%s, mul_%s)\n"
                   "shift_%s = Mul(mean_%s, mul_%s)\nsub_%s = Sub(w_s%s, shift_%s)\n"
                   "%s = Add(scaled_%s, sub_%s)\n",
                   name, name, name, name, name, name, name, name, x, name, name, name, name, name,
                   name, name, name, name, name);
}

/* q, k or v as [batch, heads, tokens, head]. */
static void heads(Buf *t, const char *name)
{
        dense(t, name, "flat", HIDDEN, HIDDEN, "");
        buf_printf(t, "four_%s = Reshape(%s, to_heads)\nt_%s = Transpose(four_%s, swap)\n", name,
                   name, name, name);
}

/* x * 0.5 * (1 + erf(x / sqrt(2))) */
static void gelu(Buf *t, const char *name, const char *x)
{
        buf_printf(t,
                   "div_%s = RealDiv(%s, root2)\nerf_%s = Erf(div_%s)\n"
                   "more_%s = Add(whole, erf_%s)\ncdf_%s = Mul(half, more_%s)\n"
                   "%s = Mul(%s, cdf_%s)\n",
                   name, x, name, name, name, name, name, name, name, x, name);
}

static void norm_numbers(Buf *t)
{
        buf_puts(t, "last = Const int32 [1] { -1 }\ntiny = Const float [] { 1e-12 }\n");
}

static void gelu_numbers(Buf *t)
{
        buf_puts(t, "root2 = Const float [] { 1.4142135 }\nwhole = Const float [] { 1 }\n"
                    "half = Const float [] { 0.5 }\n");
}

static void input(Buf *t, int batch, int wide)
{
        buf_printf(t, "x = Placeholder dtype: float, shape: [%d, %d, %d]\n", batch, TOKENS, wide);
}

void work_layer_norm(Buf *t, int batch)
{
        input(t, batch, HIDDEN);
        norm_numbers(t);
        layer_norm(t, "out", "x");
}

void work_gelu(Buf *t, int batch)
{
        input(t, batch, 4 * HIDDEN);
        gelu_numbers(t);
        gelu(t, "out", "x");
}

void work_attention(Buf *t, int batch)
{
        input(t, batch, HIDDEN);
        norm_numbers(t);
        gelu_numbers(t);
        buf_printf(t,
                   "rows = Const int32 [2] { -1, %d }\nflat = Reshape(x, rows)\n"
                   "to_heads = Const int32 [4] { %d, %d, %d, %d }\n"
                   "swap = Const int32 [4] { 0, 2, 1, 3 }\nscale = Const float [] { 0.125 }\n"
                   "w_mask = Const float [%d, 1, 1, %d] { 1 }\n",
                   HIDDEN, batch, TOKENS, HEADS, HEAD, batch, TOKENS);
        heads(t, "q");
        heads(t, "k");
        heads(t, "v");
        buf_puts(t, "scores = BatchMatMul(t_q, t_k) adj_y: true\nscaled = Mul(scores, scale)\n"
                    "masked = Add(scaled, w_mask)\nprobs = Softmax(masked)\n"
                    "context = BatchMatMul(probs, t_v)\nback = Transpose(context, swap)\n"
                    "joined = Reshape(back, rows)\n");
        dense(t, "o", "joined", HIDDEN, HIDDEN, "");
        buf_puts(t, "res1 = Add(o, flat)\n");
        layer_norm(t, "ln1", "res1");
        dense(t, "up", "ln1", HIDDEN, 4 * HIDDEN, "");
        gelu(t, "gelu", "up");
        dense(t, "down", "gelu", 4 * HIDDEN, HIDDEN, "");
        buf_puts(t, "res2 = Add(down, ln1)\n");
        layer_norm(t, "out", "res2");
}
