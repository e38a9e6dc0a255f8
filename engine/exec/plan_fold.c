// SPDX-License-Identifier: Apache-2.0
/* Kernels for the plan's nodes: are there any for these types, their prepare, and the folding of
 * what never changes.
 *
 * A node is folded when all its inputs are constant and it has neither state nor control inputs nor
 * a loop around it, and when its outputs' shapes are known beforehand and small. A kernel that
 * fails here is left to fail in the step, where the client asked for it. Within a loop a constant
 * that comes through an Enter is one to the kernels of the loop, too. */
#include "engine/base/buf.h"
#include "engine/exec/compile.h"
#include "engine/exec/function.h"
#include "engine/exec/run.h"
#include "engine/ops/signature.h"

#include <string.h>

enum { FOLD_MAX_OUTPUTS = 64 };

/* ---- kernels ---- */

static void list_types(Buf *b, uint32_t types)
{
        const char *sep = "";
        for (int t = 1; t <= DT_MAX; t++)
                if (types >> t & 1) {
                        buf_printf(b, "%s%s", sep, dtype_enum((DType)t));
                        sep = ", ";
                }
}

/* TensorFlow's text, with the types that there are. */
static Status *no_kernel(const Node *n, const AttrDef *attr, uint32_t runs, DType got)
{
        autobuf b = BUF(4096);
        list_types(&b, runs);
        Status *s = invalid_argument("No OpKernel was registered to support Op '%s' used by {{node "
                                     "%s}} with these attrs: "
                                     "[%s=%s]\nRegistered devices: [CPU]\nRegistered kernels:\n  "
                                     "device='CPU'; %s in [%s]\n",
                                     n->op->def->name, n->name, attr->name, dtype_enum(got),
                                     attr->name, buf_cstr(&b));
        status_set_node(s, n->name, n->op->def->name);
        return s;
}

/* The op may allow more types than its kernel has. */
static Status *check_kernel(const Node *n)
{
        const Op *op = n->op;
        for (int i = 0; i < op->n_attrs; i++) {
                uint32_t runs = op->kernel_types ? op->kernel_types[i] : 0;
                const AttrValue *v = runs ? node_attr(n, op->attrs[i].name) : NULL;
                if (!v)
                        continue;
                if (!op->attrs[i].is_list && !(runs >> (v->type & 31) & 1))
                        return no_kernel(n, &op->attrs[i], runs, (DType)v->type);
                for (size_t k = 0; op->attrs[i].is_list && v->list && k < v->list->n_type; k++)
                        if (!(runs >> (v->list->type[k] & 31) & 1))
                                return no_kernel(n, &op->attrs[i], runs, (DType)v->list->type[k]);
        }
        return NULL;
}

/* The constant that input i is, or NULL. */
static Tensor *input_constant(Compile *c, const Draft *d, int i)
{
        const Edge *e = &d->node->in[i];
        if (dtype_is_ref(d->node->in_types[i]) || compile_feed_of(c, e->node, e->output) >= 0)
                return NULL;
        Draft *src = compile_draft(c, e->node);
        return src->constants ? src->constants[e->output] : NULL;
}

/* The value that an invariant of a loop has in every iteration, of that loop and of those within,
 * or NULL. Such an Enter is never dead: nothing but a constant leads to it. */
static Tensor *loop_constant(const Compile *c, const Node *n, int output)
{
        Draft *d = compile_draft(c, n);
        while (n->op->def->flow == FLOW_ENTER && node_bool(n, "is_constant", false) && !output &&
               !n->n_control && !c->fed[n->id] && !dtype_is_ref(n->out_types[0])) {
                const Edge *e = &n->in[0];
                if (compile_feed_of(c, e->node, e->output) >= 0)
                        return NULL;
                d = compile_draft(c, e->node);
                if (d->constants)
                        return d->constants[e->output];
                n = e->node;
                output = e->output;
        }
        return NULL;
}

/* A node of a loop has the loop's constants at hand, instead of having them brought to each
 * iteration; something else must still tell it when to run, and whether it is dead. */
static void take_loop_constants(const Compile *c, Draft *d)
{
        const Node *n = d->node;
        bool told = false;
        if (!c->request->optimizer.loops || !d->frame || n->op->def->flow != FLOW_NONE)
                return;
        for (int i = 0; i < n->n_in && !told; i++)
                told = !d->in_constant[i] && !loop_constant(c, n->in[i].node, n->in[i].output);
        for (int i = 0; i < n->n_in && told; i++)
                if (!d->in_constant[i] && !dtype_is_ref(n->in_types[i]))
                        d->in_constant[i] = loop_constant(c, n->in[i].node, n->in[i].output);
}

/* The kernel looks at attributes and constants once, instead of at each step. */
static Status *prepare(Compile *c, Draft *d)
{
        const Node *n = d->node;
        d->in_constant = arena_calloc(c->plan->arena, (size_t)n->n_in, sizeof *d->in_constant);
        if (!d->in_constant)
                return status_oom();
        for (int i = 0; i < n->n_in; i++)
                d->in_constant[i] = input_constant(c, d, i);
        take_loop_constants(c, d);
        TRY(check_kernel(n));
        Status *s = compile_prepare(
                c, n, n->op->function ? function_prepare_node : n->op->def->prepare, d);
        if (s)
                status_set_node(s, n->name, n->op->def->name);
        return s ? status_append(s, "\n\t [[{{node %s}}]]", n->name) : NULL;
}

