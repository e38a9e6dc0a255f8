// SPDX-License-Identifier: Apache-2.0
/* One by one, each member is run as a node of its own would be, but that nobody's bytes are taken
 * over: values stay until the group is through. */
#include "engine/exec/pattern_run.h"

#include "engine/exec/run.h"

/* The members' outputs, one behind the other; at[i] is where member i's begin. */
typedef struct Values {
        Tensor **v;
        int at[PATTERN_STEPS], n;
} Values;

static Status *run_next(OpCtx *c, const PatternMember *m, const Values *values, Tensor **ret)
{
        const Node *n = m->node;
        uint8_t mode[PATTERN_MEMBER_INPUTS];
        PlanNode pn;
        NodeRun r;
        TRY(run_within(&r, &pn, mode, n, m->state, c));
        for (int i = 0; i < n->n_in; i++) {
                PatternSource s = m->in[i];
                r.in[i] = s.member < 0 ? c->in[s.index] : values->v[values->at[s.member] + s.index];
        }
        Status *s = run_member(&r, c);
        for (int i = 0; !s && i < n->n_out; i++)
                ret[i] = steal(&r.out[i]);
        run_done(&r);
        return s ? run_blame(&pn, s) : NULL;
}

static Status *run_members(OpCtx *c, const PatternNode *f, const Values *values)
{
        int n = 0;
        for (int i = 0; i < f->n; i++)
                TRY(run_next(c, &f->member[i], values, values->v + values->at[i]));
        for (; n < f->member[f->n - 1].node->n_out; n++)
                ctx_set_output(c, n, steal(&values->v[values->at[f->n - 1] + n]));
        for (int i = 0; i < f->n_shown; i++)
                ctx_set_output(c, n + i, tensor_ref(values->v[values->at[f->shown[i].member]]));
        return NULL;
}

bool pattern_wants(const OpCtx *c, int i)
{
        const NodeRun *r = c->frame;
        return r->pn->out[i].n;
}

static Status *run_pattern(OpCtx *c)
{
        const PatternNode *f = pattern_node(ctx_node(c));
        Values values = { 0 };
        bool done = false;
        TRY(f->pattern->compute(c, &done));
        if (done)
                return NULL;
        for (int i = 0; i < f->n; values.n += f->member[i++].node->n_out)
                values.at[i] = values.n;
        values.v = ctx_scratch(c, ((size_t)values.n + 1) * sizeof(Tensor *));
        if (!values.v)
                return status_oom();
        memset(values.v, 0, (size_t)values.n * sizeof(Tensor *));
        Status *s = run_members(c, f, &values);
        for (int i = 0; i < values.n; i++)
                tensor_unref(values.v[i]);
        return s;
}

const OpDef pattern_op = {
        .name = "Group", .compute = run_pattern, .late_shape = true, .costly = true
};
