// SPDX-License-Identifier: Apache-2.0
/* Watches: the nodes of TensorFlow's debugger (tfdbg) in a plan. A copy of the watched output goes
 * to the debug nodes and to who took the output before, who wait for the debug nodes: so what is
 * told is the value before anybody uses it. They are put in before anything is folded, merged or
 * fused, so that the output is there to be watched. */
#include "engine/exec/compile.h"
#include "engine/exec/device.h"

#include <string.h>

typedef struct Watchers {
        const Compile *c;
        uint32_t **watch; /* by node id, NULL for most: by output, the watch's number + 1 */
        uint32_t *last;   /* by watch: id + 1 of the consumer that was rewired last */
} Watchers;

/* Clients watch all outputs of large graphs: looking one up must not be a search. */
static Status *watchers_new(const Compile *c, Watchers *ret)
{
        const PlanRequest *r = c->request;
        *ret = (Watchers){ .c = c };
        ret->watch =
                arena_calloc(c->scratch, (size_t)graph_count(c->graph) + 1, sizeof *ret->watch);
        ret->last = arena_calloc(c->scratch, (size_t)r->n_watches + 1, sizeof *ret->last);
        if (!ret->watch || !ret->last)
                return status_oom();
        for (int i = 0; i < r->n_watches; i++) {
                const TensorId *t = &r->watches[i].tensor;
                uint32_t **by_output = &ret->watch[t->node->id];
                if (!*by_output)
                        *by_output = arena_calloc(c->scratch, (size_t)t->node->n_out,
                                                  sizeof **by_output);
                if (!*by_output)
                        return status_oom();
                (*by_output)[t->output] = (uint32_t)i + 1;
        }
        return NULL;
}

/* The watch of an output that is computed in this plan, or NULL. */
static const PlanWatch *watch_of(const Watchers *w, const Node *node, int output)
{
        uint32_t i = w->watch[node->id] ? w->watch[node->id][output] : 0;
        return i && compile_feed_of(w->c, node, output) < 0 ? &w->c->request->watches[i - 1] : NULL;
}

/* Loops end by what Enter and NextIteration say to Merge, with nothing in between. */
static bool only_looked_at(const Node *node)
{
        OpFlow flow = node->op->def->flow;
        return flow == FLOW_ENTER || flow == FLOW_NEXT;
}

/* How many nodes a consumer has to wait for. */
static int count_waits(const Watchers *w, const Node *node)
{
        int n = 0;
        for (int i = 0; i < node->n_in; i++) {
                const Edge *e = &node->in[i];
                const PlanWatch *k = watch_of(w, e->node, e->output);
                n += k && !only_looked_at(e->node) ? k->n_debug : 0;
        }
        return n;
}

/* The first input of a consumer that takes the output: once is enough to wait. */
static bool first_of(const Watchers *w, const PlanWatch *k, uint32_t consumer)
{
        uint32_t *last = &w->last[k - w->c->request->watches];
        bool first = *last != consumer + 1;
        *last = consumer + 1;
        return first;
}

/* Takes the copies of values that are watched (not of references, which are not copied), and waits
 * for those that look at them. */
static Status *rewire(const Watchers *w, const Node **node)
{
        const Node *old = *node;
        int waits = count_waits(w, old);
        if (!waits)
                return NULL;
        Arena *a = w->c->plan->arena;
        Node *new = arena_dup(a, old, sizeof *old);
        Edge *in = arena_dup(a, old->in, (size_t)old->n_in * sizeof *in);
        const Node **control = arena_alloc(a, (size_t)(old->n_control + waits) * sizeof *control);
        if (!new || !in || !control)
                return status_oom();
        for (int i = 0; i < old->n_control; i++)
                control[i] = old->control[i];
        for (int i = 0; i < old->n_in; i++) {
                const Edge *e = &old->in[i];
                const PlanWatch *k = watch_of(w, e->node, e->output);
                if (!k || only_looked_at(e->node))
                        continue;
                if (!dtype_is_ref(e->node->out_types[e->output]))
                        in[i] = (Edge){ .node = k->copy, .output = 0 };
                int n = first_of(w, k, old->id) ? k->n_debug : 0;
                for (int d = 0; d < n; d++)
                        control[new->n_control++] = k->debug[d];
        }
        new->in = in;
        new->control = control;
        *node = new;
        return NULL;
}

/* As pruning notes what it finds. */
static void find(Compile *c, const Node *node, const Node **found, uint32_t *n)
{
        found[(*n)++] = node;
        c->draft_of[node->id] = *n;
}

/* Consumers first: the new nodes take what they look at themselves. */
Status *compile_watch(Compile *c, const Node **found, uint32_t *n)
{
        Watchers w;
        uint32_t clients = *n;
        TRY(watchers_new(c, &w));
        for (uint32_t i = 0; i < clients; i++)
                TRY(rewire(&w, &found[i]));
        for (int i = 0; i < c->request->n_watches; i++) {
                const PlanWatch *k = &c->request->watches[i];
                int output = (int)k->tensor.output;
                if (!c->draft_of[k->tensor.node->id] || !watch_of(&w, k->tensor.node, output))
                        continue;
                find(c, k->copy, found, n);
                for (int d = 0; d < k->n_debug; d++)
                        find(c, k->debug[d], found, n);
        }
        return NULL;
}

/* ---- where they run ---- */

/* The message is of the copy of the graph that was made for this plan. */
static Status *name_device(const Compile *c, const Node *debug, int device)
{
        char name[DEVICE_NAME_SIZE];
        device_text(device, name);
        AttrValue *v = (AttrValue *)node_attr(debug, "device_name");
        char *text = arena_strdup(c->plan->arena, name);
        if (!text)
                return status_oom();
        if (v)
                v->s = (ProtobufCBinaryData){ .data = (uint8_t *)text, .len = strlen(text) };
        return NULL;
}

/* Sessions place their own nodes only; these have numbers behind all of those. */
Status *compile_watch_devices(Compile *c)
{
        const PlanRequest *r = c->request;
        size_t all = (size_t)graph_count(c->graph);
        if (!r->n_watches)
                return NULL;
        int16_t *device = arena_calloc(c->scratch, all + 1, sizeof *device);
        if (!device)
                return status_oom();
        if (c->device)
                memcpy(device, c->device, r->first_added * sizeof *device);
        for (int i = 0; i < r->n_watches; i++) {
                const PlanWatch *k = &r->watches[i];
                int16_t at = (int16_t)MAX(device[k->tensor.node->id], 0);
                device[k->copy->id] = at;
                for (int d = 0; d < k->n_debug; d++) {
                        device[k->debug[d]->id] = at;
                        TRY(name_device(c, k->debug[d], at));
                }
        }
        c->device = device;
        return NULL;
}
