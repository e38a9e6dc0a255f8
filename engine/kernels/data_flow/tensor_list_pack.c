// SPDX-License-Identifier: Apache-2.0
/* TensorList ops that move many elements: Stack and Gather out of a list, FromTensor, Scatter and
 * Split into one, Concat along the first dimension. */
#include "engine/kernels/data_flow/tensor_list.h"

static DType element_dtype(const OpCtx *c)
{
        return node_type(ctx_node(c), "element_dtype", DT_INVALID);
}

/* ---- out of a list ---- */

/* Elements of a list, all or those that indices name; borrowed. NULL: one that is not set. */
typedef struct Items {
        const TensorList *list;
        const Tensor *indices;
        int64_t n;
} Items;

static const Tensor *item(const Items *from, int64_t i)
{
        return from->list->items[from->indices ? tensor_int(from->indices, i) : i];
}

/* Elements that are set tell what the element shape leaves open. */
static Status *refine_all(const Items *from, Shape *s)
{
        for (int64_t i = 0; i < from->n; i++)
                if (item(from, i))
                        TRY(shape_refine(s, tensor_shape(item(from, i)), s));
        return NULL;
}

/* n elements of part, or zeros for one that is not set. */
static Status *put_part(Tensor *y, int64_t at, const Tensor *part, int64_t n)
{
        size_t size = dtype_size(tensor_dtype(y));
        if (part)
                return tensor_copy_elements(y, at, part, 0, n);
        if (dtype_is_plain(tensor_dtype(y)) && n)
                memset((char *)tensor_fill(y) + (size_t)at * size, 0, (size_t)n * size);
        return NULL;
}

static Status *stack_items(OpCtx *c, const Items *from, const Shape *element)
{
        Shape s = *element;
        Tensor *y;
        if (s.rank == SHAPE_MAX_RANK)
                return shape_make(NULL, s.rank + 1, &s);
        int64_t inner = shape_product(&s, 0, s.rank);
        shape_insert(&s, 0, from->n);
        TRY(ctx_alloc(c, 0, &s, &y));
        for (int64_t i = 0; i < from->n; i++)
                TRY(put_part(y, i * inner, item(from, i), inner));
        return NULL;
}

static Status *stack(OpCtx *c)
{
        Items from = { 0 };
        Shape s;
        int64_t n = node_int(ctx_node(c), "num_elements", -1);
        TRY(tensor_list_of(c, 0, element_dtype(c), &from.list));
        from.n = from.list->n;
        if (n != -1 && n != from.n)
                return invalid_argument("Operation expected a list with %lld elements but got a "
                                        "list with %lld elements.",
                                        (long long)n, (long long)from.n);
        TRY(tensor_list_asked(c, 1, from.list, &s));
        if (!shape_complete(&s) && !from.n)
                return invalid_argument("Tried to stack elements of an empty list with "
                                        "non-fully-defined element_shape: %s",
                                        shape_text(&s).s);
        TRY(refine_all(&from, &s));
        if (!shape_complete(&s))
                return invalid_argument("Tried to stack list which only contains uninitialized "
                                        "tensors and has a non-fully-defined element_shape: %s",
                                        shape_text(&s).s);
        return stack_items(c, &from, &s);
}

static Status *check_indices(const Items *from)
{
        for (int64_t i = 0; i < from->n; i++) {
                int64_t at = tensor_int(from->indices, i);
                if (at < 0 || at >= from->list->n)
                        return invalid_argument("Index %lld out o range; list only has %lld "
                                                "elements.",
                                                (long long)at, (long long)from->list->n);
        }
        return NULL;
}

static Status *gather(OpCtx *c)
{
        Items from = { .indices = ctx_input(c, 1), .n = tensor_count(ctx_input(c, 1)) };
        Shape s;
        TRY(tensor_list_of(c, 0, element_dtype(c), &from.list));
        TRY(tensor_list_asked(c, 2, from.list, &s));
        if (!shape_complete(&s) && !from.n)
                return invalid_argument("Tried to gather 0-elements from a list with "
                                        "non-fully-defined shape: %s",
                                        shape_text(&s).s);
        TRY(check_indices(&from));
        TRY(refine_all(&from, &s));
        if (!shape_complete(&s))
                return invalid_argument("Tried to gather uninitialized tensors from a list with "
                                        "non-fully-defined element_shape: %s",
                                        shape_text(&s).s);
        return stack_items(c, &from, &s);
}

