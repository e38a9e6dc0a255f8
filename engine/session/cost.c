// SPDX-License-Identifier: Apache-2.0
/* When a cost model is built, and what is remembered of it: the last graph, packed. */
#include "engine/session/cost.h"

#include "engine/base/mem.h"
#include "engine/session/inside.h"
#include <string.h>

/* ---- when ---- */

/* Signatures whose executions are counted; beyond, counting starts anew. */
enum { MAX_COUNTED = 1024 };
/* Of all cost models that a session remembers; one that does not fit begins anew each time. */
enum { MAX_COST_BYTES = 32 << 20 };

typedef struct RunCount {
        int64_t n;
        uint8_t *cost; /* CostGraphDef; NULL: none yet */
        size_t n_cost;
        char key[]; /* the signature's */
} RunCount;

/* Counts are kept per signature; too many signatures start anew. */
static void forget_counts(Session *s)
{
        map_each (e, &s->run_counts) {
                mem_free(((RunCount *)e->value)->cost);
                mem_free(e->value);
        }
        map_done(&s->run_counts);
        s->run_counts = (Map){ 0 };
        s->cost_bytes = 0;
}

void cost_done(Session *s)
{
        forget_counts(s);
}

/* How often the signature has been executed before. Under the session's lock. */
static Status *count(Session *s, const Compiled *c, int64_t *ret)
{
        RunCount *r = map_getn(&s->run_counts, c->count_key, c->count_key_len);
        if (!r) {
                if (s->run_counts.count >= MAX_COUNTED)
                        forget_counts(s);
                if (!(r = mem_alloc(sizeof *r + c->count_key_len)))
                        return status_oom();
                *r = (RunCount){ 0 };
                memcpy(r->key, c->count_key, c->count_key_len);
                Status *st = map_setn(&s->run_counts, r->key, c->count_key_len, r);
                if (st) {
                        mem_free(r);
                        return st;
                }
        }
        *ret = r->n++;
        return NULL;
}

/* Every n-th run after the first m, as build_cost_model says. */
Status *cost_wanted(Session *s, const Compiled *c, bool *ret)
{
        const GraphOptions *o = config_graph_options(s->config);
        int64_t before = 0, since = 0;
        *ret = false;
        if (o->build_cost_model <= 0)
                return NULL;
        pthread_mutex_lock(&s->lock);
        Status *st = count(s, c, &before);
        pthread_mutex_unlock(&s->lock);
        TRY(st);
        if (__builtin_sub_overflow(before, o->build_cost_model_after, &since) || since < 0)
                return NULL;
        *ret = (since + 1) % o->build_cost_model == 0;
        return NULL;
}

/* ---- what is remembered ---- */

/* A copy of a signature's model; NULL: there is none. */
static Status *read_cost(Session *s, const Compiled *c, uint8_t **ret, size_t *ret_n)
{
        Status *st = NULL;
        pthread_mutex_lock(&s->lock);
        const RunCount *r = map_getn(&s->run_counts, c->count_key, c->count_key_len);
        if (r && r->cost) {
                *ret = mem_dup(r->cost, r->n_cost);
                *ret_n = r->n_cost;
                st = *ret ? NULL : status_oom();
        }
        pthread_mutex_unlock(&s->lock);
        return st;
}

/* Puts one in the place of the last, if there is room. Of two steps at once the later one counts.
 * Takes cost over. */
static void put_cost(Session *s, const Compiled *c, uint8_t *cost, size_t n)
{
        pthread_mutex_lock(&s->lock);
        RunCount *r = map_getn(&s->run_counts, c->count_key, c->count_key_len);
        size_t others = r && r->cost ? s->cost_bytes - r->n_cost : s->cost_bytes;
        if (r && others + n <= MAX_COST_BYTES) {
                mem_free(r->cost);
                r->cost = steal(&cost);
                r->n_cost = n;
                s->cost_bytes = others + n;
        }
        pthread_mutex_unlock(&s->lock);
        mem_free(cost);
}

/* Kept as bytes: the graph's arena goes with the run. */
static Status *remember(Session *s, const Compiled *c, const CostGraphDef *g)
{
        size_t n = protobuf_c_message_get_packed_size(&g->base);
        uint8_t *bytes = mem_alloc(n + 1);
        if (!bytes)
                return status_oom();
        protobuf_c_message_pack(&g->base, bytes);
        put_cost(s, c, bytes, n);
        return NULL;
}

/* A model grows over runs: what was known, joined by what this run measured. */
Status *cost_update(Session *s, const Compiled *c, const CostSource *from, Arena *arena,
                    CostGraphDef **ret)
{
        size_t n = 0;
        ProtobufCMessage *before = NULL;
        autofree uint8_t *bytes = NULL;
        TRY(read_cost(s, c, &bytes, &n));
        if (bytes)
                TRY(proto_unpack(&tensorflow__cost_graph_def__descriptor, bytes, n, NULL, arena,
                                 &before));
        TRY(cost_graph(from, (const CostGraphDef *)before, arena, ret));
        return remember(s, c, *ret);
}
