// SPDX-License-Identifier: Apache-2.0
/* SampleDistortedBoundingBox: a random crop of a given range of areas and aspect ratios that covers
 * enough of one of the boxes; the whole image when none is found. Draws as TensorFlow does, so that
 * seeds give its crops. */
#include "engine/kernels/random/philox.h"

#include <math.h>

typedef struct Rect {
        int64_t left, top, right, bottom;
} Rect;

typedef struct Wish {
        float area[2], aspect[2], covered;
        int64_t attempts;
} Wish;

static float area(Rect r)
{
        return (float)((r.right - r.left) * (r.bottom - r.top));
}

static Rect intersect(Rect a, Rect b)
{
        Rect r = { MAX(a.left, b.left), MAX(a.top, b.top), MIN(a.right, b.right),
                   MIN(a.bottom, b.bottom) };
        return r.left > r.right || r.top > r.bottom ? (Rect){ 0 } : r;
}

/* To the nearest integer, within what sizes are multiplied with. */
static int64_t near(float v)
{
        return v > -0x1p31f && v < 0x1p31f ? lrintf(v) : (int64_t)1 << 31;
}

/* In [0, n), each number as likely. */
static int64_t uniform(PhiloxSingle *gen, uint32_t n)
{
        uint32_t v = philox_take(gen), rest;
        if (n == 0)
                return 0;
        if ((n & (n - 1)) == 0)
                return v & (n - 1);
        for (rest = UINT32_MAX % n + 1; v < rest;)
                v = philox_take(gen);
        return v % n;
}

/* The crop's height, drawn between what the areas allow; its width follows. False when rounding
 * leaves no room. */
static bool draw_size(const Wish *w, Rect image, float aspect, PhiloxSingle *gen, int64_t *ret_h,
                      int64_t *ret_w)
{
        float least = w->area[0] * (float)image.right * (float)image.bottom;
        float most = w->area[1] * (float)image.right * (float)image.bottom;
        int64_t h = near(sqrtf(least / aspect)), top = near(sqrtf(most / aspect));
        if (near((float)top * aspect) > image.right)
                top = (int64_t)(((double)image.right + 0.5 - (double)0.0000001f) / (double)aspect);
        top = MIN(top, image.bottom);
        h = h >= top ? top : h + uniform(gen, (uint32_t)(top - h + 1));
        int64_t width = near((float)h * aspect);
        if ((float)(width * h) < least)
                width = near((float)++h * aspect);
        if ((float)(width * h) > most)
                width = near((float)--h * aspect);
        float got = (float)(width * h);
        *ret_h = h;
        *ret_w = width;
        return got >= least && got <= most && width > 0 && h > 0 && width <= image.right &&
               h <= image.bottom;
}

/* Draws are in TensorFlow's order: aspect, height, top, left; the latter two only where there is
 * room to move. */
static bool draw_crop(const Wish *w, Rect image, PhiloxSingle *gen, Rect *ret)
{
        float aspect =
                philox_float(philox_take(gen)) * (w->aspect[1] - w->aspect[0]) + w->aspect[0];
        int64_t h, width;
        if (!(aspect > 0) || image.right <= 0 || image.bottom <= 0 || w->area[0] > w->area[1] ||
            !draw_size(w, image, aspect, gen, &h, &width))
                return false;
        Rect r = { 0 };
        if (h < image.bottom)
                r.top = uniform(gen, (uint32_t)(image.bottom - h));
        if (width < image.right)
                r.left = uniform(gen, (uint32_t)(image.right - width));
        r.right = r.left + width;
        r.bottom = r.top + h;
        *ret = r;
        return true;
}

/* Box b in pixels; without boxes the image itself. */
static Rect box_at(const Tensor *boxes, int64_t b, Rect image)
{
        const float *v = (const float *)tensor_data(boxes) + 4 * b;
        if (!tensor_count(boxes))
                return image;
        return (Rect){ (int32_t)(v[1] * (float)image.right), (int32_t)(v[0] * (float)image.bottom),
                       (int32_t)(v[3] * (float)image.right),
                       (int32_t)(v[2] * (float)image.bottom) };
}

