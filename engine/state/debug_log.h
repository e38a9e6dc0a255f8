// SPDX-License-Identifier: Apache-2.0
/* DebugLog: what a debugger's nodes saw in one step, for the answer to whoever ran it. Thread-safe
 * while the step runs. */
#pragma once
#include "engine/tensor/tensor.h"

/* Which value it is: an output, the op that looked at it, and where. All borrowed. */
typedef struct DebugKey {
        const char *node, *op, *device;
        int slot;
} DebugKey;

typedef struct DebugValue {
        DebugKey key;    /* owned */
        int64_t wall_us; /* when */
        Tensor *value;   /* what the op made of it */
} DebugValue;

typedef struct DebugLog DebugLog;

/* Beyond so many values a step's others are counted only. */
enum { DEBUG_LOG_MAX = 1000 };

Status *debug_log_new(DebugLog **ret) MUST_USE;
void debug_log_free(DebugLog *l);
AUTOPTR_DEFINE(DebugLog, debug_log_free)
/* Keeps a value (a new reference is taken); without memory it counts as lost. */
void debug_log_add(DebugLog *l, const DebugKey *k, Tensor *value, int64_t wall_us);

/* Once the step has ended: the values in the order in which they came. */
int debug_log_count(const DebugLog *l);
const DebugValue *debug_log_at(const DebugLog *l, int i);
int64_t debug_log_lost(const DebugLog *l);
