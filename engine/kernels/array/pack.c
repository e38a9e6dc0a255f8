// SPDX-License-Identifier: Apache-2.0
/* Pack: tensors of one shape, put together along a new axis. Unpack takes them apart. */
#include "engine/kernels/array/part.h"
#include "engine/ops/box.h"

static Status *pack_axis(const Node *node, int rank, int *ret)
{
        int64_t axis = node_int(node, "axis", 0);
        if (axis < -rank || axis >= rank)
                return invalid_argument("axis = %lld not in [%d, %d)", (long long)axis, -rank,
                                        rank);
        *ret = (int)(axis < 0 ? axis + rank : axis);
        return NULL;
}

/* Inputs tell each other's unknown dims. The axis counts in the result, thus up to its rank. */
static Status *pack_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        for (int i = 1; i < c->n_in; i++) {
                if (!shape_compatible(&s, shape_in(c, i)))
                        return invalid_argument("Shapes of all inputs must match: "
                                                "values[0].shape = %s != values[%d].shape = %s",
                                                shape_text(&s).s, i, shape_text(shape_in(c, i)).s);
                TRY(shape_merge(&s, shape_in(c, i), &s));
        }
        if (s.rank < 0)
                return NULL;
        int axis;
        TRY(pack_axis(c->node, s.rank + 1, &axis));
        if (s.rank == SHAPE_MAX_RANK)
                return shape_make(NULL, s.rank + 1, &s);
        shape_insert(&s, axis, c->n_in);
        c->out[0] = s;
        return NULL;
}

static Status *pack(OpCtx *c)
{
        Tensor *y = ctx_output(c, 0);
        int axis;
        TRY(pack_axis(ctx_node(c), tensor_rank(y), &axis));
        int64_t outer = shape_product(tensor_shape(y), 0, axis);
        int64_t inner = shape_product(tensor_shape(y), axis + 1, tensor_rank(y)), n = c->n_in;
        for (int i = 0; i < n; i++) {
                Box b; /* y[outer, i, inner] = x_i[outer, inner] */
                box_begin(&b, i * inner, 0);
                box_add(&b, outer, n * inner, inner);
                box_add(&b, inner, 1, 1);
                TRY(box_copy(&b, y, ctx_input(c, i)));
        }
        return NULL;
}

/* The axis must have as many elements as the op has outputs (num). */
static Status *unpack_shape(ShapeCtx *c)
{
        Shape s = *shape_in(c, 0);
        if (s.rank < 0)
                return NULL;
        int axis;
        TRY(pack_axis(c->node, s.rank, &axis));
        if (s.dim[axis] >= 0 && s.dim[axis] != c->n_out)
                return invalid_argument("Input shape axis %d must equal %d, got shape %s", axis,
                                        c->n_out, shape_text(&s).s);
        shape_remove(&s, axis);
        for (int i = 0; i < c->n_out; i++)
                c->out[i] = s;
        return NULL;
}

/* Along the first axis the pieces are slices of the input. */
static Status *unpack_slices(OpCtx *c, const Tensor *x, const Shape *s, int64_t inner)
{
        for (int i = 0; i < c->n_out; i++) {
                Tensor *part;
                TRY(tensor_slice((Tensor *)x, i * inner, s, &part));
                ctx_set_output(c, i, part);
        }
        return NULL;
}

static Status *unpack(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y;
        int axis;
        TRY(pack_axis(ctx_node(c), tensor_rank(x), &axis));
        Shape s = *tensor_shape(x);
        shape_remove(&s, axis);
        int64_t outer = shape_product(&s, 0, axis), inner = shape_product(&s, axis, s.rank);
        if (outer == 1)
                return unpack_slices(c, x, &s, inner);
        for (int i = 0; i < c->n_out; i++)
                TRY(ctx_alloc(c, i, &s, &y));
        return part_deal(c, x, outer);
}

OP(Pack, .inputs = "values:N*T", .outputs = "output:T", .attrs = "N:int >=1; T:type; axis:int = 0",
   .shape = pack_shape, .compute = pack);
OP(Unpack, .inputs = "value:T", .outputs = "output:num*T",
   .attrs = "num:int >=0; T:type; axis:int = 0", .shape = unpack_shape, .compute = unpack,
   .late_shape = true);
