// SPDX-License-Identifier: Apache-2.0
/* Graph: the nodes and functions that a session has been given, checked, bound to their ops, shapes
 * inferred.
 *
 * Memory comes in blocks, one per create or extend: the GraphDef's arena, which also holds the
 * Nodes made from it. Constants borrow their bytes from it. Blocks are counted, so that a clone of
 * a graph (one stored graph serves many sessions; the first extend of a shared one copies) costs a
 * pointer per node. Nodes never move and never change. Not thread-safe while being extended: the
 * session brings the lock. */
#pragma once
#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "engine/graph/node.h"
#include "engine/graph/source.h"

/* What GraphDef.versions is checked against and a fresh graph is stamped with. */
enum { GRAPH_VERSION = 134, GRAPH_MIN_CONSUMER = 0, GRAPH_MIN_PRODUCER = 0 };

Status *graph_new(Graph **ret) MUST_USE;
Graph *graph_ref(Graph *g);
void graph_unref(Graph *g);
AUTOPTR_DEFINE(Graph, graph_unref)
/* True when the caller holds the only reference, so that it may extend in place. */
bool graph_sole_owner(const Graph *g);
/* Another graph with the same nodes and functions, sharing their memory. No attachment. */
Status *graph_clone(const Graph *g, Graph **ret) MUST_USE;

/* Adds the source's nodes and functions: all or nothing (functions included). Takes over the
 * source's memory on success (the source is left empty). All of TensorFlow's checks, with its
 * texts: see design notes in import.c. *ret_first is the id of the first new node. With
 * validate_only everything is checked and nothing changed. */
Status *graph_extend(Graph *g, GraphSource *src, bool validate_only, int *ret_first) MUST_USE;
/* The same for nodes that the system adds, whose names may hold what clients' may not. */
Status *graph_extend_inner(Graph *g, GraphSource *src, int *ret_first) MUST_USE;

int graph_count(const Graph *g);
const Node *graph_node(const Graph *g, int id);
const Node *graph_find(const Graph *g, const char *name); /* NULL when there is none */
const Node *graph_findn(const Graph *g, const char *name, size_t len);
const FunctionDef *graph_function(const Graph *g, const char *name); /* NULL when there is none */
int graph_version(const Graph *g); /* number of extends that added something, the first being 1 */
/* producer version of the GraphDefs; 0 while empty */
int graph_producer(const Graph *g);
/* Nearest node names, for hints; borrowed; returns how many. */
int graph_nearest(const Graph *g, const char *name, const char **ret, int max);

/* The graph as one GraphDef, shallow: it borrows from the graph and lives in the arena given.
 * with_shapes adds _output_shapes. */
Status *graph_to_def(const Graph *g, Arena *arena, bool with_shapes, GraphDef **ret) MUST_USE;

/* One object that rides along (the executor's plan cache) and is freed with the graph. */
void graph_attach(Graph *g, void *object, void (*free_fn)(void *));
void *graph_attachment(const Graph *g);

/* "name:k", "name" (k = 0, *has_index false) or "^name"; false when malformed. name is not copied:
 * *len says how long it is. */
bool tensor_name_parse(const char *s, size_t *len, int *index, bool *has_index);
