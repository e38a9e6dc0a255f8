// SPDX-License-Identifier: Apache-2.0
#include "api/contexts.h"

#include "api/context.h"
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { MAX_ENTRIES = 16384, MAX_DEPTH = 256 };

typedef struct Entry {
        char name[CONTEXT_NAME];
        SessionRec *rec; /* one reference */
        struct Stack *stack;
        struct Entry *outer;
} Entry;

typedef struct Stack {
        Entry *innermost;
        int depth;
        struct Stack *prev, *next; /* most recently used first */
} Stack;

struct Contexts {
        pthread_mutex_t lock; /* guards: everything below */
        Map entries;          /* name -> Entry */
        Stack *first, *last;
};

Status *contexts_new(Contexts **ret)
{
        Contexts *all = mem_calloc(1, sizeof *all);
        if (!all)
                return status_oom();
        pthread_mutex_init(&all->lock, NULL);
        *ret = all;
        return NULL;
}

/* ---- stacks ---- */

static void unlink_stack(Contexts *all, Stack *s)
{
        *(s->prev ? &s->prev->next : &all->first) = s->next;
        *(s->next ? &s->next->prev : &all->last) = s->prev;
        s->prev = s->next = NULL;
}

static void link_first(Contexts *all, Stack *s)
{
        s->next = all->first;
        *(s->next ? &s->next->prev : &all->last) = s;
        all->first = s;
}

static void use(Contexts *all, Stack *s)
{
        unlink_stack(all, s);
        link_first(all, s);
}

/* Takes the innermost entry away, and the stack with its last one. */
static void pop(Contexts *all, Stack *s)
{
        Entry *e = s->innermost;
        s->innermost = e->outer;
        s->depth--;
        map_del(&all->entries, e->name);
        session_rec_unref(e->rec);
        mem_free(e);
        if (s->innermost)
                return;
        unlink_stack(all, s);
        mem_free(s);
}

static void drop_oldest(Contexts *all)
{
        Stack *s = all->last;
        for (int n = s->depth; n > 0; n--)
                pop(all, s);
}

void contexts_free(Contexts *all)
{
        if (!all)
                return;
        while (all->last)
                drop_oldest(all);
        map_done(&all->entries);
        pthread_mutex_destroy(&all->lock);
        mem_free(all);
}

/* ---- enter and leave ---- */

static Status *unknown(const char *name)
{
        return not_found("Context not found: %.100s", name);
}

/* The name is a secret of 128 random bits: who has it may leave the context. */
static Status *new_entry(SessionRec *rec, Entry **ret)
{
        unsigned char id[(CONTEXT_NAME - 1) / 2];
        if (getrandom(id, sizeof id, 0) != sizeof id)
                return unavailable("no random numbers");
        Entry *e = mem_calloc(1, sizeof *e);
        if (!e)
                return status_oom();
        for (size_t i = 0; i < sizeof id; i++)
                snprintf(e->name + 2 * i, 3, "%02x", id[i]);
        e->rec = session_rec_ref(rec);
        *ret = e;
        return NULL;
}

/* A context without an outer one begins a stack. */
static Status *stack_for(Contexts *all, const char *outer, Stack **ret)
{
        if (*outer) {
                Entry *e = map_get(&all->entries, outer);
                *ret = e ? e->stack : NULL;
                return e ? NULL : unknown(outer);
        }
        Stack *s = mem_calloc(1, sizeof *s);
        if (!s)
                return status_oom();
        link_first(all, s);
        *ret = s;
        return NULL;
}

/* Contexts that nobody leaves are bounded: the oldest stacks go. */
static Status *push(Contexts *all, const char *outer, Entry *e)
{
        Stack *s = NULL;
        while (all->entries.count >= MAX_ENTRIES)
                drop_oldest(all);
        TRY(map_reserve(&all->entries, 1));
        TRY(stack_for(all, outer, &s));
        if (s->depth == MAX_DEPTH)
                return resource_exhausted("Contexts are nested deeper than %d levels.", MAX_DEPTH);
        use(all, s);
        e->stack = s;
        e->outer = s->innermost;
        s->innermost = e;
        s->depth++;
        return map_set(&all->entries, e->name, e);
}

/* Session.as_default().__enter__(). */
Status *contexts_enter(Contexts *all, const char *outer, SessionRec *rec, char ret[CONTEXT_NAME])
{
        Entry *e = NULL;
        TRY(new_entry(rec, &e));
        snprintf(ret, CONTEXT_NAME, "%s", e->name);
        pthread_mutex_lock(&all->lock);
        Status *s = push(all, outer, e);
        pthread_mutex_unlock(&all->lock);
        if (s) {
                session_rec_unref(e->rec);
                mem_free(e);
        }
        return s;
}

/* Contexts must be left from the inside out, or TensorFlow's AssertionError. */
static Status *leave(Contexts *all, const char *name)
{
        Entry *e = map_get(&all->entries, name);
        if (!e)
                return unknown(name);
        if (e->stack->innermost == e) {
                pop(all, e->stack);
                return NULL;
        }
        Status *s = invalid_argument("Nesting violated for default stack of <class "
                                     "'tensorflow.python.client.session.Session'> objects");
        status_set_exception(s, "AssertionError");
        return s;
}

Status *contexts_leave(Contexts *all, const char *name)
{
        pthread_mutex_lock(&all->lock);
        Status *s = leave(all, name);
        pthread_mutex_unlock(&all->lock);
        return s;
}

/* A session that was deleted is not found by its name, even if there is another one of it. */
static Status *still_open(Context *c, SessionRec *rec)
{
        autoptr(SessionRec) now = session_table_get(c->sessions, rec->name);
        return now == rec && !rec->closed_us ? NULL : session_closed_error();
}

/* Any name of a stack stands for the innermost of it, as one thread's default session. */
Status *contexts_innermost(Context *c, const char *name, Arena *a, const char **ret)
{
        Contexts *all = c->contexts;
        autoptr(SessionRec) rec = NULL;
        pthread_mutex_lock(&all->lock);
        Entry *e = *name ? map_get(&all->entries, name) : NULL;
        if (e) {
                use(all, e->stack);
                rec = session_rec_ref(e->stack->innermost->rec);
        }
        pthread_mutex_unlock(&all->lock);
        *ret = NULL;
        if (!rec)
                return NULL;
        TRY(still_open(c, rec));
        *ret = arena_strdup(a, rec->name);
        return *ret ? NULL : status_oom();
}
