// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/queue_runners: the server fills queues by their enqueue ops, as
 * tf.train.start_queue_runners() has threads do. */
#include "api/handlers.h"
#include "api/json_status.h"
#include "proto/json.h"
#include <stdio.h>

/* ---- telling ---- */

static void write_texts(Writer *w, const char *key, char *const *texts, size_t n)
{
        writer_key(w, key);
        writer_open(w, '[');
        for (size_t i = 0; i < n; i++)
                writer_string(w, texts[i]);
        writer_close(w, ']');
}

/* The definition with its defaults filled in. */
static void write_def(Writer *w, const QueueRunnerDef *d)
{
        writer_member_string(w, "queue_name", d->queue_name);
        write_texts(w, "enqueue_op_name", d->enqueue_op_name, d->n_enqueue_op_name);
        writer_member_string(w, "close_op_name", d->close_op_name);
        writer_member_string(w, "cancel_op_name", d->cancel_op_name);
        writer_key(w, "queue_closed_exception_types");
        writer_open(w, '[');
        for (size_t i = 0; i < d->n_queue_closed_exception_types; i++)
                writer_string(w, status_code_name((StatusCode)d->queue_closed_exception_types[i]));
        if (!d->n_queue_closed_exception_types)
                writer_string(w, status_code_name(SR_OUT_OF_RANGE));
        writer_close(w, ']');
}

/* Under the coordinator's lock, so it only writes. */
static Status *write_runner(void *arg, const QueueRunnerInfo *i)
{
        static const char *const states[] = { "running", "closed", "stopped", "failed" };
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_int(w, "id", i->id);
        writer_member_string(w, "state", states[i->state]);
        write_def(w, i->def);
        writer_key(w, "steps_done");
        writer_open(w, '[');
        for (size_t k = 0; k < i->def->n_enqueue_op_name; k++)
                writer_int(w, i->steps[k]);
        writer_close(w, ']');
        writer_member_int(w, "running", i->live);
        writer_member_time(w, "started_at", i->started_us);
        writer_member_time(w, "ended_at", i->ended_us);
        writer_key(w, "exceptions_raised");
        writer_open(w, '[');
        for (int k = 0; k < i->n_errors; k++)
                json_status_value(i->errors[k], w);
        writer_close(w, ']');
        writer_close(w, '}');
        return NULL;
}

static void open_list(Request *r, Writer *w)
{
        *w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(w, '{');
        writer_key(w, "queue_runners");
        writer_open(w, '[');
}

static void close_list(Writer *w)
{
        writer_close(w, ']');
        writer_close(w, '}');
}

/* ---- starting ---- */

typedef struct Defs {
        const QueueRunnerDef **items;
        size_t n;
        bool given; /* in the body, so that errors have a place there */
} Defs;

/* A QueueRunnerDef in protobuf's JSON. */
static Status *read_def(Request *r, JsonSpan v, const QueueRunnerDef **ret)
{
        json_t *json = NULL;
        ProtobufCMessage *m = NULL;
        TRY(scan_envelope(v, &json));
        Status *s = json_is_object(json)
                            ? proto_json_parse(&tensorflow__queue_runner_def__descriptor, json,
                                               r->arena, &m)
                            : invalid_argument("A queue runner is an object: a QueueRunnerDef.");
        json_decref(json);
        *ret = (const QueueRunnerDef *)m;
        return s;
}

static Status *at(Request *r, Status *s, size_t i)
{
        const char *p = arena_printf(r->arena, "/queue_runners/%zu", i);
        return s ? pointer_prefix(s, p ? p : "/queue_runners") : NULL;
}

/* A list of them; errors point to the element. */
static Status *read_defs(Request *r, JsonSpan v, Defs *ret)
{
        JsonArray a;
        Status *s = scan_array(r->arena, v, &a);
        if (s)
                return pointer_prefix(s, "/queue_runners");
        ret->items = arena_calloc(r->arena, a.n + 1, sizeof *ret->items);
        if (!ret->items)
                return status_oom();
        ret->given = true;
        for (; ret->n < a.n; ret->n++)
                TRY(at(r, read_def(r, a.items[ret->n], &ret->items[ret->n]), ret->n));
        return NULL;
}

/* Given, or those of a collection of the MetaGraph. */
static Status *read_body(Request *r, Session *session, Defs *ret)
{
        static const char *const known[] = { "queue_runners", "collection", NULL };
        const char *key = "queue_runners";
        JsonObject o;
        TRY(request_object(r, &o));
        TRY(scan_only(&o, known));
        JsonSpan given = scan_get(&o, "queue_runners"), collection = scan_get(&o, "collection");
        if (given.at && collection.at)
                return invalid_argument("Queue runners are given, or taken from a collection.");
        if (given.at)
                return read_defs(r, given, ret);
        if (collection.at)
                TRY(member_string(r->arena, collection, "/collection", &key));
        return model_queue_runners(session_model(session), key, r->arena, &ret->items, &ret->n);
}

/* All are looked at before the first one starts. */
static Status *start(Request *r, Session *session, const Defs *d)
{
        Writer w;
        for (size_t i = 0; i < d->n; i++) {
                Status *s = session_queue_runner_check(session, d->items[i]);
                if (s)
                        return d->given ? at(r, s, i) : s;
        }
        open_list(r, &w);
        for (size_t i = 0; i < d->n; i++) {
                int64_t id;
                TRY(session_queue_runner_start(session, d->items[i], &id));
                TRY(session_get_queue_runner(session, id, write_runner, &w));
        }
        close_list(&w);
        return NULL;
}

/* POST .../queue_runners. */
Status *queue_runners_start(Request *r)
{
        autoptr(Session) session = NULL;
        Defs defs = { 0 };
        TRY(session_use(r->context, r->args[0], &session));
        TRY(read_body(r, session, &defs));
        TRY(start(r, session, &defs));
        r->reply.status = 201;
        snprintf(r->reply.location, sizeof r->reply.location, "/v1/sessions/%s/queue_runners",
                 session_name(session));
        return NULL;
}

/* ---- looking, stopping ---- */

Status *queue_runners_list(Request *r)
{
        autoptr(Session) session = NULL;
        Writer w;
        TRY(session_use(r->context, r->args[0], &session));
        open_list(r, &w);
        TRY(session_each_queue_runner(session, write_runner, &w));
        close_list(&w);
        return NULL;
}

/* GET or stop of one runner. */
static Status *one(Request *r, bool stop)
{
        autoptr(Session) session = NULL;
        int64_t id;
        Writer w = writer(&r->reply.body);
        TRY(request_number(r, 1, "queue runner", &id));
        TRY(session_use(r->context, r->args[0], &session));
        if (stop)
                TRY(session_stop_queue_runner(session, id));
        r->reply.type = TYPE_JSON;
        return session_get_queue_runner(session, id, write_runner, &w);
}

Status *queue_runners_get(Request *r)
{
        return one(r, false);
}

Status *queue_runners_stop(Request *r)
{
        return one(r, true);
}
