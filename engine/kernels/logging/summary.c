// SPDX-License-Identifier: Apache-2.0
/* Summaries: values as Summary messages, for TensorBoard. */
#include "engine/kernels/logging/summary.h"

#include "engine/tensor/tensor_proto.h"
#include "proto/wire.h"

Status *summary_put(OpCtx *c, const ProtobufCMessage *m)
{
        autobuf b = BUF(SUMMARY_MAX_BYTES);
        TRY(proto_pack(m, &b));
        return tensor_set_string(ctx_output(c, 0), 0, b.data, b.len);
}

Status *summary_tag(Arena *a, const TString *s, char **ret)
{
        char *tag = arena_calloc(a, s->len + 1, 1);
        if (!tag)
                return status_oom();
        if (s->len)
                memcpy(tag, s->data, s->len);
        *ret = tag;
        return NULL;
}

Status *summary_one(OpCtx *c, SummaryValue *v)
{
        Tensorflow__Summary m = TENSORFLOW__SUMMARY__INIT;
        SummaryValue *list[] = { v };
        m.n_value = 1;
        m.value = list;
        return summary_put(c, &m.base);
}

Status *summary_values(Arena *a, size_t n, Summary *m)
{
        SummaryValue *v = arena_calloc(a, n + 1, sizeof *v);
        m->value = arena_calloc(a, n + 1, sizeof *m->value);
        if (!v || !m->value)
                return status_oom();
        for (m->n_value = 0; m->n_value < n; m->n_value++) {
                m->value[m->n_value] = &v[m->n_value];
                tensorflow__summary__value__init(&v[m->n_value]);
        }
        return NULL;
}

/* ---- scalars ---- */

