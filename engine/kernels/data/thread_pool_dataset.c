// SPDX-License-Identifier: Apache-2.0
/* ThreadPoolHandle, ThreadPoolDataset: which threads a pipeline is to run on. There is one pool
 * here, so both are names only. ChooseFastestDataset: any of its inputs will do. */
#include "engine/kernels/data/pull.h"
#include "engine/kernels/data_flow/queue_handle.h"

typedef struct ThreadPool {
        Resource base;
} ThreadPool;

static void destroy(Resource *r)
{
        mem_free(CONTAINER_OF(r, ThreadPool, base));
}

static const ResourceKind pool_kind = { .name = "ThreadPool", .destroy = destroy };

static Status *thread_pool_new(const OpCtx *c UNUSED, const char *name UNUSED, Resource **ret)
{
        ThreadPool *t = mem_alloc(sizeof *t);
        if (!t)
                return status_oom();
        resource_init(&t->base, &pool_kind);
        *ret = &t->base;
        return NULL;
}

static Status *handle(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        if (node_int(ctx_node(c), "num_threads", 0) <= 0)
                return invalid_argument("`num_threads` must be greater than zero.");
        TRY(ctx_own_resource(c, &pool_kind, true, thread_pool_new, &r));
        return handle_output(c, r);
}

static Status *next(Iter *it, Pull *p)
{
        return pull_event(p) == PULL_ASKED ? pull_input(p, it) : pull_pass(p);
}

static const DatasetKind pool_dataset_kind = { .name = "ThreadPool", .next = next };
static const DatasetKind fastest_kind = { .name = "ChooseFastest", .next = next };

static Status *on_pool(OpCtx *c)
{
        Resource *r = NULL;
        Dataset *d = NULL;
        TRY(ctx_resource(c, 1, &pool_kind, &r));
        TRY(dataset_unary(c, &pool_dataset_kind, &d));
        return dataset_output(c, d);
}

/* What input i gives must be what the op says, as far as that says it. */
static Status *check_fastest(const Dataset *says, const Dataset *d, int i)
{
        autobuf is = BUF(1 << 12), want = BUF(1 << 12);
        components_text(says, &want);
        components_text(d, &is);
        if (d->n != says->n || memcmp(d->types, says->types, (size_t)d->n * sizeof *d->types))
                return invalid_argument("All inputs to ChooseFastestDataset must have the same "
                                        "output types. Input %d has output types: %s. Expected: "
                                        "%s.",
                                        i, buf_cstr(&is), buf_cstr(&want));
        for (int k = 0; k < d->n; k++)
                if (!shape_compatible(&d->shapes[k], &says->shapes[k]))
                        return invalid_argument("All inputs to ChooseFastestDataset must have "
                                                "compatible output shapes. Component %d of input "
                                                "%d has shape: %s. Expected to be compatible with "
                                                "shape: %s.",
                                                k, i, shape_text(&d->shapes[k]).s,
                                                shape_text(&says->shapes[k]).s);
        if (d->cardinality != CARDINALITY_UNKNOWN && says->cardinality != CARDINALITY_UNKNOWN &&
            d->cardinality != says->cardinality)
                return invalid_argument("All inputs to ChooseFastestDataset must have compatible "
                                        "cardinalities. Input %d has cardinality: %lld, while all "
                                        "prior inputs have cardinality: %lld.",
                                        i, (long long)d->cardinality, (long long)says->cardinality);
        return NULL;
}

static Status *fastest(OpCtx *c)
{
        Dataset *other = NULL;
        autoptr(Dataset) d = NULL;
        TRY(dataset_typed(c, &fastest_kind, &d));
        for (int i = 1; i < ctx_inputs(c); i++) {
                TRY(dataset_at(c, i, &other));
                TRY(check_fastest(d, other, i));
                if (d->cardinality == CARDINALITY_UNKNOWN)
                        d->cardinality = other->cardinality;
        }
        return dataset_output(c, steal(&d));
}

#define POOL                                                                       \
        "num_threads:int; max_intra_op_parallelism:int = 1; display_name:string; " \
        "container:string = \"\"; "                                                \
        "shared_name:string = \"\""

OP(ThreadPoolHandle, .outputs = "handle:resource", .attrs = POOL, .flags = "stateful",
   .shape = shape_scalars, .compute = handle, .late_shape = true);
OP(ExperimentalThreadPoolHandle, .outputs = "handle:resource", .attrs = POOL, .flags = "stateful",
   .shape = shape_scalars, .compute = handle, .late_shape = true);
DATASET_OP(ThreadPoolDataset, "input_dataset:variant; thread_pool:resource", TYPES,
           .flags = "stateful", .compute = on_pool);
DATASET_OP(ExperimentalThreadPoolDataset, "input_dataset:variant; thread_pool:resource", TYPES,
           .flags = "stateful", .compute = on_pool);
DATASET_OP(ChooseFastestDataset, "input_datasets:N*variant",
           "N:int >=2; num_experiments:int; " TYPES, .compute = fastest);
DATASET_OP(ExperimentalChooseFastestDataset, "input_datasets:N*variant",
           "N:int >=2; num_experiments:int; " TYPES, .compute = fastest);
