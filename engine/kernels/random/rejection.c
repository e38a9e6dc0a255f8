// SPDX-License-Identifier: Apache-2.0
/* How samples by rejection fill a tensor. */
#include "engine/kernels/random/rejection.h"

#include "engine/kernels/random/params.h"

enum { POLL_EVERY = 1 << 12 };

/* Each parameter gets samples of the given shape, hence shape + parameters' shape. */
Status *rejection_shape(ShapeCtx *c)
{
        const Shape *p = shape_in(c, 1);
        Shape s;
        TRY(random_shape(c));
        s = c->out[0];
        if (s.rank < 0 || p->rank < 0)
                s = SHAPE_UNKNOWN;
        else if (s.rank + p->rank > SHAPE_MAX_RANK)
                return unimplemented("Tensors of rank %d are not supported; the largest rank is %d",
                                     s.rank + p->rank, SHAPE_MAX_RANK);
        for (int i = 0; s.rank >= 0 && i < p->rank; i++)
                shape_append(&s, p->dim[i]);
        c->out[0] = s;
        return NULL;
}

Status *rejection_stateless_shape(ShapeCtx *c)
{
        TRY(random_stateless_shape(c));
        return params_shape(c, 2, 3);
}

/* Integers are cut off at their range: a rate may be larger than any of them. NaN becomes 0. */
void rejection_put(Tensor *t, int64_t i, double v)
{
        switch ((int)tensor_dtype(t)) {
        case DT_FLOAT: ((float *)tensor_fill(t))[i] = (float)v; break;
        case DT_DOUBLE: ((double *)tensor_fill(t))[i] = v; break;
        case DT_HALF: ((Half *)tensor_fill(t))[i] = half_from_float((float)v); break;
        case DT_INT32:
                ((int32_t *)tensor_fill(t))[i] = v >= INT32_MAX ? INT32_MAX
                                                 : v > 0        ? (int32_t)v
                                                                : 0;
                break;
        default:
                ((int64_t *)tensor_fill(t))[i] = v >= 9.2e18 ? INT64_MAX : v > 0 ? (int64_t)v : 0;
                break;
        }
}

/* All samples of one parameter are neighbours in the sequence, but not in the output. */
static Status *fill(OpCtx *c, const Tensor *params, Philox gen, RejectionFn sample)
{
        Tensor *y = ctx_output(c, 0);
        int64_t n = tensor_count(params), samples = tensor_count(y) / n;
        for (int64_t i = 0; i < tensor_count(y); i++) {
                Philox own = gen;
                if (i % POLL_EVERY == 0 && ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                philox_skip(&own, (uint64_t)i * RANDOM_RESERVED);
                rejection_put(y, i % samples * n + i / samples,
                              sample(tensor_double(params, i / samples), own, tensor_dtype(y)));
        }
        return NULL;
}

/* Each sample has a stretch of the generator of its own, so threads need not agree on how many
 * draws it took. */
Status *rejection_own(OpCtx *c, RejectionFn sample)
{
        int64_t n = tensor_count(ctx_output(c, 0));
        Philox gen;
        if (!n)
                return NULL;
        TRY(philox_reserve(c, (uint64_t)n * RANDOM_RESERVED, &gen));
        return fill(c, ctx_input(c, 1), gen, sample);
}

Status *rejection_stateless(OpCtx *c, RejectionFn sample)
{
        if (!tensor_count(ctx_output(c, 0)))
                return NULL;
        return fill(c, ctx_input(c, 2), philox_stateless(ctx_input(c, 1)), sample);
}
