// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/callables: runs saved by name, called with values alone. */
#include "api/callable.h"
#include "api/handlers.h"
#include "api/run.h"
#include <stdio.h>
#include <string.h>

/* ---- making ---- */

/* Names appear in paths, so they follow the rule for all of them. */
static Status *take_name(Request *r, JsonSpan v, const char **ret)
{
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        TRY(member_string(r->arena, v, "/name", ret));
        if (router_name_valid(*ret))
                return NULL;
        Status *s = invalid_argument(
                "A callable's name must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}, got: %.140s", *ret);
        status_set_pointer(s, "/name");
        return s;
}

/* The body without the name is what is stored, and read again at the next start. */
static Status *copy_spec(const JsonObject *o, Buf *spec)
{
        Writer w = writer(spec);
        writer_open(&w, '{');
        for (size_t i = 0; i < o->n; i++) {
                if (strcmp(o->members[i].key, "name") == 0)
                        continue;
                writer_key(&w, o->members[i].key);
                writer_value(&w);
                buf_append(w.out, o->members[i].value.at, o->members[i].value.len);
        }
        writer_close(&w, '}');
        return buf_status(spec);
}

/* Under the record's lock, so that names are taken in the order of the commits. */
static Status *commit(Request *r, SessionRec *rec, Session *session, const char *name,
                      JsonSpan spec, Callable **ret)
{
        Store *store = r->context->store;
        autoptr(Callable) c = NULL;
        int64_t now = clock_wall_us(), next = 0;
        if (rec->closed_us)
                return session_closed_error();
        if (!name)
                TRY(callables_name(&rec->callables, r->arena, &name, &next));
        TRY(callable_new(name, spec, now, &c));
        TRY(callable_check(c, session));
        CallableRow row = {
                .session = rec->name, .name = name, .spec = spec.at, .created_us = now
        };
        TRY(store_add_callable(store, &row, next));
        Status *s = callables_add(&rec->callables, c, next);
        if (s) {
                status_free(store_delete_callable(store, rec->name, name));
                return s;
        }
        *ret = steal(&c);
        return NULL;
}

Status *callable_make(Request *r, Session *session, const char *name, JsonSpan spec, Callable **ret)
{
        autoptr(SessionRec) rec = session_table_get(r->context->sessions, r->args[0]);
        if (!rec)
                return session_table_not_found(r->context->sessions, r->args[0]);
        pthread_mutex_lock(&rec->lock);
        Status *s = commit(r, rec, session, name, spec, ret);
        pthread_mutex_unlock(&rec->lock);
        return s;
}

/* One row of the list, and the answer to making one. */
static void write_callable(Writer *w, Callable *c)
{
        writer_open(w, '{');
        writer_member_string(w, "callable", c->name);
        writer_key(w, "feed_list");
        writer_open(w, '[');
        for (int i = 0; i < c->feeds.n; i++)
                writer_string(w, c->feeds.names[i]);
        writer_close(w, ']');
        writer_key(w, "targets");
        writer_open(w, '[');
        for (int i = 0; i < c->targets.n; i++)
                writer_string(w, c->targets.names[i]);
        writer_close(w, ']');
        writer_key(w, "spec");
        writer_raw(w, c->spec);
        writer_member_int(w, "calls", atomic_load(&c->calls));
        writer_member_time(w, "created_at", c->created_us);
        writer_close(w, '}');
}

static void reply_callable(Request *r, Callable *c)
{
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        write_callable(&w, c);
}

/* POST /v1/sessions/{session}/callables. */
Status *callables_make(Request *r)
{
        static const char *const members[] = { "name",    "fetches",  "feed_list",        "targets",
                                               "options", "batching", "callable_options", NULL };
        if (r->content_type == CONTENT_PROTO)
                return proto_callables_make(r);
        JsonObject o;
        const char *name = NULL;
        autoptr(Session) session = NULL;
        autoptr(Callable) c = NULL;
        autobuf spec = BUF(LIMIT_ANSWER);
        TRY(request_object(r, &o));
        TRY(scan_only(&o, members));
        TRY(take_name(r, scan_get(&o, "name"), &name));
        TRY(session_use(r->context, r->args[0], &session));
        TRY(copy_spec(&o, &spec));
        JsonSpan text = { buf_cstr(&spec), spec.len };
        TRY(callable_make(r, session, name, text, &c));
        snprintf(r->reply.location, sizeof r->reply.location, "/v1/sessions/%s/callables/%s",
                 r->args[0], c->name);
        reply_callable(r, c);
        return NULL;
}

