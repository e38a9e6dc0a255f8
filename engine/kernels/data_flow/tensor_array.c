// SPDX-License-Identifier: Apache-2.0
/* The array itself; the ops are in the files named after them. */
#include "engine/kernels/data_flow/tensor_array.h"

#include "engine/base/buf.h"
#include "engine/ops/indexing.h"
#include "engine/state/resource.h"

#define NAME_TEXT_MAX ((size_t)1 << 20)

static void drop_entries(TensorArray *t)
{
        tensor_array_drop_ahead(t);
        for (int64_t i = 0; i < t->size; i++)
                tensor_unref(t->entries[i].value);
        mem_free(t->entries);
        t->entries = NULL;
        t->size = t->cap = 0;
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

/* TensorFlow's containers of arrays. */
static const char *container_of(const TensorArray *t)
{
        return t->source ? "_tensor_array_grads" : "_tensor_arrays";
}

static Status *tensor_array_text(Resource *r, Tensor **ret)
{
        const TensorArray *t = CONTAINER_OF(r, TensorArray, base);
        return resource_name_tensor(container_of(t), t->name, ret);
}

const ResourceKind tensor_array_kind = { .name = "N10tensorflow11TensorArrayE",
                                         .destroy = tensor_array_destroy,
                                         .read = tensor_array_text };

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
        t->size = t->cap = t->entries ? size : 0;
        t->marked = -1;
        if (!t->name || !t->entries) {
                tensor_array_destroy(&t->base);
                return status_oom();
        }
        *ret = t;
        return NULL;
}

/* ---- handles ---- */

/* Two kinds of handle: a resource (V1, where it is a reference, and V3), or container and name
 * (V2). A resource is held by its tensor; a found name must be held by the caller. */
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
        const TString *s = tensor_strings(handle);
        autobuf name = BUF(NAME_TEXT_MAX);
        buf_append(&name, s[0].data, s[0].len);
        buf_append(&name, s[1].data, s[1].len);
        TRY(buf_status(&name));
        TRY(ctx_find_step_resource(c, &tensor_array_kind, buf_cstr(&name), ret));
        *ret_held = *ret;
        return NULL;
}

/* Closed arrays stay findable, to say so instead of "not found". */
Status *tensor_array_of(OpCtx *c, TensorArray **ret, Resource **ret_held)
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
        *ret = t;
        *ret_held = steal(&held);
        return NULL;
}

Status *tensor_array_gives(const TensorArray *t, DType dtype)
{
        if (dtype == t->dtype)
                return NULL;
        return invalid_argument("TensorArray dtype is %s but Op requested dtype %s.",
                                dtype_name(t->dtype), dtype_name(dtype));
}

Status *tensor_array_takes(const TensorArray *t, DType dtype)
{
        if (dtype == t->dtype)
                return NULL;
        return invalid_argument("TensorArray dtype is %s but Op is trying to write dtype %s.",
                                dtype_name(t->dtype), dtype_name(dtype));
}

static Status *put_named(OpCtx *c, TensorArray *t)
{
        autofree char *key = mem_printf("%s%s", container_of(t), t->name);
        if (!key)
                return status_oom();
        Status *s = ctx_put_step_resource(c, &tensor_array_kind, key, &t->base);
        if (s && status_code(s) != SR_ALREADY_EXISTS)
                return s;
        status_free(s);
        return NULL;
}

