// SPDX-License-Identifier: Apache-2.0
/* Elu and Selu (Klambauer et al. 2017): linear above zero, a saturating exponential below. The
 * gradients take the op's output, not its input. */
#include "engine/kernels/math/short_math.h"
#include "engine/kernels/nn/activation.h"

#define SCALE(v)        ((typeof(v))1.0507009873554804934193349852946)
#define SCALE_ALPHA(v)  ((typeof(v))1.7580993408473768599402175208123)
#define ELU(v)          ((v) < 0 ? expm1(v) : (v))
#define SELU(v)         ((v) < 0 ? SCALE_ALPHA(v) * expm1(v) : SCALE(v) * (v))
#define ELU_GRAD(g, y)  ((y) < 0 ? ((y) + 1) * (g) : (g))
#define SELU_GRAD(g, y) ((y) < 0 ? ((y) + SCALE_ALPHA(y)) * (g) : SCALE(y) * (g))

UNARY_LOOPS(elu, WIDE_TYPES, ELU(v))
UNARY_LANES(elu, short_elu)
ACTIVATION_COMPUTE(FLOAT_TYPES, elu)
UNARY_LOOPS(selu, WIDE_TYPES, SELU(v))
UNARY_LANES(selu, short_selu)
ACTIVATION_COMPUTE(FLOAT_TYPES, selu)
ACTIVATION_GRAD(FLOAT_TYPES, elu_grad, ELU_GRAD)
ACTIVATION_GRAD(FLOAT_TYPES, selu_grad, SELU_GRAD)

OP(Elu, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = shape_unchanged, .compute = elu,
   .inplace = 1);
OP(Selu, .inputs = "features:T", .outputs = "activations:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = shape_unchanged, .compute = selu,
   .inplace = 1);
OP(EluGrad, .inputs = "gradients:T; outputs:T", .outputs = "backprops:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = activation_grad_shape,
   .compute = elu_grad, .inplace = 3);
OP(SeluGrad, .inputs = "gradients:T; outputs:T", .outputs = "backprops:T",
   .attrs = "T:type in [half,bfloat16,float,double]", .shape = activation_grad_shape,
   .compute = selu_grad, .inplace = 3);
