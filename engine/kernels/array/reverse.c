// SPDX-License-Identifier: Apache-2.0
/* Reverse, ReverseV2: some dimensions backwards. The first marks them by bools, the second names
 * them.
 */
#include "engine/ops/box.h"
#include "engine/ops/late.h"
#include "engine/ops/op.h"

/* One copy: backwards is a start at the end and a negative stride. */
static Status *reverse_into(OpCtx *c, unsigned backwards)
{
        Tensor *y = ctx_output(c, 0);
        int64_t stride[SHAPE_MAX_RANK];
        Box b;
        box_begin(&b, 0, 0);
        box_strides(tensor_shape(y), stride);
        for (int i = 0; i < tensor_rank(y); i++) {
                bool back = backwards >> i & 1;
                if (back)
                        b.src_at += (tensor_dim(y, i) - 1) * stride[i];
                box_add(&b, tensor_dim(y, i), stride[i], back ? -stride[i] : stride[i]);
        }
        return tensor_count(y) ? box_copy(&b, y, ctx_input(c, 0)) : NULL;
}

/* The first version marks every dimension by a bool. */
static Status *reverse_shape(ShapeCtx *c)
{
        const Shape *dims = shape_seen(c, 1), *x = shape_in(c, 0);
        if (dims->rank >= 0 && dims->rank != 1)
                return invalid_argument("'dims' must be 1-dimension, not %d", dims->rank);
        if (x->rank >= 0 && dims->rank == 1 && dims->dim[0] >= 0 && dims->dim[0] != x->rank)
                return invalid_argument("'dims' must have the same number of values as 'input' has "
                                        "dimensions. 'input' has %d'dims' has %lld values",
                                        x->rank, (long long)dims->dim[0]);
        return shape_unchanged(c);
}

static Status *reverse(OpCtx *c)
{
        const bool *dims = tensor_data(ctx_input(c, 1));
        unsigned backwards = 0;
        for (int i = 0; i < tensor_rank(ctx_input(c, 0)); i++)
                backwards |= (unsigned)dims[i] << i;
        return reverse_into(c, backwards);
}

/* Naming an axis twice is an error, not twice a reversal. */
static Status *read_axes(const Tensor *axes, int rank, unsigned *ret)
{
        *ret = 0;
        for (int64_t i = 0; i < tensor_count(axes); i++) {
                int64_t at = tensor_int(axes, i);
                if (at < -rank || at >= rank)
                        return invalid_argument("'axis'[%lld] = %lld is out of valid range [0, %d",
                                                (long long)i, (long long)at, rank - 1);
                at = at < 0 ? at + rank : at;
                if (*ret >> at & 1)
                        return invalid_argument("axis %lld specified more than once.",
                                                (long long)at);
                *ret |= 1u << at;
        }
        return NULL;
}

static Status *reverse_v2_shape(ShapeCtx *c)
{
        unsigned axes;
        const Shape *s = shape_seen(c, 1);
        if (s->rank >= 0 && s->rank != 1)
                return invalid_argument("'dims' must be 1-dimension, not %d", s->rank);
        if (shape_value(c, 1) && shape_in(c, 0)->rank >= 0)
                TRY(read_axes(shape_value(c, 1), shape_in(c, 0)->rank, &axes));
        return shape_unchanged(c);
}

static Status *reverse_v2(OpCtx *c)
{
        unsigned axes;
        TRY(read_axes(ctx_input(c, 1), tensor_rank(ctx_input(c, 0)), &axes));
        return reverse_into(c, axes);
}

OP(Reverse, .inputs = "tensor:T; dims:bool", .outputs = "output:T",
   .attrs = "T:type in "
            "[uint8,int8,uint16,int16,uint32,int32,uint64,int64,bool,bfloat16,half,float,double,"
            "complex64,complex128,string]",
   .shape = reverse_shape, .compute = reverse);
OP(ReverseV2, .inputs = "tensor:T; axis:Tidx", .outputs = "output:T",
   .attrs = "Tidx:type in [int32,int64] = int32; T:type in "
            "[uint8,int8,uint16,int16,int32,uint32,int64,uint64,bool,bfloat16,half,float,double,"
            "complex64,complex128,string]",
   .shape = reverse_v2_shape, .compute = reverse_v2);
