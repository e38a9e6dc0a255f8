// SPDX-License-Identifier: Apache-2.0
/* Ops of one tensor, element by element. An op is an expression of v (computed in type V):
 *
 *     UNARY(Exp, exp, FLOAT_COMPLEX_TYPES, T_FLOAT_COMPLEX, exp(v))
 *
 * With several expressions for several types, UNARY_LOOPS once for each and UNARY_OP at the end. */
#pragma once
#include "engine/kernels/math/types.h"

typedef void (*UnaryFn)(const void *x, void *y, int64_t n);

/* Runs the function of input 0's type over all elements, on several threads when there are many. */
Status *unary_run(OpCtx *c, const UnaryFn *by_type) MUST_USE;
/* Runs fn, a loop over floats, over n elements of a short type. A result takes `out` bytes; 0: it
 * is of the short type, too. */
void unary_short(UnaryFn fn, DType t, size_t out, const void *x, void *y, int64_t n);

#define UNARY_WIDE_(ID, T, W, GET, PUT, fn, expr)                                \
        HOT_##ID static void fn##_loop_##ID(const void *x_, void *y_, int64_t n) \
        {                                                                        \
                typedef W V;                                                     \
                const T *x = x_;                                                 \
                T *y = y_;                                                       \
                SAME_OR_APART                                                    \
                for (int64_t i = 0; i < n; i++) {                                \
                        V v = GET(x[i]);                                         \
                        y[i] = PUT((V)(expr));                                   \
                }                                                                \
        }
/* The same with a result of a fixed type. */
#define UNARY_TO_WIDE_(ID, T, W, GET, PUT, fn, R, expr)                          \
        HOT_##ID static void fn##_loop_##ID(const void *x_, void *y_, int64_t n) \
        {                                                                        \
                typedef W V;                                                     \
                const T *x = x_;                                                 \
                R *y = y_;                                                       \
                for (int64_t i = 0; i < n; i++) {                                \
                        V v = GET(x[i]);                                         \
                        y[i] = (R)(expr);                                        \
                }                                                                \
        }
#define UNARY_SHORT_(ID, out, fn)                                                 \
        HOT_FLOAT static void fn##_loop_FLOAT(const void *x, void *y, int64_t n); \
        static void fn##_loop_##ID(const void *x, void *y, int64_t n)             \
        {                                                                         \
                unary_short(fn##_loop_FLOAT, DT_##ID, out, x, y, n);              \
        }
#define UNARY_SAME_SHORT_(ID, T, W, GET, PUT, fn, ...)  UNARY_SHORT_(ID, 0, fn)
#define UNARY_TO_SHORT_(ID, T, W, GET, PUT, fn, R, ...) UNARY_SHORT_(ID, sizeof(R), fn)

/* The same for ops of which halves are computed as halves where the processor can. */
#ifdef NATIVE_HALF
#define UNARY_NATIVE_(fn, expr)                                                  \
        NATIVE_HALF static void fn##_native(const void *x_, void *y_, int64_t n) \
        {                                                                        \
                typedef _Float16 V;                                              \
                const V *x = x_;                                                 \
                V *y = y_;                                                       \
                SAME_OR_APART                                                    \
                for (int64_t i = 0; i < n; i++) {                                \
                        V v = x[i];                                              \
                        y[i] = (V)(expr);                                        \
                }                                                                \
        }
#define UNARY_TRY_NATIVE_(fn)         \
        if (half_is_native()) {       \
                fn##_native(x, y, n); \
                return;               \
        }
#else
#define UNARY_NATIVE_(fn, expr)
#define UNARY_TRY_NATIVE_(fn)
#endif
#define UNARY_HALF_(ID, T, W, GET, PUT, fn, expr)                                 \
        UNARY_NATIVE_(fn, expr)                                                   \
        HOT_FLOAT static void fn##_loop_FLOAT(const void *x, void *y, int64_t n); \
        static void fn##_loop_HALF(const void *x, void *y, int64_t n)             \
        {                                                                         \
                UNARY_TRY_NATIVE_(fn)                                             \
                unary_short(fn##_loop_FLOAT, DT_HALF, 0, x, y, n);                \
        }
#define UNARY_EXACT_LOOP_(ID, ...) IF_HALF(ID, UNARY_HALF_, UNARY_WIDE_)(ID, __VA_ARGS__)

#define UNARY_LOOP_(ID, ...) IF_HALF(ID, UNARY_SAME_SHORT_, UNARY_WIDE_)(ID, __VA_ARGS__)

#define UNARY_TO_LOOP_(ID, ...) IF_HALF(ID, UNARY_TO_SHORT_, UNARY_TO_WIDE_)(ID, __VA_ARGS__)

#define UNARY_ROW_(ID, T, W, GET, PUT, fn) [DT_##ID] = fn##_loop_##ID,

#define UNARY_LOOPS(fn, LIST, expr) LIST(UNARY_LOOP_, fn, expr)
/* For an expression that rounds once: see BINARY_EXACT_LOOPS. */
#define UNARY_EXACT_LOOPS(fn, LIST, expr) LIST(UNARY_EXACT_LOOP_, fn, expr)
#define UNARY_TO_LOOPS(fn, LIST, R, expr) LIST(UNARY_TO_LOOP_, fn, R, expr)
#define UNARY_TABLE(fn, LIST)                                                   \
        static const UnaryFn fn##_loops[DT_MAX + 1] = { LIST(UNARY_ROW_, fn) }; \
        static Status *fn##_compute(OpCtx *c)                                   \
        {                                                                       \
                return unary_run(c, fn##_loops);                                \
        }
/* More fields of the entry (.kernels = ...) may follow. */
#define UNARY_OP(Op, fn, LIST, sig, ...)                                                  \
        UNARY_TABLE(fn, LIST)                                                             \
        OP(Op, .inputs = "x:T", .outputs = "y:T", .attrs = sig, .shape = shape_unchanged, \
           .compute = fn##_compute, .inplace = 1, ##__VA_ARGS__)
#define UNARY(Op, fn, LIST, sig, expr, ...) \
        UNARY_LOOPS(fn, LIST, expr)         \
        UNARY_OP(Op, fn, LIST, sig, ##__VA_ARGS__)
