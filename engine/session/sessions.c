// SPDX-License-Identifier: Apache-2.0
/* Engine: creating sessions, finding them, ending them all. */
#include "engine/session/inside.h"

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/base/nearest.h"
#include "engine/ops/registry.h"
#include "engine/state/roots.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* One engine to a process: the registry is filled here. */
Status *engine_new(const EngineOptions *o, Engine **ret)
{
        TRY(registry_init());
        Engine *e = mem_calloc(1, sizeof *e);
        if (!e)
                return status_oom();
        pthread_mutex_init(&e->lock, NULL);
        pthread_cond_init(&e->closed, NULL);
        e->sized = o->threads > 0;
        e->deterministic = o->deterministic;
        e->log = o->log;
        Status *s = pool_new(o->threads, &e->pool);
        if (!s)
                s = timers_new(&e->timers);
        if (!s)
                s = roots_new(o->model_roots, o->data_roots, o->data_writable, &e->roots);
        if (s) {
                engine_free(e);
                return s;
        }
        *ret = e;
        return NULL;
}

/* ---- creation ---- */

/* Made at its first use; it stays until the process ends, as a server would. */
static Status *named_engine(Engine *e, const char *target, Resources **ret)
{
        Status *s = NULL;
        pthread_mutex_lock(&e->lock);
        Target *t = map_get(&e->targets, target);
        if (!t && (t = mem_calloc(1, sizeof *t))) {
                t->name = mem_strdup(target);
                s = t->name ? resources_new(&t->resources) : status_oom();
                if (!s)
                        s = map_set(&e->targets, t->name, t);
                if (s) {
                        resources_unref(t->resources);
                        mem_free(t->name);
                        mem_free(t);
                        t = NULL;
                }
        }
        if (t)
                *ret = resources_ref(t->resources);
        pthread_mutex_unlock(&e->lock);
        return t ? NULL : s ? s : status_oom();
}

typedef enum TargetKind {
        TARGET_PRIVATE,
        TARGET_ENGINE,
} TargetKind;

/* TensorFlow's text for targets that no factory takes. */
static Status *target_kind(const char *target, TargetKind *ret)
{
        if (!strncmp(target, "grpc://", 7))
                return unimplemented("Sessions on remote servers (target \"%s\") are not available "
                                     "in this build",
                                     target);
        bool named = !strncmp(target, "engine:", 7) && target[7];
        if (target[0] && !named)
                return not_found("No session factory registered for the given session options: "
                                 "{target: \"%s\" config: } "
                                 "Registered factories are {DIRECT_SESSION, GRPC_SESSION}.",
                                 target);
        *ret = named ? TARGET_ENGINE : TARGET_PRIVATE;
        return NULL;
}

static Status *route(Engine *e, Session *s)
{
        TargetKind kind;
        TRY(target_kind(s->target, &kind));
        s->shares_resources = kind == TARGET_ENGINE && !config_isolates(s->config);
        return s->shares_resources ? named_engine(e, s->target, &s->resources)
                                   : resources_new(&s->resources);
}

/* Only named engines outlive their sessions; an empty target has nothing to clear. */
Status *engine_clear(Engine *e, const char *target, const char *const *containers, int n)
{
        TargetKind kind;
        TRY(target_kind(target, &kind));
        if (kind == TARGET_PRIVATE)
                return NULL;
        autoptr(Resources) rs = NULL;
        TRY(named_engine(e, target, &rs));
        for (int i = 0; i < n; i++)
                resources_clear(rs, containers[i]);
        if (!n)
                resources_clear(rs, DEFAULT_CONTAINER);
        return NULL;
}

/* All that can fail, before anybody sees the session. */
static Status *session_new(Engine *e, const SessionOptions *o, Session **ret)
{
        autoptr(Session) s = mem_calloc(1, sizeof *s);
        if (!s)
                return status_oom();
        atomic_init(&s->refs, 1);
        pthread_mutex_init(&s->lock, NULL);
        s->engine = e;
        s->roots = o->roots ? o->roots : e->roots;
        s->name = mem_strdup(o->name);
        s->target = mem_strdup(o->target ? o->target : "");
        s->container =
                mem_strdup(o->container && o->container[0] ? o->container : DEFAULT_CONTAINER);
        if (!s->name || !s->target || !s->container)
                return status_oom();
        if (getrandom(&s->incarnation, sizeof s->incarnation, 0) < 0)
                s->incarnation = (uint64_t)clock_wall_us();
        TRY(config_copy(s, o->config));
        s->optimizer = optimizer_options(s->config->graph_options);
        TRY(route(e, s));
        TRY(resources_new(&s->private_));
        TRY(threads_new(e, s->config, &s->threads));
        if (o->graph)
                s->graph = graph_ref(o->graph);
        else
                TRY(graph_new(&s->graph));
        *ret = steal(&s);
        return NULL;
}

