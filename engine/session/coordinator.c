// SPDX-License-Identifier: Apache-2.0
/* Coordinator: who is to stop, why, and who waits for that. One routine does whatever became due,
 * on whichever thread caused it, and never twice at once. */
#include "engine/session/coordinator.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"

struct Joiner {
        Session *session; /* one reference */
        JoinSpec spec;    /* with one reference to the token */
        Timer grace, deadline;
        bool has_grace, has_deadline;
        CancelHook hook;
        Status *result;
        void (*done)(void *arg, Status *s);
        void *arg;
        Joiner *next;
};

/* ---- life ---- */

static Coordinator *coordinator_new(void)
{
        Coordinator *c = mem_calloc(1, sizeof *c);
        if (c)
                pthread_mutex_init(&c->lock, NULL);
        return c;
}

/* Made when somebody first asks; a closed session has none. */
Status *coordinator_of(Session *s, Coordinator **ret)
{
        pthread_mutex_lock(&s->lock);
        if (!s->closed && !s->coordinator)
                s->coordinator = coordinator_new();
        bool closed = s->closed;
        *ret = s->coordinator;
        pthread_mutex_unlock(&s->lock);
        if (closed)
                return client_closed();
        return *ret ? NULL : status_oom();
}

/* No runner lives any more: each holds the session. */
void coordinator_free(Coordinator *c)
{
        if (!c)
                return;
        for (Runner *q = c->runners, *next; q; q = next) {
                next = q->next;
                runner_free(q);
        }
        status_free(c->error);
        pthread_mutex_destroy(&c->lock);
        mem_free(c);
}

/* ---- joins ---- */

/* What a join is told, which also is the end of this coordinator's life. Under the lock. */
static Status *verdict(Coordinator *c, bool ignore_live)
{
        autobuf names = BUF(1 << 16);
        c->stop = c->joined = true; /* whatever was cleared meanwhile */
        if (c->error)
                return status_copy(c->error);
        if (!c->live || ignore_live)
                return NULL;
        runners_name_live(c, &names);
        Status *s = deadline_exceeded("Coordinator stopped with threads still running: %s",
                                      buf_cstr(&names));
        status_set_exception(s, "RuntimeError");
        return s;
}

/* Takes a joiner out of the list; false when somebody else did: then it must not be touched any
 * more. Under the lock. */
static bool take_joiner(Coordinator *c, const Joiner *j)
{
        Joiner **at = &c->joiners;
        while (*at && *at != j)
                at = &(*at)->next;
        if (!*at)
                return false;
        *at = j->next;
        return true;
}

/* Of one that was taken out. */
static void joiner_end(Joiner *j)
{
        autoptr(Session) s = j->session;
        Timers *timers = s->engine->timers;
        if (j->has_grace)
                timer_clear(timers, &j->grace);
        if (j->has_deadline)
                timer_clear(timers, &j->deadline);
        if (j->spec.cancel) {
                cancel_remove(j->spec.cancel, &j->hook);
                cancel_unref(j->spec.cancel);
        }
        j->done(j->arg, j->result);
        mem_free(j);
}

/* Ends a join early, unless it has ended. Takes s; NULL: the verdict. */
static void joiner_leave(Joiner *j, Coordinator *c, Status *s)
{
        pthread_mutex_lock(&c->lock);
        bool mine = take_joiner(c, j);
        if (mine)
                j->result = s ? s : verdict(c, j->spec.ignore_live);
        pthread_mutex_unlock(&c->lock);
        if (mine)
                joiner_end(j);
        else
                status_free(s);
}

static void on_grace(Timer *t)
{
        Joiner *j = CONTAINER_OF(t, Joiner, grace);
        joiner_leave(j, j->session->coordinator, NULL);
}

static void on_deadline(Timer *t)
{
        Joiner *j = CONTAINER_OF(t, Joiner, deadline);
        joiner_leave(j, j->session->coordinator,
                     deadline_exceeded("Timed out waiting for notification"));
}

static void on_join_cancel(CancelHook *h)
{
        Joiner *j = CONTAINER_OF(h, Joiner, hook);
        joiner_leave(j, j->session->coordinator, cancelled("The join was cancelled"));
}

/* From now on the time of grace runs, unless it has begun at a stop before. Under the lock. */
static void begin_grace(Joiner *j)
{
        if (j->has_grace)
                return;
        int64_t end = clock_ns() + j->spec.grace_ns;
        Status *s = timer_set(j->session->engine->timers, &j->grace, end, on_grace);
        j->has_grace = !s;
        status_free(s); /* without memory for a timer the grace has no end */
}

