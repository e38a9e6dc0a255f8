// SPDX-License-Identifier: Apache-2.0
/* AddSparseToTensorsMap, AddManySparseToTensorsMap, TakeManySparseFromTensorsMap: sparse tensors
 * kept in the session by number, each until it is taken. */
#include "engine/base/map.h"
#include "engine/kernels/sparse/stack.h"

#include <pthread.h>

enum { PARTS = 3 };

/* One kept tensor; its number is its key in the map. */
typedef struct Kept {
        int64_t handle;
        Tensor *part[PARTS];
} Kept;

typedef struct TensorsMap {
        Resource base;
        pthread_mutex_t lock; /* guards: kept, next */
        Map kept;
        int64_t next;
        char *name;
} TensorsMap;

static void kept_free(Kept *k)
{
        for (int i = 0; i < PARTS; i++)
                tensor_unref(k->part[i]);
        mem_free(k);
}
AUTOPTR_DEFINE(Kept, kept_free)

static void map_destroy(Resource *r)
{
        TensorsMap *m = CONTAINER_OF(r, TensorsMap, base);
        map_each (e, &m->kept)
                kept_free(e->value);
        map_done(&m->kept);
        pthread_mutex_destroy(&m->lock);
        mem_free(m->name);
        mem_free(m);
}

static const ResourceKind map_kind = { .name = "SparseTensorsMap", .destroy = map_destroy };

static Status *map_make(const OpCtx *c, const char *name, Resource **ret)
{
        (void)c;
        TensorsMap *m = mem_calloc(1, sizeof *m);
        char *copy = mem_strdup(name);
        if (!m || !copy) {
                mem_free(m);
                mem_free(copy);
                return status_oom();
        }
        resource_init(&m->base, &map_kind);
        pthread_mutex_init(&m->lock, NULL);
        m->name = copy;
        *ret = &m->base;
        return NULL;
}

/* Keeps a tensor, which it takes over. */
static Status *keep(TensorsMap *m, Kept *given, int64_t *ret)
{
        autoptr(Kept) k = given;
        pthread_mutex_lock(&m->lock);
        k->handle = m->next;
        Status *s = map_setn(&m->kept, (const char *)&k->handle, sizeof k->handle, k);
        if (!s) {
                *ret = m->next++;
                k = NULL;
        }
        pthread_mutex_unlock(&m->lock);
        return s;
}

static Kept *take(TensorsMap *m, int64_t handle)
{
        pthread_mutex_lock(&m->lock);
        Kept *k = map_deln(&m->kept, (const char *)&handle, sizeof handle);
        pthread_mutex_unlock(&m->lock);
        return k;
}

/* ---- adding ---- */

/* Checked on the way in, so that a bad tensor is its maker's error, not its taker's. */
static Status *add_one(OpCtx *c, TensorsMap *m)
{
        Sparse s;
        TRY(sparse_read(c, 0, 1, 2, &s));
        Kept *k = mem_calloc(1, sizeof *k);
        if (!k)
                return status_oom();
        for (int i = 0; i < PARTS; i++)
                k->part[i] = tensor_ref(ctx_input(c, i));
        return keep(m, k, tensor_fill(ctx_output(c, 0)));
}

/* Each row goes in under a number of its own. What went in before a failure stays until the session
 * ends. */
static Status *add_rows(OpCtx *c, TensorsMap *m)
{
        SparseRows rows;
        Tensor *y;
        TRY(sparse_rows_begin(c, &rows));
        TRY(ctx_alloc(c, 0, &SHAPE(rows.s.dims[0]), &y));
        while (rows.row < rows.s.dims[0]) {
                int64_t *handle = (int64_t *)tensor_fill(y) + rows.row;
                autoptr(Kept) k = mem_calloc(1, sizeof *k);
                if (!k)
                        return status_oom();
                if (ctx_cancelled(c))
                        return cancelled("Step was cancelled");
                TRY(sparse_rows_next(&rows, k->part));
                TRY(keep(m, steal(&k), handle));
        }
        return NULL;
}

