// SPDX-License-Identifier: Apache-2.0
/* Names: what nodes and tensors may be called, and the import stage that looks at ops and names. */
#include "engine/graph/graph_impl.h"

#include "engine/ops/registry.h"
#include <ctype.h>
#include <string.h>
#include <unistd.h>

/* "node", "node:1" or "^node". An index of more than 31 bits is no index of anything. */
bool tensor_name_parse(const char *s, size_t *len, int *index, bool *has_index)
{
        size_t n = strlen(s), digits = 0;
        *index = 0;
        *has_index = false;
        *len = n;
        if (*s == '^') /* a control input: the '^' belongs to the name */
                return n > 1 && !strchr(s, ':');
        while (digits < n && isdigit((unsigned char)s[n - 1 - digits]))
                digits++;
        bool colon = digits < n && s[n - 1 - digits] == ':';
        if (!colon)
                return n > 0 && !strchr(s, ':');
        int64_t k = 0;
        for (size_t i = n - digits; i < n; i++) {
                k = k * 10 + (s[i] - '0');
                if (k > INT32_MAX)
                        return false;
        }
        *len = n - digits - 1;
        *index = (int)k;
        *has_index = true;
        return digits > 0 && *len > 0 && !memchr(s, ':', *len);
}

/* [A-Za-z0-9._][A-Za-z0-9_.\-/]*: sessions take a leading '_', which clients refuse, because nodes
 * that call functions have it. Later TensorFlows join such names with '>'. */
static bool node_name_valid(const char *s)
{
        if (!isalnum((unsigned char)*s) && *s != '.' && *s != '_')
                return false;
        for (; *s; s++)
                if (!isalnum((unsigned char)*s) && !strchr("_.-/>", *s))
                        return false;
        return true;
}

/* TensorFlow's text, with the host's name in it, and hints for a typing error. */
Status *unknown_op(const char *name)
{
        char host[256] = "localhost";
        const char *near[4];
        gethostname(host, sizeof host - 1);
        Status *s = not_found(
                "Op type not registered '%s' in binary running on %s. Make sure the Op and Kernel "
                "are registered in the binary running in this process. Note that if you are "
                "loading a saved graph which used ops from tf.contrib, accessing (e.g.) "
                "`tf.contrib.resampler` should be done before importing the graph, as contrib ops "
                "are lazily registered when the module is first accessed.",
                name, host);
        int n = op_nearest(name, near, COUNTOF(near));
        for (int i = 0; i < n; i++)
                status_add_hint(s, "the op %s is similar", near[i]);
        return s;
}

const Op *import_op(const Import *im, const char *name)
{
        const Op *op = op_find(name);
        if (!op)
                op = map_get(&im->functions, name);
        return op ? op : map_get(&im->graph->functions, name);
}

/* TensorFlow's text for Session.extend. */
static Status *check_not_extended_twice(const Import *im)
{
        for (int i = 0; i < im->n_nodes; i++)
                if (graph_find(im->graph, im->def->node[i]->name))
                        return invalid_argument("GraphDef argument to Extend includes node '%s', "
                                                "which was created by a previous call to Create or "
                                                "Extend in this session.",
                                                im->def->node[i]->name);
        return NULL;
}

/* Numbers go on where the graph ends, so that an extension leaves the older nodes' as they are. */
static Status *find_ops(Import *im)
{
        for (int i = 0; i < im->n_nodes; i++) {
                const NodeDef *def = im->def->node[i];
                Node *n = &im->nodes[i];
                n->id = (uint32_t)(im->graph->n_nodes + i);
                n->name = def->name;
                n->def = def;
                n->producer = im->producer;
                if (!*def->op)
                        return invalid_argument("Node '%s' does not specify an operation",
                                                def->name);
                n->op = import_op(im, def->op);
                if (!n->op) {
                        Status *s = unknown_op(def->op);
                        status_set_node(s, def->name, def->op);
                        return s;
                }
        }
        return NULL;
}

/* The order is part of GraphDef's contract: data input k is input k of the message. */
static Status *check_control_inputs_last(const NodeDef *def)
{
        bool control = false;
        for (size_t i = 0; i < def->n_input; i++) {
                if (*def->input[i] == '^')
                        control = true;
                else if (control)
                        return invalid_argument("Node '%s': Control dependencies must come after "
                                                "regular dependencies",
                                                def->name);
        }
        return NULL;
}

/* Valid, unique, and known from here on. */
static Status *check_name(Import *im, Node *n)
{
        if (!im->inner && !node_name_valid(n->name))
                return invalid_argument("Node '%s': Node name contains invalid characters",
                                        n->name);
        if (map_get(&im->names, n->name))
                return invalid_argument("Node '%s' is not unique", n->name);
        TRY(map_set(&im->names, n->name, n));
        return check_control_inputs_last(n->def);
}

/* Nodes of one graph share its producer version; a different one would change their meaning. */
static Status *check_producer(const Import *im)
{
        const Graph *g = im->graph;
        if (g->n_nodes && im->n_nodes && g->producer != im->producer)
                return invalid_argument(
                        "Can't extend GraphDef at version %d with graph at version %d", g->producer,
                        im->producer);
        return im->def->versions ? check_versions(im->def->versions) : NULL;
}

/* Names of this import and of the graph are one space; nothing is added before all are right. */
Status *import_names(Import *im)
{
        TRY(check_not_extended_twice(im));
        TRY(find_ops(im));
        TRY(check_producer(im));
        TRY(map_reserve(&im->names, (size_t)im->n_nodes));
        for (int i = 0; i < im->n_nodes; i++) {
                Status *s = check_name(im, &im->nodes[i]);
                status_set_node(s, im->nodes[i].name, im->nodes[i].def->op);
                TRY(s);
        }
        return NULL;
}
