// SPDX-License-Identifier: Apache-2.0
/* partial_run over HTTP: what runs when, what each refused call says, how long a handle lives. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define S "/v1/sessions/s"

static void make(const char *config)
{
        expect(post("/v1/sessions",
                    "{'name':'s','config':{%s},'graph':{'script':'a = Placeholder(dtype=float32); "
                    "b = Placeholder(dtype=float32); c = Placeholder(dtype=float32, shape=[2]); "
                    "r1 = a + b; r2 = r1 * c; k = 2.0; v = VariableV2(dtype=float32, shape=[]); "
                    "init = Assign(v, 0.0); inc = AssignAdd(v, 1.0); p = Placeholder(dtype=bool); "
                    "s = Switch(a, p); f = Identity(s:0); t = Identity(s:1); "
                    "q = FIFOQueueV2(component_types=[float32], shapes=[[]]); "
                    "take = QueueDequeueV2(q, component_types=[float32]); "
                    "bad = CheckNumerics(Div(a, 0.0), message=\\'bad\\')\\n"
                    "with control(r1):\\n  late = AssignAdd(v, 10.0)'}}",
                    config),
               201, NULL, NULL);
        expect(post(S ":run", "{'targets':['init']}"), 200, NULL, NULL);
}

static void begin(void)
{
        server_begin();
        make("");
}

TestSuite(http_partial, .init = begin, .fini = server_end, .timeout = 120);

static char handle[100];

static void setup(const char *declared)
{
        Answer a = post(S ":partial_run_setup", "{%s}", declared);
        cr_assert_eq(a.status, 200, "%s", a.body);
        snprintf(handle, sizeof handle, "%s", text_at(a, "/handle"));
}

static Answer go(const char *call)
{
        return post(S ":partial_run", "{'handle':'%s'%s%s}", handle, *call ? "," : "", call);
}

static void gives(const char *call, const char *result)
{
        expect(go(call), 200, "/result", result);
}

static void refused(const char *call, const char *detail)
{
        Answer a = go(call);
        expect(a, 400, "/detail", detail);
        expect(a, 400, "/code_name", "INVALID_ARGUMENT");
}

#define OVER "Must run 'setup' before performing partial runs!"

/* ---- setup ---- */

Test(http_partial, setup_runs_what_needs_no_feed_targets_too)
{
        setup("'fetches':['r1:0'],'feeds':['a','b'],'targets':['inc','late']");
        for (int i = 0;
             i < 500 && strcmp(text_at(post(S ":run", "{'fetches':'v:0'}"), "/result"), "1.0"); i++)
                usleep(10000);
        expect(post(S ":run", "{'fetches':'v:0'}"), 200, "/result", "1.0");
        gives("'fetches':'r1:0','feeds':{'a':1,'b':2}", "3.0");
        expect(post(S ":run", "{'fetches':'v:0'}"), 200, "/result", "11.0");
}

Test(http_partial, setup_says_what_it_cannot_declare)
{
        static const char *const rows[][2] = {
                { "'fetches':[],'feeds':['a']",
                  "Must specify at least one target to fetch or execute." },
                { "'fetches':['a:0'],'feeds':['a']", "a is both fed and fetched." },
                { "'fetches':['r1:0'],'feeds':['a','a:0']",
                  "Endpoint \"a:0\" fed more than once." },
                { "'fetches':['r1:0'],'feeds':['q9']",
                  "Cannot interpret feed_list key as Tensor: The name 'q9:0' refers to a Tensor "
                  "which does not exist. The operation, 'q9', does not exist in the graph." },
                { "'fetches':['q9:0'],'feeds':['a']",
                  "Fetch argument 'q9:0' cannot be interpreted as a Tensor. (The name 'q9:0' "
                  "refers to a Tensor which does not exist. The operation, 'q9', does not exist in "
                  "the graph.)" },
        };
        for (size_t i = 0; i < COUNTOF(rows); i++)
                expect(post(S ":partial_run_setup", "{%s}", rows[i][0]), 400, "/detail",
                       rows[i][1]);
        expect(post("/v1/sessions", "{'name':'empty'}"), 201, NULL, NULL);
        expect(post("/v1/sessions/empty:partial_run_setup", "{'fetches':['a:0'],'feeds':['a']}"),
               400, "/exception", "RuntimeError");
        /* One name is as good as a list, and none at all is fine. */
        setup("'fetches':'r1:0','feeds':'a'");
        setup("'fetches':'k:0','feeds':null");
        gives("'fetches':'k:0'", "2.0");
}

