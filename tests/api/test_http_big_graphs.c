// SPDX-License-Identifier: Apache-2.0
/* Graphs of many megabytes: stored while they come, and nothing of those that do not come whole. */
#include "engine/base/mem.h"
#include "tests/lib/http_client.h"
#include "tests/lib/http_state.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MB = 1 << 20, BIG = 12 * MB, LENGTH = 5 /* bytes of a varint */ };

TestSuite(http_big_graphs, .init = server_begin, .fini = server_end, .timeout = 120);

/* A GraphDef of n bytes: one node, and a field that nobody knows, which may say anything. */
static char *make_graph(size_t n, int seed)
{
        static const char node[] = "\x0a\x09\x0a\x01y\x12\x04NoOp";
        size_t at = sizeof node - 1, rest = n - at - 1 - LENGTH;
        char *graph = mem_alloc(n);
        memcpy(graph, node, at);
        graph[at++] = 15 << 3 | 2;
        for (int i = 0; i < LENGTH; i++, rest >>= 7)
                graph[at++] = (char)((rest & 0x7f) | (i < LENGTH - 1 ? 0x80 : 0));
        memset(graph + at, seed, n - at);
        return graph;
}

static Answer put(const char *path, const char *graph, size_t n)
{
        return http_with("PUT", path, "", graph, n);
}

/* A client of one's own that promises n bytes and sends some. */
static int begin(const char *name, const char *graph, size_t n, size_t some)
{
        char head[200];
        snprintf(head, sizeof head,
                 "PUT /v1/graphs/%s HTTP/1.1\r\nHost: localhost\r\nConnection: "
                 "close\r\nContent-Length: %zu\r\n\r\n",
                 name, n);
        int fd = raw_say(head);
        if (some)
                raw_send(fd, graph, some);
        return fd;
}

/* Waits for what goes on behind a client's back. */
static bool soon(bool (*it)(int64_t), int64_t arg)
{
        for (int i = 0; i < 2000; i++, usleep(5000))
                if (it(arg))
                        return true;
        return false;
}

static bool files_are(int64_t n)
{
        return test_blob_files() == n;
}

static bool held_is_below(int64_t bytes)
{
        return mem_stats().held < bytes;
}

Test(http_big_graphs, are_stored_and_come_back_after_a_restart)
{
        autofree char *graph = make_graph(BIG, 1);
        char digest[STORE_DIGEST_SIZE];
        store_digest(graph, BIG, digest);
        expect(put("/v1/graphs/g", graph, BIG), 201, "/digest", digest);
        expect(put("/v1/graphs/g", graph, BIG), 200, "/digest", digest);
        cr_expect_eq(test_blob_files(), 1);
        server_restart();
        expect(http("GET", "/v1/graphs/g/nodes/y", NULL), 200, "/op", "NoOp");
        expect(http("POST", "/v1/sessions", "{'name':'s','graph':'g'}"), 201, NULL, NULL);
        expect(http("POST", "/v1/sessions/s:run", "{'targets':['y']}"), 200, NULL, NULL);
}

Test(http_big_graphs, that_are_refused_leave_nothing_behind)
{
        autofree char *graph = make_graph(BIG, 1);
        autofree char *other = make_graph(BIG, 2);
        expect(put("/v1/graphs/g", graph, BIG), 201, NULL, NULL);
        expect(put("/v1/graphs/g", other, BIG), 409, "/code_name", "ALREADY_EXISTS");
        expect(put("/v1/graphs/.h", other, BIG), 400, NULL, NULL);
        expect(put("/v1/graphs/h?what=1", other, BIG), 400, NULL, NULL);
        expect(put("/v1/graphs/h?format=script", other, BIG), 429, NULL, NULL);
        memset(other, 0xff, BIG);
        expect(put("/v1/graphs/h", other, BIG), 400, "/code_name", "INVALID_ARGUMENT");
        cr_expect(soon(files_are, 1));
        expect(http("GET", "/v1/graphs/h", NULL), 404, NULL, NULL);
}

Test(http_big_graphs, that_break_off_leave_nothing_behind)
{
        autofree char *graph = make_graph(BIG, 1);
        int64_t held = mem_stats().held;
        for (size_t i = 0; i < 12; i++)
                close(begin("g", graph, BIG, i * MB + i % 2));
        cr_expect(soon(files_are, 0));
        cr_expect(soon(held_is_below, held + 4 * MB));
        expect(http("GET", "/v1/graphs/g", NULL), 404, NULL, NULL);
        expect(put("/v1/graphs/g", graph, BIG), 201, NULL, NULL);
}

