// SPDX-License-Identifier: Apache-2.0
/* Sizes that come as a tensor and must all be there, as TensorFlow's MakeShape reads them. */
#pragma once
#include "engine/ops/ctx.h"

/* The shape that a tensor spells out, in the same words. */
UNUSED static Status *sizes_of(const Tensor *t, Shape *ret)
{
        int64_t dims[SHAPE_MAX_RANK];
        if (tensor_rank(t) != 1)
                return invalid_argument("shape must be a vector of {int32,int64}, got shape %s",
                                        shape_text(tensor_shape(t)).s);
        int n = (int)MIN(tensor_count(t), SHAPE_MAX_RANK + 1);
        for (int i = 0; i < n && i < SHAPE_MAX_RANK; i++) {
                dims[i] = tensor_int(t, i);
                if (dims[i] < 0)
                        return invalid_argument("Dimension %lld must be >= 0", (long long)dims[i]);
        }
        return shape_make(dims, n, ret);
}

/* The shape that input i spells out, as far as it is known. INVALID_ARGUMENT when it is no vector,
 * or when a size is negative: here -1 is no "unknown". */
UNUSED static Status *shape_sizes(const ShapeCtx *c, int i, Shape *ret)
{
        const Shape *in = shape_in(c, i);
        const Tensor *v = shape_value(c, i);
        if (in->rank >= 0 && in->rank != 1)
                return invalid_argument("shape must be a vector of {int32,int64}, got shape %s",
                                        shape_text(in).s);
        for (int64_t k = 0; v && k < tensor_count(v); k++)
                if (tensor_int(v, k) < 0)
                        return invalid_argument("Dimension %lld must be >= 0",
                                                (long long)tensor_int(v, k));
        return shape_from_input(c, i, ret);
}
