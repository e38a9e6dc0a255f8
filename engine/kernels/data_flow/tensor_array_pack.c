// SPDX-License-Identifier: Apache-2.0
/* TensorArray ops that move many elements: Gather and Pack stack them, Scatter and Unpack spread a
 * tensor over them, Concat and Split do the same along the first dimension. */
#include "engine/kernels/data_flow/tensor_array.h"

/* ---- out of the array ---- */

/* Reads elements index[0..n), or [0, n) when index is NULL, into parts. */
static Status *read_all(OpCtx *c, TensorArray *t, const int32_t *index, int64_t n, Tensor **parts)
{
        for (int64_t i = 0; i < n; i++) {
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                TRY(tensor_array_read(t, index ? index[i] : i, &parts[i]));
        }
        return NULL;
}

static void drop_all(Tensor **parts, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                tensor_unref(parts[i]);
}

/* Bytes from which on another thread pays. */
enum { COPY_GRAIN = 128 << 10 };

typedef struct StackJob {
        char *to;
        Tensor *const *parts;
        size_t bytes; /* of each */
} StackJob;

static void stack_some(void *arg, int64_t from, int64_t to)
{
        const StackJob *j = arg;
        for (int64_t i = from; i < to; i++)
                memcpy(j->to + (size_t)i * j->bytes, tensor_data(j->parts[i]), j->bytes);
}

/* One behind the other into y. */
static Status *copy_all(OpCtx *c, Tensor *y, Tensor *const *parts, int64_t n)
{
        int64_t inner = n ? tensor_count(parts[0]) : 0;
        StackJob j = { tensor_fill(y), parts, n ? tensor_bytes(parts[0]) : 0 };
        if (!tensor_bytes(y))
                return NULL;
        if (dtype_is_plain(tensor_dtype(y))) {
                ctx_parallel(c, n, (int64_t)(COPY_GRAIN / (j.bytes + 1)) + 1, stack_some, &j);
                return NULL;
        }
        for (int64_t i = 0; i < n; i++)
                TRY(tensor_copy_elements(y, i * inner, parts[i], 0, inner));
        return NULL;
}

/* The first element's shape binds the rest. With no element only the op's own element_shape tells
 * what an empty stack looks like. */
static Status *stack(OpCtx *c, const Shape *asked, Tensor **parts, int64_t n)
{
        Shape s = *asked;
        Tensor *y;
        if (n == 0 && !shape_complete(&s))
                return unimplemented("TensorArray has size zero, but element shape %s is not fully "
                                     "defined. Currently only static shapes are supported when "
                                     "packing zero-size TensorArrays.",
                                     shape_text(&s).s);
        if (n)
                s = *tensor_shape(parts[0]);
        if (!shape_compatible(asked, &s))
                return invalid_argument("TensorArray was passed element_shape %s which does not "
                                        "match the Tensor at index 0: %s",
                                        shape_text(asked).s, shape_text(&s).s);
        for (int64_t i = 1; i < n; i++)
                if (!shape_equal(tensor_shape(parts[i]), &s))
                        return invalid_argument("TensorArray has inconsistent shapes.  Index 0 has "
                                                "shape: %s but index %lld has shape: %s",
                                                shape_text(&s).s, (long long)i,
                                                shape_text(tensor_shape(parts[i])).s);
        if (s.rank == SHAPE_MAX_RANK)
                return shape_make(NULL, s.rank + 1, &s);
        shape_insert(&s, 0, n);
        TRY(ctx_alloc(c, 0, &s, &y));
        return copy_all(c, y, parts, n);
}

/* Elements may differ in their first dimension; the lengths go out too, for the gradient
 * (TensorArraySplit). The sum of rows need not be checked: the elements exist in memory. */
