// SPDX-License-Identifier: Apache-2.0
/* A loop serves connections, whoever takes the turn. */
#include "api/http_loop.h"
#include "engine/base/auto.h"
#include "tests/lib/op_case.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_set(void *flag)
{
        return *(bool *)flag;
}

static bool busy;
static const HttpPolling sleepy = { 0 }, polling = { 2000000, NULL, NULL },
                         considerate = { 2000000, is_set, &busy };

static HttpLoop *loop;
static int client;                               /* the other end of the loop's connection */
static struct MHD_Connection *_Atomic suspended; /* a request for /wait, until it is resumed */
static pthread_t answered_by;

static enum MHD_Result answer(void *cls UNUSED, struct MHD_Connection *c, const char *url,
                              const char *method UNUSED, const char *version UNUSED,
                              const char *data UNUSED, size_t *size UNUSED, void **request)
{
        static char waits;
        if (!*request) {
                *request = c;
                return MHD_YES;
        }
        if (strcmp(url, "/wait") == 0 && *request == c) {
                *request = &waits;
                MHD_suspend_connection(c);
                atomic_store(&suspended, c);
                return MHD_YES;
        }
        cr_assert_eq(http_loop_mine(), loop);
        answered_by = pthread_self();
        struct MHD_Response *r =
                MHD_create_response_from_buffer(4, (void *)"done", MHD_RESPMEM_PERSISTENT);
        enum MHD_Result ret = MHD_queue_response(c, 200, r);
        MHD_destroy_response(r);
        return ret;
}

static void start(const HttpPolling *how)
{
        struct MHD_Daemon *mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
                                                          MHD_USE_NO_LISTEN_SOCKET,
                                                  0, NULL, NULL, answer, NULL, MHD_OPTION_END);
        cr_assert(mhd);
        expect_ok(http_loop_start(mhd, how, &loop));
}

/* A new connection, in place of the one before. */
static void join(void)
{
        int ends[2];
        struct sockaddr from = { .sa_family = AF_UNIX };
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        if (client > 0)
                close(client);
        client = ends[0];
        http_loop_add(loop, ends[1], &from, sizeof from);
}

static void stop(void)
{
        http_loop_stop(loop);
        http_loop_unref(loop);
        close(client);
        client = 0;
}

static void ask(const char *path)
{
        char text[64];
        int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", path);
        cr_assert_eq(send(client, text, (size_t)n, MSG_NOSIGNAL), n);
}

/* The whole answer comes at once: it is short. */
static void hear(void)
{
        char text[512];
        ssize_t n = recv(client, text, sizeof text - 1, 0);
        cr_assert(n > 0);
        text[n] = '\0';
        cr_assert(strncmp(text, "HTTP/1.1 200", 12) == 0, "%s", text);
        while (!strstr(text, "done")) {
                ssize_t more = recv(client, text + n, sizeof text - 1 - (size_t)n, 0);
                cr_assert(more > 0);
                n += more;
                text[n] = '\0';
        }
}

/* ---- the loop alone ---- */

static void serve_many(const HttpPolling *how)
{
        start(how);
        for (int i = 0; i < 60; i++) {
                if (i % 20 == 0)
                        join();
                if (i % 15 == 14)
                        usleep(5000); /* it has slept since */
                ask("/now");
                hear();
        }
        stop();
}

Test(http_loop, serves_by_sleeping_by_polling_and_out_of_the_way)
{
        serve_many(&sleepy);
        serve_many(&polling);
        for (int i = 0; i < 2; i++) {
                busy = i;
                serve_many(&considerate);
        }
}

/* ---- those who wake it up, and those who take its turn ---- */

static struct MHD_Connection *wait_for_request(void)
{
        struct MHD_Connection *c;
        ask("/wait");
        while (!(c = atomic_exchange(&suspended, NULL)))
                usleep(100);
        usleep(20000); /* the loop's thread sleeps */
        return c;
}

Test(http_loop, a_resumed_request_is_answered_by_the_loops_own_thread)
{
        start(&sleepy);
        join();
        for (int i = 0; i < 5; i++) {
                MHD_resume_connection(wait_for_request());
                http_loop_wake(loop);
                hear();
                cr_assert_not(pthread_equal(answered_by, pthread_self()));
        }
        stop();
}

Test(http_loop, or_by_a_visitor_if_its_thread_sleeps)
{
        start(&sleepy);
        join();
        for (int i = 0; i < 5; i++) {
                MHD_resume_connection(wait_for_request());
                http_loop_visit(http_loop_ref(loop));
                cr_assert_null(http_loop_mine());
                hear();
                cr_assert(pthread_equal(answered_by, pthread_self()));
        }
        stop();
}

Test(http_loop, a_visitor_who_comes_too_late_does_nothing)
{
        start(&sleepy);
        join();
        HttpLoop *late = http_loop_ref(loop);
        stop();
        http_loop_visit(late);
}

static atomic_bool over;

static void *visit_often(void *arg UNUSED)
{
        while (!atomic_load(&over))
                http_loop_visit(http_loop_ref(loop));
        return NULL;
}

/* Connections come although the turn is always somebody's. */
Test(http_loop, nobody_waits_for_ever_for_a_turn)
{
        pthread_t thread[2];
        atomic_store(&over, false);
        start(&polling);
        for (int i = 0; i < 2; i++)
                cr_assert_eq(pthread_create(&thread[i], NULL, visit_often, NULL), 0);
        for (int i = 0; i < 200; i++) {
                join();
                ask("/now");
                hear();
        }
        atomic_store(&over, true);
        for (int i = 0; i < 2; i++)
                pthread_join(thread[i], NULL);
        stop();
}
