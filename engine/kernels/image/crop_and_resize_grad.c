// SPDX-License-Identifier: Apache-2.0
/* CropAndResizeGradImage, CropAndResizeGradBoxes: what a change of a crop's pixels means for the
 * image's, and for the corners of the boxes. */
#include "engine/kernels/image/crop.h"

#include <math.h>

/* Sizes of the image and of a crop. */
typedef struct Sizes {
        int64_t batch, height, width, depth, crop_h, crop_w;
} Sizes;

/* The four pixels around a place, as indexes of their first channel, and their weights. */
typedef struct Around {
        int64_t at[4]; /* top left, top right, bottom left, bottom right */
        float y, x;
} Around;

/* The four pixels that the crop's pixel was mixed from; those outside gave the extrapolation value,
 * which has no gradient. Nearest takes one pixel four times, with weights 1, 0, 0, 0. */
static bool around(const Sizes *s, const float *box, int64_t i, int64_t j, bool nearest,
                   Around *ret)
{
        float py = crop_place(box[0], box[2], i, s->crop_h, s->height);
        float px = crop_place(box[1], box[3], j, s->crop_w, s->width);
        if (!crop_inside(py, s->height) || !crop_inside(px, s->width))
                return false;
        float fy = nearest ? roundf(py) : floorf(py), fx = nearest ? roundf(px) : floorf(px);
        int64_t top = (int64_t)fy, left = (int64_t)fx;
        int64_t bottom = nearest ? top : (int64_t)ceilf(py);
        int64_t right = nearest ? left : (int64_t)ceilf(px);
        *ret = (Around){ .at = { (top * s->width + left) * s->depth,
                                 (top * s->width + right) * s->depth,
                                 (bottom * s->width + left) * s->depth,
                                 (bottom * s->width + right) * s->depth },
                         .y = nearest ? 0 : py - fy,
                         .x = nearest ? 0 : px - fx };
        return true;
}

static Status *check_images(const Sizes *s, const int32_t *image, int64_t n)
{
        for (int64_t b = 0; b < n; b++)
                if (image[b] < 0 || image[b] >= s->batch)
                        return out_of_range("box_index has values outside [0, batch_size)");
        return NULL;
}

/* ---- to the image ---- */

/* The transpose of bilinear sampling. Sums are doubles: many crop pixels may fall on one image
 * pixel. */
static void spread_box(const Sizes *s, const float *box, bool nearest, const float *grad,
                       double *image)
{
        Around v;
        for (int64_t i = 0; i < s->crop_h; i++)
                for (int64_t j = 0; j < s->crop_w; j++, grad += s->depth) {
                        if (!around(s, box, i, j, nearest, &v))
                                continue;
                        const double w[] = { (1 - v.y) * (1 - v.x), (1 - v.y) * v.x,
                                             v.y * (1 - v.x), v.y * v.x };
                        for (int k = 0; k < 4; k++)
                                for (int64_t d = 0; d < s->depth; d++)
                                        image[v.at[k] + d] += w[k] * (double)grad[d];
                }
}

static void put_image(const double *from, Tensor *y)
{
        for (int64_t i = 0; i < tensor_count(y); i++)
                switch ((int)tensor_dtype(y)) {
                case DT_HALF: ((Half *)tensor_fill(y))[i] = half_from_float((float)from[i]); break;
                case DT_FLOAT: ((float *)tensor_fill(y))[i] = (float)from[i]; break;
                default: ((double *)tensor_fill(y))[i] = from[i]; break;
                }
}

/* Boxes may overlap on an image, so all are summed before one rounding to the output's type. */
static Status *grad_image(OpCtx *c)
{
        const Tensor *g = ctx_input(c, 0);
        const float *boxes = tensor_data(ctx_input(c, 1));
        const int32_t *image = tensor_data(ctx_input(c, 2));
        bool nearest = !strcmp(node_string(ctx_node(c), "method", ""), "nearest");
        Tensor *y = ctx_output(c, 0);
        Sizes s = { tensor_dim(y, 0), tensor_dim(y, 1), tensor_dim(y, 2),
                    tensor_dim(y, 3), tensor_dim(g, 1), tensor_dim(g, 2) };
        TRY(check_images(&s, image, tensor_dim(g, 0)));
        double *sum = ctx_scratch(c, (size_t)tensor_count(y) * sizeof *sum);
        if (!sum)
                return status_oom();
        memset(sum, 0, (size_t)tensor_count(y) * sizeof *sum);
        for (int64_t b = 0; b < tensor_dim(g, 0) && tensor_count(y); b++)
                spread_box(&s, boxes + 4 * b, nearest,
                           (const float *)tensor_data(g) + b * s.crop_h * s.crop_w * s.depth,
                           sum + image[b] * s.height * s.width * s.depth);
        put_image(sum, y);
        return NULL;
}

/* ---- to the boxes ---- */

/* How much a place moves with the near and the far edge of its box. */
static void edges(int64_t i, int64_t n, int64_t size, double *near, double *far)
{
        double last = (double)(size - 1);
        *far = n > 1 ? (double)i * last / (double)(n - 1) : 0.5 * last;
        *near = n > 1 ? last - *far : *far;
}

/* The chain rule: the image's slope at the sampling point, times how far the point moves with each
 * edge. Always bilinear: the op knows no other method. */
