// SPDX-License-Identifier: Apache-2.0
/* NonMaxSuppression, V2 to V5: picks boxes by score, leaving out those that overlap a picked one by
 * more than iou_threshold; WithOverlaps is told by how much they do; V5 may instead lower their
 * scores (soft NMS, Bodla et al. 2017). */
#include "engine/kernels/image/nms.h"

#include <math.h>

static bool better(const Candidate *a, const Candidate *b)
{
        return a->score > b->score || (a->score == b->score && a->box < b->box);
}

/* A heap with the best candidate on top; better() settles ties, so the order is fixed. */
static void sift_down(Candidate *h, int64_t n, int64_t i)
{
        for (int64_t c; (c = 2 * i + 1) < n; i = c) {
                if (c + 1 < n && better(&h[c + 1], &h[c]))
                        c++;
                if (!better(&h[c], &h[i]))
                        return;
                Candidate t = h[i];
                h[i] = h[c];
                h[c] = t;
        }
}

void nms_push(Nms *v, Candidate c)
{
        int64_t i = v->heap_n++;
        for (; i && better(&c, &v->heap[(i - 1) / 2]); i = (i - 1) / 2)
                v->heap[i] = v->heap[(i - 1) / 2];
        v->heap[i] = c;
}

static Candidate pop(Nms *v)
{
        Candidate c = v->heap[0];
        v->heap[0] = v->heap[--v->heap_n];
        sift_down(v->heap, v->heap_n, 0);
        return c;
}

/* Intersection over union; corners may come in any order. */
static float overlap(const Nms *n, int32_t a, int32_t b)
{
        if (n->given)
                return ((const float *)tensor_data(n->boxes))[a * tensor_dim(n->boxes, 0) + b];
        float p[2][4], area[2];
        for (int k = 0; k < 2; k++) {
                float v[4];
                for (int i = 0; i < 4; i++)
                        v[i] = (float)tensor_double(n->boxes,
                                                    4 * (n->first + (k ? b : a) * n->step) + i);
                p[k][0] = fminf(v[0], v[2]);
                p[k][1] = fminf(v[1], v[3]);
                p[k][2] = fmaxf(v[0], v[2]);
                p[k][3] = fmaxf(v[1], v[3]);
                area[k] = (p[k][2] - p[k][0]) * (p[k][3] - p[k][1]);
        }
        if (area[0] <= 0 || area[1] <= 0)
                return 0;
        float h = fmaxf(fminf(p[0][2], p[1][2]) - fmaxf(p[0][0], p[1][0]), 0);
        float w = fmaxf(fminf(p[0][3], p[1][3]) - fmaxf(p[0][1], p[1][1]), 0);
        return h * w / (area[0] + area[1] - h * w);
}

/* Compares with the boxes picked since; false when it is out. */
static bool survives(const Nms *v, Candidate *c)
{
        float scale = v->sigma > 0 ? -0.5f / v->sigma : 0;
        for (int64_t j = v->n - 1; j >= c->seen; j--) {
                float iou = overlap(v, c->box, v->picked[j]);
                if (v->sigma <= 0 && iou > v->iou)
                        return false;
                c->score *= iou <= v->iou ? expf(scale * iou * iou) : 0;
                if (c->score <= v->score)
                        break;
        }
        c->seen = (int32_t)v->n;
        return true;
}

/* A candidate whose score was lowered goes back into the heap, as another may be better now. When
 * its score was not touched nobody can beat it. */
void nms_pick(Nms *v)
{
        while (v->n < v->max && v->heap_n && !ctx_cut(v->c)) {
                Candidate c = pop(v);
                float before = c.score;
                if (!survives(v, &c))
                        continue;
                if (c.score == before) {
                        v->picked[v->n] = c.box;
                        v->scores[v->n++] = c.score;
                } else if (c.score > v->score) {
                        nms_push(v, c);
                }
        }
}

/* How many are picked depends on the values; V5 adds scores in the middle of its outputs. */
static Status *nms_shape(ShapeCtx *c)
{
        const Shape *boxes = shape_in(c, 0), *scores = shape_in(c, 1);
        bool given = strstr(c->node->def->op, "WithOverlaps");
        static const char *const names[] = { "max_output_size", "iou_threshold", "score_threshold",
                                             "soft_nms_sigma" };
        if (boxes->rank >= 0 && boxes->rank != 2)
                return invalid_argument("%s must be 2-D%s", given ? "overlaps" : "boxes",
                                        shape_text(boxes).s);
        if (boxes->rank == 2 && boxes->dim[1] >= 0 && boxes->dim[1] != 4 && !given)
                return invalid_argument("boxes must have 4 columns");
        if (boxes->rank == 2 && boxes->dim[0] >= 0 && boxes->dim[1] >= 0 && given &&
            boxes->dim[0] != boxes->dim[1])
                return invalid_argument("overlaps must be square%s", shape_text(boxes).s);
        if (boxes->rank == 2 && boxes->dim[0] > INT32_MAX)
                return invalid_argument("too many boxes");
        if (scores->rank >= 0 && scores->rank != 1)
                return invalid_argument("scores must be 1-D%s", shape_text(scores).s);
        if (boxes->rank == 2 && scores->rank == 1 && boxes->dim[0] >= 0 && scores->dim[0] >= 0 &&
            boxes->dim[0] != scores->dim[0])
                return invalid_argument("scores has incompatible shape");
        for (int i = 2; i < c->n_in; i++)
                if (shape_in(c, i)->rank > 0)
                        return invalid_argument("%s must be 0-D, got shape %s", names[i - 2],
                                                shape_text(shape_in(c, i)).s);
        c->out[0] = SHAPE(-1);
        if (c->n_out == 3)
                c->out[1] = SHAPE(-1);
        if (c->n_out > 1)
                c->out[c->n_out - 1] = SHAPE_SCALAR;
        return NULL;
}

