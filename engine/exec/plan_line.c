// SPDX-License-Identifier: Apache-2.0
/* Finds the loops that can run as straight lines (line.h), and fixes the order of their nodes and
 * the places of their values. */
#include "engine/exec/compile.h"
#include "engine/exec/line.h"
#include "engine/exec/plan_order.h"

#include <string.h>

enum { INPUTS_MOST = 64, VARS_TRACED = 64 };

/* On which side of the Switches something is. */
typedef enum Side {
        BEFORE, /* in every iteration */
        WITHIN, /* where the loop goes on */
        BEHIND  /* where it ends: for Exits only */
} Side;

/* An output of a node. */
typedef struct Value {
        uint32_t at; /* its register */
        uint8_t side;
} Value;

typedef struct Draw {
        Plan *plan;
        Arena *scratch;
        PlanOrder o;
        Value **values;       /* per node and output */
        uint8_t *side;        /* per node */
        uint64_t *from, *to;  /* per node: the loop variables that it needs; that need it */
        uint32_t *var;        /* per Merge: which variable it is */
        const char **made_by; /* per register of the frame at hand: a node's name, */
        bool *fixed;          /* and whether it keeps its value all the time */
        bool tested;
        bool simple; /* so far */
} Draw;

static uint32_t index_of(const Draw *d, const PlanNode *pn)
{
        return plan_index(d->plan, pn);
}

static const PlanSource *source_of(const Draw *d, const PlanNode *pn, int i)
{
        return &d->o.sources[pn->frame][pn->slot + (uint32_t)i];
}

static Value *value_of(const Draw *d, const PlanNode *pn, uint32_t output)
{
        return &d->values[index_of(d, pn)][output];
}

/* What input i takes; NULL for a constant. */
static const Value *input_of(const Draw *d, const PlanNode *pn, int i)
{
        const PlanSource *s = source_of(d, pn, i);
        return s->pn ? value_of(d, s->pn, s->output) : NULL;
}

static void want(Draw *d, bool what)
{
        d->simple &= what;
}

/* ---- tables of the whole plan ---- */

static Status *make_tables(Draw *d)
{
        Plan *p = d->plan;
        uint32_t n = 0;
        TRY(plan_order(p, d->scratch, &d->o));
        TRY(ARENA_ROW(d->scratch, d->values, p->n_nodes));
        TRY(ARENA_ROW(d->scratch, d->side, p->n_nodes));
        TRY(ARENA_ROW(d->scratch, d->from, p->n_nodes));
        TRY(ARENA_ROW(d->scratch, d->to, p->n_nodes));
        TRY(ARENA_ROW(d->scratch, d->var, p->n_nodes));
        for (uint32_t i = 0; i < p->n_nodes; i++) {
                TRY(ARENA_ROW(d->scratch, d->values[i], p->nodes[i].n_out));
                n += (uint32_t)p->nodes[i].n_out;
        }
        TRY(ARENA_ROW(d->scratch, d->made_by, n));
        return ARENA_ROW(d->scratch, d->fixed, n);
}

/* ---- the nodes of a loop ---- */

static uint32_t new_register(Draw *d, PlanLine *l, const PlanNode *pn, bool fixed)
{
        d->made_by[l->n_registers] = pn->node->name;
        d->fixed[l->n_registers] = fixed;
        return l->n_registers++;
}

static void give(Draw *d, PlanLine *l, const PlanNode *pn, uint32_t output, bool fixed)
{
        *value_of(d, pn, output) =
                (Value){ .at = pn->out[output].n ? new_register(d, l, pn, fixed) : LINE_NONE,
                         .side = d->side[index_of(d, pn)] };
}

/* The side of a value, or of a node's end, becomes that of who waits for it. Nobody but an Exit may
 * take what comes when the loop ends. */
static void spread(void *arg, const PlanNode *pn, int output, const PlanNode *waits, uint32_t slot)
{
        Draw *d = arg;
        uint32_t i = index_of(d, pn), to = index_of(d, waits);
        uint8_t side = output >= 0 ? value_of(d, pn, (uint32_t)output)->side : d->side[i];
        (void)slot;
        want(d, side != BEHIND || waits->flow == FLOW_EXIT);
        want(d, waits->flow != FLOW_MERGE || plan_is_back_edge(pn, waits));
        if (plan_is_back_edge(pn, waits))
                return;
        d->side[to] = MAX(d->side[to], side);
        d->from[to] |= d->from[i];
}

