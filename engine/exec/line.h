// SPDX-License-Identifier: Apache-2.0
/* A simple loop as a straight line: its nodes in an order that the plan fixes, its values in
 * registers. There are no pending counts, no dead values and no ready list, and nothing is handed
 * over.
 *
 * Simple is a loop whose Switches all look at one condition, with no other loop, branch or
 * asynchronous op in its body, no references to variables, and nobody who fetches what is within.
 * Its first iteration runs as every loop's does: only when that has ended, with a value for each
 * loop variable, does the line take over, and it gives the loop back between two iterations when
 * there is work for other threads in it. */
#pragma once
#include "engine/exec/frame.h"

enum { LINE_NONE = UINT32_MAX };

typedef struct LineNode {
        const PlanNode *pn;
        const uint32_t *in;  /* per input: its register; of one that is constant: anything */
        const uint32_t *out; /* per output: its register, or LINE_NONE: nobody takes it */
        uint64_t takes;      /* bit i: nobody needs input i's register afterwards */
        bool recurs;         /* needs what it made an iteration before: cannot run beside itself */
} LineNode;

/* What a NextIteration hands on. */
typedef struct LineVar {
        const PlanNode *next;
        uint32_t from, to;
        bool takes; /* nobody else needs `from` */
} LineVar;

/* An Exit or a constant Enter, and its value. */
typedef struct LineEnd {
        const PlanNode *pn;
        uint32_t at;
} LineEnd;

/* A Const within the loop. */
typedef struct LineConst {
        Tensor *value;
        uint32_t at;
} LineConst;

typedef struct PlanLine {
        LineNode *nodes; /* the first n_tests run before the condition is looked at */
        LineVar *vars;
        LineEnd *exits, *enters;
        LineConst *consts;
        uint32_t n_nodes, n_tests, n_vars, n_exits, n_enters, n_consts, n_registers, n_shapes;
        uint32_t test;        /* register of the condition */
        const PlanNode *by;   /* a Switch: who complains of it */
        const char **made_by; /* per register: a node's name */
} PlanLine;

/* A line under way; its values. */
typedef struct Line Line;

/* Takes over when f's only iteration has ended and each loop variable has its next value among the
 * deferred ones. Else, or without memory, f is no line from now on. */
void line_begin(Step *s, Frame *f);
/* Runs the line of that iteration's frame for a while. What is left is ready again. */
void line_run(Step *s, Iteration *it);
void line_free(Line *l);
/* The register's value, or NULL. */
Tensor *const *line_value(const Line *l, uint32_t at);
