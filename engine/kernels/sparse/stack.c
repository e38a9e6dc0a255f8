// SPDX-License-Identifier: Apache-2.0
/* Stacks sparse tensors and takes such stacks apart. */
#include "engine/kernels/sparse/stack.h"

/* Parts come out of variants or of serialized strings, so even their types are not to be trusted.
 */
Status *sparse_part_check(const SparsePart *p, DType dtype, int64_t i)
{
        const Shape *at = tensor_shape(p->indices), *v = tensor_shape(p->values);
        const Shape *dims = tensor_shape(p->shape);
        if (tensor_dtype(p->indices) != DT_INT64 || at->rank != 2)
                return invalid_argument("Expected serialized_sparse[%lld, 0] to represent an index "
                                        "matrix but received shape %s",
                                        (long long)i, shape_text(at).s);
        if (v->rank != 1)
                return invalid_argument("Expected serialized_sparse[%lld, 1] to represent a values "
                                        "vector but received shape %s",
                                        (long long)i, shape_text(v).s);
        if (tensor_dtype(p->shape) != DT_INT64 || dims->rank != 1)
                return invalid_argument("Expected serialized_sparse[%lld, 2] to represent a shape "
                                        "vector but received shape %s",
                                        (long long)i, shape_text(dims).s);
        if (tensor_dtype(p->values) != dtype)
                return invalid_argument("Requested SparseTensor of type %s but SparseTensor[%lld]."
                                        "values.dtype() == %s",
                                        dtype_name(dtype), (long long)i,
                                        dtype_name(tensor_dtype(p->values)));
        if (at->dim[0] != v->dim[0])
                return invalid_argument("Expected row counts of SparseTensor[%lld].indices and "
                                        "SparseTensor[%lld].values to match but they do not: %lld "
                                        "vs. %lld",
                                        (long long)i, (long long)i, (long long)at->dim[0],
                                        (long long)v->dim[0]);
        if (at->dim[1] != dims->dim[0])
                return invalid_argument("Expected column counts of SparseTensor[%lld].indices to "
                                        "match size of SparseTensor[%lld].shape but they do not: "
                                        "%lld vs. %lld",
                                        (long long)i, (long long)i, (long long)at->dim[1],
                                        (long long)dims->dim[0]);
        return NULL;
}

/* The number of entries, and the largest sizes. */
static Status *measure(OpCtx *c, const SparsePart *parts, int64_t n, int64_t *ret_entries,
                       int64_t **ret_dims)
{
        int64_t rank = n ? tensor_count(parts[0].shape) : 0, entries = 0;
        int64_t *dims = ctx_scratch(c, (size_t)(rank + 1) * sizeof *dims);
        if (!dims)
                return status_oom();
        for (int64_t d = 0; d < rank; d++)
                dims[d] = 0;
        for (int64_t i = 0; i < n; i++) {
                const int64_t *own = tensor_data(parts[i].shape);
                if (tensor_count(parts[i].shape) != rank)
                        return invalid_argument(
                                "Inconsistent rank across SparseTensors: rank prior "
                                "to SparseTensor[%lld] was: %lld but rank of "
                                "SparseTensor[%lld] is: %lld",
                                (long long)i, (long long)rank, (long long)i,
                                (long long)tensor_count(parts[i].shape));
                entries += tensor_count(parts[i].values);
                for (int64_t d = 0; d < rank; d++)
                        dims[d] = MAX(dims[d], own[d]);
        }
        *ret_entries = entries;
        *ret_dims = dims;
        return NULL;
}

/* Writes where part i is in the batch, row-major. */
static int64_t *put_place(const Shape *batch, int64_t i, int64_t *at)
{
        for (int d = batch->rank - 1; d >= 0; d--) {
                at[d] = i % batch->dim[d];
                i /= batch->dim[d];
        }
        return at + batch->rank;
}

/* The stack's indices are the part's place in the batch, then its own. Parts may differ in size,
 * the largest dims win. */
Status *sparse_stack(OpCtx *c, const SparsePart *parts, int64_t n, const Shape *batch)
{
        int64_t entries, *dims, *at, to = 0;
        int64_t rank = n ? tensor_count(parts[0].shape) : 0, all = batch->rank + rank;
        Tensor *values, *shape;
        TRY(measure(c, parts, n, &entries, &dims));
        TRY(sparse_alloc(c, 0, entries, all, NULL, &at, &values));
        TRY(ctx_alloc(c, 2, &SHAPE(all), &shape));
        for (int64_t i = 0; i < n; i++) {
                const int64_t *own = tensor_data(parts[i].indices);
                int64_t count = tensor_count(parts[i].values);
                for (int64_t e = 0; e < count; e++, own += rank) {
                        at = put_place(batch, i, at);
                        for (int64_t d = 0; d < rank; d++)
                                *at++ = own[d];
                }
                TRY(tensor_copy_elements(values, to, parts[i].values, 0, count));
                to += count;
        }
        for (int64_t d = 0; d < all; d++)
                ((int64_t *)tensor_fill(shape))[d] =
                        d < batch->rank ? batch->dim[d] : dims[d - batch->rank];
        return NULL;
}

/* ---- taking apart ---- */

/* Rows are cut off in order, thus the first column must not fall. */
Status *sparse_rows_begin(OpCtx *c, SparseRows *ret)
{
        SparseRows r = { 0 };
        TRY(sparse_read(c, 0, 1, 2, &r.s));
        if (r.s.rank <= 1)
                return invalid_argument("Rank of input SparseTensor should be > 1, but saw rank: "
                                        "%lld",
                                        (long long)r.s.rank);
        for (int64_t i = 1; i < r.s.n; i++)
                if (r.s.at[i * r.s.rank] < r.s.at[(i - 1) * r.s.rank])
                        return sparse_bad_index(SPARSE_UNORDERED, i, &r.s.at[i * r.s.rank],
                                                r.s.dims, r.s.rank);
        *ret = r;
        return NULL;
}

/* The row's own indices lack the first column: a sparse tensor of one rank less. */
static Status *row_tensors(const SparseRows *r, int64_t n, Tensor *ret[3])
{
        const Sparse *s = &r->s;
        int64_t rank = s->rank - 1;
        autoptr(Tensor) at = NULL;
        autoptr(Tensor) values = NULL;
        autoptr(Tensor) shape = NULL;
        TRY(tensor_new(DT_INT64, &SHAPE(n, rank), &at));
        TRY(tensor_new(tensor_dtype(s->values), &SHAPE(n), &values));
        TRY(tensor_new(DT_INT64, &SHAPE(rank), &shape));
        for (int64_t i = 0; i < n; i++)
                memcpy((int64_t *)tensor_fill(at) + i * rank, s->at + (r->next + i) * s->rank + 1,
                       (size_t)rank * sizeof *s->at);
        memcpy(tensor_fill(shape), s->dims + 1, (size_t)rank * sizeof *s->dims);
        TRY(tensor_copy_elements(values, 0, s->values, r->next, n));
        ret[0] = steal(&at);
        ret[1] = steal(&values);
        ret[2] = steal(&shape);
        return NULL;
}

Status *sparse_rows_next(SparseRows *r, Tensor *ret[3])
{
        int64_t end = r->next;
        while (end < r->s.n && r->s.at[end * r->s.rank] == r->row)
                end++;
        TRY(row_tensors(r, end - r->next, ret));
        r->next = end;
        r->row++;
        return NULL;
}
