// SPDX-License-Identifier: Apache-2.0
/* Reductions along given axes. An op says how a value v joins an accumulator s, how two
 * accumulators s and v join, and what becomes of s after `count` values:
 *
 *     REDUCE_LOOPS(sum, REAL_TYPES, WIDE_ACC, 0, s + v, s + v, s)
 *
 * Sums are held in a wider type than the elements' (WIDE_ACC), extremes in the same (SAME_ACC). */
#pragma once
#include "engine/kernels/math/fold.h"
#include "engine/kernels/math/types.h"

typedef struct ReduceFns {
        size_t size; /* of an accumulator; 0: no kernel */
        void (*init)(void *acc, int64_t n);
        void (*along)(const void *x, int64_t n, void *acc);  /* n values join one accumulator */
        void (*across)(const void *x, int64_t n, void *acc); /* value i joins accumulator i */
        /* Of each of m short rows of n values all join an accumulator of their own. */
        void (*rows)(const void *x, int64_t n, int64_t m, void *acc);
        void (*join)(const void *other, int64_t n, void *acc); /* accumulator i joins i */
        void (*finish)(const void *acc, int64_t n, int64_t count, void *y);
        /* m rows, `stride` elements apart: value i of each joins accumulator i. May be NULL. */
        void (*down)(const void *x, int64_t n, int64_t m, int64_t stride, void *acc);
        bool rounds; /* finish() makes floats, which are rounded to the short type */
} ReduceFns;

/* Reduces input 0 along the axes that input 1 names into output 0; shape_reduce() checked them. */
Status *reduce_run(OpCtx *c, const ReduceFns *by_type) MUST_USE;
/* Reduces x, seen in that shape, along the axes whose bits are set, into y. */
Status *reduce_apply(OpCtx *c, const ReduceFns *by_type, const Tensor *x, const Shape *shape,
                     unsigned axes, Tensor *y) MUST_USE;
/* The same for sums. */
Status *reduce_sum(OpCtx *c, const Tensor *x, const Shape *shape, unsigned axes,
                   Tensor *y) MUST_USE;

#define SAME_ACC(ID, W)     W
#define WIDE_ACC(ID, W)     WIDE_ACC_##ID
#define WIDE_ACC_FLOAT      double
#define WIDE_ACC_DOUBLE     double
#define WIDE_ACC_INT8       uint64_t
#define WIDE_ACC_INT16      uint64_t
#define WIDE_ACC_INT32      uint64_t
#define WIDE_ACC_INT64      uint64_t
#define WIDE_ACC_UINT8      uint64_t
#define WIDE_ACC_UINT16     uint64_t
#define WIDE_ACC_UINT32     uint64_t
#define WIDE_ACC_UINT64     uint64_t
#define WIDE_ACC_COMPLEX64  double complex
#define WIDE_ACC_COMPLEX128 double complex

/* Independent partial results: what lets one long sum run in vector registers. */
enum { REDUCE_LANES = FOLD_LANES };

