// SPDX-License-Identifier: Apache-2.0
/* Tensors: a fresh one is a single block of buffer, header and data; views are headers of their
 * own. */
#include "engine/tensor/tensor.h"

#include "engine/base/mem.h"
#include "engine/tensor/resource_ref.h"

/* Where the first header and the data are in the block of a Buffer that owns its data. */
enum {
        HEAD_AT = sizeof(Buffer),
        DATA_AT = (HEAD_AT + sizeof(Tensor) + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN
};

/* What texts of a string tensor share. */
typedef struct Texts {
        size_t size;
        char bytes[];
} Texts;

/* A text goes by itself, unless it lies in the room of all. */
static void free_text(const Texts *room, char *text)
{
        if (!room || (uintptr_t)text - (uintptr_t)room->bytes >= room->size)
                mem_free(text);
}

static void free_texts(Buffer *b)
{
        const TString *s = b->data;
        Texts *room = b->owner;
        for (int64_t i = 0; i < b->count; i++)
                free_text(room, s[i].data);
        if (room)
                block_free(room, sizeof *room + room->size);
}

/* Strings own their bytes, handles a reference. */
static void destroy_elements(Buffer *b)
{
        if (b->dtype == DT_STRING) {
                free_texts(b);
        } else if (!dtype_is_plain(b->dtype)) {
                Resource **r = b->data;
                for (int64_t i = 0; i < b->count; i++)
                        resource_unref(r[i]);
        }
}

/* Drops one reference of a counter; true when it was the last. The sole owner pays no locked
 * instruction. */
static bool last_ref(atomic_int *refs)
{
        return atomic_load_explicit(refs, memory_order_acquire) == 1 ||
               atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

/* Borrowed data goes back to its lender. */
static void buffer_unref(Buffer *b)
{
        if (!last_ref(&b->refs))
                return;
        if (b->release) {
                b->release(b->owner);
                block_free(b, sizeof *b);
                return;
        }
        if (UNLIKELY(!dtype_is_plain(b->dtype)))
                destroy_elements(b);
        block_free(b, DATA_AT + b->bytes);
}

void tensor_unref(Tensor *t)
{
        if (!t || !last_ref(&t->refs))
                return;
        Buffer *b = t->buffer;
        /* The first header goes with the buffer's block; views may still need that. */
        if (b->release || (char *)t != (char *)b + HEAD_AT)
                block_free(t, sizeof *t);
        buffer_unref(b);
}

static void header_init(Tensor *t, DType dtype, const Shape *shape, int64_t count, void *data,
                        Buffer *buffer)
{
        atomic_init(&t->refs, 1);
        t->dtype = dtype;
        atomic_init(&t->limit, 0);
        t->count = count;
        t->data = data;
        t->buffer = buffer;
        t->shape.rank = shape->rank;
        for (int i = 0; i < shape->rank; i++)
                t->shape.dim[i] = shape->dim[i];
        atomic_init(&t->limit, 0);
}

/* A header over a buffer; takes over a reference to it on success. */
static Status *header_new(DType dtype, const Shape *shape, int64_t count, void *data,
                          Buffer *buffer, Tensor **ret)
{
        Tensor *t = block_alloc(sizeof *t);
        if (!t)
                return status_oom();
        header_init(t, dtype, shape, count, data, buffer);
        *ret = t;
        return NULL;
}

static Status *no_memory(DType dtype, const Shape *shape)
{
        return resource_exhausted("OOM when allocating tensor with shape%s and type %s",
                                  shape_text(shape).s, dtype_name(dtype));
}

static void buffer_init(Buffer *b, DType dtype, int64_t count, size_t bytes, void *data)
{
        atomic_init(&b->refs, 1);
        b->dtype = dtype;
        b->count = count;
        b->bytes = bytes;
        b->data = data;
        b->release = NULL;
        b->owner = NULL;
}

/* Header and data in one block. Numbers are not set; strings and handles start empty. */
Status *tensor_new(DType dtype, const Shape *shape, Tensor **ret)
{
        int64_t count;
        size_t bytes, total;
        TRY(shape_count(shape, &count));
        if (__builtin_mul_overflow((size_t)count, dtype_size(dtype), &bytes) ||
            __builtin_add_overflow(bytes, (size_t)DATA_AT, &total) || total > PTRDIFF_MAX)
                return no_memory(dtype, shape);
        Buffer *b = block_alloc(total);
        if (!b)
                return no_memory(dtype, shape);
        buffer_init(b, dtype, count, bytes, (char *)b + DATA_AT);
        if (UNLIKELY(!dtype_is_plain(dtype)))
                memset(b->data, 0, bytes);
        *ret = (Tensor *)((char *)b + HEAD_AT);
        header_init(*ret, dtype, shape, count, b->data, b);
        return NULL;
}

/* The data belongs to the owner until release(owner). */
Status *tensor_borrow(DType dtype, const Shape *shape, void *data, void (*release)(void *),
                      void *owner, Tensor **ret)
{
        int64_t count;
        TRY(shape_count(shape, &count));
        Buffer *b = block_alloc(sizeof *b);
        if (!b)
                return status_oom();
        buffer_init(b, dtype, count, (size_t)count * dtype_size(dtype), data);
        b->release = release;
        b->owner = owner;
        Status *s = header_new(dtype, shape, count, data, b, ret);
        if (s)
                block_free(b, sizeof *b);
        return s;
}

static Status *share(Tensor *t, DType dtype, const Shape *shape, int64_t count, size_t offset,
                     Tensor **ret)
{
        TRY(header_new(dtype, shape, count, (char *)t->data + offset, t->buffer, ret));
        atomic_fetch_add_explicit(&t->buffer->refs, 1, memory_order_relaxed);
        return NULL;
}

Status *tensor_view(Tensor *t, const Shape *shape, Tensor **ret)
{
        return tensor_slice(t, 0, shape, ret);
}

Status *tensor_slice(Tensor *t, int64_t start, const Shape *shape, Tensor **ret)
{
        int64_t count;
        TRY(shape_count(shape, &count));
        if (start < 0 || count > t->count - start)
                return internal_error("a view of %s does not fit into a tensor of %s",
                                      shape_text(shape).s, shape_text(&t->shape).s);
        return share(t, t->dtype, shape, count, (size_t)start * dtype_size(t->dtype), ret);
}

Status *tensor_bitcast(Tensor *t, DType dtype, const Shape *shape, Tensor **ret)
{
        int64_t count;
        TRY(shape_count(shape, &count));
        if ((size_t)count * dtype_size(dtype) != tensor_bytes(t) || !dtype_is_plain(dtype) ||
            !dtype_is_plain(t->dtype))
                return internal_error("a bitcast changes the number of bytes");
        return share(t, dtype, shape, count, 0, ret);
}

Status *tensor_set_string(Tensor *t, int64_t i, const void *bytes, size_t n)
{
        char *copy = n ? mem_dup(bytes, n) : NULL;
        if (n && !copy)
                return status_oom();
        tensor_take_string(t, i, copy, n);
        return NULL;
}

void tensor_take_string(Tensor *t, int64_t i, char *bytes, size_t n)
{
        TString *s = (TString *)t->data + i;
        free_text(t->buffer->owner, s->data);
        *s = (TString){ .data = bytes, .len = n };
}

Status *tensor_text_room(Tensor *t, size_t n, char **ret)
{
        Texts *room;
        if (t->dtype != DT_STRING || t->buffer->owner)
                return internal_error("no room for the texts of a tensor of %s",
                                      dtype_name(t->dtype));
        if (n > PTRDIFF_MAX - sizeof *room || !(room = block_alloc(sizeof *room + n)))
                return status_oom();
        room->size = n;
        t->buffer->owner = room;
        *ret = room->bytes;
        return NULL;
}

/* A string is copied, a handle is counted. */
static Status *copy_counted(Tensor *dst, int64_t to, const Tensor *src, int64_t from)
{
        if (dst->dtype == DT_STRING) {
                const TString *s = tensor_strings(src) + from;
                return tensor_set_string(dst, to, s->data, s->len);
        }
        Resource **slot = (Resource **)dst->data + to, *old = *slot;
        *slot = resource_ref(tensor_resource_at(src, from));
        resource_unref(old);
        return NULL;
}

/* Ranges must not overlap. */
Status *tensor_copy_elements(Tensor *dst, int64_t to, const Tensor *src, int64_t from, int64_t n)
{
        size_t size = dtype_size(dst->dtype);
        if (LIKELY(dtype_is_plain(dst->dtype))) {
                if (n)
                        memcpy((char *)dst->data + (size_t)to * size,
                               (const char *)src->data + (size_t)from * size, (size_t)n * size);
                return NULL;
        }
        for (int64_t i = 0; i < n; i++)
                TRY(copy_counted(dst, to + i, src, from + i));
        return NULL;
}

Status *tensor_clone(const Tensor *t, Tensor **ret)
{
        autoptr(Tensor) c = NULL;
        TRY(tensor_new(t->dtype, &t->shape, &c));
        TRY(tensor_copy_elements(c, 0, t, 0, t->count));
        *ret = steal(&c);
        return NULL;
}

Status *tensor_scalar(DType dtype, const void *value, Tensor **ret)
{
        TRY(tensor_new(dtype, &SHAPE_SCALAR, ret));
        memcpy((*ret)->data, value, dtype_size(dtype));
        return NULL;
}

Status *tensor_string(const void *bytes, size_t n, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        TRY(tensor_new(DT_STRING, &SHAPE_SCALAR, &t));
        TRY(tensor_set_string(t, 0, bytes, n));
        *ret = steal(&t);
        return NULL;
}

Status *tensor_resource(DType dtype, Resource *r, Tensor **ret)
{
        TRY(tensor_new(dtype, &SHAPE_SCALAR, ret));
        *(Resource **)(*ret)->data = resource_ref(r);
        return NULL;
}

/* The plain type that holds a quantized one's integers. */
static DType storage_type(DType t)
{
        switch ((int)t) {
        case DT_QINT8: return DT_INT8;
        case DT_QUINT8: return DT_UINT8;
        case DT_QINT16: return DT_INT16;
        case DT_QUINT16: return DT_UINT16;
        case DT_QINT32: return DT_INT32;
        default: return t;
        }
}

/* An input that should be a number may be empty: its shape function ought to have refused it, but a
 * read beyond the end must not depend on that. */
static bool beyond(const Tensor *t, int64_t i)
{
        return UNLIKELY(i < 0 || i >= t->count);
}

/* 0 beyond the end: for callers that check shapes later. */
double tensor_double(const Tensor *t, int64_t i)
{
        if (beyond(t, i))
                return 0;
        switch ((int)storage_type(t->dtype)) {
#define CASE(ID, T, W, GET, PUT) \
        case DT_##ID: return (double)GET(((const T *)t->data)[i]);
                REAL_TYPES(CASE)
                TYPE_BOOL(CASE)
#undef CASE
        default: return 0;
        }
}

/* As tensor_double(), for whole numbers. */
int64_t tensor_int(const Tensor *t, int64_t i)
{
        if (beyond(t, i))
                return 0;
        switch ((int)storage_type(t->dtype)) {
#define CASE(ID, T, W, GET, PUT) \
        case DT_##ID: return (int64_t)GET(((const T *)t->data)[i]);
                INT_TYPES(CASE)
                TYPE_BOOL(CASE)
#undef CASE
        default: return (int64_t)tensor_double(t, i);
        }
}
