// SPDX-License-Identifier: Apache-2.0
/* Floor division of integers, which processors do one at a time and slowly: blocks of numbers that
 * are not too large are divided as doubles. */
#pragma once
#include "engine/kernels/math/binary.h"
#include "engine/kernels/math/floor.h"

enum { LONG_BLOCK = 256 };

/* Are all of n elements within what floor_quotient() takes? */
HOT UNUSED static bool fits_INT64(const int64_t *x, int64_t n)
{
        uint64_t any = 0;
        for (int64_t i = 0; i < n; i++)
                any |= ((uint64_t)x[i] + ((uint64_t)1 << 51)) >> 52;
        return !any;
}

#define LONG_STEP(T, a, b, result)                                \
        for (int64_t i = 0; i < n; i++) {                         \
                double r, q UNUSED;                               \
                q = floor_quotient((double)(a), (double)(b), &r); \
                z[i] = (T)(result);                               \
        }
/* fn##_loop_<ID>, a BinaryFn: `result` is q or r of floor_quotient(), or `slow` of a and b. */
#define LONG_LOOP(fn, ID, T, result, slow)                                                    \
        HOT static void fn##_block_##ID(const T *x, int64_t xs, const T *y, int64_t ys, T *z, \
                                        int64_t n)                                            \
        {                                                                                     \
                const T fixed_x = x[0], fixed_y = y[0];                                       \
                if (xs && ys) {                                                               \
                        LONG_STEP(T, x[i], y[i], result)                                      \
                } else if (xs) {                                                              \
                        LONG_STEP(T, x[i], fixed_y, result)                                   \
                } else {                                                                      \
                        LONG_STEP(T, fixed_x, y[i * ys], result)                              \
                }                                                                             \
        }                                                                                     \
        static void fn##_loop_##ID(const void *x_, int64_t xs, const void *y_, int64_t ys,    \
                                   void *z_, int64_t n)                                       \
        {                                                                                     \
                typedef T V UNUSED;                                                           \
                const T *x = x_, *y = y_;                                                     \
                T *z = z_, block[LONG_BLOCK];                                                 \
                for (int64_t m; n > 0; n -= m, x += m * xs, y += m * ys, z += m) {            \
                        m = MIN(n, (int64_t)LONG_BLOCK);                                      \
                        bool fits = fits_##ID(x, xs ? m : 1) && fits_##ID(y, ys ? m : 1);     \
                        if (fits)                                                             \
                                fn##_block_##ID(x, xs, y, ys, block, m);                      \
                        for (int64_t i = 0; i < m && !fits; i++) {                            \
                                T a = x[i * xs], b = y[i * ys];                               \
                                block[i] = (T)(slow);                                         \
                        }                                                                     \
                        memcpy(z, block, (size_t)m * sizeof *z); /* z may be x or y */        \
                }                                                                             \
        }