/* A box of less than a pixel cannot be covered; one box that is covered enough suffices. */
static bool covers(const Wish *w, Rect crop, const Tensor *boxes, Rect image)
{
        if (area(crop) < 1)
                return false;
        for (int64_t b = 0; b < MAX(1, tensor_count(boxes) / 4); b++) {
                Rect box = box_at(boxes, b, image);
                if (area(box) >= 1 && area(intersect(crop, box)) / area(box) >= w->covered)
                        return true;
        }
        return false;
}

/* ---- the op ---- */

/* The comparison is written so that NaN fails it. */
static Status *read_pair(const Node *n, const char *attr, const char *what, float ret[2])
{
        const float *v;
        int len;
        TRY(node_attr_floats(n, attr, &v, &len));
        if (len != 2)
                return invalid_argument("%s range field must specify 2 dimensions", what);
        if (!(v[0] > 0 && v[1] > 0))
                return invalid_argument("%s range must be non-negative: [%g, %g]", what,
                                        (double)v[0], (double)v[1]);
        memcpy(ret, v, 2 * sizeof *v);
        return NULL;
}

static Status *read_wish(const OpCtx *c, Wish *ret)
{
        const Node *n = ctx_node(c);
        Wish w = { .attempts = node_int(n, "max_attempts", 100),
                   .covered = ctx_inputs(c) > 2 ? *(const float *)tensor_data(ctx_input(c, 2))
                                                : node_float(n, "min_object_covered", 0.1f) };
        if (!(w.covered >= 0))
                return invalid_argument("Min object covered must be non-negative: %g",
                                        (double)w.covered);
        TRY(read_pair(n, "aspect_ratio_range", "Aspect ratio", w.aspect));
        TRY(read_pair(n, "area_range", "Area", w.area));
        if (!(w.area[0] <= 1 && w.area[1] <= 1))
                return invalid_argument("Area range must be less then or equal to 1.0: [%g, %g]",
                                        (double)w.area[0], (double)w.area[1]);
        if (w.attempts <= 0 || w.attempts > INT32_MAX)
                return invalid_argument("Max attempts must be non-negative: %lld",
                                        (long long)w.attempts);
        *ret = w;
        return NULL;
}

/* Coordinates are relative to the image. No boxes means that the whole image is the object, if the
 * attribute allows it. */
static Status *read_image(const OpCtx *c, Rect *ret)
{
        const Tensor *boxes = ctx_input(c, 1);
        int64_t h = tensor_int(ctx_input(c, 0), 0), w = tensor_int(ctx_input(c, 0), 1);
        if (h < 0 || h >= INT32_MAX)
                return invalid_argument("image height cannot be >= int32 max");
        if (w < 0 || w >= INT32_MAX)
                return invalid_argument("image width cannot be >= int32 max");
        for (int64_t i = 0; i < tensor_count(boxes); i++) {
                float v = ((const float *)tensor_data(boxes))[i];
                if (!(v >= 0 && v <= 1))
                        return invalid_argument("All bounding box coordinates must be in [0.0, "
                                                "1.0]: %g",
                                                (double)v);
        }
        if (!tensor_count(boxes) &&
            !node_bool(ctx_node(c), "use_image_if_no_bounding_boxes", false))
                return invalid_argument("No bounding boxes provided as input. One must enable "
                                        "use_image_if_no_bounding_boxes if you wish to not provide "
                                        "any bounding boxes.");
        *ret = (Rect){ 0, 0, w, h };
        return NULL;
}

/* Types are told by their width, as the bytes of small positive numbers do not depend on the sign.
 */
static void put_sizes(Tensor *t, int64_t h, int64_t w, int64_t depth)
{
        const int64_t v[] = { h, w, depth };
        for (int i = 0; i < 3; i++)
                switch (dtype_size(tensor_dtype(t))) {
                case 1: ((int8_t *)tensor_fill(t))[i] = (int8_t)v[i]; break;
                case 2: ((int16_t *)tensor_fill(t))[i] = (int16_t)v[i]; break;
                case 4: ((int32_t *)tensor_fill(t))[i] = (int32_t)v[i]; break;
                default: ((int64_t *)tensor_fill(t))[i] = v[i]; break;
                }
}

