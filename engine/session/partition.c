// SPDX-License-Identifier: Apache-2.0
#include "engine/session/partition_inside.h"

#include "engine/base/map.h"
#include "engine/exec/device.h"
#include "engine/ops/signature.h"
#include "engine/session/def_build.h"
#include "engine/tensor/tensor_proto.h"
#include <string.h>

/* ---- nodes ---- */

/* Where nodes of a device go: its own part, or the only one. */
static Part *part_of(Draw *d, int device)
{
        return &d->parts[d->whole ? 0 : device];
}

/* Appends the node to the part of its device. */
Status *draw_add(Draw *d, int device, NodeDef *n)
{
        Part *p = part_of(d, device);
        if (p->def->n_node == p->cap) {
                size_t cap = p->cap ? 2 * p->cap : 16;
                NodeDef **more = arena_alloc(d->arena, cap * sizeof *more);
                if (!more)
                        return status_oom();
                if (p->cap)
                        memcpy(more, p->def->node, p->cap * sizeof *more);
                p->def->node = more;
                p->cap = cap;
        }
        n->device = d->parts[device].device;
        p->def->node[p->def->n_node++] = n;
        return map_set(&p->names, n->name, n);
}

static Status *put_value(Draw *d, NodeDef *n, const Tensor *value)
{
        AttrValue *v = NULL;
        TRY(def_put_type(d->arena, n, "dtype", value->dtype));
        TRY(def_put(d->arena, n, "value", TENSORFLOW__ATTR_VALUE__VALUE_TENSOR, &v));
        return tensor_to_proto(value, d->arena, &v->tensor);
}

/* wait: what it waits for, or NULL. */
Status *draw_constant(Draw *d, int device, char *name, const Tensor *value, const char *wait)
{
        NodeDef *n = NULL;
        if (map_get(&part_of(d, device)->names, name))
                return NULL;
        TRY(def_node(d->arena, "Const", name, wait, &n));
        TRY(put_value(d, n, value));
        return draw_add(d, device, n);
}

/* ---- crossing from one device to another ---- */

/* TensorFlow numbers what it adds: "a/_3". */
char *draw_name(Draw *d, const char *base)
{
        return arena_printf(d->arena, "%s/_%lld", base, (long long)d->n_names++);
}

/* What _Send and _Recv have in common. */
static Status *put_crossing(Draw *d, NodeDef *n, char *tensor, int from, int to)
{
        AttrValue *v = NULL;
        TRY(def_put_text(d->arena, n, "tensor_name", tensor));
        TRY(def_put_text(d->arena, n, "send_device", d->parts[from].device));
        TRY(def_put_int(d->arena, n, "send_device_incarnation",
                        (int64_t)device_incarnation(d->v->incarnation, from)));
        TRY(def_put_text(d->arena, n, "recv_device", d->parts[to].device));
        TRY(def_put(d->arena, n, "client_terminated", TENSORFLOW__ATTR_VALUE__VALUE_B, &v));
        return NULL;
}

/* What stands for a node that only has been waited for: an empty value behind it. */
static Status *add_dummy(Draw *d, const Source *s, char **ret)
{
        NodeDef *n = NULL;
        autoptr(Tensor) nothing = NULL;
        char *wait = arena_printf(d->arena, "^%s", s->name);
        if (!wait)
                return status_oom();
        TRY(tensor_new(DT_FLOAT, &SHAPE(0), &nothing));
        TRY(def_node(d->arena, "Const", draw_name(d, s->name), wait, &n));
        TRY(put_value(d, n, nothing));
        *ret = n->name;
        return draw_add(d, s->device, n);
}

