// SPDX-License-Identifier: Apache-2.0
/* Frames and iterations of a step: where pending counts and inputs live (control flow of
 * TensorFlow 1.x).
 *
 * An Iteration is one block: per node a pending count and a count of dead inputs, per input a slot.
 * The graph itself is frame 0 with one iteration; a loop's frame keeps at most
 * `parallel_iterations` of them alive. */
#pragma once
#include "engine/exec/plan.h"

typedef struct Step Step;
typedef struct Frame Frame;
typedef struct Iteration Iteration;

struct Iteration {
        Frame *frame;
        int64_t number;
        uint32_t outstanding; /* ready or running nodes, and child frames */
        uint32_t *pending;    /* per node: what has not arrived */
        uint32_t *dead;       /* per node: dead inputs */
        Tensor **slots;       /* per input: owned until its node runs */
        Frame *children;      /* frames that were entered from here */
        Iteration *next;      /* in the frame's list, by rising number without gaps */
};

/* A value that waits for a later iteration. */
typedef struct Deferred {
        const PlanNode *from;
        Tensor *value;
        struct Deferred *next;
} Deferred;

struct Frame {
        const PlanFrame *plan;
        uint32_t index;
        Frame *parent, *sibling;
        Iteration *parent_iter;
        struct Line *line; /* while it runs as a straight line, else NULL */
        bool straight;     /* may it? Then one iteration comes after the other */
        uint32_t enters_left;
        int64_t newest;              /* number of the newest iteration */
        int alive;                   /* iterations in the list */
        Iteration *first, *last;     /* alive, oldest first */
        Deferred *invariants;        /* values of constant Enters, for every new iteration */
        Deferred *deferred;          /* NextIterations beyond `parallel` */
        const PlanNode **dead_exits; /* room for the plan's n_exits */
        uint32_t n_dead_exits;
};

/* The first iteration of frame 0. */
Status *frame_root(Step *s, Frame **ret) MUST_USE;
/* The child frame that node (an Enter) leads to from it, made on first use. */
Status *frame_enter(Step *s, Iteration *it, const PlanNode *enter, Frame **ret) MUST_USE;
/* Starts the next iteration: loop invariants and deferred values go into it. */
Status *frame_advance(Step *s, Frame *f) MUST_USE;
/* Keeps what `from` gives for a later iteration. Takes value, also when it fails. */
Status *frame_defer(Deferred **list, const PlanNode *from, Tensor *value) MUST_USE;
/* Drops a list of kept values. */
void frame_forget(Deferred **list);
/* To be called when an iteration's outstanding count fell to 0: ends iterations and frames that are
 * through. */
Status *frame_cleanup(Step *s, Frame *f) MUST_USE;
/* Frees a frame with all iterations, slots and children. */
void frame_free(Step *s, Frame *f);
