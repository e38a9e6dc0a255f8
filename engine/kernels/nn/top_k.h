// SPDX-License-Identifier: Apache-2.0
/* The k best of a row, by a heap of k indexes: O(n log k) whatever the values. Equal values keep
 * their order. The few largest of a long row by two passes: the best of each class of elements
 * (those whose indexes leave the same remainder) first, as vectors; the k-th best of these is a
 * bound that few elements reach, and those lie in few classes. */
#pragma once
#include "engine/kernels/math/fold.h"
#include "engine/ops/op.h"

/* Elements that are looked at together. */
enum { TOP_K_LANES = 32 };
/* What is few; classes for each of them, or a multiple of the lanes; elements of a class at least.
 */
enum { TOP_K_FEWEST = 8, TOP_K_FEW = 32, TOP_K_SPARE = 4, TOP_K_DEPTH = 8, TOP_K_CLASS_LANES = 64 };

#define TOP_K_MORE_(a, b) ((a) > (b) ? (a) : (b))
#define TOP_K_LESS_(a, b) ((a) < (b) ? (a) : (b))

/* Steps after which it looks whether anybody still waits. */
enum { TOP_K_LOOK = 1 << 13 };

/* top_k_<ID>(c, x, n, k, heap, least): fills heap[0..k) with the indexes of the k best of n (k <=
 * n), best first; the largest are best, with `least` the smallest. */
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
        /* The best of each of m classes; false when there are NaNs, which have no order. */       \
        HOT static bool classes_##ID(const T *x, int64_t n, int64_t m, T *best)                    \
        {                                                                                          \
                enum { L = TOP_K_CLASS_LANES };                                                    \
                W sum = 0;                                                                         \
                for (int64_t c = 0; c < m; c += L) {                                               \
                        W lane[L], odd[L];                                                         \
                        int64_t i = c;                                                             \
                        for (int l = 0; l < L; l++) {                                              \
                                lane[l] = GET(x[i + l]);                                           \
                                odd[l] = 0;                                                        \
                        }                                                                          \
                        for (; i + L <= n; i += m)                                                 \
                                for (int l = 0; l < L; l++) {                                      \
                                        W v = GET(x[i + l]);                                       \
                                        odd[l] = v == v ? odd[l] : 1;                              \
                                        lane[l] = v > lane[l] ? v : lane[l];                       \
                                }                                                                  \
                        for (int l = 0; i + l < n; l++) {                                          \
                                W v = GET(x[i + l]);                                               \
                                odd[l] = v == v ? odd[l] : 1;                                      \
                                lane[l] = v > lane[l] ? v : lane[l];                               \
                        }                                                                          \
                        for (int l = 0; l < L; l++) {                                              \
                                sum += odd[l];                                                     \
                                best[c + l] = PUT(lane[l]);                                        \
                        }                                                                          \
                }                                                                                  \
                return sum == 0;                                                                   \
        }                                                                                          \
        /* A value that at least k of the classes reach: the k-th best where all differ. Again and \
         * again the best of those that are worse than the last, without a branch on values. */    \
        HOT static W bound_##ID(const T *best, int64_t k)                                          \
        {                                                                                          \
                enum { L = TOP_K_CLASS_LANES };                                                    \
                W all[L], lane[L], bound, worst;                                                   \
                for (int l = 0; l < L; l++)                                                        \
                        lane[l] = all[l] = GET(best[l]);                                           \
                FOLD(lane, TOP_K_LESS_);                                                           \
                worst = lane[0];                                                                   \
                for (int l = 0; l < L; l++)                                                        \
                        lane[l] = all[l];                                                          \
                FOLD(lane, TOP_K_MORE_);                                                           \
                bound = lane[0];                                                                   \
                for (int64_t j = 1; j < k; j++) {                                                  \
                        for (int l = 0; l < L; l++)                                                \
                                lane[l] = all[l] < bound ? all[l] : worst;                         \
                        FOLD(lane, TOP_K_MORE_);                                                   \
                        bound = lane[0];                                                           \
                }                                                                                  \
                return bound;                                                                      \
        }                                                                                          \
        /* Into a list of up to k, best first, that holds `held`; how many then. */                \
        static int64_t insert_##ID(const T *x, int32_t *list, int64_t held, int64_t k, int32_t i)  \
        {                                                                                          \
                int64_t j = MIN(held, k - 1);                                                      \
                if (held == k && !before_##ID(x, i, list[j], false))                               \
                        return k;                                                                  \
                for (; j > 0 && before_##ID(x, i, list[j - 1], false); j--)                        \
                        list[j] = list[j - 1];                                                     \
                list[j] = i;                                                                       \
                return MIN(held + 1, k);                                                           \
        }                                                                                          \
        /* False where it is not worth it: rows are short, hold NaNs, or many classes reach the    \
         * bound. */                                                                               \
        static bool few_##ID(const T *x, int64_t n, int64_t k, int32_t *list)                      \
        {                                                                                          \
                T best[TOP_K_FEW * TOP_K_SPARE];                                                   \
                int64_t m =                                                                        \
                        k * TOP_K_SPARE <= TOP_K_CLASS_LANES ? TOP_K_CLASS_LANES : COUNTOF(best);  \
                int64_t held = 0, classes = 0;                                                     \
                if (k == 0 || k > TOP_K_FEW || n < TOP_K_DEPTH * m ||                              \
                    !classes_##ID(x, n, m, best))                                                  \
                        return false;                                                              \
                for (int64_t l = 0; l < m && k > TOP_K_FEWEST; l++)                                \
                        held = insert_##ID(best, list, held, k, (int32_t)l);                       \
                W bound = k > TOP_K_FEWEST ? GET(best[list[k - 1]]) : bound_##ID(best, k);         \
                held = 0;                                                                          \
                for (int64_t l = 0; l < m && classes <= 2 * k; l++) {                              \
                        if (GET(best[l]) < bound)                                                  \
                                continue;                                                          \
                        classes++;                                                                 \
                        for (int64_t i = l; i < n; i += m)                                         \
                                if (GET(x[i]) >= bound)                                            \
                                        held = insert_##ID(x, list, held, k, (int32_t)i);          \
                }                                                                                  \
                return classes <= 2 * k;                                                           \
        }                                                                                          \
        static void top_k_##ID(OpCtx *c, const T *x, int64_t n, int64_t k, int32_t *heap,          \
                               bool least)                                                         \
        {                                                                                          \
                if (!least && few_##ID(x, n, k, heap))                                             \
                        return;                                                                    \
                for (int64_t i = 0; i < k; i++)                                                    \
                        heap[i] = (int32_t)i;                                                      \
                for (int64_t i = k / 2 - 1; i >= 0; i--) {                                         \
                        if (i % TOP_K_LOOK == 0 && ctx_cut(c))                                     \
                                return;                                                            \
                        sift_##ID(x, heap, k, i, least);                                           \
                }                                                                                  \
                for (int64_t i = k; k && (i = better_##ID(x, i, n, x[heap[0]], least)) < n; i++) { \
                        if (i % TOP_K_LOOK == 0 && ctx_cut(c))                                     \
                                return;                                                            \
                        heap[0] = (int32_t)i;                                                      \
                        sift_##ID(x, heap, k, 0, least);                                           \
                }                                                                                  \
                for (int64_t m = k - 1; m > 0; m--) {                                              \
                        if (m % TOP_K_LOOK == 0 && ctx_cut(c))                                     \
                                return;                                                            \
                        int32_t t = heap[0];                                                       \
                        heap[0] = heap[m];                                                         \
                        heap[m] = t;                                                               \
                        sift_##ID(x, heap, m, 0, least);                                           \
                }                                                                                  \
        }
