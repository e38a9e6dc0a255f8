// SPDX-License-Identifier: Apache-2.0
#include "api/run.h"

#include "api/explain.h"
#include "api/timeline.h"
#include "proto/json.h"
#include <string.h>

/* ---- the answer ---- */

static Status *write_metadata(Writer *w, const RunMetadata *m)
{
        json_t *json = NULL;
        TRY(proto_json_print(&m->base, PROTO_JSON_DEFAULT, &json));
        writer_key(w, "run_metadata");
        writer_json(w, json);
        json_decref(json);
        return NULL;
}

static void write_seen(Writer *w, const DebugValue *v, const Run *run)
{
        /* Binary bodies hold what was fetched; a debugger's values are in the JSON. */
        JsonTensorStyle style = run->style == JSON_BINARY ? JSON_B64 : run->style;
        writer_open(w, '{');
        writer_member_string(w, "node", v->key.node);
        writer_member_int(w, "output_slot", v->key.slot);
        writer_member_string(w, "debug_op", v->key.op);
        writer_member_string(w, "device", v->key.device);
        writer_member_int(w, "wall_time_us", v->wall_us);
        writer_key(w, "value");
        writer_value(w);
        json_tensor_write(v->value, style, run->int64_as_string, w->out, NULL);
        writer_close(w, '}');
}

/* What watches without a URL saw. */
static void write_debug(Writer *w, const DebugLog *log, const Run *run)
{
        writer_key(w, "debug");
        writer_open(w, '{');
        writer_key(w, "values");
        writer_open(w, '[');
        for (int i = 0; i < debug_log_count(log); i++)
                write_seen(w, debug_log_at(log, i), run);
        writer_close(w, ']');
        writer_member_int(w, "lost", debug_log_lost(log));
        writer_close(w, '}');
}

/* In front of the tensors' bytes there is room for the JSON, which mostly fits. Blanks fill it up
 * when there is much that would have to move otherwise. */
enum { JSON_ROOM = 1024, LONG_TAIL = 32 * 1024 };

static Status *put_in_front(Buf *tail, Buf *body, size_t *ret_json_length)
{
        TRY(buf_status(body));
        TRY(buf_status(tail));
        size_t bytes = tail->len - JSON_ROOM, n = body->len;
        bool stays = n <= JSON_ROOM && bytes >= LONG_TAIL;
        size_t room = stays ? JSON_ROOM : n;
        if (room > JSON_ROOM && !buf_reserve(tail, room - JSON_ROOM))
                return buf_status(tail);
        if (!stays)
                memmove(tail->data + n, tail->data + JSON_ROOM, bytes);
        memcpy(tail->data, body->data, n);
        memset(tail->data + n, ' ', room - n);
        tail->len = room + bytes;
        *ret_json_length = room;
        buf_done(body);
        *body = *tail;
        *tail = BUF(0);
        return NULL;
}

/* JSON, with the tensors' bytes behind it or not, or a timeline. */
static Status *write_result(const Run *run, Session *session, const RunResult *result)
{
        Reply *reply = &run->request->reply;
        if (run->timeline && result->metadata && result->metadata->step_stats) {
                reply->type = TYPE_TIMELINE;
                timeline_write(result->metadata->step_stats, &reply->body);
                return NULL;
        }
        autobuf binary = BUF(LIMIT_ANSWER);
        FetchOutput o = { .style = run->style,
                          .int64_as_string = run->int64_as_string,
                          .help = context_help(run->request->context),
                          .binary = &binary,
                          .session = session,
                          .names = &run->fetches };
        Writer w = writer(&reply->body);
        reply->type = TYPE_JSON;
        if (run->style == JSON_BINARY && buf_reserve(&binary, JSON_ROOM))
                binary.len = JSON_ROOM;
        writer_open(&w, '{');
        writer_key(&w, "result");
        if (run->has_fetches)
                TRY(fetch_write(&run->root, result->values, &o, &w));
        else
                writer_null(&w);
        if (result->metadata)
                TRY(write_metadata(&w, result->metadata));
        if (result->debug)
                write_debug(&w, result->debug, run);
        writer_member_int(&w, "step_id", result->step_id);
        writer_close(&w, '}');
        if (run->style != JSON_BINARY)
                return NULL;
        return put_in_front(&binary, &reply->body, &reply->json_length);
}

