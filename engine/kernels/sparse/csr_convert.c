// SPDX-License-Identifier: Apache-2.0
/* Sparse matrices made of dense and sparse tensors, and what they hold. */
#include "engine/kernels/sparse/csr.h"
#include "engine/kernels/sparse/sparse.h"

/* ---- made ---- */

/* Of the entries of s, in order; the value of one is at its place in s, or at its key. */
static Status *make(OpCtx *c, const Sparse *s, bool by_key)
{
        int64_t *key, *order;
        autoptr(Csr) m = NULL;
        TRY(csr_new(tensor_dtype(s->values), (int)s->rank, s->dims, s->n, &m));
        TRY(sparse_keys(c, s, false, &key));
        TRY(sparse_order(c, key, s->n, &order));
        for (int64_t i = 0; i < s->n; i++) {
                const int64_t *at = s->at + order[i] * s->rank;
                csr_entry(m, i, (s->rank == 3 ? at[0] * m->rows : 0) + at[s->rank - 2],
                          at[s->rank - 1]);
                TRY(tensor_copy_elements(m->values, i, s->values, by_key ? key[order[i]] : order[i],
                                         1));
        }
        csr_close(m);
        csr_out(c, &m);
        return NULL;
}

static Status *from_sparse_shape(ShapeCtx *c)
{
        c->out[0] = SHAPE_SCALAR;
        return sparse_want(c, 0, 1, 2);
}

/* The SparseTensor is checked as everywhere; only two or three dims make a matrix or a batch of
 * them. */
static Status *from_sparse(OpCtx *c)
{
        Sparse s;
        TRY(sparse_read(c, 0, 1, 2, &s));
        if (s.rank != 2 && s.rank != 3)
                return invalid_argument("SparseTensor must have rank 2 or 3; but indices has rank: "
                                        "%lld",
                                        (long long)s.rank);
        return make(c, &s, false);
}

OP(SparseTensorToCSRSparseMatrix, .inputs = "indices:int64; values:T; dense_shape:int64",
   .outputs = "sparse_matrix:variant", .attrs = "T:type in [float,double,complex64,complex128]",
   .shape = from_sparse_shape, .compute = from_sparse);

static Status *from_dense_shape(ShapeCtx *c)
{
        const Shape *x = shape_in(c, 0), *at = shape_in(c, 1);
        if (x->rank >= 0 && x->rank != 2 && x->rank != 3)
                return invalid_argument("params must have rank == 2 or 3; but saw shape: %s",
                                        shape_text(x).s);
        TRY(shape_want_rank(c, 1, 2));
        if (x->rank >= 0 && at->rank == 2 && at->dim[1] >= 0 && at->dim[1] != x->rank)
                return invalid_argument("indices.shape[1] must be equal to the rank of params, but "
                                        "saw: %lld vs. %d",
                                        (long long)at->dim[1], x->rank);
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

/* The indices name the entries to keep: dense zeros among them stay as entries, others are lost. */
static Status *from_dense(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0), *at = ctx_input(c, 1);
        Sparse s = { .n = tensor_dim(at, 0), .rank = tensor_rank(x), .at = tensor_data(at) };
        s.dims = tensor_shape(x)->dim;
        s.values = x;
        for (int64_t i = 0; i < s.n * s.rank; i++)
                if (s.at[i] < 0 || s.at[i] >= s.dims[i % s.rank])
                        return invalid_argument("indices[%lld] does not index into param shape %s",
                                                (long long)(i / s.rank),
                                                shape_text(tensor_shape(x)).s);
        return make(c, &s, true);
}

OP(DenseToCSRSparseMatrix, .inputs = "dense_input:T; indices:int64",
   .outputs = "sparse_output:variant", .attrs = "T:type in [float,double,complex64,complex128]",
   .shape = from_dense_shape, .compute = from_dense);

