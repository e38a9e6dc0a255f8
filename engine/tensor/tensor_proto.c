// SPDX-License-Identifier: Apache-2.0
/* The two ways in which a TensorProto spells elements: raw content, or a list per type. */
#include "engine/tensor/tensor_proto.h"

#include "engine/base/mem.h"
#include "engine/tensor/resource_ref.h"

typedef Tensorflow__TensorProto TensorProto;
typedef Tensorflow__TensorShapeProto ShapeProto;

/* -1 is an unknown size, so partial shapes pass; whoever needs a complete one checks. */
Status *shape_from_proto(const ShapeProto *p, Shape *ret)
{
        int64_t dims[SHAPE_MAX_RANK];
        size_t n = p ? p->n_dim : 0;
        if (p && p->unknown_rank) {
                if (n)
                        return invalid_argument(
                                "An unknown shape must not have any dimensions set.");
                *ret = SHAPE_UNKNOWN;
                return NULL;
        }
        if (n > SHAPE_MAX_RANK)
                return unimplemented("Tensors of rank %zu are not supported; the largest rank is "
                                     "%d",
                                     n, SHAPE_MAX_RANK);
        for (size_t i = 0; i < n; i++) {
                dims[i] = p->dim[i]->size;
                if (dims[i] < -1)
                        return invalid_argument("Shape dimension %zu has value %lld below -1 "
                                                "(where -1 means unknown)",
                                                i, (long long)dims[i]);
        }
        return shape_make(dims, (int)n, ret);
}

/* -1 stays -1; an unknown rank has its own flag. */
Status *shape_to_proto(const Shape *s, Arena *arena, ShapeProto **ret)
{
        size_t n = s->rank < 0 ? 0 : (size_t)s->rank;
        ShapeProto *p = arena_alloc(arena, sizeof *p);
        Tensorflow__TensorShapeProto__Dim *dims = arena_alloc(arena, n * sizeof *dims);
        Tensorflow__TensorShapeProto__Dim **list = arena_alloc(arena, n * sizeof *list);
        if (!p || !dims || !list)
                return status_oom();
        tensorflow__tensor_shape_proto__init(p);
        p->unknown_rank = s->rank < 0;
        p->n_dim = n;
        p->dim = list;
        for (size_t i = 0; i < n; i++) {
                tensorflow__tensor_shape_proto__dim__init(&dims[i]);
                dims[i].size = s->dim[i];
                list[i] = &dims[i];
        }
        *ret = p;
        return NULL;
}

/* ---- reading ---- */

static Status *bad(const char *why)
{
        return invalid_argument("Cannot parse tensor from proto: %s", why);
}

/* What is checked before a byte is allocated: reference types have no value, and the element count
 * must not overflow. */
static Status *header(const TensorProto *p, DType *ret_dtype, Shape *ret_shape, int64_t *ret_count)
{
        if (!dtype_valid((int)p->dtype) || dtype_is_ref((DType)p->dtype))
                return bad("bad dtype");
        *ret_dtype = (DType)p->dtype;
        TRY(status_wrap(shape_from_proto(p->tensor_shape, ret_shape),
                        "Cannot parse tensor from proto: "));
        if (!shape_complete(ret_shape))
                return invalid_argument("Cannot parse tensor from proto: shape %s is not fully "
                                        "defined",
                                        shape_text(ret_shape).s);
        return status_wrap(shape_count(ret_shape, ret_count), "Cannot parse tensor from proto: ");
}

/* What the strings of a list hold, the last one as often as it is repeated. */
static bool string_bytes(const TensorProto *p, int64_t count, size_t *ret)
{
        size_t have = MIN((size_t)count, p->n_string_val), total = 0, repeats;
        for (size_t i = 0; i < have; i++)
                total += p->string_val[i].len; /* no more than the message has */
        size_t last = have ? p->string_val[have - 1].len : 0;
        return !__builtin_mul_overflow((size_t)count - have, last, &repeats) &&
               !__builtin_add_overflow(total, repeats, ret);
}

/* What the tensor will take, for the limits, before it is made. */
Status *tensor_proto_size(const TensorProto *p, size_t *ret_bytes)
{
        DType dtype;
        Shape shape;
        int64_t count;
        size_t strings = 0, bytes;
        TRY(header(p, &dtype, &shape, &count));
        if ((dtype == DT_STRING && !string_bytes(p, count, &strings)) ||
            __builtin_mul_overflow((size_t)count, dtype_size(dtype), &bytes) ||
            __builtin_add_overflow(bytes, strings, &bytes))
                return bad("too large");
        *ret_bytes = bytes;
        return NULL;
}

