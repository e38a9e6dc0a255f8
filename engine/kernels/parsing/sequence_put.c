// SPDX-License-Identifier: Apache-2.0
/* Makes sparse, dense and ragged tensors of feature lists. */
#include "engine/kernels/parsing/sequence.h"

static const FeatureList *found(const SequenceOp *s, int64_t example, int want)
{
        return s->found[example * (s->n_sparse + s->n_dense + s->n_ragged) + want];
}

static int64_t list_rows(const FeatureList *l)
{
        return l ? l->n_feature : 0;
}

/* The context's outputs come first. */
static int first_output(const SequenceOp *s)
{
        const ExampleOp *e = &s->context;
        return 3 * e->n_sparse + e->n_dense + 2 * e->n_ragged;
}

/* All values and rows of a list over the batch, and the most of either in one example or row. */
typedef struct Extent {
        int64_t values, rows, max_values, max_rows, max_row;
        size_t bytes; /* of texts, and more */
} Extent;

static Extent measure(const SequenceOp *s, int want)
{
        Extent x = { 0 };
        for (int64_t i = 0; i < s->context.batch; i++) {
                const FeatureList *l = found(s, i, want);
                int64_t values = 0;
                for (int64_t r = 0; r < list_rows(l); r++) {
                        int64_t n = l->feature[r].n;
                        values += n;
                        x.bytes += l->feature[r].bytes;
                        x.max_row = MAX(x.max_row, n);
                }
                x.values += values;
                x.rows += list_rows(l);
                x.max_values = MAX(x.max_values, values);
                x.max_rows = MAX(x.max_rows, list_rows(l));
        }
        return x;
}

static Status *make_room(const Extent *x, Tensor *t, char **ret)
{
        return tensor_dtype(t) == DT_STRING ? tensor_text_room(t, x->bytes, ret) : NULL;
}

static Status *put_sparse(OpCtx *c, const SequenceOp *s, int k)
{
        int out = first_output(s) + k, n = s->n_sparse;
        int64_t rank = s->context.batched ? 3 : 2, to = 0;
        Extent x = measure(s, k);
        Tensor *indices, *values, *shape;
        char *room = NULL;
        TRY(ctx_alloc(c, out, &SHAPE(x.values, rank), &indices));
        TRY(ctx_alloc(c, out + n, &SHAPE(x.values), &values));
        TRY(ctx_alloc(c, out + 2 * n, &SHAPE(rank), &shape));
        TRY(make_room(&x, values, &room));
        int64_t *at = tensor_fill(indices), *dims = tensor_fill(shape);
        for (int64_t i = 0; i < s->context.batch; i++) {
                const FeatureList *l = found(s, i, k);
                for (int64_t r = 0; r < list_rows(l); r++) {
                        int64_t count = l->feature[r].n;
                        feature_copy(&l->feature[r], values, to, &room);
                        for (int64_t j = 0; j < count; j++) {
                                if (s->context.batched)
                                        *at++ = i;
                                *at++ = r;
                                *at++ = j;
                        }
                        to += count;
                }
        }
        if (s->context.batched)
                *dims++ = s->context.batch;
        dims[0] = x.max_rows;
        dims[1] = x.max_row;
        return NULL;
}

/* ---- dense ---- */

static Status *check_row(const SequenceOp *s, int64_t example, const Want *w, int64_t row,
                         int64_t got)
{
        int64_t want = shape_product(&w->shape, 0, w->shape.rank);
        int len;
        if (got == want)
                return NULL;
        const char *name = example_name(&s->context, example, &len);
        return invalid_argument("Name: %.*s, Key: %.*s, Index: %lld.  Number of values != "
                                "expected.  values size: %lld but output shape: %s",
                                len, name, want_key_shown(w), w->key, (long long)row,
                                (long long)got, shape_text(&w->shape).s);
}

