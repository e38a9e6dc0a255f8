// SPDX-License-Identifier: Apache-2.0
/* What the ops on sparse tensors share. Nothing here trusts an index or a size. */
#include "engine/kernels/sparse/sparse.h"

#include "engine/base/buf.h"

static Status *want_rank(const ShapeCtx *c, int i, int rank, const char *what)
{
        int is = shape_in(c, i)->rank;
        return is < 0 || is == rank ? NULL
                                    : invalid_argument("Input %s but received shape %s", what,
                                                       shape_text(shape_in(c, i)).s);
}

/* Only what shapes tell; whether indices lie inside is for sparse_read(). values < 0: the op has
 * none. */
Status *sparse_want(const ShapeCtx *c, int indices, int values, int shape)
{
        TRY(want_rank(c, indices, 2, "indices should be a matrix"));
        if (values >= 0)
                TRY(want_rank(c, values, 1, "values should be a vector"));
        TRY(want_rank(c, shape, 1, "shape should be a vector"));
        int64_t n = shape_in(c, indices)->rank < 0 ? -1 : shape_in(c, indices)->dim[0];
        int64_t rank = shape_in(c, indices)->rank < 0 ? -1 : shape_in(c, indices)->dim[1];
        int64_t dims = shape_in(c, shape)->rank < 0 ? -1 : shape_in(c, shape)->dim[0];
        if (rank >= 0 && dims >= 0 && rank != dims)
                return invalid_argument("Input shape should be a vector of the indices' rank "
                                        "%lld, but has %lld elements",
                                        (long long)rank, (long long)dims);
        if (values < 0)
                return NULL;
        int64_t count = shape_in(c, values)->rank < 0 ? -1 : shape_in(c, values)->dim[0];
        if (n >= 0 && count >= 0 && n != count)
                return invalid_argument("Number of elements (%lld) of values does not match the "
                                        "number of rows (%lld) of indices",
                                        (long long)count, (long long)n);
        return NULL;
}

/* 0 in any dimension makes the whole empty, however large the others: overflow is an error only
 * without it. */
Status *sparse_count(const int64_t *dims, int64_t n, int64_t *ret)
{
        int64_t count = 1;
        bool empty = false, huge = false;
        for (int64_t i = 0; i < n; i++) {
                if (dims[i] < 0)
                        return invalid_argument("Dimension %lld must be >= 0, got %lld",
                                                (long long)i, (long long)dims[i]);
                empty = empty || dims[i] == 0;
                huge = huge || __builtin_mul_overflow(count, dims[i], &count);
        }
        if (huge && !empty)
                return invalid_argument("The dense shape has more than 2**63 - 1 elements");
        *ret = empty ? 0 : count;
        return NULL;
}

static void put_row(Buf *b, const int64_t *row, int64_t n)
{
        for (int64_t d = 0; d < n; d++)
                buf_printf(b, "%s%lld", d ? "," : "", (long long)row[d]);
}

Status *sparse_bad_index(SparseFault fault, int64_t i, const int64_t *row, const int64_t *dims,
                         int64_t rank)
{
        autobuf at = BUF(1 << 12), sizes = BUF(1 << 12);
        put_row(&at, row, rank);
        put_row(&sizes, dims, rank);
        TRY(buf_status(&at));
        TRY(buf_status(&sizes));
        if (fault == SPARSE_OUTSIDE)
                return invalid_argument("indices[%lld] = [%s] is out of bounds: need 0 <= index < "
                                        "[%s]",
                                        (long long)i, buf_cstr(&at), buf_cstr(&sizes));
        return invalid_argument(
                "indices[%lld] = [%s] is %s", (long long)i, buf_cstr(&at),
                fault == SPARSE_REPEATED
                        ? "repeated"
                        : "out of order. Many sparse ops require sorted indices.\n"
                          "    Use `tf.sparse.reorder` to create a correctly ordered "
                          "copy.\n\n");
}

/* Every index is checked against the shape here, once; later code may use them without a look.
 * values < 0: the op has none. */
Status *sparse_read(const OpCtx *c, int indices, int values, int shape, Sparse *ret)
{
        const Tensor *at = ctx_input(c, indices);
        Sparse s = { .n = tensor_dim(at, 0), .rank = tensor_dim(at, 1), .at = tensor_data(at) };
        s.dims = tensor_data(ctx_input(c, shape));
        s.values = values < 0 ? NULL : ctx_input(c, values);
        TRY(sparse_count(s.dims, s.rank, &s.count));
        for (int64_t i = 0; i < s.n; i++)
                for (int64_t d = 0; d < s.rank; d++)
                        if (s.at[i * s.rank + d] < 0 || s.at[i * s.rank + d] >= s.dims[d])
                                return sparse_bad_index(SPARSE_OUTSIDE, i, &s.at[i * s.rank],
                                                        s.dims, s.rank);
        *ret = s;
        return NULL;
}

