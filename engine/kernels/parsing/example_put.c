// SPDX-License-Identifier: Apache-2.0
/* Makes sparse, dense and ragged tensors of the features that examples hold. */
#include "engine/kernels/parsing/example.h"

#include <stdio.h>

static const Feature *found(const ExampleOp *e, int64_t example, int want)
{
        return &e->found[example * (e->n_sparse + e->n_dense + e->n_ragged) + want];
}

/* All values of one key, and the most that one example has. */
static void measure(const ExampleOp *e, int want, int64_t *ret_total, int64_t *ret_max)
{
        int64_t total = 0, max = 0;
        for (int64_t i = 0; i < e->batch; i++) {
                int64_t n = found(e, i, want)->n;
                total += n;
                max = MAX(max, n);
        }
        *ret_total = total;
        *ret_max = max;
}

/* Texts of one key share their memory. */
static Status *make_room(const ExampleOp *e, int want, Tensor *t, char **ret)
{
        size_t n = 0;
        if (tensor_dtype(t) != DT_STRING)
                return NULL;
        for (int64_t i = 0; i < e->batch; i++)
                n += found(e, i, want)->bytes;
        return tensor_text_room(t, n, ret);
}

/* Where the n values of example i are; returns where the next one's go. */
static int64_t *put_places(int64_t *at, bool batched, int64_t i, int64_t n)
{
        for (int64_t j = 0; batched && j < n; j++) {
                at[2 * j] = i;
                at[2 * j + 1] = j;
        }
        for (int64_t j = 0; !batched && j < n; j++)
                at[j] = j;
        return at + (batched ? 2 * n : n);
}

static Status *put_sparse(OpCtx *c, const ExampleOp *e, int k)
{
        Tensor *indices, *values, *shape;
        int64_t total, max, to = 0, rank = e->batched ? 2 : 1;
        char *room = NULL;
        measure(e, k, &total, &max);
        TRY(ctx_alloc(c, k, &SHAPE(total, rank), &indices));
        TRY(ctx_alloc(c, e->n_sparse + k, &SHAPE(total), &values));
        TRY(ctx_alloc(c, 2 * e->n_sparse + k, &SHAPE(rank), &shape));
        TRY(make_room(e, k, values, &room));
        int64_t *at = tensor_fill(indices), *dims = tensor_fill(shape);
        for (int64_t i = 0; i < e->batch; i++) {
                const Feature *f = found(e, i, k);
                TRY(feature_copy(f, values, to, &room));
                at = put_places(at, e->batched, i, f->n);
                to += f->n;
        }
        if (e->batched)
                *dims++ = e->batch;
        *dims = max;
        return NULL;
}

static Status *put_ragged(OpCtx *c, const ExampleOp *e, int k)
{
        int want = e->n_sparse + e->n_dense + k, out = 3 * e->n_sparse + e->n_dense + k;
        int64_t total, max, to = 0;
        Tensor *values, *splits;
        char *room = NULL;
        measure(e, want, &total, &max);
        TRY(ctx_alloc(c, out, &SHAPE(total), &values));
        TRY(ctx_alloc(c, out + e->n_ragged, &SHAPE(e->batch + 1), &splits));
        TRY(make_room(e, want, values, &room));
        if (tensor_dtype(splits) == DT_INT32 && total > INT32_MAX)
                return invalid_argument("%lld values do not fit splits of int32", (long long)total);
        for (int64_t i = 0; i <= e->batch; i++) {
                if (tensor_dtype(splits) == DT_INT32)
                        ((int32_t *)tensor_fill(splits))[i] = (int32_t)to;
                else
                        ((int64_t *)tensor_fill(splits))[i] = to;
                if (i == e->batch)
                        break;
                TRY(feature_copy(found(e, i, want), values, to, &room));
                to += found(e, i, want)->n;
        }
        return NULL;
}

/* ---- dense ---- */

static const char *values_name(const Want *w)
{
        return w->type == DT_STRING ? "bytes" : dtype_name(w->type);
}

