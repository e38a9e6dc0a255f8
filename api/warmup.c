// SPDX-License-Identifier: Apache-2.0
/* :warmup: the first run of a signature compiles its plan, packs its weights and touches its
 * memory. Here that is done before a client waits for it: with the runs that the request gives, or
 * with those of the model's signatures or of callables, fed zeros. One after the other, none of
 * them on a thread that waits. */
#include "api/callable.h"
#include "api/feed.h"
#include "api/fetch.h"
#include "api/handlers.h"
#include "engine/base/clock.h"
#include <string.h>

typedef struct WarmRun {
        const char *what; /* for the answer */
        const char *pointer;
        FetchNames fetches, targets;
        Feeds feeds;
        bool core_names;
        int64_t ns;
} WarmRun;

/* In the request's arena. */
typedef struct Warmup {
        Request *request;
        Session *session;
        WarmRun *runs;
        int n, cap, at;
        int64_t start_ns;
        atomic_int turn; /* of the run under way: 1 once either its starter or its end is through */
        Cancel *cancel;
        Status *error;
} Warmup;

/* ---- what to run ---- */

static Status *add_run(Warmup *w, const char *what, const char *pointer, WarmRun **ret)
{
        Arena *a = w->request->arena;
        if (w->n == w->cap) {
                int cap = w->cap ? w->cap * 2 : 8;
                WarmRun *runs = arena_calloc(a, (size_t)cap, sizeof *runs);
                if (!runs)
                        return status_oom();
                if (w->n)
                        memcpy(runs, w->runs, (size_t)w->n * sizeof *runs);
                w->runs = runs;
                w->cap = cap;
        }
        WarmRun *run = &w->runs[w->n++];
        *run = (WarmRun){ .what = what, .pointer = pointer ? pointer : "" };
        run->fetches.arena = run->targets.arena = a;
        *ret = run;
        return NULL;
}

/* One of "runs": what :run takes, as far as it says what runs. */
static Status *read_run(Warmup *w, JsonSpan v, WarmRun *run)
{
        static const char *const members[] = { "fetches", "feeds", "targets", NULL };
        JsonObject o;
        Fetch root;
        TRY(scan_object(w->request->arena, v, &o));
        TRY(scan_only(&o, members));
        JsonSpan fetches = scan_get(&o, "fetches"), targets = scan_get(&o, "targets");
        TRY(feeds_parse(w->request, w->session, scan_get(&o, "feeds"), NULL, &run->feeds));
        if (fetches.at)
                TRY(fetch_parse(fetches, "/fetches", &run->fetches, &root));
        if (targets.at && scan_kind(targets) != 'n')
                TRY(fetch_parse_names(targets, "/targets", &run->targets));
        return NULL;
}

static Status *read_runs(Warmup *w, JsonSpan v)
{
        JsonArray list;
        TRY(scan_array(w->request->arena, v, &list));
        for (size_t i = 0; i < list.n; i++) {
                WarmRun *run = NULL;
                TRY(add_run(w, "run", arena_printf(w->request->arena, "/runs/%zu", i), &run));
                Status *s = read_run(w, list.items[i], run);
                if (s)
                        return pointer_prefix(s, run->pointer);
        }
        return NULL;
}

/* Zeros of a feed's type and shape; unknown sizes are 1. */
static Status *zeros(Session *session, const char *key, Tensor **ret)
{
        DType dtype;
        Shape shape;
        TRY(session_feed_info(session, key, &dtype, &shape));
        dtype = dtype_base(dtype);
        shape.rank = MAX(shape.rank, 0);
        for (int i = 0; i < shape.rank; i++)
                shape.dim[i] = shape.dim[i] < 0 ? 1 : shape.dim[i];
        if (!dtype_is_plain(dtype) && dtype != DT_STRING)
                return invalid_argument("There is no zero of type %s to feed '%s' with",
                                        dtype_name(dtype), key);
        TRY(tensor_new(dtype, &shape, ret));
        if (dtype_is_plain(dtype))
                memset(tensor_fill(*ret), 0, tensor_bytes(*ret));
        return NULL;
}

