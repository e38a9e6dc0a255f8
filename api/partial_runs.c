// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/partial_runs: what has been set up and not been used up yet. */
#include "api/handlers.h"

static void write_names(Writer *w, const char *key, const char *done, const PartialName *names,
                        int n)
{
        writer_key(w, key);
        writer_open(w, '[');
        for (int i = 0; i < n; i++) {
                writer_open(w, '{');
                writer_member_string(w, "name", names[i].name);
                writer_member_bool(w, done, names[i].done);
                writer_close(w, '}');
        }
        writer_close(w, ']');
}

/* Under the session's lock, so it only writes. */
static Status *write_partial_run(void *arg, const PartialInfo *i)
{
        Writer *w = arg;
        writer_open(w, '{');
        writer_member_string(w, "handle", i->handle);
        writer_member_int(w, "step_id", i->step_id);
        writer_member_time(w, "started_at", i->started_us);
        write_names(w, "feeds", "fed", i->feeds, i->n_feeds);
        write_names(w, "fetches", "fetched", i->fetches, i->n_fetches);
        writer_member_int(w, "waiting", i->waiting);
        writer_close(w, '}');
        return NULL;
}

/* GET .../partial_runs. */
Status *partial_runs_list(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "partial_runs");
        writer_open(&w, '[');
        TRY(session_each_partial_run(session, write_partial_run, &w));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

/* DELETE .../partial_runs/{handle}: calls that wait for it are cancelled. */
Status *partial_runs_delete(Request *r)
{
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        TRY(session_partial_run_end(session, r->args[1]));
        r->reply.status = 204;
        return NULL;
}
