// SPDX-License-Identifier: Apache-2.0
/* Watch: RunOptions.debug_options, TensorFlow's debugger (tfdbg): values of a step that are told
 * while it runs. A watched signature is compiled from a graph of its own: the session's with the
 * debugger's nodes added, by whose names and rules TensorFlow adds them. */
#pragma once
#include "engine/base/buf.h"
#include "engine/exec/plan.h"
#include "tensorflow/core/protobuf/config.pb-c.h"

typedef struct Session Session;
typedef struct Compiled Compiled;
typedef struct RunRequest RunRequest;
typedef Tensorflow__RunOptions RunOptions;

/* Is anything to be watched? o may be NULL. */
bool watches_wanted(const RunOptions *o);
/* UNIMPLEMENTED for URLs that lead to a server. */
Status *watches_check(const RunOptions *o) MUST_USE;
/* What tells signatures apart that watch something else. */
void watches_key(const RunOptions *o, Buf *key);

/* The debugger's nodes. */
typedef struct Watches {
        Graph *graph; /* the session's with them, one reference; NULL: nothing can be watched */
        PlanWatch *list;
        int n;
        uint32_t first_added;
        Arena *arena; /* of the list */
} Watches;

/* Makes them. What names no output of the graph is left out, as TensorFlow does.
 * FAILED_PRECONDITION "Failed to create debug node ...", unless the watch tolerates that. */
Status *watches_make(const Graph *g, const RunOptions *o, Watches *ret) MUST_USE;
void watches_done(Watches *w);

/* Run number `run` begins: its names and numbers, and the partitions of a signature that runs for
 * the first time, go to the folders that the watches name. */
Status *watches_publish(Session *s, const RunRequest *r, Compiled *c, int64_t run) MUST_USE;
