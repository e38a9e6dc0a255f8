// SPDX-License-Identifier: Apache-2.0
/* Variables that the graph declares: clients see them, and may set them, before a step makes them.
 * Of queues they are told how to make them. */
#include "engine/session/declared.h"

#include "engine/session/inside.h"
#include "engine/state/variable.h"
#include <string.h>

bool declares_variable(const Node *n)
{
        static const char *const ops[] = { "Variable", "VariableV2", "VarHandleOp" };
        for (size_t i = 0; i < COUNTOF(ops); i++)
                if (!strcmp(n->def->op, ops[i]))
                        return node_type(n, "dtype", DT_INVALID) != DT_RESOURCE;
        return false;
}

const char *declared_name(const Node *n)
{
        const char *shared = node_string(n, "shared_name", "");
        return *shared ? shared : n->name;
}

const char *declared_container(const Session *s, const Node *n)
{
        const char *container = node_string(n, "container", "");
        return *container ? container : s->container;
}

static bool declares_queue(const Node *n)
{
        const char *queue = strstr(n->def->op, "Queue");
        return queue && (!queue[5] || !strcmp(queue + 5, "V2")) && node_attr(n, "component_types");
}

void declared_queue_hint(Session *s, const char *name, Status *st)
{
        pthread_mutex_lock(&s->lock);
        for (int i = 0; s->graph && i < graph_count(s->graph); i++) {
                const Node *n = graph_node(s->graph, i);
                if (declares_queue(n) && !strcmp(declared_name(n), name)) {
                        status_add_hint(st, "No step has made it yet: run the target '%s' first.",
                                        n->name);
                        break;
                }
        }
        pthread_mutex_unlock(&s->lock);
}

static Status *info_of(const Session *s, const Node *n, VariableInfo *ret)
{
        *ret = (VariableInfo){ .name = declared_name(n),
                               .container = declared_container(s, n),
                               .dtype = node_type(n, "dtype", DT_INVALID),
                               .shape = SHAPE_UNKNOWN };
        return node_attr_shape(n, "shape", &ret->shape);
}

Status *declared_each(Session *s, Status *(*fn)(void *arg, const VariableInfo *v), void *arg)
{
        Status *st = NULL;
        pthread_mutex_lock(&s->lock);
        for (int i = 0; !st && s->graph && i < graph_count(s->graph); i++) {
                const Node *n = graph_node(s->graph, i);
                VariableInfo info;
                if (!declares_variable(n))
                        continue;
                st = info_of(s, n, &info);
                if (!st)
                        st = fn(arg, &info);
        }
        pthread_mutex_unlock(&s->lock);
        return st;
}

static Status *make(void *arg, Resource **ret)
{
        const VariableInfo *v = arg;
        return variable_new(v->dtype, &v->shape, v->name, v->container, ret);
}

/* Where the node is placed. */
static Status *make_at(Session *s, const Node *n, Resource **ret)
{
        VariableInfo info;
        TRY(placement_whole(s));
        TRY(info_of(s, n, &info));
        const Placement *p = &s->placement;
        int device = p->device && n->id < (uint32_t)p->n ? p->device[n->id] : 0;
        return resources_find_or_make(s->resources, MAX(device, 0), &variable_kind, info.container,
                                      info.name, make, &info, ret);
}

Status *declared_make(Session *s, const char *name, Resource **ret)
{
        const Node *found = NULL;
        pthread_mutex_lock(&s->lock);
        for (int i = 0; s->graph && !found && i < graph_count(s->graph); i++) {
                const Node *n = graph_node(s->graph, i);
                if (declares_variable(n) && !strcmp(declared_name(n), name))
                        found = n;
        }
        Status *st = found ? make_at(s, found, ret)
                           : not_found("Session '%s' has no variable '%s'", s->name, name);
        pthread_mutex_unlock(&s->lock);
        return st;
}
