// SPDX-License-Identifier: Apache-2.0
/* Finds groups of nodes that a pattern (engine/ops/pattern.h) knows, from the last step backwards,
 * and puts one node in their place. The last member's draft becomes the group's; who takes a shown
 * value of another member gets a copy in the plan that takes it from the group. */
#include "engine/exec/compile.h"
#include "engine/exec/pattern_run.h"

#include <string.h>

/* The section's ends: made by the linker, absent in a program without patterns. */
extern const Pattern *const __start_sr_patterns[] __attribute__((weak));
extern const Pattern *const __stop_sr_patterns[] __attribute__((weak));

enum { NO_DRAFT = -1 };

/* One input of one draft, in the list of those that one draft feeds. */
typedef struct Use {
        uint32_t by;
        struct Use *next;
} Use;

typedef struct Group {
        Compile *c;
        Use **uses;       /* by draft: data edges */
        uint32_t *others; /* by draft: control edges and fetches */
} Group;

typedef struct Match {
        const Pattern *pattern;
        int n;                        /* steps of the pattern */
        uint32_t without;             /* bit i: optional step i is a value from outside */
        int64_t draft[PATTERN_STEPS]; /* NO_DRAFT: not found yet */
        Edge letter[PATTERN_LETTERS]; /* node NULL: not bound yet */
} Match;

/* ---- uses ---- */

static Status *count_uses(Group *g)
{
        Compile *c = g->c;
        const PlanRequest *r = c->request;
        g->uses = arena_calloc(c->scratch, c->n + 1, sizeof *g->uses);
        g->others = arena_calloc(c->scratch, c->n + 1, sizeof *g->others);
        if (!g->uses || !g->others)
                return status_oom();
        for (uint32_t i = 0; i < c->n; i++) {
                const Node *n = c->drafts[i].node;
                for (int k = 0; c->drafts[i].live && k < n->n_in; k++) {
                        const Node *src = n->in[k].node;
                        if (c->fed[src->id] && compile_feed_of(c, src, n->in[k].output) >= 0)
                                continue;
                        Use *u = arena_alloc(c->scratch, sizeof *u);
                        if (!u)
                                return status_oom();
                        Use **list = &g->uses[compile_draft(c, src) - c->drafts];
                        *u = (Use){ i, *list };
                        *list = u;
                }
                for (int k = 0; c->drafts[i].live && k < n->n_control; k++)
                        if (compile_keeps_control(c, n->control[k]))
                                g->others[compile_draft(c, n->control[k]) - c->drafts]++;
        }
        for (int i = 0; i < r->n_fetches; i++)
                if (compile_feed_of(c, r->fetches[i].node, r->fetches[i].output) < 0)
                        g->others[compile_draft(c, r->fetches[i].node) - c->drafts]++;
        return NULL;
}

/* ---- matching ---- */

static bool named(const char *list, const char *name)
{
        size_t n = strlen(name);
        for (const char *p = list + (*list == '~'); p; p = strchr(p, ',')) {
                p += *p == ',';
                if (!strncmp(p, name, n) && (!p[n] || p[n] == ','))
                        return true;
        }
        return false;
}

/* May this draft be that step at all? */
static bool step_fits(const Compile *c, const PatternStep *s, const Draft *d)
{
        return d->live && !d->constants && d->frame == d->out_frame && !c->fed[d->node->id] &&
               !d->node->op->function && !d->node->shape_problem &&
               d->node->n_in <= PATTERN_MEMBER_INPUTS && named(s->ops, d->node->op->def->name) &&
               (!s->fits || s->fits(d->node));
}

static bool match_step(const Group *g, Match *m, int step, uint32_t draft);

static bool bind(Match *m, char letter, Edge e)
{
        Edge *to = &m->letter[pattern_letter(letter)];
        if (!to->node)
                *to = e;
        return to->node == e.node && to->output == e.output;
}

