// SPDX-License-Identifier: Apache-2.0
/* Words for tests of tf.data: datasets as graph text, elements as text. */
#pragma once
#include "tests/engine/session_fixture.h"
#include "tests/lib/folder.h"

/* A session with the functions of tests/data/datasets.pbtxt and these nodes: int64 scalars c0 ..
 * c10 and cm1 (-1), yes, no, none (an empty string), r3 and r5 (RangeDataset of so many), r0. */
void data_setup(void);

#define INT64S     "output_types: [int64], output_shapes: [?]"
#define TWO_INT64S "output_types: [int64, int64], output_shapes: [?, ?]"

/* The same with a folder that ops may use, and the end of both. */
void data_files_setup(void);
void data_files_teardown(void);

/* Adds nodes, draws all elements of `d`, of components of these types, and compares as a DataCase
 * says. */
void data_expect(const char *text, const char *types, const char *want);

typedef struct DataCase {
        const char *name;
        const char *text;  /* nodes; `d` is the dataset */
        const char *types; /* of its components; NULL: "int64" */
        const char *want;  /* elements with a blank between them: "0 1 [2 3]", components joined by
                              a slash; what follows a "!" is part of the error that comes then */
} DataCase;

/* Draws elements until the end (or an error) and compares. */
void data_case_run(const DataCase *rows, int i);
#define DATA_CASES(suite, rows) TEST_ROWS(suite, rows, data_case_run)

/* Makes iterator `it` over dataset `d` of components of these types, and nodes `init` and `next`.
 */
void grow_iterator(const char *types);
/* Draws from `next` until an error, as DataCase.want says. For mem_free(). At most max elements. */
char *draw_all(const char *next, int components, int max);
