// SPDX-License-Identifier: Apache-2.0
/* The graphs are written as text, with constants of one number; then every constant gets its random
 * content. A weight's name begins with what it is: that gives its scale. */
#include "bench/models.h"

#include "bench/table.h"
#include "bench/weights.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "tests/lib/graph_builder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Writer {
        Buf text;
        bool variables;
        int inits; /* targets so far: each sets one more variable */
        int n;     /* layers so far */
        int at;    /* the layer whose output comes next into one */
        int channels;
} Writer;

/* A weight called name, of that shape. */
static void weight(Writer *w, const char *name, const char *shape)
{
        if (!w->variables) {
                buf_printf(&w->text, "%s = Const float %s { 0 }\n", name, shape);
                return;
        }
        buf_printf(&w->text,
                   "%s_value = Const float %s { 0 }\n"
                   "%s_var = VariableV2() dtype: float, shape: %s\n"
                   "%s_set = Assign(%s_var, %s_value)\n"
                   "%s = Identity(%s_var) T: float\n"
                   "init%d = NoOp(^init%d, ^%s_set)\n",
                   name, shape, name, shape, name, name, name, name, name, w->inits + 1, w->inits,
                   name);
        w->inits++;
}

static void vector(Writer *w, char kind, int layer, int n)
{
        char name[32], shape[32];
        snprintf(name, sizeof(name), "%c%d", kind, layer);
        snprintf(shape, sizeof(shape), "[%d]", n);
        weight(w, name, shape);
}

/* One convolution with its normalization; act is Relu, Relu6 or NULL. Returns its number. */
static int conv(Writer *w, int side, int stride, int out, bool depthwise, const char *act)
{
        int i = w->n++;
        char name[32], shape[64];
        snprintf(name, sizeof(name), "w%d", i);
        snprintf(shape, sizeof(shape), "[%d, %d, %d, %d]", side, side, w->channels,
                 depthwise ? 1 : out);
        weight(w, name, shape);
        for (const char *k = "gbmv"; *k; k++)
                vector(w, *k, i, out);
        snprintf(name, sizeof(name), w->at < 0 ? "x" : "o%d", w->at);
        buf_printf(&w->text, "c%d = %s(%s, w%d) strides: [1, %d, %d, 1], padding: \"SAME\"\n", i,
                   depthwise ? "DepthwiseConv2dNative" : "Conv2D", name, i, stride, stride);
        buf_printf(&w->text,
                   "%c%d = FusedBatchNorm(c%d, g%d, b%d, m%d, v%d) is_training: false, "
                   "epsilon: 0.001\n",
                   act ? 'n' : 'o', i, i, i, i, i, i);
        if (act)
                buf_printf(&w->text, "o%d = %s(n%d)\n", i, act, i);
        w->channels = out;
        return w->at = i;
}

/* Mean over the picture, a full layer, softmax. */
static void classify(Writer *w, int classes)
{
        char shape[32];
        snprintf(shape, sizeof(shape), "[%d, %d]", w->channels, classes);
        weight(w, "w_full", shape);
        vector(w, 'b', w->n, classes);
        buf_printf(&w->text,
                   "axes = Const int32 [2] { 1, 2 }\n"
                   "pool = Mean(o%d, axes) keep_dims: false\n"
                   "product = MatMul(pool, w_full)\n"
                   "logits = BiasAdd(product, b%d)\n"
                   "softmax = Softmax(logits)\n",
                   w->at, w->n);
}

static void mobilenet(Writer *w)
{
        static const struct {
                int stride, out;
        } blocks[] = { { 1, 64 },  { 2, 128 },  { 1, 128 }, { 2, 256 }, { 1, 256 },
                       { 2, 512 }, { 1, 512 },  { 1, 512 }, { 1, 512 }, { 1, 512 },
                       { 1, 512 }, { 2, 1024 }, { 1, 1024 } };
        conv(w, 3, 2, 32, false, "Relu6");
        for (size_t i = 0; i < COUNTOF(blocks); i++) {
                conv(w, 3, blocks[i].stride, w->channels, true, "Relu6");
                conv(w, 1, 1, blocks[i].out, false, "Relu6");
        }
        classify(w, 1001);
}

