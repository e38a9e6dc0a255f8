// SPDX-License-Identifier: Apache-2.0
/* Loops: the server runs a step again and again, tells how it gets on, and stops when it should. */
#include "tests/api/session_words.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(http_loops, .init = server_begin, .fini = server_end, .timeout = 60);

#define LOOPS "/v1/sessions/s/loops"

/* Waits for the end of a loop. */
static Answer ended(const char *path)
{
        for (int i = 0; i < 4000; i++) {
                Answer a = http("GET", path, NULL);
                cr_assert_eq(a.status, 200, "%s", a.body);
                if (strcmp(text_at(a, "/state"), "running") != 0)
                        return a;
                usleep(5000);
        }
        cr_assert_fail("the loop does not end");
        return (Answer){ 0 };
}

/* y = 2 x + 1 is to be found by gradient descent; all data is in the graph. */
static const char regression[] =
        "w = VariableV2(dtype=float32, shape=[]); b = VariableV2(dtype=float32, shape=[]); "
        "zero = Const(value=0.0, dtype=float32); "
        "iw = Assign(w, zero); ib = Assign(b, zero); "
        "x = Const(value=[0.0, 1.0, 2.0, 3.0], dtype=float32); "
        "y = Const(value=[1.0, 3.0, 5.0, 7.0], dtype=float32); "
        "rate = Const(value=0.1, dtype=float32); "
        "axis = Const(value=[0], dtype=int32); "
        "e = w * x + b - y; "
        "loss = Mean(e * e, axis); "
        "gw = Mean(e * x, axis); gb = Mean(e, axis); "
        "train_w = ApplyGradientDescent(w, rate, gw); "
        "train_b = ApplyGradientDescent(b, rate, gb)";

Test(http_loops, train_a_regression_without_a_client)
{
        make_session("", regression);
        expect(post("/v1/sessions/s:run", "{'targets':['iw','ib']}"), 200, NULL, NULL);
        Answer a = post(LOOPS, "{'run':{'fetches':{'loss':'loss:0'},'targets':['train_w','train_b'"
                               "]},'steps':400,'report_every':100}");
        expect(a, 201, "/id", "1");
        cr_expect_str_eq(header(a, "Location"), LOOPS "/1");
        a = ended(LOOPS "/1");
        expect(a, 200, "/state", "done");
        expect(a, 200, "/steps_done", "400");
        expect(a, 200, "/last/step", "400");
        expect(a, 200, "/error", "null");
        cr_expect_lt(json_number_value(at(a, "/last/result/loss")), 1e-3);
        cr_expect(json_number_value(at(a, "/steps_per_second")) > 0);
        a = http("GET", "/v1/sessions/s/variables/w", NULL);
        cr_expect_lt(fabs(json_number_value(at(a, "/data")) - 2), 0.05);
        expect(http("GET", LOOPS, NULL), 200, "/loops/0/state", "done");
}

Test(http_loops, reports_come_in_the_form_that_was_asked_for)
{
        make_session("", "big = Const(value=9007199254740993, dtype=int64); "
                         "x = Const(value=[1.0, 2.0], dtype=float32)");
        expect(post(LOOPS, "{'run':{'fetches':['big:0','x:0'],'output':'typed','int64':'string'},"
                           "'steps':1}"),
               201, NULL, NULL);
        Answer a = ended(LOOPS "/1");
        expect(a, 200, "/last/result/0",
               "{\"dtype\":\"int64\",\"shape\":[],\"data\":"
               "\"9007199254740993\"}");
        expect(a, 200, "/last/result/1/data", "[1.0,2.0]");
        expect(post(LOOPS, "{'run':{'fetches':'x:0','output':'b64'},'steps':1}"), 201, NULL, NULL);
        expect(ended(LOOPS "/2"), 200, "/last/result/b64", "AACAPwAAAEA=");
        expect(post(LOOPS, "{'run':{'fetches':'x:0','output':'binary'},'steps':1}"), 400,
               "/pointer", "/run/output");
        expect(post(LOOPS, "{'run':{'fetches':'x:0','int64':'text'},'steps':1}"), 400, "/pointer",
               "/run/int64");
}

