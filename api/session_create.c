// SPDX-License-Identifier: Apache-2.0
/* POST /v1/sessions: what is asked for, the graph or model, the session made ready, committed and
 * answered. */
#include "api/graph_arg.h"
#include "api/handlers.h"
#include "api/proto_body.h"
#include "api/python_type.h"
#include "api/session_json.h"
#include "proto/json.h"
#include "proto/wire.h"
#include "tensorflow/core/protobuf/config.pb-c.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

typedef enum IfExists { EXISTS_FAIL, EXISTS_REUSE } IfExists;

/* What a create asks for. */
typedef struct Spec {
        SessionRow row;
        const ConfigProto *config;
        GraphArg graph;
        Graph *made;  /* owned; of the request's own graph */
        Model *model; /* owned; of a stored graph or a SavedModel */
        Buf packed;   /* a SavedModel's graph, for the store */
        StoreBlob blob;
        Session *session; /* owned */
        char digest[STORE_DIGEST_SIZE];
        IfExists if_exists;
        char generated[32];
} Spec;

static void spec_done(Spec *s)
{
        graph_arg_done(&s->graph);
        graph_unref(s->made);
        model_unref(s->model);
        session_unref(s->session);
        buf_done(&s->packed);
}

static Status *bad_name(const char *what, const char *name)
{
        Status *s = invalid_argument("%s must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}, got: %.140s",
                                     what, name);
        status_set_pointer(s, "/name");
        return s;
}

static Status *random_name(Spec *s)
{
        uint32_t id[2];
        if (getrandom(id, sizeof id, 0) != sizeof id)
                return unavailable("no random numbers");
        snprintf(s->generated, sizeof s->generated, "session-%08x%04x", id[0], id[1] & 0xffff);
        s->row.name = s->generated;
        return NULL;
}

static Status *take_name(Request *r, JsonSpan v, Spec *s)
{
        if (!v.at || scan_kind(v) == 'n')
                return random_name(s);
        TRY(member_string(r->arena, v, "/name", &s->row.name));
        return router_name_valid(s->row.name) ? NULL : bad_name("A session's name", s->row.name);
}

/* JSON text of a value, compact, in the arena. */
static Status *compact(Request *r, const json_t *json, const char **ret)
{
        autobuf text = BUF(LIMIT_ANSWER);
        Writer w = writer(&text);
        writer_json(&w, json);
        TRY(buf_status(&text));
        *ret = arena_strdup(r->arena, buf_cstr(&text));
        return *ret ? NULL : status_oom();
}

/* Takes json over. */
static Status *keep_config(Request *r, json_t *json, Spec *s)
{
        ProtobufCMessage *m = NULL;
        Status *e = proto_json_parse(&tensorflow__config_proto__descriptor, json, r->arena, &m);
        if (!e)
                e = compact(r, json, &s->row.config);
        json_decref(json);
        s->config = (const ConfigProto *)m;
        return e;
}

static Status *take_config(Request *r, JsonSpan v, Spec *s)
{
        json_t *json = NULL;
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        Status *e = scan_envelope(v, &json);
        if (!e && !json_is_object(json)) {
                json_decref(json);
                e = invalid_argument("config must be a tf.ConfigProto, but got <class '%s'>",
                                     python_type(v));
                status_set_exception(e, "TypeError");
        } else if (!e) {
                e = keep_config(r, json, s);
        }
        return e ? pointer_prefix(e, "/config") : NULL;
}

static Status *check_labels(const json_t *labels)
{
        const char *key;
        json_t *value;
        if (!json_is_object(labels) || json_object_size(labels) > LIMIT_LABELS)
                return invalid_argument("labels must be an object of at most %d members.",
                                        LIMIT_LABELS);
        json_object_foreach ((json_t *)labels, key, value)
                if (!json_is_string(value) || !*key || strlen(key) > LIMIT_NAME)
                        return invalid_argument(
                                "A label is a string under a key of 1 to %d bytes: %.140s",
                                LIMIT_NAME, key);
        return NULL;
}

static Status *take_labels(Request *r, JsonSpan v, Spec *s)
{
        json_t *json = NULL;
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        Status *e = scan_envelope(v, &json);
        if (!e)
                e = check_labels(json);
        if (!e)
                e = compact(r, json, &s->row.labels);
        json_decref(json);
        return e ? pointer_prefix(e, "/labels") : NULL;
}

static Status *take_if_exists(Request *r, JsonSpan v, Spec *s)
{
        const char *word = "fail";
        if (v.at)
                TRY(member_string(r->arena, v, "/if_exists", &word));
        s->if_exists = strcmp(word, "reuse") == 0 ? EXISTS_REUSE : EXISTS_FAIL;
        if (s->if_exists == EXISTS_REUSE || strcmp(word, "fail") == 0)
                return NULL;
        Status *e = invalid_argument("if_exists must be \"fail\" or \"reuse\", got: %.40s", word);
        status_set_pointer(e, "/if_exists");
        return e;
}