/* The shape of all rows of the batch. */
static Status *dense_shape(const SequenceOp *s, const Want *w, const Extent *x, Shape *ret)
{
        Shape row = w->shape, all = w->shape;
        int64_t n;
        TRY(shape_count(&row, &n));
        if (row.rank + 1 + s->context.batched > SHAPE_MAX_RANK)
                return unimplemented("Tensors of rank %d are not supported; the largest rank is %d",
                                     row.rank + 1 + s->context.batched, SHAPE_MAX_RANK);
        shape_insert(&all, 0, -1);
        if (n ? x->max_values % n != 0 : x->max_values > 0)
                return invalid_argument("Feature list '%.*s' has an unexpected number of values.  "
                                        "Total values size: %lld is not consistent with output "
                                        "shape: %s",
                                        want_key_shown(w), w->key, (long long)x->max_values,
                                        shape_text(&all).s);
        all.dim[0] = x->max_rows;
        if (s->context.batched)
                shape_insert(&all, 0, s->context.batch);
        *ret = all;
        return NULL;
}

/* Shorter lists end in zeros (or empty strings, which are there already). */
static Status *put_dense(OpCtx *c, const SequenceOp *s, int k)
{
        int want = s->n_sparse + k, out = first_output(s) + 3 * s->n_sparse + k;
        const Want *w = &s->want[want].key;
        Extent x = measure(s, want);
        Shape shape, lengths = s->context.batched ? SHAPE(s->context.batch) : SHAPE_SCALAR;
        Tensor *y, *n = NULL;
        char *room = NULL;
        TRY(dense_shape(s, w, &x, &shape));
        TRY(ctx_alloc(c, out, &shape, &y));
        TRY(make_room(&x, y, &room));
        if (s->lengths)
                TRY(ctx_alloc(c, out + s->n_dense, &lengths, &n));
        if (dtype_is_plain(w->type))
                memset(tensor_fill(y), 0, tensor_bytes(y));
        int64_t row = shape_product(&w->shape, 0, w->shape.rank);
        for (int64_t i = 0; i < s->context.batch; i++) {
                const FeatureList *l = found(s, i, want);
                for (int64_t r = 0; r < list_rows(l); r++) {
                        TRY(check_row(s, i, w, r, l->feature[r].n));
                        feature_copy(&l->feature[r], y, (i * x.max_rows + r) * row, &room);
                }
                if (n)
                        ((int64_t *)tensor_fill(n))[i] = list_rows(l);
        }
        return NULL;
}

/* ---- ragged ---- */

static void put_split(Tensor *t, int64_t i, int64_t v)
{
        if (tensor_dtype(t) == DT_INT32)
                ((int32_t *)tensor_fill(t))[i] = (int32_t)v;
        else
                ((int64_t *)tensor_fill(t))[i] = v;
}

/* A single example has no outer splits: TensorFlow gives a scalar, which we make zero. */
static Status *put_ragged(OpCtx *c, const SequenceOp *s, int k)
{
        int want = s->n_sparse + s->n_dense + k;
        int out = first_output(s) + 3 * s->n_sparse + (s->lengths ? 2 : 1) * s->n_dense + k;
        Extent x = measure(s, want);
        Shape shape = s->context.batched ? SHAPE(s->context.batch + 1) : SHAPE_SCALAR;
        Tensor *values, *outer, *inner;
        char *room = NULL;
        int64_t row = 0, to = 0;
        TRY(ctx_alloc(c, out, &SHAPE(x.values), &values));
        TRY(ctx_alloc(c, out + s->n_ragged, &shape, &outer));
        TRY(ctx_alloc(c, out + 2 * s->n_ragged, &SHAPE(x.rows + 1), &inner));
        TRY(make_room(&x, values, &room));
        if (tensor_dtype(inner) == DT_INT32 && MAX(x.values, x.rows) > INT32_MAX)
                return invalid_argument("%lld values do not fit splits of int32",
                                        (long long)x.values);
        put_split(outer, 0, 0);
        put_split(inner, 0, 0);
        for (int64_t i = 0; i < s->context.batch; i++) {
                const FeatureList *l = found(s, i, want);
                for (int64_t r = 0; r < list_rows(l); r++) {
                        feature_copy(&l->feature[r], values, to, &room);
                        to += l->feature[r].n;
                        put_split(inner, ++row, to);
                }
                if (s->context.batched)
                        put_split(outer, i + 1, row);
        }
        return NULL;
}

Status *sequence_put(OpCtx *c, const SequenceOp *s)
{
        for (int k = 0; k < s->n_sparse; k++)
                TRY(put_sparse(c, s, k));
        for (int k = 0; k < s->n_dense; k++)
                TRY(put_dense(c, s, k));
        for (int k = 0; k < s->n_ragged; k++)
                TRY(put_ragged(c, s, k));
        return NULL;
}