static bool is_fetched(const PlanNode *pn)
{
        for (int i = 0; i < pn->n_out; i++)
                for (uint32_t k = 0; k < pn->out[i].n; k++)
                        if (pn->out[i].edges[k].node == EDGE_FETCH)
                                return true;
        return false;
}

static void place_enter(Draw *d, PlanLine *l, const PlanNode *pn)
{
        want(d, !is_fetched(pn));
        if (pn->is_constant) {
                d->side[index_of(d, pn)] = BEFORE; /* whatever it is in the loop around */
                d->from[index_of(d, pn)] = 0;
                give(d, l, pn, 0, true);
                if (value_of(d, pn, 0)->at == LINE_NONE && pn->n_control)
                        value_of(d, pn, 0)->at = new_register(d, l, pn, true);
                if (value_of(d, pn, 0)->at != LINE_NONE)
                        l->enters[l->n_enters++] = (LineEnd){ pn, value_of(d, pn, 0)->at };
                plan_for_waiting(d->plan, pn, spread, d);
                return;
        }
        want(d, !pn->n_control);
        for (uint32_t i = 0; i < pn->out[0].n && d->simple; i++)
                want(d, d->plan->nodes[pn->out[0].edges[i].node].flow == FLOW_MERGE);
}

/* The Merge of a loop variable: one value from outside, one from the iteration before. */
static void place_merge(Draw *d, PlanLine *l, const PlanNode *pn)
{
        uint32_t i = index_of(d, pn);
        bool first = false, again = false;
        for (int k = 0; k < pn->n_in; k++) {
                const PlanNode *from = source_of(d, pn, k)->pn;
                first |= from && from->flow == FLOW_ENTER && !from->is_constant;
                again |= from && from->flow == FLOW_NEXT;
        }
        want(d, pn->n_in == 2 && first && again && pn->pending == 1 && !pn->out[1].n);
        d->side[i] = BEFORE;
        d->var[i] = l->n_vars++;
        d->from[i] = d->var[i] < VARS_TRACED ? 1ull << d->var[i] : 0;
        *value_of(d, pn, 0) = (Value){ .at = new_register(d, l, pn, false) };
}

/* Both outputs are the value that comes in. */
static void place_switch(Draw *d, PlanLine *l, const PlanNode *pn)
{
        const Value *data = input_of(d, pn, 0), *by = input_of(d, pn, 1);
        want(d, pn->n_out == 2 && data && by && d->side[index_of(d, pn)] == BEFORE);
        if (!d->simple)
                return;
        want(d, !d->tested || l->test == by->at);
        d->tested = true;
        l->test = by->at;
        l->by = pn;
        *value_of(d, pn, 0) = (Value){ data->at, BEHIND };
        *value_of(d, pn, 1) = (Value){ data->at, WITHIN };
}

static void place_next(Draw *d, PlanLine *l, const PlanNode *pn)
{
        const Value *v = input_of(d, pn, 0);
        want(d, v && d->side[index_of(d, pn)] == WITHIN && pn->out[0].n == 1 && !pn->n_control);
        if (!d->simple)
                return;
        const PlanNode *merge = &d->plan->nodes[pn->out[0].edges[0].node];
        if (merge->flow != FLOW_MERGE) {
                d->simple = false;
                return;
        }
        LineVar *var = &l->vars[d->var[index_of(d, merge)]];
        want(d, !var->next);
        *var = (LineVar){ .next = pn, .from = v->at, .to = value_of(d, merge, 0)->at };
}

static void place_exit(Draw *d, PlanLine *l, const PlanNode *pn)
{
        const Value *v = input_of(d, pn, 0);
        want(d, v && v->side == BEHIND && pn->pending == 1);
        if (d->simple)
                l->exits[l->n_exits++] = (LineEnd){ pn, v->at };
}

/* What runs here and now, on values only. */
static bool is_plain(const Draw *d, const PlanNode *pn)
{
        if (pn->def->start || !pn->def->compute || pn->values || !pn->pending ||
            pn->n_in > INPUTS_MOST)
                return false;
        for (int i = 0; i < pn->n_in; i++)
                if (pn->mode[i] != INPUT_VALUE || (!pn->constant[i] && !input_of(d, pn, i)))
                        return false;
        for (int i = 0; i < pn->n_out; i++)
                if (dtype_is_ref(pn->node->out_types[i]))
                        return false;
        return true;
}

