// SPDX-License-Identifier: Apache-2.0
/* Training steps: forward, what tf.gradients() adds, and AdamOptimizer.minimize(). `out` is the
 * loss before the step; the target init sets all variables. */
#include "bench/works.h"

#include <stdio.h>

enum { CLASSES = 10 };

/* A variable called NAME with Adam's slots, beginning with w_NAME and zeros; reads as r_NAME. Its
 * gradient is to be called d_NAME. */
static void variable(Buf *t, const char *name, const char *shape, const char *scale)
{
        buf_printf(t, "w_%s = Const float %s { %s }\nzeros_%s = Const float %s { 0 }\n", name,
                   shape, scale, name, shape);
        static const struct {
                const char *prefix, *from;
        } parts[] = { { "", "w" }, { "m_", "zeros" }, { "v_", "zeros" } };
        for (int i = 0; i < 3; i++)
                buf_printf(t,
                           "%s%s = VariableV2() dtype: float, shape: %s\n"
                           "set_%s%s = Assign(%s%s, %s_%s)\n",
                           parts[i].prefix, name, shape, parts[i].prefix, name, parts[i].prefix,
                           name, parts[i].from, name);
        buf_printf(t, "r_%s = Identity(%s) T: float\n", name, name);
}

static void powers(Buf *t)
{
        for (int i = 1; i <= 2; i++)
                buf_printf(t,
                           "beta%d = Const float [] { %s }\npower%d = VariableV2() dtype: float, "
                           "shape: []\nset_power%d = Assign(power%d, beta%d)\n"
                           "r_power%d = Identity(power%d) T: float\n",
                           i, i == 1 ? "0.9" : "0.999", i, i, i, i, i, i);
        buf_puts(t, "rate = Const float [] { 0.001 }\nepsilon = Const float [] { 1e-8 }\n");
}

/* Adam on each, then the powers, then out and init. */
static void minimize(Buf *t, const char *const *names)
{
        Buf after = BUF(1 << 16), init = BUF(1 << 16);
        for (; *names; names++) {
                const char *n = *names;
                buf_printf(t,
                           "adam_%s = ApplyAdam(%s, m_%s, v_%s, r_power1, r_power2, rate, beta1, "
                           "beta2, epsilon, d_%s) use_locking: false\n",
                           n, n, n, n, n);
                buf_printf(&after, ", ^adam_%s", n);
                buf_printf(&init, "^set_%s, ^set_m_%s, ^set_v_%s, ", n, n, n);
        }
        for (int i = 1; i <= 2; i++)
                buf_printf(t,
                           "new_power%d = Mul(r_power%d, beta%d%s)\n"
                           "put_power%d = Assign(power%d, new_power%d)\n",
                           i, i, i, buf_cstr(&after), i, i, i);
        buf_printf(t, "train = NoOp(^put_power1, ^put_power2%s)\nout = Identity(loss, ^train)\n",
                   buf_cstr(&after));
        buf_printf(t, "init = NoOp(%s^set_power1, ^set_power2)\n", buf_cstr(&init));
        buf_done(&after);
        buf_done(&init);
}

/* NAME = act(FROM w + b). */
static void dense(Buf *t, const char *name, const char *from, int in, int out, bool relu)
{
        char shape[32], bias[32], bias_name[32];
        snprintf(shape, sizeof(shape), "[%d, %d]", in, out);
        snprintf(bias, sizeof(bias), "[%d]", out);
        snprintf(bias_name, sizeof(bias_name), "b%s", name);
        variable(t, name, shape, in > 2000 ? "0.03" : "0.06");
        variable(t, bias_name, bias, "0.1");
        buf_printf(t, "p_%s = MatMul(%s, r_%s)\no_%s%s = BiasAdd(p_%s, r_b%s)\n", name, from, name,
                   relu ? "sum_" : "", name, name, name);
        if (relu)
                buf_printf(t, "o_%s = Relu(o_sum_%s)\n", name, name);
}

/* From g, the gradient of its output, those of its weights; dx_NAME is that of its input. */
static void dense_grad(Buf *t, const char *name, const char *from, const char *g, bool relu,
                       bool input)
{
        char masked[32];
        snprintf(masked, sizeof(masked), "relu_d_%s", name);
        if (relu)
                buf_printf(t, "%s = ReluGrad(%s, o_%s)\n", masked, g, name);
        const char *d = relu ? masked : g;
        buf_printf(t, "d_b%s = BiasAddGrad(%s)\n", name, d);
        if (input)
                buf_printf(t, "dx_%s = MatMul(%s, r_%s) transpose_b: true\n", name, d, name);
        buf_printf(t, "d_%s = MatMul(%s, %s) transpose_a: true\n", name, from, d);
}