static Status *sample(OpCtx *c)
{
        Wish w;
        Rect image, crop;
        Philox gen;
        bool found = false;
        TRY(read_wish(c, &w));
        TRY(read_image(c, &image));
        if (ctx_inputs(c) > 3)
                gen = philox_stateless(ctx_input(c, 3));
        else
                TRY(philox_reserve(c, (uint64_t)w.attempts, &gen));
        PhiloxSingle s = philox_single(gen);
        for (int64_t i = 0; i < w.attempts && !found; i++) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                found = draw_crop(&w, image, &s, &crop) && covers(&w, crop, ctx_input(c, 1), image);
        }
        /* TensorFlow's fallback; it comes without a warning. */
        if (!found)
                crop = image;
        put_sizes(ctx_output(c, 0), crop.top, crop.left, 0);
        put_sizes(ctx_output(c, 1), crop.bottom - crop.top, crop.right - crop.left, -1);
        float *box = tensor_fill(ctx_output(c, 2));
        box[0] = (float)crop.top / (float)image.bottom;
        box[1] = (float)crop.left / (float)image.right;
        box[2] = (float)crop.bottom / (float)image.bottom;
        box[3] = (float)crop.right / (float)image.right;
        return NULL;
}

static Status *sample_shape(ShapeCtx *c)
{
        const Shape *size = shape_in(c, 0), *boxes = shape_in(c, 1);
        if (size->rank >= 0 && size->rank != 1)
                return invalid_argument("image_size must be 1-dimensional%s", shape_text(size).s);
        if (size->rank == 1 && size->dim[0] >= 0 && size->dim[0] != 3)
                return invalid_argument("image_size must contain 3 elements%s", shape_text(size).s);
        if (boxes->rank >= 0 && boxes->rank != 3)
                return invalid_argument("input boxes must be 3-dimensional [batch, num_boxes, "
                                        "coords]: %s",
                                        shape_text(boxes).s);
        if (boxes->rank == 3 && boxes->dim[2] >= 0 && boxes->dim[2] != 4)
                return invalid_argument("bounding boxes must have shape [4] or [*, 4], got %s",
                                        shape_text(boxes).s);
        if (c->n_in > 2 && shape_in(c, 2)->rank > 0)
                return invalid_argument("min_object_covered must be 0-D, got shape %s",
                                        shape_text(shape_in(c, 2)).s);
        Shape pair = SHAPE(2);
        if (c->n_in > 3 && !shape_compatible(shape_in(c, 3), &pair))
                return invalid_argument("seed must have shape [2], not %s",
                                        shape_text(shape_in(c, 3)).s);
        c->out[0] = SHAPE(3);
        c->out[1] = SHAPE(3);
        c->out[2] = SHAPE(1, 1, 4);
        return NULL;
}

OP(SampleDistortedBoundingBox, .inputs = "image_size:T; bounding_boxes:float",
   .outputs = "begin:T; size:T; bboxes:float",
   .attrs = "T:type in [uint8,int8,int16,int32,int64]; seed:int = 0; seed2:int = 0; "
            "min_object_covered:float = 0.10000000149011612; aspect_ratio_range:list(float) = "
            "[0.75,1.3300000429153442]; area_range:list(float) = [0.05000000074505806,1.0]; "
            "max_attempts:int = 100; use_image_if_no_bounding_boxes:bool = false",
   .flags = "stateful", .shape = sample_shape, .compute = sample);
OP(SampleDistortedBoundingBoxV2,
   .inputs = "image_size:T; bounding_boxes:float; min_object_covered:float",
   .outputs = "begin:T; size:T; bboxes:float",
   .attrs = "T:type in [uint8,int8,int16,int32,int64]; seed:int = 0; seed2:int = 0; "
            "aspect_ratio_range:list(float) = [0.75,1.3300000429153442]; area_range:list(float) "
            "= [0.05000000074505806,1.0]; max_attempts:int = 100; "
            "use_image_if_no_bounding_boxes:bool = false",
   .flags = "stateful", .shape = sample_shape, .compute = sample);
OP(StatelessSampleDistortedBoundingBox,
   .inputs = "image_size:T; bounding_boxes:float; min_object_covered:float; seed:Tseed",
   .outputs = "begin:T; size:T; bboxes:float",
   .attrs = "T:type in [uint8,int8,int16,int32,int64]; Tseed:type in [int32,int64]; "
            "aspect_ratio_range:list(float) = [0.75,1.3300000429153442]; area_range:list(float) "
            "= [0.05000000074505806,1.0]; max_attempts:int = 100; "
            "use_image_if_no_bounding_boxes:bool = false",
   .shape = sample_shape, .compute = sample);
