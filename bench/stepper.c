// SPDX-License-Identifier: Apache-2.0
#include "bench/stepper.h"
#include "bench/table.h"
#include "tests/lib/graph_builder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 9

struct Stepper {
        Session *session;
        Tensor *x;
        char *fetch;
        SessionCallable *prepared;                     /* or NULL */
        void (*told)(void *arg, const RunMetadata *m); /* of the next step, or NULL */
        void *told_arg;
        Tensor **keep;        /* where the next step's value goes, or NULL */
        pthread_mutex_t lock; /* guards done */
        pthread_cond_t cond;
        bool done;
};

Stepper *stepper_new(Engine *e, const char *graph, Tensor *x, const char *fetch)
{
        GraphSource *src = NULL;
        bench_must(graph_text(graph, &src));
        return stepper_of(e, src, x, fetch);
}

Stepper *stepper_of(Engine *e, GraphSource *src, Tensor *x, const char *fetch)
{
        return stepper_with(e, NULL, src, x, fetch);
}

Stepper *stepper_with(Engine *e, const ConfigProto *config, GraphSource *src, Tensor *x,
                      const char *fetch)
{
        static atomic_int count;
        char name[32];
        ExtendResult extended;
        Session *session;
        snprintf(name, sizeof(name), "bench%d", atomic_fetch_add(&count, 1));
        bench_must(engine_create_session(e, &(SessionOptions){ .name = name, .config = config },
                                         &session));
        bench_must(session_extend(session, src, false, &extended));
        graph_source_free(src);
        return stepper_on(session, x, fetch);
}

Stepper *stepper_on(Session *session, Tensor *x, const char *fetch)
{
        Stepper *s = mem_calloc(1, sizeof(*s));
        if (!s)
                bench_must(status_oom());
        *s = (Stepper){ .session = session,
                        .x = x,
                        .fetch = mem_strdup(fetch),
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .cond = PTHREAD_COND_INITIALIZER };
        return s;
}

static void wake(Stepper *s)
{
        pthread_mutex_lock(&s->lock);
        s->done = true;
        pthread_cond_signal(&s->cond);
        pthread_mutex_unlock(&s->lock);
}

static void wait_for(Stepper *s)
{
        pthread_mutex_lock(&s->lock);
        while (!s->done)
                pthread_cond_wait(&s->cond, &s->lock);
        s->done = false;
        pthread_mutex_unlock(&s->lock);
}

static void step_done(void *arg, Status *status, const RunResult *r)
{
        Stepper *s = arg;
        bench_must(status);
        if (s->keep)
                *s->keep = tensor_ref(r->values[0]);
        s->keep = NULL;
        if (s->told)
                s->told(s->told_arg, r->metadata);
        wake(s);
}

static void close_done(void *arg)
{
        wake(arg);
}

void stepper_feed(Stepper *s, Tensor *x)
{
        tensor_unref(s->x);
        s->x = x;
}

void stepper_prepare(Stepper *s)
{
        bench_must(session_callable_new(&s->prepared));
}

static void step(Stepper *s, const RunOptions *options, bool tunes)
{
        Feed feed = { "x:0", s->x };
        const char *name = s->fetch;
        bool tensor = strchr(name, ':');
        RunRequest r = { .feeds = &feed,
                         .n_feeds = s->x ? 1 : 0,
                         .fetches = &name,
                         .n_fetches = tensor ? 1 : 0,
                         .targets = &name,
                         .n_targets = tensor ? 0 : 1,
                         .options = options,
                         .metadata = options != NULL,
                         .tunes = tunes,
                         .prepared = s->prepared };
        session_run(s->session, &r, step_done, s);
        wait_for(s);
}

void stepper_step(Stepper *s)
{
        step(s, NULL, false);
}

void stepper_tune(Stepper *s)
{
        step(s, NULL, true);
}

void stepper_trace(Stepper *s, void (*fn)(void *arg, const RunMetadata *m), void *arg)
{
        RunOptions o = TENSORFLOW__RUN_OPTIONS__INIT;
        o.trace_level = TENSORFLOW__RUN_OPTIONS__TRACE_LEVEL__FULL_TRACE;
        o.output_partition_graphs = true;
        s->told = fn;
        s->told_arg = arg;
        step(s, &o, false);
        s->told = NULL;
}

double stepper_fed_bytes(const Stepper *s)
{
        return s->x ? (double)tensor_bytes(s->x) : 0;
}

void stepper_target(Stepper *s, const char *target)
{
        RunRequest r = { .targets = &target, .n_targets = 1 };
        session_run(s->session, &r, step_done, s);
        wait_for(s);
}

Tensor *stepper_value(Stepper *s)
{
        Tensor *t = NULL;
        s->keep = &t;
        stepper_step(s);
        return t;
}

void stepper_free(Stepper *s)
{
        session_close(s->session, close_done, s);
        wait_for(s);
        session_unref(s->session);
        session_callable_free(s->prepared);
        if (s->x)
                tensor_unref(s->x);
        mem_free(s->fetch);
        mem_free(s);
}

double *stepper_each(Stepper *s, int n)
{
        double *v = mem_calloc((size_t)n, sizeof(*v));
        if (!v)
                bench_must(status_oom());
        double before = bench_now();
        for (int i = 0; i < n; i++) {
                stepper_step(s);
                double now = bench_now();
                v[i] = now - before;
                before = now;
        }
        return v;
}

double stepper_time(Stepper *s, int n, double (*clock)(void))
{
        double v[ROUNDS];
        for (int i = 0; i < n; i++) /* compiles the plan, fills the caches */
                stepper_step(s);
        for (int round = 0; round < ROUNDS; round++) {
                double start = clock();
                for (int i = 0; i < n; i++)
                        stepper_step(s);
                v[round] = (clock() - start) / n;
        }
        return bench_best(v, ROUNDS);
}
