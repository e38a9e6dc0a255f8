// SPDX-License-Identifier: Apache-2.0
/* A barrier: incomplete tuples in a map, complete ones in a priority queue. */
#include "engine/state/barrier.h"

#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/state/resource.h"
#include <pthread.h>

enum { HEAD = 2 }; /* components of the queue before the values: index and key */

typedef struct Incomplete {
        int present;
        TString key;   /* in the first tensor below */
        Tensor *row[]; /* index, key, values as far as they came */
} Incomplete;

struct Barrier {
        Resource base;
        char *name, *container;
        int n;
        DType *dtypes; /* HEAD + n, the queue's */
        Shape *shapes;
        Queue *ready; /* one reference */

        pthread_mutex_t lock; /* guards: everything below */
        Map incomplete;       /* key -> Incomplete */
        int64_t next_index;
        bool closed, cancelled, queue_closed;
};

static void incomplete_free(const Barrier *b, Incomplete *e)
{
        for (int i = 0; i < HEAD + b->n; i++)
                tensor_unref(e->row[i]);
        mem_free(e);
}

static void drop_all(Barrier *b, Map *incomplete)
{
        map_each (e, incomplete)
                incomplete_free(b, e->value);
        map_done(incomplete);
}

static Resource *queue_resource(const Barrier *b)
{
        return (Resource *)b->ready; /* a queue begins with its resource */
}

static void barrier_destroy(Resource *r)
{
        Barrier *b = barrier_of(r);
        drop_all(b, &b->incomplete);
        resource_unref(queue_resource(b));
        pthread_mutex_destroy(&b->lock);
        mem_free(b->dtypes);
        mem_free(b->shapes);
        mem_free(b->name);
        mem_free(b->container);
        mem_free(b);
}

static Status *barrier_read(Resource *r, Tensor **ret)
{
        Barrier *b = barrier_of(r);
        return resource_name_tensor(b->container, b->name, ret);
}

/* The name is that of TensorFlow's C++ type, which its messages show. */
const ResourceKind barrier_kind = { .name = "N10tensorflow7barrier7BarrierE",
                                    .destroy = barrier_destroy,
                                    .read = barrier_read };

Barrier *barrier_of(Resource *r)
{
        return CONTAINER_OF(r, Barrier, base);
}

/* What is complete stands in a priority queue of its own, ordered by when its key was first
 * seen. */
static Status *fill(Barrier *b, const BarrierSpec *spec)
{
        size_t n = (size_t)(HEAD + spec->n);
        b->n = spec->n;
        b->next_index = INT64_MIN;
        b->name = mem_strdup(spec->name);
        b->container = mem_strdup(spec->container);
        b->dtypes = mem_calloc(n, sizeof *b->dtypes);
        b->shapes = mem_calloc(n, sizeof *b->shapes);
        autofree char *queue = mem_printf("%s_queue", spec->name);
        if (!b->name || !b->container || !b->dtypes || !b->shapes || !queue)
                return status_oom();
        b->dtypes[0] = DT_INT64;
        b->dtypes[1] = DT_STRING;
        memcpy(b->dtypes + HEAD, spec->dtypes, (size_t)spec->n * sizeof *b->dtypes);
        memcpy(b->shapes + HEAD, spec->shapes, (size_t)spec->n * sizeof *b->shapes);
        QueueSpec q = { .type = QUEUE_PRIORITY,
                        .name = queue,
                        .container = spec->container,
                        .n = HEAD + spec->n,
                        .dtypes = b->dtypes,
                        .shapes = b->shapes,
                        .capacity = -1 };
        Resource *r;
        TRY(queue_new(&q, &r));
        b->ready = queue_of(r);
        return NULL;
}

/* next_index begins at the lowest number: keys of one insert share it, later ones come behind. */
Status *barrier_new(const BarrierSpec *spec, Resource **ret)
{
        Barrier *b = mem_calloc(1, sizeof *b);
        if (!b)
                return status_oom();
        resource_init(&b->base, &barrier_kind);
        pthread_mutex_init(&b->lock, NULL);
        Status *s = fill(b, spec);
        if (s) {
                barrier_destroy(&b->base);
                return s;
        }
        *ret = &b->base;
        return NULL;
}

/* For nodes that share a barrier by name. */
Status *barrier_matches(const Barrier *b, const BarrierSpec *spec)
{
        if (b->n != spec->n ||
            memcmp(b->dtypes + HEAD, spec->dtypes, (size_t)b->n * sizeof *b->dtypes))
                return invalid_argument("Shared barrier '%s' has other component types than the "
                                        "requested ones",
                                        b->name);
        for (int i = 0; i < b->n; i++)
                if (!shape_equal(&b->shapes[HEAD + i], &spec->shapes[i]))
                        return invalid_argument("Shared barrier '%s' has component shapes %s but "
                                                "requested component shapes were %s",
                                                b->name, shape_text(&b->shapes[HEAD + i]).s,
                                                shape_text(&spec->shapes[i]).s);
        return NULL;
}

