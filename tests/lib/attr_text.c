// SPDX-License-Identifier: Apache-2.0
/* One reader per kind of attribute; a list is its elements in brackets. */
#include "tests/lib/attr_text.h"
#include <ctype.h>
#include <stdlib.h>

enum { LIST_MAX = 256 };

void text_space(const char **p)
{
        while (**p == ' ' || **p == '\t')
                ++*p;
}

bool text_take(const char **p, char c)
{
        text_space(p);
        if (**p != c)
                return false;
        ++*p;
        text_space(p);
        return true;
}

static bool word_char(char c)
{
        return isalnum((unsigned char)c) || (c && strchr("_./-", c));
}

char *text_word(const char **p, Arena *arena)
{
        text_space(p);
        const char *start = *p;
        while (word_char(**p))
                ++*p;
        char *s = start == *p ? NULL : arena_dup(arena, start, (size_t)(*p - start) + 1);
        if (s)
                s[*p - start] = 0;
        return s;
}

static char unescaped(const char **p)
{
        char c = *(*p)++;
        if (c == 'x') {
                char hex[3] = { (*p)[0], (*p)[0] ? (*p)[1] : 0, 0 };
                char *end;
                char v = (char)strtol(hex, &end, 16);
                *p += end - hex;
                return v;
        }
        return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? 0 : c;
}

Status *text_string(const char **p, Arena *arena, ProtobufCBinaryData *ret)
{
        if (!text_take(p, '"'))
                return invalid_argument("a quoted string is expected at '%s'", *p);
        char *out = arena_alloc(arena, strlen(*p) + 1);
        size_t n = 0;
        if (!out)
                return status_oom();
        while (**p && **p != '"') {
                char c = *(*p)++;
                out[n++] = c == '\\' ? unescaped(p) : c;
        }
        if (!**p)
                return invalid_argument("a string has no end");
        ++*p;
        out[n] = 0;
        *ret = (ProtobufCBinaryData){ .len = n, .data = (uint8_t *)out };
        return NULL;
}

Status *text_shape(const char **p, Arena *arena, TensorShapeProto **ret)
{
        Shape s = SHAPE_SCALAR;
        if (text_take(p, '?')) {
                s = SHAPE_UNKNOWN;
        } else {
                if (!text_take(p, '['))
                        return invalid_argument("a shape is expected at '%s'", *p);
                while (!text_take(p, ']')) {
                        char *end = NULL;
                        int64_t d = text_take(p, '?') ? -1 : strtoll(*p, &end, 10);
                        if (end == *p || s.rank == SHAPE_MAX_RANK)
                                return invalid_argument("no dimension at '%s'", *p);
                        *p = end ? end : *p;
                        shape_append(&s, d);
                        text_take(p, ',');
                }
        }
        return shape_to_proto(&s, arena, ret);
}

static Status *text_type(const char **p, Arena *arena, DType *ret)
{
        const char *word = text_word(p, arena);
        return word && dtype_parse(word, ret)
                       ? NULL
                       : invalid_argument("'%s' is no type", word ? word : *p);
}

static Status *text_number(const char **p, double *ret)
{
        char *end;
        text_space(p);
        *ret = !strncmp(*p, "true", 4) ? 1 : !strncmp(*p, "false", 5) ? 0 : strtod(*p, &end);
        if (**p == 't' || **p == 'f')
                end = (char *)*p + (**p == 't' ? 4 : 5);
        if (end == *p)
                return invalid_argument("a number is expected at '%s'", *p);
        *p = end;
        return NULL;
}

static Status *tensor_value(const char **p, Arena *arena, DType type, TensorProto *t)
{
        double v = 0;
        if (type == DT_STRING)
                return text_string(p, arena, &t->string_val[t->n_string_val++]);
        text_space(p);
        const char *start = *p;
        TRY(text_number(p, &v));
        if (type == DT_FLOAT)
                t->float_val[t->n_float_val++] = (float)v;
        else if (type == DT_DOUBLE)
                t->double_val[t->n_double_val++] = v;
        else if (type == DT_INT64)
                t->int64_val[t->n_int64_val++] = strtoll(start, NULL, 10);
        else if (type == DT_BOOL)
                t->bool_val[t->n_bool_val++] = v != 0;
        else if (type == DT_HALF)
                t->half_val[t->n_half_val++] = half_from_float((float)v).bits;
        else if (type == DT_BFLOAT16)
                t->half_val[t->n_half_val++] = bfloat16_from_float((float)v).bits;
        else if (dtype_size(type) <= 4)
                t->int_val[t->n_int_val++] = (int32_t)v;
        else
                return invalid_argument("graph_text writes no %s tensors", dtype_name(type));
        return NULL;
}

