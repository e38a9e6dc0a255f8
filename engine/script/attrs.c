// SPDX-License-Identifier: Apache-2.0
/* Attributes, each read as the kind that its op declares. */
#include "engine/script/build.h"

#include "engine/tensor/tensor_proto.h"
#include <string.h>

typedef Tensorflow__AttrValue__ListValue ListValue;

/* Says what the attribute is, in the script's words. */
static Status *wrong_kind(const ScriptNode *n, const AttrDef *d, const Expr *e)
{
        static const char *const kinds[] = {
                [ATTR_STRING] = "a string in quotes",
                [ATTR_INT] = "an integer",
                [ATTR_FLOAT] = "a number",
                [ATTR_BOOL] = "True or False",
                [ATTR_TYPE] = "a type, such as float32",
                [ATTR_SHAPE] = "a shape, such as [-1, 2], or None",
                [ATTR_TENSOR] = "a literal",
                [ATTR_FUNC] = "a function",
        };
        return place_error(e->place, "attribute '%s' of %s is %s%s", d->name, n->op->def->name,
                           d->is_list ? "a list; each element is " : "", kinds[d->kind]);
}

static Status *no_functions(const ScriptNode *n, const AttrDef *d, const Expr *e)
{
        Status *s = place_error(e->place,
                                "attribute '%s' of %s is a function, and a script cannot "
                                "write functions",
                                d->name, n->op->def->name);
        status_add_hint(s, "send a GraphDef with a library instead");
        return s;
}

/* Types may be written as people have them in their fingers: tf.float32, np.int64, float32,
 * "float". */
Status *attr_dtype(const Expr *e, DType *ret)
{
        const char *text = e->kind == EXPR_NAME || e->kind == EXPR_STRING ? e->text : "";
        const char *name = !strncmp(text, "tf.", 3) || !strncmp(text, "np.", 3) ? text + 3 : text;
        if (e->output < 0 && dtype_parse(name, ret) && !dtype_is_ref(*ret))
                return NULL;
        Status *s = place_error(e->place, "%s%.40s%s is no type", *text ? "'" : "",
                                *text ? text : "this", *text ? "'" : "");
        status_add_hint(s, "types are float32, float64, int32, int64, bool, string and so on");
        return s;
}

static bool int_of(const Expr *e, int64_t *ret)
{
        if (e->kind != EXPR_INT || e->integer > (uint64_t)INT64_MAX)
                return false;
        *ret = e->negative ? -(int64_t)e->integer : (int64_t)e->integer;
        return true;
}

/* [2, -1, None], 2 or None. */
static Status *shape_of(const Expr *e, Shape *ret)
{
        int64_t dims[SHAPE_MAX_RANK] = { 0 };
        int n = 0;
        *ret = SHAPE_UNKNOWN;
        if (e->kind == EXPR_NONE)
                return NULL;
        if (e->kind == EXPR_LIST && e->n > SHAPE_MAX_RANK)
                return place_error(e->place, "a tensor has at most %d dimensions", SHAPE_MAX_RANK);
        for (const Expr *x = e->kind == EXPR_LIST ? e->first : e; x; x = x->next) {
                if (x->kind == EXPR_NONE)
                        dims[n] = -1;
                else if (!int_of(x, &dims[n]) || dims[n] < -1)
                        return place_error(x->place, "a size is a whole number, or -1 or None "
                                                     "where it is not known");
                n++;
                if (e->kind != EXPR_LIST)
                        break;
        }
        return shape_make(dims, n, ret);
}

static Status *bytes_of(Script *s, const Expr *e, ProtobufCBinaryData *ret)
{
        ret->data = arena_dup(s->arena, e->text, e->len + 1); /* and its NUL */
        ret->len = e->len;
        return ret->data ? NULL : status_oom();
}

/* A type or a shape: what several kinds of expression write. */
static Status *put_typed(Script *s, const AttrDef *d, const Expr *e, AttrValue *v)
{
        Shape shape;
        DType t;
        if (d->kind == ATTR_TYPE) {
                TRY(attr_dtype(e, &t));
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TYPE;
                v->type = (Tensorflow__DataType)t;
                return NULL;
        }
        TRY(shape_of(e, &shape));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_SHAPE;
        return shape_to_proto(&shape, s->arena, &v->shape);
}

/* One value of an attribute by its kind; an integer may stand for a float, nothing else is
 * converted. */
