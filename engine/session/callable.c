// SPDX-License-Identifier: Apache-2.0
/* Callables: a signature that is looked up once. What it found belongs to the session as it is: an
 * extend that gives the session another graph, or its close, takes it back, and the next run looks
 * again. */
#include "engine/session/inside.h"

#include "engine/base/mem.h"

struct SessionCallable {
        Session *session;            /* in whose list it is, or NULL; changed under both locks */
        Compiled *compiled;          /* guarded by its session's lock; NULL: to be looked up */
        SessionCallable *next, **at; /* in that list; guarded by list_lock */
};

/* guards: the lists of all sessions. Behind Session.lock; taken for the first run of a callable and
 * for its end only */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

Status *session_callable_new(SessionCallable **ret)
{
        SessionCallable *c = mem_calloc(1, sizeof *c);
        if (!c)
                return status_oom();
        *ret = c;
        return NULL;
}

/* Under the lists' lock. */
static void unlist(SessionCallable *c)
{
        *c->at = c->next;
        if (c->next)
                c->next->at = c->at;
        c->session = NULL;
}

void session_callable_free(SessionCallable *c)
{
        if (!c)
                return;
        pthread_mutex_lock(&list_lock);
        if (c->session)
                unlist(c);
        pthread_mutex_unlock(&list_lock);
        compiled_unref(c->compiled);
        mem_free(c);
}

/* The first run decides whose it is. */
static void remember(Session *s, SessionCallable *c, Compiled *compiled)
{
        pthread_mutex_lock(&list_lock);
        if (!c->session) {
                c->session = s;
                c->next = s->callables;
                c->at = &s->callables;
                if (c->next)
                        c->next->at = &c->next;
                s->callables = c;
        }
        pthread_mutex_unlock(&list_lock);
        if (c->session != s)
                return;
        atomic_fetch_add_explicit(&compiled->refs, 1, memory_order_relaxed);
        c->compiled = compiled;
}

Status *callable_compile(Session *s, const RunRequest *r, Compiled **ret)
{
        SessionCallable *c = r->prepared;
        if (c && c->session == s && c->compiled && !s->closed) {
                atomic_fetch_add_explicit(&c->compiled->refs, 1, memory_order_relaxed);
                *ret = c->compiled;
                return NULL;
        }
        TRY(signature_compile(s, r, false, ret));
        if (c)
                remember(s, c, *ret);
        return NULL;
}

void callables_forget(Session *s)
{
        pthread_mutex_lock(&list_lock);
        while (s->callables) {
                SessionCallable *c = s->callables;
                unlist(c);
                compiled_unref(steal(&c->compiled));
        }
        pthread_mutex_unlock(&list_lock);
}
