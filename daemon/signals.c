// SPDX-License-Identifier: Apache-2.0
/* sigtimedwait() over a blocked set: no handlers, so nothing runs where it may not. */
#include "daemon/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

static sigset_t handled;

/* Blocked before any thread starts, so that only signals_wait() gets them. */
Status *signals_block(void)
{
        sigemptyset(&handled);
        sigaddset(&handled, SIGTERM);
        sigaddset(&handled, SIGINT);
        sigaddset(&handled, SIGHUP);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error of who writes it */
        int rc = pthread_sigmask(SIG_BLOCK, &handled, NULL);
        return rc ? internal_error("cannot block signals: %s", strerror(rc)) : NULL;
}

/* Interruptions by debuggers and the like are not the end of waiting. */
Signal signals_wait(int timeout_ms)
{
        struct timespec t = { .tv_sec = timeout_ms / 1000,
                              .tv_nsec = timeout_ms % 1000 * 1000000L };
        int n;
        do {
                n = timeout_ms < 0 ? sigwaitinfo(&handled, NULL) : sigtimedwait(&handled, NULL, &t);
        } while (n < 0 && errno == EINTR);
        if (n < 0)
                return SIGNAL_NONE;
        return n == SIGHUP ? SIGNAL_RELOAD : SIGNAL_STOP;
}