/* Name and metadata are taken under one lock. */
Status *engine_create_session(Engine *e, const SessionOptions *o, Session **ret)
{
        autoptr(Session) s = NULL;
        TRY(session_new(e, o, &s));
        pthread_mutex_lock(&e->lock);
        Status *st = map_get(&e->sessions, s->name)
                             ? already_exists("Session '%s' already exists", s->name)
                             : config_register(s);
        if (!st && (st = map_set(&e->sessions, s->name, s)))
                config_drop(s);
        if (!st) {
                session_ref(s);
                s->origin = o->origin;
                s->origin_free = o->origin_free;
        }
        pthread_mutex_unlock(&e->lock);
        TRY(st);
        placement_log_mapping(s);
        *ret = steal(&s);
        return NULL;
}

const FileRoots *engine_roots(const Engine *e)
{
        return e->roots;
}

/* ---- looking up ---- */

/* With the nearest names. */
static Status *no_such(Engine *e, const char *name)
{
        Status *s = not_found("Session '%s' does not exist", name);
        Nearest near = NEAREST(name);
        map_each (entry, &e->sessions)
                nearest_try(&near, entry->key);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(s, "Did you mean '%s'?", near.best[i]);
        return s;
}

/* The caller owns a reference. */
Status *engine_acquire(Engine *e, const char *name, Session **ret)
{
        pthread_mutex_lock(&e->lock);
        Session *s = map_get(&e->sessions, name);
        Status *st = s ? NULL : no_such(e, name);
        if (s)
                *ret = session_ref(s);
        pthread_mutex_unlock(&e->lock);
        return st;
}

Status *engine_forget(Engine *e, const char *name)
{
        pthread_mutex_lock(&e->lock);
        Session *s = map_del(&e->sessions, name);
        Status *st = s ? NULL : no_such(e, name);
        pthread_mutex_unlock(&e->lock);
        session_unref(s);
        return st;
}

static int by_name(const void *a, const void *b)
{
        return strcmp((*(Session *const *)a)->name, (*(Session *const *)b)->name);
}

/* All sessions, each with a new reference, sorted by name. */
static Status *snapshot(Engine *e, Session ***ret, size_t *ret_n)
{
        pthread_mutex_lock(&e->lock);
        size_t n = 0;
        Session **list = mem_calloc(e->sessions.count + 1, sizeof *list);
        if (list)
                map_each (entry, &e->sessions)
                        list[n++] = session_ref(entry->value);
        pthread_mutex_unlock(&e->lock);
        if (!list)
                return status_oom();
        qsort(list, n, sizeof *list, by_name);
        *ret = list;
        *ret_n = n;
        return NULL;
}

/* On a copy of the list. */
Status *engine_each_session(Engine *e, Status *(*fn)(void *arg, Session *s), void *arg)
{
        autofree Session **list = NULL;
        size_t n = 0;
        TRY(snapshot(e, &list, &n));
        Status *st = NULL;
        for (size_t i = 0; i < n; i++) {
                if (!st)
                        st = fn(arg, list[i]);
                session_unref(list[i]);
        }
        return st;
}

/* ---- ending ---- */

static Status *cancel_steps(void *arg UNUSED, Session *s)
{
        session_cancel_all(s, SR_UNAVAILABLE, "The server is shutting down");
        return NULL;
}

void engine_cancel_all(Engine *e)
{
        status_free(engine_each_session(e, cancel_steps, NULL));
}

static Status *add_running(void *arg, Session *s)
{
        SessionCounts n;
        session_counts(s, &n);
        *(int64_t *)arg += n.running;
        return NULL;
}

int64_t engine_running(const Engine *e)
{
        int64_t n = 0;
        status_free(engine_each_session((Engine *)e, add_running, &n));
        return n;
}

static bool ended(Session *s)
{
        pthread_mutex_lock(&s->lock);
        bool yes = s->finished;
        pthread_mutex_unlock(&s->lock);
        return yes;
}

/* For the end of the process: waits until it has ended. */
static Status *close_one(void *arg, Session *s)
{
        Engine *e = arg;
        session_close(s, NULL, NULL);
        pthread_mutex_lock(&e->lock);
        while (!ended(s))
                pthread_cond_wait(&e->closed, &e->lock);
        pthread_mutex_unlock(&e->lock);
        return NULL;
}

/* Closes what is open, then goes in the order of use. */
void engine_free(Engine *e)
{
        if (!e)
                return;
        status_free(engine_each_session(e, close_one, e));
        map_each (entry, &e->sessions)
                session_unref(entry->value);
        map_each (entry, &e->targets) {
                Target *t = entry->value;
                resources_unref(t->resources);
                mem_free(t->name);
                mem_free(t);
        }
        map_done(&e->sessions);
        map_done(&e->targets);
        map_done(&e->metadata);
        threads_end(e);
        pool_free(e->pool);
        timers_free(e->timers);
        roots_free(e->roots);
        pthread_cond_destroy(&e->closed);
        pthread_mutex_destroy(&e->lock);
        mem_free(e);
        registry_free();
}
