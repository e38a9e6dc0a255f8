// SPDX-License-Identifier: Apache-2.0
/* What the house's own convolution kernels are built of: vectors of 16 floats, the product of some
 * rows by a panel of 32 columns, and the tail that a result gets before it is written. For
 * processors with AVX-512 only: who includes this asks lanes_usable() before anything of it runs.
 */
#pragma once
#include "engine/ops/conv_tail.h"

#include <immintrin.h>
#include <math.h>
#include <stdint.h>

enum { LANES = 16, PANEL = 2 * LANES, ROWS_MAX = 14 };

/* 16 floats anywhere in memory, and their bits. */
typedef float V __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t Bits __attribute__((vector_size(64), may_alias));
/* Functions that run vectors, and parts of such functions. */
#define WIDE __attribute__((target("avx512f")))
#define PART static inline __attribute__((always_inline, target("avx512f")))

static inline bool lanes_usable(void)
{
        return __builtin_cpu_supports("avx512f");
}

/* A line of weights: 32 columns as floats, or `narrow`: as bfloat16, column i in the lower half of
 * word i, column i + 16 in the upper one. Either becomes floats with an instruction, and products
 * are those of floats: which is what the processors with AVX-512 and without AMX are faster at. */
static inline int64_t lanes_line_bytes(bool narrow)
{
        return PANEL * (narrow ? 2 : 4);
}

PART void lanes_line(const bool narrow, const char *u, V *ret_low, V *ret_high)
{
        if (narrow) {
                Bits words = *(const Bits *)u;
                *ret_low = (V)(words << 16);
                *ret_high = (V)(words & -0x10000);
        } else {
                *ret_low = *(const V *)u;
                *ret_high = *(const V *)(u + sizeof(V));
        }
}

/* What will be needed next and comes from far is asked for while something else is computed, or
 * else memory and arithmetic would wait for each other in turn: `step` bytes for each line of a
 * panel. */
typedef struct Ahead {
        const char *at;
        int64_t step; /* at most two cache lines */
} Ahead;

/* The panel behind u during pass `pass` of `passes` over the one at u: every pass fetches a part.
 */
static inline Ahead lanes_ahead(const char *u, bool narrow, int64_t depth, int64_t pass,
                                int64_t passes)
{
        int64_t line = lanes_line_bytes(narrow), step = line / passes;
        return (Ahead){ u + depth * line + pass * step * depth, step };
}

/* rows x depth by depth x 32, added to sum, which stays in registers. rows and narrow are constants
 * wherever this is inlined. */
PART void lanes_product(const int rows, const bool narrow, const float *const *row, int64_t depth,
                        const char *u, Ahead ahead, V sum[ROWS_MAX][2])
{
        for (int64_t c = 0; c < depth; c++, u += lanes_line_bytes(narrow), ahead.at += ahead.step) {
                V u0, u1;
                lanes_line(narrow, u, &u0, &u1);
                __builtin_prefetch(ahead.at, 0, 2);
                if (!narrow)
                        __builtin_prefetch(ahead.at + 64, 0, 2);
#pragma GCC unroll 14
                for (int r = 0; r < rows; r++) {
                        V x = row[r][c] - (V){ 0 }; /* all of them */
                        sum[r][0] += x * u0;
                        sum[r][1] += x * u1;
                }
        }
}

/* y[c, r] = x[r, c] for r < rows, c < cols. y's lines are filled with zeros up to a whole vector.
 */
void lanes_turn(const float *x, int64_t ldx, int64_t rows, int64_t cols, float *y, int64_t ldy);

/* Calls fn(n, ...) with n as a constant. */
#define LANES_ROWS_(n, fn, ...)     \
        case n:                     \
                fn(n, __VA_ARGS__); \
                break;
#define LANES_ROWS(rows, fn, ...)                \
        switch (rows) {                          \
                LANES_ROWS_(1, fn, __VA_ARGS__)  \
                LANES_ROWS_(2, fn, __VA_ARGS__)  \
                LANES_ROWS_(3, fn, __VA_ARGS__)  \
                LANES_ROWS_(4, fn, __VA_ARGS__)  \
                LANES_ROWS_(5, fn, __VA_ARGS__)  \
                LANES_ROWS_(6, fn, __VA_ARGS__)  \
                LANES_ROWS_(7, fn, __VA_ARGS__)  \
                LANES_ROWS_(8, fn, __VA_ARGS__)  \
                LANES_ROWS_(9, fn, __VA_ARGS__)  \
                LANES_ROWS_(10, fn, __VA_ARGS__) \
                LANES_ROWS_(11, fn, __VA_ARGS__) \
                LANES_ROWS_(12, fn, __VA_ARGS__) \
                LANES_ROWS_(13, fn, __VA_ARGS__) \
                LANES_ROWS_(14, fn, __VA_ARGS__) \
        }

/* An activation as bounds of the result, and a slope below zero. */
typedef struct Bounds {
        V low, high, slope;
        bool leaks; /* the slope counts */
} Bounds;

PART Bounds lanes_bounds(const ConvTail *t)
{
        bool leaks = t->act == CONV_ACT_LEAKY;
        float low = t->act == CONV_ACT_NONE || leaks ? -INFINITY : 0;
        float high = t->act == CONV_ACT_RELU6 ? 6 : INFINITY;
        return (Bounds){ (V)_mm512_set1_ps(low), (V)_mm512_set1_ps(high),
                         (V)_mm512_set1_ps(t->alpha), leaks };
}

/* Writes 16 results to y. These instructions give their second operand when one is NaN: so a NaN
 * stays one, as in TensorFlow. */
PART void lanes_finish(const Bounds *b, V v, float *y)
{
        if (b->leaks)
                v = (V)_mm512_mask_mul_ps(
                        (__m512)v, _mm512_cmp_ps_mask((__m512)v, _mm512_setzero_ps(), _CMP_NGT_UQ),
                        (__m512)v, (__m512)b->slope);
        *(V *)y = (V)_mm512_min_ps((__m512)b->high, _mm512_max_ps((__m512)b->low, (__m512)v));
}
