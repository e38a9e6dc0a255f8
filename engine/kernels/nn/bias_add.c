// SPDX-License-Identifier: Apache-2.0
/* BiasAdd: one number per channel is added to every element; BiasAddGrad sums them back. */
#include "engine/kernels/math/binary.h"
#include "engine/kernels/math/reduce.h"
#include "engine/kernels/nn/layout.h"

/* Few channels are repeated to make rows that are worth a vector loop. */
enum { REPEATED = 512 };

BINARY_LOOPS(add, INT_TYPES, WRAP(+))
BINARY_EXACT_LOOPS(add, FLOAT_COMPLEX_TYPES, a + b)
BINARY_TABLE(add, NUMBER_TYPES)

/* y = x + b: rows of channels, or planes of one channel each. */
static void bias_rows(BinaryFn add, size_t size, const char *x, const char *b, char *y, Channels n)
{
        char repeated[REPEATED * sizeof(double complex)] __attribute__((aligned(64)));
        int64_t all = n.outer * n.count, step = MAX(REPEATED / n.count, 1) * n.count;
        bool few = n.count <= REPEATED;
        for (int64_t i = 0; i < step && few; i += n.count)
                memcpy(repeated + (size_t)i * size, b, (size_t)n.count * size);
        for (int64_t at = 0; at < all; at += step)
                add(x + (size_t)at * size, 1, few ? repeated : b, 1, y + (size_t)at * size,
                    MIN(step, all - at));
}
static void bias_planes(BinaryFn add, size_t size, const char *x, const char *b, char *y,
                        Channels n)
{
        for (int64_t r = 0; r < n.outer * n.count; r++) {
                size_t at = (size_t)(r * n.inner) * size;
                add(x + at, 1, b + (size_t)(r % n.count) * size, 0, y + at, n.inner);
        }
}

/* channels_axis() is the last one or, with NCHW, the second. Either input may tell the number of
 * channels. */
static Status *bias_add_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *b = shape_in(c, 1);
        TRY(shape_want_rank_at_least_as(c, 0, 2, "Input tensor must be at least 2D: %s"));
        TRY(shape_want_rank_as(c, 1, 1, "Biases must be 1D: %s"));
        c->out[0] = *x;
        if (x->rank < 0 || b->rank < 0)
                return NULL;
        int axis = channels_axis(c->node, x->rank);
        TRY(shape_want_equal(c, x->dim[axis], b->dim[0]));
        if (x->dim[axis] >= 0 && b->dim[0] >= 0 && x->dim[axis] != b->dim[0])
                return invalid_argument("Must provide as many biases as the last dimension of the "
                                        "input tensor: %s vs. %s",
                                        shape_text(b).s, shape_text(x).s);
        c->out[0].dim[axis] = MAX(x->dim[axis], b->dim[0]);
        return NULL;
}

static Status *bias_add(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        DType t = tensor_dtype(x);
        Channels n = channels_of(ctx_node(c), tensor_shape(x));
        if (tensor_count(x))
                (n.inner == 1 ? bias_rows : bias_planes)(
                        add_loops[t], dtype_size(t), tensor_data(x), tensor_data(ctx_input(c, 1)),
                        tensor_fill(ctx_output(c, 0)), n);
        return NULL;
}

static Status *bias_add_grad_shape(ShapeCtx *c)
{
        const Shape *g = shape_in(c, 0);
        TRY(shape_want_rank_at_least_as(c, 0, 2, "Input tensor must be at least 2D: %s"));
        c->out[0] = SHAPE(g->rank < 0 ? -1 : g->dim[channels_axis(c->node, g->rank)]);
        return NULL;
}

/* All but the channels is summed. */
static Status *bias_add_grad(OpCtx *c)
{
        const Tensor *g = ctx_input(c, 0);
        Channels n = channels_of(ctx_node(c), tensor_shape(g));
        return reduce_sum(c, g, &SHAPE(n.outer, n.count, n.inner), 5, ctx_output(c, 0));
}

#define BIAS_TYPES                                                                         \
        "T:type in "                                                                       \
        "[float,double,int32,uint8,int16,int8,complex64,int64,bfloat16,uint16,complex128," \
        "half,uint32,uint64]"

OP(BiasAdd, .inputs = "value:T; bias:T", .outputs = "output:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64]; data_format:string in [NHWC,NCHW] = \"NHWC\"",
   .kernels = BIAS_TYPES, .shape = bias_add_shape, .compute = bias_add, .inplace = 1);
OP(BiasAddV1, .inputs = "value:T; bias:T", .outputs = "output:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64]",
   .kernels = BIAS_TYPES, .shape = bias_add_shape, .compute = bias_add, .inplace = 1);
OP(BiasAddGrad, .inputs = "out_backprop:T", .outputs = "output:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,"
            "uint16,complex128,half,uint32,uint64]; data_format:string in [NHWC,NCHW] = \"NHWC\"",
   .kernels = BIAS_TYPES, .shape = bias_add_grad_shape, .compute = bias_add_grad);
