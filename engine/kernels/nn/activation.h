// SPDX-License-Identifier: Apache-2.0
/* Activations, element by element: ACTIVATION(list, fn, F) makes the compute function `fn` that
 * sets y = F(x) for every type of the list, ACTIVATION_GRAD the one that sets dx = F(g, a). F is a
 * macro over the computing type; <tgmath.h> picks the precision of what it calls. */
#pragma once
#include "engine/kernels/math/binary.h"
#include "engine/kernels/math/unary.h"

#define ACTIVATION(LIST, fn, F)     \
        UNARY_LOOPS(fn, LIST, F(v)) \
        ACTIVATION_COMPUTE(LIST, fn)
#define ACTIVATION_COMPUTE(LIST, fn)                                            \
        static const UnaryFn fn##_loops[DT_MAX + 1] = { LIST(UNARY_ROW_, fn) }; \
        static Status *fn(OpCtx *c)                                             \
        {                                                                       \
                return unary_run(c, fn##_loops);                                \
        }

#define ACTIVATION_GRAD(LIST, fn, F)    \
        BINARY_LOOPS(fn, LIST, F(a, b)) \
        ACTIVATION_GRAD_COMPUTE(LIST, fn)
#define ACTIVATION_GRAD_COMPUTE(LIST, fn)         \
        BINARY_TABLE(fn, LIST)                    \
        static Status *fn(OpCtx *c)               \
        {                                         \
                return binary_run(c, fn##_loops); \
        }

/* Both inputs and the output have one shape. */
UNUSED static Status *activation_grad_shape(ShapeCtx *c)
{
        if (!shape_compatible(shape_in(c, 0), shape_in(c, 1)))
                return invalid_argument("Inputs to operation %s of type %s must have the same size "
                                        "and shape.  Input 0: %s != input 1: %s",
                                        c->node->name, c->node->def->op,
                                        shape_text(shape_in(c, 0)).s, shape_text(shape_in(c, 1)).s);
        return shape_merge(shape_in(c, 0), shape_in(c, 1), &c->out[0]);
}
