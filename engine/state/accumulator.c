// SPDX-License-Identifier: Apache-2.0
/* Sums of gradients and who waits for them. */
#include "engine/state/accumulator.h"

#include "engine/base/mem.h"
#include "engine/state/resource.h"
#include "engine/state/wait.h"

struct Accumulator {
        Resource base;
        char *name, *container;
        DType dtype;
        Shape shape;
        bool sparse, mean;

        pthread_mutex_t lock; /* guards: everything below */
        Tensor *sum;          /* NULL: no gradient yet; one owner */
        int64_t *index;       /* sparse: of each row of sum, rising */
        int64_t *times;       /* sparse: gradients in each row */
        int64_t count, step;
        WaitList takes;
};

typedef struct Take {
        Wait wait;
        Accumulator *a; /* one reference */
        int64_t need;
        AccumulatorDone done;
        void *arg;
        Tensor *out[3];
} Take;

/* ---- arithmetic ---- */

#define LOOPS(ID, T, W, GET, PUT)                            \
        static void add_##ID(T *y, const T *x, int64_t n)    \
        {                                                    \
                for (int64_t i = 0; i < n; i++)              \
                        y[i] = PUT(GET(y[i]) + GET(x[i]));   \
        }                                                    \
        static void divide_##ID(T *y, int64_t by, int64_t n) \
        {                                                    \
                for (int64_t i = 0; i < n; i++)              \
                        y[i] = PUT(GET(y[i]) / (W)by);       \
        }
FLOAT_TYPES(LOOPS)
#undef LOOPS

static void *row_of(const Tensor *t, int64_t row, int64_t width)
{
        return (char *)t->data + (size_t)(row * width) * dtype_size(t->dtype);
}

/* ---- life ---- */

static void forget(Accumulator *a)
{
        tensor_unref(steal(&a->sum));
        mem_free(steal(&a->index));
        mem_free(steal(&a->times));
        a->count = 0;
}

static void accumulator_destroy(Resource *r)
{
        Accumulator *a = accumulator_of(r);
        forget(a);
        pthread_mutex_destroy(&a->lock);
        mem_free(a->name);
        mem_free(a->container);
        mem_free(a);
}

static Status *accumulator_read(Resource *r, Tensor **ret)
{
        Accumulator *a = accumulator_of(r);
        return resource_name_tensor(a->container, a->name, ret);
}

/* The name is that of TensorFlow's C++ type, which its messages show. */
const ResourceKind accumulator_kind = { .name = "N10tensorflow26ConditionalAccumulatorBaseE",
                                        .destroy = accumulator_destroy,
                                        .read = accumulator_read };

Accumulator *accumulator_of(Resource *r)
{
        return CONTAINER_OF(r, Accumulator, base);
}

/* Holds no gradient yet: the first one decides the sum's shape where the spec leaves it open. */
Status *accumulator_new(const AccumulatorSpec *spec, Resource **ret)
{
        Accumulator *a = mem_calloc(1, sizeof *a);
        if (!a)
                return status_oom();
        resource_init(&a->base, &accumulator_kind);
        pthread_mutex_init(&a->lock, NULL);
        a->dtype = spec->dtype;
        a->shape = spec->shape;
        a->sparse = spec->sparse;
        a->mean = spec->mean;
        a->name = mem_strdup(spec->name);
        a->container = mem_strdup(spec->container);
        if (!a->name || !a->container) {
                accumulator_destroy(&a->base);
                return status_oom();
        }
        *ret = &a->base;
        return NULL;
}

DType accumulator_dtype(const Accumulator *a)
{
        return a->dtype;
}

Status *accumulator_is(const Accumulator *a, bool sparse)
{
        if (a->sparse == sparse)
                return NULL;
        return invalid_argument("Accumulator '%s' is a %s one", a->name,
                                a->sparse ? "sparse" : "dense");
}

/* ---- applying; under the lock ---- */

/* A sum's shape binds, and so does the accumulator's own. */
static Status *check_dense(const Accumulator *a, const Tensor *g)
{
        const Shape *want = &a->shape;
        if (a->count && !shape_equal(&a->sum->shape, &g->shape))
                want = &a->sum->shape;
        else if (shape_compatible(want, &g->shape))
                return NULL;
        return invalid_argument("Shape mismatch: expected %s, got %s", shape_text(want).s,
                                shape_text(&g->shape).s);
}

/* The slices' indices: a vector as long as the values. */
static Status *check_slices(const Tensor *index, const Tensor *g)
{
        if (index->shape.rank != 1)
                return invalid_argument("Input indices should be vector but received shape: %s",
                                        shape_text(&index->shape).s);
        if (!g->shape.rank)
                return invalid_argument("Values cannot be 0-dimensional.");
        if (g->shape.dim[0] != index->count)
                return invalid_argument("Expected %lld non-empty input values, got %lld",
                                        (long long)index->count, (long long)g->shape.dim[0]);
        return NULL;
}

