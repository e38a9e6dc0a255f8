// SPDX-License-Identifier: Apache-2.0
/* Maps, counted and copied on change. Keys are equal when type, shape and bytes are. */
#include "engine/kernels/data_flow/tensor_map.h"

#include "engine/base/buf.h"
#include "engine/kernels/data_flow/variant_tensor.h"

#define KEY_MAX_BYTES ((size_t)1 << 30)

static void entry_free(TensorEntry *e)
{
        tensor_unref(e->key);
        tensor_unref(e->value);
        mem_free(e->bytes);
        mem_free(e);
}
AUTOPTR_DEFINE(TensorEntry, entry_free)

static void tensor_map_destroy(Resource *r)
{
        TensorMap *m = CONTAINER_OF(r, TensorMap, base);
        map_each (e, &m->entries)
                entry_free(e->value);
        map_done(&m->entries);
        mem_free(m);
}

static const ResourceKind tensor_map_kind = { .name = "tensorflow::TensorMap",
                                              .destroy = tensor_map_destroy };

Status *tensor_map_of(const OpCtx *c, const TensorMap **ret)
{
        const Tensor *handle = ctx_input(c, 0);
        if (tensor_rank(handle))
                return invalid_argument("Input map must be a scalar. Saw: %s",
                                        shape_text(tensor_shape(handle)).s);
        Resource *r = tensor_resource_at(handle, 0);
        if (!r || r->kind != &tensor_map_kind)
                return invalid_argument("Input handle is not a map. Saw: '%s'", variant_text(r).s);
        *ret = CONTAINER_OF(r, TensorMap, base);
        return NULL;
}

Status *tensor_map_new(TensorMap **ret)
{
        TensorMap *m = mem_calloc(1, sizeof *m);
        if (!m)
                return status_oom();
        resource_init(&m->base, &tensor_map_kind);
        *ret = m;
        return NULL;
}

void tensor_map_put(OpCtx *c, TensorMap *m)
{
        Resource **slot = tensor_fill(ctx_output(c, 0)), *old = *slot;
        *slot = &m->base;
        resource_unref(old);
}

/* Value semantics, as for lists: changed in place when this op holds the only handle, else on a
 * copy. */
Status *tensor_map_change(OpCtx *c, TensorMap **ret)
{
        const TensorMap *from;
        TensorMap *m;
        TRY(tensor_map_of(c, &from));
        bool ours = ctx_output(c, 0) == ctx_input(c, 0);
        if (ours && atomic_load(&from->base.refs) == 1) {
                *ret = (TensorMap *)from;
                return NULL;
        }
        TRY(tensor_map_new(&m));
        autoptr(Resource) held = &m->base;
        TRY(map_reserve(&m->entries, from->entries.count));
        map_each (e, &from->entries) {
                const TensorEntry *old = e->value;
                TRY(tensor_map_set(m, old->key, old->value));
        }
        (void)steal(&held);
        tensor_map_put(c, m);
        *ret = m;
        return NULL;
}

/* Type, shape and elements, strings with their lengths. */
static Status *key_bytes(const Tensor *t, Buf *b)
{
        const Shape *s = tensor_shape(t);
        int32_t head[2] = { (int32_t)tensor_dtype(t), s->rank };
        buf_append(b, head, sizeof head);
        buf_append(b, s->dim, (size_t)s->rank * sizeof s->dim[0]);
        if (tensor_dtype(t) != DT_STRING)
                buf_append(b, tensor_data(t), tensor_bytes(t));
        for (int64_t i = 0; tensor_dtype(t) == DT_STRING && i < tensor_count(t); i++) {
                const TString *e = &tensor_strings(t)[i];
                buf_append(b, &e->len, sizeof e->len);
                buf_append(b, e->data, e->len);
        }
        return buf_status(b);
}

static bool nests(const Tensor *t)
{
        return tensor_dtype(t) == DT_VARIANT || tensor_dtype(t) == DT_RESOURCE;
}

/* The key's bytes are the map's key; *ret is NULL when there is none. */
Status *tensor_map_find(const TensorMap *m, const Tensor *key, TensorEntry **ret)
{
        autobuf b = BUF(KEY_MAX_BYTES);
        if (nests(key))
                return unimplemented("Keys of %s are not supported", dtype_name(tensor_dtype(key)));
        TRY(key_bytes(key, &b));
        *ret = map_getn(&m->entries, b.data, b.len);
        return NULL;
}

/* The new entry owns the bytes that the map points to, so the old one goes only after the map has
 * let go of it. */
Status *tensor_map_set(TensorMap *m, const Tensor *key, const Tensor *value)
{
        autobuf b = BUF(KEY_MAX_BYTES);
        autoptr(TensorEntry) e = NULL;
        if (nests(key) || nests(value))
                return unimplemented("Maps from %s to %s are not supported",
                                     dtype_name(tensor_dtype(key)),
                                     dtype_name(tensor_dtype(value)));
        e = mem_calloc(1, sizeof *e);
        if (!e)
                return status_oom();
        e->key = tensor_ref(key);
        e->value = tensor_ref(value);
        TRY(key_bytes(key, &b));
        e->bytes = buf_take(&b, &e->len);
        if (!e->bytes)
                return status_oom();
        TensorEntry *old = map_getn(&m->entries, e->bytes, e->len);
        TRY(map_setn(&m->entries, e->bytes, e->len, e));
        (void)steal(&e);
        if (old)
                entry_free(old);
        return NULL;
}

void tensor_map_del(TensorMap *m, TensorEntry *e)
{
        map_deln(&m->entries, e->bytes, e->len);
        entry_free(e);
}
