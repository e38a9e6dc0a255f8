// SPDX-License-Identifier: Apache-2.0
/* Loops over several devices. Where a value crosses within a loop, TensorFlow gives the other
 * device a loop of its own that turns as the first one does, so that the _Recv runs once in each
 * iteration. */
#include "engine/session/partition_inside.h"

#include <string.h>

/* A node of such a loop, with one or two inputs. */
static Status *add_loop_node(Draw *d, int device, const char *op, char *name, char *first,
                             char *second, NodeDef **ret)
{
        NodeDef *n = NULL;
        TRY(def_node(d->arena, op, name, NULL, &n));
        n->input = arena_alloc(d->arena, 2 * sizeof *n->input);
        if (!n->input || !first)
                return status_oom();
        n->input[n->n_input++] = first;
        if (second)
                n->input[n->n_input++] = second;
        TRY(def_put_type(d->arena, n, "T", DT_FLOAT));
        *ret = n;
        return draw_add(d, device, n);
}

static char *loop_name(Draw *d, const char *base)
{
        char *name = draw_name(d, base);
        return name ? arena_printf(d->arena, "_cloop%s", name) : NULL;
}

/* What the loop begins with: the loop around it, or an empty value. */
static Status *loop_start(Draw *d, uint32_t frame, int to, const char *base, char **ret)
{
        autoptr(Tensor) nothing = NULL;
        uint32_t parent = d->v->plan->frames[frame].parent;
        if (parent)
                return draw_loop(d, parent, to, base, ret);
        if (!(*ret = draw_name(d, base)))
                return status_oom();
        TRY(tensor_new(DT_FLOAT, &SHAPE(0), &nothing));
        return draw_constant(d, to, *ret, nothing, NULL);
}

/* The node that says whether a frame's loop goes on: its LoopCond, or who stands for it. */
static const PlanNode *find_predicate(const Draw *d, uint32_t frame)
{
        const Plan *p = d->v->plan;
        for (const PlanMerged *m = p->merged; m; m = m->next) {
                const PlanNode *pn = map_get(&d->nodes, m->stays->name);
                if (!strcmp(m->gone->def->op, "LoopCond") && pn && pn->frame == frame)
                        return pn;
        }
        for (uint32_t i = 0; i < p->n_nodes; i++)
                if (p->nodes[i].frame == frame && !strcmp(p->nodes[i].node->def->op, "LoopCond"))
                        return &p->nodes[i];
        return NULL;
}

/* The loop's predicate on that device; without one there is nothing to turn by. */
static Status *loop_predicate(Draw *d, uint32_t frame, int to, char **ret)
{
        const PlanNode *pn = find_predicate(d, frame);
        if (!pn)
                return invalid_argument("A cross-device loop must have a pivot predicate: %s",
                                        d->v->plan->frames[frame].name);
        Source s = { .text = pn->node->name,
                     .name = pn->node->name,
                     .dtype = DT_BOOL,
                     .device = device_of(pn),
                     .frame = frame };
        return draw_bring(d, &s, to, ret);
}

/* The loop of a frame on a device, made when it is first needed: its Merge's name. The predicate
 * comes last, for it crosses within the loop itself. */
Status *draw_loop(Draw *d, uint32_t frame, int to, const char *base, char **ret)
{
        const PlanFrame *f = &d->v->plan->frames[frame];
        NodeDef *enter = NULL, *merge = NULL, *turn = NULL, *next = NULL;
        char *start = NULL, *predicate = NULL;
        char *key = arena_printf(d->arena, "%u$$%d", frame, to);
        if (!key)
                return status_oom();
        if ((*ret = map_get(&d->recvs, key)))
                return NULL;
        TRY(loop_start(d, frame, to, base, &start));
        TRY(add_loop_node(d, to, "Enter", loop_name(d, base), start, NULL, &enter));
        TRY(def_put_text(d->arena, enter, "frame_name", (char *)f->name));
        TRY(def_put_int(d->arena, enter, "parallel_iterations", f->parallel));
        char *merge_name = loop_name(d, base), *next_name = loop_name(d, base);
        TRY(add_loop_node(d, to, "Merge", merge_name, enter->name, next_name, &merge));
        TRY(def_put_int(d->arena, merge, "N", 2));
        TRY(map_set(&d->recvs, key, merge_name));
        TRY(loop_predicate(d, frame, to, &predicate));
        TRY(add_loop_node(d, to, "Switch", loop_name(d, base), merge_name, predicate, &turn));
        char *taken = arena_printf(d->arena, "%s:1", turn->name);
        TRY(add_loop_node(d, to, "NextIteration", next_name, taken, NULL, &next));
        *ret = merge_name;
        return NULL;
}
