// SPDX-License-Identifier: Apache-2.0
#include "api/http_loop.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* After polling in vain a thread does not try again before so many more events have come soon. */
enum { CAUTION = 4 };

struct HttpLoop {
        struct MHD_Daemon *mhd;
        const HttpPolling *polling;
        int events; /* libmicrohttpd's epoll */
        int wake;   /* an eventfd: something happened that is no event */
        atomic_bool stopping;
        atomic_int refs;
        pthread_mutex_t queue, turn; /* see begin_turn() */
        pthread_t thread;
        int caution;
};

static _Thread_local HttpLoop *mine;

/* ---- turns ---- */

/* One waits for the turn, the others for being the next: so whoever gives it up and wants it again
 * at once does not get past those that have waited for it. */
static void begin_turn(HttpLoop *l)
{
        pthread_mutex_lock(&l->queue);
        pthread_mutex_lock(&l->turn);
        pthread_mutex_unlock(&l->queue);
}

static void end_turn(HttpLoop *l)
{
        pthread_mutex_unlock(&l->turn);
}

/* Does what there is to do; returns how many ms may pass before there is more, unless something
 * happens; -1: any. */
static int serve(HttpLoop *l)
{
        MHD_UNSIGNED_LONG_LONG ms;
        int ret = -1;
        mine = l;
        if (!atomic_load(&l->stopping)) {
                MHD_run(l->mhd);
                if (MHD_get_timeout(l->mhd, &ms) == MHD_YES)
                        ret = (int)MIN(ms, (MHD_UNSIGNED_LONG_LONG)INT_MAX);
        }
        mine = NULL;
        return ret;
}

HttpLoop *http_loop_mine(void)
{
        return mine;
}

void http_loop_wake(HttpLoop *l)
{
        eventfd_write(l->wake, 1);
}

/* Its own thread goes on from there: it may have to wait for less long now, and what comes next
 * finds it awake. */
void http_loop_visit(void *loop)
{
        HttpLoop *l = loop;
        if (pthread_mutex_trylock(&l->turn) == 0) {
                serve(l);
                end_turn(l);
        }
        http_loop_wake(l);
        http_loop_unref(l);
}

/* ---- waiting ---- */

/* Waits until something happens; false: nothing has. */
static bool wait_ms(const HttpLoop *l, int timeout)
{
        eventfd_t n;
        struct pollfd p[] = { { .fd = l->events, .events = POLLIN },
                              { .fd = l->wake, .events = POLLIN } };
        if (poll(p, COUNTOF(p), timeout) <= 0)
                return false;
        if (p[1].revents)
                eventfd_read(l->wake, &n);
        return true;
}

static bool poll_until(const HttpLoop *l, int64_t end)
{
        bool happened;
        do
                happened = wait_ms(l, 0);
        while (!happened && clock_ns() < end);
        return happened;
}

/* How long the thread slept says whether polling would have been better: its waking up took time,
 * too. */
static void wait_for_events(HttpLoop *l, int timeout)
{
        const HttpPolling *how = l->polling;
        if (!how->ns || (how->busy && how->busy(how->arg))) {
                wait_ms(l, timeout);
                return;
        }
        int64_t start = clock_ns();
        if (l->caution == 0) {
                if (poll_until(l, start + how->ns))
                        return;
                l->caution = CAUTION;
        }
        if (wait_ms(l, timeout) && l->caution > 0 && clock_ns() - start < 2 * how->ns)
                l->caution--;
}

static void *run(void *arg)
{
        HttpLoop *l = arg;
        while (!atomic_load(&l->stopping)) {
                begin_turn(l);
                int timeout = serve(l);
                end_turn(l);
                if (timeout)
                        wait_for_events(l, timeout);
        }
        block_trim();
        return NULL;
}

/* ---- life ---- */

/* A descriptor of its own, which outlives mhd. */
static int open_events(struct MHD_Daemon *mhd)
{
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(mhd, MHD_DAEMON_INFO_EPOLL_FD);
        errno = ENOTSUP;
        return info ? fcntl(info->epoll_fd, F_DUPFD_CLOEXEC, 0) : -1;
}

Status *http_loop_start(struct MHD_Daemon *mhd, const HttpPolling *polling, HttpLoop **ret)
{
        HttpLoop *l = mem_calloc(1, sizeof *l);
        if (!l)
                return status_oom();
        atomic_init(&l->refs, 1);
        l->mhd = mhd;
        l->polling = polling;
        l->caution = CAUTION;
        l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        l->events = l->wake < 0 ? -1 : open_events(mhd);
        pthread_mutex_init(&l->queue, NULL);
        pthread_mutex_init(&l->turn, NULL);
        int error = l->events < 0 ? errno : pthread_create(&l->thread, NULL, run, l);
        if (error) {
                http_loop_unref(l);
                return unavailable("cannot start the HTTP threads: %s", strerror(error));
        }
        *ret = l;
        return NULL;
}

void http_loop_add(HttpLoop *l, int fd, const struct sockaddr *from, socklen_t len)
{
        begin_turn(l);
        MHD_add_connection(l->mhd, fd, from, len);
        end_turn(l);
}

void http_loop_stop(HttpLoop *l)
{
        atomic_store(&l->stopping, true);
        http_loop_wake(l);
        pthread_join(l->thread, NULL);
        begin_turn(l); /* a visitor's may not be over */
        MHD_stop_daemon(l->mhd);
        end_turn(l);
}

HttpLoop *http_loop_ref(HttpLoop *l)
{
        atomic_fetch_add(&l->refs, 1);
        return l;
}

void http_loop_unref(HttpLoop *l)
{
        if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
                return;
        close(l->events);
        close(l->wake);
        pthread_mutex_destroy(&l->queue);
        pthread_mutex_destroy(&l->turn);
        mem_free(l);
}
