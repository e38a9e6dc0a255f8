// SPDX-License-Identifier: Apache-2.0
/* /v1/graphs/{graph}/nodes: what a stored graph is made of. */
#include "api/handlers.h"
#include "api/node_json.h"
#include "engine/base/nearest.h"
#include <fnmatch.h>
#include <string.h>

/* op exactly; name exactly, or as a pattern with * and ?. */
static bool passes(const Node *n, const char *op, const char *name)
{
        if (op && strcmp(op, n->def->op) != 0)
                return false;
        return !name || fnmatch(name, n->name, 0) == 0;
}

/* GET /v1/graphs/{graph}/nodes. */
Status *graphs_nodes(Request *r)
{
        static const char *const known[] = { "op", "name", NULL };
        autoptr(Model) m = NULL;
        const char *op, *name;
        char digest[STORE_DIGEST_SIZE];
        TRY(request_query_only(r, known));
        TRY(request_query(r, "op", &op));
        TRY(request_query(r, "name", &name));
        TRY(graph_load(r->context, r->args[0], NULL, &m, digest));
        const Graph *g = model_graph(m);
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "nodes");
        writer_open(&w, '[');
        for (int i = 0; i < graph_count(g); i++)
                if (passes(graph_node(g, i), op, name))
                        TRY(node_write(&w, graph_node(g, i)));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

/* GET /v1/graphs/{graph}/nodes/{node}. */
Status *graphs_node(Request *r)
{
        autoptr(Model) m = NULL;
        char digest[STORE_DIGEST_SIZE];
        TRY(graph_load(r->context, r->args[0], NULL, &m, digest));
        const Graph *g = model_graph(m);
        const Node *n = graph_find(g, r->args[1]);
        if (!n) {
                const char *near[NEAREST_MAX];
                Status *s = not_found("Node not found: %.200s", r->args[1]);
                int found = graph_nearest(g, r->args[1], near, NEAREST_MAX);
                for (int i = 0; i < found; i++)
                        status_add_hint(s, "%s", near[i]);
                return s;
        }
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        return node_write(&w, n);
}
