// SPDX-License-Identifier: Apache-2.0
/* QuantizedMatMulWithBias and what is fused to it. TensorFlow runs these in oneDNN: a is unsigned,
 * its lowest number stands for 0 (SCALED) or for min_a (MIN_FIRST), b is signed and symmetric.
 * What min_a takes from each product goes into the bias. */
#include "engine/kernels/quantized/fused_conv.h"

static bool has(const OpCtx *c, const char *part)
{
        return strstr(ctx_node(c)->def->op, part) != NULL;
}

static Status *fused_shape(ShapeCtx *c)
{
        const Shape *bias = shape_in(c, 2);
        TRY(product_matrices_shape(c));
        TRY(shape_want_rank(c, 2, 1));
        if (bias->rank == 1 && bias->dim[0] >= 0 && c->out[0].dim[1] >= 0 &&
            bias->dim[0] != c->out[0].dim[1])
                return invalid_argument("Dimensions must be equal, but are %lld and %lld",
                                        (long long)bias->dim[0], (long long)c->out[0].dim[1]);
        return quantized_ranges_shape(c, 3, c->n_in);
}

/* How much of the output one step of the sums is. */
static double output_scale(const OpCtx *c)
{
        DType t = tensor_dtype(ctx_output(c, 0));
        float sums = range_magnitude(
                range_of_signed_product(DT_QUINT8, range_input(c, 3), range_input(c, 5)));
        if (t == DT_QINT32)
                return 1;
        if (t == DT_FLOAT)
                return (double)(sums / 2147483648.0f);
        float freezed = range_magnitude(range_input(c, 7));
        return (double)(sums / freezed / (t == DT_QUINT8 ? 8388608.0f : 16777216.0f));
}

/* The bias of each column in steps of the sums, times scale. b: [k, n] */
static void make_bias(const OpCtx *c, const int32_t *b, int64_t k, int64_t n, double scale,
                      double *ret)
{
        const Tensor *bias = ctx_input(c, 2);
        QRange ra = range_input(c, 3);
        bool first = strcmp(node_string(ctx_node(c), "input_quant_mode", ""), "SCALED") != 0;
        float range = first ? ra.max - ra.min : ra.max, shift = 255 * ra.min / range;
        float steps =
                (float)((255.0 * 127.0) / (double)(range * range_magnitude(range_input(c, 5))));
        for (int64_t j = 0; j < n; j++) {
                double v = tensor_double(bias, j);
                if (tensor_dtype(bias) == DT_FLOAT) {
                        int64_t sum = 0;
                        for (int64_t i = 0; first && i < k; i++)
                                sum += b[i * n + j];
                        v = v * (double)steps + (first ? (double)sum * (double)shift : 0);
                }
                ret[j] = v * scale;
        }
}

static Status *fused_matmul(OpCtx *c)
{
        Tensor *y = ctx_output(c, 0);
        Product p;
        TRY(product_of_matrices(c, &p));
        TRY(product_filter(c, ctx_input(c, 1), 0, node_bool(ctx_node(c), "transpose_b", false),
                           &p.f));
        int64_t n = p.geometry.out_c;
        p.sum = ctx_scratch(c, (size_t)tensor_count(y) * sizeof *p.sum);
        double *scale = ctx_scratch(c, (size_t)n * 2 * sizeof *scale);
        if (!p.sum || !scale)
                return status_oom();
        for (int64_t j = 0; j < n; j++)
                scale[j] = output_scale(c);
        make_bias(c, p.f, p.geometry.in_c, n, output_scale(c), scale + n);
        product_run(c, &p);
        Finish f = { .scale = scale, .bias = scale + n, .relu = has(c, "Relu") };
        finish_sums(&f, p.sum, n, y);
        if (has(c, "Requantize"))
                range_output(c, 1, range_input(c, 7));
        else if (!has(c, "Dequantize"))
                range_output(
                        c, 1,
                        range_of_signed_product(DT_QUINT8, range_input(c, 3), range_input(c, 5)));
        return NULL;
}

/* ---- the ops: what their names have in common is written once ---- */

#define QUANTIZED "[qint8,quint8,qint32,qint16,quint16]"
#define RANGES    "min_a:float; max_a:float; min_b:float; max_b:float"
#define FREEZED   "; min_freezed_output:float; max_freezed_output:float"
#define BIAS_TYPE "Tbias:type in [float,qint32]; "
#define RANGE_OUT "; min_out:float; max_out:float"

/* bias: its type; types: that type's attribute; to: what Toutput may be, and its default;
 * kernel_to: the kernels' output types. */
#define MATMUL(Name, bias, freezed, range_out, types, to, kernel_to)                         \
        OP(Name, .inputs = "a:T1; b:T2; bias:" bias "; " RANGES freezed,                     \
           .outputs = "out:Toutput" range_out,                                               \
           .attrs = "T1:type in " QUANTIZED "; T2:type in " QUANTIZED "; " types             \
                    "Toutput:type in " to "; transpose_a:bool = false; transpose_b:bool = "  \
                    "false; input_quant_mode:string in [MIN_FIRST,SCALED] = \"MIN_FIRST\"",  \
           .kernels = "T1:type in [quint8]; T2:type in [qint8]; Toutput:type in " kernel_to, \
           .shape = fused_shape, .compute = fused_matmul, .costly = true);

MATMUL(QuantizedMatMulWithBias, "Tbias", "", RANGE_OUT, BIAS_TYPE, QUANTIZED " = qint32",
       "[qint32]")
MATMUL(QuantizedMatMulWithBiasAndRelu, "float", "", RANGE_OUT, "", QUANTIZED " = qint32",
       "[qint32]")
MATMUL(QuantizedMatMulWithBiasAndReluAndRequantize, "Tbias", FREEZED, RANGE_OUT, BIAS_TYPE,
       QUANTIZED " = quint8", "[quint8]")
MATMUL(QuantizedMatMulWithBiasAndRequantize, "Tbias", FREEZED, RANGE_OUT, BIAS_TYPE,
       QUANTIZED " = quint8", "[quint8,qint8]")
MATMUL(QuantizedMatMulWithBiasAndDequantize, "Tbias", FREEZED, "", BIAS_TYPE, "[float]", "[float]")
