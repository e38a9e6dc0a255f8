// SPDX-License-Identifier: Apache-2.0
/* Runs a loop as a straight line. */
#include "engine/exec/line.h"

#include "engine/base/mem.h"
#include "engine/exec/step_inside.h"
#include <string.h>

/* Nodes that are run before the driver looks at its deadline, and at what else is ready. */
enum { TURN = 64 };

struct Line {
        const PlanLine *plan;
        Tensor **at;   /* registers, owned */
        Tensor **next; /* behind them, per loop variable: its value until the others have theirs */
        RunShapes *shapes; /* per node */
        uint32_t costly;   /* nodes of this iteration that are worth a thread */
        bool looks;        /* are they counted? */
        bool ends;         /* the loop is better off without the line */
        bool waited;       /* for what else was ready */
        size_t bytes;
};

/* ---- life ---- */

static size_t pointers_of(const PlanLine *p)
{
        return (size_t)p->n_registers + p->n_vars;
}

/* Each node's part of the shapes that lie behind all else. */
static void deal_shapes(Line *l, Shape *at)
{
        for (uint32_t i = 0; i < l->plan->n_nodes; i++) {
                const PlanNode *pn = l->plan->nodes[i].pn;
                l->shapes[i].in = at;
                l->shapes[i].out = at + pn->n_in;
                at += pn->n_in + pn->n_out;
        }
}

static Line *line_new(const PlanLine *p)
{
        size_t nodes = sizeof(Line) + pointers_of(p) * sizeof(Tensor *);
        size_t shapes = nodes + p->n_nodes * sizeof(RunShapes);
        size_t bytes = shapes + p->n_shapes * sizeof(Shape);
        Line *l = block_alloc(bytes);
        if (!l)
                return NULL;
        memset(l, 0, bytes);
        l->plan = p;
        l->bytes = bytes;
        l->at = (Tensor **)(l + 1);
        l->next = l->at + p->n_registers;
        l->shapes = (RunShapes *)((char *)l + nodes);
        deal_shapes(l, (Shape *)((char *)l + shapes));
        return l;
}

void line_free(Line *l)
{
        if (!l)
                return;
        for (size_t i = 0; i < pointers_of(l->plan); i++)
                tensor_unref(l->at[i]);
        block_free(l, l->bytes);
}

Tensor *const *line_value(const Line *l, uint32_t at)
{
        return &l->at[at];
}

/* Puts the value that a list has of a node into a register. */
static bool put(Line *l, uint32_t at, const Deferred *list, const PlanNode *from)
{
        while (list && list->from != from)
                list = list->next;
        if (list)
                l->at[at] = tensor_ref(list->value);
        return list;
}

static bool fill(Line *l, const Frame *f)
{
        const PlanLine *p = l->plan;
        bool all = true;
        for (uint32_t i = 0; i < p->n_vars; i++)
                all &= put(l, p->vars[i].to, f->deferred, p->vars[i].next);
        for (uint32_t i = 0; i < p->n_enters; i++)
                all &= put(l, p->enters[i].at, f->invariants, p->enters[i].pn);
        for (uint32_t i = 0; i < p->n_consts; i++)
                l->at[p->consts[i].at] = tensor_ref(p->consts[i].value);
        return all;
}

static void count_iteration(Iteration *it)
{
        it->number++;
        it->frame->newest = it->number;
}

void line_begin(Step *s, Frame *f)
{
        Line *l = line_new(f->plan->line);
        f->straight = false;
        if (!l)
                return;
        if (!fill(l, f)) {
                line_free(l);
                return;
        }
        frame_forget(&f->deferred);
        f->straight = true;
        f->line = l;
        f->n_dead_exits = 0;
        count_iteration(f->first);
        step_ready(s, f->first, NULL, false);
}

/* ---- nodes ---- */

/* A value goes to the last node that needs it, and is lent to those before. */
static void take_inputs(const Line *l, const LineNode *n, NodeRun *r)
{
        const PlanNode *pn = n->pn;
        for (int i = 0; i < pn->n_in; i++) {
                r->in[i] = pn->constant[i] ? pn->constant[i] : l->at[n->in[i]];
                if (n->takes >> i & 1)
                        l->at[n->in[i]] = NULL;
        }
        r->owned = n->takes;
        r->own_rest = true;
}

static void keep_outputs(const Line *l, const LineNode *n, NodeRun *r)
{
        for (int i = 0; i < n->pn->n_out; i++) {
                if (n->out[i] == LINE_NONE)
                        continue;
                tensor_unref(l->at[n->out[i]]);
                l->at[n->out[i]] = steal(&r->out[i]);
        }
}