static Status *scalar_shape(ShapeCtx *c)
{
        Shape s;
        Status *bad = shape_merge(shape_in(c, 0), shape_in(c, 1), &s);
        if (bad) {
                status_free(bad);
                return invalid_argument("tags and values not the same shape: %s != %s",
                                        shape_text(shape_in(c, 0)).s, shape_text(shape_in(c, 1)).s);
        }
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

static Status *scalars(OpCtx *c, Arena *a)
{
        const Tensor *tags = ctx_input(c, 0), *x = ctx_input(c, 1);
        Summary m = TENSORFLOW__SUMMARY__INIT;
        TRY(summary_values(a, (size_t)tensor_count(tags), &m));
        for (size_t i = 0; i < m.n_value; i++) {
                TRY(summary_tag(a, &tensor_strings(tags)[i], &m.value[i]->tag));
                m.value[i]->value_case = TENSORFLOW__SUMMARY__VALUE__VALUE_SIMPLE_VALUE;
                m.value[i]->simple_value = (float)tensor_double(x, (int64_t)i);
        }
        return summary_put(c, &m.base);
}

static Status *scalar_summary(OpCtx *c)
{
        autoptr(Arena) a = NULL;
        TRY(arena_new(SUMMARY_MAX_BYTES, &a));
        return scalars(c, a);
}

OP(ScalarSummary, .inputs = "tags:string; values:T", .outputs = "summary:string",
   .attrs = "T:type in [float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,"
            "uint64]",
   .shape = scalar_shape, .compute = scalar_summary);

/* ---- tensors ---- */

Status *summary_metadata(Arena *a, const TString *s, Tensorflow__SummaryMetadata **ret)
{
        ProtobufCMessage *m;
        Status *bad = proto_unpack(&tensorflow__summary_metadata__descriptor, s->data, s->len, NULL,
                                   a, &m);
        if (bad && status_code(bad) == SR_INVALID_ARGUMENT) {
                status_free(steal(&bad));
                bad = proto_unpack(&tensorflow__summary_metadata__descriptor, "", 0, NULL, a, &m);
        }
        TRY(bad);
        *ret = (Tensorflow__SummaryMetadata *)m;
        return NULL;
}

static Status *tensor_summary(OpCtx *c)
{
        bool v2 = ctx_inputs(c) > 1;
        autoptr(Arena) a = NULL;
        SummaryValue v = TENSORFLOW__SUMMARY__VALUE__INIT;
        TRY(arena_new(SUMMARY_MAX_BYTES, &a));
        v.value_case = TENSORFLOW__SUMMARY__VALUE__VALUE_TENSOR;
        TRY(tensor_to_proto(ctx_input(c, v2 ? 1 : 0), a, &v.tensor));
        if (!v2) {
                v.node_name = arena_strdup(a, ctx_node(c)->name);
                if (!v.node_name)
                        return status_oom();
                return summary_one(c, &v);
        }
        const TString *meta = tensor_strings(ctx_input(c, 2));
        TRY(summary_tag(a, tensor_strings(ctx_input(c, 0)), &v.tag));
        TRY(summary_metadata(a, meta, &v.metadata));
        return summary_one(c, &v);
}

static Status *tensor_summary_shape(ShapeCtx *c)
{
        if (c->n_in > 1 && shape_in(c, 0)->rank > 0)
                return invalid_argument("tag must be scalar");
        if (c->n_in > 1 && shape_in(c, 2)->rank > 0)
                return invalid_argument("serialized_summary_metadata must be scalar");
        c->out[0] = SHAPE_SCALAR;
        return NULL;
}

OP(TensorSummary, .inputs = "tensor:T", .outputs = "summary:string",
   .attrs = "T:type; description:string = \"\"; labels:list(string) = []; "
            "display_name:string = \"\"",
   .kernels = "T:type in [" PLAIN_TYPES "]", .shape = tensor_summary_shape,
   .compute = tensor_summary);
OP(TensorSummaryV2, .inputs = "tag:string; tensor:T; serialized_summary_metadata:string",
   .outputs = "summary:string", .attrs = "T:type", .kernels = "T:type in [" PLAIN_TYPES "]",
   .shape = tensor_summary_shape, .compute = tensor_summary);

/* ---- several become one: the bytes of messages behind one another are their merger ---- */

static Status *check_tags(const TString *s, Map *tags, Arena *a)
{
        ProtobufCMessage *m;
        Status *bad = proto_unpack(&tensorflow__summary__descriptor, s->data, s->len, NULL, a, &m);
        if (bad && status_code(bad) == SR_INVALID_ARGUMENT) {
                status_free(bad);
                return invalid_argument("Could not parse one of the summary inputs");
        }
        TRY(bad);
        const Tensorflow__Summary *summary = (Tensorflow__Summary *)m;
        for (size_t i = 0; i < summary->n_value; i++) {
                char *tag = summary->value[i]->tag;
                if (tag[0] && map_get(tags, tag))
                        return invalid_argument("Duplicate tag %s found in summary inputs", tag);
                if (tag[0])
                        TRY(map_set(tags, tag, tag));
        }
        return NULL;
}

static Status *merge_all(OpCtx *c, Arena *a, Map *tags, Buf *b)
{
        for (int i = 0; i < ctx_inputs(c); i++) {
                const Tensor *t = ctx_input(c, i);
                for (int64_t k = 0; k < tensor_count(t); k++) {
                        const TString *s = &tensor_strings(t)[k];
                        TRY(check_tags(s, tags, a));
                        buf_append(b, s->data, s->len);
                }
        }
        TRY(buf_status(b));
        return tensor_set_string(ctx_output(c, 0), 0, b->data, b->len);
}

static Status *merge_summary(OpCtx *c)
{
        autoptr(Arena) a = NULL;
        autobuf b = BUF(SUMMARY_MAX_BYTES);
        Map tags = { 0 };
        TRY(arena_new(SUMMARY_MAX_BYTES, &a));
        Status *s = merge_all(c, a, &tags, &b);
        map_done(&tags);
        return s;
}

OP(MergeSummary, .inputs = "inputs:N*string", .outputs = "summary:string", .attrs = "N:int >=1",
   .shape = shape_scalars, .compute = merge_summary);
