// SPDX-License-Identifier: Apache-2.0
/* The counted box of sparse matrices. */
#include "engine/kernels/sparse/csr.h"

static void csr_destroy(Resource *r)
{
        Csr *m = CONTAINER_OF(r, Csr, base);
        tensor_unref(m->starts);
        tensor_unref(m->at);
        tensor_unref(m->values);
        mem_free(m);
}

static const ResourceKind csr_kind = { .name = "tensorflow::CSRSparseMatrix",
                                       .destroy = csr_destroy };

void csr_unref(Csr *m)
{
        if (m)
                resource_unref(&m->base);
}

/* Row starts and columns are int32, TensorFlow's layout, so all of these must fit, the end of the
 * last row included. */
static Status *check_sizes(int64_t batch, int64_t rows, int64_t cols, int64_t n)
{
        int64_t starts;
        if (batch < 0 || rows < 0 || cols < 0)
                return invalid_argument("dense_shape must not have negative sizes");
        if (batch >= INT32_MAX)
                return invalid_argument("dense_shape batch_size must be < Int32Max, but the input "
                                        "value is %lld",
                                        (long long)batch);
        if (n > INT32_MAX)
                return invalid_argument("values number of elements must be <= Int32Max, but the "
                                        "input value is %lld",
                                        (long long)n);
        if (rows >= INT32_MAX || __builtin_mul_overflow(batch, rows + 1, &starts) ||
            starts > INT32_MAX)
                return invalid_argument("The csr row index size, computed based on the "
                                        "dense_shape, must be <= Int32Max, but is too large. "
                                        "Current value is %lld * %lld",
                                        (long long)batch, (long long)rows + 1);
        if (cols > INT32_MAX)
                return invalid_argument("dense_shape columns must be <= Int32Max, but the input "
                                        "value is %lld",
                                        (long long)cols);
        return NULL;
}

/* The batch shares one array of row starts. Entries go in row by row; until then all rows are
 * empty. */
Status *csr_new(DType type, int rank, const int64_t *dims, int64_t n, Csr **ret)
{
        int64_t batch = rank == 3 ? dims[0] : 1, rows = dims[rank - 2], cols = dims[rank - 1];
        TRY(check_sizes(batch, rows, cols, n));
        autoptr(Csr) m = mem_calloc(1, sizeof *m);
        if (!m)
                return status_oom();
        resource_init(&m->base, &csr_kind);
        m->rank = rank;
        m->batch = batch;
        m->rows = rows;
        m->cols = cols;
        TRY(tensor_new(DT_INT32, &SHAPE(batch * rows + 1), &m->starts));
        TRY(tensor_new(DT_INT32, &SHAPE(n), &m->at));
        TRY(tensor_new(type, &SHAPE(n), &m->values));
        memset(tensor_fill(m->starts), 0, tensor_bytes(m->starts));
        *ret = steal(&m);
        return NULL;
}

void csr_entry(Csr *m, int64_t i, int64_t row, int64_t col)
{
        ((int32_t *)tensor_fill(m->starts))[row + 1]++;
        ((int32_t *)tensor_fill(m->at))[i] = (int32_t)col;
}

void csr_close(Csr *m)
{
        int32_t *starts = tensor_fill(m->starts);
        for (int64_t i = 0; i < m->batch * m->rows; i++)
                starts[i + 1] += starts[i];
}

/* The variant comes from a client's graph: what it holds is looked at before it is believed. */
Status *csr_in(const OpCtx *c, int i, DType type, const char *name, const Csr **ret)
{
        Resource *r = tensor_resource_at(ctx_input(c, i), 0);
        if (!r || r->kind != &csr_kind)
                return invalid_argument("Could not retrieve a CSRSparseMatrix from input %d", i);
        const Csr *m = CONTAINER_OF(r, Csr, base);
        const char *is = dtype_name(tensor_dtype(m->values));
        if (type != DT_INVALID && tensor_dtype(m->values) != type)
                return name ? invalid_argument("dtype of %s is not equal to 'type': %s vs. %s",
                                               name, is, dtype_name(type))
                            : invalid_argument("Expected a CSRSparseMatrix of type %s but saw "
                                               "type: %s",
                                               dtype_name(type), is);
        *ret = m;
        return NULL;
}

Status *csr_in_beside(const OpCtx *c, const Tensor *b, const Csr **ret)
{
        const Csr *a;
        TRY(csr_in(c, 0, DT_INVALID, NULL, &a));
        if (tensor_dtype(a->values) != tensor_dtype(b))
                return invalid_argument("Input types don't match.  a.dtype == %s vs. b.dtype == %s",
                                        dtype_name(tensor_dtype(a->values)),
                                        dtype_name(tensor_dtype(b)));
        *ret = a;
        return NULL;
}

void csr_out(OpCtx *c, Csr **m)
{
        Resource **slot = tensor_fill(ctx_output(c, 0));
        resource_unref(*slot);
        *slot = &steal(m)->base;
}

#define CONJUGATE(ID, T, W, GET, PUT)               \
        static void conjugate_##ID(T *x, int64_t n) \
        {                                           \
                for (int64_t i = 0; i < n; i++)     \
                        x[i] = CONJ_##ID(x[i]);     \
        }
LINALG_TYPES(CONJUGATE)
#undef CONJUGATE

Status *csr_transpose(const Csr *m, bool conjugate, Csr **ret)
{
        int64_t n = tensor_count(m->values), from, to;
        autoptr(Csr) t = NULL;
        TRY(csr_new(tensor_dtype(m->values), 3, (int64_t[]){ m->batch, m->cols, m->rows }, n, &t));
        t->rank = m->rank;
        int32_t *next = tensor_fill(t->starts), *at = tensor_fill(t->at);
        for (int64_t row = 0; row < m->batch * m->rows; row++) {
                csr_row(m, row, &from, &to);
                for (int64_t i = from; i < to; i++)
                        next[row / m->rows * m->cols + csr_col(m, i) + 1]++;
        }
        csr_close(t);
        for (int64_t row = 0; row < m->batch * m->rows; row++) {
                csr_row(m, row, &from, &to);
                for (int64_t i = from; i < to; i++) {
                        int32_t to_i = next[row / m->rows * m->cols + csr_col(m, i)]++;
                        at[to_i] = (int32_t)(row % m->rows);
                        TRY(tensor_copy_elements(t->values, to_i, m->values, i, 1));
                }
        }
        /* Each start now is where its row ends: one further down. */
        memmove(next + 1, next, (size_t)(t->batch * t->rows) * sizeof *next);
        next[0] = 0;
        if (conjugate)
                DISPATCH(LINALG_TYPES, tensor_dtype(t->values), conjugate, tensor_fill(t->values),
                         n);
        *ret = steal(&t);
        return NULL;
}
