// SPDX-License-Identifier: Apache-2.0
/* libmicrohttpd 0.9.75 takes 128 events at a time, and when there were as many, it waits for more
 * before it looks at any: with a few hundred busy connections all of them stood still until a
 * timeout. So who had all the room filled never waits the next time, which is what draining a queue
 * means. And it sleeps whenever there is nothing to do just now. */
#include "api/event_wait.h"

#include "engine/base/clock.h"
#include <stdatomic.h>
#include <stddef.h>
#include <sys/epoll.h>

/* After polling in vain a thread does not try again before so many more events have come soon. */
enum { CAUTION = 4 };

static const EventPolling *_Atomic polling;

void event_wait_poll(const EventPolling *how)
{
        atomic_store(&polling, how);
}

static int poll_until(int64_t end, int fd, struct epoll_event *events, int max)
{
        int n;
        do
                n = epoll_pwait(fd, events, max, 0, NULL);
        while (n == 0 && clock_ns() < end);
        return n;
}

/* How long a thread slept says whether polling would have been better: its waking up took time,
 * too. */
static int sleep_or_poll(int64_t ns, int fd, struct epoll_event *events, int max, int timeout)
{
        static _Thread_local int caution = CAUTION;
        int64_t start = clock_ns();
        if (caution == 0) {
                int n = poll_until(start + ns, fd, events, max);
                if (n != 0)
                        return n;
                caution = CAUTION;
        }
        int n = epoll_pwait(fd, events, max, timeout, NULL);
        if (n > 0 && caution > 0 && clock_ns() - start < 2 * ns)
                caution--;
        return n;
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
        static _Thread_local int full = -1; /* what this thread asked last, if all was filled */
        const EventPolling *how = atomic_load_explicit(&polling, memory_order_acquire);
        int n;
        if (full == fd)
                timeout = 0;
        if (!how || !how->ns || timeout == 0 || (how->busy && how->busy(how->arg)))
                n = epoll_pwait(fd, events, max, timeout, NULL);
        else
                n = sleep_or_poll(how->ns, fd, events, max, timeout);
        full = n == max ? fd : -1;
        return n;
}
