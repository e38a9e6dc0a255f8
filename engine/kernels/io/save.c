// SPDX-License-Identifier: Apache-2.0
/* Save and SaveSlices: write tensors, or parts of them, as one file of a checkpoint of version 1.
 */
#include "engine/kernels/io/bundle.h"
#include "engine/kernels/io/tensor_slice.h"
#include "engine/state/roots.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/wire.h"
#include "tensorflow/core/util/saved_tensor_slice.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

typedef Tensorflow__SavedTensorSlices SavedTensorSlices;
typedef Tensorflow__TensorSliceProto TensorSliceProto;

#define VALUE_MAX ((size_t)1 << 31)

/* How many elements input i has; -1 while that is not known. */
static int64_t elements(const ShapeCtx *c, int i)
{
        int64_t n = -1;
        if (shape_complete(shape_in(c, i)))
                status_free(shape_count(shape_in(c, i), &n));
        return n;
}

static Status *save_shape(ShapeCtx *c)
{
        int first = strcmp(c->node->def->op, "SaveSlices") == 0 ? 3 : 2;
        int64_t files = elements(c, 0), names = elements(c, 1);
        int64_t slices = first == 3 ? elements(c, 2) : names;
        if (files >= 0 && files != 1)
                return invalid_argument("Input 0 (filename) must be a string scalar; got a tensor "
                                        "of %lldelements",
                                        (long long)files);
        if (names >= 0 && slices >= 0 && slices != names)
                return invalid_argument("Expected %lld elements for the tensor shapes and slices "
                                        "but got %lld",
                                        (long long)names, (long long)slices);
        if (names >= 0 && names != c->n_in - first)
                return invalid_argument("Expected totally %lld inputs as input #1 (which is a "
                                        "string tensor of saved names) contains %lld names, but "
                                        "received %d inputs",
                                        (long long)names + first, (long long)names, c->n_in);
        return NULL;
}

/* The values in the list of their type, as readers of this version want them. */
static Status *fill_values(const Tensor *t, Arena *a, Tensorflow__TensorProto *p)
{
        size_t n = (size_t)tensor_count(t);
        switch ((int)tensor_dtype(t)) {
        case DT_FLOAT: p->n_float_val = n, p->float_val = (float *)tensor_data(t); return NULL;
        case DT_DOUBLE: p->n_double_val = n, p->double_val = (double *)tensor_data(t); return NULL;
        case DT_INT64: p->n_int64_val = n, p->int64_val = (int64_t *)tensor_data(t); return NULL;
        case DT_STRING: {
                Tensorflow__TensorProto *full;
                TRY(tensor_to_proto(t, a, &full));
                p->n_string_val = full->n_string_val;
                p->string_val = full->string_val;
                return NULL;
        }
        case DT_COMPLEX64:
                p->n_scomplex_val = 2 * n, p->scomplex_val = (float *)tensor_data(t);
                return NULL;
        case DT_COMPLEX128:
                p->n_dcomplex_val = 2 * n, p->dcomplex_val = (double *)tensor_data(t);
                return NULL;
        case DT_BOOL:
                p->n_bool_val = n, p->bool_val = arena_calloc(a, n, sizeof *p->bool_val);
                for (size_t i = 0; p->bool_val && i < n; i++)
                        p->bool_val[i] = tensor_int(t, (int64_t)i) != 0;
                return p->bool_val || !n ? NULL : status_oom();
        case DT_HALF:
                p->n_half_val = n, p->half_val = arena_calloc(a, n, sizeof *p->half_val);
                for (size_t i = 0; p->half_val && i < n; i++)
                        p->half_val[i] = ((const uint16_t *)tensor_data(t))[i];
                return p->half_val || !n ? NULL : status_oom();
        case DT_INT32:
        case DT_INT16:
        case DT_INT8:
        case DT_UINT8:
        case DT_UINT16:
        case DT_QINT8:
        case DT_QUINT8:
        case DT_QINT32:
                p->n_int_val = n, p->int_val = arena_calloc(a, n, sizeof *p->int_val);
                for (size_t i = 0; p->int_val && i < n; i++)
                        p->int_val[i] = (int32_t)tensor_int(t, (int64_t)i);
                return p->int_val || !n ? NULL : status_oom();
        default:
                return unimplemented("Saving data type %s not yet supported",
                                     dtype_name(tensor_dtype(t)));
        }
}

/* An extent without a length stands for all of the dimension. */
static Status *slice_to_proto(const TensorSlice *s, Arena *a, TensorSliceProto *ret)
{
        static const Tensorflow__TensorSliceProto__Extent all =
                TENSORFLOW__TENSOR_SLICE_PROTO__EXTENT__INIT;
        ret->extent = arena_calloc(a, (size_t)s->rank + 1, sizeof *ret->extent);
        for (int i = 0; ret->extent && i < s->rank; i++) {
                Tensorflow__TensorSliceProto__Extent *x = arena_dup(a, &all, sizeof all);
                if (!x)
                        return status_oom();
                if (s->length[i] >= 0) {
                        x->start = s->start[i];
                        x->has_length_case =
                                TENSORFLOW__TENSOR_SLICE_PROTO__EXTENT__HAS_LENGTH_LENGTH;
                        x->length = s->length[i];
                }
                ret->extent[ret->n_extent++] = x;
        }
        return ret->extent ? NULL : status_oom();
}

typedef struct Saver {
        Arena *arena;
        Tensorflow__SavedTensorSliceMeta meta;
        SstEntry *entries;
        size_t n;
} Saver;

