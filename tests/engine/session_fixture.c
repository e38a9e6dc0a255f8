// SPDX-License-Identifier: Apache-2.0
/* Sessions driven from tests: every call can be waited for. */
#include "tests/engine/session_fixture.h"

#include "tests/lib/graph_builder.h"
#include "tests/lib/kernel_log.h"
#include "tests/lib/op_session.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

Session *session;
Tensor *got[16];
int n_got;

static Engine *engine;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards: calls */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void wait_until(int n)
{
        for (int i = 0; i < 10000 && waiting() != n; i++)
                usleep(1000);
        cr_assert_eq(waiting(), n);
}

/* ---- the session ---- */

static void forget_got(void)
{
        for (int i = 0; i < n_got; i++)
                tensor_unref(got[i]);
        n_got = 0;
}

static void must(Status *s)
{
        cr_assert_null(s, "%s", status_message(s));
}

void session_setup(void)
{
        must(test_engine(&engine));
        must(engine_create_session(engine, &(SessionOptions){ .name = "test" }, &session));
        atomic_store(&test_count, 0);
}

Engine *engine_of_tests(void)
{
        return engine;
}

Status *engine_session(const char *name, const char *target, Session **ret)
{
        return engine_create_session(engine, &(SessionOptions){ .name = name, .target = target },
                                     ret);
}

void session_teardown(void)
{
        forget_got();
        session_close(session, NULL, NULL);
        session_unref(steal(&session));
        must(engine_forget(engine, "test"));
}

Status *grow(const char *text)
{
        autoptr(GraphSource) src = NULL;
        must(graph_text(text, &src));
        ExtendResult r;
        return session_extend(session, src, false, &r);
}

void grow_ok(const char *text)
{
        must(grow(text));
}

void grow_file(const char *path)
{
        static char text[1 << 16];
        FILE *f = fopen(path, "r");
        cr_assert_not_null(f);
        size_t n = fread(text, 1, sizeof text, f);
        fclose(f);
        autoptr(GraphSource) src = NULL;
        ExtendResult r;
        must(graph_source_parse(text, n, "graph_def_text", NULL, &src));
        must(session_extend(session, src, false, &r));
}

/* ---- runs ---- */

enum { MAX_NAMES = 16 };

struct Call {
        bool done;
        Status *status;
        Tensor *values[MAX_NAMES];
        int n;
        Session *logged; /* whose graph ran, where there is a log of kernels; NULL: nothing to note
                          */
};

static int split(char *text, const char **names)
{
        int n = 0;
        char *rest = text;
        for (char *name; n < MAX_NAMES && (name = strtok_r(n ? NULL : text, " ", &rest));)
                names[n++] = name;
        return n;
}

typedef struct Request {
        char *texts[3];
        const char *fetches[MAX_NAMES], *targets[MAX_NAMES], *keys[MAX_NAMES];
        Feed feeds[MAX_NAMES];
        RunRequest r;
} Request;

static void request(Request *q, const char *fetches, const char *feeds, const char *targets)
{
        *q = (Request){ .texts = { mem_strdup(fetches), mem_strdup(feeds), mem_strdup(targets) } };
        q->r = (RunRequest){ .fetches = q->fetches, .feeds = q->feeds, .targets = q->targets };
        q->r.n_fetches = split(q->texts[0], q->fetches);
        q->r.n_feeds = split(q->texts[1], q->keys);
        q->r.n_targets = split(q->texts[2], q->targets);
        for (int i = 0; i < q->r.n_feeds; i++) {
                char *eq = strchr(q->keys[i], '=');
                float v = eq ? strtof(eq + 1, NULL) : 0;
                if (eq) {
                        *eq = 0;
                        must(tensor_scalar(DT_FLOAT, &v, &q->feeds[i].value));
                }
                q->feeds[i].key = q->keys[i];
        }
}

static void request_done(Request *q)
{
        for (int i = 0; i < q->r.n_feeds; i++)
                tensor_unref(q->feeds[i].value);
        for (int i = 0; i < 3; i++)
                mem_free(q->texts[i]);
}

