// SPDX-License-Identifier: Apache-2.0
/* TensorSlice: a rectangular part of a tensor, as checkpoints name it: "4 5 0,2:-" is of a [4,5]
 * tensor rows 0 and 1, all columns. */
#pragma once
#include "engine/base/buf.h"
#include "engine/tensor/tensor.h"

typedef struct TensorSlice {
        int rank;
        int64_t start[SHAPE_MAX_RANK];
        int64_t length[SHAPE_MAX_RANK]; /* -1: all of the dimension */
} TensorSlice;

/* Reads a shape_and_slice text: the whole tensor's shape and the part, which lies inside.
 * INVALID_ARGUMENT otherwise. */
Status *slice_parse(const char *text, size_t len, Shape *ret_shape, TensorSlice *ret) MUST_USE;
/* The same for a part that is to be saved, of which t is the value. */
Status *slice_parse_saved(const TString *spec, const Tensor *t, Shape *ret_shape,
                          TensorSlice *ret) MUST_USE;
/* Does it lie inside a tensor of that shape? Then *ret is the part's own shape. */
bool slice_fits(const TensorSlice *s, const Shape *whole, Shape *ret);
/* The key under which a checkpoint keeps the part (an order-preserving code). */
void slice_key(const char *name, size_t len, const TensorSlice *s, Buf *ret);
/* Copies between a whole tensor and a part: out of `whole` into `part`, or with into the other way.
 */
Status *slice_copy(Tensor *whole, const TensorSlice *s, Tensor *part, bool into) MUST_USE;
