// SPDX-License-Identifier: Apache-2.0
/* Fused quantized ops of no images and no rows, and inputs that do not fit. */
#include "tests/lib/op_case.h"

#define S(x)    F32((), x)
#define CONV    "strides: [1, 1, 1, 1], padding: \"VALID\""
#define NONE    QU8((0, 2, 2, 1)), QI8((1, 1, 1, 2))
#define BOTH    QU8((0, 2, 2, 2)), QI8((1, 1, 2, 1)) /* of a depthwise convolution */
#define FLAT    QU8((2, 1)), QI8((1, 1, 1, 2))
#define TWO     F32((2))
#define RANGE   S(0), S(1)
#define UNIT    S(0), S(255), S(-127), S(127)
#define SUMS    QI32((0, 2, 2, 2)), S(-2147483648.0f), S(2147483648.0f)
#define BYTES_8 QU8((0, 2, 2, 2)), RANGE
#define REFUSED .fails = SR_INVALID_ARGUMENT, .message
#define NO_4D   REFUSED = "input must be 4-dimensional[2,1]"

static const OpCase convolutions[] = {
        { "of no images", "QuantizedConv2DPerChannel", CONV, .in = { NONE, UNIT },
          .out = { SUMS } },
        { "of no images", "QuantizedConv2DAndRelu", CONV, .in = { NONE, UNIT }, .out = { SUMS } },
        { "wants images", "QuantizedConv2DAndRelu", CONV, .in = { FLAT, UNIT }, NO_4D },
        { "of no images", "QuantizedConv2DAndRequantize", CONV, .in = { NONE, UNIT, RANGE },
          .out = { QI8((0, 2, 2, 2)), RANGE } },
        { "wants images", "QuantizedConv2DAndRequantize", CONV, .in = { FLAT, UNIT, RANGE },
          NO_4D },
        { "of no images", "QuantizedConv2DAndReluAndRequantize", CONV, .in = { NONE, UNIT, RANGE },
          .out = { BYTES_8 } },
        { "wants images", "QuantizedConv2DAndReluAndRequantize", CONV, .in = { FLAT, UNIT, RANGE },
          NO_4D },
        { "of no images", "QuantizedConv2DWithBias", CONV, .in = { NONE, TWO, UNIT },
          .out = { SUMS } },
        { "of no images", "QuantizedConv2DWithBiasAndRelu", CONV, .in = { NONE, TWO, UNIT },
          .out = { SUMS } },
        { "wants images", "QuantizedConv2DWithBiasAndRelu", CONV, .in = { FLAT, TWO, UNIT },
          NO_4D },
        { "of no images", "QuantizedConv2DWithBiasAndRequantize", CONV,
          .in = { NONE, TWO, UNIT, RANGE }, .out = { QI8((0, 2, 2, 2)), RANGE } },
        { "wants images", "QuantizedConv2DWithBiasAndRequantize", CONV,
          .in = { FLAT, TWO, UNIT, RANGE }, NO_4D },
        { "of no images", "QuantizedConv2DWithBiasAndReluAndRequantize", CONV,
          .in = { NONE, TWO, UNIT, RANGE }, .out = { BYTES_8 } },
        { "wants images", "QuantizedConv2DWithBiasAndReluAndRequantize", CONV,
          .in = { FLAT, TWO, UNIT, RANGE }, NO_4D },
        { "of no images", "QuantizedConv2DWithBiasSumAndRelu", CONV,
          .in = { NONE, TWO, UNIT, F32((0, 2, 2, 2)) }, .out = { SUMS } },
        { "of no images", "QuantizedConv2DWithBiasSumAndReluAndRequantize", CONV,
          .in = { NONE, TWO, UNIT, RANGE, BYTES_8 }, .out = { BYTES_8 } },
        { "wants images", "QuantizedConv2DWithBiasSumAndReluAndRequantize", CONV,
          .in = { FLAT, TWO, UNIT, RANGE, BYTES_8 }, NO_4D },
        { "of no images", "QuantizedConv2DWithBiasSignedSumAndReluAndRequantize", CONV,
          .in = { NONE, TWO, UNIT, RANGE, QI8((0, 2, 2, 2)), RANGE }, .out = { BYTES_8 } },
        { "wants images", "QuantizedConv2DWithBiasSignedSumAndReluAndRequantize", CONV,
          .in = { FLAT, TWO, UNIT, RANGE, QI8((0, 2, 2, 2)), RANGE }, NO_4D },
        { "of no images", "QuantizedDepthwiseConv2D", CONV, .in = { BOTH, UNIT }, .out = { SUMS } },
        { "wants images", "QuantizedDepthwiseConv2D", CONV, .in = { FLAT, UNIT }, NO_4D },
        { "of no images", "QuantizedDepthwiseConv2DWithBias", CONV, .in = { BOTH, TWO, UNIT },
          .out = { SUMS } },
        { "wants images", "QuantizedDepthwiseConv2DWithBias", CONV, .in = { FLAT, TWO, UNIT },
          NO_4D },
        { "of no images", "QuantizedDepthwiseConv2DWithBiasAndRelu", CONV,
          .in = { BOTH, TWO, UNIT }, .out = { SUMS } },
        { "wants images", "QuantizedDepthwiseConv2DWithBiasAndRelu", CONV,
          .in = { FLAT, TWO, UNIT }, NO_4D },
        { "of no images", "QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize", CONV,
          .in = { BOTH, TWO, UNIT, RANGE }, .out = { BYTES_8 } },
        { "wants images", "QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize", CONV,
          .in = { FLAT, TWO, UNIT, RANGE }, NO_4D },
};
OP_CASES(edges_quantized, convolutions)

