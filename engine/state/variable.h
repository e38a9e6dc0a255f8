// SPDX-License-Identifier: Apache-2.0
/* Variable: a tensor that outlives steps, behind both VariableV2 (ref edges) and VarHandleOp
 * (resource handles).
 *
 * Readers take a counted snapshot. Writers replace the tensor, or change its bytes in place when no
 * snapshot is out; so a fetched value never changes afterwards. */
#pragma once
#include "engine/tensor/resource_ref.h"
#include "engine/tensor/tensor.h"
#include <pthread.h>

extern const ResourceKind variable_kind;

typedef struct Variable {
        Resource base;
        pthread_mutex_t lock; /* guards: value */
        atomic_bool made;     /* a handle alone makes none: its first value does */
        DType dtype;
        Shape shape;                  /* as declared; may be partial */
        Tensor *value;                /* NULL: uninitialized */
        const char *name, *container; /* for messages and listings; owned */
} Variable;

/* Has no value yet, and is not `made`. */
Status *variable_new(DType dtype, const Shape *shape, const char *name, const char *container,
                     Resource **ret) MUST_USE;
static inline Variable *variable_of(Resource *r)
{
        return CONTAINER_OF(r, Variable, base);
}
/* A new reference to the value, or NULL while uninitialized. */
Tensor *variable_read(Variable *v);
bool variable_initialized(Variable *v);
/* Replaces the value (a new reference is taken; NULL makes it uninitialized). */
void variable_assign(Variable *v, Tensor *value);
/* The same, but only while the value is still the one that was read. */
bool variable_replace(Variable *v, const Tensor *read, Tensor *value) MUST_USE;
/* Calls fn(arg, value) under the lock with a value that only the variable holds (copied first if a
 * snapshot is out), to be changed in place. The uninitialized case is the caller's: returns fn's
 * status or FAILED_PRECONDITION. */
Status *variable_update(Variable *v, Status *(*fn)(void *arg, Tensor *value), void *arg) MUST_USE;
