// SPDX-License-Identifier: Apache-2.0
/* What a session holds besides its graph: variables, counts, devices. */
#include "engine/session/declared.h"
#include "engine/session/device_name.h"
#include "engine/session/inside.h"
#include "engine/session/partition.h"

#include "engine/base/mem.h"
#include "engine/state/queue.h"
#include "engine/state/variable.h"
#include <stdlib.h>
#include <string.h>

typedef struct Visit {
        Status *(*fn)(void *arg, const VariableInfo *v);
        void *arg;
        Arena *arena;
        Map seen; /* "container:name"; a container has no colon */
} Visit;

/* True the first time that a variable of this name comes. */
static Status *note(Visit *visit, const char *container, const char *name, bool *ret_new)
{
        const char *key = arena_printf(visit->arena, "%s:%s", container, name);
        if (!key)
                return status_oom();
        *ret_new = !map_get(&visit->seen, key);
        return map_set(&visit->seen, key, visit);
}

/* A value's own shape, if there is one: variables may be declared without. */
static Status *visit_variable(void *arg, const char *container, const char *name, Resource *r)
{
        Visit *visit = arg;
        Variable *v = variable_of(r);
        bool first;
        TRY(note(visit, container, name, &first)); /* on each device there may be one */
        autoptr(Tensor) value = variable_read(v);
        VariableInfo info = { .name = name,
                              .container = container,
                              .dtype = v->dtype,
                              .shape = value ? value->shape : v->shape,
                              .bytes = value ? (int64_t)tensor_bytes(value) : 0,
                              .initialized = value != NULL };
        return visit->fn(visit->arg, &info);
}

static Status *visit_declared(void *arg, const VariableInfo *v)
{
        Visit *visit = arg;
        bool first;
        TRY(note(visit, v->container, v->name, &first));
        return first ? visit->fn(visit->arg, v) : NULL;
}

Status *session_each_variable(Session *s, Status *(*fn)(void *arg, const VariableInfo *v),
                              void *arg)
{
        if (session_closed(s))
                return client_closed();
        Visit visit = { .fn = fn, .arg = arg };
        TRY(arena_new((size_t)64 << 20, &visit.arena));
        Status *st = resources_each(s->resources, &variable_kind, visit_variable, &visit);
        if (!st)
                st = declared_each(s, visit_declared, &visit);
        map_done(&visit.seen);
        arena_free(visit.arena);
        return st;
}

/* Looks in the session's own container first, then anywhere. */
typedef struct Search {
        const char *name;
        Resource *found;
} Search;

static Status *match(void *arg, const char *container UNUSED, const char *name, Resource *r)
{
        Search *search = arg;
        if (!search->found && !strcmp(name, search->name))
                search->found = resource_ref(r);
        return NULL;
}

/* By its name in the session's container, else in any, else as the graph declares it. */
static Status *find_variable(Session *s, const char *name, Resource **ret)
{
        if (session_closed(s))
                return client_closed();
        Status *st = resources_find(s->resources, &variable_kind, s->container, name, ret);
        if (!st)
                return NULL;
        status_free(st);
        Search search = { .name = name };
        TRY(resources_each(s->resources, &variable_kind, match, &search));
        if (!search.found)
                return declared_make(s, name, ret);
        *ret = search.found;
        return NULL;
}

/* TensorFlow's text for a variable without a value. */
Status *session_get_variable(Session *s, const char *name, Tensor **ret)
{
        autoptr(Resource) r = NULL;
        TRY(find_variable(s, name, &r));
        Tensor *value = variable_read(variable_of(r));
        if (!value)
                return failed_precondition("Attempting to use uninitialized value %s", name);
        *ret = value;
        return NULL;
}

/* What a write over HTTP is checked for. */
static Status *fits(const Variable *v, const char *name, const Tensor *value)
{
        if (value->dtype != v->dtype)
                return invalid_argument("Variable '%s' is of type %s, not %s", name,
                                        dtype_name(v->dtype), dtype_name(value->dtype));
        if (!shape_compatible(&v->shape, &value->shape))
                return invalid_argument(
                        "Variable '%s' has shape %s, which a value of shape %s does not fit", name,
                        shape_text(&v->shape).s, shape_text(&value->shape).s);
        return NULL;
}