static Status *begin(OpCtx *c, Nms *v)
{
        const Tensor *scores = ctx_input(c, 1);
        int64_t n = tensor_count(scores);
        v->max = tensor_int(ctx_input(c, 2), 0);
        if (v->max < 0)
                return invalid_argument("max_output_size must be non-negative, got %lld",
                                        (long long)v->max);
        /* From V3 on TensorFlow takes any threshold: below 0, every box suppresses every other. */
        if (ctx_inputs(c) < 5 && !(v->iou >= 0 && v->iou <= 1))
                return invalid_argument("iou_threshold must be in [0, 1]");
        if (!(v->sigma >= 0))
                return invalid_argument("soft_nms_sigma must be non-negative");
        v->heap = ctx_scratch(c, (size_t)n * sizeof *v->heap);
        v->picked = ctx_scratch(c, (size_t)n * sizeof *v->picked);
        v->scores = ctx_scratch(c, (size_t)n * sizeof *v->scores);
        if (!v->heap || !v->picked || !v->scores)
                return status_oom();
        for (int64_t i = 0; i < n; i++) {
                float s = (float)tensor_double(scores, i);
                if (s > v->score)
                        nms_push(v, (Candidate){ (int32_t)i, 0, s });
        }
        return NULL;
}

/* Outputs: indices, in V5 their scores, from V4 on how many are valid; padded on request. */
static Status *put(OpCtx *c, const Nms *v)
{
        bool pad = node_bool(ctx_node(c), "pad_to_max_output_size", false);
        int64_t n = pad ? v->max : v->n;
        Tensor *indices, *scores, *valid;
        TRY(ctx_alloc(c, 0, &SHAPE(n), &indices));
        for (int64_t i = 0; i < n; i++)
                ((int32_t *)tensor_fill(indices))[i] = i < v->n ? v->picked[i] : 0;
        if (ctx_outputs(c) == 3) {
                TRY(ctx_alloc(c, 1, &SHAPE(n), &scores));
                for (int64_t i = 0; i < n; i++) {
                        float s = i < v->n ? v->scores[i] : 0;
                        if (tensor_dtype(scores) == DT_HALF)
                                ((Half *)tensor_fill(scores))[i] = half_from_float(s);
                        else
                                ((float *)tensor_fill(scores))[i] = s;
                }
        }
        if (ctx_outputs(c) == 1)
                return NULL;
        TRY(ctx_alloc(c, ctx_outputs(c) - 1, &SHAPE_SCALAR, &valid));
        *(int32_t *)tensor_fill(valid) = (int32_t)v->n;
        return NULL;
}

/* Versions differ in what is an input and what an attribute; -infinity lets every score in. */
static Status *nms(OpCtx *c)
{
        int n = ctx_inputs(c);
        Nms v = { .c = c,
                  .boxes = ctx_input(c, 0),
                  .given = strstr(ctx_node(c)->def->op, "WithOverlaps"),
                  .step = 1,
                  .iou = n > 3 ? (float)tensor_double(ctx_input(c, 3), 0)
                               : node_float(ctx_node(c), "iou_threshold", 0.5f),
                  .score = n > 4 ? (float)tensor_double(ctx_input(c, 4), 0) : -INFINITY,
                  .sigma = n > 5 ? (float)tensor_double(ctx_input(c, 5), 0) : 0 };
        TRY(begin(c, &v));
        nms_pick(&v);
        return put(c, &v);
}

OP(NonMaxSuppression, .inputs = "boxes:float; scores:float; max_output_size:int32",
   .outputs = "selected_indices:int32", .attrs = "iou_threshold:float = 0.5", .shape = nms_shape,
   .compute = nms, .late_shape = true);
OP(NonMaxSuppressionV2,
   .inputs = "boxes:T; scores:T; max_output_size:int32; iou_threshold:T_threshold",
   .outputs = "selected_indices:int32",
   .attrs = "T:type in [half,float] = float; T_threshold:type in [half,float] = float",
   .shape = nms_shape, .compute = nms, .late_shape = true);
OP(NonMaxSuppressionV3,
   .inputs = "boxes:T; scores:T; max_output_size:int32; iou_threshold:T_threshold; "
             "score_threshold:T_threshold",
   .outputs = "selected_indices:int32",
   .attrs = "T:type in [half,float] = float; T_threshold:type in [half,float] = float",
   .shape = nms_shape, .compute = nms, .late_shape = true);
OP(NonMaxSuppressionV4,
   .inputs = "boxes:T; scores:T; max_output_size:int32; iou_threshold:T_threshold; "
             "score_threshold:T_threshold",
   .outputs = "selected_indices:int32; valid_outputs:int32",
   .attrs = "T:type in [half,float] = float; T_threshold:type in [half,float] = float; "
            "pad_to_max_output_size:bool = false",
   .shape = nms_shape, .compute = nms, .late_shape = true);
OP(NonMaxSuppressionV5,
   .inputs = "boxes:T; scores:T; max_output_size:int32; iou_threshold:T; score_threshold:T; "
             "soft_nms_sigma:T",
   .outputs = "selected_indices:int32; selected_scores:T; valid_outputs:int32",
   .attrs = "T:type in [half,float] = float; pad_to_max_output_size:bool = false",
   .shape = nms_shape, .compute = nms, .late_shape = true);
OP(NonMaxSuppressionWithOverlaps,
   .inputs = "overlaps:float; scores:float; max_output_size:int32; overlap_threshold:float; "
             "score_threshold:float",
   .outputs = "selected_indices:int32", .shape = nms_shape, .compute = nms, .late_shape = true);
