// SPDX-License-Identifier: Apache-2.0
/* Large values that stay in the bytes they came in: the message must be the one that copying gives,
 * and each value aligned. */
#include "engine/base/mem.h"
#include "proto/lend.h"
#include "tensorflow/core/framework/graph.pb-c.h"
#include "tests/unit/proto_fixture.h"
#include <string.h>

TestSuite(proto_lend, .init = proto_setup, .fini = proto_teardown, .timeout = 60);

typedef Tensorflow__TensorProto TensorProto;
typedef Tensorflow__AttrValue AttrValue;

/* A tensor of n bytes that are unlike those of another seed. */
static TensorProto *tensor(size_t n, unsigned seed)
{
        TensorProto *t = arena_alloc(arena, sizeof *t);
        uint8_t *data = arena_alloc(arena, n + 1);
        cr_assert(t && data);
        tensorflow__tensor_proto__init(t);
        t->dtype = TENSORFLOW__DATA_TYPE__DT_UINT8;
        for (size_t i = 0; i < n; i++)
                data[i] = (uint8_t)((i * 31 + seed * 17) >> 2);
        t->tensor_content = (ProtobufCBinaryData){ n, data };
        return t;
}

static AttrValue *attr_of(TensorProto *t)
{
        AttrValue *v = arena_alloc(arena, sizeof *v);
        cr_assert_not_null(v);
        tensorflow__attr_value__init(v);
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_TENSOR;
        v->tensor = t;
        return v;
}

/* A list(tensor): contents with next to nothing between them. */
static AttrValue *attr_of_list(TensorProto **list, size_t n)
{
        AttrValue *v = arena_alloc(arena, sizeof *v);
        Tensorflow__AttrValue__ListValue *l = arena_alloc(arena, sizeof *l);
        cr_assert(v && l);
        tensorflow__attr_value__init(v);
        tensorflow__attr_value__list_value__init(l);
        l->tensor = list;
        l->n_tensor = n;
        v->value_case = TENSORFLOW__ATTR_VALUE__VALUE_LIST;
        v->list = l;
        return v;
}

static const ProtoField *content(void)
{
        return protobuf_c_message_descriptor_get_field_by_name(
                &tensorflow__tensor_proto__descriptor, "tensor_content");
}

static void check_aligned(const ProtobufCMessage *m)
{
        for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
                const ProtoField *f = &m->descriptor->fields[i];
                size_t n = f->type == PROTOBUF_C_TYPE_MESSAGE ? proto_count(m, f) : 0;
                for (size_t j = 0; j < n; j++)
                        check_aligned(*(ProtobufCMessage *const *)proto_at(m, f, j));
        }
        if (m->descriptor != &tensorflow__tensor_proto__descriptor)
                return;
        const TensorProto *t = (const TensorProto *)m;
        cr_expect(t->tensor_content.len < LEND_LEAST ||
                  (uintptr_t)t->tensor_content.data % MEM_ALIGN == 0);
}

/* Reads the message's bytes in place, from that offset in an aligned block. True when they stay. */
static bool in_place(const ProtobufCMessage *m, size_t offset)
{
        bool kept;
        ProtobufCMessage *read = NULL;
        autoptr(Arena) own = NULL;
        autobuf wire = to_wire(m);
        check_ok(arena_new(SIZE_MAX, &own));
        size_t room = wire.len + 2 * MEM_ALIGN;
        char *block = mem_alloc(room), *bytes;
        cr_assert_not_null(block);
        bytes = (char *)(((uintptr_t)block + MEM_ALIGN - 1) & ~(uintptr_t)(MEM_ALIGN - 1)) + offset;
        memcpy(bytes, wire.data, wire.len);
        check_ok(proto_unpack_in_place(m->descriptor, bytes, wire.len, content(), own, &read,
                                       &kept));
        cr_expect(same_message(m, read), "offset %zu", offset);
        check_aligned(read);
        mem_free(block);
        return kept;
}

static void everywhere(const ProtobufCMessage *m, bool kept)
{
        for (size_t offset = 0; offset < MEM_ALIGN; offset++)
                cr_assert_eq(in_place(m, offset), kept, "offset %zu", offset);
}

Test(proto_lend, a_tensor_stays_wherever_it_lies)
{
        static const size_t sizes[] = { LEND_LEAST, LEND_LEAST + 1, 16383, 16384, 100000, 262144 };
        for (size_t i = 0; i < COUNTOF(sizes); i++)
                everywhere(&attr_of(tensor(sizes[i], (unsigned)i))->base, true);
}

Test(proto_lend, what_is_small_is_copied)
{
        everywhere(&attr_of(tensor(LEND_LEAST - 1, 1))->base, false);
        everywhere(&attr_of(tensor(0, 1))->base, false);
}

Test(proto_lend, tensors_without_room_between_them_keep_their_bytes)
{
        TensorProto *list[8];
        for (size_t i = 0; i < COUNTOF(list); i++)
                list[i] = tensor(i == 5 ? 10 : LEND_LEAST + i * 777, (unsigned)i);
        everywhere(&attr_of_list(list, COUNTOF(list))->base, true);
}

