// SPDX-License-Identifier: Apache-2.0
/* Makes sparse, dense and ragged tensors of the features that examples hold. */
#include "engine/kernels/parsing/example.h"

#include <stdio.h>

static const Feature *found(const ExampleOp *e, int64_t example, int want)
{
        return &e->found[example * (e->n_sparse + e->n_dense + e->n_ragged) + want];
}

/* Where the values of one key go, example by example. */
typedef struct Put {
        const ExampleOp *e;
        int want;
        Tensor *values;
        int64_t *places; /* of sparse values, or NULL */
        int64_t *start;  /* [batch + 1]: an example's first element, */
        size_t *text;    /* and the place of its texts in the room */
        char *room;
} Put;

static Status *put_new(OpCtx *c, const ExampleOp *e, Put *ret)
{
        size_t n = (size_t)e->batch + 1;
        *ret = (Put){ .e = e, .start = ctx_scratch(c, n * sizeof *ret->start) };
        ret->text = ret->start ? ctx_scratch(c, n * sizeof *ret->text) : NULL;
        return ret->text ? NULL : status_oom();
}

/* One behind the other; returns the most that one example has. */
static int64_t lay_out(Put *p, int want)
{
        int64_t to = 0, max = 0;
        size_t text = 0;
        p->want = want;
        p->places = NULL;
        for (int64_t i = 0; i < p->e->batch; i++) {
                const Feature *f = found(p->e, i, want);
                p->start[i] = to;
                p->text[i] = text;
                to += f->n;
                text += f->bytes;
                max = MAX(max, (int64_t)f->n);
        }
        p->start[p->e->batch] = to;
        p->text[p->e->batch] = text;
        return max;
}

static int64_t total(const Put *p)
{
        return p->start[p->e->batch];
}

/* The places of the n values of example i. */
static void put_places(int64_t *at, bool batched, int64_t i, int64_t n)
{
        for (int64_t j = 0; batched && j < n; j++) {
                at[2 * j] = i;
                at[2 * j + 1] = j;
        }
        for (int64_t j = 0; !batched && j < n; j++)
                at[j] = j;
}

static void copy_range(void *arg, int64_t from, int64_t to)
{
        const Put *p = arg;
        bool batched = p->e->batched;
        for (int64_t i = from; i < to; i++) {
                const Feature *f = found(p->e, i, p->want);
                char *room = p->room + p->text[i];
                feature_copy(f, p->values, p->start[i], &room);
                if (p->places)
                        put_places(p->places + p->start[i] * (batched ? 2 : 1), batched, i, f->n);
        }
}

/* Texts of one key share their memory. */
static Status *copy_values(OpCtx *c, Put *p, Tensor *values)
{
        int64_t n = p->e->batch;
        size_t bytes = tensor_bytes(values) + p->text[n];
        static char none[1];
        p->values = values;
        p->room = none;
        if (tensor_dtype(values) == DT_STRING)
                TRY(tensor_text_room(values, p->text[n], &p->room));
        else
                memset(p->text, 0, (size_t)n * sizeof *p->text);
        ctx_parallel(c, n, example_grain(n, bytes), copy_range, p);
        return NULL;
}

static Status *put_sparse(OpCtx *c, Put *p, int k)
{
        const ExampleOp *e = p->e;
        Tensor *indices, *values, *shape;
        int64_t max = lay_out(p, k), n = total(p), rank = e->batched ? 2 : 1;
        TRY(ctx_alloc(c, k, &SHAPE(n, rank), &indices));
        TRY(ctx_alloc(c, e->n_sparse + k, &SHAPE(n), &values));
        TRY(ctx_alloc(c, 2 * e->n_sparse + k, &SHAPE(rank), &shape));
        int64_t *dims = tensor_fill(shape);
        if (e->batched)
                *dims++ = e->batch;
        *dims = max;
        p->places = tensor_fill(indices);
        return copy_values(c, p, values);
}

static Status *put_ragged(OpCtx *c, Put *p, int k)
{
        const ExampleOp *e = p->e;
        int out = 3 * e->n_sparse + e->n_dense + k;
        Tensor *values, *splits;
        lay_out(p, e->n_sparse + e->n_dense + k);
        TRY(ctx_alloc(c, out, &SHAPE(total(p)), &values));
        TRY(ctx_alloc(c, out + e->n_ragged, &SHAPE(e->batch + 1), &splits));
        if (tensor_dtype(splits) == DT_INT32 && total(p) > INT32_MAX)
                return invalid_argument("%lld values do not fit splits of int32",
                                        (long long)total(p));
        for (int64_t i = 0; i <= e->batch; i++)
                if (tensor_dtype(splits) == DT_INT32)
                        ((int32_t *)tensor_fill(splits))[i] = (int32_t)p->start[i];
                else
                        ((int64_t *)tensor_fill(splits))[i] = p->start[i];
        return copy_values(c, p, values);
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

/* The shape of one example's values: a first dim of -1 becomes what the longest one needs, max
 * values. */
static Status *row_shape(const ExampleOp *e, int want, int64_t max, Shape *ret)
{
        const Want *w = &e->want[want];
        Shape s = w->shape;
        int64_t stride;
        if (s.rank == 0 || s.dim[0] >= 0) {
                *ret = s;
                return NULL;
        }
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

/* Checks the counts, and makes each example begin with a row. */
static Status *lay_rows(Put *p, int64_t row)
{
        const ExampleOp *e = p->e;
        const Want *w = &e->want[p->want];
        bool fixed = w->shape.rank == 0 || w->shape.dim[0] >= 0;
        for (int64_t i = 0; i < e->batch; i++) {
                const Feature *f = found(e, i, p->want);
                if (f->type != DT_INVALID && fixed && f->n != row)
                        return wrong_count(e, i, w, f->n);
                p->start[i] = i * row;
        }
        return NULL;
}

static Status *put_dense(OpCtx *c, Put *p, int k)
{
        const ExampleOp *e = p->e;
        int want = e->n_sparse + k;
        const Want *w = &e->want[want];
        bool fixed = w->shape.rank == 0 || w->shape.dim[0] >= 0;
        Shape s;
        int64_t row;
        Tensor *y;
        TRY(row_shape(e, want, lay_out(p, want), &s));
        TRY(shape_count(&s, &row));
        if (e->batched)
                shape_insert(&s, 0, e->batch);
        if (tensor_count(w->fallback) > 1 && (!fixed || tensor_count(w->fallback) != row))
                return invalid_argument("dense_defaults[%d] has %lld values, but the output "
                                        "shape is %s",
                                        k, (long long)tensor_count(w->fallback),
                                        shape_text(&w->shape).s);
        TRY(ctx_alloc(c, 3 * e->n_sparse + k, &s, &y));
        TRY(lay_rows(p, row));
        TRY(copy_values(c, p, y));
        for (int64_t i = 0; i < e->batch; i++)
                if (found(e, i, want)->n < row)
                        TRY(put_fallback(w, y, i * row + found(e, i, want)->n, (i + 1) * row));
        return NULL;
}

Status *example_put(OpCtx *c, const ExampleOp *e)
{
        Put p;
        TRY(put_new(c, e, &p));
        for (int k = 0; k < e->n_sparse; k++)
                TRY(put_sparse(c, &p, k));
        for (int k = 0; k < e->n_dense; k++)
                TRY(put_dense(c, &p, k));
        for (int k = 0; k < e->n_ragged; k++)
                TRY(put_ragged(c, &p, k));
        return NULL;
}
