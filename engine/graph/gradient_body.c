// SPDX-License-Identifier: Apache-2.0
/* The function's body with more nodes behind it: from the results back to the arguments, each node
 * after all that use it. */
#include "engine/graph/gradient_impl.h"

#include "proto/wire.h"
#include <string.h>

enum { MAX_MEMORY = 1 << 30 };

static bool passes(const Node *n)
{
        for (int i = 0; i < n->n_out; i++)
                if (grad_flows(n->out_types[i]))
                        return true;
        return false;
}

/* Edges that carry a gradient back. */
static bool edge_flows(const Grad *g, const Node *n, int i)
{
        return grad_flows(n->in_types[i]) && g->needed[n->in[i].node->id];
}

/* Who uses each node's outputs: users[from[id]] up to users[from[id + 1]]. */
typedef struct Users {
        int *from;
        const Node **users;
} Users;

/* Who uses each node's outputs, in two arrays: counted, summed up, filled in. */
static Status *find_users(const Grad *g, Users *u)
{
        const Graph *graph = g->primal->graph;
        int n = graph_count(graph);
        size_t edges = 0;
        for (int i = 0; i < n; i++)
                edges += (size_t)graph_node(graph, i)->n_in;
        u->from = arena_calloc(g->arena, (size_t)n + 2, sizeof *u->from);
        u->users = arena_calloc(g->arena, edges + 1, sizeof(Node *));
        if (!u->from || !u->users)
                return status_oom();
        for (int i = 0; i < n; i++)
                for (int k = 0; k < graph_node(graph, i)->n_in; k++)
                        u->from[graph_node(graph, i)->in[k].node->id + 2]++;
        for (int i = 2; i < n + 2; i++)
                u->from[i] += u->from[i - 1];
        for (int i = 0; i < n; i++)
                for (int k = 0; k < graph_node(graph, i)->n_in; k++)
                        u->users[u->from[graph_node(graph, i)->in[k].node->id + 1]++] =
                                graph_node(graph, i);
        return NULL;
}

/* No op of a loop has a gradient. Which one TensorFlow names is the first on the way back from the
 * results; a loop that no result needs does no harm. left: above 0 for nodes in or behind a loop.
 */
static Status *refuse_loops(const Grad *g, const int *left)
{
        const FunctionBody *b = g->primal;
        int n = graph_count(b->graph), end = 0;
        const Node **queue = arena_calloc(g->arena, (size_t)n + 1, sizeof *queue);
        bool *seen = arena_calloc(g->arena, (size_t)n + 1, sizeof *seen);
        if (!queue || !seen)
                return status_oom();
        for (int i = 0; i < b->n_results; i++)
                if (!seen[b->results[i].node->id]) {
                        seen[b->results[i].node->id] = true;
                        queue[end++] = b->results[i].node;
                }
        for (int at = 0; at < end; at++) {
                const Node *node = queue[at];
                if (!left[node->id])
                        continue;
                if (!node->op->function && !gradient_rule(node->op->def->name, ""))
                        return not_found("No gradient defined for op: %s", node->op->def->name);
                for (int k = 0; k < node->n_in; k++)
                        if (!seen[node->in[k].node->id]) {
                                seen[node->in[k].node->id] = true;
                                queue[end++] = node->in[k].node;
                        }
        }
        return NULL;
}

/* Nodes so that inputs come first; what is in a loop or behind one is left out. */
static Status *find_order(Grad *g)
{
        const Graph *graph = g->primal->graph;
        int n = graph_count(graph);
        int *left = arena_calloc(g->arena, (size_t)n + 1, sizeof *left);
        Users u;
        g->order = arena_calloc(g->arena, (size_t)n + 1, sizeof(Node *));
        if (!left || !g->order)
                return status_oom();
        TRY(find_users(g, &u));
        for (int i = 0; i < n; i++)
                if (!(left[i] = graph_node(graph, i)->n_in))
                        g->order[g->n_order++] = graph_node(graph, i);
        for (int at = 0; at < g->n_order; at++)
                for (int k = u.from[g->order[at]->id]; k < u.from[g->order[at]->id + 1]; k++)
                        if (--left[u.users[k]->id] == 0)
                                g->order[g->n_order++] = u.users[k];
        return g->n_order == n ? NULL : refuse_loops(g, left);
}

