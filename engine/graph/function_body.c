// SPDX-License-Identifier: Apache-2.0
/* The function's messages are copied (extending a graph adds to them), open attributes filled in
 * and inputs respelled as "node:place"; then it is a GraphDef like any other. */
#include "engine/graph/function_body.h"

#include "engine/base/mem.h"
#include "engine/graph/graph_impl.h"
#include "engine/ops/registry.h"
#include "proto/wire.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGS = 1 << 16, MAX_COPY = INT32_MAX };
/* Names are compared one by one: hostile functions could make that many. */
enum { MAX_WORK = 1 << 27, MAX_MEMORY = 1 << 30 };

typedef Tensorflow__NodeDef__AttrEntry AttrEntry;

/* A body under way. */
typedef struct Body {
        const Graph *graph;
        Arena *arena;
        const Op *op;
        FunctionDef *def; /* our copy */
        NodeDef call;     /* the call as a node, all its attributes there */
        GraphDef *graph_def;
        Map nodes; /* NodeDef by name, of the body */
        int n_args;
        size_t work; /* comparisons of names so far */
} Body;

static Status *copy_message(const ProtobufCMessage *m, Arena *arena, ProtobufCMessage **ret)
{
        autobuf bytes = BUF(MAX_COPY);
        TRY(proto_pack(m, &bytes));
        return proto_unpack(m->descriptor, bytes.data, bytes.len, NULL, arena, ret);
}

static const Op *find_op(const Graph *g, const char *name)
{
        const Op *op = op_find(name);
        return op ? op : map_get(&g->functions, name);
}

/* ---- the call's attributes ---- */

/* An attribute's value comes from the call, else from the signature's default; without either the
 * call is invalid, as for a node. Copied, since the caller's message may not live as long. */
static Status *call_attr(Body *b, const NameAttrList *call, const AttrDef *d)
{
        const AttrValue *v = d->value;
        ProtobufCMessage *copy;
        for (size_t i = 0; i < call->n_attr; i++)
                if (!strcmp(call->attr[i]->key, d->name) && call->attr[i]->value)
                        v = call->attr[i]->value;
        if (!v)
                return invalid_argument("Attr %s is not found from Op<name=%s>", d->name,
                                        b->op->def->name);
        TRY(attr_check(d, v));
        TRY(copy_message(&v->base, b->arena, &copy));
        AttrEntry *e = arena_alloc(b->arena, sizeof *e);
        if (!e)
                return status_oom();
        tensorflow__node_def__attr_entry__init(e);
        e->key = (char *)d->name;
        e->value = (AttrValue *)copy;
        b->call.attr[b->call.n_attr++] = e;
        return NULL;
}

/* The function's attributes as the call gives them, or their defaults, as those of a node. */
static Status *call_attrs(Body *b, const NameAttrList *call)
{
        tensorflow__node_def__init(&b->call);
        b->call.attr = arena_alloc(b->arena, (size_t)b->op->n_attrs * sizeof *b->call.attr);
        if (!b->call.attr)
                return status_oom();
        for (int i = 0; i < b->op->n_attrs; i++)
                TRY(call_attr(b, call, &b->op->attrs[i]));
        return NULL;
}

/* ---- open attributes ---- */

static Status *fill_in(const Body *b, AttrValue **v);

static Status *fill_in_function(const Body *b, NameAttrList *f)
{
        for (size_t i = 0; i < f->n_attr; i++)
                TRY(fill_in(b, &f->attr[i]->value));
        return NULL;
}

