// SPDX-License-Identifier: Apache-2.0
/* One change each: an edge, an attribute, a constant, a node's op, a node too many or too few. */
#include "tests/stress/lib/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Tensorflow__AttrValue AttrValue;
typedef Tensorflow__TensorShapeProto ShapeProto;

/* splitmix64 */
static uint64_t next(Mutator *m)
{
        uint64_t z = m->state += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
}

int mutator_pick(Mutator *m, int n)
{
        return (int)(next(m) % (uint64_t)n);
}

static void *must(void *p)
{
        if (!p)
                abort();
        return p;
}

/* Small numbers mostly, and those at which sums and products turn over. */
static int64_t whole_number(Mutator *m)
{
        static const int64_t far[] = { INT32_MAX,        INT32_MIN, (int64_t)1 << 31,
                                       INT64_MAX,        INT64_MIN, 1 << 20,
                                       (int64_t)1 << 62, -2,        (int64_t)1 << 40 };
        return mutator_pick(m, 4) ? mutator_pick(m, 6) - 1
                                  : far[mutator_pick(m, (int)COUNTOF(far))];
}

static NodeDef *any_node(Mutator *m)
{
        return m->nodes[mutator_pick(m, (int)m->n)];
}

/* ---- edges ---- */

/* One that somebody takes, or a node's by its number. */
static char *any_output(Mutator *m)
{
        const NodeDef *n = any_node(m);
        if (n->n_input && mutator_pick(m, 2))
                return n->input[mutator_pick(m, (int)n->n_input)];
        int k = mutator_pick(m, 8) ? 0 : mutator_pick(m, 3);
        return must(k ? arena_printf(m->arena, "%s:%d", n->name, k)
                      : arena_printf(m->arena, "%s", n->name));
}

static void change_input(Mutator *m, NodeDef *n)
{
        if (n->n_input)
                n->input[mutator_pick(m, (int)n->n_input)] = any_output(m);
}

static void swap_inputs(Mutator *m, NodeDef *n)
{
        if (n->n_input < 2)
                return;
        char **a = &n->input[mutator_pick(m, (int)n->n_input)],
             **b = &n->input[mutator_pick(m, (int)n->n_input)], *was = *a;
        *a = *b;
        *b = was;
}

static void drop_input(Mutator *m, NodeDef *n)
{
        if (n->n_input)
                n->input[mutator_pick(m, (int)n->n_input)] = n->input[n->n_input - 1], n->n_input--;
}

static void add_input(Mutator *m, NodeDef *n)
{
        char **more = must(arena_calloc(m->arena, n->n_input + 1, sizeof *more));
        if (n->n_input)
                memcpy(more, n->input, n->n_input * sizeof *more);
        char *from = any_output(m);
        more[n->n_input++] =
                mutator_pick(m, 4) ? must(arena_printf(m->arena, "^%s", any_node(m)->name)) : from;
        n->input = more;
}

/* ---- attributes and constants ---- */

static void change_shape(Mutator *m, ShapeProto *s)
{
        if (s->n_dim && mutator_pick(m, 3))
                s->dim[mutator_pick(m, (int)s->n_dim)]->size = whole_number(m);
        else if (s->n_dim)
                s->n_dim--;
        else
                s->unknown_rank = !s->unknown_rank;
}

static void change_numbers(Mutator *m, Tensorflow__TensorProto *t)
{
        if (t->n_int_val)
                t->int_val[mutator_pick(m, (int)t->n_int_val)] = (int32_t)whole_number(m);
        if (t->n_int64_val)
                t->int64_val[mutator_pick(m, (int)t->n_int64_val)] = whole_number(m);
        size_t size = t->dtype == TENSORFLOW__DATA_TYPE__DT_INT64 ? 8 : 4;
        if (t->tensor_content.len < size)
                return;
        int64_t v = whole_number(m);
        size_t i = (size_t)mutator_pick(m, (int)(t->tensor_content.len / size));
        memcpy(t->tensor_content.data + i * size, &v, size);
}

static void change_tensor(Mutator *m, Tensorflow__TensorProto *t)
{
        switch (mutator_pick(m, 5)) {
        case 0:
                if (t->tensor_shape)
                        change_shape(m, t->tensor_shape);
                break;
        case 1: t->dtype = (Tensorflow__DataType)mutator_pick(m, 24); break;
        default: change_numbers(m, t);
        }
}

static void change_list(Mutator *m, Tensorflow__AttrValue__ListValue *l)
{
        if (l->n_i)
                l->i[mutator_pick(m, (int)l->n_i)] = whole_number(m);
        if (l->n_type)
                l->type[mutator_pick(m, (int)l->n_type)] =
                        (Tensorflow__DataType)mutator_pick(m, 24);
        if (l->n_shape)
                change_shape(m, l->shape[mutator_pick(m, (int)l->n_shape)]);
        if (l->n_i && !mutator_pick(m, 3))
                l->n_i--;
}

