// SPDX-License-Identifier: Apache-2.0
/* A gradient under way, for the gradient_*.c of engine/graph only. */
#pragma once
#include "engine/graph/gradient_body.h"
#include "engine/graph/graph_impl.h"
#include "engine/ops/infer_attrs.h"

typedef struct Value {
        const char *name; /* "node:2", NULL for a number */
        DType dtype;
        double number;
} Value;

typedef struct Values {
        Value *v;
        int n;
} Values;

/* A gradient of one output; they add up. */
typedef struct Part {
        Value v;
        struct Part *next;
} Part;

typedef struct Grad {
        const Graph *library;
        FunctionBody *primal;
        Arena *arena;
        GraphDef *def;
        size_t cap;
        int made;
        bool *needed;       /* per node: on the way from an argument to a result */
        const Node **order; /* all nodes, inputs first */
        int n_order;
        Part ***parts;     /* per node and output */
        const char **args; /* nodes that are fed the results' gradients */
        const char **results;
} Grad;

/* Is this a type that gradients are of? Whole numbers have some, too, as in TensorFlow. */
bool grad_flows(DType t);

/* ---- gradient_nodes.c ---- */
/* A node without inputs, named as no other. */
Status *grad_begin(Grad *g, const char *op, NodeDef **ret) MUST_USE;
/* Connects it and adds it to the graph; T, N and the like follow from the inputs. */
Status *grad_emit(Grad *g, NodeDef *d, const Op *op, const Value *in, int n, Values *ret) MUST_USE;
Status *grad_constant(Grad *g, const Tensor *t, Value *ret) MUST_USE;
/* A number becomes a constant of that type. */
Status *grad_settle(Grad *g, Value *v, DType dtype) MUST_USE;
Status *grad_placeholder(Grad *g, DType dtype, const char **ret) MUST_USE;
Status *grad_value_of(Grad *g, const Edge *e, Value *ret) MUST_USE;
/* One more gradient for that output. */
Status *grad_add_part(Grad *g, const Edge *to, Value v) MUST_USE;
/* The sum of what came back for one output; zeros when nothing did. */
Status *grad_of(Grad *g, const Edge *e, Value *ret) MUST_USE;

/* ---- gradient_apply.c ---- */
/* From the gradients of the node's outputs to those of its inputs. */
Status *grad_back_through(Grad *g, const Node *n) MUST_USE;