static bool is_identity(const PlanNode *pn)
{
        return !strcmp(pn->def->name, "Identity") && !pn->constant[0];
}

static void place_plain(Draw *d, PlanLine *l, const PlanNode *pn)
{
        want(d, is_plain(d, pn));
        if (!d->simple)
                return;
        if (is_identity(pn)) {
                *value_of(d, pn, 0) = (Value){ input_of(d, pn, 0)->at, d->side[index_of(d, pn)] };
                return;
        }
        bool fixed = pn->node->value && !strcmp(pn->def->name, "Const");
        for (int i = 0; i < pn->n_out; i++)
                give(d, l, pn, (uint32_t)i, fixed);
        if (!fixed)
                l->nodes[l->n_nodes++].pn = pn;
        else if (pn->out[0].n)
                l->consts[l->n_consts++] = (LineConst){ pn->node->value, value_of(d, pn, 0)->at };
}

static void place(Draw *d, PlanLine *l, const PlanNode *pn)
{
        want(d, pn->flow == FLOW_EXIT || !is_fetched(pn));
        switch (pn->flow) {
        case FLOW_MERGE: break; /* has been placed before all others */
        case FLOW_SWITCH: place_switch(d, l, pn); break;
        case FLOW_NEXT: place_next(d, l, pn); break;
        case FLOW_EXIT: place_exit(d, l, pn); return; /* who waits is outside */
        case FLOW_NONE: place_plain(d, l, pn); break;
        default: want(d, false); break; /* a loop within */
        }
        if (d->simple)
                plan_for_waiting(d->plan, pn, spread, d);
}

/* Which variables need what a node makes: backwards. */
static void need(void *arg, const PlanNode *pn, int output, const PlanNode *waits, uint32_t slot)
{
        Draw *d = arg;
        (void)output;
        (void)slot;
        uint32_t to = index_of(d, waits);
        if (waits->frame != pn->frame)
                return;
        if (!plan_is_back_edge(pn, waits))
                d->to[index_of(d, pn)] |= d->to[to];
        else if (d->var[to] < VARS_TRACED)
                d->to[index_of(d, pn)] |= 1ull << d->var[to];
}

static void find_needs(Draw *d, uint32_t frame, uint32_t n)
{
        uint32_t *back = d->o.left; /* has served its purpose */
        for (uint32_t i = d->o.members[frame], k = n; i != LINE_NONE; i = d->o.next[i])
                back[--k] = i;
        for (uint32_t k = 0; k < n; k++)
                plan_for_waiting(d->plan, &d->plan->nodes[back[k]], need, d);
}

/* ---- the line ---- */

/* Each in the order of all; first those that every iteration runs. */
static void sort_nodes(const Draw *d, PlanLine *l, LineNode *room)
{
        uint32_t n = 0;
        for (int side = BEFORE; side <= WITHIN; side++) {
                for (uint32_t i = 0; i < l->n_nodes; i++)
                        if (d->side[index_of(d, l->nodes[i].pn)] == side)
                                room[n++] = l->nodes[i];
                if (side == BEFORE)
                        l->n_tests = n;
        }
        memcpy(l->nodes, room, n * sizeof *room);
}

static Status *connect(const Draw *d, PlanLine *l, LineNode *n)
{
        const PlanNode *pn = n->pn;
        uint32_t *in = arena_alloc(d->plan->arena, ((size_t)pn->n_in + 1) * sizeof *in);
        uint32_t *out = arena_alloc(d->plan->arena, ((size_t)pn->n_out + 1) * sizeof *out);
        if (!in || !out)
                return status_oom();
        for (int i = 0; i < pn->n_in; i++)
                in[i] = pn->constant[i] ? LINE_NONE : input_of(d, pn, i)->at;
        for (int i = 0; i < pn->n_out; i++)
                out[i] = value_of(d, pn, (uint32_t)i)->at;
        n->in = in;
        n->out = out;
        n->recurs = d->from[index_of(d, pn)] & d->to[index_of(d, pn)];
        l->n_shapes += (uint32_t)(pn->n_in + pn->n_out);
        return NULL;
}

/* A node that takes a value twice does not get it for good. */
static bool is_twice(const LineNode *n, int i)
{
        for (int k = 0; k < n->pn->n_in; k++)
                if (k != i && n->in[k] == n->in[i])
                        return true;
        return false;
}