/* Two threads move them: where the halves meet, each goes over the other's bytes. */
Test(proto_lend, many_megabytes_keep_their_bytes)
{
        enum { N = 12 };
        TensorProto *list[N], *two[2] = { tensor(LEND_HALVES, 1), tensor(LEND_LEAST, 2) };
        for (size_t i = 0; i < N; i++)
                list[i] = tensor((LEND_HALVES + 100000) / N + i * 7, (unsigned)i);
        for (size_t offset = 0; offset < MEM_ALIGN; offset += 3) {
                cr_assert(in_place(&attr_of_list(list, N)->base, offset));
                cr_assert(in_place(&attr_of_list(two, 2)->base, offset));
        }
}

/* Not worth keeping the bytes for. */
Test(proto_lend, a_few_large_values_among_much_else_are_copied)
{
        TensorProto *list[40];
        for (size_t i = 0; i < COUNTOF(list); i++)
                list[i] = tensor(i ? LEND_LEAST - 1 : LEND_LEAST, (unsigned)i);
        everywhere(&attr_of_list(list, COUNTOF(list))->base, false);
}

/* Lengths of messages around shrink with what is taken out, each within the bytes that it has. */
Test(proto_lend, values_deep_inside_stay_too)
{
        AttrValue *v = attr_of(tensor(70000, 3));
        for (int depth = 0; depth < 20; depth++) {
                AttrValue *outer = arena_alloc(arena, sizeof *outer);
                Tensorflow__NameAttrList *f = arena_alloc(arena, sizeof *f);
                Tensorflow__NameAttrList__AttrEntry *e = arena_calloc(arena, 2, sizeof *e);
                Tensorflow__NameAttrList__AttrEntry **list = arena_calloc(arena, 2, sizeof *list);
                cr_assert(outer && f && e && list);
                tensorflow__attr_value__init(outer);
                tensorflow__name_attr_list__init(f);
                for (int i = 0; i < 2; i++) {
                        tensorflow__name_attr_list__attr_entry__init(&e[i]);
                        e[i].key = i ? (char *)"b" : (char *)"a";
                        e[i].value = i ? attr_of(tensor((size_t)5000 * (unsigned)depth, 7)) : v;
                        list[i] = &e[i];
                }
                f->name = (char *)"f";
                f->attr = list;
                f->n_attr = 2;
                outer->value_case = TENSORFLOW__ATTR_VALUE__VALUE_FUNC;
                outer->func = f;
                v = outer;
        }
        everywhere(&v->base, true);
}

/* What looks like a marker is just bytes. */
Test(proto_lend, bytes_that_look_like_a_marker_are_what_they_are)
{
        TensorProto *list[3];
        for (uint64_t i = 0; i < COUNTOF(list); i++) {
                list[i] = tensor(LEND_LEAST, 0);
                uint64_t index = 2 - i;
                memset(list[i]->tensor_content.data, 0, LEND_LEAST);
                memcpy(list[i]->tensor_content.data, &index, sizeof index);
        }
        everywhere(&attr_of_list(list, COUNTOF(list))->base, true);
}

/* Of one that is sent twice the parts add up and the later content stays, as protobuf has it. */
Test(proto_lend, a_tensor_that_comes_twice_is_merged_as_by_copying)
{
        AttrValue *first = attr_of(tensor(9000, 1)), *second = attr_of(tensor(12000, 2));
        ProtobufCMessage *copied = NULL, *read = NULL;
        bool kept;
        autobuf both = to_wire(&first->base);
        autobuf more = to_wire(&second->base);
        both.max = SIZE_MAX;
        buf_append(&both, more.data, more.len);
        const ProtoType *type = first->base.descriptor;
        check_ok(proto_unpack(type, both.data, both.len, NULL, arena, &copied));
        check_ok(proto_unpack_in_place(type, both.data, both.len, content(), arena, &read, &kept));
        cr_expect(kept);
        cr_expect(same_message(copied, read));
}

/* A number may be longer than it needs; hostile bytes are refused before anything moves. */
Test(proto_lend, lengths_with_idle_bytes_are_kept_as_long_and_bad_bytes_are_untouched)
{
        enum { N = 5000 };
        ProtobufCMessage *read = NULL;
        bool kept;
        uint8_t bytes[N + 5] = { 0x22, 0x88, 0xA7, 0x80, 0x00 }, before[N + 5];
        const ProtoType *type = &tensorflow__tensor_proto__descriptor;
        memset(bytes + 5, 9, N);
        check_ok(proto_unpack_in_place(type, bytes, sizeof bytes, content(), arena, &read, &kept));
        const ProtobufCBinaryData *v = &((TensorProto *)read)->tensor_content;
        cr_expect(kept && v->len == N && v->data[0] == 9 && v->data[N - 1] == 9);
        memcpy(bytes, "\x22\x89\xA7\x80\x00", 5); /* one byte more than there are */
        memcpy(before, bytes, sizeof bytes);
        check_error(
                proto_unpack_in_place(type, bytes, sizeof bytes, content(), arena, &read, &kept),
                INVALID_ARGUMENT, "");
        cr_expect(!kept && !memcmp(before, bytes, sizeof bytes));
}
