// SPDX-License-Identifier: Apache-2.0
/* Nodes: begun, connected, ended. */
#include "engine/script/build.h"

#include "engine/ops/registry.h"
#include <string.h>

/* A node without inputs and name; node_end() puts it into the graph. */
Status *node_begin(Script *s, const Op *op, Place place, ScriptNode **ret)
{
        ScriptNode *n = arena_calloc(s->scratch, 1, sizeof *n);
        NodeDef *def = arena_alloc(s->arena, sizeof *def);
        if (!n || !def)
                return status_oom();
        tensorflow__node_def__init(def);
        def->op = (char *)op->def->name; /* registered for good */
        n->op = op;
        n->def = def;
        n->place = place;
        *ret = n;
        return NULL;
}

/* Output 0 is written without its number, as TensorFlow writes it. */
static Status *add_input(Script *s, NodeDef *def, const Value *v)
{
        const char *name = v->node->name;
        char *input = v->output ? arena_printf(s->arena, "%s:%d", name, v->output)
                                : arena_strdup(s->arena, name);
        if (!input)
                return status_oom();
        def->input[def->n_input++] = input;
        return NULL;
}

/* One argument's values as inputs, and the attributes that follow from them. */
static Status *connect_arg(Script *s, ScriptNode *n, const ArgDef *a, const Arg *arg)
{
        DType *types = arena_calloc(s->scratch, (size_t)arg->n + 1, sizeof *types);
        if (!types)
                return status_oom();
        for (int k = 0; k < arg->n; k++) {
                types[k] = arg->values[k].dtype;
                TRY(add_input(s, n->def, &arg->values[k]));
        }
        return node_infer_arg(s->arena, n->def, a, types, arg->n);
}

/* Types are settled over all arguments first: a literal takes the type of its neighbours. */
Status *node_connect(Script *s, ScriptNode *n, Arg *args)
{
        size_t total = (size_t)s->scope.n_controls;
        TRY(types_settle(s, n, args));
        for (int i = 0; i < n->op->n_in; i++)
                total += (size_t)args[i].n;
        n->def->input = arena_calloc(s->arena, total + 1, sizeof *n->def->input);
        if (!n->def->input)
                return status_oom();
        for (int i = 0; i < n->op->n_in; i++)
                TRY(connect_arg(s, n, &n->op->in[i], &args[i]));
        return NULL;
}

/* Nodes made inside "with control(...)" wait for what stands there. */
static Status *add_controls(Script *s, ScriptNode *n)
{
        if (!n->def->input) {
                n->def->input = arena_calloc(s->arena, (size_t)s->scope.n_controls + 1,
                                             sizeof *n->def->input);
                if (!n->def->input)
                        return status_oom();
        }
        for (const Control *c = s->scope.controls; c; c = c->next) {
                char *input = arena_printf(s->arena, "^%s", c->node->name);
                if (!input)
                        return status_oom();
                n->def->input[n->def->n_input++] = input;
        }
        return NULL;
}

/* Room for one more node. */
static Status *grow(Script *s)
{
        size_t cap = s->cap ? s->cap * 2 : 64;
        if (s->def->n_node < s->cap)
                return NULL;
        NodeDef **defs = arena_alloc(s->arena, cap * sizeof(NodeDef *));
        ScriptNode **nodes = arena_alloc(s->scratch, cap * sizeof(ScriptNode *));
        if (!defs || !nodes)
                return status_oom();
        if (s->cap) {
                memcpy(defs, s->def->node, s->cap * sizeof(NodeDef *));
                memcpy(nodes, s->nodes, s->cap * sizeof(ScriptNode *));
        }
        s->def->node = defs;
        s->nodes = nodes;
        s->cap = cap;
        return NULL;
}

/* Names the node and appends it. Constants stand free of the control scope, as they wait for
 * nothing. */
Status *node_end(Script *s, ScriptNode *n, const char *name, bool free_standing)
{
        if (s->def->n_node >= SCRIPT_MAX_NODES)
                return place_wrap(n->place, resource_exhausted("a script makes at most %d nodes",
                                                               SCRIPT_MAX_NODES));
        if (!free_standing)
                TRY(add_controls(s, n));
        TRY(grow(s));
        n->name = name;
        n->def->name = (char *)name;
        if (*s->scope.device && !(n->def->device = arena_strdup(s->arena, s->scope.device)))
                return status_oom();
        s->nodes[s->def->n_node] = n;
        s->def->node[s->def->n_node++] = n->def;
        return map_set(&s->made, n->name, n);
}

/* A literal becomes a Const node once its type is known. */
Status *value_constant(Script *s, Value *v, DType dtype, const char *name)
{
        autoptr(Tensor) t = NULL;
        ScriptNode *n;
        TRY(literal_tensor(v->expr, &v->literal, dtype, &t));
        TRY(node_begin(s, op_find("Const"), v->expr->place, &n));
        TRY(node_put_type(s->arena, n->def, "dtype", dtype));
        TRY(node_put_tensor(s->arena, n->def, "value", t));
        TRY(node_end(s, n, name, true));
        *v = (Value){ .expr = v->expr, .node = n, .dtype = dtype };
        return NULL;
}

/* Output k of a node as a value; "whole" says that the node itself was meant, which lists take
 * apart. */
Status *value_output(const Expr *e, const ScriptNode *n, int k, bool whole, Value *ret)
{
        int count = n->old ? n->old->n_out : node_output_count(n->op, n->def);
        if (k >= count) {
                Status *s = place_error(e->place, "'%s' has %d output%s, so there is no %s:%d",
                                        n->name, count, count == 1 ? "" : "s", n->name, k);
                if (count == 0)
                        status_add_hint(s,
                                        "%s gives nothing to compute with; run it as a target, "
                                        "or wait for it: with control(%s):",
                                        n->op->def->name, n->name);
                return s;
        }
        DType t = n->old ? n->old->out_types[k] : node_output_type(n->op, n->def, k);
        *ret = (Value){ .expr = e, .node = n, .output = k, .whole = whole, .dtype = dtype_base(t) };
        return NULL;
}

bool value_is_ref(const Value *v)
{
        const ScriptNode *n = v->node;
        if (n->old)
                return dtype_is_ref(n->old->out_types[v->output]);
        const ArgDef *a = node_output_arg(n->op, n->def, v->output);
        return a && a->is_ref;
}

/* An operator's node: its op, one or two arguments, and the automatic name. */
Status *node_of_op(Script *s, const Expr *e, const char *op_name, const char *automatic,
                   Value *values, int n, Value *ret)
{
        const Op *op = op_find(op_name);
        Arg args[2] = { 0 };
        ScriptNode *node;
        const char *name;
        if (!op || op->n_in > (int)COUNTOF(args))
                return place_error(e->place, "the op %s is not here", op_name);
        TRY(node_begin(s, op, e->place, &node));
        if (op->n_in == 1)
                args[0] = (Arg){ .expr = e, .values = values, .n = n };
        for (int i = 0; op->n_in > 1 && i < n; i++)
                args[i] = (Arg){ .expr = values[i].expr, .values = &values[i], .n = 1 };
        TRY(node_connect(s, node, args));
        TRY(name_for(s, e, NULL, automatic, &name));
        TRY(node_end(s, node, name, false));
        return value_output(e, node, 0, false, ret);
}
