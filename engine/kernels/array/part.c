// SPDX-License-Identifier: Apache-2.0
/* Views where possible: only the leading dims that matter may be cut. */
#include "engine/kernels/array/part.h"

#include "engine/ops/box.h"

/* Do the elements lie next to each other? True when nothing inside of the first dim of more than
 * one element is cut. */
static bool contiguous(const Tensor *x, const int64_t *stride, const Shape *size)
{
        int first = 0;
        while (first < size->rank && size->dim[first] == 1)
                first++;
        for (int i = first; i < size->rank; i++) {
                if (stride && stride[i] != 1)
                        return false;
                if (i > first && size->dim[i] != tensor_dim(x, i))
                        return false;
        }
        return true;
}

/* Elements that lie in one piece are not copied: the output is a view of the input. */
Status *part_output(OpCtx *c, int i, const Tensor *x, const int64_t *begin, const int64_t *stride,
                    const Shape *size, const Shape *shape)
{
        int64_t from[SHAPE_MAX_RANK], to[SHAPE_MAX_RANK];
        Tensor *y;
        Box b;
        box_begin(&b, 0, 0);
        box_strides(tensor_shape(x), from);
        box_strides(size, to);
        for (int d = 0; d < size->rank; d++) {
                b.src_at += begin[d] * from[d];
                box_add(&b, size->dim[d], to[d], (stride ? stride[d] : 1) * from[d]);
        }
        if (shape_product(shape, 0, shape->rank) && contiguous(x, stride, size)) {
                TRY(tensor_slice((Tensor *)x, b.src_at, shape, &y));
                ctx_set_output(c, i, y);
                return NULL;
        }
        TRY(ctx_alloc(c, i, shape, &y));
        return box_copy(&b, y, x);
}

/* The input goes by in pieces that the cache holds until each output has taken its own of them. */
Status *part_deal(OpCtx *c, const Tensor *x, int64_t outer)
{
        enum { PIECE = 32 << 10 };
        if (!tensor_count(x))
                return NULL;
        int64_t row = tensor_count(x) / outer;
        int64_t step = MAX(PIECE / (row * (int64_t)dtype_size(tensor_dtype(x))), 16);
        for (int64_t at = 0; at < outer; at += step) {
                int64_t from = at * row;
                for (int i = 0; i < ctx_outputs(c); i++) {
                        Tensor *y = ctx_output(c, i);
                        int64_t share = tensor_count(y) / outer;
                        Box b;
                        box_begin(&b, at * share, from);
                        box_add(&b, MIN(step, outer - at), share, row);
                        box_add(&b, share, 1, 1);
                        TRY(box_copy(&b, y, x));
                        from += share;
                }
        }
        return NULL;
}
