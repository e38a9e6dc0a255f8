// SPDX-License-Identifier: Apache-2.0
/* OpEnv: what a session and a step lend to ops. Filled by exec/ and session/, read by ctx.c;
 * kernels do not look inside. */
#pragma once
#include "engine/base/cancel.h"
#include "engine/state/resource.h"
#include <stdint.h>

typedef struct FileRoots FileRoots; /* engine/state/roots.h */
typedef struct Trace Trace;         /* engine/exec/trace.h */
typedef struct Pool Pool;           /* engine/exec/pool.h */
typedef struct Timers Timers;       /* engine/exec/timer.h */

struct OpEnv {
        const char *container; /* default container; NULL: "localhost" */
        Resources *resources;  /* the session's, or the named engine's that it shares */
        Resources *private_;   /* per-node state of this session */
        Resources *step;       /* temporary: cleared when the step ends */
        Cancel *cancel;
        Pool *pool;      /* NULL: everything on this thread */
        int op_threads;  /* most threads that one kernel uses; 0: as many as the pool has */
        bool report_oom; /* who runs out of memory tells which tensors were alive */
        bool tunes;      /* the step warms up: kernels may try which way is the fastest */
        bool one_thread; /* kernels run where the step does, one after the other */
        Timers *timers;  /* NULL: nobody can sleep */
        const FileRoots *roots;
        Trace *trace;               /* NULL: nobody wants to know */
        struct DebugLog *debug_log; /* engine/state/debug_log.h; NULL: the same */
        int64_t step_id;
        int16_t device; /* number of the CPU that runs nodes which have none of their own */
};
