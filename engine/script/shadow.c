// SPDX-License-Identifier: Apache-2.0
/* The script's nodes in a real graph, whose checks and shapes are then the script's. Nodes are
 * added in batches: only when somebody asks, and at the end. */
#include "engine/script/build.h"

#include "proto/wire.h"
#include <string.h>

#define MAX_PACKED ((size_t)256 << 20)

/* Where the node at fault was written; codes that speak of a GraphDef become the script's. */
static Status *place_of_node(Script *s, Status *error)
{
        const char *name = status_node(error);
        const ScriptNode *n = name ? map_get(&s->made, name) : NULL;
        Place place = n && !n->old ? n->place : s->nodes[s->def->n_node - 1]->place;
        return place_wrap(place, error);
}

/* Tells the first new node whose shapes do not fit, at its place in the script. */
static Status *check_shapes(Script *s)
{
        for (size_t i = s->shadowed; i < s->def->n_node; i++) {
                const ScriptNode *made = s->nodes[i];
                const Node *n = graph_find(s->shadow, made->name);
                if (!n || !n->shape_problem)
                        continue;
                Status *error = place_error(made->place, "%s", n->shape_problem);
                status_set_node(error, made->name, made->op->def->name);
                return error;
        }
        return NULL;
}

static Status *pack_new(const Script *s, GraphSource **ret)
{
        autobuf bytes = BUF(MAX_PACKED);
        GraphDef part = *s->def;
        part.node = s->def->node + s->shadowed;
        part.n_node = s->def->n_node - s->shadowed;
        TRY(proto_pack(&part.base, &bytes));
        return graph_source_parse(bytes.data, bytes.len, "graph_def", NULL, ret);
}

/* The nodes made so far are extended into a private copy of the graph: type and shape inference is
 * that of the graph itself, not a second one. */
Status *shadow_update(Script *s)
{
        autoptr(GraphSource) src = NULL;
        int first;
        if (s->shadowed == s->def->n_node)
                return NULL;
        if (!s->shadow)
                TRY(s->existing ? graph_clone(s->existing, &s->shadow) : graph_new(&s->shadow));
        TRY(pack_new(s, &src));
        Status *refused = graph_extend(s->shadow, src, false, &first);
        if (refused)
                return place_of_node(s, refused);
        TRY(check_shapes(s));
        s->shadowed = s->def->n_node;
        return NULL;
}

/* The shape of a value as far as it is known. */
Status *shadow_shape(Script *s, const Value *v, Shape *ret)
{
        if (v->is_literal) {
                *ret = v->literal.shape;
                return NULL;
        }
        const Node *n = v->node->old;
        if (!n) {
                TRY(shadow_update(s));
                n = graph_find(s->shadow, v->node->name);
        }
        *ret = n && v->output < n->n_out ? n->out_shapes[v->output] : SHAPE_UNKNOWN;
        return NULL;
}
