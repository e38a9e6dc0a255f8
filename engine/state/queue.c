// SPDX-License-Identifier: Apache-2.0
/* A queue's life: what it may look like, whether a second node may share it, what it tells. */
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/state/queue_inside.h"
#include "engine/state/resource.h"

#include <sys/random.h>

enum { LIST_TEXT_MAX = 64 << 10 };

static void queue_destroy(Resource *r)
{
        Queue *q = queue_of(r);
        rows_free(q);
        pthread_mutex_destroy(&q->lock);
        mem_free(q->name);
        mem_free(q->container);
        mem_free(q->dtypes);
        mem_free(q->shapes);
        mem_free(q);
}

/* What a handle of the first version shows: container and name. */
static Status *queue_read(Resource *r, Tensor **ret)
{
        Queue *q = queue_of(r);
        return resource_name_tensor(q->container, q->name, ret);
}

/* The name is that of TensorFlow's C++ type, which its messages show. */
const ResourceKind queue_kind = { .name = "N10tensorflow14QueueInterfaceE",
                                  .destroy = queue_destroy,
                                  .read = queue_read };

Queue *queue_of(Resource *r)
{
        return CONTAINER_OF(r, Queue, base);
}

const char *queue_type_name(QueueType type)
{
        static const char *const names[] = {
                [QUEUE_FIFO] = "FIFOQueue",
                [QUEUE_SHUFFLE] = "RandomShuffleQueue",
                [QUEUE_PADDING] = "PaddingFIFOQueue",
                [QUEUE_PRIORITY] = "PriorityQueue",
        };
        return names[type];
}

/* ---- checks ---- */

/* What each kind asks of its components' shapes, in TensorFlow's words. */
static Status *check_shapes(const QueueSpec *spec)
{
        for (int i = 0; spec->shapes && i < spec->n; i++) {
                const Shape *s = &spec->shapes[i];
                if (spec->type == QUEUE_PADDING && s->rank < 0)
                        return invalid_argument("shape %s must have a defined rank",
                                                shape_text(s).s);
                if (spec->type != QUEUE_PADDING && !shape_complete(s))
                        return invalid_argument("Shape %s of component %d is not fully defined",
                                                shape_text(s).s, i);
        }
        if (spec->type != QUEUE_PRIORITY)
                return NULL;
        if (spec->dtypes[0] != DT_INT64)
                return invalid_argument("PriorityQueue priority index component must be type "
                                        "int64, but dtype is: %s",
                                        dtype_name(spec->dtypes[0]));
        if (spec->shapes && spec->shapes[0].rank)
                return invalid_argument("PriorityQueue priority index component must be a scalar, "
                                        "but shape is: %s",
                                        shape_text(&spec->shapes[0]).s);
        return NULL;
}

static int64_t bound(int64_t capacity)
{
        return capacity < 0 ? QUEUE_UNBOUNDED : capacity;
}

/* The order of checks is TensorFlow's. */
static Status *check(const QueueSpec *spec)
{
        if (spec->n < 1)
                return invalid_argument("Empty component types for queue %s", spec->name);
        if (spec->type == QUEUE_SHUFFLE && spec->min_after_dequeue < 0)
                return invalid_argument("min_after_dequeue %lld must be >= 0",
                                        (long long)spec->min_after_dequeue);
        if (spec->type == QUEUE_SHUFFLE && spec->min_after_dequeue >= bound(spec->capacity))
                return invalid_argument("min_after_dequeue %lld must be < capacity %lld",
                                        (long long)spec->min_after_dequeue,
                                        (long long)bound(spec->capacity));
        return check_shapes(spec);
}

/* ---- life ---- */

/* A shuffle queue without seeds takes them from the system, with seeds its order repeats. */
static Status *fill(Queue *q, const QueueSpec *spec)
{
        uint64_t seed[2] = { (uint64_t)spec->seed, (uint64_t)spec->seed2 };
        q->name = mem_strdup(spec->name);
        q->container = mem_strdup(spec->container);
        q->dtypes = mem_dup(spec->dtypes, (size_t)spec->n * sizeof *q->dtypes);
        if (spec->shapes)
                q->shapes = mem_dup(spec->shapes, (size_t)spec->n * sizeof *q->shapes);
        if (!q->name || !q->container || !q->dtypes || (spec->shapes && !q->shapes))
                return status_oom();
        for (int i = 0; q->shapes && i < q->n; i++)
                q->partial_shapes |= !shape_complete(&q->shapes[i]);
        if (q->type == QUEUE_SHUFFLE && !seed[0] && !seed[1] &&
            getrandom(seed, sizeof seed, 0) != sizeof seed)
                return internal_error("the system gives no random numbers");
        q->random = philox_single(philox_seeded(seed[0], seed[1]));
        return NULL;
}

