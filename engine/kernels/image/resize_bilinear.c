// SPDX-License-Identifier: Apache-2.0
/* ResizeBilinear: each output pixel is mixed of the four input pixels around it; and its gradient,
 * which hands each pixel's share back. */
#include "engine/kernels/image/resize.h"

#include <math.h>

/* Two neighbours along one axis and how far the second one counts. */
typedef struct Between {
        int64_t lower, upper;
        float share;
} Between;

static Between between(const Resize *r, int64_t i, float scale, int64_t size)
{
        float at = resize_at(r, i, scale), floor_at = floorf(at);
        return (Between){ MAX((int64_t)floor_at, (int64_t)0), MIN((int64_t)ceilf(at), size - 1),
                          at - floor_at };
}

/* What all rows have in common: for each column of the result its neighbours, whose places are
 * those of their first channels. */
static Between *columns(OpCtx *c, const Resize *r)
{
        Between *all = ctx_scratch(c, (size_t)r->out_w * sizeof *all);
        for (int64_t j = 0; all && j < r->out_w; j++) {
                all[j] = between(r, j, r->scale_w, r->in_w);
                all[j].lower *= r->channels;
                all[j].upper *= r->channels;
        }
        return all;
}

/* Row i of y is mixed of two rows of x. Pictures have three channels more often than not. */
#define MIX(GET, CHANNELS)                                                                      \
        for (int64_t j = 0; j < r->out_w; j++, y += CHANNELS) {                                 \
                const Between h = all[j];                                                       \
                for (int64_t c = 0; c < CHANNELS; c++) {                                        \
                        float a = (float)GET(up[h.lower + c]), b = (float)GET(up[h.upper + c]); \
                        float d = (float)GET(down[h.lower + c]),                                \
                              e = (float)GET(down[h.upper + c]);                                \
                        float top = a + (b - a) * h.share, low = d + (e - d) * h.share;         \
                        y[c] = top + (low - top) * share;                                       \
                }                                                                               \
        }
/* x[b, :, :, :] to y[b, i, :, :]. */
#define LOOP(ID, T, W, GET, PUT)                                                                  \
        HOT static void row_##ID(const Resize *r, const Between *all, const T *up, const T *down, \
                                 float share, float *y)                                           \
        {                                                                                         \
                if (r->channels == 1) {                                                           \
                        MIX(GET, 1)                                                               \
                } else if (r->channels == 3) {                                                    \
                        MIX(GET, 3)                                                               \
                } else {                                                                          \
                        MIX(GET, r->channels)                                                     \
                }                                                                                 \
        }                                                                                         \
        static void rows_##ID(const Resize *r, const Between *all, const T *x, float *y,          \
                              int64_t from, int64_t to)                                           \
        {                                                                                         \
                int64_t row = r->in_w * r->channels;                                              \
                for (int64_t k = from; k < to; k++) {                                             \
                        const T *picture = x + k / r->out_h * r->in_h * row;                      \
                        Between v = between(r, k % r->out_h, r->scale_h, r->in_h);                \
                        row_##ID(r, all, picture + v.lower * row, picture + v.upper * row,        \
                                 v.share, y + k * r->out_w * r->channels);                        \
                }                                                                                 \
        }
REAL_TYPES(LOOP)
#undef LOOP

typedef struct Job {
        Resize r;
        const Between *all;
        const Tensor *x;
        float *y;
} Job;

static void run_rows(void *arg, int64_t from, int64_t to)
{
        Job *j = arg;
        DISPATCH(REAL_TYPES, tensor_dtype(j->x), rows, &j->r, j->all, tensor_data(j->x), j->y, from,
                 to);
}

static Status *resize_bilinear(OpCtx *c)
{
        Tensor *y = ctx_output(c, 0);
        Job j = { .x = ctx_input(c, 0), .y = tensor_fill(y) };
        j.r = resize_of(ctx_node(c), tensor_shape(j.x), tensor_shape(y));
        if (!tensor_count(y))
                return NULL;
        j.all = columns(c, &j.r);
        if (!j.all)
                return status_oom();
        ctx_parallel(c, j.r.batch * j.r.out_h, MAX((int64_t)1, 16384 / (j.r.out_w * j.r.channels)),
                     run_rows, &j);
        return NULL;
}