/* Every list of values points to the same room, sized for the widest. */
static Status *tensor_room(TensorProto *t, Arena *arena, size_t n)
{
        void *room = arena_calloc(arena, n + 1, sizeof(ProtobufCBinaryData));
        if (!room)
                return status_oom();
        t->string_val = room;
        t->float_val = room;
        t->double_val = room;
        t->int64_val = room;
        t->bool_val = room;
        t->half_val = room;
        t->int_val = room;
        return NULL;
}

Status *text_tensor(const char **p, Arena *arena, TensorProto **ret)
{
        DType type;
        size_t commas = 1;
        TensorProto *t = arena_alloc(arena, sizeof *t);
        if (!t)
                return status_oom();
        tensorflow__tensor_proto__init(t);
        TRY(text_type(p, arena, &type));
        TRY(text_shape(p, arena, &t->tensor_shape));
        t->dtype = (Tensorflow__DataType)type;
        for (const char *s = *p; *s && *s != '}'; s++)
                commas += *s == ',';
        TRY(tensor_room(t, arena, commas));
        if (text_take(p, '{'))
                while (!text_take(p, '}')) {
                        TRY(tensor_value(p, arena, type, t));
                        text_take(p, ',');
                }
        *ret = t;
        return NULL;
}

static Status *text_func(const char **p, Arena *arena, AttrValue *v)
{
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_FUNC;
        v->func = arena_alloc(arena, sizeof *v->func);
        if (!v->func)
                return status_oom();
        tensorflow__name_attr_list__init(v->func);
        v->func->name = text_word(p, arena);
        return v->func->name ? NULL : invalid_argument("a function is expected at '%s'", *p);
}

static Status *text_single(const char **p, Arena *arena, AttrKind kind, AttrValue *v)
{
        double d = 0;
        DType t = DT_INVALID;
        text_space(p);
        switch (kind) {
        case ATTR_STRING:
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_S;
                return text_string(p, arena, &v->s);
        case ATTR_INT: {
                char *end;
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_I;
                v->i = strtoll(*p, &end, 10);
                bool none = end == *p;
                *p = end;
                return none ? invalid_argument("an integer is expected at '%s'", *p) : NULL;
        }
        case ATTR_FLOAT:
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_F;
                TRY(text_number(p, &d));
                v->f = (float)d;
                return NULL;
        case ATTR_BOOL:
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_B;
                TRY(text_number(p, &d));
                v->b = d != 0;
                return NULL;
        case ATTR_TYPE:
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TYPE;
                TRY(text_type(p, arena, &t));
                v->type = (Tensorflow__DataType)t;
                return NULL;
        case ATTR_SHAPE:
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_SHAPE;
                return text_shape(p, arena, &v->shape);
        case ATTR_TENSOR:
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TENSOR;
                return text_tensor(p, arena, &v->tensor);
        default: return text_func(p, arena, v);
        }
}

static void list_push(Tensorflow__AttrValue__ListValue *l, AttrKind kind, const AttrValue *v)
{
        switch (kind) {
        case ATTR_STRING: l->s[l->n_s++] = v->s; break;
        case ATTR_INT: l->i[l->n_i++] = v->i; break;
        case ATTR_FLOAT: l->f[l->n_f++] = v->f; break;
        case ATTR_BOOL: l->b[l->n_b++] = v->b; break;
        case ATTR_TYPE: l->type[l->n_type++] = v->type; break;
        case ATTR_SHAPE: l->shape[l->n_shape++] = v->shape; break;
        case ATTR_TENSOR: l->tensor[l->n_tensor++] = v->tensor; break;
        default: l->func[l->n_func++] = v->func; break;
        }
}

static Status *text_list(const char **p, Arena *arena, AttrKind kind, AttrValue *ret)
{
        Tensorflow__AttrValue__ListValue *l = arena_alloc(arena, sizeof *l);
        void *room = arena_calloc(arena, LIST_MAX, sizeof(ProtobufCBinaryData));
        if (!l || !room)
                return status_oom();
        tensorflow__attr_value__list_value__init(l);
        l->s = room;
        l->i = room;
        l->f = room;
        l->b = room;
        l->type = room;
        l->shape = room;
        l->tensor = room;
        l->func = room;
        if (!text_take(p, '['))
                return invalid_argument("a list is expected at '%s'", *p);
        for (int n = 0; !text_take(p, ']'); n++) {
                AttrValue v;
                tensorflow__attr_value__init(&v);
                if (n == LIST_MAX)
                        return invalid_argument("the list is too long");
                TRY(text_single(p, arena, kind, &v));
                list_push(l, kind, &v);
                text_take(p, ',');
        }
        ret->value_case = TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        ret->list = l;
        return NULL;
}

Status *text_attr(const char **p, Arena *arena, const AttrDef *def, AttrValue *ret)
{
        text_space(p);
        return def->is_list ? text_list(p, arena, def->kind, ret)
                            : text_single(p, arena, def->kind, ret);
}
