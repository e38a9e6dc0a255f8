// SPDX-License-Identifier: Apache-2.0
/* DrawBoundingBoxes: frames one pixel wide around boxes, whose corners are fractions of the image;
 * colors come in turn. */
#include "engine/ops/op.h"

enum { COLORS = 10, DEPTH_MAX = 4 };

static const float default_colors[COLORS][DEPTH_MAX] = {
        { 1, 1, 0, 1 },   { 0, 0, 1, 1 },  { 1, 0, 0, 1 },  { 0, 1, 0, 1 }, { .5, 0, .5, 1 },
        { .5, .5, 0, 1 }, { .5, 0, 0, 1 }, { 0, 0, .5, 1 }, { 0, 1, 1, 1 }, { 1, 0, 1, 1 },
};

/* V1 has a table of colors of its own; V2's may have more channels than the image, not fewer. */
static Status *boxes_shape(ShapeCtx *c)
{
        if (shape_in(c, 0)->rank >= 0 && shape_in(c, 0)->rank != 4)
                return invalid_argument("The rank of the images should be 4");
        if (shape_in(c, 1)->rank >= 0 && shape_in(c, 1)->rank != 3)
                return invalid_argument("The rank of the boxes tensor should be 3");
        const Shape *x = shape_in(c, 0), *boxes = shape_in(c, 1);
        if (x->rank == 4 && x->dim[3] >= 0 && x->dim[3] != 1 && x->dim[3] != 3 && x->dim[3] != 4)
                return invalid_argument("Channel depth should be either 1 (GRY), 3 (RGB), or 4 "
                                        "(RGBA)");
        if (boxes->rank == 3 && boxes->dim[2] >= 0 && boxes->dim[2] != 4)
                return invalid_argument("Dimension must be 4 but is %lld",
                                        (long long)boxes->dim[2]);
        if (x->rank == 4 && boxes->rank == 3 && x->dim[0] >= 0 && boxes->dim[0] >= 0 &&
            x->dim[0] != boxes->dim[0])
                return invalid_argument("The batch sizes should be the same");
        if (c->n_in > 2) {
                TRY(shape_want_rank_as(c, 2, 2, "colors must be a 2-D matrix%s"));
                const Shape *colors = shape_in(c, 2);
                if (x->rank == 4 && colors->rank == 2 && colors->dim[0] > 0 &&
                    colors->dim[1] >= 0 && colors->dim[1] < x->dim[3])
                        return invalid_argument("colors must have equal or more channels than "
                                                "the image provided: %lld vs. %lld",
                                                (long long)colors->dim[1], (long long)x->dim[3]);
        }
        return shape_unchanged(c);
}

typedef struct Canvas {
        Tensor *y;
        int64_t height, width, depth, base; /* base: the image's first element */
        float color[DEPTH_MAX];
} Canvas;

static void dot(const Canvas *v, int64_t row, int64_t col)
{
        int64_t at = v->base + (row * v->width + col) * v->depth;
        for (int64_t k = 0; k < v->depth; k++)
                if (tensor_dtype(v->y) == DT_HALF)
                        ((Half *)tensor_fill(v->y))[at + k] = half_from_float(v->color[k]);
                else
                        ((float *)tensor_fill(v->y))[at + k] = v->color[k];
}

/* A corner in pixels; far outside is as good as a little outside. NaN counts as outside. */
static int64_t pixel(float fraction, int64_t size)
{
        float v = fraction * (float)(size - 1);
        return !(v > -2) ? -2 : v > (float)size ? size : (int64_t)v;
}

/* Boxes may reach over the border: sides that lie outside are not drawn, the others are cut. One
 * turned inside out is skipped. */
static void draw_box(const Canvas *v, const float *box)
{
        int64_t top = pixel(box[0], v->height), left = pixel(box[1], v->width);
        int64_t bottom = pixel(box[2], v->height), right = pixel(box[3], v->width);
        if (top > bottom || left > right || top >= v->height || bottom < 0 || left >= v->width ||
            right < 0)
                return;
        for (int64_t j = MAX(left, 0); j <= MIN(right, v->width - 1); j++) {
                if (top >= 0)
                        dot(v, top, j);
                if (bottom < v->height)
                        dot(v, bottom, j);
        }
        for (int64_t i = MAX(top, 0); i <= MIN(bottom, v->height - 1); i++) {
                if (left >= 0)
                        dot(v, i, left);
                if (right < v->width)
                        dot(v, i, right);
        }
}

/* Colors repeat when there are more boxes. On gray images the built-in one is white. */
static void choose_color(OpCtx *c, Canvas *v, int64_t box)
{
        const Tensor *own = ctx_inputs(c) > 2 ? ctx_input(c, 2) : NULL;
        const float *color = default_colors[box % COLORS];
        if (own && tensor_count(own))
                color = (const float *)tensor_data(own) +
                        box % tensor_dim(own, 0) * tensor_dim(own, 1);
        for (int64_t k = 0; k < v->depth; k++)
                v->color[k] = color[k];
        if (v->depth == 1 && !(own && tensor_count(own)))
                v->color[0] = 1;
}

/* Drawn into the input when nobody else needs that. */
static Status *draw_boxes(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *boxes = ctx_input(c, 1);
        Canvas v = { .y = ctx_output(c, 0), .height = tensor_dim(x, 1), .width = tensor_dim(x, 2) };
        v.depth = tensor_dim(x, 3);
        if (tensor_data(v.y) != tensor_data(x))
                TRY(tensor_copy_elements(v.y, 0, x, 0, tensor_count(x)));
        const float *box = tensor_data(boxes);
        for (int64_t b = 0; b < tensor_dim(x, 0) && tensor_count(x); b++) {
                v.base = b * v.height * v.width * v.depth;
                for (int64_t i = 0; i < tensor_dim(boxes, 1); i++, box += 4) {
                        if (ctx_cancelled(c))
                                return cancelled("Step was cancelled");
                        choose_color(c, &v, i);
                        draw_box(&v, box);
                }
        }
        return NULL;
}

OP(DrawBoundingBoxes, .inputs = "images:T; boxes:float", .outputs = "output:T",
   .attrs = "T:type in [float,half] = float", .shape = boxes_shape, .compute = draw_boxes,
   .inplace = 1);
OP(DrawBoundingBoxesV2, .inputs = "images:T; boxes:float; colors:float", .outputs = "output:T",
   .attrs = "T:type in [float,half] = float", .shape = boxes_shape, .compute = draw_boxes,
   .inplace = 1);
