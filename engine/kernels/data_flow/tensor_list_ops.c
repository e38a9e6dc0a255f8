// SPDX-License-Identifier: Apache-2.0
/* TensorList ops that make lists and move single elements. */
#include "engine/kernels/data_flow/tensor_list.h"

static DType element_dtype(const OpCtx *c)
{
        return node_type(ctx_node(c), "element_dtype", DT_INVALID);
}

static Status *empty_list(OpCtx *c)
{
        const Tensor *max = ctx_input(c, 1);
        Shape element;
        TensorList *l;
        if (tensor_rank(max))
                return invalid_argument("max_num_elements expected to be a scalar but got shape: "
                                        "%s",
                                        shape_text(tensor_shape(max)).s);
        TRY(tensor_list_shape_input(c, 0, &element));
        TRY(tensor_list_new(element_dtype(c), &element, 0, &l));
        l->max = tensor_int(max, 0);
        tensor_list_put(c, l);
        return NULL;
}

static Status *reserve_shape(ShapeCtx *c)
{
        TRY(shape_want_rank(c, 1, 0));
        return shape_scalars(c);
}

/* Elements are unset, not zeros: their shape may still be open. */
static Status *reserve(OpCtx *c)
{
        int64_t n = tensor_int(ctx_input(c, 1), 0);
        Shape element;
        TensorList *l;
        if (n < 0)
                return invalid_argument("The num_elements to reserve must be a non negative "
                                        "number, but got %lld",
                                        (long long)n);
        TRY(tensor_list_shape_input(c, 0, &element));
        TRY(tensor_list_new(element_dtype(c), &element, n, &l));
        tensor_list_put(c, l);
        return NULL;
}

/* max_num_elements bounds pushes only, as in TensorFlow. */
static Status *push_back(OpCtx *c)
{
        Tensor *t = c->in[1];
        const TensorList *from;
        TensorList *l;
        TRY(tensor_list_of(c, 0, DT_INVALID, &from));
        if (!shape_compatible(&from->element, tensor_shape(t)))
                return invalid_argument("Tried to append a tensor with incompatible shape to a "
                                        "list. Op element shape: %s list shape: %s",
                                        shape_text(tensor_shape(t)).s,
                                        shape_text(&from->element).s);
        TRY(tensor_list_of(c, 0, element_dtype(c), &from));
        if (from->max >= 0 && from->n >= from->max)
                return invalid_argument("Tried to push item into a full list list size: %lld "
                                        "max_num_elements: %lld",
                                        (long long)from->n, (long long)from->max);
        TRY(tensor_list_change(c, DT_INVALID, &l));
        TRY(tensor_list_resize(l, l->n + 1));
        return tensor_list_set(l, l->n - 1, t);
}

static Status *pop_back_shape(ShapeCtx *c)
{
        c->out[0] = SHAPE_SCALAR;
        c->out[1] = SHAPE_UNKNOWN;
        return NULL;
}

/* Zeros stand for an element that was never set. */
static Status *last_item(const OpCtx *c, const TensorList *l, Tensor **ret)
{
        Shape s;
        if (l->items[l->n - 1]) {
                *ret = tensor_ref(l->items[l->n - 1]);
                return NULL;
        }
        TRY(tensor_list_asked(c, 1, l, &s));
        if (!shape_complete(&s))
                return invalid_argument("Trying to read an uninitialized tensor but element_shape "
                                        "is not fully defined.%s",
                                        shape_text(&s).s);
        return tensor_list_zeros(l, &s, ret);
}

/* Not in place: the second output's shape is known late, and late ops take nothing over. */
static Status *pop_back(OpCtx *c)
{
        const TensorList *list;
        TensorList *l;
        Tensor *handle, *item;
        TRY(tensor_list_of(c, 0, element_dtype(c), &list));
        if (list->n == 0)
                return invalid_argument("Trying to pop from an empty list.");
        TRY(last_item(c, list, &item));
        ctx_set_output(c, 1, item);
        TRY(ctx_alloc(c, 0, &SHAPE_SCALAR, &handle));
        TRY(tensor_list_change(c, element_dtype(c), &l));
        return tensor_list_resize(l, l->n - 1);
}