/* Fills t with `value`, an expression of i, for the n values that there are; then the last one. */
#define READ_LIST(T, n, value)                                      \
        do {                                                        \
                T *y_ = tensor_fill(t), last_ = { 0 };              \
                int64_t have_ = MIN((int64_t)(n), t->count), i = 0; \
                for (; i < have_; i++)                              \
                        y_[i] = last_ = (T)(value);                 \
                for (; i < t->count; i++)                           \
                        y_[i] = last_;                              \
        } while (0)

/* The same for complex numbers, which come as two values each (clang 14 has no CMPLX). */
#define READ_PAIRS(T, n, values)                                          \
        do {                                                              \
                T *y_ = tensor_fill(t);                                   \
                int64_t have_ = (int64_t)((n) / 2);                       \
                for (int64_t i = 0; i < t->count; i++) {                  \
                        int64_t k_ = MIN(i, have_ - 1);                   \
                        y_[2 * i] = have_ ? (values)[2 * k_] : 0;         \
                        y_[2 * i + 1] = have_ ? (values)[2 * k_ + 1] : 0; \
                }                                                         \
        } while (0)

/* Small types travel in int_val. Lists shorter than the tensor repeat their last value, see
 * READ_LIST. */
static void read_integers(const TensorProto *p, Tensor *t)
{
        switch ((int)t->dtype) {
        case DT_INT8:
        case DT_QINT8: READ_LIST(int8_t, p->n_int_val, p->int_val[i]); break;
        case DT_UINT8:
        case DT_QUINT8: READ_LIST(uint8_t, p->n_int_val, p->int_val[i]); break;
        case DT_INT16:
        case DT_QINT16: READ_LIST(int16_t, p->n_int_val, p->int_val[i]); break;
        case DT_UINT16:
        case DT_QUINT16: READ_LIST(uint16_t, p->n_int_val, p->int_val[i]); break;
        case DT_INT32:
        case DT_QINT32: READ_LIST(int32_t, p->n_int_val, p->int_val[i]); break;
        case DT_INT64: READ_LIST(int64_t, p->n_int64_val, p->int64_val[i]); break;
        case DT_UINT32: READ_LIST(uint32_t, p->n_uint32_val, p->uint32_val[i]); break;
        case DT_UINT64: READ_LIST(uint64_t, p->n_uint64_val, p->uint64_val[i]); break;
        default: READ_LIST(bool, p->n_bool_val, p->bool_val[i] != 0); break;
        }
}

/* Values in lists of their kind; the last one stands for those that are missing. */
static void read_values(const TensorProto *p, Tensor *t)
{
        switch ((int)t->dtype) {
        case DT_FLOAT: READ_LIST(float, p->n_float_val, p->float_val[i]); break;
        case DT_DOUBLE: READ_LIST(double, p->n_double_val, p->double_val[i]); break;
        case DT_HALF:
        case DT_BFLOAT16: READ_LIST(uint16_t, p->n_half_val, p->half_val[i]); break;
        case DT_COMPLEX64: READ_PAIRS(float, p->n_scomplex_val, p->scomplex_val); break;
        case DT_COMPLEX128: READ_PAIRS(double, p->n_dcomplex_val, p->dcomplex_val); break;
        default: read_integers(p, t);
        }
}

/* The last string repeats as the last number does; without any all are empty. */
static Status *read_strings(const TensorProto *p, Tensor *t)
{
        int64_t have = (int64_t)p->n_string_val;
        for (int64_t i = 0; i < t->count && have; i++) {
                const ProtobufCBinaryData *s = &p->string_val[MIN(i, have - 1)];
                TRY(tensor_set_string(t, i, s->data, s->len));
        }
        return NULL;
}

/* Strings in tensor_content: all lengths as varints, then all bytes. */
static Status *read_string_content(const ProtobufCBinaryData *c, Tensor *t)
{
        size_t at = 0, data;
        for (int64_t i = 0; i < t->count; i++) {
                uint64_t len = 0;
                int shift = 0;
                do {
                        if (at >= c->len || shift > 28)
                                return bad("bad string lengths");
                        len |= (uint64_t)(c->data[at] & 0x7F) << shift;
                        shift += 7;
                } while (c->data[at++] & 0x80);
                ((TString *)t->data)[i].len = len; /* no bytes yet: the pass below brings them */
        }
        data = at;
        for (int64_t i = 0; i < t->count; i++) {
                size_t len = ((TString *)t->data)[i].len;
                if (len > c->len - data)
                        return bad("strings end outside of the content");
                TRY(tensor_set_string(t, i, c->data + data, len));
                data += len;
        }
        return data == c->len ? NULL : bad("bytes behind the strings");
}

