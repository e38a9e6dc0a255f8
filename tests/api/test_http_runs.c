// SPDX-License-Identifier: Apache-2.0
/* Running graphs over HTTP: TensorFlow's own examples first. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(http_runs, .init = server_begin, .fini = server_end);

/* Nodes in proto3 JSON. */
#define CONST(name, type, field, values)                                                    \
        "{'name':'" name "','op':'Const','attr':{'dtype':{'type':'DT_" type                 \
        "'},'value':{'tensor':{'dtype':'DT_" type "','tensorShape':{},'" field "':[" values \
        "]}}}}"
#define PLACEHOLDER(name, type, shape)                                            \
        "{'name':'" name "','op':'Placeholder','attr':{'dtype':{'type':'DT_" type \
        "'},'shape':{'shape':" shape "}}}"
#define NODE(name, op, inputs, attrs) \
        "{'name':'" name "','op':'" op "','input':[" inputs "],'attr':{" attrs "}}"
#define T(type)  "'T':{'type':'DT_" type "'}"
#define SCALAR   "{}"
#define ANY_RANK "{'unknownRank':true}"
#define VECTOR   "{'dim':[{'size':'-1'}]}"

static void make(const char *name, const char *nodes)
{
        Answer a =
                post("/v1/sessions",
                     "{'name':'%s','graph':{'graph_def':{'node':[%s],'versions':{'producer':27}}}}",
                     name, nodes);
        expect(a, 201, "/name", name);
}

/* The documentation's first example. */
static const char product[] = CONST("a", "FLOAT", "floatVal", "5.0") "," CONST(
        "b", "FLOAT", "floatVal", "6.0") "," NODE("c", "Mul", "'a','b'", T("FLOAT"));

Test(http_runs, five_times_six_is_thirty)
{
        make("s", product);
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0'}"), 200, "/result", "30.0");
}

Test(http_runs, the_result_has_the_form_of_the_fetches)
{
        make("s", product);
        Answer a = post(
                "/v1/sessions/s:run",
                "{'fetches':{'x':['c:0',['a:0']],'y':{'z':'c:0'},'op':'c','none':[],'nil':{}}}");
        expect(a, 200, "/result/x", "[30.0,[5.0]]");
        expect(a, 200, "/result/y/z", "30.0");
        expect(a, 200, "/result/op", "null");
        expect(a, 200, "/result/none", "[]");
        expect(a, 200, "/result/nil", "{}");
        expect(post("/v1/sessions/s:run", "{'fetches':'c'}"), 200, "/result", "null");
        expect(post("/v1/sessions/s:run", "{'fetches':[]}"), 200, "/result", "[]");
        expect(post("/v1/sessions/s:run", "{'targets':['c']}"), 200, "/result", "null");
}

Test(http_runs, any_tensor_may_be_fed_and_a_key_without_output_is_output_0)
{
        make("s", product);
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0','feeds':{'a':2}}"), 200, "/result",
               "12.0");
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0','feeds':{'a:0':2,'b:0':0.5}}"), 200,
               "/result", "1.0");
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0','feeds':{'c:0':7}}"), 200, "/result",
               "7.0");
        expect(post("/v1/sessions/s:run",
                    "{'fetches':'c:0','feeds':[{'key':'a','value':3},{'key':'b:0','value':{'dtype':"
                    "'float32','shape':[],'data':4}}]}"),
               200, "/result", "12.0");
}

