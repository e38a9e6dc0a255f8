// SPDX-License-Identifier: Apache-2.0
/* TensorArray: a step's array of tensors, each written once (gradients add up) and usually read
 * once. Handles hold it directly; those of the second version name it. */
#pragma once
#include "engine/kernels/data_flow/nesting.h"
#include <pthread.h>

/* Elements of an array: a bound on what one number from a client can make us take. */
enum { TENSOR_ARRAY_MAX = 1 << 22 };

typedef struct Entry {
        Tensor *value; /* NULL: nothing, or zeros of that shape */
        Shape shape;   /* once written */
        bool written, read, cleared;
} Entry;

/* What a kernel has made of elements [from, from + count) before they were read, and with what. */
typedef struct Ahead {
        const void *key; /* whose it is */
        Tensor *with, *rows;
        int64_t from, count;
        struct Ahead *next;
} Ahead;

typedef struct TensorArray TensorArray;
struct TensorArray {
        Resource base;
        pthread_mutex_t lock; /* guards: all below */
        char *name;           /* for messages; owned */
        DType dtype;
        Shape element; /* what is known of all elements */
        bool dynamic_size, clear_after_read, identical, aggregate, closed;
        Entry *entries;
        int64_t size, cap;  /* entries: size are there, cap have room */
        int64_t marked;     /* elements that Unpack or Split set; -1: neither has */
        char *source;       /* of a gradient array: which gradient it is */
        TensorArray *next;  /* next gradient of the same forward array */
        TensorArray *grads; /* owned references */
        Ahead *ahead;       /* one for each key; owned, with their tensors */
};

/* An array of size elements, unwritten. *ret: one reference. RESOURCE_EXHAUSTED for more than
 * TENSOR_ARRAY_MAX. */
Status *tensor_array_new(const char *name, DType dtype, const Shape *element, int64_t size,
                         TensorArray **ret) MUST_USE;
/* The array that input 0 names, borrowed for the call unless *ret_held says otherwise: then that
 * reference must be dropped. INVALID_ARGUMENT when it is closed. */
Status *tensor_array_of(OpCtx *c, TensorArray **ret, Resource **ret_held) MUST_USE;
/* INVALID_ARGUMENT when an op that reads, or one that writes, is of another dtype. */
Status *tensor_array_gives(const TensorArray *t, DType dtype) MUST_USE;
Status *tensor_array_takes(const TensorArray *t, DType dtype) MUST_USE;
/* The array of gradients of the op's source; made on first use. prepend: dims in front of each
 * element's shape. *ret: borrowed from the forward array. INVALID_ARGUMENT for gradients of
 * gradients. */
Status *tensor_array_grad(const OpCtx *c, TensorArray *t, const Shape *prepend,
                          TensorArray **ret) MUST_USE;
/* Each call locks the array. write takes a reference of its own; read returns a new reference. */
Status *tensor_array_write(TensorArray *t, int64_t index, Tensor *value) MUST_USE;
Status *tensor_array_read(TensorArray *t, int64_t index, Tensor **ret) MUST_USE;
/* A new reference to an element that was written and can still be read, without reading it; else
 * NULL. */
Tensor *tensor_array_peek(TensorArray *t, int64_t index);
/* The key's rows, a new reference, if they cover the index and were made with that tensor; else
 * NULL.
 */
Tensor *tensor_array_ahead(TensorArray *t, const void *key, const Tensor *with, int64_t index,
                           int64_t *ret_from);
/* Keeps rows for the key instead of those before; takes references of its own. */
Status *tensor_array_keep(TensorArray *t, const Ahead *a) MUST_USE;
/* Drops all of them; with the lock held, or by the last owner. */
void tensor_array_drop_ahead(TensorArray *t);
int64_t tensor_array_size(TensorArray *t);
/* What the size will be with n elements written: a dynamic array grows. */
int64_t tensor_array_room(TensorArray *t, int64_t n);
/* Notes how many elements Unpack or Split set; how many Pack and Concat take. */
void tensor_array_mark(TensorArray *t, int64_t n);
int64_t tensor_array_marked(TensorArray *t);
/* Learns more about the elements' shape; INVALID_ARGUMENT when it contradicts. */
Status *tensor_array_refine(TensorArray *t, const Shape *element) MUST_USE;
void tensor_array_close(TensorArray *t);
/* Makes a handle for output 0: version 2 finds the array by name, the others hold it.
 * The strings of version 1 are what its reference reads as. */
Status *tensor_array_handle(OpCtx *c, TensorArray *t) MUST_USE;
