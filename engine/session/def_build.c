// SPDX-License-Identifier: Apache-2.0
/* Makes NodeDefs in an arena. */
#include "engine/session/def_build.h"

#include <string.h>

/* Room for all attributes at once: there are few, and the arena frees nothing. */
Status *def_node(Arena *a, const char *op, char *name, const char *input, NodeDef **ret)
{
        NodeDef *n = arena_alloc(a, sizeof *n);
        if (!n || !name)
                return status_oom();
        tensorflow__node_def__init(n);
        n->op = (char *)op;
        n->name = name;
        n->attr = arena_alloc(a, DEF_MAX_ATTRS * sizeof *n->attr);
        n->input = arena_alloc(a, sizeof *n->input);
        if (!n->attr || !n->input)
                return status_oom();
        if (input)
                n->input[n->n_input++] = (char *)input;
        *ret = n;
        return NULL;
}

/* Entries keep the order in which they were put, which is how they are shown. */
Status *def_put(Arena *a, NodeDef *n, const char *key, Tensorflow__AttrValue__ValueCase kind,
                AttrValue **ret)
{
        Tensorflow__NodeDef__AttrEntry *entry = arena_alloc(a, sizeof *entry);
        AttrValue *v = arena_alloc(a, sizeof *v);
        if (!entry || !v)
                return status_oom();
        if (n->n_attr == DEF_MAX_ATTRS)
                return internal_error("node %s has too many attributes", n->name);
        tensorflow__node_def__attr_entry__init(entry);
        tensorflow__attr_value__init(v);
        v->value_case = kind;
        entry->key = (char *)key;
        entry->value = v;
        n->attr[n->n_attr++] = entry;
        *ret = v;
        return NULL;
}

/* The kinds that are needed, each in a line. */
Status *def_put_type(Arena *a, NodeDef *n, const char *key, DType t)
{
        AttrValue *v = NULL;
        TRY(def_put(a, n, key, TENSORFLOW__ATTR_VALUE__VALUE_TYPE, &v));
        v->type = (Tensorflow__DataType)t;
        return NULL;
}

Status *def_put_int(Arena *a, NodeDef *n, const char *key, int64_t i)
{
        AttrValue *v = NULL;
        TRY(def_put(a, n, key, TENSORFLOW__ATTR_VALUE__VALUE_I, &v));
        v->i = i;
        return NULL;
}

/* Strings of attributes are bytes; these are texts. */
static ProtobufCBinaryData bytes_of(char *text)
{
        return (ProtobufCBinaryData){ .data = (uint8_t *)text, .len = strlen(text) };
}

Status *def_put_text(Arena *a, NodeDef *n, const char *key, char *text)
{
        AttrValue *v = NULL;
        if (!text)
                return status_oom();
        TRY(def_put(a, n, key, TENSORFLOW__ATTR_VALUE__VALUE_S, &v));
        v->s = bytes_of(text);
        return NULL;
}

/* An empty list is an attribute, too. */
Status *def_put_texts(Arena *a, NodeDef *n, const char *key, char *const *texts, size_t n_texts)
{
        AttrValue *v = NULL;
        TRY(def_put(a, n, key, TENSORFLOW__ATTR_VALUE__VALUE_LIST, &v));
        v->list = arena_alloc(a, sizeof *v->list);
        if (!v->list)
                return status_oom();
        tensorflow__attr_value__list_value__init(v->list);
        v->list->s = arena_alloc(a, (n_texts + 1) * sizeof *v->list->s);
        if (!v->list->s)
                return status_oom();
        for (size_t i = 0; i < n_texts; i++) {
                if (!texts[i])
                        return status_oom();
                v->list->s[v->list->n_s++] = bytes_of(texts[i]);
        }
        return NULL;
}
