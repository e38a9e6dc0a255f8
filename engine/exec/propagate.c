// SPDX-License-Identifier: Apache-2.0
/* How values and deaths travel along the plan's edges. */
#include "engine/exec/step_inside.h"

#include "engine/state/variable.h"

/* What a ref holds now, as TensorFlow's _Retval reads it: a new reference. */
static Status *read_ref(const PlanNode *from, const Tensor *t, Tensor **ret)
{
        Resource *r = tensor_resource_at(t, 0);
        if (r && r->kind->read)
                return r->kind->read(r, ret);
        Tensor *value = r && r->kind == &variable_kind ? variable_read(variable_of(r)) : NULL;
        if (!value)
                return failed_precondition("Attempting to use uninitialized value %s",
                                           from->node->name);
        *ret = value;
        return NULL;
}

/* A fetch keeps the value; a ref is read now. Within a loop there may be one live value only:
 * TensorFlow's call frame is set once. */
static void fetch(Step *s, uint32_t i, const PlanNode *from, int output, Tensor *t)
{
        if (s->fetched[i]) {
                if (t)
                        step_abort(s, internal_error("Retval[%u] has already been set.", i));
                tensor_unref(t);
                return;
        }
        if (t && from && dtype_is_ref(from->node->out_types[output])) {
                Tensor *value = NULL;
                Status *st = read_ref(from, t, &value);
                tensor_unref(t);
                t = value;
                if (st)
                        step_abort(s, st);
        }
        s->fetched[i] = t;
        if (s->spec.fetched && !s->aborted)
                s->spec.fetched(s->spec.arg, i, t);
}

/* Merge: pending's lowest bit says that no live value has come yet; the rest counts control inputs
 * twice. */
static void arrive_merge(Step *s, Iteration *it, const PlanNode *pn, uint32_t slot, Tensor *t,
                         bool dead_enter)
{
        uint32_t *pending = &it->pending[pn->index];
        if (t) {
                if (!(*pending & 1)) {
                        tensor_unref(t); /* a later value: ignored */
                        return;
                }
                it->slots[slot] = t;
                *pending &= ~1u;
                if (!*pending)
                        step_ready(s, it, pn, false);
                return;
        }
        /* A dead Enter kills the Merge of its loop: the back edge will never come (a loop in an
         * untaken branch). */
        bool dead = ++it->dead[pn->index] == (uint32_t)pn->n_in || dead_enter;
        if (dead_enter)
                it->dead[pn->index] = (uint32_t)pn->n_in;
        if (*pending == 1 && dead)
                step_ready(s, it, pn, true);
}

/* All that the node waited for is there. What only moves a value on to the next iteration, or a
 * death nowhere, does so at once, when a node's end brings it: not in the midst of a new iteration,
 * which it might begin without end. */
static inline void complete(Step *s, Iteration *it, const PlanNode *pn, const PlanNode *from)
{
        bool dead = it->dead[pn->index] > 0;
        bool moves = pn->flow == FLOW_NEXT || (pn->flow == FLOW_EXIT && dead);
        if (UNLIKELY(moves) && from && !s->env.trace)
                flow_run(s, it, pn, dead);
        else
                step_ready(s, it, pn, dead);
}

/* The hot path: a slot, a count. */
static inline void arrive(Step *s, Iteration *it, const PlanNode *pn, uint32_t slot, Tensor *t,
                          const PlanNode *from, bool dead_enter)
{
        if (UNLIKELY(pn->flow == FLOW_MERGE)) {
                arrive_merge(s, it, pn, slot, t, dead_enter);
                return;
        }
        if (LIKELY(t != NULL))
                it->slots[slot] = t;
        else
                it->dead[pn->index]++;
        if (--it->pending[pn->index] == 0)
                complete(s, it, pn, from);
}

/* A Merge's count has data in its lowest bit. */
static void arrive_control(Step *s, Iteration *it, const PlanNode *pn, bool dead)
{
        uint32_t *pending = &it->pending[pn->index];
        if (UNLIKELY(pn->flow == FLOW_MERGE)) {
                *pending -= 2;
                bool all_dead = it->dead[pn->index] == (uint32_t)pn->n_in;
                if (*pending == 0 || (*pending == 1 && all_dead))
                        step_ready(s, it, pn, *pending == 1);
                return;
        }
        it->dead[pn->index] += dead;
        if (--*pending == 0)
                step_ready(s, it, pn, it->dead[pn->index] > 0);
}

/* The last receiver gets the sender's own reference. */
static inline void send_from(Step *s, Iteration *it, const PlanNode *from, int output,
                             const PlanOut *out, Tensor *t, bool dead_enter)
{
        uint32_t n = out->n;
        if (!n) {
                tensor_unref(t);
                return;
        }
        for (uint32_t i = 0; i < n; i++) {
                const PlanEdge *e = &out->edges[i];
                Tensor *mine = t && i + 1 < n ? tensor_ref(t) : t;
                if (UNLIKELY(e->node == EDGE_FETCH))
                        fetch(s, e->slot, from, output, mine);
                else
                        arrive(s, it, &s->plan->nodes[e->node], e->slot, mine, from, dead_enter);
        }
}

void step_send(Step *s, Iteration *it, const PlanOut *out, Tensor *t, bool dead_enter)
{
        send_from(s, it, NULL, 0, out, t, dead_enter);
}

void send_control(Step *s, Iteration *it, const PlanNode *pn, bool dead)
{
        for (uint32_t i = 0; i < pn->n_control; i++)
                arrive_control(s, it, &s->plan->nodes[pn->control[i]], dead);
}

/* Data before control. */
void propagate(Step *s, Iteration *it, const PlanNode *pn, Tensor **out)
{
        for (int i = 0; i < pn->n_out; i++) {
                Tensor *t = out[i];
                out[i] = NULL;
                send_from(s, it, pn, i, &pn->out[i], t, false);
        }
        if (pn->n_control)
                send_control(s, it, pn, false);
}

void propagate_dead(Step *s, Iteration *it, const PlanNode *pn)
{
        for (int i = 0; i < pn->n_out; i++)
                send_from(s, it, pn, i, &pn->out[i], NULL, false);
        send_control(s, it, pn, true);
}
