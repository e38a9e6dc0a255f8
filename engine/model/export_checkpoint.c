// SPDX-License-Identifier: Apache-2.0
/* Variables as a checkpoint of one shard, in memory; see kernels/io/bundle.h for the format. */
#include "engine/model/export_inside.h"

#include "engine/base/mem.h"
#include "engine/kernels/io/crc32c.h"
#include "engine/kernels/io/sstable.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/wire.h"
#include "tensorflow/core/protobuf/tensor_bundle.pb-c.h"
#include <stdlib.h>
#include <string.h>

/* Strings in a bundle: all lengths as varints, a masked checksum of the lengths, then the bytes.
 * The checksum of lengths runs over fixed 4 or 8 byte values, not over the varints (TensorFlow,
 * tensor_bundle.cc). */
static void put_strings(const Tensor *t, Buf *data, uint32_t *crc)
{
        const TString *s = tensor_strings(t);
        uint32_t lengths = 0, masked;
        for (int64_t i = 0; i < tensor_count(t); i++) {
                uint64_t n = s[i].len;
                sst_put_varint(data, n);
                lengths = crc32c_extend(lengths, &n, n <= UINT32_MAX ? 4 : 8);
        }
        masked = crc32c_mask(lengths);
        buf_append(data, &masked, sizeof masked);
        *crc = crc32c_extend(lengths, &masked, sizeof masked);
        for (int64_t i = 0; i < tensor_count(t); i++) {
                buf_append(data, s[i].data, s[i].len);
                *crc = crc32c_extend(*crc, s[i].data, s[i].len);
        }
}

/* Keeps a message, packed, as the value of a key. */
static Status *put_entry(Arena *a, const char *key, const ProtobufCMessage *m, SstEntry *ret)
{
        autobuf packed = BUF((size_t)1 << 20);
        TRY(proto_pack(m, &packed));
        char *value = arena_dup(a, packed.data ? packed.data : "", packed.len + 1);
        if (!value)
                return status_oom();
        *ret = (SstEntry){ key, value, strlen(key), packed.len };
        return NULL;
}

/* Appends the value to the one shard and describes where it lies. */
static Status *put_var(Export *x, const ExportVar *v, Buf *data, SstEntry *ret)
{
        Tensorflow__BundleEntryProto e = TENSORFLOW__BUNDLE_ENTRY_PROTO__INIT;
        const Tensor *t = v->value;
        size_t at = data->len;
        uint32_t crc = 0;
        if (tensor_dtype(t) == DT_STRING) {
                put_strings(t, data, &crc);
        } else {
                buf_append(data, tensor_data(t), tensor_bytes(t));
                crc = crc32c_extend(0, tensor_data(t), tensor_bytes(t));
        }
        TRY(buf_status(data));
        e.dtype = (Tensorflow__DataType)tensor_dtype(t);
        e.offset = (int64_t)at;
        e.size = (int64_t)(data->len - at);
        e.crc32c = crc32c_mask(crc);
        TRY(shape_to_proto(tensor_shape(t), x->arena, &e.shape));
        return put_entry(x->arena, v->node->name, &e.base, ret);
}

static int by_key(const void *a, const void *b)
{
        const SstEntry *x = a, *y = b;
        return sstable_compare(x->key, x->key_len, y->key, y->key_len);
}

/* The entry with the empty name is the header; keys must be sorted for the table. */
Status *export_checkpoint(Export *x, Buf *ret_index, Buf *ret_data)
{
        Tensorflow__VersionDef version = TENSORFLOW__VERSION_DEF__INIT;
        Tensorflow__BundleHeaderProto header = TENSORFLOW__BUNDLE_HEADER_PROTO__INIT;
        size_t n = (size_t)x->n_vars;
        SstEntry *entries = arena_calloc(x->arena, n + 1, sizeof *entries);
        if (!entries)
                return status_oom();
        version.producer = 1;
        header.num_shards = 1;
        header.version = &version;
        TRY(put_entry(x->arena, "", &header.base, &entries[0]));
        for (size_t i = 0; i < n; i++)
                TRY(put_var(x, &x->vars[i], ret_data, &entries[i + 1]));
        qsort(entries, n + 1, sizeof *entries, by_key);
        sstable_write(entries, n + 1, ret_index);
        return buf_status(ret_index);
}
