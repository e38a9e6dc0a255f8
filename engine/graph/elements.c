// SPDX-License-Identifier: Apache-2.0
/* One short function per op that graphs use to compute shapes; all others yield nothing. */
#include "engine/graph/elements.h"

#include <stdlib.h>
#include <string.h>

/* Only what could be a shape: a short vector of int32 or int64. Anything negative counts as
 * unknown. */
bool elements_of(const Tensor *t, Shape *ret)
{
        if (tensor_rank(t) > 1 || tensor_count(t) > SHAPE_MAX_RANK ||
            (tensor_dtype(t) != DT_INT32 && tensor_dtype(t) != DT_INT64))
                return false;
        Shape s = { .rank = (int)tensor_count(t) };
        for (int i = 0; i < s.rank; i++)
                s.dim[i] = MAX(tensor_int(t, i), -1);
        *ret = s;
        return true;
}

static bool input(const ElementsCtx *c, int i, Shape *ret)
{
        if (c->value[i])
                return elements_of(c->value[i], ret);
        if (c->elements[i])
                *ret = *c->elements[i];
        return c->elements[i] != NULL;
}

/* Input i as one number, however it is known. */
static bool number(const ElementsCtx *c, int i, int64_t *ret)
{
        const Tensor *t = c->value[i];
        if (t && tensor_count(t) == 1 && dtype_is_integer(tensor_dtype(t)))
                *ret = tensor_int(t, 0);
        else if (!t && c->elements[i] && c->elements[i]->rank == 1 && c->elements[i]->dim[0] >= 0)
                *ret = c->elements[i]->dim[0];
        else
                return false;
        return true;
}

/* Cast, Identity, Reshape, ExpandDims, Squeeze: the same elements in another form. */
static void same(ElementsCtx *c)
{
        DType t = c->node->out_types[0];
        Shape e;
        if ((t == DT_INT32 || t == DT_INT64) && c->out_shape[0].rank <= 1 && input(c, 0, &e))
                c->out[0] = e;
}

/* Shape, ShapeN */
static void shape(ElementsCtx *c)
{
        for (int i = 0; i < c->n_out && i < c->n_in; i++)
                c->out[i] = *c->in[i];
}

static void rank(ElementsCtx *c)
{
        if (c->in[0]->rank >= 0)
                c->out[0] = SHAPE(c->in[0]->rank);
}

static void size(ElementsCtx *c)
{
        int64_t n;
        autoptr(Status) unknown = shape_count(c->in[0], &n);
        if (!unknown)
                c->out[0] = SHAPE(n);
}

/* Pack of scalars. */
static void pack(ElementsCtx *c)
{
        Shape e, out = SHAPE_SCALAR;
        if (c->n_in > SHAPE_MAX_RANK)
                return;
        for (int i = 0; i < c->n_in; i++) {
                if (c->in[i]->rank != 0)
                        return;
                shape_append(&out, input(c, i, &e) && e.rank == 1 ? e.dim[0] : -1);
        }
        c->out[0] = out;
}

/* Appends vector i, of which only the length may be known. */
static bool append(const ElementsCtx *c, int i, Shape *out)
{
        Shape e;
        if (c->in[i]->rank != 1)
                return false;
        if (!input(c, i, &e)) {
                if (c->in[i]->dim[0] < 0 || c->in[i]->dim[0] > SHAPE_MAX_RANK)
                        return false;
                e = shape_of_rank((int)c->in[i]->dim[0]);
        }
        if (out->rank + e.rank > SHAPE_MAX_RANK)
                return false;
        for (int k = 0; k < e.rank; k++)
                shape_append(out, e.dim[k]);
        return true;
}

/* ConcatV2: the axis comes last; vectors have no other. */
static void concat(ElementsCtx *c)
{
        Shape out = SHAPE_SCALAR;
        for (int i = 0; i < c->n_in - 1; i++)
                if (!append(c, i, &out))
                        return;
        c->out[0] = out;
}

/* Slice of a shape vector; size -1 is all that is left. What does not fit yields nothing, the op
 * itself will complain. */
static void slice(ElementsCtx *c)
{
        Shape e, out = SHAPE_SCALAR;
        int64_t begin, n;
        if (c->in[0]->rank != 1 || !input(c, 0, &e) || !number(c, 1, &begin) || !number(c, 2, &n))
                return;
        n = n < 0 ? e.rank - begin : n;
        if (begin < 0 || begin > e.rank || n < 0 || n > e.rank - begin)
                return;
        for (int64_t i = begin; i < begin + n; i++)
                shape_append(&out, e.dim[i]);
        c->out[0] = out;
}

/* Where a one-dimensional strided slice begins or ends. */
static int64_t bound(int64_t i, int n, bool masked, bool is_end, int64_t stride)
{
        if (masked)
                return is_end == (stride > 0) ? (stride > 0 ? n : n - 1) : (stride > 0 ? 0 : -1);
        i = i < 0 ? i + n : i;
        i = MAX(i, stride > 0 ? 0 : -1);
        return MIN(i, stride > 0 ? n : n - 1);
}

