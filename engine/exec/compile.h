// SPDX-License-Identifier: Apache-2.0
/* The parts of plan_compile() that have files of their own, and the scratch state they share. */
#pragma once
#include "engine/exec/plan.h"
#include "engine/ops/signature.h"

/* One node of the pruned graph while the plan is being made. */
typedef struct Draft {
        const Node *node;
        uint32_t frame, out_frame; /* where it runs; where its outputs go (Enter, Exit differ) */
        uint32_t waiting;          /* inputs not yet ordered (Kahn) */
        bool merged;               /* another draft stands for it: see plan_merge.c */
        bool live;                 /* it runs in the plan (not folded away) */
        Tensor **constants;        /* outputs that are constant; NULL: none */
        void *state;
        Tensor **in_constant; /* inputs that are constant */
} Draft;

typedef struct Compile {
        const Graph *graph;
        const PlanRequest *request;
        Plan *plan;
        Arena *scratch; /* gone when compilation ends */
        Draft *drafts;  /* in topological order but for loops' back edges */
        uint32_t n;
        uint8_t *fed;          /* by node id: is any of its outputs fed? */
        const int16_t *device; /* by node id; NULL: see PlanRequest.place */
        uint32_t *draft_of;    /* node id -> index of its draft + 1; 0: pruned */
} Compile;

/* plan_connect.c: *node, or a copy of it in the plan whose inputs are those that the request's
 * connections ask for. */
Status *compile_connect(const Compile *c, const Node **node) MUST_USE;
/* plan_strip.c: *node, or what stands for it in a plan without asserts. */
Status *compile_strip(const Compile *c, const Node **node) MUST_USE;
/* plan_watch.c: adds the nodes of a debugger to those found so far, of which there are *n; whoever
 * takes what they look at is replaced by a copy that waits for them. */
Status *compile_watch(Compile *c, const Node **found, uint32_t *n) MUST_USE;
/* Places them. */
Status *compile_watch_devices(Compile *c) MUST_USE;
/* Is it one of those nodes? */
static inline bool compile_added(const Compile *c, const Node *node)
{
        return c->request->n_watches && node->id >= c->request->first_added;
}
/* plan_prune.c: finds what fetches and targets need, in topological order. */
Status *compile_prune(Compile *c) MUST_USE;
/* plan_frames.c: assigns frames; INVALID_ARGUMENT "... has inputs from different frames. ...". */
Status *compile_frames(Compile *c) MUST_USE;
/* plan_merge.c: lets one node stand for all that compute the same. */
Status *compile_merge(Compile *c) MUST_USE;
/* plan_fold.c: kernels' prepare, constants and their folding. */
Status *compile_kernels(Compile *c) MUST_USE;

/* plan_group.c: has a kernel look at constants and known shapes (prepare may be NULL); what it
 * makes is d->state, also when it fails. */
Status *compile_prepare(Compile *c, const Node *n, Status *(*prepare)(PrepareCtx *),
                        Draft *d) MUST_USE;
/* The message that shows a group's node n: like another one's, with the inputs of the group. op:
 * its name, in the arena; NULL: there was no memory for it. */
Status *compile_group_def(Arena *a, const Node *n, char *op, const NodeDef *like,
                          NodeDef **ret) MUST_USE;
/* plan_pattern.c: one node in the place of a group. */
Status *compile_patterns(Compile *c) MUST_USE;
/* plan_fuse.c: one node in the place of several. */
Status *compile_fuse(Compile *c) MUST_USE;

/* plan_line.c: finds the loops that can run as straight lines, once nodes and edges are there. */
Status *compile_lines(Compile *c) MUST_USE;

/* Index of the feed that replaces an output, or -1. */
int compile_feed_of(const Compile *c, const Node *node, int64_t output);
static inline Draft *compile_draft(const Compile *c, const Node *node)
{
        uint32_t i = c->draft_of[node->id];
        return i ? &c->drafts[i - 1] : NULL;
}
/* Must the plan keep the control edge from src? (Not when src is a fed placeholder.) */
bool compile_keeps_control(const Compile *c, const Node *src);
