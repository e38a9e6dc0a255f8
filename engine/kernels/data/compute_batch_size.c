// SPDX-License-Identifier: Apache-2.0
/* ComputeBatchSize: how many elements the last batching in a pipeline puts together, or -1 where
 * that cannot be told: TensorFlow looks through datasets that leave batches alone. */
#include "engine/kernels/data/batch.h"

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!strcmp(name, names[i]))
                        return true;
        return false;
}

static Status *compute_batch_size(OpCtx *c)
{
        static const char *const batches[] = { "Batch", "PaddedBatch" };
        static const char *const through[] = {
                "Cache",
                "FilterByLastComponent",
                "Finalize",
                "Prefetch",
                "Repeat",
                "Shard",
                "Shuffle",
                "ShuffleAndRepeat",
                "Skip",
                "Take",
                "Options",
                "Model",
                "Filter",
                "PrivateThreadPool",
                "MaxIntraOpParallelism",
                "AssertCardinality",
                "AssertNext",
                "NonSerializable",
                "Optimize",
        };
        Dataset *d = NULL;
        TRY(dataset_at(c, 0, &d));
        while (d->n_inputs == 1 && is_one_of(d->kind->name, through, COUNTOF(through)))
                d = d->input[0];
        *(int64_t *)tensor_fill(ctx_output(c, 0)) =
                is_one_of(d->kind->name, batches, COUNTOF(batches)) ? ((const Batch *)d)->size : -1;
        return NULL;
}

OP(ComputeBatchSize, .inputs = "input_dataset:variant", .outputs = "batch_size:int64",
   .shape = shape_scalars, .compute = compute_batch_size);
