// SPDX-License-Identifier: Apache-2.0
/* Attributes against the op's declaration: kinds, allowed values, minima, defaults, leftovers. */
#include "engine/graph/graph_impl.h"

#include "engine/base/escape.h"
#include "engine/tensor/tensor_proto.h"
#include <string.h>

typedef Tensorflow__AttrValue__ListValue ListValue;

#define CASE(name) TENSORFLOW__ATTR_VALUE__VALUE_##name

/* What a value is: the kind of a single value or of a list's elements. */
typedef struct Kind {
        const char *name;
        Tensorflow__AttrValue__ValueCase value_case;
        size_t list_count; /* offset of the list's element count */
} Kind;

static const Kind kinds[] = {
        [ATTR_STRING] = { "string", CASE(S), offsetof(ListValue, n_s) },
        [ATTR_INT] = { "int", CASE(I), offsetof(ListValue, n_i) },
        [ATTR_FLOAT] = { "float", CASE(F), offsetof(ListValue, n_f) },
        [ATTR_BOOL] = { "bool", CASE(B), offsetof(ListValue, n_b) },
        [ATTR_TYPE] = { "type", CASE(TYPE), offsetof(ListValue, n_type) },
        [ATTR_SHAPE] = { "shape", CASE(SHAPE), offsetof(ListValue, n_shape) },
        [ATTR_TENSOR] = { "tensor", CASE(TENSOR), offsetof(ListValue, n_tensor) },
        [ATTR_FUNC] = { "func", CASE(FUNC), offsetof(ListValue, n_func) },
};

static size_t list_count(const ListValue *l, AttrKind k)
{
        size_t n;
        memcpy(&n, (const char *)l + kinds[k].list_count, sizeof n);
        return n;
}

/* "list(int)" */
static Status *wrong_kind(const AttrDef *d, AttrKind is, bool is_list)
{
        return invalid_argument("AttrValue had value with type '%s%s%s' when '%.*s' expected",
                                is_list ? "list(" : "", kinds[is].name, is_list ? ")" : "",
                                (int)strcspn(d->text, " "), d->text);
}

static Status *missing_value(const AttrDef *d)
{
        return invalid_argument("AttrValue missing value with expected type '%.*s'",
                                (int)strcspn(d->text, " "), d->text);
}

/* A value of any other kind than declared is refused, even beside the right one: a list message may
 * hold several. */
static Status *check_kind(const AttrDef *d, const AttrValue *v)
{
        if (v->value_case == CASE(PLACEHOLDER))
                return invalid_argument("AttrValue had value with unexpected type 'placeholder'");
        for (size_t k = 0; k < COUNTOF(kinds); k++) {
                bool list = v->value_case == CASE(LIST);
                bool set = list ? list_count(v->list, (AttrKind)k) > 0
                                : v->value_case == kinds[k].value_case;
                if (set && (list != d->is_list || k != d->kind))
                        return wrong_kind(d, (AttrKind)k, list);
        }
        /* Nothing at all is an empty list, as old GraphDefs wrote it. */
        if (v->value_case == CASE(LIST) ? !d->is_list : v->value_case == 0 && !d->is_list)
                return missing_value(d);
        return NULL;
}

/* Reference types are no values of attributes; 0 means that the client forgot it. */
static Status *check_type(int t)
{
        if (!dtype_valid(t) && t != DT_INVALID)
                return invalid_argument("AttrValue has invalid DataType enum: %d", t);
        if (dtype_is_ref((DType)t))
                return invalid_argument("AttrValue must not have reference type value of %s",
                                        dtype_name((DType)t));
        return t == DT_INVALID ? invalid_argument("AttrValue has invalid DataType") : NULL;
}

static Status *not_allowed(const AttrDef *d, const char *value)
{
        autobuf allowed = BUF(4096);
        attr_describe_allowed(d, &allowed);
        return invalid_argument("Value for attr '%s' of %s is not in the list of allowed values: "
                                "%s",
                                d->name, value, buf_cstr(&allowed));
}

static Status *check_allowed_type(const AttrDef *d, int t)
{
        TRY(check_type(t));
        return d->types && !(d->types >> t & 1) ? not_allowed(d, dtype_name((DType)t)) : NULL;
}

/* The value is a client's bytes: escaped, and cut, before it gets into a message. */
static Status *check_allowed_string(const AttrDef *d, const ProtobufCBinaryData *s)
{
        for (const char **a = d->strings; *a; a++)
                if (strlen(*a) == s->len && !memcmp(*a, s->data, s->len))
                        return NULL;
        autobuf value = BUF(4096);
        buf_putc(&value, '"');
        text_escape(s->data, MIN(s->len, (size_t)512), &value);
        buf_putc(&value, '"');
        return not_allowed(d, buf_cstr(&value));
}

/* A list is allowed when each of its elements is. */
static Status *check_allowed(const AttrDef *d, const AttrValue *v)
{
        if (d->kind == ATTR_TYPE && !d->is_list)
                return check_allowed_type(d, (int)v->type);
        const ListValue *l = d->is_list && v->value_case ? v->list : NULL;
        for (size_t i = 0; l && d->kind == ATTR_TYPE && i < l->n_type; i++)
                TRY(check_allowed_type(d, (int)l->type[i]));
        for (size_t i = 0; l && d->strings && i < l->n_s; i++)
                TRY(check_allowed_string(d, &l->s[i]));
        return d->strings && !d->is_list ? check_allowed_string(d, &v->s) : NULL;
}

/* For a number its value, for a list its length. */
static Status *check_minimum(const AttrDef *d, const AttrValue *v)
{
        if (!d->has_min)
                return NULL;
        if (d->kind == ATTR_INT && !d->is_list)
                return v->i >= d->min
                               ? NULL
                               : invalid_argument("Value for attr '%s' of %lld must be at "
                                                  "least minimum %lld",
                                                  d->name, (long long)v->i, (long long)d->min);
        size_t n = v->value_case ? list_count(v->list, d->kind) : 0;
        return (int64_t)n >= d->min
                       ? NULL
                       : invalid_argument("Length for attr '%s' of %zu must be at least minimum "
                                          "%lld",
                                          d->name, n, (long long)d->min);
}

/* Shapes in attributes are the client's: sizes are checked by the one function that makes
 * shapes. */
static Status *check_shapes(const AttrDef *d, const AttrValue *v)
{
        Shape s;
        if (d->kind != ATTR_SHAPE)
                return NULL;
        if (!d->is_list)
                return shape_from_proto(v->shape, &s);
        for (size_t i = 0; v->value_case && i < v->list->n_shape; i++)
                TRY(shape_from_proto(v->list->shape[i], &s));
        return NULL;
}

Status *attr_check(const AttrDef *d, const AttrValue *v)
{
        TRY(status_append(check_kind(d, v), "\n\t for attr '%s'", d->name));
        TRY(check_minimum(d, v));
        TRY(check_allowed(d, v));
        return status_append(check_shapes(d, v), "\n\t for attr '%s'", d->name);
}
