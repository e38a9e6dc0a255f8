// SPDX-License-Identifier: Apache-2.0
#include "api/graph_arg.h"

#include "api/python_type.h"
#include "engine/base/base64.h"
#include "proto/wire.h"
#include <string.h>

static const char *const members[] = { "graph_def",   "graph_def_b64", "graph_def_text",
                                       "saved_model", "script",        NULL };

void graph_arg_done(GraphArg *g)
{
        graph_source_free(g->source);
        buf_done(&g->packed);
}

/* A binary GraphDef within JSON. */
static Status *from_b64(Request *r, JsonSpan v, GraphSource **ret)
{
        const char *text;
        TRY(member_string(r->arena, v, "", &text));
        size_t len = strlen(text), n;
        autofree char *bytes = mem_alloc(BASE64_BYTES(len));
        if (!bytes)
                return status_oom();
        if (!base64_decode(text, len, bytes, &n))
                return invalid_argument("Not base64.");
        return graph_source_parse(bytes, n, NULL, NULL, ret);
}

static Status *from_text(Request *r, JsonSpan v, GraphSource **ret)
{
        const char *text;
        TRY(member_string(r->arena, v, "", &text));
        return graph_source_parse(text, strlen(text), "graph_def_text", NULL, ret);
}

/* An empty list asks for the MetaGraph without tags. */
static Status *read_tags(Arena *a, JsonSpan v, const char *const **ret)
{
        JsonArray list;
        TRY(scan_array(a, v, &list));
        const char **tags = arena_calloc(a, list.n + 1, sizeof *tags);
        if (!tags)
                return status_oom();
        for (size_t i = 0; i < list.n; i++)
                TRY(member_string(a, list.items[i], "/tags", &tags[i]));
        *ret = tags;
        return NULL;
}

/* The text is kept: it is what restores the session after a restart. */
Status *graph_arg_origin(Arena *a, JsonSpan value, GraphArg *ret)
{
        static const char *const known[] = { "path", "graph", "tags", NULL };
        JsonObject o;
        TRY(scan_object(a, value, &o));
        TRY(scan_only(&o, known));
        JsonSpan path = scan_get(&o, "path"), graph = scan_get(&o, "graph"),
                 tags = scan_get(&o, "tags");
        if (!path.at == !graph.at)
                return invalid_argument("A SavedModel has either a path below a model root or the "
                                        "name of a stored graph.");
        if (path.at)
                TRY(member_string(a, path, "/path", &ret->path));
        else
                TRY(member_string(a, graph, "/graph", &ret->name));
        if (tags.at && scan_kind(tags) != 'n')
                TRY(read_tags(a, tags, &ret->tags));
        ret->origin = arena_printf(a, "%.*s", (int)value.len, value.at);
        return ret->origin ? NULL : status_oom();
}

/* Each form by its own member. */
static Status *from_member(Request *r, const char *key, JsonSpan v, GraphArg *g)
{
        GraphSource **ret = &g->source;
        if (strcmp(key, "graph_def") == 0)
                return graph_source_parse(v.at, v.len, "graph_def_json", NULL, ret);
        if (strcmp(key, "graph_def_b64") == 0)
                return from_b64(r, v, ret);
        if (strcmp(key, "graph_def_text") == 0)
                return from_text(r, v, ret);
        if (strcmp(key, "script") == 0)
                return member_string(r->arena, v, "", &g->script);
        if (strcmp(key, "saved_model") == 0)
                return graph_arg_origin(r->arena, v, g);
        return unimplemented("A graph from %s is not supported yet.", key);
}

static Status *at(Status *s, const char *pointer, const char *key)
{
        s = pointer_prefix(s, key);
        s = pointer_prefix(s, "/");
        return pointer_prefix(s, pointer);
}

static Status *pack(GraphArg *g)
{
        g->packed = BUF(LIMIT_ANSWER);
        return proto_pack(&g->source->graph_def->base, &g->packed);
}

/* Exactly one form. */
Status *graph_arg_members(Request *r, const JsonObject *o, const char *pointer, GraphArg *ret)
{
        Status *unknown = scan_only(o, members);
        if (unknown)
                return pointer_prefix(unknown, pointer);
        for (size_t i = 0; i < o->n; i++) {
                const char *key = o->members[i].key;
                if (ret->source || ret->path || ret->name || ret->script)
                        return at(invalid_argument("A graph is given in one form only."), pointer,
                                  key);
                Status *s = from_member(r, key, o->members[i].value, ret);
                if (s)
                        return at(s, pointer, key);
        }
        ret->pointer = pointer;
        return ret->source ? pack(ret) : NULL;
}

Status *graph_arg_script(GraphArg *g, const Graph *existing)
{
        if (!g->script || g->source)
                return NULL;
        Status *s = script_parse(g->script, strlen(g->script), existing, &g->source);
        return s ? at(s, g->pointer, "script") : pack(g);
}

/* A name of a stored graph, or a graph itself. */
Status *graph_arg_parse(Request *r, JsonSpan value, const char *pointer, GraphArg *ret)
{
        char kind = scan_kind(value);
        if (!value.at || kind == 'n')
                return NULL;
        if (kind == '"') {
                TRY(member_string(r->arena, value, pointer, &ret->name));
                return NULL;
        }
        if (kind == '{') {
                JsonObject o;
                TRY(scan_object(r->arena, value, &o));
                return graph_arg_members(r, &o, pointer, ret);
        }
        Status *s = invalid_argument("graph must be a tf.Graph, but got <class '%s'>",
                                     python_type(value));
        status_set_exception(s, "TypeError");
        status_add_hint(s, "A graph is the name of a stored one, or an object.");
        status_set_pointer(s, "%s", pointer);
        return s;
}

Status *graph_arg_def(const GraphDef *def, GraphArg *ret)
{
        ret->packed = BUF(LIMIT_ANSWER);
        TRY(proto_pack(&def->base, &ret->packed));
        if (!ret->packed.len)
                return NULL;
        return graph_source_parse(ret->packed.data, ret->packed.len, "graph_def", NULL,
                                  &ret->source);
}
