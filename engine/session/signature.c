// SPDX-License-Identifier: Apache-2.0
/* Signatures: from a request's names to a compiled plan, remembered with the graph. */
#include "engine/session/inside.h"

#include "engine/base/buf.h"
#include "engine/exec/function.h"
#include "engine/session/watch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Plans remembered per graph; beyond, all are forgotten (those in use live on). */
enum { MAX_PLANS = 1024 };

typedef struct PlanCache {
        pthread_mutex_t lock; /* guards: plans. Sessions may share the graph */
        Map plans;            /* key -> Compiled, one reference each */
        FunctionCache *functions;
} PlanCache;

/* Runs hold the signature they run. */
void compiled_unref(Compiled *c)
{
        if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
                return;
        plan_free(c->plan);
        graph_unref(c->watched);
        mem_free(c->key);
        mem_free(c->count_key);
        mem_free(c->fetch);
        mem_free(c->feeds);
        mem_free(c->fetches);
        mem_free(c);
}

static void cache_clear(PlanCache *cache)
{
        map_each (e, &cache->plans)
                compiled_unref(e->value);
        map_done(&cache->plans);
}

static void cache_free(void *object)
{
        PlanCache *cache = object;
        cache_clear(cache);
        function_cache_free(cache->functions);
        pthread_mutex_destroy(&cache->lock);
        mem_free(cache);
}

static pthread_mutex_t attach_lock =
        PTHREAD_MUTEX_INITIALIZER; /* guards: the attaching of caches to graphs */

/* One for each graph. */
static Status *cache_new(PlanCache **ret)
{
        PlanCache *cache = mem_calloc(1, sizeof *cache);
        if (!cache)
                return status_oom();
        pthread_mutex_init(&cache->lock, NULL);
        Status *s = function_cache_new(&cache->functions);
        if (s)
                cache_free(cache);
        else
                *ret = cache;
        return s;
}

/* Attached to the graph, so that sessions that share it share its plans. */
static Status *cache_of(Graph *g, PlanCache **ret)
{
        Status *s = NULL;
        pthread_mutex_lock(&attach_lock);
        PlanCache *cache = graph_attachment(g);
        if (!cache && !(s = cache_new(&cache)))
                graph_attach(g, cache, cache_free);
        pthread_mutex_unlock(&attach_lock);
        *ret = cache;
        return s;
}

static Compiled *cache_find(PlanCache *cache, const Buf *key)
{
        pthread_mutex_lock(&cache->lock);
        Compiled *c = map_getn(&cache->plans, key->data, key->len);
        if (c)
                atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
        pthread_mutex_unlock(&cache->lock);
        return c;
}

/* When it is full, everything goes: what is used comes again soon. */
static Status *cache_add(PlanCache *cache, Compiled *c)
{
        pthread_mutex_lock(&cache->lock);
        if (cache->plans.count >= MAX_PLANS)
                cache_clear(cache);
        Compiled *old = map_getn(&cache->plans, c->key, c->key_len);
        Status *s = map_setn(&cache->plans, c->key, c->key_len, c);
        if (!s) {
                atomic_fetch_add(&c->refs, 1);
                compiled_unref(old);
        }
        pthread_mutex_unlock(&cache->lock);
        return s;
}

/* ---- keys ---- */

static bool placed_here(const Session *s)
{
        return s->placement.device || config_places_pruned(s);
}

static void put_text(Buf *key, const char *text)
{
        buf_append(key, text, strlen(text) + 1);
}

/* Names are the client's, and any bytes: how many of each kind there are stands in front, so that
 * no choice of names makes two requests one. */
static void make_key(const Session *s, const RunRequest *r, bool partial, Buf *key)
{
        const int counts[] = { r->n_feeds, r->n_fetches,  r->n_targets, r->n_connections,
                               partial,    r->core_names, r->callable };
        /* where nodes are depends on what this session did before */
        uint64_t placed = placed_here(s) ? s->incarnation : 0;
        buf_append(key, counts, sizeof counts);
        buf_append(key, &placed, sizeof placed);
        buf_append(key, &s->optimizer, sizeof s->optimizer);
        put_text(key, config_experimental(s->config)->executor_type);
        for (int i = 0; i < r->n_feeds; i++)
                put_text(key, r->feeds[i].key);
        for (int i = 0; i < r->n_fetches; i++)
                put_text(key, r->fetches[i]);
        for (int i = 0; i < r->n_targets; i++)
                put_text(key, r->targets[i]);
        for (int i = 0; i < r->n_connections; i++) {
                put_text(key, r->connections[i].from);
                put_text(key, r->connections[i].to);
        }
        if (!partial)
                watches_key(r->options, key);
}

