// SPDX-License-Identifier: Apache-2.0
/* The asynchronous session, waited for. */
#include "tests/lib/op_session.h"
#include "engine/base/mem.h"
#include "tests/lib/graph_builder.h"
#include "tests/lib/kernel_log.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

struct TestSession {
        char name[32];
        Session *session;
};

const char *test_data_root;
bool test_deterministic;

Status *test_engine(Engine **ret)
{
        static Engine *engine; /* lives as long as the process */
        const char *const roots[] = { test_data_root, NULL };
        EngineOptions o = { .threads = 2, .deterministic = test_deterministic };
        if (test_data_root) {
                o.data_roots = roots;
                o.data_writable = true;
        }
        if (!engine)
                TRY(engine_new(&o, &engine));
        *ret = engine;
        return NULL;
}

typedef struct Waiter {
        pthread_mutex_t lock; /* guards the rest */
        pthread_cond_t cond;
        bool done;
        Status *status;
        Tensor **ret;
        Session *logged; /* notes in the log of kernels what the run did; NULL: does not */
        const RunRequest *request;
} Waiter;

#define WAITER(r)                                                                               \
        {                                                                                       \
                .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .ret = (r) \
        }

static void wake(Waiter *w)
{
        pthread_mutex_lock(&w->lock);
        w->done = true;
        pthread_cond_signal(&w->cond);
        pthread_mutex_unlock(&w->lock);
}
static void wait_for(Waiter *w)
{
        pthread_mutex_lock(&w->lock);
        while (!w->done)
                pthread_cond_wait(&w->cond, &w->lock);
        pthread_mutex_unlock(&w->lock);
}

static void run_done(void *arg, Status *s, const RunResult *r)
{
        Waiter *w = arg;
        w->status = s;
        for (int i = 0; r && i < r->n; i++)
                w->ret[i] = r->values[i] ? tensor_ref(r->values[i]) : NULL;
        if (r && w->logged)
                kernel_log_write(w->logged, r->metadata, w->request->feeds, w->request->n_feeds);
        wake(w);
}
static void close_done(void *arg)
{
        wake(arg);
}

/* Like r, but traced. */
static RunRequest traced(const RunRequest *r, RunOptions *options)
{
        RunRequest t = *r;
        if (r->options)
                *options = *r->options;
        options->trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
        t.options = options;
        t.metadata = true;
        return t;
}

Status *test_session_run(TestSession *s, const RunRequest *r, Tensor **ret)
{
        Waiter w = WAITER(ret);
        RunOptions options = TENSORFLOW__RUN_OPTIONS__INIT;
        RunRequest logged = traced(r, &options);
        w.logged = kernel_log_wanted() ? s->session : NULL;
        w.request = r;
        session_run(s->session, w.logged ? &logged : r, run_done, &w);
        wait_for(&w);
        return w.status;
}

Status *test_session_fetch(TestSession *s, const char *fetch, Tensor **ret)
{
        RunRequest r = { .fetches = &fetch, .n_fetches = 1 };
        return test_session_run(s, &r, ret);
}

Status *test_session_target(TestSession *s, const char *target)
{
        RunRequest r = { .targets = &target, .n_targets = 1 };
        return test_session_run(s, &r, NULL);
}

static Status *session_on(Graph *graph, const ConfigProto *config, TestSession **ret)
{
        static int count;
        Engine *engine;
        autoptr(TestSession) s = mem_calloc(1, sizeof *s);
        if (!s)
                return status_oom();
        TRY(test_engine(&engine));
        snprintf(s->name, sizeof s->name, "test%d", ++count);
        SessionOptions o = { .name = s->name, .config = config, .graph = graph };
        TRY(engine_create_session(engine, &o, &s->session));
        *ret = steal(&s);
        return NULL;
}

static Status *share_graph(void *ret, const Graph *g)
{
        *(Graph **)ret = graph_ref((Graph *)g);
        return NULL;
}

Status *test_session_twin(TestSession *of, TestSession **ret)
{
        Graph *graph = NULL;
        TRY(session_read_graph(of->session, share_graph, &graph));
        Status *s = session_on(graph, NULL, ret);
        graph_unref(graph);
        return s;
}

static Status *session_new(const ConfigProto *config, GraphSource *src, TestSession **ret)
{
        autoptr(GraphSource) owned UNUSED = src;
        autoptr(TestSession) s = NULL;
        ExtendResult extended;
        TRY(session_on(NULL, config, &s));
        if (src)
                TRY(session_extend(s->session, src, false, &extended));
        *ret = steal(&s);
        return NULL;
}

Status *test_session_new(GraphSource *src, TestSession **ret)
{
        return session_new(NULL, src, ret);
}

Status *test_session_text(const char *text, TestSession **ret)
{
        return test_session_with(NULL, text, ret);
}

Status *test_session_with(const ConfigProto *config, const char *text, TestSession **ret)
{
        GraphSource *src = NULL;
        Engine *engine;
        TRY(test_engine(&engine)); /* the text is read by the ops' signatures */
        TRY(graph_text(text, &src));
        return session_new(config, src, ret);
}

Status *test_session_library(const char *text, TestSession **ret)
{
        GraphSource *src = NULL;
        Engine *engine;
        TRY(test_engine(&engine));
        TRY(graph_source_parse(text, strlen(text), "graph_def_text", NULL, &src));
        return test_session_new(src, ret);
}

Status *test_session_extend(TestSession *s, const char *text)
{
        autoptr(GraphSource) src = NULL;
        ExtendResult extended;
        TRY(graph_text(text, &src));
        return session_extend(s->session, src, false, &extended);
}

Session *test_session_of(TestSession *s)
{
        return s->session;
}

void test_session_free(TestSession *s)
{
        if (!s)
                return;
        if (s->session) {
                Waiter w = WAITER(NULL);
                session_close(s->session, close_done, &w);
                wait_for(&w);
                session_unref(s->session);
        }
        Engine *engine;
        autoptr(Status) why UNUSED = test_engine(&engine);
        if (!why)
                status_free(engine_forget(engine, s->name));
        mem_free(s);
}

int64_t test_settled_bytes(void)
{
        enum { SAME = 10, PAUSE_US = 5000 };
        int64_t now = mem_stats().block_bytes;
        for (int same = 0; same < SAME; usleep(PAUSE_US)) {
                int64_t before = now;
                now = mem_stats().block_bytes;
                same = now == before ? same + 1 : 0;
        }
        return now;
}
