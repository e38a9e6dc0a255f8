// SPDX-License-Identifier: Apache-2.0
/* WriteScalarSummary and its kin: summaries as events of a step. ImportEvent: an event as it is. */
#include "engine/base/clock.h"
#include "engine/kernels/logging/event_file.h"
#include "engine/tensor/tensor_proto.h"
#include "proto/wire.h"

/* Writer and step are scalars, and so are the inputs that bits of `scalars` name. */
static Status *write_shape(const ShapeCtx *c, unsigned scalars)
{
        for (int i = 0; i < c->n_in; i++)
                if (scalars >> i & 1)
                        TRY(shape_want_rank(c, i, 0));
        return NULL;
}

static Event event_new(const OpCtx *c)
{
        Event e = TENSORFLOW__EVENT__INIT;
        e.wall_time = (double)clock_wall_us() / 1e6;
        e.step = tensor_int(ctx_input(c, 1), 0);
        return e;
}

static Status *add_summary(const OpCtx *c, Summary *m)
{
        EventFile *f;
        Event e = event_new(c);
        e.what_case = TENSORFLOW__EVENT__WHAT_SUMMARY;
        e.summary = m;
        TRY(event_file_of(c, &f));
        return event_file_add(f, &e);
}

/* Makes a summary's values from the op's inputs. */
typedef Status *(*MakeSummary)(OpCtx *c, Arena *a, Summary *m);

static Status *write_summary_of(OpCtx *c, MakeSummary make)
{
        autoptr(Arena) a = NULL;
        Summary m = TENSORFLOW__SUMMARY__INIT;
        TRY(arena_new(SUMMARY_MAX_BYTES, &a));
        TRY(make(c, a, &m));
        return add_summary(c, &m);
}

/* Defines the compute and shape functions of an op. */
#define WRITE(name, scalars)                             \
        static Status *write_##name(OpCtx *c)            \
        {                                                \
                return write_summary_of(c, make_##name); \
        }                                                \
        static Status *name##_shape(ShapeCtx *c)         \
        {                                                \
                return write_shape(c, scalars);          \
        }

/* One value, tagged by input i. */
static Status *one_value(OpCtx *c, Arena *a, int i, Summary *m)
{
        TRY(summary_values(a, 1, m));
        return summary_tag(a, tensor_strings(ctx_input(c, i)), &m->value[0]->tag);
}

static Status *make_scalar(OpCtx *c, Arena *a, Summary *m)
{
        TRY(one_value(c, a, 2, m));
        m->value[0]->value_case = TENSORFLOW__SUMMARY__VALUE__VALUE_SIMPLE_VALUE;
        m->value[0]->simple_value = (float)tensor_double(ctx_input(c, 3), 0);
        return NULL;
}
WRITE(scalar, 0xf)

static Status *make_histogram(OpCtx *c, Arena *a, Summary *m)
{
        TRY(one_value(c, a, 2, m));
        return summary_histogram(c, a, ctx_input(c, 3), m->value[0]);
}
WRITE(histogram, 0x7)

static Status *make_image(OpCtx *c, Arena *a, Summary *m)
{
        return summary_images(c, a, tensor_strings(ctx_input(c, 2)), ctx_input(c, 3),
                              ctx_input(c, 4), node_int(ctx_node(c), "max_images", 3), m);
}

static Status *write_image(OpCtx *c)
{
        return write_summary_of(c, make_image);
}

static Status *image_shape(ShapeCtx *c)
{
        TRY(write_shape(c, 0x7));
        if (shape_in(c, 4)->rank >= 0 && shape_in(c, 4)->rank != 1)
                return invalid_argument("bad_color must be a vector, got shape %s",
                                        shape_text(shape_in(c, 4)).s);
        return summary_images_shape(c, 3);
}

static Status *make_audio(OpCtx *c, Arena *a, Summary *m)
{
        return summary_sounds(c, a, tensor_strings(ctx_input(c, 2)), ctx_input(c, 3),
                              *(const float *)tensor_data(ctx_input(c, 4)),
                              node_int(ctx_node(c), "max_outputs", 3), m);
}

static Status *write_audio(OpCtx *c)
{
        return write_summary_of(c, make_audio);
}

static Status *audio_shape(ShapeCtx *c)
{
        TRY(write_shape(c, 0x17));
        return summary_sounds_shape(c, 3);
}

static Status *make_value(OpCtx *c, Arena *a, Summary *m)
{
        const TString *meta = tensor_strings(ctx_input(c, 4));
        TRY(one_value(c, a, 3, m));
        m->value[0]->value_case = TENSORFLOW__SUMMARY__VALUE__VALUE_TENSOR;
        TRY(tensor_to_proto(ctx_input(c, 2), a, &m->value[0]->tensor));
        if (!meta->len)
                return NULL;
        return summary_metadata(a, meta, &m->value[0]->metadata);
}
WRITE(value, 0x1b)

/* ---- messages that are there already ---- */

/* Is it a message of that type? Else DATA_LOSS. */
static Status *check_message(const ProtoType *type, const TString *s, Arena *a, const char *what,
                             ProtobufCMessage **ret)
{
        Status *bad = proto_unpack(type, s->data, s->len, NULL, a, ret);
        if (!bad || status_code(bad) != SR_INVALID_ARGUMENT)
                return bad;
        status_free(bad);
        return data_loss("%s", what);
}

static Status *write_raw(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 2);
        for (int64_t i = 0; i < tensor_count(x); i++) {
                autoptr(Arena) a = NULL;
                ProtobufCMessage *m;
                TRY(arena_new(SUMMARY_MAX_BYTES, &a));
                TRY(check_message(&tensorflow__summary__descriptor, &tensor_strings(x)[i], a,
                                  "Bad tf.compat.v1.Summary binary proto tensor string", &m));
                TRY(add_summary(c, (Summary *)m));
        }
        return NULL;
}

