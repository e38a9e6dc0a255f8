// SPDX-License-Identifier: Apache-2.0
/* Box: an n-dimensional copy with a stride per dimension on either side. One loop for all ops that
 * only move elements: transpose, slice, tile, reverse, pad, concat, space to batch.
 *
 *     Box b;                            copies y[i, j] = x[3 + i - 2 * j]
 *     box_begin(&b, 0, 3);
 *     box_add(&b, rows, cols, 1);
 *     box_add(&b, cols, 1, -2);
 *     TRY(box_copy(&b, y, x)); */
#pragma once
#include "engine/tensor/tensor.h"

enum { BOX_MAX_RANK = 2 * SHAPE_MAX_RANK + 2 };

typedef struct Box {
        int rank;
        int64_t dim[BOX_MAX_RANK];
        int64_t dst[BOX_MAX_RANK], src[BOX_MAX_RANK]; /* strides, in elements */
        int64_t dst_at, src_at;                       /* where the first element is */
} Box;

/* A box of no dimension yet, which begins at those elements. Sets no more than what counts: a Box
 * is large. */
static inline void box_begin(Box *b, int64_t dst_at, int64_t src_at)
{
        b->rank = 0;
        b->dst_at = dst_at;
        b->src_at = src_at;
}
/* One more dimension, inside of those added before. At most BOX_MAX_RANK. */
static inline void box_add(Box *b, int64_t dim, int64_t dst, int64_t src)
{
        b->dim[b->rank] = dim;
        b->dst[b->rank] = dst;
        b->src[b->rank++] = src;
}
/* Copies the box's elements, in no particular order. Both tensors have one dtype; every element
 * that the strides reach lies inside (the caller's promise). Fails only for lack of memory, with
 * strings. */
Status *box_copy(const Box *b, Tensor *dst, const Tensor *src) MUST_USE;
/* Sets n elements of dst from `to` on to element `from` of src. */
Status *box_fill(Tensor *dst, int64_t to, int64_t n, const Tensor *src, int64_t from) MUST_USE;
/* Element strides of a row-major tensor of that complete shape. */
void box_strides(const Shape *s, int64_t ret[SHAPE_MAX_RANK]);
