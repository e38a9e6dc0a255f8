// SPDX-License-Identifier: Apache-2.0
/* What the makers of shared resources behind handles have in common: queues, barriers, readers,
 * accumulators, tables. */
#pragma once
#include "engine/ops/op.h"

/* A node's lists of component types and shapes, in the arena. */
typedef struct Components {
        int n;
        DType *dtypes;
        int n_shapes;
        Shape *shapes; /* NULL when there are none */
} Components;

/* Reads component_types and shapes, with room for one more component in front when `front` is 1. */
Status *components_read(PrepareCtx *c, int front, Components *ret) MUST_USE;
/* An int attribute that TensorFlow keeps in 32 bits; INVALID_ARGUMENT when it does not fit. */
Status *attr_int32(const Node *n, const char *name, int64_t *ret) MUST_USE;
/* Output 0 becomes the handle of r, of either version. */
Status *handle_output(OpCtx *c, Resource *r) MUST_USE;
/* Handles of the first version are vectors [container, name], those of the second scalars. */
Status *handle_shape(ShapeCtx *c) MUST_USE;
/* An op that takes a handle and gives a scalar. */
Status *handle_in_scalar_out(ShapeCtx *c) MUST_USE;
/* Do the node's inputs behind the handle, and its outputs, have these types? INVALID_ARGUMENT
 * "Signature mismatch, have: resource, float-> expected: resource, int32->" if not. */
Status *match_signature(const OpCtx *c, const DType *in, int n_in, const DType *out,
                        int n_out) MUST_USE;
/* prepare of ops whose timeout_ms must be -1. */
Status *no_timeout(PrepareCtx *c) MUST_USE;