static Status *concat(OpCtx *c, const Shape *except0, Tensor **parts, int64_t n)
{
        Shape s = *except0, row;
        Tensor *y, *lengths;
        int64_t rows = 0, at = 0;
        if (n == 0 && !shape_complete(&s))
                return unimplemented("TensorArray has size zero, but element_shape_except0 %s is "
                                     "not fully defined. Currently only static shapes are "
                                     "supported when concatenating zero-size TensorArrays.",
                                     shape_text(&s).s);
        for (int64_t i = 0; i < n; i++) {
                row = *tensor_shape(parts[i]);
                if (row.rank == 0)
                        return invalid_argument("Concat saw a scalar shape at index %lld but "
                                                "requires at least vectors.  Did you mean to call "
                                                "pack?",
                                                (long long)i);
                rows += row.dim[0];
                shape_remove(&row, 0);
                if (i == 0 && !shape_compatible(except0, &row))
                        return invalid_argument("TensorArray was passed element_shape_except0 %s "
                                                "but index 0 has (excepting dimension 0) shape: %s "
                                                "which does not match.",
                                                shape_text(except0).s, shape_text(&row).s);
                if (i == 0)
                        s = row;
                if (!shape_equal(&s, &row))
                        return invalid_argument("TensorArray has inconsistent shapes.  Index 0 has "
                                                "(excepting dimension 0) shape: %s but index %lld "
                                                "has (excepting dimension 0) shape: %s",
                                                shape_text(&s).s, (long long)i, shape_text(&row).s);
        }
        if (s.rank == SHAPE_MAX_RANK)
                return shape_make(NULL, s.rank + 1, &s);
        shape_insert(&s, 0, rows);
        TRY(ctx_alloc(c, 0, &s, &y));
        TRY(ctx_alloc(c, 1, &SHAPE(n), &lengths));
        for (int64_t i = 0; i < n; i++) {
                ((int64_t *)tensor_fill(lengths))[i] = tensor_dim(parts[i], 0);
                TRY(tensor_copy_elements(y, at, parts[i], 0, tensor_count(parts[i])));
                at += tensor_count(parts[i]);
        }
        return NULL;
}

/* Gather reads what its indices name, Pack and Concat everything. */
static Status *collect(OpCtx *c, const Tensor *indices, const char *shape_attr, bool concats)
{
        TensorArray *t;
        autoptr(Resource) held = NULL;
        Shape asked = SHAPE_UNKNOWN;
        TRY(node_attr_shape(ctx_node(c), shape_attr, &asked));
        TRY(tensor_array_of(c, &t, &held));
        TRY(tensor_array_gives(t, node_type(ctx_node(c), "dtype", DT_INVALID)));
        if (!concats)
                TRY(tensor_array_refine(t, &asked));
        if (indices && tensor_rank(indices) != 1)
                return invalid_argument("Expected indices to be a vector, but received shape: %s",
                                        shape_text(tensor_shape(indices)).s);
        int64_t n = indices ? tensor_count(indices) : tensor_array_marked(t);
        Tensor **parts = ctx_scratch(c, ((size_t)n + 1) * sizeof *parts);
        if (!parts)
                return status_oom();
        memset(parts, 0, (size_t)n * sizeof *parts);
        Status *s = read_all(c, t, indices ? tensor_data(indices) : NULL, n, parts);
        if (!s)
                s = concats ? concat(c, &asked, parts, n) : stack(c, &asked, parts, n);
        drop_all(parts, n);
        return s;
}

static Status *gather(OpCtx *c)
{
        return collect(c, ctx_input(c, 1), "element_shape", false);
}

static Status *pack(OpCtx *c)
{
        return collect(c, NULL, "element_shape", false);
}

static Status *concat_all(OpCtx *c)
{
        return collect(c, NULL, "element_shape_except0", true);
}

/* ---- into the array ---- */

static Status *write_part(TensorArray *t, int64_t index, const Tensor *value, int64_t at,
                          const Shape *shape)
{
        autoptr(Tensor) part = NULL;
        TRY(tensor_slice((Tensor *)value, at, shape, &part));
        return tensor_array_write(t, index, part);
}

/* An array, of a value's type, and what each row of the value looks like. */
static Status *check_rows(TensorArray *t, const Tensor *value, Shape *ret_row)
{
        TRY(tensor_array_takes(t, tensor_dtype(value)));
        if (tensor_rank(value) < 1)
                return invalid_argument("Input value for unpack must be at least a vector but "
                                        "received shape: %s",
                                        shape_text(tensor_shape(value)).s);
        *ret_row = *tensor_shape(value);
        shape_remove(ret_row, 0);
        return NULL;
}

