// SPDX-License-Identifier: Apache-2.0
/* Powers by whole vectors: exp(y log(x)), with the logarithm in two numbers, so that little but the
 * last rounding is lost.
 *
 * x is m 2^k with m from 0.729 to 1.458; c is a number of few bits close to 1 / m, from a table of
 * 16, so that r = m c - 1 is exact and from -0.034 to 0.05. The logarithm is k log(2) - log(c), of
 * which the larger part is exact, and r - r^2/2 + r^3 p(r), whose first two terms are exact, too. c
 * is 1 for 2 % on both sides of 1, where nothing then cancels. */
#pragma once
#include "engine/kernels/math/binary.h"

/* z[i] = x[i * xs] to the power y[i * ys], within 1.5 units of the last place where the processor
 * has AVX-512; `plain`, which does the same, is called for vectors that hold other bases than
 * normal ones above zero, or results that are not normal numbers, and where it has not. */
void pow_floats(BinaryFn plain, const float *x, int64_t xs, const float *y, int64_t ys, float *z,
                int64_t n);
void pow_doubles(BinaryFn plain, const double *x, int64_t xs, const double *y, int64_t ys,
                 double *z, int64_t n);

/* The loop of fn: `lanes` powers of type T (V as a vector, s its intrinsics' suffix) by PART(a, b,
 * &power), which says which of them are right. xs, ys: 0 or 1. */
#define POW_LOOP(fn, T, V, Mask, s, lanes, part)                                                 \
        /* m elements of p, or one for all; what is beyond them is 1. */                         \
        PART V some_##s(const T *p, int64_t step, Mask m)                                        \
        {                                                                                        \
                return step ? _mm512_mask_loadu_##s(_mm512_set1_##s(1), m, p)                    \
                            : _mm512_set1_##s(*p);                                               \
        }                                                                                        \
        PART void fn##_512(BinaryFn plain, const T *x, int64_t xs, const T *y, const int64_t ys, \
                           T *z, int64_t n)                                                      \
        {                                                                                        \
                for (int64_t i = 0; i < n; i += lanes) {                                         \
                        int64_t left = MIN(n - i, (int64_t)lanes);                               \
                        Mask m = (Mask)((1u << left) - 1);                                       \
                        V z_i, a = some_##s(x + i * xs, xs, m), b = some_##s(y + i * ys, ys, m); \
                        if (part(a, b, &z_i) == (Mask)((1u << lanes) - 1))                       \
                                _mm512_mask_storeu_##s(z + i, m, z_i);                           \
                        else                                                                     \
                                plain(x + i * xs, xs, y + i * ys, ys, z + i, left);              \
                }                                                                                \
        }                                                                                        \
        WIDE static void fn##_to_one(BinaryFn plain, const T *x, int64_t xs, const T *y, T *z,   \
                                     int64_t n)                                                  \
        {                                                                                        \
                fn##_512(plain, x, xs, y, 0, z, n);                                              \
        }                                                                                        \
        WIDE static void fn##_to_each(BinaryFn plain, const T *x, int64_t xs, const T *y, T *z,  \
                                      int64_t n)                                                 \
        {                                                                                        \
                fn##_512(plain, x, xs, y, 1, z, n);                                              \
        }                                                                                        \
        void fn(BinaryFn plain, const T *x, int64_t xs, const T *y, int64_t ys, T *z, int64_t n) \
        {                                                                                        \
                if (__builtin_cpu_supports("avx512dq"))                                          \
                        (ys ? fn##_to_each : fn##_to_one)(plain, x, xs, y, z, n);                \
                else                                                                             \
                        plain(x, xs, y, ys, z, n);                                               \
        }
