// SPDX-License-Identifier: Apache-2.0
/* The import stage that holds nodes against their ops: attributes, types of inputs and outputs,
 * edges. */
#include "engine/graph/graph_impl.h"
#include "engine/ops/registry.h"

#include <string.h>

/* Output lists are as long as an attribute says: more than this is an attack or a mistake. */
enum { MAX_OUTPUTS = 1 << 20, MAX_DESCRIPTION = 16 * 1024 };

/* ---- attributes ---- */

static Status *of_node_and_op(Status *s, const Node *n)
{
        if (!s)
                return NULL;
        autobuf op = BUF(MAX_DESCRIPTION);
        op_describe(n->op, &op);
        return status_append(s, "; NodeDef: {{node %s}}; %s", n->name, buf_cstr(&op));
}

static Status *of_op_and_node(Status *s, const Node *n)
{
        autobuf op = BUF(MAX_DESCRIPTION);
        op_describe(n->op, &op);
        return status_append(s, "%s; NodeDef: {{node %s}}", buf_cstr(&op), n->name);
}

/* Names with '_' in front are notes for the runtime and may be anything. An unknown attribute means
 * a newer producer, as the text says. */
static Status *check_present_attrs(const Node *n)
{
        for (size_t i = 0; i < n->def->n_attr; i++) {
                const char *key = n->def->attr[i]->key;
                const AttrDef *d = op_attr(n->op, key);
                if (!d && *key != '_')
                        return status_append(
                                of_op_and_node(
                                        invalid_argument("NodeDef mentions attr '%s' not in ", key),
                                        n),
                                ". (Check whether your GraphDef-interpreting binary is up to date "
                                "with your GraphDef-generating binary.).");
                if (d && n->def->attr[i]->value)
                        TRY(of_node_and_op(
                                status_append(attr_check(d, n->def->attr[i]->value), "\n\t"), n));
        }
        return NULL;
}

/* Gives the node the defaults of what it leaves out. The list grows in the arena; the values are
 * the op's own. */
static Status *add_defaults(Arena *arena, const Node *n, int missing)
{
        NodeDef *def = (NodeDef *)n->def;
        size_t count = def->n_attr + (size_t)missing;
        Tensorflow__NodeDef__AttrEntry **list = arena_alloc(arena, count * sizeof *list), *entries;
        entries = arena_alloc(arena, (size_t)missing * sizeof *entries);
        if (!list || !entries)
                return status_oom();
        if (def->n_attr)
                memcpy(list, def->attr, def->n_attr * sizeof *list);
        for (int i = 0; i < n->op->n_attrs; i++) {
                const AttrDef *d = &n->op->attrs[i];
                if (!d->value || def_attr(def, d->name))
                        continue;
                tensorflow__node_def__attr_entry__init(entries);
                entries->key = (char *)d->name;
                entries->value = (AttrValue *)d->value;
                list[--count] = entries++;
        }
        def->n_attr += (size_t)missing;
        def->attr = list;
        return NULL;
}

/* An op that gained attributes since the graph was made takes their defaults; an attribute without
 * one is required. */
static Status *check_absent_attrs(Arena *arena, const Node *n)
{
        int defaults = 0, missing = 0;
        autobuf names = BUF(MAX_DESCRIPTION);
        for (int i = 0; i < n->op->n_attrs; i++) {
                const AttrDef *d = &n->op->attrs[i];
                if (def_attr(n->def, d->name))
                        continue;
                if (d->value)
                        defaults++;
                else
                        buf_printf(&names, "%s%s", missing++ ? "', '" : "", d->name);
        }
        if (missing)
                return of_op_and_node(invalid_argument("NodeDef missing attr%s '%s' from ",
                                                       missing == 1 ? "" : "s", buf_cstr(&names)),
                                      n);
        return defaults ? add_defaults(arena, n, defaults) : NULL;
}