/* A run without an end tells how fast it is, and one with an end how long it will take. */
Test(http_loops, tell_their_rate_and_what_is_left)
{
        make_session("", "r = RandomUniform([2], dtype=float32)");
        expect(post(LOOPS, "{'run':{'targets':['r']},'steps':1000000000,'report_every':7}"), 201,
               "/report_every", "7");
        Answer a = { 0 };
        do
                a = http("GET", LOOPS "/1", NULL);
        while (json_integer_value(at(a, "/steps_done")) < 100);
        double rate = json_number_value(at(a, "/steps_per_second")),
               left = json_number_value(at(a, "/seconds_left")),
               done = json_number_value(at(a, "/steps_done"));
        cr_expect_lt(fabs(left * rate / (1e9 - done) - 1), 1e-3);
        cr_expect_eq(json_integer_value(at(a, "/last/step")) % 7, 0);
        expect(http("POST", LOOPS "/1:cancel", NULL), 200, NULL, NULL);
        expect(ended(LOOPS "/1"), 200, "/seconds_left", "null");
}

Test(http_loops, end_with_the_input)
{
        make_session("", "q = FIFOQueueV2(component_types=[int32]); v = Placeholder(dtype=int32); "
                         "put = QueueEnqueueManyV2(q, [v]); shut = QueueCloseV2(q); "
                         "get = QueueDequeueV2(q, component_types=[int32])");
        expect(post("/v1/sessions/s:run", "{'targets':['put'],'feeds':{'v':[1,2,3]}}"), 200, NULL,
               NULL);
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'until':'OUT_OF_RANGE'}"), 201, "/until",
               "OUT_OF_RANGE");
        usleep(20000);
        expect(http("GET", LOOPS "/1", NULL), 200, "/state", "running");
        expect(post("/v1/sessions/s:run", "{'targets':['shut']}"), 200, NULL, NULL);
        Answer a = ended(LOOPS "/1");
        expect(a, 200, "/state", "done");
        expect(a, 200, "/steps_done", "3");
        expect(a, 200, "/last/result", "3");
        a = post(LOOPS, "{'run':{'fetches':'get:0'},'steps':5}");
        a = ended(LOOPS "/2");
        expect(a, 200, "/state", "failed");
        expect(a, 200, "/error/code_name", "OUT_OF_RANGE");
        expect(a, 200, "/error/node", "get");
}

static const char endless[] = "c = Const(value=1.0, dtype=float32); d = c + 1.0; "
                              "p = PlaceholderWithDefault(c, dtype=float32, shape=[]); n = p + d";

Test(http_loops, can_be_cancelled_between_steps_and_within_one)
{
        make_session("", "q = FIFOQueueV2(component_types=[int32]); "
                         "get = QueueDequeueV2(q, component_types=[int32]); r = RandomUniform([2], "
                         "dtype=float32)");
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':5}"), 201, NULL, NULL);
        expect(post(LOOPS, "{'run':{'fetches':'r:0'},'until':'OUT_OF_RANGE'}"), 201, "/id", "2");
        while (!json_integer_value(at(http("GET", LOOPS "/2", NULL), "/steps_done")))
                usleep(1000);
        expect(http("POST", LOOPS "/1:cancel", "{}"), 200, "/id", "1");
        expect(http("POST", LOOPS "/2:cancel", NULL), 200, "/id", "2");
        expect(ended(LOOPS "/1"), 200, "/state", "cancelled");
        Answer a = ended(LOOPS "/2");
        expect(a, 200, "/state", "cancelled");
        expect(a, 200, "/error/code_name", "CANCELLED");
        cr_expect(json_integer_value(at(a, "/steps_done")) > 0);
        expect(http("POST", LOOPS "/2:cancel", NULL), 200, "/state", "cancelled");
}

Test(http_loops, a_close_ends_them)
{
        make_session("", endless);
        for (int i = 0; i < 4; i++)
                expect(post(LOOPS, "{'run':{'fetches':'n:0'},'until':'OUT_OF_RANGE'}"), 201, NULL,
                       NULL);
        expect(http("POST", "/v1/sessions/s:close", "{}"), 200, "/state", "closed");
        expect(http("GET", LOOPS, NULL), 400, "/code_name", "FAILED_PRECONDITION");
}

