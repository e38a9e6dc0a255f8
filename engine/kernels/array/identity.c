// SPDX-License-Identifier: Apache-2.0
/* Identity and its kin: the input passed on, without a copy. */
#include "engine/ops/op.h"

static Status *identity(OpCtx *c)
{
        ctx_forward(c, 0, 0);
        return NULL;
}

static Status *identity_n(OpCtx *c)
{
        for (int i = 0; i < ctx_inputs(c); i++)
                ctx_forward(c, i, i);
        return NULL;
}

OP(Identity, .inputs = "input:T", .outputs = "output:T", .attrs = "T:type",
   .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(StopGradient, .inputs = "input:T", .outputs = "output:T", .attrs = "T:type",
   .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(PreventGradient, .inputs = "input:T", .outputs = "output:T",
   .attrs = "T:type; message:string = \"\"", .shape = shape_unchanged, .compute = identity,
   .late_shape = true);
OP(Snapshot, .inputs = "input:T", .outputs = "output:T", .attrs = "T:type",
   .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(GuaranteeConst, .inputs = "input:T", .outputs = "output:T", .attrs = "T:type",
   .flags = "stateful", .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(Copy, .inputs = "input:T", .outputs = "output:T",
   .attrs = "T:type; tensor_name:string = \"\"; debug_ops_spec:list(string) = []",
   .flags = "uninit_ok", .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(CopyHost, .inputs = "input:T", .outputs = "output:T",
   .attrs = "T:type; tensor_name:string = \"\"; debug_ops_spec:list(string) = []",
   .flags = "uninit_ok", .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(DebugIdentityV2, .inputs = "input:T", .outputs = "output:T",
   .attrs = "T:type; tfdbg_context_id:string = \"\"; op_name:string = \"\"; output_slot:int = -1; "
            "tensor_debug_mode:int = -1; debug_urls:list(string) = []; "
            "circular_buffer_size:int = 1000; tfdbg_run_id:string = \"\"",
   .flags = "stateful", .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(DebugGradientIdentity, .inputs = "input:T", .outputs = "output:T", .attrs = "T:type",
   .flags = "uninit_ok", .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(DebugGradientRefIdentity, .inputs = "input:ref(T)", .outputs = "output:ref(T)",
   .attrs = "T:type", .kernels = "T:type in [" VALUE_TYPES "]", .flags = "uninit_ok",
   .shape = shape_unchanged, .compute = identity, .late_shape = true);
OP(IdentityN, .inputs = "input:T[]", .outputs = "output:T[]", .attrs = "T:list(type) >=1",
   .shape = shape_all_unchanged, .compute = identity_n, .late_shape = true);
