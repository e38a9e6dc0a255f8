// SPDX-License-Identifier: Apache-2.0
/* The scanner walks fields by the message's descriptor, so that strings and bytes are never
 * mistaken for messages. It keeps the ends of the open messages in a fixed stack. Whatever passes
 * it, protobuf-c can unpack. */
#include "proto/wire.h"

#include "engine/base/utf8.h"
#include "proto/lend.h"
#include <string.h>

enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_GROUP, WIRE_GROUP_END, WIRE_32 };
enum { TAG_BYTES = 5, LENGTH_BYTES = 5, VARINT_BYTES = 10 };

#define DEFAULT_BYTES    ((size_t)INT32_MAX)
#define DEFAULT_MESSAGES ((size_t)16 << 20)

typedef struct Frame {
        const ProtoType *type;
        const uint8_t *end;
} Frame;

typedef struct Scan {
        const uint8_t *start, *at;
        size_t messages, max_messages; /* below the root */
        const ProtoField *large;       /* whose values are added up, from LEND_LEAST bytes on */
        size_t large_bytes;
        int depth; /* of the message that is being read; -1 behind the root */
        Frame frames[PROTO_MAX_DEPTH + 1];
} Scan;

static Status *bad(const Scan *s, const char *why)
{
        return invalid_argument("Can't parse %s as binary proto: %s at byte %zu",
                                s->frames[0].type->name, why, (size_t)(s->at - s->start));
}

static Status *bad_field(const Scan *s, const ProtoField *f, const char *why)
{
        return invalid_argument("Can't parse %s as binary proto: field %s of %s %s at byte %zu",
                                s->frames[0].type->name, f->name, s->frames[s->depth].type->name,
                                why, (size_t)(s->at - s->start));
}

/* A number of at most max_bytes bytes; moves on only when there is one. */
static bool read_varint(Scan *s, int max_bytes, uint64_t *ret)
{
        const uint8_t *p = s->at, *end = s->frames[s->depth].end;
        uint64_t v = 0;
        for (int i = 0; i < max_bytes && p < end; i++) {
                v |= (uint64_t)(*p & 0x7F) << (7 * i);
                if (*p++ < 0x80) {
                        s->at = p;
                        *ret = v;
                        return true;
                }
        }
        return false;
}

/* What the writer of a field of this type uses, unless it packs. */
static int wire_type(ProtobufCType type)
{
        switch (type) {
        case PROTOBUF_C_TYPE_FLOAT:
        case PROTOBUF_C_TYPE_FIXED32:
        case PROTOBUF_C_TYPE_SFIXED32: return WIRE_32;
        case PROTOBUF_C_TYPE_DOUBLE:
        case PROTOBUF_C_TYPE_FIXED64:
        case PROTOBUF_C_TYPE_SFIXED64: return WIRE_64;
        case PROTOBUF_C_TYPE_STRING:
        case PROTOBUF_C_TYPE_BYTES:
        case PROTOBUF_C_TYPE_MESSAGE: return WIRE_BYTES;
        default: return WIRE_VARINT;
        }
}

/* Numbers without tags, filling n bytes exactly. */
static bool packed_fits(ProtobufCType type, const uint8_t *p, size_t n)
{
        int wire = wire_type(type);
        if (wire != WIRE_VARINT)
                return n % (wire == WIRE_32 ? 4 : 8) == 0;
        int run = 0;
        for (size_t i = 0; i < n; i++) {
                run = p[i] < 0x80 ? 0 : run + 1;
                if (run >= VARINT_BYTES)
                        return false;
        }
        return run == 0;
}

/* Opens the message in the next n bytes; the scan goes on inside. */
static Status *enter(Scan *s, const ProtoField *f, size_t n)
{
        if (s->depth >= PROTO_MAX_DEPTH)
                return bad(s, "messages are nested more than 100 deep");
        if (++s->messages > s->max_messages)
                return resource_exhausted("%s has more than %zu messages inside",
                                          s->frames[0].type->name, s->max_messages);
        s->frames[++s->depth] = (Frame){ proto_type_of(f), s->at + n };
        return NULL;
}

