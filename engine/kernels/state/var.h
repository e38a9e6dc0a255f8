// SPDX-License-Identifier: Apache-2.0
/* Variables as ops see them: behind a ref edge or a resource handle, with TensorFlow's errors. */
#pragma once
#include "engine/ops/op.h"
#include "engine/state/variable.h"

/* The variable at input i, borrowed for the call. */
Status *var_of(const OpCtx *c, int i, Variable **ret) MUST_USE;
/* A new reference to the value of the resource variable at input i. INVALID_ARGUMENT when it is not
 * of that dtype (DT_INVALID: any), FAILED_PRECONDITION "Error while reading resource variable ..."
 * while uninitialized. */
Status *var_read(const OpCtx *c, int i, DType dtype, Tensor **ret) MUST_USE;
/* Changes the variable at input i in place through fn. While uninitialized: NOT_FOUND for a
 * resource, FAILED_PRECONDITION for a ref. */
Status *var_update(const OpCtx *c, int i, DType dtype, Status *(*fn)(void *arg, Tensor *value),
                   void *arg) MUST_USE;
/* NOT_FOUND "Container C does not exist. (Could not find resource: C/N)" or "Resource C/N/T does
 * not exist.". */
Status *var_missing(const OpCtx *c, const Variable *v) MUST_USE;
/* Makes the variable that a node declares: ResourceMake for ctx_own_resource(). */
Status *var_make(const OpCtx *c, const char *name, Resource **ret) MUST_USE;
