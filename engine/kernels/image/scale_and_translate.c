// SPDX-License-Identifier: Apache-2.0
/* ScaleAndTranslate and its gradient: resizing by any factor and shift, one axis after the other,
 * with one of eight kernels, widened when the picture shrinks (antialias). */
#include "engine/ops/op.h"

#include <float.h>
#include <math.h>

/* ---- kernels: weight at distance x >= 0 ---- */

/* sinc times a wider sinc; next to 0 the limit, 1, as the quotient would be 0 by 0. */
static float lanczos(float x, float radius)
{
        const float pi = 3.14159265359f;
        if (x > radius)
                return 0;
        if (x <= 1e-3f)
                return 1;
        return radius * sinf(pi * x) * sinf(pi * x / radius) / (pi * pi * x * x);
}

static float lanczos1(float x)
{
        return lanczos(x, 1);
}

static float lanczos3(float x)
{
        return lanczos(x, 3);
}

static float lanczos5(float x)
{
        return lanczos(x, 5);
}

static float gaussian(float x) /* sigma 0.5 */
{
        return x >= 1.5f ? 0 : (float)exp(-(double)(x * x) / 0.5);
}

static float box(float x)
{
        return x < 0.5f ? 1 : x == 0.5f ? 0.5f : 0;
}

static float triangle(float x)
{
        return x < 1 ? 1 - x : 0;
}

static float keys_cubic(float x)
{
        if (x >= 2)
                return 0;
        return x >= 1 ? ((-0.5f * x + 2.5f) * x - 4) * x + 2 : (1.5f * x - 2.5f) * x * x + 1;
}

static float mitchell_cubic(float x)
{
        if (x >= 2)
                return 0;
        return x >= 1 ? ((-7.0f / 18 * x + 2) * x - 10.0f / 3) * x + 16.0f / 9
                      : (7.0f / 6 * x - 2) * x * x + 8.0f / 9;
}

typedef struct Kernel {
        const char *name;
        float radius;
        float (*at)(float x);
} Kernel;

static const Kernel kernels[] = {
        { "lanczos1", 1, lanczos1 },
        { "lanczos3", 3, lanczos3 },
        { "lanczos5", 5, lanczos5 },
        { "gaussian", 1.5f, gaussian },
        { "box", 1, box },
        { "triangle", 1, triangle },
        { "keyscubic", 2, keys_cubic },
        { "mitchellcubic", 2, mitchell_cubic },
};

static const Kernel *kernel_of(const Node *n)
{
        for (size_t i = 0; i < COUNTOF(kernels); i++)
                if (strcmp(node_string(n, "kernel_type", "lanczos3"), kernels[i].name) == 0)
                        return &kernels[i];
        return NULL;
}

/* ---- one axis ---- */

/* Which inputs each output is mixed of: size weights from start on. */
typedef struct Spans {
        int64_t in, out, size, *start;
        float *weight;
} Spans;

/* The weights of one output, which is centred at input position `at`. */
static void make_span(const Kernel *k, Spans *s, int64_t i, float at, float widen)
{
        float reach = k->radius * widen, last = (float)(s->in - 1), sum = 0;
        float *w = s->weight + i * s->size;
        s->start[i] = 0;
        if (!(at >= 0 && at <= (float)s->in))
                return;
        int64_t from = (int64_t)fminf(fmaxf(ceilf(at - reach - 0.5f), 0), last);
        int64_t to = (int64_t)fminf(fmaxf(floorf(at + reach - 0.5f), 0), last) + 1;
        from = MIN(from, s->in - 1);
        to = MIN(to, s->in);
        to = MIN(to, from + s->size);
        for (int64_t j = from; j < to; j++)
                sum += w[j - from] = k->at(fabsf(((float)j + 0.5f - at) * (1.0f / widen)));
        for (int64_t j = from; j < to; j++)
                w[j - from] = fabsf(sum) >= 1000 * FLT_MIN ? w[j - from] * (1.0f / sum) : 0;
        s->start[i] = from;
}

