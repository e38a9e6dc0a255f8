// SPDX-License-Identifier: Apache-2.0
/* Bytes as an Example: entries, features and their values. What protobuf writes of what it reads
 * must be read here as the same values, unless it leaves a key or a value out. */
#include "engine/kernels/parsing/feature.h"
#include "proto/wire.h"
#include "tensorflow/core/example/example.pb-c.h"
#include "tests/fuzz/fuzz.h"

typedef Tensorflow__Features__FeatureEntry Entry;

static Tensor *copy(const Feature *f)
{
        Tensor *t;
        char *room = NULL;
        FUZZ_OK(tensor_new(f->type, &SHAPE(f->n), &t));
        if (f->type == DT_STRING)
                FUZZ_OK(tensor_text_room(t, f->bytes, &room));
        feature_copy(f, t, 0, &room);
        return t;
}

static void same_texts(const Tensor *t, const Tensorflow__BytesList *list)
{
        FUZZ_CHECK(tensor_count(t) == (int64_t)list->n_value);
        for (size_t i = 0; i < list->n_value; i++) {
                const TString *s = &tensor_strings(t)[i];
                FUZZ_CHECK(s->len == list->value[i].len);
                FUZZ_CHECK(!s->len || !memcmp(s->data, list->value[i].data, s->len));
        }
}

static void same_numbers(const Tensor *t, const void *values, size_t n)
{
        FUZZ_CHECK(tensor_count(t) == (int64_t)n);
        FUZZ_CHECK(!n || !memcmp(tensor_data(t), values, tensor_bytes(t)));
}

static void same_values(const Tensor *t, const Tensorflow__Feature *want)
{
        if (tensor_dtype(t) == DT_STRING)
                same_texts(t, want->bytes_list);
        else if (tensor_dtype(t) == DT_FLOAT)
                same_numbers(t, want->float_list->value, want->float_list->n_value);
        else
                same_numbers(t, want->int64_list->value, want->int64_list->n_value);
}

/* want: NULL for bytes of which nothing is known. */
static void check_feature(Wire value, const Tensorflow__Feature *want)
{
        Feature f;
        if (!feature_read(value, &f)) {
                FUZZ_CHECK(!want);
                return;
        }
        FUZZ_CHECK(!want || (f.type == DT_INVALID) == !want->kind_case);
        if (f.type == DT_INVALID)
                return;
        autoptr(Tensor) t = copy(&f);
        if (want)
                same_values(t, want);
}

/* want: the message, or NULL. */
static void check_entries(Wire features, const Tensorflow__Features *want)
{
        Wire key, value;
        for (size_t i = 0; wire_left(&features); i++) {
                if (!wire_entry(&features, &key, &value)) {
                        FUZZ_CHECK(!want);
                        return;
                }
                const Entry *e = want ? want->feature[i] : NULL;
                FUZZ_CHECK(!e || (strlen(e->key) == wire_left(&key) &&
                                  !memcmp(e->key, key.at, wire_left(&key))));
                check_feature(value, e ? e->value : NULL);
        }
}

static void check_example(Wire w, const Tensorflow__Example *want)
{
        Wire features;
        while (wire_left(&w)) {
                if (!wire_tag(&w, WIRE_TAG_OF_BYTES(1))) {
                        if (!wire_skip(&w))
                                return;
                } else if (wire_message(&w, &features)) {
                        check_entries(features, want ? want->features : NULL);
                } else {
                        return;
                }
        }
}

static bool known(const ProtobufCMessage *m)
{
        return !m || !m->n_unknown_fields;
}

/* An entry as TensorFlow writes it. */
static bool complete_entry(const Entry *e)
{
        return known(&e->base) && e->key[0] && e->value && known(&e->value->base) &&
               known((const ProtobufCMessage *)e->value->bytes_list);
}

static bool complete(const Tensorflow__Example *e)
{
        if (!known(&e->base) || !known((const ProtobufCMessage *)e->features))
                return false;
        for (size_t i = 0; e->features && i < e->features->n_feature; i++)
                if (!complete_entry(e->features->feature[i]))
                        return false;
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        autoptr(Arena) arena = NULL;
        autobuf packed = BUF(SIZE_MAX);
        ProtobufCMessage *m;
        check_example((Wire){ data, data + n }, NULL);
        FUZZ_OK(arena_new(64 << 20, &arena));
        autoptr(Status) s =
                proto_unpack(&tensorflow__example__descriptor, data, n, NULL, arena, &m);
        if (s || !complete((Tensorflow__Example *)m))
                return 0;
        FUZZ_OK(proto_pack(m, &packed));
        const uint8_t *bytes = packed.len ? (const uint8_t *)packed.data : data;
        check_example((Wire){ bytes, bytes + packed.len }, (Tensorflow__Example *)m);
        return 0;
}
