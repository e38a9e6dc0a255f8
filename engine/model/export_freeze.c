// SPDX-License-Identifier: Apache-2.0
/* Freezing: backwards from the outputs, with constants where variables were and Identity where they
 * were read. */
#include "engine/model/export_inside.h"

#include <string.h>

typedef struct Freeze {
        Export *x;
        bool *needed; /* by node id */
        int *stack, n_stack;
        NodeDef **nodes;
        size_t n_nodes;
} Freeze;

static void need(Freeze *f, const Node *n)
{
        if (f->needed[n->id])
                return;
        f->needed[n->id] = true;
        f->stack[f->n_stack++] = (int)n->id;
}

/* Marks the node behind a tensor's name as one to keep. */
static Status *need_tensor(Freeze *f, const char *name)
{
        size_t len;
        int index;
        bool has_index;
        const Node *n = NULL;
        if (tensor_name_parse(name, &len, &index, &has_index))
                n = graph_findn(f->x->graph, name, len);
        if (!n)
                return not_found("The graph has no \"%.200s\"", name);
        need(f, n);
        return NULL;
}

/* What the signatures speak of is kept, inputs too: a feed that nothing reads must still be there
 * for the loader. */
static Status *need_outputs(Freeze *f)
{
        const MetaGraphDef *meta = f->x->meta;
        for (size_t i = 0; i < meta->n_signature_def; i++) {
                const Tensorflow__SignatureDef *s = meta->signature_def[i]->value;
                for (size_t k = 0; s && k < s->n_outputs; k++) {
                        const Tensorflow__TensorInfo *t = s->outputs[k]->value;
                        if (t && t->encoding_case == TENSORFLOW__TENSOR_INFO__ENCODING_NAME)
                                TRY(need_tensor(f, t->name));
                }
                for (size_t k = 0; s && k < s->n_inputs; k++) {
                        const Tensorflow__TensorInfo *t = s->inputs[k]->value;
                        if (t && t->encoding_case == TENSORFLOW__TENSOR_INFO__ENCODING_NAME)
                                TRY(need_tensor(f, t->name));
                }
        }
        for (const char *const *o = f->x->spec->outputs; o && *o; o++)
                TRY(need_tensor(f, *o));
        return f->n_stack ? NULL
                          : failed_precondition("A frozen graph needs outputs: give signatures or "
                                                "outputs");
}

static bool is_variable(const Export *x, const Node *n)
{
        return x->var_of_node[n->id] != -1;
}

static Status *keep(Freeze *f, const char *name, const char *op, const char *const *inputs,
                    const MadeAttr *attrs)
{
        TRY(node_make(f->x->arena, name, op, inputs, attrs, &f->nodes[f->n_nodes]));
        f->n_nodes++;
        return NULL;
}

/* The variable becomes a constant of the same name, so that its readers need no change. */
static Status *freeze_variable(Freeze *f, const Node *n)
{
        int i = f->x->var_of_node[n->id];
        if (i < 0)
                return failed_precondition("Attempting to use uninitialized value %s", n->name);
        const Tensor *value = f->x->vars[i].value;
        return keep(f, n->name, "Const", (const char *const[]){ NULL },
                    (MadeAttr[]){ { "dtype", .type = tensor_dtype(value) },
                                  { "value", .tensor = value },
                                  { 0 } });
}

static Status *freeze_read(Freeze *f, const Node *n)
{
        TRY(keep(f, n->name, "Identity", (const char *const[]){ NULL },
                 (MadeAttr[]){ { "T", .value = node_attr(n, "dtype") }, { 0 } }));
        NodeDef *made = f->nodes[f->n_nodes - 1];
        made->input = n->def->input; /* with the controls */
        made->n_input = n->def->n_input;
        return NULL;
}

/* ResourceGather(v, i) is GatherV2(v, i, axis = batch_dims). */
static Status *freeze_gather(Freeze *f, const Node *n)
{
        int32_t axis = (int32_t)node_int(n, "batch_dims", 0);
        char *name = arena_printf(f->x->arena, "%s/axis", n->name);
        Tensor *t;
        TRY(tensor_scalar(DT_INT32, &axis, &t));
        Status *e = arena_on_free(f->x->arena, (void (*)(void *))tensor_unref, t);
        if (e || !name) {
                tensor_unref(e ? t : NULL);
                return e ? e : status_oom();
        }
        const char *const inputs[] = { n->def->input[0], n->def->input[1], name, NULL };
        TRY(keep(f, name, "Const", (const char *const[]){ NULL },
                 (MadeAttr[]){ { "dtype", .type = DT_INT32 }, { "value", .tensor = t }, { 0 } }));
        return keep(f, n->name, "GatherV2", inputs,
                    (MadeAttr[]){ { "Tparams", .value = node_attr(n, "dtype") },
                                  { "Tindices", .value = node_attr(n, "Tindices") },
                                  { "Taxis", .type = DT_INT32 },
                                  { "batch_dims", .value = node_attr(n, "batch_dims") },
                                  { 0 } });
}

/* Anything that needs the variable itself (an assign, a scatter) has no meaning in a frozen graph,
 * and is refused rather than dropped. */
static Status *freeze_node(Freeze *f, const Node *n)
{
        const char *op = n->def->op;
        if (is_variable(f->x, n))
                return freeze_variable(f, n);
        bool reads = n->n_in && is_variable(f->x, n->in[0].node);
        if (reads && !strcmp(op, "ReadVariableOp"))
                return freeze_read(f, n);
        if (reads && !strcmp(op, "ResourceGather"))
                return freeze_gather(f, n);
        for (int i = 0; i < n->n_in; i++)
                if (is_variable(f->x, n->in[i].node) &&
                    (dtype_is_ref(n->in_types[i]) || n->in_types[i] == DT_RESOURCE))
                        return unimplemented("The graph cannot be frozen: %s (%s) needs the "
                                             "variable %s itself, not its value",
                                             n->name, op, n->in[i].node->name);
        f->nodes[f->n_nodes++] = (NodeDef *)n->def;
        return NULL;
}

/* Walks backwards from the outputs with a stack of its own, since graphs are deeper than thread
 * stacks, and writes what it met in the graph's order. */
Status *export_freeze(Export *x)
{
        int n = graph_count(x->graph);
        size_t size = (size_t)n + 1;
        Freeze f = { .x = x,
                     .needed = arena_calloc(x->arena, size, sizeof *f.needed),
                     .stack = arena_calloc(x->arena, size, sizeof *f.stack),
                     .nodes = arena_calloc(x->arena, 2 * size, sizeof *f.nodes) };
        if (!f.needed || !f.stack || !f.nodes)
                return status_oom();
        TRY(need_outputs(&f));
        while (f.n_stack) {
                const Node *node = graph_node(x->graph, f.stack[--f.n_stack]);
                for (int i = 0; i < node->n_in; i++)
                        need(&f, node->in[i].node);
                for (int i = 0; i < node->n_control; i++)
                        need(&f, node->control[i]);
        }
        for (int i = 0; i < n; i++)
                if (f.needed[i])
                        TRY(freeze_node(&f, graph_node(x->graph, i)));
        x->def->node = f.nodes;
        x->def->n_node = f.n_nodes;
        return NULL;
}
