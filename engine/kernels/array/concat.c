// SPDX-License-Identifier: Apache-2.0
/* Concat, ConcatV2: tensors put together along one axis. They differ in where the axis stands. */
#include "engine/kernels/array/concat.h"

#include "engine/ops/box.h"

/* Where a node's axis and its first value are among the inputs. */
static bool is_v2(const Node *n)
{
        return strcmp(n->def->op, "ConcatV2") == 0;
}

/* Older graphs give the axis as a vector of one. -1 in *ret: not known yet. */
static Status *check_axis(const ShapeCtx *c, int input, bool v2, int rank, int *ret)
{
        const Shape *s = shape_in(c, input);
        if (s->rank > 0 && !(s->rank == 1 && s->dim[0] == 1))
                return invalid_argument("%s tensor should be a scalar integer, but got shape %s",
                                        v2 ? "axis" : "concat_dim", shape_text(s).s);
        int64_t axis;
        *ret = -1;
        if (!shape_int_value(c, input, &axis) || rank < 0)
                return NULL;
        if (axis < -rank || axis >= rank)
                return invalid_argument("ConcatOp : Expected concatenating dimensions in the range "
                                        "[%d, %d), but got %lld",
                                        -rank, rank, (long long)axis);
        *ret = (int)(axis < 0 ? axis + rank : axis);
        return NULL;
}

/* Adds value i of shape s to the result r. */
static Status *join(const Shape *s, int i, int axis, const Shape *first, Shape *r)
{
        if (s->rank != r->rank)
                return invalid_argument("ConcatOp : Ranks of all input tensors should match: "
                                        "shape[0] = %s vs. shape[%d] = %s",
                                        shape_text(first).s, i, shape_text(s).s);
        for (int d = 0; d < r->rank; d++) {
                if (d == axis) {
                        bool open = r->dim[d] < 0 || s->dim[d] < 0;
                        if (open)
                                r->dim[d] = -1;
                        else if (__builtin_add_overflow(r->dim[d], s->dim[d], &r->dim[d]))
                                return invalid_argument("ConcatOp : the result is too large");
                } else if (r->dim[d] < 0) {
                        r->dim[d] = s->dim[d];
                } else if (s->dim[d] >= 0 && s->dim[d] != r->dim[d] && axis >= 0) {
                        return invalid_argument("ConcatOp : Dimensions of inputs should match: "
                                                "shape[0] = %s vs. shape[%d] = %s",
                                                shape_text(first).s, i, shape_text(s).s);
                }
        }
        return NULL;
}

Status *concat_values_shape(ShapeCtx *c, int first, int end, int at, bool v2)
{
        int axis;
        int known = -1, unknown = 0; /* a value of known rank; how many are of unknown rank */
        for (int i = first; i < end; i++) {
                if (shape_in(c, i)->rank < 0)
                        unknown++;
                else if (known < 0)
                        known = i;
        }
        int rank = known < 0 ? -1 : shape_in(c, known)->rank;
        TRY(check_axis(c, at, v2, rank, &axis));
        if (known < 0)
                return NULL;
        Shape r = *shape_in(c, known);
        for (int i = known + 1; i < end; i++)
                if (shape_in(c, i)->rank >= 0)
                        TRY(join(shape_in(c, i), i - first, axis, shape_in(c, known), &r));
        if (axis < 0)
                r = shape_of_rank(rank);
        else if (unknown)
                r.dim[axis] = -1;
        c->out[0] = r;
        return NULL;
}

static Status *concat_shape(ShapeCtx *c)
{
        bool v2 = is_v2(c->node);
        return concat_values_shape(c, v2 ? 0 : 1, v2 ? c->n_in - 1 : c->n_in, v2 ? c->n_in - 1 : 0,
                                   v2);
}

/* Rows [from, to) of all values: y[outer, at + part] = x[outer, part]. */
static Status *concat_rows(OpCtx *c, int first, int end, int axis, int64_t from, int64_t to)
{
        Tensor *y = ctx_output(c, 0);
        int64_t row = shape_product(tensor_shape(y), axis, tensor_rank(y)), at = 0;
        for (int i = first; i < end; i++) {
                const Tensor *x = ctx_input(c, i);
                int64_t part = shape_product(tensor_shape(x), axis, tensor_rank(x));
                Box b;
                box_begin(&b, from * row + at, from * part);
                box_add(&b, to - from, row, part);
                box_add(&b, part, 1, 1);
                TRY(box_copy(&b, y, x));
                at += part;
        }
        return NULL;
}

/* Some rows at a time, so that what lies between pieces of one value is still in the cache when
 * the next value's come. */
static Status *concat(OpCtx *c)
{
        enum { SOME = 32 << 10 }; /* bytes */
        bool v2 = is_v2(ctx_node(c));
        int first = v2 ? 0 : 1, end = v2 ? c->n_in - 1 : c->n_in;
        const Tensor *y = ctx_output(c, 0);
        int64_t at = tensor_int(ctx_input(c, v2 ? end : 0), 0);
        int axis = (int)(at < 0 ? at + tensor_rank(y) : at);
        int64_t outer = shape_product(tensor_shape(y), 0, axis);
        int64_t row = shape_product(tensor_shape(y), axis, tensor_rank(y)) *
                      (int64_t)dtype_size(tensor_dtype(y));
        int64_t step = SOME / MAX(row, 1) + 1;
        for (int64_t o = 0; o < outer; o += step)
                TRY(concat_rows(c, first, end, axis, o, MIN(outer, o + step)));
        return NULL;
}

OP(Concat, .inputs = "concat_dim:int32; values:N*T", .outputs = "output:T",
   .attrs = "N:int >=2; T:type", .shape = concat_shape, .compute = concat);
OP(ConcatV2, .inputs = "values:N*T; axis:Tidx", .outputs = "output:T",
   .attrs = "N:int >=2; T:type; Tidx:type in [int32,int64] = int32", .shape = concat_shape,
   .compute = concat);
