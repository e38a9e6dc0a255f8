// SPDX-License-Identifier: Apache-2.0
/* A walk over the graph from what is wanted, as pruning does it, looking at what it meets. */
#include "engine/session/explain.h"

#include "engine/base/mem.h"
#include "engine/session/declared.h"
#include "engine/session/inside.h"
#include "engine/state/variable.h"
#include <string.h>

typedef struct Walk {
        Session *session;
        const Graph *graph;
        const Compiled *compiled;
        int n_feeds;
        bool *needed, *read; /* by node id; read: as a variable whose value is used */
        const Node **stack;
        int n_stack;
        const Node **missing, **uninitialized, **initializer;
        Explanation e;
} Walk;

static bool op_is(const Node *n, const char *const *ops)
{
        for (; *ops; ops++)
                if (!strcmp(n->def->op, *ops))
                        return true;
        return false;
}

/* Uses the variable that is its first input without a need for its value. */
static bool needs_no_value(const Node *n)
{
        static const char *const ops[] = { "Assign",
                                           "IsVariableInitialized",
                                           "AssignVariableOp",
                                           "VarIsInitializedOp",
                                           "DestroyResourceOp",
                                           NULL };
        return op_is(n, ops);
}

static bool is_fed(const Walk *w, const Node *node, int output)
{
        for (int i = 0; i < w->n_feeds; i++)
                if (w->compiled->feeds[i].node == node && w->compiled->feeds[i].output == output)
                        return true;
        return false;
}

static void need(Walk *w, const Node *n)
{
        if (w->needed[n->id])
                return;
        w->needed[n->id] = true;
        w->stack[w->n_stack++] = n;
}

/* Everything that the run would compute, and whether it reads a node's value or only its handle. */
static void walk(Walk *w)
{
        while (w->n_stack) {
                const Node *n = w->stack[--w->n_stack];
                for (int i = 0; i < n->n_in; i++) {
                        const Node *from = n->in[i].node;
                        if (is_fed(w, from, n->in[i].output))
                                continue;
                        w->read[from->id] |= i > 0 || !needs_no_value(n);
                        need(w, from);
                }
                for (int i = 0; i < n->n_control; i++)
                        need(w, n->control[i]);
        }
}

/* The names of targets have been checked: each begins with a node's. */
static void walk_from(Walk *w, const RunRequest *r)
{
        const Compiled *c = w->compiled;
        for (int i = 0; i < r->n_fetches; i++) {
                size_t len = strcspn(r->fetches[i], ":");
                const Node *n = graph_findn(w->graph, r->fetches[i], len);
                int output = c->fetch[i] < 0 ? -1 : (int)c->fetches[c->fetch[i]].output;
                if (!n || is_fed(w, n, output))
                        continue;
                w->read[n->id] |= output >= 0 && strcmp(n->def->op, "VarHandleOp") != 0;
                need(w, n);
        }
        for (int i = 0; i < r->n_targets; i++) {
                const Node *n = graph_findn(w->graph, r->targets[i], strcspn(r->targets[i], ":"));
                if (n)
                        need(w, n);
        }
        walk(w);
}

/* ---- what was met ---- */

/* By the name under which the variable op would find its variable. */
static bool has_value(const Walk *w, const Node *n)
{
        autoptr(Resource) r = NULL;
        Status *s = resources_find(w->session->resources, &variable_kind,
                                   declared_container(w->session, n), declared_name(n), &r);
        status_free(s);
        return !s && variable_initialized(variable_of(r));
}

/* A NoOp that waits for the assignment and is called like an initializer, else the assignment. */
static const Node *find_initializer(const Graph *g, const Node *variable)
{
        static const char *const assigns[] = { "Assign", "AssignVariableOp", NULL };
        const Node *assign = NULL;
        for (int i = 0; i < graph_count(g); i++) {
                const Node *n = graph_node(g, i);
                if (!assign && op_is(n, assigns) && n->in[0].node == variable)
                        assign = n;
        }
        for (int i = 0; assign && i < graph_count(g); i++) {
                const Node *n = graph_node(g, i);
                if (strcmp(n->def->op, "NoOp") != 0 || !strstr(n->name, "init"))
                        continue;
                for (int k = 0; k < n->n_control; k++)
                        if (n->control[k] == assign)
                                return n;
        }
        return assign;
}

