// SPDX-License-Identifier: Apache-2.0
/* plan_compile: puts the drafts of the pruned graph into their final form, frame by frame, edge by
 * edge. */
#include "engine/exec/compile.h"
#include "engine/exec/function.h"

#include "engine/base/mem.h"
#include "engine/ops/signature.h"
#include <string.h>

/* A constant has to be sent all the same where a Merge waits for it: Merge looks at what arrived.
 */
static void keep_constants_for_merges(Compile *c)
{
        for (uint32_t i = 0; i < c->n; i++) {
                const Node *n = c->drafts[i].node;
                for (int k = 0; n->op->def->flow == FLOW_MERGE && k < n->n_in; k++) {
                        if (compile_feed_of(c, n->in[k].node, n->in[k].output) < 0)
                                compile_draft(c, n->in[k].node)->live = true;
                        c->drafts[i].in_constant[k] = NULL;
                }
                for (int k = 0; k < n->n_control; k++) /* something waits for it to have run */
                        if (compile_keeps_control(c, n->control[k]))
                                compile_draft(c, n->control[k])->live = true;
        }
}

static InputMode input_mode(const Node *n, int i)
{
        DType from = n->in[i].node->out_types[n->in[i].output];
        if (!dtype_is_ref(from))
                return INPUT_VALUE;
        if (!dtype_is_ref(n->in_types[i]))
                return n->op->uninit_ok ? INPUT_DEREF_UNINIT : INPUT_DEREF;
        return n->op->uninit_ok ? INPUT_REF_UNINIT : INPUT_REF;
}

/* How the input is read is settled by the types of both ends. */
static Status *input_modes(Plan *p, PlanNode *pn)
{
        uint8_t *mode = arena_alloc(p->arena, (size_t)pn->n_in + 1);
        if (!mode)
                return status_oom();
        for (int i = 0; i < pn->n_in; i++)
                mode[i] = (uint8_t)input_mode(pn->node, i);
        pn->mode = mode;
        return NULL;
}

/* Shapes that hold in every step in which the inputs have their inferred shapes. */
static Status *static_shapes(Compile *c, const Draft *d, PlanNode *pn)
{
        const Node *n = pn->node;
        if (!pn->def->shape)
                return NULL;
        Shape *in = arena_alloc(c->plan->arena, (size_t)(n->n_in + 1) * sizeof *in);
        Shape *out = arena_alloc(c->plan->arena, (size_t)(n->n_out + 1) * sizeof *out);
        const Shape **in_at = arena_alloc(c->scratch, (size_t)(n->n_in + 1) * sizeof *in_at);
        if (!in || !out || !in_at)
                return status_oom();
        for (int i = 0; i < n->n_in; i++) {
                in[i] = d->in_constant[i] ? d->in_constant[i]->shape
                                          : n->in[i].node->out_shapes[n->in[i].output];
                if (pn->mode[i] >= INPUT_REF || !shape_complete(&in[i]))
                        return NULL;
                in_at[i] = &in[i];
        }
        for (int i = 0; i < n->n_out; i++)
                out[i] = SHAPE_UNKNOWN;
        ShapeCtx sc = { .node = n,
                        .n_in = n->n_in,
                        .n_out = n->n_out,
                        .in = in_at,
                        .value = (const Tensor *const *)d->in_constant,
                        .out = out };
        Status *s = pn->def->shape(&sc);
        int64_t count;
        for (int i = 0; i < n->n_out && !s; i++)
                s = dtype_is_ref(n->out_types[i]) ? NULL : shape_count(&out[i], &count);
        if (!s) {
                pn->static_in = in;
                pn->static_out = out;
        }
        status_free(s);
        return NULL;
}

static bool touches(DType t)
{
        return dtype_is_ref(t) || t == DT_RESOURCE || t == DT_VARIANT;
}

