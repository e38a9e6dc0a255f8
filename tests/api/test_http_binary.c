// SPDX-License-Identifier: Apache-2.0
/* Inference-Header-Content-Length: JSON first, then the tensors' bytes, both ways; a string is its
 * length in four bytes, then its own. */
#include "engine/base/buf.h"
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(void)
{
        server_begin();
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'x = Placeholder(dtype=float32, shape=[-1]); "
                    "t = Placeholder(dtype=string, shape=[-1]); y = -x; u = Identity(t)'}}"),
               201, NULL, NULL);
}

TestSuite(http_binary, .init = begin, .fini = server_end);

/* Runs with a tail of n bytes behind the JSON, in which ' stands for ". */
static Answer run(const char *json, const void *tail, size_t n)
{
        char body[1000], head[100];
        size_t len = strlen(json);
        for (size_t i = 0; i < len; i++)
                body[i] = json[i] == '\'' ? '"' : json[i];
        memcpy(body + len, tail, n);
        snprintf(head, sizeof head, "Inference-Header-Content-Length: %zu\r\n", len);
        return http_with("POST", "/v1/sessions/s:run", head, body, len + n);
}

static const char *tail_of(Answer a, size_t *n)
{
        size_t json = strtoul(header(a, "Inference-Header-Content-Length"), NULL, 10);
        cr_assert(json && json <= a.len);
        *n = a.len - json;
        return a.body + json;
}

#define STRINGS "\2\0\0\0ab\0\0\0\0\3\0\0\0\0\xff\n"

Test(http_binary, strings_go_in_and_out_with_their_lengths)
{
        size_t n;
        Answer a = run("{'fetches':'u:0','output':'binary','feeds':{'t':{'dtype':'string',"
                       "'shape':[3],'binary_data_size':17}}}",
                       STRINGS, 17);
        expect(a, 200, "/result", "{\"dtype\":\"string\",\"shape\":[3],\"binary_data_size\":17}");
        const char *tail = tail_of(a, &n);
        cr_assert_eq(n, 17);
        cr_expect_eq(memcmp(tail, STRINGS, 17), 0);
}

Test(http_binary, tensors_follow_in_the_order_of_the_text)
{
        char tail[25];
        float x[2] = { 1, 2 };
        size_t n;
        memcpy(tail, STRINGS, 17);
        memcpy(tail + 17, x, 8);
        Answer a = run("{'fetches':['y:0','u:0'],'output':'binary','feeds':{"
                       "'t':{'dtype':'string','shape':[3],'binary_data_size':17},"
                       "'x':{'dtype':'float32','shape':[2],'binary_data_size':8}}}",
                       tail, 25);
        expect(a, 200, "/result/1/binary_data_size", "17");
        const char *out = tail_of(a, &n);
        cr_assert_eq(n, 25);
        memcpy(x, out, 8);
        cr_expect(x[0] == -1 && x[1] == -2);
        cr_expect_eq(memcmp(out + 8, STRINGS, 17), 0);
}

/* The JSON may be shorter or longer than the room that is left for it in front of many bytes. */
Test(http_binary, much_comes_behind_short_and_long_json)
{
        for (int copies = 1; copies <= 41; copies += 20) {
                enum { N = 10000 };
                autobuf json = BUF(1 << 16);
                size_t n;
                buf_puts(&json, "{\"output\":\"binary\",\"fetches\":[");
                for (int i = 0; i < copies; i++)
                        buf_puts(&json, i ? ",\"y:0\"" : "\"y:0\"");
                buf_puts(&json, "],\"feeds\":{\"x\":[");
                for (int i = 0; i < N; i++)
                        buf_printf(&json, "%s%d", i ? "," : "", i);
                buf_puts(&json, "]}}");
                Answer a = http_with("POST", "/v1/sessions/s:run", "", json.data, json.len);
                cr_assert_eq(a.status, 200, "%s", a.body);
                const char *out = tail_of(a, &n);
                cr_assert_eq(n, (size_t)copies * N * 4);
                json_t *head = json_loadb(a.body, a.len - n, 0, NULL);
                cr_assert_eq(json_array_size(json_object_get(head, "result")), (size_t)copies);
                json_decref(head);
                for (int i = 0; i < copies * N; i++) {
                        float v;
                        memcpy(&v, out + (size_t)i * 4, 4);
                        cr_assert_eq(v, -(float)(i % N));
                }
        }
}

Test(http_binary, sizes_that_disagree_are_refused)
{
        static const char *const bodies[] = {
                "{'fetches':'u:0','feeds':{'t':{'dtype':'string','shape':[4],'binary_data_size':"
                "17}}}",
                "{'fetches':'u:0','feeds':{'t':{'dtype':'string','shape':[2],'binary_data_size':"
                "17}}}",
                "{'fetches':'u:0','feeds':{'t':{'dtype':'string','shape':[3],'binary_data_size':"
                "18}}}",
                "{'fetches':'u:0','feeds':{'t':{'dtype':'string','shape':[3],'binary_data_size':"
                "16}}}",
                "{'fetches':'u:0','feeds':{'t':{'dtype':'string','shape':[3],'binary_data_size':"
                "-1}}}",
                "{'fetches':'y:0','feeds':{'x':{'dtype':'float32','shape':[3],'binary_data_size':"
                "17}}}",
                "{'fetches':'u:0','feeds':{'t':['a']}}",
        };
        for (size_t i = 0; i < COUNTOF(bodies); i++)
                expect(run(bodies[i], STRINGS, 17), 400, "/code_name", "INVALID_ARGUMENT");
        Answer a = run("{'fetches':'u:0','feeds':{'t':{'dtype':'string','shape':[1],"
                       "'binary_data_size':6}}}",
                       "\xff\xff\xff\xff"
                       "ab",
                       6);
        expect(a, 400, "/pointer", "/feeds/t/binary_data_size");
}
