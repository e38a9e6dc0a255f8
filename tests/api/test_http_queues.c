// SPDX-License-Identifier: Apache-2.0
/* Queues over HTTP: clients put in and take out without a graph of their own. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(http_queues, .init = server_begin, .fini = server_end);

#define S "/v1/sessions/s"
#define Q S "/queues/q"

/* A queue of two int32 numbers; its size makes it. */
static void make_queue(void)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'graph_def':{'node':[{'name':'q','op':'FIFOQueueV2',"
                    "'attr':{'component_types':{'list':{'type':['DT_INT32']}},'capacity':{'i':'2'},"
                    "'shapes':{'list':{'shape':[{}]}}}},{'name':'n','op':'QueueSizeV2','input':['q'"
                    "]}]}}}"),
               201, NULL, NULL);
        expect(post(S ":run", "{'fetches':'n:0'}"), 200, "/result", "0");
}

Test(http_queues, rows_come_out_in_the_order_in_which_they_went_in)
{
        make_queue();
        expect(post(Q ":enqueue", "{'components':[7]}"), 200, "/size", "1");
        expect(post(Q ":enqueue", "{'components':[8]}"), 200, "/size", "2");
        Answer a = http("GET", S "/queues", NULL);
        expect(a, 200, "/queues/0/kind", "FIFOQueue");
        expect(a, 200, "/queues/0/dtypes", "[\"int32\"]");
        expect(a, 200, "/queues/0/shapes", "[[]]");
        expect(a, 200, "/queues/0/capacity", "2");
        expect(post(S ":run", "{'fetches':'n:0'}"), 200, "/result", "2");
        expect(post(Q ":dequeue", "{}"), 200, "/components", "[7]");
        expect(post(Q ":dequeue", "{'output':'typed'}"), 200, "/components/0",
               "{\"dtype\":\"int32\",\"shape\":[],\"data\":8}");
        expect(http("GET", Q, NULL), 200, "/size", "0");
}

Test(http_queues, a_queue_that_no_step_has_made_yet_says_how_to_make_it)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'q = FIFOQueueV2(component_types=[int32])'}}"),
               201, NULL, NULL);
        expect(post(Q ":enqueue", "{'components':[1]}"), 404, "/hints/0",
               "No step has made it yet: run the target 'q' first.");
        expect(post(S ":run", "{'targets':'q'}"), 200, NULL, NULL);
        expect(post(Q ":enqueue", "{'components':[1]}"), 200, "/size", "1");
}

Test(http_queues, batches_go_in_and_out)
{
        make_queue();
        expect(post(Q ":enqueue", "{'components':[[1,2]],'many':true}"), 200, "/size", "2");
        expect(post(Q ":dequeue", "{'n':2}"), 200, "/components", "[[1,2]]");
}

Test(http_queues, who_waits_too_long_is_told_so)
{
        make_queue();
        Answer a = post(Q ":dequeue", "{'wait':0.05}");
        expect(a, 504, "/code_name", "DEADLINE_EXCEEDED");
        expect(post(Q ":dequeue", "{'wait':0}"), 504, NULL, NULL);
        expect(post(Q ":enqueue", "{'components':[[1,2]],'many':true}"), 200, NULL, NULL);
        expect(post(Q ":enqueue", "{'components':[3],'wait':0}"), 504, NULL, NULL);
        expect(http("GET", Q, NULL), 200, "/size", "2");
}

static void wait_for(const char *pointer, const char *text)
{
        for (int i = 0; i < 500; i++) {
                if (strcmp(text_at(http("GET", Q, NULL), pointer), text) == 0)
                        return;
                usleep(10000);
        }
        cr_assert(0, "%s never became %s", pointer, text);
}

static int waiting_dequeue(void)
{
        int fd = begin_post(Q ":dequeue", "{}");
        wait_for("/pending_dequeues", "1");
        return fd;
}

Test(http_queues, a_client_that_waits_gets_what_comes)
{
        make_queue();
        int fd = waiting_dequeue();
        expect(post(Q ":enqueue", "{'components':[9]}"), 200, NULL, NULL);
        expect(hear(fd), 200, "/components", "[9]");
}

Test(http_queues, a_client_that_leaves_takes_nothing)
{
        make_queue();
        close(waiting_dequeue());
        wait_for("/pending_dequeues", "0");
        expect(post(Q ":enqueue", "{'components':[9]}"), 200, "/size", "1");
}

Test(http_queues, a_closed_queue_is_drained_and_then_out_of_range)
{
        make_queue();
        post(Q ":enqueue", "{'components':[1]}");
        expect(post(Q ":close", "{'cancel_pending':true}"), 200, "/closed", "true");
        expect(post(Q ":enqueue", "{'components':[2]}"), 499, "/code_name", "CANCELLED");
        expect(post(Q ":dequeue", "{}"), 200, "/components", "[1]");
        expect(post(Q ":dequeue", "{}"), 400, "/code_name", "OUT_OF_RANGE");
}