static Status *feed_zeros(Warmup *w, WarmRun *run, const char *const *keys, int n)
{
        run->feeds.items = arena_calloc(w->request->arena, (size_t)n + 1, sizeof(Feed));
        if (!run->feeds.items)
                return status_oom();
        run->feeds.cap = n;
        for (int i = 0; i < n; i++) {
                Feed *f = &run->feeds.items[i];
                TRY(zeros(w->session, keys[i], &f->value));
                f->key = keys[i];
                run->feeds.n++;
        }
        return NULL;
}

static Status *add_callable(Warmup *w, const char *name, const char *pointer)
{
        autoptr(SessionRec) rec =
                session_table_get(w->request->context->sessions, w->request->args[0]);
        Callable *c = NULL;
        WarmRun *run = NULL;
        if (!rec)
                return session_table_not_found(w->request->context->sessions, w->request->args[0]);
        TRY(callables_get(&rec->callables, name, &c));
        TRY(arena_on_free(w->request->arena, (void (*)(void *))callable_unref, c));
        TRY(add_run(w, arena_printf(w->request->arena, "callable %s", name), pointer, &run));
        run->fetches.names = c->fetches.names;
        run->fetches.n = c->fetches.n;
        run->targets.names = c->targets.names;
        run->targets.n = c->targets.n;
        run->core_names = c->core;
        return feed_zeros(w, run, c->feeds.names, c->feeds.n);
}

typedef Tensorflow__TensorInfo TensorInfo;
typedef Tensorflow__SignatureDef SignatureDef;

static bool is_tensor(const TensorInfo *t)
{
        return t && t->encoding_case == TENSORFLOW__TENSOR_INFO__ENCODING_NAME && t->name[0];
}

/* Sparse and composite tensors have no zeros of an obvious shape. */
static bool has_zeros(const SignatureDef *s)
{
        bool all = s->n_outputs > 0;
        for (size_t i = 0; i < s->n_inputs; i++)
                all = all && is_tensor(s->inputs[i]->value);
        for (size_t i = 0; i < s->n_outputs; i++)
                all = all && is_tensor(s->outputs[i]->value);
        return all;
}

static Status *add_signature(Warmup *w, const char *name, const SignatureDef *s,
                             const char *pointer)
{
        Arena *a = w->request->arena;
        WarmRun *run = NULL;
        const char **keys = arena_calloc(a, s->n_inputs + 1, sizeof *keys);
        TRY(add_run(w, arena_printf(a, "signature %s", name), pointer, &run));
        run->fetches.names = arena_calloc(a, s->n_outputs + 1, sizeof *run->fetches.names);
        if (!keys || !run->fetches.names)
                return status_oom();
        for (size_t i = 0; i < s->n_inputs; i++)
                keys[i] = s->inputs[i]->value->name;
        for (size_t i = 0; i < s->n_outputs; i++)
                run->fetches.names[run->fetches.n++] = s->outputs[i]->value->name;
        return feed_zeros(w, run, keys, (int)s->n_inputs);
}

/* wanted NULL: all that can be run, but those that the model's start runs itself. */
static Status *add_signatures(Warmup *w, const char *wanted, const char *pointer)
{
        Model *model = session_model(w->session);
        const MetaGraphDef *meta = model ? model_meta(model) : NULL;
        for (size_t i = 0; meta && i < meta->n_signature_def; i++) {
                const Tensorflow__MetaGraphDef__SignatureDefEntry *e = meta->signature_def[i];
                if (!e->value || (wanted ? strcmp(e->key, wanted) != 0 : e->key[0] == '_'))
                        continue;
                if (has_zeros(e->value))
                        TRY(add_signature(w, e->key, e->value, pointer));
                else if (wanted)
                        return invalid_argument("Signature '%s' takes or gives what is no tensor",
                                                wanted);
                if (wanted)
                        return NULL;
        }
        return wanted ? not_found("The session's model has no signature '%.100s'", wanted) : NULL;
}