#define EMPTY QU8((0, 2)), QI8((2, 1)), F32((1))
#define APART QU8((1, 3)), QI8((2, 1)), F32((1))
#define INNER REFUSED = "Matrix size-compatible: In[0]: [1,3], In[1]: [2,1]"
#define ZEROS S(0), S(255)

static const OpCase products[] = {
        { "of no rows", "QuantizedMatMulWithBias", .in = { EMPTY, UNIT },
          .out = { QI32((0, 1)), S(-2147483648.0f), S(2147483648.0f) } },
        { "of no rows", "QuantizedMatMulWithBiasAndRelu", .in = { EMPTY, UNIT },
          .out = { QI32((0, 1)), S(-2147483648.0f), S(2147483648.0f) } },
        { "wants sizes that fit", "QuantizedMatMulWithBiasAndRelu", .in = { APART, UNIT }, INNER },
        { "of no rows", "QuantizedMatMulWithBiasAndDequantize", "Toutput: float",
          .in = { EMPTY, UNIT, RANGE }, .out = { F32((0, 1)) } },
        { "wants sizes that fit", "QuantizedMatMulWithBiasAndDequantize", "Toutput: float",
          .in = { APART, UNIT, RANGE }, INNER },
        { "of no rows", "QuantizedMatMulWithBiasAndRequantize", "Toutput: qint8",
          .in = { EMPTY, UNIT, RANGE }, .out = { QI8((0, 1)), RANGE } },
        { "wants sizes that fit", "QuantizedMatMulWithBiasAndRequantize", "Toutput: qint8",
          .in = { APART, UNIT, RANGE }, INNER },
        { "of no rows", "QuantizedMatMulWithBiasAndReluAndRequantize", .in = { EMPTY, UNIT, RANGE },
          .out = { QU8((0, 1)), RANGE } },
        { "wants sizes that fit", "QuantizedMatMulWithBiasAndReluAndRequantize",
          .in = { APART, UNIT, RANGE }, INNER },
        { "of nothing", "RequantizationRange", .in = { QI32((0)), RANGE } },
        { "wants a scalar range", "RequantizationRange", .in = { QI32((1)), TWO, S(1) },
          REFUSED = "Shape must be rank 0 but is rank 1" },
        { "wants a scalar range", "QuantizeDownAndShrinkRange", "out_type: quint8",
          .in = { QI32((1)), TWO, S(1) }, REFUSED = "Shape must be rank 0 but is rank 1" },
        { "of nothing", "RequantizationRangePerChannel", "clip_value_max: 6.0",
          .in = { QI32((0, 1, 1, 2)), TWO, TWO }, .out = { S(0), S(1.17549435e-38f) } },
        { "wants a range per channel", "RequantizationRangePerChannel", "clip_value_max: 6.0",
          .in = { QI32((1, 1, 1, 3)), TWO, TWO },
          REFUSED = "input_min has incorrect size, expected 3 was 2" },
        { "of nothing", "RequantizePerChannel", .in = { QI32((0, 1, 1, 2)), TWO, TWO, ZEROS },
          .out = { QU8((0, 1, 1, 2)), ZEROS } },
        { "of no images", "QuantizedInstanceNorm",
          "output_range_given: true, given_y_min: -1.0, given_y_max: 1.0",
          .in = { QU8((0, 1, 1, 2)), RANGE }, .out = { QU8((0, 1, 1, 2)), S(-1), S(1) } },
        { "of no images", "QuantizedBatchNormWithGlobalNormalization",
          "variance_epsilon: 0.1, scale_after_normalization: true, out_type: qint32",
          .in = { QU8((0, 1, 1, 2)), ZEROS, QU8((2)), ZEROS, QU8((2)), ZEROS, QU8((2)), ZEROS,
                  QU8((2)), ZEROS },
          .out = { QI32((0, 1, 1, 2)), S(-1048576), S(1048576) } },
        { "wants images", "QuantizedBatchNormWithGlobalNormalization",
          "variance_epsilon: 0.1, scale_after_normalization: true, out_type: qint32",
          .in = { QU8((2)), ZEROS, QU8((2)), ZEROS, QU8((2)), ZEROS, QU8((2)), ZEROS, QU8((2)),
                  ZEROS },
          REFUSED = "input must be 4-dimensional[2]" },
};
OP_CASES(edges_quantized, products)
