// SPDX-License-Identifier: Apache-2.0
/* DummyIterationCounter: a handle where eager TensorFlow counts iterations; nothing is behind it.
 */
#include "engine/kernels/data_flow/queue_handle.h"

static Status *dummy(OpCtx *c)
{
        return handle_output(c, NULL);
}

OP(DummyIterationCounter, .outputs = "handle:resource", .flags = "stateful", .shape = shape_scalars,
   .compute = dummy, .late_shape = true);
