// SPDX-License-Identifier: Apache-2.0
/* _Arg: an argument, in graphs that someone took out of TensorFlow after a function or a run had
 * been cut out of a larger graph. Nobody calls them here: the node has a value only when it is fed.
 */
#include "engine/ops/op.h"

static Status *arg(OpCtx *c UNUSED)
{
        return internal_error("no call frame");
}

OP(_Arg, .outputs = "output:T", .attrs = "T:type; index:int >=0", .shape = shape_unknown,
   .compute = arg, .late_shape = true);