/* Text attributes are promised to end in a NUL, which protobuf's bytes do not. */
static Status *end_strings(Arena *arena, const Node *n)
{
        for (size_t i = 0; i < n->def->n_attr; i++) {
                AttrValue *v = n->def->attr[i]->value;
                const AttrDef *d = op_attr(n->op, n->def->attr[i]->key);
                if (!v || v->value_case != TENSORFLOW__ATTR_VALUE__VALUE_S || !v->s.len ||
                    (d && v == d->value))
                        continue;
                uint8_t *copy = arena_alloc(arena, v->s.len + 1);
                if (!copy)
                        return status_oom();
                memcpy(copy, v->s.data, v->s.len);
                copy[v->s.len] = 0;
                v->s.data = copy;
        }
        return NULL;
}

/* Before version 24 a Placeholder without a shape wrote an empty one, which now means a scalar. */
static void mend_placeholder(const Node *n)
{
        const AttrValue *v = def_attr(n->def, "shape");
        if (n->producer < 24 && !strcmp(n->def->op, "Placeholder") && v &&
            v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_SHAPE && !v->shape->n_dim &&
            !v->shape->unknown_rank)
                v->shape->unknown_rank = true;
}

static Status *check_deprecated(const Node *n)
{
        if (n->op->deprecated && n->producer >= n->op->deprecated)
                return unimplemented("Op %s is not available in GraphDef version %d. It has been "
                                     "removed in version %d.",
                                     n->def->op, n->producer, n->op->deprecated);
        return NULL;
}

/* ---- types ---- */

/* The attribute as it will be once defaults are filled in. */
static const AttrValue *value_of(const Op *op, const NodeDef *def, const char *name)
{
        const AttrValue *v = def_attr(def, name);
        return v ? v : op_attr(op, name)->value;
}

/* How many tensors an argument stands for; attributes that are not checked yet count as none. */
int64_t arg_count(const Op *op, const NodeDef *def, const ArgDef *a)
{
        if (!a->number_attr && !a->list_attr)
                return 1;
        const AttrValue *v = value_of(op, def, a->number_attr ? a->number_attr : a->list_attr);
        if (a->number_attr)
                return v && v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_I ? v->i : 0;
        return v && v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_LIST ? (int64_t)v->list->n_type
                                                                        : 0;
}

DType arg_type(const Op *op, const NodeDef *def, const ArgDef *a, int64_t k)
{
        DType t = a->dtype;
        if (a->type_attr || a->list_attr) {
                const AttrValue *v = value_of(op, def, a->type_attr ? a->type_attr : a->list_attr);
                t = (DType)(a->type_attr ? v->type : v->list->type[k]);
        }
        return a->is_ref ? t + DT_REF : t;
}

/* How many tensors the arguments stand for; -1 for more than anybody could want. */
static int64_t total_count(const Node *n, const ArgDef *args, int n_args, int64_t max)
{
        int64_t total = 0;
        for (int i = 0; i < n_args; i++) {
                int64_t count = arg_count(n->op, n->def, &args[i]);
                if (count < 0 || count > max - total)
                        return -1;
                total += count;
        }
        return total;
}

/* The types of all inputs, or outputs, one after the other. */
static Status *list_types(Arena *arena, const Node *n, const ArgDef *args, int n_args,
                          int64_t count, const DType **ret)
{
        DType *types = arena_alloc(arena, (size_t)count * sizeof *types);
        int64_t at = 0;
        if (!types)
                return status_oom();
        for (int i = 0; i < n_args; i++)
                for (int64_t k = 0, each = arg_count(n->op, n->def, &args[i]); k < each; k++)
                        types[at++] = arg_type(n->op, n->def, &args[i], k);
        *ret = types;
        return NULL;
}

/* Names the types that were expected, as TensorFlow does; when a hostile count would make the list
 * endless, "...". */
static Status *wrong_count(Arena *arena, const Node *n, int64_t expected)
{
        autobuf text = BUF(MAX_DESCRIPTION);
        const DType *types = NULL;
        if (expected >= 0 && expected < 1024)
                TRY(list_types(arena, n, n->op->in, n->op->n_in, expected, &types));
        for (int64_t i = 0; types && i < expected; i++)
                buf_printf(&text, "%s%s", i ? ", " : "", dtype_name(types[i]));
        if (!types)
                buf_puts(&text, "...");
        return of_op_and_node(invalid_argument("NodeDef expected inputs '%s' do not match %d "
                                               "inputs specified; ",
                                               buf_cstr(&text), n->n_in),
                              n);
}

