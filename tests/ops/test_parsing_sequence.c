// SPDX-License-Identifier: Apache-2.0
/* Sequence examples: a context and lists of features; the bytes are protobuf's, made by hand. */
#include "tests/lib/op_case.h"

// clang-format off
/* context c: [7], d: [1, 2]; lists l: [1, 2], [3, 4]; s: ["x"], none, ["y", "z"] */
#define FULL \
        B("\012\031\012\012\012\001\143\022\005\032\003\012\001\007\012\013\012\001\144\022" \
          "\006\032\004\012\002\001\002\022\061\012\025\012\001\154\022\020\012\006\032\004" \
          "\012\002\001\002\012\006\032\004\012\002\003\004\012\030\012\001\163\022\023\012" \
          "\005\012\003\012\001\170\012\000\012\010\012\006\012\001\171\012\001\172")
/* context d: [3, 4]; list l: [5, 6] */
#define SHORT \
        B("\012\015\012\013\012\001\144\022\006\032\004\012\002\003\004\022\017\012\015\012" \
          "\001\154\022\010\012\006\032\004\012\002\005\006")
/* ... l: [5, 6, 7] */
#define ODD \
        B("\012\015\012\013\012\001\144\022\006\032\004\012\002\003\004\022\020\012\016\012" \
          "\001\154\022\011\012\007\032\005\012\003\005\006\007")
/* ... l: [5], [6, 7, 8] */
#define SKEW \
        B("\012\015\012\013\012\001\144\022\006\032\004\012\002\003\004\022\027\012\025\012" \
          "\001\154\022\020\012\005\032\003\012\001\005\012\007\032\005\012\003\006\007\010")
/* ... s: [1] */
#define TYPED \
        B("\012\015\012\013\012\001\144\022\006\032\004\012\002\003\004\022\016\012\014\012" \
          "\001\163\022\007\012\005\032\003\012\001\001")
// clang-format on

#define V1(missing, keys, dense, types)                                                           \
        "feature_list_dense_missing_assumed_empty: [" missing "], context_sparse_keys: [\"c\"], " \
        "context_dense_keys: [\"d\"], feature_list_sparse_keys: [\"s\"], "                        \
        "feature_list_dense_keys: [" keys "], Ncontext_sparse: 1, Ncontext_dense: 1, "            \
        "Nfeature_list_sparse: 1, Nfeature_list_dense: 1, context_sparse_types: [int64], "        \
        "Tcontext_dense: [int64], feature_list_dense_types: [" types                              \
        "], context_dense_shapes: [[2]], "                                                        \
        "feature_list_sparse_types: [string], feature_list_dense_shapes: [[" dense "]]"
#define V1_IN(...) BYTES(__VA_ARGS__), STR((0)), I64((0))
#define V2(list_types, splits)                                                                \
        "Ncontext_sparse: 0, context_sparse_types: [], context_ragged_value_types: [int64], " \
        "context_ragged_split_types: [" splits "], context_dense_shapes: [], "                \
        "Nfeature_list_sparse: 0, Nfeature_list_dense: 0, feature_list_dense_types: [], "     \
        "feature_list_sparse_types: [], feature_list_ragged_value_types: [" list_types "], "  \
        "feature_list_ragged_split_types: [" splits "], feature_list_dense_shapes: [], "      \
        "Tcontext_dense: []"
#define V2_IN(rank, ...)                                                                           \
        BYTES(rank, __VA_ARGS__), STR((0)), STR((0)), STR((0)), STR((1), "c"), STR((0)), STR((0)), \
                STR((1), "s"), BOOL((0))
#define SINGLE                                                                                   \
        "Tcontext_dense: [int64], Ncontext_sparse: 0, Ncontext_dense: 1, Nfeature_list_sparse: " \
        "1, Nfeature_list_dense: 1, "                                                            \
        "context_sparse_types: [], feature_list_dense_types: [int64], "                          \
        "context_dense_shapes: [[2]], feature_list_sparse_types: [string], "                     \
        "feature_list_dense_shapes: [[2]]"