static Status *grad_shape(ShapeCtx *c)
{
        const Shape *g = shape_in(c, 0), *x = shape_in(c, 1);
        if (g->rank >= 0 && g->rank != 4)
                return invalid_argument("input_grad must be 4-dimensional%s", shape_text(g).s);
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("original_image must be 4-dimensional%s", shape_text(x).s);
        for (int i = 0; i < 4 && g->rank == 4 && x->rank == 4; i += 3)
                if (g->dim[i] >= 0 && x->dim[i] >= 0 && g->dim[i] != x->dim[i])
                        return invalid_argument("gradient and image differ: %s vs. %s",
                                                shape_text(g).s, shape_text(x).s);
        c->out[0] = x->rank < 0 ? shape_of_rank(4) : *x;
        return NULL;
}

/* The products are floats, as in the forward pass; only the sum is wider. */
static void give_back(const Resize *r, const float *g, double *dx)
{
        for (int64_t i = 0; i < r->out_h; i++) {
                Between v = between(r, i, r->scale_h, r->in_h);
                for (int64_t j = 0; j < r->out_w; j++) {
                        Between h = between(r, j, r->scale_w, r->in_w);
                        double *up = dx + v.lower * r->in_w * r->channels;
                        double *down = dx + v.upper * r->in_w * r->channels;
                        for (int64_t c = 0; c < r->channels; c++, g++) {
                                float top = *g * (1 - v.share), low = *g * v.share;
                                up[h.lower * r->channels + c] += (double)(top * (1 - h.share));
                                up[h.upper * r->channels + c] += (double)(top * h.share);
                                down[h.lower * r->channels + c] += (double)(low * (1 - h.share));
                                down[h.upper * r->channels + c] += (double)(low * h.share);
                        }
                }
        }
}

#define STORE(ID, T, W, GET, PUT)                                    \
        static void store_##ID(const double *from, T *to, int64_t n) \
        {                                                            \
                for (int64_t i = 0; i < n; i++)                      \
                        to[i] = PUT((W)from[i]);                     \
        }
FLOAT_TYPES(STORE)
#undef STORE

/* Sums are doubles: when the image was enlarged, many gradients meet in one pixel. */
static Status *resize_bilinear_grad(OpCtx *c)
{
        const Tensor *g = ctx_input(c, 0);
        Tensor *dx = ctx_output(c, 0);
        Resize r = resize_of(ctx_node(c), tensor_shape(dx), tensor_shape(g));
        double *sum = ctx_scratch(c, (size_t)tensor_count(dx) * sizeof *sum);
        int64_t in = r.in_h * r.in_w * r.channels, out = r.out_h * r.out_w * r.channels;
        if (!sum)
                return status_oom();
        memset(sum, 0, (size_t)tensor_count(dx) * sizeof *sum);
        for (int64_t b = 0; b < r.batch && in && out; b++)
                give_back(&r, (const float *)tensor_data(g) + b * out, sum + b * in);
        DISPATCH(FLOAT_TYPES, tensor_dtype(dx), store, sum, tensor_fill(dx), tensor_count(dx));
        return NULL;
}

OP(ResizeBilinear, .inputs = "images:T; size:int32", .outputs = "resized_images:float",
   .attrs = "T:type in [int8,uint8,int16,uint16,int32,int64,bfloat16,half,float,double,bfloat16]; "
            "align_corners:bool = false; half_pixel_centers:bool = false",
   .shape = resize_shape, .compute = resize_bilinear);
OP(ResizeBilinearGrad, .inputs = "grads:float; original_image:T", .outputs = "output:T",
   .attrs = "T:type in [float,bfloat16,half,double]; align_corners:bool = false; "
            "half_pixel_centers:bool = false",
   .shape = grad_shape, .compute = resize_bilinear_grad);
