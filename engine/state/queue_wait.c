// SPDX-License-Identifier: Apache-2.0
/* Who wants what from a queue: enqueues (and closes among them) and dequeues, each in its waiting
 * list. After every change the heads of both lists go on as far as they can. */
#include "engine/base/mem.h"
#include "engine/state/queue_inside.h"

typedef enum Action { ENQUEUE, CLOSE, DEQUEUE, DEQUEUE_MANY, DEQUEUE_UP_TO } Action;

typedef struct Attempt {
        Wait wait;
        Queue *q; /* one reference */
        QueueDone done;
        void *arg;
        size_t bytes; /* of this block */
        Action action;
        bool batched;    /* enqueue: tuple is a batch; dequeue: the result is one */
        int64_t n;       /* rows to move; of a dequeue whose queue was closed, rows it will get */
        int64_t moved;   /* rows moved so far */
        int64_t cap;     /* rows that there is room for in `rows` */
        Tensor **rows;   /* dequeue: the rows that it holds; n tensors each, counted */
        Tensor *tuple[]; /* q->n tensors: what is enqueued, or the result */
} Attempt;

static Attempt *attempt_of(Wait *w)
{
        return CONTAINER_OF(w, Attempt, wait);
}

/* ---- one attempt ---- */

static void drop_tensors(Tensor **t, int64_t n)
{
        for (int64_t i = 0; i < n; i++)
                tensor_unref(t[i]);
}

/* Rows become the result, outside of the lock. */
static Status *make_result(Attempt *a)
{
        if (!a->batched) {
                memcpy(a->tuple, a->rows, (size_t)a->q->n * sizeof *a->tuple);
                a->moved = 0;
                return NULL;
        }
        return batch_make(a->q, a->rows, a->n, a->tuple);
}

/* Runs outside of the lock. A dequeue's tensors are made here, so that others go on with the queue
 * meanwhile. */
static void attempt_done(Wait *w)
{
        Attempt *a = attempt_of(w);
        Queue *q = a->q;
        bool dequeues = a->action >= DEQUEUE;
        Status *s = steal(&w->status);
        if (!s && dequeues)
                s = make_result(a);
        a->done(a->arg, s, a->tuple, !s && dequeues ? q->n : 0);
        drop_tensors(a->tuple, q->n);
        drop_tensors(a->rows, a->moved * q->n * dequeues);
        mem_free(a->rows);
        block_free(a, a->bytes);
        resource_unref(&q->base);
}

static Status *cancelled_status(const Attempt *a)
{
        return a->action >= DEQUEUE ? cancelled("Dequeue operation was cancelled")
                                    : cancelled("Enqueue operation was cancelled");
}

static void advance(Queue *q, WaitList *ended);

static void attempt_cancel(Wait *w, WaitList *ended)
{
        Attempt *a = attempt_of(w);
        wait_end(w, cancelled_status(a), ended);
        advance(a->q, ended);
}

static const WaitKind attempt_kind = { .cancel = attempt_cancel, .done = attempt_done };

/* ---- enqueues and closes; all under the lock ---- */

/* Inserts one more row of the attempt. */
static Status *insert(Queue *q, Attempt *a)
{
        TRY(rows_reserve(q));
        if (!a->batched) {
                rows_put(q, a->tuple);
                memset(a->tuple, 0, (size_t)q->n * sizeof *a->tuple);
                return NULL;
        }
        Tensor *few[8], **row = few;
        autofree Tensor **many = NULL;
        if (q->n > (int)COUNTOF(few) && !(row = many = mem_alloc((size_t)q->n * sizeof *row)))
                return status_oom();
        TRY(batch_row(q, a->tuple, a->moved, row));
        rows_put(q, row);
        return NULL;
}

static Status *close_now(Queue *q)
{
        if (q->closed)
                return cancelled("Queue '%s' is already closed.", q->name);
        q->closed = true;
        return NULL;
}

/* Lets the attempt go on. True when it has ended, with *ret. */
static bool try_enqueue(Queue *q, Attempt *a, Status **ret)
{
        if (a->action == CLOSE) {
                *ret = close_now(q);
                return true;
        }
        if (q->closed) {
                *ret = cancelled("%s '%s' is closed.", queue_type_name(q->type), q->name);
                return true;
        }
        for (; a->moved < a->n && q->size < q->capacity; a->moved++)
                if ((*ret = insert(q, a)))
                        return true;
        return a->moved == a->n;
}

/* ---- dequeues; all under the lock ---- */

