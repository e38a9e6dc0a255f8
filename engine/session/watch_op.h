// SPDX-License-Identifier: Apache-2.0
/* DebugOp: the ops that look at watched values, as clients write them:
 * "DebugNumericSummary(lower_bound=-1.5;mute_if_healthy=true)". */
#pragma once
#include "engine/base/arena.h"
#include "engine/graph/node.h"
#include "engine/session/def_build.h"

typedef struct DebugOpAttr {
        const char *key, *value;
} DebugOpAttr;

typedef struct DebugOp {
        const char *name;
        const DebugOpAttr *attrs;
        int n_attrs;
} DebugOp;

/* Texts are copied into the arena. INVALID_ARGUMENT when malformed. */
Status *debug_op_parse(const char *text, Arena *a, DebugOp *ret) MUST_USE;
/* Its attribute gated_grpc. */
Status *debug_op_gated(const DebugOp *op, bool *ret) MUST_USE;
/* Is there such an op for debuggers, with a kernel for the type? FAILED_PRECONDITION otherwise. */
Status *debug_op_check(const DebugOp *op, DType type, const char *tensor) MUST_USE;
/* Puts its attributes into the node, as the op's types read them. */
Status *debug_op_attrs(const DebugOp *op, Arena *a, NodeDef *n) MUST_USE;
