// SPDX-License-Identifier: Apache-2.0
/* Plan: what a run signature (feeds, fetches, targets) makes of a graph: pruned, constants folded,
 * kernels prepared, every edge turned into a slot number. Immutable, so any number of steps may run
 * it at once.
 *
 * A plan's nodes live in frames: frame 0 is the graph itself, every loop of TensorFlow 1.x control
 * flow has another. A frame's nodes are numbered (pending counts) and so are their inputs (slots):
 * one iteration of a frame is two flat arrays. */
#pragma once
#include "engine/base/arena.h"
#include "engine/exec/optimizer.h"
#include "engine/graph/graph.h"
#include "engine/ops/op.h"

/* Where an output goes. */
typedef struct PlanEdge {
        uint32_t node; /* index in Plan.nodes, or EDGE_FETCH */
        uint32_t slot; /* input slot in that node's frame; for EDGE_FETCH the fetch's index */
} PlanEdge;
#define EDGE_FETCH UINT32_MAX

/* How an input is taken from its slot. */
typedef enum InputMode {
        INPUT_VALUE,        /* as it is */
        INPUT_DEREF,        /* a ref edge into a value input: the variable's value */
        INPUT_DEREF_UNINIT, /* the same for ops that take uninitialized variables, as empty ones */
        INPUT_REF,          /* a ref edge into a ref input: must be initialized */
        INPUT_REF_UNINIT    /* the same for ops that take uninitialized variables */
} InputMode;

typedef struct PlanOut {
        const PlanEdge *edges;
        uint32_t n;
} PlanOut;

typedef struct PlanNode {
        const Node *node;
        const OpDef *def;
        void *state;          /* what prepare made */
        uint32_t index, slot; /* in its frame: number of the node, first input slot */
        uint32_t pending; /* inputs that must arrive (Merge: 2 per control input, +1 for the first
                             live value) */
        uint32_t frame;   /* whose iterations it runs in */
        uint32_t child;   /* Enter: the frame that its output goes to */
        int n_in, n_out;
        int16_t device;          /* number of its CPU; -1: the step's */
        uint8_t flow;            /* OpFlow: def's, at hand */
        const uint8_t *mode;     /* InputMode per input */
        Tensor *const *constant; /* per input: its value where it never changes, else NULL; the
                                    array may be NULL */
        const Shape *static_in;  /* input shapes for which static_out holds; NULL: unknown */
        const Shape *static_out;
        const PlanOut *out;      /* per output */
        const uint32_t *control; /* nodes that wait for this one */
        uint32_t n_control;
        Tensor *const *values; /* outputs of a constant that must still be sent; else NULL */
        bool pure;        /* touches nothing but its outputs: its work may be given up half-way */
        bool is_constant; /* Enter: value is the same in every iteration */
} PlanNode;

typedef struct PlanFrame {
        const char *name; /* "" for the graph itself */
        uint32_t parent;
        uint32_t n_nodes, n_slots;
        uint32_t n_enters;           /* Enter nodes that lead into it */
        uint32_t n_exits;            /* Exit nodes in it */
        int parallel;                /* parallel_iterations */
        const struct PlanLine *line; /* see line.h; NULL: not a simple loop */
        void *image; /* an iteration's slots, pending counts and deaths at its start */
        size_t image_bytes;
        uint32_t *pending; /* in the image, by node number */
} PlanFrame;

/* A function that nodes of a plan call; the same one may be in the list twice. */
typedef struct FunctionUse {
        const Function *function;
        const struct FunctionUse *next;
} FunctionUse;

/* A node that does not run because another makes the same. */
typedef struct PlanMerged {
        const Node *gone, *stays;
        const struct PlanMerged *next;
} PlanMerged;

typedef struct Plan {
        Arena *arena;
        uint32_t n_nodes, n_frames, n_roots, n_feeds, n_fetches;
        PlanNode *nodes;
        PlanFrame *frames;
        const uint32_t *roots;   /* nodes that wait for nothing */
        const PlanOut *feeds;    /* where each feed goes */
        Tensor **fetch_constant; /* per fetch: its value when it never changes, else NULL */
        int *fetch_of_feed;      /* per fetch: the feed that it names, or -1 */
        const PlanMerged *merged;
        const FunctionUse *functions; /* that its nodes call */
        bool heavy;                   /* worth a pool thread from the first run on */
        _Atomic int64_t run_ns;       /* smoothed duration of a step; 0: never run */
} Plan;

typedef struct TensorId {
        const Node *node;
        int64_t output; /* -1: the operation itself (targets); as wide as node, so that there is no
                           padding */
} TensorId;

/* Says where the nodes that a plan of g needs run: CPU numbers by node id (-1: where the step is),
 * or NULL for the first one everywhere. What it gives lives as long as scratch. */
typedef Status *(*PlanPlace)(void *arg, const Graph *g, const Node *const *nodes, uint32_t n,
                             Arena *scratch, const int16_t **ret);

/* What takes one tensor takes another instead. */
typedef struct PlanConnection {
        TensorId from, to;
} PlanConnection;

/* An output that a debugger looks at, by nodes that are not the client's: copy takes it, debug take
 * the copy. No two of one output. */
typedef struct PlanWatch {
        TensorId tensor;
        const Node *copy;
        const Node *const *debug;
        int n_debug;
} PlanWatch;

typedef struct PlanRequest {
        const TensorId *feeds, *fetches, *targets;
        int n_feeds, n_fetches, n_targets;
        const PlanConnection *connections; /* without cycles; no "to" is fed */
        int n_connections;
        const PlanWatch *watches;
        int n_watches;
        uint32_t first_added; /* with watches: the graph's nodes from this id on are not placed, but
                                 run where what they look at does */
        OptimizerOptions optimizer;
        PlanPlace place; /* NULL: all nodes are where the step that runs them is */
        void *place_arg;
        struct FunctionScope *functions; /* what nodes may call; NULL: nothing */
} PlanRequest;

/* Compiles; the graph must outlive the plan and must not be extended meanwhile. Errors: no kernel
 * for a node's types, a kernel refuses its attributes, inputs from different frames. */
Status *plan_compile(const Graph *g, const PlanRequest *r, Plan **ret) MUST_USE;
void plan_free(Plan *p);
AUTOPTR_DEFINE(Plan, plan_free)