/* The two ends of an edge between devices; wait: what the second one waits for, or NULL. */
static Status *add_pair(Draw *d, const Source *s, const char *input, int to, const char *wait,
                        char **ret)
{
        NodeDef *send = NULL, *recv = NULL;
        char *tensor = arena_printf(d->arena, "edge_%lld_%s", (long long)++d->n_edges, s->name);
        TRY(def_node(d->arena, "_Send", draw_name(d, s->name), input, &send));
        TRY(def_put_type(d->arena, send, "T", s->dtype));
        TRY(put_crossing(d, send, tensor, s->device, to));
        TRY(draw_add(d, s->device, send));
        TRY(def_node(d->arena, "_Recv", draw_name(d, s->name), wait, &recv));
        TRY(def_put_type(d->arena, recv, "tensor_type", s->dtype));
        TRY(put_crossing(d, recv, tensor, s->device, to));
        *ret = recv->name;
        return draw_add(d, to, recv);
}

/* An _Identity's name is what waits for the value that arrived. */
static Status *add_waiter(Draw *d, const Source *s, int to, char *recv, char **ret)
{
        NodeDef *n = NULL;
        TRY(def_node(d->arena, "Identity", draw_name(d, s->name), recv, &n));
        TRY(def_put_type(d->arena, n, "T", DT_FLOAT));
        *ret = n->name;
        return draw_add(d, to, n);
}

/* One pair for each tensor and device, however many use it there. */
static Status *cross(Draw *d, const Source *s, int to, char **ret)
{
        char *key = arena_printf(d->arena, "%s%s>%d", s->control ? "^" : "", s->text, to);
        if (!key)
                return status_oom();
        if ((*ret = map_get(&d->recvs, key)))
                return NULL;
        char *input = (char *)s->text, *name = NULL, *merge = NULL, *wait = NULL;
        if (s->control)
                TRY(add_dummy(d, s, &input));
        if (s->frame)
                TRY(draw_loop(d, s->frame, to, s->name, &merge));
        if (merge && !(wait = arena_printf(d->arena, "^%s", merge)))
                return status_oom();
        TRY(add_pair(d, s, input, to, wait, &name));
        if (s->control)
                TRY(add_waiter(d, s, to, name, &name));
        *ret = name;
        return map_set(&d->recvs, key, name);
}

/* What a value is called on a device. */
Status *draw_bring(Draw *d, const Source *s, int to, char **ret)
{
        char *name = (char *)s->text;
        if (s->device != to && !d->whole)
                TRY(cross(d, s, to, &name));
        *ret = s->control ? arena_printf(d->arena, "^%s", name) : name;
        return *ret ? NULL : status_oom();
}

/* ---- sources ---- */

static char *end_name(Draw *d, const char *prefix, const TensorId *id, int i)
{
        return arena_printf(d->arena, "%s_%s_%d_%d", prefix, id->node->name, (int)id->output, i);
}

/* The frame that a node's outputs are in. */
static uint32_t frame_after(const Draw *d, const PlanNode *pn)
{
        switch (pn->node->op->def->flow) {
        case FLOW_ENTER: return pn->child;
        case FLOW_EXIT: return d->v->plan->frames[pn->frame].parent;
        default: return pn->frame;
        }
}

static int feed_of(const Draw *d, const Node *node, int64_t output)
{
        for (uint32_t i = 0; i < d->v->plan->n_feeds; i++)
                if (d->v->feeds[i].node == node && d->v->feeds[i].output == output)
                        return (int)i;
        return -1;
}

static const Node *stand_in(const Draw *d, const Node *n)
{
        const Node *other = map_get(&d->gone, n->name);
        return other ? other : n;
}

/* A loop's constant, within the loop: behind the Enter, as TensorFlow's constant folding names it.
 */
static Status *entered_source(Draw *d, const Node *enter, const Tensor *value, int device,
                              Source *ret)
{
        char *name = arena_printf(d->arena, "%s/_enter", enter->name);
        char *wait = arena_printf(d->arena, "^%s", enter->name);
        const PlanNode *pn = map_get(&d->nodes, enter->name);
        if (!name || !wait)
                return status_oom();
        *ret = (Source){ .text = name, .name = name, .dtype = value->dtype, .device = device };
        return draw_constant(d, device, name, value,
                             pn && (d->whole || device_of(pn) == device) ? wait : NULL);
}

