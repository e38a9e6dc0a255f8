// SPDX-License-Identifier: Apache-2.0
/* Expressions to values. What recurses is bounded by the parser's bound on nesting. */
#include "engine/script/build.h"

#include <string.h>

static Status *eval_literal(const Expr *e, Value *ret)
{
        *ret = (Value){ .expr = e, .is_literal = true };
        return literal_look(e, &ret->literal);
}

static Status *eval_name(Script *s, const Expr *e, Value *ret)
{
        const ScriptNode *n;
        TRY(name_find(s, e->text, &n));
        if (!n)
                return name_missing(s, e, e->text);
        return value_output(e, n, MAX(e->output, 0), e->output < 0, ret);
}

/* The elements of a list. */
static Status *eval_list(Script *s, const Expr *e, Arg *arg)
{
        arg->values = arena_calloc(s->scratch, (size_t)e->n + 1, sizeof *arg->values);
        if (!arg->values)
                return status_oom();
        for (const Expr *x = e->first; x; x = x->next)
                TRY(eval(s, x, &arg->values[arg->n++]));
        return NULL;
}

/* A list with nodes in it, where one tensor is wanted, is packed. */
static Status *eval_packed(Script *s, const Expr *e, Value *ret)
{
        Arg arg = { .expr = e };
        TRY(eval_list(s, e, &arg));
        return node_of_op(s, e, "Pack", "packed", arg.values, arg.n, ret);
}

/* A node without outputs may be a statement, but nothing can be computed with it. */
static Status *eval_output(Script *s, const Expr *e, Value *ret)
{
        TRY(eval_call(s, e, ret));
        if (ret->dtype != DT_INVALID || e == s->top)
                return NULL;
        return place_error(e->place, "%s gives nothing to compute with", ret->node->op->def->name);
}

/* The value of an expression; recursion is bounded by the parser's depth. */
Status *eval(Script *s, const Expr *e, Value *ret)
{
        if (e->literal)
                return eval_literal(e, ret);
        switch (e->kind) {
        case EXPR_NAME: return eval_name(s, e, ret);
        case EXPR_LIST: return eval_packed(s, e, ret);
        case EXPR_CALL: return eval_output(s, e, ret);
        case EXPR_NONE: return place_error(e->place, "None is no tensor");
        default: return eval_operator(s, e, ret);
        }
}

/* A node with several outputs, given where a list is wanted, is the list of them. */
static Status *expand(Script *s, const Op *op, const ArgDef *a, const Value *v, Arg *arg)
{
        const ScriptNode *n = v->node;
        int count = v->is_literal ? 0 : n->old ? n->old->n_out : node_output_count(n->op, n->def);
        if (v->is_literal || !v->whole || count < 2) {
                Status *error = place_error(v->expr->place, "input '%s' of %s is a list", a->name,
                                            op->def->name);
                status_add_hint(error, "a list of one is written [x]");
                return error;
        }
        arg->values = arena_calloc(s->scratch, (size_t)count, sizeof *arg->values);
        if (!arg->values)
                return status_oom();
        for (; arg->n < count; arg->n++)
                TRY(value_output(v->expr, n, arg->n, false, &arg->values[arg->n]));
        return NULL;
}

/* One input of an op: a list where the op takes one, else a single value. */
Status *eval_arg(Script *s, const Op *op, int i, Arg *arg)
{
        const ArgDef *a = &op->in[i];
        bool is_list = a->number_attr || a->list_attr;
        if (is_list && arg->expr->kind == EXPR_LIST)
                return eval_list(s, arg->expr, arg);
        Value *v = arena_calloc(s->scratch, 1, sizeof *v);
        if (!v)
                return status_oom();
        TRY(eval(s, arg->expr, v));
        if (is_list)
                return expand(s, op, a, v, arg);
        arg->values = v;
        arg->n = 1;
        return NULL;
}
