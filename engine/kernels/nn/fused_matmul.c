// SPDX-License-Identifier: Apache-2.0
/* _FusedMatMul: a product of matrices with a tail (see fused.h). */
#include "engine/kernels/math/gemm.h"
#include "engine/kernels/nn/fused.h"

enum { FIRST_OPERAND = 2 };

static Status *matmul_shape(ShapeCtx *c)
{
        bool ta = node_bool(c->node, "transpose_a", false),
             tb = node_bool(c->node, "transpose_b", false);
        Shape any = shape_of_rank(2);
        const Shape *a = shape_in(c, 0)->rank < 0 ? &any : shape_in(c, 0);
        const Shape *b = shape_in(c, 1)->rank < 0 ? &any : shape_in(c, 1);
        TRY(fused_check(c, FIRST_OPERAND));
        for (int i = 0; i < 2; i++)
                if (shape_in(c, i)->rank >= 0 && shape_in(c, i)->rank != 2)
                        return invalid_argument("In[%d] is not a matrix. Instead it has shape %s",
                                                i, shape_text(shape_in(c, i)).s);
        int64_t inner_a = a->dim[!ta], inner_b = b->dim[tb];
        if (inner_a >= 0 && inner_b >= 0 && inner_a != inner_b)
                return invalid_argument("Matrix size-incompatible: In[0]: %s, In[1]: %s",
                                        shape_text(a).s, shape_text(b).s);
        c->out[0] = SHAPE(a->dim[ta], b->dim[!tb]);
        return NULL;
}

static Status *matmul(OpCtx *c)
{
        const Tensor *a = ctx_input(c, 0), *b = ctx_input(c, 1);
        Tensor *y = ctx_output(c, 0);
        bool ta = node_bool(ctx_node(c), "transpose_a", false);
        bool tb = node_bool(ctx_node(c), "transpose_b", false);
        Gemm g = { .dtype = DT_FLOAT,
                   .m = tensor_dim(y, 0),
                   .n = tensor_dim(y, 1),
                   .k = tensor_dim(a, !ta),
                   .trans_a = ta,
                   .trans_b = tb,
                   .a = tensor_data(a),
                   .b = tensor_data(b),
                   .kept = ctx_state(c),
                   .out = tensor_fill(y) };
        TRY(gemm_run(c, &g));
        return fused_apply(c, FIRST_OPERAND);
}

OP(_FusedMatMul, .inputs = "a:T; b:T; args:num_args*T", .outputs = "product:T",
   .attrs = "transpose_a:bool = false; transpose_b:bool = false; T:type in [float]; "
            "num_args:int >=0; fused_ops:list(string) = []; epsilon:float = 0.0001; "
            "leakyrelu_alpha:float = 0.2",
   .shape = matmul_shape, .prepare = kept_prepare, .compute = matmul, .costly = true);
