// SPDX-License-Identifier: Apache-2.0
/* Fusing: finds chains of nodes that a pattern (engine/ops/fusion.h) knows and puts one node in
 * their place. The last member's draft becomes the fused node's, so that whoever waits for it need
 * not know; the others do not run. */
#include "engine/exec/compile.h"
#include "engine/exec/fused.h"

#include <string.h>

/* The section's ends: made by the linker, absent in a program without patterns. */
extern const Fusion *const __start_sr_fusions[] __attribute__((weak));
extern const Fusion *const __stop_sr_fusions[] __attribute__((weak));

/* Who takes a draft's output. */
typedef struct Use {
        uint32_t n;  /* data edges of output 0; all else counts double */
        bool others; /* is another output taken? */
        uint32_t by; /* the last one's draft */
        int input;   /* and which of its inputs */
} Use;

typedef struct Fuse {
        Compile *c;
        Use *uses; /* by draft */
} Fuse;

/* A chain while it grows: drafts in order. */
typedef struct Chain {
        const Fusion *fusion;
        uint32_t draft[FUSION_STEPS];
        int step[FUSION_STEPS], input[FUSION_STEPS];
        int n;
} Chain;

/* ---- uses ---- */

/* A use in a pattern is by one node, of output 0; any other counts twice and spoils the match. */
static void use(Fuse *f, const Node *src, int output, bool plain, uint32_t by, int input)
{
        if (f->c->fed[src->id] && compile_feed_of(f->c, src, output) >= 0)
                return;
        Use *u = &f->uses[compile_draft(f->c, src) - f->c->drafts];
        u->n += plain && output == 0 ? 1 : 2;
        u->others |= output > 0;
        u->by = by;
        u->input = input;
}

/* A value that anybody else sees must stay. */
static Status *count_uses(Fuse *f)
{
        Compile *c = f->c;
        const PlanRequest *r = c->request;
        f->uses = arena_calloc(c->scratch, c->n + 1, sizeof *f->uses);
        if (!f->uses)
                return status_oom();
        for (uint32_t i = 0; i < c->n; i++) {
                const Node *n = c->drafts[i].node;
                for (int k = 0; c->drafts[i].live && k < n->n_in; k++)
                        use(f, n->in[k].node, n->in[k].output, true, i, k);
                for (int k = 0; c->drafts[i].live && k < n->n_control; k++)
                        if (compile_keeps_control(c, n->control[k]))
                                f->uses[compile_draft(c, n->control[k]) - c->drafts].n += 2;
        }
        for (int i = 0; i < r->n_fetches; i++)
                use(f, r->fetches[i].node, (int)r->fetches[i].output, false, 0, 0);
        return NULL;
}

/* ---- matching ---- */

/* Is name one of a list joined by commas? */
static bool listed(const char *list, const char *name)
{
        size_t n = strlen(name);
        for (const char *p = list; p; p = strchr(p, ',')) {
                p += *p == ',';
                if (!strncmp(p, name, n) && (!p[n] || p[n] == ','))
                        return true;
        }
        return false;
}

static bool step_fits(const FusionStep *s, const Node *n)
{
        return listed(s->ops, n->op->def->name) && (!s->fits || s->fits(n));
}

/* May this draft be a member at all? */
static bool plain(const Compile *c, const Draft *d)
{
        return d->live && !d->constants && d->frame == d->out_frame && !c->fed[d->node->id] &&
               !d->node->op->function;
}

static bool taken(const Chain *ch, int step)
{
        bool found = false;
        for (int i = 0; i < ch->n; i++)
                found |= ch->step[i] == step;
        return found;
}

/* Adds the only consumer of the chain's last member, if a later step takes it. */
static bool grow(const Fuse *f, Chain *ch)
{
        const Compile *c = f->c;
        uint32_t last = ch->draft[ch->n - 1];
        const Use *u = &f->uses[last];
        if (u->n != 1 || ch->n == FUSION_STEPS)
                return false;
        const Draft *next = &c->drafts[u->by], *from = &c->drafts[last];
        if (!plain(c, next) || next->frame != from->frame)
                return false;
        if (c->device && c->device[next->node->id] != c->device[from->node->id])
                return false;
        for (int s = ch->step[ch->n - 1] + 1; s < FUSION_STEPS && ch->fusion->steps[s].ops; s++)
                if (ch->fusion->steps[s].chain >> u->input & 1 &&
                    taken(ch, ch->fusion->steps[s].needs) &&
                    step_fits(&ch->fusion->steps[s], next->node)) {
                        ch->draft[ch->n] = u->by;
                        ch->step[ch->n] = s;
                        ch->input[ch->n++] = u->input;
                        return true;
                }
        return false;
}

