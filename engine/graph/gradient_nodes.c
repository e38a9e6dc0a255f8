// SPDX-License-Identifier: Apache-2.0
/* The nodes of a gradient, and the gradients that come together at an output. */
#include "engine/graph/gradient_impl.h"

#include "engine/ops/registry.h"
#include <string.h>

enum { MAX_NODES = 1 << 20 };

bool grad_flows(DType t)
{
        switch (dtype_base(t)) {
        case DT_BOOL:
        case DT_STRING:
        case DT_RESOURCE:
        case DT_VARIANT: return false;
        default: return true;
        }
}

/* A node with a name that is free. */
Status *grad_begin(Grad *g, const char *op, NodeDef **ret)
{
        NodeDef *d = arena_alloc(g->arena, sizeof *d);
        if (!d)
                return status_oom();
        tensorflow__node_def__init(d);
        d->op = arena_strdup(g->arena, op);
        do
                d->name = arena_printf(g->arena, "SymbolicGradient/%d", g->made++);
        while (d->name && graph_find(g->primal->graph, d->name));
        if (!d->op || !d->name)
                return status_oom();
        *ret = d;
        return NULL;
}

/* Bounded: rules that call each other could grow without end. */
static Status *append(Grad *g, NodeDef *d)
{
        GraphDef *def = g->def;
        if (def->n_node >= MAX_NODES)
                return resource_exhausted("The gradient has more than %d nodes", MAX_NODES);
        if (def->n_node == g->cap) {
                size_t cap = 2 * g->cap + 64;
                NodeDef **grown = arena_calloc(g->arena, cap, sizeof *grown);
                if (!grown)
                        return status_oom();
                if (def->n_node)
                        memcpy(grown, def->node, def->n_node * sizeof *grown);
                def->node = grown;
                g->cap = cap;
        }
        def->node[def->n_node++] = d;
        return NULL;
}

/* Attributes are inferred from the inputs' types, as TensorFlow's function builder does. */
Status *grad_emit(Grad *g, NodeDef *d, const Op *op, const Value *in, int n, Values *ret)
{
        DType *types = arena_calloc(g->arena, (size_t)n + 1, sizeof *types);
        d->input = arena_calloc(g->arena, (size_t)n + 1, sizeof *d->input);
        if (!types || !d->input)
                return status_oom();
        for (int i = 0; i < n; i++) {
                types[i] = in[i].dtype;
                d->input[d->n_input++] = (char *)in[i].name;
        }
        TRY(node_infer_attrs(g->arena, op, d, types, n));
        TRY(append(g, d));
        ret->n = node_output_count(op, d);
        ret->v = arena_calloc(g->arena, (size_t)ret->n + 1, sizeof *ret->v);
        if (!ret->v)
                return status_oom();
        for (int k = 0; k < ret->n; k++) {
                ret->v[k] = (Value){ .name = arena_printf(g->arena, "%s:%d", d->name, k),
                                     .dtype = node_output_type(op, d, k) };
                if (!ret->v[k].name)
                        return status_oom();
        }
        return NULL;
}

static Status *call(Grad *g, const char *name, const Value *in, int n, Value *ret)
{
        NodeDef *d;
        Values out;
        TRY(grad_begin(g, name, &d));
        TRY(grad_emit(g, d, op_find(name), in, n, &out));
        *ret = out.v[0];
        return NULL;
}

/* A Const node. */
Status *grad_constant(Grad *g, const Tensor *t, Value *ret)
{
        NodeDef *d;
        Values out;
        TRY(grad_begin(g, "Const", &d));
        TRY(node_put_type(g->arena, d, "dtype", t->dtype));
        TRY(node_put_tensor(g->arena, d, "value", t));
        TRY(grad_emit(g, d, op_find("Const"), NULL, 0, &out));
        *ret = out.v[0];
        return NULL;
}

/* A literal number becomes a constant of the type that it is needed in; one that has a name already
 * stays. */
Status *grad_settle(Grad *g, Value *v, DType dtype)
{
        autoptr(Tensor) t = NULL;
        NodeDef *d;
        Values out;
        Value wide;
        if (v->name)
                return NULL;
        TRY(tensor_scalar(DT_DOUBLE, &v->number, &t));
        TRY(grad_constant(g, t, &wide));
        TRY(grad_begin(g, "Cast", &d));
        TRY(node_put_type(g->arena, d, "DstT", dtype));
        TRY(grad_emit(g, d, op_find("Cast"), &wide, 1, &out));
        *v = out.v[0];
        return NULL;
}

/* An argument of the gradient function. */
Status *grad_placeholder(Grad *g, DType dtype, const char **ret)
{
        NodeDef *d;
        Values out;
        TRY(grad_begin(g, "Placeholder", &d));
        TRY(node_put_type(g->arena, d, "dtype", dtype));
        TRY(grad_emit(g, d, op_find("Placeholder"), NULL, 0, &out));
        *ret = d->name;
        return NULL;
}

Status *grad_value_of(Grad *g, const Edge *e, Value *ret)
{
        ret->name = arena_printf(g->arena, "%s:%d", e->node->name, e->output);
        ret->dtype = dtype_base(e->node->out_types[e->output]);
        return ret->name ? NULL : status_oom();
}

/* ---- gradients so far ---- */

/* One user's part of a tensor's gradient. */
Status *grad_add_part(Grad *g, const Edge *to, Value v)
{
        Part *p = arena_alloc(g->arena, sizeof *p);
        Part ***all = &g->parts[to->node->id];
        if (!*all)
                *all = arena_calloc(g->arena, (size_t)to->node->n_out, sizeof **all);
        if (!p || !*all)
                return status_oom();
        *p = (Part){ v, (*all)[to->output] };
        (*all)[to->output] = p;
        return NULL;
}

/* The sum of the parts, in the order they came; zeros where there are none. */
Status *grad_of(Grad *g, const Edge *e, Value *ret)
{
        Part *parts = g->parts[e->node->id] ? g->parts[e->node->id][e->output] : NULL;
        int n = 0;
        for (const Part *p = parts; p; p = p->next)
                n++;
        Value *all = arena_calloc(g->arena, (size_t)n + 1, sizeof *all);
        if (!all)
                return status_oom();
        int at = n;
        for (const Part *p = parts; p; p = p->next)
                all[--at] = p->v;
        if (n == 1) {
                *ret = all[0];
                return NULL;
        }
        if (n)
                return call(g, "AddN", all, n, ret);
        TRY(grad_value_of(g, e, &all[0]));
        return call(g, "ZerosLike", all, 1, ret);
}
