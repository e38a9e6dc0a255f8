// SPDX-License-Identifier: Apache-2.0
/* What a step holds at its peak, against the least that its plan needs; and what memory costs that
 * the system has yet to give. */
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

/* Takes so many bytes of memory, touches all of it, and gives it back. A virtual machine that never
 * had a page gets it from its host ten or twenty times as slowly as one that it had before; this
 * has it get them now. */
void memory_warm(size_t bytes);
/* Reads the files that this program and its libraries are in: a machine may have dropped what it
 * had read of them. */
void memory_read_program(void);
/* Bytes of this process that are in memory now. */
double memory_resident(void);
/* Milliseconds of CPU time that the kernel takes to give so many bytes, in huge pages where it can.
 */
double memory_fresh_ms(double bytes);
