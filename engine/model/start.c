// SPDX-License-Identifier: Apache-2.0
/* What makes a fresh session ready: a step that restores, then one that initializes. */
#include "engine/model/inside.h"

#include "engine/base/mem.h"
#include <pthread.h>
#include <string.h>

typedef enum Stage { RESTORE, INITIALIZE, READY } Stage;

typedef struct Start {
        Model *model;
        Session *session;
        Stage stage; /* the next one */
        RunOptions options;
        void (*done)(void *arg, Status *s);
        void *arg;
} Start;

/* Feeds of one run, with the values that they own. */
typedef struct Feeds {
        Feed *at;
        int n;
} Feeds;

static void feeds_done(Feeds *f)
{
        for (int i = 0; i < f->n; i++)
                tensor_unref(f->at[i].value);
        mem_free(f->at);
}

static Status *feeds_add(Feeds *f, const char *key, const char *text)
{
        Feed *feed = &f->at[f->n];
        TRY(tensor_string(text, strlen(text), &feed->value));
        feed->key = key;
        f->n++;
        return NULL;
}

/* Assets are fed in both stages: a restore may run table initializers. */
static Status *make_feeds(const Model *m, Stage stage, Feeds *f)
{
        f->at = mem_calloc(m->n_assets + 1, sizeof *f->at);
        if (!f->at)
                return status_oom();
        if (stage == RESTORE)
                TRY(feeds_add(f, m->filename_tensor, m->checkpoint));
        for (size_t i = 0; i < m->n_assets; i++)
                TRY(feeds_add(f, m->assets[i].tensor, m->assets[i].path));
        return NULL;
}

static void finish(Start *s, Status *why)
{
        s->done(s->arg, why);
        session_unref(s->session);
        model_unref(s->model);
        mem_free(s);
}

static void next(Start *s);

static void on_step(void *arg, Status *why, const RunResult *r UNUSED)
{
        Start *s = arg;
        if (why)
                finish(s, why);
        else
                next(s);
}

/* One stage as an ordinary step of the session. */
static void run(Start *s, Stage stage, const char *target)
{
        Feeds f = { 0 };
        Status *why = make_feeds(s->model, stage, &f);
        if (why) {
                feeds_done(&f);
                finish(s, why);
                return;
        }
        RunRequest r = { .feeds = f.at,
                         .n_feeds = f.n,
                         .targets = &target,
                         .n_targets = 1,
                         .options = &s->options };
        session_run(s->session, &r, on_step, s);
        feeds_done(&f);
}

/* Restore, then initialize; a stage that the model does not have is passed over. */
static void next(Start *s)
{
        const Model *m = s->model;
        Stage stage = s->stage++;
        if (stage == RESTORE && !m->checkpoint)
                stage = s->stage++;
        if (stage == INITIALIZE && !m->init_op)
                stage = s->stage++;
        if (stage == RESTORE)
                run(s, stage, m->restore_op);
        else if (stage == INITIALIZE)
                run(s, stage, m->init_op);
        else
                finish(s, NULL);
}

/* Nobody waits in a thread: each stage's end begins the next. A timeout of the session's own config
 * wins over the caller's. */
void model_start(Model *m, Session *session, int64_t timeout_ms, void (*done)(void *arg, Status *s),
                 void *arg)
{
        static const RunOptions defaults = TENSORFLOW__RUN_OPTIONS__INIT;
        Start *s = mem_calloc(1, sizeof *s);
        if (!s) {
                done(arg, status_oom());
                return;
        }
        *s = (Start){ .model = model_ref(m),
                      .session = session_ref(session),
                      .options = defaults,
                      .done = done,
                      .arg = arg };
        if (session_config(session)->operation_timeout_in_ms <= 0)
                s->options.timeout_in_ms = timeout_ms;
        next(s);
}

/* ---- waiting ---- */

typedef struct Wait {
        pthread_mutex_t lock; /* guards: over, status */
        pthread_cond_t wake;
        bool over;
        Status *status;
} Wait;

static void wake(void *arg, Status *s)
{
        Wait *w = arg;
        pthread_mutex_lock(&w->lock);
        w->status = s;
        w->over = true;
        pthread_cond_signal(&w->wake);
        pthread_mutex_unlock(&w->lock);
}

/* For callers that are threads of their own (start-up, tests): waits for model_start(). */
Status *model_start_now(Model *m, Session *s, int64_t timeout_ms)
{
        Wait w = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };
        model_start(m, s, timeout_ms, wake, &w);
        pthread_mutex_lock(&w.lock);
        while (!w.over)
                pthread_cond_wait(&w.wake, &w.lock);
        pthread_mutex_unlock(&w.lock);
        pthread_mutex_destroy(&w.lock);
        pthread_cond_destroy(&w.wake);
        return w.status;
}
