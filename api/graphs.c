// SPDX-License-Identifier: Apache-2.0
/* /v1/graphs: graphs stored by name, to make sessions from. */
#include "api/graph_write.h"
#include "api/handlers.h"
#include "api/signature_json.h"
#include "proto/wire.h"
#include <stdio.h>
#include <string.h>

static Status *check_name(Request *r)
{
        if (router_name_valid(r->args[0]))
                return NULL;
        return invalid_argument(
                "A graph's name must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}, got: %.140s",
                r->args[0]);
}

/* What ?format= or Content-Type says about the bytes; NULL: look at them. */
static Status *format_of(Request *r, const char **ret)
{
        TRY(request_query(r, "format", ret));
        if (!*ret && r->content_type == CONTENT_JSON)
                *ret = "graph_def_json";
        if (!*ret && r->content_type == CONTENT_SCRIPT)
                *ret = "script";
        return NULL;
}

typedef struct Put {
        Request *request;
        GraphRow row; /* what is to be stored */
        Model *model;
        Buf packed;      /* of a script: the GraphDef that is stored in its place */
        StoreBlob bytes; /* what is stored */
        char digest[STORE_DIGEST_SIZE];
        Status *problem; /* an op that is not here: stored, but no session can be made of it */
} Put;

/* What to read and to store: a script is stored as what it means today. */
static Status *settle(Request *r, Put *p, ModelSource *ret)
{
        autoptr(GraphSource) script = NULL;
        TRY(format_of(r, &ret->format));
        p->bytes = (StoreBlob){ .n = r->body.len, .ret_digest = p->digest };
        p->bytes.data = r->body.data ? r->body.data : ""; /* an empty GraphDef is one, too */
        p->bytes.incoming = &r->incoming;
        if (ret->format && strcmp(ret->format, "script") == 0) {
                TRY(script_parse(p->bytes.data, r->body.len, NULL, &script));
                p->packed = BUF(LIMIT_ANSWER);
                TRY(proto_pack(&script->graph_def->base, &p->packed));
                p->bytes.data = p->packed.data;
                p->bytes.n = p->packed.len;
                p->bytes.incoming = NULL;
                ret->format = "graph_def";
        }
        ret->bytes = p->bytes.data;
        ret->n = p->bytes.n;
        return NULL;
}

/* Parses and checks. A graph with an unknown op may be stored (it may run in the next release);
 * everything else that is wrong with it is an error now. */
static Status *check_graph(Put *p, const ModelSource *src)
{
        TRY(model_inspect(p->request->context->engine, src, &p->model, &p->problem));
        p->row.format = model_format(p->model);
        p->row.nodes = (int64_t)model_nodes(p->model);
        return NULL;
}

/* Big bytes are on the disk by now, so that the model may have those that came: a graph is in
 * memory once. */
static Status *check_stored(void *arg, bool spare)
{
        Put *p = arg;
        Buf *body = &p->request->body;
        ModelSource src = { .bytes = body->data, .n = body->len, .take = spare ? body : NULL };
        TRY(format_of(p->request, &src.format));
        return check_graph(p, &src);
}

/* m and problem may be NULL. */
static void write_graph(Writer *w, const GraphRow *row, const Model *m, const Status *problem)
{
        writer_open(w, '{');
        writer_member_string(w, "name", row->name);
        writer_member_string(w, "format", row->format);
        writer_member_int(w, "nodes", row->nodes);
        writer_member_int(w, "bytes", row->bytes);
        writer_member_string(w, "digest", row->digest);
        writer_member_time(w, "created_at", row->created_us);
        if (problem) {
                writer_key(w, "warnings");
                writer_open(w, '[');
                writer_string(w, status_message(problem));
                writer_close(w, ']');
        }
        if (m && model_meta(m))
                signatures_write(w, model_meta(m));
        writer_close(w, '}');
}

/* Only graphs that can be read get a name; small ones are looked at before the disk hears of them.
 */
static Status *check_and_store(Put *p, bool replace, GraphPut *ret)
{
        enum { BIG = 4 << 20 };
        ModelSource src = { 0 };
        TRY(settle(p->request, p, &src));
        if (p->bytes.n < BIG || p->packed.data) {
                TRY(check_graph(p, &src));
        } else {
                p->bytes.checked = check_stored;
                p->bytes.arg = p;
        }
        return store_put_graph(p->request->context->store, &p->row, &p->bytes, replace, ret);
}

