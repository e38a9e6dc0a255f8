// SPDX-License-Identifier: Apache-2.0
/* The inside of a Trace, shared by the files that fill it and read it. */
#pragma once
#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/exec/trace.h"
#include <pthread.h>

/* One node that ran, in TensorFlow's message. */
typedef struct Event {
        Tensorflow__NodeExecStats stats;
        int device;
        const int16_t *alias; /* per output of the node: see trace_alias(); NULL: not known */
        struct Event *next;
} Event;

struct Trace {
        pthread_mutex_t lock; /* guards: everything below but the clocks */
        Arena *arena;
        Event *events; /* newest first */
        size_t n;
        int last_device;          /* the highest number of those that ran something */
        Map allocations;          /* Buffer's address -> allocation id, as the value itself */
        int64_t n_allocations;    /* ids given so far */
        int64_t wall_us, mono_ns; /* the same moment by both clocks */
};

/* trace_node.c: the message about a node; NULL without memory. Under the lock. */
Event *trace_event(Trace *t, const TraceNode *n);