Status *tensor_array_handle(OpCtx *c, TensorArray *t)
{
        DType type = ctx_node(c)->out_types[0];
        autoptr(Tensor) handle = NULL;
        if (dtype_base(type) == DT_STRING)
                TRY(put_named(c, t));
        if (type == DT_STRING)
                TRY(tensor_array_text(&t->base, &handle));
        else
                TRY(tensor_resource(DT_RESOURCE, &t->base, &handle));
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

/* With the lock held. Doubling makes a loop of writes linear. */
static Status *grow(TensorArray *t, int64_t n)
{
        if (n <= t->size)
                return NULL;
        TRY(check_size(t->name, n));
        if (n > t->cap) {
                int64_t cap = MIN(MAX(n, 2 * t->cap), TENSOR_ARRAY_MAX);
                Entry *more = mem_realloc(t->entries, (size_t)cap * sizeof *more);
                if (!more)
                        return status_oom();
                memset(more + t->size, 0, (size_t)(cap - t->size) * sizeof *more);
                t->entries = more;
                t->cap = cap;
        }
        t->size = n;
        return NULL;
}

int64_t tensor_array_room(TensorArray *t, int64_t n)
{
        pthread_mutex_lock(&t->lock);
        int64_t room = t->dynamic_size ? MAX(t->size, n) : t->size;
        pthread_mutex_unlock(&t->lock);
        return room;
}

void tensor_array_mark(TensorArray *t, int64_t n)
{
        pthread_mutex_lock(&t->lock);
        if (!t->source)
                t->marked = n;
        pthread_mutex_unlock(&t->lock);
}

/* Of a gradient array only what its forward array was given: that may have grown since. */
int64_t tensor_array_marked(TensorArray *t)
{
        pthread_mutex_lock(&t->lock);
        int64_t n = t->source && t->marked >= 0 ? t->marked : t->size;
        pthread_mutex_unlock(&t->lock);
        return n;
}

Status *tensor_array_refine(TensorArray *t, const Shape *element)
{
        pthread_mutex_lock(&t->lock);
        Status *s = shape_refine(&t->element, element, &t->element);
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
        if (index < 0 || (index >= t->size && !t->dynamic_size))
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
        if (t->identical && !shape_complete(&t->element))
                t->element = *tensor_shape(value);
        if (e->read)
                return refuse_write(t, index, "read");
        if (e->written && !t->aggregate)
                return refuse_write(t, index, "written to");
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

static Status *no_shape(const TensorArray *t, const Shape *shape, int64_t index)
{
        return invalid_argument(
                "TensorArray %s: Could not read from TensorArray index %lld.  Furthermore, the "
                "element shape is not fully defined: %s.  It is possible you are working with a "
                "resizeable TensorArray and stop_gradients is not allowing the gradients to be "
                "written.  If you set the full element_shape property on the forward TensorArray, "
                "the proper all-zeros tensor will be returned instead of incurring this error.",
                t->name, (long long)index, shape_text(shape).s);
}

/* An element that has a shape but no value reads as zeros. */
static Status *zeros(const TensorArray *t, const Entry *e, int64_t index, Tensor **ret)
{
        const Shape *shape = e->written ? &e->shape : &t->element;
        if (!shape_complete(shape))
                return no_shape(t, shape, index);
        TRY(tensor_new(t->dtype, shape, ret));
        if (dtype_is_plain(t->dtype) && tensor_count(*ret))
                memset(tensor_fill(*ret), 0, tensor_bytes(*ret));
        return NULL;
}

/* A gradient array grows to what is read: nobody may have written so far. */
static Status *read_locked(TensorArray *t, int64_t index, Tensor **ret)
{
        if (index < 0 || (index >= t->size && !t->source))
                return invalid_argument("Tried to read from index %lld but array size is: %lld",
                                        (long long)index, (long long)t->size);
        if (index >= t->size && !shape_complete(&t->element))
                return no_shape(t, &t->element, index);
        TRY(grow(t, index + 1));
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
        g->marked = t->marked;
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

/* The third version's handles say so in other words than those of strings. */
static Status *no_second_gradient(const OpCtx *c, const TensorArray *t)
{
        if (dtype_base(ctx_node(c)->in_types[0]) == DT_STRING)
                return invalid_argument("Input container should be '_tensor_arrays',  but received "
                                        "'%s'",
                                        container_of(t));
        return invalid_argument("Wrong input container. %s%s", container_of(t), t->name);
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

Status *tensor_array_grad(const OpCtx *c, TensorArray *t, const Shape *prepend, TensorArray **ret)
{
        const char *source = node_string(ctx_node(c), "source", "");
        if (t->source)
                return no_second_gradient(c, t);
        pthread_mutex_lock(&t->lock);
        Status *s = grad_locked(t, source, prepend, ret);
        pthread_mutex_unlock(&t->lock);
        return s;
}
