// SPDX-License-Identifier: Apache-2.0
/* Options for runs that are watched. */
#include "tests/stress/lib/telling.h"

/* One watch of output 0, whose values come with the result. */
void telling_all(Telling *t, const char *node)
{
        t->options.trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
        t->options.output_partition_graphs = true;
        t->options.debug_options = &t->debug;
        tensorflow__debug_options__init(&t->debug);
        tensorflow__debug_tensor_watch__init(&t->watch);
        t->debug.debug_tensor_watch_opts = &t->watches;
        t->debug.n_debug_tensor_watch_opts = 1;
        t->watches = &t->watch;
        t->op = (char *)"DebugIdentity";
        t->watch.node_name = (char *)node;
        t->watch.debug_ops = &t->op;
        t->watch.n_debug_ops = 1;
}
