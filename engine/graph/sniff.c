// SPDX-License-Identifier: Apache-2.0
/* The three messages share field numbers, so binary ones are walked by each descriptor in turn: the
 * one under which the bytes make sense wins. */
#include "engine/graph/sniff.h"

#include "engine/base/utf8.h"
#include "proto/message.h"
#include "tensorflow/core/framework/graph.pb-c.h"
#include "tensorflow/core/protobuf/meta_graph.pb-c.h"
#include "tensorflow/core/protobuf/saved_model.pb-c.h"
#include <ctype.h>
#include <string.h>

static const ProtoType *const types[] = {
        [GRAPH_DEF] = &tensorflow__graph_def__descriptor,
        [META_GRAPH_DEF] = &tensorflow__meta_graph_def__descriptor,
        [SAVED_MODEL] = &tensorflow__saved_model__descriptor,
};

/* ---- binary ---- */

/* Deeper than this nothing is looked at: the difference shows at the top. */
enum { LOOK_DEPTH = 6 };

typedef struct Look {
        const uint8_t *at;
        int depth; /* -1 behind the end of the root */
        struct {
                const ProtoType *type;
                const uint8_t *end;
        } open[LOOK_DEPTH];
} Look;

/* False at the end of the message. */
static bool read_varint(Look *l, uint64_t *ret)
{
        *ret = 0;
        for (int shift = 0; shift < 64 && l->at < l->open[l->depth].end; shift += 7) {
                uint8_t b = *l->at++;
                *ret |= (uint64_t)(b & 0x7F) << shift;
                if (b < 0x80)
                        return true;
        }
        return false;
}

static bool is_fixed(ProtobufCType t, int wire)
{
        bool is32 = t == PROTOBUF_C_TYPE_FLOAT || t == PROTOBUF_C_TYPE_FIXED32 ||
                    t == PROTOBUF_C_TYPE_SFIXED32;
        bool is64 = t == PROTOBUF_C_TYPE_DOUBLE || t == PROTOBUF_C_TYPE_FIXED64 ||
                    t == PROTOBUF_C_TYPE_SFIXED64;
        return wire == 5 ? is32 : is64;
}

/* Passes over or goes into n bytes; false when they cannot be the field's value. */
static bool look_at_bytes(Look *l, const ProtoField *f, uint64_t n)
{
        if (n > (uint64_t)(l->open[l->depth].end - l->at))
                return false;
        if (f->type == PROTOBUF_C_TYPE_MESSAGE && l->depth + 1 < LOOK_DEPTH) {
                l->depth++;
                l->open[l->depth].type = proto_type_of(f);
                l->open[l->depth].end = l->at + n;
                return true;
        }
        if (f->type == PROTOBUF_C_TYPE_STRING && (!utf8_valid(l->at, n) || memchr(l->at, 0, n)))
                return false;
        bool ok = f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_BYTES ||
                  f->type == PROTOBUF_C_TYPE_MESSAGE || proto_is_repeated(f);
        l->at += n;
        return ok;
}

/* A field whose wire type does not fit the descriptor rules that message out; an unknown one only
 * counts against it. */
static bool look_at_field(Look *l, size_t *unknown)
{
        static const ProtoField nobody = { .type = PROTOBUF_C_TYPE_BYTES };
        uint64_t tag, n;
        if (!read_varint(l, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
                return false;
        const ProtoField *f = protobuf_c_message_descriptor_get_field(l->open[l->depth].type,
                                                                      (unsigned)(tag >> 3));
        int wire = tag & 7;
        *unknown += !f;
        if (wire == 2)
                return read_varint(l, &n) && look_at_bytes(l, f ? f : &nobody, n);
        if (wire == 0)
                return read_varint(l, &n) &&
                       (!f || proto_is_int(f->type) || f->type == PROTOBUF_C_TYPE_BOOL);
        n = wire == 5 ? 4 : 8;
        if ((wire != 1 && wire != 5) || n > (uint64_t)(l->open[l->depth].end - l->at))
                return false;
        l->at += n;
        return !f || is_fixed(f->type, wire);
}

/* Could the bytes be a message of that type, and how many fields would be unknown? */
static bool looks_like(const ProtoType *type, const void *bytes, size_t n, size_t *ret_unknown)
{
        Look l = { .at = bytes };
        size_t unknown = 0;
        l.open[0].type = type;
        l.open[0].end = l.at + n;
        while (l.depth >= 0) {
                if (l.at == l.open[l.depth].end)
                        l.depth--;
                else if (!look_at_field(&l, &unknown))
                        return false;
        }
        *ret_unknown = unknown;
        return true;
}

/* All three formats read most of each other's bytes: the one with the fewest unknown fields is
 * it. */
static GraphFormat sniff_binary(const void *bytes, size_t n)
{
        GraphFormat best = GRAPH_DEF;
        size_t unknown, least = SIZE_MAX;
        for (size_t i = 0; i < COUNTOF(types); i++)
                if (looks_like(types[i], bytes, n, &unknown) && unknown < least) {
                        least = unknown;
                        best = (GraphFormat)i;
                }
        return best;
}

/* ---- text ---- */

static const char *skip_space(const char *s, const char *end)
{
        while (s < end && (isspace((unsigned char)*s) || *s == '#')) {
                if (*s == '#')
                        while (s < end && *s != '\n')
                                s++;
                else
                        s++;
        }
        return s;
}

/* By the first field's name. */
static GraphFormat sniff_text(const char *s, const char *end)
{
        char name[PROTO_MAX_NAME] = "";
        for (size_t i = 0; i + 1 < sizeof name && s + i < end; i++) {
                if (!isalnum((unsigned char)s[i]) && s[i] != '_')
                        break;
                name[i] = s[i];
        }
        for (size_t i = 0; i < COUNTOF(types); i++)
                if (protobuf_c_message_descriptor_get_field_by_name(types[i], name))
                        return (GraphFormat)i;
        return GRAPH_DEF;
}

/* Every binary node has the tag of its op, a control character. */
static bool is_text(const char *s, size_t n)
{
        n = MIN(n, (size_t)64 * 1024);
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)s[i] < ' ' && !isspace((unsigned char)s[i]))
                        return false;
        return n > 0;
}

/* A wrong guess is no danger: the parser checks everything again. */
void graph_sniff(const void *bytes, size_t n, GraphFormat *ret_format, GraphEncoding *ret_encoding)
{
        const char *s = bytes, *end = s + n;
        if (!is_text(bytes, n)) {
                *ret_encoding = ENCODING_BINARY;
                *ret_format = sniff_binary(bytes, n);
                return;
        }
        s = skip_space(s, end);
        *ret_encoding = s < end && *s == '{' ? ENCODING_JSON : ENCODING_TEXT;
        *ret_format = *ret_encoding == ENCODING_JSON ? GRAPH_DEF : sniff_text(s, end);
}
