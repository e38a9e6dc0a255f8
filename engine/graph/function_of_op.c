// SPDX-License-Identifier: Apache-2.0
/* Ops as functions, where TensorFlow takes the name of either, and nodes as calls of one: what
 * follows need not know which it was. */
#include "engine/graph/function_body.h"

#include "engine/base/mem.h"
#include "engine/graph/graph_impl.h"

typedef Tensorflow__FunctionDef__RetEntry RetEntry;

#define NODE "SymbolicGradient/op"

/* The one node, which takes the arguments in their order; its attributes are the call's. */
static Status *only_node(const Op *op, const NodeDef *call, Arena *arena, NodeDef **ret)
{
        NodeDef *node = arena_alloc(arena, sizeof *node);
        if (!node)
                return status_oom();
        tensorflow__node_def__init(node);
        node->name = arena_strdup(arena, NODE);
        node->op = (char *)op->def->name;
        node->attr = call->attr;
        node->n_attr = call->n_attr;
        node->input = arena_calloc(arena, (size_t)op->n_in + 1, sizeof *node->input);
        if (!node->name || !node->input)
                return status_oom();
        for (int i = 0; i < op->n_in; i++)
                node->input[node->n_input++] = (char *)op->in[i].name;
        *ret = node;
        return NULL;
}

Status *function_of_op(const Op *op, const NodeDef *call, Arena *arena, FunctionDef **ret)
{
        FunctionDef *f = arena_alloc(arena, sizeof *f);
        RetEntry *entry = arena_calloc(arena, (size_t)op->n_out + 1, sizeof *entry);
        if (!f || !entry)
                return status_oom();
        tensorflow__function_def__init(f);
        f->node_def = arena_calloc(arena, 1, sizeof *f->node_def);
        f->ret = arena_calloc(arena, (size_t)op->n_out + 1, sizeof *f->ret);
        if (!f->node_def || !f->ret)
                return status_oom();
        TRY(only_node(op, call, arena, &f->node_def[f->n_node_def++]));
        for (int i = 0; i < op->n_out; i++) {
                tensorflow__function_def__ret_entry__init(&entry[i]);
                entry[i].key = (char *)op->out[i].name;
                entry[i].value = arena_printf(arena, NODE ":%s", op->out[i].name);
                if (!entry[i].value)
                        return status_oom();
                f->ret[f->n_ret++] = &entry[i];
        }
        *ret = f;
        return NULL;
}

/* A node whose op is a function's name calls it; its attributes are the call's. The messages are
 * lent, hence no copies here. */
Status *function_body_of(const Graph *g, const Node *n, FunctionBody **ret)
{
        NameAttrList call;
        tensorflow__name_attr_list__init(&call);
        call.name = n->def->op;
        call.n_attr = n->def->n_attr;
        size_t room = call.n_attr + 1;
        autofree Tensorflow__NameAttrList__AttrEntry *entries = mem_calloc(room, sizeof *entries);
        autofree Tensorflow__NameAttrList__AttrEntry **list = mem_calloc(room, sizeof *list);
        if (!entries || !list)
                return status_oom();
        for (size_t i = 0; i < call.n_attr; i++) {
                tensorflow__name_attr_list__attr_entry__init(&entries[i]);
                entries[i].key = n->def->attr[i]->key;
                entries[i].value = n->def->attr[i]->value;
                list[i] = &entries[i];
        }
        call.attr = list;
        return function_body_new(g, &call, ret);
}
