// SPDX-License-Identifier: Apache-2.0
/* Session tensor handles: which of them a step leaves behind, and what a client can ask about them.
 */
#include "engine/session/inside.h"

#include "engine/base/mem.h"
#include "engine/state/session_store.h"
#include <string.h>

static Status *make_store(void *arg UNUSED, Resource **ret)
{
        return session_store_new(ret);
}

static Status *find_store(Session *s, Resource **ret)
{
        if (session_closed(s))
                return client_closed();
        return resources_find_or_make(s->private_, 0, &session_store_kind, "", SESSION_STATE_NAME,
                                      make_store, NULL, ret);
}

bool handles_in_plan(const Plan *p)
{
        for (uint32_t i = 0; i < p->n_nodes; i++)
                if (!strncmp(p->nodes[i].node->def->op, "GetSessionHandle", 16))
                        return true;
        return false;
}

/* The handle that a fetched value is, if its node made it. */
static bool handle_text(const TensorId *id, const Tensor *value, TString *ret)
{
        if (!value || strncmp(id->node->def->op, "GetSessionHandle", 16) != 0)
                return false;
        if (value->dtype == DT_STRING && value->count == 1) {
                *ret = tensor_strings(value)[0];
                return true;
        }
        Resource *r = value->dtype == DT_RESOURCE ? tensor_resource_at(value, 0) : NULL;
        if (!r || !r->kind->handle)
                return false;
        char *text = (char *)r->kind->handle(r);
        *ret = (TString){ text, strlen(text) };
        return true;
}

/* Only handles that were fetched stay. */
void handles_settle(Session *s, const Compiled *c, int64_t step, Tensor *const *values)
{
        if (!c->makes_handles)
                return;
        autoptr(Resource) store = NULL;
        Status *st =
                resources_find(s->private_, &session_store_kind, "", SESSION_STATE_NAME, &store);
        if (st) { /* no node came so far */
                status_free(st);
                return;
        }
        int n = 0, max = values ? (int)c->plan->n_fetches : 0;
        autofree TString *keep = mem_calloc((size_t)max + 1, sizeof *keep);
        for (int i = 0; keep && i < max; i++)
                n += handle_text(&c->fetches[i], values[i], &keep[n]);
        session_store_settle(session_store_of(store), step, keep, n);
}

/* ---- for clients ---- */

Status *session_each_handle(Session *s,
                            Status *(*fn)(void *arg, const char *handle, const Tensor *t),
                            void *arg)
{
        autoptr(Resource) store = NULL;
        TRY(find_store(s, &store));
        return session_store_each(session_store_of(store), fn, arg);
}

/* A handle made from outside of any step. */
Status *session_put_handle(Session *s, const char *name, Tensor *value, char **ret)
{
        autoptr(Resource) store = NULL;
        autofree char *text = NULL;
        TRY(find_store(s, &store));
        SessionStore *st = session_store_of(store);
        TRY(session_store_add(st, name, "", value, NO_STEP, &text));
        session_store_settle(st, NO_STEP, &(TString){ text, strlen(text) }, 1);
        *ret = steal(&text);
        return NULL;
}

Status *session_get_handle(Session *s, const char *handle, Tensor **ret)
{
        autoptr(Resource) store = NULL;
        TRY(find_store(s, &store));
        return session_store_get(session_store_of(store),
                                 &(TString){ (char *)handle, strlen(handle) }, ret);
}

Status *session_delete_handle(Session *s, const char *handle)
{
        autoptr(Resource) store = NULL;
        TRY(find_store(s, &store));
        return session_store_delete(session_store_of(store),
                                    &(TString){ (char *)handle, strlen(handle) });
}
