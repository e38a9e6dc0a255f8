// SPDX-License-Identifier: Apache-2.0
/* ConcatOffset: where each of the tensors to be concatenated starts in the result. */
#include "engine/ops/op.h"
#include "engine/ops/summarize.h"

static Status *concat_offset_shape(ShapeCtx *c)
{
        const Shape *axis = shape_in(c, 0), *first = shape_in(c, 1);
        if (axis->rank > 0)
                return invalid_argument("Concat dim tensor should be a scalar integer, but got "
                                        "shape %s",
                                        shape_text(axis).s);
        for (int i = 1; i < c->n_in; i++) {
                const Shape *s = shape_in(c, i);
                if (s->rank >= 0 && s->rank != 1)
                        return invalid_argument("input %d should be a vector, but got shape %s", i,
                                                shape_text(s).s);
                c->out[i - 1] = *s;
                if (first->rank == 1 && s->rank == 1 && first->dim[0] >= 0 && s->dim[0] >= 0 &&
                    first->dim[0] != s->dim[0])
                        return invalid_argument("input %d should contain %lld elements, but got "
                                                "%lld",
                                                i - 1, (long long)first->dim[0],
                                                (long long)s->dim[0]);
        }
        return NULL;
}

static Status *mismatch(const Tensor *first, const Tensor *x, int64_t axis, int i)
{
        enum { SHOWN = 10 };
        autobuf a = BUF(1 << 12), b = BUF(1 << 12);
        summarize(&a, first, SHOWN);
        summarize(&b, x, SHOWN);
        TRY(buf_status(&a));
        TRY(buf_status(&b));
        return invalid_argument(
                "All dimensions except %lld must match. Input %d has shape [%s] and "
                "doesn't match input 0 with shape [%s].",
                (long long)axis, i, buf_cstr(&b), buf_cstr(&a));
}

/* All dims but the concatenated one must agree. Sizes are a client's numbers, so even their sum is
 * checked; it may be negative as well. */
static Status *concat_offset(OpCtx *c)
{
        int64_t asked = tensor_int(ctx_input(c, 0), 0), n = tensor_count(ctx_input(c, 1));
        int64_t axis = asked < 0 ? asked + n : asked;
        const Tensor *first = ctx_input(c, 1);
        int64_t at = 0;
        if (axis < 0 || axis >= n)
                return invalid_argument("Concat dim is out of range: %lld vs. %lld",
                                        (long long)asked, (long long)n);
        for (int i = 1; i < ctx_inputs(c); i++) {
                const int32_t *x = tensor_data(ctx_input(c, i));
                int32_t *y = tensor_fill(ctx_output(c, i - 1));
                for (int64_t d = 0; d < n; d++) {
                        if (d != axis && x[d] != ((const int32_t *)tensor_data(first))[d])
                                return mismatch(first, ctx_input(c, i), axis, i - 1);
                        y[d] = d == axis ? (int32_t)at : 0;
                }
                at += x[axis];
                if (at > INT32_MAX || at < INT32_MIN)
                        return invalid_argument("Concat offset %lld does not fit into int32",
                                                (long long)at);
        }
        return NULL;
}

OP(ConcatOffset, .inputs = "concat_dim:int32; shape:N*int32", .outputs = "offset:N*int32",
   .attrs = "N:int >=2", .shape = concat_offset_shape, .compute = concat_offset);
