// SPDX-License-Identifier: Apache-2.0
/* The callables of one session: those that live, and which names did. */
#include "api/callable.h"

#include "engine/base/nearest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void callables_init(Callables *all, int64_t next)
{
        pthread_mutex_init(&all->lock, NULL);
        all->next = next;
}

void callables_done(Callables *all)
{
        map_each (e, &all->live)
                callable_unref(e->value);
        map_done(&all->live);
        for (int i = 0; i < RELEASED_KEPT; i++)
                mem_free(all->released[i]);
        pthread_mutex_destroy(&all->lock);
}

int callables_count(Callables *all)
{
        pthread_mutex_lock(&all->lock);
        int n = (int)all->live.count;
        pthread_mutex_unlock(&all->lock);
        return n;
}

/* The next free number; it is taken only when the callable is added. */
Status *callables_name(Callables *all, Arena *a, const char **ret, int64_t *ret_next)
{
        char name[24];
        pthread_mutex_lock(&all->lock);
        int64_t no = all->next;
        do
                snprintf(name, sizeof name, "%lld", (long long)no++);
        while (map_get(&all->live, name));
        pthread_mutex_unlock(&all->lock);
        *ret = arena_strdup(a, name);
        *ret_next = no;
        return *ret ? NULL : status_oom();
}

/* The number moves on together with the name. */
Status *callables_add(Callables *all, Callable *c, int64_t next)
{
        Status *s = NULL;
        pthread_mutex_lock(&all->lock);
        if (map_get(&all->live, c->name))
                s = already_exists("Callable already exists: %s", c->name);
        if (!s)
                s = map_set(&all->live, c->name, c);
        if (!s) {
                callable_ref(c);
                all->next = MAX(all->next, next);
        }
        pthread_mutex_unlock(&all->lock);
        return s;
}

/* Names that the daemon gave are numbers below the next one; of others the last are known. */
static bool was_released(const Callables *all, const char *name)
{
        char *end;
        if (strspn(name, "0123456789") == strlen(name) && strlen(name) < 19 &&
            strtoll(name, &end, 10) < all->next)
                return true;
        for (int i = 0; i < RELEASED_KEPT; i++)
                if (all->released[i] && strcmp(all->released[i], name) == 0)
                        return true;
        return false;
}

/* A handle that was released is told apart from one that never was. */
static Status *missing(const Callables *all, const char *name)
{
        if (was_released(all, name))
                return invalid_argument("Attempted to run callable after handle was released: %s",
                                        name);
        Status *s = not_found("No such callable handle: %.140s", name);
        Nearest near = NEAREST(name);
        map_each (e, &all->live)
                nearest_try(&near, e->key);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(s, "%s", near.best[i]);
        return s;
}

Status *callables_get(Callables *all, const char *name, Callable **ret)
{
        pthread_mutex_lock(&all->lock);
        Callable *c = map_get(&all->live, name);
        Status *s = c ? NULL : missing(all, name);
        if (c)
                *ret = callable_ref(c);
        pthread_mutex_unlock(&all->lock);
        return s;
}

/* The last RELEASED_KEPT names are remembered. */
bool callables_remove(Callables *all, const char *name)
{
        char *copy = mem_strdup(name); /* without memory the name is soon unknown */
        pthread_mutex_lock(&all->lock);
        Callable *c = map_del(&all->live, name);
        if (c) {
                char **slot = &all->released[all->n_released++ % RELEASED_KEPT], *old = *slot;
                *slot = copy;
                copy = old;
        }
        pthread_mutex_unlock(&all->lock);
        mem_free(copy);
        callable_unref(c);
        return c;
}

static int by_name(const void *a, const void *b)
{
        return strcmp((*(Callable *const *)a)->name, (*(Callable *const *)b)->name);
}

/* On a copy, sorted by name. */
Status *callables_list(Callables *all, Callable ***ret, int *ret_n)
{
        int n = 0;
        pthread_mutex_lock(&all->lock);
        Callable **list = mem_calloc(all->live.count + 1, sizeof *list);
        if (list)
                map_each (e, &all->live)
                        list[n++] = callable_ref(e->value);
        pthread_mutex_unlock(&all->lock);
        if (!list)
                return status_oom();
        qsort(list, (size_t)n, sizeof *list, by_name);
        *ret = list;
        *ret_n = n;
        return NULL;
}
