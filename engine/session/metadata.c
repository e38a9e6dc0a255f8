// SPDX-License-Identifier: Apache-2.0
/* RunMetadata: step_stats from the trace, partition_graphs and function_graphs from the plans,
 * cost_graph from both. */
#include "engine/session/cost.h"
#include "engine/session/inside.h"
#include "engine/session/partition.h"

#include "engine/base/mem.h"
#include "engine/exec/function.h"

typedef Tensorflow__RunMetadata__FunctionGraphs FunctionGraphs;

/* Functions told of in one run: a graph may hold any number. */
enum { MAX_FUNCTIONS = 1000 };

/* NULL when nobody asked for anything: runs then pay nothing. */
Status *report_new(Session *s, const RunRequest *r, const Compiled *c, Report **ret)
{
        const RunOptions *o = r->options;
        bool traced = o && o->trace_level > TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__NO_TRACE;
        bool graphs = o && o->output_partition_graphs, cost = false;
        TRY(cost_wanted(s, c, &cost));
        cost = cost && (r->metadata || traced || graphs);
        if (!traced && !graphs && !r->metadata)
                return NULL;
        autoptr(Report) report = mem_calloc(1, sizeof *report);
        if (!report)
                return status_oom();
        report->graphs = graphs;
        report->cost = cost;
        report->traced = traced;
        TRY(arena_new(SIZE_MAX, &report->arena));
        if (traced || cost)
                TRY(trace_new(&report->trace));
        *ret = steal(&report);
        return NULL;
}

void report_free(Report *r)
{
        if (!r)
                return;
        trace_free(r->trace);
        arena_free(r->arena);
        mem_free(r);
}

/* ---- functions ---- */

typedef struct Functions {
        Arena *arena;
        RunMetadata *m;
        Map seen; /* by Function's address */
        const Function *todo[MAX_FUNCTIONS];
        size_t n, done;
} Functions;

/* Functions by identity: instances of one function are several. */
static Status *find_functions(Functions *f, const Plan *p)
{
        for (const FunctionUse *u = p->functions; u && f->n < MAX_FUNCTIONS; u = u->next) {
                if (map_getn(&f->seen, (const char *)&u->function, sizeof u->function))
                        continue;
                TRY(map_setn(&f->seen, (const char *)&u->function, sizeof u->function, (void *)u));
                f->todo[f->n++] = u->function;
        }
        return NULL;
}

/* As it was called, as it is run, and by device: all of it is where its caller is. */
static Status *show_function(Functions *f, const Function *function)
{
        FunctionView v = function_view(function);
        FunctionGraphs *g = arena_alloc(f->arena, sizeof *g);
        if (!g)
                return status_oom();
        tensorflow__run_metadata__function_graphs__init(g);
        PlanView plan = { .plan = v.plan, .feeds = v.feeds, .fetches = v.fetches };
        TRY(graph_to_def(v.graph, f->arena, false, &g->pre_optimization_graph));
        TRY(partition_plan(&plan, f->arena, &g->partition_graphs, &g->n_partition_graphs));
        g->post_optimization_graph = g->partition_graphs[0];
        f->m->function_graphs[f->m->n_function_graphs++] = g;
        return NULL;
}

/* Functions call functions: each one once, breadth first. */
static Status *show_functions(Functions *f, const Plan *p)
{
        TRY(find_functions(f, p));
        while (f->done < f->n) {
                FunctionView v = function_view(f->todo[f->done++]);
                TRY(find_functions(f, v.plan));
        }
        f->m->function_graphs = arena_alloc(f->arena, (f->n + 1) * sizeof *f->m->function_graphs);
        if (!f->m->function_graphs)
                return status_oom();
        for (size_t i = 0; i < f->n; i++)
                TRY(show_function(f, f->todo[i]));
        return NULL;
}

/* The list is too large for a stack. */
static Status *function_graphs(Report *r, const Plan *p, RunMetadata *m)
{
        Functions *f = mem_calloc(1, sizeof *f);
        if (!f)
                return status_oom();
        f->arena = r->arena;
        f->m = m;
        Status *s = show_functions(f, p);
        map_done(&f->seen);
        mem_free(f);
        return s;
}

/* ---- all of it ---- */

/* What the options asked for, and nothing else. */
static Status *fill(Report *r, Session *s, const Compiled *c, RunMetadata *m)
{
        Tensorflow__StepStats *stats = NULL;
        GraphDef **parts = NULL;
        size_t n = 0;
        PlanView v = { .plan = c->plan,
                       .feeds = c->feeds,
                       .fetches = c->fetches,
                       .incarnation = s->incarnation };
        m->session_metadata = (SessionMetadata *)config_metadata(s->config);
        if (r->trace)
                TRY(trace_stats(r->trace, &stats));
        if (r->traced)
                m->step_stats = stats;
        if (r->graphs || r->cost)
                TRY(partition_plan(&v, r->arena, &parts, &n));
        CostSource costs = { .plan = c->plan, .parts = parts, .n_parts = n, .stats = stats };
        if (r->cost)
                TRY(cost_update(s, c, &costs, r->arena, &m->cost_graph));
        if (!r->graphs)
                return NULL;
        m->partition_graphs = parts;
        m->n_partition_graphs = n;
        return function_graphs(r, c->plan, m);
}

/* Lives as long as the report. */
Status *report_metadata(Report *r, Session *s, const Compiled *c, RunMetadata **ret)
{
        RunMetadata *m = arena_alloc(r->arena, sizeof *m);
        if (!m)
                return status_oom();
        tensorflow__run_metadata__init(m);
        TRY(fill(r, s, c, m));
        *ret = m;
        return NULL;
}
