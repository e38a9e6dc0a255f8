// SPDX-License-Identifier: Apache-2.0
/* Kahn's algorithm, but that what goes into a loop arrives when all of it is there. */
#include "engine/exec/plan_order.h"

void plan_for_waiting(const Plan *p, const PlanNode *pn, PlanWaiting *fn, void *arg)
{
        for (int k = 0; k < pn->n_out; k++)
                for (uint32_t i = 0; i < pn->out[k].n; i++) {
                        const PlanEdge *e = &pn->out[k].edges[i];
                        if (e->node != EDGE_FETCH)
                                fn(arg, pn, k, &p->nodes[e->node], e->slot);
                }
        for (uint32_t i = 0; i < pn->n_control; i++)
                fn(arg, pn, -1, &p->nodes[pn->control[i]], 0);
}

static void note(void *arg, const PlanNode *pn, int output, const PlanNode *waits, uint32_t slot)
{
        PlanOrder *o = arg;
        if (output >= 0)
                o->sources[waits->frame][slot] = (PlanSource){ pn, (uint32_t)output };
        if (!plan_is_back_edge(pn, waits))
                o->left[plan_index(o->plan, waits)]++;
}

static void arrive(void *arg, const PlanNode *pn, int output, const PlanNode *waits, uint32_t slot)
{
        PlanOrder *o = arg;
        uint32_t i = plan_index(o->plan, waits);
        (void)output;
        (void)slot;
        if (!plan_is_back_edge(pn, waits) && --o->left[i] == 0)
                o->order[o->n_order++] = i;
}

static void enter(PlanOrder *o, const PlanNode *pn)
{
        if (--o->late[pn->child])
                return;
        for (uint32_t i = o->enters[pn->child]; i != ORDER_END; i = o->next_enter[i])
                plan_for_waiting(o->plan, &o->plan->nodes[i], arrive, o);
}

static void put_in_order(PlanOrder *o)
{
        const Plan *p = o->plan;
        for (uint32_t i = 0; i < p->n_nodes; i++)
                if (!o->left[i])
                        o->order[o->n_order++] = i;
        for (uint32_t k = 0; k < o->n_order; k++) {
                const PlanNode *pn = &p->nodes[o->order[k]];
                if (pn->flow == FLOW_ENTER)
                        enter(o, pn);
                else
                        plan_for_waiting(p, pn, arrive, o);
        }
}

static void put_in_lists(PlanOrder *o)
{
        for (uint32_t k = o->n_order; k-- > 0;) {
                uint32_t i = o->order[k], f = o->plan->nodes[i].frame;
                o->next[i] = o->members[f];
                o->members[f] = i;
        }
}

static void note_enter(PlanOrder *o, uint32_t i)
{
        uint32_t child = o->plan->nodes[i].child;
        o->late[child]++;
        o->next_enter[i] = o->enters[child];
        o->enters[child] = i;
}

static Status *make_rows(PlanOrder *o, Arena *a)
{
        uint32_t frames = o->plan->n_frames, nodes = o->plan->n_nodes;
        TRY(ARENA_ROW(a, o->sources, frames));
        TRY(ARENA_ROW(a, o->late, frames));
        TRY(ARENA_ROW(a, o->enters, frames));
        TRY(ARENA_ROW(a, o->members, frames));
        TRY(ARENA_ROW(a, o->order, nodes));
        TRY(ARENA_ROW(a, o->left, nodes));
        TRY(ARENA_ROW(a, o->next, nodes));
        TRY(ARENA_ROW(a, o->next_enter, nodes));
        for (uint32_t f = 0; f < frames; f++) {
                TRY(ARENA_ROW(a, o->sources[f], o->plan->frames[f].n_slots));
                o->members[f] = o->enters[f] = ORDER_END;
        }
        return NULL;
}

Status *plan_order(Plan *p, Arena *scratch, PlanOrder *ret)
{
        PlanOrder o = { .plan = p };
        TRY(make_rows(&o, scratch));
        for (uint32_t i = 0; i < p->n_nodes; i++) {
                if (p->nodes[i].flow == FLOW_ENTER)
                        note_enter(&o, i);
                plan_for_waiting(p, &p->nodes[i], note, &o);
        }
        put_in_order(&o);
        put_in_lists(&o);
        *ret = o;
        return NULL;
}