/* One entry of the table: the message packed, under a key. */
static Status *put(Saver *w, const char *key, size_t key_len, const SavedTensorSlices *m)
{
        autobuf value = BUF(VALUE_MAX);
        TRY(proto_pack(&m->base, &value));
        SstEntry *e = &w->entries[w->n++];
        *e = (SstEntry){ arena_dup(w->arena, key_len ? key : "", key_len + 1),
                         arena_dup(w->arena, value.data ? value.data : "", value.len + 1), key_len,
                         value.len };
        return e->key && e->value ? NULL : status_oom();
}

/* Each value is an entry with its slice in it, and is listed in the head's entry as well. */
static Status *add(Saver *w, const TString *name, const TString *spec, const Tensor *t)
{
        Tensorflow__SavedSliceMeta meta = TENSORFLOW__SAVED_SLICE_META__INIT;
        Tensorflow__SavedSlice part = TENSORFLOW__SAVED_SLICE__INIT;
        SavedTensorSlices all = TENSORFLOW__SAVED_TENSOR_SLICES__INIT;
        Tensorflow__TensorProto *data = arena_alloc(w->arena, sizeof *data);
        TensorSliceProto *where = arena_alloc(w->arena, sizeof *where),
                         **list = arena_calloc(w->arena, 1, sizeof *list);
        char *text = arena_printf(w->arena, "%.*s", (int)name->len, name->data ? name->data : "");
        TensorSlice s = { .rank = tensor_rank(t) };
        Shape whole = *tensor_shape(t);
        autobuf key = BUF(1 << 20);
        if (!data || !where || !list || !text)
                return status_oom();
        for (int i = 0; i < s.rank; i++)
                s.length[i] = -1;
        if (spec && spec->len)
                TRY(slice_parse_saved(spec, t, &whole, &s));
        *data = (Tensorflow__TensorProto)TENSORFLOW__TENSOR_PROTO__INIT;
        *where = (TensorSliceProto)TENSORFLOW__TENSOR_SLICE_PROTO__INIT;
        TRY(fill_values(t, w->arena, data));
        TRY(slice_to_proto(&s, w->arena, where));
        list[0] = where;
        meta.name = part.name = text;
        meta.type = (Tensorflow__DataType)tensor_dtype(t);
        TRY(shape_to_proto(&whole, w->arena, &meta.shape));
        meta.slice = list, meta.n_slice = 1;
        part.slice = where, part.data = data, all.data = &part;
        slice_key(text, strlen(text), &s, &key);
        TRY(buf_status(&key));
        Tensorflow__SavedSliceMeta *kept = arena_dup(w->arena, &meta, sizeof meta);
        if (!kept)
                return status_oom();
        w->meta.tensor[w->meta.n_tensor++] = kept;
        return put(w, key.data, key.len, &all);
}

static int by_key(const void *a, const void *b)
{
        const SstEntry *x = a, *y = b;
        return sstable_compare(x->key, x->key_len, y->key, y->key_len);
}

/* The head's entry has the empty key. Version 1 writes one file in place, as TensorFlow's op does.
 */
static Status *write_table(OpCtx *c, Saver *w)
{
        SavedTensorSlices head = TENSORFLOW__SAVED_TENSOR_SLICES__INIT;
        const TString *name = tensor_strings(ctx_input(c, 0));
        autofree char *path = mem_strndup(name->data ? name->data : "", name->len);
        autobuf file = BUF(VALUE_MAX);
        int fd;
        if (!path)
                return status_oom();
        head.meta = &w->meta;
        TRY(put(w, "", 0, &head));
        qsort(w->entries, w->n, sizeof *w->entries, by_key);
        for (size_t i = 1; i < w->n; i++)
                if (by_key(&w->entries[i - 1], &w->entries[i]) == 0)
                        return invalid_argument("a tensor is saved twice");
        sstable_write(w->entries, w->n, &file);
        TRY(buf_status(&file));
        TRY(ctx_open_file(c, path, strlen(path), O_WRONLY | O_CREAT | O_TRUNC, &fd));
        Status *s = bundle_write_all(fd, file.data, file.len, path);
        if (close(fd) != 0 && !s)
                s = status_errno(errno, path);
        return s;
}

static Status *save(OpCtx *c)
{
        int first = strcmp(ctx_node(c)->def->op, "SaveSlices") == 0 ? 3 : 2;
        size_t n = (size_t)(ctx_inputs(c) - first);
        const TString *names = tensor_strings(ctx_input(c, 1));
        const TString *specs = first == 3 ? tensor_strings(ctx_input(c, 2)) : NULL;
        autoptr(Arena) arena = NULL;
        TRY(arena_new(SIZE_MAX, &arena));
        Saver w = { .arena = arena, .meta = TENSORFLOW__SAVED_TENSOR_SLICE_META__INIT };
        w.entries = arena_calloc(arena, n + 1, sizeof *w.entries);
        w.meta.tensor = arena_calloc(arena, n + 1, sizeof *w.meta.tensor);
        if (!w.entries || !w.meta.tensor)
                return status_oom();
        for (size_t i = 0; i < n; i++)
                TRY(add(&w, &names[i], specs ? &specs[i] : NULL, ctx_input(c, first + (int)i)));
        return write_table(c, &w);
}

OP(Save, .inputs = "filename:string; tensor_names:string; data:T[]", .attrs = "T:list(type) >=1",
   .flags = "stateful", .shape = save_shape, .compute = save);
OP(SaveSlices, .inputs = "filename:string; tensor_names:string; shapes_and_slices:string; data:T[]",
   .attrs = "T:list(type) >=1", .flags = "stateful", .shape = save_shape, .compute = save);