/* What the client says about the gradient's shape must fit the accumulator's. */
static Status *check_said_shape(const Accumulator *a, const Tensor *said)
{
        if (a->shape.rank > said->count)
                return invalid_argument("Shape mismatch: expected shape rank at least %d, got %lld",
                                        a->shape.rank, (long long)said->count);
        for (int i = 0; i < a->shape.rank; i++)
                if (a->shape.dim[i] != -1 && a->shape.dim[i] != tensor_int(said, i))
                        return invalid_argument("Shape mismatch: expected shape dim %d to be %lld, "
                                                "got %lld",
                                                i, (long long)a->shape.dim[i],
                                                (long long)tensor_int(said, i));
        return NULL;
}

/* INT64_MAX stands behind the last index where rows are merged. */
static Status *check_index(const Accumulator *a, const Tensor *index)
{
        int64_t limit = a->shape.rank > 0 && a->shape.dim[0] >= 0 ? a->shape.dim[0] : INT64_MAX;
        for (int64_t i = 0; i < index->count; i++) {
                int64_t at = tensor_int(index, i);
                if (at < 0 || at >= limit)
                        return invalid_argument("Shape mismatch: index of slice %lld exceeded "
                                                "limits of shape; index is %lld exceeded %lld",
                                                (long long)i, (long long)at, (long long)limit);
        }
        return NULL;
}

/* The first gradient may have more dimensions than the accumulator was told of; those after it must
 * match it. */
static Status *check_values(const Accumulator *a, const Tensor *g)
{
        const Shape *want = a->count ? &a->sum->shape : &a->shape;
        if (a->count ? want->rank != g->shape.rank : want->rank > g->shape.rank)
                return invalid_argument("Shape mismatch: expected values rank %s%d, got %d",
                                        a->count ? "" : "at least ", want->rank, g->shape.rank);
        for (int i = 1; i < want->rank; i++)
                if (want->dim[i] >= 0 && want->dim[i] != g->shape.dim[i])
                        return invalid_argument("Shape mismatch: expected values dim %d to be "
                                                "%lld, got %lld",
                                                i, (long long)want->dim[i],
                                                (long long)g->shape.dim[i]);
        return NULL;
}

static Status *check_sparse(const Accumulator *a, const Gradient *g)
{
        TRY(check_slices(g->indices, g->values));
        if (g->shape)
                TRY(check_said_shape(a, g->shape));
        TRY(check_index(a, g->indices));
        return check_values(a, g->values);
}

static Status *add_dense(Accumulator *a, const Tensor *g)
{
        if (!a->count)
                return tensor_clone(g, &a->sum);
        DISPATCH(FLOAT_TYPES, a->dtype, add, tensor_fill(a->sum), tensor_data(g), g->count);
        return NULL;
}

/* The rows of both; where both rise, as they should, rows of one index are added. INT64_MAX, which
 * is no index, stands behind the last. */
static int64_t merge(const Accumulator *a, const Tensor *index, const Tensor *g, Tensor *sum,
                     int64_t *at, int64_t *times)
{
        int64_t have = a->count ? a->sum->shape.dim[0] : 0, n = 0, i = 0, j = 0;
        int64_t width = shape_product(&g->shape, 1, g->shape.rank);
        size_t bytes = (size_t)width * dtype_size(a->dtype);
        for (; i < have || j < index->count; n++) {
                int64_t x = i < have ? a->index[i] : INT64_MAX;
                int64_t y = j < index->count ? tensor_int(index, j) : INT64_MAX;
                void *to = row_of(sum, n, width);
                at[n] = MIN(x, y);
                times[n] = (x <= y ? a->times[i] : 0) + (y <= x);
                memcpy(to, x <= y ? row_of(a->sum, i, width) : row_of(g, j, width), bytes);
                if (x == y)
                        DISPATCH(FLOAT_TYPES, a->dtype, add, to, row_of(g, j, width), width);
                i += x <= y;
                j += y <= x;
        }
        return n;
}

/* The sum's rows stay sorted by index, with how often each was added beside it: a sparse mean
 * divides each row by its own count. */
static Status *add_sparse(Accumulator *a, const Tensor *index, const Tensor *g)
{
        int64_t most = index->count + (a->count ? a->sum->shape.dim[0] : 0);
        autofree int64_t *at = mem_calloc((size_t)most + 1, sizeof *at);
        autofree int64_t *times = mem_calloc((size_t)most + 1, sizeof *times);
        autoptr(Tensor) room = NULL;
        Shape s = g->shape;
        s.dim[0] = most;
        if (!at || !times)
                return status_oom();
        TRY(tensor_new(a->dtype, &s, &room));
        Tensor *sum;
        s.dim[0] = merge(a, index, g, room, at, times);
        TRY(tensor_slice(room, 0, &s, &sum));
        int64_t count = a->count;
        forget(a);
        a->count = count;
        a->sum = sum;
        a->index = steal(&at);
        a->times = steal(&times);
        return NULL;
}

/* A gradient from an older step than the accumulator's is stale: dropped without a look at it, as
 * TensorFlow does. */
