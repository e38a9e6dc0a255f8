// SPDX-License-Identifier: Apache-2.0
/* EmptyTensorMap, TensorMapInsert, Lookup, Erase, HasKey, Size, StackKeys. */
#include "engine/base/buf.h"
#include "engine/kernels/data_flow/tensor_map.h"
#include "engine/ops/summarize.h"

enum { KEY_SHOWN = 100, KEY_TEXT_MAX = 4096 };

static Status *empty(OpCtx *c)
{
        TensorMap *m;
        TRY(tensor_map_new(&m));
        tensor_map_put(c, m);
        return NULL;
}

static Status *insert(OpCtx *c)
{
        TensorMap *m;
        TRY(tensor_map_change(c, &m));
        return tensor_map_set(m, ctx_input(c, 1), ctx_input(c, 2));
}

static Status *no_key(const char *action, const Tensor *key)
{
        autobuf b = BUF(KEY_TEXT_MAX);
        summarize(&b, key, KEY_SHOWN);
        return invalid_argument("Trying to %s. Could not find key \"%s\".", action, buf_cstr(&b));
}

static Status *lookup(OpCtx *c)
{
        const TensorMap *m;
        TensorEntry *e;
        TRY(tensor_map_of(c, &m));
        TRY(tensor_map_find(m, ctx_input(c, 1), &e));
        if (!e)
                return no_key("lookup non-existent key", ctx_input(c, 1));
        if (tensor_dtype(e->value) != dtype_base(ctx_node(c)->out_types[0]))
                return invalid_argument("The value is of type %s, not %s",
                                        dtype_name(tensor_dtype(e->value)),
                                        dtype_name(dtype_base(ctx_node(c)->out_types[0])));
        ctx_set_output(c, 0, tensor_ref(e->value));
        return NULL;
}

static Status *erase(OpCtx *c)
{
        TensorMap *m;
        TensorEntry *e;
        TRY(tensor_map_change(c, &m));
        TRY(tensor_map_find(m, ctx_input(c, 1), &e));
        if (!e)
                return no_key("erase non-existent item", ctx_input(c, 1));
        tensor_map_del(m, e);
        return NULL;
}

static Status *has_key(OpCtx *c)
{
        const TensorMap *m;
        TensorEntry *e;
        TRY(tensor_map_of(c, &m));
        TRY(tensor_map_find(m, ctx_input(c, 1), &e));
        *(bool *)tensor_fill(ctx_output(c, 0)) = e != NULL;
        return NULL;
}

static Status *size(OpCtx *c)
{
        const TensorMap *m;
        TRY(tensor_map_of(c, &m));
        *(int32_t *)tensor_fill(ctx_output(c, 0)) = (int32_t)m->entries.count;
        return NULL;
}

/* All keys must be of the node's type and of one shape. */
static Status *check_keys(const TensorMap *m, DType dtype, Shape *ret)
{
        Shape s = SHAPE_UNKNOWN;
        map_each (e, &m->entries) {
                const Tensor *key = ((const TensorEntry *)e->value)->key;
                if (tensor_dtype(key) != dtype)
                        return invalid_argument("Key does not match requested dtype.");
                if (s.rank >= 0 && !shape_equal(&s, tensor_shape(key)))
                        return invalid_argument("Keys must all have the same shape.");
                s = *tensor_shape(key);
        }
        if (s.rank < 0)
                return invalid_argument("TensorMapStackKeys cannot be called on empty map.");
        if (s.rank == SHAPE_MAX_RANK)
                return unimplemented("Keys of rank %d cannot be stacked", s.rank);
        *ret = s;
        return NULL;
}

/* In no order, as in TensorFlow. */
static Status *stack_keys(OpCtx *c)
{
        const TensorMap *m;
        Shape s;
        Tensor *y;
        int64_t at = 0;
        TRY(tensor_map_of(c, &m));
        TRY(check_keys(m, dtype_base(ctx_node(c)->out_types[0]), &s));
        shape_insert(&s, 0, m->entries.count);
        TRY(ctx_alloc(c, 0, &s, &y));
        map_each (e, &m->entries) {
                const Tensor *key = ((const TensorEntry *)e->value)->key;
                TRY(tensor_copy_elements(y, at, key, 0, tensor_count(key)));
                at += tensor_count(key);
        }
        return NULL;
}

OP(EmptyTensorMap, .outputs = "handle:variant", .shape = shape_scalars, .compute = empty);
#define KEY_TYPES "key_dtype:type in [" PLAIN_TYPES "]"
OP(TensorMapInsert, .inputs = "input_handle:variant; key:key_dtype; value:value_dtype",
   .outputs = "output_handle:variant", .attrs = "key_dtype:type; value_dtype:type",
   .kernels = KEY_TYPES "; value_dtype:type in [" PLAIN_TYPES "]", .shape = shape_scalars,
   .compute = insert, .inplace = 1);
OP(TensorMapLookup, .inputs = "input_handle:variant; key:key_dtype", .outputs = "value:value_dtype",
   .attrs = "key_dtype:type; value_dtype:type",
   .kernels = KEY_TYPES "; value_dtype:type in [" PLAIN_TYPES "]", .shape = shape_unknown,
   .compute = lookup, .late_shape = true);
OP(TensorMapErase, .inputs = "input_handle:variant; key:key_dtype",
   .outputs = "output_handle:variant", .attrs = "key_dtype:type; value_dtype:type",
   .kernels = KEY_TYPES "; value_dtype:type in [" PLAIN_TYPES "]", .shape = shape_scalars,
   .compute = erase, .inplace = 1);
OP(TensorMapHasKey, .inputs = "input_handle:variant; key:key_dtype", .outputs = "has_key:bool",
   .attrs = "key_dtype:type", .kernels = KEY_TYPES, .shape = shape_scalars, .compute = has_key);
OP(TensorMapSize, .inputs = "input_handle:variant", .outputs = "size:int32", .shape = shape_scalars,
   .compute = size);
OP(TensorMapStackKeys, .inputs = "input_handle:variant", .outputs = "keys:key_dtype",
   .attrs = "key_dtype:type", .kernels = KEY_TYPES, .shape = shape_unknown, .compute = stack_keys,
   .late_shape = true);