/* From here on a node knows its types. Shapes stay unknown until inference. */
static Status *bind_types(Arena *arena, Node *n)
{
        const Op *op = n->op;
        int64_t in = total_count(n, op->in, op->n_in, INT32_MAX);
        int64_t out = total_count(n, op->out, op->n_out, MAX_OUTPUTS);
        if (in != n->n_in)
                return wrong_count(arena, n, in);
        if (out < 0)
                return resource_exhausted("{{node %s}} has more than %d outputs", n->name,
                                          MAX_OUTPUTS);
        TRY(list_types(arena, n, op->in, op->n_in, in, &n->in_types));
        TRY(list_types(arena, n, op->out, op->n_out, out, &n->out_types));
        Shape *shapes = arena_alloc(arena, (size_t)out * sizeof *shapes);
        if (!shapes)
                return status_oom();
        for (int64_t i = 0; i < out; i++)
                shapes[i].rank = -1;
        n->out_shapes = shapes;
        n->n_out = (int)out;
        return NULL;
}

/* ---- edges ---- */

/* A Const of this import whose reference is taken was a variable before the graph was frozen: it
 * becomes one again, with its value to begin with. TensorFlow refuses such graphs; their authors
 * ran them before they froze them. */
static Status *thaw(Import *im, const Node *from, bool *ret)
{
        ptrdiff_t at = from - im->nodes;
        *ret = at >= 0 && at < im->n_nodes && from->op == op_find("Const");
        if (!*ret)
                return NULL;
        Node *n = &im->nodes[at];
        n->op = op_find("_ThawedConst");
        return list_types(im->arena, n, n->op->out, n->op->n_out, 1, &n->out_types);
}

/* An input has its producer's type; a ref input needs a ref, or a constant that can be thawed into
 * one. */
static Status *check_edge(Import *im, const Node *n, int i)
{
        const Node *from = n->in[i].node;
        int k = n->in[i].output;
        if (k >= from->n_out)
                return invalid_argument("Node '%s': Connecting to invalid output %d of source node "
                                        "%s which has %d outputs",
                                        n->name, k, from->name, from->n_out);
        DType want = n->in_types[i], is = from->out_types[k];
        bool thawed = false;
        if (dtype_is_ref(want) && dtype_base(want) == is)
                TRY(thaw(im, from, &thawed));
        if (want != is && !thawed && (dtype_is_ref(want) || want != dtype_base(is)))
                return invalid_argument("Input %d of node %s was passed %s from %s:%d incompatible "
                                        "with expected %s.",
                                        i, n->name, dtype_name(is), from->name, k,
                                        dtype_name(want));
        return NULL;
}

static Status *check_node(Import *im, Node *n)
{
        TRY(check_present_attrs(n));
        TRY(end_strings(im->arena, n));
        TRY(check_absent_attrs(im->arena, n));
        TRY(check_deprecated(n));
        mend_placeholder(n);
        return bind_types(im->arena, n);
}

static Status *check_edges(Import *im, const Node *n, bool back)
{
        for (int i = 0; i < n->n_in; i++)
                if (edge_is_back(n->in[i].node, n) == back)
                        TRY(check_edge(im, n, i));
        return NULL;
}

static Status *with_node(Status *s, const Node *n)
{
        status_set_node(s, n->name, n->def->op);
        return s;
}

/* In topological order, so that a fault is told at the node that has it, not at one behind it. */
Status *import_check(Import *im)
{
        for (int i = 0; i < im->n_order; i++) {
                Node *n = &im->nodes[im->order[i]];
                TRY(with_node(check_node(im, n), n));
                TRY(with_node(check_edges(im, n, false), n));
        }
        /* The order leaves out nodes that wait for each other. Loops of while are no such cycle:
         * back edges into Merge are not counted. */
        if (im->n_order < im->n_nodes)
                return invalid_argument("%d nodes in a cycle", im->n_nodes - im->n_order);
        for (int i = 0; i < im->n_nodes; i++)
                TRY(with_node(check_edges(im, &im->nodes[i], true), &im->nodes[i]));
        return NULL;
}
