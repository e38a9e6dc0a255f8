// SPDX-License-Identifier: Apache-2.0
/* Queue runners: the server fills queues, and a coordinator ends them, as in tf.train. */
#include "engine/base/base64.h"
#include "tests/api/session_words.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(http_queue_runners, .init = server_begin, .fini = server_end, .timeout = 60);

#define S "/v1/sessions/s"
#define R S "/queue_runners"
#define C S "/coordinator"

/* Waits until the text stands at the pointer of what is, or comes to be, at the path. */
static Answer until(const char *path, const char *pointer, const char *text)
{
        Answer a = { 0 };
        for (int i = 0; i < 4000; i++) {
                a = http("GET", path, NULL);
                cr_assert(a.status == 200 || a.status == 404, "%s", a.body);
                if (a.status == 200 && strcmp(text_at(a, pointer), text) == 0)
                        return a;
                usleep(5000);
        }
        cr_assert_fail("%s of %s never became %s: %s", pointer, path, text, a.body);
        return a;
}

/* A queue of two numbers, what puts ones into it, and what ends it. */
#define ROWS                                                                    \
        "rows = FIFOQueueV2(component_types=[int32], shapes=[[]], capacity=2, " \
        "shared_name=\\\"rows\\\"); one = Const(value=1, dtype=int32); "        \
        "put = QueueEnqueueV2(rows, [one]); shut = QueueCloseV2(rows); "        \
        "kill = QueueCloseV2(rows, cancel_pending_enqueues=true); "             \
        "get = QueueDequeueV2(rows, component_types=[int32]); n = QueueSizeV2(rows); "
#define RUNNER(ops)                                   \
        "{'queue_name':'rows','enqueue_op_name':" ops \
        ",'close_op_name':'shut','cancel_op_name':'kill'}"
#define ONE RUNNER("['put']")

Test(http_queue_runners, fill_a_queue_until_they_are_asked_to_stop)
{
        make_session("", ROWS);
        Answer a = post(R, "{'queue_runners':[" ONE "]}");
        expect(a, 201, "/queue_runners/0/state", "running");
        expect(a, 201, "/queue_runners/0/id", "1");
        cr_expect_str_eq(header(a, "Location"), R);
        until(S "/queues/rows", "/pending_enqueues", "1");
        expect(http("GET", R "/1", NULL), 200, "/steps_done", "[2]");
        for (int i = 0; i < 10; i++)
                expect(post(S ":run", "{'fetches':'get:0'}"), 200, "/result", "1");
        until(R "/1", "/steps_done", "[12]");
        expect(http("GET", C, NULL), 200, "/should_stop", "false");
        expect(post(C ":request_stop", "{}"), 200, "/should_stop", "true");
        a = post(C ":join", "{}");
        expect(a, 200, "/joined", "true");
        expect(a, 200, "/running", "0");
        expect(a, 200, "/error", "null");
        a = http("GET", R, NULL);
        expect(a, 200, "/queue_runners/0/state", "stopped");
        expect(a, 200, "/queue_runners/0/exceptions_raised", "[]");
        cr_expect(strlen(text_at(a, "/queue_runners/0/ended_at")) > 10);
        expect(http("GET", S "/queues/rows", NULL), 200, "/closed", "true");
}

/* rows gets what file has, doubled, by two enqueue ops. */
#define CHAIN                                                                                  \
        "file = FIFOQueueV2(component_types=[int32], shapes=[[]], shared_name=\\\"file\\\"); " \
        "v = Placeholder(dtype=int32); fill = QueueEnqueueManyV2(file, [v]); "                 \
        "end = QueueCloseV2(file); line = QueueDequeueV2(file, component_types=[int32]); "     \
        "twice = line + line; rows = FIFOQueueV2(component_types=[int32], shapes=[[]], "       \
        "shared_name=\\\"rows\\\"); put = QueueEnqueueV2(rows, [twice]); "                     \
        "put2 = QueueEnqueueV2(rows, [twice]); shut = QueueCloseV2(rows); "                    \
        "kill = QueueCloseV2(rows, cancel_pending_enqueues=true); "                            \
        "get = QueueDequeueV2(rows, component_types=[int32]); "

