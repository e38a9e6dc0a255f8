// SPDX-License-Identifier: Apache-2.0
/* The k largest of a row, by a heap of k indexes: O(n log k) whatever the values. Equal values keep
 * their order. */
#pragma once
#include "engine/ops/op.h"

/* Elements that are looked at together. */
enum { TOP_K_LANES = 32 };

/* top_k_<ID>(x, n, k, heap, least): fills heap[0..k) with the indexes of the k best of n (k <= n),
 * best first; the largest are best, with `least` the smallest. */
#define TOP_K_LOOP(ID, T, W, GET, PUT)                                                             \
        static inline bool before_##ID(const T *x, int32_t a, int32_t b, bool least)               \
        {                                                                                          \
                W va = GET(x[a]), vb = GET(x[b]);                                                  \
                bool gt = least ? va < vb : va > vb, lt = least ? vb < va : vb > va;               \
                return gt || (!lt && a < b);                                                       \
        }                                                                                          \
        /* The worst is on top: a node never stands before its children. */                        \
        static void sift_##ID(const T *x, int32_t *heap, int64_t k, int64_t i, bool least)         \
        {                                                                                          \
                for (int64_t c; (c = 2 * i + 1) < k; i = c) {                                      \
                        if (c + 1 < k && before_##ID(x, heap[c], heap[c + 1], least))              \
                                c++;                                                               \
                        if (!before_##ID(x, heap[i], heap[c], least))                              \
                                return;                                                            \
                        int32_t t = heap[i];                                                       \
                        heap[i] = heap[c];                                                         \
                        heap[c] = t;                                                               \
                }                                                                                  \
        }                                                                                          \
        /* From i on, the first element that is better than v, or n. Elements from i on come after \
         * v, so an equal one is not better. */                                                    \
        HOT static int64_t better_##ID(const T *x, int64_t i, int64_t n, T v, bool least)          \
        {                                                                                          \
                W most = GET(v);                                                                   \
                for (int any = 0; i + TOP_K_LANES <= n; i += TOP_K_LANES) {                        \
                        if (least)                                                                 \
                                for (int l = 0; l < TOP_K_LANES; l++)                              \
                                        any |= GET(x[i + l]) < most;                               \
                        else                                                                       \
                                for (int l = 0; l < TOP_K_LANES; l++)                              \
                                        any |= GET(x[i + l]) > most;                               \
                        if (any)                                                                   \
                                break;                                                             \
                }                                                                                  \
                while (i < n && !(least ? GET(x[i]) < most : GET(x[i]) > most))                    \
                        i++;                                                                       \
                return i;                                                                          \
        }                                                                                          \
        static void top_k_##ID(const T *x, int64_t n, int64_t k, int32_t *heap, bool least)        \
        {                                                                                          \
                for (int64_t i = 0; i < k; i++)                                                    \
                        heap[i] = (int32_t)i;                                                      \
                for (int64_t i = k / 2 - 1; i >= 0; i--)                                           \
                        sift_##ID(x, heap, k, i, least);                                           \
                for (int64_t i = k; k && (i = better_##ID(x, i, n, x[heap[0]], least)) < n; i++) { \
                        heap[0] = (int32_t)i;                                                      \
                        sift_##ID(x, heap, k, 0, least);                                           \
                }                                                                                  \
                for (int64_t m = k - 1; m > 0; m--) {                                              \
                        int32_t t = heap[0];                                                       \
                        heap[0] = heap[m];                                                         \
                        heap[m] = t;                                                               \
                        sift_##ID(x, heap, m, 0, least);                                           \
                }                                                                                  \
        }
