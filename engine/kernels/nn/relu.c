// SPDX-License-Identifier: Apache-2.0
/* Relu and Relu6: clamp below at zero (and above at six), element by element; and their gradients.
 * A NaN stays a NaN. */
#include "engine/kernels/nn/activation.h"

#define RELU(v)          ((v) <= 0 ? 0 : (v))
#define RELU6(v)         ((v) <= 0 ? 0 : (v) >= 6 ? 6 : (v))
#define RELU_GRAD(g, v)  ((v) > 0 ? (g) : 0)
#define RELU6_GRAD(g, v) ((v) > 0 && (v) < 6 ? (g) : 0)

/* Short floats are clamped as they are: their bits are in the order of their magnitudes, NaNs above
 * infinity. */
#define SHORT_LOOPS(ID, T, W, GET, PUT, INFINITE, SIX)                                   \
        HOT_##ID static void relu_loop_##ID(const void *x_, void *y_, int64_t n)         \
        {                                                                                \
                const uint16_t *x = x_;                                                  \
                uint16_t *y = y_;                                                        \
                SAME_OR_APART                                                            \
                for (int64_t i = 0; i < n; i++)                                          \
                        y[i] = x[i] >= 0x8000 && x[i] <= 0x8000 + (INFINITE) ? 0 : x[i]; \
        }                                                                                \
        HOT_##ID static void relu6_loop_##ID(const void *x_, void *y_, int64_t n)        \
        {                                                                                \
                const uint16_t *x = x_;                                                  \
                uint16_t *y = y_;                                                        \
                SAME_OR_APART                                                            \
                for (int64_t i = 0; i < n; i++) {                                        \
                        uint16_t v = x[i] >= (SIX) && x[i] <= (INFINITE) ? (SIX) : x[i]; \
                        y[i] = v >= 0x8000 && v <= 0x8000 + (INFINITE) ? 0 : v;          \
                }                                                                        \
        }                                                                                \
        SHORT_GRAD(ID, relu_grad, (uint16_t)(b - 1) < (INFINITE) ? a : 0)                \
        SHORT_GRAD(ID, relu6_grad, (uint16_t)(b - 1) < (SIX)-1 ? a : 0)
#define SHORT_GRAD(ID, fn, expr)                                                        \
        HOT_##ID static void fn##_loop_##ID(const void *x_, int64_t xs, const void *y_, \
                                            int64_t ys, void *z_, int64_t n)            \
                BINARY_BODY_(uint16_t, uint16_t, V, uint16_t, SAME_, SAME_, expr)
TYPE_HALF(SHORT_LOOPS, 0x7c00, 0x4600)
TYPE_BFLOAT16(SHORT_LOOPS, 0x7f80, 0x40c0)

#define LONG_TYPES(X, ...) WIDE_TYPES(X, ##__VA_ARGS__) INT_TYPES(X, ##__VA_ARGS__)
UNARY_LOOPS(relu, LONG_TYPES, RELU(v))
UNARY_LOOPS(relu6, LONG_TYPES, RELU6(v))
#define GRADIENT(fn, F)                       \
        BINARY_LOOPS(fn, LONG_TYPES, F(a, b)) \
        ACTIVATION_GRAD_COMPUTE(REAL_TYPES, fn)
ACTIVATION_COMPUTE(REAL_TYPES, relu)
ACTIVATION_COMPUTE(REAL_TYPES, relu6)
GRADIENT(relu_grad, RELU_GRAD)
GRADIENT(relu6_grad, RELU6_GRAD)

OP(Relu, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64,qint8]",
   .kernels = "T:type in "
              "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = shape_unchanged, .compute = relu, .inplace = 1);
OP(Relu6, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = shape_unchanged, .compute = relu6, .inplace = 1);
OP(ReluGrad, .inputs = "gradients:T; features:T", .outputs = "backprops:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = activation_grad_shape, .compute = relu_grad, .inplace = 3);
OP(Relu6Grad, .inputs = "gradients:T; features:T", .outputs = "backprops:T",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64]",
   .shape = activation_grad_shape, .compute = relu6_grad, .inplace = 3);