static Status *take_target(Request *r, JsonSpan v, Spec *s)
{
        if (!v.at)
                return NULL;
        if (scan_kind(v) != '"') {
                Status *e = invalid_argument("target must be a string, but got %.*s",
                                             (int)MIN(v.len, (size_t)80), v.at);
                status_set_exception(e, "TypeError");
                return pointer_prefix(e, "/target");
        }
        return member_string(r->arena, v, "/target", &s->row.target);
}

static Status *take_small(Request *r, const JsonObject *o, Spec *s)
{
        JsonSpan container = scan_get(o, "container"), durable = scan_get(o, "durable"),
                 ttl = scan_get(o, "idle_ttl");
        double seconds = 0;
        if (container.at)
                TRY(member_string(r->arena, container, "/container", &s->row.container));
        if (durable.at)
                TRY(member_bool(durable, "/durable", &s->row.durable));
        if (ttl.at && scan_kind(ttl) != 'n')
                TRY(member_number(ttl, "/idle_ttl", 0, 3e9, &seconds));
        s->row.idle_ttl_s = (int64_t)ceil(seconds);
        return NULL;
}

static Status *read_spec(Request *r, Spec *s)
{
        static const char *const members[] = { "name",      "graph",  "config",  "target",
                                               "container", "labels", "durable", "idle_ttl",
                                               "if_exists", NULL };
        JsonObject o;
        s->row = (SessionRow){ .target = "", .container = "", .config = "{}", .labels = "{}" };
        TRY(request_object(r, &o));
        TRY(scan_only(&o, members));
        TRY(take_name(r, scan_get(&o, "name"), s));
        TRY(take_target(r, scan_get(&o, "target"), s));
        TRY(take_config(r, scan_get(&o, "config"), s));
        TRY(take_labels(r, scan_get(&o, "labels"), s));
        TRY(take_if_exists(r, scan_get(&o, "if_exists"), s));
        TRY(take_small(r, &o, s));
        TRY(graph_arg_parse(r, scan_get(&o, "graph"), "/graph", &s->graph));
        return graph_arg_script(&s->graph, NULL);
}

/* The same of a CreateSessionRequest; the session gets a name, which is its handle. */
static Status *read_message(Request *r, Spec *s)
{
        autoptr(Arena) arena = NULL;
        const Tensorflow__CreateSessionRequest *m;
        json_t *config = NULL;
        s->row = (SessionRow){ .container = "", .config = "{}", .labels = "{}" };
        TRY(proto_body_read(r, &tensorflow__create_session_request__descriptor, &arena, &m));
        TRY(random_name(s));
        if (!(s->row.target = arena_strdup(r->arena, m->target)))
                return status_oom();
        if (m->config) {
                TRY(proto_json_print(&m->config->base, PROTO_JSON_DEFAULT, &config));
                TRY(keep_config(r, config, s));
        }
        return m->graph_def ? graph_arg_def(m->graph_def, &s->graph) : NULL;
}

static Status *load_stored(Request *r, Spec *s)
{
        Status *e = router_name_valid(s->graph.name)
                            ? NULL
                            : not_found("Graph not found: %.140s", s->graph.name);
        if (!e)
                e = graph_load(r->context, s->graph.name, s->graph.tags, &s->model, s->digest);
        s->row.graph = s->graph.name;
        s->blob = (StoreBlob){ .digest = s->digest, .origin = s->graph.origin };
        return e ? pointer_prefix(e, "/graph") : NULL;
}

/* The store keeps the graph, too, in case that the folder is gone one day. */
static Status *load_path(Request *r, Spec *s)
{
        ModelSource src = { .path = s->graph.path, .tags = s->graph.tags };
        GraphDef *def;
        Status *e = model_load(r->context->engine, &src, &s->model);
        if (e)
                return pointer_prefix(e, "/graph/saved_model");
        s->packed = BUF(LIMIT_ANSWER);
        TRY(graph_to_def(model_graph(s->model), r->arena, false, &def));
        TRY(proto_pack(&def->base, &s->packed));
        s->blob = (StoreBlob){ .data = s->packed.data ? s->packed.data : "",
                               .n = s->packed.len,
                               .origin = s->graph.origin };
        return NULL;
}

/* A MetaGraph stays whole: the session may be asked for its collections. */
static Status *load_meta(Request *r, Spec *s)
{
        Buf *packed = &s->graph.packed;
        buf_reset(packed);
        TRY(proto_pack(&s->graph.source->meta->base, packed));
        TRY(buf_status(packed));
        ModelSource src = { .bytes = packed->data, .n = packed->len, .format = "meta_graph_def" };
        s->blob = (StoreBlob){ .data = packed->data, .n = packed->len };
        return model_load(r->context->engine, &src, &s->model);
}