/* The n bytes at s->at are the value of a field of a length-delimited wire type; f is NULL when it
 * is unknown. */
static Status *scan_bytes(Scan *s, const ProtoField *f, size_t n)
{
        if (f && f->type == PROTOBUF_C_TYPE_MESSAGE)
                return enter(s, f, n);
        if (f && f->type == PROTOBUF_C_TYPE_STRING) {
                if (!utf8_valid(s->at, n))
                        return bad_field(s, f, "contains invalid UTF-8 data");
                if (n && memchr(s->at, 0, n))
                        return bad_field(s, f, "contains a NUL character");
        } else if (f && f->type != PROTOBUF_C_TYPE_BYTES && !packed_fits(f->type, s->at, n)) {
                return bad_field(s, f, "is not a list of numbers");
        }
        if (f && f == s->large && n >= LEND_LEAST)
                s->large_bytes += n;
        s->at += n;
        return NULL;
}

/* Groups do not come here; whatever is not of a known wire type was refused before. */
static Status *scan_value(Scan *s, const ProtoField *f, int wire)
{
        uint64_t n;
        size_t left;
        switch (wire) {
        case WIRE_VARINT:
                if (!read_varint(s, VARINT_BYTES, &n))
                        return bad(s, "bad varint");
                return NULL;
        case WIRE_BYTES:
                if (!read_varint(s, LENGTH_BYTES, &n))
                        return bad(s, "bad length");
                break;
        default: n = wire == WIRE_32 ? 4 : 8;
        }
        left = (size_t)(s->frames[s->depth].end - s->at);
        if (n > left)
                return bad(s, "value ends outside its message");
        if (wire == WIRE_BYTES)
                return scan_bytes(s, f, n);
        s->at += n;
        return NULL;
}

/* Why a tag is none of ours, or NULL. */
static const char *tag_fault(uint64_t tag)
{
        int wire = tag & 7;
        if (tag > UINT32_MAX || tag >> 3 == 0)
                return "bad tag";
        if (wire == WIRE_GROUP || wire == WIRE_GROUP_END)
                return "groups are not supported";
        return wire > WIRE_32 ? "bad wire type" : NULL;
}

static Status *scan_field(Scan *s)
{
        const uint8_t *start = s->at;
        uint64_t tag = 0; /* which no field has */
        read_varint(s, TAG_BYTES, &tag);
        const char *fault = tag_fault(tag);
        if (fault) {
                s->at = start;
                return bad(s, fault);
        }
        int wire = tag & 7;
        const ProtoField *f = protobuf_c_message_descriptor_get_field(s->frames[s->depth].type,
                                                                      (unsigned)(tag >> 3));
        bool packed = f && wire == WIRE_BYTES && proto_is_repeated(f);
        if (f && wire != wire_type(f->type) && !packed)
                return bad_field(s, f, "has the wrong wire type");
        return scan_value(s, f, wire);
}

/* No recursion: open messages are on a stack of its own, of fixed depth. */
static Status *scan(Scan *s)
{
        while (s->depth >= 0) {
                if (s->at == s->frames[s->depth].end)
                        s->depth--;
                else
                        TRY(scan_field(s));
        }
        return NULL;
}

/* The limits, then the scan. */
static Status *check(Scan *s, const ProtoType *type, const void *bytes, size_t n,
                     const ProtoLimits *limits)
{
        size_t max_bytes = DEFAULT_BYTES;
        *s = (Scan){
                .start = bytes, .at = bytes, .max_messages = DEFAULT_MESSAGES, .large = s->large
        };
        if (limits && limits->max_bytes)
                max_bytes = MIN(limits->max_bytes, max_bytes);
        if (limits && limits->max_messages)
                s->max_messages = MIN(limits->max_messages, s->max_messages);
        if (n > max_bytes)
                return resource_exhausted("%s of %zu bytes is larger than the limit of %zu bytes",
                                          type->name, n, max_bytes);
        s->frames[0] = (Frame){ type, s->at + n };
        return scan(s);
}

