// SPDX-License-Identifier: Apache-2.0
/* Partial results side by side, which do not wait for each other, and how they become one. */
#pragma once

/* Short rows are taken FOLD_ROWS at a time, each in FOLD_WIDTH lanes. */
enum { FOLD_LANES = 64, FOLD_ROWS = 16, FOLD_WIDTH = 16 };

/* Sets lane[0] to what JOIN(a, b) makes of all lanes. The steps have fixed lengths, so that they
 * are vectors, too: a chain of 64 would take longer than a row of a thousand. */
#define FOLD(lane, JOIN)                                                        \
        do {                                                                    \
                for (int l_ = 0; l_ < 16; l_++)                                 \
                        lane[l_] = JOIN(JOIN(lane[l_], lane[l_ + 16]),          \
                                        JOIN(lane[l_ + 32], lane[l_ + 48]));    \
                for (int l_ = 0; l_ < 4; l_++)                                  \
                        lane[l_] = JOIN(JOIN(lane[l_], lane[l_ + 4]),           \
                                        JOIN(lane[l_ + 8], lane[l_ + 12]));     \
                lane[0] = JOIN(JOIN(lane[0], lane[1]), JOIN(lane[2], lane[3])); \
        } while (0)

/* Before a loop of few steps, which would else be taken apart before it became a vector. */
#ifdef __clang__
#define AS_VECTOR
#else
#define AS_VECTOR _Pragma("GCC unroll 1")
#endif

/* The lanes of k rows, side by side in a[], become one result a row in out[]; b has half as much
 * room. Each step halves all rows together, so that rows do not wait for their own lanes. */
#define FOLD_HALVE_(from, to, k, width, JOIN)                                          \
        for (int64_t r_ = 0; r_ < (k); r_++)                                           \
                AS_VECTOR for (int l_ = 0; l_ < (width); l_++) to[r_ * (width) + l_] = \
                        JOIN(from[2 * r_ * (width) + l_], from[(2 * r_ + 1) * (width) + l_]);
#define FOLD_SHORT_ROWS(a, b, out, k, JOIN)     \
        do {                                    \
                FOLD_HALVE_(a, b, k, 8, JOIN)   \
                FOLD_HALVE_(b, a, k, 4, JOIN)   \
                FOLD_HALVE_(a, b, k, 2, JOIN)   \
                FOLD_HALVE_(b, out, k, 1, JOIN) \
        } while (0)

/* What lies 2 KiB behind two vectors at x is asked for: the processor itself looks ahead within 4
 * KiB only, and not while the lanes of rows are joined. */
#define FOLD_ASK_(x)                                                      \
        for (size_t b_ = 0; b_ < 2 * FOLD_WIDTH * sizeof(*(x)); b_ += 64) \
                __builtin_prefetch((const char *)(x) + 2048 + b_);
/* A vector at x joins the lanes. */
#define FOLD_STEP_(V, x, lanes, step)                     \
        AS_VECTOR for (int l_ = 0; l_ < FOLD_WIDTH; l_++) \
        {                                                 \
                V s = lanes[l_], v = (V)(x)[l_];          \
                lanes[l_] = (V)(step);                    \
        }
/* Of each of k <= FOLD_ROWS rows of n values, which follow each other at x, what `start` and all
 * values make by `step`, an expression of s and v; JOIN(a, b) joins two such results. A row's
 * result does not depend on the others. Two vectors of lanes do not wait for each other. */
#define FOLD_SOME(V, x, n, k, start, step, JOIN, out)                                           \
        do {                                                                                    \
                V lane_[FOLD_ROWS * FOLD_WIDTH], half_[FOLD_ROWS * 8];                          \
                int64_t whole_ = (n) - (n) % FOLD_WIDTH;                                        \
                for (int64_t r_ = 0; r_ < (k) && whole_; r_++) {                                \
                        V one_[FOLD_WIDTH], two_[FOLD_WIDTH];                                   \
                        int64_t at_ = 0;                                                        \
                        AS_VECTOR for (int l_ = 0; l_ < FOLD_WIDTH; l_++) one_[l_] = two_[l_] = \
                                start;                                                          \
                        for (; at_ + 2 * FOLD_WIDTH <= whole_; at_ += 2 * FOLD_WIDTH) {         \
                                FOLD_ASK_((x) + r_ * (n) + at_)                                 \
                                FOLD_STEP_(V, (x) + r_ * (n) + at_, one_, step)                 \
                                FOLD_STEP_(V, (x) + r_ * (n) + at_ + FOLD_WIDTH, two_, step)    \
                        }                                                                       \
                        if (at_ < whole_)                                                       \
                                FOLD_STEP_(V, (x) + r_ * (n) + at_, one_, step)                 \
                        AS_VECTOR for (int l_ = 0; l_ < FOLD_WIDTH; l_++)                       \
                                lane_[r_ * FOLD_WIDTH + l_] = JOIN(one_[l_], two_[l_]);         \
                }                                                                               \
                if (whole_)                                                                     \
                        FOLD_SHORT_ROWS(lane_, half_, out, k, JOIN);                            \
                for (int64_t r_ = 0; r_ < (k) && !whole_; r_++)                                 \
                        (out)[r_] = start;                                                      \
                for (int64_t i_ = whole_; i_ < (n); i_++)                                       \
                        for (int64_t r_ = 0; r_ < (k); r_++) {                                  \
                                V s = (out)[r_], v = (V)(x)[r_ * (n) + i_];                     \
                                (out)[r_] = (V)(step);                                          \
                        }                                                                       \
        } while (0)
