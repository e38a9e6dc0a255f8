// SPDX-License-Identifier: Apache-2.0
/* While, StatelessWhile: body after body as long as cond holds. For: body for each i in a range.
 *
 * A call may be done before ctx_call() returns, so the loop is a trampoline: whoever comes second,
 * the callback or the caller, goes on, and the stack does not grow with the iterations. */
#include "engine/kernels/functional/functional.h"

enum { CALLING, LEFT, DONE };

typedef struct Loop {
        OpCtx *c;
        const Function *cond, *body; /* cond is NULL in For */
        int n;                       /* loop variables */
        Tensor **vars, **next;
        Tensor *test;            /* what cond gave */
        int64_t i, limit, delta; /* For */
        bool in_cond;
        Status *status;
        atomic_int state;
} Loop;

typedef struct Functions {
        const Function *cond, *body;
} Functions;

static Status *prepare_while(PrepareCtx *p)
{
        Functions *f = arena_alloc(p->arena, sizeof *f);
        if (!f)
                return status_oom();
        TRY(functional_attr(p, "cond", &f->cond));
        TRY(functional_attr(p, "body", &f->body));
        p->state = f;
        return NULL;
}

static Status *prepare_for(PrepareCtx *p)
{
        Functions *f = arena_alloc(p->arena, sizeof *f);
        if (!f)
                return status_oom();
        f->cond = NULL;
        TRY(functional_attr(p, "body", &f->body));
        p->state = f;
        return NULL;
}

static void end(Loop *l, Status *s)
{
        OpCtx *c = l->c;
        for (int i = 0; i < l->n; i++)
                if (s)
                        tensor_unref(l->vars[i]);
                else
                        ctx_set_output(c, i, l->vars[i]);
        ctx_done(c, s);
}

static void run(Loop *l);

static void on_call_done(void *arg, Status *s)
{
        Loop *l = arg;
        l->status = s;
        if (atomic_exchange(&l->state, DONE) == LEFT)
                run(l);
}

/* For: i goes in as the first argument. */
static void call_for(Loop *l)
{
        int32_t i = (int32_t)l->i;
        Tensor **args = l->next + l->n;
        Status *s = tensor_scalar(DT_INT32, &i, &args[0]);
        if (s) {
                on_call_done(l, s);
                return;
        }
        for (int k = 0; k < l->n; k++)
                args[k + 1] = l->vars[k];
        Tensor *index = args[0];
        ctx_call(l->c, l->body, args, l->n + 1, l->next, l->n, on_call_done, l);
        tensor_unref(index);
}

static void call_while(Loop *l)
{
        if (l->in_cond)
                ctx_call(l->c, l->cond, l->vars, l->n, &l->test, 1, on_call_done, l);
        else
                ctx_call(l->c, l->body, l->vars, l->n, l->next, l->n, on_call_done, l);
}

static void take_next(Loop *l)
{
        for (int k = 0; k < l->n; k++) {
                tensor_unref(l->vars[k]);
                l->vars[k] = l->next[k];
        }
}

/* After a call: is the loop over? */
static bool step(Loop *l)
{
        if (!l->cond) {
                take_next(l);
                l->i += l->delta;
                return l->delta > 0 ? l->i >= l->limit : l->i <= l->limit;
        }
        if (!l->in_cond) {
                take_next(l);
                l->in_cond = true;
                return false;
        }
        bool holds = false;
        l->status = condition_holds(l->test, &holds);
        tensor_unref(l->test);
        l->in_cond = false;
        return !holds;
}

/* Entered with a call that is done; returns when one is left to its callback, or at the end. */
static void run(Loop *l)
{
        for (;;) {
                if (l->status || step(l)) {
                        end(l, l->status);
                        return;
                }
                atomic_store(&l->state, CALLING);
                if (l->cond)
                        call_while(l);
                else
                        call_for(l);
                if (atomic_exchange(&l->state, LEFT) != DONE)
                        return;
        }
}

static Loop *loop_new(OpCtx *c, int first)
{
        const Functions *f = ctx_state(c);
        int n = ctx_inputs(c) - first;
        Loop *l = ctx_scratch(c, sizeof *l);
        Tensor **vars = ctx_scratch(c, (size_t)(3 * n + 1) * sizeof *vars);
        if (!l || !vars)
                return NULL;
        *l = (Loop){
                .c = c, .cond = f->cond, .body = f->body, .n = n, .vars = vars, .next = vars + n
        };
        for (int i = 0; i < n; i++)
                vars[i] = tensor_ref(ctx_input(c, first + i));
        return l;
}

static void start_while(OpCtx *c)
{
        Loop *l = loop_new(c, 0);
        if (!l) {
                ctx_done(c, status_oom());
                return;
        }
        l->in_cond = true;
        call_while(l);
        if (atomic_exchange(&l->state, LEFT) == DONE)
                run(l);
}

static Status *range_of(const OpCtx *c, int64_t ret[3])
{
        static const char *const names[] = { "start", "limit", "delta" };
        for (int i = 0; i < 3; i++) {
                const Tensor *t = ctx_input(c, i);
                if (tensor_rank(t))
                        return invalid_argument("%s must be a scalar, but %s", names[i],
                                                shape_text(tensor_shape(t)).s);
                ret[i] = tensor_int(t, 0);
        }
        int64_t way = ret[1] - ret[0], delta = ret[2];
        if ((delta > 0 && way >= 0) || (delta < 0 && way <= 0) || (!delta && !way))
                return NULL;
        return invalid_argument("Invalid start/limit/delta: %lld %lld %lld", (long long)ret[0],
                                (long long)ret[1], (long long)delta);
}

static void start_for(OpCtx *c)
{
        int64_t range[3];
        Status *bad = range_of(c, range);
        Loop *l = bad ? NULL : loop_new(c, 3);
        if (!l) {
                ctx_done(c, bad ? bad : status_oom());
                return;
        }
        l->i = range[0];
        l->limit = range[1];
        l->delta = range[2];
        if (l->i == l->limit) {
                end(l, NULL);
                return;
        }
        call_for(l);
        if (atomic_exchange(&l->state, LEFT) == DONE)
                run(l);
}

#define WHILE_ATTRS                                                                \
        "T:list(type) >=0; cond:func; body:func; output_shapes:list(shape) = []; " \
        "parallel_iterations:int = 10"

OP(While, .inputs = "input:T[]", .outputs = "output:T[]", .attrs = WHILE_ATTRS, .flags = "stateful",
   .shape = shape_unknown, .late_shape = true, .prepare = prepare_while, .start = start_while,
   .costly = true);
OP(StatelessWhile, .inputs = "input:T[]", .outputs = "output:T[]", .attrs = WHILE_ATTRS,
   .shape = shape_unknown, .late_shape = true, .prepare = prepare_while, .start = start_while,
   .costly = true);
OP(For, .inputs = "start:int32; limit:int32; delta:int32; input:T[]", .outputs = "output:T[]",
   .attrs = "T:list(type) >=0; body:func", .shape = shape_unknown, .late_shape = true,
   .prepare = prepare_for, .start = start_for, .costly = true);
