// SPDX-License-Identifier: Apache-2.0
/* Makes the debugger's nodes: one Copy for each watched output, and what looks at it. */
#include "engine/session/watch.h"

#include "engine/graph/source.h"
#include "engine/ops/registry.h"
#include "engine/ops/signature.h"
#include "engine/session/def_build.h"
#include "engine/session/watch_op.h"
#include "engine/state/debug_dump.h"
#include <string.h>

typedef Tensorflow__DebugTensorWatch DebugTensorWatch;

/* One extension under way. */
typedef struct Making {
        const Graph *graph;
        Arena *defs;  /* of the nodes; becomes the new graph's */
        Arena *plain; /* of the list */
        GraphDef *def;
        size_t cap;
        Watches *watches;
        Map seen; /* "node:slot" -> the watch of it that counts */
} Making;

/* Options without watches (a global_step alone) change nothing. */
bool watches_wanted(const RunOptions *o)
{
        return o && o->debug_options && o->debug_options->n_debug_tensor_watch_opts;
}

/* Said before anything runs: half a dump is worse than none. */
Status *watches_check(const RunOptions *o)
{
        for (size_t i = 0; watches_wanted(o) && i < o->debug_options->n_debug_tensor_watch_opts;
             i++) {
                const DebugTensorWatch *w = o->debug_options->debug_tensor_watch_opts[i];
                for (size_t k = 0; k < w->n_debug_urls; k++)
                        if (debug_url_is_grpc(w->debug_urls[k]))
                                return debug_url_refuse_grpc(w->debug_urls[k]);
        }
        return NULL;
}

/* In the order given: TensorFlow's summary of watches keeps it, too. Texts are the client's: how
 * many there are stands in front. */
void watches_key(const RunOptions *o, Buf *key)
{
        for (size_t i = 0; watches_wanted(o) && i < o->debug_options->n_debug_tensor_watch_opts;
             i++) {
                const DebugTensorWatch *w = o->debug_options->debug_tensor_watch_opts[i];
                const int64_t numbers[] = { w->output_slot, w->tolerate_debug_op_creation_failures,
                                            (int64_t)w->n_debug_ops, (int64_t)w->n_debug_urls };
                buf_append(key, numbers, sizeof numbers);
                buf_append(key, w->node_name, strlen(w->node_name) + 1);
                for (size_t k = 0; k < w->n_debug_ops; k++)
                        buf_append(key, w->debug_ops[k], strlen(w->debug_ops[k]) + 1);
                for (size_t k = 0; k < w->n_debug_urls; k++)
                        buf_append(key, w->debug_urls[k], strlen(w->debug_urls[k]) + 1);
        }
}

/* ---- nodes ---- */

/* Nodes come watch by watch, a copy before those that look at it: find_nodes() relies on it. */
static Status *add(Making *m, NodeDef *n)
{
        GraphDef *d = m->def;
        if (d->n_node == m->cap) {
                size_t cap = m->cap ? 2 * m->cap : 16;
                NodeDef **more = arena_alloc(m->defs, cap * sizeof *more);
                if (!more)
                        return status_oom();
                if (m->cap)
                        memcpy(more, d->node, m->cap * sizeof *more);
                d->node = more;
                m->cap = cap;
        }
        d->node[d->n_node++] = n;
        return NULL;
}

/* "DebugIdentity;file:///tmp/a;0" for each op and URL: what tells the Copy whether anybody wants
 * it. */
static Status *put_spec(const Making *m, const DebugTensorWatch *w, NodeDef *n)
{
        size_t k = 0, all = w->n_debug_ops * w->n_debug_urls;
        char **spec = arena_alloc(m->defs, (all + 1) * sizeof *spec);
        if (!spec)
                return status_oom();
        for (size_t i = 0; i < w->n_debug_ops && w->n_debug_urls; i++) {
                bool gated = false;
                DebugOp op;
                TRY(debug_op_parse(w->debug_ops[i], m->plain, &op));
                TRY(debug_op_gated(&op, &gated));
                for (size_t u = 0; u < w->n_debug_urls; u++)
                        spec[k++] =
                                arena_printf(m->defs, "%s;%s;%d", op.name, w->debug_urls[u], gated);
        }
        return def_put_texts(m->defs, n, "debug_ops_spec", spec, k);
}

