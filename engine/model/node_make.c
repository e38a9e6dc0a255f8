// SPDX-License-Identifier: Apache-2.0
#include "engine/model/node_make.h"

#include "engine/base/mem.h"
#include "engine/tensor/tensor_proto.h"

typedef Tensorflow__NodeDef__AttrEntry AttrEntry;
typedef Tensorflow__AttrValue__ListValue ListValue;

/* Only lists of types are ever made here. */
static Status *make_list(Arena *a, const MadeAttr *m, AttrValue *ret)
{
        static const ListValue empty = TENSORFLOW__ATTR_VALUE__LIST_VALUE__INIT;
        ListValue *list = arena_dup(a, &empty, sizeof empty);
        if (!list || !(list->type = arena_calloc(a, (size_t)m->n + 1, sizeof *list->type)))
                return status_oom();
        for (int i = 0; i < m->n; i++)
                list->type[list->n_type++] = (Tensorflow__DataType)m->types[i];
        ret->value_case = TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        ret->list = list;
        return NULL;
}

/* An attribute that exists is shared, not copied: both messages live in the same arena. */
static Status *make_value(Arena *a, const MadeAttr *m, AttrValue **ret)
{
        if (m->value) {
                *ret = (AttrValue *)m->value;
                return NULL;
        }
        AttrValue *v = arena_alloc(a, sizeof *v);
        if (!v)
                return status_oom();
        tensorflow__attr_value__init(v);
        *ret = v;
        if (m->types)
                return make_list(a, m, v);
        if (m->tensor) {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TENSOR;
                return tensor_to_proto(m->tensor, a, &v->tensor);
        }
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TYPE;
        v->type = (Tensorflow__DataType)m->type;
        return NULL;
}

/* The attributes up to the row without a key. */
static Status *add_attrs(Arena *a, const MadeAttr *attrs, NodeDef *n)
{
        static const AttrEntry none = TENSORFLOW__NODE_DEF__ATTR_ENTRY__INIT;
        size_t count = 0;
        while (attrs[count].key)
                count++;
        n->attr = arena_calloc(a, count + 1, sizeof *n->attr);
        if (!n->attr)
                return status_oom();
        for (; n->n_attr < count; n->n_attr++) {
                AttrEntry *e = arena_dup(a, &none, sizeof none);
                if (!e)
                        return status_oom();
                e->key = (char *)attrs[n->n_attr].key;
                TRY(make_value(a, &attrs[n->n_attr], &e->value));
                n->attr[n->n_attr] = e;
        }
        return NULL;
}

/* Inputs end with NULL; texts are not copied, the caller's arena has them. */
Status *node_make(Arena *a, const char *name, const char *op, const char *const *inputs,
                  const MadeAttr *attrs, NodeDef **ret)
{
        static const NodeDef none = TENSORFLOW__NODE_DEF__INIT;
        NodeDef *n = arena_dup(a, &none, sizeof none);
        size_t count = 0;
        while (inputs[count])
                count++;
        if (!n || !(n->input = arena_dup(a, inputs, (count + 1) * sizeof *inputs)))
                return status_oom();
        n->name = (char *)name;
        n->op = (char *)op;
        n->n_input = count;
        TRY(add_attrs(a, attrs, n));
        *ret = n;
        return NULL;
}
