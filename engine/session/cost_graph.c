// SPDX-License-Identifier: Apache-2.0
/* CostGraphDef of one step: its partitions' nodes with what their runs took, by the rules of
 * TensorFlow's CostModel: times and sizes at their most, what memory is kept at its last. */
#include "engine/session/cost.h"

#include "engine/base/map.h"
#include "engine/exec/trace.h"
#include "engine/ops/signature.h"
#include <string.h>

typedef Tensorflow__CostGraphDef__Node CostNode;
typedef Tensorflow__CostGraphDef__Node__InputInfo InputInfo;
typedef Tensorflow__CostGraphDef__Node__OutputInfo OutputInfo;
typedef Tensorflow__NodeExecStats NodeExecStats;

/* The runs of a node in a step, the last one first. */
typedef struct Runs {
        const NodeExecStats *stats;
        struct Runs *next;
} Runs;

typedef struct Costs {
        const CostSource *from;
        const CostGraphDef *before;
        Arena *arena;
        CostGraphDef *def;
        Map runs;       /* node -> its Runs */
        Map ids;        /* node of the partition at hand -> CostNode */
        Map persistent; /* allocation id -> anything: bytes that outlive the step */
        Map plan;       /* node -> PlanNode */
} Costs;

/* ---- what was measured ---- */

/* What outlives the step is no cost of it, whoever shows it. */
static Status *note_persistent(Costs *c, const NodeExecStats *s)
{
        const Tensorflow__MemoryStats *m = s->memory_stats;
        for (size_t i = 0; m && i < m->n_persistent_tensor_alloc_ids; i++) {
                const int64_t *id = &m->persistent_tensor_alloc_ids[i];
                TRY(map_setn(&c->persistent, (const char *)id, sizeof *id, (void *)id));
        }
        return NULL;
}

/* Nodes of loops run often: all their runs count. */
static Status *index_run(Costs *c, const NodeExecStats *s)
{
        Runs *r = arena_alloc(c->arena, sizeof *r);
        if (!r)
                return status_oom();
        *r = (Runs){ .stats = s, .next = map_get(&c->runs, s->node_name) };
        TRY(map_set(&c->runs, s->node_name, r));
        return note_persistent(c, s);
}

/* Runs by node name; nodes in loops have several. */
static Status *index_stats(Costs *c)
{
        const Tensorflow__StepStats *stats = c->from->stats;
        for (size_t i = 0; i < stats->n_dev_stats; i++)
                for (size_t k = 0; k < stats->dev_stats[i]->n_node_stats; k++)
                        TRY(index_run(c, stats->dev_stats[i]->node_stats[k]));
        for (uint32_t i = 0; i < c->from->plan->n_nodes; i++) {
                const PlanNode *pn = &c->from->plan->nodes[i];
                TRY(map_set(&c->plan, pn->node->name, (void *)pn));
        }
        return NULL;
}

/* ---- outputs ---- */

/* What is added to a graph has one output, unless it is where values leave it. */
static int outputs_of(const Costs *c, const NodeDef *def)
{
        const PlanNode *pn = map_get(&c->plan, def->name);
        return pn ? pn->n_out : strcmp(def->op, "_Send") && strcmp(def->op, "_Retval");
}

/* Nobody has seen it: TensorFlow's MaxMemorySize() and the like. */
static Status *new_output(Costs *c, OutputInfo **ret)
{
        OutputInfo *o = arena_alloc(c->arena, sizeof *o);
        Tensorflow__TensorShapeProto *shape = arena_alloc(c->arena, sizeof *shape);
        if (!o || !shape)
                return status_oom();
        tensorflow__cost_graph_def__node__output_info__init(o);
        tensorflow__tensor_shape_proto__init(shape);
        shape->unknown_rank = true;
        o->alias_input_port = -1;
        o->shape = shape;
        *ret = o;
        return NULL;
}

/* A constant that the plan has folded away has its value in the partition. */
static void constant_output(const NodeDef *def, OutputInfo *o)
{
        for (size_t i = 0; !strcmp(def->op, "Const") && i < def->n_attr; i++) {
                const AttrValue *v = def->attr[i]->value;
                if (strcmp(def->attr[i]->key, "value") || !v || !v->tensor)
                        continue;
                o->dtype = v->tensor->dtype;
                o->size = (int64_t)v->tensor->tensor_content.len;
                if (v->tensor->tensor_shape)
                        o->shape = v->tensor->tensor_shape;
        }
}

/* Allocation numbers are the trace's, good for this step. */
static bool is_persistent(const Costs *c, int64_t id)
{
        return map_getn(&c->persistent, (const char *)&id, sizeof id) != NULL;
}

/* One value that the output had. The largest one stays, of shared bytes the last one says so. */
static void note_output(const Costs *c, const NodeExecStats *s, const Tensorflow__NodeOutput *from,
                        bool last, OutputInfo *o)
{
        const Tensorflow__TensorDescription *d = from->tensor_description;
        const Tensorflow__AllocationDescription *a = d->allocation_description;
        int alias = trace_alias(s, from->slot);
        int64_t size = alias < 0 && is_persistent(c, a->allocation_id) ? 0 : a->allocated_bytes;
        if (last)
                o->alias_input_port = alias;
        if (o->dtype && size <= o->size)
                return;
        o->size = size;
        o->shape = d->shape;
        o->dtype = d->dtype;
}

