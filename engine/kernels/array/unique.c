// SPDX-License-Identifier: Apache-2.0
/* Unique and its versions: the different rows of x along an axis, in the order they first come, and
 * for each row of x which of them it is. */
#include "engine/kernels/array/row_set.h"
#include "engine/ops/box.h"

/* UniqueV2 takes its axis as a vector of one; empty means a vector without axis. */
static Status *unique_axis(const Tensor *x_axis, const Shape *x, int *ret)
{
        if (!x_axis || tensor_count(x_axis) == 0) {
                if (x->rank != 1)
                        return invalid_argument("unique expects a 1D vector.");
                *ret = 0;
                return NULL;
        }
        if (tensor_rank(x_axis) > 1)
                return invalid_argument("axis expects a 1D vector.");
        if (tensor_count(x_axis) != 1)
                return invalid_argument("axis does not support input tensors larger than 1 "
                                        "elements");
        int64_t axis = tensor_int(x_axis, 0);
        if (axis < -x->rank || axis >= x->rank)
                return invalid_argument("axis has to be between [0, %d)", x->rank);
        *ret = (int)(axis < 0 ? axis + x->rank : axis);
        return NULL;
}

static bool has_axis(const Node *n)
{
        return strstr(n->def->op, "V2") != NULL;
}

/* idx is as long as the axis, how many are different only the run tells. */
static Status *unique_shape(ShapeCtx *c)
{
        bool v2 = has_axis(c->node);
        const Shape *x = shape_in(c, 0);
        const Tensor *axis_value = v2 ? shape_value(c, 1) : NULL;
        int axis = 0;
        c->out[1] = SHAPE(-1);
        if (c->n_out > 2)
                c->out[2] = SHAPE(-1);
        if (x->rank < 0)
                return NULL;
        if (v2 && !axis_value) {
                c->out[0] = shape_of_rank(x->rank);
                return NULL;
        }
        TRY(unique_axis(axis_value, x, &axis));
        c->out[0] = *x;
        c->out[0].dim[axis] = -1;
        c->out[1] = SHAPE(x->dim[axis]);
        return NULL;
}

static void put(Tensor *t, int64_t i, int64_t v)
{
        if (tensor_dtype(t) == DT_INT32)
                ((int32_t *)tensor_fill(t))[i] = (int32_t)v;
        else
                ((int64_t *)tensor_fill(t))[i] = v;
}

/* x with the axis in front, as rows; x itself where it is in front already. */
static Status *to_rows(const Tensor *x, int axis, Tensor **ret)
{
        if (axis == 0) {
                *ret = tensor_ref(x);
                return NULL;
        }
        int64_t outer = shape_product(tensor_shape(x), 0, axis), n = tensor_dim(x, axis);
        int64_t inner = shape_product(tensor_shape(x), axis + 1, tensor_rank(x));
        Box b = { .rank = 0 }; /* rows[k, o, i] = x[o, k, i] */
        autoptr(Tensor) rows = NULL;
        TRY(tensor_new(tensor_dtype(x), &SHAPE(n, outer, inner), &rows));
        box_add(&b, n, outer * inner, inner);
        box_add(&b, outer, inner, n * inner);
        box_add(&b, inner, 1, 1);
        TRY(box_copy(&b, rows, x));
        *ret = steal(&rows);
        return NULL;
}

/* Writes idx and returns in first[] which row of x each unique one is. */
static Status *number_rows(OpCtx *c, const Tensor *rows, int64_t n, int64_t len, Tensor *idx,
                           int64_t *first, int64_t *ret)
{
        autoptr(Tensor) keys = NULL;
        RowSet set;
        int64_t unique = 0;
        TRY(row_set_keys(rows, &keys));
        TRY(row_set_init(&set, c, keys, n, len));
        for (int64_t i = 0; i < n; i++) {
                int64_t at = row_set_add(&set, i, unique);
                if (at < 0) {
                        first[unique] = i;
                        at = unique++;
                }
                put(idx, i, at);
        }
        *ret = unique;
        return NULL;
}