/* The engine names what was fed by its key, and knows nothing of nesting or of JSON. */
static Status *point_feed(const Run *run, const char *key, Status *s)
{
        const Callable *c = run->callable;
        for (int i = 0; c && i < c->feeds.n; i++)
                if (strcmp(c->feeds.names[i], key) == 0)
                        status_set_pointer(s, "/args/%d", i);
        if (!c)
                status_set_pointer(s, "/feeds%s%s", run->feed_list ? "" : "/",
                                   run->feed_list ? "" : pointer_escape(run->request->arena, key));
        return s;
}

/* Errors get a JSON pointer to what caused them. */
static Status *point(const Run *run, Status *s)
{
        static const char feeds[] = "/feeds/";
        Arena *arena = run->request->arena;
        const char *pointer = status_pointer(s);
        if (pointer && strncmp(pointer, feeds, sizeof feeds - 1) == 0) {
                const char *key = arena_strdup(arena, pointer + sizeof feeds - 1);
                return point_feed(run, key ? key : "", s);
        }
        return run->has_fetches && !run->callable ? fetch_point(&run->root, &run->fetches, arena, s)
                                                  : s;
}

/* From any thread. */
static void run_done(void *arg, Status *s, const RunResult *result)
{
        Run *run = arg;
        autoptr(Session) session = steal(&run->session);
        autoptr(Callable) callable = run->callable;
        if (s && !run->handle && run->asked.feeds)
                explain_hint(session, &run->asked, s);
        if (s)
                s = point(run, s);
        if (!s)
                s = write_result(run, session, result);
        if (s)
                request_fail_in(run->request, session, s);
        else
                request_answer(run->request);
}

/* ---- start and end ---- */

/* In the request's arena: it lives until the answer is sent. */
Status *run_new(Request *r, const char *session, Run **ret)
{
        static const char *const types[] = { TYPE_JSON, TYPE_TIMELINE, NULL };
        Run *run = arena_calloc(r->arena, 1, sizeof *run);
        if (!run)
                return status_oom();
        run->request = r;
        run->fetches.arena = run->targets.arena = r->arena;
        run->timeline = *r->accept && request_accepts(r, types) == 1;
        run->metadata = run->timeline;
        TRY(session_use(r->context, session, &run->session));
        *ret = run;
        return NULL;
}

/* Ends what only the start of a run needs. */
static void end_start(Run *run)
{
        if (run->callable)
                return;
        fetch_names_done(&run->fetches);
        fetch_names_done(&run->targets);
}

void run_drop(Run *run)
{
        if (!run)
                return;
        end_start(run);
        callable_unref(run->callable);
        session_unref(run->session);
}

/* References of our own, since the answer may come before session_run() returns. */
Status *run_start(Run *run, const Feeds *feeds)
{
        static const Feed no_feed;
        Cancel *cancel;
        TRY(request_cancel_token(run->request, &cancel));
        RunRequest q = { .fetches = run->fetches.names,
                         .n_fetches = run->fetches.n,
                         .feeds = feeds->items,
                         .n_feeds = feeds->n,
                         .targets = run->targets.names,
                         .n_targets = run->targets.n,
                         .options = run->options,
                         .metadata = run->metadata,
                         .cancel = cancel };
        if (run->callable) {
                q.callable = true;
                q.core_names = run->callable->core;
                q.connections = run->callable->connections;
                q.n_connections = run->callable->n_connections;
                q.prepared = run->callable->prepared;
        }
        size_t n = (size_t)feeds->n * sizeof(Feed);
        run->asked = q;
        run->asked.feeds = feeds->n ? arena_dup(run->request->arena, feeds->items, n) : &no_feed;
        autoptr(Session) session = session_ref(run->session);
        autoptr(Callable) callable UNUSED = run->callable ? callable_ref(run->callable) : NULL;
        if (run->handle)
                session_partial_run(session, run->handle, &q, run_done, run);
        else if (run->callable && run->callable->batcher && run->options == run->callable->options)
                batcher_run(run->callable->batcher, session, &q, run_done, run);
        else
                session_run(session, &q, run_done, run);
        end_start(run);
        return NULL;
}