/* What is between arguments and results, so that a gradient can pass. */
static Status *find_needed(Grad *g)
{
        size_t n = (size_t)graph_count(g->primal->graph);
        bool *wanted = arena_calloc(g->arena, n + 1, sizeof *wanted);
        g->needed = arena_calloc(g->arena, n + 1, sizeof *g->needed);
        if (!wanted || !g->needed)
                return status_oom();
        for (int i = 0; i < g->primal->n_args; i++)
                g->needed[g->primal->args[i]->id] = grad_flows(g->primal->args[i]->out_types[0]);
        for (int at = 0; at < g->n_order; at++) {
                const Node *node = g->order[at];
                for (int i = 0; i < node->n_in && passes(node); i++)
                        if (edge_flows(g, node, i))
                                g->needed[node->id] = true;
        }
        for (int i = 0; i < g->primal->n_results; i++)
                wanted[g->primal->results[i].node->id] = true;
        for (int at = g->n_order - 1; at >= 0; at--) {
                const Node *node = g->order[at];
                for (int i = 0; i < node->n_in && wanted[node->id]; i++)
                        wanted[node->in[i].node->id] = true;
                g->needed[node->id] &= wanted[node->id];
        }
        return NULL;
}

/* The gradients of the results come in as further arguments. */
static Status *seed(Grad *g)
{
        const FunctionBody *b = g->primal;
        g->args = arena_calloc(g->arena, (size_t)b->n_results + 1, sizeof *g->args);
        if (!g->args)
                return status_oom();
        for (int i = 0; i < b->n_results; i++) {
                const Edge *e = &b->results[i];
                DType t = dtype_base(e->node->out_types[e->output]);
                TRY(grad_placeholder(g, t, &g->args[i]));
                if (grad_flows(t) && g->needed[e->node->id])
                        TRY(grad_add_part(g, e, (Value){ .name = g->args[i], .dtype = t }));
        }
        return NULL;
}

/* From the results to the arguments: each node when all its users have given their parts. */
static Status *way_back(Grad *g)
{
        const FunctionBody *b = g->primal;
        g->parts = arena_calloc(g->arena, (size_t)graph_count(b->graph) + 1, sizeof *g->parts);
        g->results = arena_calloc(g->arena, (size_t)b->n_args + 1, sizeof *g->results);
        if (!g->parts || !g->results)
                return status_oom();
        TRY(find_order(g));
        TRY(find_needed(g));
        TRY(seed(g));
        for (int at = g->n_order - 1; at >= 0; at--)
                if (g->parts[g->order[at]->id] && g->order[at]->n_in)
                        TRY(grad_back_through(g, g->order[at]));
        for (int i = 0; i < b->n_args; i++) {
                Edge e = { b->args[i], 0 };
                Value v;
                TRY(grad_of(g, &e, &v));
                g->results[i] = v.name;
        }
        return NULL;
}

/* ---- the body ---- */

/* The function's own nodes, copied: extending a graph adds to them. */
static Status *copy_nodes(Grad *g)
{
        autoptr(Arena) brief = NULL;
        autobuf bytes = BUF(INT32_MAX);
        ProtobufCMessage *m;
        GraphDef *def;
        TRY(arena_new(MAX_MEMORY, &brief));
        TRY(graph_to_def(g->primal->graph, brief, false, &def));
        def->library = NULL;
        TRY(proto_pack(&def->base, &bytes));
        TRY(proto_unpack(&tensorflow__graph_def__descriptor, bytes.data, bytes.len, NULL, g->arena,
                         &m));
        g->def = (GraphDef *)m;
        g->cap = g->def->n_node;
        return NULL;
}