/* What Python's shape[1:] and shape[0] become. Masks that change the rank are left alone. */
static void strided_slice(ElementsCtx *c)
{
        Shape e, out = SHAPE_SCALAR;
        int64_t begin, end, stride, at;
        const Node *n = c->node;
        if (c->in[0]->rank != 1 || !input(c, 0, &e) || !number(c, 1, &begin) ||
            !number(c, 2, &end) || !number(c, 3, &stride) || stride == 0 ||
            node_int(n, "ellipsis_mask", 0) || node_int(n, "new_axis_mask", 0))
                return;
        if (node_int(n, "shrink_axis_mask", 0) & 1) {
                at = begin < 0 ? begin + e.rank : begin;
                if (at >= 0 && at < e.rank)
                        c->out[0] = SHAPE(e.dim[at]);
                return;
        }
        at = bound(begin, e.rank, node_int(n, "begin_mask", 0) & 1, false, stride);
        end = bound(end, e.rank, node_int(n, "end_mask", 0) & 1, true, stride);
        /* a stride beyond the vector leaves it after one step, without overflow */
        stride = MAX(stride, -SHAPE_MAX_RANK - 1);
        stride = MIN(stride, SHAPE_MAX_RANK + 1);
        for (; stride > 0 ? at < end : at > end; at += stride)
                shape_append(&out, e.dim[at]);
        c->out[0] = out;
}

/* Gather, GatherV2 of a vector. */
static void gather(ElementsCtx *c)
{
        Shape e, index, out = SHAPE_SCALAR;
        if (c->in[0]->rank != 1 || c->in[1]->rank > 1 || !input(c, 0, &e) || !input(c, 1, &index))
                return;
        for (int i = 0; i < index.rank; i++) {
                if (index.dim[i] < 0 || index.dim[i] >= e.rank)
                        return;
                shape_append(&out, e.dim[index.dim[i]]);
        }
        c->out[0] = out;
}

/* Both are sizes, thus not negative; a result that is none is unknown. */
static int64_t apply(const char *op, int64_t a, int64_t b)
{
        int64_t v;
        bool overflow = false;
        if (!strcmp(op, "Add") || !strcmp(op, "AddV2"))
                overflow = __builtin_add_overflow(a, b, &v);
        else if (!strcmp(op, "Sub"))
                v = a - b;
        else if (!strcmp(op, "Mul"))
                overflow = __builtin_mul_overflow(a, b, &v);
        else if (!strcmp(op, "Maximum"))
                v = MAX(a, b);
        else if (!strcmp(op, "Minimum"))
                v = MIN(a, b);
        else
                v = b ? a / b : -1; /* FloorDiv: both are positive */
        return overflow || v < 0 ? -1 : v;
}

/* Element by element, a single one serving for all. */
static void binary(ElementsCtx *c)
{
        Shape a, b;
        DType t = c->node->out_types[0];
        if (!input(c, 0, &a) || !input(c, 1, &b) || c->in[0]->rank > 1 || c->in[1]->rank > 1)
                return;
        int n = a.rank == 1 ? b.rank : a.rank;
        if (b.rank != 1 && b.rank != n)
                return;
        Shape out = { .rank = n };
        for (int i = 0; i < n; i++) {
                int64_t x = a.dim[a.rank == 1 ? 0 : i], y = b.dim[b.rank == 1 ? 0 : i];
                out.dim[i] = x < 0 || y < 0 ? -1 : apply(c->node->def->op, x, y);
                if (t == DT_INT32 && out.dim[i] > INT32_MAX)
                        out.dim[i] = -1;
        }
        c->out[0] = out;
}

/* Prod of a whole vector. */
static void prod(ElementsCtx *c)
{
        Shape e;
        int64_t axis, n;
        if (c->in[0]->rank != 1 || !input(c, 0, &e) || !number(c, 1, &axis))
                return;
        autoptr(Status) unknown = shape_count(&e, &n);
        if (!unknown && (c->node->out_types[0] != DT_INT32 || n <= INT32_MAX))
                c->out[0] = SHAPE(n);
}

static const struct {
        const char *op;
        void (*infer)(ElementsCtx *);
} rules[] = {
        /* by name */
        { "Add", binary },      { "AddV2", binary },
        { "Cast", same },       { "ConcatV2", concat },
        { "ExpandDims", same }, { "FloorDiv", binary },
        { "Gather", gather },   { "GatherV2", gather },
        { "Identity", same },   { "Maximum", binary },
        { "Minimum", binary },  { "Mul", binary },
        { "Pack", pack },       { "Prod", prod },
        { "Rank", rank },       { "Reshape", same },
        { "Shape", shape },     { "ShapeN", shape },
        { "Size", size },       { "Slice", slice },
        { "Squeeze", same },    { "StridedSlice", strided_slice },
        { "Sub", binary },
};

static int by_op(const void *key, const void *rule)
{
        return strcmp(key, *(const char *const *)rule);
}

/* All outputs begin unknown; a rule that gives up leaves them so. */
bool elements_infer(ElementsCtx *c)
{
        const void *found =
                bsearch(c->node->def->op, rules, COUNTOF(rules), sizeof rules[0], by_op);
        bool known = false;
        for (int i = 0; found && i < c->n_out; i++)
                c->out[i] = SHAPE_UNKNOWN;
        if (found)
                ((const typeof(rules[0]) *)found)->infer(c);
        for (int i = 0; found && i < c->n_out; i++)
                known |= c->out[i].rank >= 0;
        return known;
}
