// SPDX-License-Identifier: Apache-2.0
/* /v1/sessions/{session}/devices */
#include "api/handlers.h"
#include "api/proto_body.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One device in JSON. */
static Status *write_device(void *arg, const DeviceInfo *d)
{
        Writer *w = arg;
        char incarnation[24]; /* 64 bits: a text, since JSON's numbers hold 53 in many clients */
        writer_open(w, '{');
        writer_member_string(w, "name", d->name);
        writer_member_string(w, "device_type", d->device_type);
        writer_member_int(w, "memory_limit", d->memory_limit);
        snprintf(incarnation, sizeof incarnation, "%" PRIu64, d->incarnation);
        writer_member_string(w, "incarnation", incarnation);
        writer_close(w, '}');
        return NULL;
}

typedef struct Messages {
        Arena *arena;
        Tensorflow__ListDevicesResponse *all;
        size_t cap;
} Messages;

/* One device in the answer to ListDevices. */
static Status *add_message(void *arg, const DeviceInfo *d)
{
        Messages *l = arg;
        Tensorflow__DeviceAttributes *m = arena_alloc(l->arena, sizeof *m);
        if (!m)
                return status_oom();
        tensorflow__device_attributes__init(m);
        m->name = arena_strdup(l->arena, d->name);
        m->device_type = arena_strdup(l->arena, d->device_type);
        m->memory_limit = d->memory_limit;
        m->incarnation = d->incarnation;
        if (!m->name || !m->device_type)
                return status_oom();
        if (l->all->n_local_device == l->cap) {
                size_t cap = l->cap ? l->cap * 2 : 4;
                void *more = arena_calloc(l->arena, cap, sizeof m);
                if (!more)
                        return status_oom();
                if (l->cap)
                        memcpy(more, l->all->local_device, l->cap * sizeof m);
                l->all->local_device = more;
                l->cap = cap;
        }
        l->all->local_device[l->all->n_local_device++] = m;
        return NULL;
}

static Status *answer_message(Request *r, Session *session)
{
        Tensorflow__ListDevicesResponse all = TENSORFLOW__LIST_DEVICES_RESPONSE__INIT;
        Messages l = { .arena = r->arena, .all = &all };
        TRY(session_each_device(session, add_message, &l));
        return proto_body_answer(r, &all.base);
}

/* GET .../devices, in either form. */
Status *devices_list(Request *r)
{
        static const char *const types[] = { TYPE_JSON, TYPE_PROTO, NULL };
        autoptr(Session) session = NULL;
        TRY(session_use(r->context, r->args[0], &session));
        if (request_accepts(r, types) == 1)
                return answer_message(r, session);
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_key(&w, "devices");
        writer_open(&w, '[');
        TRY(session_each_device(session, write_device, &w));
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}
