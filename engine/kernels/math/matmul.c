// SPDX-License-Identifier: Apache-2.0
/* MatMul, SparseMatMul: the product of two matrices, either transposed on request. */
#include "engine/kernels/math/gemm.h"

static Status *want_matrix(const Shape *s, int i)
{
        if (s->rank < 0 || s->rank == 2)
                return NULL;
        return invalid_argument("In[%d] is not a matrix. Instead it has shape %s", i,
                                shape_text(s).s);
}

/* Inner sizes are compared as soon as both are known, be it at import. */
static Status *matmul_shape(ShapeCtx *c)
{
        const Shape *a = shape_in(c, 0), *b = shape_in(c, 1);
        int ta = node_bool(c->node, "transpose_a", false);
        int tb = node_bool(c->node, "transpose_b", false);
        for (int i = 0; i < 2 && c->at_import; i++)
                TRY(shape_want_rank(c, i, 2));
        TRY(want_matrix(a, 0));
        TRY(want_matrix(b, 1));
        c->out[0] = shape_of_rank(2);
        if (a->rank == 2)
                c->out[0].dim[0] = a->dim[ta];
        if (b->rank == 2)
                c->out[0].dim[1] = b->dim[1 - tb];
        if (a->rank == 2 && b->rank == 2)
                TRY(shape_want_equal(c, a->dim[1 - ta], b->dim[tb]));
        if (a->rank == 2 && b->rank == 2 && a->dim[1 - ta] >= 0 && b->dim[tb] >= 0 &&
            a->dim[1 - ta] != b->dim[tb])
                return invalid_argument("Matrix size-incompatible: In[0]: %s, In[1]: %s",
                                        shape_text(a).s, shape_text(b).s);
        return NULL;
}

static Gemm matmul_gemm(OpCtx *c, DType dtype, const void *a, const void *b)
{
        Tensor *out = ctx_output(c, 0);
        bool ta = node_bool(ctx_node(c), "transpose_a", false);
        return (Gemm){ .dtype = dtype,
                       .m = tensor_dim(out, 0),
                       .n = tensor_dim(out, 1),
                       .k = tensor_dim(ctx_input(c, 0), ta ? 0 : 1),
                       .trans_a = ta,
                       .trans_b = node_bool(ctx_node(c), "transpose_b", false),
                       .a = a,
                       .b = b,
                       .kept = ctx_state(c),
                       .out = tensor_fill(out) };
}

static Status *matmul(OpCtx *c)
{
        const Tensor *a = ctx_input(c, 0), *b = ctx_input(c, 1);
        Gemm g = matmul_gemm(c, tensor_dtype(a), tensor_data(a), tensor_data(b));
        return gemm_run(c, &g);
}

OP(MatMul, .inputs = "a:T; b:T", .outputs = "product:T",
   .attrs = "transpose_a:bool = false; transpose_b:bool = false; "
            "T:type in [bfloat16,half,float,double,int32,int64,complex64,complex128]",
   .shape = matmul_shape, .prepare = kept_prepare, .compute = matmul, .costly = true);

/* ---- SparseMatMul: the zeros that its attributes promise are multiplied like others ---- */

/* SparseMatMul may mix float and bfloat16; products are made in float. */
static Status *as_float(OpCtx *c, const Tensor *t, const float **ret)
{
        if (tensor_dtype(t) == DT_FLOAT) {
                *ret = tensor_data(t);
                return NULL;
        }
        const BFloat16 *x = tensor_data(t);
        float *y = ctx_scratch(c, (size_t)tensor_count(t) * sizeof *y);
        if (!y)
                return status_oom();
        for (int64_t i = 0; i < tensor_count(t); i++)
                y[i] = bfloat16_to_float(x[i]);
        *ret = y;
        return NULL;
}

static Status *sparse_matmul(OpCtx *c)
{
        const float *a, *b;
        TRY(as_float(c, ctx_input(c, 0), &a));
        TRY(as_float(c, ctx_input(c, 1), &b));
        Gemm g = matmul_gemm(c, DT_FLOAT, a, b);
        return gemm_run(c, &g);
}

OP(SparseMatMul, .inputs = "a:Ta; b:Tb", .outputs = "product:float",
   .attrs = "transpose_a:bool = false; transpose_b:bool = false; a_is_sparse:bool = false; "
            "b_is_sparse:bool = false; Ta:type in [float,bfloat16] = float; "
            "Tb:type in [float,bfloat16] = float",
   .shape = matmul_shape, .compute = sparse_matmul, .costly = true);