/* Messages nest no deeper than PROTO_MAX_DEPTH, and so does this. */
static Status *fill_in(const Body *b, AttrValue **v)
{
        if (!*v)
                return NULL;
        if ((*v)->value_case == TENSORFLOW__ATTR_VALUE__VALUE_PLACEHOLDER) {
                const AttrValue *given = def_attr(&b->call, (*v)->placeholder);
                ProtobufCMessage *copy;
                if (!given)
                        return invalid_argument("Failed to bind all placeholders: %s has no attr "
                                                "'%s'",
                                                b->op->def->name, (*v)->placeholder);
                TRY(copy_message(&given->base, b->arena, &copy));
                *v = (AttrValue *)copy;
                return NULL;
        }
        if ((*v)->value_case == TENSORFLOW__ATTR_VALUE__VALUE_FUNC)
                return fill_in_function(b, (*v)->func);
        for (size_t i = 0;
             (*v)->value_case == TENSORFLOW__ATTR_VALUE__VALUE_LIST && i < (*v)->list->n_func; i++)
                TRY(fill_in_function(b, (*v)->list->func[i]));
        return NULL;
}

/* ---- arguments ---- */

/* The caller has made room for it. */
static Status *add_entry(Body *b, NodeDef *def, const char *key, AttrValue **ret)
{
        AttrEntry *e = arena_alloc(b->arena, sizeof *e);
        AttrValue *v = arena_alloc(b->arena, sizeof *v);
        if (!e || !v)
                return status_oom();
        tensorflow__node_def__attr_entry__init(e);
        tensorflow__attr_value__init(v);
        e->key = (char *)key;
        e->value = v;
        def->attr[def->n_attr++] = e;
        *ret = v;
        return NULL;
}

/* The name of an argument's k-th node: "x", or "x_k" of a list. */
static char *arg_node_name(const Body *b, const ArgDef *a, int64_t k)
{
        bool list = a->number_attr || a->list_attr;
        return list ? arena_printf(b->arena, "%s_%lld", a->name, (long long)k)
                    : arena_strdup(b->arena, a->name);
}

/* Arguments become Placeholders, so that the body runs by feeding them; a list argument becomes one
 * for each element. */
static Status *add_placeholder(Body *b, const ArgDef *a, int64_t k)
{
        NodeDef *def = arena_alloc(b->arena, sizeof *def);
        AttrEntry **attrs = arena_alloc(b->arena, sizeof *attrs);
        AttrValue *v;
        if (!def || !attrs)
                return status_oom();
        tensorflow__node_def__init(def);
        def->op = (char *)"Placeholder";
        def->name = arg_node_name(b, a, k);
        def->attr = attrs;
        if (!def->name)
                return status_oom();
        TRY(add_entry(b, def, "dtype", &v));
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TYPE;
        v->type = (Tensorflow__DataType)arg_type(b->op, &b->call, a, k);
        b->graph_def->node[b->graph_def->n_node++] = def;
        return NULL;
}

/* They come before the body's nodes: node numbers below n_args are the arguments. The length of a
 * list comes from the call's attributes, hence the bound. */
static Status *add_placeholders(Body *b)
{
        int64_t total = 0;
        for (int i = 0; i < b->op->n_in; i++) {
                int64_t n = arg_count(b->op, &b->call, &b->op->in[i]);
                if (n < 0 || n > MAX_ARGS - total)
                        return invalid_argument("Function %s has more than %d arguments",
                                                b->op->def->name, MAX_ARGS);
                total += n;
        }
        b->n_args = (int)total;
        b->graph_def->node = arena_alloc(b->arena, ((size_t)total + b->def->n_node_def) *
                                                           sizeof *b->graph_def->node);
        if (!b->graph_def->node)
                return status_oom();
        for (int i = 0; i < b->op->n_in; i++)
                for (int64_t k = 0; k < arg_count(b->op, &b->call, &b->op->in[i]); k++)
                        TRY(add_placeholder(b, &b->op->in[i], k));
        return NULL;
}

/* ---- tensors by the function's way of naming them ---- */

/* What a name stands for: outputs [from, from + count) of a node, or arguments from..; a list when
 * no place is given. */
typedef struct Tensors {
        const ArgDef *arg;   /* of the function, else NULL */
        const NodeDef *node; /* of the body, else NULL */
        int64_t from, count;
} Tensors;