/* TensorFlow's name for it; a client's node of that name makes the extension fail. */
static Status *make_copy(const Making *m, const DebugTensorWatch *w, DType type, NodeDef **ret)
{
        NodeDef *n = NULL;
        char *name = arena_printf(m->defs, "__copy_%s_%d", w->node_name, w->output_slot);
        char *input = arena_printf(m->defs, "%s:%d", w->node_name, w->output_slot);
        if (!input)
                return status_oom();
        TRY(def_node(m->defs, "Copy", name, input, &n));
        TRY(def_put_type(m->defs, n, "T", type));
        TRY(put_spec(m, w, n));
        *ret = n;
        return NULL;
}

/* device_name is filled in when the plan knows where the node runs (plan_watch.c). */
static Status *make_debug(const Making *m, const DebugTensorWatch *w, size_t i, DType type,
                          const char *copy, NodeDef **ret)
{
        NodeDef *n = NULL;
        DebugOp op;
        char **urls = arena_alloc(m->defs, (w->n_debug_urls + 1) * sizeof *urls);
        char *tensor = arena_printf(m->defs, "%s:%d", w->node_name, w->output_slot);
        if (!urls || !tensor)
                return status_oom();
        TRY(debug_op_parse(w->debug_ops[i], m->defs, &op));
        TRY(debug_op_check(&op, type, tensor));
        char *name = arena_printf(m->defs, "__dbg_%s_%zu_%s", tensor, i, op.name);
        TRY(def_node(m->defs, op.name, name, copy, &n));
        TRY(def_put_type(m->defs, n, "T", type));
        TRY(def_put_text(m->defs, n, "device_name", (char *)""));
        TRY(def_put_text(m->defs, n, "tensor_name", tensor));
        for (size_t u = 0; u < w->n_debug_urls; u++)
                urls[u] = arena_strdup(m->defs, w->debug_urls[u]);
        TRY(def_put_texts(m->defs, n, "debug_urls", urls, w->n_debug_urls));
        TRY(debug_op_attrs(&op, m->defs, n));
        *ret = n;
        return NULL;
}

/* TensorFlow's sentence around the reason why a node could not be made. Takes why. */
static Status *not_made(const char *what, const DebugTensorWatch *w, Status *why)
{
        if (status_code(why) == SR_RESOURCE_EXHAUSTED)
                return why;
        Status *s = failed_precondition("Failed to create %s for tensor %s:%d, due to: %s", what,
                                        w->node_name, w->output_slot, status_message(why));
        status_free(why);
        return s;
}

/* Their numbers in the names count those that could not be made, as TensorFlow's do. */
static Status *make_debugs(Making *m, const DebugTensorWatch *w, DType type, const char *copy,
                           int *ret_n)
{
        int n = 0;
        for (size_t i = 0; i < w->n_debug_ops; i++) {
                NodeDef *debug = NULL;
                Status *s = make_debug(m, w, i, type, copy, &debug);
                if (s && w->tolerate_debug_op_creation_failures &&
                    status_code(s) != SR_RESOURCE_EXHAUSTED) {
                        status_free(s);
                        continue;
                }
                autofree char *what = mem_printf("debug node %s", w->debug_ops[i]);
                if (s)
                        return not_made(what ? what : "debug node", w, s);
                TRY(add(m, debug));
                n++;
        }
        *ret_n = n;
        return NULL;
}

/* ---- watches ---- */

/* More ops than that look at nothing new, and each consumer would wait for all of them. */
enum { MAX_DEBUG_OPS = 64 };

/* The output that a watch means; false: none of the graph's, or it watches for nothing. */
static bool find_output(const Graph *g, const DebugTensorWatch *w, TensorId *ret)
{
        const Node *n = graph_find(g, w->node_name);
        *ret = (TensorId){ .node = n, .output = w->output_slot };
        return n && w->output_slot >= 0 && w->output_slot < n->n_out && w->n_debug_ops;
}

/* Of several watches of one output the last one counts: the others are marked as gone. */
static Status *find_last(Making *m, const Tensorflow__DebugOptions *d, bool *gone)
{
        for (size_t i = d->n_debug_tensor_watch_opts; i-- > 0;) {
                const DebugTensorWatch *w = d->debug_tensor_watch_opts[i];
                char *key = arena_printf(m->plain, "%s:%d", w->node_name, w->output_slot);
                if (!key)
                        return status_oom();
                gone[i] = !w->n_debug_ops || map_get(&m->seen, key);
                if (!gone[i])
                        TRY(map_set(&m->seen, key, (void *)w));
        }
        return NULL;
}

