// SPDX-License-Identifier: Apache-2.0
/* _Retval: a result, in graphs that someone took out of TensorFlow after a function or a run had
 * been cut out of a larger graph. Nobody waits for it here; its input can be fetched. */
#include "engine/ops/op.h"

static Status *retval(OpCtx *c UNUSED)
{
        return internal_error("no call frame");
}

OP(_Retval, .inputs = "input:T", .attrs = "T:type; index:int >=0", .flags = "stateful",
   .shape = shape_none, .compute = retval, .late_shape = true);
