// SPDX-License-Identifier: Apache-2.0
/* The asynchronous run, waited for under a deadline. */
#include "tests/stress/lib/op_try.h"
#include "tests/lib/graph_builder.h"
#include "tests/lib/kernel_log.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MS = 300, HANG_S = 20 };

typedef struct Run {
        pthread_mutex_t lock; /* guards: ended, status */
        pthread_cond_t changed;
        bool ended;
        Status *status;
        Session *session;
} Run;

static void on_done(void *arg, Status *s, const RunResult *r)
{
        Run *run = arg;
        if (r && kernel_log_wanted())
                kernel_log_write(run->session, r->metadata, NULL, 0);
        pthread_mutex_lock(&run->lock);
        run->status = s;
        run->ended = true;
        pthread_cond_signal(&run->changed);
        pthread_mutex_unlock(&run->lock);
}

/* Waits; a step that ignores its timeout ends the process. */
static Status *wait_for(Run *run)
{
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += HANG_S;
        pthread_mutex_lock(&run->lock);
        while (!run->ended)
                if (pthread_cond_timedwait(&run->changed, &run->lock, &until) == ETIMEDOUT)
                        _exit(OP_TRY_HANGS);
        pthread_mutex_unlock(&run->lock);
        return run->status;
}

Status *run_try(Session *s, const RunRequest *request)
{
        Run run = { .lock = PTHREAD_MUTEX_INITIALIZER,
                    .changed = PTHREAD_COND_INITIALIZER,
                    .session = s };
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        RunRequest r = *request;
        o.timeout_in_ms = TIMEOUT_MS;
        if (kernel_log_wanted())
                o.trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
        r.options = &o;
        r.metadata = kernel_log_wanted();
        session_run(s, &r, on_done, &run);
        return wait_for(&run);
}

static Status *run_node(Session *s, const Gen *g, const Op *op)
{
        Feed feeds[GEN_MAX_IN];
        char keys[GEN_MAX_IN][16];
        for (int i = 0; i < g->n_fed; i++) {
                snprintf(keys[i], sizeof keys[i], "p%d", i);
                feeds[i] = (Feed){ keys[i], g->fed[i] };
        }
        const char *fetch = "op:0", *target = "op";
        return run_try(s, &(RunRequest){ .fetches = &fetch,
                                         .n_fetches = op->n_out > 0,
                                         .targets = &target,
                                         .n_targets = 1,
                                         .feeds = feeds,
                                         .n_feeds = g->n_fed });
}

Status *op_try(Engine *e, const Gen *g, const Op *op)
{
        autoptr(GraphSource) src = NULL;
        autoptr(Session) s = NULL;
        ExtendResult r;
        TRY(graph_text(g->text.data, &src));
        TRY(engine_create_session(e, &(SessionOptions){ .name = "fuzz" }, &s));
        Status *st = session_extend(s, src, false, &r);
        if (!st)
                st = run_node(s, g, op);
        session_close(s, NULL, NULL);
        status_free(engine_forget(e, "fuzz"));
        return st;
}
