// SPDX-License-Identifier: Apache-2.0
/* The gradient of a function as a function body: what SymbolicGradient runs. Its arguments are the
 * function's own, then a gradient for each of its results; it gives a gradient for each argument
 * (zeros where the results do not depend on it).
 *
 * What an op's gradient is, is written in gradient_rules.c. */
#pragma once
#include "engine/graph/function_body.h"

/* A function whose library names a gradient of it has that one. The call may name an op instead.
 * NOT_FOUND "No gradient defined for op: X" for ops on the way that have none, INVALID_ARGUMENT "No
 * gradient is defined for X" when nothing flows back through the op that the call names. */
Status *gradient_body_new(const Graph *g, const NameAttrList *call, FunctionBody **ret) MUST_USE;

/* The rule for the op of that name, with its variant ("+a") or without; NULL when there is none, ""
 * when nothing flows back. */
const char *gradient_rule(const char *op, const char *variant);
