// SPDX-License-Identifier: Apache-2.0
/* SparseFillEmptyRows: rows without an entry get one at column 0; its gradient sends back what came
 * from entries, and sums up the rest. */
#include "engine/kernels/sparse/sparse.h"

static Status *fill_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, 1, 2));
        const Shape *at = shape_in(c, 0), *dims = shape_in(c, 2);
        if (shape_in(c, 3)->rank > 0)
                return invalid_argument("default_value must be a scalar, saw: %s",
                                        shape_text(shape_in(c, 3)).s);
        if ((dims->rank == 1 && dims->dim[0] == 0) || (at->rank == 2 && at->dim[1] == 0))
                return invalid_argument("Dense shape cannot be empty.");
        c->out[0] = SHAPE(-1, at->rank < 0 ? -1 : at->dim[1]);
        c->out[1] = c->out[2] = SHAPE(-1);
        c->out[3] = SHAPE(at->rank < 0 ? -1 : at->dim[0]);
        return NULL;
}

/* place[r]: entries of row r, then where its first one goes; *ret: entries with the filled ones. */
static Status *place_rows(OpCtx *c, const Sparse *s, bool *empty, int64_t **ret_place, int64_t *ret)
{
        int64_t rows = s->dims[0], at = 0;
        int64_t *place = ctx_scratch(c, (size_t)rows * sizeof *place);
        if (!place)
                return status_oom();
        for (int64_t r = 0; r < rows; r++)
                place[r] = 0;
        for (int64_t i = 0; i < s->n; i++)
                place[s->at[i * s->rank]]++;
        for (int64_t r = 0; r < rows; r++) {
                int64_t n = place[r];
                empty[r] = n == 0;
                place[r] = at;
                at += MAX(n, 1);
        }
        *ret_place = place;
        *ret = at;
        return NULL;
}

/* Two passes: rows get their places, then entries go there in their order. Input need not be sorted
 * by row. */
static Status *fill(OpCtx *c)
{
        Sparse s;
        Tensor *indicator, *map, *indices, *values;
        int64_t *place, n;
        TRY(sparse_read(c, 0, 1, 2, &s));
        TRY(ctx_alloc(c, 2, &SHAPE(s.dims[0]), &indicator));
        TRY(ctx_alloc(c, 3, &SHAPE(s.n), &map));
        bool *empty = tensor_fill(indicator);
        TRY(place_rows(c, &s, empty, &place, &n));
        TRY(ctx_alloc(c, 0, &SHAPE(n, s.rank), &indices));
        TRY(ctx_alloc(c, 1, &SHAPE(n), &values));
        int64_t *at = tensor_fill(indices), *to = tensor_fill(map);
        for (int64_t r = 0; r < s.dims[0]; r++)
                if (empty[r]) {
                        memset(at + place[r] * s.rank, 0, (size_t)s.rank * sizeof *at);
                        at[place[r] * s.rank] = r;
                        TRY(tensor_copy_elements(values, place[r], ctx_input(c, 3), 0, 1));
                }
        for (int64_t i = 0; i < s.n; i++) {
                to[i] = place[s.at[i * s.rank]]++;
                memcpy(at + to[i] * s.rank, s.at + i * s.rank, (size_t)s.rank * sizeof *at);
                TRY(tensor_copy_elements(values, to[i], s.values, i, 1));
        }
        return NULL;
}

OP(SparseFillEmptyRows, .inputs = "indices:int64; values:T; dense_shape:int64; default_value:T",
   .outputs = "output_indices:int64; output_values:T; empty_row_indicator:bool; "
              "reverse_index_map:int64",
   .attrs = "T:type", .kernels = SPARSE_ANY("T"), .shape = fill_shape, .compute = fill,
   .late_shape = true);

static Status *fill_grad_shape(ShapeCtx *c)
{
        TRY(shape_want_rank_as(c, 0, 1, "reverse_index_map must be a vector, saw: %s"));
        TRY(shape_want_rank_as(c, 1, 1, "grad_values must be a vector, saw: %s"));
        c->out[0] = *shape_in(c, 0);
        c->out[1] = SHAPE_SCALAR;
        return NULL;
}

/* What no input entry was mapped to was a default: these gradients add up. */
#define LOOP(ID, T, W, GET, PUT)                                                                \
        static Status *fill_grad_##ID(const int64_t *map, int64_t n, const T *grad, int64_t m,  \
                                      bool *used, T *d, T *rest)                                \
        {                                                                                       \
                W sum = 0;                                                                      \
                for (int64_t i = 0; i < n; i++) {                                               \
                        if (map[i] < 0 || map[i] >= m)                                          \
                                return invalid_argument("Elements in reverse index must be in " \
                                                        "[0, %lld) but got %lld",               \
                                                        (long long)m, (long long)map[i]);       \
                        used[map[i]] = true;                                                    \
                        d[i] = grad[map[i]];                                                    \
                }                                                                               \
                for (int64_t i = 0; i < m; i++)                                                 \
                        if (!used[i])                                                           \
                                sum += GET(grad[i]);                                            \
                *rest = PUT(sum);                                                               \
                return NULL;                                                                    \
        }
NUMBER_TYPES(LOOP)
#undef LOOP

/* Entries that reverse_index_map names get their gradient; all others were defaults and add up. */
static Status *fill_grad(OpCtx *c)
{
        const Tensor *map = ctx_input(c, 0), *grad = ctx_input(c, 1);
        bool *used = ctx_scratch(c, (size_t)tensor_count(grad) + 1);
        if (!used)
                return status_oom();
        memset(used, 0, (size_t)tensor_count(grad) + 1);
        DISPATCH_RETURN(NUMBER_TYPES, tensor_dtype(grad), fill_grad, tensor_data(map),
                        tensor_count(map), tensor_data(grad), tensor_count(grad), used,
                        tensor_fill(ctx_output(c, 0)), tensor_fill(ctx_output(c, 1)));
}

OP(SparseFillEmptyRowsGrad, .inputs = "reverse_index_map:int64; grad_values:T",
   .outputs = "d_values:T; d_default_value:T", .attrs = "T:type", .kernels = SPARSE_NUMBERS("T"),
   .shape = fill_grad_shape, .compute = fill_grad);
