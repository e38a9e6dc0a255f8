// SPDX-License-Identifier: Apache-2.0
/* Maxima and sums in lanes that do not wait for each other; exponentials by blocks, which are
 * summed while they are in the cache. */
#include "engine/kernels/nn/row_exp.h"

#include "engine/kernels/math/fold.h"

enum { BLOCK = 256 };

#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define PLUS(a, b)   ((a) + (b))

/* exp() has a loop of its own, or nothing of it becomes a vector. */
#define LOOP(ID, T, W, GET, PUT)                                                      \
        HOT static T max_##ID(const T *x, int64_t n)                                  \
        {                                                                             \
                T lane[FOLD_LANES];                                                   \
                int64_t i = 0;                                                        \
                for (int l = 0; l < FOLD_LANES; l++)                                  \
                        lane[l] = x[0];                                               \
                for (; i + FOLD_LANES <= n; i += FOLD_LANES)                          \
                        for (int l = 0; l < FOLD_LANES; l++)                          \
                                lane[l] = LARGER(x[i + l], lane[l]);                  \
                for (int l = 0; i < n; i++, l++)                                      \
                        lane[l] = LARGER(x[i], lane[l]);                              \
                FOLD(lane, LARGER);                                                   \
                return lane[0];                                                       \
        }                                                                             \
        HOT static T exp_##ID(const T *x, T *y, int64_t n, T m)                       \
        {                                                                             \
                T lane[FOLD_LANES] = { 0 }, some[BLOCK] __attribute__((aligned(64))); \
                for (int64_t from = 0; from < n; from += BLOCK) {                     \
                        int64_t size = MIN(n - from, (int64_t)BLOCK), i = 0;          \
                        T *e = y ? y + from : some;                                   \
                        SAME_OR_APART                                                 \
                        for (int64_t k = 0; k < size; k++)                            \
                                e[k] = exp(x[from + k] - m);                          \
                        for (; i + FOLD_LANES <= size; i += FOLD_LANES)               \
                                for (int l = 0; l < FOLD_LANES; l++)                  \
                                        lane[l] += e[i + l];                          \
                        for (int l = 0; i < size; i++, l++)                           \
                                lane[l] += e[i];                                      \
                }                                                                     \
                FOLD(lane, PLUS);                                                     \
                return lane[0];                                                       \
        }                                                                             \
        T row_max_##ID(const T *x, int64_t n)                                         \
        {                                                                             \
                return max_##ID(x, n);                                                \
        }                                                                             \
        T row_exp_##ID(const T *x, T *y, int64_t n, T m)                              \
        {                                                                             \
                return exp_##ID(x, y, n, m);                                          \
        }
WIDE_TYPES(LOOP)