/* ---- resolving ---- */

typedef struct Names {
        TensorId *feeds, *fetches,
                *targets; /* fetches without duplicates; targets with the fetched operations */
        int n_fetches, n_targets;
        int *fetch;
} Names;

/* A tensor fed under two names is an error, as in TensorFlow's core. */
static Status *resolve_feeds(Session *s, const RunRequest *r, bool partial, TensorId *feeds)
{
        const char *what = partial ? "feed_list" : "feed_dict";
        Map seen = { 0 };
        Status *st = NULL;
        autofree TensorId *ids = mem_calloc((size_t)r->n_feeds + 1, sizeof *ids);
        if (!ids)
                return status_oom();
        for (int i = 0; i < r->n_feeds && !st; i++) {
                TensorId *id = &feeds[i];
                st = r->core_names ? core_feed(s->graph, r->feeds[i].key, id)
                                   : client_feed(s->graph, r->feeds[i].key, what, id);
                if (st)
                        break;
                ids[i] = *id;
                if (map_getn(&seen, (char *)&ids[i], sizeof *id))
                        st = invalid_argument("Endpoint \"%s\" fed more than once.",
                                              r->feeds[i].key);
                else
                        st = map_setn(&seen, (char *)&ids[i], sizeof *id, &ids[i]);
        }
        map_done(&seen);
        return st;
}

/* Each tensor once, however often it is asked for; operations become targets. */
static Status *resolve_fetches(Session *s, const RunRequest *r, Names *n)
{
        Map seen = { 0 };
        Status *st = NULL;
        for (int i = 0; i < r->n_fetches && !st; i++) {
                TensorId id = { 0 };
                st = r->core_names ? core_fetch(s->graph, r->fetches[i], &id)
                                   : client_fetch(s->graph, r->fetches[i], &id);
                if (st)
                        break;
                n->fetch[i] = -1;
                if (id.output < 0) {
                        n->targets[n->n_targets++] = id;
                        continue;
                }
                TensorId *slot = &n->fetches[n->n_fetches];
                *slot = id;
                TensorId *old = map_getn(&seen, (char *)slot, sizeof *slot);
                if (!old && !(st = map_setn(&seen, (char *)slot, sizeof *slot, slot)))
                        n->n_fetches++;
                n->fetch[i] = (int)((old ? old : slot) - n->fetches);
        }
        map_done(&seen);
        return st;
}

/* As the texts "a:0" compare. */
static int name_order(const TensorId *a, const TensorId *b)
{
        const char *x = a->node->name, *y = b->node->name;
        char i[16], k[16];
        while (*x && *x == *y)
                x++, y++;
        if (*x || *y)
                return (unsigned char)(*x ? *x : ':') - (unsigned char)(*y ? *y : ':');
        snprintf(i, sizeof i, "%d", (int)a->output);
        snprintf(k, sizeof k, "%d", (int)b->output);
        return strcmp(i, k);
}

typedef struct Sorted {
        TensorId id;
        int before; /* its index */
} Sorted;

static int sorted_order(const void *a, const void *b)
{
        return name_order(&((const Sorted *)a)->id, &((const Sorted *)b)->id);
}

/* TensorFlow's session sorts what it fetches, and its errors and graphs count by that. */
static Status *sort_fetches(const RunRequest *r, Names *n)
{
        autofree Sorted *all = mem_calloc((size_t)n->n_fetches + 1, sizeof *all);
        autofree int *after = mem_calloc((size_t)n->n_fetches + 1, sizeof *after);
        if (!all || !after)
                return status_oom();
        for (int i = 0; i < n->n_fetches; i++)
                all[i] = (Sorted){ n->fetches[i], i };
        qsort(all, (size_t)n->n_fetches, sizeof *all, sorted_order);
        for (int i = 0; i < n->n_fetches; i++) {
                n->fetches[i] = all[i].id;
                after[all[i].before] = i;
        }
        for (int i = 0; i < r->n_fetches; i++)
                n->fetch[i] = n->fetch[i] < 0 ? -1 : after[n->fetch[i]];
        return NULL;
}

