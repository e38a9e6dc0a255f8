// SPDX-License-Identifier: Apache-2.0
/* Graphs as lists of counted blocks; what they hold is put there by import.c. */
#include "engine/graph/graph_impl.h"

#include "engine/base/mem.h"
#include "engine/base/nearest.h"
#include <string.h>

/* Counted twice: by graphs that have it, and by tensors that lie in its arena. */
Status *block_new(Block **ret)
{
        Block *b = mem_calloc(1, sizeof *b);
        if (!b)
                return status_oom();
        atomic_init(&b->graphs, 1);
        atomic_init(&b->refs, 1);
        *ret = b;
        return NULL;
}

void block_unref(void *block)
{
        Block *b = block;
        if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
                return;
        arena_free(b->arena);
        mem_free(b);
}

void block_leave(Block *b)
{
        if (atomic_fetch_sub_explicit(&b->graphs, 1, memory_order_acq_rel) == 1)
                for (int i = 0; i < b->n_nodes; i++)
                        tensor_unref(b->nodes[i].value);
        block_unref(b);
}

static void block_join(Block *b)
{
        atomic_fetch_add_explicit(&b->graphs, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
}

Status *graph_new(Graph **ret)
{
        Graph *g = mem_calloc(1, sizeof *g);
        if (!g)
                return status_oom();
        atomic_init(&g->refs, 1);
        *ret = g;
        return NULL;
}

Graph *graph_ref(Graph *g)
{
        atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
        return g;
}

/* A block lives as long as any graph or kernel holds it; this graph only lets go of its own. */
void graph_unref(Graph *g)
{
        if (!g || atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) != 1)
                return;
        graph_attach(g, NULL, NULL);
        for (int i = 0; i < g->n_blocks; i++)
                block_leave(g->blocks[i]);
        mem_free(g->blocks);
        mem_free(g->nodes);
        mem_free(g->bad_consumers);
        map_done(&g->names);
        map_done(&g->functions);
        map_done(&g->gradients);
        mem_free(g);
}

bool graph_sole_owner(const Graph *g)
{
        return atomic_load_explicit(&g->refs, memory_order_acquire) == 1;
}

static Status *copy_map(const Map *from, Map *to)
{
        TRY(map_reserve(to, from->count));
        map_each (e, from)
                TRY(map_setn(to, e->key, e->len, e->value));
        return NULL;
}

/* A copy of n elements; NULL stays NULL. */
static Status *copy_array(const void *from, size_t n, void *ret)
{
        void *copy = n ? mem_dup(from, n) : NULL;
        if (n && !copy)
                return status_oom();
        memcpy(ret, &copy, sizeof copy);
        return NULL;
}

/* An empty graph with the same functions. It joins the blocks, since functions point into their
 * messages. */
Status *graph_new_like(const Graph *g, Graph **ret)
{
        autoptr(Graph) c = NULL;
        TRY(graph_new(&c));
        TRY(copy_array(g->blocks, (size_t)g->n_blocks * sizeof *g->blocks, &c->blocks));
        for (; c->n_blocks < g->n_blocks; c->n_blocks++)
                block_join(c->blocks[c->n_blocks]);
        TRY(copy_map(&g->functions, &c->functions));
        TRY(copy_map(&g->gradients, &c->gradients));
        *ret = steal(&c);
        return NULL;
}

/* Nodes are shared, only the lists are copied: a version of a graph costs pointers. */
Status *graph_clone(const Graph *g, Graph **ret)
{
        autoptr(Graph) c = NULL;
        TRY(graph_new_like(g, &c));
        TRY(copy_array(g->nodes, (size_t)g->n_nodes * sizeof *g->nodes, &c->nodes));
        c->n_nodes = c->cap_nodes = g->n_nodes;
        TRY(copy_array(g->bad_consumers, (size_t)g->n_bad * sizeof *g->bad_consumers,
                       &c->bad_consumers));
        c->n_bad = g->n_bad;
        TRY(copy_map(&g->names, &c->names));
        c->version = g->version;
        c->producer = g->producer;
        c->min_consumer = g->min_consumer;
        *ret = steal(&c);
        return NULL;
}

int graph_count(const Graph *g)
{
        return g->n_nodes;
}

const Node *graph_node(const Graph *g, int id)
{
        return g->nodes[id];
}

const Node *graph_find(const Graph *g, const char *name)
{
        return map_get(&g->names, name);
}

const Node *graph_findn(const Graph *g, const char *name, size_t len)
{
        return map_getn(&g->names, name, len);
}

const FunctionDef *graph_function(const Graph *g, const char *name)
{
        const Op *op = map_get(&g->functions, name);
        return op ? op->function : NULL;
}

int graph_version(const Graph *g)
{
        return g->version;
}

int graph_producer(const Graph *g)
{
        return g->producer;
}

/* For hints: the names most like the one that was not found, best first. */
int graph_nearest(const Graph *g, const char *name, const char **ret, int max)
{
        Nearest n = NEAREST(name);
        int found = 0;
        for (int i = 0; i < g->n_nodes; i++)
                nearest_try(&n, g->nodes[i]->name);
        for (; found < MIN(max, NEAREST_MAX) && n.best[found]; found++)
                ret[found] = n.best[found];
        return found;
}

void graph_attach(Graph *g, void *object, void (*free_fn)(void *))
{
        if (g->attachment && g->free_attachment)
                g->free_attachment(g->attachment);
        g->attachment = object;
        g->free_attachment = free_fn;
}

void *graph_attachment(const Graph *g)
{
        return g->attachment;
}