/* The edge that a tensor's name means. */
static Status *find_edge(const FunctionBody *b, const char *name, Edge *ret)
{
        size_t len;
        int index;
        bool has_index;
        const Node *n = NULL;
        if (tensor_name_parse(name, &len, &index, &has_index))
                n = graph_findn(b->graph, name, len);
        if (!n)
                return internal_error("The gradient lost %s", name);
        *ret = (Edge){ n, index };
        return NULL;
}

/* Arguments, results and targets in the new graph, by the names they had. */
static Status *find_ends(const Grad *g, FunctionBody *b)
{
        const FunctionBody *p = g->primal;
        b->args = mem_calloc((size_t)(p->n_args + p->n_results) + 1, sizeof *b->args);
        b->results = mem_calloc((size_t)p->n_args + 1, sizeof *b->results);
        b->targets = mem_calloc((size_t)p->n_targets + 1, sizeof *b->targets);
        if (!b->args || !b->results || !b->targets)
                return status_oom();
        for (int i = 0; i < p->n_args; i++)
                b->args[b->n_args++] = graph_find(b->graph, p->args[i]->name);
        for (int i = 0; i < p->n_results; i++)
                b->args[b->n_args++] = graph_find(b->graph, g->args[i]);
        for (; b->n_results < p->n_args; b->n_results++)
                TRY(find_edge(b, g->results[b->n_results], &b->results[b->n_results]));
        for (; b->n_targets < p->n_targets; b->n_targets++)
                b->targets[b->n_targets] = graph_find(b->graph, p->targets[b->n_targets]->name);
        return NULL;
}

/* The whole is imported as a graph, with all checks. */
static Status *build(Grad *g, GraphSource *source, FunctionBody **ret)
{
        autoptr(FunctionBody) b = mem_calloc(1, sizeof *b);
        int first;
        if (!b)
                return status_oom();
        TRY(copy_nodes(g));
        source->graph_def = g->def;
        TRY(way_back(g));
        TRY(graph_new_like(g->library, &b->graph));
        TRY(graph_extend(b->graph, source, false, &first));
        TRY(find_ends(g, b));
        *ret = steal(&b);
        return NULL;
}

/* A gradient that the library names. */
static Status *given(const Graph *g, const NameAttrList *call, const char *name, FunctionBody **ret)
{
        NameAttrList named = *call;
        named.name = (char *)name;
        return function_body_new(g, &named, ret);
}

/* A gradient that the library gives goes before the derived one. */
/* The name of an op stands for a function that is that op alone. */
static Status *primal_body(const Graph *g, const NameAttrList *call, FunctionBody **ret)
{
        if (map_get(&g->functions, call->name))
                return function_body_new(g, call, ret);
        const char *rule = gradient_rule(call->name, "");
        if (!rule)
                return not_found("No gradient defined for op: %s", call->name);
        if (!*rule)
                return invalid_argument("No gradient is defined for %s", call->name);
        return function_body_of_op(g, call, ret);
}

Status *gradient_body_new(const Graph *g, const NameAttrList *call, FunctionBody **ret)
{
        autoptr(GraphSource) source = NULL;
        autoptr(FunctionBody) primal = NULL;
        autoptr(Arena) arena = NULL;
        const Tensorflow__GradientDef *own = map_get(&g->gradients, call->name);
        if (own)
                return given(g, call, own->gradient_func, ret);
        TRY(primal_body(g, call, &primal));
        TRY(arena_new(MAX_MEMORY, &arena));
        Grad grad = { .library = g, .primal = primal, .arena = arena };
        TRY(graph_source_wrap(arena, NULL, &source));
        (void)steal(&arena);
        return build(&grad, source, ret);
}
