// SPDX-License-Identifier: Apache-2.0
/* TensorList: a value (a variant) that is a list of tensors. Lists never change once anybody else
 * can see them: an op that changes one copies it first, unless it is the list's only holder. */
#pragma once
#include "engine/kernels/data_flow/nesting.h"
#include "engine/kernels/data_flow/variant_tensor.h"

/* Elements of a list: a bound on what one number from a client can make us take. */
enum { TENSOR_LIST_MAX = 1 << 22 };

typedef struct TensorList {
        Resource base;
        DType dtype;
        Shape element;  /* what is known of all elements */
        int64_t max;    /* most elements; -1: no limit */
        int depth;      /* 1, or more with lists in it */
        int64_t n, cap; /* items: n are there, cap have room */
        Tensor **items; /* owned references; NULL: not set, reads as zeros */
} TensorList;

/* The list at input i, borrowed. INVALID_ARGUMENT when it is none or of another dtype (DT_INVALID:
 * any). */
Status *tensor_list_of(const OpCtx *c, int i, DType dtype, const TensorList **ret) MUST_USE;
/* A new list of n unset elements. *ret: one reference, to be handed to tensor_list_put(). */
Status *tensor_list_new(DType dtype, const Shape *element, int64_t n, TensorList **ret) MUST_USE;
/* Makes the list output 0 (of an op whose output was allocated); takes the reference over. */
void tensor_list_put(OpCtx *c, TensorList *list);
/* The list of input 0 as output 0, to be changed: itself where the op took the handle over
 * (.inplace = 1) and nobody else holds the list, else a copy. *ret is borrowed. */
Status *tensor_list_change(OpCtx *c, DType dtype, TensorList **ret) MUST_USE;
/* Sets the number of elements; new ones are not set. RESOURCE_EXHAUSTED beyond TENSOR_LIST_MAX. */
Status *tensor_list_resize(TensorList *l, int64_t n) MUST_USE;
/* Sets element i (in range) to a new reference of t. INVALID_ARGUMENT when lists nest too deep. */
Status *tensor_list_set(TensorList *l, int64_t i, Tensor *t) MUST_USE;
/* Input i read as an element shape: the scalar -1, or a vector with -1 where open. */
Status *tensor_list_shape_input(const OpCtx *c, int i, Shape *ret) MUST_USE;
/* What the list and the element shape at input i say together. */
Status *tensor_list_asked(const OpCtx *c, int i, const TensorList *l, Shape *ret) MUST_USE;
/* The list in an element of a variant tensor, borrowed; NULL: it is none. */
const TensorList *tensor_list_at(const Tensor *t, int64_t i);
/* Another list with the same elements and room for n of them; the rest is not set. *ret: one
 * reference. */
Status *tensor_list_copy(const TensorList *from, int64_t n, TensorList **ret) MUST_USE;
/* Zeros of the list's type. *ret: new reference. */
Status *tensor_list_zeros(const TensorList *l, const Shape *s, Tensor **ret) MUST_USE;
