// SPDX-License-Identifier: Apache-2.0
/* Accumulator: gradients of many workers, summed until enough have come for who takes their mean.
 * Gradients of an earlier step than the accumulator's are dropped. Dense ones are tensors, sparse
 * ones rows by rising index. */
#pragma once
#include "engine/base/cancel.h"
#include "engine/tensor/resource_ref.h"
#include "engine/tensor/tensor.h"

typedef struct Accumulator Accumulator;

typedef struct AccumulatorSpec {
        const char *name, *container; /* copied */
        DType dtype;                  /* half, bfloat16, float or double */
        Shape shape;                  /* may be partial */
        bool sparse, mean;            /* mean: the sum is divided */
} AccumulatorSpec;

extern const ResourceKind accumulator_kind;

Status *accumulator_new(const AccumulatorSpec *spec, Resource **ret) MUST_USE;
Accumulator *accumulator_of(Resource *r);
DType accumulator_dtype(const Accumulator *a);
/* INVALID_ARGUMENT unless the accumulator is of that kind. */
Status *accumulator_is(const Accumulator *a, bool sparse) MUST_USE;

typedef struct Gradient {
        int64_t step;          /* of which it is; one of an old step is dropped unseen */
        const Tensor *values;  /* of the accumulator's type */
        const Tensor *indices; /* sparse: int64, one for each row; else NULL */
        const Tensor *shape;   /* sparse: int64, what the client says the shape is; may be NULL */
} Gradient;

/* Adds a gradient. INVALID_ARGUMENT "Shape mismatch: ...". */
Status *accumulator_apply(Accumulator *a, const Gradient *g) MUST_USE;
/* out: the gradient; sparse: indices, values, shape. What the callee does not steal is released. */
typedef void (*AccumulatorDone)(void *arg, Status *s, Tensor **out, int n);
/* Waits for n gradients, takes what there is and moves on to the next step. */
void accumulator_take(Accumulator *a, int64_t n, Cancel *cancel, AccumulatorDone done, void *arg);
int64_t accumulator_count(Accumulator *a);
void accumulator_set_step(Accumulator *a, int64_t step);