/* ---- along the first dimension ---- */

typedef struct Concat {
        const TensorList *list;
        int64_t first; /* rows of an element that is not set; -1: unknown */
        Shape rest;    /* an element's shape without its rows */
} Concat;

/* An element shape's rows and the rest of it. */
static void take_rows(const Shape *s, Concat *k)
{
        k->first = s->rank > 0 ? s->dim[0] : -1;
        k->rest = *s;
        if (s->rank > 0)
                shape_remove(&k->rest, 0);
}

/* The first version's element_shape is an attribute, which says nothing of the rows. */
static Status *concat_asked(const OpCtx *c, Concat *k)
{
        Shape s = SHAPE_UNKNOWN;
        if (ctx_inputs(c) > 1) {
                TRY(tensor_list_asked(c, 1, k->list, &s));
        } else {
                TRY(node_attr_shape(ctx_node(c), "element_shape", &s));
                if (s.rank > 0)
                        s.dim[0] = -1;
                TRY(shape_refine(&s, &k->list->element, &s));
        }
        if (s.rank == 0)
                return invalid_argument("Concat requires elements to be at least vectors, found "
                                        "scalars instead.");
        take_rows(&s, k);
        if (ctx_inputs(c) == 1)
                k->first = -1;
        if (!k->list->n && !shape_complete(&k->rest))
                return invalid_argument("All except the first dimension must be fully defined when "
                                        "concating an empty tensor list. element_shape: %s",
                                        shape_text(&k->rest).s);
        return NULL;
}

static Status *check_item(const Concat *k, int64_t i, Shape *rest)
{
        Shape s = *tensor_shape(k->list->items[i]);
        if (s.rank == 0)
                return invalid_argument("Concat saw a scalar shape at index %lld but requires at "
                                        "least vectors.",
                                        (long long)i);
        int64_t rows = s.dim[0];
        shape_remove(&s, 0);
        TRY(shape_refine(rest, &s, rest));
        if (k->first != -1 && k->first != rows)
                return invalid_argument("First entry of element_shape input does not match the "
                                        "first dim of list element at index: %lld Expected: %lld "
                                        "Actual: %lld",
                                        (long long)i, (long long)k->first, (long long)rows);
        return NULL;
}

/* What the elements say. Rows that all of them have are those of unset ones, too, if nothing else
 * is known. */
static Status *concat_check(Concat *k)
{
        int64_t common = -1;
        bool differ = false;
        for (int64_t i = 0; i < k->list->n; i++) {
                if (!k->list->items[i])
                        continue;
                TRY(check_item(k, i, &k->rest));
                int64_t rows = tensor_dim(k->list->items[i], 0);
                differ |= common != -1 && common != rows;
                common = rows;
        }
        if (k->first == -1 && !differ && !shape_complete(&k->list->element))
                k->first = common;
        if (!shape_complete(&k->rest))
                return invalid_argument("Trying to concat list with only uninitialized tensors but "
                                        "element_shape_except_first_dim_ is not fully defined: %s",
                                        shape_text(&k->rest).s);
        return NULL;
}

/* leading_dims tells the rows of an unset element. */
static Status *unset_rows(const OpCtx *c, const Concat *k, int64_t i, int64_t *ret)
{
        const Tensor *leading = ctx_inputs(c) > 2 ? ctx_input(c, 2) : NULL;
        int64_t n = leading ? tensor_count(leading) : 0;
        *ret = k->first;
        if (i >= n && k->first != -1)
                return NULL;
        if (!leading)
                return invalid_argument("Concating lists with uninitialized tensors is not "
                                        "supported in this version of TensorListConcat. Consider "
                                        "updating your GraphDef to run the newer version.");
        if (i >= n)
                return invalid_argument("List contains uninitialized tensor at index %lld but "
                                        "leading_dims has only %lld elements.",
                                        (long long)i, (long long)n);
        *ret = tensor_int(leading, i);
        return *ret < 0 ? invalid_argument("leading_dims[%lld] is %lld", (long long)i,
                                           (long long)*ret)
                        : NULL;
}

