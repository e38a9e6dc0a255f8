// SPDX-License-Identifier: Apache-2.0
/* Partitions: a plan as TensorFlow would have handed it to its executors: a graph per device, with
 * _Arg and _Retval where values come in and go out and _Send and _Recv where they cross. */
#pragma once
#include "engine/exec/plan.h"

typedef struct PlanView {
        const Plan *plan;
        const TensorId *feeds, *fetches; /* as many as the plan has */
        uint64_t incarnation;            /* the session's */
} PlanView;

/* A number that tells a session's devices from those of all others. */
static inline uint64_t device_incarnation(uint64_t session, int device)
{
        return ((session + 2 * (uint64_t)device) & INT64_MAX) | 1;
}

/* The graphs of the devices that are used (the first one if none is), in the arena. */
Status *partition_plan(const PlanView *v, Arena *arena, GraphDef ***ret, size_t *ret_n) MUST_USE;
/* All nodes in one graph, each with its device, as they are before TensorFlow partitions them. */
Status *partition_whole(const PlanView *v, Arena *arena, GraphDef **ret) MUST_USE;
