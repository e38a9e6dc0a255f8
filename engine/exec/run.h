// SPDX-License-Identifier: Apache-2.0
/* NodeRun: one node while it runs: the OpCtx that its kernel sees and what the executor needs
 * around it. */
#pragma once
#include "engine/base/mem.h"
#include "engine/exec/plan.h"
#include "engine/exec/pool.h"
#include "engine/ops/env.h"
#include "engine/ops/signature.h"

typedef struct Step Step;
typedef struct Iteration Iteration;

typedef struct Scratch { /* head of a ctx_scratch() block; the kernel's bytes follow, 64-byte
                            aligned */
        struct Scratch *next;
        size_t bytes;
} Scratch;

/* Shapes that a node's outputs had and will have again when its inputs have theirs. */
typedef struct RunShapes {
        Shape *in, *out;
        bool known; /* are there any? */
        bool never; /* they depend on values, too */
} RunShapes;

enum { RUN_INLINE = 8, RUN_SHAPES = 2 };

typedef struct NodeRun {
        OpCtx ctx;
        Step *step; /* NULL while folding constants */
        Iteration *iter;
        const PlanNode *pn;
        Scratch *scratch;
        uint64_t owned; /* bit i: input i < 64 is ours to release; later ones are if `own_rest` */
        bool own_rest;
        bool cut; /* the step was cancelled and the kernel's work not done; set from any thread */
        Status *status;                      /* of an asynchronous node that is done */
        struct NodeRun *next;                /* in the step's inbox */
        int64_t started_ns, op_ns, ended_ns; /* set when the step is traced */
        uint32_t thread;                     /* the kernel's; the same */
        uint32_t ready_us;                   /* Ready's; the same */
        Task task;
        size_t bytes;             /* of this block when it is on the heap; 0 on the stack */
        RunShapes *memory;        /* of earlier runs of the node; NULL: none */
        Tensor **in, **out;       /* the arrays behind ctx.in and ctx.out */
        Shape shapes[RUN_SHAPES]; /* of a late_shape op's outputs, when they are few */
        Tensor *small[RUN_INLINE];
        Tensor **big; /* instead of small when n_in + n_out is large; a block */
} NodeRun;

/* The number of the CPU that it runs on. */
static inline int16_t run_device(const NodeRun *r)
{
        return r->pn->device >= 0 ? r->pn->device : r->ctx.env->device;
}

/* Sets up a run with empty arrays; RESOURCE_EXHAUSTED without memory. */
Status *run_init(NodeRun *r, const PlanNode *pn, const OpEnv *env) MUST_USE;
/* Sets up a run of node n, of that kernel state, within the compute of c: its device, step and
 * iteration. pn and mode (room for n's inputs, one at least) live as long as the run. */
Status *run_within(NodeRun *r, PlanNode *pn, uint8_t *mode, const Node *n, void *state,
                   const OpCtx *c) MUST_USE;
/* Outputs, kernel and checks of a run within c; what cut it short has cut c short. */
Status *run_member(NodeRun *r, OpCtx *c) MUST_USE;
/* Works out shapes, allocates outputs (or takes over an input's bytes). */
Status *run_outputs(NodeRun *r) MUST_USE;
/* Checks after compute: every output there and of the declared type (INTERNAL otherwise). */
Status *run_check(NodeRun *r) MUST_USE;
/* Releases inputs, scratch and what is left in the outputs. */
void run_done(NodeRun *r);
/* TensorFlow's suffix "\n\t [[{{node NAME}}]]" and the node's name and op. Takes s and returns it.
 */
Status *run_blame(const PlanNode *pn, Status *s);
