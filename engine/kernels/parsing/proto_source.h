// SPDX-License-Identifier: Apache-2.0
/* Where ops that read and write messages learn what the messages look like: from descriptions that
 * come with the graph ("bytes://" and a FileDescriptorSet, as protoc writes them), or from the
 * messages that this program knows itself ("local://"). Files are not read. */
#pragma once
#include "engine/base/arena.h"
#include "engine/base/status.h"
#include "engine/tensor/dtype.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* google.protobuf.FieldDescriptorProto.Type */
typedef enum FieldType {
        FIELD_DOUBLE = 1,
        FIELD_FLOAT,
        FIELD_INT64,
        FIELD_UINT64,
        FIELD_INT32,
        FIELD_FIXED64,
        FIELD_FIXED32,
        FIELD_BOOL,
        FIELD_STRING,
        FIELD_GROUP,
        FIELD_MESSAGE,
        FIELD_BYTES,
        FIELD_UINT32,
        FIELD_ENUM,
        FIELD_SFIXED32,
        FIELD_SFIXED64,
        FIELD_SINT32,
        FIELD_SINT64,
} FieldType;

typedef struct MessageField {
        const char *name; /* in the arena, or static */
        uint32_t number;
        FieldType type;
        bool packed, repeated;
        const char *fallback; /* a value as text, where it has one of its own; else "" */
} MessageField;

#define LOCAL_SOURCE "local://"

/* May tensors of this type hold the field's values? */
bool proto_field_holds(FieldType field, DType t);
/* How values are written: varints, 8 bytes, a length and bytes, 4 bytes. */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
int proto_field_wire(FieldType t);
/* One of n by its name; INVALID_ARGUMENT "Unknown field: ...". */
Status *proto_field_find(const MessageField *fields, int n, const ProtobufCBinaryData *name,
                         const char *message, const MessageField **ret) MUST_USE;
/* All fields of a message by its full name. INVALID_ARGUMENT for a source that is none of these or
 * malformed, and for a message that it lacks. */
Status *proto_source_fields(const ProtobufCBinaryData *source, const char *message, Arena *arena,
                            const MessageField **ret, int *ret_n) MUST_USE;
