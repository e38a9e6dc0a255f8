// SPDX-License-Identifier: Apache-2.0
/* DecodeProtoV2: fields of serialized messages as tensors, each as long as the longest among the
 * messages (at least 1), filled up with the field's default; sizes say how many values count. */
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/kernels/io/sstable.h"
#include "engine/kernels/parsing/proto_source.h"
#include "engine/ops/op.h"
#include "proto/message.h"
#include "proto/text.h"
#include "proto/wire.h"
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX_BYTES ((size_t)1 << 30)
enum { WIRE_GROUP = 3, WIRE_GROUP_END = 4, GROUPS_MAX = 100 };

typedef struct Decoder {
        const ProtoType *type; /* NULL: by a description that came with the graph */
        bool text;
        int n;
        MessageField field[]; /* as the outputs are */
} Decoder;

/* What is left of a message. */
typedef struct Bytes {
        const unsigned char *p, *end;
} Bytes;

/* ---- before the first step ---- */

static Status *check_format(const Node *n, Decoder *d)
{
        const char *format;
        TRY(node_attr_string(n, "message_format", &format));
        if (strcmp(format, "binary") != 0 && strcmp(format, "text") != 0)
                return invalid_argument("format must be one of binary or text");
        d->text = *format == 't';
        if (d->text && !d->type)
                return unimplemented("Text messages of types that come with the graph");
        return NULL;
}

static Status *decode_prepare(PrepareCtx *p)
{
        static const char local[] = LOCAL_SOURCE;
        const Node *node = p->node;
        const AttrValue *source = node_attr(node, "descriptor_source");
        const ProtobufCBinaryData *names;
        ProtobufCBinaryData from = source ? source->s : (ProtobufCBinaryData){ 0 };
        const MessageField *all, *field = NULL;
        const char *message;
        int n, n_all;
        TRY(node_attr_strings(node, "field_names", &names, &n));
        TRY(node_attr_string(node, "message_type", &message));
        TRY(proto_source_fields(&from, message, p->arena, &all, &n_all));
        if (n != node->n_out - 1)
                return invalid_argument("field_names and output_types attributes must have the "
                                        "same length");
        Decoder *d = arena_calloc(p->arena, 1, sizeof *d + (size_t)n * sizeof d->field[0]);
        if (!d)
                return status_oom();
        if (!from.len || (from.len == sizeof local - 1 && !memcmp(from.data, local, from.len)))
                d->type = proto_find_message(message);
        for (; d->n < n; d->n++) {
                DType t = node->out_types[d->n + 1];
                TRY(proto_field_find(all, n_all, &names[d->n], message, &field));
                if (!proto_field_holds(field->type, t))
                        return invalid_argument("Unexpected output type for %s.%s: %s", message,
                                                field->name, dtype_name(t));
                if (field->type == FIELD_ENUM && *field->fallback)
                        return unimplemented("The default of the enum field %s", field->name);
                d->field[d->n] = *field;
        }
        p->state = d;
        return check_format(node, d);
}

/* How long the lists are, only the messages tell. */
static Status *decode_shape(ShapeCtx *c)
{
        const Shape *in = shape_in(c, 0);
        for (int i = 0; i < c->n_out; i++) {
                c->out[i] = *in;
                if (in->rank >= SHAPE_MAX_RANK)
                        return unimplemented("Messages of rank %d", in->rank);
                if (in->rank >= 0)
                        shape_append(&c->out[i], i ? -1 : c->n_out - 1);
        }
        return NULL;
}

/* ---- the wire ---- */

static Status *cut_off(void)
{
        return data_loss("Failed to consume entire buffer");
}

static bool take(Bytes *b, uint64_t n, Bytes *ret)
{
        if (n > (uint64_t)(b->end - b->p))
                return false;
        *ret = (Bytes){ b->p, b->p + n };
        b->p += n;
        return true;
}

/* A value of some wire kind, without its tag. For varints ret is the bytes that it takes. */
static bool take_value(Bytes *b, int wire, Bytes *ret)
{
        uint64_t v;
        const unsigned char *from = b->p;
        switch (wire) {
        case WIRE_VARINT:
                if (!sst_read_varint(&b->p, b->end, &v))
                        return false;
                *ret = (Bytes){ from, b->p };
                return true;
        case WIRE_64: return take(b, 8, ret);
        case WIRE_32: return take(b, 4, ret);
        case WIRE_BYTES: return sst_read_varint(&b->p, b->end, &v) && take(b, v, ret);
        default: return false;
        }
}

