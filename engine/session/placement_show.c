// SPDX-License-Identifier: Apache-2.0
/* Placement as it is told to people: node by node, and in TensorFlow's lines to the log. */
#include "engine/base/mem.h"
#include "engine/ops/signature.h"
#include "engine/session/device_name.h"
#include "engine/session/inside.h"
#include <limits.h>

enum { MAX_LOG_LINES = 10000 }; /* of one placement: a client must not flood the log */

/* A placement and the graph that it is of, held. */
typedef struct View {
        Graph *graph;
        int16_t *device; /* NULL: all on CPU:0 */
        int n;           /* entries of device, or of nodes that are placed */
} View;

/* Under the session's lock. */
static Status *view_locked(Session *s, View *v)
{
        const Placement *p = &s->placement;
        if (s->closed)
                return client_closed();
        TRY(placement_whole(s));
        v->n = p->n;
        if (p->device && !(v->device = mem_dup(p->device, (size_t)p->n * sizeof *p->device)))
                return status_oom();
        v->graph = graph_ref(s->graph);
        return NULL;
}

/* A node that was not placed yet has no device. */
static Status *show_node(const View *v, int i, Status *(*fn)(void *arg, const PlacementInfo *p),
                         void *arg)
{
        char device[DEVICE_NAME_SIZE];
        const Node *n = graph_node(v->graph, i);
        int cpu = i >= v->n ? -1 : v->device ? v->device[i] : 0;
        PlacementInfo info = { .name = n->name, .op = n->op->def->name };
        if (cpu >= 0) {
                device_text(cpu, device);
                info.device = device;
        }
        return fn(arg, &info);
}

/* On a copy: fn may take its time. */
static Status *show(Session *s, int most, Status *(*fn)(void *arg, const PlacementInfo *p),
                    void *arg)
{
        View v = { 0 };
        pthread_mutex_lock(&s->lock);
        Status *st = view_locked(s, &v);
        int n = v.graph ? graph_count(v.graph) : 0;
        pthread_mutex_unlock(&s->lock);
        for (int i = 0; i < MIN(n, most) && !st; i++)
                st = show_node(&v, i, fn, arg);
        graph_unref(v.graph);
        mem_free(v.device);
        return st;
}

Status *session_each_placement(Session *s, Status *(*fn)(void *arg, const PlacementInfo *p),
                               void *arg)
{
        return show(s, INT_MAX, fn, arg);
}

/* ---- to the log ---- */

static Status *log_node(void *arg, const PlacementInfo *p)
{
        const Session *s = arg;
        autofree char *line =
                p->device ? mem_printf("%s: (%s): %s", p->name, p->op, p->device) : NULL;
        if (line)
                s->engine->log(s->name, line);
        return NULL;
}

void placement_log_mapping(const Session *s)
{
        if (s->config->log_device_placement && s->engine->log)
                s->engine->log(s->name, DEVICE_MAPPING);
}

/* Once for each placement, not for each run. */
void placement_log(Session *s)
{
        if (!s->config->log_device_placement || !s->engine->log)
                return;
        pthread_mutex_lock(&s->lock);
        bool news = s->placement.logged != s->placement.made;
        s->placement.logged = s->placement.made;
        pthread_mutex_unlock(&s->lock);
        if (news)
                status_free(show(s, MAX_LOG_LINES, log_node, s));
}
