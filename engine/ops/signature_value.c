// SPDX-License-Identifier: Apache-2.0
/* Defaults become AttrValue messages, so that a node without an attribute shares the op's. */
#include "engine/ops/signature_value.h"

#include <stdlib.h>
#include <string.h>

typedef Tensorflow__AttrValue__ListValue ListValue;

static Status *bad(const AttrDef *d, const char *text)
{
        return invalid_argument("bad default '%s' of attribute '%s'", text, d->name);
}

/* The inside of a quoted string; n is its length in the text, without quotes. */
static Status *unescape(const char *s, size_t n, Arena *arena, ProtobufCBinaryData *ret)
{
        char *out = arena_alloc(arena, n + 1);
        size_t len = 0;
        if (!out)
                return status_oom();
        for (size_t i = 0; i < n; i++) {
                if (s[i] != '\\' || i + 1 == n) {
                        out[len++] = s[i];
                        continue;
                }
                char c = s[++i];
                out[len++] = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        out[len] = 0;
        *ret = (ProtobufCBinaryData){ .len = len, .data = (uint8_t *)out };
        return NULL;
}

static Status *string_default(const AttrDef *d, const char *text, Arena *arena,
                              ProtobufCBinaryData *ret)
{
        size_t n = strlen(text);
        if (n < 2 || text[0] != '"' || text[n - 1] != '"')
                return bad(d, text);
        return unescape(text + 1, n - 2, arena, ret);
}

/* Only the unknown shape and the scalar occur. */
static Status *shape_default(const AttrDef *d, const char *text, Arena *arena, AttrValue *v)
{
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_SHAPE;
        v->shape = arena_alloc(arena, sizeof *v->shape);
        if (!v->shape)
                return status_oom();
        tensorflow__tensor_shape_proto__init(v->shape);
        v->shape->unknown_rank = !strcmp(text, "?");
        return v->shape->unknown_rank || !strcmp(text, "()") ? NULL : bad(d, text);
}

/* "tensor(uint8)": an empty tensor of that type, as TFRecord-like ops have it. */
static Status *tensor_default(const AttrDef *d, const char *text, Arena *arena, AttrValue *v)
{
        char name[32] = "";
        size_t n = strlen(text);
        DType t;
        if (n < 9 || n - 8 >= sizeof name || strncmp(text, "tensor(", 7) != 0)
                return bad(d, text);
        memcpy(name, text + 7, n - 8);
        if (!dtype_parse(name, &t))
                return bad(d, text);
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TENSOR;
        v->tensor = arena_alloc(arena, sizeof *v->tensor);
        TensorShapeProto *shape = arena_alloc(arena, sizeof *shape);
        if (!v->tensor || !shape)
                return status_oom();
        tensorflow__tensor_proto__init(v->tensor);
        tensorflow__tensor_shape_proto__init(shape);
        v->tensor->dtype = (Tensorflow__DataType)t;
        v->tensor->tensor_shape = shape;
        return NULL;
}

/* The whole text must be the number. */
static Status *number_default(const AttrDef *d, const char *text, AttrValue *v)
{
        char *end = NULL;
        if (d->kind == ATTR_INT) {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_I;
                v->i = strtoll(text, &end, 10);
        } else {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_F;
                v->f = strtof(text, &end);
        }
        return end == text || *end ? bad(d, text) : NULL;
}

/* A default by the attribute's kind. */
static Status *single_default(const AttrDef *d, const char *text, Arena *arena, AttrValue *v)
{
        DType t;
        switch (d->kind) {
        case ATTR_INT:
        case ATTR_FLOAT: return number_default(d, text, v);
        case ATTR_SHAPE: return shape_default(d, text, arena, v);
        case ATTR_TENSOR: return tensor_default(d, text, arena, v);
        case ATTR_STRING:
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_S;
                return string_default(d, text, arena, &v->s);
        case ATTR_BOOL:
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_B;
                v->b = !strcmp(text, "true");
                return v->b || !strcmp(text, "false") ? NULL : bad(d, text);
        case ATTR_TYPE:
                if (!dtype_parse(text, &t))
                        return bad(d, text);
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TYPE;
                v->type = (Tensorflow__DataType)t;
                return NULL;
        default: return bad(d, text);
        }
}

/* Only lists of integers and reals have elements in any op's default. */
static Status *list_elements(const AttrDef *d, const char *text, Arena *arena, ListValue *list)
{
        size_t n = 1;
        for (const char *s = text; *s; s++)
                n += *s == ',';
        list->i = d->kind == ATTR_INT ? arena_calloc(arena, n, sizeof *list->i) : NULL;
        list->f = d->kind == ATTR_FLOAT ? arena_calloc(arena, n, sizeof *list->f) : NULL;
        if (!list->i && !list->f)
                return d->kind == ATTR_INT || d->kind == ATTR_FLOAT ? status_oom() : bad(d, text);
        for (size_t k = 0; k < n; k++) {
                char *end;
                if (list->i)
                        list->i[k] = strtoll(text, &end, 10);
                else
                        list->f[k] = strtof(text, &end);
                if (end == text || (*end != ',' && *end != ']'))
                        return bad(d, text);
                text = end + 1;
        }
        *(list->i ? &list->n_i : &list->n_f) = n;
        return NULL;
}

/* "[]" or "[1, 2]". */
static Status *list_default(const AttrDef *d, const char *text, Arena *arena, AttrValue *v)
{
        size_t n = strlen(text);
        ListValue *list = arena_alloc(arena, sizeof *list);
        if (!list)
                return status_oom();
        tensorflow__attr_value__list_value__init(list);
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        v->list = list;
        if (n < 2 || text[0] != '[' || text[n - 1] != ']')
                return bad(d, text);
        return n == 2 ? NULL : list_elements(d, text + 1, arena, list);
}

/* The default of one attribute as a message, shared by all nodes that do not set it. */
Status *signature_value(const AttrDef *d, const char *text, Arena *arena, const AttrValue **ret)
{
        AttrValue *v = arena_alloc(arena, sizeof *v);
        if (!v)
                return status_oom();
        tensorflow__attr_value__init(v);
        TRY(d->is_list ? list_default(d, text, arena, v) : single_default(d, text, arena, v));
        *ret = v;
        return NULL;
}
