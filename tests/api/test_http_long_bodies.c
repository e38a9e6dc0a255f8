// SPDX-License-Identifier: Apache-2.0
/* Long bodies, as text and as raw bytes: requests that lie right behind them, clients that send at
 * once or leave in the middle. */
#include "engine/base/buf.h"
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void begin(void)
{
        server_begin();
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'x = Placeholder(dtype=float32, shape=[-1]); "
                    "n = Size(x); s = Sum(x, reduction_indices=[0])'}}"),
               201, NULL, NULL);
}

TestSuite(long_bodies, .init = begin, .fini = server_end);

enum { MANY = 50000 };

/* A run with n ones as text or as raw bytes. */
static void put_run(Buf *out, int n, bool raw)
{
        autobuf body = BUF(1 << 22);
        char head[64] = "";
        buf_puts(&body, "{\"fetches\":[\"n:0\",\"s:0\"],\"feeds\":{\"x\":");
        if (raw)
                buf_printf(&body,
                           "{\"dtype\":\"float32\",\"shape\":[%d],\"binary_data_size\":%d}}}", n,
                           4 * n);
        else
                buf_puts(&body, "[1");
        for (int i = 1; i < n && !raw; i++)
                buf_puts(&body, ", 1");
        if (!raw)
                buf_puts(&body, "]}}");
        if (raw)
                snprintf(head, sizeof head, "Inference-Header-Content-Length: %zu\r\n", body.len);
        for (int i = 0; i < n && raw; i++)
                buf_append(&body, &(float){ 1 }, sizeof(float));
        buf_printf(out,
                   "POST /v1/sessions/s:run HTTP/1.1\r\nHost: localhost\r\n%s"
                   "Content-Length: %zu\r\n\r\n",
                   head, body.len);
        buf_append(out, body.data, body.len);
}

static int count(const char *text, const char *part)
{
        int n = 0;
        for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
                n++;
        return n;
}

/* Sends all, cut into that many pieces, and expects each run's result. */
static void expect_results(const Buf *all, int pieces, int runs)
{
        char wanted[64];
        bool closed;
        int fd = raw_connect();
        for (int i = 0; i < pieces; i++) {
                size_t from = all->len * (size_t)i / (size_t)pieces;
                size_t to = all->len * (size_t)(i + 1) / (size_t)pieces;
                raw_send(fd, all->data + from, to - from);
                if (pieces > 1)
                        usleep(2000);
        }
        const char *answers = raw_read(fd, 500, &closed);
        snprintf(wanted, sizeof wanted, "\"result\":[%d,%d.0]", MANY, MANY);
        cr_expect_eq(count(answers, wanted), runs, "%s", answers);
        close(fd);
}

/* The next request lies right behind a long body, whole or in part. */
Test(long_bodies, requests_follow_each_other_without_waiting)
{
        for (int raw = 0; raw < 2; raw++) {
                autobuf all = BUF(1 << 24);
                for (int i = 0; i < 4; i++)
                        put_run(&all, MANY, raw ^ (i == 2));
                for (int pieces = 1; pieces <= 100; pieces *= 10)
                        expect_results(&all, pieces, 4);
        }
}

Test(long_bodies, several_clients_send_at_once)
{
        enum { CLIENTS = 8 };
        int fd[CLIENTS];
        bool closed;
        autobuf all = BUF(1 << 24);
        put_run(&all, MANY, true);
        for (int i = 0; i < CLIENTS; i++)
                fd[i] = raw_connect();
        for (size_t at = 0, step = 0; at < all.len; at += step) {
                step = MIN((size_t)30000, all.len - at);
                for (int i = 0; i < CLIENTS; i++)
                        raw_send(fd[i], all.data + at, step);
        }
        for (int i = 0; i < CLIENTS; i++) {
                cr_expect_eq(count(raw_read(fd[i], 300, &closed), "\"result\":[50000,50000.0]"), 1);
                close(fd[i]);
        }
}

Test(long_bodies, a_client_that_leaves_in_the_middle_harms_nobody)
{
        autobuf all = BUF(1 << 24);
        put_run(&all, MANY, true);
        for (size_t part = 1; part < 8; part++) {
                int fd = raw_connect();
                raw_send(fd, all.data, all.len * part / 8);
                close(fd);
        }
        expect_results(&all, 1, 1);
}
