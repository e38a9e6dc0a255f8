// SPDX-License-Identifier: Apache-2.0
#include "bench/http_peer.h"

#include "api/http_loop.h"

#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_NS 100000 /* sessrund's --http-poll */
static char body[1 << 24];
static struct MHD_Response *response;

static enum MHD_Result answer(void *cls, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request)
{
        (void)cls, (void)url, (void)method, (void)version, (void)upload;
        if (!*request) {
                *request = body;
                return MHD_YES;
        }
        if (*upload_size) {
                *upload_size = 0;
                return MHD_YES;
        }
        return MHD_queue_response(c, 200, response);
}

/* One loop more on the same socket, which the first one opens. */
static void start_loop(int *listener, int *port)
{
        static const HttpPolling polling = { .ns = POLL_NS };
        HttpLoop *loop;
        struct MHD_Daemon *d = MHD_start_daemon(
                MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL, MHD_OPTION_CONNECTION_LIMIT, 20000u,
                *listener < 0 ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET, *listener,
                MHD_OPTION_END);
        if (!d || http_loop_start(d, &polling, &loop))
                _exit(1);
        if (*listener < 0) {
                *port = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port;
                *listener = MHD_get_daemon_info(d, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd;
        }
}

/* The child's life: tells its port, then waits for the end. */
static void serve(int out, size_t n)
{
        memset(body, ' ', sizeof(body));
        response =
                MHD_create_response_from_buffer(MIN(n, sizeof(body)), body, MHD_RESPMEM_PERSISTENT);
        MHD_add_response_header(response, "Content-Type", "application/json");
        MHD_add_response_header(response, "X-Request-Id", "0123456789abcdef");
        MHD_add_response_header(response, "Server-Timing", "total;dur=0.1");
        int port = 0, listener = -1;
        for (long i = sysconf(_SC_NPROCESSORS_ONLN); i > 0; i--)
                start_loop(&listener, &port);
        if (write(out, &port, sizeof(port)) != sizeof(port))
                _exit(1);
        for (;;)
                pause();
}

Status *peer_start(size_t n, Peer *ret)
{
        int fds[2];
        if (pipe(fds) != 0)
                return unavailable("no pipe");
        ret->pid = fork();
        if (ret->pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve(fds[1], n);
        }
        close(fds[1]);
        ret->port = 0;
        bool ok = read(fds[0], &ret->port, sizeof(ret->port)) == sizeof(ret->port) && ret->port;
        close(fds[0]);
        return ok ? NULL : unavailable("the peer does not start");
}

void peer_stop(Peer *p)
{
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
}