static Status *raw_shape(ShapeCtx *c)
{
        return write_shape(c, 0x3);
}

static Status *write_graph(OpCtx *c)
{
        const TString *s = tensor_strings(ctx_input(c, 2));
        autoptr(Arena) a = NULL;
        ProtobufCMessage *m;
        EventFile *f;
        Event e = event_new(c);
        TRY(event_file_of(c, &f));
        TRY(arena_new(SUMMARY_MAX_BYTES, &a));
        TRY(check_message(&tensorflow__graph_def__descriptor, s, a,
                          "Bad tf.GraphDef binary proto scalar string", &m));
        e.what_case = TENSORFLOW__EVENT__WHAT_GRAPH_DEF;
        e.graph_def = (ProtobufCBinaryData){ s->len, (uint8_t *)s->data };
        return event_file_add(f, &e);
}

static Status *graph_shape(ShapeCtx *c)
{
        return write_shape(c, 0x7);
}

static Status *import_event(OpCtx *c)
{
        const TString *s = tensor_strings(ctx_input(c, 1));
        autoptr(Arena) a = NULL;
        ProtobufCMessage *m;
        EventFile *f;
        TRY(event_file_of(c, &f));
        TRY(arena_new(SUMMARY_MAX_BYTES, &a));
        TRY(check_message(&tensorflow__event__descriptor, s, a,
                          "Bad tf.Event binary proto tensor string", &m));
        return event_file_add_packed(f, s->data, s->len);
}

#define REAL_TYPES_LIST \
        "float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64"

OP(WriteScalarSummary, .inputs = "writer:resource; step:int64; tag:string; value:T",
   .attrs = "T:type in [" REAL_TYPES_LIST "]", .flags = "stateful", .shape = scalar_shape,
   .compute = write_scalar);
OP(WriteHistogramSummary, .inputs = "writer:resource; step:int64; tag:string; values:T",
   .attrs = "T:type in [" REAL_TYPES_LIST ",bool] = float", .flags = "stateful",
   .shape = histogram_shape, .compute = write_histogram);
OP(WriteImageSummary,
   .inputs = "writer:resource; step:int64; tag:string; tensor:T; bad_color:uint8",
   .attrs = "max_images:int >=1 = 3; T:type in [uint8,double,float,half] = float",
   .flags = "stateful", .shape = image_shape, .compute = write_image);
OP(WriteAudioSummary,
   .inputs = "writer:resource; step:int64; tag:string; tensor:float; sample_rate:float",
   .attrs = "max_outputs:int >=1 = 3", .flags = "stateful", .shape = audio_shape,
   .compute = write_audio);
OP(WriteSummary,
   .inputs = "writer:resource; step:int64; tensor:T; tag:string; summary_metadata:string",
   .attrs = "T:type", .kernels = "T:type in [" PLAIN_TYPES "]", .flags = "stateful",
   .shape = value_shape, .compute = write_value);
OP(WriteRawProtoSummary, .inputs = "writer:resource; step:int64; tensor:string",
   .flags = "stateful", .shape = raw_shape, .compute = write_raw);
OP(WriteGraphSummary, .inputs = "writer:resource; step:int64; tensor:string", .flags = "stateful",
   .shape = graph_shape, .compute = write_graph);
OP(ImportEvent, .inputs = "writer:resource; event:string", .flags = "stateful", .shape = raw_shape,
   .compute = import_event);
