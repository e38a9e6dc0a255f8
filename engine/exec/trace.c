// SPDX-License-Identifier: Apache-2.0
/* StepStats: gathers what nodes did (trace_node.c) while the step runs. Nodes that only move values
 * between devices are not in it, as in TensorFlow. */
#include "engine/exec/trace_inside.h"

#include "engine/base/clock.h"
#include "engine/exec/device.h"

/* As many as TensorFlow collects; what runs later is left out. */
enum { MAX_EVENTS = 1 << 20 };

/* Both clocks at one moment, to tell wall time from the monotonic one. */
Status *trace_new(Trace **ret)
{
        autoptr(Trace) t = mem_calloc(1, sizeof *t);
        if (!t)
                return status_oom();
        pthread_mutex_init(&t->lock, NULL);
        t->wall_us = clock_wall_us();
        t->mono_ns = clock_ns();
        TRY(arena_new(SIZE_MAX, &t->arena));
        *ret = steal(&t);
        return NULL;
}

void trace_free(Trace *t)
{
        if (!t)
                return;
        map_done(&t->allocations);
        arena_free(t->arena);
        pthread_mutex_destroy(&t->lock);
        mem_free(t);
}

/* From the driver of any step of the run, thus under the lock. Loops are cut off at MAX_EVENTS. */
void trace_node(Trace *t, const TraceNode *n)
{
        pthread_mutex_lock(&t->lock);
        Event *e = t->n < MAX_EVENTS ? trace_event(t, n) : NULL;
        if (e) {
                e->next = t->events;
                t->events = e;
                t->n++;
                t->last_device = MAX(t->last_device, n->device);
        }
        pthread_mutex_unlock(&t->lock);
}

/* ---- all of them ---- */

/* A device's statistics with room for n nodes. */
static Status *new_device(Trace *t, int device, size_t n, Tensorflow__DeviceStepStats **ret)
{
        char name[DEVICE_NAME_SIZE];
        Tensorflow__DeviceStepStats *d = arena_alloc(t->arena, sizeof *d);
        if (!d)
                return status_oom();
        device_text(device, name);
        tensorflow__device_step_stats__init(d);
        d->device = arena_strdup(t->arena, name);
        d->node_stats = arena_alloc(t->arena, n * sizeof *d->node_stats);
        *ret = d;
        return d->device && d->node_stats ? NULL : status_oom();
}

/* by_device: as many as the highest number says, and what the first has if nothing ran. */
static Status *collect(Trace *t, Tensorflow__DeviceStepStats **by_device, size_t *n,
                       Tensorflow__StepStats *stats)
{
        for (Event *e = t->events; e; e = e->next)
                n[e->device]++;
        for (int i = 0; i <= t->last_device; i++) {
                if (!n[i] && t->n)
                        continue;
                TRY(new_device(t, i, n[i], &by_device[i]));
                by_device[i]->n_node_stats = n[i];
                stats->dev_stats[stats->n_dev_stats++] = by_device[i];
        }
        for (Event *e = t->events; e; e = e->next) /* newest first */
                by_device[e->device]->node_stats[--n[e->device]] = &e->stats;
        return NULL;
}

/* Events by device. */
static Status *make_stats(Trace *t, Tensorflow__StepStats **ret)
{
        size_t most = (size_t)t->last_device + 1;
        Tensorflow__StepStats *stats = arena_alloc(t->arena, sizeof *stats);
        Tensorflow__DeviceStepStats **by_device = arena_calloc(t->arena, most, sizeof *by_device);
        size_t *n = arena_calloc(t->arena, most, sizeof *n);
        if (!stats || !by_device || !n)
                return status_oom();
        tensorflow__step_stats__init(stats);
        stats->dev_stats = arena_alloc(t->arena, most * sizeof *stats->dev_stats);
        if (!stats->dev_stats)
                return status_oom();
        TRY(collect(t, by_device, n, stats));
        *ret = stats;
        return NULL;
}

Status *trace_stats(Trace *t, Tensorflow__StepStats **ret)
{
        pthread_mutex_lock(&t->lock);
        Status *s = make_stats(t, ret);
        pthread_mutex_unlock(&t->lock);
        return s;
}
