// SPDX-License-Identifier: Apache-2.0
/* FunctionBody: a function of a graph's library as a graph of its own, ready to be compiled like
 * any other: its arguments are placeholders to be fed, its results tensors to be fetched.
 *
 * A function's nodes name their inputs by argument ("x", "xs:1") or by node, output argument and
 * place in it ("split:output:2"), and leave attributes open that the call fills in ("$T"). */
#pragma once
#include "engine/graph/graph.h"

typedef struct FunctionBody {
        Graph *graph; /* owned; sees the library of the graph that it came from */
        int n_args, n_results, n_targets;
        const Node **args;    /* a Placeholder each, lists spread out */
        Edge *results;        /* lists spread out */
        const Node **targets; /* nodes that must run whatever is fetched: control results and, where
                                 a function names none, its stateful nodes */
} FunctionBody;

/* The body of the function that the call names, for the attributes that it gives; the function's
 * defaults serve for those left out. Nothing is borrowed from the call. NOT_FOUND "Function F is
 * not defined.", INVALID_ARGUMENT for open attributes, unknown inputs, and whatever graph_extend()
 * refuses. */
Status *function_body_new(const Graph *g, const NameAttrList *call, FunctionBody **ret) MUST_USE;
/* The same for a registered op, as if a function were made of it alone. */
Status *function_body_of_op(const Graph *g, const NameAttrList *call, FunctionBody **ret) MUST_USE;
/* The same for a node whose op is a function. */
Status *function_body_of(const Graph *g, const Node *n, FunctionBody **ret) MUST_USE;
void function_body_free(FunctionBody *b);
AUTOPTR_DEFINE(FunctionBody, function_body_free)