Test(http_queue_runners, end_quietly_with_their_input_and_close_the_queue)
{
        make_session("", CHAIN);
        expect(post(R, "{'queue_runners':[" RUNNER("['put','put2']") "]}"), 201,
               "/queue_runners/0/running", "2");
        expect(post(S ":run", "{'targets':['fill'],'feeds':{'v':[1,2,3]}}"), 200, NULL, NULL);
        until(S "/queues/rows", "/size", "3");
        expect(http("GET", S "/queues/rows", NULL), 200, "/closed", "false");
        expect(post(S ":run", "{'targets':['end']}"), 200, NULL, NULL);
        expect(post(C ":join", "{}"), 200, "/error", "null");
        Answer a = http("GET", R "/1", NULL);
        expect(a, 200, "/state", "closed");
        expect(a, 200, "/exceptions_raised", "[]");
        int sum = 0;
        for (int i = 0; i < 3; i++)
                sum += (int)json_integer_value(
                        at(post(S ":run", "{'fetches':'get:0'}"), "/result"));
        cr_expect_eq(sum, 12);
        expect(post(S ":run", "{'fetches':'get:0'}"), 400, "/code_name", "OUT_OF_RANGE");
}

Test(http_queue_runners, tell_the_coordinator_of_an_error_which_stops_all)
{
        make_session("", ROWS
                     "other = FIFOQueueV2(component_types=[int32], shared_name=\\\"other\\\"); "
                     "x = Placeholder(dtype=int32); bad = QueueEnqueueV2(other, [x]); ");
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, NULL, NULL);
        until(S "/queues/rows", "/pending_enqueues", "1");
        expect(post(R, "{'queue_runners':[{'queue_name':'other','enqueue_op_name':['bad']}]}"), 201,
               "/queue_runners/0/id", "2");
        Answer a = post(C ":join", "{}");
        expect(a, 400, "/code_name", "INVALID_ARGUMENT");
        expect(a, 400, "/node", "x");
        a = http("GET", R "/2", NULL);
        expect(a, 200, "/state", "failed");
        expect(a, 200, "/exceptions_raised/0/code_name", "INVALID_ARGUMENT");
        expect(http("GET", R "/1", NULL), 200, "/state", "stopped");
        expect(http("GET", C, NULL), 200, "/error/node", "x");
}

Test(http_queue_runners, take_other_errors_for_a_closed_queue_when_told_so)
{
        make_session("", ROWS "x = Placeholder(dtype=int32); bad = QueueEnqueueV2(rows, [x]); ");
        expect(post(R, "{'queue_runners':[{'queue_name':'rows','enqueue_op_name':['bad'],"
                       "'close_op_name':'shut','queue_closed_exception_types':["
                       "'INVALID_ARGUMENT','CANCELLED']}]}"),
               201, "/queue_runners/0/queue_closed_exception_types/0", "INVALID_ARGUMENT");
        expect(post(C ":join", "{}"), 200, "/error", "null");
        expect(http("GET", R "/1", NULL), 200, "/state", "closed");
        expect(http("GET", S "/queues/rows", NULL), 200, "/closed", "true");
}

Test(http_queue_runners, an_out_of_range_reported_is_a_clean_stop)
{
        make_session("", CHAIN);
        expect(post(R, "{'queue_runners':[{'queue_name':'rows','enqueue_op_name':['put'],"
                       "'queue_closed_exception_types':['CANCELLED']}]}"),
               201, NULL, NULL);
        expect(post(S ":run", "{'targets':['end']}"), 200, NULL, NULL);
        expect(post(C ":join", "{}"), 200, "/error", "null");
        Answer a = http("GET", R "/1", NULL);
        expect(a, 200, "/state", "failed");
        expect(a, 200, "/exceptions_raised/0/code_name", "OUT_OF_RANGE");
}