int barrier_components(const Barrier *b)
{
        return b->n;
}

DType barrier_dtype(const Barrier *b, int i)
{
        return b->dtypes[HEAD + i];
}

/* ---- inserting ---- */

/* Complete tuples on their way into the queue. */
typedef struct Insert {
        Barrier *b; /* one reference */
        QueueDone done;
        void *arg;
        int64_t n;
        Incomplete **rows; /* owned */
} Insert;

static const char *key_text(const TString *key)
{
        return key->len ? key->data : "";
}

/* A key's row begins with its place in the order and the key itself, as take_many gives them. */
static Status *incomplete_new(Barrier *b, const TString *key, Incomplete **ret)
{
        Incomplete *e = mem_calloc(1, sizeof *e + (size_t)(HEAD + b->n) * sizeof *e->row);
        if (!e)
                return status_oom();
        Status *s = tensor_scalar(DT_INT64, &b->next_index, &e->row[0]);
        if (!s)
                s = tensor_string(key_text(key), key->len, &e->row[1]);
        if (!s) {
                e->key = tensor_strings(e->row[1])[0];
                s = map_setn(&b->incomplete, key_text(&e->key), e->key.len, e);
        }
        if (s) {
                incomplete_free(b, e);
                return s;
        }
        *ret = e;
        return NULL;
}

/* One element of an insert: the row of its key gets this component, and is taken out to be queued
 * when it was the last one missing. */
static Status *insert_one(Barrier *b, const Tensor *keys, int64_t at, int component, Tensor *values,
                          const Shape *row, Insert *in, bool *fresh)
{
        const TString *key = &tensor_strings(keys)[at];
        Incomplete *e = map_getn(&b->incomplete, key_text(key), key->len);
        if (!e && b->closed)
                return cancelled("Barrier %s is closed, but attempted to insert a brand new key: "
                                 "%.*s.  Pending enqueues cancelled: %d.  Insertion index: %lld.  "
                                 "Number of incomplete keys: %u.",
                                 b->name, (int)MIN(key->len, (size_t)4096), key_text(key),
                                 b->cancelled, (long long)at, b->incomplete.count);
        if (!e) {
                TRY(incomplete_new(b, key, &e));
                *fresh = true;
        }
        if (e->row[HEAD + component])
                return invalid_argument("Key %.*s already has a value for component %d in barrier "
                                        "%s",
                                        (int)MIN(key->len, (size_t)4096), key_text(key), component,
                                        b->name);
        TRY(tensor_slice(values, at * shape_product(row, 0, row->rank), row,
                         &e->row[HEAD + component]));
        if (++e->present == b->n) {
                map_deln(&b->incomplete, key_text(&e->key), e->key.len);
                in->rows[in->n++] = e;
        }
        return NULL;
}

/* All keys that are new in one insert get one place in the order, so that the count moves on
 * once. */
static Status *insert_locked(Barrier *b, const Tensor *keys, int component, Tensor *values,
                             Insert *in)
{
        Shape row = values->shape;
        bool fresh = false;
        int64_t n = keys->count;
        if (row.rank)
                shape_remove(&row, 0);
        if (b->closed && (b->cancelled || (n && !b->incomplete.count)))
                return cancelled(
                        "Barrier %s is closed.  Pending enqueues cancelled: %d.  Number of "
                        "new insertions: %lld.  Number of incomplete keys: %u.",
                        b->name, b->cancelled, (long long)n, b->incomplete.count);
        for (int64_t i = 0; i < n; i++)
                TRY(insert_one(b, keys, i, component, values, &row, in, &fresh));
        b->next_index += fresh;
        return NULL;
}

/* What can be refused without the lock. */
static Status *check_insert(const Barrier *b, const Tensor *keys, int component,
                            const Tensor *values)
{
        Shape want = b->shapes[HEAD + component];
        if (keys->shape.rank != 1)
                return invalid_argument("keys must be a vector, but have shape %s",
                                        shape_text(&keys->shape).s);
        if (keys->count && !values->count)
                return invalid_argument("Tensors with no elements are not supported %s: received "
                                        "shape %s",
                                        b->name, shape_text(&values->shape).s);
        if (want.rank == SHAPE_MAX_RANK)
                return unimplemented("a batch of rank %d", SHAPE_MAX_RANK + 1);
        shape_insert(&want, 0, keys->count);
        if (!shape_equal(&want, &values->shape))
                return invalid_argument("Shape mismatch in tuple component %d. Expected %s, got %s",
                                        component + HEAD, shape_text(&want).s,
                                        shape_text(&values->shape).s);
        return NULL;
}

