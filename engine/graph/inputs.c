// SPDX-License-Identifier: Apache-2.0
/* The import stage that turns input names into edges. All edges of an import come from two arrays.
 */
#include "engine/graph/graph_impl.h"

#include "engine/base/mem.h"
#include "engine/base/nearest.h"
#include <string.h>

static const Node *find(const Import *im, const char *name, size_t len)
{
        const Node *n = map_getn(&im->names, name, len);
        return n ? n : map_getn(&im->graph->names, name, len);
}

/* Without memory for the word there are no hints, but still the error. */
static Status *unknown_input(const Import *im, const Node *n, const char *input, size_t len)
{
        Status *s = invalid_argument("Node '%s': Unknown input node '%s'", n->name, input);
        Nearest near = NEAREST(input);
        autofree char *word = mem_strndup(input, len);
        if (!word)
                return s;
        near.word = word + (*word == '^');
        map_each (e, &im->names)
                nearest_try(&near, e->key);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(s, "the node %s is similar", near.best[i]);
        return s;
}

/* Names first among the new nodes, then in the graph. */
static Status *resolve(const Import *im, Node *n, const char *input, Edge *edge,
                       const Node **control)
{
        size_t len;
        int index;
        bool has_index, is_control = *input == '^';
        if (!tensor_name_parse(input, &len, &index, &has_index)) {
                len = strlen(input); /* a name with odd colons, which no node has */
                index = 0;
        }
        const Node *from = find(im, input + is_control, len - is_control);
        if (!from)
                return unknown_input(im, n, input, len);
        if (is_control)
                *control = from;
        else
                *edge = (Edge){ .node = from, .output = index };
        return NULL;
}

/* Controls come last in each node, which the name stage has checked. */
Status *import_inputs(Import *im)
{
        size_t total = 0;
        for (int i = 0; i < im->n_nodes; i++)
                total += im->def->node[i]->n_input;
        Edge *edges = arena_calloc(im->arena, total, sizeof *edges);
        const Node **controls = arena_calloc(im->arena, total, sizeof *controls);
        if (!edges || !controls)
                return status_oom();
        for (int i = 0; i < im->n_nodes; i++) {
                Node *n = &im->nodes[i];
                n->in = edges;
                n->control = controls;
                for (size_t k = 0; k < n->def->n_input; k++) {
                        const char *input = n->def->input[k];
                        Status *s = resolve(im, n, input, edges, controls);
                        status_set_node(s, n->name, n->def->op);
                        TRY(s);
                        if (*input == '^') {
                                n->n_control++;
                                controls++;
                        } else {
                                n->n_in++;
                                edges++;
                        }
                }
        }
        return NULL;
}
