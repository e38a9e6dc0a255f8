// SPDX-License-Identifier: Apache-2.0
/* Datasets that change nothing about the elements: they say how TensorFlow is to run the pipeline.
 * Options, Model, Optimize and so on tune what there is not here; Prefetch draws ahead there, here
 * an element is made when it is asked for. */
#include "engine/kernels/data/pull.h"
#include "engine/ops/signature.h"

static Status *next(Iter *it, Pull *p)
{
        return pull_event(p) == PULL_ASKED ? pull_input(p, it) : pull_pass(p);
}

#define PASS(op, title, in, at, state)                                        \
        static const DatasetKind kind_##op = { .name = title, .next = next }; \
        static Status *make_##op(OpCtx *c)                                    \
        {                                                                     \
                return pass(c, &kind_##op);                                   \
        }                                                                     \
        DATASET_OP(op, in, at, .flags = state, .compute = make_##op)

/* None was an error when the op was experimental. */
static Status *check_threads(const OpCtx *c, const char *name)
{
        int64_t n = 0;
        TRY(scalar_int(c, 1, name, &n));
        if (ctx_node(c)->op->def->name[0] == 'E' && n <= 0)
                return invalid_argument("`%s` must be greater than zero.", name);
        return n < 0 ? invalid_argument("`%s` must be >= 0", name) : NULL;
}

/* Numbers that say how many must not be negative, and tags be one, whether they are used or not. */
static Status *check_settings(const OpCtx *c)
{
        const char *op = ctx_node(c)->op->def->name;
        const TString *tag;
        int64_t n = 0;
        if (!strcmp(op, "PrefetchDataset")) {
                TRY(scalar_int(c, 1, "buffer_size", &n));
                if (n < -1)
                        return invalid_argument("buffer_size must be >= 0 or set buffer_size to be "
                                                "-1 for auto-tuning");
        } else if (strstr(op, "PrivateThreadPool")) {
                TRY(check_threads(c, "num_threads"));
        } else if (strstr(op, "MaxIntraOp")) {
                TRY(check_threads(c, "max_intra_op_parallelism"));
        } else if (strstr(op, "Stats")) {
                TRY(scalar_string(c, 1, "tag", &tag));
        }
        return NULL;
}

/* OptionsDataset keeps them for GetOptions. */
static Status *keep_options(const Node *n, Dataset *d)
{
        const AttrValue *v = node_attr(n, "serialized_options");
        Tensor *t = NULL;
        if (!v || v->value_case != TENSORFLOW__ATTR_VALUE__VALUE_S)
                return NULL;
        TRY(tensor_string(v->s.data, v->s.len, &t));
        return row_single(t, &d->values);
}

static Status *pass(OpCtx *c, const DatasetKind *kind)
{
        autoptr(Dataset) d = NULL;
        TRY(check_settings(c));
        TRY(dataset_unary(c, kind, &d));
        TRY(keep_options(ctx_node(c), d));
        return dataset_output(c, steal(&d));
}

#define IN "input_dataset:variant"

PASS(PrefetchDataset, "Prefetch", IN "; buffer_size:int64",
     TYPES "; slack_period:int = 0; legacy_autotune:bool = true; buffer_size_min:int = 0" METADATA,
     "");
PASS(OptionsDataset, "Options", IN,
     "serialized_options:string; address_list:list(string) = []; thread_list:list(int) = []; "
     "target_threadpool_size:int = -1; " TYPES METADATA,
     "");
PASS(ModelDataset, "Model", IN, "algorithm:int = 0; cpu_budget:int = 0; ram_budget:int = 0; " TYPES,
     "");
PASS(OptimizeDataset, "Optimize", IN "; optimizations:string",
     TYPES "; optimization_configs:list(string) = []", "");
PASS(OptimizeDatasetV2, "Optimize",
     IN "; optimizations_enabled:string; optimizations_disabled:string; "
        "optimizations_default:string",
     TYPES "; optimization_configs:list(string) = []", "");
PASS(FinalizeDataset, "Finalize", IN, "has_captured_ref:bool = false; " TYPES, "");
PASS(NonSerializableDataset, "NonSerializable", IN, TYPES, "");
PASS(ExperimentalNonSerializableDataset, "NonSerializable", IN, TYPES, "");
PASS(MaxIntraOpParallelismDataset, "MaxIntraOpParallelism", IN "; max_intra_op_parallelism:int64",
     TYPES, "");
PASS(ExperimentalMaxIntraOpParallelismDataset, "MaxIntraOpParallelism",
     IN "; max_intra_op_parallelism:int64", TYPES, "");
PASS(PrivateThreadPoolDataset, "PrivateThreadPool", IN "; num_threads:int64", TYPES, "");
PASS(ExperimentalPrivateThreadPoolDataset, "PrivateThreadPool", IN "; num_threads:int64", TYPES,
     "");
PASS(BytesProducedStatsDataset, "BytesProducedStats", IN "; tag:string", TYPES, "");
PASS(ExperimentalBytesProducedStatsDataset, "BytesProducedStats", IN "; tag:string", TYPES, "");
PASS(LatencyStatsDataset, "LatencyStats", IN "; tag:string", TYPES, "");
PASS(ExperimentalLatencyStatsDataset, "LatencyStats", IN "; tag:string", TYPES, "");