Test(http_big_graphs, may_come_slowly)
{
        autofree char *graph = make_graph(BIG, 1);
        int fd = begin("g", graph, BIG, 1);
        for (size_t at = 1; at < BIG; at += MIN(BIG - at, (size_t)700001)) {
                usleep(10000);
                raw_send(fd, graph + at, MIN(BIG - at, (size_t)700001));
        }
        expect(hear(fd), 201, "/nodes", "1");
        cr_expect_eq(test_blob_files(), 1);
}

static void impatient(void)
{
        server_options.body_timeout_ms = 1000;
        server_begin();
}

/* Addresses are set aside, but no memory and no disk. */
Test(http_big_graphs, a_promise_costs_nothing, .init = impatient)
{
        enum { CLIENTS = 20 };
        int64_t held = mem_stats().held;
        int fds[CLIENTS];
        for (int i = 0; i < CLIENTS; i++)
                fds[i] = begin("g", NULL, (size_t)1000 * MB, 0);
        expect(http("GET", "/v1/graphs", NULL), 200, NULL, NULL);
        cr_expect_lt(mem_stats().held, held + CLIENTS * 2 * MB);
        for (int i = 0; i < CLIENTS; i++) {
                bool closed;
                raw_read(fds[i], 20000, &closed);
                cr_expect(closed);
                close(fds[i]);
        }
        cr_expect(soon(files_are, 0));
        autofree char *graph = make_graph(BIG, 1);
        expect(put("/v1/graphs/g", graph, BIG), 201, NULL, NULL);
}

static void little_memory(void)
{
        server_begin();
        mem_limit_set(mem_stats().held + 20 * MB);
}

Test(http_big_graphs, that_memory_has_no_room_for_are_refused, .init = little_memory)
{
        enum { TOO_BIG = 30 * MB };
        mem_limit_set(0);
        autofree char *graph = make_graph(TOO_BIG, 1);
        mem_limit_set(mem_stats().held + 20 * MB);
        Answer a = put("/v1/graphs/g", graph, TOO_BIG);
        cr_expect(a.status == 429 || a.status == 0, "%d",
                  a.status); /* or hung up on, with an answer
                                that a reset took away */
        cr_expect(soon(files_are, 0));
        expect(put("/v1/graphs/h", graph, 10 * MB), 400, "/code_name", "INVALID_ARGUMENT");
        mem_limit_set(0);
        expect(put("/v1/graphs/g", graph, TOO_BIG), 201, NULL, NULL);
}

/* For threads of their own: answers of hear() are the test's. */
static void *put_same(void *arg)
{
        char answer[64] = "";
        int fd = begin("g", arg, BIG, BIG);
        ssize_t got = recv(fd, answer, sizeof answer - 1, 0);
        close(fd);
        return (void *)(intptr_t)(got > 12 ? strtol(answer + 9, NULL, 10) : 0);
}

Test(http_big_graphs, of_the_same_bytes_may_come_at_once)
{
        enum { CLIENTS = 7 };
        autofree char *graph = make_graph(BIG, 1);
        pthread_t threads[CLIENTS];
        int created = 0;
        for (int i = 0; i < CLIENTS; i++)
                cr_assert_eq(pthread_create(&threads[i], NULL, put_same, graph), 0);
        for (int i = 0; i < CLIENTS; i++) {
                void *status;
                pthread_join(threads[i], &status);
                cr_expect(status == (void *)200 || status == (void *)201, "%d",
                          (int)(intptr_t)status);
                created += status == (void *)201;
        }
        cr_expect_eq(created, 1);
        cr_expect(soon(files_are, 1));
        expect(http("GET", "/v1/graphs/g/nodes/y", NULL), 200, "/op", "NoOp");
}

/* Bodies of other routes share the memory. */
Test(http_big_graphs, a_big_body_of_another_route_is_read_whole)
{
        autofree char *body = mem_alloc(BIG);
        memset(body, ' ', BIG);
        memcpy(body, "{\"name\":\"s\"", 11);
        body[BIG - 1] = '}';
        expect(http_with("POST", "/v1/sessions", "Content-Type: application/json\r\n", body, BIG),
               201, "/name", "s");
        cr_expect_eq(test_blob_files(), 0);
}
