// SPDX-License-Identifier: Apache-2.0
/* Keeps a debugger's values until the run is answered. */
#include "engine/state/debug_log.h"

#include "engine/base/mem.h"
#include <pthread.h>

struct DebugLog {
        pthread_mutex_t lock; /* guards: all of it, while the step runs */
        DebugValue *values;
        int n, cap;
        int64_t lost;
};

Status *debug_log_new(DebugLog **ret)
{
        DebugLog *l = mem_calloc(1, sizeof *l);
        if (!l)
                return status_oom();
        pthread_mutex_init(&l->lock, NULL);
        *ret = l;
        return NULL;
}

/* Half made ones, too. */
static void value_done(DebugValue *v)
{
        mem_free((char *)v->key.node);
        mem_free((char *)v->key.op);
        mem_free((char *)v->key.device);
        tensor_unref(v->value);
}

void debug_log_free(DebugLog *l)
{
        if (!l)
                return;
        for (int i = 0; i < l->n; i++)
                value_done(&l->values[i]);
        mem_free(l->values);
        pthread_mutex_destroy(&l->lock);
        mem_free(l);
}

/* Room for one more; false beyond the bound, or without memory. */
static bool make_room(DebugLog *l)
{
        if (l->n < l->cap)
                return true;
        int cap = l->cap ? 2 * l->cap : 16;
        DebugValue *more =
                l->n < DEBUG_LOG_MAX ? mem_realloc(l->values, (size_t)cap * sizeof *more) : NULL;
        if (!more)
                return false;
        l->values = more;
        l->cap = cap;
        return true;
}

/* Under the lock. */
static bool add(DebugLog *l, const DebugKey *k, Tensor *value, int64_t wall_us)
{
        if (l->n >= DEBUG_LOG_MAX || !make_room(l))
                return false;
        DebugValue v = { .wall_us = wall_us };
        v.key = (DebugKey){ .node = mem_strdup(k->node),
                            .op = mem_strdup(k->op),
                            .device = mem_strdup(k->device),
                            .slot = k->slot };
        if (!v.key.node || !v.key.op || !v.key.device) {
                value_done(&v);
                return false;
        }
        v.value = tensor_ref(value);
        l->values[l->n++] = v;
        return true;
}

/* Called by kernels, which must not fail for want of a log. */
void debug_log_add(DebugLog *l, const DebugKey *k, Tensor *value, int64_t wall_us)
{
        pthread_mutex_lock(&l->lock);
        l->lost += !add(l, k, value, wall_us);
        pthread_mutex_unlock(&l->lock);
}

/* The readers need no lock: the step has ended. */
int debug_log_count(const DebugLog *l)
{
        return l->n;
}

const DebugValue *debug_log_at(const DebugLog *l, int i)
{
        return &l->values[i];
}

int64_t debug_log_lost(const DebugLog *l)
{
        return l->lost;
}