/* One that was never set is zeros; what nobody says of their shape is taken from the others. */
static Status *unset_item(const OpCtx *c, const TensorList *l, Tensor **ret)
{
        Shape s;
        TRY(tensor_list_asked(c, 2, l, &s));
        for (int64_t k = 0; k < l->n && !shape_complete(&s); k++)
                if (l->items[k])
                        TRY(shape_refine(&s, tensor_shape(l->items[k]), &s));
        if (!shape_complete(&s))
                return invalid_argument("Trying to read an uninitialized tensor but element_shape "
                                        "is not fully defined: %s and no list element is set.",
                                        shape_text(&s).s);
        return tensor_list_zeros(l, &s, ret);
}

static Status *get_item(OpCtx *c)
{
        const TensorList *l;
        int64_t i = tensor_int(ctx_input(c, 1), 0);
        Tensor *item;
        TRY(tensor_list_of(c, 0, element_dtype(c), &l));
        if (i < 0 || i >= l->n)
                return invalid_argument("Trying to access element %lld in a list with %lld "
                                        "elements.",
                                        (long long)i, (long long)l->n);
        if (l->items[i])
                item = tensor_ref(l->items[i]);
        else
                TRY(unset_item(c, l, &item));
        ctx_set_output(c, 0, item);
        return NULL;
}

static Status *set_item(OpCtx *c)
{
        int64_t i = tensor_int(ctx_input(c, 1), 0);
        Tensor *t = c->in[2];
        const TensorList *from;
        TensorList *l;
        TRY(tensor_list_of(c, 0, element_dtype(c), &from));
        if (i < 0 || i >= from->n)
                return invalid_argument("Trying to modify element %lld in a list with %lld "
                                        "elements.",
                                        (long long)i, (long long)from->n);
        if (!shape_compatible(&from->element, tensor_shape(t)))
                return invalid_argument("Tried to set a tensor with incompatible shape at a list "
                                        "index. Item element shape: %s list shape: %s",
                                        shape_text(tensor_shape(t)).s,
                                        shape_text(&from->element).s);
        TRY(tensor_list_change(c, DT_INVALID, &l));
        return tensor_list_set(l, i, t);
}

static Status *resize(OpCtx *c)
{
        int64_t n = tensor_int(ctx_input(c, 1), 0);
        TensorList *l;
        if (n < 0)
                return invalid_argument("TensorListSlice expects size to be non-negative. Got: "
                                        "%lld",
                                        (long long)n);
        TRY(tensor_list_change(c, DT_INVALID, &l));
        return tensor_list_resize(l, n);
}

static Status *length(OpCtx *c)
{
        const TensorList *l;
        TRY(tensor_list_of(c, 0, DT_INVALID, &l));
        *(int32_t *)tensor_fill(ctx_output(c, 0)) = (int32_t)l->n;
        return NULL;
}

/* An unknown rank is the scalar -1. */
static Status *element_shape(OpCtx *c)
{
        const TensorList *l;
        Tensor *y;
        TRY(tensor_list_of(c, 0, DT_INVALID, &l));
        int rank = l->element.rank;
        Shape s = rank < 0 ? SHAPE_SCALAR : SHAPE(rank);
        TRY(ctx_alloc(c, 0, &s, &y));
        for (int i = 0; i < MAX(rank, 1); i++) {
                int64_t dim = rank < 0 ? -1 : l->element.dim[i];
                if (rank == 0)
                        break;
                if (tensor_dtype(y) == DT_INT32)
                        ((int32_t *)tensor_fill(y))[i] = (int32_t)dim;
                else
                        ((int64_t *)tensor_fill(y))[i] = dim;
        }
        return NULL;
}

/* The list at input k, element i, which must be of the op's type. */
static Status *list_in(const OpCtx *c, int k, int64_t i, const TensorList **ret)
{
        const TensorList *l = tensor_list_at(ctx_input(c, k), i);
        char name = (char)('a' + k);
        if (!l)
                return invalid_argument("input_%c is not a TensorList at index %lld.  Saw: '%s'",
                                        name, (long long)i,
                                        variant_text(tensor_resource_at(ctx_input(c, k), i)).s);
        if (l->dtype != element_dtype(c))
                return invalid_argument("input_%c[%lld].dtype != element_dtype.  Saw: %s vs. %s",
                                        name, (long long)i, dtype_name(l->dtype),
                                        dtype_name(element_dtype(c)));
        *ret = l;
        return NULL;
}