static Status *wrong_count(const ExampleOp *e, int64_t example, const Want *w, int64_t n)
{
        char reason[320];
        if (e->single)
                return example_error(e, example, w, "Can't parse serialized Example.");
        snprintf(reason, sizeof reason,
                 "Number of %s values != expected.  Values size: %lld but output shape: %s",
                 values_name(w), (long long)n, shape_text(&w->shape).s);
        return example_error(e, example, w, reason);
}

static Status *no_multiple(const ExampleOp *e, int64_t example, const Want *w, int64_t n)
{
        char reason[320];
        if (e->single)
                return wrong_count(e, example, w, n);
        snprintf(reason, sizeof reason,
                 "Number of %s values is not a multiple of stride length. Saw %lld values but "
                 "output shape is: %s",
                 values_name(w), (long long)n, shape_text(&w->shape).s);
        return example_error(e, example, w, reason);
}

/* The shape of one example's values: a first dim of -1 becomes what the longest one needs. */
static Status *row_shape(const ExampleOp *e, int want, Shape *ret)
{
        const Want *w = &e->want[want];
        Shape s = w->shape;
        int64_t total, max, stride;
        if (s.rank == 0 || s.dim[0] >= 0) {
                *ret = s;
                return NULL;
        }
        measure(e, want, &total, &max);
        s.dim[0] = 1;
        TRY(shape_count(&s, &stride));
        for (int64_t i = 0; i < e->batch; i++) {
                int64_t n = found(e, i, want)->n;
                if (stride == 0 ? n != 0 : n % stride)
                        return no_multiple(e, i, w, n);
        }
        s.dim[0] = stride ? max / stride : 0;
        *ret = s;
        return NULL;
}

/* Elements [from, to) of y become the default: one value for all, or one each; zeros when none. */
static Status *put_fallback(const Want *w, Tensor *y, int64_t from, int64_t to)
{
        int64_t n = tensor_count(w->fallback);
        if (n > 1)
                return tensor_copy_elements(y, from, w->fallback, 0, to - from);
        if (n == 0 && dtype_is_plain(w->type))
                memset((char *)tensor_fill(y) + (size_t)from * dtype_size(w->type), 0,
                       (size_t)(to - from) * dtype_size(w->type));
        for (int64_t i = from; i < to && n; i++)
                TRY(tensor_copy_elements(y, i, w->fallback, 0, 1));
        return NULL;
}

static Status *put_dense(OpCtx *c, const ExampleOp *e, int k)
{
        int want = e->n_sparse + k;
        const Want *w = &e->want[want];
        bool fixed = w->shape.rank == 0 || w->shape.dim[0] >= 0;
        Shape s;
        int64_t row;
        char *room = NULL;
        Tensor *y;
        TRY(row_shape(e, want, &s));
        TRY(shape_count(&s, &row));
        if (e->batched)
                shape_insert(&s, 0, e->batch);
        if (tensor_count(w->fallback) > 1 && (!fixed || tensor_count(w->fallback) != row))
                return invalid_argument("dense_defaults[%d] has %lld values, but the output "
                                        "shape is %s",
                                        k, (long long)tensor_count(w->fallback),
                                        shape_text(&w->shape).s);
        TRY(ctx_alloc(c, 3 * e->n_sparse + k, &s, &y));
        TRY(make_room(e, want, y, &room));
        for (int64_t i = 0; i < e->batch; i++) {
                const Feature *f = found(e, i, want);
                int64_t n = f->n;
                if (f->type != DT_INVALID && fixed && n != row)
                        return wrong_count(e, i, w, n);
                TRY(feature_copy(f, y, i * row, &room));
                if (n < row)
                        TRY(put_fallback(w, y, i * row + n, (i + 1) * row));
        }
        return NULL;
}

Status *example_put(OpCtx *c, const ExampleOp *e)
{
        for (int k = 0; k < e->n_sparse; k++)
                TRY(put_sparse(c, e, k));
        for (int k = 0; k < e->n_dense; k++)
                TRY(put_dense(c, e, k));
        for (int k = 0; k < e->n_ragged; k++)
                TRY(put_ragged(c, e, k));
        return NULL;
}