static Status *put_one(Script *s, const ScriptNode *n, const AttrDef *d, const Expr *e,
                       AttrValue *v)
{
        if (d->kind == ATTR_TYPE || d->kind == ATTR_SHAPE)
                return put_typed(s, d, e, v);
        if (d->kind == ATTR_STRING && e->kind == EXPR_STRING) {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_S;
                return bytes_of(s, e, &v->s);
        }
        if (d->kind == ATTR_INT && int_of(e, &v->i)) {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_I;
                return NULL;
        }
        if (d->kind == ATTR_FLOAT && (e->kind == EXPR_INT || e->kind == EXPR_REAL)) {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_F;
                v->f = (float)(e->kind == EXPR_REAL ? e->real
                               : e->negative        ? -(double)e->integer
                                                    : (double)e->integer);
                return NULL;
        }
        if (d->kind == ATTR_BOOL && e->kind == EXPR_BOOL) {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_B;
                v->b = e->integer != 0;
                return NULL;
        }
        return wrong_kind(n, d, e);
}

/* Adds a value to the list of its kind, which has room. */
static void append(ListValue *l, const AttrValue *v)
{
        switch (v->value_case) {
        case TENSORFLOW__ATTR_VALUE__VALUE_S: l->s[l->n_s++] = v->s; break;
        case TENSORFLOW__ATTR_VALUE__VALUE_I: l->i[l->n_i++] = v->i; break;
        case TENSORFLOW__ATTR_VALUE__VALUE_F: l->f[l->n_f++] = v->f; break;
        case TENSORFLOW__ATTR_VALUE__VALUE_B: l->b[l->n_b++] = v->b; break;
        case TENSORFLOW__ATTR_VALUE__VALUE_TYPE: l->type[l->n_type++] = v->type; break;
        case TENSORFLOW__ATTR_VALUE__VALUE_SHAPE: l->shape[l->n_shape++] = v->shape; break;
        default: break;
        }
}

/* Room for n values of any kind. */
static Status *list_new(Script *s, int n, ListValue **ret)
{
        ListValue *l = arena_alloc(s->arena, sizeof *l);
        size_t count = (size_t)n + 1;
        if (!l)
                return status_oom();
        tensorflow__attr_value__list_value__init(l);
        l->s = arena_calloc(s->arena, count, sizeof *l->s);
        l->i = arena_calloc(s->arena, count, sizeof *l->i);
        l->f = arena_calloc(s->arena, count, sizeof *l->f);
        l->b = arena_calloc(s->arena, count, sizeof *l->b);
        l->type = arena_calloc(s->arena, count, sizeof *l->type);
        l->shape = arena_calloc(s->arena, count, sizeof *l->shape);
        if (!l->s || !l->i || !l->f || !l->b || !l->type || !l->shape)
                return status_oom();
        *ret = l;
        return NULL;
}

/* A list attribute wants brackets even around one value, since a forgotten list is the likelier
 * mistake. */
static Status *put_list(Script *s, const ScriptNode *n, const AttrDef *d, const Expr *e,
                        AttrValue *v)
{
        if (e->kind != EXPR_LIST) {
                Status *error = wrong_kind(n, d, e);
                status_add_hint(error, "a list of one is written [x]");
                return error;
        }
        TRY(list_new(s, e->n, &v->list));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        for (const Expr *x = e->first; x; x = x->next) {
                AttrValue one;
                tensorflow__attr_value__init(&one);
                TRY(put_one(s, n, d, x, &one));
                append(v->list, &one);
        }
        return NULL;
}

/* A tensor has the type of the attribute "dtype", which is given before or follows from it. */
static Status *put_tensor(Script *s, ScriptNode *n, const AttrDef *d, const Expr *e)
{
        autoptr(Tensor) t = NULL;
        Literal l;
        if (!e->literal)
                return wrong_kind(n, d, e);
        TRY(literal_look(e, &l));
        DType type = literal_dtype(l.kind);
        if (node_def_has(n->def, "dtype"))
                type = (DType)node_def_attr(n->op, n->def, "dtype")->type;
        else if (op_attr(n->op, "dtype"))
                TRY(node_put_type(s->arena, n->def, "dtype", type));
        if (!literal_suits(l.kind, type))
                return place_error(e->place, "%s is not a value of type %s",
                                   literal_kind_name(l.kind), dtype_numpy(type));
        TRY(literal_tensor(e, &l, type, &t));
        return node_put_tensor(s->arena, n->def, d->name, t);
}

/* Entry point: one keyword argument that names an attribute. */
Status *attr_put(Script *s, ScriptNode *n, const AttrDef *d, const Expr *e)
{
        AttrValue *v;
        if (d->kind == ATTR_FUNC)
                return no_functions(n, d, e);
        if (d->kind == ATTR_TENSOR)
                return d->is_list ? wrong_kind(n, d, e) : put_tensor(s, n, d, e);
        TRY(node_put_attr(s->arena, n->def, d->name, &v));
        return d->is_list ? put_list(s, n, d, e, v) : put_one(s, n, d, e, v);
}
