// SPDX-License-Identifier: Apache-2.0
#include "bench/op_bench_onednn.h"

#include "bench/table.h"
#include "engine/base/mem.h"
#include <dnnl.h>
#include <omp.h>
#include <string.h>

enum { ROUNDS = 9, REPEAT = 5, ARGS_MAX = 8, C = 3 };

typedef dnnl_memory_desc_t Md;
typedef dnnl_primitive_desc_t Pd;

/* One op: how its primitive is made of x's shape, and by what. */
typedef struct Row {
        const char *key;
        dnnl_status_t (*make)(const struct Row *r, const Md *x, Pd *ret);
        dnnl_alg_kind_t alg;
        float alpha, beta;
        int axis[4];             /* of reductions: which, ended by -1; of one: [0]; permutation */
        dnnl_data_type_t result; /* 0: x's */
} Row;

static const dnnl_engine_t *engine(void)
{
        static dnnl_engine_t e;
        if (!e)
                dnnl_engine_create(&e, dnnl_cpu, 0);
        return &e;
}

/* A plain layout of x's shape, but for the sizes given instead of 0. */
static Md plain(const Md *x, const dnnl_dim_t *instead, dnnl_data_type_t type)
{
        Md m;
        dnnl_dims_t dims, strides;
        dnnl_dim_t n = 1;
        for (int i = x->ndims - 1; i >= 0; i--) {
                dims[i] = instead && instead[i] ? instead[i] : x->dims[i];
                strides[i] = n;
                n *= dims[i];
        }
        dnnl_memory_desc_init_by_strides(&m, x->ndims, dims, type ? type : x->data_type, strides);
        return m;
}

/* The same memory with its axes in another order. */
static Md permuted(const Md *x, const int *order)
{
        Md m;
        dnnl_dims_t dims, strides;
        for (int i = 0; i < x->ndims; i++) {
                dims[i] = x->dims[order[i]];
                strides[i] = x->format_desc.blocking.strides[order[i]];
        }
        dnnl_memory_desc_init_by_strides(&m, x->ndims, dims, x->data_type, strides);
        return m;
}

static dnnl_status_t made(const void *desc, Pd *ret)
{
        return dnnl_primitive_desc_create(ret, desc, NULL, *engine(), NULL);
}

static dnnl_status_t eltwise(const Row *r, const Md *x, Pd *ret)
{
        dnnl_eltwise_desc_t d;
        dnnl_eltwise_forward_desc_init(&d, dnnl_forward_inference, r->alg, x, r->alpha, r->beta);
        return made(&d, ret);
}

static dnnl_status_t gradient(const Row *r, const Md *x, Pd *ret)
{
        dnnl_eltwise_desc_t d;
        Pd hint = NULL;
        dnnl_eltwise_forward_desc_init(&d, dnnl_forward_training, r->alg, x, r->alpha, r->beta);
        dnnl_status_t s = made(&d, &hint);
        dnnl_eltwise_backward_desc_init(&d, r->alg, x, x, r->alpha, r->beta);
        if (s == dnnl_success)
                s = dnnl_primitive_desc_create(ret, &d, NULL, *engine(), hint);
        dnnl_primitive_desc_destroy(hint);
        return s;
}

/* x and: itself (axis[0] -1), one number (-2), or what has only that axis. */
static dnnl_status_t binary(const Row *r, const Md *x, Pd *ret)
{
        dnnl_binary_desc_t d;
        dnnl_dim_t ones[] = { 1, 1, 1, 1 };
        if (r->axis[0] >= 0)
                ones[r->axis[0]] = 0;
        Md y = plain(x, r->axis[0] == -1 ? NULL : ones, 0), z = plain(x, NULL, r->result);
        dnnl_binary_desc_init(&d, r->alg, x, &y, &z);
        return made(&d, ret);
}

static dnnl_status_t reduction(const Row *r, const Md *x, Pd *ret)
{
        dnnl_reduction_desc_t d;
        dnnl_dim_t ones[4] = { 0 };
        for (int i = 0; i < 4 && r->axis[i] >= 0; i++)
                ones[r->axis[i]] = 1;
        Md z = plain(x, ones, 0);
        dnnl_reduction_desc_init(&d, r->alg, x, &z, 0, 0);
        return made(&d, ret);
}

static dnnl_status_t softmax(const Row *r, const Md *x, Pd *ret)
{
        dnnl_softmax_v2_desc_t d;
        dnnl_softmax_v2_forward_desc_init(&d, dnnl_forward_inference, r->alg, x, x, r->axis[0]);
        return made(&d, ret);
}

