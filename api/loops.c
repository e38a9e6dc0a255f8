// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/loops: steps that the server runs again and again, and how they get on.
 * How to train with curl. */
#include "api/handlers.h"
#include "api/json_status.h"
#include "api/loop_view.h"
#include "api/run.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_STEPS 9007199254740991.0 /* what a JSON number counts exactly */

/* What a loop's values are written by; the loop owns it. */
typedef struct View {
        Arena *arena;
        Fetch root;
        bool has_fetches, int64_as_string;
        JsonTensorStyle style;
} View;

static void view_free(void *view)
{
        View *v = view;
        arena_free(v->arena); /* which holds v, too */
}

/* How the loop's last values are shown: kept by the loop, made by us. */
static Status *view_new(View **ret)
{
        Arena *arena;
        TRY(arena_new(16 * MIB, &arena));
        View *v = arena_calloc(arena, 1, sizeof *v);
        if (!v) {
                arena_free(arena);
                return status_oom();
        }
        v->arena = arena;
        *ret = v;
        return NULL;
}

/* ---- starting ---- */

typedef struct Start {
        Request *request;
        Session *session;
        View *view;
        LoopSpec spec;
        RunRequest run;
        FetchNames fetches, targets;
} Start;

/* How reports are to be written: as JSON alone, for others than who started the loop. */
static Status *read_output(Start *x, const JsonObject *o)
{
        Run form = { .request = x->request };
        TRY(run_read_output(&form, o));
        x->view->style = form.style;
        x->view->int64_as_string = form.int64_as_string;
        if (form.style != JSON_BINARY)
                return NULL;
        Status *s = invalid_argument("A loop's reports are JSON: output is plain, typed or b64.");
        status_set_pointer(s, "/output");
        return s;
}

/* As the body of a run, without what has no meaning in a loop. */
static Status *read_run(Start *x, JsonSpan text, Feeds *feeds)
{
        static const char *const known[] = { "fetches", "feeds", "targets", "options",
                                             "output",  "int64", NULL };
        JsonObject o;
        TRY(scan_object(x->request->arena, text, &o));
        TRY(scan_only(&o, known));
        JsonSpan fetches = scan_get(&o, "fetches"), targets = scan_get(&o, "targets");
        TRY(feeds_parse(x->request, x->session, scan_get(&o, "feeds"), NULL, feeds));
        x->view->has_fetches = fetches.at != NULL;
        if (fetches.at)
                TRY(fetch_parse(fetches, "/fetches", &x->fetches, &x->view->root));
        if (targets.at && scan_kind(targets) != 'n')
                TRY(fetch_parse_names(targets, "/targets", &x->targets));
        if (!x->fetches.n && !x->targets.n)
                return invalid_argument("Must specify at least one target to fetch or execute.");
        TRY(read_output(x, &o));
        return run_parse_options(scan_get(&o, "options"), x->request->arena, &x->run.options);
}

/* Whole numbers, also when written as 1e6. */
static Status *read_count(JsonSpan v, const char *pointer, int64_t *ret)
{
        double n = 0;
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        TRY(member_number(v, pointer, 1, MAX_STEPS, &n));
        *ret = (int64_t)n;
        if (floor(n) == n)
                return NULL;
        Status *s = invalid_argument("Expected a whole number.");
        status_set_pointer(s, "%s", pointer);
        return s;
}

/* A loop that could not end is refused. */
static Status *read_end(Start *x, const JsonObject *o)
{
        JsonSpan until = scan_get(o, "until");
        const char *word = "OUT_OF_RANGE";
        TRY(read_count(scan_get(o, "steps"), "/steps", &x->spec.steps));
        TRY(read_count(scan_get(o, "report_every"), "/report_every", &x->spec.report_every));
        x->spec.until_end = until.at && scan_kind(until) != 'n';
        if (x->spec.until_end)
                TRY(member_string(x->request->arena, until, "/until", &word));
        if (strcmp(word, "OUT_OF_RANGE") != 0) {
                Status *s = invalid_argument("until must be OUT_OF_RANGE; got: %.40s", word);
                status_set_pointer(s, "/until");
                return s;
        }
        if (x->spec.steps || x->spec.until_end)
                return NULL;
        return invalid_argument("A loop has an end: a number of steps, or until OUT_OF_RANGE.");
}

/* A loop whose first step could not begin is refused, instead of failing unseen. */
static Status *check_names(Start *x)
{
        Status *s = session_prepare(x->session, &x->run);
        if (s && x->view->has_fetches)
                s = fetch_point(&x->view->root, &x->fetches, x->request->arena, s);
        return s ? pointer_prefix(s, "/run") : NULL;
}