/* What earlier runs knew stays unless this one measured it. */
static Status *add_outputs(Costs *c, const NodeDef *def, const CostNode *before, CostNode *n)
{
        int n_out = outputs_of(c, def);
        n->output_info = arena_alloc(c->arena, ((size_t)n_out + 1) * sizeof *n->output_info);
        if (!n->output_info)
                return status_oom();
        for (int i = 0; i < n_out; i++) {
                OutputInfo *o = NULL;
                TRY(new_output(c, &o));
                constant_output(def, o);
                if (before && (size_t)i < before->n_output_info)
                        *o = *before->output_info[i];
                n->output_info[n->n_output_info++] = o;
        }
        const Runs *runs = map_get(&c->runs, def->name);
        for (const Runs *r = runs; r; r = r->next)
                for (size_t i = 0; i < r->stats->n_output; i++) {
                        const Tensorflow__NodeOutput *o = r->stats->output[i];
                        if (o->slot < n_out)
                                note_output(c, r->stats, o, r == runs, n->output_info[o->slot]);
                }
        return NULL;
}

/* ---- nodes ---- */

/* compute_cost is the end of the longest run, counted from when the executor took it up. */
static void measure(const Costs *c, const CostNode *before, CostNode *n)
{
        const Runs *runs = map_get(&c->runs, n->name);
        n->compute_cost = before ? before->compute_cost : 0;
        n->temporary_memory_size = before ? before->temporary_memory_size : 0;
        n->persistent_memory_size = before ? before->persistent_memory_size : 0;
        for (const Runs *r = runs; r; r = r->next)
                n->compute_cost = MAX(n->compute_cost, r->stats->op_end_rel_micros);
        const Tensorflow__MemoryStats *m = runs ? runs->stats->memory_stats : NULL;
        if (!m)
                return;
        n->temporary_memory_size = m->temp_memory_size;
        n->persistent_memory_size = m->persistent_memory_size;
}

/* What is known of a node: it is in the same place, as long as the plan is made the same way. */
static const CostNode *known(const Costs *c, const char *name)
{
        size_t i = c->def->n_node;
        const CostNode *n = c->before && i < c->before->n_node ? c->before->node[i] : NULL;
        return n && !strcmp(n->name, name) ? n : NULL;
}

/* Ids count within the whole graph, over all parts. */
static Status *add_node(Costs *c, const NodeDef *def)
{
        CostNode *n = arena_alloc(c->arena, sizeof *n);
        if (!n)
                return status_oom();
        const CostNode *before = known(c, def->name);
        tensorflow__cost_graph_def__node__init(n);
        n->name = def->name;
        n->device = def->device;
        n->id = (int32_t)c->def->n_node;
        n->is_final = !strcmp(def->op, "_Send");
        c->def->node[c->def->n_node++] = n;
        measure(c, before, n);
        TRY(add_outputs(c, def, before, n));
        return map_set(&c->ids, def->name, n);
}

/* "a", "a:1" or "^a". */
static Status *add_input(Costs *c, const char *input, CostNode *n)
{
        size_t len = 0;
        int port = 0;
        bool has_port;
        const char *name = input + (*input == '^');
        const CostNode *from = tensor_name_parse(name, &len, &port, &has_port)
                                       ? map_getn(&c->ids, name, len)
                                       : NULL;
        if (!from)
                return NULL;
        if (*input == '^') {
                n->control_input[n->n_control_input++] = from->id;
                return NULL;
        }
        InputInfo *in = arena_alloc(c->arena, sizeof *in);
        if (!in)
                return status_oom();
        tensorflow__cost_graph_def__node__input_info__init(in);
        in->preceding_node = from->id;
        in->preceding_port = port;
        n->input_info[n->n_input_info++] = in;
        return NULL;
}

/* After all nodes: inputs speak of ids. */
static Status *add_inputs(Costs *c, const NodeDef *def)
{
        CostNode *n = map_get(&c->ids, def->name);
        n->input_info = arena_alloc(c->arena, (def->n_input + 1) * sizeof *n->input_info);
        n->control_input = arena_alloc(c->arena, (def->n_input + 1) * sizeof *n->control_input);
        if (!n->input_info || !n->control_input)
                return status_oom();
        for (size_t i = 0; i < def->n_input; i++)
                TRY(add_input(c, def->input[i], n));
        return NULL;
}

/* Names are unique within one part only. */
static Status *add_part(Costs *c, const GraphDef *part)
{
        map_done(&c->ids);
        c->ids = (Map){ 0 };
        for (size_t i = 0; i < part->n_node; i++)
                TRY(add_node(c, part->node[i]));
        for (size_t i = 0; i < part->n_node; i++)
                TRY(add_inputs(c, part->node[i]));
        return NULL;
}

/* All parts, in one arena. */
static Status *build(Costs *c)
{
        size_t nodes = 0;
        for (size_t i = 0; i < c->from->n_parts; i++)
                nodes += c->from->parts[i]->n_node;
        c->def = arena_alloc(c->arena, sizeof *c->def);
        if (!c->def)
                return status_oom();
        tensorflow__cost_graph_def__init(c->def);
        c->def->node = arena_alloc(c->arena, (nodes + 1) * sizeof *c->def->node);
        if (!c->def->node)
                return status_oom();
        TRY(index_stats(c));
        for (size_t i = 0; i < c->from->n_parts; i++)
                TRY(add_part(c, c->from->parts[i]));
        return NULL;
}

/* Maps go whatever came of it. */
Status *cost_graph(const CostSource *from, const CostGraphDef *before, Arena *arena,
                   CostGraphDef **ret)
{
        Costs c = { .from = from, .before = before, .arena = arena };
        Status *s = build(&c);
        map_done(&c.runs);
        map_done(&c.ids);
        map_done(&c.persistent);
        map_done(&c.plan);
        if (!s)
                *ret = c.def;
        return s;
}