/* A constant is written where it is used; output k > 0 of a folded node has a name of its own. */
static Status *constant_source(Draw *d, const Node *n, int64_t output, const Tensor *value,
                               int device, Source *ret)
{
        n = stand_in(d, n);
        if (n->op->def->flow == FLOW_ENTER)
                return entered_source(d, n, value, device, ret);
        char *name = output ? arena_printf(d->arena, "%s/output_%d", n->name, (int)output)
                            : (char *)n->name;
        if (!name)
                return status_oom();
        *ret = (Source){ .text = name, .name = name, .dtype = value->dtype, .device = device };
        return draw_constant(d, device, name, value, NULL);
}

/* Feeds come in on the client's device, the first one. */
static Status *value_source(Draw *d, const Node *n, int64_t output, Source *ret)
{
        n = stand_in(d, n);
        int feed = feed_of(d, n, output);
        const PlanNode *pn = map_get(&d->nodes, n->name);
        *ret = (Source){ .name = n->name, .dtype = dtype_base(n->out_types[output]) };
        if (feed >= 0)
                ret->text = ret->name = end_name(d, "_arg", &d->v->feeds[feed], feed);
        else
                ret->text =
                        output ? arena_printf(d->arena, "%s:%d", n->name, (int)output) : n->name;
        if (feed < 0 && pn) {
                ret->device = device_of(pn);
                ret->frame = frame_after(d, pn);
        }
        return ret->text ? NULL : status_oom();
}

/* False: nothing is left to wait for. */
static bool control_source(Draw *d, const Node *n, Source *ret)
{
        n = stand_in(d, n);
        const PlanNode *pn = map_get(&d->nodes, n->name);
        int feed = pn ? -1 : feed_of(d, n, 0);
        *ret = (Source){ .dtype = DT_FLOAT, .control = true };
        ret->name = feed >= 0 ? end_name(d, "_arg", &d->v->feeds[feed], feed) : n->name;
        ret->text = ret->name;
        ret->device = pn ? device_of(pn) : 0;
        ret->frame = pn ? frame_after(d, pn) : 0;
        return (pn || feed >= 0) && ret->text;
}

/* ---- the plan ---- */

/* Inputs as the plan has them, after folding and merging. */
static Status *add_inputs(Draw *d, const PlanNode *pn, NodeDef *n)
{
        const Node *from = pn->node;
        int device = device_of(pn);
        Source s;
        for (int i = 0; i < from->n_in; i++) {
                const Edge *e = &from->in[i];
                const Tensor *constant = pn->constant ? pn->constant[i] : NULL;
                TRY(constant ? constant_source(d, e->node, e->output, constant, device, &s)
                             : value_source(d, e->node, e->output, &s));
                TRY(draw_bring(d, &s, device, &n->input[n->n_input++]));
        }
        for (int i = 0; i < from->n_control; i++)
                if (control_source(d, from->control[i], &s))
                        TRY(draw_bring(d, &s, device, &n->input[n->n_input++]));
        return NULL;
}

/* What was folded is drawn as the constant that it became. */
static Status *add_plan_node(Draw *d, const PlanNode *pn)
{
        const Node *from = pn->node;
        if (pn->values)
                return draw_constant(d, device_of(pn), (char *)from->name, pn->values[0], NULL);
        NodeDef *n = arena_dup(d->arena, from->def, sizeof *n);
        size_t most = (size_t)(from->n_in + from->n_control) + 1;
        if (!n || !(n->input = arena_alloc(d->arena, most * sizeof *n->input)))
                return status_oom();
        n->n_input = 0;
        TRY(add_inputs(d, pn, n));
        return draw_add(d, device_of(pn), n);
}

/* _Arg or _Retval number i. */
static Status *add_end(Draw *d, const char *op, char *name, char *input, const TensorId *id, int i)
{
        NodeDef *n = NULL;
        TRY(def_node(d->arena, op, name, input, &n));
        TRY(def_put_type(d->arena, n, "T", dtype_base(id->node->out_types[id->output])));
        TRY(def_put_int(d->arena, n, "index", i));
        return draw_add(d, 0, n);
}

