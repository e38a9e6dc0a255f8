// SPDX-License-Identifier: Apache-2.0
/* Maxima and sums in lanes that do not wait for each other; exponentials by blocks, which are
 * summed while they are in the cache. */
#include "engine/kernels/nn/row_exp.h"

#include "engine/kernels/nn/row_512.h"
#include "engine/kernels/nn/row_ahead.h"

enum { BLOCK = 256 };

/* Rows of floats have a faster way on some processors. */
#define IF_ROW_512_FLOAT(n, way) \
        if (row_512_usable(n))   \
        way
#define IF_ROW_512_DOUBLE(n, way)

#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define PLUS(a, b)   ((a) + (b))

/* exp() has a loop of its own, or nothing of it becomes a vector. */
#define LOOP(ID, T, W, GET, PUT)                                                                 \
        HOT static T max_##ID(const T *x, int64_t n)                                             \
        {                                                                                        \
                T lane[FOLD_LANES];                                                              \
                int64_t i = 0;                                                                   \
                for (int l = 0; l < FOLD_LANES; l++)                                             \
                        lane[l] = x[0];                                                          \
                for (; i + FOLD_LANES <= n; i += FOLD_LANES)                                     \
                        for (int l = 0; l < FOLD_LANES; l++)                                     \
                                lane[l] = LARGER(x[i + l], lane[l]);                             \
                for (int l = 0; i < n; i++, l++)                                                 \
                        lane[l] = LARGER(x[i], lane[l]);                                         \
                FOLD(lane, LARGER);                                                              \
                return lane[0];                                                                  \
        }                                                                                        \
        HOT static T exp_##ID(const T *x, T *y, int64_t n, T m)                                  \
        {                                                                                        \
                T lane[FOLD_LANES] = { 0 }, some[BLOCK] __attribute__((aligned(64)));            \
                const int64_t next = row_next(n), line = 64 / sizeof(T);                         \
                for (int64_t from = 0; from < n; from += BLOCK) {                                \
                        int64_t size = MIN(n - from, (int64_t)BLOCK), i = 0;                     \
                        T *e = y ? y + from : some;                                              \
                        for (int64_t k = from + next; k < from + next + size; k += line)         \
                                row_ahead(x + k, y ? y + k : NULL);                              \
                        SAME_OR_APART                                                            \
                        for (int64_t k = 0; k < size; k++)                                       \
                                e[k] = exp(x[from + k] - m);                                     \
                        for (; i + FOLD_LANES <= size; i += FOLD_LANES)                          \
                                for (int l = 0; l < FOLD_LANES; l++)                             \
                                        lane[l] += e[i + l];                                     \
                        for (int l = 0; i < size; i++, l++)                                      \
                                lane[l] += e[i];                                                 \
                }                                                                                \
                FOLD(lane, PLUS);                                                                \
                return lane[0];                                                                  \
        }                                                                                        \
        T row_max_##ID(const T *x, int64_t n)                                                    \
        {                                                                                        \
                IF_ROW_512_##ID(n, return row_512_max(x, n);) return max_##ID(x, n);             \
        }                                                                                        \
        T row_exp_##ID(const T *x, T *y, int64_t n, T m)                                         \
        {                                                                                        \
                IF_ROW_512_##ID(n, return row_512_exp(x, y, n, m);) return exp_##ID(x, y, n, m); \
        }
WIDE_TYPES(LOOP)
#undef LOOP

/* Blocks of whole rows have but one end, and the lanes of all rows are joined together. */
#define LOOP(ID, T, W, GET, PUT)                                                                  \
        HOT static void some_max_##ID(const T *x, int64_t n, int64_t k, T *max)                   \
        {                                                                                         \
                if (k == FOLD_ROWS)                                                               \
                        FOLD_SOME(T, x, n, FOLD_ROWS, -(T)INFINITY, LARGER(v, s), LARGER, max);   \
                else                                                                              \
                        FOLD_SOME(T, x, n, k, -(T)INFINITY, LARGER(v, s), LARGER, max);           \
        }                                                                                         \
        HOT static void some_less_##ID(const T *x, T *y, int64_t n, int64_t k, const T *by)       \
        {                                                                                         \
                for (int64_t r = 0; r < k; r++, x += n, y += n) {                                 \
                        SAME_OR_APART                                                             \
                        for (int64_t i = 0; i < n; i++)                                           \
                                y[i] = x[i] - by[r];                                              \
                }                                                                                 \
        }                                                                                         \
        HOT static void some_exp_##ID(T *y, int64_t n)                                            \
        {                                                                                         \
                for (int64_t i = 0; i < n; i++)                                                   \
                        y[i] = exp(y[i]);                                                         \
        }                                                                                         \
        HOT static void some_sum_##ID(const T *y, int64_t n, int64_t k, T *sum)                   \
        {                                                                                         \
                if (k == FOLD_ROWS)                                                               \
                        FOLD_SOME(T, y, n, FOLD_ROWS, 0, s + v, PLUS, sum);                       \
                else                                                                              \
                        FOLD_SOME(T, y, n, k, 0, s + v, PLUS, sum);                               \
        }                                                                                         \
        void rows_max_##ID(const T *x, int64_t n, int64_t k, T max[FOLD_ROWS])                    \
        {                                                                                         \
                some_max_##ID(x, n, k, max);                                                      \
        }                                                                                         \
        void rows_exp_##ID(const T *x, T *y, int64_t n, int64_t k, const T max[FOLD_ROWS],        \
                           T sum[FOLD_ROWS])                                                      \
        {                                                                                         \
                T some[FOLD_ROWS * ROWS_SHORT] __attribute__((aligned(64)));                      \
                T *e = y ? y : some;                                                              \
                IF_ROW_512_##ID(n, {                                                              \
                        for (int64_t r = 0; r < k; r++)                                           \
                                sum[r] = row_512_exp(x + r * n, y ? y + r * n : NULL, n, max[r]); \
                        return;                                                                   \
                }) some_less_##ID(x, e, n, k, max);                                               \
                some_exp_##ID(e, n *k);                                                           \
                some_sum_##ID(e, n, k, sum);                                                      \
        }
WIDE_TYPES(LOOP)