Test(http_queue_runners, the_first_error_is_what_a_join_tells)
{
        make_session("", ROWS);
        expect(post(C ":request_stop", "{'error':{'code_name':'ABORTED','detail':'enough'}}"), 200,
               "/error/detail", "enough");
        expect(post(C ":request_stop", "{'error':{'code_name':'INTERNAL','detail':'late'}}"), 200,
               "/error/detail", "enough");
        Answer a = post(C ":join", "{}");
        expect(a, 409, "/detail", "enough");
        expect(post(C ":join", "{}"), 409, "/detail", "enough");
        expect(post(C ":clear_stop", "{}"), 200, "/should_stop", "false");
        expect(post(C ":join", "{}"), 200, "/error", "null");
}

/* ---- joins ---- */

static int begin_join(const char *body)
{
        bool closed;
        int fd = begin_with(C ":join", "", body);
        cr_expect_str_eq(raw_read(fd, 50, &closed), "");
        return fd;
}

Test(http_queue_runners, a_join_waits_for_another_clients_stop)
{
        make_session("", ROWS);
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, NULL, NULL);
        int one = begin_join("{}"), two = begin_join("{}");
        bool closed;
        expect(post(C ":request_stop", "{}"), 200, NULL, NULL);
        cr_expect(strstr(raw_read(one, 1000, &closed), "\"joined\":true"));
        cr_expect(strstr(raw_read(two, 1000, &closed), "\"joined\":true"));
        close(one);
        close(two);
}

Test(http_queue_runners, a_join_that_waits_too_long_or_leaves_changes_nothing)
{
        make_session("", ROWS);
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, NULL, NULL);
        expect(post(C ":join", "{'wait':0.05}"), 504, "/code_name", "DEADLINE_EXCEEDED");
        close(begin_join("{}"));
        usleep(20000);
        Answer a = http("GET", C, NULL);
        expect(a, 200, "/should_stop", "false");
        expect(a, 200, "/joined", "false");
        expect(http("GET", R "/1", NULL), 200, "/state", "running");
}

Test(http_queue_runners, a_join_names_who_does_not_end)
{
        make_session("", CHAIN); /* the cancel op of rows wakes nobody who waits at file */
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, NULL, NULL);
        until(S "/queues/file", "/pending_dequeues", "1");
        int fd = begin_join("{\"stop_grace_period_secs\":0.05}");
        bool closed;
        expect(post(C ":request_stop", "{}"), 200, "/running", "1");
        const char *text = raw_read(fd, 1000, &closed);
        cr_expect(strstr(text, " 504 ") && strstr(text, "RuntimeError") &&
                          strstr(text, "Coordinator stopped with threads still running: "
                                       "QueueRunnerThread-rows-put"),
                  "%s", text);
        close(fd);
        expect(post(C ":join", "{'stop_grace_period_secs':0,'ignore_live_threads':true}"), 200,
               "/running", "1");
        expect(post(R, "{'queue_runners':[" RUNNER("['put2']") "]}"), 400, "/code_name",
               "FAILED_PRECONDITION");
        expect(post(S ":run", "{'targets':['end']}"), 200, NULL, NULL);
        until(R "/1", "/state", "closed");
}

/* ---- one runner ---- */

Test(http_queue_runners, are_started_once_and_stopped_one_by_one)
{
        make_session("", CHAIN);
        expect(post(R, "{'queue_runners':[" ONE "," RUNNER("['put2']") "]}"), 201,
               "/queue_runners/1/id", "2");
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, "/queue_runners/0/id", "1");
        until(S "/queues/file", "/pending_dequeues", "2");
        expect(http("POST", R "/1:stop", NULL), 200, "/id", "1");
        until(R "/1", "/state", "stopped");
        expect(http("POST", R "/1:stop", "{}"), 200, "/state", "stopped");
        Answer a = http("GET", C, NULL);
        expect(a, 200, "/should_stop", "false");
        expect(a, 200, "/error", "null");
        expect(http("GET", R "/2", NULL), 200, "/state", "running");
        expect(http("POST", R "/2:stop", NULL), 200, NULL, NULL);
        until(R "/2", "/state", "stopped");
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, "/queue_runners/0/id", "3");
}