static Status *apply_locked(Accumulator *a, const Gradient *g)
{
        if (g->step < a->step)
                return NULL;
        TRY(a->sparse ? check_sparse(a, g) : check_dense(a, g->values));
        TRY(a->sparse ? add_sparse(a, g->indices, g->values) : add_dense(a, g->values));
        a->count++;
        return NULL;
}

/* ---- taking; under the lock ---- */

/* From the sum to the mean, in place. */
static void divide(Accumulator *a)
{
        if (!a->mean)
                return;
        if (!a->sparse) {
                DISPATCH(FLOAT_TYPES, a->dtype, divide, tensor_fill(a->sum), a->count,
                         a->sum->count);
                return;
        }
        int64_t width = shape_product(&a->sum->shape, 1, a->sum->shape.rank);
        for (int64_t i = 0; i < a->sum->shape.dim[0]; i++)
                DISPATCH(FLOAT_TYPES, a->dtype, divide, row_of(a->sum, i, width), a->times[i],
                         width);
}

/* Indices and shape; where the accumulator was not told its number of rows the shape says -1. */
static Status *put_sparse(const Accumulator *a, Tensor **out)
{
        int64_t n = a->sum->shape.dim[0];
        TRY(tensor_new(DT_INT64, &SHAPE(n), &out[0]));
        TRY(tensor_new(DT_INT64, &SHAPE(a->sum->shape.rank), &out[2]));
        memcpy(tensor_fill(out[0]), a->index, (size_t)n * sizeof(int64_t));
        int64_t *shape = tensor_fill(out[2]);
        memcpy(shape, a->sum->shape.dim, (size_t)a->sum->shape.rank * sizeof *shape);
        shape[0] = a->shape.rank > 0 ? a->shape.dim[0] : -1;
        return NULL;
}

/* Hands out the average and starts over, one global step on. */
static Status *take_now(Accumulator *a, Take *t)
{
        if (a->sparse)
                TRY(put_sparse(a, t->out));
        divide(a);
        t->out[a->sparse] = steal(&a->sum);
        forget(a);
        a->step++;
        return NULL;
}

static void advance(Accumulator *a, WaitList *ended)
{
        while (a->takes.first) {
                Take *t = CONTAINER_OF(a->takes.first, Take, wait);
                if (a->count < t->need)
                        return;
                wait_end(&t->wait, take_now(a, t), ended);
        }
}

/* Runs outside of the lock: the answer may run anything. */
static void take_done(Wait *w)
{
        Take *t = CONTAINER_OF(w, Take, wait);
        Status *s = steal(&w->status);
        t->done(t->arg, s, t->out, s ? 0 : t->a->sparse ? 3 : 1);
        for (int i = 0; i < 3; i++)
                tensor_unref(t->out[i]);
        resource_unref(&t->a->base);
        mem_free(t);
}

static void take_cancel(Wait *w, WaitList *ended)
{
        wait_end(w, cancelled("TakeGrad operation was cancelled"), ended);
        advance(CONTAINER_OF(w, Take, wait)->a, ended);
}

static const WaitKind take_kind = { .cancel = take_cancel, .done = take_done };

/* ---- what callers see ---- */

/* May complete the takes that wait. */
Status *accumulator_apply(Accumulator *a, const Gradient *g)
{
        WaitList ended = { 0 };
        pthread_mutex_lock(&a->lock);
        Status *s = apply_locked(a, g);
        if (!s)
                advance(a, &ended);
        pthread_mutex_unlock(&a->lock);
        waits_deliver(&ended);
        return s;
}

/* Waits until n gradients are there; holds no thread meanwhile. */
void accumulator_take(Accumulator *a, int64_t n, Cancel *cancel, AccumulatorDone done, void *arg)
{
        WaitList ended = { 0 };
        Take *t = n > 0 ? mem_calloc(1, sizeof *t) : NULL;
        if (!t) {
                done(arg,
                     n > 0 ? status_oom()
                           : invalid_argument("Argument num_required must be positive, but was "
                                              "%lld",
                                              (long long)n),
                     NULL, 0);
                return;
        }
        wait_init(&t->wait, &take_kind, &a->lock);
        resource_ref(&a->base);
        t->a = a;
        t->need = n;
        t->done = done;
        t->arg = arg;
        pthread_mutex_lock(&a->lock);
        wait_begin(&t->wait, &a->takes);
        advance(a, &ended);
        if (t->wait.list && !wait_hook(&t->wait, cancel))
                take_cancel(&t->wait, &ended);
        pthread_mutex_unlock(&a->lock);
        waits_deliver(&ended);
}

int64_t accumulator_count(Accumulator *a)
{
        pthread_mutex_lock(&a->lock);
        int64_t n = a->count;
        pthread_mutex_unlock(&a->lock);
        return n;
}

void accumulator_set_step(Accumulator *a, int64_t step)
{
        pthread_mutex_lock(&a->lock);
        a->step = step;
        pthread_mutex_unlock(&a->lock);
}