/* All that are missing are told at once, as the core does. */
static Status *resolve_targets(Session *s, const RunRequest *r, Names *n)
{
        autobuf missing = BUF(1 << 16);
        for (int i = 0; i < r->n_targets; i++) {
                size_t len;
                int index;
                bool has_index;
                const Node *node = tensor_name_parse(r->targets[i], &len, &index, &has_index)
                                           ? graph_findn(s->graph, r->targets[i], len)
                                           : NULL;
                if (node)
                        n->targets[n->n_targets++] = (TensorId){ .node = node, .output = -1 };
                else
                        buf_printf(&missing, "%s ", r->targets[i]);
        }
        return missing.len ? not_found("PruneForTargets: Some target nodes not found: %s",
                                       buf_cstr(&missing))
                           : NULL;
}

static Status *resolve(Session *s, const RunRequest *r, bool partial, Names *n)
{
        if (r->core_names)
                TRY(core_check(r));
        TRY(resolve_feeds(s, r, partial, n->feeds));
        TRY(resolve_fetches(s, r, n));
        if (!r->callable)
                TRY(sort_fetches(r, n));
        return resolve_targets(s, r, n);
}

/* TensorFlow refuses a fed fetch in partial runs only; run hands the fed value back. */
static Status *check_partial(const RunRequest *r, const Names *n)
{
        for (int i = 0; i < n->n_fetches; i++)
                for (int k = 0; k < r->n_feeds; k++)
                        if (n->fetches[i].node == n->feeds[k].node &&
                            n->fetches[i].output == n->feeds[k].output)
                                return invalid_argument("%s is both fed and fetched.",
                                                        r->feeds[k].key);
        if (!n->n_fetches && !n->n_targets)
                return invalid_argument("Must specify at least one target to fetch or execute.");
        return NULL;
}

/* The plan for the names that were found; w: what is watched besides. */
static Status *compile(Session *s, PlanCache *cache, const RunRequest *r, const Names *n,
                       const PlanConnection *connections, Watches *w, Compiled *c)
{
        OptimizerOptions optimizer = optimizer_for_graph(s->optimizer, (int)graph_count(s->graph));
        FunctionScope functions = { .cache = cache->functions,
                                    .library = s->graph,
                                    .optimizer = optimizer,
                                    .place = placement_of_body,
                                    .place_arg = s,
                                    .place_key = placement_key(s) };
        PlacePruned pruned = { .session = s, .fetches = n->fetches, .n_fetches = n->n_fetches };
        PlanRequest pr = { .feeds = n->feeds,
                           .n_feeds = r->n_feeds,
                           .fetches = n->fetches,
                           .n_fetches = n->n_fetches,
                           .targets = n->targets,
                           .n_targets = n->n_targets,
                           .connections = connections,
                           .n_connections = r->n_connections,
                           .watches = w->list,
                           .n_watches = w->n,
                           .first_added = w->first_added,
                           .optimizer = optimizer,
                           .place = placement_of_plan,
                           .place_arg = &pruned,
                           .functions = &functions };
        TRY(plan_compile(w->n ? w->graph : s->graph, &pr, &c->plan));
        c->watched = steal(&w->graph);
        return config_check_executor(s->config, c->plan);
}

static int number_order(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
        return x < y ? -1 : x > y;
}

static Status *put_sorted(Buf *key, const TensorId *ids, int n)
{
        autofree uint64_t *numbers = mem_calloc((size_t)n + 1, sizeof *numbers);
        if (!numbers)
                return status_oom();
        for (int i = 0; i < n; i++)
                numbers[i] = (uint64_t)ids[i].node->id << 32 | (uint32_t)ids[i].output;
        qsort(numbers, (size_t)n, sizeof *numbers, number_order);
        buf_append(key, &n, sizeof n);
        buf_append(key, numbers, (size_t)n * sizeof *numbers);
        return NULL;
}

/* What a session counts runs by: the same for the same names in any order. */
static Status *make_count_key(const RunRequest *r, const Names *n, Compiled *c)
{
        autobuf key = BUF(64 << 20);
        buf_append(&key, &r->callable, sizeof r->callable);
        TRY(put_sorted(&key, n->feeds, r->n_feeds));
        TRY(put_sorted(&key, n->fetches, n->n_fetches));
        TRY(put_sorted(&key, n->targets, n->n_targets));
        for (int i = 0; i < r->n_connections; i++) {
                put_text(&key, r->connections[i].from);
                put_text(&key, r->connections[i].to);
        }
        watches_key(r->options, &key);
        TRY(buf_status(&key));
        c->count_key = buf_take(&key, &c->count_key_len);
        return c->count_key ? NULL : status_oom();
}

