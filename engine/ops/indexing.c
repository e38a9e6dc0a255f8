// SPDX-License-Identifier: Apache-2.0
/* Gather and GatherNd: rows are found by their number and copied. */
#include "engine/ops/indexing.h"

#include <stdio.h>

/* "[1,2]": where in a tensor the element stands, for messages. */
IndexText index_text(const Shape *s, int64_t i)
{
        IndexText t = { "" };
        int64_t at[SHAPE_MAX_RANK];
        size_t n = 0;
        for (int d = s->rank - 1; d >= 0; d--) {
                at[d] = i % MAX(s->dim[d], 1);
                i /= MAX(s->dim[d], 1);
        }
        for (int d = 0; d < s->rank; d++)
                n += (size_t)snprintf(t.s + n, sizeof t.s - n, "%s%lld", d ? "," : "[",
                                      (long long)at[d]);
        if (s->rank > 0)
                snprintf(t.s + n, sizeof t.s - n, "]");
        return t;
}

IndexText index_row_text(const Tensor *t, int64_t i, int64_t k)
{
        IndexText text = { "" };
        size_t n = 0;
        for (int64_t j = 0; j < MIN(k, SHAPE_MAX_RANK); j++)
                n += (size_t)snprintf(text.s + n, sizeof text.s - n, "%s%lld", j ? ", " : "",
                                      (long long)tensor_int(t, i * k + j));
        return text;
}

/* ---- gather ---- */

/* Negative axis and batch_dims count from the end; what is unknown is checked when it is known. */
static Status *resolve(const Shape *params, const Shape *indices, int64_t *axis, int64_t *batch)
{
        if (indices->rank >= 0) {
                if (*batch < -indices->rank || *batch > indices->rank)
                        return invalid_argument("Expected batch_dims in the range [%d, %d], but "
                                                "got %lld",
                                                -indices->rank, indices->rank, (long long)*batch);
                *batch += *batch < 0 ? indices->rank : 0;
        }
        if (params->rank >= 0) {
                if (*axis < -params->rank || *axis >= params->rank)
                        return invalid_argument("Expected axis in the range [%d, %d), but got %lld",
                                                -params->rank, params->rank, (long long)*axis);
                *axis += *axis < 0 ? params->rank : 0;
                if (*batch >= params->rank)
                        return invalid_argument("batch_dims (%lld) must be less than rank(params) "
                                                "(%d).",
                                                (long long)*batch, params->rank);
        }
        if (params->rank >= 0 && indices->rank >= 0 && *batch > *axis)
                return invalid_argument("batch_dims (%lld) must be less than or equal to axis "
                                        "(%lld).",
                                        (long long)*batch, (long long)*axis);
        return NULL;
}

/* params up to the axis, indices without their batch dimensions, params behind the axis. */
Status *gather_shape(const Shape *params, const Shape *indices, int64_t axis, int64_t batch_dims,
                     Shape *ret)
{
        Shape s = SHAPE_SCALAR;
        TRY(resolve(params, indices, &axis, &batch_dims));
        if (params->rank < 0 || indices->rank < 0) {
                *ret = SHAPE_UNKNOWN;
                return NULL;
        }
        for (int i = 0; i < batch_dims; i++)
                if (params->dim[i] >= 0 && indices->dim[i] >= 0 &&
                    params->dim[i] != indices->dim[i])
                        return invalid_argument("params.shape[%d]: %lld should be equal to "
                                                "indices.shape[%d]: %lld",
                                                i, (long long)params->dim[i], i,
                                                (long long)indices->dim[i]);
        if (params->rank - 1 + indices->rank - (int)batch_dims > SHAPE_MAX_RANK)
                return shape_make(NULL, SHAPE_MAX_RANK + 1, ret);
        for (int i = 0; i < axis; i++)
                shape_append(&s, params->dim[i]);
        for (int i = (int)batch_dims; i < indices->rank; i++)
                shape_append(&s, indices->dim[i]);
        for (int i = (int)axis + 1; i < params->rank; i++)
                shape_append(&s, params->dim[i]);
        *ret = s;
        return NULL;
}