/* Neither reads nor writes anything but its tensors. */
static bool is_pure(const Node *n)
{
        for (int i = 0; i < n->n_in; i++)
                if (touches(n->in_types[i]))
                        return false;
        for (int i = 0; i < n->n_out; i++)
                if (touches(n->out_types[i]))
                        return false;
        return !n->op->stateful;
}

/* Places in the iteration are given out here: a count per node, a slot per input. */
static Status *fill_node(Compile *c, const Draft *d, PlanNode *pn)
{
        const Node *n = d->node;
        *pn = (PlanNode){ .node = n,
                          .def = n->op->function ? &function_call_op : n->op->def,
                          .state = d->state,
                          .device = c->device ? c->device[n->id] : (int16_t)-1,
                          .frame = d->frame,
                          .child = d->out_frame,
                          .n_in = n->n_in,
                          .n_out = n->n_out,
                          .constant = d->in_constant };
        pn->values = d->constants;
        pn->flow = (uint8_t)pn->def->flow;
        pn->pure = is_pure(n);
        pn->is_constant = n->op->def->flow == FLOW_ENTER && node_bool(n, "is_constant", false);
        PlanFrame *f = &c->plan->frames[d->frame];
        pn->index = f->n_nodes++;
        f->n_exits += n->op->def->flow == FLOW_EXIT;
        pn->slot = f->n_slots;
        f->n_slots += (uint32_t)n->n_in;
        if (d->constants) {
                pn->n_in = 0; /* its value is there: it only has to be sent */
                return NULL;
        }
        TRY(input_modes(c->plan, pn));
        return static_shapes(c, d, pn);
}

/* Numbers the nodes that run: d->waiting becomes the index in Plan.nodes. */
static Status *fill_nodes(Compile *c)
{
        Plan *p = c->plan;
        for (uint32_t i = 0; i < c->n; i++)
                p->n_nodes += c->drafts[i].live;
        p->nodes = arena_alloc(p->arena, (p->n_nodes + 1) * sizeof *p->nodes);
        if (!p->nodes)
                return status_oom();
        uint32_t at = 0;
        for (uint32_t i = 0; i < c->n; i++) {
                if (!c->drafts[i].live)
                        continue;
                c->drafts[i].waiting = at;
                TRY(fill_node(c, &c->drafts[i], &p->nodes[at++]));
        }
        return NULL;
}

/* ---- edges: counted first, then put ---- */

typedef struct Wiring {
        Compile *c;
        bool put; /* second pass */
        PlanOut *feeds;
        PlanOut **outs; /* per plan node: its outputs */
        uint32_t **controls;
} Wiring;

static void add(Wiring *w, PlanOut *out, uint32_t node, uint32_t slot)
{
        if (w->put)
                ((PlanEdge *)out->edges)[out->n] = (PlanEdge){ .node = node, .slot = slot };
        out->n++;
}

/* Wires what an edge brings: from a feed, from a node that runs, or nothing where it is constant.
 * False: nothing to wait for. */
static bool wire(Wiring *w, const Node *src, int64_t output, uint32_t node, uint32_t slot)
{
        int feed = compile_feed_of(w->c, src, output);
        if (feed >= 0) {
                add(w, &w->feeds[feed], node, slot);
                return true;
        }
        Draft *d = compile_draft(w->c, src);
        if (!d->live)
                return false;
        add(w, &w->outs[d->waiting][output], node, slot);
        return true;
}

/* Called twice: first to count, then to put. A Merge counts control edges by two, so that its own
 * arrival fits in the lowest bit. */