static bool match_input(const Group *g, Match *m, const char *name, Edge e)
{
        int step = *name - 'A';
        if (*name >= 'a' || m->without >> step & 1)
                return bind(m, *name, e);
        const Draft *d = compile_draft(g->c, e.node);
        return d && e.output == name[1] - '0' &&
               match_step(g, m, step, (uint32_t)(d - g->c->drafts));
}

/* The inputs in their order, or the other way about. */
static bool match_inputs(const Group *g, Match *m, const PatternStep *s, const Node *n, bool swap)
{
        const char *name = s->in;
        for (int i = 0; i < n->n_in; i++, name += 1 + (*name < 'a'))
                if (!*name || !match_input(g, m, name, n->in[swap ? 1 - i : i]))
                        return false;
        return !*name;
}

/* Never deeper than the pattern has steps: it names earlier ones only. */
static bool match_step(const Group *g, Match *m, int step, uint32_t draft)
{
        const PatternStep *s = &m->pattern->steps[step];
        const Draft *d = &g->c->drafts[draft];
        if (m->draft[step] != NO_DRAFT)
                return m->draft[step] == draft;
        if (!step_fits(g->c, s, d))
                return false;
        m->draft[step] = draft;
        Match before = *m;
        if (match_inputs(g, m, s, d->node, false))
                return true;
        if (*s->ops != '~' || d->node->n_in != 2)
                return false;
        *m = before;
        return match_inputs(g, m, s, d->node, true);
}

/* Does what is said to come from outside come from there? */
static bool letters_outside(const Group *g, const Match *m)
{
        for (int l = 0; l < PATTERN_LETTERS; l++) {
                const Node *n = m->letter[l].node;
                const Draft *d = n ? compile_draft(g->c, n) : NULL;
                for (int i = 0; d && i < m->n; i++)
                        if (m->draft[i] == d - g->c->drafts)
                                return false;
        }
        return true;
}

/* Do all members run in one place, and does nobody else see what is between them? */
static bool closed(const Group *g, const Match *m)
{
        const Compile *c = g->c;
        uint32_t root = (uint32_t)m->draft[m->n - 1];
        for (int i = 0; i < m->n - 1; i++) {
                if (m->without >> i & 1)
                        continue;
                if (m->draft[i] == NO_DRAFT || g->others[m->draft[i]])
                        return false;
                const Draft *d = &c->drafts[m->draft[i]], *last = &c->drafts[root];
                if (d->frame != last->frame ||
                    (c->device && c->device[d->node->id] != c->device[last->node->id]))
                        return false;
                for (const Use *u = g->uses[m->draft[i]]; u && !m->pattern->steps[i].shown;
                     u = u->next) {
                        bool inside = false;
                        for (int k = 0; k < m->n; k++)
                                inside |= m->draft[k] == u->by;
                        if (!inside)
                                return false;
                }
        }
        return true;
}

/* With the optional steps, or else without them. */
static bool match(const Group *g, const Pattern *p, int n, uint32_t root, Match *m)
{
        uint32_t optional = 0;
        for (int i = 0; i < n; i++)
                optional |= (uint32_t)p->steps[i].optional << i;
        for (int i = 0; i < (optional ? 2 : 1); i++) {
                *m = (Match){ .pattern = p, .n = n, .without = i ? optional : 0 };
                for (int k = 0; k < n; k++)
                        m->draft[k] = NO_DRAFT;
                if (match_step(g, m, n - 1, root) && letters_outside(g, m) && closed(g, m))
                        return true;
        }
        return false;
}

/* ---- the fused node ---- */