/* Row i goes to element indices[i]; NULL: i. */
static Status *write_rows(TensorArray *t, const Tensor *indices, const Tensor *value,
                          const Shape *row)
{
        int64_t inner = shape_product(row, 0, row->rank);
        for (int64_t i = 0; i < tensor_dim(value, 0); i++)
                TRY(write_part(t, indices ? tensor_int(indices, i) : i, value, i * inner, row));
        return NULL;
}

static Status *check_indices(TensorArray *t, const Tensor *indices, int64_t rows)
{
        int64_t max = -1;
        if (tensor_rank(indices) != 1)
                return invalid_argument("Expected indices to be a vector, but received shape: %s",
                                        shape_text(tensor_shape(indices)).s);
        if (tensor_count(indices) != rows)
                return invalid_argument("Expected len(indices) == values.shape[0], but saw: %lld "
                                        "vs. %lld",
                                        (long long)tensor_count(indices), (long long)rows);
        for (int64_t i = 0; i < rows; i++)
                max = MAX(max, tensor_int(indices, i));
        int64_t room = tensor_array_room(t, max + 1);
        if (max >= room)
                return invalid_argument("Max scatter index must be < array size (%lld vs. %lld)",
                                        (long long)max, (long long)room);
        return NULL;
}

/* Elements are written in the order of the indices; writing one twice fails in the array. The flow
 * is passed on, it only orders ops. */
static Status *scatter(OpCtx *c)
{
        const Tensor *indices = ctx_input(c, 1), *value = ctx_input(c, 2);
        TensorArray *t;
        autoptr(Resource) held = NULL;
        Shape row;
        TRY(tensor_array_of(c, &t, &held));
        TRY(check_rows(t, value, &row));
        TRY(check_indices(t, indices, tensor_dim(value, 0)));
        TRY(write_rows(t, indices, value, &row));
        ctx_forward(c, 3, 0);
        return NULL;
}

/* All elements at once: a dynamic array grows to as many. */
static Status *unpack(OpCtx *c)
{
        const Tensor *value = ctx_input(c, 1);
        TensorArray *t;
        autoptr(Resource) held = NULL;
        Shape row;
        TRY(tensor_array_of(c, &t, &held));
        TRY(check_rows(t, value, &row));
        int64_t n = tensor_dim(value, 0), room = tensor_array_room(t, n);
        if (n != room)
                return invalid_argument("Input value must have first dimension equal to the array "
                                        "size (%lld vs. %lld)",
                                        (long long)n, (long long)room);
        tensor_array_mark(t, n);
        TRY(write_rows(t, NULL, value, &row));
        ctx_forward(c, 2, 0);
        return NULL;
}

/* A sum that overflows cannot be the size of a tensor: it is cut off at the largest number, which
 * fails the comparison. */
static Status *check_lengths(const Tensor *lengths, const Tensor *value)
{
        int64_t sum = 0;
        if (tensor_rank(lengths) != 1)
                return invalid_argument("Expected lengths to be a vector, received shape: %s",
                                        shape_text(tensor_shape(lengths)).s);
        if (tensor_rank(value) < 1)
                return invalid_argument("Expected value to be at least a vector, but received "
                                        "shape: %s",
                                        shape_text(tensor_shape(value)).s);
        for (int64_t i = 0; i < tensor_count(lengths); i++) {
                int64_t n = tensor_int(lengths, i);
                if (n < 0)
                        return invalid_argument("Expected lengths to be non-negative, but "
                                                "lengths[%lld] is %lld",
                                                (long long)i, (long long)n);
                if (__builtin_add_overflow(sum, n, &sum))
                        sum = INT64_MAX;
        }
        if (sum != tensor_dim(value, 0))
                return invalid_argument("Expected sum of lengths to be equal to values.shape[0], "
                                        "but sum of lengths is %lld and value's shape is: %s",
                                        (long long)sum, shape_text(tensor_shape(value)).s);
        return NULL;
}

