// SPDX-License-Identifier: Apache-2.0
/* ToBool: TensorFlow's truth of a value, as If and While have it. */
#include "engine/kernels/functional/functional.h"

static Status *to_bool(OpCtx *c)
{
        return condition_holds(ctx_input(c, 0), tensor_fill(ctx_output(c, 0)));
}

OP(ToBool, .inputs = "input:T", .outputs = "output:bool", .attrs = "T:type",
   .kernels = "T:type in [" VALUE_TYPES "]", .shape = shape_scalars, .compute = to_bool);