static dnnl_status_t layer_norm(const Row *r, const Md *x, Pd *ret)
{
        (void)r;
        dnnl_layer_normalization_desc_t d;
        dnnl_layer_normalization_forward_desc_init(&d, dnnl_forward_inference, x, NULL, 0.001f, 0);
        return made(&d, ret);
}

/* Pictures are NHWC, which oneDNN calls NCHW with other strides. */
static dnnl_status_t batch_norm(const Row *r, const Md *x, Pd *ret)
{
        dnnl_batch_normalization_desc_t d;
        Md m = permuted(x, (int[]){ 0, C, 1, 2 });
        bool training = r->axis[0];
        dnnl_batch_normalization_forward_desc_init(
                &d, training ? dnnl_forward_training : dnnl_forward_inference, &m, 0.001f,
                dnnl_use_scaleshift | (training ? 0 : dnnl_use_global_stats));
        return made(&d, ret);
}

static dnnl_status_t cast(const Row *r, const Md *x, Pd *ret)
{
        Md z = plain(x, NULL, r->result);
        return dnnl_reorder_primitive_desc_create(ret, x, *engine(), &z, *engine(), NULL);
}

static dnnl_status_t transpose(const Row *r, const Md *x, Pd *ret)
{
        Md from = permuted(x, r->axis), to = plain(&from, NULL, 0);
        return dnnl_reorder_primitive_desc_create(ret, &from, *engine(), &to, *engine(), NULL);
}

static dnnl_status_t concat(const Row *r, const Md *x, Pd *ret)
{
        Md both[] = { *x, *x };
        dnnl_dim_t twice[4] = { 0 };
        twice[r->axis[0]] = 2 * x->dims[r->axis[0]];
        Md z = plain(x, twice, 0);
        return dnnl_concat_primitive_desc_create(ret, &z, 2, r->axis[0], both, NULL, *engine());
}

#define ELTWISE(key, alg, ...)                                \
        {                                                     \
                key, eltwise, dnnl_eltwise_##alg, __VA_ARGS__ \
        }
#define BINARY(key, alg, ...)                                       \
        {                                                           \
                key, binary, dnnl_binary_##alg, .axis = __VA_ARGS__ \
        }
#define REDUCE(key, alg, ...)                                                     \
        {                                                                         \
                key, reduction, dnnl_reduction_##alg, .axis = { __VA_ARGS__, -1 } \
        }
#define TRANSPOSE(key, ...)                             \
        {                                               \
                key, transpose, .axis = { __VA_ARGS__ } \
        }
#define CAST(key, type)                   \
        {                                 \
                key, cast, .result = type \
        }

static const Row rows[] = {
        ELTWISE("neg", linear, -1),
        BINARY("add", add, { -1 }),
        ELTWISE("mul", linear, 3),
        BINARY("div", div, { -2 }),
        BINARY("max", max, { -2 }),
        ELTWISE("pow2", square),
        ELTWISE("pow", pow, 1, 1.7f),
        BINARY("less", lt, { -2 }, .result = dnnl_u8),
        BINARY("bias_add", add, { C }),
        BINARY("add_column", add, { 0 }),
        ELTWISE("relu", relu),
        ELTWISE("relu6", bounded_relu, 6),
        ELTWISE("leaky_relu", relu, 0.2f),
        ELTWISE("elu", elu, 1),
        ELTWISE("softplus", soft_relu),
        ELTWISE("exp", exp),
        ELTWISE("log", log),
        ELTWISE("tanh", tanh),
        ELTWISE("sigmoid", logistic),
        ELTWISE("sqrt", sqrt),
        ELTWISE("rsqrt", pow, 1, -0.5f),
        ELTWISE("square", square),
        ELTWISE("abs", abs),
        ELTWISE("round", round),
        ELTWISE("clip", clip_v2, 1, 2),
        { "tanh_grad", gradient, dnnl_eltwise_tanh_use_dst_for_bwd },
        { "relu_grad", gradient, dnnl_eltwise_relu },
        CAST("to_float", dnnl_f32),
        CAST("to_half", dnnl_f16),
        CAST("to_bfloat16", dnnl_bf16),
        CAST("to_int32", dnnl_s32),
        CAST("to_uint8", dnnl_u8),
        REDUCE("sum", sum, 0),
        REDUCE("sum_0", sum, 0),
        REDUCE("sum_1", sum, 1),
        REDUCE("sum_3", sum, 3),
        REDUCE("sum_0_3", sum, 0, 3),
        REDUCE("mean_1_2", mean, 1, 2),
        REDUCE("mean_0_1_2", mean, 0, 1, 2),
        REDUCE("max_1", max, 1),
        REDUCE("max_0", max, 0),
        { "softmax", softmax, dnnl_softmax_accurate, .axis = { 1 } },
        { "log_softmax", softmax, dnnl_softmax_log, .axis = { 1 } },
        { "layer_norm", layer_norm },
        { "batch_norm", batch_norm, .axis = { false } },
        { "batch_norm_training", batch_norm, .axis = { true } },
        TRANSPOSE("transpose", 1, 0),
        TRANSPOSE("to_nchw", 0, 3, 1, 2),
        TRANSPOSE("swap_rows", 0, 2, 1, 3),
        TRANSPOSE("to_nhwc", 0, 2, 3, 1),
        { "concat_0", concat, .axis = { 0 } },
        { "concat_1", concat, .axis = { 1 } },
        { "concat_3", concat, .axis = { 3 } },
};

