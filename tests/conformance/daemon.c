// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/daemon.h"
#include "tests/conformance/http.h"

#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 20000, LOOK_MS = 1 };

/* A port that nobody listens on now: the kernel's choice for a socket that is closed again. */
static int free_port(void)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(fd, (struct sockaddr *)&a, n) || getsockname(fd, (struct sockaddr *)&a, &n))
                a.sin_port = 0;
        close(fd);
        return ntohs(a.sin_port);
}

static void become_daemon(const Daemon *d)
{
        const char *listen = d->base + strlen("http://");
        int null = open("/dev/null", O_RDWR);
        if (null >= 0) {
                dup2(null, 0);
                dup2(null, 1);
                if (!d->verbose)
                        dup2(null, 2);
        }
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* who fails half-way leaves nothing behind */
        execl(d->program, d->program, "--listen", listen, "--state-dir", d->state, (char *)NULL);
        _exit(127);
}

static bool is_ready(const Daemon *d)
{
        autoptr(Http) h = NULL;
        autoanswer a = { 0 };
        Status *e = http_new(d->base, &h);
        if (!e)
                e = http_send(h, "GET", "/readyz", NULL, 0, &a);
        status_free(e);
        return a.status == 200;
}

/* Starts the process and waits until it is ready; without success all is gone. */
static Status *launch(Daemon *d)
{
        d->pid = fork();
        if (d->pid == 0)
                become_daemon(d);
        for (int ms = 0; d->pid > 0 && ms < START_MS && daemon_runs(d); ms += LOOK_MS) {
                if (is_ready(d))
                        return NULL;
                usleep(LOOK_MS * 1000);
        }
        daemon_stop(d);
        return unavailable("%s does not become ready", d->program);
}

Status *daemon_start(const char *program, bool verbose, Daemon *ret)
{
        Daemon d = { .state = "/tmp/sessrun-conformance-XXXXXX",
                     .program = program,
                     .verbose = verbose };
        int port = free_port();
        snprintf(d.base, sizeof(d.base), "http://127.0.0.1:%d", port);
        if (!port || !mkdtemp(d.state))
                return unavailable("no free port, or no folder below /tmp");
        TRY(launch(&d));
        *ret = d;
        return NULL;
}

static int end_process(Daemon *d)
{
        int status = -1;
        if (d->pid > 0) {
                kill(d->pid, SIGTERM);
                waitpid(d->pid, &status, 0);
        }
        d->pid = 0;
        return status;
}

static double now_ms(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

Status *daemon_restart(Daemon *d, double *ret_ms)
{
        int status = end_process(d);
        if (status != 0) {
                daemon_stop(d);
                return unavailable("%s ended with status %#x", d->program, (unsigned)status);
        }
        double begin = now_ms();
        TRY(launch(d));
        *ret_ms = now_ms() - begin;
        return NULL;
}

bool daemon_runs(const Daemon *d)
{
        siginfo_t info = { 0 };
        return waitid(P_PID, (id_t)d->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == 0;
}

static int remove_one(const char *path, const struct stat *st UNUSED, int type UNUSED,
                      struct FTW *ftw UNUSED)
{
        return remove(path);
}

int daemon_stop(Daemon *d)
{
        int status = end_process(d);
        nftw(d->state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        return status;
}
