// SPDX-License-Identifier: Apache-2.0
/* Back through one node, as its op's rule says (gradient_rules.c). Rules are ours and well-formed;
 * the graphs that they are used on are not. */
#include "engine/graph/gradient_impl.h"

#include "engine/ops/registry.h"
#include "proto/wire.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NUMBERS = 8, MAX_LOCALS = 16, NAME_MAX_LEN = 64 };

typedef struct Local {
        char name[NAME_MAX_LEN];
        Values values;
} Local;

typedef struct Apply {
        Grad *g;
        const Node *node;
        const char *p;
        Values in, out, d; /* i*, o*, d* */
        int list, n_list;  /* which inputs are v* */
        Local local[MAX_LOCALS];
        int n_locals;
} Apply;

static void skip(Apply *a)
{
        while (isspace((unsigned char)*a->p))
                a->p++;
}

static bool take(Apply *a, char c)
{
        skip(a);
        bool is = *a->p == c;
        a->p += is;
        return is;
}

static void word(Apply *a, char *ret)
{
        size_t n = 0;
        skip(a);
        while ((isalnum((unsigned char)*a->p) || *a->p == '_') && n < NAME_MAX_LEN - 1)
                ret[n++] = *a->p++;
        ret[n] = 0;
}

/* "[0, 1]" in a rule is a constant of int32. */
static Status *vector(Apply *a, Values *ret)
{
        int32_t number[MAX_NUMBERS];
        autoptr(Tensor) t = NULL;
        int n = 0;
        do {
                char *end;
                number[n++] = (int32_t)strtol(a->p, &end, 10);
                a->p = end;
        } while (take(a, ',') && n < MAX_NUMBERS);
        take(a, ']');
        TRY(tensor_new(DT_INT32, &SHAPE(n), &t));
        memcpy(tensor_fill(t), number, (size_t)n * sizeof *number);
        *ret = (Values){ arena_calloc(a->g->arena, 1, sizeof(Value)), 1 };
        return ret->v ? grad_constant(a->g, t, ret->v) : status_oom();
}

/* The function's body goes before the gradient does. */
static Status *copy_attr(Grad *g, const AttrValue *from, AttrValue *to)
{
        autobuf bytes = BUF(INT32_MAX);
        ProtobufCMessage *m;
        TRY(proto_pack(&from->base, &bytes));
        TRY(proto_unpack(&tensorflow__attr_value__descriptor, bytes.data, bytes.len, NULL, g->arena,
                         &m));
        *to = *(AttrValue *)m;
        return NULL;
}

/* An attribute of the node to be made: the value of one of the differentiated node's, or a
 * literal. */
static Status *put_attr(Apply *a, NodeDef *d, const char *name, const char *value)
{
        const AttrValue *own = node_attr(a->node, value);
        AttrValue *v;
        DType dtype;
        if (dtype_parse(value, &dtype) && !own)
                return node_put_type(a->g->arena, d, name, dtype);
        TRY(node_put_attr(a->g->arena, d, name, &v));
        if (own)
                return copy_attr(a->g, own, v);
        if (isdigit((unsigned char)*value)) {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_I;
                v->i = strtol(value, NULL, 10);
        } else {
                v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_B;
                v->b = !strcmp(value, "true");
        }
        return NULL;
}

/* [name=value, name] */
static Status *attrs(Apply *a, NodeDef *d)
{
        char name[NAME_MAX_LEN], value[NAME_MAX_LEN];
        if (!take(a, '['))
                return NULL;
        do {
                word(a, name);
                memcpy(value, name, sizeof value);
                if (take(a, '='))
                        word(a, value);
                else if (!node_attr(a->node, name))
                        continue; /* older nodes do not have all */
                TRY(put_attr(a, d, name, value));
        } while (take(a, ','));
        take(a, ']');
        return NULL;
}

static Status *expression(Apply *a, Values *ret);

/* The values of all arguments in one list. */
static Status *arguments(Apply *a, Values *ret)
{
        Values part;
        *ret = (Values){ NULL, 0 };
        do {
                TRY(expression(a, &part));
                Value *all = arena_calloc(a->g->arena, (size_t)(ret->n + part.n) + 1, sizeof *all);
                if (!all)
                        return status_oom();
                for (int i = 0; i < ret->n; i++)
                        all[i] = ret->v[i];
                for (int i = 0; i < part.n; i++)
                        all[ret->n + i] = part.v[i];
                *ret = (Values){ all, ret->n + part.n };
        } while (take(a, ','));
        take(a, ')');
        return NULL;
}

