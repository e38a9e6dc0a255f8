// SPDX-License-Identifier: Apache-2.0
/* The array itself; the ops are in the files named after them. */
#include "engine/kernels/data_flow/tensor_array.h"

#include "engine/ops/indexing.h"

static void drop_ahead(TensorArray *t)
{
        for (Ahead *a = t->ahead, *next; a; a = next) {
                next = a->next;
                tensor_unref(a->with);
                tensor_unref(a->rows);
                mem_free(a);
        }
        t->ahead = NULL;
}

static void drop_entries(TensorArray *t)
{
        drop_ahead(t);
        for (int64_t i = 0; i < t->size; i++)
                tensor_unref(t->entries[i].value);
        mem_free(t->entries);
        t->entries = NULL;
        t->size = 0;
}

/* Gradient arrays belong to the array they are of; the list holds a reference to each. */
static void tensor_array_destroy(Resource *r)
{
        TensorArray *t = CONTAINER_OF(r, TensorArray, base);
        for (TensorArray *g = t->grads, *next; g; g = next) {
                next = g->next;
                resource_unref(&g->base);
        }
        drop_entries(t);
        pthread_mutex_destroy(&t->lock);
        mem_free(t->name);
        mem_free(t->source);
        mem_free(t);
}

const ResourceKind tensor_array_kind = { .name = "N10tensorflow11TensorArrayE",
                                         .destroy = tensor_array_destroy };

static Status *check_size(const char *name, int64_t n)
{
        if (n <= TENSOR_ARRAY_MAX)
                return NULL;
        return resource_exhausted("TensorArray %s: %lld elements are more than the %d that an "
                                  "array may hold",
                                  name, (long long)n, TENSOR_ARRAY_MAX);
}

/* One entry more than asked for: an allocation of nothing might be NULL. */
Status *tensor_array_new(const char *name, DType dtype, const Shape *element, int64_t size,
                         TensorArray **ret)
{
        TRY(check_size(name, size));
        TensorArray *t = mem_calloc(1, sizeof *t);
        if (!t)
                return status_oom();
        resource_init(&t->base, &tensor_array_kind);
        pthread_mutex_init(&t->lock, NULL);
        t->name = mem_strdup(name);
        t->dtype = dtype;
        t->element = *element;
        t->entries = mem_calloc((size_t)size + 1, sizeof *t->entries);
        t->size = t->entries ? size : 0;
        if (!t->name || !t->entries) {
                tensor_array_destroy(&t->base);
                return status_oom();
        }
        *ret = t;
        return NULL;
}

/* ---- handles ---- */

/* Two kinds of handle: a resource (TensorArrayV3), or two strings of which the second is the name
 * (V1, V2). A resource is held by its tensor; a found name must be held by the caller. */
static Status *find(OpCtx *c, Resource **ret, Resource **ret_held)
{
        const Tensor *handle = ctx_input(c, 0);
        if (tensor_dtype(handle) != DT_STRING) {
                TRY(ctx_resource(c, 0, &tensor_array_kind, ret));
                return NULL;
        }
        if (tensor_count(handle) != 2)
                return invalid_argument("Tensor array handle must be 2-element vector, but had "
                                        "shape: %s",
                                        shape_text(tensor_shape(handle)).s);
        const TString *s = &tensor_strings(handle)[1];
        autofree char *name = mem_strndup(s->data ? s->data : "", s->len);
        if (!name)
                return status_oom();
        TRY(ctx_find_step_resource(c, &tensor_array_kind, name, ret));
        *ret_held = *ret;
        return NULL;
}

/* DT_INVALID asks for no check of the type. Closed arrays stay findable, to say so instead of "not
 * found". */
Status *tensor_array_of(OpCtx *c, DType dtype, TensorArray **ret, Resource **ret_held)
{
        Resource *r;
        autoptr(Resource) held = NULL;
        TRY(find(c, &r, &held));
        TensorArray *t = CONTAINER_OF(r, TensorArray, base);
        pthread_mutex_lock(&t->lock);
        bool closed = t->closed;
        pthread_mutex_unlock(&t->lock);
        if (closed)
                return invalid_argument("TensorArray %s has already been closed.", t->name);
        if (dtype != DT_INVALID && dtype != t->dtype)
                return invalid_argument("TensorArray dtype is %s but Op requested dtype %s.",
                                        dtype_name(t->dtype), dtype_name(dtype));
        *ret = t;
        *ret_held = steal(&held);
        return NULL;
}

