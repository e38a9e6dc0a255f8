// SPDX-License-Identifier: Apache-2.0
/* Select (the condition is a scalar, one per row, or one per element), SelectV2 (all broadcast). */
#include "engine/kernels/math/types.h"

/* The old op does not broadcast, but for a scalar or one condition per row. */
static Status *select_shape(ShapeCtx *c)
{
        const Shape *cond = shape_in(c, 0), *t = shape_in(c, 1), *e = shape_in(c, 2);
        if (!shape_compatible(t, e))
                return invalid_argument("'then' and 'else' must have the same size.  but "
                                        "received: %s vs. %s",
                                        shape_text(t).s, shape_text(e).s);
        TRY(shape_merge(t, e, &c->out[0]));
        const Shape *out = &c->out[0];
        if (cond->rank <= 0 || out->rank < 0)
                return NULL;
        if (cond->rank == 1 && out->rank != 1) {
                if (out->rank == 0)
                        return invalid_argument(
                                "'then' must be at least a vector, but saw shape: %s",
                                shape_text(out).s);
                if (cond->dim[0] >= 0 && out->dim[0] >= 0 && cond->dim[0] != out->dim[0])
                        return invalid_argument("Number of batches of 'then' must match size of "
                                                "'cond', but saw: %lld vs. %lld",
                                                (long long)out->dim[0], (long long)cond->dim[0]);
                return NULL;
        }
        if (!shape_compatible(cond, out))
                return invalid_argument("Inputs to operation %s of type Select must have the same "
                                        "size and shape.  Input 0: %s != input 1: %s",
                                        c->node->name, shape_text(cond).s, shape_text(out).s);
        return shape_merge(cond, out, &c->out[0]);
}

static Status *select_v2_shape(ShapeCtx *c)
{
        Shape values;
        const Shape *cond = shape_in(c, 0), *t = shape_in(c, 1), *e = shape_in(c, 2);
        Status *s = shape_broadcast(t, e, &values);
        if (!s)
                s = shape_broadcast(cond, &values, &c->out[0]);
        if (!s)
                return NULL;
        status_free(s);
        return invalid_argument("condition %s, then %s, and else %s must be broadcastable",
                                shape_text(cond).s, shape_text(t).s, shape_text(e).s);
}

/* By size, not by type: elements are only moved. Conditions are read as bytes and both values
 * always, or gcc makes no vectors of it. Each operand advances by its step, 0 or 1. */
#define PICK_LOOP(ci, ti, ei)                    \
        SAME_OR_APART                            \
        for (int64_t i = 0; i < n; i++) {        \
                V yes = t[ti], no = e[ei];       \
                z[i] = cond[ci] != 0 ? yes : no; \
        }
#define PICK(SIZE, T)                                                                          \
        HOT static void pick_##SIZE(const void *cond_, int64_t cs, const void *t_, int64_t ts, \
                                    const void *e_, int64_t es, void *z_, int64_t n)           \
        {                                                                                      \
                typedef T V;                                                                   \
                const V *t = t_, *e = e_;                                                      \
                const uint8_t *cond = cond_;                                                   \
                V *z = z_;                                                                     \
                if (cs && ts && es) {                                                          \
                        PICK_LOOP(i, i, i)                                                     \
                } else if (cs && ts) {                                                         \
                        PICK_LOOP(i, i, 0)                                                     \
                } else if (cs && es) {                                                         \
                        PICK_LOOP(i, 0, i)                                                     \
                } else {                                                                       \
                        PICK_LOOP(i *cs, i *ts, i *es)                                         \
                }                                                                              \
        }
MOVE_TYPES(PICK)
#undef PICK

/* Rows of `row` elements each, one condition per row. */
static Status *select_rows(const bool *cond, const Tensor *t, const Tensor *e, Tensor *z,
                           int64_t row)
{
        DType type = tensor_dtype(z);
        int64_t n = tensor_count(z);
        if (row == 1 && dtype_is_plain(type)) {
                DISPATCH_SIZE(type, pick, cond, 1, tensor_data(t), 1, tensor_data(e), 1,
                              tensor_fill(z), n);
                return NULL;
        }
        for (int64_t i = 0; i < n; i += row)
                TRY(tensor_copy_elements(z, i, cond[i / row] ? t : e, i, row));
        return NULL;
}

