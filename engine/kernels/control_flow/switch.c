// SPDX-License-Identifier: Apache-2.0
/* Switch and Merge: the executor runs them; here is what they look like. */
#include "engine/ops/op.h"

static Status *switch_shape(ShapeCtx *c)
{
        for (int i = 0; i < c->n_out; i++)
                c->out[i] = *shape_in(c, 0);
        return NULL;
}

/* What all inputs agree on; a value from a loop's back edge may still be unknown. */
static Status *merge_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        for (int i = 1; i < c->n_in && s.rank >= 0; i++) {
                const Shape *in = shape_in(c, i);
                if (in->rank != s.rank)
                        s = SHAPE_UNKNOWN;
                for (int d = 0; d < s.rank; d++)
                        if (in->dim[d] != s.dim[d])
                                s.dim[d] = -1;
        }
        c->out[0] = s;
        c->out[1] = SHAPE_SCALAR;
        return NULL;
}

OP(Switch, .inputs = "data:T; pred:bool", .outputs = "output_false:T; output_true:T",
   .attrs = "T:type", .shape = switch_shape, .flow = FLOW_SWITCH);
OP(RefSwitch, .kernels = "T:type in [" VALUE_TYPES "]", .inputs = "data:ref(T); pred:bool",
   .outputs = "output_false:ref(T); output_true:ref(T)", .attrs = "T:type", .flags = "uninit_ok",
   .shape = switch_shape, .flow = FLOW_SWITCH);
OP(Merge, .inputs = "inputs:N*T", .outputs = "output:T; value_index:int32",
   .attrs = "T:type; N:int >=1", .shape = merge_shape, .flow = FLOW_MERGE);
OP(RefMerge, .kernels = "T:type in [" VALUE_TYPES "]", .inputs = "inputs:N*ref(T)",
   .outputs = "output:ref(T); value_index:int32", .attrs = "T:type; N:int >=1",
   .shape = merge_shape, .flow = FLOW_MERGE);
/* The runtime's own, for Case; a switch with any number of ways. */
OP(_SwitchN, .inputs = "data:T; output_index:int32", .outputs = "outputs:num_outs*T",
   .attrs = "num_outs:int >=1; T:type", .shape = switch_shape, .flow = FLOW_SWITCH);
