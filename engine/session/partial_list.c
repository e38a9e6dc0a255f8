// SPDX-License-Identifier: Apache-2.0
/* Partial runs as lists show them, and the end of one that nobody goes on with. */
#include "engine/session/partial.h"

#include "engine/base/mem.h"
#include <stdlib.h>
#include <string.h>

static int step_order(const void *a, const void *b)
{
        int64_t x = (*(PartialRun *const *)a)->running.id,
                y = (*(PartialRun *const *)b)->running.id;
        return x < y ? -1 : x > y;
}

static int count_calls(const PartialRun *p)
{
        int n = 0;
        for (const Call *c = p->calls; c; c = c->next)
                n++;
        return n;
}

/* Fetches that are operations are its targets. Under both locks. */
static Status *show(const PartialRun *p, Status *(*fn)(void *, const PartialInfo *), void *arg)
{
        const Compiled *c = p->compiled;
        size_t feeds = c->plan->n_feeds, fetches = (size_t)c->n_fetches;
        autofree PartialName *names = mem_calloc(feeds + fetches + 1, sizeof *names);
        if (!names)
                return status_oom();
        PartialInfo i = { .handle = p->handle,
                          .step_id = p->running.id,
                          .started_us = p->running.started_us,
                          .waiting = count_calls(p),
                          .feeds = names,
                          .fetches = names + feeds,
                          .n_feeds = (int)feeds };
        for (size_t k = 0; k < feeds; k++)
                names[k] = (PartialName){ p->feed_names[k], p->fed[k] };
        for (size_t k = 0; k < fetches; k++)
                if (c->fetch[k] >= 0)
                        names[feeds + (size_t)i.n_fetches++] =
                                (PartialName){ p->fetch_names[k], p->fetched[c->fetch[k]] };
        return fn(arg, &i);
}

/* In the order in which they were set up. */
static Status *show_all(Session *s, Status *(*fn)(void *, const PartialInfo *), void *arg)
{
        size_t n = 0;
        autofree PartialRun **all = mem_calloc(s->partials.count + 1, sizeof *all);
        if (!all)
                return status_oom();
        map_each (e, &s->partials)
                all[n++] = e->value;
        qsort(all, n, sizeof *all, step_order);
        for (size_t i = 0; i < n; i++) {
                pthread_mutex_lock(&all[i]->lock);
                Status *st = show(all[i], fn, arg);
                pthread_mutex_unlock(&all[i]->lock);
                TRY(st);
        }
        return NULL;
}

Status *session_each_partial_run(Session *s, Status *(*fn)(void *, const PartialInfo *), void *arg)
{
        pthread_mutex_lock(&s->lock);
        Status *st = show_all(s, fn, arg);
        pthread_mutex_unlock(&s->lock);
        return st;
}

Status *session_partial_run_end(Session *s, const char *handle)
{
        pthread_mutex_lock(&s->lock);
        PartialRun *found = map_get(&s->partials, handle);
        autoptr(PartialRun) p = found ? partial_ref(found) : NULL;
        pthread_mutex_unlock(&s->lock);
        if (!p)
                return invalid_argument("Must run 'setup' before performing partial runs!");
        partial_end(p, cancelled("Run call was cancelled"));
        return NULL;
}
