// SPDX-License-Identifier: Apache-2.0
/* Wire: hostile bytes to a message, and a message to bytes.
 *
 * protobuf-c has no limit of its own: it recurses as deep as the bytes nest and takes up to 80
 * bytes of memory for each byte of input. So bytes are first scanned without recursion or memory,
 * and only then unpacked, into an arena whose budget bounds what they can become. */
#pragma once
#include "engine/base/buf.h"
#include "proto/message.h"

/* What a body may hold; 0 means the default, which is also the most. */
typedef struct ProtoLimits {
        size_t max_bytes;    /* of the body; default 2 GiB - 1, protobuf's own limit */
        size_t max_messages; /* messages below the root; default 16 million */
} ProtoLimits;

/* Reads a message of a type; limits may be NULL. The message lives in the arena, copies all it
 * needs from bytes, and must never be given to protobuf_c_message_free_unpacked(). Bytes fields of
 * ARENA_BIG bytes or more are 64-byte aligned. Sub-messages that are absent are NULL, the values of
 * map entries, too. INVALID_ARGUMENT "Can't parse T as binary proto: ..." for bytes that are no T:
 * malformed or cut off, nested deeper than PROTO_MAX_DEPTH, groups, strings that are not UTF-8 or
 * have a NUL inside. RESOURCE_EXHAUSTED when a limit or the arena's budget is passed; the arena is
 * then good for nothing but freeing. */
Status *proto_unpack(const ProtoType *type, const void *bytes, size_t n, const ProtoLimits *limits,
                     Arena *arena, ProtobufCMessage **ret) MUST_USE;

/* The same of bytes that may be changed and kept: if most of them are large values of `field`,
 * those stay where they are, but for some bytes towards the front, so that each is 64-byte aligned.
 * *ret_kept says so; the bytes must then live as long as the arena and are good for nothing else,
 * as they may be after an error. */
Status *proto_unpack_in_place(const ProtoType *type, void *bytes, size_t n, const ProtoField *field,
                              Arena *arena, ProtobufCMessage **ret, bool *ret_kept) MUST_USE;

/* Appends the message's bytes. RESOURCE_EXHAUSTED when they pass the buffer's maximum or 2 GiB. */
Status *proto_pack(const ProtobufCMessage *m, Buf *ret) MUST_USE;
/* The same behind their number (8 bytes), for keys: nothing that follows can be taken for a part of
 * the message. m: NULL for none, which differs from an empty one. */
Status *proto_pack_sized(const ProtobufCMessage *m, Buf *ret) MUST_USE;