Status *tensor_array_handle(OpCtx *c, TensorArray *t)
{
        autoptr(Tensor) handle = NULL;
        if (ctx_node(c)->out_types[0] != DT_STRING) {
                TRY(tensor_resource(DT_RESOURCE, &t->base, &handle));
        } else {
                Status *s = ctx_put_step_resource(c, &tensor_array_kind, t->name, &t->base);
                if (s && status_code(s) != SR_ALREADY_EXISTS)
                        return s;
                status_free(s);
                TRY(tensor_new(DT_STRING, &SHAPE(2), &handle));
                TRY(tensor_set_string(handle, 0, "_tensor_arrays", strlen("_tensor_arrays")));
                TRY(tensor_set_string(handle, 1, t->name, strlen(t->name)));
        }
        ctx_set_output(c, 0, steal(&handle));
        if (ctx_outputs(c) > 1) { /* the flow that orders what follows */
                float zero = 0;
                TRY(tensor_scalar(DT_FLOAT, &zero, &handle));
                ctx_set_output(c, 1, steal(&handle));
        }
        return NULL;
}

/* ---- size ---- */

int64_t tensor_array_size(TensorArray *t)
{
        pthread_mutex_lock(&t->lock);
        int64_t n = t->size;
        pthread_mutex_unlock(&t->lock);
        return n;
}

/* With the lock held. */
static Status *grow(TensorArray *t, int64_t n)
{
        if (n <= t->size)
                return NULL;
        if (!t->dynamic_size)
                return invalid_argument("TensorArray %s: Tried to write to index %lld but array is "
                                        "not resizeable and size is: %lld",
                                        t->name, (long long)n - 1, (long long)t->size);
        TRY(check_size(t->name, n));
        Entry *more = mem_realloc(t->entries, ((size_t)n + 1) * sizeof *more);
        if (!more)
                return status_oom();
        memset(more + t->size, 0, (size_t)(n - t->size) * sizeof *more);
        t->entries = more;
        t->size = n;
        return NULL;
}

bool tensor_array_dynamic(TensorArray *t)
{
        pthread_mutex_lock(&t->lock);
        bool yes = t->dynamic_size;
        pthread_mutex_unlock(&t->lock);
        return yes;
}

Status *tensor_array_reserve(TensorArray *t, int64_t n)
{
        pthread_mutex_lock(&t->lock);
        Status *s = grow(t, n);
        pthread_mutex_unlock(&t->lock);
        return s;
}

Status *tensor_array_refine(TensorArray *t, const Shape *element, Shape *ret)
{
        pthread_mutex_lock(&t->lock);
        Status *s = shape_merge(&t->element, element, ret);
        pthread_mutex_unlock(&t->lock);
        return s;
}

void tensor_array_close(TensorArray *t)
{
        pthread_mutex_lock(&t->lock);
        drop_entries(t);
        t->closed = true;
        pthread_mutex_unlock(&t->lock);
}

/* ---- write ---- */

static Status *refuse_write(const TensorArray *t, int64_t index, const char *why)
{
        return invalid_argument("TensorArray %s: Could not write to TensorArray index %lld because "
                                "it has already been %s.",
                                t->name, (long long)index, why);
}

/* A gradient that was written before: the two add up. */
static Status *add_to(TensorArray *t, Entry *e, int64_t index, Tensor *value)
{
        if (!shape_equal(&e->shape, tensor_shape(value)))
                return invalid_argument("TensorArray %s: Could not aggregate to TensorArray index "
                                        "%lld because the existing shape is %s but the new input "
                                        "shape is %s.",
                                        t->name, (long long)index, shape_text(&e->shape).s,
                                        shape_text(tensor_shape(value)).s);
        if (!e->value) {
                e->value = tensor_ref(value);
                return NULL;
        }
        autoptr(Tensor) sum = NULL;
        tensor_set_limit(e->value, 0);
        if (tensor_sole_owner(e->value))
                return scatter_apply(SCATTER_ADD, e->value, 0, value, 0, 1, tensor_count(value));
        TRY(tensor_clone(e->value, &sum));
        TRY(scatter_apply(SCATTER_ADD, sum, 0, value, 0, 1, tensor_count(value)));
        tensor_unref(e->value);
        e->value = steal(&sum);
        return NULL;
}

