// SPDX-License-Identifier: Apache-2.0
/* The ops that the executor runs itself: Switch, Merge, Enter, Exit, NextIteration and their ref
 * forms. */
#include "engine/exec/step_inside.h"

/* Takes input i out of its slot (or a reference of the constant). */
static Tensor *take(Iteration *it, const PlanNode *pn, int i)
{
        if (pn->constant && pn->constant[i])
                return tensor_ref(pn->constant[i]);
        return steal(&it->slots[pn->slot + (uint32_t)i]);
}

static void drop_inputs(Iteration *it, const PlanNode *pn)
{
        for (int i = 0; i < pn->n_in; i++)
                if (UNLIKELY(it->slots[pn->slot + (uint32_t)i] != NULL))
                        tensor_unref(steal(&it->slots[pn->slot + (uint32_t)i]));
}

/* Which output the second input chooses: by a truth value, or by a number, where one that is out of
 * range means the last. */
Status *flow_choice(const PlanNode *pn, const Tensor *by, int *ret)
{
        if ((by->dtype != DT_BOOL && by->dtype != DT_INT32) || by->shape.rank)
                return run_blame(
                        pn,
                        invalid_argument("The second input must be a scalar, but it has shape %s",
                                         shape_text(&by->shape).s));
        if (by->dtype == DT_BOOL) {
                *ret = *(const bool *)tensor_data(by);
                return NULL;
        }
        int32_t i = *(const int32_t *)tensor_data(by);
        *ret = i >= 0 && i < pn->node->n_out ? i : pn->node->n_out - 1;
        return NULL;
}

/* The other outputs carry nothing: what hangs on them alone is dead. */
static void run_switch(Step *s, Iteration *it, const PlanNode *pn)
{
        autoptr(Tensor) data = take(it, pn, 0);
        autoptr(Tensor) by = take(it, pn, 1);
        int taken = 0;
        Status *st = flow_choice(pn, by, &taken);
        if (st) {
                step_abort(s, st);
                return;
        }
        for (int i = 0; i < pn->node->n_out; i++)
                if (i != taken)
                        step_send(s, it, &pn->out[i], NULL, false);
        step_send(s, it, &pn->out[taken], steal(&data), false);
        send_control(s, it, pn, false);
}

/* One input is there (a loop's second comes in the next iteration), and goes on with its index. */
static void run_merge(Step *s, Iteration *it, const PlanNode *pn)
{
        int32_t index = 0;
        while (index < pn->n_in - 1 && !it->slots[pn->slot + (uint32_t)index])
                index++;
        Tensor *out[2] = { steal(&it->slots[pn->slot + (uint32_t)index]), NULL };
        if (pn->out[1].n) {
                Status *st = tensor_scalar(DT_INT32, &index, &out[1]);
                if (st) {
                        tensor_unref(out[0]);
                        step_abort(s, st);
                        return;
                }
        }
        propagate(s, it, pn, out);
}

/* A loop invariant goes into every iteration that is alive, and later into each new one. */
static Status *spread(Step *s, Frame *f, const PlanNode *pn, Tensor *value)
{
        if (!pn->out[0].n && !pn->n_control) { /* who needs it has it in the plan */
                tensor_unref(value);
                return NULL;
        }
        for (Iteration *i = f->first, *next; i; i = next) {
                next = i->next;
                step_send(s, i, &pn->out[0], value ? tensor_ref(value) : NULL, !value);
                send_control(s, i, pn, !value);
        }
        return value ? frame_defer(&f->invariants, pn, value) : NULL;
}

/* A constant goes to this and all later iterations; anything else to the first. */
static Status *run_enter(Step *s, Iteration *it, const PlanNode *pn, bool dead)
{
        Frame *f = NULL;
        autoptr(Tensor) value = dead ? NULL : take(it, pn, 0);
        TRY(frame_enter(s, it, pn, &f));
        f->first->outstanding++; /* the frame must not end under us */
        Iteration *first = f->first;
        Status *st = NULL;
        if (pn->is_constant) {
                st = spread(s, f, pn, steal(&value));
        } else {
                step_send(s, first, &pn->out[0], steal(&value), dead);
                send_control(s, first, pn, dead);
        }
        f->enters_left--;
        first->outstanding--;
        return st ? st : frame_cleanup(s, f);
}

/* Values leave into the iteration around. A dead exit may come alive in a later iteration, so it
 * tells only at the end. */
static Status *run_exit(Step *s, Iteration *it, const PlanNode *pn, bool dead)
{
        Frame *f = it->frame;
        if (!dead) {
                step_send(s, f->parent_iter, &pn->out[0], take(it, pn, 0), false);
                send_control(s, f->parent_iter, pn, false);
                return NULL;
        }
        if (it->number == f->newest) /* remembered: told to the outside once, when the frame ends */
                f->dead_exits[f->n_dead_exits++] = pn;
        return NULL;
}

/* At most parallel_iterations run at once; the rest waits in the frame. */
static Status *run_next(Step *s, Iteration *it, const PlanNode *pn, bool dead)
{
        Frame *f = it->frame;
        if (dead)
                return NULL; /* the loop ends here */
        Tensor *value = take(it, pn, 0);
        if (it->number == f->newest && f->alive >= (f->straight ? 1 : f->plan->parallel))
                return frame_defer(&f->deferred, pn, value);
        if (it->number == f->newest) {
                Status *st = frame_advance(s, f);
                if (st) {
                        tensor_unref(value);
                        return st;
                }
        }
        step_send(s, it->next, &pn->out[0], value, false);
        send_control(s, it->next, pn, false);
        return NULL;
}

/* Nodes that steer: the executor runs them itself, without contexts or kernels. */
void flow_run(Step *s, Iteration *it, const PlanNode *pn, bool dead)
{
        Status *st = NULL;
        switch ((OpFlow)pn->flow) {
        case FLOW_ENTER: st = run_enter(s, it, pn, dead); break;
        case FLOW_EXIT: st = run_exit(s, it, pn, dead); break;
        case FLOW_NEXT: st = run_next(s, it, pn, dead); break;
        case FLOW_CONTROL_TRIGGER: propagate(s, it, pn, NULL); break;
        case FLOW_SWITCH:
                if (dead)
                        propagate_dead(s, it, pn);
                else
                        run_switch(s, it, pn);
                break;
        default:
                if (dead)
                        propagate_dead(s, it, pn);
                else
                        run_merge(s, it, pn);
                break;
        }
        drop_inputs(it, pn);
        if (st)
                step_abort(s, run_blame(pn, st));
}