static void insert_end(Insert *in, Status *s)
{
        in->done(in->arg, s, NULL, 0);
        for (int64_t i = 0; i < in->n; i++)
                incomplete_free(in->b, in->rows[i]);
        mem_free(in->rows);
        resource_unref(&in->b->base);
        mem_free(in);
}

static void queue_was_closed(void *arg, Status *s, Tensor **components, int n)
{
        (void)components, (void)n;
        insert_end(arg, s);
}

/* The last tuple of a closed barrier closes its queue. */
static void after_insert(Insert *in)
{
        Barrier *b = in->b;
        pthread_mutex_lock(&b->lock);
        bool close = b->closed && !b->queue_closed && !b->incomplete.count;
        b->queue_closed |= close;
        pthread_mutex_unlock(&b->lock);
        if (close)
                queue_close(b->ready, false, queue_was_closed, in);
        else
                insert_end(in, NULL);
}

static void keep_first_error(void *arg, Status *s, Tensor **components, int n)
{
        Status **first = arg;
        (void)components, (void)n;
        if (*first)
                status_free(s);
        else
                *first = s;
}

/* The queue has no limit, so each of these ends at once. */
static Status *pass_on(Insert *in)
{
        Status *first = NULL;
        for (int64_t i = 0; i < in->n; i++)
                queue_enqueue(in->b->ready, in->rows[i]->row, HEAD + in->b->n, NULL,
                              keep_first_error, &first);
        return first;
}

/* Rows that became complete before an error are handed on all the same: their components are in. */
void barrier_insert(Barrier *b, const Tensor *keys, int component, Tensor *values,
                    Cancel *cancel UNUSED, QueueDone done, void *arg)
{
        Status *s = check_insert(b, keys, component, values);
        Insert *in = s ? NULL : mem_calloc(1, sizeof *in);
        if (in)
                in->rows = mem_calloc((size_t)keys->count + 1, sizeof *in->rows);
        if (!in || !in->rows) {
                mem_free(in);
                done(arg, s ? s : status_oom(), NULL, 0);
                return;
        }
        resource_ref(&b->base);
        in->b = b;
        in->done = done;
        in->arg = arg;
        pthread_mutex_lock(&b->lock);
        s = insert_locked(b, keys, component, values, in);
        pthread_mutex_unlock(&b->lock);
        Status *queued = pass_on(in); /* what became complete before an error, too */
        if (s)
                status_free(queued);
        else
                s = queued;
        if (s)
                insert_end(in, s);
        else
                after_insert(in);
}

/* ---- taking and closing ---- */

/* Of a closed barrier: is there enough, or may enough still come? *n may become less. */
static Status *check_take(Barrier *b, bool small, int64_t *n)
{
        Status *s = NULL;
        pthread_mutex_lock(&b->lock);
        if (b->closed) {
                int64_t available = queue_size(b->ready);
                if (small)
                        *n = MIN(*n, available);
                else
                        available += b->incomplete.count;
                if (available < MAX(*n, 1))
                        s = out_of_range("Barrier '%s' is closed and has insufficient elements "
                                         "(requested %lld, total size %lld)",
                                         b->name, (long long)*n, (long long)available);
        }
        pthread_mutex_unlock(&b->lock);
        return s;
}

void barrier_take(Barrier *b, int64_t n, bool small, Cancel *cancel, QueueDone done, void *arg)
{
        Status *s = check_take(b, small, &n);
        if (s)
                done(arg, s, NULL, 0);
        else
                queue_dequeue_many(b->ready, n, small, cancel, done, arg);
}

/* Without cancel_pending the incomplete keys may still be completed, no new ones begun. */
void barrier_close(Barrier *b, bool cancel_pending, QueueDone done, void *arg)
{
        Map dropped = { 0 };
        Status *s = NULL;
        bool close = false;
        pthread_mutex_lock(&b->lock);
        if (b->closed && (b->cancelled || !cancel_pending)) {
                s = cancelled("Barrier '%s' is already closed.", b->name);
        } else {
                b->closed = true;
                b->cancelled = cancel_pending;
                if (cancel_pending) {
                        dropped = b->incomplete;
                        b->incomplete = (Map){ 0 };
                }
                close = !b->incomplete.count && !b->queue_closed;
                b->queue_closed |= close;
        }
        pthread_mutex_unlock(&b->lock);
        drop_all(b, &dropped);
        if (close)
                queue_close(b->ready, cancel_pending, done, arg);
        else
                done(arg, s, NULL, 0);
}

int64_t barrier_ready(Barrier *b)
{
        return queue_size(b->ready);
}

int64_t barrier_incomplete(Barrier *b)
{
        pthread_mutex_lock(&b->lock);
        int64_t n = b->incomplete.count;
        pthread_mutex_unlock(&b->lock);
        return n;
}
