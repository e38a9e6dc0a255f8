// SPDX-License-Identifier: Apache-2.0
/* Running one node: its inputs out of their slots, its kernel here, on the pool or asynchronously,
 * its outputs on their way. */
#include "engine/exec/step_inside.h"

#include "engine/base/clock.h"
#include "engine/exec/line.h"
#include "engine/exec/trace.h"
#include "engine/state/variable.h"
#include <unistd.h>

/* Bytes in and out from which a kernel is worth a thread of its own. */
enum { COSTLY_BYTES = 128 << 10, COSTLY_BYTES_FLAGGED = 8 << 10 };
/* So many nodes, mostly cheap ones, are run while a costly one lies aside. */
enum { ASIDE_FOR = 64 };

/* ---- inputs ---- */

/* Turns a variable's handle into its value (owned), or checks that it has one. */
static Status *read_ref(const PlanNode *pn, int i, Tensor **t)
{
        InputMode mode = pn->mode[i];
        bool empty_ok = mode == INPUT_DEREF_UNINIT;
        if (empty_ok)
                mode = INPUT_DEREF;
        if (mode == INPUT_DEREF && (*t)->dtype != DT_RESOURCE)
                return NULL; /* fed in the variable's place */
        Resource *r =
                (*t)->dtype == DT_RESOURCE && (*t)->count == 1 ? tensor_resource_at(*t, 0) : NULL;
        Tensor *value = NULL;
        if (mode == INPUT_DEREF && r && r->kind->read)
                TRY(r->kind->read(r, &value));
        else if (!r || r->kind != &variable_kind || mode == INPUT_REF_UNINIT)
                return mode == INPUT_DEREF && !r ? internal_error("a ref edge carries no variable")
                                                 : NULL;
        else if (mode == INPUT_REF && variable_initialized(variable_of(r)))
                return NULL;
        else if (mode == INPUT_DEREF)
                value = variable_read(variable_of(r));
        if (!value && empty_ok)
                TRY(tensor_new(pn->node->in_types[i], &SHAPE(0), &value));
        if (!value)
                return failed_precondition("Attempting to use uninitialized value %s",
                                           pn->node->in[i].node->name);
        tensor_unref(*t);
        *t = value;
        return NULL;
}

/* Values move from the slots to the node; constants are borrowed from the plan. References are read
 * last, so that no value is older than it must be. */
static Status *take_inputs(NodeRun *r, Iteration *it)
{
        const PlanNode *pn = r->pn;
        Tensor **slots = it->slots + pn->slot;
        for (int i = 0; i < pn->n_in; i++) {
                Tensor *constant = pn->constant[i];
                if (constant && i < 64) {
                        r->in[i] = constant;
                        continue;
                }
                r->in[i] = constant ? tensor_ref(constant) : slots[i];
                slots[i] = NULL;
                if (i < 64)
                        r->owned |= 1ull << i;
        }
        r->own_rest = true;
        for (int i = 0; i < pn->n_in; i++)
                if (UNLIKELY(pn->mode[i] != INPUT_VALUE))
                        TRY(read_ref(pn, i, &r->in[i]));
        return NULL;
}

bool node_is_costly(const NodeRun *r)
{
        size_t n = 0;
        for (int i = 0; i < r->ctx.n_in; i++)
                n += r->in[i]->buffer->bytes;
        return n >= (size_t)(r->pn->def->costly ? COSTLY_BYTES_FLAGGED : COSTLY_BYTES);
}

/* ---- running ---- */

/* Here and now the kernel begins. */
static void note_start(NodeRun *r)
{
        r->op_ns = clock_ns();
        r->thread = (uint32_t)gettid();
}

/* A kernel that was cut short has written half a result: the cancellation is what is told. */
Status *node_result(NodeRun *r)
{
        if (UNLIKELY(r->step->env.trace != NULL))
                note_start(r);
        TRY(run_outputs(r));
        Status *st = r->pn->def->compute(&r->ctx);
        if (UNLIKELY(__atomic_load_n(&r->cut, __ATOMIC_RELAXED))) {
                status_free(st); /* said about half a result */
                st = cancel_reason(r->ctx.env->cancel);
                return st ? st : cancelled("Run call was cancelled");
        }
        return st ? st : run_check(r);
}

/* From any thread: the step's driver takes it from the inbox. */
static void far_done(NodeRun *r, Status *st)
{
        Step *s = r->step;
        r->status = st;
        if (UNLIKELY(s->env.trace != NULL))
                r->ended_ns = clock_ns();
        FarRun *far = CONTAINER_OF(r, FarRun, run);
        far->message = (Message){ .run = r };
        step_post(s, &far->message);
}

void ctx_done(OpCtx *c, Status *st)
{
        far_done(c->frame, st);
}

static void compute_far(Task *t)
{
        NodeRun *r = CONTAINER_OF(t, NodeRun, task);
        far_done(r, node_result(r));
}

/* What ran on the driver's stack moves to the heap when the node goes to another thread. */
static FarRun *far_copy(const NodeRun *r)
{
        FarRun *far = block_alloc(sizeof *far);
        if (!far)
                return NULL;
        far->run = *r;
        NodeRun *n = &far->run;
        if (!r->big) {
                n->in = n->small;
                n->out = n->small + n->ctx.n_in;
        }
        n->ctx.in = n->in;
        n->ctx.out = n->out;
        n->ctx.frame = n;
        return far;
}

void node_submit(NodeRun *r)
{
        r->task.fn = compute_far;
        pool_submit(r->step->env.pool, &r->task);
}

void node_compute(NodeRun *r)
{
        r->status = node_result(r);
        if (UNLIKELY(r->step->env.trace != NULL))
                r->ended_ns = clock_ns();
}

