// SPDX-License-Identifier: Apache-2.0
/* One sparse matrix, or a batch of them, by compressed rows, as the value of a variant element.
 * Only the functions here make one, so that what it holds fits together. */
#pragma once
#include "engine/kernels/linalg/square.h"

typedef struct Csr {
        Resource base;
        int rank; /* 2: one matrix, 3: a batch */
        int64_t batch, rows, cols;
        Tensor *starts; /* int32 [batch * rows + 1]: where the entries of each row start */
        Tensor *at;     /* int32: their columns, rising in each row */
        Tensor *values;
} Csr;

void csr_unref(Csr *m); /* NULL is fine */
AUTOPTR_DEFINE(Csr, csr_unref)

/* A matrix of n entries, to be filled by csr_entry(), one after the other in order, and
 * csr_close(). rank must be 2 or 3. INVALID_ARGUMENT for sizes that int32 does not count. */
Status *csr_new(DType type, int rank, const int64_t *dims, int64_t n, Csr **ret) MUST_USE;
/* Entry i is in that row of the batch's rows. */
void csr_entry(Csr *m, int64_t i, int64_t row, int64_t col);
void csr_close(Csr *m);
/* Input i, borrowed. INVALID_ARGUMENT when it is none, or of another type (unless INVALID); name:
 * what the message calls it, NULL where TensorFlow speaks of a CSRSparseMatrix. */
Status *csr_in(const OpCtx *c, int i, DType type, const char *name, const Csr **ret) MUST_USE;
/* Input 0, which must have the type of the dense b. */
Status *csr_in_beside(const OpCtx *c, const Tensor *b, const Csr **ret) MUST_USE;
/* Makes it output 0, a scalar; takes the reference. */
void csr_out(OpCtx *c, Csr **m);
/* Each matrix turned over, conjugate if asked for. */
Status *csr_transpose(const Csr *m, bool conjugate, Csr **ret) MUST_USE;

/* The entries of that row of the batch's rows: [*from, *to). */
static inline void csr_row(const Csr *m, int64_t row, int64_t *from, int64_t *to)
{
        const int32_t *starts = tensor_data(m->starts);
        *from = starts[row];
        *to = starts[row + 1];
}
static inline int64_t csr_col(const Csr *m, int64_t i)
{
        return ((const int32_t *)tensor_data(m->at))[i];
}