static Status *make_room(Arena *a, const Compile *c, const Match *m, PatternNode *f)
{
        size_t in = 0, control = 0, out = (size_t)f->node.n_out + PATTERN_STEPS;
        for (int i = 0; i < m->n; i++)
                if (m->draft[i] != NO_DRAFT) {
                        in += (size_t)c->drafts[m->draft[i]].node->n_in;
                        control += (size_t)c->drafts[m->draft[i]].node->n_control;
                }
        f->node.in = arena_calloc(a, in + 1, sizeof *f->node.in);
        f->node.in_types = arena_calloc(a, in + 1, sizeof *f->node.in_types);
        f->node.control = arena_calloc(a, control + 1, sizeof *f->node.control);
        DType *types = arena_calloc(a, out, sizeof *types);
        Shape *shapes = arena_calloc(a, out, sizeof *shapes);
        if (!f->node.in || !f->node.in_types || !f->node.control || !types || !shapes)
                return status_oom();
        memcpy(types, f->node.out_types, (size_t)f->node.n_out * sizeof *types);
        memcpy(shapes, f->node.out_shapes, (size_t)f->node.n_out * sizeof *shapes);
        f->node.out_types = types;
        f->node.out_shapes = shapes;
        return NULL;
}

/* Where input k of a member comes from; an input of the node's own is added when it is new. */
static PatternSource source_of(const Compile *c, const Match *m, const Draft *d, int k,
                               PatternNode *f, Draft *whole)
{
        Edge e = d->node->in[k];
        const Draft *from = compile_draft(c, e.node);
        for (int i = 0, member = 0; i < m->n; member += m->draft[i++] != NO_DRAFT)
                if (from && m->draft[i] == from - c->drafts)
                        return (PatternSource){ (int8_t)member, (int8_t)e.output };
        int at = 0;
        while (at < f->node.n_in &&
               (f->node.in[at].node != e.node || f->node.in[at].output != e.output))
                at++;
        if (at == f->node.n_in) {
                ((Edge *)f->node.in)[at] = e;
                ((DType *)f->node.in_types)[at] = d->node->in_types[k];
                whole->in_constant[at] = d->in_constant[k];
                f->node.n_in++;
        }
        return (PatternSource){ -1, (int8_t)at };
}

static void fill_members(const Compile *c, const Match *m, PatternNode *f, Draft *whole)
{
        for (int i = 0; i < m->n; i++) {
                if (m->draft[i] == NO_DRAFT)
                        continue;
                const Draft *d = &c->drafts[m->draft[i]];
                PatternMember *to = &f->member[f->n];
                *to = (PatternMember){ .node = d->node, .step = i, .state = d->state };
                for (int k = 0; k < d->node->n_in; k++)
                        to->in[k] = source_of(c, m, d, k, f, whole);
                for (int k = 0; k < d->node->n_control; k++)
                        ((const Node **)f->node.control)[f->node.n_control++] = d->node->control[k];
                if (m->pattern->steps[i].shown && i < m->n - 1) {
                        f->shown[f->n_shown++] = (PatternSource){ (int8_t)f->n, 0 };
                        ((DType *)f->node.out_types)[f->node.n_out] = d->node->out_types[0];
                        ((Shape *)f->node.out_shapes)[f->node.n_out++] = d->node->out_shapes[0];
                }
                f->n++;
        }
        memset(f->input, -1, sizeof f->input);
        for (int l = 0; l < PATTERN_LETTERS; l++)
                for (int at = 0; m->letter[l].node && at < f->node.n_in; at++)
                        if (f->node.in[at].node == m->letter[l].node &&
                            f->node.in[at].output == m->letter[l].output)
                                f->input[l] = (int8_t)at;
}

/* What graphs of a step's metadata show. */
static Status *describe(Arena *a, PatternNode *f)
{
        NodeDef *def = NULL;
        char *op = arena_strdup(a, f->member[0].node->op->def->name);
        for (int i = 1; i < f->n && op; i++)
                op = arena_printf(a, "%s+%s", op, f->member[i].node->op->def->name);
        TRY(compile_group_def(a, &f->node, op, f->node.def, &def));
        f->node.def = def;
        f->def = pattern_op;
        f->def.name = op;
        f->op = (Op){ .def = &f->def };
        f->node.op = &f->op;
        return NULL;
}

