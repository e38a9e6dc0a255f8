// SPDX-License-Identifier: Apache-2.0
/* What patterns of element-wise floats share. */
#pragma once
#include "engine/ops/pattern.h"

/* Steps: an op of floats; one that also takes what is known to be a single number. */
UNUSED static bool step_float(const Node *n)
{
        return node_type(n, "T", DT_INVALID) == DT_FLOAT;
}
UNUSED static bool step_by_number(const Node *n)
{
        return step_float(n) && (n->in[0].node->out_shapes[n->in[0].output].rank == 0 ||
                                 n->in[1].node->out_shapes[n->in[1].output].rank == 0);
}

/* Makes output 0: over that input, if nobody else needs it, else a new tensor of its shape. */
UNUSED static Status *output_over(OpCtx *c, int input, Tensor **ret)
{
        *ret = ctx_take_input(c, input);
        if (!*ret)
                return ctx_alloc(c, 0, tensor_shape(c->in[input]), ret);
        ctx_set_output(c, 0, *ret);
        return NULL;
}
