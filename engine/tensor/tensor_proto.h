// SPDX-License-Identifier: Apache-2.0
/* TensorProto and TensorShapeProto, to and from what we compute with: constants in graphs,
 * checkpoints, and tensors on the wire. Everything read is hostile. */
#pragma once
#include "engine/base/arena.h"
#include "engine/tensor/tensor.h"
#include "tensorflow/core/framework/tensor.pb-c.h"

/* A shape, partial or of unknown rank; NULL is a scalar. INVALID_ARGUMENT for sizes below -1 and
 * for an unknown rank with sizes, UNIMPLEMENTED for more than SHAPE_MAX_RANK dimensions. */
Status *shape_from_proto(const Tensorflow__TensorShapeProto *p, Shape *ret) MUST_USE;
/* The shape as a message in the arena. */
Status *shape_to_proto(const Shape *s, Arena *arena, Tensorflow__TensorShapeProto **ret) MUST_USE;

/* Whoever owns the bytes of a TensorProto may lend them: the tensor then calls release(owner) when
 * it is done with them. *borrowed says whether it will. */
typedef struct ProtoLender {
        void (*release)(void *owner);
        void *owner;
        bool borrowed;
} ProtoLender;

/* The bytes that the tensor of a message will take, without making it. */
Status *tensor_proto_size(const Tensorflow__TensorProto *p, size_t *ret_bytes) MUST_USE;
/* The tensor of a message: from tensor_content, or from the list of its type, whose last value
 * stands for all that are missing (zeros when it is empty). Large and aligned content is borrowed
 * when there is a lender (lender may be NULL), everything else is copied. INVALID_ARGUMENT "Cannot
 * parse tensor from proto: ..." for a bad type, shape or length; UNIMPLEMENTED for resources and
 * variants. */
Status *tensor_from_proto(const Tensorflow__TensorProto *p, ProtoLender *lender,
                          Tensor **ret) MUST_USE;
/* The container and type of a session tensor's handle in a message. */
#define TENSOR_HANDLE "TensorHandle"
/* The tensor as a message in the arena, which borrows the tensor's bytes: tensor_content,
 * string_val, or resource_handle_val. UNIMPLEMENTED for variants and for resources that are no
 * handles of session tensors. */
Status *tensor_to_proto(const Tensor *t, Arena *arena, Tensorflow__TensorProto **ret) MUST_USE;
