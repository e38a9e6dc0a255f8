// SPDX-License-Identifier: Apache-2.0
/* Many connections that all have a request at the same moment: none of them is left waiting. */
#include "engine/base/buf.h"
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* All connections are one thread's. */
static void begin(void)
{
        server_options.threads = 1;
        server_begin();
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'x = Placeholder(dtype=float32, shape=[-1]); "
                    "n = Shape(x)'}}"),
               201, NULL, NULL);
}

TestSuite(http_crowd, .init = begin, .fini = server_end, .timeout = 120);

static void answered(int fd, int round)
{
        char answer[4096];
        struct pollfd p = { .fd = fd, .events = POLLIN };
        cr_assert_eq(poll(&p, 1, 10000), 1, "no answer in round %d", round);
        ssize_t n = recv(fd, answer, sizeof answer, 0);
        cr_assert(n > 15 && !memcmp(answer, "HTTP/1.1 200", 12), "round %d", round);
}

/* A request that keeps the thread busy while all others arrive; without its last byte. */
static void busy_request(Buf *ret)
{
        autobuf body = BUF(1 << 24);
        buf_puts(&body, "{\"fetches\":\"n:0\",\"feeds\":{\"x\":[1");
        for (int i = 0; i < 400000; i++)
                buf_puts(&body, ",1e1");
        buf_puts(&body, "]}}");
        buf_printf(ret,
                   "POST /v1/sessions/s:run HTTP/1.1\r\nHost: localhost\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   body.len);
        buf_append(ret, body.data, body.len - 1);
}

/* 128 is how many events libmicrohttpd takes at a time. */
Test(http_crowd, as_many_requests_as_the_library_takes_at_once_are_answered)
{
        enum { MOST = 130 };
        int fd[MOST], busy = raw_connect();
        autobuf request = BUF(1 << 24);
        busy_request(&request);
        for (int i = 0; i < MOST; i++)
                fd[i] = raw_connect();
        for (int round = 0; round < 24; round++) {
                int n = MOST - round % 4;
                raw_send(busy, request.data, request.len);
                usleep(20000);
                raw_send(busy, "}", 1);
                for (int i = 0; i < n; i++)
                        raw_send(fd[i], GET, sizeof GET - 1);
                for (int i = 0; i < n; i++)
                        answered(fd[i], round);
                answered(busy, round);
        }
        for (int i = 0; i < MOST; i++)
                close(fd[i]);
        close(busy);
}