void node_give_up(NodeRun *r)
{
        r->status = cancelled("Run call was cancelled");
        r->ended_ns = r->started_ns;
}

/* Sends a run away: to its asynchronous op, or aside until it shows whether there is other work. Of
 * two costly ones the first goes to the pool. The stack's run is empty afterwards. */
static Status *run_far(Step *s, NodeRun *r)
{
        FarRun *far = far_copy(r);
        if (!far)
                return status_oom();
        s->in_flight++;
        if (r->pn->def->start) {
                if (UNLIKELY(s->env.trace != NULL))
                        note_start(&far->run);
                Status *st = run_outputs(&far->run);
                if (st)
                        far_done(&far->run, st);
                else
                        r->pn->def->start(&far->run.ctx);
        } else {
                if (s->aside)
                        node_submit(s->aside);
                s->aside = &far->run;
                s->aside_for = ASIDE_FOR;
        }
        return NULL;
}

void step_blame(Step *s, const PlanNode *pn, const NodeRun *r, Status *st)
{
        bool oom = status_code(st) == SR_RESOURCE_EXHAUSTED;
        if (r && r->cut) { /* not the node's fault */
                step_abort(s, st);
                return;
        }
        step_abort(s, oom ? oom_blame(s, pn, r, st) : run_blame(pn, st));
}

static bool goes_far(const Step *s, const NodeRun *r)
{
        const OpDef *def = r->pn->def;
        if (def->start)
                return true;
        if (!s->env.pool || s->env.one_thread || (!s->n_ready && !s->in_flight))
                return false;
        return node_is_costly(r);
}

/* TensorFlow's rule, too: what a node makes ready is scheduled when it has ended. */
static int64_t end_now(Step *s)
{
        int64_t now = clock_ns(), us = (now - s->started_ns) / 1000;
        s->now_us = (uint32_t)MIN(us, (int64_t)UINT32_MAX);
        return now;
}

static int64_t scheduled_at(const Step *s, uint32_t ready_us)
{
        return s->started_ns + (int64_t)ready_us * 1000;
}

/* Only steps that are traced come here. */
void node_trace(const NodeRun *r)
{
        TraceNode n = { .pn = r->pn,
                        .device = run_device(r),
                        .thread = r->thread,
                        .scheduled = scheduled_at(r->step, r->ready_us),
                        .start = r->started_ns,
                        .op_start = r->op_ns,
                        .op_end = r->ended_ns,
                        .end = end_now(r->step),
                        .in = r->in,
                        .out = r->out };
        for (const Scratch *s = r->scratch; s; s = s->next)
                n.scratch += (int64_t)s->bytes;
        trace_node(r->step->env.trace, &n);
}

/* Control flow costs next to nothing: it is in the trace as a moment. */
static void trace_flow(Step *s, const PlanNode *pn, uint32_t ready_us)
{
        int64_t now = end_now(s);
        int device = pn->device >= 0 ? pn->device : s->env.device;
        trace_node(s->env.trace, &(TraceNode){ .pn = pn,
                                               .device = device,
                                               .thread = (uint32_t)gettid(),
                                               .scheduled = scheduled_at(s, ready_us),
                                               .start = now,
                                               .op_start = now,
                                               .op_end = now,
                                               .end = now });
}

/* True when the node ended here; false when it went away and will come back through the inbox. */
static bool run_live(Step *s, Iteration *it, const PlanNode *pn, uint32_t ready_us)
{
        NodeRun r;
        r.step = s;
        r.iter = it;
        Status *st = run_init(&r, pn, &s->env);
        if (UNLIKELY(st != NULL)) {
                step_blame(s, pn, NULL, st);
                return true;
        }
        if (UNLIKELY(s->env.trace != NULL)) {
                note_start(&r); /* until the kernel does */
                r.started_ns = r.op_ns;
                r.ready_us = ready_us;
        }
        st = take_inputs(&r, it);
        if (!st && UNLIKELY(goes_far(s, &r))) {
                if (!(st = run_far(s, &r)))
                        return false;
        } else if (!st) {
                st = node_result(&r);
        }
        if (UNLIKELY(s->env.trace != NULL)) {
                r.ended_ns = clock_ns();
                node_trace(&r);
        }
        if (LIKELY(!st))
                propagate(s, it, pn, r.out);
        else
                step_blame(s, pn, &r, st);
        run_done(&r);
        return true;
}

static void send_constant(Step *s, Iteration *it, const PlanNode *pn)
{
        for (int i = 0; i < pn->n_out; i++)
                step_send(s, it, &pn->out[i], tensor_ref(pn->values[i]), false);
        send_control(s, it, pn, false);
}

static void drop_dead_inputs(Iteration *it, const PlanNode *pn)
{
        for (int i = 0; i < pn->n_in; i++)
                tensor_unref(steal(&it->slots[pn->slot + (uint32_t)i]));
}

/* One ready node, by what it is; false from run_live() means that somebody else will end it. */
void node_run(Step *s, Ready r)
{
        bool ended = true;
        if (UNLIKELY(!r.pn)) {
                line_run(s, r.it);
        } else if (UNLIKELY(r.pn->flow != FLOW_NONE)) {
                if (UNLIKELY(s->env.trace != NULL) && !r.dead)
                        trace_flow(s, r.pn, r.ready_us);
                flow_run(s, r.it, r.pn, r.dead);
        } else if (r.dead) {
                drop_dead_inputs(r.it, r.pn);
                propagate_dead(s, r.it, r.pn);
        } else if (r.pn->values) {
                send_constant(s, r.it, r.pn);
        } else {
                ended = run_live(s, r.it, r.pn, r.ready_us);
        }
        if (ended)
                step_node_ended(s, r.it);
}
