// SPDX-License-Identifier: Apache-2.0
/* Bytes as a MetaGraphDef, which has every kind of field: what unpacks must pack to the same bytes
 * again and again, and must survive JSON. */
#include "engine/base/mem.h"
#include "proto/json.h"
#include "proto/text.h"
#include "proto/wire.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

/* The same read in place must be the same message. */
static void check_in_place(const ProtoType *type, const uint8_t *data, size_t n, const Buf *packed)
{
        autoptr(Arena) arena = NULL;
        autofree void *bytes = mem_dup(data, n);
        autobuf again = BUF(SIZE_MAX);
        ProtobufCMessage *m;
        bool kept;
        FUZZ_OK(arena_new(SIZE_MAX, &arena));
        FUZZ_OK(proto_unpack_in_place(
                type, bytes, n,
                protobuf_c_message_descriptor_get_field_by_name(
                        proto_find_message("tensorflow.TensorProto"), "tensor_content"),
                arena, &m, &kept));
        FUZZ_OK(proto_pack(m, &again));
        FUZZ_CHECK(again.len == packed->len &&
                   (!again.len || !memcmp(again.data, packed->data, again.len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        autoptr(Arena) arena = NULL;
        const ProtoType *type = proto_find_message("tensorflow.MetaGraphDef");
        ProtobufCMessage *m, *again;
        FUZZ_OK(arena_new(8 << 20, &arena));
        autoptr(Status) s = proto_unpack(type, data, n, NULL, arena, &m);
        if (s)
                return 0;
        autobuf first = BUF(SIZE_MAX);
        autobuf second = BUF(SIZE_MAX);
        autobuf text = BUF(SIZE_MAX);
        FUZZ_OK(proto_pack(m, &first));
        check_in_place(type, data, n, &first);
        autoptr(Arena) other = NULL;
        FUZZ_OK(arena_new(SIZE_MAX, &other));
        FUZZ_OK(proto_unpack(type, first.data, first.len, NULL, other, &again));
        FUZZ_OK(proto_pack(again, &second));
        FUZZ_CHECK(first.len == second.len &&
                   (!first.len || !memcmp(first.data, second.data, first.len)));
        FUZZ_OK(proto_text_print(m, &text));
        FUZZ_OK(proto_text_parse(type, text.data, text.len, other, &again));
        json_auto_t *json = NULL;
        FUZZ_OK(proto_json_print(m, PROTO_JSON_DEFAULT, &json));
        FUZZ_OK(proto_json_parse(type, json, other, &again));
        return 0;
}
