// SPDX-License-Identifier: Apache-2.0
/* epoll_wait() for the whole program. libmicrohttpd 0.9.75 takes 128 events at a time, and when
 * there were as many, it waits for more before it looks at any: with a few hundred busy connections
 * all of them stood still until a timeout. So who had all the room filled never waits the next
 * time, which is what draining a queue means. */
#include <stddef.h>
#include <sys/epoll.h>

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
        static _Thread_local int full = -1; /* what this thread asked last, if all was filled */
        int n = epoll_pwait(fd, events, max, full == fd ? 0 : timeout, NULL);
        full = n == max ? fd : -1;
        return n;
}