/* Ends when all runners have ended, or the grace period after a stop is over, or the wait is. */
Status *session_join(Session *s, const JoinSpec *spec, void (*done)(void *arg, Status *s),
                     void *arg)
{
        Coordinator *c;
        TRY(coordinator_of(s, &c));
        Joiner *j = mem_calloc(1, sizeof *j);
        if (!j)
                return status_oom();
        *j = (Joiner){ .session = session_ref(s), .spec = *spec, .done = done, .arg = arg };
        j->grace.index = j->deadline.index = -1;
        j->hook.fn = on_join_cancel;
        if (spec->cancel)
                cancel_ref(spec->cancel);
        Status *st = NULL;
        pthread_mutex_lock(&c->lock);
        if (spec->wait_ns >= 0)
                st = timer_set(s->engine->timers, &j->deadline, clock_ns() + spec->wait_ns,
                               on_deadline);
        j->has_deadline = spec->wait_ns >= 0 && !st;
        if (!st && c->stop)
                begin_grace(j);
        j->result = st;
        bool gone = st || (spec->cancel && !cancel_add(spec->cancel, &j->hook));
        if (gone && !st)
                j->result = cancelled("The join was cancelled");
        if (!gone) {
                j->next = c->joiners;
                c->joiners = j;
        }
        pthread_mutex_unlock(&c->lock);
        if (gone)
                joiner_end(j);
        coordinator_settle(c, s);
        return NULL;
}

/* ---- stopping ---- */

/* The first reason counts. OUT_OF_RANGE is how input pipelines end, and no failure. */
void coordinator_stop(Coordinator *c, Status *why)
{
        if (c->stop || c->joined) {
                status_free(why);
                return;
        }
        if (why && status_code(why) == SR_OUT_OF_RANGE) /* TensorFlow's clean stop */
                status_free(steal(&why));
        c->error = why;
        c->stop = true;
        for (Runner *q = c->runners; q; q = q->next)
                q->stopping = true;
        for (Joiner *j = c->joiners; j; j = j->next)
                begin_grace(j);
}

void coordinator_clear(Coordinator *c)
{
        c->stop = c->joined = false;
        status_free(steal(&c->error));
}

/* The next runner whose cancel op is due, counted as under way. Under the lock. */
static Runner *due_cancel(Coordinator *c)
{
        for (Runner *q = c->runners; q; q = q->next)
                if (q->stopping && !q->stop.begun) {
                        q->stop.begun = true;
                        q->ops++;
                        c->live++;
                        return q;
                }
        return NULL;
}

/* A joiner whose wait is over, taken out. Under the lock. */
static Joiner *due_join(Coordinator *c)
{
        Joiner *j = c->stop && !c->live ? c->joiners : NULL;
        if (!j)
                return NULL;
        c->joiners = j->next;
        j->result = verdict(c, j->spec.ignore_live);
        return j;
}

/* Whatever is due is done without the lock, by one thread at a time. */
void coordinator_settle(Coordinator *c, Session *s)
{
        autoptr(Session) hold UNUSED = session_ref(s); /* the last joiner may let go of it */
        pthread_mutex_lock(&c->lock);
        if (c->settling) { /* who is at it will look again before it leaves */
                pthread_mutex_unlock(&c->lock);
                return;
        }
        c->settling = true;
        for (;;) {
                if (c->joiners && !c->live)
                        coordinator_stop(c, NULL);
                Runner *q = due_cancel(c);
                Joiner *j = q ? NULL : due_join(c);
                if (!q && !j)
                        break;
                pthread_mutex_unlock(&c->lock);
                if (q)
                        runner_op_run(&q->stop);
                else
                        joiner_end(j);
                pthread_mutex_lock(&c->lock);
        }
        c->settling = false;
        pthread_mutex_unlock(&c->lock);
}

/* Coordinator.request_stop(). */
Status *session_request_stop(Session *s, Status *why)
{
        Coordinator *c;
        Status *st = coordinator_of(s, &c);
        if (st) {
                status_free(why);
                return st;
        }
        pthread_mutex_lock(&c->lock);
        coordinator_stop(c, why);
        pthread_mutex_unlock(&c->lock);
        coordinator_settle(c, s);
        return NULL;
}

Status *session_clear_stop(Session *s)
{
        Coordinator *c;
        TRY(coordinator_of(s, &c));
        pthread_mutex_lock(&c->lock);
        coordinator_clear(c);
        pthread_mutex_unlock(&c->lock);
        return NULL;
}

/* Shows it under its lock. */
Status *session_coordinator(Session *s, Status *(*fn)(void *arg, const CoordinatorInfo *i),
                            void *arg)
{
        Coordinator *c;
        TRY(coordinator_of(s, &c));
        pthread_mutex_lock(&c->lock);
        CoordinatorInfo i = { c->stop, c->joined, c->live, c->error };
        Status *st = fn(arg, &i);
        pthread_mutex_unlock(&c->lock);
        return st;
}