Status *session_set_variable(Session *s, const char *name, Tensor *value)
{
        autoptr(Resource) r = NULL;
        TRY(find_variable(s, name, &r));
        TRY(fits(variable_of(r), name, value));
        variable_assign(variable_of(r), value);
        return NULL;
}

Status *session_replace_variable(Session *s, const char *name, const Tensor *read, Tensor *value)
{
        autoptr(Resource) r = NULL;
        TRY(find_variable(s, name, &r));
        TRY(fits(variable_of(r), name, value));
        return variable_replace(variable_of(r), read, value)
                       ? NULL
                       : aborted("Variable '%s' has changed", name);
}

/* One resource. */
static Status *count_one(void *arg, const char *container UNUSED, const char *name UNUSED,
                         Resource *r)
{
        SessionCounts *n = arg;
        if (r->kind == &variable_kind) {
                autoptr(Tensor) value = variable_read(variable_of(r));
                n->variables++;
                n->initialized += value != NULL;
                n->variable_bytes += value ? (int64_t)tensor_bytes(value) : 0;
        } else if (r->kind == &queue_kind) {
                n->queues++;
        }
        return NULL;
}

/* Cheap enough for every listing. */
void session_counts(Session *s, SessionCounts *ret)
{
        SessionCounts n = { 0 };
        pthread_mutex_lock(&s->lock);
        n.nodes = s->graph ? graph_count(s->graph) : 0;
        n.partial_runs = (int)s->partials.count;
        n.steps = s->steps;
        n.running = s->n_running;
        bool closed = s->closed;
        pthread_mutex_unlock(&s->lock);
        if (!closed) { /* without memory for the snapshot the counts stay 0 */
                status_free(resources_each(s->resources, NULL, count_one, &n));
                status_free(resources_each(s->private_, NULL, count_one, &n));
        }
        *ret = n;
}

/* ---- containers ---- */

enum { MAX_CONTAINERS = 1024 };

typedef struct Containers {
        int n;
        struct {
                char *name;
                int resources;
        } list[MAX_CONTAINERS];
} Containers;

/* Few containers are usual; more than MAX_CONTAINERS are not told. */
static Status *count_container(void *arg, const char *container, const char *name UNUSED,
                               Resource *r UNUSED)
{
        Containers *all = arg;
        int i = 0;
        while (i < all->n && strcmp(all->list[i].name, container))
                i++;
        if (i == MAX_CONTAINERS)
                return NULL;
        if (i == all->n) {
                if (!(all->list[i].name = mem_strdup(container)))
                        return status_oom();
                all->n++;
        }
        all->list[i].resources++;
        return NULL;
}

static int by_container(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted by name. */
Status *session_each_container(Session *s,
                               Status *(*fn)(void *arg, const char *container, int resources),
                               void *arg)
{
        if (session_closed(s))
                return client_closed();
        Containers *all = mem_calloc(1, sizeof *all);
        if (!all)
                return status_oom();
        Status *st = resources_each(s->resources, NULL, count_container, all);
        qsort(all->list, (size_t)all->n, sizeof all->list[0], by_container);
        for (int i = 0; i < all->n; i++) {
                if (!st)
                        st = fn(arg, all->list[i].name, all->list[i].resources);
                mem_free(all->list[i].name);
        }
        mem_free(all);
        return st;
}

/* ---- devices ---- */

/* The CPUs of this session, as Session.list_devices() tells them. */
Status *session_each_device(Session *s, Status *(*fn)(void *arg, const DeviceInfo *d), void *arg)
{
        if (session_closed(s))
                return client_closed();
        int n = config_cpus(s->config);
        for (int i = 0; i < n; i++) {
                char name[DEVICE_NAME_SIZE];
                device_text(i, name);
                DeviceInfo d = { .name = name,
                                 .device_type = "CPU",
                                 .memory_limit = 256 << 20,
                                 .incarnation = device_incarnation(s->incarnation, i) };
                TRY(fn(arg, &d));
        }
        return NULL;
}

/* TensorFlow finds devices by complete names only, the old spelling of types included. */
bool session_has_device(const Session *s, const char *name, bool *ret_parsed)
{
        DeviceName d;
        *ret_parsed = (!*name || *name == '/') && device_name_parse(name, &d);
        if (!*ret_parsed || !d.job || !d.type || d.replica < 0 || d.task < 0 || d.id < 0)
                return false;
        for (int i = 0; i < config_cpus(s->config); i++)
                if (device_name_fits(&d, i))
                        return true;
        return false;
}
