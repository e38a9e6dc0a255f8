// SPDX-License-Identifier: Apache-2.0
/* SparseConcat, SparseSplit and SparseSlice: entries move along one dim, or fall out. */
#include "engine/kernels/sparse/sparse.h"

static Status *concat_shape(ShapeCtx *c)
{
        int n = c->n_in / 3;
        for (int i = 0; i < n; i++)
                TRY(sparse_want(c, i, n + i, 2 * n + i));
        int64_t rank = shape_in(c, 0)->rank < 0 ? -1 : shape_in(c, 0)->dim[1];
        for (int i = 1; i < n; i++)
                if (rank >= 0 && shape_in(c, i)->rank >= 0 && shape_in(c, i)->dim[1] >= 0 &&
                    shape_in(c, i)->dim[1] != rank)
                        return invalid_argument("Ranks of all input tensors must match: expected "
                                                "%lld but got %lld at position %d",
                                                (long long)rank, (long long)shape_in(c, i)->dim[1],
                                                i);
        c->out[0] = SHAPE(-1, rank);
        c->out[1] = SHAPE(-1);
        c->out[2] = SHAPE(rank);
        return NULL;
}

/* The sizes of all inputs together; also where each one starts along the axis. */
static Status *concat_dims(const Sparse *in, int n, int axis, int64_t *dims, int64_t *start)
{
        memcpy(dims, in[0].dims, (size_t)in[0].rank * sizeof *dims);
        dims[axis] = 0;
        for (int i = 0; i < n; i++) {
                start[i] = dims[axis];
                for (int64_t d = 0; d < in[i].rank; d++)
                        if (d != axis && in[i].dims[d] != dims[d])
                                return invalid_argument(
                                        "Input shapes must match: expected %lld for dimension "
                                        "%lld but got %lld at position %d",
                                        (long long)dims[d], (long long)d, (long long)in[i].dims[d],
                                        i);
                if (__builtin_add_overflow(dims[axis], in[i].dims[axis], &dims[axis]))
                        return invalid_argument("The concatenated size does not fit 63 bits");
        }
        int64_t count;
        return sparse_count(dims, in[0].rank, &count);
}

/* All entries with their new keys; source[i] is the input and entry of each. */
typedef struct Source {
        int input;
        int64_t entry;
} Source;

/* Row-major numbers in the result, where each input is shifted along the axis by those before it.
 */
static void gather_keys(const Sparse *in, int n, int axis, const int64_t *dims,
                        const int64_t *start, int64_t *key, Source *source)
{
        int64_t to = 0;
        for (int i = 0; i < n; i++)
                for (int64_t e = 0; e < in[i].n; e++, to++) {
                        const int64_t *row = in[i].at + e * in[i].rank;
                        key[to] = 0;
                        for (int64_t d = 0; d < in[i].rank; d++)
                                key[to] = key[to] * dims[d] + row[d] + (d == axis ? start[i] : 0);
                        source[to] = (Source){ i, e };
                }
}

static Status *concat(OpCtx *c)
{
        int n = ctx_inputs(c) / 3, axis;
        int64_t rank = tensor_dim(ctx_input(c, 0), 1), total = 0;
        Sparse *in = ctx_scratch(c, (size_t)n * sizeof *in);
        int64_t *start = ctx_scratch(c, (size_t)n * sizeof *start);
        int64_t *dims = ctx_scratch(c, ((size_t)rank + 1) * sizeof *dims);
        if (!in || !start || !dims)
                return status_oom();
        if (rank > INT32_MAX)
                return invalid_argument("rank %lld is too large", (long long)rank);
        TRY(shape_axis(node_int(ctx_node(c), "concat_dim", 0), (int)rank, &axis));
        for (int i = 0; i < n; i++) {
                TRY(sparse_read(c, i, n + i, 2 * n + i, &in[i]));
                total += in[i].n;
        }
        TRY(concat_dims(in, n, axis, dims, start));
        int64_t *key = ctx_scratch(c, (size_t)total * sizeof *key), *order, *at;
        Source *source = ctx_scratch(c, (size_t)total * sizeof *source);
        Tensor *values;
        if (!key || !source)
                return status_oom();
        gather_keys(in, n, axis, dims, start, key, source);
        /* Along another axis than the first the entries of the inputs interleave, hence a sort. */
        TRY(sparse_order(c, key, total, &order));
        TRY(sparse_alloc(c, 0, total, rank, dims, &at, &values));
        for (int64_t i = 0; i < total; i++) {
                const Source *s = &source[order[i]];
                sparse_row(dims, rank, key[order[i]], at + i * rank);
                TRY(tensor_copy_elements(values, i, in[s->input].values, s->entry, 1));
        }
        return NULL;
}

OP(SparseConcat, .inputs = "indices:N*int64; values:N*T; shapes:N*int64",
   .outputs = "output_indices:int64; output_values:T; output_shape:int64",
   .attrs = "concat_dim:int; N:int >=2; T:type", .kernels = SPARSE_ANY("T"), .shape = concat_shape,
   .compute = concat, .late_shape = true);

/* ---- parts ---- */

/* A box of the tensor: size is cut where the tensor ends. */
typedef struct Box {
        const int64_t *start;
        int64_t *size;
} Box;

static bool box_holds(const Box *b, const int64_t *row, int64_t rank)
{
        for (int64_t d = 0; d < rank; d++)
                if (row[d] < b->start[d] || row[d] - b->start[d] >= b->size[d])
                        return false;
        return true;
}