/* A primitive, and memory for all that it takes and gives. */
typedef struct Prim {
        dnnl_primitive_t p;
        dnnl_exec_arg_t args[ARGS_MAX];
        char *block[ARGS_MAX];
        size_t bytes[ARGS_MAX];
        int n;
} Prim;

static void add_arg(Prim *p, Pd pd, int arg, const Tensor *x)
{
        const Md *m = dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, arg);
        size_t n = m ? dnnl_memory_desc_get_size(m) : 0;
        if (!n)
                return;
        bool fed = n == tensor_bytes(x) && arg != DNNL_ARG_DST;
        char *block = block_alloc(n);
        if (!block)
                bench_must(status_oom());
        if (fed)
                memcpy(block, tensor_data(x), n);
        else
                memset(block, 0, n);
        p->block[p->n] = block;
        p->bytes[p->n] = n;
        p->args[p->n].arg = arg;
        dnnl_memory_create(&p->args[p->n++].memory, m, *engine(), block);
}

static double timed(const Prim *p)
{
        dnnl_stream_t stream;
        double v[ROUNDS];
        dnnl_stream_create(&stream, *engine(), dnnl_stream_default_flags);
        for (int r = 0; r < ROUNDS; r++) {
                double start = bench_cpu();
                for (int i = 0; i < REPEAT; i++)
                        dnnl_primitive_execute(p->p, stream, p->n, p->args);
                v[r] = (bench_cpu() - start) / REPEAT;
        }
        dnnl_stream_destroy(stream);
        return bench_best(v, ROUNDS);
}

static double time_primitive(Pd pd, const Tensor *x)
{
        static const int known[] = { DNNL_ARG_SRC_0,        DNNL_ARG_SRC_1,
                                     DNNL_ARG_DST,          DNNL_ARG_SCALE_SHIFT,
                                     DNNL_ARG_MEAN,         DNNL_ARG_VARIANCE,
                                     DNNL_ARG_DIFF_DST,     DNNL_ARG_DIFF_SRC,
                                     DNNL_ARG_MULTIPLE_SRC, DNNL_ARG_MULTIPLE_SRC + 1 };
        Prim p = { 0 };
        double t = 0;
        for (size_t i = 0; i < COUNTOF(known) && p.n < ARGS_MAX; i++)
                add_arg(&p, pd, known[i], x);
        if (dnnl_primitive_create(&p.p, pd) == dnnl_success)
                t = timed(&p);
        dnnl_primitive_destroy(p.p);
        for (int i = 0; i < p.n; i++) {
                dnnl_memory_destroy(p.args[i].memory);
                block_free(p.block[i], p.bytes[i]);
        }
        return t;
}

static dnnl_data_type_t type_of(DType dtype)
{
        static const dnnl_data_type_t types[DT_UINT64 + 1] = { [DT_FLOAT] = dnnl_f32,
                                                               [DT_BFLOAT16] = dnnl_bf16,
                                                               [DT_HALF] = dnnl_f16,
                                                               [DT_INT32] = dnnl_s32 };
        return types[dtype];
}

double onednn_time(const char *key, const Tensor *x)
{
        Md shape = { .data_type = type_of(tensor_dtype(x)), .ndims = tensor_shape(x)->rank };
        Pd pd = NULL;
        double t = 0;
        omp_set_num_threads(1);
        memcpy(shape.dims, tensor_shape(x)->dim, (size_t)shape.ndims * sizeof(shape.dims[0]));
        const Md m = plain(&shape, NULL, 0);
        for (size_t i = 0; i < COUNTOF(rows) && shape.data_type; i++)
                if (!strcmp(rows[i].key, key) && rows[i].make(&rows[i], &m, &pd) == dnnl_success) {
                        t = time_primitive(pd, x);
                        dnnl_primitive_desc_destroy(pd);
                }
        return t;
}
