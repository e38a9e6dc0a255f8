// SPDX-License-Identifier: Apache-2.0
/* Variables of all kinds, words to train, factors of matrices, ragged tensors in variants: of
 * nothing, and refused. */
#include "tests/lib/graph_case.h"

#define VALUES                                                                                   \
        "zero = Const int32 [] { 0 }\nnone = Const float [0] {}\nx = Const float [2] { 1, 2 }\n" \
        "i = Const int32 [2] { 1, 2 }\n"
#define REFUSES(text) .fails = SR_INVALID_ARGUMENT, .message = text
#define NO_NAME(op)                                                                        \
        {                                                                                  \
#op " has no name that begins with _",                                     \
                        "v = " #op " dtype: float, shape: [], shared_name: \"_v\"\n", "v", \
                        REFUSES("shared_name cannot start with '_':_v")                    \
        }

static const GraphCase variables[] = {
        NO_NAME(VariableV2),
        NO_NAME(Variable),
        NO_NAME(VarHandleOp),
        { "a name has one type",
          "v = VarHandleOp dtype: float, shape: [], shared_name: \"v\"\n"
          "w = VarHandleOp dtype: int32, shape: [], shared_name: \"v\"\nn = NoOp(^v, ^w)\n",
          "n", REFUSES("Trying to get variable v as ") },
        { "a container's name begins with a letter",
          "v = VariableV2 dtype: float, shape: [], container: \"-\"\n", "v",
          REFUSES("container contains invalid characters: -") },
        { "a variable is assigned its type",
          VALUES "v = VarHandleOp dtype: float, shape: [2]\na = AssignVariableOp(v, i)\n", "a",
          REFUSES("Trying to assign variable with wrong dtype. Expected float got int32") },
        { "a variable is destroyed once",
          VALUES "v = VarHandleOp dtype: float, shape: [2]\n"
                 "a = DestroyResourceOp(v) ignore_lookup_error: false\n",
          "a", .fails = SR_NOT_FOUND, .message = "does not exist." },
        { "a scalar has a shape of nothing",
          VALUES "c = Const float [] { 1 }\nv = VarHandleOp dtype: float, shape: []\n"
                 "a = AssignVariableOp(v, c)\ns = VariableShape(v, ^a)\n",
          "s:0",
          { I32((0)) } },
        { "a temporary variable holds nothing",
          VALUES "t = TemporaryVariable dtype: float, shape: [0], var_name: \"t\"\n"
                 "a = Assign(t, none)\nd = DestroyTemporaryVariable(a) var_name: \"t\"\n",
          "d:0",
          { F32((0)) } },
        { "a temporary variable has a shape",
          "t = TemporaryVariable dtype: float, shape: [?], var_name: \"t\"\n", "t",
          REFUSES("Shape [?] is not fully defined") },
        { "two have two names",
          "t = TemporaryVariable dtype: float, shape: [], var_name: \"t\"\n"
          "u = TemporaryVariable(^t) dtype: float, shape: [], var_name: \"t\"\n",
          "u", .fails = SR_ALREADY_EXISTS, .message = "/t/" },
        { "it is destroyed by its name",
          VALUES "t = TemporaryVariable dtype: float, shape: [0], var_name: \"t\"\n"
                 "d = DestroyTemporaryVariable(t) var_name: \"\"\n",
          "d", REFUSES("Missing var_name attribute") },
        { "and by no other",
          VALUES "t = TemporaryVariable dtype: float, shape: [0], var_name: \"t\"\n"
                 "d = DestroyTemporaryVariable(t) var_name: \"u\"\n",
          "d", .fails = SR_NOT_FOUND, .message = "does not exist." },
        { "a constant of nothing is assigned to",
          VALUES "c = Const float [0] {}\na = Assign(c, none)\ny = Identity(a)\n",
          "y:0",
          { F32((0)) } },
        { "a constant that is assigned to has its type",
          "c = _ThawedConst dtype: float, value: int32 [] { 1 }\n", "c",
          REFUSES("Type mismatch between value (int32) and dtype (float)"), "_ThawedConst" },
};
GRAPH_CASES(edges_kept, variables)

#define WORDS(a, b)                                                                         \
        "a = VariableV2 dtype: float, shape: " a "\nb = VariableV2 dtype: float, shape: " b \
        "\nia = Const float " a " {}\nib = Const float " b " {}\nsa = Assign(a, ia)\n"      \
        "sb = Assign(b, ib)\nr = Const float [] { 0.1 }\nno = Const int32 [0] {}\n"         \
        "one = Const int32 [1] { 0 }\nflat = Const int32 [] { 0 }\nrr = Const float [1] { 1 }\n"
#define COUNTS " vocab_count: [3, 4], num_negative_samples: 1\n"