/* ---- parts of the request ---- */

static Status *bad_choice(const char *member, const char *choices, const char *got)
{
        Status *s = invalid_argument("%s must be one of %s; got: %.40s", member, choices, got);
        status_set_pointer(s, "/%s", member);
        return s;
}

/* The form of tensors in the answer. */
Status *run_read_output(Run *run, const JsonObject *o)
{
        static const char *const styles[] = { "plain", "typed", "b64", "binary" };
        JsonSpan output = scan_get(o, "output"), wide = scan_get(o, "int64");
        const char *word = "plain", *how = "number";
        size_t i = 0;
        if (output.at)
                TRY(member_string(run->request->arena, output, "/output", &word));
        while (i < COUNTOF(styles) && strcmp(word, styles[i]) != 0)
                i++;
        if (i == COUNTOF(styles))
                return bad_choice("output", "plain, typed, b64, binary", word);
        run->style = (JsonTensorStyle)i;
        if (wide.at)
                TRY(member_string(run->request->arena, wide, "/int64", &how));
        run->int64_as_string = strcmp(how, "string") == 0;
        return run->int64_as_string || strcmp(how, "number") == 0
                       ? NULL
                       : bad_choice("int64", "number, string", how);
}

/* RunOptions in protobuf's JSON. */
Status *run_parse_options(JsonSpan options, Arena *arena, const RunOptions **ret)
{
        if (!options.at || scan_kind(options) == 'n')
                return NULL;
        json_t *json = NULL;
        ProtobufCMessage *m = NULL;
        Status *s = scan_envelope(options, &json);
        if (!s)
                s = proto_json_parse(&tensorflow__run_options__descriptor, json, arena, &m);
        json_decref(json);
        *ret = (const RunOptions *)m;
        return s ? pointer_prefix(s, "/options") : NULL;
}

Status *run_read_options(Run *run, const JsonObject *o)
{
        JsonSpan metadata = scan_get(o, "metadata");
        if (metadata.at)
                TRY(member_bool(metadata, "/metadata", &run->metadata));
        return run_parse_options(scan_get(o, "options"), run->request->arena, &run->options);
}

Status *run_nothing_to_do(void)
{
        return invalid_argument("Must specify at least one target to fetch or execute.");
}

/* With the binary extension, JSON is only the first part of the body. */
Status *run_read_body(Request *r, JsonObject *ret, BinaryInputs *ret_tail)
{
        size_t n = r->json_length >= 0 ? (size_t)r->json_length : r->body.len;
        if (n > r->body.len)
                return invalid_argument(
                        "Inference-Header-Content-Length is %zu, but the body has %zu bytes.", n,
                        r->body.len);
        if (r->raw)
                *ret_tail = (BinaryInputs){ .at = tensor_data(r->raw),
                                            .len = tensor_bytes(r->raw),
                                            .whole = r->raw };
        else
                *ret_tail = (BinaryInputs){ .at = r->body.data + n, .len = r->body.len - n };
        JsonSpan text = { r->body.data, n };
        if (!scan_kind(text))
                text = (JsonSpan){ "{}", 2 };
        return scan_object(r->arena, text, ret);
}