/* A scalar condition hands one input on, uncopied. */
static Status *select_compute(OpCtx *c)
{
        const Tensor *cond = ctx_input(c, 0), *t = ctx_input(c, 1);
        Tensor *z = ctx_output(c, 0);
        const bool *yes = tensor_data(cond);
        if (tensor_rank(cond) == 0) {
                ctx_forward(c, *yes ? 1 : 2, 0);
                return NULL;
        }
        int64_t row = tensor_count(cond) ? tensor_count(t) / tensor_count(cond) : 1;
        return row ? select_rows(yes, t, ctx_input(c, 2), z, row) : NULL;
}

/* ---- SelectV2 ---- */

/* The broadcast as a walk over merged dims, innermost first: neighbours in which each operand
 * either goes on or stands still are one. */
typedef struct Walk {
        const Tensor *in[3];
        Tensor *z;
        int rank;
        int64_t dim[SHAPE_MAX_RANK + 1], step[SHAPE_MAX_RANK + 1][3]; /* elements */
} Walk;

static void walk_plan(Walk *w)
{
        const Shape *out = tensor_shape(w->z);
        int64_t n[3] = { 1, 1, 1 };
        for (int i = 0; i < out->rank; i++) {
                int64_t d = out->dim[out->rank - 1 - i], step[3];
                bool merges = w->rank > 0;
                int l = w->rank - 1;
                for (int k = 0; k < 3; k++) {
                        const Shape *s = tensor_shape(w->in[k]);
                        int64_t own = i < s->rank ? s->dim[s->rank - 1 - i] : 1;
                        step[k] = own == 1 ? 0 : n[k];
                        n[k] *= own;
                        merges = merges && step[k] == w->step[l][k] * w->dim[l];
                }
                if (d == 1)
                        continue;
                if (merges) {
                        w->dim[l] *= d;
                        continue;
                }
                w->dim[w->rank] = d;
                memcpy(w->step[w->rank++], step, sizeof step);
        }
        if (w->rank == 0) /* one element: no operand goes anywhere */
                w->dim[w->rank++] = 1;
}

/* One row of the innermost dim. */
static Status *walk_row(const Walk *w, const int64_t at[3], int64_t to)
{
        const int64_t *step = w->step[0];
        DType type = tensor_dtype(w->z);
        size_t size = dtype_size(type);
        const bool *yes = (const bool *)tensor_data(w->in[0]) + at[0];
        if (dtype_is_plain(type)) {
                DISPATCH_SIZE(type, pick, yes, step[0],
                              (const char *)tensor_data(w->in[1]) + (size_t)at[1] * size, step[1],
                              (const char *)tensor_data(w->in[2]) + (size_t)at[2] * size, step[2],
                              (char *)tensor_fill(w->z) + (size_t)to * size, w->dim[0]);
                return NULL;
        }
        for (int64_t i = 0; i < w->dim[0]; i++) {
                int k = yes[i * step[0]] ? 1 : 2;
                TRY(tensor_copy_elements(w->z, to + i, w->in[k], at[k] + i * step[k], 1));
        }
        return NULL;
}

/* Counts like an odometer; when a digit wraps, all offsets step back by what they had gone. */
static Status *select_v2_walk(const Tensor *cond, const Tensor *t, const Tensor *e, Tensor *z)
{
        Walk w = { .in = { cond, t, e }, .z = z };
        int64_t count[SHAPE_MAX_RANK + 1] = { 0 }, at[3] = { 0 };
        walk_plan(&w);
        for (int64_t to = 0; to < tensor_count(z); to += w.dim[0]) {
                TRY(walk_row(&w, at, to));
                for (int d = 1; d < w.rank; d++) {
                        bool wraps = ++count[d] == w.dim[d];
                        for (int k = 0; k < 3; k++)
                                at[k] += w.step[d][k] * (wraps ? 1 - count[d] : 1);
                        if (!wraps)
                                break;
                        count[d] = 0;
                }
        }
        return NULL;
}

static Status *select_v2(OpCtx *c)
{
        const Tensor *cond = ctx_input(c, 0), *t = ctx_input(c, 1), *e = ctx_input(c, 2);
        Tensor *z = ctx_output(c, 0);
        const Shape *out = tensor_shape(z);
        if (shape_equal(tensor_shape(cond), out) && shape_equal(tensor_shape(t), out) &&
            shape_equal(tensor_shape(e), out))
                return select_rows(tensor_data(cond), t, e, z, 1);
        return select_v2_walk(cond, t, e, z);
}

#define SIGNATURE .inputs = "condition:bool; t:T; e:T", .outputs = "output:T", .attrs = "T:type"
OP(Select, SIGNATURE, .shape = select_shape, .compute = select_compute);
OP(SelectV2, SIGNATURE, .shape = select_v2_shape, .compute = select_v2);
