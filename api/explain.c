// SPDX-License-Identifier: Apache-2.0
#include "api/explain.h"

#include "api/fetch.h"
#include "api/handlers.h"
#include "api/node_json.h"
#include <string.h>

enum { SHOWN = 100 }; /* names of pruned nodes at most */

/* ---- hints ---- */

/* All uninitialized variables that the run would have met, and who initializes them. */
static Status *hint(void *arg, const Explanation *e)
{
        autobuf names = BUF(4096);
        for (int i = 0; i < e->n_uninitialized; i++)
                buf_printf(&names, "%s%s", i ? ", " : "", e->uninitialized[i]->name);
        if (e->n_uninitialized)
                status_add_hint(arg, "Uninitialized variables that this run meets: %s",
                                buf_cstr(&names));
        for (int i = 0; i < e->n_uninitialized; i++) {
                const Node *n = e->initializer[i];
                bool again = !n;
                for (int k = 0; k < i && !again; k++)
                        again = e->initializer[k] == n;
                if (!again)
                        status_add_hint(arg, "Run the target '%s' first.", n->name);
        }
        return NULL;
}

void explain_hint(Session *session, const RunRequest *q, Status *s)
{
        if (status_code(s) == SR_FAILED_PRECONDITION && strstr(status_message(s), "uninitialized"))
                status_free(session_explain(session, q, hint, s));
}

/* ---- the answer ---- */

typedef struct Explain {
        Request *request;
        RunRequest run;
        FetchNames fetches, targets, feeds;
        Writer w;
} Explain;

/* An operation has neither dtype nor shape. */
static void write_tensor(Writer *w, const char *name, const Node *n, int output)
{
        writer_open(w, '{');
        writer_member_string(w, "name", name);
        writer_member_string(w, "dtype",
                             output < 0 ? NULL : dtype_numpy(dtype_base(n->out_types[output])));
        writer_key(w, "shape");
        if (output < 0)
                writer_null(w);
        else
                shape_write(w, &n->out_shapes[output]);
        writer_close(w, '}');
}

/* Pruned nodes by name, up to SHOWN. */
static void write_nodes(Writer *w, const Explanation *e)
{
        int shown = 0;
        writer_key(w, "nodes");
        writer_open(w, '{');
        writer_member_int(w, "graph", graph_count(e->graph));
        writer_member_int(w, "needed", e->n_needed);
        writer_member_int(w, "pruned", graph_count(e->graph) - e->n_needed);
        writer_member_int(w, "planned", e->n_planned);
        writer_key(w, "pruned_names");
        writer_open(w, '[');
        for (int i = 0; i < graph_count(e->graph) && shown < SHOWN; i++)
                if (!e->needed[i]) {
                        writer_string(w, graph_node(e->graph, i)->name);
                        shown++;
                }
        writer_close(w, ']');
        writer_close(w, '}');
}

/* Each with its initializer, where there is one. */
static void write_uninitialized(Writer *w, const Explanation *e)
{
        writer_key(w, "uninitialized");
        writer_open(w, '[');
        for (int i = 0; i < e->n_uninitialized; i++) {
                const Node *by = e->initializer[i];
                writer_open(w, '{');
                writer_member_string(w, "name", e->uninitialized[i]->name);
                writer_member_string(w, "initializer", by ? by->name : NULL);
                writer_close(w, '}');
        }
        writer_close(w, ']');
}

/* Under the session's lock, so it only writes. */
static Status *write_explanation(void *arg, const Explanation *e)
{
        Explain *x = arg;
        Writer *w = &x->w;
        writer_open(w, '{');
        write_nodes(w, e);
        writer_key(w, "missing_feeds");
        writer_open(w, '[');
        for (int i = 0; i < e->n_missing; i++)
                write_tensor(w, e->missing[i]->name, e->missing[i], 0);
        writer_close(w, ']');
        write_uninitialized(w, e);
        writer_key(w, "fetches");
        writer_open(w, '[');
        for (int i = 0; i < x->run.n_fetches; i++)
                write_tensor(w, x->run.fetches[i], e->fetch_nodes[i], e->fetch_outputs[i]);
        writer_close(w, ']');
        writer_key(w, "memory");
        writer_open(w, '{');
        writer_member_int(w, "bytes", e->bytes);
        writer_member_int(w, "outputs_of_unknown_size", e->n_unsized);
        writer_close(w, '}');
        writer_close(w, '}');
        return NULL;
}

/* ---- the request ---- */

/* Feeds by name alone: a list of names, or the feeds of a run, whose values are not looked at. */
static Status *read_feeds(Explain *x, JsonSpan v)
{
        JsonObject o;
        if (!v.at || scan_kind(v) == 'n')
                return NULL;
        if (scan_kind(v) != '{')
                return fetch_parse_names(v, "/feeds", &x->feeds);
        TRY(scan_object(x->request->arena, v, &o));
        x->feeds.names = arena_calloc(x->request->arena, o.n + 1, sizeof *x->feeds.names);
        for (size_t i = 0; x->feeds.names && i < o.n; i++)
                x->feeds.names[x->feeds.n++] = o.members[i].key;
        return x->feeds.names ? NULL : status_oom();
}

/* Feeds are names here: values play no part in a plan. */
static Status *read_request(Explain *x)
{
        static const char *const known[] = { "fetches", "feeds", "targets", NULL };
        JsonObject o;
        Fetch root;
        Arena *a = x->request->arena;
        TRY(request_object(x->request, &o));
        TRY(scan_only(&o, known));
        JsonSpan fetches = scan_get(&o, "fetches"), targets = scan_get(&o, "targets");
        TRY(read_feeds(x, scan_get(&o, "feeds")));
        if (fetches.at)
                TRY(fetch_parse(fetches, "/fetches", &x->fetches, &root));
        if (targets.at && scan_kind(targets) != 'n')
                TRY(fetch_parse_names(targets, "/targets", &x->targets));
        Feed *feeds = arena_calloc(a, (size_t)x->feeds.n + 1, sizeof *feeds);
        if (!feeds)
                return status_oom();
        for (int i = 0; i < x->feeds.n; i++)
                feeds[i].key = x->feeds.names[i];
        x->run = (RunRequest){ .fetches = x->fetches.names,
                               .n_fetches = x->fetches.n,
                               .feeds = feeds,
                               .n_feeds = x->feeds.n,
                               .targets = x->targets.names,
                               .n_targets = x->targets.n };
        return NULL;
}

/* POST .../{session}:explain. */
Status *runs_explain(Request *r)
{
        autoptr(Session) session = NULL;
        Explain x = { .request = r, .w = writer(&r->reply.body) };
        TRY(session_use(r->context, r->args[0], &session));
        x.fetches.arena = x.targets.arena = x.feeds.arena = r->arena;
        Status *s = read_request(&x);
        r->reply.type = TYPE_JSON;
        if (!s)
                s = session_explain(session, &x.run, write_explanation, &x);
        fetch_names_done(&x.fetches);
        fetch_names_done(&x.targets);
        fetch_names_done(&x.feeds);
        return s;
}
