// SPDX-License-Identifier: Apache-2.0
/* DenseToSparseBatchDataset: elements of different sizes as one sparse tensor, which is a variant
 * vector of its indices, values and shape. */
#include "engine/kernels/data/batch.h"
#include "engine/kernels/data_flow/variant_tensor.h"
#include "engine/ops/box.h"

typedef struct SparseBatch {
        Batch batch;
        Shape row; /* of a row of the result; -1: as large as the largest */
} SparseBatch;

/* The sizes of the result behind the batch's, and how many values there are. */
static Status *measure(const SparseBatch *d, const Rows *rows, Shape *ret, int64_t *ret_n)
{
        *ret = d->row;
        *ret_n = 0;
        for (int64_t i = 0; i < rows->n; i++) {
                const Tensor *t = rows_at(rows, i)->t[0];
                if (tensor_rank(t) != d->row.rank)
                        return invalid_argument("Input element had shape (%s) that is incompatible "
                                                "with the row shape (%s).",
                                                shape_text(tensor_shape(t)).s,
                                                shape_text(&d->row).s);
                for (int k = 0; k < d->row.rank; k++) {
                        if (d->row.dim[k] >= 0 && tensor_dim(t, k) > d->row.dim[k])
                                return data_loss("Input element had shape (%s) that is larger than "
                                                 "the row shape (%s).",
                                                 shape_text(tensor_shape(t)).s,
                                                 shape_text(&d->row).s);
                        ret->dim[k] = MAX(ret->dim[k], tensor_dim(t, k));
                }
                *ret_n += tensor_count(t);
        }
        return NULL;
}

/* All entries of the rows: their indices, in order, and their values. */
static Status *put_entries(const Rows *rows, int64_t *at, Tensor *values)
{
        int64_t to = 0;
        for (int64_t i = 0; i < rows->n; i++) {
                const Tensor *t = rows_at(rows, i)->t[0];
                int64_t strides[SHAPE_MAX_RANK];
                box_strides(tensor_shape(t), strides);
                for (int64_t j = 0; j < tensor_count(t); j++) {
                        *at++ = i;
                        for (int k = 0; k < tensor_rank(t); k++)
                                *at++ = j / strides[k] % tensor_dim(t, k);
                }
                TRY(tensor_copy_elements(values, to, t, 0, tensor_count(t)));
                to += tensor_count(t);
        }
        return NULL;
}

static Status *combine(const Dataset *d, const Rows *rows, Row **ret)
{
        Shape row;
        int64_t n;
        autoptr(Row) parts = NULL;
        autoptr(Tensor) all = NULL;
        TRY(measure((SparseBatch *)d, rows, &row, &n));
        TRY(row_new(3, &parts));
        TRY(tensor_new(DT_INT64, &SHAPE(n, row.rank + 1), &parts->t[0]));
        TRY(tensor_new(d->input[0]->types[0], &SHAPE(n), &parts->t[1]));
        TRY(tensor_new(DT_INT64, &SHAPE(row.rank + 1), &parts->t[2]));
        TRY(put_entries(rows, tensor_fill(parts->t[0]), parts->t[1]));
        int64_t *dims = tensor_fill(parts->t[2]);
        dims[0] = rows->n;
        memcpy(dims + 1, row.dim, (size_t)row.rank * sizeof *dims);
        TRY(tensor_new(DT_VARIANT, &SHAPE(3), &all));
        for (int i = 0; i < 3; i++)
                TRY(variant_put_tensor(all, i, parts->t[i]));
        return row_single(steal(&all), ret);
}

static Status *next(Iter *it, Pull *p)
{
        return batch_next(it, p, combine);
}

static const DatasetKind sparse_kind = { .name = "DenseToSparseBatch",
                                         .size = sizeof(SparseBatch),
                                         .iter_size = sizeof(BatchIter),
                                         .next = next,
                                         .close = batch_close };

static Status *read_row_shape(const Tensor *t, Shape *ret)
{
        int64_t dims[SHAPE_MAX_RANK];
        if (tensor_rank(t) != 1)
                return invalid_argument("row_shape must be a vector");
        if (tensor_count(t) >= SHAPE_MAX_RANK)
                return unimplemented("Tensors of rank %lld", (long long)tensor_count(t) + 1);
        for (int64_t i = 0; i < tensor_count(t); i++)
                dims[i] = tensor_int(t, i);
        return shape_make(dims, (int)tensor_count(t), ret);
}

static Status *sparse_batch(OpCtx *c)
{
        int64_t size;
        Shape row;
        Dataset *input = NULL;
        autoptr(Dataset) d = NULL;
        TRY(dataset_at(c, 0, &input));
        if (input->n != 1)
                return invalid_argument("DenseToSparseBatchDataset only supports inputs with a "
                                        "single component.");
        TRY(scalar_int(c, 1, "batch_size", &size));
        if (size <= 0)
                return invalid_argument("Batch size must be greater than zero.");
        TRY(read_row_shape(ctx_input(c, 2), &row));
        if (input->types[0] == DT_VARIANT || input->types[0] == DT_RESOURCE)
                return unimplemented("DenseToSparseBatchDataset unhandled data type: %d",
                                     input->types[0]);
        TRY(dataset_over(&sparse_kind, input, &d));
        ((Batch *)d)->size = size;
        ((SparseBatch *)d)->row = row;
        d->types[0] = DT_VARIANT;
        d->shapes[0] = SHAPE(3);
        d->cardinality = batch_cardinality(d->cardinality, size, false);
        return dataset_output(c, steal(&d));
}

DATASET_OP(DenseToSparseBatchDataset, "input_dataset:variant; batch_size:int64; row_shape:int64",
           TYPES, .compute = sparse_batch);
DATASET_OP(ExperimentalDenseToSparseBatchDataset,
           "input_dataset:variant; batch_size:int64; row_shape:int64", TYPES,
           .compute = sparse_batch);