static Status *insufficient(const Queue *q, int64_t requested, int64_t size)
{
        return out_of_range("%s '%s' is closed and has insufficient elements (requested %lld, "
                            "current size %lld)",
                            queue_type_name(q->type), q->name, (long long)requested,
                            (long long)size);
}

static Status *put_back(Queue *q, Attempt *a)
{
        while (a->moved) {
                TRY(rows_reserve(q));
                rows_put_back(q, a->rows + --a->moved * q->n);
        }
        return NULL;
}

/* The queue is closed and holds less than the attempt still needs: what it has goes back, and it
 * gets what there is, if it asked for that. */
static Status *settle_for_less(Queue *q, Attempt *a)
{
        int64_t need = a->n - a->moved, size = q->size;
        TRY(put_back(q, a));
        if (a->action != DEQUEUE_UP_TO || !q->size)
                return insufficient(q, need, size);
        a->n = q->size;
        return NULL;
}

/* Rows taken for a batch that is not complete yet are held by the attempt. */
static Status *hold_row(Queue *q, Attempt *a)
{
        size_t width = (size_t)q->n * sizeof *a->rows;
        if (a->moved == a->cap) {
                int64_t cap = MIN(a->n, MAX(2 * a->cap, 8));
                Tensor **more = mem_realloc(a->rows, (size_t)cap * width);
                if (!more)
                        return status_oom();
                a->rows = more;
                a->cap = cap;
        }
        rows_take(q, a->rows + a->moved++ * q->n);
        return NULL;
}

static int64_t available(const Queue *q)
{
        return q->closed ? q->size : q->size - q->min_after_dequeue;
}

/* The same for dequeues: closed and too little left means to settle for less or fail. */
static bool try_dequeue(Queue *q, Attempt *a, Status **ret)
{
        if (q->closed && q->size < a->n - a->moved && (*ret = settle_for_less(q, a)))
                return true;
        /* A batch of the smallest must see all candidates at once. */
        if (q->type == QUEUE_PRIORITY && available(q) < a->n)
                return false;
        while (a->moved < a->n && available(q) > 0)
                if ((*ret = hold_row(q, a)))
                        return true;
        return a->moved == a->n;
}

/* ---- both ---- */

typedef bool (*TryFn)(Queue *q, Attempt *a, Status **ret);

/* Ends the heads of the list that can go through; true when any row moved or attempt ended. */
static bool advance_list(Queue *q, WaitList *list, TryFn fn, WaitList *ended)
{
        bool changed = false;
        while (list->first) {
                Attempt *a = attempt_of(list->first);
                Status *s = NULL;
                int64_t moved = a->moved;
                if (!fn(q, a, &s))
                        return changed || a->moved != moved;
                wait_end(&a->wait, s, ended);
                changed = true;
        }
        return changed;
}

static void advance(Queue *q, WaitList *ended)
{
        bool changed;
        do {
                changed = advance_list(q, &q->enqueues, try_enqueue, ended);
                changed |= advance_list(q, &q->dequeues, try_dequeue, ended);
        } while (changed);
}

/* One block with room for the tuple. */
static Attempt *attempt_new(Queue *q, Action action, int64_t n, QueueDone done, void *arg)
{
        size_t bytes = sizeof(Attempt) + (size_t)q->n * sizeof(Tensor *);
        Attempt *a = block_alloc(bytes);
        if (!a)
                return NULL;
        memset(a, 0, bytes);
        wait_init(&a->wait, &attempt_kind, &q->lock);
        resource_ref(&q->base);
        a->q = q;
        a->done = done;
        a->arg = arg;
        a->bytes = bytes;
        a->action = action;
        a->n = n;
        return a;
}

/* Lines the attempt up. It ends here and now when it can. */
static void submit(Queue *q, Attempt *a, Cancel *cancel)
{
        WaitList ended = { 0 };
        WaitList *list = a->action >= DEQUEUE ? &q->dequeues : &q->enqueues;
        pthread_mutex_lock(&q->lock);
        wait_begin(&a->wait, list);
        if (cancel && cancel_fired(cancel))
                wait_end(&a->wait, cancelled_status(a), &ended);
        else if (list->first == &a->wait)
                advance(q, &ended);
        if (a->wait.list && !wait_hook(&a->wait, cancel))
                attempt_cancel(&a->wait, &ended);
        pthread_mutex_unlock(&q->lock);
        waits_deliver(&ended);
}

/* ---- what callers see ---- */

