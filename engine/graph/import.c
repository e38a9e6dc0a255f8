// SPDX-License-Identifier: Apache-2.0
/* graph_extend(): a GraphDef becomes nodes, in stages that each see all nodes, in the order in
 * which TensorFlow finds fault: functions, ops, versions, names, inputs, then nodes by topological
 * order (attributes, types, edges), cycles, constants, shapes. No stage changes the graph; only
 * when all are through is the result put in, by steps that cannot fail. */
#include "engine/graph/graph_impl.h"

#include "engine/base/mem.h"
#include <string.h>

enum { MAX_NODES = 4 << 20 };

static void import_done(Import *im)
{
        map_done(&im->names);
        map_done(&im->functions);
        map_done(&im->gradients);
        mem_free(im->order);
        if (im->block)
                block_leave(im->block);
}

/* The bound on nodes keeps numbers in 32 bits. A graph without versions is of producer 0, the
 * oldest rules. */
static Status *start(Import *im)
{
        size_t n = im->def->n_node;
        if (n > MAX_NODES || im->graph->n_nodes + (int)n > MAX_NODES)
                return resource_exhausted("a graph of %zu nodes is larger than %d nodes",
                                          n + (size_t)im->graph->n_nodes, MAX_NODES);
        im->n_nodes = (int)n;
        im->producer = im->def->versions ? im->def->versions->producer : 0;
        im->nodes = arena_calloc(im->arena, n, sizeof *im->nodes);
        if (!im->nodes)
                return status_oom();
        TRY(block_new(&im->block));
        im->block->nodes = im->nodes;
        im->block->n_nodes = im->n_nodes;
        return NULL;
}

/* Each stage may rely on all those before it. */
static Status *run_stages(Import *im)
{
        TRY(start(im));
        TRY(import_functions(im));
        TRY(import_names(im));
        TRY(import_inputs(im));
        TRY(import_order(im));
        TRY(import_check(im));
        TRY(import_values(im));
        return import_shapes(im);
}

/* An array with room for n elements. */
static Status *make_room(void *array, int n, size_t size)
{
        void *p;
        memcpy(&p, array, sizeof p);
        p = mem_realloc(p, (size_t)n * size);
        if (!p)
                return status_oom();
        memcpy(array, &p, sizeof p);
        return NULL;
}

/* Everything that can fail in putting the result in. */
static Status *reserve(Import *im)
{
        Graph *g = im->graph;
        const Tensorflow__VersionDef *v = im->def->versions;
        int need = g->n_nodes + im->n_nodes;
        TRY(map_reserve(&g->names, im->names.count));
        TRY(map_reserve(&g->functions, im->functions.count));
        TRY(map_reserve(&g->gradients, im->gradients.count));
        TRY(make_room(&g->blocks, g->n_blocks + 1, sizeof *g->blocks));
        if (v && v->n_bad_consumers)
                TRY(make_room(&g->bad_consumers, g->n_bad + (int)v->n_bad_consumers,
                              sizeof *g->bad_consumers));
        if (need > g->cap_nodes) {
                int cap = MAX(need, g->cap_nodes * 2);
                TRY(make_room(&g->nodes, cap, sizeof *g->nodes));
                g->cap_nodes = cap;
        }
        return NULL;
}

static void put_all(Map *into, const Map *from)
{
        map_each (e, from) {
                Status *cannot_fail = map_setn(into, e->key, e->len, e->value);
                status_free(cannot_fail);
        }
}

static void add_bad_consumer(Graph *g, int32_t version)
{
        for (int i = 0; i < g->n_bad; i++)
                if (g->bad_consumers[i] == version)
                        return;
        g->bad_consumers[g->n_bad++] = version;
}

/* Cannot fail: all memory is reserved. Only now does anybody else see a new node. */
static void commit(Import *im)
{
        Graph *g = im->graph;
        const Tensorflow__VersionDef *v = im->def->versions;
        put_all(&g->names, &im->names);
        put_all(&g->functions, &im->functions);
        put_all(&g->gradients, &im->gradients);
        for (int i = 0; i < im->n_nodes; i++)
                g->nodes[g->n_nodes++] = &im->nodes[i];
        for (size_t i = 0; v && i < v->n_bad_consumers; i++)
                add_bad_consumer(g, v->bad_consumers[i]);
        if (v)
                g->min_consumer = MAX(g->min_consumer, v->min_consumer);
        if (im->n_nodes)
                g->producer = im->producer;
        if (im->n_nodes || im->functions.count || im->gradients.count)
                g->version++;
        im->block->arena = im->arena;
        g->blocks[g->n_blocks++] = steal(&im->block);
}

/* On success the graph owns the source's messages, since nodes point into them; on failure the
 * source keeps them. */
static Status *extend(Graph *g, GraphSource *src, bool validate_only, bool inner, int *ret_first)
{
        __attribute__((cleanup(import_done))) Import im = {
                .graph = g,
                .arena = src->arena,
                .def = src->graph_def,
                .inner = inner,
        };
        int first = g->n_nodes;
        TRY(run_stages(&im));
        if (!validate_only) {
                TRY(reserve(&im));
                commit(&im);
                src->arena = NULL;
                src->graph_def = NULL;
                src->meta = NULL;
        }
        *ret_first = first;
        return NULL;
}

Status *graph_extend(Graph *g, GraphSource *src, bool validate_only, int *ret_first)
{
        return extend(g, src, validate_only, false, ret_first);
}

Status *graph_extend_inner(Graph *g, GraphSource *src, int *ret_first)
{
        return extend(g, src, false, true, ret_first);
}
