// SPDX-License-Identifier: Apache-2.0
/* ResizeBicubic and its gradient: each output pixel is mixed of sixteen, by Keys' cubic kernel
 * (1981) with a = -0.75, or with half_pixel_centers -0.5 and weights that leave out what lies
 * beyond the border. As in TensorFlow, the distance is rounded to 1/1024. */
#include "engine/kernels/image/resize.h"

#include <float.h>
#include <math.h>

enum { STEPS = 1024 };

/* Four pixels along one axis and their weights. */
typedef struct Cubic {
        int64_t at[4];
        float weight[4];
} Cubic;

/* The kernel at distance x from the centre: inner piece below 1, outer piece from 1 to 2. */
static float inner(float a, float x)
{
        return ((a + 2) * x - (a + 3)) * x * x + 1;
}

static float outer(float a, float x)
{
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/* Places beyond the border take the border's pixel. With half_pixel_centers they weigh nothing and
 * the rest is scaled to 1, unless the sum is next to 0. */
static Cubic cubic(const Resize *r, int64_t i, float scale, int64_t size)
{
        float at = resize_at(r, i, scale), a = r->half_pixel ? -0.5f : -0.75f;
        int64_t low = (int64_t)floorf(at);
        float d = (float)lrintf((at - (float)low) * STEPS) / STEPS;
        Cubic c = { .weight = { outer(a, d + 1), inner(a, d), inner(a, 1 - d), outer(a, 2 - d) } };
        float sum = 0;
        for (int k = 0; k < 4; k++) {
                int64_t want = low - 1 + k;
                c.at[k] = MIN(MAX(want, (int64_t)0), size - 1);
                if (r->half_pixel && c.at[k] != want)
                        c.weight[k] = 0;
                sum += c.weight[k];
        }
        for (int k = 0; k < 4 && r->half_pixel && fabsf(sum) >= 1000 * FLT_MIN; k++)
                c.weight[k] /= sum;
        return c;
}

/* Rows first, then down: sixteen products, sums in float as in TensorFlow. */
#define LOOP(ID, T, W, GET, PUT)                                                                \
        static float mix_##ID(const Resize *r, const T *x, const Cubic *v, const Cubic *h,      \
                              int64_t c)                                                        \
        {                                                                                       \
                float sum = 0;                                                                  \
                for (int k = 0; k < 4; k++) {                                                   \
                        const T *row = x + v->at[k] * r->in_w * r->channels + c;                \
                        float part = 0;                                                         \
                        for (int j = 0; j < 4; j++)                                             \
                                part += (float)GET(row[h->at[j] * r->channels]) * h->weight[j]; \
                        sum += part * v->weight[k];                                             \
                }                                                                               \
                return sum;                                                                     \
        }                                                                                       \
        static void cubic_##ID(const Resize *r, const T *all, float *y, const Cubic *h,         \
                               int64_t from, int64_t to)                                        \
        {                                                                                       \
                y += from * r->out_w * r->channels;                                             \
                for (int64_t i = from; i < to; i++) {                                           \
                        const T *x = all + i / r->out_h * r->in_h * r->in_w * r->channels;      \
                        Cubic v = cubic(r, i % r->out_h, r->scale_h, r->in_h);                  \
                        for (int64_t j = 0; j < r->out_w; j++)                                  \
                                for (int64_t c = 0; c < r->channels; c++)                       \
                                        *y++ = mix_##ID(r, x, &v, &h[j], c);                    \
                }                                                                               \
        }
REAL_TYPES(LOOP)
#undef LOOP

typedef struct Rows {
        const Resize *r;
        const Tensor *x;
        Tensor *y;
        const Cubic *h;
} Rows;

/* Rows of all pictures, counted through. */
static void cubic_rows(void *arg, int64_t from, int64_t to)
{
        const Rows *k = arg;
        DISPATCH(REAL_TYPES, tensor_dtype(k->x), cubic, k->r, tensor_data(k->x), tensor_fill(k->y),
                 k->h, from, to);
}

/* Weights along the width are the same for all rows: made once. */
static Status *resize_bicubic(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        Resize r = resize_of(ctx_node(c), tensor_shape(x), tensor_shape(y));
        Cubic *h = ctx_scratch(c, (size_t)r.out_w * sizeof *h);
        if (!h)
                return status_oom();
        for (int64_t j = 0; j < r.out_w; j++)
                h[j] = cubic(&r, j, r.scale_w, r.in_w);
        enum { GRAIN = 2048 }; /* numbers that are worth a thread */
        Rows k = { &r, x, y, h };
        int64_t per = MAX(r.out_w * r.channels, (int64_t)1);
        if (tensor_count(y))
                ctx_parallel(c, r.batch * r.out_h, MAX(GRAIN / per, (int64_t)1), cubic_rows, &k);
        return NULL;
}