Test(http_queues, what_does_not_fit_is_refused_with_its_place)
{
        make_queue();
        expect(post(Q ":enqueue", "{'components':[1.5]}"), 400, "/pointer", "/components/0");
        expect(post(Q ":enqueue", "{'components':[1,2]}"), 400, "/pointer", "/components");
        expect(post(Q ":enqueue", "{'components':[{'dtype':'float32','data':1}]}"), 400, "/pointer",
               "/components/0");
        expect(post(Q ":enqueue", "{'components':[[1]]}"), 400, NULL, NULL);
        expect(post(Q ":dequeue", "{'n':1.5}"), 400, "/pointer", "/n");
        expect(post(Q ":dequeue", "{'wait':-1}"), 400, "/pointer", "/wait");
        expect(http("GET", S "/queues/qu", NULL), 404, "/code_name", "NOT_FOUND");
        expect(post(S "/queues/nothing:dequeue", "{}"), 404, NULL, NULL);
        expect(http("GET", Q, NULL), 200, "/size", "0");
}

Test(http_queues, a_close_waits_behind_the_enqueues_that_wait)
{
        make_queue();
        expect(post(Q ":enqueue", "{'components':[[1,2]],'many':true}"), 200, NULL, NULL);
        int put = begin_post(Q ":enqueue", "{'components':[3]}");
        wait_for("/pending_enqueues", "1");
        int shut = begin_post(Q ":close", "{}");
        wait_for("/pending_enqueues", "2");
        expect(http("GET", Q, NULL), 200, "/closed", "false");
        expect(post(Q ":dequeue", "{}"), 200, "/components", "[1]");
        expect(hear(put), 200, "/size", "2");
        expect(hear(shut), 200, "/closed", "true");
        expect(post(Q ":close", "{}"), 499, "/code_name", "CANCELLED");
}

Test(http_queues, a_close_that_cancels_ends_the_enqueues_that_wait)
{
        make_queue();
        expect(post(Q ":enqueue", "{'components':[[1,2]],'many':true}"), 200, NULL, NULL);
        int put = begin_post(Q ":enqueue", "{'components':[3]}");
        wait_for("/pending_enqueues", "1");
        expect(post(Q ":close", "{'cancel_pending':true}"), 200, "/closed", "true");
        expect(hear(put), 499, "/detail", "Enqueue operation was cancelled");
        expect(post(Q ":close", "{'cancel_pending':true}"), 200, "/closed", "true");
        expect(post(Q ":dequeue", "{'n':5,'up_to':true}"), 200, "/components", "[[1,2]]");
}

Test(http_queues, end_who_waits_with_their_session)
{
        make_queue();
        int fd = begin_post(Q ":dequeue", "{'n':2}");
        wait_for("/pending_dequeues", "1");
        expect(http("POST", S ":close", NULL), 200, "/state", "closed");
        expect(hear(fd), 499, "/code_name", "CANCELLED");
        expect(post(Q ":dequeue", "{}"), 400, "/exception", "RuntimeError");
}

Test(http_queues, of_each_kind_are_described)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'a = RandomShuffleQueueV2(component_types="
                    "[float32, string], capacity=9, min_after_dequeue=3, shared_name=\\'a\\'); "
                    "b = PaddingFIFOQueueV2(component_types=[float32], shapes=[[-1, 2]], "
                    "shared_name=\\'b\\'); c = PriorityQueueV2(component_types=[float32], "
                    "shapes=[[]], shared_name=\\'c\\', container=\\'box\\')'}}"),
               201, NULL, NULL);
        expect(post(S ":run", "{'targets':['a','b','c']}"), 200, NULL, NULL);
        Answer a = http("GET", S "/queues/a", NULL);
        expect(a, 200, "/kind", "RandomShuffleQueue");
        expect(a, 200, "/min_after_dequeue", "3");
        expect(a, 200, "/dtypes", "[\"float32\",\"string\"]");
        expect(a, 200, "/shapes", "[null,null]");
        a = http("GET", S "/queues/b", NULL);
        expect(a, 200, "/kind", "PaddingFIFOQueue");
        expect(a, 200, "/shapes", "[[-1,2]]");
        expect(a, 200, "/capacity", "-1");
        a = http("GET", S "/queues/c", NULL);
        expect(a, 200, "/kind", "PriorityQueue");
        expect(a, 200, "/dtypes", "[\"int64\",\"float32\"]");
        expect(a, 200, "/container", "box");
        expect(post(S "/queues/c:enqueue", "{'components':[[3,1],[30,10]],'many':true}"), 200,
               "/size", "2");
        expect(post(S "/queues/c:dequeue", "{}"), 200, "/components", "[1,10.0]");
        expect(http("GET", S, NULL), 200, "/queues", "3");
}