/* Outputs first, first + step, first + 2 * step become what the box holds. */
static Status *put_box(OpCtx *c, const Sparse *s, const Box *b, int first, int step)
{
        int64_t n = 0, to = 0;
        Tensor *at, *values, *shape;
        for (int64_t i = 0; i < s->n; i++)
                n += box_holds(b, s->at + i * s->rank, s->rank);
        TRY(ctx_alloc(c, first, &SHAPE(n, s->rank), &at));
        TRY(ctx_alloc(c, first + step, &SHAPE(n), &values));
        TRY(ctx_alloc(c, first + 2 * step, &SHAPE(s->rank), &shape));
        for (int64_t i = 0; i < s->n; i++) {
                const int64_t *row = s->at + i * s->rank;
                if (!box_holds(b, row, s->rank))
                        continue;
                for (int64_t d = 0; d < s->rank; d++)
                        ((int64_t *)tensor_fill(at))[to * s->rank + d] = row[d] - b->start[d];
                TRY(tensor_copy_elements(values, to++, s->values, i, 1));
        }
        for (int64_t d = 0; d < s->rank; d++)
                ((int64_t *)tensor_fill(shape))[d] = b->size[d];
        return NULL;
}

/* start and size have as many elements as there are dims, so each of the three can tell the rank.
 */
static Status *slice_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, 1, 2));
        Shape dims = *shape_in(c, 2);
        for (int i = 3; i < 5; i++) {
                TRY(shape_want_rank_as(
                        c, i, 1,
                        i == 3 ? "Input start should be a vector but received shape %s"
                               : "Input size should be a vector but received shape %s"));
                TRY(shape_merge(&dims, shape_in(c, i), &dims));
        }
        c->out[0] = SHAPE(-1, dims.rank < 0 ? -1 : dims.dim[0]);
        c->out[1] = SHAPE(-1);
        c->out[2] = dims;
        return NULL;
}

/* start + size may reach over the edge, or start beyond it: then the part is what is left, maybe
 * nothing. */
static Status *slice(OpCtx *c)
{
        Sparse s;
        const int64_t *size = tensor_data(ctx_input(c, 4));
        TRY(sparse_read(c, 0, 1, 2, &s));
        Box b = { tensor_data(ctx_input(c, 3)),
                  ctx_scratch(c, ((size_t)s.rank + 1) * sizeof(int64_t)) };
        if (!b.size)
                return status_oom();
        for (int64_t d = 0; d < s.rank; d++) {
                if (b.start[d] < 0 || size[d] < 0)
                        return invalid_argument("start and size of dimension %lld must be "
                                                "non-negative",
                                                (long long)d);
                b.size[d] = b.start[d] >= s.dims[d] ? 0 : MIN(size[d], s.dims[d] - b.start[d]);
        }
        return put_box(c, &s, &b, 0, 1);
}

OP(SparseSlice, .inputs = "indices:int64; values:T; shape:int64; start:int64; size:int64",
   .outputs = "output_indices:int64; output_values:T; output_shape:int64", .attrs = "T:type",
   .kernels = SPARSE_ANY("T"), .shape = slice_shape, .compute = slice, .late_shape = true);

/* The sizes of the parts depend on split_dim, a value. */
static Status *split_shape(ShapeCtx *c)
{
        int n = c->n_out / 3;
        TRY(sparse_want(c, 1, 2, 3));
        if (shape_in(c, 0)->rank > 0)
                return invalid_argument("Shape must be rank 0 but is rank %d",
                                        shape_in(c, 0)->rank);
        for (int i = 0; i < n; i++) {
                c->out[i] = SHAPE(-1, shape_in(c, 1)->rank < 0 ? -1 : shape_in(c, 1)->dim[1]);
                c->out[n + i] = SHAPE(-1);
                c->out[2 * n + i] = *shape_in(c, 3);
        }
        return NULL;
}

/* The first parts are one longer when sizes do not divide. */
static Status *split(OpCtx *c)
{
        Sparse s;
        int n = ctx_outputs(c) / 3, axis;
        TRY(sparse_read(c, 1, 2, 3, &s));
        TRY(shape_axis(tensor_int(ctx_input(c, 0), 0), (int)MIN(s.rank, INT32_MAX), &axis));
        int64_t size = s.dims[axis], bytes = (s.rank + 1) * (int64_t)sizeof(int64_t);
        int64_t *start = ctx_scratch(c, (size_t)bytes);
        Box b = { start, ctx_scratch(c, (size_t)bytes) };
        if (!start || !b.size)
                return status_oom();
        if (n > size)
                return invalid_argument("Input num_split should be <= the split dimension size "
                                        "(%lld), got %d",
                                        (long long)size, n);
        memset(start, 0, (size_t)bytes);
        memcpy(b.size, s.dims, (size_t)s.rank * sizeof *b.size);
        for (int i = 0; i < n; i++) {
                b.size[axis] = size / n + (i < size % n);
                TRY(put_box(c, &s, &b, i, n));
                start[axis] += b.size[axis];
        }
        return NULL;
}

OP(SparseSplit, .inputs = "split_dim:int64; indices:int64; values:T; shape:int64",
   .outputs = "output_indices:num_split*int64; output_values:num_split*T; "
              "output_shape:num_split*int64",
   .attrs = "num_split:int >=1; T:type", .kernels = SPARSE_ANY("T"), .shape = split_shape,
   .compute = split, .late_shape = true);
