// SPDX-License-Identifier: Apache-2.0
/* Pipelines over HTTP: clients that initialize an iterator, draw until its end, choose between two,
 * and close the session of one who still draws. The order of the shuffle was worked out in Python.
 */
#include "tests/lib/http_client.h"

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN "/v1/sessions/s:run"

static void read_onto(Buf *b, const char *path)
{
        FILE *f = fopen(path, "r");
        cr_assert_not_null(f);
        for (size_t got = 1; got; b->len += got) {
                char *room = buf_reserve(b, 4096);
                cr_assert_not_null(room);
                got = fread(room, 1, 4096, f);
        }
        fclose(f);
}

static void setup(void)
{
        autobuf b = BUF(1 << 20);
        server_begin();
        read_onto(&b, "tests/data/datasets.pbtxt");
        read_onto(&b, "tests/data/pipelines.pbtxt");
        Answer a = http_with("PUT", "/v1/graphs/g", "", b.data, b.len);
        cr_assert_eq(a.status, 201, "%s", a.body);
        expect(post("/v1/sessions", "{'name':'s','graph':'g'}"), 201, NULL, NULL);
}

TestSuite(http_data, .init = setup, .fini = server_end, .timeout = 60);

static void expect_end(Answer a)
{
        expect(a, 400, "/code_name", "OUT_OF_RANGE");
        cr_expect(strstr(text_at(a, "/detail"), "End of sequence"), "%s", a.body);
}

Test(http_data, an_initializable_iterator_is_drawn_to_its_end_and_again)
{
        static const char *const batches[] = { "[19,10,18]", "[16,11,13]", "[17,12,14]",
                                               "[15,19,10]", "[18,16,11]", "[13,17,12]",
                                               "[14,15]" };
        Answer a = post(RUN, "{'fetches':'next:0'}");
        expect(a, 400, "/code_name", "FAILED_PRECONDITION");
        for (int round = 0; round < 2; round++) {
                expect(post(RUN, "{'targets':['init']}"), 200, NULL, NULL);
                for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++)
                        expect(post(RUN, "{'fetches':'next:0'}"), 200, "/result", batches[i]);
                expect_end(post(RUN, "{'fetches':'next:0'}"));
        }
}

Test(http_data, a_loop_runs_until_a_one_shot_iterator_ends)
{
        expect(post("/v1/sessions/s/loops", "{'run':{'fetches':['shot_next:0']},'steps':100}"), 201,
               NULL, NULL);
        for (int i = 0; i < 2000; i++) {
                Answer a = http("GET", "/v1/sessions/s/loops/1", NULL);
                if (strcmp(text_at(a, "/state"), "running") != 0)
                        break;
                usleep(5000);
        }
        Answer a = http("GET", "/v1/sessions/s/loops/1", NULL);
        expect(a, 200, "/steps_done", "3");
        expect_end(post(RUN, "{'fetches':'shot_next:0'}"));
}

static char *string_handle(const char *node)
{
        Answer a = post(RUN, "{'fetches':'%s:0'}", node);
        cr_assert_eq(a.status, 200, "%s", a.body);
        return json_dumps(at(a, "/result"), JSON_ENCODE_ANY);
}

Test(http_data, a_string_handle_that_is_fed_chooses_the_iterator)
{
        char *it = string_handle("it_string"), *shot = string_handle("shot_string");
        expect(post(RUN, "{'targets':['init']}"), 200, NULL, NULL);
        static const char request[] = "{'fetches':'chosen_next:0','feeds':{'which:0':%s}}";
        expect(post(RUN, request, shot), 200, "/result", "0");
        expect(post(RUN, request, it), 200, "/result", "[19,10,18]");
        expect(post(RUN, request, shot), 200, "/result", "1");
        expect(post(RUN, request, it), 200, "/result", "[16,11,13]");
        expect(post(RUN, request, "'junk'"), 400, "/code_name", "INVALID_ARGUMENT");
        free(it);
        free(shot);
}

Test(http_data, an_endless_draw_ends_with_its_timeout)
{
        expect(post(RUN, "{'targets':['void_init']}"), 200, NULL, NULL);
        Answer a = post(RUN, "{'fetches':'void_next:0','options':{'timeout_in_ms':100}}");
        expect(a, 504, "/code_name", "DEADLINE_EXCEEDED");
}

Test(http_data, closing_the_session_ends_the_draw_of_another_client)
{
        expect(post(RUN, "{'targets':['void_init']}"), 200, NULL, NULL);
        int fd = begin_post(RUN, "{'fetches':'void_next:0'}");
        for (int i = 0; i < 500; i++) {
                if (!strcmp(text_at(http("GET", "/v1/sessions/s", NULL), "/running"), "1"))
                        break;
                usleep(10000);
        }
        Answer a = http("DELETE", "/v1/sessions/s", NULL);
        cr_assert(a.status == 200 || a.status == 202 || a.status == 204, "%s", a.body);
        expect(hear(fd), 499, "/code_name", "CANCELLED");
}

Test(http_data, a_shared_iterator_gives_each_element_to_one_client)
{
        enum { CLIENTS = 3 };
        int fd[CLIENTS], seen = 0;
        for (int i = 0; i < CLIENTS; i++)
                fd[i] = begin_post(RUN, "{'fetches':'shot_next:0'}");
        for (int i = 0; i < CLIENTS; i++) {
                Answer a = hear(fd[i]);
                cr_assert(json_is_integer(at(a, "/result")), "%s", a.body);
                seen |= 1 << json_integer_value(at(a, "/result"));
        }
        cr_expect_eq(seen, 7);
}