/* ---- looking ---- */

/* The record of a session that is open. */
static Status *find(Request *r, SessionRec **ret)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        *ret = session_table_get(r->context->sessions, r->args[0]);
        return *ret ? NULL : session_table_not_found(r->context->sessions, r->args[0]);
}

/* GET of the same. */
Status *callables_index(Request *r)
{
        autoptr(SessionRec) rec = NULL;
        autofree Callable **list = NULL;
        int n = 0;
        TRY(find(r, &rec));
        TRY(callables_list(&rec->callables, &list, &n));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "callables");
        writer_open(&w, '[');
        for (int i = 0; i < n; i++) {
                write_callable(&w, list[i]);
                callable_unref(list[i]);
        }
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

Status *callables_show(Request *r)
{
        autoptr(SessionRec) rec = NULL;
        autoptr(Callable) c = NULL;
        TRY(find(r, &rec));
        TRY(callables_get(&rec->callables, r->args[1], &c));
        reply_callable(r, c);
        return NULL;
}

/* Releasing twice is fine, as in TensorFlow. */
Status *callables_release(Request *r)
{
        autoptr(SessionRec) rec = NULL;
        autoptr(Callable) c = NULL;
        TRY(find(r, &rec));
        r->reply.status = 204;
        pthread_mutex_lock(&rec->lock);
        Status *s = callables_get(&rec->callables, r->args[1], &c);
        if (!s)
                s = store_delete_callable(r->context->store, rec->name, c->name);
        if (!s)
                callables_remove(&rec->callables, c->name);
        pthread_mutex_unlock(&rec->lock);
        if (status_code(s) != SR_INVALID_ARGUMENT)
                return s;
        status_free(s);
        return NULL;
}

/* ---- calling ---- */

/* Arguments by position, in the order of feed_list. */
static Status *read_call(Run *run, BinaryInputs *tail, Feeds *feeds)
{
        static const char *const members[] = { "args",     "output",  "int64",
                                               "metadata", "options", NULL };
        const Callable *c = run->callable;
        Request *r = run->request;
        JsonObject o;
        TRY(run_read_body(r, &o, tail));
        TRY(scan_only(&o, members));
        TRY(feeds_parse_args(r, run->session, scan_get(&o, "args"), c->feeds.names, c->feeds.n,
                             r->json_length >= 0 ? tail : NULL, feeds));
        if (r->json_length >= 0)
                TRY(binary_inputs_done(tail));
        TRY(run_read_output(run, &o));
        TRY(run_read_options(run, &o));
        if (!scan_get(&o, "options").at)
                run->options = c->options;
        else if (c->core)
                return invalid_argument("A callable of callable_options has its run_options.");
        return NULL;
}

/* The callable's own fetches, this call's feeds; options of the call go before the callable's. */
static Status *call(Run *run, SessionRec *rec)
{
        BinaryInputs tail;
        autofeeds feeds = { 0 };
        TRY(callables_get(&rec->callables, run->request->args[1], &run->callable));
        Callable *c = run->callable;
        atomic_fetch_add(&c->calls, 1);
        run->root = c->root;
        run->has_fetches = c->has_fetches;
        run->fetches = c->fetches;
        run->targets = c->targets;
        TRY(read_call(run, &tail, &feeds));
        return run_start(run, &feeds);
}

/* POST .../callables/{callable}:call. */
Status *callables_call(Request *r)
{
        if (r->content_type == CONTENT_PROTO)
                return proto_callables_call(r);
        Run *run = NULL;
        autoptr(SessionRec) rec = NULL;
        TRY(run_new(r, r->args[0], &run));
        rec = session_table_get(r->context->sessions, r->args[0]);
        Status *s =
                rec ? call(run, rec) : session_table_not_found(r->context->sessions, r->args[0]);
        if (s)
                run_drop(run);
        return s;
}
