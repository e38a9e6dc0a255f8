// SPDX-License-Identifier: Apache-2.0
/* CombinedNonMaxSuppression: for each image of a batch, boxes are picked per class as by
 * NonMaxSuppression, then the best of all classes are put out, padded with zeros. */
#include "engine/kernels/image/nms.h"

#include <math.h>
#include <stdlib.h>

/* A box that its class picked. */
typedef struct Found {
        float score;
        int32_t class, rank, box;
} Found;

/* Sizes and thresholds; q: boxes per anchor, 1 or one for each class. */
typedef struct Combined {
        const Tensor *boxes, *scores;
        int64_t batch, n, q, classes, per_class, total;
        float iou, score;
        Candidate *heap;
        int32_t *picked;
        float *picked_scores;
        Found *found;
        int64_t found_n;
} Combined;

static int by_score(const void *a, const void *b)
{
        const Found *x = a, *y = b;
        if (x->score != y->score)
                return x->score > y->score ? -1 : 1;
        return x->class != y->class ? (x->class > y->class) - (x->class < y->class)
                                    : (x->rank > y->rank) - (x->rank < y->rank);
}

/* With q = 1 all classes share one set of boxes. Only scores above the threshold come in; equal to
 * it is not enough. */
static void pick_class(OpCtx *c, Combined *v, int64_t image, int64_t class)
{
        const float *scores =
                (const float *)tensor_data(v->scores) + image * v->n * v->classes + class;
        Nms nms = { .c = c,
                    .boxes = v->boxes,
                    .first = image * v->n * v->q + (v->q > 1 ? class : 0),
                    .step = v->q,
                    .iou = v->iou,
                    .score = -INFINITY,
                    .heap = v->heap,
                    .picked = v->picked,
                    .scores = v->picked_scores,
                    .max = v->per_class };
        for (int64_t i = 0; i < v->n; i++)
                if (scores[i * v->classes] > v->score)
                        nms_push(&nms, (Candidate){ (int32_t)i, 0, scores[i * v->classes] });
        nms_pick(&nms);
        for (int64_t i = 0; i < nms.n; i++)
                v->found[v->found_n++] = (Found){ .score = nms.scores[i],
                                                  .class = (int32_t) class,
                                                  .rank = (int32_t)i,
                                                  .box = nms.picked[i] };
}

/* Writes the best of one image. */
static void put_image(OpCtx *c, const Combined *v, int64_t image)
{
        bool clip = node_bool(ctx_node(c), "clip_boxes", true);
        float *boxes = (float *)tensor_fill(ctx_output(c, 0)) + image * v->total * 4;
        float *scores = (float *)tensor_fill(ctx_output(c, 1)) + image * v->total;
        float *classes = (float *)tensor_fill(ctx_output(c, 2)) + image * v->total;
        int64_t n = MIN(v->found_n, v->total);
        for (int64_t i = 0; i < n; i++) {
                const Found *f = &v->found[i];
                int64_t at = (image * v->n + f->box) * v->q + (v->q > 1 ? f->class : 0);
                scores[i] = f->score;
                classes[i] = (float)f->class;
                for (int k = 0; k < 4; k++) {
                        float x = ((const float *)tensor_data(v->boxes))[4 * at + k];
                        boxes[4 * i + k] = clip ? fmaxf(fminf(x, 1), 0) : x;
                }
        }
        ((int32_t *)tensor_fill(ctx_output(c, 3)))[image] = (int32_t)n;
}

/* Zeros first, as padding behind the boxes that are found. */
static Status *make_outputs(OpCtx *c, const Combined *v)
{
        const Shape shapes[] = { SHAPE(v->batch, v->total, 4), SHAPE(v->batch, v->total),
                                 SHAPE(v->batch, v->total), SHAPE(v->batch) };
        for (int i = 0; i < 4; i++) {
                Tensor *y;
                TRY(ctx_alloc(c, i, &shapes[i], &y));
                memset(tensor_fill(y), 0, tensor_bytes(y));
        }
        return NULL;
}

/* Scratch for one class, and for what all classes of an image pick. */
static Status *make_room(OpCtx *c, Combined *v)
{
        int64_t all;
        if (__builtin_mul_overflow(v->per_class, v->classes, &all) || all > INT32_MAX)
                return invalid_argument("size_per_class * num_classes causes overflow");
        v->heap = ctx_scratch(c, (size_t)v->n * sizeof *v->heap);
        v->picked = ctx_scratch(c, (size_t)v->n * sizeof *v->picked);
        v->picked_scores = ctx_scratch(c, (size_t)v->n * sizeof *v->picked_scores);
        v->found = ctx_scratch(c, (size_t)all * sizeof *v->found);
        return v->heap && v->picked && v->picked_scores && v->found ? NULL : status_oom();
}