/* Others' nodes are the graph's and never change; a group's is the plan's, and knows itself. */
static Status *edges_of(const Compile *c, Draft *d, Edge **ret)
{
        *ret = (Edge *)d->node->in;
        if (d->node->op->def->compute == pattern_op.compute)
                return NULL;
        Node *copy = arena_dup(c->plan->arena, d->node, sizeof *copy);
        *ret = arena_dup(c->plan->arena, d->node->in, (size_t)d->node->n_in * sizeof **ret);
        if (!copy || !*ret)
                return status_oom();
        copy->in = *ret;
        d->node = copy;
        return NULL;
}

/* Those who take a shown member's value take the group's output instead. */
static Status *redirect(const Group *g, const Node *from, int64_t draft, const Node *to, int output)
{
        for (const Use *u = g->uses[draft]; u; u = u->next) {
                Draft *d = &g->c->drafts[u->by];
                Edge *in;
                if (!d->live || d->node == to)
                        continue;
                TRY(edges_of(g->c, d, &in));
                for (int i = 0; i < d->node->n_in; i++)
                        if (in[i].node == from && in[i].output == 0)
                                in[i] = (Edge){ .node = to, .output = output };
        }
        return NULL;
}

/* The group is one more user of what comes from outside. */
static Status *use_inputs(Group *g, const Node *n, uint32_t by)
{
        for (int i = 0; i < n->n_in; i++) {
                const Draft *src = compile_draft(g->c, n->in[i].node);
                Use *u = arena_alloc(g->c->scratch, sizeof *u);
                if (!u)
                        return status_oom();
                if (!src)
                        continue;
                *u = (Use){ by, g->uses[src - g->c->drafts] };
                g->uses[src - g->c->drafts] = u;
        }
        return NULL;
}

static Status *replace(Group *g, const Match *m)
{
        Compile *c = g->c;
        Arena *a = c->plan->arena;
        Draft *last = &c->drafts[m->draft[m->n - 1]], d = *last;
        PatternNode *f = arena_calloc(a, 1, sizeof *f);
        if (!f)
                return status_oom();
        f->node = *last->node;
        f->node.n_in = f->node.n_control = 0;
        f->node.elements = NULL;
        f->pattern = m->pattern;
        TRY(make_room(a, c, m, f));
        d.in_constant =
                arena_calloc(a, PATTERN_STEPS * PATTERN_MEMBER_INPUTS, sizeof *d.in_constant);
        if (!d.in_constant)
                return status_oom();
        int first = f->node.n_out;
        fill_members(c, m, f, &d);
        TRY(describe(a, f));
        TRY(compile_prepare(c, &f->node, f->pattern->prepare, &d));
        d.node = &f->node;
        for (int i = 0; i < m->n; i++)
                if (m->draft[i] != NO_DRAFT)
                        c->drafts[m->draft[i]].live = false;
        *last = d;
        TRY(use_inputs(g, &f->node, (uint32_t)(last - c->drafts)));
        for (int i = 0; i < f->n_shown; i++) {
                const Node *shown = f->member[f->shown[i].member].node;
                int64_t draft = m->draft[f->member[f->shown[i].member].step];
                TRY(redirect(g, shown, draft, &f->node, first + i));
        }
        return NULL;
}

/* Uses are counted when the first node looks as if it ended a group. */
static Status *look_at(Group *g, const Pattern *p, uint32_t root, bool *ret_found)
{
        int n = 0;
        Match m;
        while (n < PATTERN_STEPS && p->steps[n].ops)
                n++;
        *ret_found = false;
        if (!step_fits(g->c, &p->steps[n - 1], &g->c->drafts[root]))
                return NULL;
        if (!g->uses)
                TRY(count_uses(g));
        *ret_found = match(g, p, n, root, &m);
        return *ret_found ? replace(g, &m) : NULL;
}

Status *compile_patterns(Compile *c)
{
        Group g = { .c = c };
        if (!c->request->optimizer.fuse)
                return NULL;
        for (uint32_t i = 0; i < c->n; i++) {
                bool found = false;
                for (const Pattern *const *p = __start_sr_patterns;
                     p < __stop_sr_patterns && !found; p++)
                        TRY(look_at(&g, *p, i, &found));
        }
        return NULL;
}