/* The nodes have no addresses yet: the watch holds how many there are. */
static Status *make_watch(Making *m, const DebugTensorWatch *w, const TensorId *tensor)
{
        NodeDef *copy = NULL;
        DType type = dtype_base(tensor->node->out_types[tensor->output]);
        Status *s = make_copy(m, w, type, &copy);
        if (s)
                return not_made("Copy/CopyHost node", w, s);
        TRY(add(m, copy));
        PlanWatch *k = &m->watches->list[m->watches->n];
        *k = (PlanWatch){ .tensor = *tensor };
        TRY(make_debugs(m, w, type, copy->name, &k->n_debug));
        m->watches->n++;
        return NULL;
}

/* Watches of outputs that are not there are left out without a word: clients watch whole graphs by
 * patterns. */
static Status *make_all(Making *m, const RunOptions *o)
{
        const Tensorflow__DebugOptions *d = o->debug_options;
        m->watches->list = arena_alloc(m->plain, d->n_debug_tensor_watch_opts * sizeof(PlanWatch));
        bool *gone = arena_calloc(m->plain, d->n_debug_tensor_watch_opts, sizeof *gone);
        if (!m->watches->list || !gone)
                return status_oom();
        TRY(find_last(m, d, gone));
        for (size_t i = 0; i < d->n_debug_tensor_watch_opts; i++) {
                TensorId tensor;
                const DebugTensorWatch *w = d->debug_tensor_watch_opts[i];
                if (w->n_debug_ops > MAX_DEBUG_OPS)
                        return invalid_argument("A watch has at most %d debug_ops.", MAX_DEBUG_OPS);
                if (!gone[i] && find_output(m->graph, w, &tensor))
                        TRY(make_watch(m, w, &tensor));
        }
        return NULL;
}

/* Nodes come in the order in which they were made. */
static Status *find_nodes(Watches *w)
{
        int id = (int)w->first_added;
        for (int i = 0; i < w->n; i++) {
                PlanWatch *k = &w->list[i];
                const Node **debug =
                        arena_alloc(w->arena, ((size_t)k->n_debug + 1) * sizeof *debug);
                if (!debug)
                        return status_oom();
                k->copy = graph_node(w->graph, id++);
                for (int d = 0; d < k->n_debug; d++)
                        debug[d] = graph_node(w->graph, id++);
                k->debug = debug;
        }
        return NULL;
}

/* Of the graph's own version: an extension by another one is refused. */
static Status *new_def(Making *m)
{
        TRY(arena_new(SIZE_MAX, &m->defs));
        m->def = arena_alloc(m->defs, sizeof *m->def);
        Tensorflow__VersionDef *v = arena_alloc(m->defs, sizeof *v);
        if (!m->def || !v)
                return status_oom();
        tensorflow__graph_def__init(m->def);
        tensorflow__version_def__init(v);
        v->producer = graph_producer(m->graph);
        m->def->versions = v;
        return NULL;
}

/* The graph's nodes are shared by the clone, so its ids and addresses hold in both. */
static Status *make(Making *m, const RunOptions *o)
{
        int first = 0;
        autoptr(GraphSource) src = NULL;
        TRY(new_def(m));
        TRY(make_all(m, o));
        TRY(graph_clone(m->graph, &m->watches->graph));
        TRY(graph_source_wrap(m->defs, m->def, &src));
        m->defs = NULL;
        TRY(graph_extend_inner(m->watches->graph, src, &first));
        m->watches->first_added = (uint32_t)first;
        return find_nodes(m->watches);
}

Status *watches_make(const Graph *g, const RunOptions *o, Watches *ret)
{
        *ret = (Watches){ 0 };
        TRY(arena_new(SIZE_MAX, &ret->arena));
        Making m = { .graph = g, .plain = ret->arena, .watches = ret };
        Status *s = make(&m, o);
        arena_free(m.defs);
        map_done(&m.seen);
        return s;
}

void watches_done(Watches *w)
{
        graph_unref(w->graph);
        arena_free(w->arena);
}