/* ---- the checks of a call, in their order; none of them spoils the handle ---- */

Test(http_partial, a_refused_call_changes_nothing)
{
        setup("'fetches':['r1:0','r2:0'],'feeds':['a','b','c']");
        refused("'feeds':{'k':1},'fetches':'k:0'",
                "The feed k was not specified in partial_run_setup.");
        refused("'fetches':'k:0','feeds':{'a':1}",
                "The fetch k:0 was not specified in partial_run_setup.");
        refused("'fetches':'r1:0','feeds':{'a':1}",
                "Fetch b:0 can't be computed from the feeds that have been fed so far.");
        refused("'feeds':{'c':[1,2,3]}",
                "Cannot feed value of shape (3,) for Tensor 'c:0', which has shape '(2,)'");
        Answer a = go("'fetches':'r1'");
        expect(a, 400, "/detail", "partial_run() requires empty target_list.");
        expect(a, 400, "/exception", "RuntimeError");
        gives("'fetches':'r1:0','feeds':{'a':1,'b':2}", "3.0");
        refused("'feeds':{'a':1},'fetches':'k:0'", "The feed a has already been fed.");
        refused("'fetches':'r1:0'", "The fetch r1:0 has already been fetched.");
        gives("'fetches':{'x':['r2:0']},'feeds':{'c':[1,2]}", "{\"x\":[[3.0,6.0]]}");
        refused("'fetches':'r2:0'", OVER);
}

Test(http_partial, a_handle_that_is_none_names_no_op)
{
        Answer a = post(S ":partial_run", "{'handle':'r1:0;99','fetches':'r1:0'}");
        expect(a, 400, "/detail", OVER);
        expect(a, 400, "/code", "3");
        expect(a, 400, "/op", "null");
        expect(a, 400, "/node_def", "null");
        expect(post(S ":partial_run", "{'fetches':'r1:0'}"), 400, "/detail", OVER);
}

/* The walk does not stop at what has been fed. */
Test(http_partial, an_unfed_feed_above_a_fed_one_is_in_the_way)
{
        setup("'fetches':['r2:0'],'feeds':['a','b','c','r1']");
        refused("'fetches':'r2:0','feeds':{'r1':3,'c':[1,2]}",
                "Fetch a:0 can't be computed from the feeds that have been fed so far.");
        gives("'fetches':'r2:0','feeds':{'r1':3,'c':[1,2],'a':0,'b':0}", "[3.0,6.0]");
}

Test(http_partial, feeds_may_come_alone_and_nothing_at_all_is_fine)
{
        setup("'fetches':['r2:0'],'feeds':['a','b','c']");
        gives("", "null");
        gives("'fetches':[]", "[]");
        gives("'feeds':{'c':[1,2]}", "null");
        gives("'fetches':[],'feeds':{'a':1,'b':1}", "[]");
        gives("'fetches':'r2:0'", "[2.0,4.0]");
}

/* ---- the end of a handle ---- */

Test(http_partial, an_undeclared_placeholder_is_missed_when_its_value_is)
{
        setup("'fetches':['r1:0'],'feeds':['a']");
        Answer a = go("'fetches':'r1:0','feeds':{'a':1}");
        expect(a, 400, "/node", "b");
        cr_expect(!strncmp(text_at(a, "/detail"),
                           "You must feed a value for placeholder tensor 'b' with dtype float", 65),
                  "%s", a.body);
        refused("'fetches':'r1:0'", OVER);
}

Test(http_partial, a_dead_tensor_is_not_valid_and_ends_it)
{
        setup("'fetches':['t:0','f:0'],'feeds':['a','p']");
        gives("'fetches':'t:0','feeds':{'a':1,'p':true}", "1.0");
        refused("'fetches':'f:0'", "The tensor returned for f:0 was not valid.");
        refused("'fetches':'f:0'", OVER);
}

Test(http_partial, an_ops_error_ends_it_and_nothing_else)
{
        setup("'fetches':['bad:0','r1:0'],'feeds':['a','b']");
        expect(go("'fetches':'bad:0','feeds':{'a':0}"), 400, "/node", "bad");
        refused("'fetches':'r1:0','feeds':{'b':0}", OVER);
        expect(post(S ":run", "{'fetches':'r1:0','feeds':{'a':1,'b':2}}"), 200, "/result", "3.0");
}