/* Must be just as long as the shape says. */
static Status *read_content(const TensorProto *p, Tensor *t)
{
        const ProtobufCBinaryData *c = &p->tensor_content;
        if (t->dtype == DT_STRING)
                return read_string_content(c, t);
        if (c->len != tensor_bytes(t))
                return invalid_argument("Cannot parse tensor from proto: tensor_content has %zu "
                                        "bytes where shape %s of type %s needs %zu",
                                        c->len, shape_text(&t->shape).s, dtype_name(t->dtype),
                                        tensor_bytes(t));
        if (t->dtype == DT_BOOL) /* any other byte in a C bool is undefined behaviour */
                for (size_t i = 0; i < c->len; i++)
                        ((bool *)t->data)[i] = c->data[i] != 0;
        else
                memcpy(t->data, c->data, c->len);
        return NULL;
}

/* Can the content stay where it is? Small tensors are better off with memory of their own. */
static bool lendable(const ProtobufCBinaryData *c, DType dtype, int64_t count)
{
        return dtype_is_plain(dtype) && dtype != DT_BOOL && c->len >= ARENA_BIG &&
               (uintptr_t)c->data % MEM_ALIGN == 0 && c->len / dtype_size(dtype) == (size_t)count &&
               c->len % dtype_size(dtype) == 0;
}

Status *tensor_from_proto(const TensorProto *p, ProtoLender *lender, Tensor **ret)
{
        DType dtype;
        Shape shape;
        int64_t count;
        autoptr(Tensor) t = NULL;
        TRY(header(p, &dtype, &shape, &count));
        if (dtype == DT_RESOURCE || dtype == DT_VARIANT)
                return unimplemented("Cannot parse tensor from proto: values of type %s",
                                     dtype_name(dtype));
        /* Large plain content is not copied: the tensor points into the message, which the lender
         * keeps alive. */
        if (lender && lendable(&p->tensor_content, dtype, count)) {
                TRY(tensor_borrow(dtype, &shape, p->tensor_content.data, lender->release,
                                  lender->owner, ret));
                lender->borrowed = true;
                return NULL;
        }
        /* Each string needs a byte of length at least: a few bytes must not make us allocate a huge
         * array. */
        if (dtype == DT_STRING && p->tensor_content.len && p->tensor_content.len < (size_t)count)
                return bad("bad string lengths");
        TRY(tensor_new(dtype, &shape, &t));
        if (p->tensor_content.len && count)
                TRY(read_content(p, t));
        else if (dtype == DT_STRING)
                TRY(read_strings(p, t));
        else
                read_values(p, t);
        *ret = steal(&t);
        return NULL;
}

/* ---- writing ---- */

/* The message points into the tensor. */
static Status *write_strings(const Tensor *t, Arena *arena, TensorProto *p)
{
        p->n_string_val = (size_t)t->count;
        p->string_val = arena_alloc(arena, (size_t)t->count * sizeof *p->string_val);
        if (!p->string_val)
                return status_oom();
        for (int64_t i = 0; i < t->count; i++) {
                const TString *s = &tensor_strings(t)[i];
                p->string_val[i] = (ProtobufCBinaryData){ s->len, (uint8_t *)s->data };
        }
        return NULL;
}

/* Handles of session tensors; others mean nothing outside of the process. */
static Status *write_handles(const Tensor *t, Arena *arena, TensorProto *p)
{
        p->resource_handle_val = arena_alloc(arena, (size_t)t->count * sizeof(void *) + 1);
        for (int64_t i = 0; p->resource_handle_val && i < t->count; i++) {
                Resource *r = tensor_resource_at(t, i);
                Tensorflow__ResourceHandleProto *h = arena_alloc(arena, sizeof *h);
                if (!r || t->dtype != DT_RESOURCE || !r->kind->handle)
                        return unimplemented("Tensors of type %s cannot leave the session",
                                             dtype_name(t->dtype));
                if (!h)
                        return status_oom();
                tensorflow__resource_handle_proto__init(h);
                h->container = h->maybe_type_name = TENSOR_HANDLE;
                h->name = (char *)r->kind->handle(r);
                p->resource_handle_val[p->n_resource_handle_val++] = h;
        }
        return p->resource_handle_val ? NULL : status_oom();
}

/* Content is lent, not copied: the message is good as long as the tensor. */
Status *tensor_to_proto(const Tensor *t, Arena *arena, TensorProto **ret)
{
        TensorProto *p = arena_alloc(arena, sizeof *p);
        if (!p)
                return status_oom();
        tensorflow__tensor_proto__init(p);
        p->dtype = (Tensorflow__DataType)t->dtype;
        TRY(shape_to_proto(&t->shape, arena, &p->tensor_shape));
        if (t->dtype == DT_STRING)
                TRY(write_strings(t, arena, p));
        else if (t->dtype == DT_RESOURCE || t->dtype == DT_VARIANT)
                TRY(write_handles(t, arena, p));
        else
                p->tensor_content = (ProtobufCBinaryData){ tensor_bytes(t), t->data };
        *ret = p;
        return NULL;
}
