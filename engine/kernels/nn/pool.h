// SPDX-License-Identifier: Apache-2.0
/* Pooling in two and three dimensions, and across channels: geometry and shape functions that the
 * pooling ops share. Data is [batch, z, y, x, depth]; images have one z plane. */
#pragma once
#include "engine/kernels/nn/layout.h"
#include "engine/kernels/nn/window.h"

typedef struct PoolShape {
        OpCtx *c;                        /* in compute: to look at between rows */
        int64_t batch, depth, depth_out; /* depth != depth_out: across channels */
        int64_t depth_size;
        Window w[WINDOW_AXES];
} PoolShape;

/* Resolves the geometry from the input's shape, of rank spatial + 2. INVALID_ARGUMENT or
 * UNIMPLEMENTED when it does not work out. */
Status *pool_resolve(const WindowAttrs *a, const Shape *in, PoolShape *ret) MUST_USE;
Shape pool_out_shape(const WindowAttrs *a, const PoolShape *p);

/* The node's attributes, ksize and strides from inputs `from` and `from` + 1 if from >= 0. False in
 * *known while those values are unknown. */
Status *pool_attrs_in_shape(const ShapeCtx *c, int spatial, int from, WindowAttrs *ret,
                            bool *known) MUST_USE;
/* OpDef.shape body: input 0 pooled is output 0. */
Status *pool_shape(ShapeCtx *c, int spatial, int from) MUST_USE;
/* OpDef.shape body of a gradient from whole tensors: (orig_input, orig_output, grad). back: the
 * result is like orig_input and grad like orig_output; else the other way about. */
Status *pool_grad_shape(ShapeCtx *c, int spatial, int from, bool back) MUST_USE;
/* In compute: the geometry of a node whose input, with channels last (see layout.h), is `in`. */
Status *pool_begin(OpCtx *c, int spatial, int from, const Shape *in, PoolShape *ret) MUST_USE;

/* The least finite number of a type. */
double pool_least(DType t);

/* The part [from, to) of the input that window position o covers. */
typedef struct Span {
        int64_t from, to;
} Span;
static inline Span window_span(const Window *w, int64_t o)
{
        int64_t from = o * w->stride - w->before;
        return (Span){ .from = MAX(0, from), .to = MIN(w->in, from + w->size) };
}
