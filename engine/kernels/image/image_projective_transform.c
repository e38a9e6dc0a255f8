// SPDX-License-Identifier: Apache-2.0
/* ImageProjectiveTransformV2, V3: each output pixel is taken from where eight numbers of a
 * projective transform say; places beyond the image are filled or folded back. */
#include "engine/ops/op.h"

#include <math.h>

typedef struct Projection {
        int64_t height, width, depth, out_h, out_w;
        bool bilinear;
        char fill; /* 'R'EFLECT, 'W'RAP, 'C'ONSTANT, 'N'EAREST */
} Projection;

/* How often `period` goes into v, which may be anything. */
static float times(float v, float period)
{
        return truncf(v / period);
}

/* Brings a coordinate back onto n pixels, as scipy does. The last step catches what rounding leaves
 * outside; a NaN stays one. */
static float fold(char fill, float v, int64_t n)
{
        float len = (float)n, last = (float)(n - 1);
        if (fill == 'C' || v != v)
                return v;
        if (n <= 1)
                v = 0;
        else if (fill == 'R' && v < 0) {
                v += 2 * len * times(-v, 2 * len);
                v = v < -len ? v + 2 * len : -v - 1;
        } else if (fill == 'R' && v > last) {
                v -= 2 * len * times(v, 2 * len);
                v = v >= len ? 2 * len - v - 1 : v;
        } else if (fill == 'W' && v < 0) {
                v += len * (times(-v, last) + 1);
        } else if (fill == 'W' && v > last) {
                v -= len * times(v, last);
        }
        return v < 0 ? 0 : v > last ? last : v;
}

/* Where output pixel (x, y) comes from; false when that is outside. */
static bool source(const Projection *p, const float *t, int64_t y, int64_t x, float *ret_y,
                   float *ret_x)
{
        float fx = (float)x, fy = (float)y, scale = t[6] * fx + t[7] * fy + 1.0f;
        if (scale == 0)
                return false;
        *ret_x = fold(p->fill, (t[0] * fx + t[1] * fy + t[2]) / scale, p->width);
        *ret_y = fold(p->fill, (t[3] * fx + t[4] * fy + t[5]) / scale, p->height);
        return *ret_x >= 0 && *ret_x <= (float)(p->width - 1) && *ret_y >= 0 &&
               *ret_y <= (float)(p->height - 1);
}

