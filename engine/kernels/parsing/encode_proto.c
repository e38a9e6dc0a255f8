// SPDX-License-Identifier: Apache-2.0
/* EncodeProto: rows of tensors as serialized messages. values[i] holds field_names[i] of every
 * message, sizes how many of them count; fields are written in the order of their numbers. */
#include "engine/base/buf.h"
#include "engine/kernels/parsing/proto_source.h"
#include "engine/ops/op.h"
#include <string.h>

#define MESSAGE_MAX_BYTES ((size_t)1 << 30)

typedef struct Written {
        MessageField field;
        int input; /* index among the values */
} Written;

typedef struct Encoder {
        int n;
        Written written[]; /* by field number */
} Encoder;

/* Puts one more where its number belongs. */
static void insert(Encoder *e, const MessageField *field, int input)
{
        int at = e->n++;
        for (; at && e->written[at - 1].field.number > field->number; at--)
                e->written[at] = e->written[at - 1];
        e->written[at] = (Written){ *field, input };
}

static Status *encode_prepare(PrepareCtx *p)
{
        const Node *node = p->node;
        const AttrValue *source = node_attr(node, "descriptor_source");
        const ProtobufCBinaryData *names;
        const MessageField *all, *field = NULL;
        const char *message;
        int n, n_all;
        TRY(node_attr_strings(node, "field_names", &names, &n));
        TRY(node_attr_string(node, "message_type", &message));
        TRY(proto_source_fields(source ? &source->s : &(ProtobufCBinaryData){ 0 }, message,
                                p->arena, &all, &n_all));
        Encoder *e = arena_alloc(p->arena, sizeof *e + (size_t)n * sizeof e->written[0]);
        if (!e)
                return status_oom();
        if (n != node->n_in - 1)
                return invalid_argument("%d fields are named, and %d values given", n,
                                        node->n_in - 1);
        e->n = 0;
        for (int i = 0; i < n; i++) {
                TRY(proto_field_find(all, n_all, &names[i], message, &field));
                if (!proto_field_holds(field->type, node->in_types[i + 1]))
                        return invalid_argument("Incompatible type for field %s.  Saw dtype: %s",
                                                field->name, dtype_name(node->in_types[i + 1]));
                insert(e, field, i);
        }
        p->state = e;
        return NULL;
}

static Status *encode_shape(ShapeCtx *c)
{
        const Shape *sizes = shape_in(c, 0);
        c->out[0] = SHAPE_UNKNOWN;
        if (sizes->rank < 0)
                return NULL;
        if (sizes->rank < 1)
                return invalid_argument("Shape must be at least rank 1 but is rank 0");
        int64_t fields = sizes->dim[sizes->rank - 1];
        if (fields >= 0 && fields != c->n_in - 1)
                return invalid_argument("sizes should be batch_size + [len(field_names)]");
        c->out[0] = *sizes;
        c->out[0].rank--;
        for (int i = 1; i < c->n_in; i++) {
                const Shape *v = shape_in(c, i);
                if (v->rank < 0)
                        continue;
                if (v->rank != sizes->rank)
                        return invalid_argument("Values must be the batch shape and a length");
                for (int d = 0; d + 1 < v->rank; d++)
                        if (v->dim[d] >= 0 && sizes->dim[d] >= 0 && v->dim[d] != sizes->dim[d])
                                return invalid_argument("Values must match up on the batch axes");
        }
        return NULL;
}

/* ---- writing ---- */

static void put_varint(Buf *b, uint64_t v)
{
        for (; v >= 0x80; v >>= 7)
                buf_putc(b, (char)(v | 0x80));
        buf_putc(b, (char)v);
}

static uint64_t zigzag(int64_t v)
{
        return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static void put_value(Buf *b, FieldType type, const Tensor *t, int64_t i)
{
        int wire = proto_field_wire(type);
        if (wire == WIRE_BYTES) {
                const TString *s = &tensor_strings(t)[i];
                put_varint(b, s->len);
                buf_append(b, s->data, s->len);
        } else if (type == FIELD_DOUBLE) {
                buf_append(b, &(double){ tensor_double(t, i) }, sizeof(double));
        } else if (type == FIELD_FLOAT) {
                buf_append(b, &(float){ (float)tensor_double(t, i) }, sizeof(float));
        } else {
                int64_t v = tensor_int(t, i);
                if (wire == WIRE_64)
                        buf_append(b, &v, sizeof v);
                else if (wire == WIRE_32)
                        buf_append(b, &(int32_t){ (int32_t)v }, sizeof(int32_t));
                else
                        put_varint(b, type == FIELD_SINT32 || type == FIELD_SINT64 ? zigzag(v)
                                                                                   : (uint64_t)v);
        }
}

static void put_field(Buf *b, const MessageField *f, const Tensor *t, int64_t from, int64_t n)
{
        int wire = proto_field_wire(f->type);
        if (!f->packed || wire == WIRE_BYTES || !n) {
                for (int64_t k = 0; k < n; k++) {
                        put_varint(b, (uint64_t)f->number << 3 | (unsigned)wire);
                        put_value(b, f->type, t, from + k);
                }
                return;
        }
        autobuf packed = BUF(MESSAGE_MAX_BYTES);
        for (int64_t k = 0; k < n; k++)
                put_value(&packed, f->type, t, from + k);
        b->oom |= packed.oom;
        b->full |= packed.full;
        put_varint(b, (uint64_t)f->number << 3 | WIRE_BYTES);
        put_varint(b, packed.len);
        buf_append(b, packed.data, packed.len);
}

static Status *encode_message(OpCtx *c, const Encoder *e, int64_t m, Buf *b)
{
        const Tensor *sizes = ctx_input(c, 0);
        for (int k = 0; k < e->n; k++) {
                const Written *w = &e->written[k];
                const Tensor *values = ctx_input(c, w->input + 1);
                int64_t length = tensor_dim(values, tensor_rank(values) - 1);
                int64_t n = tensor_int(sizes, m * e->n + w->input);
                if (n < 0 || n > length)
                        return invalid_argument("Size to write must not be larger than value "
                                                "tensor; but saw: %lld > %lld",
                                                (long long)n, (long long)length);
                put_field(b, &w->field, values, m * length, n);
        }
        return buf_status(b);
}

static Status *encode(OpCtx *c)
{
        const Encoder *e = ctx_state(c);
        Tensor *y = ctx_output(c, 0);
        autobuf b = BUF(MESSAGE_MAX_BYTES);
        for (int64_t m = 0; m < tensor_count(y); m++) {
                buf_reset(&b);
                TRY(encode_message(c, e, m, &b));
                TRY(tensor_set_string(y, m, b.data, b.len));
        }
        return NULL;
}

OP(EncodeProto, .inputs = "sizes:int32; values:Tinput_types[]", .outputs = "bytes:string",
   .attrs = "field_names:list(string); message_type:string; descriptor_source:string = "
            "\"local://\"; Tinput_types:list(type) >=1",
   .shape = encode_shape, .prepare = encode_prepare, .compute = encode);
