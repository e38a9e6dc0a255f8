// SPDX-License-Identifier: Apache-2.0
#include "engine/session/placement.h"

#include "engine/base/mem.h"
#include "engine/ops/signature.h"
#include "engine/session/colocation.h"
#include "engine/session/inside.h"
#include <stdlib.h>
#include <string.h>

enum { NOWHERE = -1 };

/* One run of the placer. */
typedef struct Placer {
        PlaceRequest request;
        Colocation *groups;
        int16_t *device; /* by node id */
} Placer;

/* ---- the two heuristics ---- */

/* Makes one value out of nothing: goes where its consumers are. */
static bool is_generator(const Node *n)
{
        return !n->n_in && n->n_out == 1 && !dtype_is_ref(n->out_types[0]);
}

/* Looks at its input's shape only: goes where that is. */
static bool is_metadata(const Node *n)
{
        static const char *const ops[] = { "Shape", "ShapeN", "Size", "Rank" };
        for (size_t i = 0; i < COUNTOF(ops); i++)
                if (!strcmp(n->op->def->name, ops[i]))
                        return true;
        return false;
}

/* Where all who consume a node's value or wait for it are; NOWHERE: nobody, or not all on one. */
typedef struct Consumers {
        int16_t *device; /* by node id */
        bool *any;
} Consumers;

static void note_consumer(Consumers *c, const Node *src, int16_t device)
{
        bool first = !c->any[src->id];
        c->any[src->id] = true;
        if (first)
                c->device[src->id] = device;
        else if (c->device[src->id] != device)
                c->device[src->id] = NOWHERE;
}

/* Where the users of each node are. */
static Status *find_consumers(const Placer *p, Arena *arena, Consumers *ret)
{
        size_t all = (size_t)graph_count(p->request.graph) + 1;
        ret->device = arena_alloc(arena, all * sizeof *ret->device);
        ret->any = arena_calloc(arena, all, sizeof *ret->any);
        if (!ret->device || !ret->any)
                return status_oom();
        for (uint32_t i = 0; i < p->request.n; i++) {
                const Node *n = p->request.nodes[i];
                for (int k = 0; k < n->n_in; k++)
                        note_consumer(ret, n->in[k].node, p->device[n->id]);
                for (int k = 0; k < n->n_control; k++)
                        note_consumer(ret, n->control[k], p->device[n->id]);
        }
        return NULL;
}

/* ---- placing ---- */

/* On the device that is preferred if that is allowed, else on the first that is. */
static Status *put(Placer *p, const Node *n, int preferred)
{
        DeviceName allowed;
        TRY(colocation_devices(p->groups, n, &allowed));
        int cpu = preferred >= 0 && device_name_fits(&allowed, preferred) ? preferred
                                                                          : MAX(allowed.id, 0);
        p->device[n->id] = (int16_t)cpu;
        colocation_assign(p->groups, n, cpu);
        return NULL;
}

/* Loops' back edges may come from nodes that are not placed yet: they do not decide. */
static int metadata_place(const Placer *p, const Node *n)
{
        return is_metadata(n) && n->n_in ? p->device[n->in[0].node->id] : NOWHERE;
}

/* Nodes with one output and no input (generators) wait for the second pass: they go where they are
 * used. */
static Status *first_pass(Placer *p)
{
        const PlaceRequest *r = &p->request;
        for (uint32_t i = 0; i < r->n; i++) {
                const Node *n = r->nodes[i];
                if (p->device[n->id] >= 0)
                        colocation_assign(p->groups, n, p->device[n->id]);
                else if (!is_generator(n))
                        TRY(put(p, n, metadata_place(p, n)));
        }
        return NULL;
}

