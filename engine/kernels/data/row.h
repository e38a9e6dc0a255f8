// SPDX-License-Identifier: Apache-2.0
/* Row: one element of a dataset, a tensor for each component. */
#pragma once
#include "engine/ops/op.h"

typedef struct Row {
        int n;
        Tensor *t[]; /* owned; NULL only while the row is being made */
} Row;

/* n places, all NULL. */
Status *row_new(int n, Row **ret) MUST_USE;
/* New references to n tensors. */
Status *row_of(Tensor *const *t, int n, Row **ret) MUST_USE;
/* Two rows in one, of new references; either may be NULL. */
Status *row_join(const Row *a, const Row *b, Row **ret) MUST_USE;
/* Slice i along the first dimension of every component, which all of them have. */
Status *row_slice(const Row *r, int64_t i, Row **ret) MUST_USE;
void row_free(Row *r);
AUTOPTR_DEFINE(Row, row_free)
/* A row of one tensor, which is taken over, also on failure. */
Status *row_single(Tensor *t, Row **ret) MUST_USE;

/* Rows in the order in which they came; either end is cheap. */
typedef struct Rows {
        Row **row; /* n of them from `first` on */
        int64_t first, n, cap;
} Rows;

Status *rows_add(Rows *rows, Row *r) MUST_USE; /* takes r over, also on failure */
Row *rows_pop(Rows *rows);                     /* the first; NULL when there is none */
static inline Row *rows_at(const Rows *rows, int64_t i)
{
        return rows->row[rows->first + i];
}
void rows_clear(Rows *rows);
#define autorows __attribute__((cleanup(rows_clear))) Rows

/* All rows as one, each component packed along a new first dimension. INVALID_ARGUMENT when their
 * shapes differ. n >= 1. */
Status *rows_batch(const Rows *rows, Row **ret) MUST_USE;

/* What is buried is freed one by one, by the outermost call: so a long chain of datasets (or
 * iterators, or optionals) that hold each other needs no deep stack. */
typedef struct Grave {
        struct Grave *next;
        void (*fn)(struct Grave *);
} Grave;
void bury(Grave *g, void (*fn)(Grave *));
