// SPDX-License-Identifier: Apache-2.0
/* QuantizedConv2D and QuantizedDepthwiseConv2D with bias, sum, Relu and requantization fused to
 * them. TensorFlow runs these in oneDNN: ranges are taken as symmetric (SCALED quantization), zero
 * is 0, the filter has one range or one per output channel. */
#include "engine/kernels/quantized/fused_conv.h"

/* What the op's name says, and where its inputs are. -1: it has none. */
typedef struct Parts {
        bool depthwise, relu, requantize;
        int bias, ranges, freezed, summand; /* ranges: min_input, max_input, min_filter, ... */
} Parts;

static Parts parts_of(const Node *n)
{
        const char *op = n->def->op;
        Parts p = { .depthwise = strstr(op, "Depthwise"),
                    .relu = strstr(op, "Relu"),
                    .requantize = strstr(op, "Requantize"),
                    .bias = strstr(op, "WithBias") ? 2 : -1 };
        p.ranges = p.bias > 0 ? 3 : 2;
        p.freezed = p.requantize ? p.ranges + 4 : -1;
        p.summand = strstr(op, "Sum") ? p.ranges + 4 + 2 * p.requantize : -1;
        return p;
}

/* Scalars, or vectors with one element per channel. */
static Status *check_filter_range(const ShapeCtx *c, int at, int64_t channels)
{
        for (int i = at; i < at + 2; i++) {
                const Shape *s = shape_in(c, i);
                if (s->rank > 1)
                        return invalid_argument("Shape must be at most rank 1 but is rank %d",
                                                s->rank);
                if (s->rank == 1 && s->dim[0] >= 0 && channels >= 0 && s->dim[0] != 1 &&
                    s->dim[0] != channels)
                        return invalid_argument("the filter's range has %lld elements, expected 1 "
                                                "or %lld",
                                                (long long)s->dim[0], (long long)channels);
        }
        if (!shape_compatible(shape_in(c, at), shape_in(c, at + 1)))
                return invalid_argument("min_filter and max_filter must have the same shape: %s vs "
                                        "%s",
                                        shape_text(shape_in(c, at)).s,
                                        shape_text(shape_in(c, at + 1)).s);
        return NULL;
}

static Status *check_operands(const ShapeCtx *c, const Parts *p)
{
        int64_t channels = c->out[0].dim[3];
        const Shape *bias = p->bias < 0 ? NULL : shape_in(c, p->bias);
        const Shape *summand = p->summand < 0 ? NULL : shape_in(c, p->summand);
        if (bias)
                TRY(shape_want_rank(c, p->bias, 1));
        if (bias && bias->rank == 1 && bias->dim[0] >= 0 && channels >= 0 &&
            bias->dim[0] != channels)
                return invalid_argument("Bias has %lld elements, expected %lld",
                                        (long long)bias->dim[0], (long long)channels);
        if (summand && !shape_compatible(summand, &c->out[0]))
                return invalid_argument("summand has shape %s, the convolution %s",
                                        shape_text(summand).s, shape_text(&c->out[0]).s);
        return NULL;
}

Status *fused_conv_shape(ShapeCtx *c)
{
        const Parts p = parts_of(c->node);
        const Shape *x = shape_in(c, 0), *f = shape_in(c, 1);
        const int64_t *padding;
        int n = 0;
        if (node_attr(c->node, "padding_list"))
                TRY(node_attr_ints(c->node, "padding_list", &padding, &n));
        if (n)
                return invalid_argument("explicit_paddings attribute must be empty if the padding "
                                        "attribute is not EXPLICIT");
        TRY(conv_forward_shape(c, 2, p.depthwise));
        if (x->rank == 4 && f->rank == 4 && x->dim[3] >= 0 && f->dim[2] >= 0 &&
            x->dim[3] != f->dim[2])
                return invalid_argument("input and filter must have the same depth: %lld vs %lld",
                                        (long long)x->dim[3], (long long)f->dim[2]);
        TRY(check_filter_range(c, p.ranges + 2, c->out[0].dim[3]));
        TRY(check_operands(c, &p));
        TRY(quantized_ranges_shape(c, p.ranges, p.ranges + 2));
        if (p.requantize)
                return quantized_ranges_shape(c, p.freezed, p.freezed + 2);
        c->out[1] = *shape_in(c, p.ranges + 2);
        c->out[2] = *shape_in(c, p.ranges + 3);
        return NULL;
}

