// SPDX-License-Identifier: Apache-2.0
/* What of a graph runs, how often and in which order, and what stays from run to run. */
#include "tests/api/session_words.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(http_pruning, .init = server_begin, .fini = server_end, .timeout = 120);

#define S "/v1/sessions/s"
#define COUNTER                                      \
        "v = VariableV2(dtype=float32, shape=[])\\n" \
        "init = Assign(v, 0.0)\\ninc = AssignAdd(v, 1.0)\\n"

Test(http_pruning, what_is_not_asked_for_does_not_run_not_even_to_fail)
{
        make_session("", COUNTER "bad = CheckNumerics(Div(0.0, 0.0), message=\\'bad\\')\\n"
                                 "x = Placeholder(dtype=float32)\\ny = x + bad\\nk = 3.0");
        run_gives("'targets':['init']", "null");
        run_gives("'fetches':'k:0'", "3.0");
        run_gives("'fetches':'v:0'", "0.0");
        run_gives("'fetches':'y:0','feeds':{'x':1,'bad':2}",
                  "3.0"); /* what is fed is cut off, too */
        expect(post(RUN, "{'fetches':['k:0'],'targets':['bad']}"), 400, "/node", "bad");
}

Test(http_pruning, a_node_runs_once_in_a_step_however_many_ask_for_it)
{
        make_session("", COUNTER "i = Identity(inc)\\nj = Identity(inc)\\ny = i + j\\n"
                                 "with control(inc):\\n  k = Identity(5.0)");
        run_gives("'targets':['init']", "null");
        run_gives("'fetches':['y:0','i:0','inc:0','k:0'],'targets':['inc','j']",
                  "[2.0,1.0,1.0,5.0]");
        run_gives("'fetches':'v:0'", "1.0");
}

Test(http_pruning, control_edges_order_and_bring_side_effects)
{
        make_session("", COUNTER "with control(inc):\\n  a = Identity(v)\\n"
                                 "with control(a):\\n  b = AssignAdd(v, 10.0)\\n"
                                 "with control(b):\\n  c = Identity(v)");
        run_gives("'targets':['init']", "null");
        run_gives("'fetches':['c:0','a:0']", "[11.0,1.0]");
}

/* Only a fed Placeholder's control edges move to the feed: anything else that is fed still runs for
 * who waits for it. */
Test(http_pruning, a_fed_node_runs_when_somebody_waits_for_it)
{
        make_session(
                "", COUNTER
                "x = Placeholder(dtype=float32)\\nd = Identity(inc)\\n"
                "with control(x):\\n  p = Identity(1.0)\\nwith control(d):\\n  w = Identity(2.0)\\n"
                "y = d + 0.0");
        run_gives("'targets':['init']", "null");
        run_gives("'fetches':'y:0','feeds':{'d':7}", "7.0");
        run_gives("'fetches':'v:0'", "0.0");
        run_gives("'fetches':['y:0','w:0'],'feeds':{'d':7}", "[7.0,2.0]");
        run_gives("'fetches':'v:0'", "1.0");
        run_gives("'fetches':'p:0','feeds':{'x':7}", "1.0");
        expect(post(RUN, "{'fetches':'p:0'}"), 400, "/node", "x");
}

/* ---- what stays ---- */

Test(http_pruning, state_of_a_kernel_is_the_nodes_whatever_the_signature)
{
        make_session("", "r = RandomUniform([1], dtype=float32, seed=3, seed2=4)\\ns = r + 0.0\\n"
                         "t = RandomUniform([1], dtype=float32, seed=3, seed2=4)");
        char drawn[4][40];
        for (int i = 0; i < 4; i++) {
                Answer a = post(RUN, "{'fetches':'%s'}", i % 2 ? "s:0" : "r:0");
                snprintf(drawn[i], sizeof drawn[i], "%s", text_at(a, "/result/0"));
                for (int k = 0; k < i; k++)
                        cr_expect_str_neq(drawn[i], drawn[k]);
        }
        /* A node of its own begins at the beginning. */
        expect(post(RUN, "{'fetches':'t:0'}"), 200, "/result/0", drawn[0]);
        expect(post(RUN, "{'fetches':'t:0'}"), 200, "/result/0", drawn[1]);
}

