// SPDX-License-Identifier: Apache-2.0
/* CropAndResize: boxes of images, given as fractions of height and width, at one size. What lies
 * beyond the image is extrapolation_value. */
#include "engine/kernels/image/crop.h"

#include <math.h>

typedef struct Crop {
        int64_t height, width, depth, out_h, out_w;
        bool nearest;
        float outside;
} Crop;

/* One output pixel from position (py, px) of one image. */
#define LOOP(ID, T, W, GET, PUT)                                                                   \
        static void pixel_##ID(const Crop *v, const T *x, float py, float px, float *y)            \
        {                                                                                          \
                float fy = v->nearest ? roundf(py) : floorf(py),                                   \
                      fx = v->nearest ? roundf(px) : floorf(px);                                   \
                int64_t top = (int64_t)fy, left = (int64_t)fx;                                     \
                int64_t bottom = v->nearest ? top : (int64_t)ceilf(py);                            \
                int64_t right = v->nearest ? left : (int64_t)ceilf(px);                            \
                float sy = v->nearest ? 0 : py - fy, sx = v->nearest ? 0 : px - fx;                \
                const T *up = x + top * v->width * v->depth,                                       \
                        *down = x + bottom * v->width * v->depth;                                  \
                for (int64_t d = 0; d < v->depth; d++) {                                           \
                        float a = (float)GET(up[left * v->depth + d]);                             \
                        float b = (float)GET(up[right * v->depth + d]);                            \
                        float e = (float)GET(down[left * v->depth + d]);                           \
                        float f = (float)GET(down[right * v->depth + d]);                          \
                        float high = a + (b - a) * sx, low = e + (f - e) * sx;                     \
                        y[d] = high + (low - high) * sy;                                           \
                }                                                                                  \
        }                                                                                          \
        static void box_##ID(const Crop *v, const T *x, int64_t image, const float *box, float *y) \
        {                                                                                          \
                x += image * v->height * v->width * v->depth;                                      \
                for (int64_t i = 0; i < v->out_h; i++)                                             \
                        for (int64_t j = 0; j < v->out_w; j++, y += v->depth) {                    \
                                float py = crop_place(box[0], box[2], i, v->out_h, v->height);     \
                                float px = crop_place(box[1], box[3], j, v->out_w, v->width);      \
                                if (crop_inside(py, v->height) && crop_inside(px, v->width))       \
                                        pixel_##ID(v, x, py, px, y);                               \
                                else                                                               \
                                        for (int64_t d = 0; d < v->depth; d++)                     \
                                                y[d] = v->outside;                                 \
                        }                                                                          \
        }
CROP_TYPES(LOOP)
#undef LOOP

Status *crop_check_boxes(const ShapeCtx *c, int at)
{
        const Shape *boxes = shape_in(c, at), *ind = shape_in(c, at + 1);
        if (boxes->rank >= 0 && boxes->rank != 2)
                return invalid_argument("boxes must be 2-D%s", shape_text(boxes).s);
        if (boxes->rank == 2 && boxes->dim[1] >= 0 && boxes->dim[1] != 4)
                return invalid_argument("boxes must have 4 columns");
        Shape boxed = SHAPE(boxes->rank < 0 ? -1 : boxes->dim[0]);
        if (!shape_compatible(ind, &boxed))
                return invalid_argument("box_index has incompatible shape");
        return NULL;
}

/* The size is a value: with a constant one it is known and checked at import. */
static Status *crop_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *boxes = shape_in(c, 1), *size = shape_in(c, 3);
        const Tensor *v = shape_value(c, 3);
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("image must be 4-D%s", shape_text(x).s);
        if (x->rank == 4 && (x->dim[1] == 0 || x->dim[2] == 0))
                return invalid_argument("image dimensions must be positive");
        TRY(crop_check_boxes(c, 1));
        if (size->rank >= 0 && size->rank != 1)
                return invalid_argument("crop_size must be 1-D%s", shape_text(size).s);
        if (size->rank == 1 && size->dim[0] >= 0 && size->dim[0] != 2)
                return invalid_argument("crop_size must have two elements%s", shape_text(size).s);
        if (v && (tensor_int(v, 0) <= 0 || tensor_int(v, 1) <= 0))
                return invalid_argument("crop dimensions must be positive");
        c->out[0] = SHAPE(boxes->rank < 0 ? -1 : boxes->dim[0], v ? tensor_int(v, 0) : -1,
                          v ? tensor_int(v, 1) : -1, x->rank < 0 ? -1 : x->dim[3]);
        return NULL;
}

/* box_index is checked for all boxes before the first is cut. NaN in a box is outside of every
 * image. */
static Status *crop_and_resize(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        const float *boxes = tensor_data(ctx_input(c, 1));
        const int32_t *image = tensor_data(ctx_input(c, 2));
        Tensor *y = ctx_output(c, 0);
        Crop v = { .height = tensor_dim(x, 1),
                   .width = tensor_dim(x, 2),
                   .depth = tensor_dim(x, 3),
                   .out_h = tensor_dim(y, 1),
                   .out_w = tensor_dim(y, 2),
                   .nearest = !strcmp(node_string(ctx_node(c), "method", ""), "nearest"),
                   .outside = node_float(ctx_node(c), "extrapolation_value", 0) };
        int64_t each = v.out_h * v.out_w * v.depth;
        for (int64_t b = 0; b < tensor_dim(y, 0); b++)
                if (image[b] < 0 || image[b] >= tensor_dim(x, 0))
                        return out_of_range("box_index has values outside [0, batch_size)");
        for (int64_t b = 0; b < tensor_dim(y, 0); b++)
                DISPATCH(CROP_TYPES, tensor_dtype(x), box, &v, tensor_data(x), image[b],
                         boxes + 4 * b, (float *)tensor_fill(y) + b * each);
        return NULL;
}

OP(CropAndResize, .inputs = "image:T; boxes:float; box_ind:int32; crop_size:int32",
   .outputs = "crops:float",
   .attrs = "T:type in [uint8,uint16,int8,int16,int32,int64,half,float,double]; method:string in "
            "[bilinear,nearest] = \"bilinear\"; extrapolation_value:float = 0.0",
   .shape = crop_shape, .compute = crop_and_resize);