static void wire_node(Wiring *w, PlanNode *pn, uint32_t index)
{
        const Node *n = pn->node;
        bool merge = pn->def->flow == FLOW_MERGE;
        uint32_t data = 0, control = 0;
        for (int i = 0; i < pn->n_in; i++)
                if (!pn->constant[i])
                        data += wire(w, n->in[i].node, n->in[i].output, index,
                                     pn->slot + (uint32_t)i);
        for (int i = 0; i < n->n_control && !pn->values; i++) {
                if (!compile_keeps_control(w->c, n->control[i]))
                        continue;
                PlanNode *src = &w->c->plan->nodes[compile_draft(w->c, n->control[i])->waiting];
                if (w->put)
                        w->controls[src - w->c->plan->nodes][src->n_control] = index;
                src->n_control++;
                control++;
        }
        pn->pending = merge ? 2 * control + 1 : data + control;
}

/* All edges of the plan, nodes first, then fetches. */
static void wire_all(Wiring *w)
{
        Compile *c = w->c;
        const PlanRequest *r = c->request;
        for (uint32_t i = 0; i < c->plan->n_nodes; i++)
                c->plan->nodes[i].n_control = 0;
        for (uint32_t i = 0; i < c->plan->n_nodes; i++)
                wire_node(w, &c->plan->nodes[i], i);
        for (int i = 0; i < r->n_fetches; i++) {
                const TensorId *f = &r->fetches[i];
                if (compile_feed_of(c, f->node, f->output) < 0)
                        wire(w, f->node, f->output, EDGE_FETCH, (uint32_t)i);
        }
}

/* Arrays of the counted size, empty again. */
static Status *make_rows(Wiring *w, PlanOut *outs, int n)
{
        for (int i = 0; i < n; i++) {
                outs[i].edges =
                        arena_alloc(w->c->plan->arena, (outs[i].n + 1) * sizeof *outs[i].edges);
                if (!outs[i].edges)
                        return status_oom();
                outs[i].n = 0;
        }
        return NULL;
}

/* Between counting and putting. */
static Status *make_edges(Wiring *w)
{
        Plan *p = w->c->plan;
        for (uint32_t i = 0; i < p->n_nodes; i++) {
                PlanNode *pn = &p->nodes[i];
                TRY(make_rows(w, w->outs[i], pn->n_out));
                w->controls[i] = arena_alloc(p->arena, (pn->n_control + 1) * sizeof **w->controls);
                if (!w->controls[i])
                        return status_oom();
                pn->out = w->outs[i];
                pn->control = w->controls[i];
        }
        return make_rows(w, w->feeds, w->c->request->n_feeds);
}

/* Edges lie in arrays by who sends, which is how a step walks them. */
static Status *wire_plan(Compile *c)
{
        Plan *p = c->plan;
        Wiring w = { .c = c };
        w.feeds = arena_calloc(p->arena, (size_t)c->request->n_feeds + 1, sizeof *w.feeds);
        w.outs = arena_alloc(c->scratch, (p->n_nodes + 1) * sizeof *w.outs);
        w.controls = arena_alloc(c->scratch, (p->n_nodes + 1) * sizeof *w.controls);
        if (!w.feeds || !w.outs || !w.controls)
                return status_oom();
        for (uint32_t i = 0; i < p->n_nodes; i++)
                if (!(w.outs[i] = arena_calloc(p->arena, (size_t)p->nodes[i].n_out + 1,
                                               sizeof **w.outs)))
                        return status_oom();
        wire_all(&w);
        TRY(make_edges(&w));
        w.put = true;
        wire_all(&w);
        p->feeds = w.feeds;
        return NULL;
}

/* What an iteration of a frame starts as: empty slots, counts of what nodes wait for, no deaths. */
static Status *make_image(Arena *a, PlanFrame *f)
{
        size_t slots = f->n_slots * sizeof(void *);
        f->image_bytes = slots + 2 * (size_t)f->n_nodes * sizeof(uint32_t);
        f->image = arena_calloc(a, 1, f->image_bytes);
        if (!f->image)
                return status_oom();
        f->pending = (uint32_t *)((char *)f->image + slots);
        return NULL;
}