Test(http_loops, the_server_may_end_while_one_runs)
{
        make_session("", endless);
        expect(post(LOOPS, "{'run':{'fetches':'n:0'},'until':'OUT_OF_RANGE'}"), 201, NULL, NULL);
}

Test(http_loops, hold_no_thread_while_others_run)
{
        make_session("", endless);
        for (int i = 0; i < 8; i++)
                expect(post(LOOPS, "{'run':{'fetches':'n:0'},'until':'OUT_OF_RANGE'}"), 201, NULL,
                       NULL);
        for (int i = 0; i < 20; i++)
                expect(post("/v1/sessions/s:run", "{'fetches':'n:0'}"), 200, "/result", "3.0");
}

/* Follows loop 1 from its start. */
static int follow(void)
{
        static const char get[] = "GET " LOOPS "/1/events HTTP/1.1\r\nHost: localhost\r\n"
                                  "Accept: text/event-stream\r\nConnection: close\r\n\r\n";
        int fd = raw_say(get);
        return fd;
}

static const char fed_by_queue[] =
        "q = FIFOQueueV2(component_types=[int32]); v = Placeholder(dtype=int32); "
        "put = QueueEnqueueV2(q, [v]); get = QueueDequeueV2(q, component_types=[int32])";

static void put(int value)
{
        expect(post("/v1/sessions/s:run", "{'targets':['put'],'feeds':{'v':%d}}", value), 200, NULL,
               NULL);
}

Test(http_loops, events_come_on_one_connection_until_the_loop_ends)
{
        make_session("", fed_by_queue);
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':2}"), 201, NULL, NULL);
        bool closed;
        int fd = follow();
        const char *text = raw_read(fd, 300, &closed);
        cr_expect(strstr(text, "text/event-stream") && strstr(text, "retry: 1000\n\n"), "%s", text);
        cr_expect(!strstr(text, "data:") && !closed, "%s", text);
        put(7);
        text = raw_read(fd, 500, &closed);
        cr_expect(strstr(text, "id: 1\nevent: report\ndata: "), "%s", text);
        cr_expect(strstr(text, "\"last\":{\"step\":1,\"result\":7}") && !closed, "%s", text);
        put(8);
        text = raw_read(fd, 2000, &closed);
        cr_expect(strstr(text, "id: 2\nevent: end\ndata: {") && closed, "%s", text);
        close(fd);
}

Test(http_loops, events_go_on_behind_the_last_one_that_a_client_has_seen)
{
        make_session("", fed_by_queue);
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':2}"), 201, NULL, NULL);
        put(7);
        put(8);
        ended(LOOPS "/1");
        Answer a = http_with("GET", LOOPS "/1/events", "Last-Event-ID: 1\r\n", NULL, 0);
        cr_expect(a.status == 200 && strstr(a.body, "id: 2\nevent: end\ndata: {"), "%s", a.body);
        a = http("GET", LOOPS "/1/events?after=1", NULL);
        cr_expect(strstr(a.body, "event: end"), "%s", a.body);
        a = http_with("GET", LOOPS "/1/events?after=2", "", NULL, 0);
        cr_expect_eq(a.status, 204, "%s", a.body);
        cr_expect_eq(http("GET", LOOPS "/9/events", NULL).status, 404);
}

/* Far more than a socket holds: what the client does not read is never made. */
Test(http_loops, a_reader_that_does_not_read_holds_nothing_up)
{
        make_session("", "v = VariableV2(dtype=float32, shape=[10000]); z = Fill([10000], 1.0); "
                         "i = Assign(v, z); o = AssignAdd(v, z)");
        expect(post("/v1/sessions/s:run", "{'targets':['i']}"), 200, NULL, NULL);
        expect(post(LOOPS, "{'run':{'fetches':'o:0'},'steps':1000}"), 201, NULL, NULL);
        int fd = follow();
        expect(ended(LOOPS "/1"), 200, "/state", "done");
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
        bool closed;
        const char *text = raw_read(fd, 2000, &closed);
        cr_expect(strstr(text, "event: end"));
        close(fd);
}