Test(http_runs, outputs_are_plain_typed_base64_or_binary)
{
        make("s", PLACEHOLDER("x", "FLOAT", VECTOR) "," NODE("y", "Neg", "'x'", T("FLOAT")));
        Answer a = post("/v1/sessions/s:run",
                        "{'fetches':'y:0','feeds':{'x':[1,2]},'output':'typed'}");
        expect(a, 200, "/result", "{\"dtype\":\"float32\",\"shape\":[2],\"data\":[-1.0,-2.0]}");
        a = post("/v1/sessions/s:run", "{'fetches':'y:0','feeds':{'x':[1,2]},'output':'b64'}");
        expect(a, 200, "/result/b64", "AACAvwAAAMA=");
        a = post("/v1/sessions/s:run", "{'fetches':'y:0','feeds':{'x':[1,2]},'output':'binary'}");
        expect(a, 200, "/result/binary_data_size", "8");
        size_t json = strtoul(header(a, "Inference-Header-Content-Length"), NULL, 10);
        float y[2];
        cr_assert_eq(a.len, json + sizeof y);
        memcpy(y, a.body + json, sizeof y);
        cr_expect_eq(y[1], -2.0f);
        expect(post("/v1/sessions/s:run", "{'fetches':'y:0','output':'xml'}"), 400, "/pointer",
               "/output");
}

Test(http_runs, feeds_may_follow_the_json_as_raw_bytes)
{
        make("s", PLACEHOLDER("x", "FLOAT", VECTOR) "," NODE("y", "Neg", "'x'", T("FLOAT")));
        char body[256], head[100];
        float x[2] = { 1.5f, 2.5f };
        int n = snprintf(body, sizeof body,
                         "{\"fetches\":\"y:0\",\"feeds\":{\"x\":{\"dtype\":\"float32\",\"shape\":["
                         "2],\"binary_data_size\":8}}}");
        memcpy(body + n, x, sizeof x);
        snprintf(head, sizeof head, "Inference-Header-Content-Length: %d\r\n", n);
        expect(http_with("POST", "/v1/sessions/s:run", head, body, (size_t)n + 8), 200, "/result",
               "[-1.5,-2.5]");
        expect(http_with("POST", "/v1/sessions/s:run", head, body, (size_t)n + 7), 400, NULL, NULL);
        expect(http_with("POST", "/v1/sessions/s:run", "Inference-Header-Content-Length: 9999\r\n",
                         body, (size_t)n),
               400, NULL, NULL);
}

/* The essay's example: a variable lives in its session, and nowhere else. */
static const char variable[] =
        "{'name':'v','op':'VariableV2','attr':{'dtype':{'type':'DT_INT32'},'shape':{'shape':{}}}}"
        "," CONST("init_v", "INT32", "intVal", "42") "," CONST(
                "other", "INT32", "intVal",
                "13") "," NODE("init", "Assign", "'v','init_v'",
                               T("INT32")) "," NODE("assign", "Assign", "'v','other'",
                                                    T("INT32")) "," NODE("read", "Identity", "'v'",
                                                                         T("INT32"));

Test(http_runs, a_variable_lives_in_its_session_alone)
{
        make("one", variable);
        make("two", variable);
        expect(post("/v1/sessions/one:run", "{'targets':['init']}"), 200, NULL, NULL);
        expect(post("/v1/sessions/one:run", "{'fetches':'read:0'}"), 200, "/result", "42");
        expect(post("/v1/sessions/one:run", "{'fetches':'assign:0'}"), 200, "/result", "13");
        expect(post("/v1/sessions/one:run", "{'fetches':'v:0'}"), 200, "/result", "13");
        Answer a = post("/v1/sessions/two:run", "{'fetches':'read:0'}");
        expect(a, 400, "/code_name", "FAILED_PRECONDITION");
        cr_expect(strstr(text_at(a, "/detail"), "Attempting to use uninitialized value v"));
        cr_expect(strlen(text_at(a, "/node")) && json_is_object(at(a, "/node_def")));
        a = http("GET", "/v1/sessions/one/variables", NULL);
        expect(a, 200, "/variables/0/name", "v");
        expect(a, 200, "/variables/0/dtype", "int32");
        expect(http("GET", "/v1/sessions/one", NULL), 200, "/variables/initialized", "1");
        expect(http("GET", "/v1/sessions/one/variables/v", NULL), 200, "/data", "13");
        expect(http("PUT", "/v1/sessions/one/variables/v", "99"), 204, NULL, NULL);
        expect(post("/v1/sessions/one:run", "{'fetches':'read:0'}"), 200, "/result", "99");
        expect(http("PUT", "/v1/sessions/one/variables/w", "99"), 404, NULL, NULL);
}