/* axis: 0 for rows, 1 for columns; inputs at and at + 1 hold scale and translation. */
static Status *make_spans(OpCtx *c, int at, int axis, int64_t in, int64_t out, Spans *ret)
{
        const Kernel *k = kernel_of(ctx_node(c));
        float scale = ((const float *)tensor_data(ctx_input(c, at)))[axis];
        float shift = ((const float *)tensor_data(ctx_input(c, at + 1)))[axis];
        float inverse = (float)(1.0 / (double)scale), move = -inverse * shift;
        float widen = node_bool(ctx_node(c), "antialias", true) ? fmaxf(inverse, 1) : 1;
        double most = 2 * ceil((double)(k->radius * widen)) + 1;
        Spans s = { .in = in, .out = out, .size = most < (double)in ? (int64_t)most : in };
        int64_t n;
        if (__builtin_mul_overflow(s.size, out, &n) || n > INT64_MAX / 8)
                return status_oom();
        s.start = ctx_scratch(c, (size_t)out * sizeof *s.start);
        s.weight = ctx_scratch(c, (size_t)n * sizeof *s.weight);
        if (!s.start || !s.weight)
                return status_oom();
        memset(s.weight, 0, (size_t)n * sizeof *s.weight);
        for (int64_t i = 0; i < out; i++)
                make_span(k, &s, i, ((float)i + 0.5f) * inverse + move, widen);
        *ret = s;
        return NULL;
}

/* y[o, out, inner] = x[o, in, inner] mixed; back: x gathers what y gives it. */
static Status *mix(OpCtx *c, const Spans *s, int64_t outer, int64_t inner, float *x, float *y,
                   bool back)
{
        memset(back ? x : y, 0, (size_t)(outer * (back ? s->in : s->out) * inner) * sizeof *x);
        for (int64_t o = 0; o < outer; o++, x += s->in * inner) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                for (int64_t i = 0; i < s->out; i++, y += inner)
                        for (int64_t j = 0; j < s->size && s->start[i] + j < s->in; j++) {
                                float w = s->weight[i * s->size + j];
                                float *from = x + (s->start[i] + j) * inner;
                                for (int64_t d = 0; w != 0 && d < inner; d++)
                                        if (back)
                                                from[d] += w * y[d];
                                        else
                                                y[d] += w * from[d];
                        }
        }
        return NULL;
}

/* ---- the ops ---- */

static Status *want_scale(const OpCtx *c)
{
        const float *scale = tensor_data(ctx_input(c, 2));
        return scale[0] > 0 && scale[1] > 0 ? NULL
                                            : invalid_argument("Scale must be greater than zero.");
}

/* small: the original's shape, large: the result's; the same but for height and width. */
static Status *run(OpCtx *c, int at, const Shape *small, float *x, const Shape *large, float *y,
                   bool back)
{
        int64_t batch = small->dim[0], depth = small->dim[3];
        Spans rows, cols;
        int64_t n, total;
        if (__builtin_mul_overflow(batch, large->dim[1], &n) ||
            __builtin_mul_overflow(n, small->dim[2] * depth, &total) || total > INT64_MAX / 8)
                return status_oom();
        TRY(make_spans(c, at, 0, small->dim[1], large->dim[1], &rows));
        TRY(make_spans(c, at, 1, small->dim[2], large->dim[2], &cols));
        float *mid = ctx_scratch(c, (size_t)total * sizeof *mid);
        if (!mid)
                return status_oom();
        if (!back)
                TRY(mix(c, &rows, batch, small->dim[2] * depth, x, mid, false));
        TRY(mix(c, &cols, batch * large->dim[1], depth, mid, y, back));
        if (back)
                TRY(mix(c, &rows, batch, small->dim[2] * depth, x, mid, true));
        return NULL;
}

/* Everything is mixed in float, also for doubles: TensorFlow's output is float. */
static Status *scale_and_translate(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        TRY(want_scale(c));
        float *wide = ctx_scratch(c, (size_t)tensor_count(x) * sizeof *wide);
        if (!wide)
                return status_oom();
        if (!tensor_count(y))
                return NULL;
        for (int64_t i = 0; i < tensor_count(x); i++)
                wide[i] = (float)tensor_double(x, i);
        return run(c, 2, tensor_shape(x), wide, tensor_shape(y), tensor_fill(y), false);
}

