// SPDX-License-Identifier: Apache-2.0
/* Products of float matrices on the calling thread: the one place that chooses the library. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* c = a b + beta c. Row-major; lines of a, b and c are lda, ldb and ldc apart. */
typedef struct Sgemm {
        int64_t m, n, k;       /* c is m x n, k is summed over; all below 2^31 */
        bool trans_a, trans_b; /* a is stored k x m, b is stored n x k */
        const float *a, *b;
        int64_t lda, ldb, ldc;
        float *c;
        float beta;          /* 0: what is in c, NaN included, does not count; else 1 */
        const float *packed; /* b once more, by sgemm_pack(); NULL: there is only b */
} Sgemm;

/* Computes it. Sizes may be 0. */
void sgemm_run(const Sgemm *g);
