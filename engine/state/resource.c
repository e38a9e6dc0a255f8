// SPDX-License-Identifier: Apache-2.0
/* Resources in one map, keyed "container\0kind\0name\0" and the device's number behind it but for
 * device 0; containers exist as long as something is in
 * them. */
#include "engine/state/resource.h"

#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/tensor/tensor.h"
#include <pthread.h>
#include <string.h>

typedef struct Item {
        const ResourceKind *kind;
        Resource *resource;
        const char *name; /* inside key */
        size_t key_len;
        char key[]; /* starts with the container */
} Item;

struct Resources {
        atomic_int refs;
        pthread_mutex_t lock; /* guards: items */
        Map items;
};

/* The table of one session, or of a named engine shared by several. */
Status *resources_new(Resources **ret)
{
        Resources *rs = mem_calloc(1, sizeof *rs);
        if (!rs)
                return status_oom();
        atomic_init(&rs->refs, 1);
        pthread_mutex_init(&rs->lock, NULL);
        *ret = rs;
        return NULL;
}

Resources *resources_ref(Resources *rs)
{
        atomic_fetch_add(&rs->refs, 1);
        return rs;
}

void resources_unref(Resources *rs)
{
        if (!rs || atomic_fetch_sub(&rs->refs, 1) != 1)
                return;
        resources_clear_all(rs);
        map_done(&rs->items);
        pthread_mutex_destroy(&rs->lock);
        mem_free(rs);
}

static size_t device_bytes(int device)
{
        return device ? sizeof device : 0;
}

/* The key is container, kind, name and device in one run of bytes with NULs between. */
static Status *item_new(int device, const ResourceKind *kind, const char *container,
                        const char *name, Item **ret)
{
        size_t nc = strlen(container) + 1, nk = strlen(kind->name) + 1, nn = strlen(name) + 1;
        size_t nd = device_bytes(device);
        Item *item = mem_alloc(sizeof *item + nc + nk + nn + nd);
        if (!item)
                return status_oom();
        item->kind = kind;
        item->resource = NULL;
        item->key_len = nc + nk + nn + nd;
        item->name = item->key + nc + nk;
        memcpy(item->key, container, nc);
        memcpy(item->key + nc, kind->name, nk);
        memcpy(item->key + nc + nk, name, nn);
        memcpy(item->key + nc + nk + nn, &device, nd);
        *ret = item;
        return NULL;
}

/* The key in the caller's buffer when it fits, so that a lookup allocates nothing; else in *heap.
 */
static const char *make_key(char *buf, size_t size, char **heap, int device,
                            const ResourceKind *kind, const char *container, const char *name,
                            size_t *ret_len)
{
        size_t nc = strlen(container) + 1, nk = strlen(kind->name) + 1, nn = strlen(name) + 1;
        size_t nd = device_bytes(device), n = nc + nk + nn + nd;
        char *key = n <= size ? buf : (*heap = mem_alloc(n));
        if (!key)
                return NULL;
        memcpy(key, container, nc);
        memcpy(key + nc, kind->name, nk);
        memcpy(key + nc + nk, name, nn);
        memcpy(key + nc + nk + nn, &device, nd);
        *ret_len = n;
        return key;
}

static Item *find(Resources *rs, int device, const ResourceKind *kind, const char *container,
                  const char *name)
{
        char buf[256];
        autofree char *heap = NULL;
        size_t len;
        const char *key = make_key(buf, sizeof buf, &heap, device, kind, container, name, &len);
        return key ? map_getn(&rs->items, key, len) : NULL;
}

/* Adds a reference of r under its key; the key must be new. */
static Status *insert(Resources *rs, int device, const ResourceKind *kind, const char *container,
                      const char *name, Resource *r)
{
        Item *item = NULL;
        TRY(item_new(device, kind, container, name, &item));
        Status *s = map_setn(&rs->items, item->key, item->key_len, item);
        if (s) {
                mem_free(item);
                return s;
        }
        item->resource = resource_ref(r);
        return NULL;
}

/* TensorFlow tells an unknown container from an unknown name. */
static Status *missing(Resources *rs, const ResourceKind *kind, const char *container,
                       const char *name)
{
        map_each (e, &rs->items) {
                const Item *item = e->value;
                bool exists = !item->kind->exists || item->kind->exists(item->resource);
                if (exists && !strcmp(e->key, container))
                        return not_found("Resource %s/%s/%s does not exist.", container, name,
                                         kind->name);
        }
        return not_found("Container %s does not exist. (Could not find resource: %s/%s)", container,
                         container, name);
}

Status *resources_missing(Resources *rs, const ResourceKind *kind, const char *container,
                          const char *name)
{
        pthread_mutex_lock(&rs->lock);
        Status *s = missing(rs, kind, container, name);
        pthread_mutex_unlock(&rs->lock);
        return s;
}

/* Under the lock: two nodes that share a name get one resource, whoever comes first. */
static Status *find_or_make(Resources *rs, int device, const ResourceKind *kind,
                            const char *container, const char *name, MakeFn make, void *arg,
                            Resource **ret)
{
        Item *item = find(rs, device, kind, container, name);
        if (item) {
                *ret = resource_ref(item->resource);
                return NULL;
        }
        autoptr(Resource) r = NULL;
        TRY(make(arg, &r));
        TRY(insert(rs, device, kind, container, name, r));
        *ret = steal(&r);
        return NULL;
}

