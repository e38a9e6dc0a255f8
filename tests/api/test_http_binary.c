// SPDX-License-Identifier: Apache-2.0
/* Inference-Header-Content-Length: JSON first, then the tensors' bytes, both ways; a string is its
 * length in four bytes, then its own. */
#include "engine/base/buf.h"
#include "tests/lib/http_client.h"
#include "tests/lib/op_session.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void begin(void)
{
        server_begin();
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'x = Placeholder(dtype=float32, shape=[-1]); "
                    "t = Placeholder(dtype=string, shape=[-1]); y = -x; u = Identity(t); "
                    "w = Placeholder(dtype=float32, shape=[-1]); z = -w; "
                    "b = Placeholder(dtype=bool, shape=[-1]); "
                    "v = VariableV2(dtype=float32, shape=[40000]); "
                    "keep = Assign(v, x, validate_shape=false); kept = -v'}}"),
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

/* ---- many bytes, which come straight into a tensor's memory ---- */

enum { MANY = 40000 };

static float many(int i)
{
        return (float)i * 0.5f;
}

/* Runs with n floats behind the JSON. */
static Answer run_many(const char *headers, const char *json, int n)
{
        autobuf body = BUF(1 << 20);
        char head[200];
        for (const char *p = json; *p; p++)
                buf_putc(&body, *p == '\'' ? '"' : *p);
        snprintf(head, sizeof head, "%sInference-Header-Content-Length: %zu\r\n", headers,
                 body.len);
        for (int i = 0; i < n; i++)
                buf_append(&body, &(float){ many(i) }, sizeof(float));
        return http_with("POST", "/v1/sessions/s:run", head, body.data, body.len);
}

static float float_at(const char *tail, int i)
{
        float v;
        memcpy(&v, tail + (size_t)i * sizeof v, sizeof v);
        return v;
}

static void expect_negated(Answer a, int from, int n)
{
        size_t bytes;
        cr_assert_eq(a.status, 200, "%s", a.body);
        const char *tail = tail_of(a, &bytes);
        cr_assert_eq(bytes, (size_t)n * sizeof(float));
        for (int i = 0; i < n; i++)
                cr_assert_eq(float_at(tail, i), -many(from + i));
}

#define NEGATE "{'fetches':'y:0','output':'binary','feeds':{'x':{'dtype':'float32','shape':"

Test(http_binary, many_bytes_are_fed_as_they_lie)
{
        expect_negated(run_many("", NEGATE "[40000],'binary_data_size':160000}}}", MANY), 0, MANY);
        expect_negated(run_many("Idempotency-Key: k\r\n",
                                NEGATE "[40000],'binary_data_size':160000}}}", MANY),
                       0, MANY);
}

/* The second of two is too small a part, or does not begin where elements may lie. */
Test(http_binary, two_tensors_share_many_bytes)
{
        static const int first[] = { 32, 33, 30000 };
        char json[300];
        for (size_t i = 0; i < COUNTOF(first); i++) {
                size_t n;
                snprintf(json, sizeof json,
                         "{'fetches':['y:0','z:0'],'output':'binary','feeds':{"
                         "'w':{'dtype':'float32','shape':[%d],'binary_data_size':%d},"
                         "'x':{'dtype':'float32','shape':[%d],'binary_data_size':%d}}}",
                         first[i], first[i] * 4, MANY - first[i], (MANY - first[i]) * 4);
                Answer a = run_many("", json, MANY);
                cr_assert_eq(a.status, 200, "%s", a.body);
                const char *tail = tail_of(a, &n);
                cr_assert_eq(n, MANY * sizeof(float));
                for (int j = 0; j < MANY; j++)
                        cr_assert_eq(float_at(tail, j), -many((j + first[i]) % MANY));
        }
}

Test(http_binary, many_bytes_outlive_their_request)
{
        expect(run_many("",
                        "{'targets':'keep','feeds':{'x':{'dtype':'float32','shape':[40000],"
                        "'binary_data_size':160000}}}",
                        MANY),
               200, NULL, NULL);
        for (int i = 0; i < 4; i++)
                expect_negated(run_many("", NEGATE "[30000],'binary_data_size':120000}}}", 30000),
                               0, 30000);
        expect_negated(run_many("", "{'fetches':'kept:0','output':'binary'}", 0), 0, MANY);
}

Test(http_binary, many_bytes_of_the_wrong_number_are_refused)
{
        expect(run_many("", NEGATE "[40000],'binary_data_size':160004}}}", MANY), 400, "/pointer",
               "/feeds/x/binary_data_size");
        expect(run_many("", NEGATE "[39999],'binary_data_size':159996}}}", MANY), 400, "/detail",
               "4 bytes behind the JSON belong to no tensor");
        expect(run_many("", NEGATE "[39999],'binary_data_size':160000}}}", MANY), 400, "/pointer",
               "/feeds/x/binary_data_size");
        expect(run_many("", "{'fetches':'y:0','feeds':{'x':[1]}}", MANY), 400, "/detail",
               "160000 bytes behind the JSON belong to no tensor");
        expect(run_many("",
                        "{'fetches':'b:0','feeds':{'b':{'dtype':'bool','shape':[160000],"
                        "'binary_data_size':160000}}}",
                        MANY),
               400, "/detail", "A byte of a bool tensor is neither 0 nor 1");
        expect_negated(run_many("", NEGATE "[40000],'binary_data_size':160000}}}", MANY), 0, MANY);
}

/* Other routes take no raw bytes: the header changes nothing for them. */
Test(http_binary, the_header_means_nothing_elsewhere)
{
        autobuf text = BUF(1 << 20);
        buf_puts(&text, "{\"name\":\"other\"");
        for (int i = 0; i < 100000; i++)
                buf_putc(&text, ' ');
        buf_putc(&text, '}');
        expect(http_with("POST", "/v1/sessions", "Inference-Header-Content-Length: 2\r\n",
                         text.data, text.len),
               201, "/name", "other");
}

/* A client that goes away in the middle leaves nothing behind. */
Test(http_binary, half_of_many_bytes_go_with_their_client)
{
        static const char half[60000];
        expect_negated(run_many("", NEGATE "[40000],'binary_data_size':160000}}}", MANY), 0, MANY);
        int64_t before = test_settled_bytes();
        for (int i = 0; i < 20; i++) {
                int fd = raw_say("POST /v1/sessions/s:run HTTP/1.1\r\nHost: localhost\r\n"
                                 "Content-Length: 8000002\r\n"
                                 "Inference-Header-Content-Length: 2\r\n\r\n{}");
                raw_send(fd, half, sizeof half);
                close(fd);
        }
        expect_negated(run_many("", NEGATE "[40000],'binary_data_size':160000}}}", MANY), 0, MANY);
        int64_t after = test_settled_bytes();
        for (int i = 0; after > before + (1 << 20) && i < 100; i++) {
                usleep(20000);
                after = test_settled_bytes();
        }
        cr_expect_leq(after, before + (1 << 20));
}
