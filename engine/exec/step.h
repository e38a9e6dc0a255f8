// SPDX-License-Identifier: Apache-2.0
/* Step: one run of a plan.
 *
 * A step has at most one driver at a time: the thread that counts down inputs, keeps the ready list
 * and runs cheap kernels, all without a lock or an atomic counter. Whatever ends elsewhere (an
 * asynchronous op, a costly kernel on a pool thread, a feed of a partial run) is put into the
 * step's inbox; if nobody drives at that moment, the one who brought it becomes the driver. So no
 * thread ever waits for a step, and a step that waits holds no thread. */
#pragma once
#include "engine/base/cancel.h"
#include "engine/exec/plan.h"
#include "engine/exec/pool.h"
#include "engine/ops/env.h"

typedef struct Step Step;

/* Called once, when everything has ended. On success every fetch has its value: values are borrowed
 * for the call. Takes s over. */
typedef void (*StepDone)(void *arg, Status *s, Tensor *const *values);
/* Partial runs: fetch i has its value (borrowed), or is dead (NULL). Called by the driver. */
typedef void (*StepFetched)(void *arg, uint32_t fetch, Tensor *value);

typedef struct StepSpec {
        Plan *plan;
        OpEnv env; /* copied; cancel is the step's own token (a reference is taken), step resources
                      are made here */
        Tensor *const *feeds; /* one per feed of the plan; a NULL comes later by step_feed() */
        bool partial; /* goes on until step_release() or an error; the caller gets a reference to
                         the step */
        int64_t since_ns;    /* when the step that calls this one began; 0: none calls it */
        int64_t started_ns;  /* when it began; 0: when it is started */
        int64_t *ended_ns;   /* gets the time when all is well, before done; may be NULL */
        StepFetched fetched; /* may be NULL */
        StepDone done;
        void (*after)(
                void *arg); /* may be NULL; the last call: the step's memory has been given
                               back (a partial run's, as far as the owner's reference allows) */
        void *arg;
} StepSpec;

/* Makes a step; nothing runs yet. Of a partial run *ret is a reference that the caller gives back
 * by step_unref(); any other step belongs to itself once started. */
Status *step_new(const StepSpec *spec, Step **ret) MUST_USE;
void step_unref(Step *s);
/* Starts it: on this thread while it is quick, else on the pool. `done` may run before this
 * returns. */
void step_start(Step *s);

/* When the step, or the outermost one that called it, began. */
int64_t step_since(const Step *s);

/* For the owner of a partial run, any time: */

/* Brings a feed that was NULL. A new reference is taken. RESOURCE_EXHAUSTED without memory. */
Status *step_feed(Step *s, uint32_t feed, Tensor *value) MUST_USE;
/* Lets the step end when nothing is left to do. */
void step_release(Step *s);