Test(http_queue_runners, begin_anew_behind_a_join)
{
        make_session("", CHAIN);
        expect(post(R, "{'queue_runners':[{'queue_name':'rows','enqueue_op_name':['put']}]}"), 201,
               NULL, NULL);
        expect(post(C ":request_stop", "{'error':{'code_name':'ABORTED'}}"), 200, NULL, NULL);
        expect(post(R, "{'queue_runners':[" RUNNER("['put2']") "]}"), 400, "/code_name",
               "FAILED_PRECONDITION");
        expect(post(C ":join", "{}"), 409, "/code_name", "ABORTED");
        expect(post(R, "{'queue_runners':[" RUNNER("['put2']") "]}"), 201, NULL, NULL);
        expect(http("GET", C, NULL), 200, "/error", "null");
}

Test(http_queue_runners, end_with_their_session_even_while_it_is_joined)
{
        make_session("", ROWS);
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, NULL, NULL);
        int fd = begin_join("{}");
        bool closed;
        expect(http("POST", S ":close", "{}"), 200, "/state", "closed");
        cr_expect(strstr(raw_read(fd, 1000, &closed), "HTTP/1.1 4"));
        expect(http("GET", R, NULL), 400, "/code_name", "FAILED_PRECONDITION");
        expect(http("GET", C, NULL), 400, "/code_name", "FAILED_PRECONDITION");
        close(fd);
}

Test(http_queue_runners, the_server_may_end_while_they_run)
{
        make_session("", ROWS);
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, NULL, NULL);
        close(begin_join("{}"));
}

/* ---- collections ---- */

/* The same graph as a MetaGraph; the collection has the wire form of ONE. */
static const char meta[] =
        "graph_def { node { name: 'rows' op: 'FIFOQueueV2' attr { key: 'component_types' value { "
        "list { type: DT_INT32 } } } attr { key: 'capacity' value { i: 2 } } attr { key: "
        "'shared_name' value { s: 'rows' } } } node { name: 'one' op: 'Const' attr { key: 'dtype' "
        "value { type: DT_INT32 } } attr { key: 'value' value { tensor { dtype: DT_INT32 int_val: "
        "1 tensor_shape { } } } } } node { name: 'put' op: 'QueueEnqueueV2' input: 'rows' input: "
        "'one' attr { key: 'Tcomponents' value { list { type: DT_INT32 } } } } node { name: 'shut' "
        "op: 'QueueCloseV2' input: 'rows' } node { name: 'kill' op: 'QueueCloseV2' input: 'rows' "
        "attr { key: 'cancel_pending_enqueues' value { b: true } } } versions { producer: 27 } } "
        "collection_def { key: 'queue_runners' value { bytes_list { value: "
        "'\\n\\004rows\\022\\003put\\032\\004shut\\\"\\004kill*\\001\\013' } } } "
        "collection_def { key: 'broken' value { bytes_list { value: '\\n\\377' } } } "
        "collection_def { key: 'names' value { node_list { value: 'put' } } }";

static void collection_runs(void)
{
        Answer a = http("POST", R, NULL);
        expect(a, 201, "/queue_runners/0/queue_name", "rows");
        expect(a, 201, "/queue_runners/0/enqueue_op_name", "[\"put\"]");
        expect(a, 201, "/queue_runners/0/close_op_name", "shut");
        expect(a, 201, "/queue_runners/0/cancel_op_name", "kill");
        expect(a, 201, "/queue_runners/0/queue_closed_exception_types", "[\"OUT_OF_RANGE\"]");
        until(S "/queues/rows", "/pending_enqueues", "1");
        expect(post(R, "{'collection':'queue_runners'}"), 201, "/queue_runners/0/id", "1");
}

Test(http_queue_runners, come_from_the_collection_of_a_stored_metagraph)
{
        expect(http_with("PUT", "/v1/graphs/m", "", meta, strlen(meta)), 201, NULL, NULL);
        expect(post("/v1/sessions", "{'name':'s','graph':'m'}"), 201, NULL, NULL);
        collection_runs();
        server_restart();
        expect(http("GET", R, NULL), 200, "/queue_runners", "[]");
        collection_runs();
        Answer a = post(R, "{'collection':'queue_runner'}");
        expect(a, 404, "/hints/0", "queue_runners");
        expect(post(R, "{'collection':'broken'}"), 400, NULL, NULL);
        expect(post(R, "{'collection':'names'}"), 400, NULL, NULL);
}