/* Literal numbers take the type of the arguments beside them. */
static Status *operation(Apply *a, const char *name, Values *ret)
{
        const Op *op = op_find(name);
        NodeDef *d;
        Values in;
        if (!op)
                return unknown_op(name);
        TRY(grad_begin(a->g, name, &d));
        TRY(attrs(a, d));
        take(a, '(');
        TRY(arguments(a, &in));
        DType dtype = DT_INVALID;
        for (int i = in.n - 1; i >= 0; i--)
                dtype = in.v[i].name ? in.v[i].dtype : dtype;
        for (int i = 0; i < in.n; i++)
                TRY(grad_settle(a->g, &in.v[i], dtype == DT_INVALID ? DT_INT32 : dtype));
        return grad_emit(a->g, d, op, in.v, in.n, ret);
}

/* i0, o0, d0: input, output, gradient of an output; v: the op's list input; last: its last input;
 * or a name that the rule has set. */
static Values variable(const Apply *a, const char *name)
{
        for (int i = 0; i < a->n_locals; i++)
                if (!strcmp(a->local[i].name, name))
                        return a->local[i].values;
        if (!strcmp(name, "last"))
                return (Values){ a->in.v + a->in.n - 1, 1 };
        if (*name == 'v')
                return (Values){ a->in.v + a->list, a->n_list };
        const Values *all = *name == 'i' ? &a->in : *name == 'o' ? &a->out : &a->d;
        int k = (int)strtol(name + 1, NULL, 10);
        return (Values){ all->v + (k < all->n ? k : 0), k < all->n ? 1 : 0 };
}

/* Number, vector, op, or name, and ".k" for one output of an op. */
static Status *expression(Apply *a, Values *ret)
{
        char name[NAME_MAX_LEN];
        char *end;
        if (take(a, '['))
                return vector(a, ret);
        if (isdigit((unsigned char)*a->p) || *a->p == '-') {
                *ret = (Values){ arena_calloc(a->g->arena, 1, sizeof(Value)), 1 };
                if (!ret->v)
                        return status_oom();
                ret->v->number = strtod(a->p, &end);
                a->p = end;
                return NULL;
        }
        word(a, name);
        skip(a);
        if (*a->p == '(' || *a->p == '[')
                TRY(operation(a, name, ret));
        else if (take(a, '*'))
                *ret = *name == 'd' ? a->d : variable(a, name);
        else
                *ret = variable(a, name);
        if (!take(a, '.'))
                return NULL;
        long k = strtol(a->p, &end, 10);
        a->p = end;
        if (k >= ret->n)
                return internal_error("The rule of %s names an output too many",
                                      a->node->op->def->name);
        *ret = (Values){ ret->v + k, 1 };
        return NULL;
}

/* g2 = ..., or g* = ... of the list argument's inputs. */
static Status *give(Apply *a, int first, int n, const Values *values)
{
        for (int i = 0; i < n; i++) {
                int from = values->n == 1 ? 0 : i;
                if (from >= values->n || first + i >= a->node->n_in)
                        return internal_error("The rule of %s gives too few",
                                              a->node->op->def->name);
                if (a->g->needed[a->node->in[first + i].node->id] &&
                    grad_flows(a->node->in_types[first + i]))
                        TRY(grad_add_part(a->g, &a->node->in[first + i], values->v[from]));
        }
        return NULL;
}

/* "g0 = ..." gives to input 0, "name = ..." keeps a value. */
static Status *statement(Apply *a)
{
        char name[NAME_MAX_LEN];
        Values values;
        word(a, name);
        bool all = take(a, '*');
        take(a, '=');
        TRY(expression(a, &values));
        if (all)
                return give(a, a->list, a->n_list, &values);
        if (*name == 'g' && isdigit((unsigned char)name[1])) {
                int k = (int)strtol(name + 1, NULL, 10);
                Values one = { values.v, MIN(values.n, 1) };
                return k < a->node->n_in ? give(a, k, 1, &one) : NULL;
        }
        if (a->n_locals == MAX_LOCALS)
                return internal_error("The rule of %s has too many names", a->node->op->def->name);
        Local *l = &a->local[a->n_locals++];
        memcpy(l->name, name, sizeof name);
        l->values = values;
        return NULL;
}

/* Where the first list argument is among the inputs. */
static void find_list(Apply *a)
{
        const Op *op = a->node->op;
        int64_t at = 0;
        for (int i = 0; i < op->n_in; i++) {
                int64_t n = arg_count(op, a->node->def, &op->in[i]);
                if (op->in[i].number_attr || op->in[i].list_attr) {
                        a->list = (int)at;
                        a->n_list = (int)n;
                        return;
                }
                at += n;
        }
}

/* Everything that a rule may speak of. Gradients of outputs that nobody used are zeros. */
static Status *collect(Apply *a)
{
        const Node *n = a->node;
        Grad *g = a->g;
        size_t room = (size_t)n->n_in + 2 * (size_t)n->n_out + 1;
        Value *v = arena_calloc(g->arena, room, sizeof *v);
        if (!v)
                return status_oom();
        a->in = (Values){ v, n->n_in };
        a->out = (Values){ v + n->n_in, n->n_out };
        a->d = (Values){ v + n->n_in + n->n_out, n->n_out };
        for (int i = 0; i < n->n_in; i++)
                TRY(grad_value_of(g, &n->in[i], &a->in.v[i]));
        for (int k = 0; k < n->n_out; k++) {
                Edge e = { n, k };
                TRY(grad_value_of(g, &e, &a->out.v[k]));
                TRY(grad_of(g, &e, &a->d.v[k]));
        }
        find_list(a);
        return NULL;
}