/* The partial run of TensorFlow's documentation. */
static const char partial[] =
        PLACEHOLDER("a", "FLOAT", SCALAR) "," PLACEHOLDER("b", "FLOAT", SCALAR) "," PLACEHOLDER(
                "c", "FLOAT", SCALAR) "," NODE("r1", "Add", "'a','b'",
                                               T("FLOAT")) "," NODE("r2", "Mul", "'r1','c'",
                                                                    T("FLOAT"));

Test(http_runs, a_partial_run_goes_on_where_it_stopped)
{
        make("s", partial);
        Answer a = post("/v1/sessions/s:partial_run_setup",
                        "{'fetches':['r1:0','r2:0'],'feeds':['a','b','c']}");
        expect(a, 200, NULL, NULL);
        const char *h = text_at(a, "/handle");
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/partial_runs", "1");
        a = post("/v1/sessions/s:partial_run", "{'handle':'%s','fetches':'r2:0','feeds':{'c':3}}",
                 h);
        expect(a, 400, "/code_name", "INVALID_ARGUMENT");
        a = post("/v1/sessions/s:partial_run",
                 "{'handle':'%s','fetches':'r1:0','feeds':{'a':1,'b':2}}", h);
        expect(a, 200, "/result", "3.0");
        expect(post("/v1/sessions/s:partial_run", "{'handle':'%s','fetches':'r1:0'}", h), 400, NULL,
               NULL);
        a = post("/v1/sessions/s:partial_run", "{'handle':'%s','fetches':'r2:0','feeds':{'c':3}}",
                 h);
        expect(a, 200, "/result", "9.0");
        a = post("/v1/sessions/s:partial_run", "{'handle':'%s','fetches':'r2:0'}", h);
        expect(a, 400, "/detail", "Must run 'setup' before performing partial runs!");
}

Test(http_runs, what_cannot_be_fetched_or_fed_says_why_and_where)
{
        make("s", product);
        Answer a = post("/v1/sessions/s:run", "{'fetches':['c:0','d:0']}");
        expect(a, 400, "/exception", "ValueError");
        expect(a, 400, "/pointer", "/fetches/1");
        a = post("/v1/sessions/s:run", "{'fetches':null}");
        expect(a, 400, "/exception", "TypeError");
        expect(a, 400, "/detail", "Fetch argument None has invalid type <class 'NoneType'>");
        expect(post("/v1/sessions/s:run", "{'fetches':{'a':[3]}}"), 400, "/pointer",
               "/fetches/a/0");
        a = post("/v1/sessions/s:run", "{'fetches':'c:0','feeds':{'q/w':1}}");
        expect(a, 400, "/pointer", "/feeds/q~1w");
        expect(a, 400, "/exception", "TypeError");
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0','feeds':{'a':[1,2]}}"), 400, "/pointer",
               "/feeds/a");
        a = post("/v1/sessions/s:run", "{'fetches':'c:0','feeds':{'a':[[1,2],[3]]}}");
        expect(a, 400, "/code_name", "INVALID_ARGUMENT");
        cr_expect_eq(strncmp(text_at(a, "/pointer"), "/feeds/a/1", 10), 0);
        expect(post("/v1/sessions/s:run",
                    "{'fetches':'c:0','feeds':{'a':{'dtype':'int32','shape':[],'data':1}}}"),
               400, "/detail", "Expects arg[0] to be float but int32 is provided");
        expect(post("/v1/sessions/s:run", "{'fetch':'c:0'}"), 400, "/hints/0", "fetches");
        expect(post("/v1/sessions/s:run", "{}"), 400, "/detail",
               "Must specify at least one target to fetch or execute.");
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0','options':{'timeoutInMs':'x'}}"), 400,
               "/pointer", "/options/timeoutInMs");
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0','options':{'traceLevle':1}}"), 400,
               "/pointer", "/options/traceLevle");
}

