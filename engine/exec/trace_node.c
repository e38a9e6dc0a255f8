// SPDX-License-Identifier: Apache-2.0
/* NodeExecStats: what one node did, as TensorFlow's NodeExecStatsWrapper tells it. Addresses are
 * withheld (AllocationDescription.ptr): they would help who attacks the daemon and mean nothing to
 * anybody else; allocations are told apart by numbers of the trace's own. */
#include "engine/exec/trace_inside.h"

#include "engine/base/buf.h"
#include "engine/exec/fused.h"
#include "engine/ops/signature.h"
#include "engine/state/variable.h"
#include "engine/tensor/tensor_proto.h"
#include <string.h>

typedef Tensorflow__NodeExecStats NodeExecStats;
typedef Tensorflow__NodeOutput NodeOutput;
typedef Tensorflow__AllocationDescription AllocationDescription;
typedef Tensorflow__AllocatorMemoryUsed MemoryUsed;

/* ---- allocations ---- */

/* The number of a buffer. A fresh one gets a new number even where another has been, which must be
 * gone; 0: no memory to remember it. */
static int64_t allocation_id(Trace *t, const Buffer *b, bool fresh)
{
        void *known = map_getn(&t->allocations, (const char *)&b, sizeof b);
        if (known && !fresh)
                return (int64_t)(intptr_t)known;
        const Buffer **key = arena_alloc(t->arena, sizeof *key);
        if (!key)
                return 0;
        *key = b;
        int64_t id = t->n_allocations + 1;
        Status *st =
                map_setn(&t->allocations, (const char *)key, sizeof *key, (void *)(intptr_t)id);
        if (st) {
                status_free(st);
                return 0;
        }
        return t->n_allocations = id;
}

/* Nodes may have any number of inputs and outputs: of many, only those of one number are compared.
 */
enum { MAX_PAIRS = 1 << 14 };

static bool has_many(const TraceNode *n)
{
        return (int64_t)n->pn->n_in * n->pn->n_out > MAX_PAIRS || n->pn->n_out > 128;
}

/* The first input that has the output's bytes, or -1. */
static int alias_of(const TraceNode *n, int output)
{
        const Tensor *t = n->out ? n->out[output] : NULL;
        int first = has_many(n) ? output : 0;
        int end = has_many(n) ? MIN(output + 1, n->pn->n_in) : n->pn->n_in;
        for (int i = first; t && n->in && i < end; i++)
                if (n->in[i] && n->in[i]->buffer == t->buffer)
                        return i;
        return -1;
}

/* For the cost graph, which the messages do not tell enough. */
static const int16_t *aliases(Trace *t, const TraceNode *n)
{
        int16_t *alias = arena_alloc(t->arena, ((size_t)n->pn->n_out + 1) * sizeof *alias);
        for (int i = 0; alias && i < n->pn->n_out; i++)
                alias[i] = (int16_t)MIN(alias_of(n, i), INT16_MAX);
        return alias;
}

/* The messages that trace_stats() gives are the heads of events. */
int trace_alias(const NodeExecStats *s, int slot)
{
        const Event *e = CONTAINER_OF(s, Event, stats);
        return e->alias ? e->alias[slot] : -1;
}

/* An output that shares its bytes with an input, or with an output before it, was not allocated for
 * itself. */
static bool allocated_here(const TraceNode *n, int output)
{
        const Buffer *b = n->out[output]->buffer;
        if (alias_of(n, output) >= 0)
                return false;
        for (int i = 0; i < output && !has_many(n); i++)
                if (n->out[i] && n->out[i]->buffer == b)
                        return false;
        return !dtype_is_ref(n->pn->node->out_types[output]);
}

/* No address is told: it would say where things lie in the daemon. */
static AllocationDescription *describe_allocation(Trace *t, const Tensor *value, bool fresh)
{
        AllocationDescription *a = arena_alloc(t->arena, sizeof *a);
        if (!a)
                return NULL;
        tensorflow__allocation_description__init(a);
        a->requested_bytes = (int64_t)tensor_bytes(value);
        a->allocated_bytes = (int64_t)value->buffer->bytes;
        a->allocator_name = (char *)"cpu";
        a->allocation_id = allocation_id(t, value->buffer, fresh);
        return a;
}

/* ---- outputs ---- */

/* What a reference's tensor refers to. */
static Resource *referred(const Tensor *t)
{
        return t->dtype == DT_RESOURCE && t->count == 1 ? tensor_resource_at(t, 0) : NULL;
}

/* What an output is to a client: of a reference, the variable's value now. A new reference, or NULL
 * where there is none. */
static Tensor *shown(const TraceNode *n, int i)
{
        Tensor *t = n->out[i];
        Resource *r = dtype_is_ref(n->pn->node->out_types[i]) ? referred(t) : NULL;
        if (!r)
                return tensor_ref(t);
        return r->kind == &variable_kind ? variable_read(variable_of(r)) : NULL;
}