/* What the run would miss at this node, and what its outputs would take. */
static void look_at(Walk *w, const Node *n)
{
        Explanation *e = &w->e;
        e->n_needed++;
        if (!strncmp(n->def->op, "Placeholder", 11) && !n->n_in && !is_fed(w, n, 0))
                w->missing[e->n_missing++] = n;
        if (declares_variable(n) && w->read[n->id] && !has_value(w, n)) {
                w->initializer[e->n_uninitialized] = find_initializer(w->graph, n);
                w->uninitialized[e->n_uninitialized++] = n;
        }
        for (int i = 0; i < n->n_out; i++) {
                int64_t count, bytes = (int64_t)dtype_size(dtype_base(n->out_types[i]));
                Status *s = shape_count(&n->out_shapes[i], &count);
                bool known = !s && count >= 0 && !__builtin_mul_overflow(count, bytes, &bytes) &&
                             !__builtin_add_overflow(e->bytes, bytes, &e->bytes);
                e->n_unsized += !known;
                status_free(s);
        }
}

/* All lists in one piece of memory, shown and freed. */
static Status *explain(Walk *w, const RunRequest *r, Status *(*fn)(void *arg, const Explanation *e),
                       void *arg)
{
        size_t n = (size_t)graph_count(w->graph) + 1, n_fetches = (size_t)r->n_fetches + 1;
        autofree bool *needed = mem_calloc(n, 1), *read = mem_calloc(n, 1);
        autofree const Node **nodes = mem_calloc(n, 4 * sizeof *nodes),
                            **fetch = mem_calloc(n_fetches, sizeof *fetch);
        autofree int *outputs = mem_calloc(n_fetches, sizeof *outputs);
        if (!needed || !read || !nodes || !fetch || !outputs)
                return status_oom();
        w->needed = needed;
        w->read = read;
        w->stack = nodes;
        w->missing = nodes + n;
        w->uninitialized = nodes + 2 * n;
        w->initializer = nodes + 3 * n;
        walk_from(w, r);
        for (int i = 0; i < graph_count(w->graph); i++)
                if (needed[i])
                        look_at(w, graph_node(w->graph, i));
        for (int i = 0; i < r->n_fetches; i++) {
                int k = w->compiled->fetch[i];
                fetch[i] = graph_findn(w->graph, r->fetches[i], strcspn(r->fetches[i], ":"));
                outputs[i] = k < 0 ? -1 : (int)w->compiled->fetches[k].output;
        }
        w->e.needed = needed;
        w->e.missing = w->missing;
        w->e.uninitialized = w->uninitialized;
        w->e.initializer = w->initializer;
        w->e.fetch_nodes = fetch;
        w->e.fetch_outputs = outputs;
        return fn(arg, &w->e);
}

/* Compiles like a run, so the errors are those of a run. */
Status *session_explain(Session *s, const RunRequest *r,
                        Status *(*fn)(void *arg, const Explanation *e), void *arg)
{
        autoptr(Compiled) c = NULL;
        RunRequest plain = *r; /* what a debugger adds is none of the session's graph */
        plain.options = NULL;
        pthread_mutex_lock(&s->lock);
        Status *st = signature_compile(s, &plain, false, &c);
        if (!st) {
                Walk w = { .session = s, .graph = s->graph, .compiled = c, .n_feeds = r->n_feeds };
                w.e.graph = s->graph;
                w.e.n_planned = (int)c->plan->n_nodes;
                st = explain(&w, r, fn, arg);
        }
        pthread_mutex_unlock(&s->lock);
        return st;
}