Test(http_runs, a_missing_feed_is_tensorflows_error_with_its_node)
{
        make("s", PLACEHOLDER("x", "FLOAT", SCALAR) "," NODE("y", "Neg", "'x'", T("FLOAT")));
        Answer a = post("/v1/sessions/s:run", "{'fetches':'y:0'}");
        expect(a, 400, "/node", "x");
        expect(a, 400, "/op", "Placeholder");
        expect(a, 400, "/node_def/name", "x");
        cr_expect(strstr(text_at(a, "/detail"),
                         "You must feed a value for placeholder tensor 'x' with dtype float"));
}

Test(http_runs, an_empty_session_must_be_extended_first)
{
        post("/v1/sessions", "{'name':'s'}");
        Answer a = post("/v1/sessions/s:run", "{'fetches':'c:0','feeds':{'a':1}}");
        expect(a, 400, "/exception", "RuntimeError");
        expect(a, 400, "/detail",
               "The Session graph is empty.  Add operations to the graph before calling run().");
        expect(post("/v1/sessions/s:extend",
                    "{'graph_def':{'node':[%s],'versions':{'producer':27}}}", product),
               200, "/nodes_added", "3");
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0'}"), 200, "/result", "30.0");
}

Test(http_runs, extend_is_all_or_nothing_and_survives_a_restart)
{
        make("s", product);
        Answer a = post("/v1/sessions/s:extend?validate_only=true",
                        "{'graph_def':{'node':[%s],'versions':{'producer':27}}}",
                        NODE("d", "Neg", "'c'", T("FLOAT")));
        expect(a, 200, "/nodes_added", "1");
        expect(post("/v1/sessions/s:run", "{'fetches':'d:0'}"), 400, NULL, NULL);
        a = post("/v1/sessions/s:extend",
                 "{'graph_def':{'node':[%s,%s],'versions':{'producer':27}}}",
                 NODE("d", "Neg", "'c'", T("FLOAT")), NODE("c", "Neg", "'d'", T("FLOAT")));
        expect(a, 400, "/code_name", "INVALID_ARGUMENT");
        a = post("/v1/sessions/s:extend", "{'graph_def':{'node':[%s],'versions':{'producer':27}}}",
                 NODE("d", "Neg", "'c'", T("FLOAT")));
        expect(a, 200, "/nodes/0/outputs/0/dtype", "float32");
        expect(a, 200, "/graph_version", "2");
        server_restart();
        expect(post("/v1/sessions/s:run", "{'fetches':'d:0'}"), 200, "/result", "-30.0");
        expect(http("GET", "/v1/sessions/s/graph_def", NULL), 200, "/node/3/name", "d");
}

Test(http_runs, a_restored_session_says_that_its_variables_are_gone)
{
        make("s", variable);
        post("/v1/sessions/s:run", "{'targets':['init']}");
        server_restart();
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/restored/lost", "[\"variables\"]");
        expect(post("/v1/sessions/s:run", "{'fetches':'read:0'}"), 400, "/code_name",
               "FAILED_PRECONDITION");
        expect(post("/v1/sessions/s:run", "{'targets':['init']}"), 200, NULL, NULL);
}

Test(http_runs, int64_may_be_text)
{
        make("s", CONST("a", "INT64", "int64Val", "'9007199254740993'"));
        expect(post("/v1/sessions/s:run", "{'fetches':'a:0'}"), 200, "/result", "9007199254740993");
        expect(post("/v1/sessions/s:run", "{'fetches':'a:0','int64':'string'}"), 200, "/result",
               "9007199254740993");
        cr_expect(json_is_string(
                at(post("/v1/sessions/s:run", "{'fetches':'a:0','int64':'string'}"), "/result")));
}

