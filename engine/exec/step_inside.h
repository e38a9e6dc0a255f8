// SPDX-License-Identifier: Apache-2.0
/* The inside of a Step, shared by the files of the executor only. Everything but `inbox`,
 * `released` and `refs` belongs to the driver. */
#pragma once
#include "engine/exec/frame.h"
#include "engine/exec/run.h"
#include "engine/exec/step.h"

typedef struct Ready {
        Iteration *it;
        const PlanNode *pn; /* NULL: the frame's line */
        bool dead;
        uint32_t ready_us; /* of a traced step: when, counted from the step's start */
} Ready;

/* What came from another thread: a node that is done, or a feed. */
typedef struct Message {
        struct Message *next;
        NodeRun *run;  /* done node, or NULL */
        uint32_t feed; /* else: which feed */
        Tensor *value;
} Message;

struct Step {
        Plan *plan;
        OpEnv env;
        StepSpec spec;
        Frame *root;
        Ready *ready;
        uint32_t n_ready, cap_ready;
        uint32_t in_flight; /* nodes that run elsewhere, the one aside included */
        NodeRun *aside;     /* a costly one: for the pool, unless nothing else is to be done here */
        uint32_t aside_for; /* so many nodes more */
        uint32_t ran;       /* nodes since the driver looked at its deadline */
        bool aborted;
        Status *status;           /* the first error */
        Tensor **fetched;         /* per fetch */
        uint32_t n_fetches;       /* the last reference may outlive the plan */
        _Atomic(Message *) inbox; /* newest first, or who drives: see drive() */
        CancelHook hook;          /* partial runs: wakes the step when it is cancelled */
        bool hooked;
        atomic_bool released; /* partial runs: nothing more will be fed */
        atomic_int refs;      /* the run's, and a partial run's owner's */
        Task task;            /* to be driven by the pool */
        int64_t started_ns;
        uint32_t now_us; /* traced: what Ready.ready_us is to be; else 0 */
        size_t bytes;
};

/* Adds to the ready list; on failure the step is aborted. */
void step_ready(Step *s, Iteration *it, const PlanNode *pn, bool dead);
/* An error: the first one stays, everything that waits is cancelled. Takes st. */
void step_abort(Step *s, Status *st);

/* Aborts the step if it has been cancelled. */
void step_look_for_cancel(Step *s);

/* propagate.c: hands the outputs of a node on. Takes over every tensor in out. */
void propagate(Step *s, Iteration *it, const PlanNode *pn, Tensor **out);
void propagate_dead(Step *s, Iteration *it, const PlanNode *pn);
/* Hands one value to everybody who waits for that output, in the iteration given. Takes over t;
 * NULL is a dead value. */
void step_send(Step *s, Iteration *it, const PlanOut *out, Tensor *t, bool dead_enter);
void send_control(Step *s, Iteration *it, const PlanNode *pn, bool dead);
/* flow.c: runs Switch, Merge, Enter, Exit, NextIteration. */
void flow_run(Step *s, Iteration *it, const PlanNode *pn, bool dead);
/* Which output of a Switch that input chooses; its error is the node's. */
Status *flow_choice(const PlanNode *pn, const Tensor *by, int *ret) MUST_USE;
/* The node is through: counts it off its iteration. */
void step_node_ended(Step *s, Iteration *it);

/* A run that outlives the driver's stack: its block starts with the message that will bring it
 * back. */
typedef struct FarRun {
        Message message;
        NodeRun run;
} FarRun;

/* Brings something to the step from any thread; takes the message over. */
void step_post(Step *s, Message *m);
/* An error of that node: TensorFlow's suffix, then step_abort(). r is its run, if it came to one.
 * Takes st. */
void step_blame(Step *s, const PlanNode *pn, const NodeRun *r, Status *st);
/* The suffix for RESOURCE_EXHAUSTED. Takes st and returns it. */
Status *oom_blame(const Step *s, const PlanNode *pn, const NodeRun *r, Status *st);
/* node_run.c: runs a ready node, or sends it away to come back by step_post(). */
void node_run(Step *s, Ready r);
/* Outputs, kernel and checks of a run whose inputs are there. */
Status *node_result(NodeRun *r) MUST_USE;
/* Is it worth a thread of its own? */
bool node_is_costly(const NodeRun *r);
/* What is to become of a run that lies aside: the pool has it, it was run here, or it is not run at
 * all. The last two leave it to be received as one that came back. */
void node_submit(NodeRun *r);
void node_compute(NodeRun *r);
void node_give_up(NodeRun *r);
/* Notes a run that is done in the step's trace; what becomes ready by it does so now. */
void node_trace(const NodeRun *r);
