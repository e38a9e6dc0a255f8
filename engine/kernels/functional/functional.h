// SPDX-License-Identifier: Apache-2.0
/* What ops that call functions share. */
#pragma once
#include "engine/ops/op.h"

/* Ends the node with what f makes of the inputs from `first` on. */
void call_and_finish(OpCtx *c, const Function *f, int first);
/* TensorFlow's truth of a condition: a scalar is compared with zero (a string with ""), anything
 * else is true when it has elements. INVALID_ARGUMENT "half cannot be converted to a boolean" for
 * scalars of types that TensorFlow does not compare. */
Status *condition_holds(const Tensor *t, bool *ret) MUST_USE;
/* The node's attribute of type func, made ready. */
Status *functional_attr(PrepareCtx *p, const char *attr, const Function **ret) MUST_USE;