/* Cuts ":place" off a range. */
static bool pick(const char *place, Tensors *t)
{
        char *end;
        if (!*place)
                return true;
        long long k = strtoll(place + 1, &end, 10);
        if (*place != ':' || end == place + 1 || *end || k < 0 || k >= t->count)
                return false;
        t->from += k;
        t->count = 1;
        return true;
}

static const ArgDef *find_arg(Body *b, const ArgDef *args, int n, const char *name, size_t len)
{
        b->work += (size_t)n;
        for (int i = 0; i < n && b->work < MAX_WORK; i++)
                if (strlen(args[i].name) == len && !memcmp(args[i].name, name, len))
                        return &args[i];
        return NULL;
}

/* "out:2" of a body's node. */
static bool find_output(Body *b, const char *s, Tensors *t)
{
        const Op *op = find_op(b->graph, t->node->op);
        size_t len = strcspn(s, ":");
        const ArgDef *out = op ? find_arg(b, op->out, op->n_out, s, len) : NULL;
        t->from = 0;
        for (int i = 0; out && i < out - op->out; i++) {
                int64_t n = arg_count(op, t->node, &op->out[i]);
                if (n < 0 || n > MAX_ARGS - t->from)
                        return false;
                t->from += n;
        }
        t->count = out ? arg_count(op, t->node, out) : 0;
        return out && t->count >= 0 && t->count <= MAX_ARGS && pick(s + len, t);
}

/* A function's tensors are its arguments, by name alone, and its nodes' outputs. */
static bool find_tensors(Body *b, const char *s, Tensors *t)
{
        size_t len = strcspn(s, ":");
        *t = (Tensors){ .arg = find_arg(b, b->op->in, b->op->n_in, s, len) };
        if (t->arg) {
                t->count = arg_count(b->op, &b->call, t->arg);
                return pick(s + len, t);
        }
        t->node = map_getn(&b->nodes, s, len);
        return t->node && s[len] == ':' && find_output(b, s + len + 1, t);
}

static char *tensor_name(const Body *b, const Tensors *t, int64_t i)
{
        if (t->arg)
                return arg_node_name(b, t->arg, t->from + i);
        return arena_printf(b->arena, "%s:%lld", t->node->name, (long long)(t->from + i));
}

/* ---- nodes ---- */

/* "^n" of a node, or of an argument, whose first node stands for it. */
static Status *control_name(Body *b, const char *input, char **ret)
{
        const ArgDef *a = find_arg(b, b->op->in, b->op->n_in, input + 1, strlen(input + 1));
        char *name = a ? arg_node_name(b, a, 0) : (char *)input + 1;
        *ret = name ? arena_printf(b->arena, "^%s", name) : NULL;
        return *ret ? NULL : status_oom();
}

/* A list result named in full ("node:out") stands for all its tensors, so inputs can grow in
 * number. Two passes: the first proves that every name is known and bounds the total. */
static Status *respell_inputs(Body *b, NodeDef *def)
{
        size_t total = 0, n = 0;
        Tensors t;
        for (size_t i = 0; i < def->n_input; i++) {
                bool control = *def->input[i] == '^';
                if (!control && !find_tensors(b, def->input[i], &t))
                        return invalid_argument("input %s is not found: {{node %s}}", def->input[i],
                                                def->name);
                total += control ? 1 : (size_t)t.count;
                if (total > MAX_ARGS)
                        return invalid_argument("{{node %s}} has more than %d inputs", def->name,
                                                MAX_ARGS);
        }
        char **inputs = arena_alloc(b->arena, total * sizeof *inputs);
        if (!inputs)
                return status_oom();
        for (size_t i = 0; i < def->n_input; i++) {
                if (*def->input[i] == '^') {
                        TRY(control_name(b, def->input[i], &inputs[n++]));
                        continue;
                }
                find_tensors(b, def->input[i], &t);
                for (int64_t k = 0; k < t.count; k++)
                        if (!(inputs[n++] = tensor_name(b, &t, k)))
                                return status_oom();
        }
        def->input = inputs;
        def->n_input = n;
        return NULL;
}

