// SPDX-License-Identifier: Apache-2.0
/* Which type does a literal have? That of the inputs beside it that share its type attribute; else
 * the one that it would have in Python; else the first that the op takes and the literal suits. */
#include "engine/base/buf.h"
#include "engine/script/build.h"

#include <string.h>

/* One type attribute of a call, settled. */
typedef struct Settled {
        DType type;
        const char *because; /* the input that says so, or NULL */
        const char *node;    /* what that input is given */
} Settled;

static bool attr_allows(const AttrDef *d, DType t)
{
        return !d || !d->types || d->types >> t & 1;
}

/* Nothing but literals: what they have in common decides, as far as the op takes it. */
static Status *choose(const ScriptNode *n, const AttrDef *d, LiteralKind kind, DType *ret)
{
        DType first[] = { literal_dtype(kind),
                          d && d->value ? (DType)d->value->type : DT_INVALID,
                          DT_FLOAT,
                          DT_DOUBLE,
                          DT_INT32,
                          DT_INT64 };
        for (size_t i = 0; i < COUNTOF(first); i++)
                if (first[i] && attr_allows(d, first[i]) && literal_suits(kind, first[i])) {
                        *ret = first[i];
                        return NULL;
                }
        for (int t = 1; t <= DT_MAX; t++)
                if (attr_allows(d, (DType)t) && literal_suits(kind, (DType)t)) {
                        *ret = (DType)t;
                        return NULL;
                }
        return place_error(n->place, "%s does not take %s", n->op->def->name,
                           literal_kind_name(kind));
}

static bool shares(const ScriptNode *n, int i, const char *attr)
{
        return n->op->in[i].type_attr && !strcmp(n->op->in[i].type_attr, attr);
}

/* The kind of all literals that share a type attribute. */
static Status *join_kinds(const ScriptNode *n, const Arg *args, const char *attr, LiteralKind *ret)
{
        *ret = LITERAL_NONE;
        for (int i = 0; i < n->op->n_in; i++)
                for (int k = 0; shares(n, i, attr) && k < args[i].n; k++) {
                        const Value *v = &args[i].values[k];
                        if (v->is_literal && !literal_join(*ret, v->literal.kind, ret))
                                return place_error(v->expr->place,
                                                   "%s has one type for several inputs, which %s "
                                                   "does not share",
                                                   n->op->def->name,
                                                   literal_kind_name(v->literal.kind));
                }
        return NULL;
}

/* Does the op take the type at all? In the words of TensorFlow's Python. */
static Status *check_allowed(const ScriptNode *n, const AttrDef *d, const Value *v,
                             const char *input)
{
        autobuf list = BUF(4096);
        DType to = attr_allows(d, DT_FLOAT) ? DT_FLOAT : DT_INVALID;
        if (attr_allows(d, v->dtype))
                return NULL;
        for (int t = 1; t <= DT_MAX; t++)
                if (attr_allows(d, (DType)t)) {
                        to = to ? to : (DType)t;
                        buf_printf(&list, "%s%s", list.len ? ", " : "", dtype_numpy((DType)t));
                }
        Status *s = place_error(v->expr->place,
                                "Value passed to parameter '%s' of %s has DataType %s not in list "
                                "of allowed values: %s",
                                input, n->op->def->name, dtype_numpy(v->dtype), buf_cstr(&list));
        status_add_hint(s, "write Cast(%s, DstT=%s)", v->node->name, dtype_numpy(to));
        return s;
}

/* A type attribute's type: given in the script, else that of the first input which is no literal,
 * else chosen for the literals. */
static Status *settle_attr(const ScriptNode *n, const Arg *args, const char *attr, Settled *ret)
{
        const AttrDef *d = op_attr(n->op, attr);
        LiteralKind kind;
        *ret = (Settled){ 0 };
        if (node_def_has(n->def, attr)) {
                ret->type = (DType)node_def_attr(n->op, n->def, attr)->type;
                return NULL;
        }
        for (int i = 0; i < n->op->n_in; i++)
                for (int k = 0; shares(n, i, attr) && k < args[i].n; k++)
                        if (!args[i].values[k].is_literal) {
                                ret->type = args[i].values[k].dtype;
                                ret->because = n->op->in[i].name;
                                ret->node = args[i].values[k].node->name;
                                return check_allowed(n, d, &args[i].values[k], ret->because);
                        }
        TRY(join_kinds(n, args, attr, &kind));
        return choose(n, d, kind, &ret->type);
}

