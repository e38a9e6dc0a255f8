// SPDX-License-Identifier: Apache-2.0
/* Idempotency-Key on what runs: the same key never runs twice. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void create(void)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'v = VariableV2(dtype=float32, shape=[]); "
                    "zero = Const(value=0.0, dtype=float32); one = Const(value=1.0, "
                    "dtype=float32); init = Assign(v, zero); inc = AssignAdd(v, one); "
                    "q = FIFOQueueV2(component_types=[float32]); x = Placeholder(dtype=float32); "
                    "put = QueueEnqueueV2(q, [x]); get = QueueDequeueV2(q, "
                    "component_types=[float32]); big = Fill([3000000], 1.0)'}}"),
               201, NULL, NULL);
        expect(post("/v1/sessions/s:run", "{'targets':['init']}"), 200, NULL, NULL);
}

static void begin(void)
{
        server_begin();
        create();
}

TestSuite(http_once, .init = begin, .fini = server_end, .timeout = 60);

/* A request with the key "k". Quotes in body as they are. */
static Answer keyed(const char *path, const char *key, const char *body)
{
        char line[200];
        snprintf(line, sizeof line, "Content-Type: application/json\r\nIdempotency-Key: %s\r\n",
                 key);
        return http_with("POST", path, line, body, strlen(body));
}

#define RUN "/v1/sessions/s:run"
#define GET "{\"fetches\":\"get:0\"}"
#define INC "{\"fetches\":\"inc:0\"}"

Test(http_once, a_key_that_comes_again_gets_the_first_answer_and_runs_nothing)
{
        Answer first = keyed(RUN, "a", INC);
        expect(first, 200, "/result", "1.0");
        for (int i = 0; i < 3; i++)
                cr_expect_str_eq(keyed(RUN, "a", INC).body, first.body);
        expect(keyed(RUN, "b", INC), 200, "/result", "2.0");
        expect(keyed(RUN, "a", INC), 200, "/result", "1.0");
        expect(post(RUN, "{'fetches':'inc:0'}"), 200, "/result", "3.0");
}

Test(http_once, another_body_with_the_same_key_is_422)
{
        expect(keyed(RUN, "a", INC), 200, NULL, NULL);
        Answer a = keyed(RUN, "a", "{\"fetches\":\"v:0\"}");
        expect(a, 422, "/code_name", "INVALID_ARGUMENT");
        expect(a, 422, "/title", "Unprocessable Content");
        expect(keyed("/v1/sessions/s:partial_run", "a", INC), 400, "/detail",
               "Must run 'setup' before performing partial runs!");
}

Test(http_once, while_the_first_request_is_under_way_the_key_is_409)
{
        bool closed;
        int fd = begin_with(RUN, "Idempotency-Key: w\r\n", GET);
        cr_expect_str_eq(raw_read(fd, 200, &closed), "");
        Answer a = keyed(RUN, "w", GET);
        expect(a, 409, "/code_name", "ABORTED");
        expect(post(RUN, "{'targets':['put'],'feeds':{'x':7}}"), 200, NULL, NULL);
        expect(hear(fd), 200, "/result", "7.0");
        expect(keyed(RUN, "w", GET), 200, "/result", "7.0");
        expect(post(RUN, "{'targets':['put'],'feeds':{'x':8}}"), 200, NULL, NULL);
        expect(keyed(RUN, "w", GET), 200, "/result", "7.0");
}

Test(http_once, errors_are_answered_again_too)
{
        static const char bad[] = "{\"fetches\":\"v2:0\"}";
        Answer first = keyed(RUN, "e", bad);
        expect(first, 400, "/exception", "ValueError");
        Answer again = keyed(RUN, "e", bad);
        cr_expect_str_eq(again.body, first.body);
        cr_expect_str_eq(header(again, "Content-Type"), "application/problem+json");
        static const char late[] = "{\"fetches\":\"get:0\",\"options\":{\"timeoutInMs\":20}}";
        expect(keyed(RUN, "t", late), 504, NULL, NULL);
        expect(post(RUN, "{'targets':['put'],'feeds':{'x':7}}"), 200, NULL, NULL);
        expect(keyed(RUN, "t", late), 504, "/code_name", "DEADLINE_EXCEEDED");
}

/* Waits until so many dequeues wait: one that a client has left may still take an element before
 * that is noticed. */
static void wait_for_dequeues(const char *n)
{
        for (int i = 0; i < 1000; i++) {
                Answer a = http("GET", "/v1/sessions/s/queues/q", NULL);
                if (a.status == 200 && !strcmp(text_at(a, "/pending_dequeues"), n))
                        return;
                usleep(10000);
        }
        cr_assert(false, "there are never %s waiting dequeues", n);
}

