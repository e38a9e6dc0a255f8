// SPDX-License-Identifier: Apache-2.0
/* What happens around a kernel: shapes, outputs, release. Used by the executor and by constant
 * folding. */
#include "engine/exec/run.h"

#include <string.h>

/* Most nodes fit the arrays of RUN_INLINE; block_alloc() is for the others. */
Status *run_init(NodeRun *r, const PlanNode *pn, const OpEnv *env)
{
        int n = pn->n_in + pn->n_out;
        r->pn = pn;
        r->scratch = NULL;
        r->owned = 0;
        r->own_rest = false;
        r->cut = false;
        r->status = NULL;
        r->bytes = 0;
        r->memory = NULL;
        r->big = NULL;
        Tensor **at = r->small;
        if (n > RUN_INLINE) {
                at = r->big = block_alloc((size_t)n * sizeof *at);
                if (!at)
                        return status_oom();
        }
        memset(at, 0, (size_t)n * sizeof *at);
        r->in = at;
        r->out = at + pn->n_in;
        r->ctx = (OpCtx){ .node = pn->node,
                          .state = pn->state,
                          .n_in = pn->n_in,
                          .n_out = pn->n_out,
                          .in = r->in,
                          .out = r->out,
                          .env = env,
                          .frame = r };
        return NULL;
}

Status *run_within(NodeRun *r, PlanNode *pn, uint8_t *mode, const Node *n, void *state,
                   const OpCtx *c)
{
        const NodeRun *around = c->frame;
        memset(mode, INPUT_VALUE, (size_t)n->n_in); /* variables have been read by now */
        *pn = (PlanNode){ .node = n,
                          .def = n->op->def,
                          .state = state,
                          .n_in = n->n_in,
                          .n_out = n->n_out,
                          .device = around->pn->device,
                          .pure = around->pn->pure,
                          .mode = mode };
        TRY(run_init(r, pn, c->env));
        r->step = around->step;
        r->iter = around->iter;
        return NULL;
}

static bool shapes_are(const NodeRun *r, const Shape *in)
{
        for (int i = 0; i < r->pn->n_in; i++)
                if (!shape_equal(&r->in[i]->shape, &in[i]))
                        return false;
        return true;
}

/* The outputs' shapes where the inputs' are as planned, or as they were: then the shape function
 * need not run again. */
static const Shape *known_shapes(const NodeRun *r)
{
        const PlanNode *pn = r->pn;
        if (pn->static_in && shapes_are(r, pn->static_in))
                return pn->static_out;
        if (r->memory && r->memory->known && shapes_are(r, r->memory->in))
                return r->memory->out;
        return NULL;
}

/* Runs the shape function on the real inputs. shapes has n_out entries, value n_in. */
static Status *work_out_shapes(NodeRun *r, Tensor *const *value, Shape *shapes)
{
        int n = r->ctx.n_in;
        const Shape *small[RUN_INLINE], **in = small;
        if (n > RUN_INLINE && !(in = ctx_scratch(&r->ctx, (size_t)n * sizeof *in)))
                return status_oom();
        static const Shape unknown = { .rank = -1 };
        for (int i = 0; i < n;
             i++) /* a ref's shape may change under us: its kernel looks under the lock */
                in[i] = r->pn->mode[i] >= INPUT_REF ? &unknown : &r->in[i]->shape;
        for (int i = 0; i < r->ctx.n_out; i++)
                shapes[i] = SHAPE_UNKNOWN;
        ShapeCtx c = { .node = r->pn->node,
                       .n_in = n,
                       .n_out = r->ctx.n_out,
                       .in = in,
                       .value = (const Tensor *const *)value,
                       .out = shapes };
        return r->pn->def->shape(&c);
}

/* By the rule of the plan's static shapes: what is complete without values but constants holds
 * whatever the values are. */
static void remember(NodeRun *r)
{
        RunShapes *m = r->memory;
        Status *s = work_out_shapes(r, r->pn->constant, m->out);
        m->known = !s;
        for (int i = 0; i < r->ctx.n_out; i++)
                m->known &= shape_complete(&m->out[i]);
        for (int i = 0; i < r->ctx.n_in; i++)
                m->in[i] = r->in[i]->shape;
        m->never = !m->known;
        status_free(s);
}

