// SPDX-License-Identifier: Apache-2.0
/* ScatterNd into zeros, and the TensorScatter family into a copy of a tensor. */
#include "engine/ops/indexing.h"
#include "engine/ops/sizes.h"

static Status *scatter_nd_shape(ShapeCtx *c)
{
        Shape s;
        if (shape_in(c, 2)->rank >= 0 && shape_in(c, 2)->rank != 1)
                return invalid_argument("Shape must be a vector");
        TRY(shape_sizes(c, 2, &s));
        TRY(scatter_nd_check(&s, shape_in(c, 0), shape_in(c, 1)));
        c->out[0] = s;
        return NULL;
}

static Status *scatter_nd_op(OpCtx *c)
{
        Tensor *y = ctx_output(c, 0);
        if (dtype_is_plain(tensor_dtype(y)) && tensor_count(y))
                memset(tensor_fill(y), 0, tensor_bytes(y));
        return scatter_nd(SCATTER_ADD, y, ctx_input(c, 0), ctx_input(c, 1));
}

static Status *tensor_scatter_shape(ShapeCtx *c)
{
        TRY(scatter_nd_check(shape_in(c, 0), shape_in(c, 1), shape_in(c, 2)));
        return shape_unchanged(c);
}

static Status *tensor_scatter(OpCtx *c, ScatterOp op)
{
        Tensor *y = ctx_output(c, 0);
        const Tensor *x = ctx_input(c, 0);
        if (tensor_data(y) != tensor_data(x))
                TRY(tensor_copy_elements(y, 0, x, 0, tensor_count(x)));
        return scatter_nd(op, y, ctx_input(c, 1), ctx_input(c, 2));
}

#define TENSOR_SCATTER(name, op)                       \
        static Status *tensor_scatter_##name(OpCtx *c) \
        {                                              \
                return tensor_scatter(c, op);          \
        }
TENSOR_SCATTER(update, SCATTER_UPDATE)
TENSOR_SCATTER(add, SCATTER_ADD)
TENSOR_SCATTER(sub, SCATTER_SUB)
TENSOR_SCATTER(min, SCATTER_MIN)
TENSOR_SCATTER(max, SCATTER_MAX)
#undef TENSOR_SCATTER

#define ADDABLE                                                                           \
        "T:type in [float,double,int32,uint8,int16,int8,complex64,int64,bfloat16,uint16," \
        "complex128,half,uint32,uint64,bool,string]"

OP(ScatterNd, .inputs = "indices:Tindices; updates:T; shape:Tindices", .outputs = "output:T",
   .attrs = "T:type; Tindices:type in [int32,int64]", .shape = scatter_nd_shape,
   .compute = scatter_nd_op, .kernels = ADDABLE);
OP(ScatterNdNonAliasingAdd, .inputs = "input:T; indices:Tindices; updates:T", .outputs = "output:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64,bool]; Tindices:type in [int32,int64]",
   .shape = tensor_scatter_shape, .compute = tensor_scatter_add, .kernels = NUMBER_KERNELS("T"),
   .inplace = 1);
OP(TensorScatterUpdate, .inputs = "tensor:T; indices:Tindices; updates:T", .outputs = "output:T",
   .attrs = "T:type; Tindices:type in [int32,int64]", .kernels = "T:type in [" PLAIN_TYPES "]",
   .shape = tensor_scatter_shape, .compute = tensor_scatter_update, .inplace = 1);
OP(TensorScatterAdd, .inputs = "tensor:T; indices:Tindices; updates:T", .outputs = "output:T",
   .attrs = "T:type; Tindices:type in [int32,int64]", .shape = tensor_scatter_shape,
   .compute = tensor_scatter_add, .kernels = NUMBER_KERNELS("T"), .inplace = 1);
OP(TensorScatterSub, .inputs = "tensor:T; indices:Tindices; updates:T", .outputs = "output:T",
   .attrs = "T:type; Tindices:type in [int32,int64]", .shape = tensor_scatter_shape,
   .compute = tensor_scatter_sub, .kernels = NUMBER_KERNELS("T"), .inplace = 1);
OP(TensorScatterMin, .inputs = "tensor:T; indices:Tindices; updates:T", .outputs = "output:T",
   .attrs = "T:type; Tindices:type in [int32,int64]", .shape = tensor_scatter_shape,
   .compute = tensor_scatter_min, .kernels = REAL_KERNELS("T"), .inplace = 1);
OP(TensorScatterMax, .inputs = "tensor:T; indices:Tindices; updates:T", .outputs = "output:T",
   .attrs = "T:type; Tindices:type in [int32,int64]", .shape = tensor_scatter_shape,
   .compute = tensor_scatter_max, .kernels = REAL_KERNELS("T"), .inplace = 1);