Test(http_once, a_request_whose_client_went_away_may_come_again)
{
        int fd = begin_with(RUN, "Idempotency-Key: g\r\n", GET);
        wait_for_dequeues("1");
        close(fd);
        wait_for_dequeues("0");
        expect(post(RUN, "{'targets':['put'],'feeds':{'x':9}}"), 200, NULL, NULL);
        Answer a = { 0 };
        for (int i = 0; i < 100 && a.status != 200; i++) {
                a = keyed(RUN, "g", GET);
                cr_expect(a.status == 200 || a.status == 409, "%d %s", a.status, a.body);
                usleep(20000);
        }
        expect(a, 200, "/result", "9.0");
}

Test(http_once, an_answer_too_long_to_keep_is_409_and_not_run_again)
{
        Answer a = keyed(RUN, "l", "{\"fetches\":[\"big:0\",\"inc:0\"]}");
        cr_assert_eq(a.status, 200);
        a = keyed(RUN, "l", "{\"fetches\":[\"big:0\",\"inc:0\"]}");
        expect(a, 409, "/code_name", "ALREADY_EXISTS");
        expect(post(RUN, "{'fetches':'v:0'}"), 200, "/result", "1.0");
}

Test(http_once, binary_answers_come_again_byte_by_byte)
{
        static const char binary[] = "{\"fetches\":\"inc:0\",\"output\":\"binary\"}";
        Answer a = keyed(RUN, "bin", binary), b = keyed(RUN, "bin", binary);
        cr_assert_eq(a.status, 200);
        cr_assert_eq(a.len, b.len);
        cr_expect_eq(memcmp(a.body, b.body, a.len), 0);
        cr_expect_str_eq(header(a, "Inference-Header-Content-Length"),
                         header(b, "Inference-Header-Content-Length"));
}

Test(http_once, calls_queues_loops_and_the_default_session_know_keys)
{
        expect(post("/v1/sessions/s:make_callable", "{'name':'c','fetches':'inc:0'}"), 200, NULL,
               NULL);
        static const char call[] = "/v1/sessions/s/callables/c:call";
        expect(keyed(call, "1", "{\"args\":[]}"), 200, "/result", "1.0");
        expect(keyed(call, "1", "{\"args\":[]}"), 200, "/result", "1.0");
        expect(post(RUN, "{'targets':['put'],'feeds':{'x':7}}"), 200, NULL, NULL);
        static const char enqueue[] = "/v1/sessions/s/queues/q:enqueue";
        Answer a = keyed(enqueue, "2", "{\"components\":[1.5]}");
        cr_expect_eq(a.status, 200, "%s", a.body);
        keyed(enqueue, "2", "{\"components\":[1.5]}");
        expect(http("GET", "/v1/sessions/s/queues/q", NULL), 200, "/size", "2");
        static const char loop[] = "{\"run\":{\"fetches\":\"v:0\"},\"steps\":1}";
        expect(keyed("/v1/sessions/s/loops", "3", loop), 201, "/id", "1");
        a = keyed("/v1/sessions/s/loops", "3", loop);
        expect(a, 201, "/id", "1");
        cr_expect_str_eq(header(a, "Location"), "/v1/sessions/s/loops/1");
}

Test(http_once, a_new_session_of_the_same_name_has_never_seen_the_keys)
{
        static const char call[] = "/v1/sessions/s/callables/c:call",
                          make[] = "{\"name\":\"c\",\"fetches\":\"inc:0\"}",
                          more[] = "{\"script\":\"w = Const(value=5.0, dtype=float32)\"}";
        for (int life = 0; life < 2; life++) {
                for (int i = 0; i < 2; i++) { /* the second time each is an answer remembered */
                        expect(keyed(RUN, "r", INC), 200, "/result", "1.0");
                        expect(keyed("/v1/sessions/s:make_callable", "m", make), 200, NULL, NULL);
                        expect(keyed(call, "c", "{\"args\":[]}"), 200, "/result", "2.0");
                        expect(keyed("/v1/sessions/s:extend", "x", more), 200, NULL, NULL);
                        expect(post(RUN, "{'fetches':'w:0'}"), 200, "/result", "5.0");
                }
                expect(http("DELETE", "/v1/sessions/s", NULL), 204, NULL, NULL);
                expect(keyed(RUN, "r", INC), 404, "/code_name", "NOT_FOUND");
                create();
        }
}

Test(http_once, keys_of_a_session_outlive_its_close)
{
        expect(keyed(RUN, "r", INC), 200, "/result", "1.0");
        expect(post("/v1/sessions/s:close", "{}"), 200, NULL, NULL);
        expect(keyed(RUN, "r", INC), 200, "/result", "1.0");
        expect(keyed(RUN, "other", INC), 400, "/detail", "Attempted to use a closed Session.");
}

Test(http_once, keys_beyond_the_bound_push_out_the_oldest)
{
        char key[20];
        for (int i = 0; i < 10001; i++) {
                snprintf(key, sizeof key, "n%d", i);
                cr_assert_eq(keyed(RUN, key, INC).status, 200);
        }
        expect(keyed(RUN, "n10000", INC), 200, "/result", "10001.0");
        expect(keyed(RUN, "n0", INC), 200, "/result", "10002.0");
}
