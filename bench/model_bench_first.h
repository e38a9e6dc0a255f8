// SPDX-License-Identifier: Apache-2.0
/* First steps: each in a process of its own, because the code of kernels and libraries is cold but
 * once. */
#pragma once

/* Has the program be such a process: option, model, batch, threads. */
#define FIRST_STEP_OPTION "--first"

/* All milliseconds by the clock and of CPU time; bytes. Medians over the processes. */
typedef struct FirstStep {
        double ms, cpu;            /* the first step of a session, of a process */
        double warmed, warmed_cpu; /* a client's first step, after one on zeros like :warmup's */
        double fresh;              /* bytes that the first step had from the system */
        double packed;             /* bytes that stay after it */
        double reads;              /* page faults of it that waited for a disk */
} FirstStep;

/* program: this one. Ends it when a process fails. */
FirstStep first_step(const char *program, const char *model, int batch, int threads);
/* All that such a process does: prints the numbers in the order of FirstStep. */
void first_step_child(const char *model, int batch, int threads);