static Status *put(Request *r, Put *p, bool replace)
{
        GraphPut outcome;
        autoptr(GraphRow) row = NULL;
        Context *c = r->context;
        p->row = (GraphRow){ .name = r->args[0], .created_us = clock_wall_us() };
        TRY(check_and_store(p, replace, &outcome));
        TRY(store_get_graph(c->store, r->args[0], &row, NULL));
        if (!p->problem)
                graph_cache_put(c->graphs, p->digest, p->model);
        r->reply.type = TYPE_JSON;
        r->reply.status = outcome == GRAPH_CREATED ? 201 : 200;
        if (outcome == GRAPH_CREATED)
                snprintf(r->reply.location, sizeof r->reply.location, "/v1/graphs/%s", r->args[0]);
        Writer w = writer(&r->reply.body);
        write_graph(&w, row, p->model, p->problem);
        return NULL;
}

/* PUT /v1/graphs/{graph}. */
Status *graphs_put(Request *r)
{
        static const char *const known[] = { "replace", "format", NULL };
        bool replace;
        Put p = { .request = r };
        TRY(check_name(r));
        TRY(request_query_only(r, known));
        TRY(request_query_bool(r, "replace", &replace));
        if (r->content_type == CONTENT_MULTIPART) {
                request_set_problem(r, invalid_argument("A graph is the body itself, not a form."),
                                    415, "Unsupported Media Type", NULL);
                return NULL;
        }
        Status *s = put(r, &p, replace);
        model_unref(p.model);
        status_free(p.problem);
        buf_done(&p.packed);
        return s;
}

typedef struct List {
        Request *request;
        Writer writer;
        int64_t left;
        const char *last, *next; /* in the arena */
} List;

/* One more than the page is asked for, to know whether there is a next one. */
static Status *list_one(const GraphRow *row, void *arg)
{
        List *l = arg;
        if (l->left-- == 0) {
                l->next = l->last;
                return NULL;
        }
        write_graph(&l->writer, row, NULL, NULL);
        l->last = arena_strdup(l->request->arena, row->name);
        return l->last ? NULL : status_oom();
}

/* GET /v1/graphs. */
Status *graphs_list(Request *r)
{
        static const char *const known[] = { "page_size", "page_token", NULL };
        const char *after;
        List l = { .request = r, .writer = writer(&r->reply.body) };
        TRY(request_query_only(r, known));
        TRY(request_query(r, "page_token", &after));
        TRY(request_query_int(r, "page_size", 1, LIMIT_PAGE, LIMIT_PAGE_DEFAULT, &l.left));
        r->reply.type = TYPE_JSON;
        writer_open(&l.writer, '{');
        writer_key(&l.writer, "graphs");
        writer_open(&l.writer, '[');
        TRY(store_each_graph(r->context->store, after, l.left + 1, list_one, &l));
        writer_close(&l.writer, ']');
        writer_member_string(&l.writer, "next_page_token", l.next);
        writer_close(&l.writer, '}');
        return NULL;
}

Status *graphs_get(Request *r)
{
        autoptr(Model) m = NULL;
        char digest[STORE_DIGEST_SIZE];
        TRY(graph_load(r->context, r->args[0], NULL, &m, digest));
        snprintf(r->reply.etag, sizeof r->reply.etag, "\"%s\"", digest);
        return graph_write(r, model_graph(m), false);
}

/* GET /v1/graphs/{graph}/signatures. */
Status *graphs_signatures(Request *r)
{
        autoptr(Model) m = NULL;
        char digest[STORE_DIGEST_SIZE];
        TRY(graph_load(r->context, r->args[0], NULL, &m, digest));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        signatures_write(&w, model_meta(m));
        writer_close(&w, '}');
        return NULL;
}

Status *graphs_delete(Request *r)
{
        Status *s = store_delete_graph(r->context->store, r->args[0]);
        if (status_code(s) == SR_NOT_FOUND) {
                status_free(s);
                return graph_missing(r->context, r->args[0]);
        }
        r->reply.status = s ? r->reply.status : 204;
        return s;
}
