// SPDX-License-Identifier: Apache-2.0
/* Workers: few threads for what would hold up an HTTP thread: commits to disk, parsing big graphs,
 * reading long bodies. */
#pragma once
#include "engine/base/status.h"
#include <stdint.h>

typedef struct Workers Workers;

/* Something to do; embedded in what it belongs to, untouched once fn has been called. */
typedef struct Job {
        struct Job *next;
        void (*fn)(struct Job *);
} Job;

Status *workers_new(int threads, Workers **ret) MUST_USE;
/* First come, first served. */
void workers_push(Workers *w, Job *job);
/* How long the oldest waiting job has been waiting, ns; 0 when none is. */
int64_t workers_delay(Workers *w);
/* Does what is queued, then ends the threads. NULL is fine. */
void workers_free(Workers *w);
