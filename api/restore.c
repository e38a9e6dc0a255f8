// SPDX-License-Identifier: Apache-2.0
#include "api/restore.h"

#include "api/graph_arg.h"
#include "proto/json.h"
#include <jansson.h>
#include <string.h>

/* What a session of this graph had that is gone with the process. */
static unsigned volatile_state(const Graph *g)
{
        static const char *const variables[] = { "Variable", "VariableV2", "VarHandleOp",
                                                 "_VarHandlesOp" };
        unsigned lost = 0;
        for (int i = 0; i < graph_count(g); i++) {
                const char *op = graph_node(g, i)->def->op;
                for (size_t k = 0; k < COUNTOF(variables); k++)
                        if (strcmp(op, variables[k]) == 0)
                                lost |= LOST_VARIABLES;
                const char *queue = strstr(op, "Queue");
                if (queue && (strcmp(queue, "Queue") == 0 || strcmp(queue, "QueueV2") == 0))
                        lost |= LOST_QUEUES;
        }
        return lost;
}

static Status *note_state(void *arg, const Graph *g)
{
        *(unsigned *)arg |= volatile_state(g);
        return NULL;
}

/* For the graph to keep, so that it is not in memory twice. */
static Status *take_bytes(const SessionGraph *v, Buf *ret)
{
        void *data;
        size_t n;
        TRY(store_version_take(v, &data, &n));
        *ret = (Buf){ .data = data, .len = n, .cap = n, .max = n };
        return NULL;
}

/* The model of bytes; sessions made from the same ones share it. */
static Status *model_of_bytes(Context *c, const SessionGraph *v, const char *const *tags,
                              Model **ret)
{
        *ret = tags ? NULL : graph_cache_get(c->graphs, v->digest);
        if (*ret)
                return NULL;
        autobuf bytes = BUF(0);
        TRY(take_bytes(v, &bytes));
        ModelSource src = { .bytes = bytes.data, .n = bytes.len, .take = &bytes, .tags = tags };
        TRY(model_load(c->engine, &src, ret));
        if (!tags)
                graph_cache_put(c->graphs, v->digest, *ret);
        return NULL;
}

/* The first version's model. A SavedModel whose folder is gone leaves its graph: *ret_why says so.
 */
static Status *first_model(Context *c, const SessionGraph *v, Model **ret, Status **ret_why)
{
        autoptr(Arena) arena = NULL;
        GraphArg from = { 0 };
        if (!*v->origin)
                return model_of_bytes(c, v, NULL, ret);
        TRY(arena_new(LIMIT_ARENA, &arena));
        TRY(graph_arg_origin(arena, (JsonSpan){ v->origin, strlen(v->origin) }, &from));
        if (!from.path)
                return model_of_bytes(c, v, from.tags, ret);
        ModelSource src = { .path = from.path, .tags = from.tags };
        *ret_why = model_load(c->engine, &src, ret);
        return *ret_why ? model_of_bytes(c, v, NULL, ret) : NULL;
}

static Status *extend(Session *session, const SessionGraph *v)
{
        autoptr(GraphSource) src = NULL;
        autobuf bytes = BUF(0);
        ExtendResult result;
        TRY(take_bytes(v, &bytes));
        TRY(graph_source_take(&bytes, NULL, NULL, &src));
        return session_extend(session, src, false, &result);
}

/* Stored by us, but files get damaged. */
static Status *parse_config(const char *text, Arena *arena, ConfigProto **ret)
{
        json_t *json = json_loads(text, 0, NULL);
        ProtobufCMessage *m = NULL;
        Status *s = json_is_object(json) ? proto_json_parse(&tensorflow__config_proto__descriptor,
                                                            json, arena, &m)
                                         : data_loss("a stored config is damaged");
        json_decref(json);
        *ret = (ConfigProto *)m;
        return s;
}

typedef struct Lost {
        Status *graph, *variables; /* why, or NULL */
} Lost;

static void lost_done(Lost *l)
{
        status_free(l->graph);
        status_free(l->variables);
}

/* Creates the session with as much of its graph as can be had. */
static Status *make(Context *c, const SessionRow *row, const SessionGraph *v, int n, Session **ret,
                    Lost *lost)
{
        autoptr(Arena) arena = NULL;
        autoptr(Model) m = NULL;
        ConfigProto *config;
        TRY(arena_new(SIZE_MAX, &arena));
        TRY(parse_config(row->config, arena, &config));
        lost->graph = n ? first_model(c, &v[0], &m, &lost->variables) : NULL;
        SessionOptions o = { .name = row->name,
                             .target = row->target,
                             .container = *row->container ? row->container : NULL,
                             .config = config };
        TRY(m ? model_create_session(m, c->engine, &o, ret)
              : engine_create_session(c->engine, &o, ret));
        if (m && model_needs_start(m))
                lost->variables = model_start_now(m, *ret, LIMIT_START_AGAIN_MS);
        for (int i = 1; i < n && !lost->graph; i++)
                lost->graph = extend(*ret, &v[i]);
        return NULL;
}

/* A session whose graph cannot be loaded is there all the same, and says why. No memory is another
 * matter: the start fails rather than lose sessions. */
static Status *restore_active(Context *c, SessionRec *rec, const SessionRow *row,
                              const SessionGraph *v, int n)
{
        autoptr(Session) session = NULL;
        __attribute__((cleanup(lost_done))) Lost lost = { 0 };
        rec->restored_us = clock_wall_us();
        Status *s = make(c, row, v, n, &session, &lost);
        if (status_code(s) == SR_RESOURCE_EXHAUSTED)
                return s;
        if (s)
                lost.graph = s;
        const Status *why = lost.graph ? lost.graph : lost.variables;
        if (lost.graph)
                rec->lost |= LOST_GRAPH;
        if (why)
                rec->lost_why = mem_strdup(status_message(why));
        if (!session)
                return NULL;
        TRY(session_read_graph(session, note_state, &rec->lost));
        if (session_model(session) && model_needs_start(session_model(session)) && !lost.variables)
                rec->lost &= ~(unsigned)LOST_VARIABLES; /* as the model has them */
        return NULL;
}

static Status *restore_one(const SessionRow *row, const SessionGraph *v, int n, void *arg)
{
        Context *c = arg;
        autoptr(SessionRec) rec = NULL;
        TRY(session_rec_new(row, &rec));
        if (row->state == SESSION_ACTIVE)
                TRY(restore_active(c, rec, row, v, n));
        return session_table_add(c->sessions, rec);
}

/* One that cannot be read any more is left out, and its session says so. */
static Status *restore_callable(const CallableRow *row, void *arg)
{
        Context *c = arg;
        autoptr(SessionRec) rec = session_table_get(c->sessions, row->session);
        autoptr(Callable) callable = NULL;
        if (!rec)
                return NULL;
        Status *s = callable_new(row->name, (JsonSpan){ row->spec, strlen(row->spec) },
                                 row->created_us, &callable);
        if (!s)
                s = callables_add(&rec->callables, callable, 0);
        if (status_code(s) == SR_RESOURCE_EXHAUSTED)
                return s;
        if (s)
                rec->lost |= LOST_CALLABLES;
        status_free(s);
        return NULL;
}

Status *restore_sessions(Context *c)
{
        TRY(store_restore(c->store, restore_one, c));
        return store_each_callable(c->store, restore_callable, c);
}
