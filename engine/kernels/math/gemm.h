// SPDX-License-Identifier: Apache-2.0
/* Matrix products of one pair of row-major matrices. */
#pragma once
#include "engine/kernels/math/types.h"

typedef struct KeptMatrix KeptMatrix;

typedef struct Gemm {
        DType dtype;
        int64_t m, n, k;       /* out is m x n, k is summed over */
        bool trans_a, trans_b; /* a is stored k x m, b is stored n x k */
        bool conj_a, conj_b;   /* complex: conjugate, too (only with trans) */
        const void *a, *b;
        void *out;
        KeptMatrix *kept;    /* b once more, by kept_prepare(); NULL: there is only b */
        const float *packed; /* b for Sgemm.packed: gemm_run() finds it */
} Gemm;

/* out = a b. On several threads when it is much work. RESOURCE_EXHAUSTED without scratch memory. */
Status *gemm_run(OpCtx *c, const Gemm *g) MUST_USE;
/* OpDef.prepare of products of input 0 by input 1, whose state becomes Gemm.kept: a constant b is
 * kept in the layout that kernels want, as bfloat16 where that was asked for. State NULL: b is only
 * as it is. */
Status *kept_prepare(PrepareCtx *p) MUST_USE;
/* The same for lines [first, ...) of a constant in a state of the caller's own; NULL: it is none
 * that could be kept, or p wants none. Lives as long as p's arena and holds a reference. */
Status *kept_new(const PrepareCtx *p, Tensor *b, bool trans, int64_t first,
                 KeptMatrix **ret) MUST_USE;
/* Its lines for Sgemm.packed, in a product of so many rows by b; NULL: m is NULL or of something
 * other than b, not yet, or it does not pay. */
const float *kept_lines(KeptMatrix *m, int64_t rows, const float *b);
/* b for Sgemm.packed; NULL: not yet, or it does not pay. */
const float *kept_packed(const Gemm *g);
/* Can the product be computed with b as bfloat16, and is that faster? */
bool kept_narrow_usable(const Gemm *g);
/* out = a b, kept_narrow_usable(). Sums are of floats. */
Status *kept_narrow_run(OpCtx *c, const Gemm *g) MUST_USE;
/* As gemm_run() on this thread only; float and double and complex need no scratch and cannot fail.
 */
Status *gemm_here(OpCtx *c, const Gemm *g) MUST_USE;
