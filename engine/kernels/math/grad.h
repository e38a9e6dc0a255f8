// SPDX-License-Identifier: Apache-2.0
/* Gradients that follow from a unary op's result: an expression of y and dy, element by element. */
#pragma once
#include "engine/kernels/math/binary.h"

/* The computing loop of one type; both inputs advance. */
#define GRAD_WIDE_(ID, T, W, GET, PUT, fn, CONJUGATE, expr)                                     \
        HOT_##ID static void fn##_loop_##ID(const void *y_, int64_t ys UNUSED, const void *dy_, \
                                            int64_t dys UNUSED, void *z_, int64_t n)            \
        {                                                                                       \
                typedef W V;                                                                    \
                const T *yp = y_, *dp = dy_;                                                    \
                T *z = z_;                                                                      \
                SAME_OR_APART                                                                   \
                for (int64_t i = 0; i < n; i++) {                                               \
                        V y = CONJUGATE(GET(yp[i])), dy = GET(dp[i]);                           \
                        z[i] = PUT((V)(expr));                                                  \
                }                                                                               \
        }
#define GRAD_SHORT_(ID, T, W, GET, PUT, fn, ...) BINARY_SHORT_(ID, 0, fn)

#define GRAD_LOOP_(ID, ...) IF_HALF(ID, GRAD_SHORT_, GRAD_WIDE_)(ID, __VA_ARGS__)

/* Only as many elements must there be; the result has y's shape. */
UNUSED static Status *grad_shape(ShapeCtx *c)
{
        const Shape *y = shape_in(c, 0), *dy = shape_in(c, 1);
        c->out[0] = *y;
        if (!shape_complete(y) || !shape_complete(dy))
                return NULL;
        int64_t n, m;
        TRY(shape_count(y, &n));
        TRY(shape_count(dy, &m));
        if (n == m)
                return NULL;
        return invalid_argument(
                "The two arguments to a cwise op must have same number of elements, "
                "got %lld and %lld",
                (long long)n, (long long)m);
}

UNUSED static Status *grad_run(OpCtx *c, const BinaryFn *by_type)
{
        const Tensor *y = ctx_input(c, 0), *dy = ctx_input(c, 1);
        if (shape_equal(tensor_shape(y), tensor_shape(dy)))
                return binary_run(c, by_type);
        by_type[tensor_dtype(y)](tensor_data(y), 1, tensor_data(dy), 1,
                                 tensor_fill(ctx_output(c, 0)), tensor_count(y));
        return NULL;
}

#define GRAD(Op, fn, expr)                       \
        FLOAT_TYPES(GRAD_LOOP_, fn, SAME_, expr) \
        GRAD_OP(Op, fn, expr)
/* With a vector function for short floats: call(half, y, dy). */
#define GRAD_BY_LANES(Op, fn, expr, call)       \
        WIDE_TYPES(GRAD_LOOP_, fn, SAME_, expr) \
        BINARY_LANES(fn, call)                  \
        GRAD_OP(Op, fn, expr)
#define GRAD_OP(Op, fn, expr)                                                     \
        COMPLEX_TYPES(GRAD_LOOP_, fn, conj, expr)                                 \
        BINARY_TABLE(fn, FLOAT_COMPLEX_TYPES)                                     \
        static Status *fn##_compute(OpCtx *c)                                     \
        {                                                                         \
                return grad_run(c, fn##_loops);                                   \
        }                                                                         \
        OP(Op, .inputs = "y:T; dy:T", .outputs = "z:T", .attrs = T_FLOAT_COMPLEX, \
           .shape = grad_shape, .compute = fn##_compute, .inplace = 3)
