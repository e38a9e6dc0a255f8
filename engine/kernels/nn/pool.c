// SPDX-License-Identifier: Apache-2.0
/* The geometry of poolings and the shape functions built on it. */
#include "engine/kernels/nn/pool.h"

#include <float.h>

/* Only TensorFlow's CPU cases: across depth with windows side by side, or across space, not both.
 */
static Status *resolve_depth(const WindowAttrs *a, PoolShape *p)
{
        if (a->depth_size == 1 && a->depth_stride == 1)
                return NULL;
        for (int w = 0; w < WINDOW_AXES; w++)
                if (a->size[w] != 1 || a->stride[w] != 1 || a->spatial == 3)
                        return unimplemented("MaxPooling supports exactly one of pooling across "
                                             "depth or pooling across width/height.");
        if (a->depth_size != a->depth_stride)
                return unimplemented("Depthwise max pooling requires the depth window to equal the "
                                     "depth stride.");
        if (p->depth >= 0 && p->depth % a->depth_size)
                return unimplemented("Depthwise max pooling requires the depth window to evenly "
                                     "divide the input depth");
        p->depth_out = p->depth < 0 ? -1 : p->depth / a->depth_size;
        p->depth_size = a->depth_size;
        return NULL;
}

/* Pooling of fewer dims gets leading axes of size 1, as convolution does. */
Status *pool_resolve(const WindowAttrs *a, const Shape *in, PoolShape *ret)
{
        int64_t depth = in->dim[window_channel_axis(a)];
        PoolShape p = { .batch = in->dim[0], .depth = depth, .depth_out = depth, .depth_size = 1 };
        TRY(resolve_depth(a, &p));
        for (int w = 0; w < WINDOW_AXES; w++) {
                int axis = window_axis(a, w);
                p.w[w] = (Window){ .in = axis < 0 ? 1 : in->dim[axis],
                                   .size = a->size[w],
                                   .stride = a->stride[w],
                                   .dilation = 1,
                                   .before = a->before[w],
                                   .after = a->after[w] };
                TRY(window_resolve(a->padding, &p.w[w]));
        }
        *ret = p;
        return NULL;
}

Shape pool_out_shape(const WindowAttrs *a, const PoolShape *p)
{
        Shape s = shape_of_rank(a->spatial + 2);
        s.dim[0] = p->batch;
        s.dim[window_channel_axis(a)] = p->depth_out;
        for (int w = 0; w < WINDOW_AXES; w++)
                if (window_axis(a, w) >= 0)
                        s.dim[window_axis(a, w)] = p->w[w].out;
        return s;
}

Status *pool_attrs_in_shape(const ShapeCtx *c, int spatial, int from, WindowAttrs *ret, bool *known)
{
        const Tensor *ksize = from < 0 ? NULL : shape_value(c, from);
        const Tensor *strides = from < 0 ? NULL : shape_value(c, from + 1);
        *known = from < 0 || (ksize && strides);
        return *known ? window_pool_attrs(c->node, spatial, ksize, strides, ret) : NULL;
}

static Status *want_rank(const Shape *s, int rank, const char *what)
{
        if (s->rank >= 0 && s->rank != rank)
                return invalid_argument("%s must be %d-dimensional", what, rank);
        return NULL;
}

/* V2 ops have window and stride as inputs; while these are not constant only the rank is known. */
Status *pool_shape(ShapeCtx *c, int spatial, int from)
{
        const Shape *in = shape_in(c, 0);
        WindowAttrs a;
        PoolShape p;
        bool known;
        if (c->at_import)
                TRY(shape_want_rank(c, 0, spatial + 2));
        TRY(want_rank(in, spatial + 2, "tensor_in"));
        TRY(pool_attrs_in_shape(c, spatial, from, &a, &known));
        c->out[0] = shape_of_rank(spatial + 2);
        if (!known)
                return NULL;
        Shape any = shape_of_rank(spatial + 2);
        TRY(pool_resolve(&a, in->rank < 0 ? &any : in, &p));
        c->out[0] = pool_out_shape(&a, &p);
        return NULL;
}

/* back: the gradient, as large as the input. Otherwise the gradient of the gradient, as large as
 * the output. */
Status *pool_grad_shape(ShapeCtx *c, int spatial, int from, bool back)
{
        const Shape *in = shape_in(c, 0), *out = shape_in(c, 1), *grad = shape_in(c, 2);
        int rank = spatial + 2;
        WindowAttrs a;
        PoolShape p;
        bool known;
        TRY(want_rank(in, rank, "tensor_in"));
        TRY(want_rank(out, rank, "tensor_out"));
        TRY(want_rank(grad, rank, "out_backprop"));
        TRY(pool_attrs_in_shape(c, spatial, from, &a, &known));
        c->out[0] = back ? *in : *out;
        if (!known || in->rank < 0)
                return NULL;
        TRY(pool_resolve(&a, in, &p));
        Shape want = pool_out_shape(&a, &p);
        if (!shape_compatible(out, &want))
                return invalid_argument("Expected orig_output shape to be %s, but got %s",
                                        shape_text(&want).s, shape_text(out).s);
        const Shape *like = back ? &want : in;
        if (!shape_compatible(grad, like))
                return invalid_argument("Expected grad shape to be %s, but got %s",
                                        shape_text(like).s, shape_text(grad).s);
        return NULL;
}

Status *pool_begin(OpCtx *c, int spatial, int from, const Shape *in, PoolShape *ret)
{
        WindowAttrs a;
        TRY(window_pool_attrs(ctx_node(c), spatial, from < 0 ? NULL : ctx_input(c, from),
                              from < 0 ? NULL : ctx_input(c, from + 1), &a));
        a.channels_first = false; /* the data has been turned about */
        TRY(pool_resolve(&a, in, ret));
        ret->c = c;
        return NULL;
}

double pool_least(DType t)
{
        switch ((int)t) {
        case DT_HALF: return -65504;
        case DT_BFLOAT16: return -0x1.fep127;
        case DT_FLOAT: return -(double)FLT_MAX;
        case DT_DOUBLE: return -DBL_MAX;
        case DT_INT8: return INT8_MIN;
        case DT_INT16: return INT16_MIN;
        case DT_INT32: return INT32_MIN;
        case DT_INT64: return (double)INT64_MIN;
        default: return 0;
        }
}
