// SPDX-License-Identifier: Apache-2.0
/* Shape functions that several ops share. */
#include "engine/ops/shape_fns.h"

Status *shape_unchanged(ShapeCtx *c)
{
        c->out[0] = *c->in[0];
        return NULL;
}

Status *shape_all_unchanged(ShapeCtx *c)
{
        for (int i = 0; i < c->n_out && i < c->n_in; i++)
                c->out[i] = *c->in[i];
        return NULL;
}

Status *shape_scalars(ShapeCtx *c)
{
        for (int i = 0; i < c->n_out; i++)
                c->out[i] = SHAPE_SCALAR;
        return NULL;
}

Status *shape_none(ShapeCtx *c UNUSED)
{
        return NULL;
}

Status *shape_unknown(ShapeCtx *c)
{
        for (int i = 0; i < c->n_out; i++)
                c->out[i] = SHAPE_UNKNOWN;
        return NULL;
}

/* Dimensions that do not join, from the first on; they are aligned at the last. */
static Status *want_joinable(const ShapeCtx *c, const Shape *a, const Shape *b)
{
        int rank = MAX(a->rank, b->rank);
        for (int i = 0; a->rank >= 0 && b->rank >= 0 && i < rank; i++) {
                int p = i - rank + a->rank, q = i - rank + b->rank;
                if (p >= 0 && q >= 0 && a->dim[p] != 1 && b->dim[q] != 1)
                        TRY(shape_want_equal(c, a->dim[p], b->dim[q]));
        }
        return NULL;
}

Status *shape_binary(ShapeCtx *c)
{
        TRY(want_joinable(c, c->in[0], c->in[1]));
        return shape_broadcast(c->in[0], c->in[1], &c->out[0]);
}

Status *shape_merged(ShapeCtx *c)
{
        Shape s = SHAPE_UNKNOWN;
        for (int i = c->n_in - 1; i >= 0; i--)
                TRY(status_append(shape_merge(&s, c->in[i], &s),
                                  "\n\tFrom merging shape %d with other shapes.", i));
        c->out[0] = s;
        return NULL;
}

/* Bit i: dimension i goes. */
static Status *reduced_dims(const Tensor *axes, int rank, unsigned *ret)
{
        unsigned mask = 0;
        for (int64_t i = 0; i < tensor_count(axes); i++) {
                int64_t axis = tensor_int(axes, i);
                if (axis < -rank || axis >= rank)
                        return invalid_argument(
                                "Invalid reduction dimension (%lld for input with %d dimension(s)",
                                (long long)axis, rank);
                mask |= 1u << (axis < 0 ? axis + rank : axis);
        }
        *ret = mask;
        return NULL;
}

/* Without the axes at hand only keep_dims tells the rank. */
Status *shape_reduce(ShapeCtx *c)
{
        const Shape *in = c->in[0];
        const Tensor *axes = shape_value(c, 1);
        bool keep = node_bool(c->node, "keep_dims", false);
        unsigned mask = 0;
        if (in->rank < 0 || !axes) {
                c->out[0] = keep && in->rank >= 0 ? shape_of_rank(in->rank) : SHAPE_UNKNOWN;
                return NULL;
        }
        TRY(reduced_dims(axes, in->rank, &mask));
        Shape out = SHAPE_SCALAR;
        for (int i = 0; i < in->rank; i++) {
                if (!(mask >> i & 1))
                        shape_append(&out, in->dim[i]);
                else if (keep)
                        shape_append(&out, 1);
        }
        c->out[0] = out;
        return NULL;
}

Status *shape_axis(int64_t axis, int rank, int *ret)
{
        if (axis < -rank || axis >= rank)
                return invalid_argument("Dimension size, given by scalar input %lld must be in "
                                        "range [-%d, %d)",
                                        (long long)axis, rank, rank);
        *ret = (int)(axis < 0 ? axis + rank : axis);
        return NULL;
}