/* per_class is cut to the number of boxes: nobody can pick more. NaN thresholds fail the
 * comparison. */
static Status *read_inputs(OpCtx *c, Combined *ret)
{
        const Tensor *boxes = ctx_input(c, 0), *scores = ctx_input(c, 1);
        int64_t per_class = tensor_int(ctx_input(c, 2), 0), total = tensor_int(ctx_input(c, 3), 0);
        Combined v = { .boxes = boxes,
                       .scores = scores,
                       .batch = tensor_dim(boxes, 0),
                       .n = tensor_dim(boxes, 1),
                       .q = tensor_dim(boxes, 2),
                       .classes = tensor_dim(scores, 2),
                       .iou = (float)tensor_double(ctx_input(c, 4), 0),
                       .score = (float)tensor_double(ctx_input(c, 5), 0) };
        if (per_class <= 0)
                return invalid_argument("max_size_per_class must be positive");
        if (total <= 0)
                return invalid_argument("max_total_size must be > 0");
        if (!(v.iou >= 0 && v.iou <= 1))
                return invalid_argument("iou_threshold must be in [0, 1]");
        v.per_class = MIN(per_class, v.n);
        v.total = node_bool(ctx_node(c), "pad_per_class", false) ? MIN(total, per_class * v.classes)
                                                                 : total;
        *ret = v;
        return NULL;
}

/* All classes' picks are sorted together, ties by class and rank, so that the result does not
 * depend on qsort. */
static Status *combined(OpCtx *c)
{
        Combined v;
        TRY(read_inputs(c, &v));
        TRY(make_room(c, &v));
        TRY(make_outputs(c, &v));
        for (int64_t i = 0; i < v.batch; i++) {
                v.found_n = 0;
                for (int64_t k = 0; k < v.classes; k++) {
                        if (ctx_cancelled(c))
                                return cancelled("Step was cancelled");
                        pick_class(c, &v, i, k);
                }
                if (v.found_n)
                        qsort(v.found, (size_t)v.found_n, sizeof *v.found, by_score);
                put_image(c, &v, i);
        }
        return NULL;
}

static Status *check_scalars(const ShapeCtx *c)
{
        static const char *const names[] = { "max_size_per_class", "max_total_size",
                                             "iou_threshold", "score_threshold" };
        for (int i = 2; i < 6; i++)
                if (shape_in(c, i)->rank > 0)
                        return invalid_argument("%s must be 0-D, got shape %s", names[i - 2],
                                                shape_text(shape_in(c, i)).s);
        return NULL;
}

static Status *check_ranks(const Shape *boxes, const Shape *scores)
{
        if (boxes->rank >= 0 && boxes->rank != 4)
                return invalid_argument("boxes must be 4-D%s", shape_text(boxes).s);
        if (scores->rank >= 0 && scores->rank != 3)
                return invalid_argument("scores must be 3-D%s", shape_text(scores).s);
        return NULL;
}

static bool differ(int64_t a, int64_t b)
{
        return a >= 0 && b >= 0 && a != b;
}

static Status *combined_shape(ShapeCtx *c)
{
        const Shape *boxes = shape_in(c, 0), *scores = shape_in(c, 1);
        TRY(check_ranks(boxes, scores));
        TRY(check_scalars(c));
        int64_t batch = boxes->rank < 0 ? -1 : boxes->dim[0];
        c->out[0] = SHAPE(batch, -1, 4);
        c->out[1] = c->out[2] = SHAPE(batch, -1);
        c->out[3] = SHAPE(batch);
        if (boxes->rank < 0 || scores->rank < 0)
                return NULL;
        if (differ(boxes->dim[0], scores->dim[0]))
                return invalid_argument("boxes and scores must have same batch size");
        if (boxes->dim[1] > INT32_MAX)
                return invalid_argument("too many boxes");
        if (boxes->dim[2] != 1 && differ(boxes->dim[2], scores->dim[2]))
                return invalid_argument("third dimension of boxes must be either 1 or num classes");
        if (differ(boxes->dim[3], 4))
                return invalid_argument("boxes must have 4 columns");
        if (differ(boxes->dim[1], scores->dim[1]))
                return invalid_argument("scores has incompatible shape");
        return NULL;
}

OP(CombinedNonMaxSuppression,
   .inputs = "boxes:float; scores:float; max_output_size_per_class:int32; max_total_size:int32; "
             "iou_threshold:float; score_threshold:float",
   .outputs = "nmsed_boxes:float; nmsed_scores:float; nmsed_classes:float; valid_detections:int32",
   .attrs = "pad_per_class:bool = false; clip_boxes:bool = true", .shape = combined_shape,
   .compute = combined, .late_shape = true);
