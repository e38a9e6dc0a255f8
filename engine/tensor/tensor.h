// SPDX-License-Identifier: Apache-2.0
/* Tensor: a typed array with a shape; immutable once anybody else can see it.
 *
 * Header and buffer are counted apart, so that Reshape, Slice and the like share bytes. Buffers are
 * 64-byte aligned when made here, row-major, little-endian. A fresh tensor of plain elements has
 * undefined contents; strings start empty, resources and variants NULL. tensor_fill() gives the
 * bytes for writing and is right only while there is one owner. */
#pragma once
#include "engine/tensor/dtype.h"
#include "engine/tensor/shape.h"
#include <stdatomic.h>

typedef struct Buffer {
        atomic_int refs;
        DType dtype;                  /* what its elements are, for their destruction */
        int64_t count;                /* elements */
        size_t bytes;                 /* count * size */
        void *data;                   /* behind this header, unless release is set */
        void (*release)(void *owner); /* set for borrowed memory */
        void *owner;                  /* of borrowed memory; of strings: their Texts, or NULL */
} Buffer;

typedef struct Tensor {
        atomic_int refs;
        DType dtype;
        int64_t count; /* elements: product of the dims */
        void *data;    /* first element; inside buffer */
        Buffer *buffer;
        Shape shape;         /* complete */
        _Atomic float limit; /* of floats: no element is larger, nor NaN; 0: not known */
} Tensor;

/* A new tensor. RESOURCE_EXHAUSTED (with shape and type, in TensorFlow's words) when there is no
 * memory, INVALID_ARGUMENT for a shape that is not complete or too large. */
Status *tensor_new(DType dtype, const Shape *shape, Tensor **ret) MUST_USE;
/* A tensor over bytes that somebody else owns: release(owner) is called when the last view is gone.
 * The data must be aligned to the element size and hold as many elements as the shape says; plain
 * types only. On error release is not called. */
Status *tensor_borrow(DType dtype, const Shape *shape, void *data, void (*release)(void *),
                      void *owner, Tensor **ret) MUST_USE;
/* The same buffer under another shape of equal count (Reshape). */
Status *tensor_view(Tensor *t, const Shape *shape, Tensor **ret) MUST_USE;
/* The same buffer seen as elements [start, start + count of shape) (Slice along dim 0, Unpack on
 * dim 0). */
Status *tensor_slice(Tensor *t, int64_t start, const Shape *shape, Tensor **ret) MUST_USE;
/* The same bytes as another plain dtype of equal total size (Bitcast). */
Status *tensor_bitcast(Tensor *t, DType dtype, const Shape *shape, Tensor **ret) MUST_USE;
/* A deep copy, one owner. */
Status *tensor_clone(const Tensor *t, Tensor **ret) MUST_USE;

static inline Tensor *tensor_ref(const Tensor *t)
{
        atomic_fetch_add_explicit(&((Tensor *)t)->refs, 1, memory_order_relaxed);
        return (Tensor *)t;
}
void tensor_unref(Tensor *t); /* NULL is fine */
AUTOPTR_DEFINE(Tensor, tensor_unref)

static inline DType tensor_dtype(const Tensor *t)
{
        return t->dtype;
}
static inline const Shape *tensor_shape(const Tensor *t)
{
        return &t->shape;
}
static inline int tensor_rank(const Tensor *t)
{
        return t->shape.rank;
}
static inline int64_t tensor_dim(const Tensor *t, int i)
{
        return t->shape.dim[i];
}
static inline int64_t tensor_count(const Tensor *t)
{
        return t->count;
}
static inline size_t tensor_bytes(const Tensor *t)
{
        return (size_t)t->count * dtype_size(t->dtype);
}
static inline const void *tensor_data(const Tensor *t)
{
        return t->data;
}
/* For writing: only by the one who made it, before anybody else sees it. */
static inline void *tensor_fill(Tensor *t)
{
        return t->data;
}
/* True when the caller, who holds one reference, may overwrite the bytes. */
static inline bool tensor_sole_owner(const Tensor *t)
{
        return atomic_load_explicit(&t->refs, memory_order_acquire) == 1 &&
               atomic_load_explicit(&t->buffer->refs, memory_order_acquire) == 1 &&
               !t->buffer->release;
}

/* What is known of the size of a float tensor's elements: all are finite and within [-limit,
 * limit]. 0: nothing. To be taken back by whoever changes the bytes. */
static inline float tensor_limit(const Tensor *t)
{
        return atomic_load_explicit(&((Tensor *)t)->limit, memory_order_relaxed);
}
static inline void tensor_set_limit(const Tensor *t, float limit)
{
        atomic_store_explicit(&((Tensor *)t)->limit, limit, memory_order_relaxed);
}

/* Element i as a number, for integer, bool and floating types (halves widened; quantized as their
 * integers); 0 beyond the end. */
int64_t tensor_int(const Tensor *t, int64_t i);
double tensor_double(const Tensor *t, int64_t i);
static inline const TString *tensor_strings(const Tensor *t)
{
        return t->data;
}
/* Sets string element i to a copy of n bytes. */
Status *tensor_set_string(Tensor *t, int64_t i, const void *bytes, size_t n) MUST_USE;
/* Sets string element i to memory from mem_alloc() that the tensor takes over. */
void tensor_take_string(Tensor *t, int64_t i, char *bytes, size_t n);
/* Room for the texts of a fresh string tensor in one piece of n bytes, contents undefined, which
 * goes with the tensor: a text of some bytes costs a sixth of one with memory of its own. Once a
 * tensor. */
Status *tensor_text_room(Tensor *t, size_t n, char **ret) MUST_USE;
/* Sets string element i, which is empty, to n bytes of the tensor's room. */
static inline void tensor_put_text(Tensor *t, int64_t i, char *text, size_t n)
{
        ((TString *)t->data)[i] = (TString){ .data = n ? text : NULL, .len = n };
}
/* Copies n elements from src[from] to dst[to]; same dtype; strings are copied, resources are
 * counted. */
Status *tensor_copy_elements(Tensor *dst, int64_t to, const Tensor *src, int64_t from,
                             int64_t n) MUST_USE;
/* A rank-0 tensor of a plain type from its bytes (dtype_size(dtype) of them). */
Status *tensor_scalar(DType dtype, const void *value, Tensor **ret) MUST_USE;
/* A rank-0 string tensor. */
Status *tensor_string(const void *bytes, size_t n, Tensor **ret) MUST_USE;
/* A rank-0 DT_RESOURCE or DT_VARIANT tensor that holds one new reference to r (r may be NULL). */
Status *tensor_resource(DType dtype, Resource *r, Tensor **ret) MUST_USE;
/* The resource of a resource or variant tensor's element, borrowed; may be NULL. */
static inline Resource *tensor_resource_at(const Tensor *t, int64_t i)
{
        return ((Resource *const *)t->data)[i];
}
