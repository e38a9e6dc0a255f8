// SPDX-License-Identifier: Apache-2.0
/* The rows in a queue, in one array: a ring for the FIFOs, a heap by the first component for the
 * priority queue, a bag for the shuffling one. */
#include "engine/state/queue_inside.h"

#include "engine/base/mem.h"

static Tensor **row_at(const Queue *q, int64_t i)
{
        int64_t at = q->head + i;
        return q->rows + (at < q->cap ? at : at - q->cap) * q->n;
}

static void row_set(const Queue *q, int64_t i, Tensor *const *row)
{
        memcpy(row_at(q, i), row, (size_t)q->n * sizeof *row);
}

/* Room for one more row. The ring is laid out straight when it grows. */
Status *rows_reserve(Queue *q)
{
        if (q->size < q->cap)
                return NULL;
        size_t cap = q->cap ? 2 * (size_t)q->cap : 8, width = (size_t)q->n * sizeof *q->rows, bytes;
        if (__builtin_mul_overflow(cap, width, &bytes))
                return status_oom();
        Tensor **more = mem_alloc(bytes);
        if (!more)
                return status_oom();
        for (int64_t i = 0; i < q->size; i++)
                memcpy(more + i * q->n, row_at(q, i), width);
        mem_free(q->rows);
        q->rows = more;
        q->cap = (int64_t)cap;
        q->head = 0;
        return NULL;
}

/* ---- priority: a heap, the smallest first ---- */

static int64_t priority_at(const Queue *q, int64_t i)
{
        return tensor_int(row_at(q, i)[0], 0);
}

static void swap_rows(const Queue *q, int64_t i, int64_t j)
{
        Tensor **a = row_at(q, i), **b = row_at(q, j);
        for (int k = 0; k < q->n; k++) {
                Tensor *t = a[k];
                a[k] = b[k];
                b[k] = t;
        }
}

static void sift_up(Queue *q, int64_t i)
{
        for (int64_t up = (i - 1) / 2; i && priority_at(q, i) < priority_at(q, up);
             i = up, up = (i - 1) / 2)
                swap_rows(q, i, up);
}

/* The last row was put on top of the heap: let it sink. Among equal priorities no order is
 * promised, in TensorFlow either. */
static void sift_down(Queue *q)
{
        for (int64_t i = 0, least = 0;; i = least) {
                for (int64_t k = 2 * i + 1; k <= 2 * i + 2 && k < q->size; k++)
                        if (priority_at(q, k) < priority_at(q, least))
                                least = k;
                if (least == i)
                        return;
                swap_rows(q, i, least);
        }
}

/* ---- all of them ---- */

void rows_put(Queue *q, Tensor *const *row)
{
        row_set(q, q->size++, row);
        if (q->type == QUEUE_PRIORITY)
                sift_up(q, q->size - 1);
}

/* FIFO kinds take the head, a shuffle queue any row, a priority queue the top of its heap. */
void rows_take(Queue *q, Tensor **ret)
{
        bool front = q->type == QUEUE_FIFO || q->type == QUEUE_PADDING;
        int64_t i = q->type == QUEUE_SHUFFLE ? philox_take(&q->random) % q->size : 0;
        memcpy(ret, row_at(q, i), (size_t)q->n * sizeof *ret);
        q->size--;
        if (front) {
                q->head = q->head + 1 < q->cap ? q->head + 1 : 0;
                return;
        }
        if (i != q->size)
                row_set(q, i, row_at(q, q->size));
        if (q->type == QUEUE_PRIORITY && q->size)
                sift_down(q);
}

/* What a batch that gave up had taken: it goes back to the front, so that the order is as
 * before. */
void rows_put_back(Queue *q, Tensor *const *row)
{
        if (q->type != QUEUE_FIFO && q->type != QUEUE_PADDING) {
                rows_put(q, row);
                return;
        }
        q->head = q->head ? q->head - 1 : q->cap - 1;
        q->size++;
        row_set(q, 0, row);
}

void rows_free(Queue *q)
{
        for (int64_t i = 0; i < q->size; i++)
                for (int k = 0; k < q->n; k++)
                        tensor_unref(row_at(q, i)[k]);
        mem_free(q->rows);
        q->rows = NULL;
        q->size = q->cap = q->head = 0;
}
