// SPDX-License-Identifier: Apache-2.0
#include "api/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BURST = 64, PAUSE_MS = 20 };

/* Lets in who waits; false when none can be, because of a lack that may pass. */
static bool let_in(Acceptor *a)
{
        for (int i = 0; i < BURST; i++) {
                struct sockaddr_storage from;
                socklen_t len = sizeof from;
                memset(&from, 0, sizeof from);
                int fd = accept4(a->listener, (struct sockaddr *)&from, &len,
                                 SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (fd < 0)
                        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
                http_loop_add(a->loops[a->next], fd, (struct sockaddr *)&from, len);
                a->next = (a->next + 1) % a->n;
        }
        return true;
}

static void *run(void *arg)
{
        Acceptor *a = arg;
        struct pollfd p[] = { { .fd = a->stop, .events = POLLIN },
                              { .fd = a->listener, .events = POLLIN } };
        for (;;) {
                if (poll(p, 2, -1) < 0)
                        continue; /* a signal */
                if (p[0].revents)
                        return NULL;
                if (!let_in(a))
                        poll(p, 1, PAUSE_MS);
        }
}

Status *acceptor_start(int fd, HttpLoop **loops, int n, Acceptor *ret)
{
        int flags = fcntl(fd, F_GETFL);
        *ret = (Acceptor){ .listener = fd, .loops = loops, .n = n };
        ret->stop = eventfd(0, EFD_CLOEXEC);
        if (ret->stop < 0 || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return unavailable("cannot accept connections: %s", strerror(errno));
        int error = pthread_create(&ret->thread, NULL, run, ret);
        if (error) {
                close(ret->stop);
                return unavailable("cannot start a thread: %s", strerror(error));
        }
        ret->runs = true;
        return NULL;
}

void acceptor_stop(Acceptor *a)
{
        if (!a->runs)
                return;
        eventfd_write(a->stop, 1);
        pthread_join(a->thread, NULL);
        close(a->stop);
        a->runs = false;
}
