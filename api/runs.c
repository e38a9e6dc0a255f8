// SPDX-License-Identifier: Apache-2.0
/* :run, :partial_run_setup and :partial_run. */
#include "api/contexts.h"
#include "api/handlers.h"
#include "api/multipart.h"
#include "api/run.h"
#include <string.h>

/* A run needs something to do. */
static Status *read_fetches(Run *run, const JsonObject *o)
{
        JsonSpan fetches = scan_get(o, "fetches"), targets = scan_get(o, "targets");
        run->has_fetches = fetches.at != NULL;
        if (fetches.at)
                TRY(fetch_parse(fetches, "/fetches", &run->fetches, &run->root));
        if (targets.at && scan_kind(targets) != 'n')
                TRY(fetch_parse_names(targets, "/targets", &run->targets));
        if (fetches.at || run->targets.n || run->handle)
                return NULL;
        return run_nothing_to_do();
}

/* Of a form, the part called "request" is the JSON; each other one feeds the tensor of its name. */
static Status *read_form(Request *r, JsonObject *ret, Parts *ret_parts)
{
        JsonSpan text = { "{}", 2 };
        TRY(multipart_parse(r->arena, r->content_type_text, r->body.data, r->body.len, ret_parts));
        r->json_length = -1;
        for (size_t i = 0; i < ret_parts->n; i++)
                if (strcmp(ret_parts->items[i].name, "request") == 0)
                        text = ret_parts->items[i].bytes;
        return scan_object(r->arena, text, ret);
}

static Status *feed_parts(Run *run, const Parts *parts, Feeds *feeds)
{
        for (size_t i = 0; i < parts->n; i++)
                if (strcmp(parts->items[i].name, "request") != 0)
                        TRY(feeds_add_bytes(run->request, run->session, parts->items[i].name,
                                            parts->items[i].bytes, feeds));
        return NULL;
}

static Status *is_empty(void *arg, const Graph *g)
{
        *(bool *)arg = graph_count(g) == 0;
        return NULL;
}

/* An empty graph is complained of before feeds are. */
static Status *feed_error(Session *session, Status *s)
{
        bool empty = false;
        if (session_closed(session) || status_code(s) == SR_RESOURCE_EXHAUSTED)
                return s;
        status_free(session_read_graph(session, is_empty, &empty));
        if (!empty)
                return s;
        status_free(s);
        s = invalid_argument(
                "The Session graph is empty.  Add operations to the graph before calling run().");
        status_set_exception(s, "RuntimeError");
        return s;
}

/* Feeds first: their errors are TensorFlow's first, too. */
static Status *read_run(Run *run, const char *const *members, JsonObject *o, Feeds *feeds)
{
        BinaryInputs tail;
        Parts parts = { 0 };
        Request *r = run->request;
        if (r->content_type == CONTENT_MULTIPART)
                TRY(read_form(r, o, &parts));
        else
                TRY(run_read_body(r, o, &tail));
        TRY(scan_only(o, members));
        JsonSpan handle = scan_get(o, "handle");
        run->feed_list = scan_kind(scan_get(o, "feeds")) == '[';
        if (handle.at)
                TRY(member_string(r->arena, handle, "/handle", &run->handle));
        Status *s = feeds_parse(r, run->session, scan_get(o, "feeds"),
                                r->json_length >= 0 ? &tail : NULL, feeds);
        if (!s)
                s = feed_parts(run, &parts, feeds);
        if (s)
                return feed_error(run->session, s);
        if (r->json_length >= 0)
                TRY(binary_inputs_done(&tail));
        TRY(read_fetches(run, o));
        TRY(run_read_output(run, o));
        return run_read_options(run, o);
}

static Status *start_run(Run *run, const char *const *members, bool partial)
{
        JsonObject o;
        autofeeds feeds = { 0 };
        TRY(read_run(run, members, &o, &feeds));
        if (partial && !run->handle)
                return invalid_argument("Must run 'setup' before performing partial runs!");
        return run_start(run, &feeds);
}

static Status *begin(Request *r, const char *session, const char *const *members, bool partial)
{
        Run *run = NULL;
        TRY(run_new(r, session, &run));
        Status *s = start_run(run, members, partial);
        if (s)
                run_drop(run);
        return s;
}

static const char *const run_members[] = { "fetches", "feeds", "targets",  "options",
                                           "output",  "int64", "metadata", NULL };

Status *runs_run(Request *r)
{
        if (r->content_type == CONTENT_PROTO)
                return proto_runs_run(r);
        return begin(r, r->args[0], run_members, false);
}

/* tf's run() of an operation, on the default session. */
Status *runs_run_default(Request *r)
{
        const char *session;
        TRY(contexts_innermost(r->context, r->session_context, r->arena, &session));
        if (session)
                return begin(r, session, run_members, false);
        Status *s = invalid_argument("Cannot execute operation using `run()`: No default session "
                                     "is registered. Use `with sess.as_default():` or pass an "
                                     "explicit session to `run(session=sess)`");
        status_set_exception(s, "ValueError");
        return s;
}

Status *runs_partial(Request *r)
{
        static const char *const members[] = {
                "handle", "fetches", "feeds", "output", "int64", NULL
        };
        return begin(r, r->args[0], members, true);
}

/* ---- setup ---- */

/* Feeds are names here. */
static Status *setup(Run *run, FetchNames *feed_names, char **ret)
{
        static const char *const members[] = { "fetches", "feeds", "targets", NULL };
        JsonObject o;
        Request *r = run->request;
        TRY(request_object(r, &o));
        TRY(scan_only(&o, members));
        JsonSpan feeds = scan_get(&o, "feeds");
        if (feeds.at && scan_kind(feeds) != 'n')
                TRY(fetch_parse_names(feeds, "/feeds", feed_names));
        TRY(read_fetches(run, &o));
        Feed *items = arena_calloc(r->arena, (size_t)feed_names->n + 1, sizeof *items);
        if (!items)
                return status_oom();
        for (int i = 0; i < feed_names->n; i++)
                items[i].key = feed_names->names[i];
        RunRequest q = { .fetches = run->fetches.names,
                         .n_fetches = run->fetches.n,
                         .feeds = items,
                         .n_feeds = feed_names->n,
                         .targets = run->targets.names,
                         .n_targets = run->targets.n };
        return session_partial_run_setup(run->session, &q, ret);
}

/* POST .../{session}:partial_run_setup. */
Status *runs_partial_setup(Request *r)
{
        if (r->content_type == CONTENT_PROTO)
                return proto_runs_partial_setup(r);
        Run *run = NULL;
        autofree char *handle = NULL;
        FetchNames feeds = { .arena = r->arena };
        TRY(run_new(r, r->args[0], &run));
        Status *s = setup(run, &feeds, &handle);
        fetch_names_done(&feeds);
        run_drop(run);
        TRY(s);
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_member_string(&w, "handle", handle);
        writer_close(&w, '}');
        return NULL;
}
