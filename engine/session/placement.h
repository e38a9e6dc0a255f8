// SPDX-License-Identifier: Apache-2.0
/* Placement: the device of every node (TensorFlow's Placer; semantics.md section 16). The whole
 * graph is placed when it has grown and a run or somebody who looks needs it, or, with
 * place_pruned_graph, for each run what the run needs. Stateful nodes stay where they were placed
 * first. */
#pragma once
#include "engine/base/arena.h"
#include "engine/graph/graph.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct Session Session;
typedef struct TensorId TensorId;

/* A session's; under its lock. */
typedef struct Placement {
        int16_t *device; /* by node id: number of the CPU, or -1; NULL: everything is on CPU:0 */
        int n;           /* nodes that are placed; with place_pruned_graph, entries of device */
        int64_t made, logged; /* how often it changed, and which of these went to the log */
} Placement;

/* Places the whole graph unless it is placed, or sessions place what runs need. INVALID_ARGUMENT
 * when a node fits no device. Under the session's lock. */
Status *placement_whole(Session *s) MUST_USE;

/* For PlanRequest.place: the session is arg's. */
typedef struct PlacePruned {
        Session *session;
        const TensorId *fetches;
        int n_fetches;
} PlacePruned;
Status *placement_of_plan(void *arg, const Graph *g, const Node *const *nodes, uint32_t n,
                          Arena *scratch, const int16_t **ret) MUST_USE;
/* The same for functions: nodes that ask for a device, or are colocated with one that does, run
 * there, the others where the caller does. arg is the session; key tells apart those whose bodies
 * may be placed otherwise. */
Status *placement_of_body(void *arg, const Graph *g, const Node *const *nodes, uint32_t n,
                          Arena *scratch, const int16_t **ret) MUST_USE;
uint64_t placement_key(const Session *s);
/* With log_device_placement: writes what is new to the log. Not under the lock. */
void placement_log(Session *s);
void placement_log_mapping(const Session *s);
void placement_done(Placement *p);
