// SPDX-License-Identifier: Apache-2.0
/* Calls: arguments find their places in the op's signature. */
#include "engine/base/buf.h"
#include "engine/base/nearest.h"
#include "engine/base/utf8.h"
#include "engine/ops/registry.h"
#include "engine/script/build.h"

#include <string.h>

typedef struct Call {
        const Expr *expr;
        const Op *op;
        ScriptNode *node;
        Arg *args;        /* one per input argument */
        const char *name; /* name="...", or NULL */
        int positional;   /* arguments so far */
} Call;

/* Hints for the likely causes: a near name, a dotted Python name, a scope written as a call. */
static Status *unknown_op(const Expr *e)
{
        static const char *const with[] = { "device", "control", "name_scope" };
        const char *near[4];
        Status *s = place_error(e->place, "Op type not registered '%.80s'", e->text);
        const char *dot = strrchr(e->text, '.'); /* tf.nn.relu */
        int n = op_nearest(dot ? dot + 1 : e->text, near, COUNTOF(near));
        for (int i = 0; i < n; i++)
                status_add_hint(s, "the op %s is similar", near[i]);
        for (size_t i = 0; i < COUNTOF(with); i++)
                if (!strcmp(e->text, with[i]))
                        status_add_hint(s, "write: with %s(...):", with[i]);
        return s;
}

/* True when the attribute follows from the inputs. */
static bool follows(const Op *op, const AttrDef *d)
{
        for (int i = 0; i < op->n_in; i++) {
                const ArgDef *a = &op->in[i];
                const char *names[] = { a->type_attr, a->number_attr, a->list_attr };
                for (size_t k = 0; k < COUNTOF(names); k++)
                        if (names[k] && !strcmp(names[k], d->name))
                                return true;
        }
        return false;
}

/* "MatMul(a, b, transpose_a=False)", as a hint. */
static void add_usage(Status *s, const Op *op)
{
        autobuf text = BUF(4096);
        const char *comma = "";
        for (int i = 0; i < op->n_in; i++, comma = ", ") {
                bool is_list = op->in[i].number_attr || op->in[i].list_attr;
                buf_printf(&text, is_list ? "%s[%s]" : "%s%s", comma, op->in[i].name);
        }
        for (int i = 0; i < op->n_attrs; i++)
                if (!follows(op, &op->attrs[i])) {
                        buf_printf(&text, "%s%s=", comma, op->attrs[i].name);
                        comma = ", ";
                }
        status_add_hint(s, "%s(%s)", op->def->name, buf_cstr(&text));
}

/* A keyword that is neither input nor attribute, with the nearest of both. */
static Status *unknown_key(const Call *c, const Expr *e)
{
        Status *s = place_error(e->key_place, "%s has neither an input nor an attribute '%.80s'",
                                c->op->def->name, e->key);
        Nearest near = NEAREST(e->key);
        for (int i = 0; i < c->op->n_in; i++)
                nearest_try(&near, c->op->in[i].name);
        for (int i = 0; i < c->op->n_attrs; i++)
                nearest_try(&near, c->op->attrs[i].name);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(s, "'%s' is similar", near.best[i]);
        add_usage(s, c->op);
        return s;
}

static Status *too_many(const Call *c, const Expr *e)
{
        Status *s = place_error(e->place, "%s takes %d input%s", c->op->def->name, c->op->n_in,
                                c->op->n_in == 1 ? "" : "s");
        if (c->op->n_attrs)
                status_add_hint(s, "attributes are given by keyword");
        add_usage(s, c->op);
        return s;
}

static Status *take_name(Call *c, const Expr *e)
{
        if (e->kind != EXPR_STRING || !e->len || memchr(e->text, 0, e->len) ||
            !utf8_valid(e->text, e->len))
                return place_error(e->place, "a node's name is a string");
        c->name = e->text;
        return NULL;
}

static Status *bind_input(Call *c, int i, const Expr *e)
{
        if (c->args[i].expr)
                return place_error(e->place, "input '%s' of %s is given twice", c->op->in[i].name,
                                   c->op->def->name);
        c->args[i].expr = e;
        return NULL;
}

/* Constants are written Const([1, 2], dtype=int64). */
static bool is_const_value(const Call *c)
{
        return c->positional == 1 && !strcmp(c->op->def->name, "Const");
}

static Status *bind_positional(Call *c, const Expr *e)
{
        int i = c->positional++;
        if (is_const_value(c))
                return NULL; /* an attribute: read behind all others, as its type depends on them */
        return i < c->op->n_in ? bind_input(c, i, e) : too_many(c, e);
}

/* Inputs go before attributes of the same name, and "name" is the node's only if the op has no such
 * attribute. */