/* Three convolutions and a way around them. */
static void bottleneck(Writer *w, int mid, int stride, bool project)
{
        int in = w->at, channels = w->channels, around = in;
        if (project)
                around = conv(w, 1, stride, 4 * mid, false, NULL);
        w->at = in;
        w->channels = channels;
        conv(w, 1, stride, mid, false, "Relu");
        conv(w, 3, 1, mid, false, "Relu");
        conv(w, 1, 1, 4 * mid, false, NULL);
        buf_printf(&w->text, "a%d = Add(o%d, o%d)\no%d = Relu(a%d)\n", w->n, w->at, around, w->n,
                   w->n);
        w->at = w->n++;
}

static void resnet50(Writer *w)
{
        static const int blocks[] = { 3, 4, 6, 3 };
        conv(w, 7, 2, 64, false, "Relu");
        buf_printf(&w->text,
                   "o%d = MaxPool(o%d) ksize: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding: "
                   "\"SAME\"\n",
                   w->n, w->at);
        w->at = w->n++;
        for (int stage = 0; stage < 4; stage++)
                for (int i = 0; i < blocks[stage]; i++)
                        bottleneck(w, 64 << stage, stage && !i ? 2 : 1, !i);
        classify(w, 1000);
}

/* ---- content ---- */

static float uniform(uint64_t *seed)
{
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        return (float)(*seed >> 40) / (float)(1 << 24);
}

/* A value for the weight whose name begins so: [low, high) and, of filters, by their fan-in. */
static void fill(char kind, const Shape *s, float *v, int64_t n, uint64_t *seed)
{
        double fan_in = s->rank < 2 ? 1 : (double)n / (double)s->dim[s->rank - 1];
        if (s->rank == 4 && s->dim[3] == 1)
                fan_in = (double)(s->dim[0] * s->dim[1]);
        float scale = (float)sqrt(6 / fan_in);
        for (int64_t i = 0; i < n; i++) {
                float u = uniform(seed);
                v[i] = kind == 'w'   ? (2 * u - 1) * scale
                       : kind == 'g' ? 0.5f + u
                       : kind == 'v' ? 0.5f + u
                                     : 0.2f * (u - 0.5f);
        }
}

Status *model_source(const char *name, bool variables, GraphSource **ret, int64_t *ret_floats)
{
        Writer w = { .text = BUF(1 << 20), .variables = variables, .at = -1, .channels = 3 };
        autoptr(GraphSource) src = NULL;
        uint64_t seed = 1;
        buf_puts(&w.text, "x = Placeholder dtype: float, shape: [?, 224, 224, 3]\n"
                          "init0 = NoOp()\n");
        strcmp(name, "mobilenet") ? resnet50(&w) : mobilenet(&w);
        buf_printf(&w.text, "init = NoOp(^init%d)\n", w.inits);
        bench_must(graph_text(buf_cstr(&w.text), &src));
        buf_done(&w.text);
        *ret_floats = 0;
        for (size_t i = 0; i < src->graph_def->n_node; i++) {
                Weights all;
                TRY(weights_of(src, i, &all));
                if (all.v)
                        fill(src->graph_def->node[i]->name[0], &all.shape, all.v, all.n, &seed);
                *ret_floats += all.n;
        }
        *ret = steal(&src);
        return NULL;
}

Tensor *model_pictures(int n)
{
        Tensor *t = NULL;
        uint32_t seed = 1;
        bench_must(tensor_new(DT_FLOAT, &SHAPE(n, 224, 224, 3), &t));
        float *v = tensor_fill(t);
        for (int64_t i = 0; i < tensor_count(t); i++) {
                seed = seed * 1664525 + 1013904223;
                v[i] = (float)(seed >> 8) / (float)(1 << 23) - 1;
        }
        return t;
}
