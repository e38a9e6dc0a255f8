// SPDX-License-Identifier: Apache-2.0
/* Gradients that follow from a unary op's result: an expression of y and dy, element by element. */
#pragma once
#include "engine/kernels/math/binary.h"

/* Equal shapes; but for a complete mismatch nothing is broadcast. */
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
#define GRAD(Op, fn, expr)                                                        \
        FLOAT_TYPES(GRAD_LOOP_, fn, SAME_, expr)                                  \
        COMPLEX_TYPES(GRAD_LOOP_, fn, conj, expr)                                 \
        BINARY_TABLE(fn, FLOAT_COMPLEX_TYPES)                                     \
        BINARY_COMPUTE(fn)                                                        \
        OP(Op, .inputs = "y:T; dy:T", .outputs = "z:T", .attrs = T_FLOAT_COMPLEX, \
           .shape = shape_merged, .compute = fn##_compute, .inplace = 3)
