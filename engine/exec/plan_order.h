// SPDX-License-Identifier: Apache-2.0
/* A plan's nodes in an order in which they could run, by frame, and who gives what each takes: for
 * passes over a plan whose edges are there. */
#pragma once
#include "engine/exec/plan.h"

enum { ORDER_END = UINT32_MAX };

/* Who gives what an input takes. */
typedef struct PlanSource {
        const PlanNode *pn; /* NULL: nobody, or a feed */
        uint32_t output;
} PlanSource;

/* Lists of indexes in Plan.nodes, each ended by ORDER_END. */
typedef struct PlanOrder {
        Plan *plan;
        PlanSource **sources; /* per frame and slot */
        uint32_t *members;    /* per frame: its first node, */
        uint32_t *next;       /* per node: and the one behind it, in order */
        uint32_t *enters;     /* per frame: the first Enter into it, */
        uint32_t *next_enter; /* per node: and the others */
        uint32_t *order;      /* all, each after what it waits for; */
        uint32_t n_order;     /* without those that wait for each other, as where a loop is
                                 entered by what left it */
        uint32_t *left;       /* at work: per node, what it still waits for */
        uint32_t *late;       /* at work: per frame, Enters that have not come */
} PlanOrder;

/* Finds all that; it lives as long as scratch. */
Status *plan_order(Plan *p, Arena *scratch, PlanOrder *ret) MUST_USE;

/* Calls fn for each node that waits for pn: for an output of it, or (output -1) for its end. */
typedef void PlanWaiting(void *arg, const PlanNode *pn, int output, const PlanNode *waits,
                         uint32_t slot);
void plan_for_waiting(const Plan *p, const PlanNode *pn, PlanWaiting *fn, void *arg);

static inline uint32_t plan_index(const Plan *p, const PlanNode *pn)
{
        return (uint32_t)(pn - p->nodes);
}
/* From one iteration to the next. */
static inline bool plan_is_back_edge(const PlanNode *pn, const PlanNode *to)
{
        return pn->flow == FLOW_NEXT && to->flow == FLOW_MERGE;
}

/* TRY(ARENA_ROW(arena, row, n)): a row of at least n elements, all 0. */
#define ARENA_ROW(arena, row, n) \
        (((row) = arena_calloc((arena), (size_t)(n) + 1, sizeof *(row))) ? NULL : status_oom())
