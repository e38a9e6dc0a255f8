// SPDX-License-Identifier: Apache-2.0
/* Sparse tensors, as ops take them: indices [n, rank], values [n] and the dense shape [rank]. An
 * entry's key is its place in the dense tensor; keys order entries as TensorFlow does. */
#pragma once
#include "engine/ops/op.h"

typedef struct Sparse {
        int64_t n, rank;
        const int64_t *at, *dims; /* n rows of rank; rank sizes */
        const Tensor *values;
        int64_t count; /* elements of the dense tensor; fits */
} Sparse;

/* What dense types a kernel adds, and all that it can move. */
#define SPARSE_NUMBERS(attr)                                                                  \
        attr ":type in [float,double,int32,uint8,int16,int8,complex64,int64,bfloat16,uint16," \
             "complex128,half,uint32,uint64]"
#define SPARSE_REALS                                                                        \
        "T:type in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32," \
        "uint64]"
#define SPARSE_ANY(attr)                                                                  \
        attr ":type in [float,double,int32,uint8,int16,int8,string,complex64,int64,bool," \
             "qint8,quint8,qint32,bfloat16,qint16,quint16,uint16,complex128,half,uint32,uint64]"

/* The same as signature text: all numbers, and all that can be ordered. */
#define T_NUMBER                                                                              \
        "T:type in [float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32," \
        "bfloat16,uint16,complex128,half,uint32,uint64]"
#define T_REAL SPARSE_REALS

/* Inputs i, values and shape (two indices) fit together as far as their shapes tell. */
Status *sparse_want(const ShapeCtx *c, int indices, int values, int shape) MUST_USE;
/* Reads a sparse tensor whose shapes sparse_want() saw: sizes are not negative and multiply, each
 * index is inside. values may be -1. */
Status *sparse_read(const OpCtx *c, int indices, int values, int shape, Sparse *ret) MUST_USE;
/* The error of entry i, whose index is `row`, in TensorFlow's words; it is never NULL. */
typedef enum SparseFault { SPARSE_OUTSIDE, SPARSE_UNORDERED, SPARSE_REPEATED } SparseFault;
Status *sparse_bad_index(SparseFault fault, int64_t i, const int64_t *row, const int64_t *dims,
                         int64_t rank) MUST_USE;
/* The product of n sizes: INVALID_ARGUMENT when one is negative or 63 bits do not hold it. */
Status *sparse_count(const int64_t *dims, int64_t n, int64_t *ret) MUST_USE;
/* Entry i's key. */
int64_t sparse_key(const Sparse *s, int64_t i);
/* All keys, in scratch. INVALID_ARGUMENT when they do not rise ("out of order", "repeated") and
 * that is asked for. */
Status *sparse_keys(OpCtx *c, const Sparse *s, bool rising, int64_t **ret) MUST_USE;
/* Writes the index row that a key stands for. */
void sparse_row(const int64_t *dims, int64_t rank, int64_t key, int64_t *ret_row);
/* Sorts n numbers 0..n-1 by their keys, equal ones staying in order; order and spare are n long. */
void sparse_sort(const int64_t *keys, int64_t n, int64_t *order, int64_t *spare);
/* The order of entries by key, in scratch. */
Status *sparse_order(OpCtx *c, const int64_t *keys, int64_t n, int64_t **ret) MUST_USE;
/* Outputs `first` and the next two: n entries of the rank; out pointers borrowed. dims are copied
 * unless NULL (then there is no such output). */
Status *sparse_alloc(OpCtx *c, int first, int64_t n, int64_t rank, const int64_t *dims,
                     int64_t **ret_at, Tensor **ret_values) MUST_USE;
/* A dense shape from sizes: UNIMPLEMENTED beyond the rank that tensors have. */
Status *sparse_dense_shape(const int64_t *dims, int64_t rank, Shape *ret) MUST_USE;