/* fetches: consumers, too, on the client's device. */
static Status *second_pass(Placer *p, const PlacePruned *pruned, Arena *arena)
{
        Consumers c;
        const PlaceRequest *r = &p->request;
        TRY(find_consumers(p, arena, &c));
        for (int i = 0; pruned && i < pruned->n_fetches; i++)
                note_consumer(&c, pruned->fetches[i].node, 0);
        for (uint32_t i = 0; i < r->n; i++) {
                const Node *n = r->nodes[i];
                if (p->device[n->id] < 0)
                        TRY(put(p, n, c.any[n->id] ? c.device[n->id] : NOWHERE));
        }
        return NULL;
}

/* TensorFlow's placer (placer.cc): groups, a pass for most nodes, a pass for generators. */
static Status *place(Placer *p, const PlacePruned *pruned, Arena *arena)
{
        const PlaceRequest *r = &p->request;
        size_t all = (size_t)graph_count(r->graph) + 1;
        p->device = arena_alloc(arena, all * sizeof *p->device);
        if (!p->device)
                return status_oom();
        for (size_t i = 0; i < all; i++)
                p->device[i] = r->frozen && i < (size_t)r->n_frozen ? r->frozen[i] : NOWHERE;
        TRY(colocation_new(r, arena, &p->groups));
        TRY(first_pass(p));
        return second_pass(p, pruned, arena);
}

/* One CPU, and nobody asks for anything else: there is nothing to find out. */
static bool plain(const Session *s, const Node *const *nodes, uint32_t n)
{
        DeviceName d;
        if (config_cpus(s->config) > 1)
                return false;
        for (uint32_t i = 0; i < n; i++)
                if (nodes[i]->def->device[0] &&
                    (!device_name_parse(nodes[i]->def->device, &d) || !device_name_fits(&d, 0)))
                        return false;
        return true;
}

/* Where stateful nodes are; the others may move. */
static Status *freeze(const Session *s, Arena *arena, PlaceRequest *r)
{
        const Placement *now = &s->placement;
        if (!now->device)
                return NULL;
        int16_t *frozen = arena_alloc(arena, ((size_t)now->n + 1) * sizeof *frozen);
        if (!frozen)
                return status_oom();
        for (int i = 0; i < now->n; i++) {
                bool stays = graph_node(s->graph, i)->op->stateful;
                frozen[i] = stays ? now->device[i] : (int16_t)NOWHERE;
        }
        r->frozen = frozen;
        r->n_frozen = now->n;
        return NULL;
}

static PlaceRequest place_request(const Session *s, const Node *const *nodes, uint32_t n)
{
        return (PlaceRequest){ .graph = s->graph,
                               .nodes = nodes,
                               .n = n,
                               .cpus = config_cpus(s->config),
                               .soft = s->config->allow_soft_placement };
}

/* Remembers a result for nodes [0, n). */
static Status *keep(Placement *now, const int16_t *device, int n)
{
        int16_t *copy = mem_dup(device, (size_t)n * sizeof *copy);
        if (!copy)
                return status_oom();
        mem_free(now->device);
        now->device = copy;
        now->n = n;
        now->made++;
        return NULL;
}

/* The whole graph, for sessions that place all at once. */
static Status *all_nodes(const Session *s, Arena *arena, const Node ***ret)
{
        int n = graph_count(s->graph);
        const Node **nodes = arena_alloc(arena, ((size_t)n + 1) * sizeof *nodes);
        if (!nodes)
                return status_oom();
        for (int i = 0; i < n; i++)
                nodes[i] = graph_node(s->graph, i);
        *ret = nodes;
        return NULL;
}

/* A graph that names no device needs no placer. */
static Status *place_whole(Session *s, Arena *arena)
{
        const Node **nodes = NULL;
        int n = graph_count(s->graph);
        TRY(all_nodes(s, arena, &nodes));
        if (!s->placement.device && plain(s, nodes, (uint32_t)n)) {
                s->placement.n = n;
                s->placement.made++;
                return NULL;
        }
        Placer p = { .request = place_request(s, nodes, (uint32_t)n) };
        TRY(freeze(s, arena, &p.request));
        TRY(place(&p, NULL, arena));
        return keep(&s->placement, p.device, n);
}