/* Unset elements stay unset. */
static Status *concat_pair(const TensorList *a, const TensorList *b, int64_t i, TensorList **ret)
{
        if (!shape_equal(&a->element, &b->element))
                return invalid_argument("input_a and input_b TensorList element shapes are not "
                                        "identical at index %lld.  Saw %s vs. %s",
                                        (long long)i, shape_text(&a->element).s,
                                        shape_text(&b->element).s);
        TRY(tensor_list_copy(a, a->n + b->n, ret));
        (*ret)->depth = MAX(a->depth, b->depth);
        for (int64_t k = 0; k < b->n; k++)
                (*ret)->items[a->n + k] = b->items[k] ? tensor_ref(b->items[k]) : NULL;
        return NULL;
}

/* Tensors of lists, of any shape; pair by pair. */
static Status *concat_lists(OpCtx *c)
{
        const Tensor *a = ctx_input(c, 0), *b = ctx_input(c, 1);
        const TensorList *la, *lb;
        TensorList *l;
        Tensor *y;
        if (!shape_equal(tensor_shape(a), tensor_shape(b)))
                return invalid_argument("Incompatible input TensorList tensor shapes: %s vs. %s",
                                        shape_text(tensor_shape(a)).s,
                                        shape_text(tensor_shape(b)).s);
        TRY(ctx_alloc(c, 0, tensor_shape(a), &y));
        for (int64_t i = 0; i < tensor_count(a); i++) {
                TRY(list_in(c, 0, i, &la));
                TRY(list_in(c, 1, i, &lb));
                TRY(concat_pair(la, lb, i, &l));
                ((Resource **)tensor_fill(y))[i] = &l->base;
        }
        return NULL;
}

OP(EmptyTensorList, .inputs = "element_shape:shape_type; max_num_elements:int32",
   .outputs = "handle:variant", .attrs = "element_dtype:type; shape_type:type in [int32,int64]",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_scalars,
   .compute = empty_list);
OP(TensorListReserve, .inputs = "element_shape:shape_type; num_elements:int32",
   .outputs = "handle:variant", .attrs = "element_dtype:type; shape_type:type in [int32,int64]",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = reserve_shape,
   .compute = reserve);
OP(TensorListPushBack, .inputs = "input_handle:variant; tensor:element_dtype",
   .outputs = "output_handle:variant", .attrs = "element_dtype:type",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_scalars,
   .compute = push_back, .inplace = 1);
OP(TensorListPopBack, .inputs = "input_handle:variant; element_shape:int32",
   .outputs = "output_handle:variant; tensor:element_dtype", .attrs = "element_dtype:type",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = pop_back_shape,
   .compute = pop_back, .late_shape = true);
OP(TensorListGetItem, .inputs = "input_handle:variant; index:int32; element_shape:int32",
   .outputs = "item:element_dtype", .attrs = "element_dtype:type",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_unknown,
   .compute = get_item, .late_shape = true);
OP(TensorListSetItem, .inputs = "input_handle:variant; index:int32; item:element_dtype",
   .outputs = "output_handle:variant", .attrs = "element_dtype:type",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_scalars,
   .compute = set_item, .inplace = 1);
OP(TensorListResize, .inputs = "input_handle:variant; size:int32",
   .outputs = "output_handle:variant", .shape = shape_scalars, .compute = resize, .inplace = 1);
OP(TensorListLength, .inputs = "input_handle:variant", .outputs = "length:int32",
   .shape = shape_scalars, .compute = length);
OP(TensorListElementShape, .inputs = "input_handle:variant", .outputs = "element_shape:shape_type",
   .attrs = "shape_type:type in [int32,int64]", .shape = shape_unknown, .compute = element_shape,
   .late_shape = true);
OP(TensorListConcatLists, .inputs = "input_a:variant; input_b:variant", .outputs = "output:variant",
   .attrs = "element_dtype:type", .kernels = "element_dtype:type in [" VALUE_TYPES "]",
   .shape = shape_unchanged, .compute = concat_lists, .late_shape = true);