/* Initial pending counts per frame, and the nodes that wait for nothing. */
static Status *finish(Compile *c)
{
        Plan *p = c->plan;
        for (uint32_t f = 0; f < p->n_frames; f++)
                TRY(make_image(p->arena, &p->frames[f]));
        uint32_t *roots = arena_alloc(p->arena, (p->n_nodes + 1) * sizeof *roots);
        if (!roots)
                return status_oom();
        for (uint32_t i = 0; i < p->n_nodes; i++) {
                PlanNode *pn = &p->nodes[i];
                p->frames[pn->frame].pending[pn->index] = pn->pending;
                if (!pn->pending)
                        roots[p->n_roots++] = i;
                p->heavy |= pn->def->costly;
        }
        p->roots = roots;
        p->heavy |= p->n_nodes > 300 || p->n_frames > 1;
        return NULL;
}

/* A fetch may be fed, constant, or sent by a node. */
static Status *fetches(Compile *c)
{
        Plan *p = c->plan;
        const PlanRequest *r = c->request;
        p->n_feeds = (uint32_t)r->n_feeds;
        p->n_fetches = (uint32_t)r->n_fetches;
        p->fetch_constant = arena_calloc(p->arena, p->n_fetches + 1, sizeof *p->fetch_constant);
        p->fetch_of_feed = arena_alloc(p->arena, (p->n_fetches + 1) * sizeof *p->fetch_of_feed);
        if (!p->fetch_constant || !p->fetch_of_feed)
                return status_oom();
        for (int i = 0; i < r->n_fetches; i++) {
                p->fetch_of_feed[i] = compile_feed_of(c, r->fetches[i].node, r->fetches[i].output);
                if (p->fetch_of_feed[i] >= 0)
                        continue;
                Draft *d = compile_draft(c, r->fetches[i].node);
                if (!d->live)
                        p->fetch_constant[i] = d->constants[r->fetches[i].output];
        }
        return NULL;
}

/* Devices by the session's placer; without one everything is on the step's device. */
static Status *place(Compile *c)
{
        if (!c->request->place)
                return NULL;
        const Node **nodes = arena_alloc(c->scratch, (c->n + 1) * sizeof *nodes);
        if (!nodes)
                return status_oom();
        uint32_t n = 0;
        for (uint32_t i = 0; i < c->n; i++)
                if (!compile_added(c, c->drafts[i].node))
                        nodes[n++] = c->drafts[i].node;
        TRY(c->request->place(c->request->place_arg, c->graph, nodes, n, c->scratch, &c->device));
        return compile_watch_devices(c);
}

/* The order matters: folding needs kernels, fusing needs to know what folding left. */
static Status *compile(Compile *c)
{
        TRY(compile_prune(c));
        TRY(place(c));
        TRY(compile_frames(c));
        TRY(compile_merge(c));
        TRY(compile_kernels(c));
        TRY(compile_patterns(c));
        TRY(compile_fuse(c));
        keep_constants_for_merges(c);
        TRY(fill_nodes(c));
        TRY(wire_plan(c));
        TRY(fetches(c));
        TRY(finish(c));
        return compile_lines(c);
}

/* Scratch goes with the compilation, the arena with the plan. */
Status *plan_compile(const Graph *g, const PlanRequest *r, Plan **ret)
{
        autoptr(Arena) scratch = NULL;
        autoptr(Arena) arena = NULL;
        TRY(arena_new(SIZE_MAX, &scratch));
        TRY(arena_new(SIZE_MAX, &arena));
        Plan *p = arena_calloc(arena, 1, sizeof *p);
        if (!p)
                return status_oom();
        p->arena = arena;
        Compile c = { .graph = g, .request = r, .plan = p, .scratch = scratch };
        TRY(compile(&c));
        p->functions = r->functions ? r->functions->used : NULL;
        steal(&arena);
        *ret = p;
        return NULL;
}

void plan_free(Plan *p)
{
        if (p)
                arena_free(p->arena);
}
