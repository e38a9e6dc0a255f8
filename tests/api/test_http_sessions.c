// SPDX-License-Identifier: Apache-2.0
/* Sessions as resources: made, listed, closed, forgotten, found again. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

TestSuite(http_sessions, .init = server_begin, .fini = server_end);

Test(http_sessions, a_session_is_created_with_a_location_and_found_there)
{
        Answer a = post("/v1/sessions",
                        "{'name':'s','labels':{'team':'a'},'durable':true,'idle_ttl':60}");
        expect(a, 201, "/name", "s");
        cr_expect_str_eq(header(a, "Location"), "/v1/sessions/s");
        a = http("GET", "/v1/sessions/s", NULL);
        expect(a, 200, "/state", "active");
        expect(a, 200, "/labels/team", "a");
        expect(a, 200, "/durable", "true");
        expect(a, 200, "/restored", "null");
        expect(a, 200, "/last_run_at", "null");
        expect(a, 200, "/variables/count", "0");
        cr_expect_eq(text_at(a, "/created_at")[10], 'T');
        cr_expect_eq(text_at(a, "/expires_at")[10], 'T');
}

Test(http_sessions, without_a_name_one_is_made_up)
{
        Answer a = post("/v1/sessions", "{}");
        expect(a, 201, "/state", "active");
        expect(http("GET", header(a, "Location"), NULL), 200, "/name", text_at(a, "/name"));
        expect(http("POST", "/v1/sessions", ""), 201, NULL, NULL);
}

Test(http_sessions, a_name_is_taken_once_and_may_be_reused_on_request)
{
        post("/v1/sessions", "{'name':'s'}");
        expect(post("/v1/sessions", "{'name':'s'}"), 409, "/code_name", "ALREADY_EXISTS");
        expect(post("/v1/sessions", "{'name':'s','if_exists':'fail'}"), 409, NULL, NULL);
        expect(post("/v1/sessions", "{'name':'s','if_exists':'reuse'}"), 200, "/name", "s");
}

Test(http_sessions, names_of_the_longest_kind_are_fine_and_longer_ones_are_not)
{
        char name[130];
        memset(name, 'a', 129);
        name[128] = 0;
        expect(post("/v1/sessions", "{'name':'%s'}", name), 201, NULL, NULL);
        name[128] = 'a';
        name[129] = 0;
        expect(post("/v1/sessions", "{'name':'%s'}", name), 400, NULL, NULL);
}

Test(http_sessions, an_unknown_session_is_404_with_the_nearest_name)
{
        post("/v1/sessions", "{'name':'trainer'}");
        Answer a = http("GET", "/v1/sessions/trainr", NULL);
        expect(a, 404, "/hints/0", "trainer");
        expect(post("/v1/sessions/trainr:run", "{'fetches':'a:0'}"), 404, "/hints/0", "trainer");
}

Test(http_sessions, lists_filter_by_label_and_state_and_page)
{
        for (int i = 0; i < 5; i++)
                post("/v1/sessions", "{'name':'s%d','labels':{'k':'%d'}}", i, i % 2);
        post("/v1/sessions/s0:close", "{}");
        cr_expect_eq(json_array_size(at(http("GET", "/v1/sessions", NULL), "/sessions")), 5);
        cr_expect_eq(
                json_array_size(at(http("GET", "/v1/sessions?label=k%3D1", NULL), "/sessions")), 2);
        cr_expect_eq(json_array_size(at(http("GET", "/v1/sessions?label=k", NULL), "/sessions")),
                     5);
        cr_expect_eq(
                json_array_size(at(http("GET", "/v1/sessions?state=closed", NULL), "/sessions")),
                1);
        Answer a = http("GET", "/v1/sessions?page_size=2", NULL);
        expect(a, 200, "/next_page_token", "s1");
        expect(a, 200, "/sessions/1/name", "s1");
        a = http("GET", "/v1/sessions?page_size=2&page_token=s3", NULL);
        expect(a, 200, "/sessions/0/name", "s4");
        expect(a, 200, "/next_page_token", "null");
}

Test(http_sessions, a_closed_session_is_listed_but_not_used)
{
        post("/v1/sessions", "{'name':'s'}");
        expect(post("/v1/sessions/s:close", "{}"), 200, "/state", "closed");
        expect(post("/v1/sessions/s:close", "{}"), 200, "/state", "closed");
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/state", "closed");
        Answer a = post("/v1/sessions/s:run", "{'fetches':'a:0'}");
        expect(a, 400, "/detail", "Attempted to use a closed Session.");
        expect(a, 400, "/exception", "RuntimeError");
        expect(a, 400, "/code_name", "FAILED_PRECONDITION");
        expect(post("/v1/sessions/s:extend", "{'graph_def':{}}"), 400, "/code_name",
               "FAILED_PRECONDITION");
        expect(post("/v1/sessions", "{'name':'s'}"), 409, NULL, NULL);
}

Test(http_sessions, a_closed_session_tells_what_it_has_done)
{
        expect(post("/v1/sessions", "{'name':'s','graph':{'script':'a = Const(value=1.0, "
                                    "dtype=float32)'}}"),
               201, "/last_run_at", "null");
        for (int i = 0; i < 3; i++)
                expect(post("/v1/sessions/s:run", "{'fetches':'a:0'}"), 200, NULL, NULL);
        Answer a = http("GET", "/v1/sessions/s", NULL);
        const char *last = text_at(a, "/last_run_at");
        cr_assert_eq(strlen(last), 27, "%s", last);
        a = http("POST", "/v1/sessions/s:close", NULL);
        expect(a, 200, "/last_run_at", last);
        expect(a, 200, "/steps", "3");
        a = http("GET", "/v1/sessions/s", NULL);
        expect(a, 200, "/last_run_at", last);
        expect(a, 200, "/state", "closed");
        server_restart();
        a = http("GET", "/v1/sessions/s", NULL);
        expect(a, 200, "/last_run_at", last);
        expect(a, 200, "/steps", "3");
}

Test(http_sessions, close_takes_no_members_and_needs_no_body)
{
        post("/v1/sessions", "{'name':'s'}");
        expect(post("/v1/sessions/s:close", "{'now':true}"), 400, "/pointer", "/now");
        expect(http_with("POST", "/v1/sessions/s:close", "", NULL, 0), 200, "/state", "closed");
}

Test(http_sessions, delete_closes_and_forgets_and_frees_the_name)
{
        post("/v1/sessions", "{'name':'s'}");
        expect(http("DELETE", "/v1/sessions/s", NULL), 204, NULL, NULL);
        expect(http("GET", "/v1/sessions/s", NULL), 404, NULL, NULL);
        expect(http("DELETE", "/v1/sessions/s", NULL), 404, NULL, NULL);
        expect(post("/v1/sessions", "{'name':'s'}"), 201, NULL, NULL);
}

Test(http_sessions, sessions_survive_a_restart_and_say_so)
{
        post("/v1/sessions",
             "{'name':'kept','labels':{'a':'b'},'config':{'allowSoftPlacement':true}}");
        post("/v1/sessions", "{'name':'done'}");
        post("/v1/sessions", "{'name':'gone'}");
        post("/v1/sessions/done:close", "{}");
        http("DELETE", "/v1/sessions/gone", NULL);
        server_restart();
        Answer a = http("GET", "/v1/sessions/kept", NULL);
        expect(a, 200, "/state", "active");
        expect(a, 200, "/labels/a", "b");
        expect(a, 200, "/config", "{\"allowSoftPlacement\":true}");
        expect(a, 200, "/restored/lost", "[]");
        expect(http("GET", "/v1/sessions/done", NULL), 200, "/state", "closed");
        expect(post("/v1/sessions/done:run", "{'fetches':'a'}"), 400, "/exception", "RuntimeError");
        expect(post("/v1/sessions", "{'name':'done'}"), 409, NULL, NULL);
        expect(http("GET", "/v1/sessions/gone", NULL), 404, NULL, NULL);
}

Test(http_sessions, an_idle_session_is_closed_when_its_time_is_over)
{
        post("/v1/sessions", "{'name':'s','idle_ttl':1}");
        for (int i = 0; i < 60 && strcmp(text_at(http("GET", "/v1/sessions/s", NULL), "/state"),
                                         "closed") != 0;
             i++)
                usleep(100000);
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/state", "closed");
}

Test(http_sessions, each_run_puts_the_end_of_an_idle_session_off)
{
        post("/v1/sessions", "{'name':'s','idle_ttl':1000,'graph':{'script':'a = 1.0'}}");
        const char *first = text_at(http("GET", "/v1/sessions/s", NULL), "/expires_at");
        usleep(2000);
        expect(post("/v1/sessions/s:run", "{'fetches':'a:0'}"), 200, NULL, NULL);
        const char *next = text_at(http("GET", "/v1/sessions/s", NULL), "/expires_at");
        cr_expect_gt(strcmp(next, first), 0, "%s, then %s", first, next);
        expect(post("/v1/sessions", "{'name':'t'}"), 201, "/expires_at", "null");
}

Test(http_sessions, an_idempotency_key_gives_the_first_answer_again)
{
        static const char key[] = "Idempotency-Key: k1\r\n";
        Answer a = http_with("POST", "/v1/sessions", key, "{\"name\":\"i\"}", 12);
        expect(a, 201, "/name", "i");
        Answer b = http_with("POST", "/v1/sessions", key, "{\"name\":\"i\"}", 12);
        expect(b, 201, "/created_at", text_at(a, "/created_at"));
        cr_expect_str_eq(header(b, "Location"), "/v1/sessions/i");
        expect(http_with("POST", "/v1/sessions", key, "{\"name\":\"j\"}", 12), 422, "/status",
               "422");
}

Test(http_sessions, an_unknown_target_is_not_found_as_tensorflow_says)
{
        Answer a = post("/v1/sessions", "{'target':'local'}");
        expect(a, 404, "/code_name", "NOT_FOUND");
        cr_expect(strstr(text_at(a, "/detail"),
                         "No session factory registered for the given session options"));
}
