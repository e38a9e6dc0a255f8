// SPDX-License-Identifier: Apache-2.0
/* /steps: which steps run, how the last ones ended, and the end of one by its number. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#define S "/v1/sessions/s"

static void begin(void)
{
        server_begin();
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'q = FIFOQueueV2(component_types=[int32], "
                    "shapes=[[]]); get = QueueDequeueV2(q, component_types=[int32]); x = "
                    "Placeholder(dtype=float32); size = QueueSizeV2(q)'}}"),
               201, NULL, NULL);
}

TestSuite(http_steps, .init = begin, .fini = server_end, .timeout = 60);

static void until_running(const char *n)
{
        while (strcmp(text_at(http("GET", S, NULL), "/running"), n) != 0)
                usleep(1000);
}

Test(http_steps, the_newest_come_first_with_how_they_ended)
{
        expect(post(S ":run", "{'fetches':'size:0'}"), 200, "/step_id", "1");
        expect(post(S ":run", "{'fetches':'x:0'}"), 400, NULL, NULL);
        expect(post(S ":run", "{'fetches':'get:0','options':{'timeout_in_ms':20}}"), 504, NULL,
               NULL);
        Answer a = post(S ":partial_run_setup", "{'fetches':'get:0','feeds':['x']}");
        cr_assert_eq(a.status, 200, "%s", a.body);
        a = http("GET", S "/steps", NULL);
        expect(a, 200, "/steps/0/state", "running");
        expect(a, 200, "/steps/0/partial", "true");
        expect(a, 200, "/steps/0/ended_at", "null");
        expect(a, 200, "/steps/0/code_name", "null");
        expect(a, 200, "/steps/1/code_name", "DEADLINE_EXCEEDED");
        expect(a, 200, "/steps/1/state", "failed");
        expect(a, 200, "/steps/2/code_name", "INVALID_ARGUMENT");
        expect(a, 200, "/steps/3/code_name", "OK");
        expect(a, 200, "/steps/3/state", "done");
        expect(a, 200, "/steps/3/id", "1");
        cr_expect_leq(strcmp(text_at(a, "/steps/3/started_at"), text_at(a, "/steps/3/ended_at")),
                      0);
        expect(http("GET", S, NULL), 200, "/steps", "4");
}

Test(http_steps, the_last_ones_are_kept)
{
        for (int i = 0; i < 40; i++)
                expect(post(S ":run", "{'fetches':'size:0'}"), 200, NULL, NULL);
        Answer a = http("GET", S "/steps", NULL);
        expect(a, 200, "/steps/0/id", "40");
        expect(a, 200, "/steps/31/id", "9");
        cr_expect_eq(json_array_size(at(a, "/steps")), 32);
}

/* A client that waits at a queue without a graph is a step, too. */
Test(http_steps, one_of_several_is_cancelled)
{
        expect(post(S ":run", "{'fetches':'size:0'}"), 200, NULL, NULL);
        int run = begin_post(S ":run", "{'fetches':'get:0'}");
        until_running("1");
        int wait = begin_post(S "/queues/q:dequeue", "{}");
        until_running("2");
        expect(http("POST", S "/steps/3:cancel", NULL), 200, "/state", "cancelled");
        expect(hear(wait), 499, "/detail", "Dequeue operation was cancelled");
        until_running("1");
        expect(post(S "/queues/q:enqueue", "{'components':[5]}"), 200, NULL, NULL);
        expect(hear(run), 200, "/result", "5");
        Answer a = http("GET", S "/steps", NULL);
        expect(a, 200, "/steps/0/code_name", "OK");
}

Test(http_steps, what_does_not_run_cannot_be_cancelled)
{
        expect(post(S ":run", "{'fetches':'size:0'}"), 200, "/step_id", "1");
        expect(post(S "/steps/1:cancel", "{}"), 404, "/detail",
               "Session 's' has no running step 1");
        expect(post(S "/steps/99:cancel", "{}"), 404, "/code_name", "NOT_FOUND");
        expect(post(S "/steps/x:cancel", "{}"), 404, "/detail", "No such step: x");
}
