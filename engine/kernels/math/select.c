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
 * always, or gcc makes no vectors of it. */
#define PICK(SIZE, T)                                                                            \
        HOT static void pick_##SIZE(const void *cond_, const void *t_, const void *e_, void *z_, \
                                    int64_t n)                                                   \
        {                                                                                        \
                const T *t = t_, *e = e_;                                                        \
                const uint8_t *cond = cond_;                                                     \
                T *z = z_;                                                                       \
                SAME_OR_APART                                                                    \
                for (int64_t i = 0; i < n; i++) {                                                \
                        T yes = t[i], no = e[i];                                                 \
                        z[i] = cond[i] != 0 ? yes : no;                                          \
                }                                                                                \
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
                DISPATCH_SIZE(type, pick, cond, tensor_data(t), tensor_data(e), tensor_fill(z), n);
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

typedef struct Strides {
        int64_t of[SHAPE_MAX_RANK];
} Strides;

/* Dims of size 1, and those missing in front, are walked with stride 0. */
static Strides strides_in(const Shape *in, const Shape *out)
{
        Strides s = { { 0 } };
        int64_t n = 1;
        for (int d = in->rank - 1, o = out->rank - 1; d >= 0; d--, o--) {
                s.of[o] = in->dim[d] == 1 ? 0 : n;
                n *= in->dim[d];
        }
        return s;
}

/* Counts like an odometer; when a digit wraps, all offsets step back by what they had gone. */
static Status *select_v2_walk(const Tensor *cond, const Tensor *t, const Tensor *e, Tensor *z)
{
        const Shape *out = tensor_shape(z);
        Strides s[3] = { strides_in(tensor_shape(cond), out), strides_in(tensor_shape(t), out),
                         strides_in(tensor_shape(e), out) };
        int64_t at[SHAPE_MAX_RANK] = { 0 }, offset[3] = { 0 };
        const bool *yes = tensor_data(cond);
        size_t size = dtype_size(tensor_dtype(z));
        bool plain = dtype_is_plain(tensor_dtype(z));
        for (int64_t i = 0; i < tensor_count(z); i++) {
                int from = yes[offset[0]] ? 1 : 2;
                const Tensor *src = from == 1 ? t : e;
                if (plain)
                        memcpy((char *)tensor_fill(z) + (size_t)i * size,
                               (const char *)tensor_data(src) + (size_t)offset[from] * size, size);
                else
                        TRY(tensor_copy_elements(z, i, src, offset[from], 1));
                for (int d = out->rank - 1; d >= 0; d--) {
                        bool wraps = ++at[d] == out->dim[d];
                        for (int k = 0; k < 3; k++)
                                offset[k] += s[k].of[d] * (wraps ? 1 - at[d] : 1);
                        if (!wraps)
                                break;
                        at[d] = 0;
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
