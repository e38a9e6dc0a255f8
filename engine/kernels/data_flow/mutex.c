// SPDX-License-Identifier: Apache-2.0
/* MutexV2, MutexLock, ConsumeMutexLock: a lock across steps. MutexLock waits without a thread; what
 * it gives lets go when it is consumed, or when nobody holds it any more. */
#include "engine/kernels/data_flow/queue_handle.h"
#include "engine/kernels/data_flow/variant_tensor.h"
#include "engine/state/turn.h"

typedef struct Mutex {
        Resource base;
        Turn turn;
} Mutex;

static void mutex_destroy(Resource *r)
{
        Mutex *m = CONTAINER_OF(r, Mutex, base);
        turn_done(&m->turn);
        mem_free(m);
}

static const ResourceKind mutex_kind = { .name = "N10tensorflow12_GLOBAL__N_15MutexE",
                                         .destroy = mutex_destroy };

static Status *mutex_make(const OpCtx *c, const char *name, Resource **ret)
{
        (void)c, (void)name;
        Mutex *m = mem_calloc(1, sizeof *m);
        if (!m)
                return status_oom();
        resource_init(&m->base, &mutex_kind);
        turn_init(&m->turn);
        *ret = &m->base;
        return NULL;
}

static Status *mutex(OpCtx *c)
{
        autoptr(Resource) r = NULL;
        TRY(ctx_own_resource(c, &mutex_kind, true, mutex_make, &r));
        return handle_output(c, r);
}

OP(MutexV2, .outputs = "resource:resource",
   .attrs = "container:string = \"\"; shared_name:string = \"\"", .flags = "stateful",
   .shape = handle_shape, .compute = mutex, .late_shape = true);

/* ---- locks ---- */

typedef struct Lock {
        Resource base;
        Mutex *mutex; /* one reference */
        atomic_bool held;
} Lock;

/* Lets go, once. */
static void lock_release(Lock *l)
{
        if (atomic_exchange(&l->held, false))
                turn_pass(&l->mutex->turn);
}

static void lock_destroy(Resource *r)
{
        Lock *l = CONTAINER_OF(r, Lock, base);
        lock_release(l);
        resource_unref(&l->mutex->base);
        mem_free(l);
}

static const ResourceKind lock_kind = { .name = "tensorflow::Mutex::MutexLock",
                                        .destroy = lock_destroy };

/* It is the op's turn: *m stays locked as long as the output lives. */
static Status *put_lock(OpCtx *c, Mutex *m)
{
        Tensor *t;
        Lock *l = mem_calloc(1, sizeof *l);
        if (!l) {
                turn_pass(&m->turn);
                return status_oom();
        }
        resource_init(&l->base, &lock_kind);
        resource_ref(&m->base);
        l->mutex = m;
        atomic_init(&l->held, true);
        Status *s = tensor_resource(DT_VARIANT, &l->base, &t);
        resource_unref(&l->base);
        if (!s)
                ctx_set_output(c, 0, t);
        return s;
}

/* The turn has come, or the step was cancelled while waiting; then s says so. */
static void on_turn(void *arg, Status *s)
{
        OpCtx *c = arg;
        Resource *r = NULL;
        if (s && status_code(s) == SR_CANCELLED) {
                status_free(s);
                s = cancelled("Lock acquisition cancelled.");
        }
        if (!s)
                s = ctx_resource(c, 0, &mutex_kind, &r);
        if (!s)
                s = put_lock(c, CONTAINER_OF(r, Mutex, base));
        ctx_done(c, s);
}

/* Returns at once: nobody waits on a thread. */
static void lock(OpCtx *c)
{
        Resource *r;
        Status *s = ctx_resource(c, 0, &mutex_kind, &r);
        if (s)
                ctx_done(c, s);
        else
                turn_take(&CONTAINER_OF(r, Mutex, base)->turn, ctx_cancel(c), on_turn, c);
}

/* Releases the lock at the end of the critical section, even if the variant lives longer. */
static Status *consume(OpCtx *c)
{
        Resource *r = tensor_resource_at(ctx_input(c, 0), 0);
        if (!r || r->kind != &lock_kind)
                return invalid_argument("Expected input to contain a SharedLockReleaser object, "
                                        "but saw variant: '%s'",
                                        variant_text(r).s);
        lock_release(CONTAINER_OF(r, Lock, base));
        return NULL;
}

static Status *one_handle(ShapeCtx *c)
{
        TRY(shape_want_rank(c, 0, 0));
        if (c->n_out)
                c->out[0] = SHAPE_SCALAR;
        return NULL;
}

OP(MutexLock, .inputs = "mutex:resource", .outputs = "mutex_lock:variant", .flags = "stateful",
   .shape = one_handle, .start = lock, .late_shape = true);
OP(ConsumeMutexLock, .inputs = "mutex_lock:variant", .flags = "stateful", .shape = one_handle,
   .compute = consume);
