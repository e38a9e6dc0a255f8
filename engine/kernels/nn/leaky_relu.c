// SPDX-License-Identifier: Apache-2.0
/* LeakyRelu: x above zero, alpha x below. */
#include "engine/kernels/nn/activation.h"

/* 0 and NaN go through alpha: only x > 0 passes as it is. b is alpha. */
BINARY_EXACT_LOOPS(leaky, FLOAT_TYPES, a > 0 ? a : b * a)
BINARY_TABLE(leaky, FLOAT_TYPES)

#define LOOP(ID, T, W, GET, PUT)                                                          \
        HOT static void leaky_grad_##ID(const T *g, const T *x, T *y, int64_t n, W alpha) \
        {                                                                                 \
                for (int64_t i = 0; i < n; i++) {                                         \
                        W d = GET(g[i]);                                                  \
                        y[i] = PUT(GET(x[i]) > 0 ? d : alpha * d);                        \
                }                                                                         \
        }                                                                                 \
        static void alpha_##ID(float alpha, T *ret)                                       \
        {                                                                                 \
                *ret = PUT((W)alpha);                                                     \
        }
FLOAT_TYPES(LOOP)
#undef LOOP

static Status *leaky_relu(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        uint64_t alpha = 0; /* room for one element: TensorFlow rounds alpha to the type */
        DISPATCH(FLOAT_TYPES, tensor_dtype(x), alpha, node_float(ctx_node(c), "alpha", 0.2f),
                 (void *)&alpha);
        leaky_loops[tensor_dtype(x)](tensor_data(x), 1, &alpha, 0, tensor_fill(ctx_output(c, 0)),
                                     tensor_count(x));
        return NULL;
}

static Status *leaky_relu_grad(OpCtx *c)
{
        const Tensor *g = ctx_input(c, 0), *x = ctx_input(c, 1);
        void *y = tensor_fill(ctx_output(c, 0));
        float alpha = node_float(ctx_node(c), "alpha", 0.2f);
        DISPATCH(FLOAT_TYPES, tensor_dtype(g), leaky_grad, tensor_data(g), tensor_data(x), y,
                 tensor_count(g), alpha);
        return NULL;
}

OP(LeakyRelu, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "alpha:float = 0.20000000298023224; T:type in [half,bfloat16,float,double] = float",
   .shape = shape_unchanged, .compute = leaky_relu, .inplace = 1);
OP(LeakyReluGrad, .inputs = "gradients:T; features:T", .outputs = "backprops:T",
   .attrs = "alpha:float = 0.20000000298023224; T:type in [half,bfloat16,float,double] = float",
   .shape = activation_grad_shape, .compute = leaky_relu_grad, .inplace = 3);