/* Says why the literal has to have that type, where another input decided it. */
static Status *wrong_literal(const ScriptNode *n, const ArgDef *a, const Value *v, Settled want)
{
        Status *s = place_error(v->expr->place,
                                "%s is not a value of type %s, which input '%s' of "
                                "%s is%s%s%s",
                                literal_kind_name(v->literal.kind), dtype_numpy(want.type), a->name,
                                n->op->def->name, want.because ? " because of '" : "",
                                want.because ? want.because : "", want.because ? "'" : "");
        if (v->literal.kind == LITERAL_REAL && want.because)
                status_add_hint(s, "to compute with fractions write Cast(%s, DstT=float32)",
                                want.node);
        return s;
}

/* TensorFlow's two texts (op_def_library.py): a type that is fixed, or one that another input has
 * fixed. */
static Status *wrong_type(const ScriptNode *n, const ArgDef *a, const Value *v, Settled want)
{
        Status *s;
        if (want.because)
                s = place_error(v->expr->place,
                                "Input '%s' of '%s' Op has type %s that does not "
                                "match type %s of argument '%s'.",
                                a->name, n->op->def->name, dtype_numpy(v->dtype),
                                dtype_numpy(want.type), want.because);
        else
                s = place_error(v->expr->place,
                                "Input '%s' of '%s' Op has type %s that does not "
                                "match expected type of %s.",
                                a->name, n->op->def->name, dtype_numpy(v->dtype),
                                dtype_numpy(want.type));
        status_add_hint(s, "write Cast(%s, DstT=%s)", v->node->name, dtype_numpy(want.type));
        return s;
}

/* Does an op that changes a variable get one? */
static Status *check_ref(const ScriptNode *n, const ArgDef *a, const Value *v)
{
        if (!a->is_ref || (!v->is_literal && value_is_ref(v)))
                return NULL;
        Status *s = place_error(v->expr->place, "input '%s' of %s must be a variable", a->name,
                                n->op->def->name);
        status_add_hint(s, "make one: w = Variable(...)");
        return s;
}

/* A value that has a type must have the right one; a literal becomes a constant of it. */
static Status *settle_value(Script *s, const ScriptNode *n, const ArgDef *a, Value *v, Settled want)
{
        const char *name;
        TRY(check_ref(n, a, v));
        if (!v->is_literal)
                return v->dtype == want.type ? NULL : wrong_type(n, a, v, want);
        if (!literal_suits(v->literal.kind, want.type))
                return wrong_literal(n, a, v, want);
        TRY(name_for(s, v->expr, NULL, "Const", &name));
        return value_constant(s, v, want.type, name);
}

/* The type that element k of a list of any types has: as an attribute says, else its own. */
static DType list_type(const ScriptNode *n, const ArgDef *a, const Value *v, int k)
{
        const AttrValue *given = node_def_has(n->def, a->list_attr)
                                         ? node_def_attr(n->op, n->def, a->list_attr)
                                         : NULL;
        if (given && given->list && (size_t)k < given->list->n_type)
                return (DType)given->list->type[k];
        return v->is_literal ? literal_dtype(v->literal.kind) : v->dtype;
}

/* Entry point: afterwards every value of the arguments is a tensor with a type. */
Status *types_settle(Script *s, const ScriptNode *n, Arg *args)
{
        for (int i = 0; i < n->op->n_in; i++) {
                const ArgDef *a = &n->op->in[i];
                Settled want = { .type = a->dtype };
                if (a->type_attr)
                        TRY(settle_attr(n, args, a->type_attr, &want));
                for (int k = 0; k < args[i].n; k++) {
                        Value *v = &args[i].values[k];
                        if (a->list_attr)
                                want.type = list_type(n, a, v, k);
                        TRY(settle_value(s, n, a, v, want));
                }
        }
        return NULL;
}