int64_t sparse_key(const Sparse *s, int64_t i)
{
        int64_t key = 0;
        for (int64_t d = 0; d < s->rank; d++)
                key = key * s->dims[d] + s->at[i * s->rank + d];
        return key;
}

/* Row-major numbers of the elements. That they do not overflow follows from sparse_count(). */
Status *sparse_keys(OpCtx *c, const Sparse *s, bool rising, int64_t **ret)
{
        int64_t *key = ctx_scratch(c, (size_t)s->n * sizeof *key);
        if (!key)
                return status_oom();
        for (int64_t i = 0; i < s->n; i++) {
                key[i] = sparse_key(s, i);
                if (rising && i && key[i] <= key[i - 1])
                        return sparse_bad_index(key[i] < key[i - 1] ? SPARSE_UNORDERED
                                                                    : SPARSE_REPEATED,
                                                i, &s->at[i * s->rank], s->dims, s->rank);
        }
        *ret = key;
        return NULL;
}

void sparse_row(const int64_t *dims, int64_t rank, int64_t key, int64_t *ret_row)
{
        for (int64_t d = rank - 1; d >= 0; d--) {
                ret_row[d] = key % dims[d];
                key /= dims[d];
        }
}

/* Merges from[lo, mid) and from[mid, hi) into to. */
static void merge(const int64_t *keys, const int64_t *from, int64_t lo, int64_t mid, int64_t hi,
                  int64_t *to)
{
        for (int64_t i = lo, j = mid, k = lo; k < hi; k++)
                to[k] = j == hi || (i < mid && keys[from[i]] <= keys[from[j]]) ? from[i++]
                                                                               : from[j++];
}

/* A merge sort from the bottom: stable, so duplicates keep their order, and without recursion. */
void sparse_sort(const int64_t *keys, int64_t n, int64_t *order, int64_t *spare)
{
        int64_t *from = order, *to = spare;
        for (int64_t i = 0; i < n; i++)
                from[i] = i;
        for (int64_t width = 1; width < n; width *= 2) {
                for (int64_t lo = 0; lo < n; lo += 2 * width)
                        merge(keys, from, lo, MIN(lo + width, n), MIN(lo + 2 * width, n), to);
                int64_t *t = from;
                from = to;
                to = t;
        }
        if (from != order)
                memcpy(order, from, (size_t)n * sizeof *order);
}

Status *sparse_order(OpCtx *c, const int64_t *keys, int64_t n, int64_t **ret)
{
        int64_t *order = ctx_scratch(c, (size_t)n * sizeof *order);
        int64_t *spare = ctx_scratch(c, (size_t)n * sizeof *spare);
        if (!order || !spare)
                return status_oom();
        sparse_sort(keys, n, order, spare);
        *ret = order;
        return NULL;
}

/* The three outputs, in the order that every sparse op has them. dims NULL: the op has no third, or
 * sets it itself. */
Status *sparse_alloc(OpCtx *c, int first, int64_t n, int64_t rank, const int64_t *dims,
                     int64_t **ret_at, Tensor **ret_values)
{
        Tensor *at, *values, *shape;
        TRY(ctx_alloc(c, first, &SHAPE(n, rank), &at));
        TRY(ctx_alloc(c, first + 1, &SHAPE(n), &values));
        if (dims) {
                TRY(ctx_alloc(c, first + 2, &SHAPE(rank), &shape));
                if (rank)
                        memcpy(tensor_fill(shape), dims, (size_t)rank * sizeof *dims);
        }
        *ret_at = tensor_fill(at);
        *ret_values = values;
        return NULL;
}

/* A sparse tensor may be larger than any dense one: here its size must be one that memory could
 * hold. */
Status *sparse_dense_shape(const int64_t *dims, int64_t rank, Shape *ret)
{
        Shape s = SHAPE_SCALAR;
        int64_t count;
        if (rank > SHAPE_MAX_RANK)
                return shape_make(NULL, SHAPE_MAX_RANK + 1, ret);
        for (int64_t d = 0; d < rank; d++)
                shape_append(&s, dims[d]);
        TRY(shape_count(&s, &count));
        *ret = s;
        return NULL;
}