/* A part for each element; a dynamic array grows to as many. */
static Status *split(OpCtx *c)
{
        const Tensor *value = ctx_input(c, 1), *lengths = ctx_input(c, 2);
        TensorArray *t;
        autoptr(Resource) held = NULL;
        TRY(tensor_array_of(c, &t, &held));
        TRY(check_lengths(lengths, value));
        int64_t n = tensor_count(lengths), room = tensor_array_room(t, n), at = 0;
        if (n != room)
                return invalid_argument("TensorArray's size is not equal to the size of lengths "
                                        "(%lld vs. %lld), and the TensorArray is not marked as "
                                        "dynamically resizeable",
                                        (long long)room, (long long)n);
        TRY(tensor_array_takes(t, tensor_dtype(value)));
        tensor_array_mark(t, n);
        Shape s = *tensor_shape(value);
        int64_t inner = shape_product(&s, 1, s.rank);
        for (int64_t i = 0; i < n; i++) {
                s.dim[0] = tensor_int(lengths, i);
                TRY(write_part(t, i, value, at, &s));
                at += s.dim[0] * inner;
        }
        ctx_forward(c, 3, 0);
        return NULL;
}

static Status *collect_shape(ShapeCtx *c)
{
        if (c->n_out > 1)
                c->out[1] = SHAPE(-1);
        return NULL;
}

OP(TensorArrayGather, .inputs = "handle:ref(string); indices:int32; flow_in:float",
   .outputs = "value:dtype", .attrs = "dtype:type; element_shape:shape = ?",
   .flags = "deprecated@16", .shape = collect_shape, .compute = gather, .late_shape = true);
OP(TensorArrayConcat, .inputs = "handle:ref(string); flow_in:float",
   .outputs = "value:dtype; lengths:int64", .attrs = "dtype:type; element_shape_except0:shape = ?",
   .flags = "deprecated@16", .shape = collect_shape, .compute = concat_all, .late_shape = true);
OP(TensorArrayScatter, .inputs = "handle:ref(string); indices:int32; value:T; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "deprecated@19", .shape = shape_scalars,
   .compute = scatter, .late_shape = true);
OP(TensorArraySplit, .inputs = "handle:ref(string); value:T; lengths:int64; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "deprecated@16", .shape = shape_scalars,
   .compute = split, .late_shape = true);
OP(TensorArrayGatherV2, .inputs = "handle:string; indices:int32; flow_in:float",
   .outputs = "value:dtype", .attrs = "dtype:type; element_shape:shape = ?",
   .flags = "deprecated@26", .shape = collect_shape, .compute = gather, .late_shape = true);
OP(TensorArrayConcatV2, .inputs = "handle:string; flow_in:float",
   .outputs = "value:dtype; lengths:int64", .attrs = "dtype:type; element_shape_except0:shape = ?",
   .shape = collect_shape, .compute = concat_all, .late_shape = true);
OP(TensorArrayScatterV2, .inputs = "handle:string; indices:int32; value:T; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "deprecated@26", .shape = shape_scalars,
   .compute = scatter, .late_shape = true);
OP(TensorArraySplitV2, .inputs = "handle:string; value:T; lengths:int64; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "deprecated@26", .shape = shape_scalars,
   .compute = split, .late_shape = true);
OP(TensorArrayGatherV3, .inputs = "handle:resource; indices:int32; flow_in:float",
   .outputs = "value:dtype", .attrs = "dtype:type; element_shape:shape = ?", .flags = "stateful",
   .shape = collect_shape, .compute = gather, .late_shape = true);
OP(TensorArrayConcatV3, .inputs = "handle:resource; flow_in:float",
   .outputs = "value:dtype; lengths:int64", .attrs = "dtype:type; element_shape_except0:shape = ?",
   .flags = "stateful", .shape = collect_shape, .compute = concat_all, .late_shape = true);
OP(TensorArrayScatterV3, .inputs = "handle:resource; indices:int32; value:T; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "stateful", .shape = shape_scalars,
   .compute = scatter, .late_shape = true);
OP(TensorArraySplitV3, .inputs = "handle:resource; value:T; lengths:int64; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "stateful", .shape = shape_scalars,
   .compute = split, .late_shape = true);
OP(TensorArrayPack, .inputs = "handle:ref(string); flow_in:float", .outputs = "value:dtype",
   .attrs = "dtype:type; element_shape:shape = ?", .flags = "deprecated@16", .shape = collect_shape,
   .compute = pack, .late_shape = true);
OP(TensorArrayUnpack, .inputs = "handle:ref(string); value:T; flow_in:float",
   .outputs = "flow_out:float", .attrs = "T:type", .flags = "deprecated@20", .shape = shape_scalars,
   .compute = unpack, .late_shape = true);
