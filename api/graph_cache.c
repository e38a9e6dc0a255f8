// SPDX-License-Identifier: Apache-2.0
#include "api/graph_cache.h"

#include "api/context.h"
#include "api/limits.h"
#include "engine/base/nearest.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { KEPT = 32 };
#define KEPT_BYTES ((size_t)512 << 20) /* of archives' files */

typedef struct Entry {
        char digest[STORE_DIGEST_SIZE];
        Model *model; /* NULL: free */
        uint64_t used;
} Entry;

struct GraphCache {
        pthread_mutex_t lock; /* guards: all below */
        uint64_t clock;
        Entry entries[KEPT];
};

Status *graph_cache_new(GraphCache **ret)
{
        GraphCache *c = mem_calloc(1, sizeof *c);
        if (!c)
                return status_oom();
        pthread_mutex_init(&c->lock, NULL);
        *ret = c;
        return NULL;
}

void graph_cache_free(GraphCache *c)
{
        if (!c)
                return;
        for (int i = 0; i < KEPT; i++)
                model_unref(c->entries[i].model);
        pthread_mutex_destroy(&c->lock);
        mem_free(c);
}

/* The entry of a digest, else the one that was used the longest ago. Under the lock. */
static Entry *entry(GraphCache *c, const char *digest)
{
        Entry *oldest = &c->entries[0];
        for (Entry *e = c->entries; e < c->entries + KEPT; e++) {
                if (e->model && strcmp(e->digest, digest) == 0)
                        return e;
                if (!e->model || (oldest->model && e->used < oldest->used))
                        oldest = e;
        }
        return oldest;
}

/* By the digest of the bytes: a replaced graph is another one. */
Model *graph_cache_get(GraphCache *c, const char *digest)
{
        pthread_mutex_lock(&c->lock);
        Entry *e = entry(c, digest);
        bool found = e->model && strcmp(e->digest, digest) == 0;
        Model *m = found ? model_ref(e->model) : NULL;
        if (found)
                e->used = ++c->clock;
        pthread_mutex_unlock(&c->lock);
        return m;
}

/* Lets go of the model that was used the longest ago among those with files, if all of them hold
 * too many bytes besides `more`. Under the lock; the model is for the caller to release. */
static Model *evict(GraphCache *c, size_t more)
{
        Entry *oldest = NULL;
        for (Entry *e = c->entries; e < c->entries + KEPT; e++) {
                size_t bytes = e->model ? model_file_bytes(e->model) : 0;
                more += bytes;
                if (bytes && (!oldest || e->used < oldest->used))
                        oldest = e;
        }
        return oldest && more > KEPT_BYTES ? steal(&oldest->model) : NULL;
}

/* The least used go until there is room. */
void graph_cache_put(GraphCache *c, const char *digest, Model *m)
{
        Model *old;
        if (model_file_bytes(m) > KEPT_BYTES)
                return;
        do {
                pthread_mutex_lock(&c->lock);
                old = evict(c, model_file_bytes(m));
                pthread_mutex_unlock(&c->lock);
                model_unref(old);
        } while (old);
        pthread_mutex_lock(&c->lock);
        Entry *e = entry(c, digest);
        old = e->model;
        snprintf(e->digest, sizeof e->digest, "%s", digest);
        e->model = model_ref(m);
        e->used = ++c->clock;
        pthread_mutex_unlock(&c->lock);
        model_unref(old);
}

typedef struct Names {
        Nearest near;
        Arena *arena; /* holds the names */
} Names;

static Status *try_name(const GraphRow *row, void *arg)
{
        Names *n = arg;
        const char *copy = arena_strdup(n->arena, row->name);
        if (copy)
                nearest_try(&n->near, copy);
        return NULL;
}

/* With the nearest names among the stored ones. */
Status *graph_missing(Context *c, const char *name)
{
        Status *s = not_found("Graph not found: %.140s", name);
        autoptr(Arena) arena = NULL;
        autoptr(Status) oom = arena_new(LIMIT_ARENA, &arena);
        if (oom)
                return s;
        Names names = { NEAREST(name), arena };
        status_free(store_each_graph(c->store, NULL, 1000, try_name, &names));
        for (int i = 0; i < NEAREST_MAX && names.near.best[i]; i++)
                status_add_hint(s, "%s", names.near.best[i]);
        return s;
}

/* Row first, bytes only when the cache has not got it. */
Status *graph_load(Context *c, const char *name, const char *const *tags, Model **ret,
                   char ret_digest[STORE_DIGEST_SIZE])
{
        autoptr(GraphRow) row = NULL;
        Status *s = store_get_graph(c->store, name, &row, NULL);
        if (status_code(s) == SR_NOT_FOUND) {
                status_free(s);
                return graph_missing(c, name);
        }
        TRY(s);
        snprintf(ret_digest, STORE_DIGEST_SIZE, "%s", row->digest);
        *ret = tags ? NULL : graph_cache_get(c->graphs, ret_digest);
        if (*ret)
                return NULL;
        autoptr(GraphRow) full = NULL;
        void *data = NULL;
        TRY(store_get_graph(c->store, name, &full, &data));
        size_t n = (size_t)full->bytes;
        autobuf bytes = { .data = data, .len = n, .cap = n, .max = n };
        snprintf(ret_digest, STORE_DIGEST_SIZE, "%s", full->digest);
        ModelSource src = { .bytes = data, .n = n, .take = &bytes, .tags = tags };
        TRY(model_load(c->engine, &src, ret));
        if (!tags)
                graph_cache_put(c->graphs, ret_digest, *ret);
        return NULL;
}