static const char *rule_of(const Node *n)
{
        static const char *const variants[] = { "", "+a", "+b", "+a+b" };
        bool a = node_bool(n, "transpose_a", false) || node_bool(n, "adj_x", false);
        bool b = node_bool(n, "transpose_b", false) || node_bool(n, "adj_y", false);
        DType t = node_type(n, "T", DT_FLOAT);
        const char *variant = variants[a + 2 * b];
        if (!*variant && (t == DT_COMPLEX64 || t == DT_COMPLEX128))
                variant = "+c";
        return gradient_rule(n->op->def->name, variant);
}

/* ---- calls within the function ---- */

static const NameAttrList *called(const Grad *g, const Node *n, NameAttrList *own)
{
        const NameAttrList *f;
        const char *op = n->op->def->name;
        if (n->op->function) {
                tensorflow__name_attr_list__init(own);
                own->name = n->def->op;
                own->attr = arena_calloc(g->arena, n->def->n_attr + 1, sizeof *own->attr);
                for (size_t i = 0; own->attr && i < n->def->n_attr; i++) {
                        Tensorflow__NameAttrList__AttrEntry *e = arena_alloc(g->arena, sizeof *e);
                        if (!e)
                                return NULL;
                        tensorflow__name_attr_list__attr_entry__init(e);
                        e->key = n->def->attr[i]->key;
                        e->value = n->def->attr[i]->value;
                        own->attr[own->n_attr++] = e;
                }
                return own->attr ? own : NULL;
        }
        if (strcmp(op, "PartitionedCall") != 0 && strcmp(op, "StatefulPartitionedCall") != 0)
                return NULL;
        Status *s = node_attr_func(n, "f", &f);
        if (!s)
                return f;
        status_free(s);
        return NULL;
}

/* A list of types from those of values. */
static Status *put_types(Grad *g, NodeDef *d, const char *key, const Value *v, int n)
{
        AttrValue *a;
        TRY(node_put_attr(g->arena, d, key, &a));
        a->value_case = TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        a->list = arena_alloc(g->arena, sizeof *a->list);
        if (!a->list)
                return status_oom();
        tensorflow__attr_value__list_value__init(a->list);
        a->list->type = arena_calloc(g->arena, (size_t)n + 1, sizeof *a->list->type);
        if (!a->list->type)
                return status_oom();
        for (int i = 0; i < n; i++)
                a->list->type[a->list->n_type++] = (Tensorflow__DataType)v[i].dtype;
        return NULL;
}

/* A call's gradient is SymbolicGradient of the function, which is differentiated when that runs. */
static Status *back_through_call(Apply *a, const NameAttrList *f)
{
        Grad *g = a->g;
        NodeDef *d;
        AttrValue *v;
        Values out;
        int n = a->in.n + a->d.n;
        Value *in = arena_calloc(g->arena, (size_t)n + 1, sizeof *in);
        AttrValue call;
        if (!in)
                return status_oom();
        for (int i = 0; i < n; i++)
                in[i] = i < a->in.n ? a->in.v[i] : a->d.v[i - a->in.n];
        TRY(grad_begin(g, "SymbolicGradient", &d));
        TRY(put_types(g, d, "Tin", in, n));
        TRY(put_types(g, d, "Tout", in, a->in.n));
        TRY(node_put_attr(g->arena, d, "f", &v));
        tensorflow__attr_value__init(&call);
        call.value_case = TENSORFLOW__ATTR_VALUE__VALUE_FUNC;
        call.func = (NameAttrList *)f;
        TRY(copy_attr(g, &call, v));
        TRY(grad_emit(g, d, op_find("SymbolicGradient"), in, n, &out));
        return a->in.n ? give(a, 0, a->in.n, &out) : NULL;
}

/* ---- one node ---- */

/* One node's rule, from left to right. */
Status *grad_back_through(Grad *g, const Node *n)
{
        NameAttrList own;
        const NameAttrList *f = called(g, n, &own);
        Apply *a = arena_calloc(g->arena, 1, sizeof *a);
        if (!a)
                return status_oom();
        a->g = g;
        a->node = n;
        a->p = f ? "" : rule_of(n);
        if (!a->p)
                return not_found("No gradient defined for op: %s", n->op->def->name);
        if (!f && !*a->p)
                return NULL;
        TRY(collect(a));
        if (f)
                return back_through_call(a, f);
        do
                TRY(statement(a));
        while (take(a, ';'));
        return NULL;
}