static Status *scale_and_translate_grad(OpCtx *c)
{
        const Tensor *g = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        TRY(want_scale(c));
        if (!tensor_count(g) || !tensor_count(y)) {
                memset(tensor_fill(y), 0, tensor_bytes(y));
                return NULL;
        }
        return run(c, 2, tensor_shape(y), tensor_fill(y), tensor_shape(g), (float *)tensor_data(g),
                   true);
}

static Status *check_kernel(const Node *n)
{
        if (!kernel_of(n))
                return invalid_argument("Unrecognized kernel type: %s",
                                        node_string(n, "kernel_type", ""));
        return NULL;
}

/* Scale and translation. */
static Status *check_pairs(const ShapeCtx *c)
{
        const Shape pair = SHAPE(2);
        for (int i = 2; i < 4; i++) {
                const Shape *t = shape_in(c, i);
                if (t->rank >= 0 && t->rank != 1)
                        return invalid_argument("t must be 1-dimensional%s", shape_text(t).s);
                if (!shape_compatible(t, &pair))
                        return invalid_argument("t must have two elements%s", shape_text(t).s);
        }
        return NULL;
}

static Status *check_image(const Shape *x, const char *what, const char *sizes)
{
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("%s must be 4-dimensional%s", what, shape_text(x).s);
        if (x->rank == 4 && (x->dim[1] > INT32_MAX || x->dim[2] > INT32_MAX))
                return invalid_argument("%s sizes must be between 0 and max int32", sizes);
        return NULL;
}

static Status *check_not_empty(const Shape *x)
{
        if (x->rank == 4 && x->dim[3] == 0)
                return invalid_argument("image must have at least one channel");
        if (x->rank == 4 && (x->dim[1] == 0 || x->dim[2] == 0))
                return invalid_argument("input image must be of non-zero size");
        return NULL;
}

static Status *scale_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *size = shape_in(c, 1);
        const Tensor *v = shape_value(c, 1);
        TRY(check_kernel(c->node));
        TRY(check_image(x, "input", "input"));
        if (size->rank >= 0 && size->rank != 1)
                return invalid_argument("output_shape_t must be 1-dimensional%s",
                                        shape_text(size).s);
        if (size->rank == 1 && size->dim[0] >= 0 && size->dim[0] != 2)
                return invalid_argument("output_shape_t must have two elements%s",
                                        shape_text(size).s);
        for (int i = 0; v && i < 2; i++)
                if (tensor_int(v, i) <= 0)
                        return invalid_argument("output dimensions must be positive");
        TRY(check_not_empty(x));
        TRY(check_pairs(c));
        c->out[0] = SHAPE(x->rank < 0 ? -1 : x->dim[0], v ? tensor_int(v, 0) : -1,
                          v ? tensor_int(v, 1) : -1, x->rank < 0 ? -1 : x->dim[3]);
        return NULL;
}

/* As many images and channels as the gradient has, of the original's size. */
static Status *grad_shape(ShapeCtx *c)
{
        const Shape *g = shape_in(c, 0), *x = shape_in(c, 1);
        TRY(check_kernel(c->node));
        TRY(check_image(g, "input_grad", "input"));
        TRY(check_image(x, "original_image", "original"));
        TRY(check_pairs(c));
        c->out[0] = shape_of_rank(4);
        for (int i = 0; i < 4; i++) {
                const Shape *from = i == 1 || i == 2 ? x : g;
                c->out[0].dim[i] = from->rank < 0 ? -1 : from->dim[i];
        }
        return NULL;
}

OP(ScaleAndTranslate, .inputs = "images:T; size:int32; scale:float; translation:float",
   .outputs = "resized_images:float",
   .attrs = "T:type in [int8,uint8,int16,uint16,int32,int64,bfloat16,half,float,double]; "
            "kernel_type:string = \"lanczos3\"; antialias:bool = true",
   .shape = scale_shape, .compute = scale_and_translate, .costly = true);
OP(ScaleAndTranslateGrad, .inputs = "grads:T; original_image:T; scale:float; translation:float",
   .outputs = "output:T",
   .attrs = "T:type in [float]; kernel_type:string = \"lanczos3\"; antialias:bool = true",
   .shape = grad_shape, .compute = scale_and_translate_grad, .costly = true);
