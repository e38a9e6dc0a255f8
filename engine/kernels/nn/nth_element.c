// SPDX-License-Identifier: Apache-2.0
/* NthElement: the n-th smallest (with reverse: largest) of each row. */
#include "engine/kernels/nn/top_k.h"

/* The n + 1 best in order; the last of them is the n-th, counted from 0. */
#define LOOP(ID, T, W, GET, PUT)                                                      \
        static void nth_##ID(OpCtx *c, const T *x, T *y, int32_t *heap, int64_t rows, \
                             int64_t cols, int64_t n, bool least)                     \
        {                                                                             \
                for (int64_t r = 0; r < rows && !ctx_cut(c); r++, x += cols) {        \
                        top_k_##ID(c, x, cols, n + 1, heap, least);                   \
                        y[r] = x[heap[n]];                                            \
                }                                                                     \
        }
REAL_TYPES(TOP_K_LOOP)
REAL_TYPES(LOOP)
#undef LOOP

static Status *nth_element_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *at = shape_in(c, 1);
        int64_t n;
        if (at->rank > 0)
                return invalid_argument("N must be scalar, got shape %s", shape_text(at).s);
        bool known = shape_int_value(c, 1, &n);
        if (known && n < 0)
                return invalid_argument("Need n >= 0, got %lld", (long long)n);
        if (x->rank == 0)
                return invalid_argument("Input must be >= 1-D, got shape []");
        if (x->rank < 0)
                return NULL;
        int64_t cols = x->dim[x->rank - 1];
        if ((known && cols >= 0 && n >= cols) || cols > INT32_MAX)
                return invalid_argument("Input must have at least n+1 columns");
        c->out[0] = *x;
        c->out[0].rank--;
        return NULL;
}

/* A heap of n + 1 elements a row: the rest is only looked at. */
static Status *nth_element(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        void *y = tensor_fill(ctx_output(c, 0));
        int64_t cols = tensor_dim(x, tensor_rank(x) - 1), n = tensor_int(ctx_input(c, 1), 0);
        int32_t *heap = ctx_scratch(c, (size_t)(n + 1) * sizeof *heap);
        if (!heap)
                return status_oom();
        if (tensor_count(x))
                DISPATCH(REAL_TYPES, tensor_dtype(x), nth, c, tensor_data(x), y, heap,
                         tensor_count(x) / cols, cols, n,
                         !node_bool(ctx_node(c), "reverse", false));
        return NULL;
}

OP(NthElement, .inputs = "input:T; n:int32", .outputs = "values:T",
   .attrs = "reverse:bool = false; T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = nth_element_shape, .compute = nth_element);
