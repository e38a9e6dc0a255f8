// SPDX-License-Identifier: Apache-2.0
/* Trace: what a step did, node by node, for RunMetadata. Thread-safe; only steps that ask for one
 * pay for it. */
#pragma once
#include "engine/base/arena.h"
#include "engine/exec/plan.h"
#include "tensorflow/core/protobuf/config.pb-c.h"

typedef struct Trace Trace;

/* One node that ran. */
typedef struct TraceNode {
        const PlanNode *pn;
        int device;        /* number of the CPU */
        uint32_t thread;   /* that ran the kernel */
        int64_t scheduled; /* when it became ready, by clock_ns(), as what follows */
        int64_t start, op_start, op_end, end;
        Tensor *const *in, *const *out; /* may hold NULLs; NULL: nothing to tell */
        int64_t scratch;                /* bytes that the kernel took and gave back */
} TraceNode;

Status *trace_new(Trace **ret) MUST_USE;
void trace_free(Trace *t);
AUTOPTR_DEFINE(Trace, trace_free)
/* Notes that a node ran. Without memory the event is dropped. */
void trace_node(Trace *t, const TraceNode *n);
/* The step's statistics in TensorFlow's message, one part per device that ran something, or one for
 * the first that is empty; lives as long as the trace. */
Status *trace_stats(Trace *t, Tensorflow__StepStats **ret) MUST_USE;
/* The input whose bytes an output of a node shares, of statistics that trace_stats() gave; -1:
 * none. slot is one of the node's. */
int trace_alias(const Tensorflow__NodeExecStats *s, int slot);