static QRange filter_range(const OpCtx *c, const Parts *p, int64_t k)
{
        const Tensor *min = ctx_input(c, p->ranges + 2), *max = ctx_input(c, p->ranges + 3);
        int64_t i = tensor_count(min) == 1 ? 0 : k;
        return (QRange){ ((const float *)tensor_data(min))[i],
                         ((const float *)tensor_data(max))[i] };
}

/* How much of the output one step of channel k's sums is. */
static double channel_scale(const OpCtx *c, const Parts *p, double steps, int64_t k)
{
        float in = range_magnitude(range_input(c, p->ranges));
        float out = range_magnitude(range_input(c, p->freezed));
        float limit = tensor_dtype(ctx_output(c, 0)) == DT_QUINT8 ? 255.0f : 127.0f;
        return (double)(limit * in * range_magnitude(filter_range(c, p, k)) / ((float)steps * out));
}

/* How much of the output one step of a summand in 8 bits is. */
static double summand_scale(const OpCtx *c, const Parts *p)
{
        float own = range_magnitude(range_input(c, p->summand + 1));
        float out = range_magnitude(range_input(c, p->freezed));
        bool narrow = tensor_dtype(ctx_input(c, p->summand)) == DT_QINT8;
        return (double)(narrow ? 255.0f * own / (out * 127.0f) : own / out);
}

/* Fills in what becomes of the sums, per channel. */
static Status *make_finish(OpCtx *c, const Parts *p, int64_t channels, Finish *ret)
{
        double *v = ctx_scratch(c, (size_t)channels * 3 * sizeof *v);
        double *scale = v, *bias = v + channels, *by = v + 2 * channels;
        double steps = tensor_dtype(ctx_input(c, 0)) == DT_QUINT8 ? 255.0 * 127 : 127.0 * 127;
        float in = range_magnitude(range_input(c, p->ranges));
        if (!v)
                return status_oom();
        for (int64_t k = 0; k < channels; k++) {
                float sums = (float)(steps / (double)(in * range_magnitude(filter_range(c, p, k))));
                scale[k] = p->requantize ? channel_scale(c, p, steps, k) : 1;
                bias[k] = 0;
                if (p->bias >= 0) {
                        const Tensor *b = ctx_input(c, p->bias);
                        double to_sums = tensor_dtype(b) == DT_FLOAT ? (double)sums : 1;
                        bias[k] = tensor_double(b, k) * to_sums * scale[k];
                }
                by[k] = !p->requantize || p->summand < 0 ? (double)sums : summand_scale(c, p);
        }
        *ret = (Finish){ .scale = scale,
                         .bias = bias,
                         .by = by,
                         .relu = p->relu,
                         .summand = p->summand < 0 ? NULL : ctx_input(c, p->summand) };
        return NULL;
}

static void write_ranges(OpCtx *c, const Parts *p)
{
        if (p->requantize) {
                range_output(c, 1, range_input(c, p->freezed));
                return;
        }
        for (int64_t k = 0; k < tensor_count(ctx_output(c, 1)); k++) {
                QRange r =
                        range_of_signed_product(tensor_dtype(ctx_input(c, 0)),
                                                range_input(c, p->ranges), filter_range(c, p, k));
                ((float *)tensor_fill(ctx_output(c, 1)))[k] = r.min;
                ((float *)tensor_fill(ctx_output(c, 2)))[k] = r.max;
        }
}

Status *fused_conv(OpCtx *c)
{
        const Parts parts = parts_of(ctx_node(c));
        const Tensor *x = ctx_input(c, 0), *f = ctx_input(c, 1);
        Tensor *y = ctx_output(c, 0);
        Product p = { .x_type = tensor_dtype(x), .x = tensor_data(x) };
        WindowAttrs a;
        Finish finish;
        TRY(window_conv_attrs(ctx_node(c), 2, &a));
        TRY(conv_resolve(&a, parts.depthwise, tensor_shape(x), tensor_shape(f), &p.geometry));
        TRY(product_filter(c, f, 0, false, &p.f));
        p.sum = ctx_scratch(c, (size_t)tensor_count(y) * sizeof *p.sum);
        if (!p.sum)
                return status_oom();
        TRY(make_finish(c, &parts, p.geometry.out_c, &finish));
        product_run(c, &p);
        finish_sums(&finish, p.sum, p.geometry.out_c, y);
        write_ranges(c, &parts);
        return NULL;
}

