// SPDX-License-Identifier: Apache-2.0
/* ZerosLike, OnesLike, Empty: a fresh tensor of a given shape. */
#include "engine/ops/op.h"
#include "engine/ops/sizes.h"

/* Strings and resources start empty, which is their zero. */
static void set_zero(Tensor *t)
{
        if (dtype_is_plain(tensor_dtype(t)) && tensor_count(t))
                memset(tensor_fill(t), 0, tensor_bytes(t));
}

static Status *zeros_like(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        if (tensor_dtype(x) == DT_RESOURCE || tensor_dtype(x) == DT_VARIANT)
                return unimplemented("ZerosLike of %s is not supported",
                                     dtype_name(tensor_dtype(x)));
        set_zero(ctx_output(c, 0));
        return NULL;
}

#define ONES(ID, T, W, GET, PUT)                \
        static void ones_##ID(T *y, int64_t n)  \
        {                                       \
                T one = PUT((W)1);              \
                for (int64_t i = 0; i < n; i++) \
                        y[i] = one;             \
        }
NUMBER_TYPES(ONES)
TYPE_BOOL(ONES)
#undef ONES
#define ONES_TYPES(X, ...) NUMBER_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)

static Status *ones_like(OpCtx *c)
{
        Tensor *y = ctx_output(c, 0);
        DISPATCH(ONES_TYPES, tensor_dtype(y), ones, tensor_fill(y), tensor_count(y));
        return NULL;
}

static Status *empty_shape(ShapeCtx *c)
{
        const Shape *in = shape_in(c, 0);
        if (in->rank >= 0 && in->rank != 1)
                return invalid_argument("shape must be a vector of int32, got shape %s",
                                        shape_text(in).s);
        return shape_sizes(c, 0, &c->out[0]);
}

/* Memory is always cleared: what it held before may be another client's. */
static Status *empty(OpCtx *c)
{
        set_zero(ctx_output(c, 0));
        return NULL;
}

OP(ZerosLike, .inputs = "x:T", .outputs = "y:T", .attrs = "T:type",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = shape_unchanged, .compute = zeros_like);
OP(OnesLike, .inputs = "x:T", .outputs = "y:T",
   .attrs = "T:type in "
            "[bfloat16,half,float,double,int8,uint8,int16,uint16,int32,int64,complex64,complex128,"
            "bool]",
   .shape = shape_unchanged, .compute = ones_like);
OP(Empty, .inputs = "shape:int32", .outputs = "output:dtype",
   .attrs = "dtype:type; init:bool = false", .flags = "stateful", .shape = empty_shape,
   .compute = empty);
