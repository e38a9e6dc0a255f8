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

/* An operand that stands still is read before the loop, which could else write to it. */
#define BINARY_LOOP_1_(GET, PUT, R, a_, b_, expr) \
        SAME_OR_APART                             \
        for (int64_t i = 0; i < n; i++) {         \
                V a = a_, b = b_;                 \
                z[i] = PUT((R)(expr));            \
        }
#define BINARY_BODY_(T, W, R, P, GET, PUT, expr)                                \
        {                                                                       \
                typedef W V;                                                    \
                const T *x = x_, *y = y_;                                       \
                P *z = z_;                                                      \
                if (xs && ys) {                                                 \
                        BINARY_LOOP_1_(GET, PUT, R, GET(x[i]), GET(y[i]), expr) \
                } else if (xs && n > 0) {                                       \
                        const V y0 = GET(y[0]);                                 \
                        BINARY_LOOP_1_(GET, PUT, R, GET(x[i]), y0, expr)        \
                } else if (n > 0) {                                             \
                        const V x0 = GET(x[0]);                                 \
                        BINARY_LOOP_1_(GET, PUT, R, x0, GET(y[i * ys]), expr)   \
                }                                                               \
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
#define BINARY_SAME_SHORT_(ID, T, W, GET, PUT, fn, ...) BINARY_SHORT_(ID, 0, fn)

/* The same for ops of which halves are computed as halves where the processor can. */
#ifdef NATIVE_HALF
#define BINARY_NATIVE_(fn, R, P, expr)                                                  \
        NATIVE_HALF static void fn##_native(const void *x_, int64_t xs, const void *y_, \
                                            int64_t ys, void *z_, int64_t n)            \
                BINARY_BODY_(_Float16, _Float16, R, P, SAME_, SAME_, expr)
#define BINARY_TRY_NATIVE_(fn)                   \
        if (half_is_native()) {                  \
                fn##_native(x, xs, y, ys, z, n); \
                return;                          \
        }
#else
#define BINARY_NATIVE_(fn, R, P, expr)
#define BINARY_TRY_NATIVE_(fn)
#endif
#define BINARY_HALF_(out, fn, R, P, expr)                                                         \
        BINARY_NATIVE_(fn, R, P, expr)                                                            \
        HOT_FLOAT static void fn##_loop_FLOAT(const void *x, int64_t xs, const void *y,           \
                                              int64_t ys, void *z, int64_t n);                    \
        static void fn##_loop_HALF(const void *x, int64_t xs, const void *y, int64_t ys, void *z, \
                                   int64_t n)                                                     \
        {                                                                                         \
                BINARY_TRY_NATIVE_(fn)                                                            \
                binary_short(fn##_loop_FLOAT, DT_HALF, out, x, xs, y, ys, z, n);                  \
        }
#define BINARY_SAME_HALF_(ID, T, W, GET, PUT, fn, expr)  BINARY_HALF_(0, fn, V, _Float16, expr)
#define BINARY_TO_HALF_(ID, T, W, GET, PUT, fn, R, expr) BINARY_HALF_(sizeof(R), fn, R, R, expr)

#define BINARY_LOOP_(ID, ...) IF_HALF(ID, BINARY_SAME_SHORT_, BINARY_WIDE_)(ID, __VA_ARGS__)

#define BINARY_EXACT_LOOP_(ID, ...) IF_HALF(ID, BINARY_SAME_HALF_, BINARY_WIDE_)(ID, __VA_ARGS__)

#define BINARY_TO_LOOP_(ID, ...) IF_HALF(ID, BINARY_TO_HALF_, BINARY_TO_WIDE_)(ID, __VA_ARGS__)

#define BINARY_ROW_(ID, T, W, GET, PUT, fn) [DT_##ID] = fn##_loop_##ID,

#define BINARY_LOOPS(fn, LIST, expr) LIST(BINARY_LOOP_, fn, expr)
/* For an expression that rounds once, or only picks: computed in halves it is what it is in floats
 * that are rounded to halves. (Quotients, too: 24 digits are enough for 11.) */
#define BINARY_EXACT_LOOPS(fn, LIST, expr) LIST(BINARY_EXACT_LOOP_, fn, expr)
/* Comparisons, which are exact. */
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
