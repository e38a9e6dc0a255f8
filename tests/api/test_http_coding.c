// SPDX-License-Identifier: Apache-2.0
/* Content-Encoding: packed bodies in, packed answers out, bombs refused. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void begin(void)
{
        server_options.max_body = 8 << 20;
        server_begin();
}

TestSuite(http_coding, .init = begin, .fini = server_end);

#define PACKED "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
#define TAKES  "Accept-Encoding: deflate, gzip;q=0.8\r\n"

/* Packs into static memory; windows: zlib's number for the format. */
static unsigned char packed[1 << 20];
static size_t pack(const void *data, size_t n, int window)
{
        z_stream z = { 0 };
        cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = (Bytef *)data;
        z.avail_in = (unsigned)n;
        z.next_out = packed;
        z.avail_out = sizeof packed;
        cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
        deflateEnd(&z);
        return z.total_out;
}

static size_t gzip(const char *text)
{
        return pack(text, strlen(text), 31);
}

static const char *unpacked(Answer a)
{
        static char text[1 << 20];
        z_stream z = { 0 };
        cr_assert_eq(inflateInit2(&z, 31), Z_OK);
        z.next_in = (Bytef *)a.body;
        z.avail_in = (unsigned)a.len;
        z.next_out = (Bytef *)text;
        z.avail_out = sizeof text - 1;
        cr_expect_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
        cr_expect_eq(z.avail_in, 0);
        text[z.total_out] = 0;
        inflateEnd(&z);
        return text;
}

Test(http_coding, a_packed_body_is_what_it_unpacks_to)
{
        size_t n = gzip("{\"name\":\"packed\"}");
        expect(http_with("POST", "/v1/sessions", PACKED, packed, n), 201, "/name", "packed");
        n = gzip("{\"name\":\"other\"}");
        expect(http_with("POST", "/v1/sessions", "Content-Encoding: X-GZIP\r\n", packed, n), 201,
               "/name", "other");
        expect(http_with("POST", "/v1/sessions", "Content-Encoding: identity\r\n",
                         "{\"name\":\"plain\"}", 16),
               201, "/name", "plain");
}

Test(http_coding, two_members_are_one_body)
{
        unsigned char both[200];
        size_t n = gzip("{\"name\":");
        memcpy(both, packed, n);
        size_t m = gzip("\"joined\"}");
        memcpy(both + n, packed, m);
        expect(http_with("POST", "/v1/sessions", PACKED, both, n + m), 201, "/name", "joined");
}

Test(http_coding, a_packed_body_in_chunks_of_one_byte_is_read)
{
        size_t n = gzip("{\"name\":\"drops\"}");
        static const char head[] = "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\n" PACKED
                                   "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        int fd = raw_say(head);
        raw_send_chunks(fd, packed, n);
        cr_expect_eq(hear(fd).status, 201);
}

Test(http_coding, damaged_and_foreign_bodies_are_refused)
{
        size_t n = gzip("{\"name\":\"x\"}");
        Answer a = http_with("POST", "/v1/sessions", PACKED, packed, n - 3);
        expect(a, 400, "/detail", "The gzip request body is cut off.");
        packed[n - 6] ^= 1; /* the checksum */
        expect(http_with("POST", "/v1/sessions", PACKED, packed, n), 400, "/code", "3");
        packed[n - 6] ^= 1;
        packed[n] = 'x'; /* behind the end */
        expect(http_with("POST", "/v1/sessions", PACKED, packed, n + 1), 400, NULL, NULL);
        expect(http_with("POST", "/v1/sessions", PACKED, "{}", 2), 400, NULL, NULL);
        expect(http_with("POST", "/v1/sessions", PACKED, "", 0), 201, NULL, NULL);
        n = pack("{}", 2, 15); /* zlib's own header: that is deflate, not gzip */
        expect(http_with("POST", "/v1/sessions", PACKED, packed, n), 400, NULL, NULL);
        static const char *const others[] = { "deflate", "br", "gzip, gzip", "zstd", "compress" };
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
                char header_line[60];
                snprintf(header_line, sizeof header_line, "Content-Encoding: %s\r\n", others[i]);
                expect(http_with("POST", "/v1/sessions", header_line, "{}", 2), 415, "/status",
                       "415");
        }
        expect(http_with("POST", "/v1/sessions", PACKED "Content-Encoding: gzip\r\n", "{}", 2), 415,
               NULL, NULL);
}

Test(http_coding, what_unpacks_to_more_than_the_body_limit_is_413)
{
        size_t n = 9 << 20;
        char *random = malloc(n), *at = random;
        for (unsigned x = 1; at < random + n; at++)
                *at = (char)('a' + ((x = x * 1103515245 + 12345) >> 28)); /* half a byte each */
        z_stream z = { 0 };
        deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
        unsigned char *out = malloc(n);
        z.next_in = (Bytef *)random;
        z.avail_in = (unsigned)n;
        z.next_out = out;
        z.avail_out = (unsigned)n;
        cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
        Answer a = http_with("POST", "/v1/sessions", PACKED, out, z.total_out);
        expect(a, 413, "/limit", "8388608");
        deflateEnd(&z);
        free(random);
        free(out);
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
}

