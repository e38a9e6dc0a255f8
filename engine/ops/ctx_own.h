// SPDX-License-Identifier: Apache-2.0
/* What a node's attributes say of the resource that it stands for, looked up once instead of in
 * each step: attributes lie far apart in memory, and a network has hundreds of variables. */
#pragma once
#include "engine/ops/op.h"

typedef struct OwnName {
        const char *name; /* lives as long as the graph */
} OwnName;

/* For OpDef.prepare of ops that call ctx_own_resource() with name_is_node: false when the node
 * names a container, or a name that is refused, which each step shall say. */
bool own_name_find(const Node *n, OwnName *ret);
/* As ctx_own_resource() with name_is_node, by what own_name_find() found. */
Status *ctx_own_by_name(OpCtx *c, const ResourceKind *kind, const OwnName *own, ResourceMake make,
                        Resource **ret) MUST_USE;
