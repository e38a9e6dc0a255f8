// SPDX-License-Identifier: Apache-2.0
/* ConditionalAccumulator, its sparse and its resource form, and what is done with them. */
#include "engine/state/accumulator.h"
#include "engine/kernels/data_flow/queue_handle.h"

static bool is_sparse(const OpCtx *c)
{
        return !strncmp(ctx_node(c)->def->op, "Sparse", 6);
}

static Status *make(const OpCtx *c, const char *name, Resource **ret)
{
        const Node *n = ctx_node(c);
        AccumulatorSpec spec = { .name = name,
                                 .container = ctx_container(c),
                                 .dtype = node_type(n, "dtype", DT_INVALID),
                                 .shape = SHAPE_UNKNOWN,
                                 .sparse = is_sparse(c),
                                 .mean = !strcmp(node_string(n, "reduction_type", "MEAN"),
                                                 "MEAN") };
        TRY(node_attr_shape(n, "shape", &spec.shape));
        return accumulator_new(&spec, ret);
}

static Status *accumulator(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        TRY(ctx_own_resource(c, &accumulator_kind, false, make, &r));
        return handle_output(c, r);
}

static Status *accumulator_at(const OpCtx *c, Accumulator **ret)
{
        Resource *r;
        TRY(ctx_resource(c, 0, &accumulator_kind, &r));
        *ret = accumulator_of(r);
        return NULL;
}

static Status *read_number(const OpCtx *c, const char *name, int64_t *ret)
{
        const Tensor *t = ctx_input(c, 1);
        if (tensor_rank(t))
                return invalid_argument("Argument %s must be scalar, but had bad shape %s", name,
                                        shape_text(tensor_shape(t)).s);
        *ret = tensor_int(t, 0);
        return NULL;
}

static Status *check_apply(const OpCtx *c, const Accumulator *a)
{
        DType t = accumulator_dtype(a), dense[] = { DT_INT64, t },
              sparse[] = { DT_INT64, DT_INT64, t, DT_INT64 };
        TRY(accumulator_is(a, is_sparse(c)));
        return is_sparse(c) ? match_signature(c, sparse, COUNTOF(sparse), NULL, 0)
                            : match_signature(c, dense, COUNTOF(dense), NULL, 0);
}

/* A gradient of an older step than the accumulator's is dropped without an error: that is what
 * local_step is for. */
static Status *apply(OpCtx *c)
{
        Accumulator *a;
        Gradient g = { .values = ctx_input(c, is_sparse(c) ? 3 : 2) };
        TRY(accumulator_at(c, &a));
        TRY(check_apply(c, a));
        TRY(read_number(c, "local_step", &g.step));
        if (is_sparse(c))
                g.indices = ctx_input(c, 2);
        if (node_bool(ctx_node(c), "has_known_shape", false))
                g.shape = ctx_input(c, 4);
        return accumulator_apply(a, &g);
}

static void through(void *arg, Status *s, Tensor **out, int n)
{
        OpCtx *c = arg;
        for (int i = 0; i < n && i < ctx_outputs(c); i++)
                ctx_set_output(c, i, steal(&out[i]));
        ctx_done(c, s);
}

static Status *check_take(OpCtx *c, Accumulator **a, int64_t *n)
{
        TRY(accumulator_at(c, a));
        DType t = accumulator_dtype(*a), in[] = { DT_INT32 }, sparse[] = { DT_INT64, t, DT_INT64 };
        TRY(accumulator_is(*a, is_sparse(c)));
        TRY(is_sparse(c) ? match_signature(c, in, 1, sparse, COUNTOF(sparse))
                         : match_signature(c, in, 1, &t, 1));
        return read_number(c, "num_required", n);
}

static void take(OpCtx *c)
{
        Accumulator *a;
        int64_t n;
        Status *s = check_take(c, &a, &n);
        if (s)
                ctx_done(c, s);
        else
                accumulator_take(a, n, ctx_cancel(c), through, c);
}

static Status *count(OpCtx *c)
{
        Accumulator *a;
        TRY(accumulator_at(c, &a));
        *(int32_t *)tensor_fill(ctx_output(c, 0)) =
                (int32_t)MIN(accumulator_count(a), (int64_t)INT32_MAX);
        return NULL;
}

static Status *set_step(OpCtx *c)
{
        Accumulator *a;
        int64_t step;
        TRY(accumulator_at(c, &a));
        TRY(read_number(c, "num_required", &step)); /* so TensorFlow calls it */
        accumulator_set_step(a, step);
        return NULL;
}

#define NUMBERS                                                                            \
        "dtype:type in [float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8," \
        "qint32,bfloat16,uint16,complex128,half,uint32,uint64]"
#define FLOATS "dtype:type in [half,bfloat16,float,double]"
#define MAKER                                                                         \
        NUMBERS "; shape:shape; container:string = \"\"; shared_name:string = \"\"; " \
                "reduction_type:string in [MEAN,SUM] = \"MEAN\""
#define MAKE(op, handle)                                                         \
        OP(op, .outputs = "handle:" handle, .attrs = MAKER, .flags = "stateful", \
           .kernels = FLOATS, .shape = handle_shape, .compute = accumulator, .late_shape = true)
#define OPS(P, handle, state)                                                                 \
        OP(P##AccumulatorApplyGradient,                                                       \
           .inputs = "handle:" handle "; local_step:int64; gradient:dtype", .attrs = NUMBERS, \
           .flags = state, .kernels = FLOATS, .compute = apply);                              \
        OP(P##AccumulatorTakeGradient, .inputs = "handle:" handle "; num_required:int32",     \
           .outputs = "average:dtype", .attrs = NUMBERS, .flags = state, .kernels = FLOATS,   \
           .start = take, .late_shape = true);                                                \
        OP(P##AccumulatorNumAccumulated, .inputs = "handle:" handle,                          \
           .outputs = "num_accumulated:int32", .flags = state, .shape = handle_in_scalar_out, \
           .compute = count);                                                                 \
        OP(P##AccumulatorSetGlobalStep, .inputs = "handle:" handle "; new_global_step:int64", \
           .flags = state, .compute = set_step)

MAKE(ConditionalAccumulator, "ref(string)");
MAKE(SparseConditionalAccumulator, "ref(string)");
MAKE(ResourceConditionalAccumulator, "resource");
OPS(, "ref(string)", "");
OPS(Resource, "resource", "stateful");
OP(SparseAccumulatorApplyGradient,
   .inputs = "handle:ref(string); local_step:int64; gradient_indices:int64; "
             "gradient_values:dtype; gradient_shape:int64",
   .attrs = NUMBERS "; has_known_shape:bool", .kernels = FLOATS, .compute = apply);
OP(SparseAccumulatorTakeGradient, .inputs = "handle:ref(string); num_required:int32",
   .outputs = "indices:int64; values:dtype; shape:int64", .attrs = NUMBERS, .kernels = FLOATS,
   .start = take, .late_shape = true);
