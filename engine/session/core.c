// SPDX-License-Identifier: Apache-2.0
/* Names as TensorFlow's core layer reads them: a fetch "a" is the tensor "a:0", and what is wrong
 * is said in the core's words. */
#include "engine/base/map.h"
#include "engine/session/inside.h"

Status *core_closed(void)
{
        return failed_precondition("Session is closed.");
}

Status *core_empty_graph(const RunRequest *r, bool partial)
{
        return invalid_argument("Session was not created with a graph before %s()!",
                                partial       ? "PRunSetup"
                                : r->callable ? "MakeCallable"
                                              : "Run");
}

/* The core compares names, not what they name. */
static Status *check_names(const RunRequest *r, Map *fed)
{
        for (int i = 0; i < r->n_feeds + r->n_connections; i++) {
                const char *name =
                        i < r->n_feeds ? r->feeds[i].key : r->connections[i - r->n_feeds].to;
                if (map_get(fed, name))
                        return invalid_argument("Endpoint \"%s\" fed more than once.", name);
                TRY(map_set(fed, name, fed));
        }
        for (int i = 0; i < r->n_fetches; i++)
                if (map_get(fed, r->fetches[i]))
                        return invalid_argument("%s is both fed and fetched.", r->fetches[i]);
        return NULL;
}

Status *core_check(const RunRequest *r)
{
        if (!r->n_fetches && !r->n_targets)
                return invalid_argument("Must specify at least one target to fetch or execute.");
        Map fed = { 0 };
        Status *s = check_names(r, &fed);
        map_done(&fed);
        return s;
}

/* The node that a name's part in front of ":n" names, or NULL. */
static const Node *find(const Graph *g, const char *name, int *ret_index)
{
        size_t len;
        bool has_index;
        if (name[0] == '^' || !tensor_name_parse(name, &len, ret_index, &has_index))
                return NULL;
        return graph_findn(g, name, len);
}

/* The core's texts differ from the Python layer's. */
Status *core_feed(const Graph *g, const char *key, TensorId *ret)
{
        int index;
        const Node *node = find(g, key, &index);
        if (!node)
                return not_found("FeedInputs: unable to find feed output %s", key);
        if (index >= node->n_out)
                return invalid_argument("FeedInputs: %s should have output index < %d", key,
                                        node->n_out);
        *ret = (TensorId){ .node = node, .output = index };
        return NULL;
}

/* A name alone is output 0. */
Status *core_fetch(const Graph *g, const char *name, TensorId *ret)
{
        int index;
        const Node *node = find(g, name, &index);
        if (!node)
                return not_found("FetchOutputs node %s: not found", name);
        if (!node->n_out)
                return invalid_argument(
                        "Tried to fetch data for '%s', which produces no output.  To run to a "
                        "node but not fetch any data, pass '%s' as an argument to the "
                        "'target_node_names' argument of the Session::Run API.",
                        name, name);
        if (index >= node->n_out)
                return invalid_argument("FetchOutputs %s: output index too large, must be < %d",
                                        name, node->n_out);
        *ret = (TensorId){ .node = node, .output = index };
        return NULL;
}
