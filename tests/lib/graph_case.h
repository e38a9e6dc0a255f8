// SPDX-License-Identifier: Apache-2.0
/* Rows that test ops whose edges show only in a graph: what flows through queues, arrays, lists,
 * branches. A row is a graph (graph_builder.h) and what one step of it gives, or an error. */
#pragma once
#include "tests/lib/op_case.h"

enum { GRAPH_CASE_OUT = 4 };

typedef struct GraphCase {
        const char *name;  /* the sentence that a failing run prints */
        const char *graph; /* functions for it, of floats: same(x) and indexed(i, x) give x back,
                              half(x) is x as a half, never(x) is false, fails(x) ends with
                              "assertion failed: [no]" */
        const char *run;   /* "y:0 y:1 z": fetches; what has no number is only run */
        Lit out[GRAPH_CASE_OUT]; /* of the fetches; none: whatever comes */
        StatusCode fails;
        const char *message; /* part of the error's message */
        const char *op;      /* whose error it is; needed only where the graph is refused */
} GraphCase;

/* Runs row i, in a fresh session, and again with each allocation of the step failing once. Ends the
 * test with the row's sentence when it does not hold. */
void graph_case_run(const GraphCase *rows, int i);
#define GRAPH_CASES(suite, rows) TEST_ROWS_BY(suite, rows, graph_case_run, ROWS_TOGETHER)