/* Backwards: the first to be met is the last to take a value. */
static void find_last(LineNode *n, bool *taken)
{
        for (int i = 0; i < n->pn->n_in; i++)
                if (n->in[i] != LINE_NONE && !taken[n->in[i]] && !is_twice(n, i))
                        n->takes |= 1ull << i;
        for (int i = 0; i < n->pn->n_in; i++)
                if (n->in[i] != LINE_NONE)
                        taken[n->in[i]] = true;
}

/* In the last iteration Exits follow the test. */
static void find_takers(Draw *d, PlanLine *l)
{
        bool *taken = d->fixed;
        for (uint32_t i = l->n_vars; i-- > 0;) {
                l->vars[i].takes = !taken[l->vars[i].from];
                taken[l->vars[i].from] = true;
        }
        for (uint32_t i = l->n_nodes; i-- > l->n_tests;)
                find_last(&l->nodes[i], taken);
        for (uint32_t i = 0; i < l->n_exits; i++)
                taken[l->exits[i].at] = true;
        taken[l->test] = true;
        for (uint32_t i = l->n_tests; i-- > 0;)
                find_last(&l->nodes[i], taken);
}

#define KEEP(d, row, n)                                                                  \
        (((row) = arena_dup((d)->plan->arena, (row), ((size_t)(n) + 1) * sizeof *(row))) \
                 ? NULL                                                                  \
                 : status_oom())

/* What was drawn in scratch memory goes into the plan. */
static Status *keep(Draw *d, uint32_t frame, PlanLine *l)
{
        l->made_by = d->made_by;
        TRY(KEEP(d, l->nodes, l->n_nodes));
        TRY(KEEP(d, l->vars, l->n_vars));
        TRY(KEEP(d, l->exits, l->n_exits));
        TRY(KEEP(d, l->enters, l->n_enters));
        TRY(KEEP(d, l->consts, l->n_consts));
        TRY(KEEP(d, l->made_by, l->n_registers));
        PlanLine *line = arena_dup(d->plan->arena, l, sizeof *l);
        if (!line)
                return status_oom();
        d->plan->frames[frame].line = line;
        return NULL;
}

/* Members that are in no order are missing in the list. */
static uint32_t walk(Draw *d, uint32_t frame, PlanLine *l)
{
        const PlanNode *nodes = d->plan->nodes;
        uint32_t n = 0;
        for (uint32_t i = d->o.members[frame]; i != LINE_NONE; i = d->o.next[i], n++)
                if (nodes[i].flow == FLOW_MERGE && d->simple)
                        place_merge(d, l, &nodes[i]);
        for (uint32_t i = d->o.enters[frame]; i != LINE_NONE && d->simple; i = d->o.next_enter[i])
                place_enter(d, l, &nodes[i]);
        for (uint32_t i = d->o.members[frame]; i != LINE_NONE && d->simple; i = d->o.next[i])
                place(d, l, &nodes[i]);
        return n;
}

static Status *draw(Draw *d, uint32_t frame)
{
        uint32_t n = d->plan->frames[frame].n_nodes, enters = d->plan->frames[frame].n_enters;
        PlanLine l = { 0 };
        LineNode *room;
        d->simple = true;
        d->tested = false;
        TRY(ARENA_ROW(d->scratch, l.nodes, n));
        TRY(ARENA_ROW(d->scratch, l.vars, n));
        TRY(ARENA_ROW(d->scratch, l.exits, n));
        TRY(ARENA_ROW(d->scratch, l.consts, n));
        TRY(ARENA_ROW(d->scratch, l.enters, enters));
        TRY(ARENA_ROW(d->scratch, room, n));
        want(d, walk(d, frame, &l) == n && d->tested);
        for (uint32_t i = 0; i < l.n_vars && d->simple; i++)
                want(d, l.vars[i].next);
        if (!d->simple)
                return NULL;
        find_needs(d, frame, n);
        sort_nodes(d, &l, room);
        for (uint32_t i = 0; i < l.n_nodes; i++)
                TRY(connect(d, &l, &l.nodes[i]));
        find_takers(d, &l);
        return keep(d, frame, &l);
}

Status *compile_lines(Compile *c)
{
        Draw d = { .plan = c->plan, .scratch = c->scratch };
        if (c->plan->n_frames == 1 || !c->request->optimizer.loops || c->request->n_watches)
                return NULL;
        TRY(make_tables(&d));
        for (uint32_t f = 1; f < c->plan->n_frames; f++)
                TRY(draw(&d, f));
        return NULL;
}
