// SPDX-License-Identifier: Apache-2.0
/* ETag, If-Match and If-None-Match: changing a variable only if it is what was read. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void begin(void)
{
        server_begin();
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'v = VariableV2(dtype=float32, shape=[2]); "
                    "zero = Const(value=[0.0, 0.0], dtype=float32); init = Assign(v, zero); inc = "
                    "AssignAdd(v, zero); t = VariableV2(dtype=string, shape=[]); x = "
                    "Placeholder(dtype=string); it = Assign(t, x); u = VariableV2(dtype=float32, "
                    "shape=[]); iu = IsVariableInitialized(u)'}}"),
               201, NULL, NULL);
        expect(post("/v1/sessions/s:run",
                    "{'targets':['init','it'],'fetches':'iu:0','feeds':{'x':'a\\u0000b'}}"),
               200, "/result", "false");
}

TestSuite(http_etags, .init = begin, .fini = server_end);

#define V "/v1/sessions/s/variables/v"
#define T "/v1/sessions/s/variables/t"
#define U "/v1/sessions/s/variables/u"

static Answer with(const char *method, const char *path, const char *field, const char *etag,
                   const char *body)
{
        char line[200];
        snprintf(line, sizeof line, "%s: %s\r\n", field, etag);
        return http_with(method, path, line, body, body ? strlen(body) : 0);
}

Test(http_etags, a_value_has_one_that_changes_with_it_and_comes_back_with_it)
{
        const char *zero = header(http("GET", V, NULL), "ETag");
        cr_assert_eq(strlen(zero), 68, "%s", zero);
        cr_expect_str_eq(header(http("GET", V, NULL), "ETag"), zero);
        cr_expect_eq(http("PUT", V, "[1,2]").status, 204);
        cr_expect_str_neq(header(http("GET", V, NULL), "ETag"), zero);
        cr_expect_eq(http("PUT", V, "[0,0]").status, 204);
        cr_expect_str_eq(header(http("GET", V, NULL), "ETag"), zero);
        const char *npy =
                header(http_with("GET", V, "Accept: application/x-npy\r\n", NULL, 0), "ETag");
        cr_expect_str_neq(npy, zero);
        cr_expect_eq(strncmp(npy, zero, 65), 0);
}

Test(http_etags, a_value_changes_only_if_it_is_the_one_that_was_read)
{
        const char *zero = header(http("GET", V, NULL), "ETag");
        cr_expect_eq(with("PUT", V, "If-Match", zero, "[1,2]").status, 204);
        Answer a = with("PUT", V, "If-Match", zero, "[3,4]");
        expect(a, 412, "/code_name", "FAILED_PRECONDITION");
        expect(a, 412, "/title", "Precondition Failed");
        expect(http("GET", V, NULL), 200, "/data", "[1.0,2.0]");
        char list[300];
        snprintf(list, sizeof list, "\"other\", %s",
                 header(http_with("GET", V, "Accept: application/octet-stream\r\n", NULL, 0),
                        "ETag"));
        cr_expect_eq(with("PUT", V, "If-Match", list, "[5,6]").status, 204);
        cr_expect_eq(with("PUT", V, "If-Match", "*", "[7,8]").status, 204);
        cr_expect_eq(with("PUT", V, "If-Match", "nonsense", "[9,9]").status, 412);
        expect(http("GET", V, NULL), 200, "/data", "[7.0,8.0]");
        expect(with("PUT", V, "If-Match", "*", "[1,2,3]"), 400, "/code", "3");
}

Test(http_etags, a_value_is_set_only_if_there_is_none)
{
        expect(http("GET", U, NULL), 400, "/code_name", "FAILED_PRECONDITION");
        cr_expect_eq(with("PUT", U, "If-Match", "*", "1").status, 412);
        cr_expect_eq(with("PUT", U, "If-None-Match", "*", "1").status, 204);
        cr_expect_eq(with("PUT", U, "If-None-Match", "*", "2").status, 412);
        expect(http("GET", U, NULL), 200, "/data", "1.0");
}

Test(http_etags, who_has_the_value_already_gets_304)
{
        const char *etag = header(http("GET", V, NULL), "ETag");
        Answer a = with("GET", V, "If-None-Match", etag, NULL);
        cr_expect_eq(a.status, 304);
        cr_expect_eq(a.len, 0);
        cr_expect_str_eq(header(a, "ETag"), etag);
        cr_expect_eq(with("HEAD", V, "If-None-Match", etag, NULL).status, 304);
        cr_expect_eq(with("GET", V, "If-None-Match", "\"x\"", NULL).status, 200);
        expect(http_with("PUT", "/v1/graphs/g", "Content-Type: text/x-sessrun-script\r\n",
                         "a = NoOp()\n", 11),
               201, NULL, NULL);
        etag = header(http("GET", "/v1/graphs/g", NULL), "ETag");
        cr_expect_eq(with("GET", "/v1/graphs/g", "If-None-Match", etag, NULL).status, 304);
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
}

Test(http_etags, strings_with_nul_characters_have_values_and_etags_of_their_own)
{
        expect(http("GET", T, NULL), 200, "/dtype", "string");
        const char *etag = header(http("GET", T, NULL), "ETag");
        cr_expect_eq(http("PUT", T, "'a\\u0000c'").status, 204);
        cr_expect_str_neq(header(http("GET", T, NULL), "ETag"), etag);
        cr_expect_eq(http("PUT", T, "'a\\u0000b'").status, 204);
        cr_expect_str_eq(header(http("GET", T, NULL), "ETag"), etag);
        Answer a = http("GET", T, NULL);
        cr_expect(strstr(a.body, "\"a\\u0000b\""), "%s", a.body);
}

Test(http_etags, npy_files_go_both_ways)
{
        cr_expect_eq(http("PUT", V, "[1.5,-2]").status, 204);
        Answer a = http_with("GET", V, "Accept: application/x-npy\r\n", NULL, 0);
        cr_assert_eq(a.status, 200);
        cr_expect_eq(memcmp(a.body, "\x93NUMPY", 6), 0);
        cr_expect_eq(http("PUT", V, "[0,0]").status, 204);
        cr_expect_eq(http_with("PUT", V, "", a.body, a.len).status, 204);
        expect(http("GET", V, NULL), 200, "/data", "[1.5,-2.0]");
        char line[100];
        snprintf(line, sizeof line, "If-Match: %s\r\n", header(a, "ETag"));
        cr_expect_eq(http_with("PUT", V, line, a.body, a.len).status, 204);
        expect(http_with("PUT", T, "", a.body, a.len), 400, "/detail",
               "Variable 't' is of type string, not float");
}

/* As of a graph that was stored, or after a restart. */
Test(http_etags, what_the_graph_declares_is_seen_and_set_before_any_step)
{
        server_restart();
        Answer a = http("GET", "/v1/sessions/s/variables", NULL);
        expect(a, 200, "/variables/0/name", "v");
        expect(a, 200, "/variables/0/shape", "[2]");
        expect(a, 200, "/variables/0/initialized", "false");
        expect(a, 200, "/variables/0/container", "localhost");
        cr_expect_eq(json_array_size(at(a, "/variables")), 3);
        expect(http("GET", V, NULL), 400, "/detail", "Attempting to use uninitialized value v");
        expect(http("PUT", V, "[1,2,3]"), 400, NULL, NULL);
        cr_expect_eq(http("PUT", V, "[1,2]").status, 204);
        expect(post("/v1/sessions/s:run", "{'fetches':'inc:0'}"), 200, "/result", "[1.0,2.0]");
        expect(http("GET", "/v1/sessions/s", NULL), 200, "/variables/initialized", "1");
}

#define RAW "Content-Type: application/octet-stream\r\n"

Test(http_etags, raw_bytes_go_both_ways)
{
        static const float two[] = { 1.5f, -2 };
        cr_expect_eq(http_with("PUT", V, RAW, two, sizeof two).status, 204);
        expect(http("GET", V, NULL), 200, "/data", "[1.5,-2.0]");
        expect(http("GET", V "1", NULL), 404, "/hints/0", "v");
        Answer a = http_with("GET", V, "Accept: application/octet-stream\r\n", NULL, 0);
        cr_expect_eq(a.len, sizeof two);
        cr_expect_eq(memcmp(a.body, two, sizeof two), 0);
        expect(http_with("PUT", V, RAW, two, 4), 400, "/detail",
               "A value of type float and shape [2] has 8 bytes, not 4.");
        expect(http_with("PUT", T, RAW, "ab", 2), 400, "/detail",
               "A value of type string has no raw form.");
}