/* ---- folding ---- */

static void drop_tensor(void *t)
{
        tensor_unref(t);
}

/* Makes the outputs constants of the plan, which owns them from now on. */
static Status *keep(Compile *c, Draft *d, Tensor **out)
{
        Tensor **constants =
                arena_calloc(c->plan->arena, (size_t)d->node->n_out + 1, sizeof *constants);
        if (!constants)
                return status_oom();
        for (int i = 0; i < d->node->n_out; i++) {
                TRY(arena_on_free(c->plan->arena, drop_tensor, out[i]));
                constants[i] = steal(&out[i]);
        }
        d->constants = constants;
        return NULL;
}

/* Constants in, plain values out, no side effect, not in a loop, nothing that a feed replaces. */
static bool foldable(Compile *c, const Draft *d)
{
        const Node *n = d->node;
        const OpDef *def = n->op->def;
        if (!c->request->optimizer.fold || n->op->stateful || def->start || !def->compute ||
            def->flow != FLOW_NONE || !def->shape || d->frame || n->n_control || !n->n_out ||
            n->n_out > FOLD_MAX_OUTPUTS)
                return false;
        for (int i = 0; i < n->n_out; i++)
                if (dtype_is_ref(n->out_types[i]) || n->out_types[i] == DT_RESOURCE ||
                    n->out_types[i] == DT_VARIANT || compile_feed_of(c, n, i) >= 0)
                        return false;
        for (int i = 0; i < n->n_in; i++)
                if (!d->in_constant[i])
                        return false;
        return n->n_in > 0;
}

/* Are all outputs known beforehand and small? */
static bool small(const NodeRun *r, int64_t max_bytes)
{
        const Node *n = r->pn->node;
        Shape out[FOLD_MAX_OUTPUTS];
        const Shape **in = ctx_scratch((OpCtx *)&r->ctx, (size_t)(n->n_in + 1) * sizeof *in);
        if (!in)
                return false;
        for (int i = 0; i < n->n_in; i++)
                in[i] = &r->in[i]->shape;
        for (int i = 0; i < n->n_out; i++)
                out[i] = SHAPE_UNKNOWN;
        ShapeCtx sc = { .node = n,
                        .n_in = n->n_in,
                        .n_out = n->n_out,
                        .in = in,
                        .value = (const Tensor *const *)r->in,
                        .out = out };
        Status *s = r->pn->def->shape(&sc);
        int64_t count;
        for (int i = 0; i < n->n_out && !s; i++)
                if (!(s = shape_count(&out[i], &count)) &&
                    count > max_bytes / (int64_t)dtype_size(n->out_types[i]))
                        return false;
        bool ok = !s;
        status_free(s);
        return ok;
}

static Status *compute(NodeRun *r)
{
        TRY(run_outputs(r));
        TRY(r->pn->def->compute(&r->ctx));
        return run_check(r);
}

/* Runs the kernel on the spot. A failure is not told here: TensorFlow tells it when the step comes
 * to it. */
static Status *fold(Compile *c, Draft *d)
{
        static const OpEnv nothing = { 0 };
        const Node *n = d->node;
        uint8_t *mode = arena_calloc(c->scratch, (size_t)n->n_in + 1, 1);
        if (!mode)
                return status_oom();
        PlanNode pn = { .node = n,
                        .def = n->op->def,
                        .state = d->state,
                        .n_in = n->n_in,
                        .n_out = n->n_out,
                        .mode = mode };
        NodeRun r = { 0 };
        TRY(run_init(&r, &pn, &nothing));
        for (int i = 0; i < n->n_in; i++)
                r.in[i] = d->in_constant[i];
        Status *failed = NULL, *s = NULL;
        if (small(&r, c->request->optimizer.max_folded_bytes) && !(failed = compute(&r)))
                s = keep(c, d, r.out);
        status_free(failed); /* the step will say it again */
        run_done(&r);
        return s;
}

/* A Const without control inputs, outside of loops, that is not fed. */
static Status *take_const(Compile *c, Draft *d)
{
        const Node *n = d->node;
        if (!n->value || d->frame || n->n_control || compile_feed_of(c, n, 0) >= 0)
                return NULL;
        Tensor *out[1] = { tensor_ref(n->value) };
        Status *s = keep(c, d, out);
        tensor_unref(out[0]);
        return s;
}

/* In the order of the drafts: constants flow forward. */
Status *compile_kernels(Compile *c)
{
        for (uint32_t i = 0; i < c->n; i++) {
                Draft *d = &c->drafts[i];
                if (d->merged)
                        continue;
                TRY(take_const(c, d));
                TRY(prepare(c, d));
                if (foldable(c, d))
                        TRY(fold(c, d));
                d->live = !d->constants;
        }
        return NULL;
}
