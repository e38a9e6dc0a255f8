// SPDX-License-Identifier: Apache-2.0
/* Random numbers of no shape, generators that are none, and samplers of classes. */
#include "tests/lib/op_case.h"

#define REFUSES(text) .fails = SR_INVALID_ARGUMENT, .message = text
#define STATE         I64((3), 1, 2, 3)
#define PHILOX        I64((), 1)
/* Ops that draw by a generator in a variable. */
#define DRAWS(op, attrs, ...)                                                                      \
        { "gives nothing", #op, attrs, .in = { STATE, PHILOX, I32((1), 0), ##__VA_ARGS__ } },      \
                { "knows one algorithm", #op, attrs,                                               \
                  .in = { STATE, I64((), 7), I32((1), 2), ##__VA_ARGS__ },                         \
                  REFUSES("Unsupported algorithm id: 7") },                                        \
                { "is told one algorithm", #op, attrs,                                             \
                  .in = { STATE, I64((1), 1), I32((1), 2), ##__VA_ARGS__ },                        \
                  REFUSES("input 1 (0-based) must have shape [], not [1]") },                      \
                { "wants a state of one dimension", #op, attrs,                                    \
                  .in = { I64((1, 3)), PHILOX, I32((1), 2), ##__VA_ARGS__ },                       \
                  REFUSES("RNG state must have one and only one dimension, not 2") },              \
                { "wants a state of int64", #op, attrs,                                            \
                  .in = { I32((3)), PHILOX, I32((1), 2), ##__VA_ARGS__ },                          \
                  REFUSES("dtype of RNG state variable must be int64, not int32") },               \
        {                                                                                          \
                "wants a whole state", #op, attrs,                                                 \
                        .in = { I64((2)), PHILOX, I32((1), 2), ##__VA_ARGS__ },                    \
                        REFUSES("For the Philox algorithm, the size of state must be at least 3; " \
                                "got 2")                                                           \
        }

static const OpCase generators[] = {
        { "is Philox", "StatelessRandomGetAlg", .out = { I32((), 1) } },
        DRAWS(StatefulUniform, "dtype: float"),
        DRAWS(StatefulStandardNormalV2, "dtype: float"),
        DRAWS(StatefulTruncatedNormal, "dtype: float"),
        DRAWS(StatefulUniformFullInt, "dtype: int32"),
        DRAWS(StatefulUniformInt, "dtype: int32", I32((), 0), I32((), 9)),
        { "wants a range", "StatefulUniformInt", "dtype: int32",
          .in = { STATE, PHILOX, I32((1), 2), I32((), 9), I32((), 9) },
          REFUSES("Need minval < maxval, got 9 >= 9") },
        { "wants sizes", "StatefulUniform", "dtype: float", .in = { STATE, PHILOX, I32((1), -1) },
          REFUSES("Dimension -1 must be >= 0") },
        { "gives nothing", "StatefulStandardNormal", "dtype: float",
          .in = { I64((4), 1, 1, 2, 3), I32((1), 0) }, .out = { F32((0)) } },
        { "knows one algorithm", "StatefulStandardNormal", "dtype: float",
          .in = { I64((4), 7), I32((1), 2) }, REFUSES("Unsupported algorithm id: 7") },
        { "wants an algorithm", "StatefulStandardNormal", "dtype: float",
          .in = { I64((0)), I32((1), 2) }, REFUSES("Size of tensor must be at least 1") },
        { "wants a whole state", "StatefulStandardNormal", "dtype: float",
          .in = { I64((3), 1), I32((1), 2) },
          REFUSES("For the Philox algorithm, the size of state must be at least 4; got 3") },
        { "gives nothing", "StatefulRandomBinomial",
          .in = { STATE, PHILOX, I32((1), 0), F64((), 3), F64((), 0.5) }, .out = { I64((0)) } },
        { "knows one algorithm", "StatefulRandomBinomial",
          .in = { STATE, I64((), 7), I32((1), 2), F64((), 3), F64((), 0.5) },
          REFUSES("Unsupported algorithm id: 7") },
        { "is told one algorithm", "StatefulRandomBinomial",
          .in = { STATE, I64((1), 1), I32((1), 2), F64((), 3), F64((), 0.5) },
          REFUSES("algorithm must be of shape [], not [1]") },
        { "ends with its parameters' shape", "StatefulRandomBinomial",
          .in = { STATE, PHILOX, I32((1), 2), F64((3), 3), F64((), 0.5) },
          REFUSES("Shape passed in must end with broadcasted shape.") },
        { "wants a whole state", "StatefulRandomBinomial",
          .in = { I64((2)), PHILOX, I32((1), 2), F64((), 3), F64((), 0.5) },
          REFUSES("For Philox algorithm, the size of state must be at least 3; got 2") },
        { "gives nothing", "StatelessRandomBinomial",
          .in = { I32((1), 0), I32((2), 1, 2), F64((), 3), F64((), 0.5) }, .out = { I64((0)) } },
        { "wants parameters that fit", "StatelessRandomBinomial",
          .in = { I32((1), 2), I32((2), 1, 2), F64((2), 3), F64((3), 0.5) },
          REFUSES("counts and probs must have compatible batch dimensions: [2] vs. [3]") },
        { "gives nothing", "StatelessRandomPoisson", "dtype: float",
          .in = { I32((1), 0), I32((2), 1, 2), F32((), 1) }, .out = { F32((0)) } },
        { "wants a seed of two", "StatelessRandomGammaV2",
          .in = { I32((1), 1), I32((3), 1, 2, 3), F32((), 1) },
          REFUSES("seed must have shape [2], not [3]") },
        { "knows one algorithm", "RngSkip", .in = { STATE, I64((), 7), I64((), 1) },
          REFUSES("Unsupported algorithm id: 7") },
        { "skips one number of numbers", "RngSkip", .in = { STATE, PHILOX, I64((1), 1) },
          REFUSES("input 2 (0-based) must have shape [], not [1]") },
        { "knows one algorithm", "RngReadAndSkip", .in = { STATE, I32((), 7), U64((), 1) },
          REFUSES("Unsupported algorithm id: 7") },
};
OP_CASES(edges_random, generators)

#define SAMPLES "num_true: 2, num_sampled: 3, unique: "
#define SAMPLER(op, attrs)                                                                     \
        { "expects nothing of nothing", #op, SAMPLES "false" attrs, .in = { I64((0, 2)) },     \
          .out = { ANY(INT64, 3), F32((0, 2)), ANY(FLOAT, 3) } },                              \
                { "wants classes in rows", #op, SAMPLES "false" attrs, .in = { I64((2)) },     \
                  REFUSES("true_classes must be a matrix") },                                  \
        {                                                                                      \
                "wants so many in a row", #op, SAMPLES "false" attrs,                          \
                        .in = { I64((1, 4)) },                                                 \
                        REFUSES("true_classes must have num_true columns, expected: 4 was: 2") \
        }
#define RANGED(op, attrs)                                                                   \
        SAMPLER(op, ", range_max: 4" attrs),                                                \
        {                                                                                   \
                "has as many classes as it draws", #op, SAMPLES "true, range_max: 2" attrs, \
                        .in = { I64((1, 2)) }, REFUSES("Sampler's range is too small.")     \
        }

static const OpCase samplers[] = {
        RANGED(UniformCandidateSampler, ""),
        RANGED(LogUniformCandidateSampler, ""),
        RANGED(LearnedUnigramCandidateSampler, ""),
        RANGED(ThreadUnsafeUnigramCandidateSampler, ""),
        SAMPLER(AllCandidateSampler, ""),
        SAMPLER(FixedUnigramCandidateSampler, ", range_max: 4, unigrams: [1, 1, 1, 1]"),
};
OP_CASES(edges_random, samplers)