#define REDUCE_WIDE_(ID, T, W, GET, PUT, fn, ACC, start, step, joined, end)                      \
        static void fn##_init_##ID(void *acc, int64_t n)                                         \
        {                                                                                        \
                typedef W V UNUSED;                                                              \
                ACC(ID, W) *a = acc;                                                             \
                for (int64_t i = 0; i < n; i++)                                                  \
                        a[i] = start;                                                            \
        }                                                                                        \
        HOT_##ID static void fn##_join_##ID(const void *other, int64_t n, void *acc)             \
        {                                                                                        \
                typedef ACC(ID, W) V;                                                            \
                const V *o = other;                                                              \
                V *a = acc;                                                                      \
                SAME_OR_APART                                                                    \
                for (int64_t i = 0; i < n; i++) {                                                \
                        V s = a[i], v = o[i];                                                    \
                        a[i] = (V)(joined);                                                      \
                }                                                                                \
        }                                                                                        \
        static inline ACC(ID, W) fn##_one_##ID(ACC(ID, W) s, ACC(ID, W) v)                       \
        {                                                                                        \
                typedef ACC(ID, W) V;                                                            \
                return (V)(joined);                                                              \
        }                                                                                        \
        HOT_##ID static void fn##_along_##ID(const void *x_, int64_t n, void *acc)               \
        {                                                                                        \
                typedef ACC(ID, W) V;                                                            \
                const T *x = x_;                                                                 \
                V lane[REDUCE_LANES];                                                            \
                T pad[REDUCE_LANES];                                                             \
                int64_t left = n % REDUCE_LANES;                                                 \
                for (int l = 0; l < REDUCE_LANES; l++)                                           \
                        lane[l] = start;                                                         \
                for (int64_t i = left; i < n; i += REDUCE_LANES)                                 \
                        for (int l = 0; l < REDUCE_LANES; l++) {                                 \
                                V s = lane[l], v = (V)x[i + l];                                  \
                                lane[l] = (V)(step);                                             \
                        }                                                                        \
                for (int l = 0; l < REDUCE_LANES && left; l++)                                   \
                        pad[l] = x[l < left ? l : 0];                                            \
                for (int l = 0; l < REDUCE_LANES && left; l++) {                                 \
                        V s = lane[l], v = (V)pad[l];                                            \
                        lane[l] = l < left ? (V)(step) : s;                                      \
                }                                                                                \
                FOLD(lane, fn##_one_##ID);                                                       \
                V s = *(V *)acc, v = lane[0];                                                    \
                *(V *)acc = (V)(joined);                                                         \
        }                                                                                        \
        /* k rows of n values, k <= FOLD_ROWS: of each what its values joined are. */            \
        IN_LOOP void fn##_some_##ID(const T *x, int64_t n, int64_t k, ACC(ID, W) * some)         \
        {                                                                                        \
                typedef ACC(ID, W) V;                                                            \
                FOLD_SOME(V, x, n, k, start, step, fn##_one_##ID, some);                         \
        }                                                                                        \
        HOT_##ID static void fn##_rows_##ID(const void *x_, int64_t n, int64_t m, void *acc)     \
        {                                                                                        \
                typedef ACC(ID, W) V;                                                            \
                const T *x = x_;                                                                 \
                V *a = acc, some[FOLD_ROWS];                                                     \
                for (; m > 0; m -= FOLD_ROWS, a += FOLD_ROWS, x += FOLD_ROWS * n) {              \
                        if (m >= FOLD_ROWS)                                                      \
                                fn##_some_##ID(x, n, FOLD_ROWS, some);                           \
                        else                                                                     \
                                fn##_some_##ID(x, n, m, some);                                   \
                        for (int64_t r = 0; r < MIN(m, (int64_t)FOLD_ROWS); r++) {               \
                                V s = a[r], v = some[r];                                         \
                                a[r] = (V)(joined);                                              \
                        }                                                                        \
                }                                                                                \
        }                                                                                        \
        HOT_##ID static void fn##_across_##ID(const void *x_, int64_t n, void *acc)              \
        {                                                                                        \
                typedef ACC(ID, W) V;                                                            \
                const T *x = x_;                                                                 \
                V *a = acc;                                                                      \
                SAME_OR_APART                                                                    \
                for (int64_t i = 0; i < n; i++) {                                                \
                        V s = a[i], v = (V)x[i];                                                 \
                        a[i] = (V)(step);                                                        \
                }                                                                                \
        }                                                                                        \
        static void fn##_finish_##ID(const void *acc, int64_t n, int64_t count UNUSED, void *y_) \
        {                                                                                        \
                typedef W V UNUSED;                                                              \
                const ACC(ID, W) *a = acc;                                                       \
                T *y = y_;                                                                       \
                for (int64_t i = 0; i < n; i++) {                                                \
                        ACC(ID, W) s = a[i];                                                     \
                        y[i] = (T)(end);                                                         \
                }                                                                                \
        }
/* Short floats are widened for the loops of floats, but for what is in the table's last rows. */
#define REDUCE_NONE_(...)
#define REDUCE_LOOP_(ID, ...) IF_SHORT(ID, REDUCE_NONE_, REDUCE_WIDE_)(ID, __VA_ARGS__)
#define REDUCE_FNS_(ID, T, W, GET, PUT, fn, ACC)                                             \
        [DT_##ID] = { sizeof(ACC(ID, W)), fn##_init_##ID, fn##_along_##ID, fn##_across_##ID, \
                      fn##_rows_##ID,     fn##_join_##ID, fn##_finish_##ID },
#define REDUCE_ROW_(ID, ...) IF_SHORT(ID, REDUCE_NONE_, REDUCE_FNS_)(ID, __VA_ARGS__)

#define REDUCE_LOOPS(fn, LIST, ACC, start, step, join, end) \
        LIST(REDUCE_LOOP_, fn, ACC, start, step, join, end)
#define REDUCE_OP(Op, fn, LIST, ACC, sig, ...) \
        REDUCE_OP_SHORT(Op, fn, LIST, ACC, , sig, ##__VA_ARGS__)
#define REDUCE_OP_SHORT(Op, fn, LIST, ACC, rows, sig, ...)                                 \
        static const ReduceFns fn##_fns[DT_MAX + 1] = { LIST(REDUCE_ROW_, fn, ACC) rows }; \
        static Status *fn##_compute(OpCtx *c)                                              \
        {                                                                                  \
                return reduce_run(c, fn##_fns);                                            \
        }                                                                                  \
        OP(Op, .inputs = "input:T; reduction_indices:Tidx", .outputs = "output:T",         \
           .attrs = "keep_dims:bool = false; " sig "; " TIDX, .shape = shape_reduce,       \
           .compute = fn##_compute, ##__VA_ARGS__)
