// SPDX-License-Identifier: Apache-2.0
#include "api/graph_write.h"

#include "proto/json.h"
#include "proto/text.h"
#include "proto/wire.h"
#include <stdlib.h>
#include <string.h>

/* A name inside quotes of the dot language. */
static void put_quoted(Buf *out, const char *s, size_t n)
{
        buf_putc(out, '"');
        for (size_t i = 0; i < n; i++) {
                if (s[i] == '"' || s[i] == '\\')
                        buf_putc(out, '\\');
                buf_putc(out, s[i]);
        }
        buf_putc(out, '"');
}

static void put_edge(Buf *out, const char *input, const char *name)
{
        bool control = *input == '^';
        input += control;
        buf_puts(out, "  ");
        put_quoted(out, input, strcspn(input, ":"));
        buf_puts(out, " -> ");
        put_quoted(out, name, strlen(name));
        buf_puts(out, control ? " [style=dashed];\n" : ";\n");
}

/* Names are the client's: quoted and escaped for graphviz. */
static void write_dot(const GraphDef *def, Buf *out)
{
        buf_puts(out, "digraph graph_def {\n  node [shape=box];\n");
        for (size_t i = 0; i < def->n_node; i++) {
                const NodeDef *n = def->node[i];
                buf_puts(out, "  ");
                put_quoted(out, n->name, strlen(n->name));
                buf_puts(out, " [tooltip=");
                put_quoted(out, n->op, strlen(n->op));
                buf_puts(out, "];\n");
                for (size_t k = 0; k < n->n_input; k++)
                        put_edge(out, n->input[k], n->name);
        }
        buf_puts(out, "}\n");
}

static Status *write_json(Request *r, const GraphDef *def)
{
        json_t *json = NULL;
        Writer w = writer(&r->reply.body);
        TRY(proto_json_print(&def->base, PROTO_JSON_DEFAULT, &json));
        writer_json(&w, json);
        json_decref(json);
        return NULL;
}

static Status *not_acceptable(Request *r)
{
        request_set_problem(
                r,
                invalid_argument("A graph can be had as application/json, application/x-protobuf, "
                                 "text/plain or text/vnd.graphviz."),
                406, "Not Acceptable", NULL);
        return NULL;
}

/* By Accept: JSON, binary, text or dot. */
Status *graph_write(Request *r, const Graph *g, bool with_shapes)
{
        static const char *const types[] = { TYPE_JSON,  TYPE_PROTO, "application/protobuf",
                                             TYPE_BYTES, TYPE_TEXT,  "text/x-protobuf",
                                             TYPE_DOT,   NULL };
        GraphDef *def;
        int form = request_accepts(r, types);
        if (form < 0)
                return not_acceptable(r);
        TRY(graph_to_def(g, r->arena, with_shapes, &def));
        r->reply.type = types[form];
        if (form == 0)
                return write_json(r, def);
        if (form <= 3)
                return proto_pack(&def->base, &r->reply.body);
        if (form <= 5)
                return proto_text_print(&def->base, &r->reply.body);
        write_dot(def, &r->reply.body);
        return NULL;
}
