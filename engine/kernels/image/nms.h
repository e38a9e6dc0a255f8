// SPDX-License-Identifier: Apache-2.0
/* Picking boxes by score: what NonMaxSuppression and CombinedNonMaxSuppression share. */
#pragma once
#include "engine/ops/op.h"

typedef struct Candidate {
        int32_t box, seen; /* seen: picked boxes that it was compared with */
        float score;
} Candidate;

typedef struct Nms {
        OpCtx *c;            /* to look whether anybody still waits */
        const Tensor *boxes; /* of corners or, if given, of how much each overlaps each */
        bool given;
        int64_t first, step; /* box i is at first + i * step */
        float iou, score, sigma;
        Candidate *heap; /* best on top */
        int64_t heap_n;
        int32_t *picked;
        float *scores;
        int64_t n, max;
} Nms;

/* Adds a candidate to the heap, which has room. */
void nms_push(Nms *v, Candidate c);
/* Picks from the heap until it is empty or max are picked. */
void nms_pick(Nms *v);