/* NULL when there is no memory for it: the trace is then shorter. */
static NodeOutput *describe_output(Trace *t, const TraceNode *n, int slot, const Tensor *value)
{
        NodeOutput *o = arena_alloc(t->arena, sizeof *o);
        Tensorflow__TensorDescription *d = arena_alloc(t->arena, sizeof *d);
        AllocationDescription *a = describe_allocation(t, value, allocated_here(n, slot));
        if (!o || !d || !a)
                return NULL;
        tensorflow__node_output__init(o);
        tensorflow__tensor_description__init(d);
        o->slot = slot;
        o->tensor_description = d;
        d->dtype = (Tensorflow__DataType)value->dtype;
        d->allocation_description = a;
        Status *st = shape_to_proto(&value->shape, t->arena, &d->shape);
        status_free(st);
        return st ? NULL : o;
}

/* A variable's output is shown as its value. */
static void describe_outputs(Trace *t, const TraceNode *n, NodeExecStats *s)
{
        for (int i = 0; n->out && i < n->pn->n_out; i++) {
                if (!n->out[i])
                        continue;
                bool alone = tensor_sole_owner(n->out[i]);
                autoptr(Tensor) value = shown(n, i);
                NodeOutput *o = value ? describe_output(t, n, i, value) : NULL;
                if (!o)
                        continue;
                o->tensor_description->allocation_description->has_single_reference =
                        alone && value == n->out[i];
                s->output[s->n_output++] = o;
        }
}

/* Each buffer that the kernel had in hand, once: what it read, then what it wrote. */
static void refer(Trace *t, NodeExecStats *s, const Tensor *value)
{
        AllocationDescription *a = value ? describe_allocation(t, value, false) : NULL;
        for (size_t i = 0; a && i < s->n_referenced_tensor; i++)
                if (s->referenced_tensor[i]->allocation_id == a->allocation_id)
                        return;
        if (a)
                s->referenced_tensor[s->n_referenced_tensor++] = a;
}

/* Lists of inputs may be as long as a client likes: those of a few are told. */
enum { MAX_REFERENCED = 64 };

/* Tensors that the step works with, each named by its allocation. */
static void describe_references(Trace *t, const TraceNode *n, NodeExecStats *s)
{
        int n_in = n->in ? MIN(n->pn->n_in, MAX_REFERENCED) : 0;
        int n_out = n->out ? MIN(n->pn->n_out, MAX_REFERENCED) : 0;
        s->referenced_tensor =
                arena_alloc(t->arena, (size_t)(n_in + n_out + 1) * sizeof *s->referenced_tensor);
        if (!s->referenced_tensor)
                return;
        for (int i = 0; i < n_in; i++)
                refer(t, s, n->in[i]);
        for (int i = 0; i < n_out; i++)
                refer(t, s, n->out[i]);
}

/* ---- memory ---- */

/* One allocation of the node. */
static void record(Trace *t, MemoryUsed *m, int64_t when_ns, int64_t bytes)
{
        Tensorflow__AllocationRecord *r = arena_alloc(t->arena, sizeof *r);
        if (!r || !bytes)
                return;
        tensorflow__allocation_record__init(r);
        r->alloc_micros = t->wall_us + (when_ns - t->mono_ns) / 1000;
        r->alloc_bytes = bytes;
        m->allocation_records[m->n_allocation_records++] = r;
}

/* What the outputs took, which stays, and the kernel's scratch memory, which does not. */
static void fill_memory(Trace *t, const TraceNode *n, MemoryUsed *m)
{
        for (int i = 0; n->out && i < n->pn->n_out; i++) {
                if (!n->out[i] || !allocated_here(n, i))
                        continue;
                int64_t bytes = (int64_t)n->out[i]->buffer->bytes;
                m->live_bytes += bytes;
                record(t, m, n->op_start, bytes);
        }
        m->total_bytes = m->peak_bytes = m->live_bytes + n->scratch;
        record(t, m, n->op_start, n->scratch);
        record(t, m, n->op_end, -n->scratch);
}

/* A variable's bytes stay when the step has ended: its own op tells of them, and Assign does. */
static bool tells_of_variable(const Node *n)
{
        return !n->n_in || !strcmp(n->op->def->name, "Assign");
}

/* What a variable op keeps beyond the step. */
static void add_persistent(Trace *t, const TraceNode *n, Tensorflow__MemoryStats *stats)
{
        const Node *node = n->pn->node;
        stats->persistent_tensor_alloc_ids = arena_alloc(
                t->arena, ((size_t)n->pn->n_out + 1) * sizeof *stats->persistent_tensor_alloc_ids);
        for (int i = 0; stats->persistent_tensor_alloc_ids && n->out && i < n->pn->n_out; i++) {
                if (!n->out[i] || !dtype_is_ref(node->out_types[i]) || !tells_of_variable(node))
                        continue;
                autoptr(Tensor) value = shown(n, i);
                if (!value || value == n->out[i])
                        continue;
                stats->persistent_memory_size += (int64_t)value->buffer->bytes;
                stats->persistent_tensor_alloc_ids[stats->n_persistent_tensor_alloc_ids++] =
                        allocation_id(t, value->buffer, false);
        }
}