static Status *concat_lengths(OpCtx *c, const Concat *k, int64_t *ret_rows)
{
        Tensor *t;
        TRY(ctx_alloc(c, 1, &SHAPE(k->list->n), &t));
        int64_t *lengths = tensor_fill(t);
        *ret_rows = 0;
        for (int64_t i = 0; i < k->list->n; i++) {
                if (k->list->items[i])
                        lengths[i] = tensor_dim(k->list->items[i], 0);
                else
                        TRY(unset_rows(c, k, i, &lengths[i]));
                if (__builtin_add_overflow(*ret_rows, lengths[i], ret_rows))
                        return invalid_argument("The rows of the list are too many");
        }
        return NULL;
}

static Status *concat(OpCtx *c)
{
        Concat k;
        Tensor *y;
        int64_t rows, at = 0;
        TRY(tensor_list_of(c, 0, element_dtype(c), &k.list));
        TRY(concat_asked(c, &k));
        TRY(concat_check(&k));
        TRY(concat_lengths(c, &k, &rows));
        Shape s = k.rest;
        int64_t inner = shape_product(&s, 0, s.rank);
        shape_insert(&s, 0, rows);
        TRY(ctx_alloc(c, 0, &s, &y));
        const int64_t *lengths = tensor_data(ctx_output(c, 1));
        for (int64_t i = 0; i < k.list->n; i++, at += lengths[i - 1] * inner)
                TRY(put_part(y, at, k.list->items[i], lengths[i] * inner));
        return NULL;
}

static Status *concat_shape(ShapeCtx *c)
{
        c->out[1] = SHAPE(-1);
        return NULL;
}

/* ---- into a list ---- */

static Status *set_part(TensorList *l, int64_t i, const Tensor *t, int64_t at, const Shape *shape)
{
        autoptr(Tensor) part = NULL;
        TRY(tensor_slice((Tensor *)t, at, shape, &part));
        return tensor_list_set(l, i, part);
}

/* A tensor's rows and what each looks like; checked against an element shape. */
static Status *rows_of(const Tensor *t, const Shape *element, Shape *ret_row)
{
        if (tensor_rank(t) == 0)
                return invalid_argument("Tensor must be at least a vector, but saw shape: []");
        Shape row = *tensor_shape(t);
        shape_remove(&row, 0);
        if (!shape_compatible(element, &row))
                return invalid_argument("Specified a list with shape %s from a tensor with shape "
                                        "%s",
                                        shape_text(element).s, shape_text(&row).s);
        *ret_row = row;
        return NULL;
}

/* Row k goes to element at[k], or k. */
static Status *set_rows(TensorList *l, const Tensor *t, const Tensor *at, const Shape *row)
{
        int64_t inner = shape_product(row, 0, row->rank);
        for (int64_t k = 0; k < tensor_dim(t, 0); k++)
                TRY(set_part(l, at ? tensor_int(at, k) : k, t, k * inner, row));
        return NULL;
}

static Status *from_tensor(OpCtx *c)
{
        const Tensor *t = ctx_input(c, 0);
        Shape element, row;
        TensorList *l;
        TRY(tensor_list_shape_input(c, 1, &element));
        TRY(rows_of(t, &element, &row));
        TRY(tensor_list_new(tensor_dtype(t), &element, tensor_dim(t, 0), &l));
        tensor_list_put(c, l);
        return set_rows(l, t, NULL, &row);
}

/* Checked before the list is made: its size follows from the largest index. num_elements: -1 for
 * as many as that needs. */
static Status *largest(const Tensor *indices, int64_t num_elements, int64_t *ret)
{
        *ret = -1;
        for (int64_t i = 0; i < tensor_count(indices); i++) {
                int64_t at = tensor_int(indices, i);
                if (at < 0)
                        return invalid_argument("Indices in TensorListScatter must all be "
                                                "non-negative.");
                if (num_elements != -1 && at >= num_elements)
                        return invalid_argument("TensorListScatter: Trying to scatter at index "
                                                "%lld in list with size %lld",
                                                (long long)at, (long long)num_elements);
                *ret = MAX(*ret, at);
        }
        return NULL;
}

