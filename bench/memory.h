// SPDX-License-Identifier: Apache-2.0
/* What a step holds at its peak, against the least that its plan needs. */
#pragma once
#include "bench/stepper.h"

/* All in bytes. */
typedef struct StepMemory {
        double needed;  /* at the worst node: its inputs, its outputs, and what later nodes take */
        double peak;    /* tensors and scratch handed out, beyond those of the idle session */
        double scratch; /* the most that one node asked for besides */
} StepMemory;

/* Runs steps: one traced, some watched by another thread. Constants and variables count for
 * nothing; what is fed counts. Warm the session up before. */
StepMemory step_memory(Stepper *s);