/* clang-format off */
#define IMAGE_TYPES(X, ...)                                        \
        TYPE_UINT8(X, ##__VA_ARGS__) TYPE_INT32(X, ##__VA_ARGS__)  \
        TYPE_INT64(X, ##__VA_ARGS__) TYPE_HALF(X, ##__VA_ARGS__)   \
        TYPE_FLOAT(X, ##__VA_ARGS__) TYPE_DOUBLE(X, ##__VA_ARGS__)
/* clang-format on */

/* Each of the four pixels is looked up on its own: those beyond the border are the fill value, so
 * edges fade into it. */
#define LOOP(ID, T, W, GET, PUT)                                                                   \
        static T read_##ID(const Projection *p, const T *x, int64_t y, int64_t at, int64_t d,      \
                           T fill)                                                                 \
        {                                                                                          \
                bool inside = y >= 0 && y < p->height && at >= 0 && at < p->width;                 \
                return inside ? x[(y * p->width + at) * p->depth + d] : fill;                      \
        }                                                                                          \
        static T mix_##ID(const Projection *p, const T *image, float y, float x, int64_t d,        \
                          T fill)                                                                  \
        {                                                                                          \
                int64_t top = (int64_t)floorf(y), left = (int64_t)floorf(x);                       \
                float b = y - floorf(y), r = x - floorf(x);                                        \
                float high = (1 - r) * (float)GET(read_##ID(p, image, top, left, d, fill)) +       \
                             r * (float)GET(read_##ID(p, image, top, left + 1, d, fill));          \
                float low = (1 - r) * (float)GET(read_##ID(p, image, top + 1, left, d, fill)) +    \
                            r * (float)GET(read_##ID(p, image, top + 1, left + 1, d, fill));       \
                return PUT((W)((1 - b) * high + b * low));                                         \
        }                                                                                          \
        static void image_##ID(const Projection *p, const float *t, const T *x, float value, T *y) \
        {                                                                                          \
                T fill = PUT((W)value);                                                            \
                float fy, fx;                                                                      \
                for (int64_t i = 0; i < p->out_h; i++)                                             \
                        for (int64_t j = 0; j < p->out_w; j++, y += p->depth) {                    \
                                bool inside = source(p, t, i, j, &fy, &fx);                        \
                                for (int64_t d = 0; d < p->depth; d++)                             \
                                        y[d] = !inside ? fill                                      \
                                               : p->bilinear                                       \
                                                       ? mix_##ID(p, x, fy, fx, d, fill)           \
                                                       : read_##ID(p, x, (int64_t)roundf(fy),      \
                                                                   (int64_t)roundf(fx), d, fill);  \
                        }                                                                          \
        }
IMAGE_TYPES(LOOP)
#undef LOOP

static Status *transform(OpCtx *c)
{
        const Node *n = ctx_node(c);
        const Tensor *x = ctx_input(c, 0), *t = ctx_input(c, 1);
        Tensor *y = ctx_output(c, 0);
        Projection p = { .height = tensor_dim(x, 1),
                         .width = tensor_dim(x, 2),
                         .depth = tensor_dim(x, 3),
                         .out_h = tensor_dim(y, 1),
                         .out_w = tensor_dim(y, 2),
                         .bilinear = strcmp(node_string(n, "interpolation", ""), "BILINEAR") == 0,
                         .fill = node_string(n, "fill_mode", "CONSTANT")[0] };
        float value = ctx_inputs(c) > 3 ? *(const float *)tensor_data(ctx_input(c, 3)) : 0;
        if (dtype_is_integer(tensor_dtype(x))) /* what every integer type holds */
                value = value > 0 ? MIN(value, tensor_dtype(x) == DT_UINT8 ? 255 : 0x1p30f)
                                  : MAX(value, tensor_dtype(x) == DT_UINT8 ? 0 : -0x1p30f);
        value = value == value ? value : 0;
        for (int64_t b = 0; b < tensor_dim(x, 0); b++) {
                int64_t in = p.height * p.width * p.depth, out = p.out_h * p.out_w * p.depth;
                size_t size = dtype_size(tensor_dtype(x));
                const float *at =
                        (const float *)tensor_data(t) + (tensor_dim(t, 0) > 1 ? 8 * b : 0);
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                const void *from = (const char *)tensor_data(x) + (size_t)(b * in) * size;
                void *to = (char *)tensor_fill(y) + (size_t)(b * out) * size;
                DISPATCH(IMAGE_TYPES, tensor_dtype(x), image, &p, at, from, value, to);
        }
        return NULL;
}

/* V2 has no fill_mode in older graphs; CONSTANT is what it did. */
static Status *check_attrs(const Node *n)
{
        static const char *const modes[] = { "REFLECT", "WRAP", "CONSTANT", "NEAREST" };
        const char *how = node_string(n, "interpolation", "");
        const char *fill = node_string(n, "fill_mode", "CONSTANT");
        bool known = false;
        for (size_t i = 0; i < COUNTOF(modes); i++)
                known |= strcmp(fill, modes[i]) == 0;
        if (strcmp(how, "NEAREST") && strcmp(how, "BILINEAR"))
                return invalid_argument("Invalid interpolation %s. Supported types: NEAREST, "
                                        "BILINEAR",
                                        how);
        if (!known)
                return invalid_argument("Invalid mode %s. Supported types: REFLECT, WRAP, "
                                        "CONSTANT, NEAREST",
                                        fill);
        return NULL;
}

/* One transform for all images, or one for each. */
static Status *transform_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *t = shape_in(c, 1), *size = shape_in(c, 2);
        const Tensor *v = shape_value(c, 2);
        TRY(check_attrs(c->node));
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("Input images must have rank 4");
        if (t->rank >= 0 && (t->rank != 2 || (t->dim[1] >= 0 && t->dim[1] != 8) ||
                             (x->rank == 4 && t->dim[0] >= 0 && x->dim[0] >= 0 && t->dim[0] != 1 &&
                              t->dim[0] != x->dim[0])))
                return invalid_argument("Input transform should be num_images x 8 or 1 x 8");
        if (size->rank >= 0 && size->rank != 1)
                return invalid_argument("output shape must be 1-dimensional%s", shape_text(size).s);
        if (size->rank == 1 && size->dim[0] >= 0 && size->dim[0] != 2)
                return invalid_argument("output shape must have two elements%s",
                                        shape_text(size).s);
        for (int i = 0; v && i < 2; i++)
                if (tensor_int(v, i) <= 0)
                        return invalid_argument("output dimensions must be positive");
        if (c->n_in > 3 && shape_in(c, 3)->rank > 0)
                return invalid_argument("fill_value must be a scalar%s",
                                        shape_text(shape_in(c, 3)).s);
        c->out[0] = SHAPE(x->rank < 0 ? -1 : x->dim[0], v ? tensor_int(v, 0) : -1,
                          v ? tensor_int(v, 1) : -1, x->rank < 0 ? -1 : x->dim[3]);
        return NULL;
}

OP(ImageProjectiveTransformV2, .inputs = "images:dtype; transforms:float; output_shape:int32",
   .outputs = "transformed_images:dtype",
   .attrs = "dtype:type in [uint8,int32,int64,half,float,double]; interpolation:string; "
            "fill_mode:string = \"CONSTANT\"",
   .shape = transform_shape, .compute = transform);
OP(ImageProjectiveTransformV3,
   .inputs = "images:dtype; transforms:float; output_shape:int32; fill_value:float",
   .outputs = "transformed_images:dtype",
   .attrs = "dtype:type in [uint8,int32,int64,half,float,double]; interpolation:string; "
            "fill_mode:string = \"CONSTANT\"",
   .shape = transform_shape, .compute = transform);