/* Names to tensors, then the plan. */
static Status *build(Session *s, PlanCache *cache, const RunRequest *r, bool partial, Compiled *c)
{
        __attribute__((cleanup(watches_done))) Watches w = { 0 };
        autofree TensorId *targets =
                mem_calloc((size_t)(r->n_fetches + r->n_targets) + 1, sizeof *targets);
        c->feeds = mem_calloc((size_t)r->n_feeds + 1, sizeof *c->feeds);
        c->fetches = mem_calloc((size_t)r->n_fetches + 1, sizeof *c->fetches);
        c->fetch = mem_calloc((size_t)r->n_fetches + 1, sizeof *c->fetch);
        autofree PlanConnection *connections =
                mem_calloc((size_t)r->n_connections + 1, sizeof *connections);
        if (!connections || !targets || !c->feeds || !c->fetches || !c->fetch)
                return status_oom();
        Names n = {
                .feeds = c->feeds, .fetches = c->fetches, .targets = targets, .fetch = c->fetch
        };
        c->n_fetches = r->n_fetches;
        TRY(resolve(s, r, partial, &n));
        TRY(make_count_key(r, &n, c));
        TRY(connections_resolve(s->graph, r, connections));
        if (partial)
                TRY(check_partial(r, &n));
        else if (watches_wanted(r->options))
                TRY(watches_make(s->graph, r->options, &w));
        TRY(compile(s, cache, r, &n, connections, &w, c));
        c->makes_handles = handles_in_plan(c->plan);
        return NULL;
}

/* The session's lock is held: no extend comes in between. */
Status *signature_compile(Session *s, const RunRequest *r, bool partial, Compiled **ret)
{
        if (s->closed)
                return r->core_names ? core_closed() : client_closed();
        if (!graph_count(s->graph))
                return r->core_names ? core_empty_graph(r, partial) : client_empty_graph();
        TRY(placement_whole(s));
        PlanCache *cache = NULL;
        TRY(cache_of(s->graph, &cache));
        autobuf key = BUF(64 << 20);
        make_key(s, r, partial, &key);
        TRY(buf_status(&key));
        if ((*ret = cache_find(cache, &key)))
                return NULL;
        autoptr(Compiled) c = mem_calloc(1, sizeof *c);
        if (!c)
                return status_oom();
        atomic_init(&c->refs, 1);
        TRY(build(s, cache, r, partial, c));
        c->key = buf_take(&key, &c->key_len);
        if (!c->key)
                return status_oom();
        TRY(cache_add(cache, c));
        *ret = steal(&c);
        return NULL;
}

/* By that a session's error counts feeds: sorted, but for those of a callable. */
static int feed_number(const Compiled *c, const RunRequest *r, int feed)
{
        int before = 0;
        for (int i = 0; i < r->n_feeds; i++)
                before += name_order(&c->feeds[i], &c->feeds[feed]) < 0;
        return r->callable ? feed : before;
}

Status *session_check_feed_shape(const char *key, const Shape *want, const Shape *shape)
{
        if (shape_compatible(want, shape))
                return NULL;
        Status *s = invalid_argument(
                "Cannot feed value of shape %s for Tensor '%s%s', which has shape '%s'",
                shape_python(shape).s, key, strchr(key, ':') ? "" : ":0", shape_python(want).s);
        status_set_exception(s, "ValueError");
        return s;
}

/* Dtype, then shape, in TensorFlow's words; what the graph does not know fits. */
Status *signature_check_feeds(const Compiled *c, const RunRequest *r)
{
        for (int i = 0; i < r->n_feeds; i++) {
                const TensorId *id = &c->feeds[i];
                const Tensor *v = r->feeds[i].value;
                DType want = dtype_base(id->node->out_types[id->output]);
                if (!v)
                        continue;
                const Shape *shape = &id->node->out_shapes[id->output];
                if (v->dtype != want)
                        return invalid_argument("Expects arg[%d] to be %s but %s is provided",
                                                feed_number(c, r, i), dtype_name(want),
                                                dtype_name(v->dtype));
                Status *s = session_check_feed_shape(r->feeds[i].key, shape, &v->shape);
                if (!s)
                        continue;
                status_set_pointer(s, "/feeds/%s", r->feeds[i].key);
                return s;
        }
        return NULL;
}