/* What could run beside itself, or two of them beside each other, had better not wait here. */
static void look_at(Line *l, const LineNode *n, const NodeRun *r)
{
        if (!node_is_costly(r))
                return;
        l->costly++;
        l->ends |= !n->recurs || l->costly > 1;
}

static void run_node(Step *s, Iteration *it, Line *l, const LineNode *n)
{
        NodeRun r;
        r.step = s;
        r.iter = it;
        Status *st = run_init(&r, n->pn, &s->env);
        if (UNLIKELY(st != NULL)) {
                step_blame(s, n->pn, NULL, st);
                return;
        }
        r.memory = &l->shapes[n - l->plan->nodes];
        take_inputs(l, n, &r);
        if (UNLIKELY(l->looks))
                look_at(l, n, &r);
        st = node_result(&r);
        if (LIKELY(!st))
                keep_outputs(l, n, &r);
        else
                step_blame(s, n->pn, &r, st);
        run_done(&r);
}

/* Nodes [from, to); false when the step is aborted. */
static bool run_nodes(Step *s, Iteration *it, Line *l, uint32_t from, uint32_t to)
{
        for (uint32_t i = from; i < to; i++) {
                step_look_for_cancel(s);
                if (UNLIKELY(s->aborted))
                        return false;
                run_node(s, it, l, &l->plan->nodes[i]);
        }
        return !s->aborted;
}

/* ---- iterations ---- */

/* All at once: a variable may get the value that another one had. */
static void next_iteration(Iteration *it, Line *l)
{
        const PlanLine *p = l->plan;
        for (uint32_t i = 0; i < p->n_vars; i++) {
                Tensor **from = &l->at[p->vars[i].from];
                l->next[i] = p->vars[i].takes ? steal(from) : tensor_ref(*from);
        }
        for (uint32_t i = 0; i < p->n_vars; i++) {
                Tensor **to = &l->at[p->vars[i].to];
                tensor_unref(*to);
                *to = steal(&l->next[i]);
        }
        count_iteration(it);
}

/* The condition is false: values leave into the iteration around. */
static void leave(Step *s, Frame *f)
{
        const PlanLine *p = f->line->plan;
        for (uint32_t i = 0; i < p->n_exits; i++) {
                const PlanNode *exit = p->exits[i].pn;
                Tensor *t = tensor_ref(f->line->at[p->exits[i].at]);
                step_send(s, f->parent_iter, &exit->out[0], t, false);
                send_control(s, f->parent_iter, exit, false);
        }
        line_free(steal(&f->line));
}

/* The loop goes on as any other: the variables' values wait for the next iteration, which begins
 * when this one ends. */
static void give_back(Step *s, Frame *f)
{
        Line *l = steal(&f->line);
        const PlanLine *p = l->plan;
        f->straight = false;
        f->newest = --f->first->number;
        for (uint32_t i = 0; i < p->n_vars && !s->aborted; i++) {
                Status *st =
                        frame_defer(&f->deferred, p->vars[i].next, steal(&l->at[p->vars[i].to]));
                if (st)
                        step_abort(s, st);
        }
        line_free(l);
}

/* Behind all that is ready. */
static void wait_for_turn(Step *s, Iteration *it)
{
        step_ready(s, it, NULL, false);
        if (s->aborted)
                return;
        Ready first = s->ready[0];
        s->ready[0] = s->ready[s->n_ready - 1];
        s->ready[s->n_ready - 1] = first;
}

/* One iteration; false when it was the last one, or the step is aborted. */
static bool iterate(Step *s, Iteration *it, Line *l)
{
        const PlanLine *p = l->plan;
        int goes_on = 0;
        if (!run_nodes(s, it, l, 0, p->n_tests))
                return false;
        Status *st = flow_choice(p->by, l->at[p->test], &goes_on);
        if (UNLIKELY(st != NULL)) {
                step_abort(s, st);
                return false;
        }
        if (!goes_on) {
                leave(s, it->frame);
                return false;
        }
        if (!run_nodes(s, it, l, p->n_tests, p->n_nodes))
                return false;
        next_iteration(it, l);
        return true;
}

void line_run(Step *s, Iteration *it)
{
        Line *l = it->frame->line;
        uint32_t ran = 0;
        s->aside_for = 1; /* what lies aside has lain there for long enough */
        l->looks = s->env.pool && !s->env.one_thread && pool_threads(s->env.pool) > 1;
        l->costly = 0;
        do {
                if (!iterate(s, it, l))
                        return;
                l->looks = false;
                ran += l->plan->n_nodes + 1;
                if (UNLIKELY(l->costly && s->n_ready)) {
                        l->ends |= l->waited;
                        l->waited = true;
                        break;
                }
        } while (ran < TURN && !l->ends);
        s->ran += ran;
        if (l->ends)
                give_back(s, it->frame);
        else
                wait_for_turn(s, it);
}
