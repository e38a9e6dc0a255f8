// SPDX-License-Identifier: Apache-2.0
/* RGBToHSV and HSVToRGB, and what works through them: AdjustHue and AdjustSaturation. Channels are
 * the last dimension, three of them, in [0, 1]. */
#include "engine/ops/op.h"

#include <tgmath.h>

typedef enum Change { TO_HSV, TO_RGB, HUE, SATURATION } Change;

#define CLAMP01(v) ((v) < 0 ? 0 : (v) > 1 ? 1 : (v))

/* The hue is a fraction of the circle, in [0, 1). Gray has hue and saturation 0. Ties of channels
 * go to red, then green. */
#define LOOP(ID, T, W, GET, PUT)                                                      \
        static void to_hsv_##ID(const W p[3], W ret[3])                               \
        {                                                                             \
                W r = p[0], g = p[1], b = p[2], top = fmax(r, fmax(g, b));            \
                W range = top - fmin(r, fmin(g, b)), h = 0;                           \
                if (range > 0) {                                                      \
                        W unit = 1 / (6 * range);                                     \
                        h = r == top   ? unit * (g - b)                               \
                            : g == top ? unit * (b - r) + (W)(2.0 / 6.0)              \
                                       : unit * (r - g) + (W)(4.0 / 6.0);             \
                }                                                                     \
                ret[0] = h < 0 ? h + 1 : h;                                           \
                ret[1] = top > 0 ? range / top : 0;                                   \
                ret[2] = top;                                                         \
        }                                                                             \
        static void to_rgb_##ID(const W p[3], W ret[3])                               \
        {                                                                             \
                W h = p[0] * 6, s = p[1], v = p[2];                                   \
                ret[0] = (1 - s + s * (W)CLAMP01(fabs(h - 3) - 1)) * v;               \
                ret[1] = (1 - s + s * (W)CLAMP01(2 - fabs(h - 2))) * v;               \
                ret[2] = (1 - s + s * (W)CLAMP01(2 - fabs(h - 4))) * v;               \
        }                                                                             \
        static void pixel_##ID(Change change, float by, const W p[3], W ret[3])       \
        {                                                                             \
                W q[3] = { p[0], p[1], p[2] };                                        \
                if (change != TO_RGB)                                                 \
                        to_hsv_##ID(p, q);                                            \
                if (change == HUE)                                                    \
                        q[0] = q[0] + by - floor(q[0] + by);                          \
                if (change == SATURATION)                                             \
                        q[1] = CLAMP01(q[1] * by);                                    \
                if (change == TO_HSV)                                                 \
                        memcpy(ret, q, sizeof q);                                     \
                else                                                                  \
                        to_rgb_##ID(q, ret);                                          \
        }                                                                             \
        static void change_##ID(Change change, float by, const T *x, T *y, int64_t n) \
        {                                                                             \
                for (int64_t i = 0; i < n; i += 3) {                                  \
                        W p[3] = { GET(x[i]), GET(x[i + 1]), GET(x[i + 2]) }, q[3];   \
                        pixel_##ID(change, by, p, q);                                 \
                        for (int k = 0; k < 3; k++)                                   \
                                y[i + k] = PUT(q[k]);                                 \
                }                                                                     \
        }
FLOAT_TYPES(LOOP)
#undef LOOP

static Status *convert_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0);
        if (x->rank == 0)
                return invalid_argument("input must be at least 1D%s", shape_text(x).s);
        if (x->rank > 0 && x->dim[x->rank - 1] >= 0 && x->dim[x->rank - 1] != 3)
                return invalid_argument("input must have 3 channels but input only has %lld "
                                        "channels.",
                                        (long long)x->dim[x->rank - 1]);
        c->out[0] = *x;
        return NULL;
}

/* Three channels last, any number of dims before the image. */
static Status *adjust_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *by = shape_in(c, 1);
        if (x->rank >= 0 && x->rank < 3)
                return invalid_argument("input must be at least 3-D, got shape%s", shape_text(x).s);
        if (by->rank > 0)
                return invalid_argument("scale must be scalar: %s", shape_text(by).s);
        if (x->rank > 0 && x->dim[x->rank - 1] >= 0 && x->dim[x->rank - 1] != 3)
                return invalid_argument("input must have 3 channels but instead has %lld channels.",
                                        (long long)x->dim[x->rank - 1]);
        c->out[0] = *x;
        return NULL;
}

typedef struct Colors {
        Change change;
        float by;
        DType dtype;
        const char *x;
        char *y;
} Colors;

static void run_range(void *arg, int64_t from, int64_t to)
{
        const Colors *k = arg;
        size_t at = 3 * (size_t)from * dtype_size(k->dtype);
        DISPATCH(FLOAT_TYPES, k->dtype, change, k->change, k->by, (const void *)(k->x + at),
                 (void *)(k->y + at), 3 * (to - from));
}

/* Integers are refused by the signature: hues are fractions. */
static Status *run(OpCtx *c, Change change)
{
        enum { GRAIN = 4096 }; /* pixels that are worth a thread */
        const Tensor *x = ctx_input(c, 0);
        Colors k = { .change = change,
                     .by = ctx_inputs(c) > 1 ? *(const float *)tensor_data(ctx_input(c, 1)) : 0,
                     .dtype = tensor_dtype(x),
                     .x = tensor_data(x),
                     .y = tensor_fill(ctx_output(c, 0)) };
        ctx_parallel(c, tensor_count(x) / 3, GRAIN, run_range, &k);
        return NULL;
}

static Status *rgb_to_hsv(OpCtx *c)
{
        return run(c, TO_HSV);
}

static Status *hsv_to_rgb(OpCtx *c)
{
        return run(c, TO_RGB);
}

static Status *adjust_hue(OpCtx *c)
{
        return run(c, HUE);
}

static Status *adjust_saturation(OpCtx *c)
{
        return run(c, SATURATION);
}

OP(RGBToHSV, .inputs = "images:T", .outputs = "output:T",
   .attrs = "T:type in [half,bfloat16,float,double] = float", .shape = convert_shape,
   .compute = rgb_to_hsv);
OP(HSVToRGB, .inputs = "images:T", .outputs = "output:T",
   .attrs = "T:type in [half,bfloat16,float,double] = float", .shape = convert_shape,
   .compute = hsv_to_rgb);
OP(AdjustHue, .inputs = "images:T; delta:float", .outputs = "output:T",
   .attrs = "T:type in [half,float] = float", .shape = adjust_shape, .compute = adjust_hue);
OP(AdjustSaturation, .inputs = "images:T; scale:float", .outputs = "output:T",
   .attrs = "T:type in [half,float] = float", .shape = adjust_shape, .compute = adjust_saturation);
