// SPDX-License-Identifier: Apache-2.0
/* Fields of messages, looked up once per node. */
#include "engine/kernels/parsing/proto_source.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "proto/message.h"
#include "proto/wire.h"
#include <string.h>

enum { NESTED_MAX = 32 };

typedef Google__Protobuf__DescriptorProto Description;

/* ---- from the graph ---- */

/* Cuts "name." off a path; NULL when it does not begin so. */
static const char *below(const char *path, const char *name)
{
        size_t n = strlen(name);
        if (!n)
                return path;
        return !strncmp(path, name, n) && path[n] == '.' ? path + n + 1 : NULL;
}

/* Finds "Outer.Inner" among messages and what they nest. */
static const Description *find_message(Description *const *all, size_t n, const char *path)
{
        for (int depth = 0; depth < NESTED_MAX; depth++) {
                const Description *outer = NULL;
                for (size_t i = 0; i < n && !outer; i++) {
                        if (!strcmp(all[i]->name, path))
                                return all[i];
                        if (*all[i]->name && below(path, all[i]->name))
                                outer = all[i];
                }
                if (!outer)
                        return NULL;
                path = below(path, outer->name);
                all = outer->nested_type;
                n = outer->n_nested_type;
        }
        return NULL;
}

static Status *list_described(const Description *m, Arena *arena, const MessageField **ret,
                              int *ret_n)
{
        MessageField *f = arena_calloc(arena, m->n_field, sizeof *f);
        if (!f)
                return status_oom();
        for (size_t i = 0; i < m->n_field; i++) {
                const Google__Protobuf__FieldDescriptorProto *d = m->field[i];
                if (d->number < 1 || d->number > (1 << 29) - 1)
                        return invalid_argument("Field %s has the number %d", d->name, d->number);
                f[i] = (MessageField){ .name = d->name,
                                       .number = (uint32_t)d->number,
                                       .type = (FieldType)d->type,
                                       .packed = d->options && d->options->packed,
                                       .repeated = d->label == 3,
                                       .fallback = d->default_value };
        }
        *ret = f;
        *ret_n = (int)m->n_field;
        return NULL;
}

static Status *from_bytes(const uint8_t *data, size_t n, const char *message, Arena *arena,
                          const MessageField **ret, int *ret_n)
{
        ProtobufCMessage *m;
        TRY(proto_unpack(&google__protobuf__file_descriptor_set__descriptor, data, n, NULL, arena,
                         &m));
        const Google__Protobuf__FileDescriptorSet *set =
                (const Google__Protobuf__FileDescriptorSet *)m;
        for (size_t i = 0; i < set->n_file; i++) {
                const Google__Protobuf__FileDescriptorProto *file = set->file[i];
                const char *path = below(message, file->package);
                const Description *found =
                        path ? find_message(file->message_type, file->n_message_type, path) : NULL;
                if (found)
                        return list_described(found, arena, ret, ret_n);
        }
        return invalid_argument("No descriptor found for message type %s", message);
}

/* ---- from this program ---- */

static FieldType type_of(const ProtoField *f)
{
        static const FieldType types[] = {
                [PROTOBUF_C_TYPE_INT32] = FIELD_INT32,
                [PROTOBUF_C_TYPE_SINT32] = FIELD_SINT32,
                [PROTOBUF_C_TYPE_SFIXED32] = FIELD_SFIXED32,
                [PROTOBUF_C_TYPE_INT64] = FIELD_INT64,
                [PROTOBUF_C_TYPE_SINT64] = FIELD_SINT64,
                [PROTOBUF_C_TYPE_SFIXED64] = FIELD_SFIXED64,
                [PROTOBUF_C_TYPE_UINT32] = FIELD_UINT32,
                [PROTOBUF_C_TYPE_FIXED32] = FIELD_FIXED32,
                [PROTOBUF_C_TYPE_UINT64] = FIELD_UINT64,
                [PROTOBUF_C_TYPE_FIXED64] = FIELD_FIXED64,
                [PROTOBUF_C_TYPE_FLOAT] = FIELD_FLOAT,
                [PROTOBUF_C_TYPE_DOUBLE] = FIELD_DOUBLE,
                [PROTOBUF_C_TYPE_BOOL] = FIELD_BOOL,
                [PROTOBUF_C_TYPE_ENUM] = FIELD_ENUM,
                [PROTOBUF_C_TYPE_STRING] = FIELD_STRING,
                [PROTOBUF_C_TYPE_BYTES] = FIELD_BYTES,
                [PROTOBUF_C_TYPE_MESSAGE] = FIELD_MESSAGE,
        };
        return types[f->type];
}

