// SPDX-License-Identifier: Apache-2.0
/* What kinds of numbers a tensor holds, and identities that a debugger inserts. */
#include "tests/lib/op_case.h"

#define SAMPLE F32((2, 4), 1, -2, 0, NAN, INFINITY, -INFINITY, -INFINITY, 3)

static const OpCase nan_count[] = {
        { "counts", "DebugNanCount", .in = { SAMPLE }, .out = { I64((1), 1) } },
        { "finds none among integers", "DebugNanCount", .in = { I32((2), 1, 2) },
          .out = { I64((1), 0) } },
        { "sends to no such place", "DebugNanCount", "debug_urls: [\"ftp://x\"]",
          .in = { F32((1)) }, .fails = SR_UNAVAILABLE,
          .message = "Invalid debug target URL: ftp://x" },
        { "takes an empty tensor", "DebugNanCount", .in = { F64((0)) }, .out = { I64((1), 0) } },
};
OP_CASES(DebugNanCount, nan_count)

static const OpCase summary[] = {
        { "counts and measures", "DebugNumericSummary", .in = { SAMPLE },
          .out = { F64((16), 1, 8, 1, 2, 1, 1, 2, 1, -2, 3, 0.5, 3.25, 1, 2, 2, 4) } },
        { "counts what is beyond the bounds as infinite", "DebugNumericSummary",
          "lower_bound: -1.5 upper_bound: 2.5", .in = { SAMPLE },
          .out = { F64((16), 1, 8, 1, 3, 0, 1, 1, 2, 0, 1, 0.5, 0.25, 1, 2, 2, 4) } },
        { "is silent about healthy ones", "DebugNumericSummary", "mute_if_healthy: true",
          .in = { I32((2), 1, 2) }, .out = { F64((0)) } },
        { "sends to no such place", "DebugNumericSummary", "debug_urls: [\"ftp://x\"]",
          .in = { F32((1)) }, .fails = SR_UNAVAILABLE,
          .message = "Invalid debug target URL: ftp://x" },
        { "measures nothing", "DebugNumericSummary", .in = { F32((0)) },
          .out = { F64((15), 1, 0, 0, 0, 0, 0, 0, 0, INFINITY, -INFINITY, NAN, NAN, 1, 1, 0) } },
};
OP_CASES(DebugNumericSummary, summary)

static const OpCase summary_v2[] = {
        { "says whether all are finite", "DebugNumericSummaryV2",
          "tensor_debug_mode: 2 tensor_id: 9", .in = { SAMPLE }, .out = { F32((2), 9, 1) } },
        { "counts the others", "DebugNumericSummaryV2",
          "tensor_debug_mode: 3 tensor_id: 9 output_dtype: double", .in = { SAMPLE },
          .out = { F64((5), 9, 8, 2, 1, 1) } },
        { "counts all", "DebugNumericSummaryV2", "tensor_debug_mode: 4 tensor_id: 9",
          .in = { SAMPLE }, .out = { F32((11), 9, -1, 1, 2, 8, 2, 1, 1, 1, 1, 2) } },
        { "tells the shape", "DebugNumericSummaryV2", "tensor_debug_mode: 5 tensor_id: 9",
          .in = { SAMPLE }, .out = { F32((10), 9, 1, 2, 8, 2, 4) } },
        { "tells the last six dims", "DebugNumericSummaryV2", "tensor_debug_mode: 5 tensor_id: 9",
          .in = { I32((1, 2, 1, 1, 1, 1, 3)) },
          .out = { F32((10), 9, 3, 7, 6, 2, 1, 1, 1, 1, 3) } },
        { "tells which there are", "DebugNumericSummaryV2", "tensor_debug_mode: 8",
          .in = { SAMPLE }, .out = { F32((3), -INFINITY, INFINITY, NAN) } },
        { "finds nothing in nothing", "DebugNumericSummaryV2", "tensor_debug_mode: 3 tensor_id: 9",
          .in = { F32((0, 2)) }, .out = { F32((5), 9, 0, 0, 0, 0) } },
        { "tells the shape of nothing", "DebugNumericSummaryV2",
          "tensor_debug_mode: 5 tensor_id: 9", .in = { F32((0, 2)) },
          .out = { F32((10), 9, 1, 2, 0, 0, 2) } },
        { "rejects other modes", "DebugNumericSummaryV2", "tensor_debug_mode: 1", .in = { SAMPLE },
          .fails = SR_INVALID_ARGUMENT, .message = "Unrecognized tensor_debug_mode: 1" },
};
OP_CASES(DebugNumericSummaryV2, summary_v2)

static const OpCase identities[] = {
        { "passes on", "DebugIdentityV2", .in = { STR((2), "a", "b") },
          .out = { STR((2), "a", "b") } },
        { "passes a gradient on", "DebugGradientIdentity", .in = { F32((1), 3) },
          .out = { F32((1), 3) } },
        { "passes a variable on", "DebugGradientRefIdentity", .in = { F32((1), 3) },
          .out = { F32((1), 3), F32((1), 3) } },
};
OP_CASES(DebugIdentities, identities)
