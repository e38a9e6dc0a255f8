// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/loops/{loop}/events: one long answer of server-sent events, from now to
 * the loop's end. */
#include "api/handlers.h"
#include "api/loop_view.h"
#include <stdlib.h>

/* A client that follows a loop; in the request's arena. */
typedef struct Events {
        Request *request;
        Session *session; /* one reference: the end of a loop is told even if its session's */
        Cancel *cancel;
        int64_t id, seen;
        bool ended; /* the last event is on its way */
} Events;

/* An event's id is the number of reports that it knows; the last one of a loop is called "end". */
static Status *write_event(void *arg, const LoopInfo *i)
{
        Events *e = arg;
        Buf *out = &e->request->reply.body;
        bool over = i->state != LOOP_RUNNING;
        if (i->reports <= e->seen && !over)
                return NULL; /* woken by the token */
        Writer w = writer(out);
        buf_printf(out, "id: %lld\nevent: %s\ndata: ", (long long)i->reports,
                   over ? "end" : "report");
        TRY(loop_write(&w, i));
        buf_puts(out, "\n\n");
        e->seen = i->reports;
        e->ended = over;
        return buf_status(out);
}

/* On any thread: there is something new, or the client has gone. */
static void news(void *arg)
{
        Events *e = arg;
        Request *r = e->request;
        Status *s = session_get_loop(e->session, e->id, write_event, e);
        bool gone = s || e->ended || cancel_fired(e->cancel);
        status_free(s);
        if (gone)
                request_stream_end(r);
        else
                request_answer(r);
}

/* What came between two reports is not told: a slow reader gets the latest. */
static void more(Request *r)
{
        Events *e = r->handler_data;
        Status *s = session_loop_wait(e->session, e->id, e->seen, e->cancel, news, e);
        if (!s)
                return;
        status_free(s);
        request_stream_end(r);
}

static void let_go(void *session)
{
        session_unref(session);
}

/* Whoever comes back behind the end is told to come no more. */
static Status *look(void *arg, const LoopInfo *i)
{
        Events *e = arg;
        e->ended = i->state != LOOP_RUNNING && e->seen >= i->reports;
        return NULL;
}

/* GET .../loops/{loop}/events: reports from the last one that the client has seen. */
Status *loops_events(Request *r)
{
        static const char *const known[] = { "after", NULL };
        autoptr(Session) session = NULL;
        int64_t seen = strtoll(r->last_event_id, NULL, 10);
        Events *e = arena_calloc(r->arena, 1, sizeof *e);
        if (!e)
                return status_oom();
        TRY(request_query_only(r, known));
        TRY(request_query_int(r, "after", 0, INT64_MAX, MAX(seen, 0), &e->seen));
        TRY(request_cancel_token(r, &e->cancel));
        TRY(loop_use(r, &session, &e->id));
        TRY(session_get_loop(session, e->id, look, e));
        TRY(arena_on_free(r->arena, let_go, session));
        e->session = steal(&session);
        if (e->ended) {
                r->reply.status = 204;
                return NULL;
        }
        e->request = r;
        r->handler_data = e;
        r->reply.type = TYPE_EVENTS;
        buf_puts(&r->reply.body, "retry: 1000\n\n"); /* so that the head leaves at once */
        request_stream(r, more);
        return NULL;
}
