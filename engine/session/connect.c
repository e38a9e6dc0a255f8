// SPDX-License-Identifier: Apache-2.0
/* Tensor connections: what consumed one tensor consumes another, in one signature (core layer). */
#include "engine/session/inside.h"

/* TensorFlow's texts; they name the tensor that the connection goes to. */
static Status *find_from(const Graph *g, const TensorConnection *c, TensorId *ret)
{
        size_t len;
        int index;
        bool has_index;
        const Node *node = tensor_name_parse(c->from, &len, &index, &has_index)
                                   ? graph_findn(g, c->from, len)
                                   : NULL;
        if (!node)
                return invalid_argument("Requested tensor connection from unknown node: \"%s\".",
                                        c->to);
        if (index >= node->n_out)
                return invalid_argument("Requested tensor connection from unknown edge: \"%s\" "
                                        "(actual number of outputs = %d).",
                                        c->to, node->n_out);
        *ret = (TensorId){ .node = node, .output = index };
        return NULL;
}

/* Nodes that something depends on, each once. */
typedef struct Walk {
        const Node **found;
        uint8_t *seen; /* by id */
        int n;
} Walk;

static void visit(Walk *w, const Node *node)
{
        if (w->seen[node->id])
                return;
        w->seen[node->id] = 1;
        w->found[w->n++] = node;
}

/* TensorFlow looks for the cycle in the whole graph, fed tensors or not. */
static bool depends(Walk *w, const Node *node, const Node *on)
{
        visit(w, node);
        for (int done = 0; done < w->n; done++) {
                const Node *at = w->found[done];
                for (int i = 0; i < at->n_in; i++)
                        visit(w, at->in[i].node);
                for (int i = 0; i < at->n_control; i++)
                        visit(w, at->control[i]);
        }
        return w->seen[on->id];
}

/* Walks back from the source: it must not need what it replaces. */
static Status *check_cycle(const Graph *g, const PlanConnection *c)
{
        size_t n = (size_t)graph_count(g) + 1;
        autofree const Node **found = mem_calloc(n, sizeof *found);
        autofree uint8_t *seen = mem_calloc(n, 1);
        if (!found || !seen)
                return status_oom();
        Walk w = { .found = found, .seen = seen };
        if (!depends(&w, c->from.node, c->to.node))
                return NULL;
        return invalid_argument("Requested Tensor connection between nodes \"%s\" and \"%s\" would "
                                "create a cycle.",
                                c->to.node->name, c->from.node->name);
}

/* All sources first, as TensorFlow's core checks them. */
Status *connections_resolve(const Graph *g, const RunRequest *r, PlanConnection *ret)
{
        for (int i = 0; i < r->n_connections; i++)
                TRY(find_from(g, &r->connections[i], &ret[i].from));
        for (int i = 0; i < r->n_connections; i++) {
                TRY(core_feed(g, r->connections[i].to, &ret[i].to));
                TRY(check_cycle(g, &ret[i]));
        }
        return NULL;
}