/* The graph that the session starts with, and its bytes for the store (blob). */
static Status *make_graph(Request *r, Spec *s)
{
        if (s->graph.name)
                return load_stored(r, s);
        if (s->graph.path)
                return load_path(r, s);
        if (s->graph.source && s->graph.source->meta)
                return load_meta(r, s);
        if (s->graph.source && s->graph.packed.len) {
                int first;
                TRY(graph_new(&s->made));
                TRY(graph_extend(s->made, s->graph.source, false, &first));
                s->blob = (StoreBlob){ .data = s->graph.packed.data, .n = s->graph.packed.len };
        }
        return NULL;
}

/* A SavedModel names the devices that it was exported on. Who says nothing about the config gets it
 * placed softly, as TensorFlow Serving does. */
static Status *place_softly(Request *r, Spec *s)
{
        bool saved =
                s->model && !strncmp(model_format(s->model), "saved_model", strlen("saved_model"));
        if (!saved || s->config)
                return NULL;
        json_t *config = json_pack("{s:b}", "allow_soft_placement", 1);
        return config ? keep_config(r, config, s) : status_oom();
}

static void nothing(void *arg UNUSED) {}

/* The engine takes the name first. */
static Status *enter(Request *r, Spec *s)
{
        Engine *e = r->context->engine;
        SessionOptions o = { .name = s->row.name,
                             .target = s->row.target,
                             .container = *s->row.container ? s->row.container : NULL,
                             .config = s->config,
                             .graph = s->made };
        return s->model ? model_create_session(s->model, e, &o, &s->session)
                        : engine_create_session(e, &o, &s->session);
}

static void leave(Request *r, Spec *s)
{
        session_close(s->session, nothing, NULL);
        status_free(engine_forget(r->context->engine, s->row.name));
}

static Status *answer_created(Request *r, const Spec *s, SessionRec *rec)
{
        Tensorflow__CreateSessionResponse m = TENSORFLOW__CREATE_SESSION_RESPONSE__INIT;
        r->reply.status = 201;
        snprintf(r->reply.location, sizeof r->reply.location, "/v1/sessions/%s", s->row.name);
        if (r->content_type != CONTENT_PROTO) {
                session_reply(r, rec);
                return NULL;
        }
        m.session_handle = (char *)s->row.name;
        m.graph_version = s->made ? graph_version(s->made) : 0;
        return proto_body_answer(r, &m.base);
}

/* The session is ready: commits and answers. */
static Status *commit(Request *r, Spec *s)
{
        Context *c = r->context;
        autoptr(SessionRec) rec = NULL;
        bool has_graph = s->blob.digest || s->blob.data;
        s->row.created_us = clock_wall_us();
        s->row.state = SESSION_ACTIVE;
        TRY(session_rec_new(&s->row, &rec));
        TRY(store_create_session(c->store, &s->row, has_graph ? &s->blob : NULL));
        Status *e = session_table_add(c->sessions, rec);
        if (e) {
                status_free(store_delete_session(c->store, s->row.name));
                return e;
        }
        return answer_created(r, s, rec);
}

/* ---- in two parts: restoring a model's variables takes steps, and holds no thread ---- */

typedef struct Create {
        Request *request;
        Spec spec;
        Status *started; /* why the model could not be made ready, or NULL */
} Create;

static void create_done(Create *x, Status *e)
{
        Request *r = x->request;
        spec_done(&x->spec);
        mem_free(x);
        if (e)
                request_fail(r, e);
        else
                request_answer(r);
}

static void finish(Request *r)
{
        Create *x = r->handler_data;
        Status *e = steal(&x->started);
        if (!e)
                e = commit(r, &x->spec);
        if (e)
                leave(r, &x->spec);
        create_done(x, e);
}

static void started(void *arg, Status *s)
{
        Create *x = arg;
        x->started = s;
        request_on_worker(x->request, finish);
}

/* *ret_done: answered already. */
static Status *begin(Request *r, Spec *s, bool *ret_done)
{
        TRY(r->content_type == CONTENT_PROTO ? read_message(r, s) : read_spec(r, s));
        autoptr(SessionRec) rec = session_table_get(r->context->sessions, s->row.name);
        *ret_done = rec && s->if_exists == EXISTS_REUSE && !rec->closed_us;
        if (*ret_done) {
                session_reply(r, rec);
                return NULL;
        }
        if (rec) {
                Status *e = already_exists("Session already exists: %s", s->row.name);
                status_set_pointer(e, "/name");
                return e;
        }
        TRY(make_graph(r, s));
        TRY(place_softly(r, s));
        return enter(r, s);
}

Status *sessions_create(Request *r)
{
        bool done = false;
        Create *x = mem_calloc(1, sizeof *x);
        if (!x)
                return status_oom();
        x->request = r;
        r->handler_data = x;
        Status *e = begin(r, &x->spec, &done);
        if (e || done)
                create_done(x, e);
        else if (x->spec.model)
                model_start(x->spec.model, x->spec.session, LIMIT_START_MS, started, x);
        else
                finish(r);
        return NULL;
}