/* Lets output 0 take over an input that nobody else needs. */
static bool take_over(NodeRun *r, const Shape *shape)
{
        unsigned mask = r->pn->def->inplace;
        DType dtype = r->pn->node->out_types[0];
        if (!dtype_is_plain(dtype)) /* what is there owns memory */
                return false;
        for (int i = 0; mask >> i && i < r->ctx.n_in; i++) {
                Tensor *t = r->in[i];
                if (!(mask >> i & 1) || !(r->owned >> i & 1) || t->dtype != dtype ||
                    !shape_equal(&t->shape, shape) || !tensor_sole_owner(t))
                        continue;
                tensor_set_limit(t, 0);
                r->out[0] = t;
                r->owned &= ~(1ull << i);
                return true;
        }
        return false;
}

/* The first output may take an input's memory (OpDef.inplace). */
static Status *allocate(NodeRun *r, const Shape *shapes)
{
        int i = r->ctx.n_out && r->pn->def->inplace && take_over(r, &shapes[0]);
        for (; i < r->ctx.n_out; i++) {
                DType dtype = r->pn->node->out_types[i];
                if (!dtype_is_ref(dtype)) /* a ref output is the variable's handle, which the kernel
                                             passes on */
                        TRY(tensor_new(dtype, &shapes[i], &r->out[i]));
        }
        return NULL;
}

/* Kernels with late_shape allocate for themselves, but are told the shapes. */
Status *run_outputs(NodeRun *r)
{
        const OpDef *def = r->pn->def;
        if (!def->shape)
                return NULL;
        const Shape *known = known_shapes(r);
        if (UNLIKELY(!known && r->memory && !r->memory->never)) {
                remember(r);
                known = known_shapes(r);
        }
        if (LIKELY(known != NULL)) {
                r->ctx.shapes = known;
                return def->late_shape ? NULL : allocate(r, known);
        }
        Shape *shapes = r->shapes;
        if (r->ctx.n_out > RUN_SHAPES &&
            !(shapes = ctx_scratch(&r->ctx, (size_t)r->ctx.n_out * sizeof *shapes)))
                return status_oom();
        TRY(work_out_shapes(r, r->in, shapes));
        r->ctx.shapes = shapes;
        return def->late_shape ? NULL : allocate(r, shapes);
}

/* A kernel of ours that forgot an output must not become a crash. */
Status *run_check(NodeRun *r)
{
        const Node *n = r->pn->node;
        for (int i = 0; i < r->ctx.n_out; i++) {
                DType want = n->out_types[i];
                if (UNLIKELY(!r->out[i]))
                        return internal_error("Missing %d-th output from {{node %s}}", i, n->name);
                if (UNLIKELY(!dtype_is_ref(want) && r->out[i]->dtype != want))
                        return internal_error("Output %d of type %s does not match declared output "
                                              "type %s for node "
                                              "{{node %s}}",
                                              i, dtype_name(r->out[i]->dtype), dtype_name(want),
                                              n->name);
        }
        return NULL;
}

static Status *run_compute(NodeRun *r)
{
        TRY(run_outputs(r));
        TRY(r->pn->def->compute(&r->ctx));
        return run_check(r);
}

Status *run_member(NodeRun *r, OpCtx *c)
{
        Status *s = run_compute(r);
        if (r->cut)
                ctx_cut(c);
        return s;
}

/* Whatever the kernel left: inputs that were not taken, outputs that were not sent, scratch. */
void run_done(NodeRun *r)
{
        for (int i = 0; i < r->ctx.n_in; i++)
                if (i < 64 ? r->owned >> i & 1 : r->own_rest && r->in[i])
                        tensor_unref(r->in[i]);
        for (int i = 0; i < r->ctx.n_out; i++)
                if (UNLIKELY(r->out[i] != NULL))
                        tensor_unref(r->out[i]);
        for (Scratch *s = r->scratch, *next; s; s = next) {
                next = s->next;
                block_free(s, s->bytes);
        }
        if (UNLIKELY(r->big != NULL))
                block_free(r->big, (size_t)(r->ctx.n_in + r->ctx.n_out) * sizeof *r->big);
        if (r->bytes)
                block_free(r, r->bytes);
}

Status *run_blame(const PlanNode *pn, Status *s)
{
        if (status_node(s))
                return s;
        s = status_append(s, "\n\t [[{{node %s}}]]", pn->node->name);
        status_set_node(s, pn->node->name, pn->node->op->def->name);
        return s;
}
