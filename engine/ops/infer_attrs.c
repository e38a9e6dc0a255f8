// SPDX-License-Identifier: Apache-2.0
/* Attributes from types, argument by argument, as TensorFlow's op_def_library works them out. */
#include "engine/ops/infer_attrs.h"

#include "engine/tensor/tensor_proto.h"

/* The list is made anew, as arenas do not grow: nodes have few attributes. */
Status *node_put_attr(Arena *arena, NodeDef *def, const char *key, AttrValue **ret)
{
        size_t n = def->n_attr;
        Tensorflow__NodeDef__AttrEntry **list = arena_calloc(arena, n + 1, sizeof *list);
        Tensorflow__NodeDef__AttrEntry *e = arena_alloc(arena, sizeof *e);
        AttrValue *v = arena_alloc(arena, sizeof *v);
        if (!list || !e || !v)
                return status_oom();
        for (size_t i = 0; i < n; i++)
                list[i] = def->attr[i];
        tensorflow__node_def__attr_entry__init(e);
        tensorflow__attr_value__init(v);
        e->key = arena_strdup(arena, key);
        if (!e->key)
                return status_oom();
        e->value = v;
        list[n] = e;
        def->attr = list;
        def->n_attr = n + 1;
        *ret = v;
        return NULL;
}

/* The message must not point into the tensor, whose life is another. */
Status *node_put_tensor(Arena *arena, NodeDef *def, const char *key, const Tensor *t)
{
        AttrValue *v;
        TRY(node_put_attr(arena, def, key, &v));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TENSOR;
        TRY(tensor_to_proto(t, arena, &v->tensor));
        ProtobufCBinaryData *content = &v->tensor->tensor_content;
        if (content->len && !(content->data = arena_dup(arena, content->data, content->len)))
                return status_oom();
        for (size_t i = 0; i < v->tensor->n_string_val; i++) {
                ProtobufCBinaryData *s = &v->tensor->string_val[i];
                if (s->len && !(s->data = arena_dup(arena, s->data, s->len)))
                        return status_oom();
        }
        return NULL;
}

bool node_def_has(const NodeDef *def, const char *key)
{
        for (size_t i = 0; i < def->n_attr; i++)
                if (!strcmp(def->attr[i]->key, key))
                        return true;
        return false;
}

const AttrValue *node_def_attr(const Op *op, const NodeDef *def, const char *key)
{
        for (size_t i = 0; i < def->n_attr; i++)
                if (!strcmp(def->attr[i]->key, key))
                        return def->attr[i]->value;
        const AttrDef *d = op_attr(op, key);
        return d ? d->value : NULL;
}

/* What is given stays. */
static Status *put_int(Arena *arena, NodeDef *def, const char *key, int64_t i)
{
        AttrValue *v;
        if (node_def_has(def, key))
                return NULL;
        TRY(node_put_attr(arena, def, key, &v));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_I;
        v->i = i;
        return NULL;
}

/* References lose their mark: attributes speak of the base type. */
Status *node_put_type(Arena *arena, NodeDef *def, const char *key, DType t)
{
        AttrValue *v;
        if (node_def_has(def, key))
                return NULL;
        TRY(node_put_attr(arena, def, key, &v));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TYPE;
        v->type = (Tensorflow__DataType)dtype_base(t);
        return NULL;
}

/* A list of types under the key. */
static Status *put_types(Arena *arena, NodeDef *def, const char *key, const DType *types, int n)
{
        AttrValue *v;
        if (node_def_has(def, key))
                return NULL;
        TRY(node_put_attr(arena, def, key, &v));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        v->list = arena_alloc(arena, sizeof *v->list);
        if (!v->list)
                return status_oom();
        tensorflow__attr_value__list_value__init(v->list);
        v->list->type = arena_calloc(arena, (size_t)n + 1, sizeof *v->list->type);
        if (!v->list->type)
                return status_oom();
        for (int i = 0; i < n; i++)
                v->list->type[v->list->n_type++] = (Tensorflow__DataType)dtype_base(types[i]);
        return NULL;
}

/* How many tensors an argument takes or gives: known, or -1. */
static int arg_count(const Op *op, const NodeDef *def, const ArgDef *a)
{
        const char *key = a->number_attr ? a->number_attr : a->list_attr;
        if (!key)
                return 1;
        const AttrValue *v = node_def_attr(op, def, key);
        if (!v)
                return -1;
        if (a->number_attr)
                return v->i < 0 ? 0 : (int)MIN(v->i, (int64_t)INT32_MAX);
        return v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_LIST ? (int)v->list->n_type : 0;
}

/* The attributes that an argument's inputs decide: their number, their types, or their one type. */
Status *node_infer_arg(Arena *arena, NodeDef *def, const ArgDef *a, const DType *types, int n)
{
        if (a->number_attr)
                TRY(put_int(arena, def, a->number_attr, n));
        if (a->list_attr)
                TRY(put_types(arena, def, a->list_attr, types, n));
        if (a->type_attr && n > 0)
                TRY(node_put_type(arena, def, a->type_attr, types[0]));
        return NULL;
}

/* Inputs in order, against the op's arguments. */
Status *node_infer_attrs(Arena *arena, const Op *op, NodeDef *def, const DType *types, int n)
{
        int64_t fixed = 0, open = 0, at = 0;
        for (int i = 0; i < op->n_in; i++) {
                int count = arg_count(op, def, &op->in[i]);
                fixed += count > 0 ? count : 0;
                open += count < 0;
        }
        int64_t each = open ? MAX((n - fixed) / open, 0) : 0; /* what is left is shared evenly */
        for (int i = 0; i < op->n_in; i++) {
                const ArgDef *a = &op->in[i];
                int64_t count = arg_count(op, def, a), from = MIN(at, (int64_t)n);
                if (count < 0)
                        count = each;
                if (a->number_attr)
                        TRY(put_int(arena, def, a->number_attr, count));
                TRY(node_infer_arg(arena, def, a, types + from, (int)MIN(count, n - from)));
                at += count;
        }
        return NULL;
}

int node_output_count(const Op *op, const NodeDef *def)
{
        int64_t total = 0;
        for (int i = 0; i < op->n_out; i++)
                total += MAX(arg_count(op, def, &op->out[i]), 0);
        return (int)MIN(total, (int64_t)INT32_MAX);
}

/* The argument of output *k, which becomes its index there. */
static const ArgDef *output_arg(const Op *op, const NodeDef *def, int *k)
{
        for (int i = 0; i < op->n_out; i++) {
                int count = MAX(arg_count(op, def, &op->out[i]), 0);
                if (*k < count)
                        return &op->out[i];
                *k -= count;
        }
        return NULL;
}

const ArgDef *node_output_arg(const Op *op, const NodeDef *def, int k)
{
        return output_arg(op, def, &k);
}

/* Output k of the node, counted over all of the op's outputs. */
DType node_output_type(const Op *op, const NodeDef *def, int k)
{
        const ArgDef *a = output_arg(op, def, &k);
        const char *key = a ? a->list_attr ? a->list_attr : a->type_attr : NULL;
        const AttrValue *v = key ? node_def_attr(op, def, key) : NULL;
        if (key && !v)
                return DT_INVALID;
        if (a && a->list_attr)
                return (DType)v->list->type[k];
        return key ? (DType)v->type : a ? a->dtype : DT_INVALID;
}
