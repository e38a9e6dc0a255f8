// SPDX-License-Identifier: Apache-2.0
/* RunMetadata: step_stats from the trace, partition_graphs and function_graphs from the plans,
 * cost_graph from both. */
#include "engine/session/cost.h"
#include "engine/session/def_build.h"
#include "engine/session/inside.h"
#include "engine/session/partition.h"

#include "engine/base/mem.h"
#include "engine/exec/function.h"
#include <string.h>

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

/* A function's Placeholders are TensorFlow's _Args; they are the first nodes of its body. */
static Status *show_args(const FunctionView *v, Arena *a, GraphDef *g)
{
        for (uint32_t i = 0; i < v->plan->n_feeds; i++) {
                NodeDef **at = &g->node[v->feeds[i].node->id], *arg = NULL;
                TRY(def_node(a, "_Arg", (*at)->name, NULL, &arg));
                TRY(def_put_type(a, arg, "T", v->feeds[i].node->out_types[0]));
                TRY(def_put_int(a, arg, "index", i));
                *at = arg;
        }
        return NULL;
}

static Status *show_results(const FunctionView *v, Arena *a, GraphDef *g)
{
        size_t n = g->n_node + v->plan->n_fetches;
        NodeDef **nodes = arena_alloc(a, (n + 1) * sizeof *nodes);
        if (!nodes)
                return status_oom();
        memcpy(nodes, g->node, g->n_node * sizeof *nodes);
        g->node = nodes;
        for (uint32_t i = 0; i < v->plan->n_fetches; i++) {
                const TensorId *id = &v->fetches[i];
                NodeDef *result = NULL;
                const char *from = id->node->name;
                char *input = id->output ? arena_printf(a, "%s:%d", from, (int)id->output)
                                         : arena_strdup(a, from);
                if (!input)
                        return status_oom();
                TRY(def_node(a, "_Retval", arena_printf(a, "%s_RetVal_%u", from, i), input,
                             &result));
                TRY(def_put_type(a, result, "T", dtype_base(id->node->out_types[id->output])));
                TRY(def_put_int(a, result, "index", i));
                g->node[g->n_node++] = result;
        }
        return NULL;
}

/* The body as a call finds it, with its library. */
static Status *show_called(const FunctionView *v, Arena *a, GraphDef **ret)
{
        TRY(graph_to_def(v->graph, a, false, ret));
        TRY(show_args(v, a, *ret));
        return show_results(v, a, *ret);
}

/* As it was called, as it is run, and that by device. */
static Status *show_function(Functions *f, const Function *function)
{
        FunctionView v = function_view(function);
        FunctionGraphs *g = arena_alloc(f->arena, sizeof *g);
        if (!g)
                return status_oom();
        tensorflow__run_metadata__function_graphs__init(g);
        PlanView plan = { .plan = v.plan, .feeds = v.feeds, .fetches = v.fetches };
        TRY(show_called(&v, f->arena, &g->pre_optimization_graph));
        TRY(partition_plan(&plan, f->arena, &g->partition_graphs, &g->n_partition_graphs));
        TRY(partition_whole(&plan, f->arena, &g->post_optimization_graph));
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
