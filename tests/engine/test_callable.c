// SPDX-License-Identifier: Apache-2.0
/* What a callable looked up stays right: across extends, on a graph of one session or of several,
 * and behind its session's end. */
#include "tests/engine/session_fixture.h"
#include "tests/lib/graph_builder.h"

#include <stdio.h>

TestSuite(callable, .init = session_setup, .fini = session_teardown, .timeout = 30);

typedef struct Got {
        atomic_bool done;
        Status *status;
        double value;
} Got;

static void on_done(void *arg, Status *s, const RunResult *r)
{
        Got *g = arg;
        g->status = s;
        g->value = r && r->values[0] ? tensor_double(r->values[0], 0) : 0;
        atomic_store(&g->done, true);
}

/* y of a session whose x is fed. */
static Got call(Session *s, SessionCallable *c, float x)
{
        Got g = { .value = 0 };
        Tensor *t = NULL;
        const char *fetch = "y:0";
        cr_assert_null(tensor_scalar(DT_FLOAT, &x, &t));
        Feed feed = { "x", t };
        session_run(s,
                    &(RunRequest){ .fetches = &fetch,
                                   .n_fetches = 1,
                                   .feeds = &feed,
                                   .n_feeds = 1,
                                   .prepared = c },
                    on_done, &g);
        while (!atomic_load(&g.done)) {
        }
        tensor_unref(t);
        return g;
}

static void gives(Session *s, SessionCallable *c, float x, double want)
{
        Got g = call(s, c, x);
        cr_assert_null(g.status, "%s", g.status ? status_message(g.status) : "");
        cr_assert_eq(g.value, want);
}

static SessionCallable *callable(void)
{
        SessionCallable *c = NULL;
        cr_assert_null(session_callable_new(&c));
        return c;
}

static const char squares[] = "x = Placeholder dtype: float, shape: []\ny = Square(x)\n";

Test(callable, gives_what_a_run_gives_again_and_again)
{
        SessionCallable *c = callable();
        grow_ok(squares);
        for (int i = 0; i < 10; i++)
                gives(session, c, (float)i, i * i);
        session_callable_free(c);
}

Test(callable, feeds_are_checked_each_time)
{
        SessionCallable *c = callable();
        Tensor *t = NULL;
        int32_t one = 1;
        const char *fetch = "y:0";
        Got g = { .value = 0 };
        grow_ok(squares);
        gives(session, c, 3, 9);
        cr_assert_null(tensor_scalar(DT_INT32, &one, &t));
        Feed feed = { "x", t };
        RunRequest r = { .fetches = &fetch, .n_fetches = 1, .feeds = &feed, .n_feeds = 1 };
        r.prepared = c;
        session_run(session, &r, on_done, &g);
        cr_assert_eq(status_code(g.status), SR_INVALID_ARGUMENT);
        status_free(g.status);
        tensor_unref(t);
        session_callable_free(c);
}

Test(callable, stays_right_when_the_graph_grows)
{
        SessionCallable *c = callable();
        grow_ok(squares);
        gives(session, c, 2, 4);
        for (int i = 0; i < 3; i++) {
                char text[64];
                snprintf(text, sizeof text, "more%d = Neg(y) T: float\n", i);
                grow_ok(text);
                gives(session, c, 3, 9);
        }
        session_callable_free(c);
}

/* The first extend gives the session a graph of its own, and the other one may go. */
Test(callable, stays_right_when_a_shared_graph_becomes_the_sessions_own)
{
        SessionCallable *c = callable();
        GraphSource *src = NULL;
        Graph *g = NULL;
        Session *s = NULL;
        ExtendResult grown;
        int first;
        cr_assert_null(graph_new(&g));
        cr_assert_null(graph_text(squares, &src));
        cr_assert_null(graph_extend(g, src, false, &first));
        graph_source_free(src);
        cr_assert_null(engine_create_session(
                engine_of_tests(), &(SessionOptions){ .name = "shares", .graph = g }, &s));
        gives(s, c, 2, 4);
        cr_assert_null(graph_text("z = Placeholder dtype: float\n", &src));
        cr_assert_null(session_extend(s, src, false, &grown));
        graph_source_free(src);
        graph_unref(g);
        gives(s, c, 5, 25);
        gives(s, c, 6, 36);
        session_close(s, NULL, NULL);
        session_unref(s);
        session_callable_free(c);
}

Test(callable, of_a_closed_session_says_so)
{
        SessionCallable *c = callable(), *unused = callable();
        grow_ok(squares);
        gives(session, c, 2, 4);
        session_close(session, NULL, NULL);
        for (int i = 0; i < 2; i++) {
                Got g = call(session, i ? unused : c, 2);
                cr_assert_eq(status_code(g.status), SR_FAILED_PRECONDITION);
                cr_assert_str_eq(status_message(g.status), "Attempted to use a closed Session.");
                status_free(g.status);
        }
        session_callable_free(c);
        session_callable_free(unused);
}

Test(callable, in_another_session_is_looked_up_there)
{
        SessionCallable *c = callable();
        GraphSource *src = NULL;
        Session *s = NULL;
        ExtendResult grown;
        grow_ok(squares);
        cr_assert_null(engine_session("other", "", &s));
        cr_assert_null(graph_text("x = Placeholder dtype: float, shape: []\ny = Neg(x)\n", &src));
        cr_assert_null(session_extend(s, src, false, &grown));
        graph_source_free(src);
        for (int i = 0; i < 3; i++) {
                gives(session, c, 4, 16);
                gives(s, c, 4, -4);
        }
        session_close(s, NULL, NULL);
        session_unref(s);
        gives(session, c, 4, 16);
        session_callable_free(c);
}
