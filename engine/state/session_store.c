// SPDX-License-Identifier: Apache-2.0
/* Tensors by handle, and the list of those whose step has not ended yet. */
#include "engine/state/session_store.h"

#include "engine/base/map.h"
#include "engine/base/mem.h"
#include <pthread.h>

typedef struct Entry {
        char *handle;
        Tensor *tensor;
        int64_t step;
        struct Entry *next; /* in the list of pending ones, or of those to be freed */
} Entry;

struct SessionStore {
        Resource base;
        pthread_mutex_t lock; /* guards: entries, pending, next_id */
        Map entries;          /* handle -> Entry, of those that count */
        Entry *pending;
        int64_t next_id;
};

static void entry_free(Entry *e)
{
        tensor_unref(e->tensor);
        mem_free(e->handle);
        mem_free(e);
}

static void list_free(Entry *list)
{
        for (Entry *next; list; list = next) {
                next = list->next;
                entry_free(list);
        }
}

static void store_destroy(Resource *r)
{
        SessionStore *st = session_store_of(r);
        map_each (e, &st->entries)
                entry_free(e->value);
        map_done(&st->entries);
        list_free(st->pending);
        pthread_mutex_destroy(&st->lock);
        mem_free(st);
}

const ResourceKind session_store_kind = { .name = "SessionStore", .destroy = store_destroy };

SessionStore *session_store_of(Resource *r)
{
        return CONTAINER_OF(r, SessionStore, base);
}

Status *session_store_new(Resource **ret)
{
        SessionStore *st = mem_calloc(1, sizeof *st);
        if (!st)
                return status_oom();
        resource_init(&st->base, &session_store_kind);
        pthread_mutex_init(&st->lock, NULL);
        *ret = &st->base;
        return NULL;
}

/* Has this node made a handle in this step? Under the lock. */
static bool is_pending(const SessionStore *st, const char *node, int64_t step)
{
        size_t len = strlen(node);
        for (const Entry *e = st->pending; e; e = e->next)
                if (e->step == step && !strncmp(e->handle, node, len) && e->handle[len] == ';')
                        return true;
        return false;
}

/* A handle is pending until its step ends: only handles that were fetched are kept
 * (GetSessionHandle). */
Status *session_store_add(SessionStore *st, const char *node, const char *device, Tensor *t,
                          int64_t step, char **ret)
{
        Entry *e = mem_calloc(1, sizeof *e);
        if (!e)
                return status_oom();
        pthread_mutex_lock(&st->lock);
        long long id = st->next_id++;
        pthread_mutex_unlock(&st->lock);
        e->handle = mem_printf("%s;%lld;%s", node, id, device);
        char *copy = e->handle ? mem_strdup(e->handle) : NULL;
        if (!copy) {
                entry_free(e);
                return status_oom();
        }
        e->tensor = tensor_ref(t);
        e->step = step;
        pthread_mutex_lock(&st->lock);
        bool again = is_pending(st, node, step);
        if (!again) {
                e->next = st->pending;
                st->pending = e;
        }
        pthread_mutex_unlock(&st->lock);
        if (again) {
                entry_free(e);
                mem_free(copy);
                return invalid_argument("Failed to add a tensor with name '%s' to the tensor "
                                        "store.",
                                        node);
        }
        *ret = copy;
        return NULL;
}

static bool kept(const Entry *e, const TString *keep, int n)
{
        for (int i = 0; i < n; i++)
                if (strlen(e->handle) == keep[i].len &&
                    !memcmp(e->handle, keep[i].data, keep[i].len))
                        return true;
        return false;
}

/* The step has ended: what it fetched stays, its other handles go. */
void session_store_settle(SessionStore *st, int64_t step, const TString *keep, int n)
{
        Entry *drop = NULL;
        pthread_mutex_lock(&st->lock);
        for (Entry **at = &st->pending; *at;) {
                Entry *e = *at;
                if (e->step != step) {
                        at = &e->next;
                        continue;
                }
                *at = e->next;
                Status *s = kept(e, keep, n) ? map_set(&st->entries, e->handle, e) : status_oom();
                if (s) {
                        status_free(s);
                        e->next = drop;
                        drop = e;
                }
        }
        pthread_mutex_unlock(&st->lock);
        list_free(drop);
}

static const char *bytes(const TString *s)
{
        return s->len ? s->data : "";
}

/* The caller owns a reference. */
Status *session_store_get(SessionStore *st, const TString *handle, Tensor **ret)
{
        pthread_mutex_lock(&st->lock);
        Entry *e = map_getn(&st->entries, bytes(handle), handle->len);
        Tensor *t = e ? tensor_ref(e->tensor) : NULL;
        pthread_mutex_unlock(&st->lock);
        if (!t)
                return invalid_argument("The tensor with handle '%.*s' is not in the session "
                                        "store.",
                                        (int)MIN(handle->len, (size_t)4096), bytes(handle));
        *ret = t;
        return NULL;
}

/* DeleteSessionTensor. */
Status *session_store_delete(SessionStore *st, const TString *handle)
{
        pthread_mutex_lock(&st->lock);
        Entry *e = map_deln(&st->entries, bytes(handle), handle->len);
        pthread_mutex_unlock(&st->lock);
        if (!e)
                return invalid_argument("Failed to delete a tensor with handle '%.*s' in the "
                                        "session store.",
                                        (int)MIN(handle->len, (size_t)4096), bytes(handle));
        entry_free(e);
        return NULL;
}

/* Under the lock: fn must not come back here. */
Status *session_store_each(SessionStore *st,
                           Status *(*fn)(void *arg, const char *handle, const Tensor *t), void *arg)
{
        Status *s = NULL;
        pthread_mutex_lock(&st->lock);
        map_each (m, &st->entries) {
                Entry *e = m->value;
                if (!s)
                        s = fn(arg, e->handle, e->tensor);
        }
        pthread_mutex_unlock(&st->lock);
        return s;
}

/* ---- handles as resources ---- */

typedef struct SessionHandle {
        Resource base;
        char text[];
} SessionHandle;

static void handle_destroy(Resource *r)
{
        mem_free(CONTAINER_OF(r, SessionHandle, base));
}

static const char *handle_text(Resource *r)
{
        return CONTAINER_OF(r, SessionHandle, base)->text;
}

static const ResourceKind handle_kind = { .name = "N10tensorflow6TensorE",
                                          .destroy = handle_destroy,
                                          .handle = handle_text };

/* The resource form of a handle (GetSessionHandleV2). */
Status *session_handle_new(const char *text, Resource **ret)
{
        SessionHandle *h = mem_alloc(sizeof *h + strlen(text) + 1);
        if (!h)
                return status_oom();
        resource_init(&h->base, &handle_kind);
        memcpy(h->text, text, strlen(text) + 1);
        *ret = &h->base;
        return NULL;
}