static Status *from_here(const char *message, Arena *arena, const MessageField **ret, int *ret_n)
{
        const ProtoType *m = proto_find_message(message);
        if (!m)
                return invalid_argument("No descriptor found for message type %s", message);
        MessageField *f = arena_calloc(arena, m->n_fields, sizeof *f);
        if (!f)
                return status_oom();
        for (unsigned i = 0; i < m->n_fields; i++)
                f[i] = (MessageField){ .name = m->fields[i].name,
                                       .number = m->fields[i].id,
                                       .type = type_of(&m->fields[i]),
                                       .packed = m->fields[i].flags & PROTOBUF_C_FIELD_FLAG_PACKED,
                                       .repeated = m->fields[i].label == PROTOBUF_C_LABEL_REPEATED,
                                       .fallback = "" };
        *ret = f;
        *ret_n = (int)m->n_fields;
        return NULL;
}

Status *proto_source_fields(const ProtobufCBinaryData *source, const char *message, Arena *arena,
                            const MessageField **ret, int *ret_n)
{
        static const char local[] = LOCAL_SOURCE, bytes[] = "bytes://";
        size_t n = sizeof bytes - 1;
        if (!source->len || (source->len == n && !memcmp(source->data, local, n)))
                return from_here(message, arena, ret, ret_n);
        if (source->len >= n && !memcmp(source->data, bytes, n))
                return from_bytes(source->data + n, source->len - n, message, arena, ret, ret_n);
        return invalid_argument("Descriptors of messages are read from bytes:// and local:// only");
}

/* ---- fields ---- */

bool proto_field_holds(FieldType field, DType t)
{
        switch (field) {
        case FIELD_DOUBLE: return t == DT_DOUBLE;
        case FIELD_FLOAT: return t == DT_FLOAT || t == DT_DOUBLE;
        case FIELD_INT64:
        case FIELD_SFIXED64:
        case FIELD_SINT64: return t == DT_INT64;
        case FIELD_UINT64:
        case FIELD_FIXED64: return t == DT_UINT64 || t == DT_INT64;
        case FIELD_INT32:
        case FIELD_SFIXED32:
        case FIELD_SINT32: return t == DT_INT32 || t == DT_INT64;
        case FIELD_UINT32:
        case FIELD_FIXED32:
                return t == DT_UINT32 || t == DT_UINT64 || t == DT_INT64 || t == DT_INT32;
        case FIELD_ENUM: return t == DT_INT32;
        case FIELD_BOOL: return t == DT_BOOL;
        case FIELD_STRING:
        case FIELD_BYTES:
        case FIELD_MESSAGE: return t == DT_STRING;
        default: return false;
        }
}

int proto_field_wire(FieldType t)
{
        switch (t) {
        case FIELD_DOUBLE:
        case FIELD_FIXED64:
        case FIELD_SFIXED64: return WIRE_64;
        case FIELD_FLOAT:
        case FIELD_FIXED32:
        case FIELD_SFIXED32: return WIRE_32;
        case FIELD_STRING:
        case FIELD_BYTES:
        case FIELD_MESSAGE: return WIRE_BYTES;
        default: return WIRE_VARINT;
        }
}

Status *proto_field_find(const MessageField *fields, int n, const ProtobufCBinaryData *name,
                         const char *message, const MessageField **ret)
{
        for (int i = 0; i < n; i++)
                if (strlen(fields[i].name) == name->len &&
                    !memcmp(fields[i].name, name->data, name->len)) {
                        *ret = &fields[i];
                        return NULL;
                }
        return invalid_argument("Unknown field: %.*s in message type %s", (int)MIN(name->len, 100u),
                                (const char *)name->data, message);
}