/* The attempt holds the tuple's tensors until they are in. */
static void enqueue(Queue *q, Tensor *const *tuple, bool batched, int64_t n, Cancel *cancel,
                    QueueDone done, void *arg)
{
        Attempt *a = attempt_new(q, ENQUEUE, n, done, arg);
        if (!a) {
                done(arg, status_oom(), NULL, 0);
                return;
        }
        a->batched = batched;
        for (int i = 0; i < q->n; i++)
                a->tuple[i] = tensor_ref(tuple[i]);
        submit(q, a, cancel);
}

void queue_enqueue(Queue *q, Tensor *const *row, int n, Cancel *cancel, QueueDone done, void *arg)
{
        Status *s = batch_check_row(q, row, n);
        if (s)
                done(arg, s, NULL, 0);
        else
                enqueue(q, row, false, 1, cancel, done, arg);
}

void queue_enqueue_many(Queue *q, Tensor *const *batch, int n, Cancel *cancel, QueueDone done,
                        void *arg)
{
        Status *s = batch_check(q, batch, n);
        if (s || !batch[0]->shape.dim[0])
                done(arg, s, NULL, 0);
        else
                enqueue(q, batch, true, batch[0]->shape.dim[0], cancel, done, arg);
}

/* The three kinds differ in how many rows they need, and whether fewer will do. */
static void dequeue(Queue *q, Action action, int64_t n, Cancel *cancel, QueueDone done, void *arg)
{
        Attempt *a = attempt_new(q, action, n, done, arg);
        if (!a) {
                done(arg, status_oom(), NULL, 0);
                return;
        }
        a->batched = action != DEQUEUE;
        submit(q, a, cancel);
}

void queue_dequeue(Queue *q, Cancel *cancel, QueueDone done, void *arg)
{
        dequeue(q, DEQUEUE, 1, cancel, done, arg);
}

/* Batches of rows whose shapes nobody knows cannot be made. */
static Status *check_many(const Queue *q, int64_t n, bool up_to)
{
        if (n < 0)
                return invalid_argument("%s requested %lld < 0 elements",
                                        up_to ? "DequeueUpToOp" : "DequeueManyOp", (long long)n);
        if (q->shapes)
                return NULL;
        if (q->type == QUEUE_PRIORITY)
                return invalid_argument("PriorityQueue's DequeueMany requires the components to "
                                        "have specified shapes.");
        return invalid_argument("%s's DequeueMany and DequeueUpTo require the components to have "
                                "specified shapes.",
                                queue_type_name(q->type));
}

/* No rows: the batch is there at once, whatever the queue's state. */
static void dequeue_none(Queue *q, QueueDone done, void *arg)
{
        Tensor **tuple = mem_calloc((size_t)q->n, sizeof *tuple);
        Status *s = tuple ? batch_make(q, NULL, 0, tuple) : status_oom();
        int n = s ? 0 : q->n;
        done(arg, s, tuple, n);
        drop_tensors(tuple, n);
        mem_free(tuple);
}

/* None asked for is answered without waiting, even by an empty queue. */
void queue_dequeue_many(Queue *q, int64_t n, bool up_to, Cancel *cancel, QueueDone done, void *arg)
{
        Status *s = check_many(q, n, up_to);
        if (s)
                done(arg, s, NULL, 0);
        else if (!n)
                dequeue_none(q, done, arg);
        else
                dequeue(q, up_to ? DEQUEUE_UP_TO : DEQUEUE_MANY, n, cancel, done, arg);
}

/* Waiting enqueues fail; dequeues take what is there. */
static void close_and_cancel(Queue *q, QueueDone done, void *arg)
{
        WaitList ended = { 0 };
        resource_ref(&q->base);
        pthread_mutex_lock(&q->lock);
        q->closed = true;
        while (q->enqueues.first)
                wait_end(q->enqueues.first, cancelled("Enqueue operation was cancelled"), &ended);
        advance(q, &ended);
        pthread_mutex_unlock(&q->lock);
        waits_deliver(&ended);
        done(arg, NULL, NULL, 0);
        resource_unref(&q->base);
}

/* Without cancelling, the close stands in line behind the enqueues. */
void queue_close(Queue *q, bool cancel_pending, QueueDone done, void *arg)
{
        if (cancel_pending) {
                close_and_cancel(q, done, arg);
                return;
        }
        Attempt *a = attempt_new(q, CLOSE, 0, done, arg);
        if (a)
                submit(q, a, NULL);
        else
                done(arg, status_oom(), NULL, 0);
}
