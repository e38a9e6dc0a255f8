// SPDX-License-Identifier: Apache-2.0
/* Cost: RunMetadata.cost_graph, what the nodes of a signature's partitions took: in its longest
 * step, and at their largest, of all that were measured (TensorFlow's CostModel). */
#pragma once
#include "engine/exec/plan.h"
#include "tensorflow/core/protobuf/config.pb-c.h"

typedef struct Session Session;
typedef struct Compiled Compiled;
typedef Tensorflow__CostGraphDef CostGraphDef;

/* Counts an execution of the signature. Is it one of those that build_cost_model and
 * build_cost_model_after choose? */
Status *cost_wanted(Session *s, const Compiled *c, bool *ret) MUST_USE;
void cost_done(Session *s);

/* What a step's partitions are, and what was measured. */
typedef struct CostSource {
        const Plan *plan;
        GraphDef *const *parts;
        size_t n_parts;
        const Tensorflow__StepStats *stats;
} CostSource;

/* The signature's graph as it is after this step, in the arena. The session remembers it. */
Status *cost_update(Session *s, const Compiled *c, const CostSource *from, Arena *arena,
                    CostGraphDef **ret) MUST_USE;
/* cost_graph.c: the graph of a step; what it did not measure, or had larger, is as in before (NULL:
 * nothing is known). */
Status *cost_graph(const CostSource *from, const CostGraphDef *before, Arena *arena,
                   CostGraphDef **ret) MUST_USE;