/* A loop of TensorFlow 1.x that never ends: "x" waits for ever. */
/* clang-format off */
static const char endless[] = CONST("c", "INT32", "intVal", "0") ","
        NODE("e", "Enter", "'c'", T("INT32") ",'frame_name':{'s':'Zg=='}") ","
        NODE("m", "Merge", "'e','n'", T("INT32") ",'N':{'i':'2'}") ","
        "{'name':'t','op':'Const','input':['^m'],'attr':{'dtype':{'type':'DT_BOOL'},"
        "'value':{'tensor':"
        "{'dtype':'DT_BOOL','tensorShape':{},'boolVal':[true]}}}},"
        NODE("l", "LoopCond", "'t'", "") "," NODE("s", "Switch", "'m','l'", T("INT32")) ","
        NODE("n", "NextIteration", "'s:1'", T("INT32")) "," NODE("x", "Exit", "'s'", T("INT32"));
/* clang-format on */

static int running(void)
{
        return (int)strtol(text_at(http("GET", "/v1/sessions/s", NULL), "/running"), NULL, 10);
}

/* Starts a run that waits, on a connection of its own. */
static int waiting_run(void)
{
        int fd = begin_post("/v1/sessions/s:run", "{'fetches':'x:0'}");
        for (int i = 0; i < 100 && !running(); i++)
                usleep(20000);
        cr_expect_eq(running(), 1);
        return fd;
}

Test(http_runs, a_client_that_leaves_takes_its_step_along)
{
        make("s", endless);
        close(waiting_run());
        for (int i = 0; i < 100 && running(); i++)
                usleep(20000);
        cr_expect_eq(running(), 0);
}

Test(http_runs, a_waiting_step_can_be_cancelled_by_its_number)
{
        bool closed;
        char path[100];
        make("s", endless);
        int fd = waiting_run();
        Answer a = http("GET", "/v1/sessions/s/steps", NULL);
        expect(a, 200, "/steps/0/state", "running");
        snprintf(path, sizeof path, "/v1/sessions/s/steps/%s:cancel", text_at(a, "/steps/0/id"));
        expect(post(path, "{}"), 200, NULL, NULL);
        cr_expect(strstr(raw_read(fd, 500, &closed), "HTTP/1.1 499"));
        expect(post("/v1/sessions/s/steps/999:cancel", "{}"), 404, NULL, NULL);
        close(fd);
}

Test(http_runs, closing_a_session_ends_its_waiting_steps)
{
        bool closed;
        make("s", endless);
        int fd = waiting_run();
        expect(post("/v1/sessions/s:close", "{}"), 200, "/state", "closed");
        cr_expect(strstr(raw_read(fd, 500, &closed), "\"CANCELLED\""));
        close(fd);
}

Test(http_runs, stopping_the_server_answers_who_waits)
{
        make("s", endless);
        int fd = waiting_run();
        server_restart();
        bool closed;
        cr_expect(strstr(raw_read(fd, 500, &closed), "HTTP/1.1 "));
        close(fd);
}

Test(http_runs, a_timeout_ends_a_step_with_deadline_exceeded)
{
        make("s", endless);
        Answer a = post("/v1/sessions/s:run", "{'fetches':'x:0','options':{'timeoutInMs':'100'}}");
        expect(a, 504, "/code_name", "DEADLINE_EXCEEDED");
}

Test(http_runs, others_are_served_while_a_step_goes_on)
{
        make("s", endless);
        make("p", product);
        int fd = waiting_run();
        for (int i = 0; i < 50; i++)
                expect(post("/v1/sessions/p:run", "{'fetches':'c:0'}"), 200, "/result", "30.0");
        close(fd);
}