/* protobuf-c's allocator over an arena; remembers that memory ran out, which protobuf-c does not
 * tell. */
typedef struct ArenaAllocator {
        ProtobufCAllocator base;
        Arena *arena;
        bool full;
} ArenaAllocator;

static void *allocate(void *data, size_t n)
{
        ArenaAllocator *a = data;
        void *p = arena_alloc(a->arena, n ? n : 1);
        a->full |= !p;
        return p;
}

/* The arena goes as a whole. */
static void free_nothing(void *data UNUSED, void *p UNUSED) {}

/* Of bytes that the scan has passed. */
static Status *unpack(const ProtoType *type, const void *bytes, size_t n, Arena *arena,
                      ProtobufCMessage **ret)
{
        ArenaAllocator a = { .base = { allocate, free_nothing, &a }, .arena = arena };
        ProtobufCMessage *m = protobuf_c_message_unpack(type, &a.base, n, bytes);
        if (!m && a.full)
                return proto_too_big(type);
        if (!m)
                return invalid_argument("Can't parse %s as binary proto", type->name);
        TRY(proto_settle_maps(m, arena));
        *ret = m;
        return NULL;
}

Status *proto_unpack(const ProtoType *type, const void *bytes, size_t n, const ProtoLimits *limits,
                     Arena *arena, ProtobufCMessage **ret)
{
        Scan s = { 0 };
        if (!n) /* bytes may be NULL */
                return proto_new(type, arena, ret);
        TRY(check(&s, type, bytes, n, limits));
        return unpack(type, bytes, n, arena, ret);
}

static Status *unpack_lent(const ProtoType *type, uint8_t *bytes, size_t n, Lending *l,
                           Arena *arena, ProtobufCMessage **ret)
{
        l->skeleton = BUF(n);
        l->places = BUF(n);
        TRY(lend_skeleton(type, bytes, n, l));
        TRY(unpack(type, l->skeleton.data, l->skeleton.len, arena, ret));
        TRY(lend_align(l, bytes, arena));
        lend_settle(l, *ret);
        return NULL;
}

Status *proto_unpack_in_place(const ProtoType *type, void *bytes, size_t n, const ProtoField *field,
                              Arena *arena, ProtobufCMessage **ret, bool *ret_kept)
{
        Scan s = { .large = field };
        *ret_kept = false;
        if (!n)
                return proto_new(type, arena, ret);
        TRY(check(&s, type, bytes, n, NULL));
        if (s.large_bytes < n / 4 * 3) /* else what is kept for nothing would be too much */
                return unpack(type, bytes, n, arena, ret);
        Lending l = { .field = field };
        Status *st = unpack_lent(type, bytes, n, &l, arena, ret);
        buf_done(&l.skeleton);
        buf_done(&l.places);
        *ret_kept = !st;
        return st;
}

/* protobuf's limit, in which sizes are int32. */
Status *proto_pack(const ProtobufCMessage *m, Buf *ret)
{
        size_t n = protobuf_c_message_get_packed_size(m);
        if (n > INT32_MAX)
                return resource_exhausted("%s is larger than 2 GiB", m->descriptor->name);
        char *p = buf_reserve(ret, n);
        if (p)
                ret->len += protobuf_c_message_pack(m, (uint8_t *)p);
        return buf_status(ret);
}

Status *proto_pack_sized(const ProtobufCMessage *m, Buf *ret)
{
        uint64_t n = m ? protobuf_c_message_get_packed_size(m) : UINT64_MAX;
        buf_append(ret, &n, sizeof n);
        return m ? proto_pack(m, ret) : buf_status(ret);
}
