// SPDX-License-Identifier: Apache-2.0
/* Ops of two tensors, broadcast against each other. An op is an expression of a and b (in type V):
 *
 *     BINARY(Sub, sub, NUMBER_TYPES, "T:type in [...]", a - b)
 *
 * A loop runs along the innermost dimension, where each operand either advances or stands still;
 * binary.c walks the rest. */
#pragma once
#include "engine/kernels/math/types.h"

/* xs and ys are 1 or 0: does the operand advance? */
typedef void (*BinaryFn)(const void *x, int64_t xs, const void *y, int64_t ys, void *z, int64_t n);

/* Runs the function of input 0's type over the broadcast of inputs 0 and 1. */
Status *binary_run(OpCtx *c, const BinaryFn *by_type) MUST_USE;
/* The same over given tensors; x and y must broadcast to z's shape. */
void binary_apply(OpCtx *c, BinaryFn fn, const Tensor *x, const Tensor *y, Tensor *z);

/* Runs fn, a loop over floats, over elements of a short type; `out` as for unary_short(). */
void binary_short(BinaryFn fn, DType t, size_t out, const void *x, int64_t xs, const void *y,
                  int64_t ys, void *z, int64_t n);

#define BINARY_LOOP_1_(T, R, GET, PUT, ai, bi, expr) \
        SAME_OR_APART                                \
        for (int64_t i = 0; i < n; i++) {            \
                V a = GET(x[ai]), b = GET(y[bi]);    \
                z[i] = PUT((R)(expr));               \
        }
#define BINARY_BODY_(T, W, R, P, GET, PUT, expr)                       \
        {                                                              \
                typedef W V;                                           \
                const T *x = x_, *y = y_;                              \
                P *z = z_;                                             \
                if (xs && ys) {                                        \
                        BINARY_LOOP_1_(T, R, GET, PUT, i, i, expr)     \
                } else if (xs) {                                       \
                        BINARY_LOOP_1_(T, R, GET, PUT, i, 0, expr)     \
                } else {                                               \
                        BINARY_LOOP_1_(T, R, GET, PUT, 0, i *ys, expr) \
                }                                                      \
        }
#define BINARY_WIDE_(ID, T, W, GET, PUT, fn, expr)                                      \
        HOT_##ID static void fn##_loop_##ID(const void *x_, int64_t xs, const void *y_, \
                                            int64_t ys, void *z_, int64_t n)            \
                BINARY_BODY_(T, W, V, T, GET, PUT, expr)
#define BINARY_TO_WIDE_(ID, T, W, GET, PUT, fn, R, expr)                                \
        HOT_##ID static void fn##_loop_##ID(const void *x_, int64_t xs, const void *y_, \
                                            int64_t ys, void *z_, int64_t n)            \
                BINARY_BODY_(T, W, R, R, GET, SAME_, expr)
#define BINARY_SHORT_(ID, out, fn)                                                                \
        HOT_FLOAT static void fn##_loop_FLOAT(const void *x, int64_t xs, const void *y,           \
                                              int64_t ys, void *z, int64_t n);                    \
        static void fn##_loop_##ID(const void *x, int64_t xs, const void *y, int64_t ys, void *z, \
                                   int64_t n)                                                     \
        {                                                                                         \
                binary_short(fn##_loop_FLOAT, DT_##ID, out, x, xs, y, ys, z, n);                  \
        }
#define BINARY_SAME_SHORT_(ID, T, W, GET, PUT, fn, ...)  BINARY_SHORT_(ID, 0, fn)
#define BINARY_TO_SHORT_(ID, T, W, GET, PUT, fn, R, ...) BINARY_SHORT_(ID, sizeof(R), fn)

#define BINARY_LOOP_(ID, ...) IF_HALF(ID, BINARY_SAME_SHORT_, BINARY_WIDE_)(ID, __VA_ARGS__)

#define BINARY_TO_LOOP_(ID, ...) IF_HALF(ID, BINARY_TO_SHORT_, BINARY_TO_WIDE_)(ID, __VA_ARGS__)

#define BINARY_ROW_(ID, T, W, GET, PUT, fn) [DT_##ID] = fn##_loop_##ID,

#define BINARY_LOOPS(fn, LIST, expr)       LIST(BINARY_LOOP_, fn, expr)
#define BINARY_TO_LOOPS(fn, LIST, R, expr) LIST(BINARY_TO_LOOP_, fn, R, expr)
#define BINARY_TABLE(fn, LIST) \
        static const BinaryFn fn##_loops[DT_MAX + 1] = { LIST(BINARY_ROW_, fn) };
#define BINARY_COMPUTE(fn)                        \
        static Status *fn##_compute(OpCtx *c)     \
        {                                         \
                return binary_run(c, fn##_loops); \
        }
#define BINARY_OP(Op, fn, LIST, sig, ...)                                                   \
        BINARY_TABLE(fn, LIST)                                                              \
        BINARY_COMPUTE(fn)                                                                  \
        OP(Op, .inputs = "x:T; y:T", .outputs = "z:T", .attrs = sig, .shape = shape_binary, \
           .compute = fn##_compute, .inplace = 3, ##__VA_ARGS__)
#define BINARY(Op, fn, LIST, sig, expr, ...) \
        BINARY_LOOPS(fn, LIST, expr)         \
        BINARY_OP(Op, fn, LIST, sig, ##__VA_ARGS__)

/* Integer arithmetic wraps: done in uint64_t, cut to the type. */
#define WRAP(op) ((V)((uint64_t)a op(uint64_t) b))

/* Is any element of an integer tensor zero / below zero? */
bool binary_any_zero(const Tensor *t);
bool binary_any_negative(const Tensor *t);