/* The longest chain from this head; patterns are tried in turn. */
static bool match(const Fuse *f, const Fusion *fusion, uint32_t head, Chain *ret)
{
        const Draft *d = &f->c->drafts[head];
        if (!plain(f->c, d) || !step_fits(&fusion->steps[0], d->node))
                return false;
        *ret = (Chain){ .fusion = fusion, .draft = { head }, .input = { -1 }, .n = 1 };
        while (grow(f, ret)) {
        }
        /* A fused node has one output. */
        return ret->n > 1 && !f->uses[ret->draft[ret->n - 1]].others;
}

/* ---- the fused node ---- */

/* Room for the inputs of all members. */
static Status *make_room(Arena *a, Node *n)
{
        Edge *in = arena_alloc(a, ((size_t)n->n_in + 1) * sizeof *in);
        DType *types = arena_alloc(a, ((size_t)n->n_in + 1) * sizeof *types);
        const Node **control = arena_alloc(a, ((size_t)n->n_control + 1) * sizeof *control);
        n->in = in;
        n->in_types = types;
        n->control = control;
        return in && types && control ? NULL : status_oom();
}

/* Copies the members' inputs, but for those that run between them. */
static Status *gather_inputs(const Compile *c, const Chain *ch, FusedNode *f, Draft *d)
{
        Node *n = &f->node;
        Edge *in = (Edge *)n->in;
        DType *types = (DType *)n->in_types;
        const Node **control = (const Node **)n->control;
        d->in_constant = arena_calloc(c->plan->arena, (size_t)n->n_in + 1, sizeof *d->in_constant);
        if (!d->in_constant)
                return status_oom();
        int at = 0, controls = 0;
        for (int i = 0; i < ch->n; i++) {
                const Draft *from = &c->drafts[ch->draft[i]];
                const Node *m = from->node;
                f->member[i] = (FusedMember){ m, ch->step[i], ch->input[i], at, from->state };
                for (int k = 0; k < m->n_in; k++) {
                        if (k == ch->input[i])
                                continue;
                        in[at] = m->in[k];
                        types[at] = m->in_types[k];
                        d->in_constant[at++] = from->in_constant[k];
                }
                for (int k = 0; k < m->n_control; k++)
                        control[controls++] = m->control[k];
        }
        n->n_in = at;
        return NULL;
}

/* What graphs of a step's metadata show: "Conv2D+BiasAdd+Relu" of the same inputs. */
static Status *describe(Arena *a, FusedNode *f)
{
        NodeDef *def = NULL;
        char *op = arena_strdup(a, f->member[0].node->op->def->name);
        for (int i = 1; i < f->n && op; i++)
                op = arena_printf(a, "%s+%s", op, f->member[i].node->op->def->name);
        TRY(compile_group_def(a, &f->node, op, f->member[0].node->def, &def));
        f->node.def = def;
        f->def = fused_op;
        f->def.name = op;
        f->op = (Op){ .def = &f->def };
        f->node.op = &f->op;
        return NULL;
}

/* The last node of the chain becomes the fused one, so that its users need no change. */
static Status *replace(Fuse *fuse, const Chain *ch)
{
        Compile *c = fuse->c;
        Arena *a = c->plan->arena;
        Draft *last = &c->drafts[ch->draft[ch->n - 1]], d = *last;
        FusedNode *f = arena_calloc(a, 1, sizeof *f);
        if (!f)
                return status_oom();
        f->node = *last->node;
        f->node.n_in = f->node.n_control = 0;
        f->node.n_out = 1;
        f->fusion = ch->fusion;
        f->n = ch->n;
        for (int i = 0; i < ch->n; i++) {
                f->node.n_in += c->drafts[ch->draft[i]].node->n_in;
                f->node.n_control += c->drafts[ch->draft[i]].node->n_control;
        }
        TRY(make_room(a, &f->node));
        TRY(gather_inputs(c, ch, f, &d));
        TRY(describe(a, f));
        TRY(compile_prepare(c, &f->node, f->fusion->prepare, &d));
        d.node = &f->node;
        for (int i = 0; i < ch->n; i++)
                c->drafts[ch->draft[i]].live = false;
        *last = d;
        return NULL;
}

/* Each head gets the first pattern that fits. */
Status *compile_fuse(Compile *c)
{
        Fuse f = { .c = c };
        if (!c->request->optimizer.fuse)
                return NULL;
        TRY(count_uses(&f));
        for (uint32_t i = 0; i < c->n; i++)
                for (const Fusion *const *p = __start_sr_fusions; p < __stop_sr_fusions; p++) {
                        Chain ch;
                        if (!match(&f, *p, i, &ch))
                                continue;
                        TRY(replace(&f, &ch));
                        break;
                }
        return NULL;
}
