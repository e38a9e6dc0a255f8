// SPDX-License-Identifier: Apache-2.0
/* Callables with TensorFlow's master messages as bodies: MakeCallableRequest, RunCallableRequest. A
 * handle is the number that the daemon gave the callable as its name. */
#include "api/callable.h"
#include "api/feed.h"
#include "api/handlers.h"
#include "api/proto_body.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is stored is the JSON form of the options. */
static Status *write_spec(const Tensorflow__CallableOptions *options, Buf *spec)
{
        static const Tensorflow__CallableOptions none = TENSORFLOW__CALLABLE_OPTIONS__INIT;
        json_t *json = NULL;
        TRY(proto_json_print(options ? &options->base : &none.base, PROTO_JSON_DEFAULT, &json));
        Writer w = writer(spec);
        writer_open(&w, '{');
        writer_key(&w, "callable_options");
        writer_json(&w, json);
        writer_close(&w, '}');
        json_decref(json);
        return buf_status(spec);
}

/* MakeCallableRequest; the handle is the callable's name, a number. */
Status *proto_callables_make(Request *r)
{
        const Tensorflow__MakeCallableRequest *m;
        Tensorflow__MakeCallableResponse answer = TENSORFLOW__MAKE_CALLABLE_RESPONSE__INIT;
        autoptr(Session) session = NULL;
        autoptr(Callable) c = NULL;
        autobuf spec = BUF(LIMIT_ANSWER);
        TRY(proto_body_keep(r, &tensorflow__make_callable_request__descriptor, &m));
        TRY(proto_body_session(r, &session));
        TRY(proto_body_handle(r, m->session_handle));
        TRY(write_spec(m->options, &spec));
        JsonSpan text = { buf_cstr(&spec), spec.len };
        TRY(callable_make(r, session, NULL, text, &c));
        snprintf(r->reply.location, sizeof r->reply.location, "/v1/sessions/%s/callables/%s",
                 r->args[0], c->name);
        answer.handle = strtoll(c->name, NULL, 10);
        return proto_body_answer(r, &answer.base);
}

/* ---- calling ---- */

/* One call under way; in the request's arena. */
typedef struct Call {
        Request *request;
        Session *session;   /* one reference */
        Callable *callable; /* the same */
} Call;

/* RunCallableResponse. */
static Status *write_result(const Call *call, const RunResult *result)
{
        Arena *a = call->request->arena;
        Tensorflow__RunCallableResponse m = TENSORFLOW__RUN_CALLABLE_RESPONSE__INIT;
        m.fetch = arena_calloc(a, (size_t)result->n + 1, sizeof *m.fetch);
        if (!m.fetch)
                return status_oom();
        for (int i = 0; i < result->n; i++) /* an operation, fetched by a JSON one, has no value */
                if (result->values[i])
                        TRY(tensor_to_proto(result->values[i], a, &m.fetch[m.n_fetch++]));
        m.metadata = (RunMetadata *)result->metadata;
        return proto_body_answer(call->request, &m.base);
}

/* From any thread. */
static void call_done(void *arg, Status *s, const RunResult *result)
{
        Call *call = arg;
        Request *r = call->request;
        autoptr(Session) session = steal(&call->session);
        autoptr(Callable) callable = steal(&call->callable);
        if (!s)
                s = write_result(call, result);
        if (s)
                request_fail_in(r, session, s);
        else
                request_answer(r);
}

/* The message must not mean another callable than the path. */
static Status *find(Request *r, const Tensorflow__RunCallableRequest *m, Callable **ret)
{
        char handle[24];
        autoptr(SessionRec) rec = session_table_get(r->context->sessions, r->args[0]);
        if (!rec)
                return session_table_not_found(r->context->sessions, r->args[0]);
        snprintf(handle, sizeof handle, "%" PRId64, m->handle);
        if (m->handle && strcmp(handle, r->args[1]) != 0)
                return invalid_argument("The message is for callable %s, the path for '%.140s'.",
                                        handle, r->args[1]);
        Status *s = callables_get(&rec->callables, r->args[1], ret);
        if (status_code(s) != SR_NOT_FOUND)
                return s;
        status_free(s);
        return invalid_argument("No such callable handle: %.140s", r->args[1]);
}

/* By position. */
static Status *read_feeds(const Call *call, const Tensorflow__RunCallableRequest *m, Feeds *ret)
{
        const Callable *c = call->callable;
        size_t left = LIMIT_TENSOR;
        if (m->n_feed != (size_t)c->feeds.n)
                return invalid_argument("Expected %d feed tensors, but got %zu", c->feeds.n,
                                        m->n_feed);
        ret->items = arena_calloc(call->request->arena, m->n_feed + 1, sizeof *ret->items);
        if (!ret->items)
                return status_oom();
        for (size_t i = 0; i < m->n_feed; i++) {
                ret->items[i].key = c->feeds.names[i];
                TRY(proto_body_tensor(call->session, m->feed[i], c->feeds.names[i], &left,
                                      &ret->items[i].value));
                ret->n++;
        }
        return NULL;
}

/* References of our own, since the answer may come before session_run() returns. */
static Status *start(Call *call, const Tensorflow__RunCallableRequest *m)
{
        Request *r = call->request;
        autofeeds feeds = { 0 };
        Cancel *cancel;
        TRY(proto_body_handle(r, m->session_handle));
        TRY(find(r, m, &call->callable));
        TRY(read_feeds(call, m, &feeds));
        TRY(request_cancel_token(r, &cancel));
        RunRequest q = callable_request(call->callable);
        q.feeds = feeds.items;
        q.cancel = cancel;
        q.metadata = q.options && (q.options->trace_level || q.options->output_partition_graphs);
        atomic_fetch_add(&call->callable->calls, 1);
        autoptr(Session) session = session_ref(call->session);
        autoptr(Callable) callable UNUSED = callable_ref(call->callable);
        session_run(session, &q, call_done, call);
        return NULL;
}

/* RunCallableRequest. */
Status *proto_callables_call(Request *r)
{
        const Tensorflow__RunCallableRequest *m;
        Call *call = arena_calloc(r->arena, 1, sizeof *call);
        if (!call)
                return status_oom();
        call->request = r;
        TRY(proto_body_keep(r, &tensorflow__run_callable_request__descriptor, &m));
        TRY(proto_body_session(r, &call->session));
        Status *s = start(call, m);
        if (s) {
                callable_unref(steal(&call->callable));
                session_unref(steal(&call->session));
        }
        return s;
}
