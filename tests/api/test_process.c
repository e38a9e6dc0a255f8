// SPDX-License-Identifier: Apache-2.0
/* The process as an operator or systemd sees it: flags, exit status, signals, notifications, handed
 * sockets, restarts. */
#include "engine/base/mem.h"
#include "tests/api/process.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(process, .init = process_make_dir, .fini = process_remove_dir, .timeout = 120);

static void says(Process *p, int status, const char *part)
{
        int got = process_end(p);
        cr_assert(strstr(buf_cstr(&p->text), part) != NULL, "it said: %.2000s", buf_cstr(&p->text));
        cr_assert_eq(got, status, "exit status %d: %s", got, buf_cstr(&p->text));
}

/* ---- flags ---- */

Test(process, answers_what_is_asked_instead_of_running)
{
        autoprocess version = START("--version"), help = START("--help"),
                    config = START("--print-config"), check = START("--check-config"),
                    ops = START("--list-ops");
        says(&version, 0, "sessrund ");
        says(&help, 0, "--state-dir=DIR");
        says(&config, 0, "\nstate-dir = state\n");
        says(&check, 0, "fine");
        says(&ops, 0, "MatMul\ta:T; b:T\tproduct:T");
}

Test(process, ends_with_2_when_its_options_are_wrong)
{
        autoprocess unknown = START("--state-dri=x"), insecure = START("--listen=0.0.0.0:0"),
                    missing = START("--check-config", "--config=/nonexistent/x");
        says(&unknown, 2, "did you mean 'state-dir'?");
        says(&insecure, 2, "can be reached from other machines");
        says(&missing, 2, "/nonexistent/x");
}

Test(process, ends_with_1_when_it_cannot_run)
{
        autoprocess state = START("--state-dir=/dev/null/x", "--listen=127.0.0.1:0"),
                    tokens = START(process_state_flag(), "--listen=127.0.0.1:0",
                                   "--token-file=/nonexistent/t");
        says(&state, 1, "/dev/null");
        says(&tokens, 1, "/nonexistent/t");
}

/* ---- life ---- */

Test(process, is_ready_and_ends_with_0_after_sigterm)
{
        autoprocess p = START(process_state_flag(), "--listen=127.0.0.1:0");
        autobuf body = BUF(1 << 20);
        process_wait_ready(&p);
        cr_assert_eq(process_http(p.port, "GET", "/readyz", NULL, &body), 200);
        kill(p.pid, SIGTERM);
        says(&p, 0, "drained");
}

Test(process, has_its_state_to_itself)
{
        autoprocess first = START(process_state_flag(), "--listen=127.0.0.1:0");
        process_wait_ready(&first);
        autoprocess second = START(process_state_flag(), "--listen=127.0.0.1:0");
        says(&second, 1, "in use by another process");
        kill(first.pid, SIGINT);
        cr_assert_eq(process_end(&first), 0);
}

Test(process, reads_its_log_settings_again_at_sighup)
{
        autofree char *path = mem_printf("%s/conf", process_dir);
        autofree char *flag = mem_printf("--config=%s", path);
        FILE *f = fopen(path, "we");
        fputs("log-format = text\n", f);
        fclose(f);
        autoprocess p = START(process_state_flag(), "--listen=127.0.0.1:0", flag);
        process_wait_ready(&p);
        f = fopen(path, "we");
        fputs("log-format = json\n", f);
        fclose(f);
        kill(p.pid, SIGHUP);
        cr_assert(process_hear(&p, "\"msg\":\"configuration reloaded\""), "it said: %.2000s",
                  buf_cstr(&p.text));
        f = fopen(path, "we");
        fputs("nonsense\n", f);
        fclose(f);
        kill(p.pid, SIGHUP);
        cr_assert(process_hear(&p, "the configuration was not reloaded"));
        process_stop(&p);
}

static const char graph[] =
        "{\"name\":\"s\",\"graph\":{\"graph_def_text\":\"node{name:'c' op:'Const' attr{key:'dtype' "
        "value{type:DT_FLOAT}}"
        " attr{key:'value' value{tensor{dtype:DT_FLOAT tensor_shape{} float_val:42}}}}\"}}";

Test(process, has_its_sessions_again_after_kill_9)
{
        autobuf body = BUF(1 << 20);
        autoprocess p = START(process_state_flag(), "--listen=127.0.0.1:0");
        process_wait_ready(&p);
        long status = process_http(p.port, "POST", "/v1/sessions", graph, &body);
        cr_assert_eq(status, 201, "%ld %s", status, buf_cstr(&body));
        kill(p.pid, SIGKILL);
        cr_assert_eq(process_end(&p), -SIGKILL);
        autoprocess again = START(process_state_flag(), "--listen=127.0.0.1:0");
        process_wait_ready(&again);
        buf_reset(&body);
        status = process_http(again.port, "POST", "/v1/sessions/s:run", "{\"fetches\":\"c:0\"}",
                              &body);
        cr_assert_eq(status, 200, "%ld %s", status, buf_cstr(&body));
        cr_assert(strstr(buf_cstr(&body), "\"result\":42") != NULL, "%s", buf_cstr(&body));
        process_stop(&again);
}