/* Written once and not after a read, except in gradient arrays, which add up. With
 * identical_element_shapes the first shape binds the others. */
static Status *write_locked(TensorArray *t, int64_t index, Tensor *value)
{
        if (index < 0)
                return invalid_argument("TensorArray %s: Tried to write to index %lld but array is "
                                        "not resizeable and size is: %lld",
                                        t->name, (long long)index, (long long)t->size);
        if (tensor_dtype(value) != t->dtype)
                return invalid_argument(
                        "TensorArray %s: Could not write to TensorArray index %lld "
                        "because the value dtype is %s but TensorArray dtype is %s.",
                        t->name, (long long)index, dtype_name(tensor_dtype(value)),
                        dtype_name(t->dtype));
        TRY(grow(t, index + 1));
        if (!shape_compatible(&t->element, tensor_shape(value)))
                return invalid_argument("TensorArray %s: Could not write to TensorArray index %lld "
                                        "because the value shape is %s which is incompatible with "
                                        "the TensorArray's inferred element shape: %s (consider "
                                        "setting infer_shape=False).",
                                        t->name, (long long)index,
                                        shape_text(tensor_shape(value)).s,
                                        shape_text(&t->element).s);
        Entry *e = &t->entries[index];
        if (e->read)
                return refuse_write(t, index, "read");
        if (e->written && !t->aggregate)
                return refuse_write(t, index, "written to");
        if (t->identical && !shape_complete(&t->element))
                t->element = *tensor_shape(value);
        if (e->written)
                return add_to(t, e, index, value);
        e->value = tensor_ref(value);
        e->shape = *tensor_shape(value);
        e->written = true;
        return NULL;
}

Status *tensor_array_write(TensorArray *t, int64_t index, Tensor *value)
{
        TRY(nesting_check(value));
        pthread_mutex_lock(&t->lock);
        Status *s = write_locked(t, index, value);
        pthread_mutex_unlock(&t->lock);
        return s;
}

/* ---- read ---- */

/* An element that has a shape but no value reads as zeros. */
static Status *zeros(const TensorArray *t, const Entry *e, int64_t index, Tensor **ret)
{
        const Shape *shape = e->written ? &e->shape : &t->element;
        if (!shape_complete(shape))
                return invalid_argument(
                        "TensorArray %s: Could not read from TensorArray index %lld.  Furthermore, "
                        "the element shape is not fully defined: %s.  It is possible you are "
                        "working with a resizeable TensorArray and stop_gradients is not allowing "
                        "the gradients to be written.  If you set the full element_shape property "
                        "on the forward TensorArray, the proper all-zeros tensor will be returned "
                        "instead of incurring this error.",
                        t->name, (long long)index, shape_text(shape).s);
        TRY(tensor_new(t->dtype, shape, ret));
        if (dtype_is_plain(t->dtype) && tensor_count(*ret))
                memset(tensor_fill(*ret), 0, tensor_bytes(*ret));
        return NULL;
}

static Status *read_locked(TensorArray *t, int64_t index, Tensor **ret)
{
        if (index < 0 || index >= t->size)
                return invalid_argument("TensorArray %s: Tried to read from index %lld but array "
                                        "size is: %lld",
                                        t->name, (long long)index, (long long)t->size);
        Entry *e = &t->entries[index];
        if (e->cleared)
                return invalid_argument(
                        "TensorArray %s: Could not read index %lld twice because it "
                        "was cleared after a previous read (perhaps try setting "
                        "clear_after_read = false?).",
                        t->name, (long long)index);
        /* Never written: zeros, as in TensorFlow, when the shape is known. A gradient that nobody
         * wrote is zero. */
        if (!e->value)
                TRY(zeros(t, e, index, &e->value));
        e->shape = *tensor_shape(e->value);
        e->written = e->read = true;
        /* The usual setting: memory of a loop's steps goes as soon as it was read. */
        if (t->clear_after_read) {
                e->cleared = true;
                *ret = steal(&e->value);
        } else {
                *ret = tensor_ref(e->value);
        }
        return NULL;
}

Status *tensor_array_read(TensorArray *t, int64_t index, Tensor **ret)
{
        pthread_mutex_lock(&t->lock);
        Status *s = read_locked(t, index, ret);
        pthread_mutex_unlock(&t->lock);
        return s;
}