/* A queue is never half there: it is published only when all of it stands. */
Status *queue_new(const QueueSpec *spec, Resource **ret)
{
        TRY(check(spec));
        Queue *q = mem_calloc(1, sizeof *q);
        if (!q)
                return status_oom();
        resource_init(&q->base, &queue_kind);
        pthread_mutex_init(&q->lock, NULL);
        q->type = spec->type;
        q->n = spec->n;
        q->capacity = bound(spec->capacity);
        q->seed = spec->seed;
        q->seed2 = spec->seed2;
        q->min_after_dequeue = spec->type == QUEUE_SHUFFLE ? spec->min_after_dequeue : 0;
        Status *s = fill(q, spec);
        if (s) {
                queue_destroy(&q->base);
                return s;
        }
        *ret = &q->base;
        return NULL;
}

/* ---- sharing ---- */

static const char *types_text(Buf *b, const DType *dtypes, int n)
{
        for (int i = 0; i < n; i++)
                buf_printf(b, "%s%s", i ? ", " : "", dtype_name(dtypes[i]));
        return buf_cstr(b);
}

static const char *shapes_text(Buf *b, const Shape *shapes, int n)
{
        buf_putc(b, '[');
        for (int i = 0; shapes && i < n; i++)
                buf_printf(b, "%s%s", i ? ", " : "", shape_text(&shapes[i]).s);
        buf_putc(b, ']');
        return buf_cstr(b);
}

/* Padding queues compare what is known; all others must be equal. */
static bool same_shapes(const Queue *q, const QueueSpec *spec)
{
        if (!q->shapes || !spec->shapes)
                return !q->shapes && !spec->shapes;
        for (int i = 0; i < q->n; i++)
                if (q->type == QUEUE_PADDING ? !shape_compatible(&q->shapes[i], &spec->shapes[i])
                                             : !shape_equal(&q->shapes[i], &spec->shapes[i]))
                        return false;
        return true;
}

/* Types first, then shapes. */
static Status *match_components(const Queue *q, const QueueSpec *spec)
{
        autobuf has = BUF(LIST_TEXT_MAX);
        autobuf asked = BUF(LIST_TEXT_MAX);
        if (q->n != spec->n || memcmp(q->dtypes, spec->dtypes, (size_t)q->n * sizeof *q->dtypes))
                return invalid_argument("Shared queue '%s' has component types %s but requested "
                                        "component types were %s",
                                        q->name, types_text(&has, q->dtypes, q->n),
                                        types_text(&asked, spec->dtypes, spec->n));
        if (!same_shapes(q, spec))
                return invalid_argument("Shared queue '%s' has component shapes %s but requested "
                                        "component shapes were %s",
                                        q->name, shapes_text(&has, q->shapes, q->n),
                                        shapes_text(&asked, spec->shapes, spec->n));
        return NULL;
}

/* Seeds count only where the asking node gives some. */
static Status *match_shuffle(const Queue *q, const QueueSpec *spec)
{
        if (q->min_after_dequeue != spec->min_after_dequeue)
                return invalid_argument("Shared queue '%s' has min_after_dequeue %lld but "
                                        "requested min_after_dequeue was %lld.",
                                        q->name, (long long)q->min_after_dequeue,
                                        (long long)spec->min_after_dequeue);
        bool any = !spec->seed && !spec->seed2;
        if (!any && (spec->seed != q->seed || spec->seed2 != q->seed2))
                return invalid_argument("Shared queue '%s' has random seeds (%lld, %lld) but "
                                        "requested seeds are (%lld, %lld).",
                                        q->name, (long long)q->seed, (long long)q->seed2,
                                        (long long)spec->seed, (long long)spec->seed2);
        return NULL;
}

/* For nodes that share a queue by name: the texts are those of QueueBase::MatchesNodeDef. */
Status *queue_matches(const Queue *q, const QueueSpec *spec)
{
        if (q->type != spec->type)
                return invalid_argument("Expected %s, found %s", queue_type_name(q->type),
                                        spec->op ? spec->op : queue_type_name(spec->type));
        if (q->capacity != bound(spec->capacity))
                return invalid_argument("Shared queue '%s' has capacity %lld but requested "
                                        "capacity was %lld",
                                        q->name, (long long)q->capacity,
                                        (long long)bound(spec->capacity));
        if (q->type == QUEUE_SHUFFLE)
                TRY(match_shuffle(q, spec));
        return match_components(q, spec);
}

/* ---- what it tells ---- */

int64_t queue_size(Queue *q)
{
        pthread_mutex_lock(&q->lock);
        int64_t n = q->size;
        pthread_mutex_unlock(&q->lock);
        return n;
}

bool queue_closed(Queue *q)
{
        pthread_mutex_lock(&q->lock);
        bool closed = q->closed;
        pthread_mutex_unlock(&q->lock);
        return closed;
}

/* All counts are of one moment. */
void queue_info(Queue *q, QueueInfo *ret)
{
        QueueInfo info = { .type = q->type,
                           .name = q->name,
                           .container = q->container,
                           .n = q->n,
                           .dtypes = q->dtypes,
                           .shapes = q->shapes,
                           .capacity = q->capacity == QUEUE_UNBOUNDED ? -1 : q->capacity,
                           .min_after_dequeue = q->min_after_dequeue };
        pthread_mutex_lock(&q->lock);
        info.size = q->size;
        info.closed = q->closed;
        info.pending_enqueues = q->enqueues.n;
        info.pending_dequeues = q->dequeues.n;
        pthread_mutex_unlock(&q->lock);
        *ret = info;
}
