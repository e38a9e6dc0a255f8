// SPDX-License-Identifier: Apache-2.0
/* RebatchDatasetV2: batches cut and joined anew, so that their sizes are the given ones, in turn.
 */
#include "engine/kernels/data/pull.h"

typedef struct Rebatch {
        Dataset base; /* values->t[0]: the sizes */
        bool drop_remainder;
} Rebatch;

typedef struct RebatchIter {
        Iter base;
        Rows kept;     /* slices that wait for the rest of their batch */
        int64_t n;     /* elements in them */
        Row *row;      /* what the next slice is cut from; NULL: none */
        int64_t from;  /* where */
        int64_t which; /* size that is next */
        bool over;     /* the input has ended */
} RebatchIter;

static int64_t row_length(const Row *row)
{
        return row->n ? tensor_dim(row->t[0], 0) : 0;
}

/* All components have the same first dimension. */
static Status *check_row(const Row *row)
{
        for (int k = 0; k < row->n; k++) {
                if (!tensor_rank(row->t[k]))
                        return invalid_argument("Input element must have a non-scalar value in "
                                                "each component.");
                if (tensor_dim(row->t[k], 0) != row_length(row))
                        return invalid_argument("Input element must have the same batch size in "
                                                "each component. Component 0 had size %lld but "
                                                "component %d had size, %lld.",
                                                (long long)row_length(row), k,
                                                (long long)tensor_dim(row->t[k], 0));
        }
        return NULL;
}

static Status *cut(RebatchIter *r, int64_t n)
{
        autoptr(Row) part = NULL;
        if (!n)
                return NULL;
        TRY(row_new(r->row->n, &part));
        for (int k = 0; k < r->row->n; k++) {
                Shape shape = *tensor_shape(r->row->t[k]);
                shape.dim[0] = n;
                TRY(tensor_slice(r->row->t[k], r->from * shape_product(&shape, 1, shape.rank),
                                 &shape, &part->t[k]));
        }
        TRY(rows_add(&r->kept, steal(&part)));
        r->from += n;
        r->n += n;
        return NULL;
}

/* Component k of all slices, one behind the other. */
static Status *join(const RebatchIter *r, int k, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        int64_t at = 0;
        Shape shape = *tensor_shape(rows_at(&r->kept, 0)->t[k]);
        shape.dim[0] = r->n;
        for (int64_t i = 0; i < r->kept.n; i++) {
                Shape one = *tensor_shape(rows_at(&r->kept, i)->t[k]);
                one.dim[0] = r->n;
                if (!shape_equal(&one, &shape))
                        return invalid_argument("Cannot join batches of shapes %s and %s",
                                                shape_text(&shape).s, shape_text(&one).s);
        }
        TRY(tensor_new(tensor_dtype(rows_at(&r->kept, 0)->t[k]), &shape, &t));
        for (int64_t i = 0; i < r->kept.n; i++) {
                const Tensor *part = rows_at(&r->kept, i)->t[k];
                TRY(tensor_copy_elements(t, at, part, 0, tensor_count(part)));
                at += tensor_count(part);
        }
        *ret = steal(&t);
        return NULL;
}

static Status *give_kept(RebatchIter *r, Pull *p)
{
        autoptr(Row) row = NULL;
        int n = rows_at(&r->kept, 0)->n;
        TRY(row_new(n, &row));
        for (int k = 0; k < n; k++)
                TRY(join(r, k, &row->t[k]));
        rows_clear(&r->kept);
        r->n = 0;
        r->which = (r->which + 1) % tensor_count(r->base.ds->values->t[0]);
        return pull_give(p, steal(&row));
}

/* At the end what is kept is smaller than it should be. */
static Status *give_rest(RebatchIter *r, Pull *p)
{
        r->over = true;
        if (!r->kept.n || ((Rebatch *)r->base.ds)->drop_remainder)
                return pull_end(p);
        return give_kept(r, p);
}

/* A batch of no elements needs no input: unknown sizes are 0 as well. */
static Status *give_empty(RebatchIter *r, Pull *p)
{
        const Dataset *d = r->base.ds;
        autoptr(Row) row = NULL;
        TRY(row_new(d->n, &row));
        for (int k = 0; k < d->n; k++) {
                Shape shape = d->shapes[k];
                for (int i = 0; i < shape.rank; i++)
                        shape.dim[i] = i ? MAX(shape.dim[i], 0) : 0;
                TRY(tensor_new(d->types[k], shape.rank < 1 ? &SHAPE(0) : &shape, &row->t[k]));
        }
        r->which = (r->which + 1) % tensor_count(d->values->t[0]);
        return pull_give(p, steal(&row));
}

static Status *next(Iter *it, Pull *p)
{
        RebatchIter *r = (RebatchIter *)it;
        int64_t want = tensor_int(it->ds->values->t[0], r->which);
        if (!want)
                return give_empty(r, p);
        if (pull_event(p) == PULL_END || r->over)
                return give_rest(r, p);
        if (pull_event(p) == PULL_ROW) {
                row_free(r->row);
                r->row = pull_row(p);
                r->from = 0;
                TRY(check_row(r->row));
        }
        if (r->row)
                TRY(cut(r, MIN(want - r->n, row_length(r->row) - r->from)));
        if (r->n == want && r->kept.n)
                return give_kept(r, p);
        return pull_input(p, it);
}

static void close(Iter *it)
{
        RebatchIter *r = (RebatchIter *)it;
        row_free(r->row);
        rows_clear(&r->kept);
}

static const DatasetKind rebatch_kind = { .name = "RebatchV2",
                                          .size = sizeof(Rebatch),
                                          .iter_size = sizeof(RebatchIter),
                                          .next = next,
                                          .close = close };

static Status *rebatch(OpCtx *c)
{
        autoptr(Dataset) d = NULL;
        const Tensor *sizes = ctx_input(c, 1), *drop = ctx_input(c, 2);
        if (tensor_rank(sizes) > 1)
                return invalid_argument("`batch_sizes` must be a scalar or a vector.");
        if (tensor_rank(drop))
                return invalid_argument("`drop_remainder` must be a scalar.");
        if (!tensor_count(sizes))
                return invalid_argument("`batch_sizes` must not be empty.");
        for (int64_t i = 0; i < tensor_count(sizes); i++)
                if (tensor_int(sizes, i) < 0)
                        return invalid_argument("`batch_sizes` must be >= 0.");
        TRY(dataset_typed(c, &rebatch_kind, &d));
        ((Rebatch *)d)->drop_remainder = *(const bool *)tensor_data(drop);
        d->cardinality = d->input[0]->cardinality == CARDINALITY_INFINITE ? CARDINALITY_INFINITE
                                                                          : CARDINALITY_UNKNOWN;
        TRY(row_of(c->in + 1, 1, &d->values));
        return dataset_output(c, steal(&d));
}

DATASET_OP(RebatchDatasetV2, "input_dataset:variant; batch_sizes:int64; drop_remainder:bool", TYPES,
           .compute = rebatch);