/* Attributes of all nodes are filled in before any input is respelled: how many outputs a node has
 * may depend on them. */
static Status *add_nodes(Body *b)
{
        for (size_t i = 0; i < b->def->n_node_def; i++) {
                NodeDef *def = b->def->node_def[i];
                if (!find_op(b->graph, def->op))
                        return unknown_op(def->op);
                for (size_t k = 0; k < def->n_attr; k++)
                        TRY(fill_in(b, &def->attr[k]->value));
                TRY(map_set(&b->nodes, def->name, def));
        }
        for (size_t i = 0; i < b->def->n_node_def; i++) {
                TRY(respell_inputs(b, b->def->node_def[i]));
                b->graph_def->node[b->graph_def->n_node++] = b->def->node_def[i];
        }
        return NULL;
}

/* ---- what the body gives ---- */

static const char *result_name(Body *b, const char *arg)
{
        const FunctionDef *f = b->def;
        b->work += f->n_ret;
        for (size_t i = 0; i < f->n_ret && b->work < MAX_WORK; i++)
                if (!strcmp(f->ret[i]->key, arg))
                        return f->ret[i]->value;
        return "";
}

/* A result may name an argument directly; then the edge comes from its placeholder, which has
 * output 0 only. */
static Status *find_results(Body *b, FunctionBody *body)
{
        for (int i = 0; i < b->op->n_out; i++) {
                const ArgDef *a = &b->op->out[i];
                const char *name = result_name(b, a->name);
                Tensors t;
                if (!find_tensors(b, name, &t) || t.count != arg_count(b->op, &b->call, a))
                        return invalid_argument("Return %s = '%s' of function %s is not found",
                                                a->name, name, b->op->def->name);
                Edge *grown = mem_realloc(body->results,
                                          (size_t)(body->n_results + t.count + 1) * sizeof *grown);
                if (!grown)
                        return status_oom();
                body->results = grown;
                for (int64_t k = 0; k < t.count; k++) {
                        char *node = t.arg ? arg_node_name(b, t.arg, t.from + k) : t.node->name;
                        if (!node)
                                return status_oom();
                        int output = t.arg ? 0 : (int)(t.from + k);
                        grown[body->n_results++] =
                                (Edge){ .node = graph_find(body->graph, node), .output = output };
                }
        }
        return NULL;
}

/* Results name places by attributes, nodes have them: both must agree before anybody reads one. */
static Status *check_results(const Body *b, const FunctionBody *body)
{
        int at = 0;
        for (int i = 0; i < b->op->n_out; i++)
                for (int64_t k = 0; k < arg_count(b->op, &b->call, &b->op->out[i]); k++, at++) {
                        const Edge *e = &body->results[at];
                        DType want = arg_type(b->op, &b->call, &b->op->out[i], k);
                        if (e->output >= e->node->n_out ||
                            dtype_base(e->node->out_types[e->output]) != dtype_base(want))
                                return invalid_argument("Return %s of function %s is not a %s",
                                                        b->op->out[i].name, b->op->def->name,
                                                        dtype_name(want));
                }
        return NULL;
}

/* What runs although no result asks for it: the control returns. Old functions have none; then
 * every stateful node runs, as in TensorFlow. */
