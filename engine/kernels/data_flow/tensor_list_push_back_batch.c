// SPDX-License-Identifier: Apache-2.0
/* TensorListPushBackBatch: each list of a vector gets one more element, a row of a tensor. */
#include "engine/kernels/data_flow/tensor_list.h"

static Status *check_list(const OpCtx *c, int64_t i, const Shape *row, const TensorList **ret)
{
        const TensorList *l = tensor_list_at(ctx_input(c, 0), i);
        DType dtype = tensor_dtype(ctx_input(c, 1));
        if (!l)
                return invalid_argument("Input handle at index %lld is not a list. Saw: '%s'",
                                        (long long)i,
                                        variant_text(tensor_resource_at(ctx_input(c, 0), i)).s);
        if (!shape_compatible(&l->element, row))
                return invalid_argument("Tried to append a tensor with incompatible shape to a "
                                        "list at index %lld. Op element shape: %s list shape: %s",
                                        (long long)i, shape_text(row).s, shape_text(&l->element).s);
        if (l->dtype != dtype)
                return invalid_argument("Invalid data type at index %lld; op elements %s but list "
                                        "elements %s",
                                        (long long)i, dtype_name(dtype), dtype_name(l->dtype));
        *ret = l;
        return NULL;
}

static Status *push_one(OpCtx *c, int64_t i, Tensor *y)
{
        Tensor *x = (Tensor *)ctx_input(c, 1);
        Shape row = *tensor_shape(x);
        autoptr(Tensor) item = NULL;
        const TensorList *from;
        TensorList *l;
        shape_remove(&row, 0);
        TRY(check_list(c, i, &row, &from));
        TRY(tensor_slice(x, i * shape_product(&row, 0, row.rank), &row, &item));
        TRY(tensor_list_copy(from, from->n + 1, &l));
        ((Resource **)tensor_fill(y))[i] = &l->base;
        return tensor_list_set(l, l->n - 1, item);
}

static Status *push_back_batch(OpCtx *c)
{
        Tensor *y;
        TRY(ctx_alloc(c, 0, tensor_shape(ctx_input(c, 0)), &y));
        for (int64_t i = 0; i < tensor_count(y); i++)
                TRY(push_one(c, i, y));
        return NULL;
}

static Status *batch_shape(ShapeCtx *c)
{
        const Shape *lists = shape_in(c, 0), *x = shape_in(c, 1);
        TRY(shape_want_rank(c, 0, 1));
        if (x->rank == 0)
                return invalid_argument("Expected tensor to be at least a vector, but saw shape: "
                                        "%s",
                                        shape_text(x).s);
        if (lists->rank == 1 && x->rank > 0 && lists->dim[0] >= 0 && x->dim[0] >= 0 &&
            lists->dim[0] != x->dim[0])
                return invalid_argument("Expected tensor.shape[0] == input_handles.size, but saw "
                                        "%lld vs. %lld",
                                        (long long)x->dim[0], (long long)lists->dim[0]);
        c->out[0] = *lists;
        return NULL;
}

OP(TensorListPushBackBatch, .inputs = "input_handles:variant; tensor:element_dtype",
   .outputs = "output_handles:variant", .attrs = "element_dtype:type",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = batch_shape,
   .compute = push_back_batch, .late_shape = true);
