// SPDX-License-Identifier: Apache-2.0
/* graph_to_def(): the graph given back. Nodes kept their NodeDefs, so a list of pointers does. */
#include "engine/graph/graph_impl.h"

#include "engine/tensor/tensor_proto.h"
#include "proto/message.h"
#include <stdlib.h>
#include <string.h>

typedef Tensorflow__NodeDef__AttrEntry AttrEntry;
typedef Tensorflow__FunctionDefLibrary Library;

/* {list { shape ... }} with the shapes of all outputs. */
static Status *output_shapes(const Node *n, Arena *arena, AttrEntry **ret)
{
        AttrEntry *e;
        AttrValue *v;
        MESSAGE_NEW(arena, &e, tensorflow__node_def__attr_entry__init);
        MESSAGE_NEW(arena, &v, tensorflow__attr_value__init);
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        MESSAGE_NEW(arena, &v->list, tensorflow__attr_value__list_value__init);
        v->list->n_shape = (size_t)n->n_out;
        v->list->shape = arena_alloc(arena, (size_t)n->n_out * sizeof *v->list->shape);
        if (!v->list->shape)
                return status_oom();
        for (int i = 0; i < n->n_out; i++)
                TRY(shape_to_proto(&n->out_shapes[i], arena, &v->list->shape[i]));
        e->key = (char *)"_output_shapes";
        e->value = v;
        *ret = e;
        return NULL;
}

/* A NodeDef like the node's, with _output_shapes in the place of any that it came with. */
static Status *with_output_shapes(const Node *n, Arena *arena, NodeDef **ret)
{
        NodeDef *def = arena_dup(arena, n->def, sizeof *def);
        if (!def)
                return status_oom();
        def->attr = arena_alloc(arena, (n->def->n_attr + 1) * sizeof *def->attr);
        if (!def->attr)
                return status_oom();
        def->n_attr = 0;
        for (size_t i = 0; i < n->def->n_attr; i++)
                if (strcmp(n->def->attr[i]->key, "_output_shapes") != 0)
                        def->attr[def->n_attr++] = n->def->attr[i];
        TRY(output_shapes(n, arena, &def->attr[def->n_attr]));
        def->n_attr++;
        *ret = def;
        return NULL;
}

/* Shared with the graph; only a node that gets _output_shapes is copied. */
static Status *export_nodes(const Graph *g, Arena *arena, bool with_shapes, GraphDef *def)
{
        def->node = arena_alloc(arena, (size_t)g->n_nodes * sizeof *def->node);
        if (!def->node)
                return status_oom();
        def->n_node = (size_t)g->n_nodes;
        for (int i = 0; i < g->n_nodes; i++) {
                def->node[i] = (NodeDef *)g->nodes[i]->def;
                if (with_shapes)
                        TRY(with_output_shapes(g->nodes[i], arena, &def->node[i]));
        }
        return NULL;
}

static int by_function_name(const void *a, const void *b)
{
        const FunctionDef *const *x = a, *const *y = b;
        return strcmp((*x)->signature->name, (*y)->signature->name);
}

static int by_gradient_name(const void *a, const void *b)
{
        const Tensorflow__GradientDef *const *x = a, *const *y = b;
        return strcmp((*x)->function_name, (*y)->function_name);
}

/* Sorted by name: tables have no order of their own. */
static Status *export_functions(const Graph *g, Arena *arena, GraphDef *def)
{
        Library *l;
        if (!g->functions.count && !g->gradients.count)
                return NULL;
        MESSAGE_NEW(arena, &l, tensorflow__function_def_library__init);
        l->function = arena_alloc(arena, g->functions.count * sizeof *l->function);
        l->gradient = arena_alloc(arena, g->gradients.count * sizeof *l->gradient);
        if (!l->function || !l->gradient)
                return status_oom();
        map_each (e, &g->functions)
                l->function[l->n_function++] = (FunctionDef *)((const Op *)e->value)->function;
        map_each (e, &g->gradients)
                l->gradient[l->n_gradient++] = e->value;
        qsort(l->function, l->n_function, sizeof *l->function, by_function_name);
        qsort(l->gradient, l->n_gradient, sizeof *l->gradient, by_gradient_name);
        def->library = l;
        return NULL;
}

/* The versions are the graph's, not ours: a graph that goes out and in again means the same. */
Status *graph_to_def(const Graph *g, Arena *arena, bool with_shapes, GraphDef **ret)
{
        GraphDef *def;
        MESSAGE_NEW(arena, &def, tensorflow__graph_def__init);
        MESSAGE_NEW(arena, &def->versions, tensorflow__version_def__init);
        TRY(export_nodes(g, arena, with_shapes, def));
        TRY(export_functions(g, arena, def));
        def->versions->producer = g->n_nodes ? g->producer : GRAPH_VERSION;
        def->versions->min_consumer = g->min_consumer;
        def->versions->n_bad_consumers = (size_t)g->n_bad;
        def->versions->bad_consumers = g->bad_consumers;
        *ret = def;
        return NULL;
}