static Status *find_targets(const Body *b, FunctionBody *body)
{
        int n = graph_count(body->graph);
        body->targets = mem_calloc((size_t)n + b->def->n_control_ret + 1, sizeof *body->targets);
        if (!body->targets)
                return status_oom();
        for (size_t i = 0; i < b->def->n_control_ret; i++) {
                const Node *node = graph_find(body->graph, b->def->control_ret[i]->value);
                if (!node)
                        return invalid_argument("Control return '%s' of function %s is not found",
                                                b->def->control_ret[i]->value, b->op->def->name);
                body->targets[body->n_targets++] = node;
        }
        for (int i = body->n_args; !b->def->n_control_ret && i < n; i++)
                if (graph_node(body->graph, i)->op->stateful)
                        body->targets[body->n_targets++] = graph_node(body->graph, i);
        return NULL;
}

static Status *find_args(const Body *b, FunctionBody *body)
{
        body->args = mem_calloc((size_t)b->n_args + 1, sizeof *body->args);
        if (!body->args)
                return status_oom();
        for (; body->n_args < b->n_args; body->n_args++)
                body->args[body->n_args] = graph_node(body->graph, body->n_args);
        return NULL;
}

/* ---- all of it ---- */

/* A body takes the graph's producer version: attributes that TensorFlow changed over time are
 * judged alike in both. */
static Status *make_graph_def(Body *b, const NameAttrList *call)
{
        ProtobufCMessage *m;
        TRY(call_attrs(b, call));
        if (b->op->function) {
                TRY(copy_message(&b->op->function->base, b->arena, &m));
                b->def = (FunctionDef *)m;
        } else {
                TRY(function_of_op(b->op, &b->call, b->arena, &b->def));
        }
        TRY(proto_new(&tensorflow__graph_def__descriptor, b->arena, &m));
        b->graph_def = (GraphDef *)m;
        TRY(proto_new(&tensorflow__version_def__descriptor, b->arena, &m));
        b->graph_def->versions = (Tensorflow__VersionDef *)m;
        b->graph_def->versions->producer = b->graph->n_nodes ? b->graph->producer : GRAPH_VERSION;
        TRY(add_placeholders(b));
        return add_nodes(b);
}

/* The body is a graph like any other, checked by the same import. */
static Status *build(Body *b, const NameAttrList *call, GraphSource *source, FunctionBody **ret)
{
        autoptr(FunctionBody) body = mem_calloc(1, sizeof *body);
        int first;
        if (!body)
                return status_oom();
        TRY(make_graph_def(b, call));
        source->graph_def = b->graph_def;
        TRY(graph_new_like(b->graph, &body->graph));
        TRY(graph_extend(body->graph, source, false, &first));
        TRY(find_args(b, body));
        TRY(find_results(b, body));
        TRY(check_results(b, body));
        TRY(find_targets(b, body));
        *ret = steal(&body);
        return NULL;
}

/* The source takes over the arena: the graph's nodes point into its messages as long as they live.
 */
static Status *new_body(const Graph *g, const Op *op, const NameAttrList *call, FunctionBody **ret)
{
        autoptr(GraphSource) source = NULL;
        autoptr(Arena) arena = NULL;
        Body b = { .graph = g, .op = op };
        TRY(arena_new(MAX_MEMORY, &arena));
        b.arena = arena;
        TRY(graph_source_wrap(arena, NULL, &source));
        steal(&arena);
        Status *s = build(&b, call, source, ret);
        map_done(&b.nodes);
        return s;
}

Status *function_body_new(const Graph *g, const NameAttrList *call, FunctionBody **ret)
{
        const Op *op = map_get(&g->functions, call->name);
        return op ? new_body(g, op, call, ret)
                  : not_found("Function %s is not defined.", call->name);
}

Status *function_body_of_op(const Graph *g, const NameAttrList *call, FunctionBody **ret)
{
        const Op *op = op_find(call->name);
        return op ? new_body(g, op, call, ret) : unknown_op(call->name);
}

/* The graph goes last of its users here. */
void function_body_free(FunctionBody *b)
{
        if (!b)
                return;
        graph_unref(b->graph);
        mem_free(b->args);
        mem_free(b->results);
        mem_free(b->targets);
        mem_free(b);
}