OP(ResizeBicubic, .inputs = "images:T; size:int32", .outputs = "resized_images:float",
   .attrs = "T:type in [int8,uint8,int16,uint16,int32,int64,half,float,double,bfloat16]; "
            "align_corners:bool = false; half_pixel_centers:bool = false",
   .shape = resize_shape, .compute = resize_bicubic);

/* ---- the gradient: every output pixel gives its sixteen their shares ---- */

static Status *grad_shape(ShapeCtx *c)
{
        const Shape *g = shape_in(c, 0), *x = shape_in(c, 1);
        if (g->rank >= 0 && g->rank != 4)
                return invalid_argument("input_grad must be 4-dimensional%s", shape_text(g).s);
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("original_image must be 4-dimensional%s", shape_text(x).s);
        if (node_bool(c->node, "half_pixel_centers", false) &&
            node_bool(c->node, "align_corners", false))
                return invalid_argument("If half_pixel_centers is True, align_corners must be "
                                        "False.");
        c->out[0] = *x;
        if (g->rank < 0 || x->rank < 0)
                return NULL;
        for (int i = 0; i < 4; i += 3)
                if (g->dim[i] >= 0 && x->dim[i] >= 0 && g->dim[i] != x->dim[i])
                        return invalid_argument("Dimensions must be equal, but are %lld and %lld",
                                                (long long)g->dim[i], (long long)x->dim[i]);
        if (x->dim[1] == 0 || x->dim[2] == 0)
                return invalid_argument("input image must be of non-zero size");
        return NULL;
}

/* The transpose of mix: what one output pixel took from sixteen goes back by the same weights. */
#define GRAD(ID, T, W, GET, PUT)                                                                \
        static void share_##ID(const Resize *r, T *x, const Cubic *v, const Cubic *h,           \
                               const float *g)                                                  \
        {                                                                                       \
                for (int k = 0; k < 4; k++)                                                     \
                        for (int j = 0; j < 4; j++)                                             \
                                for (int64_t c = 0; c < r->channels; c++)                       \
                                        x[(v->at[k] * r->in_w + h->at[j]) * r->channels + c] += \
                                                (T)(g[c] * v->weight[k] * h->weight[j]);        \
        }                                                                                       \
        static void back_##ID(OpCtx *c, const Resize *r, T *x, const float *g, const Cubic *h)  \
        {                                                                                       \
                for (int64_t b = 0; b < r->batch; b++, x += r->in_h * r->in_w * r->channels)    \
                        for (int64_t i = 0; i < r->out_h && !ctx_cut(c); i++) {                 \
                                Cubic v = cubic(r, i, r->scale_h, r->in_h);                     \
                                for (int64_t j = 0; j < r->out_w; j++, g += r->channels)        \
                                        share_##ID(r, x, &v, &h[j], g);                         \
                        }                                                                       \
        }
TYPE_FLOAT(GRAD)
TYPE_DOUBLE(GRAD)
#undef GRAD

/* The same weights, the other way round; pixels of the input get contributions of many, so it
 * begins at zero. */
static Status *grad(OpCtx *c)
{
        const Tensor *g = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        Resize r = resize_of(ctx_node(c), tensor_shape(y), tensor_shape(g));
        Cubic *h = ctx_scratch(c, (size_t)r.out_w * sizeof *h);
        if (!h)
                return status_oom();
        for (int64_t j = 0; j < r.out_w; j++)
                h[j] = cubic(&r, j, r.scale_w, r.in_w);
        memset(tensor_fill(y), 0, tensor_bytes(y));
        if (tensor_dtype(y) == DT_FLOAT)
                back_FLOAT(c, &r, tensor_fill(y), tensor_data(g), h);
        else
                back_DOUBLE(c, &r, tensor_fill(y), tensor_data(g), h);
        return NULL;
}

OP(ResizeBicubicGrad, .inputs = "grads:float; original_image:T", .outputs = "output:T",
   .attrs = "T:type in [float,double]; align_corners:bool = false; half_pixel_centers:bool = "
            "false",
   .shape = grad_shape, .compute = grad);