static void slope_box(const Sizes *s, const float *box, const float *grad, const Tensor *image,
                      int64_t from, double sum[4])
{
        Around v;
        for (int64_t i = 0; i < s->crop_h; i++)
                for (int64_t j = 0; j < s->crop_w; j++, grad += s->depth) {
                        double near, far, dy = 0, dx = 0;
                        if (!around(s, box, i, j, false, &v))
                                continue;
                        for (int64_t d = 0; d < s->depth; d++) {
                                double p[4];
                                for (int k = 0; k < 4; k++)
                                        p[k] = tensor_double(image, from + v.at[k] + d);
                                double x = (double)v.x, y = (double)v.y, g = (double)grad[d];
                                dy += g * ((1 - x) * (p[2] - p[0]) + x * (p[3] - p[1]));
                                dx += g * ((1 - y) * (p[1] - p[0]) + y * (p[3] - p[2]));
                        }
                        edges(i, s->crop_h, s->height, &near, &far);
                        sum[0] += dy * near;
                        sum[2] += dy * far;
                        edges(j, s->crop_w, s->width, &near, &far);
                        sum[1] += dx * near;
                        sum[3] += dx * far;
                }
}

static Status *grad_boxes(OpCtx *c)
{
        const Tensor *g = ctx_input(c, 0), *x = ctx_input(c, 1);
        const float *boxes = tensor_data(ctx_input(c, 2));
        const int32_t *image = tensor_data(ctx_input(c, 3));
        float *y = tensor_fill(ctx_output(c, 0));
        Sizes s = { tensor_dim(x, 0), tensor_dim(x, 1), tensor_dim(x, 2),
                    tensor_dim(x, 3), tensor_dim(g, 1), tensor_dim(g, 2) };
        TRY(check_images(&s, image, tensor_dim(g, 0)));
        for (int64_t b = 0; b < tensor_dim(g, 0); b++) {
                double sum[4] = { 0 };
                slope_box(&s, boxes + 4 * b,
                          (const float *)tensor_data(g) + b * s.crop_h * s.crop_w * s.depth, x,
                          image[b] * s.height * s.width * s.depth, sum);
                for (int k = 0; k < 4; k++)
                        y[4 * b + k] = (float)sum[k];
        }
        return NULL;
}

/* ---- shapes ---- */

/* grads is input 0, boxes and box_ind are at and at + 1. */
static Status *check_boxes(const ShapeCtx *c, int at)
{
        const Shape *g = shape_in(c, 0), *boxes = shape_in(c, at);
        if (g->rank >= 0 && g->rank != 4)
                return invalid_argument("grads image must be 4-D%s", shape_text(g).s);
        if (g->rank == 4 && (g->dim[1] == 0 || g->dim[2] == 0))
                return invalid_argument("grads dimensions must be positive");
        TRY(crop_check_boxes(c, at));
        if (g->rank == 4 && boxes->rank == 2 && boxes->dim[0] >= 0 && g->dim[0] >= 0 &&
            g->dim[0] != boxes->dim[0])
                return invalid_argument("boxes and grads have incompatible shape");
        return NULL;
}

static Status *check_depth(const Shape *g, int64_t depth)
{
        if (g->rank == 4 && depth >= 0 && g->dim[3] >= 0 && g->dim[3] != depth)
                return invalid_argument("image_size and grads are incompatible");
        return NULL;
}

/* The output's size is a value, image_size: known here only when it is constant. */
static Status *grad_image_shape(ShapeCtx *c)
{
        const Shape *size = shape_in(c, 3);
        TRY(check_boxes(c, 1));
        if (size->rank >= 0 && size->rank != 1)
                return invalid_argument("image_size must be 1-D%s", shape_text(size).s);
        if (size->rank == 1 && size->dim[0] >= 0 && size->dim[0] != 4)
                return invalid_argument("image_size must have 4 elements%s", shape_text(size).s);
        TRY(shape_from_input(c, 3, &c->out[0]));
        if (c->out[0].rank != 4)
                return NULL;
        if (c->out[0].dim[1] == 0 || c->out[0].dim[2] == 0)
                return invalid_argument("image dimensions must be positive");
        return check_depth(shape_in(c, 0), c->out[0].dim[3]);
}

static Status *grad_boxes_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 1), *boxes = shape_in(c, 2);
        TRY(check_boxes(c, 2));
        if (x->rank >= 0 && x->rank != 4)
                return invalid_argument("input image must be 4-D%s", shape_text(x).s);
        if (x->rank == 4 && (x->dim[1] == 0 || x->dim[2] == 0))
                return invalid_argument("image dimensions must be positive");
        if (x->rank == 4)
                TRY(check_depth(shape_in(c, 0), x->dim[3]));
        c->out[0] = SHAPE(boxes->rank < 0 ? -1 : boxes->dim[0], 4);
        return NULL;
}

OP(CropAndResizeGradImage, .inputs = "grads:float; boxes:float; box_ind:int32; image_size:int32",
   .outputs = "output:T",
   .attrs = "T:type in [float,half,double]; method:string in [bilinear,nearest] = \"bilinear\"",
   .shape = grad_image_shape, .compute = grad_image);
OP(CropAndResizeGradBoxes, .inputs = "grads:float; image:T; boxes:float; box_ind:int32",
   .outputs = "output:float",
   .attrs = "T:type in [uint8,uint16,int8,int16,int32,int64,half,float,double]; method:string in "
            "[bilinear] = \"bilinear\"",
   .shape = grad_boxes_shape, .compute = grad_boxes);
