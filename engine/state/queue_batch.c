// SPDX-License-Identifier: Apache-2.0
/* Rows to and from batches: what enqueues are checked against, and how many rows become one tensor
 * per component. */
#include "engine/state/queue_inside.h"

#include "engine/base/mem.h"

/* The most dimensions that TensorFlow pads. */
enum { PAD_MAX_RANK = 4 };

static Status *too_deep(void)
{
        return unimplemented("a batch of components of rank %d: tensors have at most %d dimensions",
                             SHAPE_MAX_RANK, SHAPE_MAX_RANK);
}

/* The tuple has the queue's components, in number and type. */
static Status *check_types(const Queue *q, Tensor *const *tuple, int n)
{
        if (n != q->n)
                return invalid_argument("Wrong number of components in tuple. Expected %d, got %d",
                                        q->n, n);
        for (int i = 0; i < n; i++)
                if (tuple[i]->dtype != q->dtypes[i])
                        return invalid_argument(
                                "Type mismatch in tuple component %d. Expected %s, got %s", i,
                                dtype_name(q->dtypes[i]), dtype_name(tuple[i]->dtype));
        return NULL;
}

static Status *check_shape(int i, const Shape *want, const Tensor *t)
{
        if (shape_compatible(want, &t->shape))
                return NULL;
        return invalid_argument("Shape mismatch in tuple component %d. Expected %s, got %s", i,
                                shape_text(want).s, shape_text(&t->shape).s);
}

static Status *not_scalar(const Shape *s)
{
        return invalid_argument("Expected the priority element to be a scalar, but received "
                                "shape: %s",
                                shape_text(s).s);
}

Status *batch_check_row(const Queue *q, Tensor *const *row, int n)
{
        TRY(check_types(q, row, n));
        for (int i = 0; q->shapes && i < n; i++)
                TRY(check_shape(i, &q->shapes[i], row[i]));
        if (q->type == QUEUE_PRIORITY && row[0]->shape.rank)
                return not_scalar(&row[0]->shape);
        return NULL;
}

static Status *check_priorities(const Shape *batch)
{
        Shape row = *batch;
        shape_remove(&row, 0);
        return row.rank ? not_scalar(&row) : NULL;
}

/* Without shapes only the number of rows has to agree. */
static Status *check_sizes(Tensor *const *batch, int n)
{
        for (int i = 0; i < n; i++)
                if (!batch[i]->shape.rank)
                        return invalid_argument("Component %d has no 0th dimension to enqueue "
                                                "along: it is a scalar",
                                                i);
        for (int i = 1; i < n; i++)
                if (batch[i]->shape.dim[0] != batch[0]->shape.dim[0])
                        return invalid_argument("All input tensors must have the same size in the "
                                                "0th dimension. Component %d has %lld, and should "
                                                "have %lld",
                                                i, (long long)batch[i]->shape.dim[0],
                                                (long long)batch[0]->shape.dim[0]);
        return NULL;
}

/* With shapes known each component must be a batch of just that shape; without, only the first
 * sizes must agree. */
Status *batch_check(const Queue *q, Tensor *const *batch, int n)
{
        TRY(check_types(q, batch, n));
        if (q->shapes) {
                int64_t size = batch[0]->shape.rank ? batch[0]->shape.dim[0] : 0;
                for (int i = 0; i < n; i++) {
                        Shape want = q->shapes[i];
                        if (want.rank == SHAPE_MAX_RANK)
                                return too_deep();
                        shape_insert(&want, 0, size);
                        TRY(check_shape(i, &want, batch[i]));
                }
                return NULL;
        }
        TRY(check_sizes(batch, n));
        return q->type == QUEUE_PRIORITY ? check_priorities(&batch[0]->shape) : NULL;
}

static void drop(Tensor **tuple, int n)
{
        for (int i = 0; i < n; i++)
                tensor_unref(steal(&tuple[i]));
}

/* Row i of all components, sharing their memory. */
Status *batch_row(const Queue *q, Tensor *const *batch, int64_t i, Tensor **ret)
{
        for (int k = 0; k < q->n; k++) {
                Shape s = batch[k]->shape;
                shape_remove(&s, 0);
                Status *st = tensor_slice(batch[k], i * shape_product(&s, 0, s.rank), &s, &ret[k]);
                if (st) {
                        drop(ret, k);
                        return st;
                }
        }
        return NULL;
}

/* ---- batches ---- */

/* Copies a row's component into the corner of the room that all rows have in the batch. */
static Status *copy_padded(Tensor *dst, int64_t at, const Shape *room, const Tensor *src)
{
        int rank = src->shape.rank;
        int64_t run = rank ? src->shape.dim[rank - 1] : 1, from = 0;
        int64_t index[PAD_MAX_RANK] = { 0 };
        while (from < src->count) {
                int64_t to = 0;
                for (int i = 0; i < rank; i++)
                        to = to * room->dim[i] + index[i];
                TRY(tensor_copy_elements(dst, at + to, src, from, run));
                from += run;
                for (int i = rank - 2; i >= 0 && ++index[i] == src->shape.dim[i]; i--)
                        index[i] = 0;
        }
        return NULL;
}

/* The shape that component k of every row fits into. */
static Status *room_for(const Queue *q, int k, Tensor *const *rows, int64_t n_rows, Shape *ret)
{
        Shape room = q->shapes[k];
        if (shape_complete(&room)) {
                *ret = room;
                return NULL;
        }
        if (room.rank > PAD_MAX_RANK)
                return unimplemented("CopyElementToLargerSlice Unhandled rank: %d", room.rank);
        for (int i = 0; i < room.rank; i++) {
                if (room.dim[i] >= 0)
                        continue;
                room.dim[i] = 0;
                for (int64_t r = 0; r < n_rows; r++)
                        room.dim[i] = MAX(room.dim[i], rows[r * q->n + k]->shape.dim[i]);
        }
        *ret = room;
        return NULL;
}

/* Padding is zeros; strings are empty to begin with. */
static Status *fill_component(const Queue *q, int k, Tensor *const *rows, int64_t n_rows,
                              const Shape *room, Tensor *t)
{
        int64_t each = shape_product(room, 0, room->rank);
        bool pads = q->partial_shapes && !shape_complete(&q->shapes[k]);
        if (pads && dtype_is_plain(t->dtype) && t->count)
                memset(tensor_fill(t), 0, tensor_bytes(t));
        for (int64_t r = 0; r < n_rows; r++) {
                const Tensor *row = rows[r * q->n + k];
                TRY(pads ? copy_padded(t, r * each, room, row)
                         : tensor_copy_elements(t, r * each, row, 0, each));
        }
        return NULL;
}

/* One component of the batch, from one tensor per row. */
static Status *make_component(const Queue *q, int k, Tensor *const *rows, int64_t n_rows,
                              Tensor **ret)
{
        Shape room, s;
        autoptr(Tensor) t = NULL;
        TRY(room_for(q, k, rows, n_rows, &room));
        if (room.rank == SHAPE_MAX_RANK)
                return too_deep();
        s = room;
        shape_insert(&s, 0, n_rows);
        TRY(tensor_new(q->dtypes[k], &s, &t));
        TRY(fill_component(q, k, rows, n_rows, &room, t));
        *ret = steal(&t);
        return NULL;
}

/* On failure nothing is handed out. */
Status *batch_make(const Queue *q, Tensor *const *rows, int64_t n_rows, Tensor **ret)
{
        for (int k = 0; k < q->n; k++) {
                Status *s = make_component(q, k, rows, n_rows, &ret[k]);
                if (s) {
                        drop(ret, k);
                        return s;
                }
        }
        return NULL;
}