static void change_value(Mutator *m, AttrValue *v)
{
        switch ((int)v->value_case) {
        case TENSORFLOW__ATTR_VALUE__VALUE_I: v->i = whole_number(m); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_B: v->b = !v->b; break;
        case TENSORFLOW__ATTR_VALUE__VALUE_F: v->f = (float)whole_number(m) / 2; break;
        case TENSORFLOW__ATTR_VALUE__VALUE_TYPE:
                v->type = (Tensorflow__DataType)mutator_pick(m, 24);
                break;
        case TENSORFLOW__ATTR_VALUE__VALUE_SHAPE: change_shape(m, v->shape); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_TENSOR: change_tensor(m, v->tensor); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_LIST: change_list(m, v->list); break;
        case TENSORFLOW__ATTR_VALUE__VALUE_S:
                if (v->s.len)
                        v->s.data[mutator_pick(m, (int)v->s.len)] ^= 1;
                break;
        default: break;
        }
}

static void change_attr(Mutator *m, NodeDef *n)
{
        if (n->n_attr)
                change_value(m, n->attr[mutator_pick(m, (int)n->n_attr)]->value);
}

static void drop_attr(Mutator *m, NodeDef *n)
{
        if (n->n_attr)
                n->attr[mutator_pick(m, (int)n->n_attr)] = n->attr[n->n_attr - 1], n->n_attr--;
}

/* The whole graph computes in another type: what fits together still does. */
static void change_type_of_all(Mutator *m, int from, int to)
{
        for (size_t i = 0; i < m->def->n_node; i++)
                for (size_t k = 0; k < m->def->node[i]->n_attr; k++) {
                        AttrValue *v = m->def->node[i]->attr[k]->value;
                        if (v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_TYPE &&
                            (int)v->type == from)
                                v->type = (Tensorflow__DataType)to;
                        if (v->value_case == TENSORFLOW__ATTR_VALUE__VALUE_TENSOR &&
                            (int)v->tensor->dtype == from)
                                v->tensor->dtype = (Tensorflow__DataType)to;
                }
}

/* ---- nodes ---- */

/* Another node's op, attributes and all, at this place. */
static void change_op(Mutator *m, NodeDef *n)
{
        const NodeDef *other = any_node(m);
        n->op = other->op;
        if (mutator_pick(m, 2)) {
                n->attr = other->attr;
                n->n_attr = other->n_attr;
        }
}

static void drop_node(Mutator *m)
{
        if (m->n > 1)
                m->nodes[mutator_pick(m, (int)m->n)] = m->nodes[m->n - 1], m->n--;
}

/* The same once more under another name, for merging to find. */
static void copy_node(Mutator *m)
{
        NodeDef **more = must(arena_calloc(m->arena, m->n + 1, sizeof *more));
        memcpy(more, m->nodes, m->n * sizeof *more);
        const NodeDef *n = any_node(m);
        NodeDef *copy = must(arena_dup(m->arena, n, sizeof *copy));
        copy->name = must(arena_printf(m->arena, "%s_%d", n->name, (int)m->n));
        more[m->n++] = copy;
        m->nodes = more;
        change_input(m, any_node(m));
}

static void change_nodes(Mutator *m)
{
        NodeDef *n = any_node(m);
        switch (mutator_pick(m, 16)) {
        case 0:
        case 1:
        case 2: change_input(m, n); break;
        case 3: swap_inputs(m, n); break;
        case 4: drop_input(m, n); break;
        case 5: add_input(m, n); break;
        case 6: drop_attr(m, n); break;
        case 7: change_type_of_all(m, 1 + mutator_pick(m, 23), 1 + mutator_pick(m, 23)); break;
        case 8: change_op(m, n); break;
        case 9: drop_node(m); break;
        case 10: copy_node(m); break;
        default: change_attr(m, n);
        }
}

void mutate(Mutator *m)
{
        Tensorflow__FunctionDefLibrary *l = m->def->library;
        FunctionDef *f = l && l->n_function && mutator_pick(m, 2)
                                 ? l->function[mutator_pick(m, (int)l->n_function)]
                                 : NULL;
        m->nodes = f ? f->node_def : m->def->node;
        m->n = f ? f->n_node_def : m->def->n_node;
        if (!m->n)
                return;
        change_nodes(m);
        *(f ? &f->node_def : &m->def->node) = m->nodes;
        *(f ? &f->n_node_def : &m->def->n_node) = m->n;
}