static const OpCase parsing_sequence[] = {
        { "a batch of sequences", "ParseSequenceExample", V1("", "\"l\"", "2", "int64"),
          .in = { V1_IN((2), FULL, SHORT) },
          .out = { I64((1, 2), 0, 0), I64((1), 7), I64((2), 2, 1), I64((2, 2), 1, 2, 3, 4),
                   I64((3, 3), 0, 0, 0, 0, 2, 0, 0, 2, 1), STR((3), "x", "y", "z"),
                   I64((3), 2, 3, 2), I64((2, 2, 2), 1, 2, 3, 4, 5, 6, 0, 0), I64((2), 2, 1) } },
        { "a list that may be missing is empty", "ParseSequenceExample",
          V1("\"q\"", "\"q\"", "", "float"), .in = { V1_IN((1), SHORT) },
          .out = { I64((0, 2)), I64((0)), I64((2), 1, 0), I64((1, 2), 3, 4), I64((0, 3)), STR((0)),
                   I64((3), 1, 0, 0), F32((1, 0)), I64((1), 0) } },
        { "refuses a missing list", "ParseSequenceExample", V1("", "\"q\"", "2", "int64"),
          .in = { V1_IN((1), SHORT) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Name: <unknown>, Feature list 'q' is required but could not be found.  Did "
                     "you mean to include it in feature_list_dense_missing_assumed_empty or "
                     "feature_list_dense_defaults?" },
        { "refuses values that make no rows", "ParseSequenceExample", V1("", "\"l\"", "2", "int64"),
          .in = { V1_IN((1), ODD) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Feature list 'l' has an unexpected number of values.  Total values size: 3 "
                     "is not consistent with output shape: [?,2]" },
        { "refuses rows of other lengths", "ParseSequenceExample", V1("", "\"l\"", "2", "int64"),
          .in = { V1_IN((1), SKEW) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Name: <unknown>, Key: l, Index: 0.  Number of values != expected.  values "
                     "size: 1 but output shape: [2]" },
        { "refuses rows of another type", "ParseSequenceExample",
          V1("\"l\"", "\"l\"", "2", "int64"), .in = { V1_IN((1), TYPED) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Feature list: s, Index: 0.  Data types don't match. Expected type: string" },
        { "refuses what is no sequence", "ParseSequenceExample", V1("", "\"l\"", "2", "int64"),
          .in = { V1_IN((1), B("\x0a\x7f\x01")) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Invalid protocol message input, example id: <unknown>" },
        { "refuses rows of open shape", "ParseSequenceExample", V1("", "\"l\"", "?", "int64"),
          .in = { V1_IN((1), FULL) }, .fails = SR_INVALID_ARGUMENT,
          .message = "not fully defined" },
        { "ragged contexts and lists", "ParseSequenceExampleV2", V2("string", "int32"),
          .in = { V2_IN((2), FULL, SHORT) },
          .out = { I64((1), 7), I32((3), 0, 1, 1), STR((3), "x", "y", "z"), I32((3), 0, 3, 3),
                   I32((4), 0, 1, 1, 3) } },
        { "ragged parts of no sequence", "ParseSequenceExampleV2", V2("string", "int64"),
          .in = { V2_IN((0), ) },
          .out = { I64((0)), I64((1), 0), STR((0)), I64((1), 0), I64((1), 0) } },
        { "refuses ragged rows of another type", "ParseSequenceExampleV2", V2("float", "int64"),
          .in = { V2_IN((1), FULL) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Data types don't match. Expected type: float" },
        { "a single sequence", "ParseSingleSequenceExample", SINGLE,
          .in = { BYTES((), FULL), STR((0)), STR((), "d"), STR((), "s"), STR((), "l"), I64((0)),
                  STR((), "n") },
          .out = { I64((2), 1, 2), I64((3, 2), 0, 0, 2, 0, 2, 1), STR((3), "x", "y", "z"),
                   I64((2), 3, 2), I64((2, 2), 1, 2, 3, 4) } },
        { "refuses a single one with its name", "ParseSingleSequenceExample", SINGLE,
          .in = { BYTES((), TYPED), STR((1), "l"), STR((), "d"), STR((), "s"), STR((), "l"),
                  I64((0)), STR((), "n") },
          .fails = SR_INVALID_ARGUMENT, .message = "Name: n, Feature list: s, Index: 0." },
        { "refuses a batch of single ones", "ParseSingleSequenceExample", SINGLE,
          .in = { BYTES((1), FULL), STR((0)), STR((), "d"), STR((), "s"), STR((), "l"), I64((0)),
                  STR((), "n") },
          .fails = SR_INVALID_ARGUMENT },
};
OP_CASES(ParsingSequence, parsing_sequence)