Test(http_runs, an_int_that_its_tensor_cannot_hold_is_refused_in_the_clients_words)
{
        expect(post("/v1/sessions",
                    "{'name':'n','graph':{'script':'i = Placeholder(dtype=int32)\\n"
                    "t = Placeholder(dtype=string)\\nb = Placeholder(dtype=bool)'}}"),
               201, NULL, NULL);
#define NOT_COMPATIBLE(value, type)                                                               \
        "Type of feed value " value " with type <class 'int'> is not compatible with Tensor "     \
        "type <class 'numpy." type "'>. Try explicitly setting the type of the feed tensor to a " \
        "larger type (e.g. int64)."
        Answer a =
                post("/v1/sessions/n:run", "{'fetches':'i:0','feeds':{'i':9223372036854775807}}");
        expect(a, 400, "/detail", NOT_COMPATIBLE("9223372036854775807", "int32"));
        expect(a, 400, "/exception", "TypeError");
        expect(a, 400, "/pointer", "/feeds/i");
        expect(a, 400, "/hints/0", "9223372036854775807 does not fit int32");
        expect(post("/v1/sessions/n:run", "{'fetches':'t:0','feeds':{'t':1}}"), 400, "/detail",
               NOT_COMPATIBLE("1", "object_"));
        expect(post("/v1/sessions/n:run", "{'fetches':'b:0','feeds':{'b':2}}"), 400, "/detail",
               NOT_COMPATIBLE("2", "bool_"));
        /* Only for bare ints: elsewhere the element is named. */
        a = post("/v1/sessions/n:run", "{'fetches':'i:0','feeds':{'i':[1,9223372036854775807]}}");
        expect(a, 400, "/pointer", "/feeds/i/1");
        expect(a, 400, "/detail", "9223372036854775807 does not fit int32");
        a = post("/v1/sessions/n:run", "{'fetches':'i:0','feeds':{'i':1.5}}");
        expect(a, 400, "/detail", "1.5 does not fit int32");
}

Test(http_runs, setup_of_a_partial_run_speaks_of_a_list_of_feeds)
{
        make("s", product);
        Answer a = post("/v1/sessions/s:partial_run_setup", "{'fetches':'c:0','feeds':['q']}");
        expect(a, 400, "/exception", "TypeError");
        cr_expect(!strncmp(text_at(a, "/detail"), "Cannot interpret feed_list key as Tensor: ", 42),
                  "%s", a.body);
}

Test(http_runs, what_is_no_config_or_graph_is_told_by_its_type)
{
        expect(post("/v1/sessions", "{'config':5}"), 400, "/detail",
               "config must be a tf.ConfigProto, but got <class 'int'>");
        expect(post("/v1/sessions", "{'config':[]}"), 400, "/detail",
               "config must be a tf.ConfigProto, but got <class 'list'>");
        Answer a = post("/v1/sessions", "{'graph':1.5}");
        expect(a, 400, "/detail", "graph must be a tf.Graph, but got <class 'float'>");
        expect(a, 400, "/exception", "TypeError");
}

/* A long body is read by another thread than the connection's, which may have sent the answer and
 * forgotten the request before the one that began the run comes back. */
Test(http_runs, a_long_body_may_be_answered_before_its_run_has_begun, .timeout = 60)
{
        enum { SPACES = 5 << 20, ROUNDS = 30 };
        char *blank = malloc(SPACES + 1);
        cr_assert_not_null(blank);
        memset(blank, ' ', SPACES);
        blank[SPACES] = 0;
        make("s", product);
        for (int i = 0; i < ROUNDS; i++)
                expect(post("/v1/sessions/s:run", "{'fetches':'none:0'%s}", blank), 400,
                       "/code_name", "INVALID_ARGUMENT");
        expect(post("/v1/sessions/s:run", "{'fetches':'c:0'%s}", blank), 200, "/result", "30.0");
        free(blank);
}
