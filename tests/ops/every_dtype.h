// SPDX-License-Identifier: Apache-2.0
/* Tests of ops that only move values: they do so with every dtype that there is.
 *
 * A row is a graph (graph_builder.h) in which $T is the dtype and $F a file's name; "x" is a vector
 * of two elements, "s" a scalar of it, and the node "y" must give back one of them. Functions for
 * it are in the library: same(a) gives a back, never(a) is false, indexed(i, a) is a. */
#pragma once
#include "tests/lib/folder.h"
#include "tests/lib/op_case.h"

typedef enum Kinds {
        ALL,     /* resources and variants, too */
        HELD,    /* variants, too: what variables and lists hold */
        PLAIN,   /* what checkpoints and tables hold */
        OLD,     /* what checkpoints of version 1 hold */
        NUMBERS, /* no strings, no truth values */
        ORDERED, /* real numbers */
        FIELDS,  /* what matrices are factored over: reals and complex numbers */
        PIXELS,  /* what images are made of */
        REAL,    /* floats, halves among them */
} Kinds;

typedef struct Row {
        const char *name, *graph;
        char gives; /* what y is: 'x', 's', or 0: whatever it is */
        Kinds kinds;
} Row;

/* Lines that rows begin with. */
#define ZERO     "zero = Const int32 [] { 0 }\none = Const int32 [] { 1 }\n"
#define INDICES  ZERO "both = Const int32 [2] { 0, 1 }\nlengths = Const int64 [2] { 1, 1 }\n"
#define SHAPES   INDICES "any = Const int32 [] { -1 }\nnone = Const int32 [0] { }\n"
#define FLOW     INDICES "two = Const int32 [] { 2 }\nflow = Const float [] { 0 }\n"
#define FILENAME "file = Const string [] { \"$F\" }\nwhole = Const string [1] { \"\" }\n"

/* Runs row i with each dtype that it takes; ends the test with its name when one fails. */
void every_dtype_run(const Row *rows, int i);
#define EVERY_DTYPE(rows)                                                   \
        TEST_ROWS(every_dtype, rows, every_dtype_run, .init = folder_setup, \
                  .fini = folder_teardown, .timeout = 60)