/* ---- the ops: the same words in the same order, as many of them as the name has ---- */

#define QUANTIZED "[qint8,quint8,qint32,qint16,quint16]"
#define RANGES    "min_input:float; max_input:float; min_filter:float; max_filter:float"
#define FREEZED   "; min_freezed_output:float; max_freezed_output:float"
#define SUM       "; summand:Tsummand; min_summand:float; max_summand:float"
#define BIAS_TYPE "Tbias:type in [float,qint32]; "
#define SUM_TYPE  "Tsummand:type in " QUANTIZED "; "
#define PADDED    "; padding_list:list(int) = []"
#define BYTES     "Tinput:type in [quint8,qint8]; Tfilter:type in [qint8]; out_type:type in "

/* own: inputs behind the filter; types: their attributes; to: the output's type; more: attributes
 * behind those of every convolution; sums: kernel types of the summand. */
#define CONV(Name, own, types, to, more, sums)                                                 \
        OP(Name, .inputs = "input:Tinput; filter:Tfilter; " own,                               \
           .outputs = "output:out_type; min_output:float; max_output:float",                   \
           .attrs = "Tinput:type in " QUANTIZED "; Tfilter:type in " QUANTIZED "; " types      \
                    "out_type:type in " QUANTIZED " = " to                                     \
                    "; strides:list(int); padding:string in [SAME,VALID]; "                    \
                    "dilations:list(int) = [1,1,1,1]" more,                                    \
           .kernels = BYTES "[" to "]" sums, .shape = fused_conv_shape, .compute = fused_conv, \
           .costly = true);

CONV(QuantizedConv2DPerChannel, RANGES, "", "qint32", "", "")
CONV(QuantizedConv2DAndRelu, RANGES, "", "qint32", PADDED, "")
CONV(QuantizedConv2DAndRequantize, RANGES FREEZED, "", "qint8", PADDED, "")
CONV(QuantizedConv2DAndReluAndRequantize, RANGES FREEZED, "", "quint8", PADDED, "")
CONV(QuantizedConv2DWithBias, "bias:float; " RANGES, "", "qint32", PADDED, "")
CONV(QuantizedConv2DWithBiasAndRelu, "bias:float; " RANGES, "", "qint32", PADDED, "")
CONV(QuantizedConv2DWithBiasAndRequantize, "bias:Tbias; " RANGES FREEZED, BIAS_TYPE, "qint8",
     PADDED, "")
CONV(QuantizedConv2DWithBiasAndReluAndRequantize, "bias:Tbias; " RANGES FREEZED, BIAS_TYPE,
     "quint8", PADDED, "")
CONV(QuantizedConv2DWithBiasSumAndRelu, "bias:float; " RANGES "; summand:float", "", "qint32",
     PADDED, "")
CONV(QuantizedConv2DWithBiasSumAndReluAndRequantize, "bias:Tbias; " RANGES FREEZED SUM,
     BIAS_TYPE SUM_TYPE, "quint8", PADDED, "; Tsummand:type in [quint8,qint8]")
CONV(QuantizedConv2DWithBiasSignedSumAndReluAndRequantize, "bias:Tbias; " RANGES FREEZED SUM,
     BIAS_TYPE SUM_TYPE, "quint8", PADDED, "; Tsummand:type in [quint8,qint8]")
CONV(QuantizedDepthwiseConv2D, RANGES, "", "qint32", "", "")
CONV(QuantizedDepthwiseConv2DWithBias, "bias:float; " RANGES, "", "qint32", "", "")
CONV(QuantizedDepthwiseConv2DWithBiasAndRelu, "bias:float; " RANGES, "", "qint32", PADDED, "")
CONV(QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize, "bias:Tbias; " RANGES FREEZED, BIAS_TYPE,
     "quint8", PADDED, "")