static bool take_tag(Bytes *b, uint32_t *number, int *wire)
{
        uint64_t tag;
        if (!sst_read_varint(&b->p, b->end, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
                return false;
        *number = (uint32_t)(tag >> 3);
        *wire = (int)(tag & 7);
        return true;
}

/* Passes over a group and those in it, without recursion. */
static bool skip_group(Bytes *b)
{
        Bytes value;
        uint32_t number;
        int wire;
        for (int depth = 1; depth && depth < GROUPS_MAX;) {
                if (!take_tag(b, &number, &wire))
                        return false;
                if (wire == WIRE_GROUP)
                        depth++;
                else if (wire == WIRE_GROUP_END)
                        depth--;
                else if (!take_value(b, wire, &value))
                        return false;
                if (!depth)
                        return true;
        }
        return false;
}

/* ---- values ---- */

static void put_number(Tensor *t, int64_t i, FieldType type, uint64_t v)
{
        void *y = tensor_fill(t);
        bool narrow = type == FIELD_INT32 || type == FIELD_SINT32 || type == FIELD_SFIXED32;
        int64_t n = narrow ? (int64_t)(int32_t)v : (int64_t)v;
        switch ((int)tensor_dtype(t)) {
        case DT_BOOL: ((bool *)y)[i] = v != 0; break;
        case DT_INT32: ((int32_t *)y)[i] = (int32_t)n; break;
        case DT_UINT32: ((uint32_t *)y)[i] = (uint32_t)v; break;
        case DT_UINT64: ((uint64_t *)y)[i] = v; break;
        default: ((int64_t *)y)[i] = n; break;
        }
}

static void put_real(Tensor *t, int64_t i, double v)
{
        if (tensor_dtype(t) == DT_DOUBLE)
                ((double *)tensor_fill(t))[i] = v;
        else
                ((float *)tensor_fill(t))[i] = (float)v;
}

static Status *put(Tensor *t, int64_t i, FieldType type, Bytes value)
{
        uint64_t v = 0;
        float f;
        double d;
        switch (proto_field_wire(type)) {
        case WIRE_BYTES: return tensor_set_string(t, i, value.p, (size_t)(value.end - value.p));
        case WIRE_32: memcpy(&v, value.p, 4); break;
        case WIRE_64: memcpy(&v, value.p, 8); break;
        default:
                if (!sst_read_varint(&value.p, value.end, &v))
                        return cut_off();
                if (type == FIELD_SINT32 || type == FIELD_SINT64)
                        v = v >> 1 ^ (0 - (v & 1));
        }
        if (type == FIELD_FLOAT) {
                memcpy(&f, &v, sizeof f);
                put_real(t, i, (double)f);
        } else if (type == FIELD_DOUBLE) {
                memcpy(&d, &v, sizeof d);
                put_real(t, i, d);
        } else {
                put_number(t, i, type, v);
        }
        return NULL;
}

static Status *put_fallback(Tensor *t, int64_t i, const MessageField *f)
{
        const char *text = f->fallback;
        if (tensor_dtype(t) == DT_STRING)
                return tensor_set_string(t, i, text, strlen(text));
        if (f->type == FIELD_FLOAT || f->type == FIELD_DOUBLE)
                put_real(t, i, strtod(text, NULL));
        else if (f->type == FIELD_BOOL)
                put_number(t, i, f->type, !strcmp(text, "true"));
        else
                put_number(t, i, f->type,
                           *text == '-' ? (uint64_t)strtoll(text, NULL, 10)
                                        : strtoull(text, NULL, 10));
        return NULL;
}

/* ---- messages ---- */

/* One message: how often each field is there, and its values from element `at` on, when there are
 * tensors for them. Of a field that is not repeated the last value counts. */
typedef struct Pass {
        const Decoder *d;
        int32_t *count; /* one for each field */
        Tensor **value; /* NULL: only count */
        int64_t message;
} Pass;

static Status *use(Pass *p, int k, Bytes value)
{
        const MessageField *f = &p->d->field[k];
        int32_t i = f->repeated ? p->count[k] : 0;
        if (i == INT32_MAX)
                return data_loss("Field %s has too many values", f->name);
        p->count[k] = i + 1;
        if (!p->value)
                return NULL;
        Tensor *t = p->value[k];
        return put(t, p->message * tensor_dim(t, tensor_rank(t) - 1) + i, f->type, value);
}

static Status *use_packed(Pass *p, int k, Bytes list)
{
        Bytes value;
        while (list.p < list.end) {
                if (!take_value(&list, proto_field_wire(p->d->field[k].type), &value))
                        return data_loss("Corrupt packed field %s", p->d->field[k].name);
                TRY(use(p, k, value));
        }
        return NULL;
}

/* A value that is written in another way than the field's is passed over, as one of a field that
 * nobody asked for. */
static Status *use_field(Pass *p, uint32_t number, int wire, Bytes value)
{
        for (int k = 0; k < p->d->n; k++) {
                int own = proto_field_wire(p->d->field[k].type);
                if (p->d->field[k].number != number)
                        continue;
                if (own == wire)
                        TRY(use(p, k, value));
                else if (wire == WIRE_BYTES)
                        TRY(use_packed(p, k, value));
        }
        return NULL;
}

static Status *walk(Pass *p, Bytes b)
{
        while (b.p < b.end) {
                uint32_t number;
                int wire;
                Bytes value;
                if (!take_tag(&b, &number, &wire))
                        return cut_off();
                if (wire == WIRE_GROUP) {
                        if (!skip_group(&b))
                                return data_loss("Failed skipping unrequested field");
                        continue;
                }
                if (!take_value(&b, wire, &value))
                        return data_loss("Failed skipping unrequested field");
                TRY(use_field(p, number, wire, value));
        }
        return NULL;
}

/* ---- all of them ---- */

/* Text messages, one after another, as binary ones. */
static Status *from_text(const Decoder *d, const TString *s, Buf *ret)
{
        autoptr(Arena) arena = NULL;
        ProtobufCMessage *m;
        TRY(arena_new(MESSAGE_MAX_BYTES, &arena));
        Status *bad = proto_text_parse(d->type, s->data ? s->data : "", s->len, arena, &m);
        if (bad) {
                status_free(bad);
                return data_loss("Unable to parse text protobuf");
        }
        return proto_pack(m, ret);
}

static Status *walk_message(Pass *p, const TString *s)
{
        autobuf binary = BUF(MESSAGE_MAX_BYTES);
        const char *bytes = s->data;
        size_t n = s->len;
        if (p->d->text) {
                TRY(from_text(p->d, s, &binary));
                bytes = binary.data;
                n = binary.len;
        }
        return walk(p, (Bytes){ (const unsigned char *)bytes, (const unsigned char *)bytes + n });
}

/* The first pass: sizes, and how long each list of values has to be. */
static Status *count(OpCtx *c, const Decoder *d, int32_t *longest)
{
        const Tensor *in = ctx_input(c, 0);
        int32_t *sizes = tensor_fill(ctx_output(c, 0));
        memset(sizes, 0, tensor_bytes(ctx_output(c, 0)));
        for (int k = 0; k < d->n; k++)
                longest[k] = 1;
        for (int64_t m = 0; m < tensor_count(in); m++) {
                Pass p = { .d = d, .count = sizes + m * d->n };
                TRY(walk_message(&p, &tensor_strings(in)[m]));
                for (int k = 0; k < d->n; k++)
                        longest[k] = MAX(longest[k], p.count[k]);
        }
        return NULL;
}

static Status *fill(OpCtx *c, const Decoder *d, Tensor **value, int32_t *counts)
{
        const Tensor *in = ctx_input(c, 0);
        for (int64_t m = 0; m < tensor_count(in); m++) {
                Pass p = { .d = d, .count = counts, .value = value, .message = m };
                memset(counts, 0, (size_t)d->n * sizeof *counts);
                TRY(walk_message(&p, &tensor_strings(in)[m]));
                for (int k = 0; k < d->n; k++) {
                        int64_t length = tensor_dim(value[k], tensor_rank(value[k]) - 1);
                        for (int64_t i = counts[k]; i < length; i++)
                                TRY(put_fallback(value[k], m * length + i, &d->field[k]));
                }
        }
        return NULL;
}

static Status *decode(OpCtx *c)
{
        const Decoder *d = ctx_state(c);
        const Tensor *in = ctx_input(c, 0);
        size_t room = (size_t)d->n + 1;
        int32_t *longest = ctx_scratch(c, room * sizeof *longest);
        Tensor **value = ctx_scratch(c, room * sizeof(Tensor *)), *sizes;
        Shape shape = *tensor_shape(in);
        if (!longest || !value)
                return status_oom();
        if (!tensor_count(in))
                return invalid_argument("Bufs argument must contain at least one value");
        shape_append(&shape, d->n);
        TRY(ctx_alloc(c, 0, &shape, &sizes));
        TRY(count(c, d, longest));
        for (int k = 0; k < d->n; k++) {
                shape.dim[shape.rank - 1] = longest[k];
                TRY(ctx_alloc(c, k + 1, &shape, &value[k]));
        }
        return fill(c, d, value, longest);
}

OP(DecodeProtoV2, .inputs = "bytes:string", .outputs = "sizes:int32; values:output_types[]",
   .attrs = "message_type:string; field_names:list(string); output_types:list(type) >=0; "
            "descriptor_source:string = \"local://\"; message_format:string = \"binary\"; "
            "sanitize:bool = false",
   .shape = decode_shape, .prepare = decode_prepare, .compute = decode, .late_shape = true);
