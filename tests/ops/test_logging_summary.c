// SPDX-License-Identifier: Apache-2.0
/* Summaries, byte by byte, and tensors as bytes. */
#include "tests/lib/op_case.h"

#define ONE                  \
        B("\x0a\x08\x0a\x01" \
          "a\x15\x00\x00\x80\x3f")
#define TWO                  \
        B("\x0a\x08\x0a\x01" \
          "b\x15\x00\x00\x80\x3f")

static const OpCase summary[] = {
        { "a scalar", "ScalarSummary", .in = { STR((), "a"), F32((), 1) },
          .out = { BYTES((), ONE) }, .sweep = true },
        { "none", "ScalarSummary", .in = { STR((0)), F32((0)) }, .out = { STR((), "") } },
        { "refuses tags without values", "ScalarSummary", .in = { STR((2)), F32((1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "tags and values not the same shape" },
        { "several become one", "MergeSummary", .in = { BYTES((), ONE), BYTES((1), TWO) },
          .out = { BYTES((), B("\x0a\x08\x0a\x01"
                               "a\x15\x00\x00\x80\x3f\x0a\x08\x0a\x01"
                               "b\x15\x00\x00\x80\x3f")) } },
        { "refuses one tag twice", "MergeSummary", .in = { BYTES((), ONE), BYTES((), ONE) },
          .fails = SR_INVALID_ARGUMENT, .message = "Duplicate tag a found in summary inputs" },
        { "refuses what is no summary", "MergeSummary", .in = { STR((), "\x0a\x7f") },
          .fails = SR_INVALID_ARGUMENT, .message = "Could not parse one of the summary inputs" },
        { "a histogram", "HistogramSummary", .in = { STR((), "h"), F32((3), 0, 1, -1) },
          .out = { ANY_SHAPE(STRING) } },
        { "a histogram of one value", "HistogramSummary", .in = { STR((), ""), U8((1), 0) },
          .out = { BYTES((), B("\x0a\x3f\x2a\x3d"
                               "\x19\x00\x00\x00\x00\x00\x00\xf0\x3f"
                               "\x32\x18"
                               "\x00\x00\x00\x00\x00\x00\x00\x00"
                               "\x11\xea\x2d\x81\x99\x97\x71\x3d"
                               "\xff\xff\xff\xff\xff\xff\xef\x7f"
                               "\x3a\x18"
                               "\x00\x00\x00\x00\x00\x00\x00\x00"
                               "\x00\x00\x00\x00\x00\x00\xf0\x3f"
                               "\x00\x00\x00\x00\x00\x00\x00\x00")) } },
        { "refuses NaN", "HistogramSummary", .in = { STR((), "h"), F32((1), NAN) },
          .fails = SR_INVALID_ARGUMENT, .message = "Nan in summary histogram for: op" },
        { "refuses infinity", "HistogramSummary", .in = { STR((), "h"), F32((1), INFINITY) },
          .fails = SR_INVALID_ARGUMENT, .message = "Infinity in summary histogram for: op" },
        { "a tensor", "TensorSummary", .in = { I32((2), 1, 2) }, .out = { ANY_SHAPE(STRING) } },
        { "a tensor with its tag", "TensorSummaryV2",
          .in = { STR((), "t"), STR((1), "x"), STR((), "") }, .out = { ANY_SHAPE(STRING) } },
        { "takes what is no metadata for none", "TensorSummaryV2",
          .in = { STR((), "t"), STR((1), "x"), STR((), "\x0a\x7f") },
          .out = { ANY_SHAPE(STRING) } },
        { "wants one tag", "TensorSummaryV2", .in = { STR((1), "t"), F32((1)), STR((), "") },
          .fails = SR_INVALID_ARGUMENT, .message = "tag must be scalar" },
        { "wants one metadata", "TensorSummaryV2", .in = { STR((), "t"), F32((1)), STR((0)) },
          .fails = SR_INVALID_ARGUMENT, .message = "serialized_summary_metadata must be scalar" },
        { "wants one tag", "AudioSummary", "sample_rate: 8000", .in = { STR((2)), F32((1, 1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "Tags must be a scalar" },
        { "a sound without a rate", "AudioSummary", "sample_rate: 0",
          .in = { STR(()), F32((1, 1)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "sample_rate must be in (0, 2^32), got: 0" },
        { "nothing as bytes", "SerializeTensor", .in = { I32((0)) },
          .out = { BYTES((), B("\x08\x03\x12\x02\x12\x00")) } },
        { "bytes as nothing", "ParseTensor", "out_type: int32",
          .in = { BYTES((), B("\x08\x03\x12\x02\x12\x00")) }, .out = { I32((0)) } },
        { "prints nothing", "Print", "first_n: 0", .in = { F32((0)), I32((0)) },
          .out = { F32((0)) } },
        { "prints nothing at all", "PrintV2", "end: \"\"", .in = { STR((), "") } },
        { "wants one text", "PrintV2", .in = { STR((1), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Input is expected to be scalar, but got [1]" },
        { "a tensor as bytes", "SerializeTensor", .in = { I32((1), 7) },
          .out = { BYTES((), B("\x08\x03\x12\x04\x12\x02\x08\x01\x22\x04\x07\x00\x00\x00")) } },
        { "bytes as a tensor", "ParseTensor", "out_type: int32",
          .in = { BYTES((), B("\x08\x03\x12\x04\x12\x02\x08\x01\x22\x04\x07\x00\x00\x00")) },
          .out = { I32((1), 7) } },
        { "refuses another type", "ParseTensor", "out_type: float",
          .in = { BYTES((), B("\x08\x03\x12\x04\x12\x02\x08\x01\x22\x04\x07\x00\x00\x00")) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Type mismatch between parsed tensor (int32) and dtype (float)" },
        { "refuses bytes that are no tensor", "ParseTensor", "out_type: float",
          .in = { STR((), "\x0a\x7f") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Could not parse `serialized` as TensorProto" },
        { "refuses several tensors", "ParseTensor", "out_type: float", .in = { STR((2)) },
          .fails = SR_INVALID_ARGUMENT, .message = "Expected `serialized` to be a scalar" },
};
OP_CASES(LoggingSummary, summary)