/* Sizes of a gather: y[b, o, i, :] = params[b, o, indices[b, i], :] */
typedef struct Gather {
        const Tensor *params;
        Tensor *y;
        int64_t batch, outer, limit, count, inner;
} Gather;

/* Rows of one element. */
#define PICK_(ID, T, E, SIZE)                                                            \
        HOT static void pick_##ID##_##SIZE(const T *index, const void *from_, void *to_, \
                                           int64_t n)                                    \
        {                                                                                \
                const E *from = from_;                                                   \
                E *to = to_;                                                             \
                for (int64_t i = 0; i < n; i++)                                          \
                        to[i] = from[index[i]];                                          \
        }
/* Returns the flat position of the first index out of range, or -1. */
#define CHECK(ID, T, W, GET, PUT)                                                                \
        static int64_t check_##ID(const T *index, int64_t n, int64_t limit)                      \
        {                                                                                        \
                for (int64_t i = 0; i < n; i++)                                                  \
                        if (index[i] < 0 || index[i] >= limit)                                   \
                                return i;                                                        \
                return -1;                                                                       \
        }                                                                                        \
        PICK_(ID, T, uint8_t, 1)                                                                 \
        PICK_(ID, T, uint16_t, 2)                                                                \
        PICK_(ID, T, uint32_t, 4)                                                                \
        PICK_(ID, T, uint64_t, 8)                                                                \
        static void rows_##ID(const T *index, const char *from, char *to, int64_t n, size_t row) \
        {                                                                                        \
                switch (row) {                                                                   \
                case 1: pick_##ID##_1(index, from, to, n); return;                               \
                case 2: pick_##ID##_2(index, from, to, n); return;                               \
                case 4: pick_##ID##_4(index, from, to, n); return;                               \
                case 8: pick_##ID##_8(index, from, to, n); return;                               \
                default: break;                                                                  \
                }                                                                                \
                for (int64_t i = 0; i < n; i++)                                                  \
                        memcpy(to + (size_t)i * row, from + (size_t)index[i] * row, row);        \
        }
INDEX_TYPES(CHECK)
#undef CHECK

/* All indices before any copy: a refused gather writes nothing. */
static Status *check_indices(const Tensor *indices, int64_t limit)
{
        int64_t n = tensor_count(indices);
        int64_t bad = tensor_dtype(indices) == DT_INT32
                              ? check_INT32(tensor_data(indices), n, limit)
                              : check_INT64(tensor_data(indices), n, limit);
        if (bad < 0)
                return NULL;
        return invalid_argument("indices%s = %lld is not in [0, %lld)",
                                index_text(tensor_shape(indices), bad).s,
                                (long long)tensor_int(indices, bad), (long long)limit);
}

/* The rows of one batch entry and one outer index. */
static Status *gather_block(const Gather *g, const Tensor *indices, int64_t b, int64_t o)
{
        int64_t from = (b * g->outer + o) * g->limit * g->inner;
        int64_t to = (b * g->outer + o) * g->count * g->inner;
        size_t size = dtype_size(g->y->dtype), row = (size_t)g->inner * size;
        if (dtype_is_plain(g->y->dtype)) {
                const char *src = (const char *)g->params->data + (size_t)from * size;
                char *dst = (char *)g->y->data + (size_t)to * size;
                const char *index = (const char *)tensor_data(indices) +
                                    (size_t)(b * g->count) * dtype_size(tensor_dtype(indices));
                DISPATCH(INDEX_TYPES, tensor_dtype(indices), rows, (const void *)index, src, dst,
                         g->count, row);
                return NULL;
        }
        for (int64_t i = 0; i < g->count; i++)
                TRY(tensor_copy_elements(g->y, to + i * g->inner, g->params,
                                         from + tensor_int(indices, b * g->count + i) * g->inner,
                                         g->inner));
        return NULL;
}

