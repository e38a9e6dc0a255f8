// SPDX-License-Identifier: Apache-2.0
/* One by one, a member is run as a node of its own would be: shape function, outputs (or an input's
 * bytes), kernel, and its own name in what goes wrong. */
#include "engine/exec/fused.h"

#include "engine/exec/run.h"

/* *value is what the member before gave, and becomes what this one gives. */
static Status *run_next(OpCtx *c, const FusedMember *m, Tensor **value)
{
        const Node *n = m->node;
        uint8_t *mode = ctx_scratch(c, (size_t)n->n_in + 1);
        if (!mode)
                return status_oom();
        PlanNode pn;
        NodeRun r;
        TRY(run_within(&r, &pn, mode, n, m->state, c));
        for (int i = 0, at = m->first; i < n->n_in; i++)
                r.in[i] = i == m->chain ? *value : c->in[at++];
        if (m->chain >= 0) {
                r.owned = 1ull << m->chain;
                *value = NULL;
        }
        Status *s = run_member(&r, c);
        if (!s)
                *value = steal(&r.out[0]);
        run_done(&r);
        return s ? run_blame(&pn, s) : NULL;
}

static Status *run_members(OpCtx *c, const FusedNode *f)
{
        autoptr(Tensor) value = NULL;
        for (int i = 0; i < f->n; i++)
                TRY(run_next(c, &f->member[i], &value));
        ctx_set_output(c, 0, steal(&value));
        return NULL;
}

static Status *run_fused(OpCtx *c)
{
        const FusedNode *f = fused_node(ctx_node(c));
        bool done = false;
        TRY(f->fusion->compute(c, &done));
        return done ? NULL : run_members(c, f);
}

const OpDef fused_op = {
        .name = "Fused", .compute = run_fused, .late_shape = true, .costly = true
};