/* Fetches are on the first device, where the client's results are gathered. */
static Status *add_fetch(Draw *d, int i)
{
        const TensorId *id = &d->v->fetches[i];
        const Tensor *constant = d->v->plan->fetch_constant[i];
        Source s;
        char *input = NULL;
        TRY(constant ? constant_source(d, id->node, id->output, constant, 0, &s)
                     : value_source(d, id->node, id->output, &s));
        TRY(draw_bring(d, &s, 0, &input));
        return add_end(d, "_Retval", end_name(d, "_retval", id, i), input, id, i);
}

/* Feeds, nodes, fetches. */
static Status *draw(Draw *d)
{
        const Plan *p = d->v->plan;
        for (uint32_t i = 0; i < p->n_nodes; i++)
                TRY(map_set(&d->nodes, p->nodes[i].node->name, &p->nodes[i]));
        for (const PlanMerged *m = p->merged; m; m = m->next)
                TRY(map_set(&d->gone, m->gone->name, (void *)m->stays));
        for (uint32_t i = 0; i < p->n_feeds; i++)
                TRY(add_end(d, "_Arg", end_name(d, "_arg", &d->v->feeds[i], (int)i), NULL,
                            &d->v->feeds[i], (int)i));
        for (uint32_t i = 0; i < p->n_nodes; i++)
                TRY(add_plan_node(d, &p->nodes[i]));
        for (uint32_t i = 0; i < p->n_fetches; i++)
                TRY(add_fetch(d, (int)i));
        return NULL;
}

/* The graph of one device. */
static Status *new_part(Draw *d, int device)
{
        char name[DEVICE_NAME_SIZE];
        Part *p = &d->parts[device];
        device_text(device, name);
        p->device = arena_strdup(d->arena, name);
        p->def = arena_alloc(d->arena, sizeof *p->def);
        Tensorflow__VersionDef *versions = arena_alloc(d->arena, sizeof *versions);
        if (!p->device || !p->def || !versions)
                return status_oom();
        tensorflow__graph_def__init(p->def);
        tensorflow__version_def__init(versions);
        versions->producer = GRAPH_VERSION;
        p->def->versions = versions;
        return NULL;
}

/* Parts without a node are left out, unless all are. */
static Status *draw_all(Draw *d, GraphDef ***ret, size_t *ret_n)
{
        for (uint32_t i = 0; i < d->v->plan->n_nodes; i++)
                d->n_parts = MAX(d->n_parts, device_of(&d->v->plan->nodes[i]) + 1);
        d->parts = arena_calloc(d->arena, (size_t)d->n_parts, sizeof *d->parts);
        GraphDef **graphs = arena_alloc(d->arena, (size_t)d->n_parts * sizeof *graphs);
        if (!d->parts || !graphs)
                return status_oom();
        for (int i = 0; i < d->n_parts; i++)
                TRY(new_part(d, i));
        TRY(draw(d));
        size_t n = 0;
        for (int i = 0; i < d->n_parts; i++)
                if (d->parts[i].def->n_node)
                        graphs[n++] = d->parts[i].def;
        if (!n)
                graphs[n++] = d->parts[0].def;
        *ret = graphs;
        *ret_n = n;
        return NULL;
}

static void draw_done(Draw *d)
{
        for (int i = 0; d->parts && i < d->n_parts; i++)
                map_done(&d->parts[i].names);
        map_done(&d->nodes);
        map_done(&d->gone);
        map_done(&d->recvs);
}

/* What runs, as graphs of the devices. */
Status *partition_plan(const PlanView *v, Arena *arena, GraphDef ***ret, size_t *ret_n)
{
        Draw d = { .v = v, .arena = arena, .n_parts = 1 };
        Status *s = draw_all(&d, ret, ret_n);
        draw_done(&d);
        return s;
}

/* The same before it is cut. */
Status *partition_whole(const PlanView *v, Arena *arena, GraphDef **ret)
{
        Draw d = { .v = v, .arena = arena, .n_parts = 1, .whole = true };
        GraphDef **graphs = NULL;
        size_t n = 0;
        Status *s = draw_all(&d, &graphs, &n);
        *ret = s ? NULL : graphs[0];
        draw_done(&d);
        return s;
}