/* What no row goes to is unset. */
static Status *scatter(OpCtx *c)
{
        const Tensor *t = ctx_input(c, 0), *indices = ctx_input(c, 1);
        int64_t n = ctx_inputs(c) > 3 ? tensor_int(ctx_input(c, 3), 0) : -1, max;
        Shape element, row;
        TensorList *l;
        TRY(tensor_list_shape_input(c, 2, &element));
        if (n < -1)
                return invalid_argument("TensorListScatter expects num_elements >= -1, found: %lld",
                                        (long long)n);
        TRY(rows_of(t, &element, &row));
        if (tensor_count(indices) != tensor_dim(t, 0))
                return invalid_argument("Invalid number of rows in input tensor. Expected: %lld "
                                        "Actual: %lld",
                                        (long long)tensor_count(indices),
                                        (long long)tensor_dim(t, 0));
        TRY(largest(indices, n, &max));
        TRY(tensor_list_new(tensor_dtype(t), &element, MAX(max + 1, n), &l));
        tensor_list_put(c, l);
        return set_rows(l, t, indices, &row);
}

static Status *check_scatter_into(const TensorList *l, const Tensor *t, const Tensor *indices)
{
        if (tensor_dtype(t) != l->dtype)
                return invalid_argument("Invalid data types; input tensor type: %s list "
                                        "element_type: %s",
                                        dtype_name(tensor_dtype(t)), dtype_name(l->dtype));
        if (tensor_rank(t) == 0)
                return invalid_argument("Tensor must be at least a vector, but saw shape: []");
        if (tensor_rank(indices) != 1)
                return invalid_argument("Expected indices to be a vector, but received shape: %s",
                                        shape_text(tensor_shape(indices)).s);
        if (tensor_count(indices) != tensor_dim(t, 0))
                return invalid_argument("Expected len(indices) == tensor.shape[0], but saw: %lld "
                                        "vs. %lld",
                                        (long long)tensor_count(indices),
                                        (long long)tensor_dim(t, 0));
        return NULL;
}

/* The list grows to the largest index. */
static Status *scatter_into(OpCtx *c)
{
        const Tensor *t = ctx_input(c, 1), *indices = ctx_input(c, 2);
        const TensorList *from;
        int64_t max;
        Shape row;
        TensorList *l;
        TRY(tensor_list_of(c, 0, DT_INVALID, &from));
        TRY(check_scatter_into(from, t, indices));
        TRY(rows_of(t, &from->element, &row));
        TRY(largest(indices, -1, &max));
        TRY(tensor_list_change(c, DT_INVALID, &l));
        if (max >= l->n)
                TRY(tensor_list_resize(l, max + 1));
        return set_rows(l, t, indices, &row);
}

/* The element shape's rows are not looked at: the parts have theirs. */
static Status *check_split(const Tensor *t, const Tensor *lengths, const Shape *element)
{
        Shape rest = *element, part = *tensor_shape(t);
        if (element->rank == 0)
                return invalid_argument("TensorListSplit requires element_shape to be at least of "
                                        "rank 1, but saw: []");
        if (part.rank == 0)
                return invalid_argument("Tensor must be at least a vector, but saw shape: []");
        shape_remove(&part, 0);
        if (rest.rank > 0)
                shape_remove(&rest, 0);
        if (!shape_compatible(&rest, &part))
                return invalid_argument("tensor shape %s is not compatible with element_shape %s",
                                        shape_text(tensor_shape(t)).s, shape_text(element).s);
        if (tensor_rank(lengths) != 1)
                return invalid_argument("Expected lengths to be a vector, received shape: %s",
                                        shape_text(tensor_shape(lengths)).s);
        return NULL;
}