static Status *zeros_shape(ShapeCtx *c)
{
        const Shape *s = shape_in(c, 0);
        TRY(shape_want_rank(c, 0, 1));
        if (s->rank == 1 && s->dim[0] >= 0 && s->dim[0] != 2 && s->dim[0] != 3)
                return invalid_argument("Shape must have rank 2 or 3 but saw: %lld",
                                        (long long)s->dim[0]);
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

static Status *zeros(OpCtx *c)
{
        const Tensor *dims = ctx_input(c, 0);
        autoptr(Csr) m = NULL;
        TRY(csr_new(node_type(ctx_node(c), "type", DT_INVALID), (int)tensor_count(dims),
                    tensor_data(dims), 0, &m));
        csr_out(c, &m);
        return NULL;
}

OP(SparseMatrixZeros, .inputs = "dense_shape:int64", .outputs = "sparse_matrix:variant",
   .attrs = "type:type in [float,double,complex64,complex128]", .shape = zeros_shape,
   .compute = zeros);

/* ---- read ---- */

static Status *read_shape(ShapeCtx *c)
{
        return shape_want_rank(c, 0, 0);
}

static Status *input(OpCtx *c, const char *name, const Csr **ret)
{
        return csr_in(c, 0, node_type(ctx_node(c), "type", DT_INVALID), name, ret);
}

/* What has no entry is 0. */
static Status *to_dense(OpCtx *c)
{
        const Csr *m;
        Tensor *y;
        int64_t from, to;
        TRY(input(c, NULL, &m));
        TRY(ctx_alloc(c, 0,
                      m->rank == 3 ? &SHAPE(m->batch, m->rows, m->cols) : &SHAPE(m->rows, m->cols),
                      &y));
        memset(tensor_fill(y), 0, tensor_bytes(y));
        for (int64_t row = 0; row < m->batch * m->rows; row++) {
                csr_row(m, row, &from, &to);
                for (int64_t i = from; i < to; i++)
                        TRY(tensor_copy_elements(y, row * m->cols + csr_col(m, i), m->values, i,
                                                 1));
        }
        return NULL;
}

OP(CSRSparseMatrixToDense, .inputs = "sparse_input:variant", .outputs = "dense_output:type",
   .attrs = "type:type in [float,double,complex64,complex128]", .shape = read_shape,
   .compute = to_dense, .late_shape = true);

static Status *to_sparse_shape(ShapeCtx *c)
{
        c->out[0] = SHAPE(-1, -1);
        c->out[1] = SHAPE(-1);
        c->out[2] = SHAPE(-1);
        return shape_want_rank(c, 0, 0);
}

/* Entries are in row-major order already; only the row numbers have to be written out. */
static Status *to_sparse(OpCtx *c)
{
        const Csr *m;
        Tensor *at, *dims;
        int64_t from, to;
        TRY(input(c, NULL, &m));
        const int64_t size[] = { m->batch, m->rows, m->cols };
        TRY(ctx_alloc(c, 0, &SHAPE(tensor_count(m->values), m->rank), &at));
        TRY(ctx_alloc(c, 2, &SHAPE(m->rank), &dims));
        ctx_set_output(c, 1, tensor_ref(m->values));
        memcpy(tensor_fill(dims), size + 3 - m->rank, tensor_bytes(dims));
        int64_t *y = tensor_fill(at);
        for (int64_t row = 0; row < m->batch * m->rows; row++) {
                csr_row(m, row, &from, &to);
                for (int64_t i = from; i < to; i++) {
                        if (m->rank == 3)
                                *y++ = row / m->rows;
                        *y++ = row % m->rows;
                        *y++ = csr_col(m, i);
                }
        }
        return NULL;
}

OP(CSRSparseMatrixToSparseTensor, .inputs = "sparse_matrix:variant",
   .outputs = "indices:int64; values:type; dense_shape:int64",
   .attrs = "type:type in [float,double,complex64,complex128]", .shape = to_sparse_shape,
   .compute = to_sparse, .late_shape = true);

static Status *components_shape(ShapeCtx *c)
{
        TRY(shape_want_rank(c, 0, 0));
        TRY(shape_want_rank(c, 1, 0));
        for (int i = 0; i < 3; i++)
                c->out[i] = SHAPE(-1);
        return NULL;
}

/* One matrix of the batch; its row pointers begin at 0 again. */
static Status *components(OpCtx *c)
{
        const Csr *m;
        Tensor *rows, *part[2];
        TRY(input(c, "input", &m));
        int64_t b = tensor_int(ctx_input(c, 1), 0);
        if (b < 0 || b >= m->batch)
                return invalid_argument("index (%lld) not in [0, %lld)", (long long)b,
                                        (long long)m->batch);
        const int32_t *starts = (const int32_t *)tensor_data(m->starts) + b * m->rows;
        int32_t n = starts[m->rows] - starts[0];
        TRY(ctx_alloc(c, 0, &SHAPE(m->rows + 1), &rows));
        TRY(ctx_alloc(c, 1, &SHAPE(n), &part[0]));
        TRY(ctx_alloc(c, 2, &SHAPE(n), &part[1]));
        for (int64_t i = 0; i <= m->rows; i++)
                ((int32_t *)tensor_fill(rows))[i] = starts[i] - starts[0];
        TRY(tensor_copy_elements(part[0], 0, m->at, starts[0], n));
        return tensor_copy_elements(part[1], 0, m->values, starts[0], n);
}

OP(CSRSparseMatrixComponents, .inputs = "csr_sparse_matrix:variant; index:int32",
   .outputs = "row_ptrs:int32; col_inds:int32; values:type",
   .attrs = "type:type in [float,double,complex64,complex128]", .shape = components_shape,
   .compute = components, .late_shape = true);

/* Counted from the row starts, the values are not looked at. */
static Status *nnz(OpCtx *c)
{
        const Csr *m;
        Tensor *y;
        TRY(csr_in(c, 0, DT_INVALID, NULL, &m));
        TRY(ctx_alloc(c, 0, m->rank == 3 ? &SHAPE(m->batch) : &SHAPE_SCALAR, &y));
        const int32_t *starts = tensor_data(m->starts);
        for (int64_t b = 0; b < m->batch; b++)
                ((int32_t *)tensor_fill(y))[b] = starts[(b + 1) * m->rows] - starts[b * m->rows];
        return NULL;
}

OP(SparseMatrixNNZ, .inputs = "sparse_matrix:variant", .outputs = "nnz:int32", .shape = read_shape,
   .compute = nnz, .late_shape = true);
