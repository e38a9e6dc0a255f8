// SPDX-License-Identifier: Apache-2.0
/* Bytes that two HTTP parsers could read in two ways, slow clients, and clients that lie. */
#include "api/reply.h"
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

TestSuite(http_guard, .init = server_begin, .fini = server_end);

/* What a smuggled request would be: its answer must never come. */
#define INNER "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST  "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\n"
#define GET   "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"

typedef struct Vector {
        const char *what, *bytes;
        bool early; /* libmicrohttpd answers, before we see it: a few words of HTML, or nothing */
} Vector;

/* Each is refused with a 4xx or 5xx and a closed connection, or not answered at all. (Two things
 * libmicrohttpd hides from us, and they stay accepted: bare LF line ends, and a field without
 * name.) */
static const Vector refused[] = {
        { "length and chunked",
          POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER },
        { "chunked and length",
          POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" INNER },
        { "two lengths", POST "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" INNER },
        { "the same length twice", POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" INNER },
        { "a list of lengths", POST "Content-Length: 2, 2\r\n\r\n{}" INNER, true },
        { "a length with a plus", POST "Content-Length: +2\r\n\r\n{}" INNER, true },
        { "a negative length", POST "Content-Length: -2\r\n\r\n{}" INNER, true },
        { "a length in hex", POST "Content-Length: 0x2\r\n\r\n{}" INNER, true },
        { "a length with a tail", POST "Content-Length: 2x\r\n\r\n{}" INNER, true },
        { "an empty length", POST "Content-Length:\r\n\r\n{}" INNER, true },
        { "a length beyond 64 bits", POST "Content-Length: 99999999999999999999\r\n\r\n{}" INNER,
          true },
        { "a space before the colon", POST "Content-Length : 5\r\n\r\n{}" INNER },
        { "a tab before the colon", POST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" INNER },
        { "a coding that only ends in chunked",
          POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" INNER },
        { "gzip before chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" INNER },
        { "chunked before identity",
          POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" INNER },
        { "identity", POST "Transfer-Encoding: identity\r\n\r\n" INNER },
        { "chunked twice",
          POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER },
        { "chunked in quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" INNER },
        { "chunked with a vertical tab",
          POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" INNER },
        { "chunked under HTTP/1.0",
          "POST /v1/sessions HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: "
          "chunked\r\n\r\n0\r\n\r\n" INNER },
        { "two hosts", GET "Host: evil\r\n\r\n" INNER },
        { "no host", "GET /healthz HTTP/1.1\r\n\r\n", true },
        { "a control character in a value", GET "X-A: a\x01z\r\n\r\n" },
        { "a bare CR in a value", GET "X-A: a\rContent-Length: 5\r\n\r\n" },
        { "a name with a space", GET "X A: b\r\n\r\n" },
        { "a name with brackets", GET "X(A): b\r\n\r\n" },
        { "an encoded NUL", "GET /healthz%00/x HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "a fragment", "GET /healthz#x HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "a backslash", "GET /v1\\..\\x HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "high bytes in the target", "GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "an authority as target", "CONNECT evil:80 HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true },
        { "an unknown version", "GET /healthz HTTP/3.7\r\nHost: localhost\r\n\r\n", true },
        { "no version", "GET /healthz\r\n\r\n", true },
        { "an expectation of another kind", GET "Expect: 200-maybe\r\nContent-Length: 0\r\n\r\n" },
        { "a chunk size that overflows",
          POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n", true },
        { "a chunk size that is negative",
          POST "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", true },
        { "a chunk size with a prefix",
          POST "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" INNER, true },
        { "a chunk longer than it says",
          POST "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" INNER, true },
        { "a length with a blank inside", POST "Content-Length: 1 2\r\n\r\n{}" INNER, true },
        { "a length with a decimal point", POST "Content-Length: 2.0\r\n\r\n{}" INNER, true },
        { "a length with an exponent", POST "Content-Length: 2e0\r\n\r\n{}" INNER, true },
        { "a length in quotes", POST "Content-Length: \"2\"\r\n\r\n{}" INNER, true },
        { "a length of 2^64 and a bit", POST "Content-Length: 18446744073709551618\r\n\r\n{}" INNER,
          true },
        { "a length of 19 digits", POST "Content-Length: 9223372036854775807\r\n\r\n{}" INNER },
        { "a list of different lengths", POST "Content-Length: 2, 40\r\n\r\n{}" INNER, true },
        { "two lengths in different case",
          POST "Content-Length: 2\r\ncontent-length: 40\r\n\r\n{}" INNER },
        { "a length continued on the next line", POST "Content-Length: 2\r\n 3\r\n\r\n{}" INNER },
        { "a length after a vertical tab", POST "Content-Length: \v2\r\n\r\n{}" INNER, true },
        { "a length with a NUL's escape", POST "Content-Length: 2%00\r\n\r\n{}" INNER, true },
        { "a length named with an underscore, and chunked as a list",
          POST "Content_Length: 5\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" INNER },
        { "chunked in a list with an empty element",
          POST "Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n" INNER },
        { "chunked with a parameter",
          POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n" INNER },
        { "chunked with a tail", POST "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n" INNER },
        { "chunked, written with a kelvin sign", POST "Transfer-Encoding: chun\xe2\x84\xaa"
                                                      "ed\r\n\r\n0\r\n\r\n" INNER },
        { "an empty coding", POST "Transfer-Encoding:\r\nContent-Length: 2\r\n\r\n{}" INNER },
        { "a coding and a length in another case",
          POST "TRANSFER-ENCODING: chunked\r\nCONTENT-LENGTH: 5\r\n\r\n0\r\n\r\n" INNER },
        { "deflate", POST "Transfer-Encoding: deflate\r\n\r\n" INNER },
        { "a coding on a GET with a length",
          GET "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n" INNER },
        { "a chunk size with a sign",
          POST "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" INNER, true },
        { "a chunk size that is no number",
          POST "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" INNER, true },
        { "a chunk size with a blank in front",
          POST "Transfer-Encoding: chunked\r\n\r\n 2\r\n{}\r\n0\r\n\r\n" INNER, true },
        { "a chunk without its line end",
          POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n" INNER, true },
        { "an empty chunk size", POST "Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n" INNER,
          true },
        { "no host under HTTP/1.1 with an absolute target",
          "GET http://localhost/healthz HTTP/1.1\r\n\r\n" INNER, true },
        { "a coding on the next line",
          POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" INNER },
        { "a coding continued with a tab",
          POST "Transfer-Encoding: chunked\r\n\t, gzip\r\nX: y\r\n\r\n0\r\n\r\n" INNER },
        { "a host continued",
          "GET /healthz HTTP/1.1\r\nHost: localhost\r\n .evil\r\nX: y\r\n\r\n" INNER, true },
        { "any field continued", GET "X-A: b\r\n c\r\nX-C: d\r\n\r\n" INNER },
        { "a name on a line that continues", GET "X-A\r\n : b\r\n\r\n" INNER, true },
        { "an empty name before a length", POST " : x\r\nContent-Length : 5\r\n\r\n{}" INNER,
          true },
        { "a name in quotes", GET "\"X\": b\r\n\r\n" INNER },
        { "a name with a slash", GET "X/Y: b\r\n\r\n" INNER },
        { "a name with a high byte", GET "X\xe9: b\r\n\r\n" INNER },
        { "a DEL in a value", GET "X-A: a\x7fz\r\n\r\n" INNER },
        { "a tab in the target", "GET /healthz\t/x HTTP/1.1\r\nHost: localhost\r\n\r\n" INNER },
        { "a target with a blank", "GET /healthz x HTTP/1.1\r\nHost: localhost\r\n\r\n" INNER,
          true },
        { "a target of another scheme",
          "GET ftp://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" INNER },
        { "an asterisk", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n" INNER },
        { "a version with two digits", "GET /healthz HTTP/1.10\r\nHost: localhost\r\n\r\n" INNER,
          true },
        { "a version in lower case", "GET /healthz http/1.1\r\nHost: localhost\r\n\r\n" INNER,
          true },
        { "HTTP/0.9", "GET /healthz\r\n" INNER, true },
        { "a packed body packed twice",
          POST "Content-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}" INNER },
        { "a JSON length with a sign",
          POST "Inference-Header-Content-Length: -1\r\nContent-Length: 2\r\n\r\n{}" INNER },
};

static int count(const char *text, const char *what)
{
        int n = 0;
        for (const char *p = text; (p = strstr(p, what)); p++)
                n++;
        return n;
}

Test(http_guard, ambiguous_requests_are_refused_and_nothing_behind_them_is_read)
{
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
                bool closed;
                int fd = raw_say(refused[i].bytes);
                const char *answer = raw_read(fd, 700, &closed);
                int status = *answer ? (int)strtol(answer + 9, NULL, 10) : 0;
                cr_expect(status == 0 || status >= 400, "%s: %d", refused[i].what, status);
                cr_expect_eq(strstr(answer, TYPE_PROBLEM) == NULL, refused[i].early, "%s: %s",
                             refused[i].what, answer);
                cr_expect(closed, "%s: the connection stays open", refused[i].what);
                cr_expect_eq(count(answer, "HTTP/1.1 2"), 0, "%s: %s", refused[i].what, answer);
                cr_expect(!strstr(answer, "smuggled"), "%s: smuggled", refused[i].what);
                close(fd);
        }
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
        cr_expect_eq(json_array_size(at(http("GET", "/v1/sessions", NULL), "/sessions")), 0);
}

Test(http_guard, plain_requests_in_one_piece_are_answered_in_order)
{
        bool closed;
        static const char two[] = GET "\r\n" POST "Content-Length: 12\r\n\r\n{\"name\":\"p\"}" GET
                                      "Connection: close\r\n\r\n";
        int fd = raw_say(two);
        const char *answer = raw_read(fd, 3000, &closed);
        cr_expect_eq(count(answer, "HTTP/1.1 200"), 2, "%s", answer);
        cr_expect_eq(count(answer, "HTTP/1.1 201"), 1, "%s", answer);
        cr_expect(closed);
        close(fd);
}

Test(http_guard, a_body_in_chunks_of_one_byte_is_read)
{
        static const char head[] = POST "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        static const char body[] = "{\"name\":\"chunks\",\"labels\":{\"a\":\"b\"}}";
        int fd = raw_say(head);
        raw_send_chunks(fd, body, sizeof body - 1);
        cr_expect_eq(hear(fd).status, 201);
}

Test(http_guard, a_head_in_pieces_of_one_byte_is_read)
{
        int fd = raw_connect();
        static const char head[] = GET "Connection: close\r\n\r\n";
        for (size_t i = 0; i < sizeof head - 1; i++)
                raw_send(fd, head + i, 1);
        cr_expect_eq(hear(fd).status, 200);
}

Test(http_guard, an_absolute_target_is_its_path)
{
        static const char head[] = "GET http://localhost/healthz HTTP/1.1\r\nHost: "
                                   "localhost\r\nConnection: close\r\n\r\n";
        cr_expect_eq(hear(raw_say(head)).status, 200);
}

Test(http_guard, dots_in_a_path_are_only_names)
{
        expect(http("GET", "/v1/../healthz", NULL), 404, NULL, NULL);
        expect(http("GET", "/v1/sessions/..", NULL), 404, NULL, NULL);
        expect(http("GET", "/v1/sessions/..%2f..%2fetc%2fpasswd", NULL), 404, NULL, NULL);
        expect(http("PUT", "/v1/graphs/..%2fx", "{}"), 400, NULL, NULL);
        expect(http("GET", "//healthz", NULL), 404, NULL, NULL);
}

Test(http_guard, another_host_or_origin_is_refused_on_loopback)
{
        static const char *const rows[] = { "Host: evil.example\r\n",
                                            "Host: localhost\r\nOrigin: http://evil.example\r\n",
                                            "Host: localhost.evil.example\r\n",
                                            "Host: 128.0.0.1\r\n",
                                            "Host: localhost\r\nOrigin: null\r\n" };
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char text[256];
                snprintf(text, sizeof text, "GET /v1 HTTP/1.1\r\n%s\r\n", rows[i]);
                cr_expect_eq(hear(raw_say(text)).status, 403, "%s", rows[i]);
        }
        expect(http_with("GET", "/v1", "Origin: http://localhost\r\n", NULL, 0), 200, NULL, NULL);
}

Test(http_guard, too_many_headers_or_too_long_ones_are_431)
{
        char headers[40000] = "";
        for (size_t i = 0, at = 0; i < 200; i++)
                at += (size_t)snprintf(headers + at, sizeof headers - at, "X-%zu: y\r\n", i);
        Answer a = http_with("GET", "/healthz", headers, NULL, 0);
        expect(a, 431, NULL, NULL);
        memset(headers, 'x', sizeof headers);
        memcpy(headers, "X-A: ", 5);
        memcpy(headers + sizeof headers - 3, "\r\n", 3);
        expect(http_with("GET", "/healthz", headers, NULL, 0), 431, NULL, NULL);
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
}

static void small_bodies(void)
{
        server_options.max_body = 1000;
        server_begin();
}

Test(http_guard, a_body_over_the_limit_is_413_and_says_the_limit, .init = small_bodies)
{
        char big[3000];
        memset(big, ' ', sizeof big);
        Answer a = http_with("POST", "/v1/sessions", "", big, sizeof big);
        expect(a, 413, "/limit", "1000");
        cr_expect(strstr(text_at(a, "/detail"), "1000"));
        a = http_with("POST", "/v1/sessions", "Expect: 100-continue\r\n", big, sizeof big);
        expect(a, 413, NULL, NULL);
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
}

Test(http_guard, a_chunked_body_over_the_limit_is_413, .init = small_bodies)
{
        static const char head[] = POST "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        int fd = raw_say(head);
        for (int i = 0; i < 200; i++)
                raw_send(fd, "a\r\n          \r\n", 15);
        raw_send(fd, "0\r\n\r\n", 5);
        cr_expect_eq(hear(fd).status, 413);
}

static void impatient(void)
{
        server_options.head_timeout_ms = 500;
        server_options.body_timeout_ms = 500;
        server_begin();
}

/* Sends a byte every 100 ms; returns after how many ms the server hung up. */
static int drip(int fd)
{
        for (int ms = 0; ms < 5000; ms += 100) {
                bool closed;
                raw_send(fd, "x", 1);
                raw_read(fd, 100, &closed);
                if (closed)
                        return ms;
        }
        return 5000;
}

Test(http_guard, a_head_that_drips_is_cut_off, .init = impatient)
{
        static const char head[] = GET "X-A: ";
        int fd = raw_say(head);
        cr_expect(drip(fd) < 2500);
        close(fd);
}

Test(http_guard, a_body_that_drips_is_cut_off, .init = impatient)
{
        static const char head[] = POST "Content-Length: 1000\r\n\r\n";
        int fd = raw_say(head);
        cr_expect(drip(fd) < 2500);
        close(fd);
}

Test(http_guard, a_client_that_says_nothing_is_cut_off, .init = impatient)
{
        bool closed;
        int fd = raw_connect();
        raw_read(fd, 3000, &closed);
        cr_expect(closed);
        close(fd);
}

static void guarded(void)
{
        /* SHA-256 of "secret" */
        static const char *const tokens[] = {
                "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b", NULL
        };
        server_options.tokens = tokens;
        server_begin();
}

Test(http_guard, with_tokens_only_health_is_open, .init = guarded)
{
        Answer a = http("GET", "/v1", NULL);
        expect(a, 401, "/code_name", "UNAUTHENTICATED");
        cr_expect_str_eq(header(a, "WWW-Authenticate"), "Bearer realm=\"sessrun\"");
        expect(http("GET", "/nothing", NULL), 401, NULL, NULL);
        expect(http("GET", "/metrics", NULL), 401, NULL, NULL);
        expect(http("GET", "/healthz", NULL), 200, NULL, NULL);
        expect(http("GET", "/readyz", NULL), 200, NULL, NULL);
        expect(http_with("GET", "/v1", "Authorization: Bearer secret\r\n", NULL, 0), 200, NULL,
               NULL);
        expect(http_with("GET", "/v1", "Authorization: Bearer Secret\r\n", NULL, 0), 401, NULL,
               NULL);
        expect(http_with("GET", "/v1", "Authorization: Basic secret\r\n", NULL, 0), 401, NULL,
               NULL);
        expect(http_with("GET", "/v1", "Authorization: Bearer \r\n", NULL, 0), 401, NULL, NULL);
}

static void guarded_on_a_unix_socket(void)
{
        static char address[64];
        static const char *listen[] = { "127.0.0.1:0", address, NULL };
        snprintf(address, sizeof address, "unix:/tmp/sessrun-guard-%d.sock", (int)getpid());
        server_options.listen = listen;
        guarded();
}

/* Tests run as one user, so that the kernel vouches for each of their sockets; others cannot be
 * had without another user. */
Test(http_guard, on_the_unix_socket_the_kernel_vouches_for_our_own_user,
     .init = guarded_on_a_unix_socket)
{
        static const char get[] = "GET /v1 HTTP/1.1\r\nHost: localhost\r\n"
                                  "Connection: close\r\n\r\n";
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        bool closed;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        snprintf(a.sun_path, sizeof a.sun_path, "%s", server_options.listen[1] + 5);
        cr_assert_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        raw_send(fd, get, sizeof get - 1);
        cr_expect_eq(strncmp(raw_read(fd, 2000, &closed), "HTTP/1.1 200", 12), 0);
        close(fd);
        expect(http("GET", "/v1", NULL), 401, NULL, NULL);
}

Test(http_guard, while_draining_ready_is_red_and_new_work_is_refused)
{
        expect(http("GET", "/readyz", NULL), 200, NULL, NULL);
        server_drain(test_server(), 100);
        expect(http("GET", "/readyz", NULL), 503, "/code_name", "UNAVAILABLE");
}
