// SPDX-License-Identifier: Apache-2.0
/* w = Variable(value): the nodes that tf.Variable makes (the variable, its initial value, the
 * Assign), and one "init" that runs all initializers of the script. */
#include "engine/ops/registry.h"
#include "engine/script/build.h"
#include "engine/tensor/tensor_proto.h"

#include <string.h>

typedef struct Spec {
        const Expr *value, *dtype, *name;
} Spec;

static Status *usage(Place place, const char *fault)
{
        Status *s = place_error(place, "%s", fault);
        status_add_hint(s, "Variable(value, dtype=float32, name=\"w\"); the op of that name is "
                           "written Variable(shape=[2], dtype=float32)");
        return s;
}

/* Variable(value, dtype=, name=): bound as Python binds them. */
static Status *read_spec(const Expr *e, Spec *ret)
{
        static const char *const keys[] = { "value", "dtype", "name" };
        const Expr **slots[] = { &ret->value, &ret->dtype, &ret->name };
        size_t next = 0;
        for (const Expr *x = e->first; x; x = x->next) {
                size_t i = x->key ? 0 : next++;
                while (x->key && i < COUNTOF(keys) && strcmp(keys[i], x->key) != 0)
                        i++;
                if (i >= COUNTOF(keys) || *slots[i])
                        return usage(x->key ? x->key_place : x->place,
                                     "Variable() does not take this");
                *slots[i] = x;
        }
        if (!ret->value)
                return usage(e->place, "Variable() needs an initial value");
        if (ret->name && (ret->name->kind != EXPR_STRING || !ret->name->len))
                return usage(ret->name->place, "a node's name is a string");
        return NULL;
}

/* The initial value with its type settled; a literal becomes the constant NAME/initial_value, as
 * TensorFlow names it. */
static Status *initial_value(Script *s, const Spec *spec, const char *name, Value *ret)
{
        DType type;
        const char *base = arena_printf(s->scratch, "%s/initial_value", name), *full;
        if (!base)
                return status_oom();
        TRY(eval(s, spec->value, ret));
        type = ret->is_literal ? literal_dtype(ret->literal.kind) : ret->dtype;
        if (spec->dtype)
                TRY(attr_dtype(spec->dtype, &type));
        if (ret->is_literal && literal_suits(ret->literal.kind, type)) {
                TRY(name_unique(s, base, &full));
                return value_constant(s, ret, type, full);
        }
        if (ret->dtype == type && type != DT_INVALID)
                return NULL;
        Status *wrong = place_error(spec->value->place, "the initial value is not of type %s",
                                    dtype_numpy(type));
        status_add_hint(wrong, "write Cast(..., DstT=%s)", dtype_numpy(type));
        return wrong;
}

/* The node that holds the value. */
static Status *make_variable(Script *s, const Expr *e, const char *name, DType type,
                             const Shape *shape, ScriptNode **ret)
{
        AttrValue *v;
        TRY(node_begin(s, op_find("VariableV2"), e->place, ret));
        TRY(node_put_type(s->arena, (*ret)->def, "dtype", type));
        TRY(node_put_attr(s->arena, (*ret)->def, "shape", &v));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_SHAPE;
        TRY(shape_to_proto(shape, s->arena, &v->shape));
        return node_end(s, *ret, name, true);
}

/* Assigns are gathered for the "init" node at the end. */
static Status *remember(Script *s, const ScriptNode *assign)
{
        if (s->n_inits == s->cap_inits) {
                int cap = s->cap_inits ? s->cap_inits * 2 : 16;
                const ScriptNode **more = arena_alloc(s->scratch, (size_t)cap * sizeof *more);
                if (!more)
                        return status_oom();
                if (s->n_inits)
                        memcpy(more, s->inits, (size_t)s->n_inits * sizeof *more);
                s->inits = more;
                s->cap_inits = cap;
        }
        s->inits[s->n_inits++] = assign;
        return NULL;
}

/* A value whose shape is not known may have any, so the variable takes any. */
static Status *make_assign(Script *s, const Expr *e, const ScriptNode *variable, Value *value,
                           bool any_shape)
{
        Value ref;
        ScriptNode *n;
        const char *base = arena_printf(s->scratch, "%s/Assign", variable->name), *name;
        Expr no = { .kind = EXPR_BOOL, .place = e->place, .literal = true };
        if (!base)
                return status_oom();
        TRY(node_begin(s, op_find("Assign"), e->place, &n));
        if (any_shape)
                TRY(attr_put(s, n, op_attr(n->op, "validate_shape"), &no));
        TRY(value_output(e, variable, 0, false, &ref));
        Arg args[] = { { .expr = e, .values = &ref, .n = 1 },
                       { .expr = e, .values = value, .n = 1 } };
        TRY(node_connect(s, n, args));
        TRY(name_unique(s, base, &name));
        TRY(node_end(s, n, name, true));
        return remember(s, n);
}

/* Variable(...) makes the variable and its assign; the value of the expression is the variable. */
Status *eval_variable(Script *s, const Expr *e, Value *ret)
{
        Spec spec = { 0 };
        Value value;
        Shape shape;
        ScriptNode *variable;
        const char *name;
        TRY(read_spec(e, &spec));
        TRY(name_for(s, e, spec.name ? spec.name->text : NULL, "Variable", &name));
        TRY(initial_value(s, &spec, name, &value));
        TRY(shadow_shape(s, &value, &shape));
        if (!shape_complete(&shape))
                shape = SHAPE_UNKNOWN;
        TRY(make_variable(s, e, name, value.dtype, &shape, &variable));
        TRY(make_assign(s, e, variable, &value, shape.rank < 0));
        return value_output(e, variable, 0, true, ret);
}

/* "init" runs all assigns of this script, unless the script has made a node of that name itself. */
Status *variables_end(Script *s)
{
        ScriptNode *n;
        const char *name;
        const ScriptNode *own = map_get(&s->made, "init");
        if (!s->n_inits || (own && !own->old))
                return NULL;
        TRY(name_unique(s, "init", &name));
        TRY(node_begin(s, op_find("NoOp"), s->inits[0]->place, &n));
        n->def->input = arena_calloc(s->arena, (size_t)s->n_inits, sizeof *n->def->input);
        if (!n->def->input)
                return status_oom();
        for (int i = 0; i < s->n_inits; i++) {
                char *input = arena_printf(s->arena, "^%s", s->inits[i]->name);
                if (!input)
                        return status_oom();
                n->def->input[n->def->n_input++] = input;
        }
        return node_end(s, n, name, true);
}
