// SPDX-License-Identifier: Apache-2.0
/* Graphs that somebody could have made: one that works, changed in a few places. Such graphs get
 * past the first checks, to where nodes meet: folding, merging, fusing, loops, functions. */
#pragma once
#include "engine/graph/source.h"

typedef struct Mutator {
        uint64_t state; /* the whole randomness */
        Arena *arena;   /* the graph's; takes what is made */
        GraphDef *def;
        NodeDef **nodes; /* of the graph, or of the function that is being changed */
        size_t n;
} Mutator;

/* A number from [0, n); n > 0. */
int mutator_pick(Mutator *m, int n);
/* Changes the graph, or one of its functions, at one place; does nothing when the place does not
 * suit. */
void mutate(Mutator *m);
