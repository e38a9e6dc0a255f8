// SPDX-License-Identifier: Apache-2.0
/* Barrier and what is done with it. */
#include "engine/state/barrier.h"
#include "engine/kernels/data_flow/queue_handle.h"

/* Full shapes are needed, because elements are stacked into batches when taken. */
static Status *prepare(PrepareCtx *c)
{
        Components parts;
        BarrierSpec *spec = arena_calloc(c->arena, 1, sizeof *spec);
        if (!spec)
                return status_oom();
        TRY(components_read(c, 0, &parts));
        if (parts.n != parts.n_shapes)
                return invalid_argument("All of the component shapes must be specified");
        for (int i = 0; i < parts.n; i++)
                if (!shape_complete(&parts.shapes[i]))
                        return invalid_argument("Shape %s of component %d is not fully defined",
                                                shape_text(&parts.shapes[i]).s, i);
        if (node_int(c->node, "capacity", -1) != -1)
                return invalid_argument("Barrier only accepts capacity=-1.  Feed the inputs to "
                                        "your Barrier through a queue to enforce a limited "
                                        "capacity.");
        *spec = (BarrierSpec){ .n = parts.n, .dtypes = parts.dtypes, .shapes = parts.shapes };
        c->state = spec;
        return NULL;
}

static Status *make(const OpCtx *c, const char *name, Resource **ret)
{
        BarrierSpec spec = *(const BarrierSpec *)ctx_state(c);
        spec.name = name;
        spec.container = ctx_container(c);
        return barrier_new(&spec, ret);
}

static Status *barrier(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        TRY(ctx_own_resource(c, &barrier_kind, false, make, &r));
        TRY(barrier_matches(barrier_of(r), ctx_state(c)));
        return handle_output(c, r);
}

static Status *barrier_at(const OpCtx *c, Barrier **ret)
{
        Resource *r;
        TRY(ctx_resource(c, 0, &barrier_kind, &r));
        *ret = barrier_of(r);
        return NULL;
}

static void through(void *arg, Status *s, Tensor **components, int n)
{
        OpCtx *c = arg;
        for (int i = 0; i < n && i < ctx_outputs(c); i++)
                ctx_set_output(c, i, steal(&components[i]));
        ctx_done(c, s);
}

static Status *check_insert(const OpCtx *c, Barrier **b, int *ret)
{
        int64_t i = node_int(ctx_node(c), "component_index", 0);
        TRY(barrier_at(c, b));
        if (i < 0 || i >= barrier_components(*b))
                return invalid_argument("The component ID is out of range %lld > num_components "
                                        "(= %d)",
                                        (long long)i, barrier_components(*b));
        *ret = (int)i;
        return match_signature(c, (DType[]){ DT_STRING, barrier_dtype(*b, (int)i) }, 2, NULL, 0);
}

static void insert(OpCtx *c)
{
        Barrier *b;
        int i;
        Status *s = check_insert(c, &b, &i);
        if (s)
                ctx_done(c, s);
        else
                barrier_insert(b, ctx_input(c, 1), i, c->in[2], ctx_cancel(c), through, c);
}

/* The first two outputs are indices and keys. */
static Status *check_take(OpCtx *c, Barrier **b)
{
        TRY(barrier_at(c, b));
        if (tensor_rank(ctx_input(c, 1)))
                return invalid_argument("num_elements must be a scalar.");
        int n = barrier_components(*b);
        DType *out = ctx_scratch(c, (size_t)(2 + n) * sizeof *out);
        if (!out)
                return status_oom();
        out[0] = DT_INT64;
        out[1] = DT_STRING;
        for (int i = 0; i < n; i++)
                out[2 + i] = barrier_dtype(*b, i);
        return match_signature(c, (DType[]){ DT_INT32 }, 1, out, 2 + n);
}

static void take(OpCtx *c)
{
        Barrier *b;
        Status *s = check_take(c, &b);
        if (s)
                ctx_done(c, s);
        else
                barrier_take(b, tensor_int(ctx_input(c, 1), 0),
                             node_bool(ctx_node(c), "allow_small_batch", false), ctx_cancel(c),
                             through, c);
}

static void close_barrier(OpCtx *c)
{
        Barrier *b;
        Status *s = barrier_at(c, &b);
        if (s)
                ctx_done(c, s);
        else
                barrier_close(b, node_bool(ctx_node(c), "cancel_pending_enqueues", false), through,
                              c);
}

static Status *ready_size(OpCtx *c)
{
        Barrier *b;
        TRY(barrier_at(c, &b));
        *(int32_t *)tensor_fill(ctx_output(c, 0)) = (int32_t)barrier_ready(b);
        return NULL;
}

static Status *incomplete_size(OpCtx *c)
{
        Barrier *b;
        TRY(barrier_at(c, &b));
        *(int32_t *)tensor_fill(ctx_output(c, 0)) = (int32_t)barrier_incomplete(b);
        return NULL;
}

OP(Barrier, .outputs = "handle:ref(string)",
   .attrs = "component_types:list(type) >=1; shapes:list(shape) >=0 = []; capacity:int = -1; "
            "container:string = \"\"; shared_name:string = \"\"",
   .flags = "stateful", .shape = handle_shape, .prepare = prepare, .compute = barrier,
   .late_shape = true);
OP(BarrierInsertMany, .inputs = "handle:ref(string); keys:string; values:T",
   .attrs = "T:type; component_index:int", .start = insert);
OP(BarrierTakeMany, .inputs = "handle:ref(string); num_elements:int32",
   .outputs = "indices:int64; keys:string; values:component_types[]",
   .attrs = "component_types:list(type) >=1; allow_small_batch:bool = false; "
            "wait_for_incomplete:bool = false; timeout_ms:int = -1",
   .prepare = no_timeout, .start = take, .late_shape = true);
OP(BarrierClose, .inputs = "handle:ref(string)", .attrs = "cancel_pending_enqueues:bool = false",
   .start = close_barrier);
OP(BarrierReadySize, .inputs = "handle:ref(string)", .outputs = "size:int32",
   .shape = handle_in_scalar_out, .compute = ready_size);
OP(BarrierIncompleteSize, .inputs = "handle:ref(string)", .outputs = "size:int32",
   .shape = handle_in_scalar_out, .compute = incomplete_size);
