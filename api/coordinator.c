// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/coordinator: tf.train.Coordinator of the session's queue runners. */
#include "api/handlers.h"
#include "api/json_status.h"
#include <string.h>

#define GRACE_SECONDS 120 /* TensorFlow's default of stop_grace_period_secs */

/* Called under the coordinator's lock, and only writes. */
static Status *write_coordinator(void *arg, const CoordinatorInfo *i)
{
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_bool(w, "should_stop", i->should_stop);
        writer_member_bool(w, "joined", i->joined);
        writer_member_int(w, "running", i->live);
        writer_key(w, "error");
        json_status_value(i->error, w);
        writer_close(w, '}');
        return NULL;
}

static Status *reply_coordinator(Request *r, Session *session)
{
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        return session_coordinator(session, write_coordinator, &w);
}

Status *coordinator_get(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        return reply_coordinator(r, session);
}

/* ---- stopping ---- */

/* Codes by their names. */
static Status *find_code(const char *name, StatusCode *ret)
{
        for (int i = SR_OK + 1; i <= SR_UNAUTHENTICATED; i++)
                if (strcmp(status_code_name((StatusCode)i), name) == 0) {
                        *ret = (StatusCode)i;
                        return NULL;
                }
        Status *s = invalid_argument("There is no code %.40s", name);
        status_set_pointer(s, "/error/code_name");
        return s;
}

/* What the stop is said to be for: {"code_name", "detail"}; absent or null is nothing. */
static Status *read_why(Request *r, JsonSpan v, Status **ret)
{
        static const char *const known[] = { "code_name", "detail", NULL };
        const char *name = "UNKNOWN", *detail = "A stop was requested";
        StatusCode code;
        JsonObject o;
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        Status *s = scan_object(r->arena, v, &o);
        if (!s)
                s = scan_only(&o, known);
        if (s)
                return pointer_prefix(s, "/error");
        if (scan_get(&o, "code_name").at)
                TRY(member_string(r->arena, scan_get(&o, "code_name"), "/error/code_name", &name));
        if (scan_get(&o, "detail").at)
                TRY(member_string(r->arena, scan_get(&o, "detail"), "/error/detail", &detail));
        TRY(find_code(name, &code));
        *ret = status_new(code, "%s", detail);
        return NULL;
}

/* POST .../coordinator:request_stop. */
Status *coordinator_request_stop(Request *r)
{
        static const char *const known[] = { "error", NULL };
        autoptr(Session) session = NULL;
        Status *why = NULL;
        JsonObject o;
        TRY(session_use(r->context, r->args[0], &session));
        TRY(request_object(r, &o));
        TRY(scan_only(&o, known));
        TRY(read_why(r, scan_get(&o, "error"), &why));
        TRY(session_request_stop(session, why));
        return reply_coordinator(r, session);
}

Status *coordinator_clear_stop(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        TRY(session_clear_stop(session));
        return reply_coordinator(r, session);
}

/* ---- joining ---- */

static Status *read_seconds(JsonSpan v, const char *pointer, int64_t *ret_ns)
{
        double seconds;
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        TRY(member_number(v, pointer, 0, 1e9, &seconds));
        *ret_ns = (int64_t)(seconds * 1e9);
        return NULL;
}

/* Defaults are those of tf.train.Coordinator.join(). */
static Status *read_join(Request *r, JoinSpec *ret)
{
        static const char *const known[] = { "stop_grace_period_secs", "ignore_live_threads",
                                             "wait", NULL };
        JsonObject o;
        TRY(request_object(r, &o));
        TRY(scan_only(&o, known));
        *ret = (JoinSpec){ .grace_ns = GRACE_SECONDS * INT64_C(1000000000), .wait_ns = -1 };
        JsonSpan live = scan_get(&o, "ignore_live_threads");
        TRY(read_seconds(scan_get(&o, "stop_grace_period_secs"), "/stop_grace_period_secs",
                         &ret->grace_ns));
        TRY(read_seconds(scan_get(&o, "wait"), "/wait", &ret->wait_ns));
        if (live.at)
                TRY(member_bool(live, "/ignore_live_threads", &ret->ignore_live));
        return request_cancel_token(r, &ret->cancel);
}

/* From any thread. */
static void joined(void *arg, Status *s)
{
        Request *r = arg;
        autoptr(Session) session = r->handler_data;
        if (!s)
                s = reply_coordinator(r, session);
        if (s)
                request_fail_in(r, session, s);
        else
                request_answer(r);
}

/* POST .../coordinator:join; the request waits without a thread. */
Status *coordinator_join(Request *r)
{
        autoptr(Session) session = NULL;
        JoinSpec spec;
        TRY(session_use(r->context, r->args[0], &session));
        TRY(read_join(r, &spec));
        r->handler_data = session_ref(session);
        Status *s = session_join(session, &spec, joined, r);
        if (s)
                session_unref(session);
        return s;
}