Test(process, says_where_nodes_run_when_a_session_asks_for_it)
{
        static const char logged[] =
                "{\"name\":\"s\",\"config\":{\"log_device_placement\":true,\"device_count\":"
                "{\"CPU\":2}},\"graph\":{\"script\":\"with device('/cpu:1'):\\n  c = 42.0\"}}";
        autobuf body = BUF(1 << 20);
        autoprocess p = START(process_state_flag(), "--listen=127.0.0.1:0");
        process_wait_ready(&p);
        cr_assert_eq(process_http(p.port, "POST", "/v1/sessions", logged, &body), 201);
        cr_assert(process_hear(&p, "Device mapping: no known devices."));
        process_http(p.port, "POST", "/v1/sessions/s:run", "{\"fetches\":\"c:0\"}", &body);
        cr_assert(process_hear(&p, "c: (Const): /job:localhost/replica:0/task:0/device:CPU:1"),
                  "it said: %.2000s", buf_cstr(&p.text));
        process_stop(&p);
}

/* ---- systemd ---- */

static int notify_socket(void)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        snprintf(a.sun_path, sizeof a.sun_path, "%s/notify", process_dir);
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
        setenv("NOTIFY_SOCKET", a.sun_path, 1);
        return fd;
}

/* Receives notifications until one contains the text. */
static bool notified(int fd, const char *wanted)
{
        for (;;) {
                char message[1000];
                struct pollfd f = { .fd = fd, .events = POLLIN };
                if (poll(&f, 1, PATIENCE_MS) != 1)
                        return false;
                ssize_t n = recv(fd, message, sizeof message - 1, 0);
                message[MAX(n, (ssize_t)0)] = 0;
                if (strstr(message, wanted))
                        return true;
        }
}

Test(process, tells_systemd_that_it_is_ready_alive_and_stopping)
{
        int fd = notify_socket();
        setenv("WATCHDOG_USEC", "200000", 1);
        autoprocess p = START(process_state_flag(), "--listen=127.0.0.1:0");
        cr_assert(notified(fd, "READY=1"));
        cr_assert(notified(fd, "WATCHDOG=1"));
        cr_assert(notified(fd, "WATCHDOG=1"));
        kill(p.pid, SIGHUP);
        cr_assert(notified(fd, "RELOADING=1"));
        cr_assert(notified(fd, "READY=1"));
        kill(p.pid, SIGTERM);
        cr_assert(notified(fd, "STOPPING=1"));
        cr_assert_eq(process_end(&p), 0);
        close(fd);
}

static int listening_socket(uint32_t address, int *ret_port)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
        socklen_t size = sizeof a;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
        cr_assert_eq(listen(fd, 16), 0);
        getsockname(fd, (struct sockaddr *)&a, &size);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

Test(process, serves_on_a_socket_that_systemd_hands_over)
{
        int port;
        process_handed = listening_socket(INADDR_LOOPBACK, &port);
        autoprocess p = START(process_state_flag());
        process_wait_ready(&p);
        autobuf body = BUF(1 << 20);
        cr_assert_eq(process_http(port, "GET", "/healthz", NULL, &body), 200);
        process_stop(&p);
        close(process_handed);
}

Test(process, refuses_a_handed_socket_that_others_can_reach)
{
        int port;
        process_handed = listening_socket(INADDR_ANY, &port);
        autoprocess p = START(process_state_flag());
        says(&p, 1, "can be reached from other machines");
        close(process_handed);
}

/* What GET /v1 says of OpenBLAS. */
static char *blas_kernels(void)
{
        autobuf body = BUF(1 << 20);
        autoprocess p = START(process_state_flag(), "--listen=127.0.0.1:0");
        process_wait_ready(&p);
        cr_assert_eq(process_http(p.port, "GET", "/v1", NULL, &body), 200);
        process_stop(&p);
        const char *at = strstr(buf_cstr(&body), "\"blas_kernels\":");
        cr_assert_neq(at, NULL);
        return mem_printf("%.*s", (int)strcspn(at, ",}"), at);
}

Test(process, has_the_right_kernels_whatever_the_environment_says)
{
        autofree char *right = blas_kernels();
        setenv("OPENBLAS_CORETYPE", "Prescott", 1);
        setenv("OPENBLAS_VERBOSE", "2", 1);
        autofree char *forced = blas_kernels();
        cr_assert_str_eq(forced, right);
#ifdef __x86_64__
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
                cr_assert_eq(strstr(right, "Prescott"), NULL, "%s", right);
#endif
}

Test(process, is_listed_by_its_name)
{
        autoprocess p = START(process_state_flag(), "--listen=127.0.0.1:0");
        process_wait_ready(&p);
        autofree char *command = mem_printf("grep -qx sessrund /proc/%d/comm", (int)p.pid);
        cr_assert_eq(system(command), 0);
        process_stop(&p);
}

Test(process, has_an_environment_that_math_libraries_cannot_spoil)
{
        setenv("OPENBLAS_NUM_THREADS", "64", 1);
        setenv("OPENBLAS_L2_SIZE", "1", 1);
        setenv("GOMP_SPINCOUNT", "7", 1);
        setenv("SESSRUN_X", "a=b", 1);
        cr_assert_str_eq(getenv("OPENBLAS_NUM_THREADS"), "1");
        cr_assert_eq(getenv("OPENBLAS_L2_SIZE"), NULL);
        cr_assert_str_eq(getenv("GOMP_SPINCOUNT"), "7");
        cr_assert_str_eq(getenv("SESSRUN_X"), "a=b");
        cr_assert_eq(getenv("SESSRUN_"), NULL);
        cr_assert_eq(getenv(""), NULL);
        unsetenv("GOMP_SPINCOUNT");
        unsetenv("SESSRUN_X");
        cr_assert_str_eq(getenv("GOMP_SPINCOUNT"), "10000");
        cr_assert_eq(getenv("SESSRUN_X"), NULL);
}