/* loss, and d_logits. */
static void cross_entropy(Buf *t, const char *logits, int batch)
{
        buf_printf(t, "labels = Const int32 [%d] { ", batch);
        for (int i = 0; i < batch; i++)
                buf_printf(t, "%s%d", i ? ", " : "", i * 7 % CLASSES);
        buf_printf(t,
                   " }\nxent = SparseSoftmaxCrossEntropyWithLogits(%s, labels)\n"
                   "zero = Const int32 [1] { 0 }\nloss = Mean(xent, zero)\n"
                   "per_row = Const float [%d, 1] { %.9g }\n"
                   "d_logits = Mul(per_row, xent:1)\n",
                   logits, batch, 1.0 / batch);
}

void work_train_mlp(Buf *t, int batch)
{
        static const char *const names[] = { "l1", "bl1", "l2", "bl2", "l3", "bl3", NULL };
        buf_printf(t, "x = Placeholder dtype: float, shape: [%d, 784]\n", batch);
        powers(t);
        dense(t, "l1", "x", 784, 512, true);
        dense(t, "l2", "o_l1", 512, 256, true);
        dense(t, "l3", "o_l2", 256, CLASSES, false);
        cross_entropy(t, "o_l3", batch);
        dense_grad(t, "l3", "o_l2", "d_logits", false, true);
        dense_grad(t, "l2", "o_l1", "dx_l3", true, true);
        dense_grad(t, "l1", "x", "dx_l2", true, false);
        minimize(t, names);
}

/* 5x5 SAME, bias, Relu, 2x2 pool. */
static void conv(Buf *t, const char *name, const char *from, int in, int out)
{
        char shape[48], bias[32], bias_name[32];
        snprintf(shape, sizeof(shape), "[5, 5, %d, %d]", in, out);
        snprintf(bias, sizeof(bias), "[%d]", out);
        snprintf(bias_name, sizeof(bias_name), "b%s", name);
        variable(t, name, shape, in == 1 ? "0.2" : "0.06");
        variable(t, bias_name, bias, "0.1");
        buf_printf(t,
                   "p_%s = Conv2D(%s, r_%s) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                   "s_%s = BiasAdd(p_%s, r_b%s)\nq_%s = Relu(s_%s)\n"
                   "o_%s = MaxPool(q_%s) ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "
                   "\"SAME\"\n",
                   name, from, name, name, name, name, name, name, name, name);
}

static void conv_grad(Buf *t, const char *name, const char *from, const char *g, bool input)
{
        buf_printf(t,
                   "pool_%s = MaxPoolGrad(q_%s, o_%s, %s) ksize: [1, 2, 2, 1], strides: [1, 2, "
                   "2, 1], padding: \"SAME\"\nrelu_%s = ReluGrad(pool_%s, q_%s)\n"
                   "d_b%s = BiasAddGrad(relu_%s)\n",
                   name, name, name, g, name, name, name, name, name);
        buf_printf(t,
                   "fshape_%s = Shape(r_%s)\n"
                   "d_%s = Conv2DBackpropFilter(%s, fshape_%s, relu_%s) strides: [1, 1, 1, 1], "
                   "padding: \"SAME\"\n",
                   name, name, name, from, name, name);
        if (input)
                buf_printf(t,
                           "xshape_%s = Shape(%s)\ndx_%s = Conv2DBackpropInput(xshape_%s, r_%s, "
                           "relu_%s) strides: [1, 1, 1, 1], padding: \"SAME\"\n",
                           name, from, name, name, name, name);
}

void work_train_cnn(Buf *t, int batch)
{
        static const char *const names[] = { "c1",  "bc1", "c2",  "bc2", "l1",
                                             "bl1", "l2",  "bl2", NULL };
        buf_printf(t,
                   "x = Placeholder dtype: float, shape: [%d, 784]\n"
                   "picture = Const int32 [4] { -1, 28, 28, 1 }\nimages = Reshape(x, picture)\n"
                   "row = Const int32 [2] { -1, 3136 }\n",
                   batch);
        powers(t);
        conv(t, "c1", "images", 1, 32);
        conv(t, "c2", "o_c1", 32, 64);
        buf_puts(t, "flat = Reshape(o_c2, row)\n");
        dense(t, "l1", "flat", 3136, 512, true);
        dense(t, "l2", "o_l1", 512, CLASSES, false);
        cross_entropy(t, "o_l2", batch);
        dense_grad(t, "l2", "o_l1", "d_logits", false, true);
        dense_grad(t, "l1", "flat", "dx_l2", true, true);
        buf_puts(t, "back = Shape(o_c2)\nd_flat = Reshape(dx_l1, back)\n");
        conv_grad(t, "c2", "o_c1", "d_flat", true);
        conv_grad(t, "c1", "images", "dx_c2", false);
        minimize(t, names);
}