static Status *each_name(Warmup *w, const char *member, JsonSpan v,
                         Status *(*add)(Warmup *w, const char *name, const char *pointer))
{
        FetchNames names = { .arena = w->request->arena };
        Status *s = fetch_parse_names(v, member, &names);
        for (int i = 0; i < names.n && !s; i++) {
                const char *pointer = arena_printf(w->request->arena, "%s/%d", member, i);
                s = add(w, names.names[i], pointer);
                if (s)
                        status_set_pointer(s, "%s", pointer ? pointer : member);
        }
        fetch_names_done(&names);
        return s;
}

static Status *read_body(Warmup *w)
{
        static const char *const members[] = { "runs", "signatures", "callables", NULL };
        JsonObject o;
        TRY(request_object(w->request, &o));
        TRY(scan_only(&o, members));
        JsonSpan runs = scan_get(&o, "runs"), signatures = scan_get(&o, "signatures"),
                 callables = scan_get(&o, "callables");
        if (runs.at)
                TRY(read_runs(w, runs));
        if (callables.at)
                TRY(each_name(w, "/callables", callables, add_callable));
        if (signatures.at)
                return each_name(w, "/signatures", signatures, add_signatures);
        return o.n ? NULL : add_signatures(w, NULL, NULL);
}

/* ---- running ---- */

static void drop(Warmup *w)
{
        for (int i = 0; i < w->n; i++) {
                feeds_done(&w->runs[i].feeds);
                fetch_names_done(&w->runs[i].fetches);
                fetch_names_done(&w->runs[i].targets);
        }
        session_unref(w->session);
}

static void answer(Warmup *w)
{
        Request *r = w->request;
        Writer out = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&out, '{');
        writer_key(&out, "runs");
        writer_open(&out, '[');
        for (int i = 0; i < w->n; i++) {
                writer_open(&out, '{');
                writer_member_string(&out, "what", w->runs[i].what);
                writer_member_int(&out, "duration_us", w->runs[i].ns / 1000);
                writer_close(&out, '}');
        }
        writer_close(&out, ']');
        writer_close(&out, '}');
        drop(w);
        request_answer(r);
}

static void fail(Warmup *w)
{
        const char *pointer = w->runs[w->at].pointer;
        Request *r = w->request;
        Status *s = w->error;
        autoptr(Session) session = session_ref(w->session);
        drop(w);
        request_fail_in(r, session, pointer_prefix(s, pointer));
}

static void go_on(Warmup *w);

/* The end of a run goes on itself, unless who started it is still there to do that. */
static void run_done(void *arg, Status *s, const RunResult *result UNUSED)
{
        Warmup *w = arg;
        w->runs[w->at].ns = clock_ns() - w->start_ns;
        w->at += !s;
        w->error = s;
        if (atomic_exchange(&w->turn, 1) == 1)
                go_on(w);
}

static void start_run(Warmup *w)
{
        const WarmRun *run = &w->runs[w->at];
        RunRequest q = { .fetches = run->fetches.names,
                         .n_fetches = run->fetches.n,
                         .feeds = run->feeds.items,
                         .n_feeds = run->feeds.n,
                         .targets = run->targets.names,
                         .n_targets = run->targets.n,
                         .core_names = run->core_names,
                         .tunes = true,
                         .cancel = w->cancel };
        autoptr(Session) session = session_ref(w->session);
        w->start_ns = clock_ns();
        session_run(session, &q, run_done, w);
}

/* The last thing that is done to w is the exchange, or the answer. */
static void go_on(Warmup *w)
{
        while (!w->error && w->at < w->n) {
                atomic_store(&w->turn, 0);
                start_run(w);
                if (atomic_exchange(&w->turn, 1) == 0)
                        return;
        }
        if (w->error)
                fail(w);
        else
                answer(w);
}

Status *sessions_warmup(Request *r)
{
        Warmup *w = arena_calloc(r->arena, 1, sizeof *w);
        if (!w)
                return status_oom();
        w->request = r;
        TRY(session_use(r->context, r->args[0], &w->session));
        Status *s = read_body(w);
        if (!s)
                s = request_cancel_token(r, &w->cancel);
        if (s) {
                drop(w);
                return s;
        }
        go_on(w);
        return NULL;
}