/* ---- gradients ---- */

/* The shape of all elements joined. Unknown stays unknown; too many dims fail with the text of
 * shape_make(). */
static Status *prepended(const Shape *prepend, const Shape *s, Shape *ret)
{
        Shape out = prepend ? *prepend : SHAPE_SCALAR;
        if (s->rank < 0) {
                *ret = SHAPE_UNKNOWN;
                return NULL;
        }
        if (out.rank + s->rank > SHAPE_MAX_RANK)
                return shape_make(NULL, out.rank + s->rank, ret);
        for (int i = 0; i < s->rank; i++)
                shape_append(&out, s->dim[i]);
        *ret = out;
        return NULL;
}

/* An array as large as t, whose elements have the shapes of t's and start as zeros. */
static Status *grad_new(TensorArray *t, const char *source, const Shape *prepend, Resource **ret)
{
        TensorArray *g;
        Shape element;
        autofree char *name = mem_printf("%s@%s", t->name, source);
        if (!name)
                return status_oom();
        TRY(prepended(prepend, &t->element, &element));
        TRY(tensor_array_new(name, t->dtype, &element, t->size, &g));
        autoptr(Resource) held = &g->base;
        g->source = mem_strdup(source);
        if (!g->source)
                return status_oom();
        g->identical = t->identical;
        g->clear_after_read = g->aggregate = true;
        for (int64_t i = 0; i < t->size; i++) {
                if (!t->entries[i].written)
                        continue;
                TRY(prepended(prepend, &t->entries[i].shape, &g->entries[i].shape));
                g->entries[i].written = true;
        }
        *ret = steal(&held);
        return NULL;
}

static Status *grad_locked(TensorArray *t, const char *source, const Shape *prepend,
                           TensorArray **ret)
{
        Resource *made = NULL;
        for (TensorArray *g = t->grads; g; g = g->next)
                if (strcmp(g->source, source) == 0) {
                        *ret = g;
                        return NULL;
                }
        t->dynamic_size = false; /* later writes could not be matched by gradients */
        TRY(grad_new(t, source, prepend, &made));
        *ret = CONTAINER_OF(made, TensorArray, base);
        (*ret)->next = t->grads;
        t->grads = *ret;
        return NULL;
}

Status *tensor_array_grad(TensorArray *t, const char *source, const Shape *prepend,
                          TensorArray **ret)
{
        pthread_mutex_lock(&t->lock);
        Status *s = grad_locked(t, source, prepend, ret);
        pthread_mutex_unlock(&t->lock);
        return s;
}

/* ---- what is made ahead ---- */

Tensor *tensor_array_peek(TensorArray *t, int64_t index)
{
        Tensor *value = NULL;
        pthread_mutex_lock(&t->lock);
        if (index >= 0 && index < t->size && !t->entries[index].cleared && !t->aggregate &&
            t->entries[index].value)
                value = tensor_ref(t->entries[index].value);
        pthread_mutex_unlock(&t->lock);
        return value;
}

static Ahead *ahead_of(TensorArray *t, const void *key)
{
        for (Ahead *a = t->ahead; a; a = a->next)
                if (a->key == key)
                        return a;
        return NULL;
}

Tensor *tensor_array_ahead(TensorArray *t, const void *key, const Tensor *with, int64_t index,
                           int64_t *ret_from)
{
        Tensor *rows = NULL;
        pthread_mutex_lock(&t->lock);
        const Ahead *a = ahead_of(t, key);
        if (a && a->with == with && index >= a->from && index - a->from < a->count) {
                rows = tensor_ref(a->rows);
                *ret_from = a->from;
        }
        pthread_mutex_unlock(&t->lock);
        return rows;
}

Status *tensor_array_keep(TensorArray *t, const Ahead *a)
{
        Ahead *old, *more = mem_calloc(1, sizeof *more);
        if (!more)
                return status_oom();
        tensor_ref(a->with);
        tensor_ref(a->rows);
        pthread_mutex_lock(&t->lock);
        old = ahead_of(t, a->key);
        Ahead *to = old ? old : more, before = *to;
        *to = *a;
        to->next = old ? before.next : t->ahead;
        t->ahead = old ? t->ahead : more;
        pthread_mutex_unlock(&t->lock);
        tensor_unref(before.with);
        tensor_unref(before.rows);
        if (old)
                mem_free(more);
        return NULL;
}