Test(http_loops, followers_hear_of_a_cancelled_loop_and_of_a_closed_session)
{
        make_session("", fed_by_queue);
        bool closed;
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':2}"), 201, NULL, NULL);
        int fd = follow();
        usleep(20000);
        expect(http("POST", LOOPS "/1:cancel", NULL), 200, NULL, NULL);
        const char *text = raw_read(fd, 2000, &closed);
        cr_expect(strstr(text, "event: end") && strstr(text, "cancelled") && closed, "%s", text);
        close(fd);
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':2}"), 201, "/id", "2");
        static const char get[] = "GET " LOOPS "/2/events HTTP/1.0\r\nHost: localhost\r\n\r\n";
        fd = raw_say(get);
        usleep(20000);
        expect(post("/v1/sessions/s:close", "{}"), 200, NULL, NULL);
        text = raw_read(fd, 2000, &closed);
        cr_expect(strstr(text, "event: end") && closed, "%s", text);
        close(fd);
}

Test(http_loops, a_server_that_stops_ends_its_streams)
{
        make_session("", fed_by_queue);
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':2}"), 201, NULL, NULL);
        bool closed;
        int fd = follow();
        raw_read(fd, 100, &closed);
        server_restart();
        raw_read(fd, 5000, &closed);
        cr_expect(closed);
        close(fd);
}

Test(http_loops, a_client_that_leaves_its_events_is_forgotten)
{
        make_session("", "q = FIFOQueueV2(component_types=[int32]); "
                         "get = QueueDequeueV2(q, component_types=[int32])");
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':2}"), 201, NULL, NULL);
        static const char get[] = "GET " LOOPS "/1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
        int fd = raw_say(get);
        usleep(20000);
        close(fd);
        usleep(20000);
        expect(http("POST", LOOPS "/1:cancel", NULL), 200, NULL, NULL);
        expect(ended(LOOPS "/1"), 200, "/state", "cancelled");
}

Test(http_loops, what_is_wrong_is_said_where)
{
        make_session("", endless);
        expect(post(LOOPS, "{}"), 400, NULL, NULL);
        expect(post(LOOPS, "{'run':{'fetches':'n:0'}}"), 400, NULL, NULL);
        expect(post(LOOPS, "{'steps':1}"), 400, NULL, NULL);
        expect(post(LOOPS, "{'run':{},'steps':1}"), 400, "/pointer", "/run");
        expect(post(LOOPS, "{'run':{'fetches':'n:0'},'steps':0}"), 400, "/pointer", "/steps");
        expect(post(LOOPS, "{'run':{'fetches':'n:0'},'steps':1.5}"), 400, "/pointer", "/steps");
        expect(post(LOOPS, "{'run':{'fetches':'n:0'},'until':'END'}"), 400, "/pointer", "/until");
        expect(post(LOOPS, "{'run':{'fetch':'n:0'},'steps':1}"), 400, "/pointer", "/run/fetch");
        expect(post(LOOPS, "{'run':{'fetches':'n:0','feeds':{'c':'x'}},'steps':1}"), 400,
               "/pointer", "/run/feeds/c");
        expect(post(LOOPS, "{'run':{'fetches':['n:0','no:0']},'steps':1}"), 400, "/pointer",
               "/run/fetches/1");
        expect(post(LOOPS, "{'run':{'targets':'no'},'steps':1}"), 404, "/pointer", "/run");
        expect(http("GET", LOOPS, NULL), 200, "/loops", "[]");
        expect(http("GET", LOOPS "/7", NULL), 404, NULL, NULL);
        expect(http("GET", LOOPS "/x", NULL), 404, NULL, NULL);
        expect(http("POST", LOOPS "/7:cancel", "{}"), 404, NULL, NULL);
}

Test(http_loops, there_is_an_end_to_how_many)
{
        make_session("", "q = FIFOQueueV2(component_types=[int32]); "
                         "get = QueueDequeueV2(q, component_types=[int32])");
        for (int i = 0; i < 64; i++)
                expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':1}"), 201, NULL, NULL);
        expect(post(LOOPS, "{'run':{'fetches':'get:0'},'steps':1}"), 429, "/code_name",
               "RESOURCE_EXHAUSTED");
}
