// SPDX-License-Identifier: Apache-2.0
/* CacheDataset(V2): what the input gave when it was run through for the first time. With a filename
 * it is written there when the end has come, and read from there by whoever comes later; either way
 * it is in memory, too. */
#include "engine/kernels/data/cache_file.h"
#include "engine/kernels/data/pull.h"
#include "engine/kernels/data_flow/queue_handle.h"
#include <pthread.h>

/* Shared by the iterators of a dataset or, as a handle, by several. */
typedef struct Cache {
        Resource base;
        pthread_mutex_t lock; /* guards: full, and rows until then */
        bool full;
        Rows rows; /* never changes once full */
} Cache;

static void cache_destroy(Resource *r)
{
        Cache *cache = CONTAINER_OF(r, Cache, base);
        rows_clear(&cache->rows);
        pthread_mutex_destroy(&cache->lock);
        mem_free(cache);
}

static const ResourceKind cache_kind = { .name = "MemoryCache", .destroy = cache_destroy };

static Status *cache_new(Resource **ret)
{
        Cache *cache = mem_calloc(1, sizeof *cache);
        if (!cache)
                return status_oom();
        resource_init(&cache->base, &cache_kind);
        pthread_mutex_init(&cache->lock, NULL);
        *ret = &cache->base;
        return NULL;
}

static bool cache_full(Cache *cache)
{
        pthread_mutex_lock(&cache->lock);
        bool full = cache->full;
        pthread_mutex_unlock(&cache->lock);
        return full;
}

/* Several iterators may fill it at once: the first that comes to the end counts. */
static void cache_fill(Cache *cache, Rows *rows)
{
        pthread_mutex_lock(&cache->lock);
        if (!cache->full) {
                cache->rows = *rows;
                *rows = (Rows){ 0 };
                cache->full = true;
        }
        pthread_mutex_unlock(&cache->lock);
}

/* ---- the dataset ---- */

typedef struct Cached {
        Dataset base; /* values->t[0]: the file's name, when there is one */
        Resource *cache;
} Cached;

typedef struct CachedIter {
        Iter base;
        bool reads; /* out of the cache, which is full */
        bool asked; /* before */
        int64_t i;
        Rows rows; /* what has come so far, when it does not */
} CachedIter;

static Cache *cache_of(const Iter *it)
{
        return CONTAINER_OF(((Cached *)it->ds)->cache, Cache, base);
}

static Status *open(Iter *it)
{
        ((CachedIter *)it)->reads = cache_full(cache_of(it));
        return NULL;
}

static void close(Iter *it)
{
        rows_clear(&((CachedIter *)it)->rows);
}

static Status *read(CachedIter *r, Pull *p)
{
        const Rows *rows = &cache_of(&r->base)->rows;
        Row *row = NULL;
        if (r->i >= rows->n)
                return pull_end(p);
        TRY(row_join(rows_at(rows, r->i++), NULL, &row));
        return pull_give(p, row);
}

static const TString *file_of(const Iter *it)
{
        return it->ds->values ? tensor_strings(it->ds->values->t[0]) : NULL;
}

/* Looks for the file before the first element, since somebody may have written it. */
static Status *look_for_file(CachedIter *r, const OpCtx *c)
{
        autorows rows = { 0 };
        bool there = false;
        TRY(cache_file_read(c, file_of(&r->base), r->base.ds->n, &rows, &there));
        if (there)
                cache_fill(cache_of(&r->base), &rows);
        r->reads = there;
        return NULL;
}

static Status *finish(CachedIter *r, Pull *p)
{
        if (file_of(&r->base))
                TRY(cache_file_write(pull_ctx(p), file_of(&r->base), &r->rows));
        cache_fill(cache_of(&r->base), &r->rows);
        return pull_end(p);
}

/* A copy of each element is kept; a cache that is not filled to the end goes with its iterator. */
static Status *next(Iter *it, Pull *p)
{
        CachedIter *r = (CachedIter *)it;
        Row *row = NULL, *copy = NULL;
        if (!r->reads && !r->asked && file_of(it))
                TRY(look_for_file(r, pull_ctx(p)));
        r->asked = true;
        if (r->reads)
                return read(r, p);
        switch (pull_event(p)) {
        case PULL_ASKED: return pull_input(p, it);
        case PULL_ROW: break;
        default: return finish(r, p);
        }
        row = pull_row(p);
        Status *s = row_join(row, NULL, &copy);
        if (!s)
                s = rows_add(&r->rows, copy);
        if (s) {
                row_free(row);
                return s;
        }
        return pull_give(p, row);
}

static void cached_free(Dataset *d)
{
        resource_unref(((Cached *)d)->cache);
}

static const DatasetKind cache_dataset_kind = { .name = "Cache",
                                                .size = sizeof(Cached),
                                                .iter_size = sizeof(CachedIter),
                                                .open = open,
                                                .next = next,
                                                .close = close,
                                                .free = cached_free };

static Status *find_cache(const OpCtx *c, Resource **ret)
{
        Resource *r = ctx_inputs(c) > 2 ? tensor_resource_at(ctx_input(c, 2), 0) : NULL;
        if (!r)
                return cache_new(ret);
        TRY(ctx_resource(c, 2, &cache_kind, &r));
        *ret = resource_ref(r);
        return NULL;
}

static Status *cache_dataset(OpCtx *c)
{
        const TString *file = NULL;
        autoptr(Dataset) d = NULL;
        TRY(scalar_string(c, 1, "filename", &file));
        TRY(dataset_unary(c, &cache_dataset_kind, &d));
        if (file->len)
                TRY(row_of(c->in + 1, 1, &d->values));
        TRY(find_cache(c, &((Cached *)d)->cache));
        return dataset_output(c, steal(&d));
}

/* ---- handles ---- */

static Status *anonymous(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        Tensor *deleter = NULL;
        TRY(cache_new(&r));
        TRY(tensor_resource(DT_VARIANT, NULL, &deleter));
        ctx_set_output(c, 1, deleter);
        return handle_output(c, r);
}

static Status *dummy(OpCtx *c)
{
        return handle_output(c, NULL);
}

/* It goes with the last dataset that uses it. */
static Status *delete (OpCtx *c UNUSED)
{
        return NULL;
}

DATASET_OP(CacheDataset, "input_dataset:variant; filename:string", TYPES METADATA,
           .compute = cache_dataset);
DATASET_OP(CacheDatasetV2, "input_dataset:variant; filename:string; cache:resource", TYPES METADATA,
           .flags = "stateful", .compute = cache_dataset);
OP(AnonymousMemoryCache, .outputs = "handle:resource; deleter:variant", .flags = "stateful",
   .shape = shape_scalars, .compute = anonymous, .late_shape = true);
OP(DummyMemoryCache, .outputs = "handle:resource", .flags = "stateful", .shape = shape_scalars,
   .compute = dummy, .late_shape = true);
OP(DeleteMemoryCache, .inputs = "handle:resource; deleter:variant", .flags = "stateful",
   .shape = shape_none, .compute = delete);
