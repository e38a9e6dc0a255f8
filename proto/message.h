// SPDX-License-Identifier: Apache-2.0
/* Any message by its descriptor: make one in an arena, look at its fields, add to them.
 *
 * The text and JSON converters see messages only through this header, so that no message needs code
 * of its own. A field's value is reached by a pointer to what the generated struct holds: int32_t,
 * float, protobuf_c_boolean, char * (never NULL), ProtobufCBinaryData, or ProtobufCMessage *. */
#pragma once
#include "engine/base/arena.h"
#include "engine/base/status.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

typedef ProtobufCMessageDescriptor ProtoType;
typedef ProtobufCFieldDescriptor ProtoField;

/* Messages below messages, the root not counted: protobuf's own limit. Every reader here keeps it,
 * so that printing and packing may recurse. */
#define PROTO_MAX_DEPTH 100
/* No message has more fields (a test holds it), so a set of them is one word. */
#define PROTO_MAX_FIELDS 64
/* No field or JSON name is longer, its NUL included. */
#define PROTO_MAX_NAME 64

/* The message called "tensorflow.GraphDef" (or another full name), or NULL. */
const ProtoType *proto_find_message(const char *full_name);
/* The i-th known message or enum, for tests and listings; NULL behind the last. */
const ProtoType *proto_message_at(size_t i);
const ProtobufCEnumDescriptor *proto_enum_at(size_t i);

/* An empty message in the arena. RESOURCE_EXHAUSTED when that is full. */
Status *proto_new(const ProtoType *type, Arena *arena, ProtobufCMessage **ret) MUST_USE;
/* What to return when an arena gave NULL: memory or its budget is used up. */
Status *proto_too_big(const ProtoType *type) MUST_USE;

/* An empty message in the arena for one whose type is known: init is protobuf-c's function. Returns
 * RESOURCE_EXHAUSTED from the function that it stands in when the arena is full. */
#define MESSAGE_NEW(arena, ret, init)                        \
        do {                                                 \
                *(ret) = arena_alloc(arena, sizeof **(ret)); \
                if (!*(ret))                                 \
                        return status_oom();                 \
                init(*(ret));                                \
        } while (0)

static inline bool proto_is_repeated(const ProtoField *f)
{
        return f->label == PROTOBUF_C_LABEL_REPEATED;
}
static inline bool proto_is_oneof(const ProtoField *f)
{
        return f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}
/* A map<K, V>: a repeated message of a key and a value. */
bool proto_is_map(const ProtoField *f);
/* The message type of a message field. */
static inline const ProtoType *proto_type_of(const ProtoField *f)
{
        return f->descriptor;
}

/* Values that the field holds: the length of a repeated one, else 1 or 0. A singular field without
 * presence counts as set when it differs from its default. */
size_t proto_count(const ProtobufCMessage *m, const ProtoField *f);
/* The i-th value; i is below proto_count(), or 0 for a singular field, set or not. */
const void *proto_at(const ProtobufCMessage *m, const ProtoField *f, size_t i);
/* The member of f's oneof that is set now, or NULL. */
const ProtoField *proto_oneof_set(const ProtobufCMessage *m, const ProtoField *f);
/* A zeroed place for one more value of a repeated field, or for the value of a singular one (which
 * becomes the member that is set, in a oneof). The caller fills it in. For messages
 * of proto_new() only: a repeated field that proto_unpack() filled has no room. RESOURCE_EXHAUSTED
 * when the arena is full. */
Status *proto_add(ProtobufCMessage *m, const ProtoField *f, Arena *arena, void **ret) MUST_USE;

/* Orders two entries of one map by key, as text prints them. */
int proto_compare_entries(const ProtobufCMessage *a, const ProtobufCMessage *b);
/* Makes every map below m a map: of entries with the same key the last one stays, as protobuf has
 * it, and a missing sub-message becomes an empty one. Recurses, so m's depth must be bounded. */
Status *proto_settle_maps(ProtobufCMessage *m, Arena *arena) MUST_USE;

/* Stores an integer in a field of any integer or enum type; false when it is out of that type's
 * range. */
bool proto_set_int(ProtobufCType type, bool negative, uint64_t magnitude, void *value);
/* The value of an integer or enum field: sign and magnitude, the reverse of proto_set_int(). */
uint64_t proto_get_int(ProtobufCType type, const void *value, bool *ret_negative);
/* True for fields that proto_set_int() takes; 64-bit ones are strings in JSON. */
bool proto_is_int(ProtobufCType type);
bool proto_is_int64(ProtobufCType type);

/* A double as a float, as protobuf converts it: beyond the largest float is infinity. */
float proto_to_float(double v);
/* The shortest of %g's texts that reads back to the same value: as float when single. Not for NaN
 * and infinities. */
#define PROTO_REAL_SIZE 40
void proto_format_real(double v, bool single, char ret[PROTO_REAL_SIZE]);

/* lowerCamelCase of a field's name, as JSON spells it. */
void proto_json_name(const ProtoField *f, char ret[PROTO_MAX_NAME]);