static const GraphCase words[] = {
        { "no examples teach nothing",
          WORDS("[2, 2]", "[2, 2]") "t = NegTrain(sa, sb, no, no, r)" COUNTS
                                    "y = Identity(a, ^t)\n",
          "y:0",
          { F32((2, 2)) } },
        { "words are rows", WORDS("[2]", "[2]") "t = NegTrain(sa, sb, one, one, r)" COUNTS, "t",
          REFUSES("Must be a matrix"), "NegTrain" },
        { "words are of one shape",
          WORDS("[2, 2]", "[2, 3]") "t = NegTrain(sa, sb, one, one, r)" COUNTS, "t",
          REFUSES("w_in.shape == w_out.shape") },
        { "as many words as counts",
          WORDS("[3, 2]", "[3, 2]") "t = NegTrain(sa, sb, one, one, r)" COUNTS, "t",
          REFUSES("vocab_size mismatches: 3 vs. 2") },
        { "examples are a vector",
          WORDS("[2, 2]", "[2, 2]") "t = NegTrain(sa, sb, flat, flat, r)" COUNTS, "t",
          REFUSES("Must be a vector"), "NegTrain" },
        { "a label for each", WORDS("[2, 2]", "[2, 2]") "t = NegTrain(sa, sb, one, no, r)" COUNTS,
          "t", REFUSES("examples.shape == labels.shape"), "NegTrain" },
        { "one rate", WORDS("[2, 2]", "[2, 2]") "t = NegTrain(sa, sb, one, one, rr)" COUNTS, "t",
          REFUSES("Must be a scalar"), "NegTrain" },
};
GRAPH_CASES(edges_kept, words)

static const GraphCase ragged[] = {
        { "no rows in a variant",
          "s = Const int64 [1] { 0 }\nx = Const float [0] {}\n"
          "v = RaggedTensorToVariant(s, x) RAGGED_RANK: 1, batched_input: true\n"
          "r = RaggedTensorFromVariant(v) input_ragged_rank: 0, output_ragged_rank: 1, Tvalues: "
          "float, Tsplits: int64\n"
          "n = Const int32 [1] { 0 }\n"
          "g = RaggedTensorToVariantGradient(v, s, n) Tvalues: float\n",
          "r:0 r:1 g:0",
          { I64((1), 0), F32((0)), F32((0)) } },
        { "rows in a variant are split somewhere",
          "s = Const int64 [0] {}\nx = Const float [2] {}\n"
          "v = RaggedTensorToVariant(s, x) RAGGED_RANK: 1, batched_input: true\n",
          "v", .fails = SR_INTERNAL, .message = "Invalid split argument.",
          .op = "RaggedTensorToVariant" },
        { "rows that are counted begin with the first",
          "s = Const int64 [2] { 1, 2 }\nx = Const int32 [2] { 1, 1 }\nn = Const int32 [] { 2 }\n"
          "w = Const float [0] {}\nc = RaggedBincount(s, x, n, w)\n",
          "c", REFUSES("Splits must start with 0, not with 1") },
        { "and end with the last",
          "s = Const int64 [2] { 0, 1 }\nx = Const int32 [2] { 1, 1 }\nn = Const int32 [] { 2 }\n"
          "w = Const float [0] {}\nc = RaggedBincount(s, x, n, w)\n",
          "c", REFUSES("Splits must end with the number of values, got 1 instead of 2") },
        { "numbers are counted up to a size",
          "s = Const int64 [2] { 0, 2 }\nx = Const int32 [2] { 1, 1 }\nn = Const int32 [] { -1 }\n"
          "w = Const float [0] {}\nc = RaggedBincount(s, x, n, w)\n",
          "c", REFUSES("size (-1) must be non-negative"), "RaggedBincount" },
};
GRAPH_CASES(edges_kept, ragged)

static const OpCase numbers[] = {
        { "wants one shape", "AccumulateNV2", "shape: [2]", .in = { F32((2)), F32((3)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Inputs to operation op of type AccumulateNV2 must have the same size and "
                     "shape.  Input 0: [2] != input 1: [3]" },
        { "of no matrices", "BatchSvd", .in = { F32((0, 2, 2)) },
          .out = { F32((0, 2)), F32((0, 2, 2)), F32((0, 2, 2)) } },
        { "wants matrices", "BatchSvd", .in = { F32((2)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Input tensor 0 must have rank >= 2" },
        { "of no matrices", "BatchSelfAdjointEig", .in = { F32((0, 2, 2)) },
          .out = { F32((0, 3, 2)) } },
        { "of no matrices", "BatchSelfAdjointEigV2", .in = { F32((0, 2, 2)) },
          .out = { F32((0, 2)), F32((0, 2, 2)) } },
};
OP_CASES(edges_kept, numbers)
