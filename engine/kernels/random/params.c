// SPDX-License-Identifier: Apache-2.0
/* Parameters that broadcast over batches. */
#include "engine/kernels/random/params.h"

#include "engine/base/buf.h"

/* Two are those of a binomial distribution, four those of a truncated normal one. */
static Status *incompatible(const ShapeCtx *c, int from, int to)
{
        autobuf b = BUF(4096);
        for (int i = from; i < to; i++)
                buf_printf(&b, "%s%s", i > from ? " vs. " : "", shape_text(shape_in(c, i)).s);
        TRY(buf_status(&b));
        return invalid_argument("%s must have compatible batch dimensions: %s",
                                to - from == 2 ? "counts and probs"
                                               : "means, stddevs, minvals, maxvals",
                                buf_cstr(&b));
}

/* Parameters broadcast together; the shape asked for must end with what they make. */
Status *params_shape(const ShapeCtx *c, int from, int to)
{
        Shape all = SHAPE_SCALAR, tail;
        const Shape *out = &c->out[0];
        for (int i = from; i < to; i++) {
                if (shape_in(c, i)->rank < 0)
                        return NULL;
                Status *s = shape_broadcast(&all, shape_in(c, i), &all);
                if (s) {
                        status_free(s);
                        return incompatible(c, from, to);
                }
        }
        if (out->rank < 0 || all.rank < 0)
                return NULL;
        if (all.rank > out->rank)
                return invalid_argument("Shape passed in must end with broadcasted shape.");
        tail = SHAPE_SCALAR;
        for (int d = out->rank - all.rank; d < out->rank; d++)
                shape_append(&tail, out->dim[d]);
        if (!shape_compatible(&tail, &all))
                return invalid_argument("Shape passed in must end with broadcasted shape.");
        return NULL;
}

Status *params_batches(const OpCtx *c, int from, int to, Shape *ret)
{
        Shape all = SHAPE_SCALAR;
        for (int i = from; i < to; i++)
                TRY(shape_broadcast(&all, tensor_shape(ctx_input(c, i)), &all));
        *ret = all;
        return NULL;
}

/* Which of the parameters belongs to a batch: dims of size 1 stand for all. */
int64_t params_index(const Shape *batches, const Tensor *t, int64_t b)
{
        int64_t at = 0, stride = 1;
        for (int d = batches->rank - 1, k = tensor_rank(t) - 1; k >= 0; d--, k--) {
                int64_t size = tensor_dim(t, k);
                at += size == 1 ? 0 : b % batches->dim[d] * stride;
                b /= batches->dim[d];
                stride *= size;
        }
        return at;
}