/* Errors within "run" point there. */
static Status *start(Start *x, int64_t *ret_id)
{
        static const char *const known[] = { "run", "steps", "until", "report_every", NULL };
        JsonObject o;
        autofeeds feeds = { 0 };
        TRY(request_object(x->request, &o));
        TRY(scan_only(&o, known));
        TRY(read_end(x, &o));
        if (!scan_get(&o, "run").at)
                return invalid_argument("A loop has a run: {\"run\":{\"targets\":[...]}}");
        Status *s = read_run(x, scan_get(&o, "run"), &feeds);
        if (s)
                return pointer_prefix(s, "/run");
        x->run.fetches = x->fetches.names;
        x->run.n_fetches = x->fetches.n;
        x->run.targets = x->targets.names;
        x->run.n_targets = x->targets.n;
        x->run.feeds = feeds.items;
        x->run.n_feeds = feeds.n;
        TRY(check_names(x));
        x->spec.run = &x->run;
        x->spec.view = x->view;
        x->spec.view_free = view_free;
        return session_loop_start(x->session, &x->spec, ret_id);
}

/* ---- telling ---- */

/* The rate is that of the whole loop. */
static void write_times(const LoopInfo *i, Writer *w)
{
        double us = (double)((i->ended_us ? i->ended_us : clock_wall_us()) - i->started_us);
        double rate = us > 0 ? (double)i->done * 1e6 / us : 0;
        writer_member_time(w, "started_at", i->started_us);
        writer_member_time(w, "ended_at", i->ended_us);
        writer_key(w, "steps_per_second");
        writer_value(w);
        buf_printf(w->out, "%.6g", rate);
        writer_key(w, "seconds_left");
        if (i->state != LOOP_RUNNING || !i->steps || rate <= 0) {
                writer_null(w);
                return;
        }
        writer_value(w);
        buf_printf(w->out, "%.6g", (double)(i->steps - i->done) / rate);
}

/* The values of the last report. */
static void write_last(const LoopInfo *i, Writer *w)
{
        const View *v = i->view;
        FetchOutput o = { .style = v->style, .int64_as_string = v->int64_as_string };
        writer_key(w, "last");
        if (!i->reported) {
                writer_null(w);
                return;
        }
        writer_open(w, '{');
        writer_member_int(w, "step", i->reported);
        writer_key(w, "result");
        if (v->has_fetches)
                status_free(
                        fetch_write(&v->root, i->values, &o, w)); /* keeps nothing: cannot fail */
        else
                writer_null(w);
        writer_close(w, '}');
}

/* The answer of GET, and of each event. */
Status *loop_write(void *arg, const LoopInfo *i)
{
        static const char *const states[] = { "running", "done", "failed", "cancelled" };
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_int(w, "id", i->id);
        writer_member_string(w, "state", states[i->state]);
        writer_member_int(w, "steps_done", i->done);
        writer_key(w, "steps");
        if (i->steps)
                writer_int(w, i->steps);
        else
                writer_null(w);
        writer_member_string(w, "until", i->until_end ? "OUT_OF_RANGE" : NULL);
        writer_member_int(w, "report_every", i->report_every);
        write_times(i, w);
        write_last(i, w);
        writer_key(w, "error");
        json_status_value(i->error, w);
        writer_close(w, '}');
        return NULL;
}

static Status *reply_loop(Request *r, Session *s, int64_t id)
{
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        return session_get_loop(s, id, loop_write, &w);
}

/* POST .../loops. */
Status *loops_start(Request *r)
{
        autoptr(Session) session = NULL;
        int64_t id = 0;
        Start x = { .request = r };
        TRY(session_use(r->context, r->args[0], &session));
        TRY(view_new(&x.view));
        x.session = session;
        x.fetches.arena = x.view->arena;
        x.targets.arena = r->arena;
        Status *s = start(&x, &id);
        fetch_names_done(&x.fetches);
        fetch_names_done(&x.targets);
        if (s) {
                view_free(x.view);
                return s;
        }
        r->reply.status = 201;
        snprintf(r->reply.location, sizeof r->reply.location, "/v1/sessions/%s/loops/%lld",
                 session_name(session), (long long)id);
        return reply_loop(r, session, id);
}

/* GET of the same. */
Status *loops_list(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "loops");
        writer_open(&w, '[');
        TRY(session_each_loop(session, loop_write, &w));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

/* ---- one ---- */

Status *loop_use(Request *r, Session **ret, int64_t *ret_id)
{
        TRY(request_number(r, 1, "loop", ret_id));
        return session_use(r->context, r->args[0], ret);
}

Status *loops_get(Request *r)
{
        autoptr(Session) session = NULL;
        int64_t id;
        TRY(loop_use(r, &session, &id));
        return reply_loop(r, session, id);
}

Status *loops_cancel(Request *r)
{
        autoptr(Session) session = NULL;
        int64_t id;
        TRY(loop_use(r, &session, &id));
        TRY(session_cancel_loop(session, id));
        return reply_loop(r, session, id);
}