Test(http_queue_runners, come_from_the_collection_of_a_metagraph_in_the_request)
{
        char b64[BASE64_SIZE(sizeof meta) + 1] = "";
        base64_encode(meta, strlen(meta), b64);
        expect(post("/v1/sessions", "{'name':'s','graph':{'graph_def_b64':'%s'}}", b64), 201,
               "/nodes", "5");
        collection_runs();
        server_restart();
        collection_runs();
}

/* ---- hostile ---- */

Test(http_queue_runners, what_is_wrong_is_said_where)
{
        make_session("", ROWS);
        expect(post(R, "{}"), 400, "/code_name", "FAILED_PRECONDITION");
        expect(post(R, "{'queue_runners':[],'collection':'x'}"), 400, NULL, NULL);
        expect(post(R, "{'queue_runners':[]}"), 201, "/queue_runners", "[]");
        expect(post(R, "{'queue_runners':{}}"), 400, "/pointer", "/queue_runners");
        expect(post(R, "{'queue_runners':[1]}"), 400, "/pointer", "/queue_runners/0");
        expect(post(R, "{'queue_runners':[{'queue':'q'}]}"), 400, "/pointer",
               "/queue_runners/0/queue");
        Answer a = post(R, "{'queue_runners':[{'queue_name':'rows'}]}");
        expect(a, 400, "/detail", "Must provide queue and enqueue_ops.");
        expect(a, 400, "/exception", "ValueError");
        a = post(R, "{'queue_runners':[" ONE "," RUNNER("['pud']") "]}");
        expect(a, 400, "/detail", "The name 'pud' refers to an Operation not in the graph.");
        expect(a, 400, "/exception", "KeyError");
        expect(a, 400, "/pointer", "/queue_runners/1");
        expect(http("GET", R, NULL), 200, "/queue_runners", "[]");
        expect(post(R, "{'queue_runners':[{'queue_name':'rows','enqueue_op_name':['put'],"
                       "'queue_closed_exception_types':['OK']}]}"),
               400, NULL, NULL);
        expect(http("GET", R "/1", NULL), 404, NULL, NULL);
        expect(http("GET", R "/x", NULL), 404, NULL, NULL);
        expect(http("POST", R "/1:stop", NULL), 404, NULL, NULL);
        expect(post(C ":request_stop", "{'error':{'code_name':'BAD'}}"), 400, "/pointer",
               "/error/code_name");
        expect(post(C ":request_stop", "{'error':1}"), 400, "/pointer", "/error");
        expect(post(C ":join", "{'stop_grace_period_secs':-1}"), 400, "/pointer",
               "/stop_grace_period_secs");
        expect(post(C ":join", "{'grace':1}"), 400, "/pointer", "/grace");
        expect(http("GET", C, NULL), 200, "/should_stop", "false");
}

Test(http_queue_runners, there_is_an_end_to_how_many)
{
        make_session("", ROWS);
        autobuf text = BUF(1 << 16);
        for (int i = 0; i < 257; i++)
                buf_puts(&text, i ? ",'put'" : "['put'");
        const char *ops = buf_cstr(&text);
        expect(post(R,
                    "{'queue_runners':[{'queue_name':'rows','enqueue_op_name':%s],"
                    "'cancel_op_name':'kill'}]}",
                    ops),
               429, "/code_name", "RESOURCE_EXHAUSTED");
        text.data[text.len - 6] = 0;
        expect(post(R,
                    "{'queue_runners':[{'queue_name':'rows','enqueue_op_name':%s],"
                    "'cancel_op_name':'kill'}]}",
                    ops),
               201, "/queue_runners/0/running", "256");
        expect(post(R, "{'queue_runners':[" ONE "]}"), 429, "/code_name", "RESOURCE_EXHAUSTED");
        expect(http("POST", R "/1:stop", NULL), 200, NULL, NULL);
        until(R "/1", "/state", "stopped");
        expect(post(R, "{'queue_runners':[" ONE "]}"), 201, NULL, NULL);
}