/* Bytes that the node asked for, in outputs and scratch. */
static void describe_memory(Trace *t, const TraceNode *n, NodeExecStats *s)
{
        MemoryUsed *m = arena_alloc(t->arena, sizeof *m);
        MemoryUsed **list = arena_alloc(t->arena, sizeof *list);
        Tensorflow__MemoryStats *stats = arena_alloc(t->arena, sizeof *stats);
        if (!m || !list || !stats)
                return;
        tensorflow__allocator_memory_used__init(m);
        tensorflow__memory_stats__init(stats);
        m->allocation_records =
                arena_alloc(t->arena, ((size_t)n->pn->n_out + 2) * sizeof *m->allocation_records);
        if (!m->allocation_records)
                return;
        m->allocator_name = (char *)"cpu";
        fill_memory(t, n, m);
        m->allocator_bytes_in_use = mem_stats().block_bytes;
        stats->temp_memory_size = n->scratch;
        add_persistent(t, n, stats);
        list[0] = m;
        s->memory = list;
        s->n_memory = 1;
        s->memory_stats = stats;
}

/* ---- times and texts ---- */

/* Each member by both scales. What is relative counts from the start. */
static void set_times(const Trace *t, const TraceNode *times, NodeExecStats *s)
{
        s->all_start_nanos = t->wall_us * 1000 + (times->start - t->mono_ns);
        s->all_start_micros = s->all_start_nanos / 1000;
        s->scheduled_nanos = t->wall_us * 1000 + (times->scheduled - t->mono_ns);
        s->scheduled_micros = s->scheduled_nanos / 1000;
        s->op_start_rel_nanos = times->op_start - times->start;
        s->op_end_rel_nanos = times->op_end - times->start;
        s->all_end_rel_nanos = times->end - times->start;
        s->op_start_rel_micros = s->op_start_rel_nanos / 1000;
        s->op_end_rel_micros = s->op_end_rel_nanos / 1000;
        s->all_end_rel_micros = s->all_end_rel_nanos / 1000;
}

/* "[cpu 1.0MB 1.5MB] " before those that took a tenth of a megabyte or more: in all, at most. */
static void label_memory(const NodeExecStats *s, Buf *b)
{
        for (size_t i = 0; i < s->n_memory; i++) {
                const MemoryUsed *m = s->memory[i];
                if ((double)m->total_bytes < 0.1 * 1048576.0)
                        continue;
                buf_printf(b, "[%s %.1fMB", m->allocator_name, (double)m->total_bytes / 1048576.0);
                if (m->peak_bytes > 0)
                        buf_printf(b, " %.1fMB", (double)m->peak_bytes / 1048576.0);
                buf_printf(b, "] ");
        }
}

/* "name = Op(input:1, ^waits_for)", as TensorFlow's timeline has it. */
static char *label(Trace *t, const Node *n, const NodeExecStats *s)
{
        autobuf b = BUF(1 << 16);
        label_memory(s, &b);
        buf_printf(&b, "%s = %s(", n->name, n->op->def->name);
        for (size_t i = 0; i < n->def->n_input; i++)
                buf_printf(&b, "%s%s", i ? ", " : "", n->def->input[i]);
        buf_putc(&b, ')');
        for (int i = 0; node_is_fused(n) && i < fused_node(n)->n; i++)
                buf_printf(&b, "%s%s", i ? ", " : " fuses ", fused_node(n)->member[i].node->name);
        return arena_strdup(t->arena, buf_cstr(&b));
}

/* One NodeExecStats, in the trace's arena. */
Event *trace_event(Trace *t, const TraceNode *n)
{
        const PlanNode *pn = n->pn;
        Event *e = arena_alloc(t->arena, sizeof *e);
        NodeOutput **outputs = arena_alloc(t->arena, ((size_t)pn->n_out + 1) * sizeof *outputs);
        if (!e || !outputs)
                return NULL;
        NodeExecStats *s = &e->stats;
        tensorflow__node_exec_stats__init(s);
        s->node_name = (char *)pn->node->name;
        s->thread_id = n->thread;
        s->output = outputs;
        set_times(t, n, s);
        describe_outputs(t, n, s);
        describe_memory(t, n, s);
        describe_references(t, n, s);
        s->timeline_label = label(t, pn->node, s);
        e->device = n->device;
        e->alias = aliases(t, n);
        return s->timeline_label ? e : NULL;
}