/* Entry point of Gather, GatherV2 and ResourceGather. */
Status *gather(const Tensor *params, const Tensor *indices, int64_t axis, int64_t batch_dims,
               Tensor *y)
{
        const Shape *p = tensor_shape(params), *i = tensor_shape(indices);
        TRY(resolve(p, i, &axis, &batch_dims));
        TRY(check_indices(indices, p->dim[axis]));
        Gather g = { .params = params,
                     .y = y,
                     .batch = shape_product(p, 0, (int)batch_dims),
                     .outer = shape_product(p, (int)batch_dims, (int)axis),
                     .limit = p->dim[axis],
                     .count = shape_product(i, (int)batch_dims, i->rank),
                     .inner = shape_product(p, (int)axis + 1, p->rank) };
        if (tensor_count(y) == 0)
                return NULL;
        for (int64_t b = 0; b < g.batch; b++)
                for (int64_t o = 0; o < g.outer; o++)
                        TRY(gather_block(&g, indices, b, o));
        return NULL;
}

/* ---- gather_nd ---- */

/* The innermost dimension of the indices says how many dimensions they reach into. */
Status *gather_nd_shape(const Shape *params, const Shape *indices, Shape *ret)
{
        *ret = SHAPE_UNKNOWN;
        if (params->rank == 0)
                return invalid_argument("params must be at least a vector");
        if (indices->rank == 0)
                return invalid_argument("indices must be at least a vector");
        if (params->rank < 0 || indices->rank < 0 || indices->dim[indices->rank - 1] < 0)
                return NULL;
        int64_t k = indices->dim[indices->rank - 1];
        if (k > params->rank)
                return invalid_argument("index innermost dimension length must be <= params rank; "
                                        "saw: %lld vs. %d",
                                        (long long)k, params->rank);
        if (indices->rank - 1 + params->rank - (int)k > SHAPE_MAX_RANK)
                return shape_make(NULL, SHAPE_MAX_RANK + 1, ret);
        Shape s = { .rank = 0 };
        for (int i = 0; i < indices->rank - 1; i++)
                shape_append(&s, indices->dim[i]);
        for (int i = (int)k; i < params->rank; i++)
                shape_append(&s, params->dim[i]);
        *ret = s;
        return NULL;
}

/* The number of the row that entry i of the indices names, or -1. */
static int64_t row_of(const Shape *params, const Tensor *indices, int64_t i, int64_t k)
{
        int64_t row = 0;
        for (int64_t j = 0; j < k; j++) {
                int64_t at = tensor_int(indices, i * k + j);
                if (at < 0 || at >= params->dim[j])
                        return -1;
                row = row * params->dim[j] + at;
        }
        return row;
}

/* Indices are checked on the way: the output is dropped on an error. */
Status *gather_nd(const Tensor *params, const Tensor *indices, Tensor *y)
{
        const Shape *p = tensor_shape(params);
        Shape outer = *tensor_shape(indices);
        int64_t k = outer.dim[--outer.rank], n = shape_product(&outer, 0, outer.rank);
        int64_t inner = shape_product(p, (int)k, p->rank);
        if (tensor_count(y) && tensor_count(params) == 0)
                return invalid_argument("Requested more than 0 entries, but params is empty.  "
                                        "Params shape: %s",
                                        shape_text(p).s);
        for (int64_t i = 0; i < n; i++) {
                int64_t row = row_of(p, indices, i, k);
                if (row < 0)
                        return invalid_argument("indices%s = [%s] does not index into param shape "
                                                "%s",
                                                index_text(&outer, i).s,
                                                index_row_text(indices, i, k).s, shape_text(p).s);
                TRY(tensor_copy_elements(y, i * inner, params, row * inner, inner));
        }
        return NULL;
}