/* Compared by subtraction: a sum of hostile lengths could overflow. */
static Status *check_lengths(const Tensor *lengths, int64_t rows)
{
        int64_t sum = 0;
        for (int64_t i = 0; i < tensor_count(lengths); i++) {
                int64_t n = tensor_int(lengths, i);
                if (n < 0)
                        return invalid_argument("Invalid value in lengths: %lld", (long long)n);
                if (n > rows - sum)
                        return invalid_argument("Attempting to slice [%lld, %lld] from tensor with "
                                                "length %lld",
                                                (long long)sum,
                                                (long long)((uint64_t)sum + (uint64_t)n),
                                                (long long)rows);
                sum += n;
        }
        if (sum != rows)
                return invalid_argument("Unused values in tensor. Length of tensor: %lld Values "
                                        "used: %lld",
                                        (long long)rows, (long long)sum);
        return NULL;
}

static Status *split(OpCtx *c)
{
        const Tensor *t = ctx_input(c, 0), *lengths = ctx_input(c, 2);
        Shape element, part = *tensor_shape(t);
        TensorList *l;
        TRY(tensor_list_shape_input(c, 1, &element));
        TRY(check_split(t, lengths, &element));
        TRY(check_lengths(lengths, part.dim[0]));
        TRY(tensor_list_new(tensor_dtype(t), &element, tensor_count(lengths), &l));
        tensor_list_put(c, l);
        int64_t inner = shape_product(&part, 1, part.rank), at = 0;
        for (int64_t i = 0; i < tensor_count(lengths); i++) {
                part.dim[0] = tensor_int(lengths, i);
                TRY(set_part(l, i, t, at, &part));
                at += part.dim[0] * inner;
        }
        return NULL;
}

OP(TensorListStack, .inputs = "input_handle:variant; element_shape:int32",
   .outputs = "tensor:element_dtype", .attrs = "element_dtype:type; num_elements:int = -1",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_unknown, .compute = stack,
   .late_shape = true);
OP(TensorListGather, .inputs = "input_handle:variant; indices:int32; element_shape:int32",
   .outputs = "values:element_dtype", .attrs = "element_dtype:type",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_unknown, .compute = gather,
   .late_shape = true);
OP(TensorListConcat, .inputs = "input_handle:variant",
   .outputs = "tensor:element_dtype; lengths:int64",
   .attrs = "element_dtype:type; element_shape:shape = ?",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = concat_shape, .compute = concat,
   .late_shape = true);
OP(TensorListConcatV2, .kernels = "element_dtype:type in [" VALUE_TYPES "]",
   .inputs = "input_handle:variant; element_shape:shape_type; leading_dims:int64",
   .outputs = "tensor:element_dtype; lengths:int64",
   .attrs = "element_dtype:type; shape_type:type in [int32,int64]", .shape = concat_shape,
   .compute = concat, .late_shape = true);
OP(TensorListFromTensor, .inputs = "tensor:element_dtype; element_shape:shape_type",
   .outputs = "output_handle:variant",
   .attrs = "element_dtype:type; shape_type:type in [int32,int64]",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_scalars,
   .compute = from_tensor);
OP(TensorListScatter, .inputs = "tensor:element_dtype; indices:int32; element_shape:shape_type",
   .outputs = "output_handle:variant",
   .attrs = "element_dtype:type; shape_type:type in [int32,int64]",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_scalars,
   .compute = scatter);
OP(TensorListScatterV2, .kernels = "element_dtype:type in [" VALUE_TYPES "]",
   .inputs = "tensor:element_dtype; indices:int32; element_shape:shape_type; num_elements:int32",
   .outputs = "output_handle:variant",
   .attrs = "element_dtype:type; shape_type:type in [int32,int64]", .shape = shape_scalars,
   .compute = scatter);
OP(TensorListScatterIntoExistingList, .kernels = "element_dtype:type in [" VALUE_TYPES "]",
   .inputs = "input_handle:variant; tensor:element_dtype; indices:int32",
   .outputs = "output_handle:variant", .attrs = "element_dtype:type", .shape = shape_scalars,
   .compute = scatter_into, .inplace = 1);
OP(TensorListSplit, .inputs = "tensor:element_dtype; element_shape:shape_type; lengths:int64",
   .outputs = "output_handle:variant",
   .attrs = "element_dtype:type; shape_type:type in [int32,int64]",
   .kernels = "element_dtype:type in [" VALUE_TYPES "]", .shape = shape_scalars, .compute = split);
