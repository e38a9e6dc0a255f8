// SPDX-License-Identifier: Apache-2.0
/* Pruning: backwards from fetches and targets, stopping at fed outputs; then ordered so that inputs
 * come first. */
#include "engine/exec/compile.h"

#include <string.h>

int compile_feed_of(const Compile *c, const Node *node, int64_t output)
{
        for (int i = 0; c->fed[node->id] && i < c->request->n_feeds; i++)
                if (c->request->feeds[i].node == node && c->request->feeds[i].output == output)
                        return i;
        return -1;
}

/* TensorFlow moves control edges to the feed for placeholders only; any other fed node still runs
 * for them. */
bool compile_keeps_control(const Compile *c, const Node *src)
{
        bool placeholder = !strcmp(src->op->def->name, "Placeholder") ||
                           !strcmp(src->op->def->name, "PlaceholderV2");
        return !placeholder || compile_feed_of(c, src, 0) < 0;
}

typedef struct Walk {
        Compile *c;
        const Node **found; /* also the work list: found[done..n) still to be looked at */
        uint32_t n, done;
} Walk;

static void visit(Walk *w, const Node *node)
{
        uint32_t *mark = &w->c->draft_of[node->id];
        if (*mark)
                return;
        w->found[w->n++] = node;
        *mark = w->n;
}

static void visit_inputs(Walk *w, const Node *node)
{
        for (int i = 0; i < node->n_in; i++)
                if (compile_feed_of(w->c, node->in[i].node, node->in[i].output) < 0)
                        visit(w, node->in[i].node);
        for (int i = 0; i < node->n_control; i++)
                if (compile_keeps_control(w->c, node->control[i]))
                        visit(w, node->control[i]);
}

/* Looks at what is found, and finds more, until there is no more. */
static Status *visit_all(Walk *w)
{
        while (w->done < w->n) {
                TRY(compile_connect(w->c, &w->found[w->done]));
                if (w->c->request->optimizer.strip)
                        TRY(compile_strip(w->c, &w->found[w->done]));
                visit_inputs(w, w->found[w->done++]);
        }
        return NULL;
}

static bool back_edge(const Node *from, const Node *to)
{
        return from->op->def->flow == FLOW_NEXT && to->op->def->flow == FLOW_MERGE;
}

/* Calls fn for each edge of the pruned graph into the draft, back edges of loops left out. */
static void each_input(Compile *c, Draft *d, void (*fn)(Compile *, Draft *from, Draft *to, void *),
                       void *arg)
{
        const Node *node = d->node;
        for (int i = 0; i < node->n_in; i++)
                if (compile_feed_of(c, node->in[i].node, node->in[i].output) < 0 &&
                    !back_edge(node->in[i].node, node))
                        fn(c, compile_draft(c, node->in[i].node), d, arg);
        for (int i = 0; i < node->n_control; i++)
                if (compile_keeps_control(c, node->control[i]))
                        fn(c, compile_draft(c, node->control[i]), d, arg);
}

/* Consumers in compressed rows: of draft i they are to[start[i] .. start[i + 1]). */
typedef struct Rows {
        uint32_t *start, *fill, *to;
} Rows;

static void count_edge(Compile *c, Draft *from, Draft *to, void *arg)
{
        Rows *rows = arg;
        to->waiting++;
        rows->start[from - c->drafts + 1]++;
}

static void put_edge(Compile *c, Draft *from, Draft *to, void *arg)
{
        Rows *rows = arg;
        rows->to[rows->fill[from - c->drafts]++] = (uint32_t)(to - c->drafts);
}

/* Counted, summed up, filled in: the edges of all nodes in one array. */
static Status *make_rows(Compile *c, Rows *rows)
{
        rows->start = arena_calloc(c->scratch, c->n + 1, sizeof *rows->start);
        rows->fill = arena_alloc(c->scratch, (c->n + 1) * sizeof *rows->fill);
        if (!rows->start || !rows->fill)
                return status_oom();
        for (uint32_t i = 0; i < c->n; i++)
                each_input(c, &c->drafts[i], count_edge, rows);
        for (uint32_t i = 0; i < c->n; i++)
                rows->start[i + 1] += rows->start[i];
        memcpy(rows->fill, rows->start, (c->n + 1) * sizeof *rows->fill);
        rows->to = arena_alloc(c->scratch, (rows->start[c->n] + 1) * sizeof *rows->to);
        if (!rows->to)
                return status_oom();
        for (uint32_t i = 0; i < c->n; i++)
                each_input(c, &c->drafts[i], put_edge, rows);
        return NULL;
}

/* Kahn's algorithm; the queue becomes the order. */
static Status *order(Compile *c)
{
        Rows rows;
        TRY(make_rows(c, &rows));
        uint32_t *queue = arena_alloc(c->scratch, (c->n + 1) * sizeof *queue), n = 0;
        Draft *sorted = arena_alloc(c->scratch, (c->n + 1) * sizeof *sorted);
        if (!queue || !sorted)
                return status_oom();
        for (uint32_t i = 0; i < c->n; i++)
                if (!c->drafts[i].waiting)
                        queue[n++] = i;
        for (uint32_t done = 0; done < n; done++)
                for (uint32_t e = rows.start[queue[done]]; e < rows.start[queue[done] + 1]; e++)
                        if (--c->drafts[rows.to[e]].waiting == 0)
                                queue[n++] = rows.to[e];
        if (n < c->n)
                return invalid_argument("%u nodes in a cycle", c->n - n);
        for (uint32_t i = 0; i < n; i++) {
                sorted[i] = c->drafts[queue[i]];
                c->draft_of[sorted[i].node->id] = i + 1;
        }
        c->drafts = sorted;
        return NULL;
}

/* Backwards from fetches and targets with a list of its own; feeds stop the walk. */
Status *compile_prune(Compile *c)
{
        const PlanRequest *r = c->request;
        size_t total = (size_t)graph_count(c->graph) + 1;
        c->draft_of = arena_calloc(c->scratch, total, sizeof *c->draft_of);
        Walk w = { .c = c, .found = arena_alloc(c->scratch, total * sizeof *w.found) };
        c->fed = arena_calloc(c->scratch, total, 1);
        if (!c->draft_of || !w.found || !c->fed)
                return status_oom();
        for (int i = 0; i < r->n_feeds; i++)
                c->fed[r->feeds[i].node->id] = 1;
        for (int i = 0; i < r->n_fetches; i++)
                if (compile_feed_of(c, r->fetches[i].node, r->fetches[i].output) < 0)
                        visit(&w, r->fetches[i].node);
        for (int i = 0; i < r->n_targets; i++)
                visit(&w, r->targets[i].node);
        TRY(visit_all(&w));
        if (r->n_watches)
                TRY(compile_watch(c, w.found, &w.n));
        c->n = w.n;
        c->drafts = arena_calloc(c->scratch, w.n + 1, sizeof *c->drafts);
        if (!c->drafts)
                return status_oom();
        for (uint32_t i = 0; i < w.n; i++)
                c->drafts[i].node = w.found[i];
        return order(c);
}
