// SPDX-License-Identifier: Apache-2.0
/* Fact: TensorFlow's example of an op of one's own. It has one fact. */
#include "engine/ops/op.h"

static Status *fact(OpCtx *c)
{
        return tensor_set_string(ctx_output(c, 0), 0, "0! == 1", 7);
}

OP(Fact, .outputs = "fact:string", .shape = shape_scalars, .compute = fact);
