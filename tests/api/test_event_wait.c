// SPDX-License-Identifier: Apache-2.0
/* epoll_wait() is the program's own: polling or not, events come and timeouts end. */
#include "api/event_wait.h"
#include "engine/base/auto.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static bool is_set(void *flag)
{
        return *(bool *)flag;
}

static bool busy;
static const EventPolling polling = { 2000000, NULL, NULL },
                          considerate = { 2000000, is_set, &busy };

static int queue, event;

static void begin(void)
{
        struct epoll_event e = { .events = EPOLLIN };
        queue = epoll_create1(EPOLL_CLOEXEC);
        event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        cr_assert(queue >= 0 && event >= 0);
        cr_assert_eq(epoll_ctl(queue, EPOLL_CTL_ADD, event, &e), 0);
}

static void end(void)
{
        event_wait_poll(NULL);
        close(event);
        close(queue);
}

TestSuite(event_wait, .init = begin, .fini = end);

static void happen(void)
{
        cr_assert_eq(write(event, &(uint64_t){ 1 }, 8), 8);
}

static int wait_for(int timeout_ms)
{
        struct epoll_event e[2];
        uint64_t count;
        int n = epoll_wait(queue, e, COUNTOF(e), timeout_ms);
        if (n > 0)
                cr_assert_eq(read(event, &count, sizeof count), (ssize_t)sizeof count);
        return n;
}

/* Events that come at once: from some number of them on the thread polls. */
static void come_soon(void)
{
        for (int i = 0; i < 20; i++) {
                happen();
                cr_assert_eq(wait_for(1000), 1);
        }
}

Test(event_wait, polls_in_vain_until_the_timeout)
{
        event_wait_poll(&polling);
        for (int i = 0; i < 3; i++) {
                come_soon();
                cr_assert_eq(wait_for(5), 0);
                cr_assert_eq(wait_for(0), 0);
        }
}

static void *happen_later(void *arg)
{
        usleep(*(useconds_t *)arg);
        happen();
        return NULL;
}

/* Within the time of polling, and long behind it. */
Test(event_wait, an_event_from_another_thread_ends_it)
{
        static useconds_t delays[] = { 200, 20000 };
        for (int i = 0; i < 4; i++) {
                pthread_t thread;
                busy = i / 2;
                event_wait_poll(&considerate);
                come_soon();
                cr_assert_eq(pthread_create(&thread, NULL, happen_later, &delays[i % 2]), 0);
                cr_assert_eq(wait_for(-1), 1);
                pthread_join(thread, NULL);
        }
}