static void on_done(void *arg, Status *s, const RunResult *r)
{
        Call *c = arg;
        if (r && c->logged)
                kernel_log_write(c->logged, r->metadata, NULL, 0);
        pthread_mutex_lock(&lock);
        c->status = s;
        c->n = r ? r->n : 0;
        for (int i = 0; i < c->n; i++)
                c->values[i] = r->values[i] ? tensor_ref(r->values[i]) : NULL;
        c->done = true;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
}

Call *start_with(const char *fetches, const char *feeds, const char *targets, const RunOptions *o,
                 Cancel *cancel)
{
        Request q;
        request(&q, fetches, feeds, targets);
        q.r.options = o;
        q.r.cancel = cancel;
        Call *c = mem_calloc(1, sizeof *c);
        RunOptions traced = TENSORFLOW__RUN_OPTIONS__INIT;
        if (kernel_log_wanted()) {
                traced = o ? *o : traced;
                traced.trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
                q.r.options = &traced;
                q.r.metadata = true;
                c->logged = session;
        }
        session_run(session, &q.r, on_done, c);
        request_done(&q);
        return c;
}

Call *start(const char *fetches, const char *feeds, const char *targets)
{
        return start_with(fetches, feeds, targets, NULL, NULL);
}

Call *start_partial(const char *handle, const char *fetches, const char *feeds)
{
        Request q;
        request(&q, fetches, feeds, "");
        Call *c = mem_calloc(1, sizeof *c);
        session_partial_run(session, handle, &q.r, on_done, c);
        request_done(&q);
        return c;
}

bool is_done(Call *c)
{
        pthread_mutex_lock(&lock);
        bool done = c->done;
        pthread_mutex_unlock(&lock);
        return done;
}

Status *finish(Call *c)
{
        for (int i = 0; i < 10000 && !is_done(c); i++)
                usleep(i < 100 ? 100 : 1000);
        cr_assert(is_done(c), "the run did not end");
        forget_got();
        n_got = c->n;
        memcpy(got, c->values, sizeof got);
        Status *s = c->status;
        if (s)
                kernel_log_error(NULL, s);
        mem_free(c);
        return s;
}

static void fails_with(Status *s, StatusCode code, const char *text)
{
        cr_assert_not_null(s, "expected: %s", text);
        cr_expect_eq(status_code(s), code, "%s: %s", status_code_name(status_code(s)),
                     status_message(s));
        cr_expect(!strncmp(status_message(s), text, strlen(text)), "got: %s\nwant: %s",
                  status_message(s), text);
        status_free(s);
}

double value_of(const char *fetch, const char *feeds)
{
        must(finish(start(fetch, feeds, "")));
        return tensor_double(got[0], 0);
}

void run_ok(const char *fetches, const char *feeds, const char *targets)
{
        must(finish(start(fetches, feeds, targets)));
}

void run_fails(const char *fetches, const char *feeds, StatusCode code, const char *text)
{
        fails_with(finish(start(fetches, feeds, "")), code, text);
}

char *setup_partial(const char *fetches, const char *feeds, const char *targets)
{
        Request q;
        char *handle = NULL;
        request(&q, fetches, feeds, targets);
        must(session_partial_run_setup(session, &q.r, &handle));
        request_done(&q);
        return handle;
}

double partial_value(const char *handle, const char *fetches, const char *feeds)
{
        must(finish(start_partial(handle, fetches, feeds)));
        return n_got ? tensor_double(got[0], 0) : 0;
}

void partial_fails(const char *handle, const char *fetches, const char *feeds, StatusCode code,
                   const char *text)
{
        fails_with(finish(start_partial(handle, fetches, feeds)), code, text);
}

void refusal_run(const Refusal *rows, int i)
{
        const Refusal *row = &rows[i];
        grow_ok(row->text);
        autoptr(Status) s = finish(start("", "", "x"));
        cr_assert_eq(status_code(s), row->code, "%s: %s", row->name, status_message(s));
        cr_assert(!strncmp(status_message(s), row->message, strlen(row->message)), "%s: got: %s",
                  row->name, status_message(s));
}