static Status *with_map(OpCtx *c, Status *(*fn)(OpCtx *, TensorsMap *))
{
        autoptr(Resource) r = NULL;
        TRY(ctx_own_resource(c, &map_kind, true, map_make, &r));
        return fn(c, CONTAINER_OF(r, TensorsMap, base));
}

static Status *add(OpCtx *c)
{
        return with_map(c, add_one);
}

static Status *add_many(OpCtx *c)
{
        return with_map(c, add_rows);
}

static Status *add_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, 1, 2));
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

static Status *add_many_shape(ShapeCtx *c)
{
        TRY(sparse_want(c, 0, 1, 2));
        c->out[0] = SHAPE(-1);
        return NULL;
}

/* ---- taking ---- */

/* A number is good for one take: tensors leave the map here, even if a later one fails. */
static Status *take_all(OpCtx *c, TensorsMap *m, Kept **kept)
{
        const Tensor *handles = ctx_input(c, 0);
        int64_t n = tensor_count(handles);
        SparsePart *parts = ctx_scratch(c, (size_t)(n + 1) * sizeof *parts);
        if (!parts)
                return status_oom();
        for (int64_t i = 0; i < n; i++) {
                kept[i] = take(m, tensor_int(handles, i));
                if (!kept[i])
                        return invalid_argument("Unable to find SparseTensor: %lld in map: %s",
                                                (long long)tensor_int(handles, i), m->name);
                parts[i] = (SparsePart){ kept[i]->part[0], kept[i]->part[1], kept[i]->part[2] };
                TRY(sparse_part_check(&parts[i], dtype_base(ctx_node(c)->out_types[1]), i));
        }
        return sparse_stack(c, parts, n, tensor_shape(handles));
}

/* Whatever was taken is given back at the end, the stack being a copy. */
static Status *take_many_of(OpCtx *c, TensorsMap *m)
{
        int64_t n = tensor_count(ctx_input(c, 0));
        Kept **kept = ctx_scratch(c, (size_t)(n + 1) * sizeof *kept);
        if (!kept)
                return status_oom();
        memset(kept, 0, (size_t)(n + 1) * sizeof *kept);
        Status *s = n ? take_all(c, m, kept)
                      : invalid_argument("Must have at least 1 serialized SparseTensor, but input "
                                         "matrix has 0 rows");
        for (int64_t i = 0; i < n; i++)
                if (kept[i])
                        kept_free(kept[i]);
        return s;
}

static Status *take_many(OpCtx *c)
{
        return with_map(c, take_many_of);
}

static Status *take_shape(ShapeCtx *c)
{
        if (shape_in(c, 0)->rank >= 0 && shape_in(c, 0)->rank != 1)
                return invalid_argument("sparse_handles should be a vector but received shape %s",
                                        shape_text(shape_in(c, 0)).s);
        c->out[0] = SHAPE(-1, -1);
        c->out[1] = c->out[2] = SHAPE(-1);
        return NULL;
}

#define MAP_ATTRS "container:string = \"\"; shared_name:string = \"\""

OP(AddSparseToTensorsMap, .inputs = "sparse_indices:int64; sparse_values:T; sparse_shape:int64",
   .outputs = "sparse_handle:int64", .attrs = "T:type; " MAP_ATTRS, .kernels = SPARSE_ANY("T"),
   .flags = "stateful", .shape = add_shape, .compute = add);
OP(AddManySparseToTensorsMap, .inputs = "sparse_indices:int64; sparse_values:T; sparse_shape:int64",
   .outputs = "sparse_handles:int64", .attrs = "T:type; " MAP_ATTRS, .kernels = SPARSE_ANY("T"),
   .flags = "stateful", .shape = add_many_shape, .compute = add_many, .late_shape = true);
OP(TakeManySparseFromTensorsMap, .kernels = SPARSE_ANY("dtype"), .inputs = "sparse_handles:int64",
   .outputs = "sparse_indices:int64; sparse_values:dtype; sparse_shape:int64",
   .attrs = "dtype:type; " MAP_ATTRS, .flags = "stateful", .shape = take_shape,
   .compute = take_many, .late_shape = true);
