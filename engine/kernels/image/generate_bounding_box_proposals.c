// SPDX-License-Identifier: Apache-2.0
/* GenerateBoundingBoxProposals: the best boxes that a region proposal network sees. TensorFlow has
 * it for GPUs only. */
#include "engine/kernels/image/nms.h"

#include <math.h>
#include <stdlib.h>

/* One image's: n boxes per image, of which the best `best` are looked at. */
typedef struct Proposals {
        int64_t n, best, most;
        float iou, min_size;
        const float *scores, *deltas, *anchors;
        Candidate *order, *heap;
        Tensor *boxes;
        int32_t *picked;
        float *picked_scores;
} Proposals;

/* What is no number comes last. */
static int by_score(const void *a, const void *b)
{
        const Candidate *x = a, *y = b;
        if (x->score > y->score || (y->score != y->score && x->score == x->score))
                return -1;
        if (x->score < y->score || (x->score != x->score && y->score == y->score))
                return 1;
        return (x->box > y->box) - (x->box < y->box);
}

/* One side of a box: its center moved by a share of its size, its size by a factor. */
static void move_side(float low, float high, float delta, float factor, float limit, float *ret)
{
        float size = high - low, center = low + 0.5f * size + size * delta;
        float half = 0.5f * (size * expf(fminf(factor, logf(1000.0f / 16))));
        ret[0] = fmaxf(fminf(center - half, limit), 0);
        ret[2] = fmaxf(fminf(center + half, limit), 0);
}

/* info: the image's height, width and scale. */
static void find(const Proposals *v, const float *info, Nms *nms)
{
        float *box = tensor_fill(v->boxes);
        for (int64_t i = 0; i < v->n; i++)
                v->order[i] = (Candidate){ .box = (int32_t)i, .score = v->scores[i] };
        qsort(v->order, (size_t)v->n, sizeof *v->order, by_score);
        for (int64_t i = 0; i < v->best && v->order[i].score == v->order[i].score; i++, box += 4) {
                const float *anchor = v->anchors + (int64_t)v->order[i].box * 4;
                const float *delta = v->deltas + (int64_t)v->order[i].box * 4;
                for (int k = 0; k < 2; k++)
                        move_side(anchor[k], anchor[k + 2], delta[k], delta[k + 2], info[k],
                                  box + k);
                if (fminf(box[2] - box[0], box[3] - box[1]) >= v->min_size * info[2])
                        nms_push(nms, (Candidate){ (int32_t)i, 0, v->order[i].score });
        }
        nms_pick(nms);
}

static Status *read_numbers(const OpCtx *c, Proposals *v)
{
        int32_t best = (int32_t)tensor_int(ctx_input(c, 5), 0);
        v->iou = (float)tensor_double(ctx_input(c, 4), 0);
        v->min_size = (float)tensor_double(ctx_input(c, 6), 0);
        if (!(v->iou >= 0 && v->iou <= 1))
                return invalid_argument("nms_threshold should be between 0 and 1. Got %g",
                                        (double)v->iou);
        if (best <= 0)
                return invalid_argument("pre_nms_topn should be greater than 0%d", best);
        if (v->n > INT32_MAX)
                return invalid_argument("too many anchors: %lld", (long long)v->n);
        v->best = MIN(best, v->n);
        return NULL;
}

static Status *make_proposals(OpCtx *c, Proposals *v)
{
        TRY(read_numbers(c, v));
        v->most = MIN(tensor_dim(ctx_output(c, 1), 1), v->best);
        v->order = ctx_scratch(c, (size_t)v->n * sizeof *v->order);
        v->heap = ctx_scratch(c, (size_t)v->best * sizeof *v->heap);
        v->picked = ctx_scratch(c, (size_t)v->most * sizeof *v->picked);
        v->picked_scores = ctx_scratch(c, (size_t)v->most * sizeof *v->picked_scores);
        if (!v->order || !v->heap || !v->picked || !v->picked_scores)
                return status_oom();
        return tensor_new(DT_FLOAT, &SHAPE(v->best, 4), &v->boxes);
}

static Status *put_all(OpCtx *c, Proposals *v)
{
        Tensor *rois = ctx_output(c, 0), *scores = ctx_output(c, 1);
        int64_t top = tensor_dim(scores, 1);
        memset(tensor_fill(rois), 0, tensor_bytes(rois));
        memset(tensor_fill(scores), 0, tensor_bytes(scores));
        for (int64_t b = 0; b < tensor_dim(scores, 0) && !ctx_cut(c); b++) {
                Nms nms = { .c = c,
                            .boxes = v->boxes,
                            .step = 1,
                            .iou = v->iou,
                            .score = -INFINITY,
                            .heap = v->heap,
                            .picked = v->picked,
                            .scores = v->picked_scores,
                            .max = v->most };
                v->scores = (const float *)tensor_data(ctx_input(c, 0)) + b * v->n;
                v->deltas = (const float *)tensor_data(ctx_input(c, 1)) + b * v->n * 4;
                find(v, (const float *)tensor_data(ctx_input(c, 2)) + b * 5, &nms);
                for (int64_t i = 0; i < nms.n; i++) {
                        memcpy((float *)tensor_fill(rois) + (b * top + i) * 4,
                               (const float *)tensor_data(v->boxes) + (int64_t)nms.picked[i] * 4,
                               4 * sizeof(float));
                        ((float *)tensor_fill(scores))[b * top + i] = nms.scores[i];
                }
        }
        return NULL;
}

static Status *propose(OpCtx *c)
{
        const Tensor *scores = ctx_input(c, 0);
        autoptr(Tensor) boxes = NULL;
        Proposals v = { .n = shape_product(tensor_shape(scores), 1, 4),
                        .anchors = tensor_data(ctx_input(c, 3)) };
        TRY(make_proposals(c, &v));
        boxes = v.boxes;
        return put_all(c, &v);
}

static Status *proposals_shape(ShapeCtx *c)
{
        static const int8_t ranks[] = { 4, 4, 2, 3, 0, 0, 0 };
        const Shape *scores = shape_in(c, 0);
        int64_t top = node_int(c->node, "post_nms_topn", 300);
        for (int i = 0; i < 7; i++)
                TRY(shape_want_rank(c, i, ranks[i]));
        if (top <= 0)
                return invalid_argument("post_nms_topn can't be 0 or less");
        int64_t images = scores->rank < 0 ? -1 : scores->dim[0];
        c->out[0] = SHAPE(images, top, 4);
        c->out[1] = SHAPE(images, top);
        if (scores->rank < 0)
                return NULL;
        int64_t h = scores->dim[1], w = scores->dim[2], a = scores->dim[3];
        int64_t four = a < 0 || a > INT32_MAX ? -1 : 4 * a;
        if (!shape_compatible(shape_in(c, 1), &SHAPE(images, h, w, four)) ||
            !shape_compatible(shape_in(c, 2), &SHAPE(images, 5)) ||
            !shape_compatible(shape_in(c, 3), &SHAPE(h, w, four)))
                return invalid_argument("scores of shape %s want deltas of %s and as many anchors, "
                                        "and image_info of 5 numbers for each image",
                                        shape_text(scores).s, shape_text(shape_in(c, 1)).s);
        return NULL;
}

OP(GenerateBoundingBoxProposals,
   .inputs = "scores:float; bbox_deltas:float; image_info:float; anchors:float; "
             "nms_threshold:float; pre_nms_topn:int32; min_size:float",
   .outputs = "rois:float; roi_probabilities:float", .attrs = "post_nms_topn:int = 300",
   .shape = proposals_shape, .compute = propose);
