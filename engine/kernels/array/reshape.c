// SPDX-License-Identifier: Apache-2.0
/* Reshape: the same elements under another shape; one size may be -1 and is worked out.
 * QuantizedReshape hands the range on. */
#include "engine/ops/late.h"
#include "engine/ops/op.h"

/* Reads the sizes as asked for; *ret_open is the index of the -1, or -1. */
static Status *read_sizes(const Tensor *sizes, Shape *ret, int *ret_open)
{
        if (tensor_rank(sizes) != 1)
                return invalid_argument("sizes input must be 1-D, not %s",
                                        shape_text(tensor_shape(sizes)).s);
        int64_t dims[SHAPE_MAX_RANK];
        int n = (int)MIN(tensor_count(sizes), SHAPE_MAX_RANK + 1), open = -1;
        if (n > SHAPE_MAX_RANK)
                return shape_make(NULL, n, ret);
        for (int i = 0; i < n; i++) {
                dims[i] = tensor_int(sizes, i);
                if (dims[i] < -1)
                        return invalid_argument("Size %d must be non-negative, not %lld", i,
                                                (long long)dims[i]);
                if (dims[i] == -1 && open >= 0)
                        return invalid_argument("Only one input size may be -1, not both %d and %d",
                                                open, i);
                if (dims[i] == -1)
                        open = i;
        }
        *ret_open = open;
        return shape_make(dims, n, ret);
}

/* Sets the open size so that the result has n elements, and checks that it does. */
static Status *fit(Shape *shape, int open, int64_t n)
{
        int64_t product;
        Shape closed = *shape;
        if (open >= 0)
                closed.dim[open] = 1;
        TRY(shape_count(&closed, &product));
        if (open >= 0) {
                if (product == 0)
                        return invalid_argument(
                                "Reshape cannot infer the missing input size for an empty tensor "
                                "unless all specified input sizes are non-zero");
                if (n % product)
                        return invalid_argument(
                                "Input to reshape is a tensor with %lld values, "
                                "but the requested shape requires a multiple of %lld",
                                (long long)n, (long long)product);
                closed.dim[open] = n / product;
        } else if (n != product) {
                return invalid_argument("Input to reshape is a tensor with %lld values, but the "
                                        "requested shape has %lld",
                                        (long long)n, (long long)product);
        }
        *shape = closed;
        return NULL;
}

/* What TensorFlow's shape function says of it. */
static Status *want_fitting(const ShapeCtx *c, const Shape *shape, int open, int64_t n)
{
        int64_t product;
        Shape closed = *shape;
        if (!c->at_import)
                return NULL;
        if (open >= 0)
                closed.dim[open] = 1;
        TRY(shape_count(&closed, &product));
        if (open >= 0 && product && n % product)
                return invalid_argument("Dimension size must be evenly divisible by %lld but is "
                                        "%lld",
                                        (long long)product, (long long)n);
        if (open < 0 && n != product)
                return invalid_argument("Cannot reshape a tensor with %lld elements to shape %s "
                                        "(%lld elements)",
                                        (long long)n, shape_text(shape).s, (long long)product);
        return NULL;
}

/* Without constant sizes something may still be known, from shapes that the graph computes. */
static Status *reshape_shape(ShapeCtx *c)
{
        const Tensor *sizes = shape_value(c, 1);
        const Shape *in = shape_in(c, 0);
        int64_t n;
        int open = -1;
        Shape shape;
        if (!sizes)
                return shape_from_input(c, 1, &c->out[0]);
        TRY(read_sizes(sizes, &shape, &open));
        if (shape_complete(in)) {
                TRY(shape_count(in, &n));
                TRY(want_fitting(c, &shape, open, n));
                TRY(fit(&shape, open, n));
        }
        c->out[0] = shape;
        return NULL;
}

OP(Reshape, .inputs = "tensor:T; shape:Tshape", .outputs = "output:T",
   .attrs = "T:type; Tshape:type in [int32,int64] = int32", .shape = reshape_shape,
   .compute = late_view, .late_shape = true);

static Status *quantized_reshape_shape(ShapeCtx *c)
{
        for (int i = 1; i < 3; i++) {
                TRY(shape_want_rank(c, i + 1, 0));
                c->out[i] = SHAPE_SCALAR;
        }
        return reshape_shape(c);
}

static Status *quantized_reshape(OpCtx *c)
{
        TRY(late_view(c));
        ctx_forward(c, 2, 1);
        ctx_forward(c, 3, 2);
        return NULL;
}

OP(QuantizedReshape, .inputs = "tensor:T; shape:Tshape; input_min:float; input_max:float",
   .outputs = "output:T; output_min:float; output_max:float",
   .attrs = "T:type; Tshape:type in [int32,int64] = int32",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = quantized_reshape_shape,
   .compute = quantized_reshape, .late_shape = true);
