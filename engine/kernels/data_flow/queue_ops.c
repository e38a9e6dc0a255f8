// SPDX-License-Identifier: Apache-2.0
/* What is done with a queue: enqueue and dequeue, one row or many, close, ask. */
#include "engine/kernels/data_flow/queue_handle.h"
#include "engine/state/queue.h"

static Status *queue_at(const OpCtx *c, int i, Queue **ret)
{
        Resource *r;
        TRY(ctx_resource(c, i, &queue_kind, &r));
        *ret = queue_of(r);
        return NULL;
}

/* Every operation ends here. */
static void through(void *arg, Status *s, Tensor **components, int n)
{
        OpCtx *c = arg;
        for (int i = 0; i < n && i < ctx_outputs(c); i++)
                ctx_set_output(c, i, steal(&components[i]));
        ctx_done(c, s);
}

static void enqueue(OpCtx *c)
{
        Queue *q;
        Status *s = queue_at(c, 0, &q);
        if (s)
                ctx_done(c, s);
        else
                queue_enqueue(q, c->in + 1, ctx_inputs(c) - 1, ctx_cancel(c), through, c);
}

static void enqueue_many(OpCtx *c)
{
        Queue *q;
        Status *s = queue_at(c, 0, &q);
        if (s)
                ctx_done(c, s);
        else
                queue_enqueue_many(q, c->in + 1, ctx_inputs(c) - 1, ctx_cancel(c), through, c);
}

/* What goes out must be a row of the queue, or several. */
static Status *check_outputs(const OpCtx *c, Queue *q)
{
        static const DType number = DT_INT32;
        QueueInfo info;
        queue_info(q, &info);
        return match_signature(c, &number, ctx_inputs(c) - 1, info.dtypes, info.n);
}

static void dequeue(OpCtx *c)
{
        Queue *q;
        Status *s = queue_at(c, 0, &q);
        if (!s)
                s = check_outputs(c, q);
        if (s)
                ctx_done(c, s);
        else
                queue_dequeue(q, ctx_cancel(c), through, c);
}

/* up_to: what is left of a closed queue is enough. */
static void dequeue_batch(OpCtx *c, bool up_to)
{
        Queue *q;
        Status *s = queue_at(c, 0, &q);
        if (!s && tensor_rank(ctx_input(c, 1)))
                s = invalid_argument("Shape must be rank 0 but is rank %d",
                                     tensor_rank(ctx_input(c, 1)));
        if (!s)
                s = check_outputs(c, q);
        if (s)
                ctx_done(c, s);
        else
                queue_dequeue_many(q, tensor_int(ctx_input(c, 1), 0), up_to, ctx_cancel(c), through,
                                   c);
}

static void dequeue_many(OpCtx *c)
{
        dequeue_batch(c, false);
}

static void dequeue_up_to(OpCtx *c)
{
        dequeue_batch(c, true);
}

static void close_queue(OpCtx *c)
{
        Queue *q;
        Status *s = queue_at(c, 0, &q);
        if (s)
                ctx_done(c, s);
        else
                queue_close(q, node_bool(ctx_node(c), "cancel_pending_enqueues", false), through,
                            c);
}

static Status *size(OpCtx *c)
{
        Queue *q;
        TRY(queue_at(c, 0, &q));
        *(int32_t *)tensor_fill(ctx_output(c, 0)) = (int32_t)MIN(queue_size(q), INT32_MAX);
        return NULL;
}

static Status *is_closed(OpCtx *c)
{
        Queue *q;
        TRY(queue_at(c, 0, &q));
        *(bool *)tensor_fill(ctx_output(c, 0)) = queue_closed(q);
        return NULL;
}

static Status *fake_queue(OpCtx *c)
{
        Queue *q;
        TRY(queue_at(c, 0, &q));
        ctx_forward(c, 0, 0);
        return NULL;
}

#define TIMEOUT "; timeout_ms:int = -1"
#define ENQUEUE(op, handle, stateful, fn)                                    \
        OP(op, .inputs = "handle:" handle "; components:Tcomponents[]",      \
           .attrs = "Tcomponents:list(type) >=1" TIMEOUT, .flags = stateful, \
           .prepare = no_timeout, .start = fn)
#define DEQUEUE(op, handle, n, stateful, fn)                                            \
        OP(op, .inputs = "handle:" handle n, .outputs = "components:component_types[]", \
           .attrs = "component_types:list(type) >=1" TIMEOUT, .flags = stateful,        \
           .prepare = no_timeout, .start = fn, .late_shape = true)

ENQUEUE(QueueEnqueue, "ref(string)", "", enqueue);
ENQUEUE(QueueEnqueueV2, "resource", "stateful", enqueue);
ENQUEUE(QueueEnqueueMany, "ref(string)", "", enqueue_many);
ENQUEUE(QueueEnqueueManyV2, "resource", "stateful", enqueue_many);
DEQUEUE(QueueDequeue, "ref(string)", "", "", dequeue);
DEQUEUE(QueueDequeueV2, "resource", "", "stateful", dequeue);
DEQUEUE(QueueDequeueMany, "ref(string)", "; n:int32", "", dequeue_many);
DEQUEUE(QueueDequeueManyV2, "resource", "; n:int32", "stateful", dequeue_many);
DEQUEUE(QueueDequeueUpTo, "ref(string)", "; n:int32", "", dequeue_up_to);
DEQUEUE(QueueDequeueUpToV2, "resource", "; n:int32", "stateful", dequeue_up_to);

OP(QueueClose, .inputs = "handle:ref(string)", .attrs = "cancel_pending_enqueues:bool = false",
   .start = close_queue);
OP(QueueCloseV2, .inputs = "handle:resource", .attrs = "cancel_pending_enqueues:bool = false",
   .flags = "stateful", .start = close_queue);
OP(QueueSize, .inputs = "handle:ref(string)", .outputs = "size:int32",
   .shape = handle_in_scalar_out, .compute = size);
OP(QueueSizeV2, .inputs = "handle:resource", .outputs = "size:int32", .flags = "stateful",
   .shape = handle_in_scalar_out, .compute = size);
OP(QueueIsClosed, .inputs = "handle:ref(string)", .outputs = "is_closed:bool",
   .shape = handle_in_scalar_out, .compute = is_closed);
OP(QueueIsClosedV2, .inputs = "handle:resource", .outputs = "is_closed:bool", .flags = "stateful",
   .shape = handle_in_scalar_out, .compute = is_closed);
OP(FakeQueue, .inputs = "resource:resource", .outputs = "handle:ref(string)", .flags = "stateful",
   .shape = handle_shape, .compute = fake_queue, .late_shape = true);