static Status *bind_keyword(Script *s, Call *c, const Expr *e)
{
        for (int i = 0; i < c->op->n_in; i++)
                if (!strcmp(c->op->in[i].name, e->key))
                        return bind_input(c, i, e);
        const AttrDef *d = op_attr(c->op, e->key);
        if (!d && !strcmp(e->key, "name"))
                return take_name(c, e);
        if (!d)
                return unknown_key(c, e);
        if (node_def_has(c->node->def, d->name))
                return place_error(e->key_place, "attribute '%s' is given twice", d->name);
        return d->kind == ATTR_TENSOR && !d->is_list ? NULL : attr_put(s, c->node, d, e);
}

/* Tensors come last: they have the type that "dtype" says. */
static Status *put_tensors(Script *s, Call *c)
{
        for (const Expr *e = c->expr->first; e; e = e->next) {
                const char *key =
                        e->key || strcmp(c->op->def->name, "Const") != 0 ? e->key : "value";
                const AttrDef *d = key ? op_attr(c->op, key) : NULL;
                if (!d || d->kind != ATTR_TENSOR || d->is_list)
                        continue;
                if (node_def_has(c->node->def, key))
                        return place_error(e->place, "attribute '%s' is given twice", key);
                TRY(attr_put(s, c->node, d, e));
        }
        return NULL;
}

/* Binds the arguments as Python does and evaluates the inputs in the op's order. */
static Status *bind_all(Script *s, Call *c)
{
        for (const Expr *e = c->expr->first; e; e = e->next)
                TRY(e->key ? bind_keyword(s, c, e) : bind_positional(c, e));
        TRY(put_tensors(s, c));
        for (int i = 0; i < c->op->n_in; i++) {
                if (c->args[i].expr) {
                        TRY(eval_arg(s, c->op, i, &c->args[i]));
                        continue;
                }
                Status *missing = place_error(c->expr->place, "%s misses its input '%s'",
                                              c->op->def->name, c->op->in[i].name);
                add_usage(missing, c->op);
                return missing;
        }
        return NULL;
}

/* Every attribute without a default must be known by now, inferred or given. */
static Status *check_attrs(const Call *c)
{
        for (int i = 0; i < c->op->n_attrs; i++) {
                const AttrDef *d = &c->op->attrs[i];
                if (d->value || node_def_has(c->node->def, d->name))
                        continue;
                Status *s = place_error(c->expr->place, "%s misses its attribute '%s'",
                                        c->op->def->name, d->name);
                if (d->kind == ATTR_FUNC)
                        status_add_hint(s, "it is a function, which a script cannot write: send a "
                                           "GraphDef with a library instead");
                add_usage(s, c->op);
                return s;
        }
        return NULL;
}

/* tensor("a/b:1"): any node by its own name. */
static Status *eval_tensor(Script *s, const Expr *e, Value *ret)
{
        const Expr *arg = e->first;
        const ScriptNode *n;
        size_t len;
        int index;
        bool has_index;
        if (e->n != 1 || arg->key || arg->kind != EXPR_STRING ||
            !tensor_name_parse(arg->text, &len, &index, &has_index) || *arg->text == '^')
                return place_error(e->place, "tensor() takes a name in quotes: tensor(\"a/b:0\")");
        const char *name = arena_printf(s->scratch, "%.*s", (int)len, arg->text);
        if (!name)
                return status_oom();
        TRY(name_find(s, name, &n));
        return n ? value_output(e, n, index, !has_index, ret) : name_missing(s, arg, name);
}

/* Variable(value), which is not the op of that name: that has neither inputs nor "value". */
static bool is_variable(const Expr *e)
{
        bool has_value = false;
        for (const Expr *x = e->first; x; x = x->next)
                has_value |= !x->key || !strcmp(x->key, "value");
        return has_value && !strcmp(e->text, "Variable");
}

/* The node as a value: its first output, or nothing that can be computed with. */
static Status *finish(const Call *c, Value *ret)
{
        if (node_output_count(c->op, c->node->def) > 0)
                return value_output(c->expr, c->node, 0, true, ret);
        *ret = (Value){ .expr = c->expr, .node = c->node, .whole = true };
        return NULL;
}

/* A call of an op makes a node; tensor() and Variable() are the two that are no ops. */
Status *eval_call(Script *s, const Expr *e, Value *ret)
{
        const char *name;
        Call c = { .expr = e, .op = op_find(e->text) };
        if (is_variable(e))
                return eval_variable(s, e, ret);
        if (!strcmp(e->text, "tensor"))
                return eval_tensor(s, e, ret);
        if (!c.op)
                return unknown_op(e);
        c.args = arena_calloc(s->scratch, (size_t)c.op->n_in + 1, sizeof *c.args);
        if (!c.args)
                return status_oom();
        TRY(node_begin(s, c.op, e->place, &c.node));
        TRY(bind_all(s, &c));
        TRY(node_connect(s, c.node, c.args));
        TRY(check_attrs(&c));
        TRY(name_for(s, e, c.name, c.op->def->name, &name));
        TRY(node_end(s, c.node, name, !strcmp(c.op->def->name, "Const")));
        return finish(&c, ret);
}
