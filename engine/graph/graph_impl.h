// SPDX-License-Identifier: Apache-2.0
/* The inside of a graph and of one import, for the files of engine/graph only. */
#pragma once
#include "engine/base/buf.h"
#include "engine/graph/graph.h"
#include "engine/ops/signature.h"
#include <stdatomic.h>

/* The memory of one extend. Two counters, so that there is no cycle between a block and the
 * constants that borrow from it: when no graph uses the block its nodes drop their values; when no
 * tensor borrows from it either, it goes. */
typedef struct Block {
        atomic_int graphs; /* graphs that hold it */
        atomic_int refs;   /* those that hold it, and tensors that borrow from it */
        Arena *arena;      /* NULL while the import that makes it has not succeeded */
        Node *nodes;
        int n_nodes;
} Block;

Status *block_new(Block **ret) MUST_USE; /* one graph and one reference, the caller's */
void block_leave(Block *b);              /* a graph lets go of it */
void block_unref(void *block);           /* a tensor lets go of it */
AUTOPTR_DEFINE(Block, block_leave)

struct Graph {
        atomic_int refs;
        Block **blocks;
        int n_blocks;
        const Node **nodes; /* by id */
        int n_nodes, cap_nodes;
        Map names;     /* Node by name */
        Map functions; /* Op by function name; the FunctionDef is in the op */
        Map gradients; /* GradientDef by function name */
        int version, producer, min_consumer;
        int32_t *bad_consumers;
        int n_bad;
        void *attachment;
        void (*free_attachment)(void *);
};

/* One extend under way: what is new, before it is known to be good. */
typedef struct Import {
        Graph *graph;
        Arena *arena;
        GraphDef *def;
        Block *block;
        Node *nodes; /* one per NodeDef, in their order */
        int n_nodes;
        Map names, functions, gradients; /* new ones, as in Graph */
        int producer;
        int *order; /* nodes so that inputs come first (loops' back edges aside) */
        int n_order;
        bool inner;      /* the system's own nodes: see graph_extend_inner() */
        size_t repeated; /* bytes of constants that came as one value for many elements */
} Import;

/* The stages, in order; each leaves the graph as it is. */
Status *import_functions(Import *im) MUST_USE; /* functions.c */
Status *import_names(Import *im) MUST_USE;     /* names.c: ops, names, versions */
Status *import_inputs(Import *im) MUST_USE;    /* inputs.c: input names become edges */
Status *import_order(Import *im) MUST_USE;     /* order.c */
Status *import_check(Import *im) MUST_USE;     /* check.c: attributes, types, edges */
Status *import_values(Import *im) MUST_USE;    /* values.c: constants */

Status *import_shapes(Import *im) MUST_USE; /* infer.c */

/* INVALID_ARGUMENT when the value is not as the op declares the attribute. */
Status *attr_check(const AttrDef *d, const AttrValue *v) MUST_USE; /* attr_check.c */
/* How many tensors an argument stands for, by the node's attributes or their defaults. */
int64_t arg_count(const Op *op, const NodeDef *def, const ArgDef *a); /* check.c */
/* The type of the k-th of them; attributes must have been checked. */
DType arg_type(const Op *op, const NodeDef *def, const ArgDef *a, int64_t k);
/* A function of that op alone, for a call with those attributes; it borrows from all three. */
Status *function_of_op(const Op *op, const NodeDef *call, Arena *arena,
                       FunctionDef **ret) MUST_USE; /* function_of_op.c */
/* A graph without nodes that has g's library, and shares the memory of it. */
Status *graph_new_like(const Graph *g, Graph **ret) MUST_USE; /* graph.c */
/* The op that a node names: registered, or a function of the graph or of the import. */
const Op *import_op(const Import *im, const char *name);
/* NOT_FOUND "Op type not registered ...", with the nearest names as hints. */
Status *unknown_op(const char *name) MUST_USE;
Status *check_versions(const Tensorflow__VersionDef *v) MUST_USE; /* versions.c */
/* True for NextIteration -> Merge: the only edges that may close a cycle. */
bool edge_is_back(const Node *from, const Node *to);

/* The value of an attribute in a NodeDef; the last one counts. NULL when absent. */
const AttrValue *def_attr(const NodeDef *def, const char *name);

/* ---- TensorFlow's descriptions, for messages ---- */
/* "Op<name=Add; signature=x:T, y:T -> z:T; attr=T:type,allowed=[DT_FLOAT]>" */
void op_describe(const Op *op, Buf *ret);
/* "DT_FLOAT", "[1, 2]", "\"SAME\"" */
void attr_value_describe(const AttrValue *v, Buf *ret);
/* "float, double" or "\"SAME\", \"VALID\"": the values that an attribute allows. */
void attr_describe_allowed(const AttrDef *d, Buf *ret);