Test(http_coding, a_bomb_is_413_long_before_the_body_limit)
{
        char *zeros = calloc(7 << 20, 1);
        size_t n = pack(zeros, 7 << 20, 31);
        free(zeros);
        Answer a = http_with("POST", "/v1/sessions", PACKED, packed, n);
        expect(a, 413, "/detail", "The request body unpacks to more than 100 times its size.");
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
}

Test(http_coding, a_long_answer_goes_packed_to_who_takes_it)
{
        Answer plain = http("GET", "/v1/ops", NULL);
        cr_expect_str_eq(header(plain, "Vary"), "Accept-Encoding");
        cr_expect_str_eq(header(plain, "Content-Encoding"), "");
        Answer a = http_with("GET", "/v1/ops", TAKES, NULL, 0);
        cr_expect_eq(a.status, 200);
        cr_expect_str_eq(header(a, "Content-Encoding"), "gzip");
        cr_expect_str_eq(header(a, "Vary"), "Accept-Encoding");
        cr_expect_str_eq(header(a, "Content-Type"), "application/json");
        cr_expect_lt(a.len, plain.len / 3);
        cr_expect_str_eq(unpacked(a), plain.body);
}

Test(http_coding, short_answers_and_those_not_asked_for_go_as_they_are)
{
        static const char *const takes_none[] = {
                "", "identity", "gzip;q=0", "*;q=0", "*, gzip;q=0", "br", "gzippy",
        };
        cr_expect_str_eq(header(http_with("GET", "/v1", TAKES, NULL, 0), "Content-Encoding"), "");
        for (size_t i = 0; i < sizeof takes_none / sizeof *takes_none; i++) {
                char line[60];
                snprintf(line, sizeof line, "Accept-Encoding: %s\r\n", takes_none[i]);
                Answer a = http_with("GET", "/v1/ops", line, NULL, 0);
                cr_expect_str_eq(header(a, "Content-Encoding"), "", "%s", takes_none[i]);
                cr_expect(at(a, "/ops"), "%s", takes_none[i]);
        }
        Answer a = http_with("GET", "/v1/ops", "Accept-Encoding: *\r\n", NULL, 0);
        cr_expect_str_eq(header(a, "Content-Encoding"), "gzip");
        a = http_with("HEAD", "/v1/ops", TAKES, NULL, 0);
        cr_expect_eq(a.status, 200);
        cr_expect_eq(a.len, 0);
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
}

Test(http_coding, raw_tensors_go_as_they_are_and_come_packed_if_the_client_likes)
{
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'x = Placeholder(dtype=float32); "
                    "big = Fill([1000], 1.5)'}}"),
               201, NULL, NULL);
        static const char run[] = "{\"fetches\":\"big:0\",\"output\":\"binary\"}";
        Answer a = http_with("POST", "/v1/sessions/s:run", TAKES, run, sizeof run - 1);
        cr_expect_str_eq(header(a, "Content-Encoding"), "");
        cr_expect_gt(a.len, 4000);
        static const char two[] = "{\"fetches\":\"x:0\",\"feeds\":{\"x\":{\"dtype\":\"float32\","
                                  "\"shape\":[1],\"binary_data_size\":4}}}\0\0\x20\x40";
        char head[200];
        snprintf(head, sizeof head, PACKED "Inference-Header-Content-Length: %zu\r\n",
                 sizeof two - 1 - 4);
        size_t n = pack(two, sizeof two - 1, 31);
        expect(http_with("POST", "/v1/sessions/s:run", head, packed, n), 200, "/result", "[2.5]");
}

Test(http_coding, packed_bytes_have_an_etag_of_their_own)
{
        char script[6000] = "", wanted[100];
        for (size_t i = 0, n = 0; i < 100; i++)
                n += (size_t)snprintf(script + n, sizeof script - n,
                                      "a%zu = Const(value=[1.0, 2.0], dtype=float32)\n", i);
        expect(http_with("PUT", "/v1/graphs/g", "Content-Type: text/x-sessrun-script\r\n", script,
                         strlen(script)),
               201, NULL, NULL);
        const char *etag = header(http("GET", "/v1/graphs/g", NULL), "ETag");
        cr_assert_eq(*etag, '"', "%s", etag);
        Answer a = http_with("GET", "/v1/graphs/g", TAKES, NULL, 0);
        cr_expect_str_eq(header(a, "Content-Encoding"), "gzip");
        snprintf(wanted, sizeof wanted, "%.*s-gzip\"", (int)strlen(etag) - 1, etag);
        cr_expect_str_eq(header(a, "ETag"), wanted);
}