Status *resources_find_or_make(Resources *rs, int device, const ResourceKind *kind,
                               const char *container, const char *name, MakeFn make, void *arg,
                               Resource **ret)
{
        pthread_mutex_lock(&rs->lock);
        Status *s = find_or_make(rs, device, kind, container, name, make, arg, ret);
        pthread_mutex_unlock(&rs->lock);
        return s;
}

/* The caller owns a reference. */
Status *resources_find(Resources *rs, const ResourceKind *kind, const char *container,
                       const char *name, Resource **ret)
{
        Status *s = NULL;
        pthread_mutex_lock(&rs->lock);
        Item *item = find(rs, 0, kind, container, name);
        if (item)
                *ret = resource_ref(item->resource);
        else
                s = missing(rs, kind, container, name);
        pthread_mutex_unlock(&rs->lock);
        return s;
}

/* For resources that come ready made, where the name must be free. */
Status *resources_put(Resources *rs, const ResourceKind *kind, const char *container,
                      const char *name, Resource *r)
{
        pthread_mutex_lock(&rs->lock);
        Status *s = find(rs, 0, kind, container, name)
                            ? already_exists("Resource %s/%s/%s", container, name, kind->name)
                            : insert(rs, 0, kind, container, name, r);
        pthread_mutex_unlock(&rs->lock);
        return s;
}

static void item_free(Item *item)
{
        const ResourceKind *kind = item->resource->kind;
        if (kind->dropped)
                kind->dropped(item->resource);
        resource_unref(item->resource);
        mem_free(item);
}

/* Nodes that hold the resource keep it; its name is free again. */
Status *resources_drop(Resources *rs, const ResourceKind *kind, const char *container,
                       const char *name)
{
        Status *s = NULL;
        pthread_mutex_lock(&rs->lock);
        Item *item = find(rs, 0, kind, container, name);
        if (item)
                map_deln(&rs->items, item->key, item->key_len);
        else
                s = missing(rs, kind, container, name);
        pthread_mutex_unlock(&rs->lock);
        if (item)
                item_free(item);
        return s;
}

/* Takes one item of the container (NULL: of any) out, so that it can be dropped without the lock;
 * NULL when none is left. */
static Item *take_one(Resources *rs, const char *container)
{
        Item *item = NULL;
        pthread_mutex_lock(&rs->lock);
        map_each (e, &rs->items)
                if (!item && (!container || !strcmp(e->key, container)))
                        item = e->value;
        if (item)
                map_deln(&rs->items, item->key, item->key_len);
        pthread_mutex_unlock(&rs->lock);
        return item;
}

/* Takes a whole table at once: the usual case of a session that ends. */
void resources_clear_all(Resources *rs)
{
        pthread_mutex_lock(&rs->lock);
        Map items = rs->items;
        rs->items = (Map){ 0 };
        pthread_mutex_unlock(&rs->lock);
        map_each (e, &items)
                item_free(e->value);
        map_done(&items);
}

void resources_clear(Resources *rs, const char *container)
{
        for (Item *item; (item = take_one(rs, container));)
                item_free(item);
}

typedef struct Snapshot {
        const char *container, *name; /* copies, in one piece of memory */
        Resource *resource;
        struct Snapshot *next;
} Snapshot;

/* References to all resources of a kind, with copies of their names. */
static Status *snapshot(Resources *rs, const ResourceKind *kind, Snapshot **ret)
{
        map_each (e, &rs->items) {
                Item *item = e->value;
                if (kind && item->kind != kind)
                        continue;
                Snapshot *snap = mem_alloc(sizeof *snap + item->key_len);
                if (!snap)
                        return status_oom();
                char *key = memcpy(snap + 1, item->key, item->key_len);
                *snap = (Snapshot){ .container = key,
                                    .name = key + (item->name - item->key),
                                    .next = *ret };
                snap->resource = resource_ref(item->resource);
                *ret = snap;
        }
        return NULL;
}

/* Calls fn without the lock, on what was there at the call. */
Status *resources_each(Resources *rs, const ResourceKind *kind,
                       Status *(*fn)(void *arg, const char *container, const char *name,
                                     Resource *r),
                       void *arg)
{
        Snapshot *list = NULL;
        pthread_mutex_lock(&rs->lock);
        Status *s = snapshot(rs, kind, &list);
        pthread_mutex_unlock(&rs->lock);
        for (Snapshot *snap = list, *next; snap; snap = next) {
                next = snap->next;
                if (!s)
                        s = fn(arg, snap->container, snap->name, snap->resource);
                resource_unref(snap->resource);
                mem_free(snap);
        }
        return s;
}

Status *resource_name_tensor(const char *container, const char *name, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        TRY(tensor_new(DT_STRING, &SHAPE(2), &t));
        TRY(tensor_set_string(t, 0, container, strlen(container)));
        TRY(tensor_set_string(t, 1, name, strlen(name)));
        *ret = steal(&t);
        return NULL;
}
