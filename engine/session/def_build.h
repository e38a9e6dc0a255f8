// SPDX-License-Identifier: Apache-2.0
/* NodeDefs that the session makes itself, member by member: what partitions show and debuggers
 * insert. All in the arena given; texts are borrowed. Errors: no memory, also for a NULL text. */
#pragma once
#include "engine/base/arena.h"
#include "engine/graph/node.h"

enum { DEF_MAX_ATTRS = 16 }; /* of a node that is made here */

/* A node with room for attributes and one input, which may be NULL. */
Status *def_node(Arena *a, const char *op, char *name, const char *input, NodeDef **ret) MUST_USE;
/* One more attribute of that kind, to be filled in. */
Status *def_put(Arena *a, NodeDef *n, const char *key, Tensorflow__AttrValue__ValueCase kind,
                AttrValue **ret) MUST_USE;
Status *def_put_type(Arena *a, NodeDef *n, const char *key, DType t) MUST_USE;
Status *def_put_int(Arena *a, NodeDef *n, const char *key, int64_t i) MUST_USE;
Status *def_put_text(Arena *a, NodeDef *n, const char *key, char *text) MUST_USE;
Status *def_put_texts(Arena *a, NodeDef *n, const char *key, char *const *texts,
                      size_t n_texts) MUST_USE;