Test(http_pruning, a_signature_is_the_same_in_any_order)
{
        make_session(
                "'graph_options':{'build_cost_model':'2'}",
                "a = Placeholder(dtype=float32)\\nb = Placeholder(dtype=float32)\\nc = a + b\\n"
                "d = a * b");
        static const char *const runs[] = {
                "'fetches':['c:0','d:0'],'feeds':{'a':2,'b':3}",
                "'fetches':['d:0','c:0'],'feeds':{'b':3,'a':2}",
                "'fetches':['d:0','c:0','c:0'],'feeds':{'a':2,'b':3}",
        };
        static const char *const results[] = { "[5.0,6.0]", "[6.0,5.0]", "[6.0,5.0,5.0]" };
        for (int i = 0; i < 3; i++) {
                Answer a = post(RUN, "{%s,'metadata':true}", runs[i]);
                expect(a, 200, "/result", results[i]);
                /* Every second run of one signature. */
                cr_expect_eq(at(a, "/run_metadata/costGraph") != NULL, i == 1, "run %d: %s", i,
                             a.body);
        }
}

Test(http_pruning, step_ids_count_up_for_runs_that_fail_too)
{
        make_session("", "k = 1.0\\nx = Placeholder(dtype=float32)");
        expect(post(RUN, "{'fetches':'k:0'}"), 200, "/step_id", "1");
        expect(post(RUN, "{'fetches':'x:0'}"), 400, NULL, NULL);
        expect(post(RUN, "{'fetches':'k:0'}"), 200, "/step_id", "3");
}

Test(http_pruning, optimizing_changes_no_result)
{
        static const char script[] =
                "k = 2.0\\ny = Exp(k) + Exp(k)\\n" COUNTER
                "q = RandomUniform([1], dtype=float32, seed=1, seed2=2)\\n"
                "p = RandomUniform([1], dtype=float32, seed=1, seed2=2)\\nboth = p - q\\n"
                "u = inc + inc";
        static const char *const configs[] = {
                "", "'graph_options':{'optimizer_options':{'opt_level':'L0'}}"
        };
        for (int i = 0; i < 2; i++) {
                http("DELETE", S, NULL);
                make_session(configs[i], script);
                run_gives("'targets':['init']", "null");
                run_gives("'fetches':'y:0','feeds':{'k':0}", "2.0"); /* fed: not folded */
                run_gives("'fetches':['u:0','both:0']",
                          "[2.0,[0.0]]");            /* state: neither merged.. */
                run_gives("'fetches':'u:0'", "4.0"); /* ..nor folded */
        }
}

/* ---- while the graph grows ---- */

enum { CLIENTS = 4, RUNS = 100 };

/* Its own connection: the test's is not shared between threads. */
static void *runs_on(void *arg)
{
        static const char request[] =
                "POST " RUN " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n"
                "{\"fetches\":\"y:0\"}";
        int *right = arg, fd = raw_connect();
        for (int i = 0; i < RUNS; i++) {
                char text[4096];
                size_t n = 0;
                raw_send(fd, request, sizeof request - 1);
                do {
                        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
                        if (got <= 0)
                                break;
                        n += (size_t)got;
                        text[n] = '\0';
                } while (!strstr(text, "\r\n\r\n") || text[n - 1] != '}');
                *right += n && strstr(text, "\"result\":6.0") != NULL;
        }
        close(fd);
        return NULL;
}

Test(http_pruning, runs_go_on_while_the_graph_grows)
{
        make_session("", "a = 2.0\\nb = 3.0\\nx = Placeholder(dtype=float32)\\ny = a * b");
        pthread_t threads[CLIENTS];
        int right[CLIENTS] = { 0 };
        for (int i = 0; i < CLIENTS; i++)
                cr_assert_eq(pthread_create(&threads[i], NULL, runs_on, &right[i]), 0);
        for (int i = 0; i < RUNS; i++) {
                Answer a = post(S ":extend", "{'script':'n%d = %d.0'}", i, i);
                expect(a, 200, "/nodes_added", "1");
        }
        for (int i = 0; i < CLIENTS; i++) {
                pthread_join(threads[i], NULL);
                cr_expect_eq(right[i], RUNS);
        }
        expect(http("GET", S, NULL), 200, "/nodes", "104");
        run_gives("'fetches':['n99:0','y:0']", "[99.0,6.0]");
}