Status *placement_whole(Session *s)
{
        if (config_places_pruned(s) || s->placement.n == graph_count(s->graph))
                return NULL;
        autoptr(Arena) arena = NULL;
        TRY(arena_new(SIZE_MAX, &arena));
        return place_whole(s, arena);
}

/* ---- what a run needs ---- */

static int by_id(const void *a, const void *b)
{
        uint32_t x = (*(const Node *const *)a)->id, y = (*(const Node *const *)b)->id;
        return x < y ? -1 : x > y;
}

/* Notes where the nodes of this run are, beside those of earlier ones. */
static Status *keep_pruned(Session *s, const int16_t *device, Arena *arena)
{
        const Placement *now = &s->placement;
        int n = graph_count(s->graph);
        int16_t *all = arena_dup(arena, device, (size_t)n * sizeof *all);
        if (!all)
                return status_oom();
        for (int i = 0; now->device && i < now->n; i++)
                if (all[i] < 0)
                        all[i] = now->device[i];
        return keep(&s->placement, all, n);
}

/* With place_pruned_graph only what runs is placed, by the order of ids. */
static Status *place_pruned(const PlacePruned *pruned, const Node *const *nodes, uint32_t n,
                            Arena *arena, const int16_t **ret)
{
        Session *s = pruned->session;
        const Node **sorted = arena_dup(arena, nodes, n * sizeof *sorted);
        if (!sorted)
                return status_oom();
        qsort(sorted, n, sizeof *sorted, by_id);
        Placer p = { .request = place_request(s, sorted, n) };
        TRY(freeze(s, arena, &p.request));
        TRY(place(&p, pruned, arena));
        TRY(keep_pruned(s, p.device, arena));
        *ret = p.device;
        return NULL;
}

/* What the plan compiler calls. */
Status *placement_of_plan(void *arg, const Graph *g UNUSED, const Node *const *nodes, uint32_t n,
                          Arena *scratch, const int16_t **ret)
{
        const PlacePruned *pruned = arg;
        Session *s = pruned->session;
        if (config_places_pruned(s))
                return place_pruned(pruned, nodes, n, scratch, ret);
        *ret = s->placement.device;
        return NULL;
}

/* ---- functions ---- */

/* The kernels of a body are the caller's, whose sessions differ in what devices there are. */
uint64_t placement_key(const Session *s)
{
        return (uint64_t)config_cpus(s->config) << 1 | s->config->allow_soft_placement;
}

static bool any_asks(const Node *const *nodes, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                if (nodes[i]->def->device[0])
                        return true;
        return false;
}

/* No heuristics: where nobody asks for anything, TensorFlow's default is the caller's device. */
static Status *place_body(const PlaceRequest *r, Arena *scratch, int16_t *device)
{
        Colocation *groups = NULL;
        TRY(colocation_new(r, scratch, &groups));
        for (uint32_t i = 0; i < r->n; i++) {
                DeviceName allowed;
                TRY(colocation_devices(groups, r->nodes[i], &allowed));
                device[r->nodes[i]->id] = (int16_t)(allowed.id >= 0 ? allowed.id : NOWHERE);
        }
        return NULL;
}

Status *placement_of_body(void *arg, const Graph *g, const Node *const *nodes, uint32_t n,
                          Arena *scratch, const int16_t **ret)
{
        const Session *s = arg;
        size_t all = (size_t)graph_count(g) + 1;
        if (!any_asks(nodes, n))
                return NULL;
        const Node **sorted = arena_dup(scratch, nodes, n * sizeof *sorted);
        int16_t *device = arena_alloc(scratch, all * sizeof *device);
        if (!sorted || !device)
                return status_oom();
        qsort(sorted, n, sizeof *sorted, by_id);
        for (size_t i = 0; i < all; i++)
                device[i] = NOWHERE;
        PlaceRequest r = place_request(s, sorted, n);
        r.graph = g;
        TRY(place_body(&r, scratch, device));
        *ret = device;
        return NULL;
}

void placement_done(Placement *p)
{
        mem_free(p->device);
}