/* UniqueWithCounts: counted from idx afterwards, since places were given out in the same order. */
static Status *put_counts(OpCtx *c, const Tensor *idx, int64_t unique)
{
        Tensor *count;
        TRY(ctx_alloc(c, 2, &SHAPE(unique), &count));
        for (int64_t i = 0; i < unique; i++)
                put(count, i, 0);
        for (int64_t i = 0; i < tensor_count(idx); i++)
                put(count, tensor_int(idx, i), tensor_int(count, tensor_int(idx, i)) + 1);
        return NULL;
}

static Status *unique(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        autoptr(Tensor) rows = NULL;
        Tensor *y, *idx;
        int axis;
        TRY(unique_axis(ctx_inputs(c) > 1 ? ctx_input(c, 1) : NULL, tensor_shape(x), &axis));
        Shape s = *tensor_shape(x);
        int64_t n = s.dim[axis], outer = shape_product(&s, 0, axis), found = 0;
        int64_t inner = shape_product(&s, axis + 1, s.rank);
        if (n > INT32_MAX)
                return invalid_argument("unique does not support input tensors larger than %d "
                                        "elements",
                                        INT32_MAX);
        int64_t *first = ctx_scratch(c, (size_t)(n + 1) * sizeof *first);
        if (!first)
                return status_oom();
        TRY(to_rows(x, axis, &rows));
        TRY(ctx_alloc(c, 1, &SHAPE(n), &idx));
        TRY(number_rows(c, rows, n, outer * inner, idx, first, &found));
        s.dim[axis] = found;
        TRY(ctx_alloc(c, 0, &s, &y));
        size_t size = (size_t)inner * dtype_size(tensor_dtype(x));
        bool plain = outer == 1 && dtype_is_plain(tensor_dtype(x));
        for (int64_t k = 0; plain && k < found; k++)
                memcpy((char *)tensor_fill(y) + (size_t)k * size,
                       (const char *)tensor_data(rows) + (size_t)first[k] * size, size);
        for (int64_t k = 0; !plain && k < found; k++) { /* y[o, k, i] = rows[first[k], o, i] */
                Box b = { .dst_at = k * inner, .src_at = first[k] * outer * inner };
                box_add(&b, outer, found * inner, inner);
                box_add(&b, inner, 1, 1);
                TRY(box_copy(&b, y, rows));
        }
        return ctx_outputs(c) > 2 ? put_counts(c, idx, found) : NULL;
}

#define COMPARABLE                                                                                 \
        "T:type in [float,double,int32,uint8,int16,int8,string,complex64,int64,bool,qint8,quint8," \
        "qint32,bfloat16,qint16,quint16,uint16,complex128,half,uint32,uint64]"

OP(Unique, .inputs = "x:T", .outputs = "y:T; idx:out_idx",
   .attrs = "T:type; out_idx:type in [int32,int64] = int32", .shape = unique_shape,
   .compute = unique, .kernels = COMPARABLE, .late_shape = true);
OP(UniqueV2, .inputs = "x:T; axis:Taxis", .outputs = "y:T; idx:out_idx",
   .attrs = "T:type; Taxis:type in [int32,int64] = int64; out_idx:type in [int32,int64] = int32",
   .shape = unique_shape, .compute = unique, .kernels = COMPARABLE, .late_shape = true);
OP(UniqueWithCounts, .inputs = "x:T", .outputs = "y:T; idx:out_idx; count:out_idx",
   .attrs = "T:type; out_idx:type in [int32,int64] = int32", .shape = unique_shape,
   .compute = unique, .kernels = COMPARABLE, .late_shape = true);
OP(UniqueWithCountsV2, .inputs = "x:T; axis:Taxis", .outputs = "y:T; idx:out_idx; count:out_idx",
   .attrs = "T:type; Taxis:type in [int32,int64] = int64; out_idx:type in [int32,int64] = int32",
   .shape = unique_shape, .compute = unique, .kernels = COMPARABLE, .late_shape = true);
