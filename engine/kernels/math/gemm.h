// SPDX-License-Identifier: Apache-2.0
/* Matrix products of one pair of row-major matrices. */
#pragma once
#include "engine/kernels/math/types.h"

typedef struct Gemm {
        DType dtype;
        int64_t m, n, k;       /* out is m x n, k is summed over */
        bool trans_a, trans_b; /* a is stored k x m, b is stored n x k */
        bool conj_a, conj_b;   /* complex: conjugate, too (only with trans) */
        const void *a, *b;
        void *out;
        const struct NarrowMatrix *narrow; /* b as bfloat16, by narrow_prepare(); NULL: none */
} Gemm;

/* out = a b. On several threads when it is much work. RESOURCE_EXHAUSTED without scratch memory. */
Status *gemm_run(OpCtx *c, const Gemm *g) MUST_USE;
/* OpDef.prepare of products of input 0 by input 1, whose state becomes Gemm.narrow: keeps a
 * constant b as bfloat16 where that was asked for. State NULL: b is as it is. */
Status *narrow_prepare(PrepareCtx *p) MUST_USE;
/* Can it be computed so, and is that faster? */
bool narrow_usable(const Gemm *g);
/* out = a b, narrow_usable(). Sums are of floats. */
Status *narrow_run(OpCtx *c, const Gemm *g) MUST_USE;
/* As gemm_run() on this thread only; float and double and complex need no scratch and cannot fail.
 */
Status *gemm_here(OpCtx *c, const Gemm *g) MUST_USE;