Test(http_partial, the_sessions_timeout_holds_for_each_wait_and_ends_it)
{
        http("DELETE", S, NULL);
        make("'operation_timeout_in_ms':'50'");
        setup("'fetches':['take:0','r1:0'],'feeds':['a','b']");
        expect(go("'fetches':'r1:0','feeds':{'a':1,'b':2}"), 200, "/result", "3.0");
        Answer a = go("'fetches':'take:0'");
        expect(a, 504, "/detail", "Timed out waiting for notification");
        expect(a, 504, "/node", "null");
        refused("'fetches':'take:0'", OVER);
        expect(http("GET", S, NULL), 200, "/partial_runs", "0");
        expect(http("GET", S, NULL), 200, "/running", "0");
}

Test(http_partial, a_feed_that_never_comes_keeps_it_until_the_session_is_closed)
{
        setup("'fetches':['r1:0'],'feeds':['a','b','k']");
        gives("'fetches':'r1:0','feeds':{'a':1,'b':2}", "3.0");
        refused("'fetches':'r1:0'", "The fetch r1:0 has already been fetched.");
        expect(http("GET", S, NULL), 200, "/partial_runs", "1");
        expect(post(S ":close", "{}"), 200, "/partial_runs", "0");
        Answer a = go("'fetches':'r1:0'");
        expect(a, 400, "/detail", "Attempted to use a closed Session.");
        expect(a, 400, "/exception", "RuntimeError");
}

/* ---- many, and beside other calls ---- */

Test(http_partial, many_go_on_at_once_beside_runs_and_extends)
{
        enum { N = 50 };
        char handles[N][100], call[100], wanted[16];
        for (int i = 0; i < N; i++) {
                setup("'fetches':['r1:0'],'feeds':['a','b']");
                snprintf(handles[i], sizeof handles[i], "%s", handle);
                for (int k = 0; k < i; k++)
                        cr_expect_str_neq(handles[i], handles[k]);
        }
        expect(http("GET", S, NULL), 200, "/partial_runs", "50");
        expect(post(S ":extend", "{'script':'more = 7.0'}"), 200, NULL, NULL);
        for (int i = N - 1; i >= 0; i--) {
                snprintf(handle, sizeof handle, "%s", handles[i]);
                snprintf(call, sizeof call, "'fetches':'r1:0','feeds':{'a':%d,'b':1}", i);
                snprintf(wanted, sizeof wanted, "%d.0", i + 1);
                gives(call, wanted);
                expect(post(S ":run", "{'fetches':'r1:0','feeds':{'a':1,'b':2}}"), 200, "/result",
                       "3.0");
        }
        expect(http("GET", S, NULL), 200, "/partial_runs", "0");
}

Test(http_partial, live_ones_are_listed_with_what_is_fed_and_fetched)
{
        expect(http("GET", S "/partial_runs", NULL), 200, "/partial_runs", "[]");
        setup("'fetches':['r1','r1:0','r2:0'],'feeds':['a','b','c']");
        gives("'fetches':'r1:0','feeds':{'a':1,'b':2}", "3.0");
        setup("'fetches':['k:0'],'feeds':['a']");
        Answer a = http("GET", S "/partial_runs", NULL);
#define FIRST "/partial_runs/0"
        expect(a, 200, FIRST "/feeds",
               "[{\"name\":\"a\",\"fed\":true},{\"name\":\"b\",\"fed\":true},"
               "{\"name\":\"c\",\"fed\":false}]");
        expect(a, 200, FIRST "/fetches",
               "[{\"name\":\"r1:0\",\"fetched\":true},{\"name\":\"r2:0\",\"fetched\":false}]");
        expect(a, 200, FIRST "/waiting", "0");
        cr_expect_neq(strlen(text_at(a, FIRST "/started_at")), 0);
        expect(a, 200, "/partial_runs/1/handle", handle);
        cr_expect_eq(json_array_size(at(a, "/partial_runs")), 2);
}

Test(http_partial, one_may_be_given_up)
{
        char path[200];
        setup("'fetches':['take:0'],'feeds':['a']");
        snprintf(path, sizeof path, S "/partial_runs/%s", handle);
        expect(http("DELETE", path, NULL), 204, NULL, NULL);
        expect(http("DELETE", path, NULL), 400, "/detail", OVER);
        refused("'fetches':'take:0'", OVER);
        expect(http("GET", S "/partial_runs", NULL), 200, "/partial_runs", "[]");
}
