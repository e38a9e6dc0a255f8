// SPDX-License-Identifier: Apache-2.0
/* Ragged tensors: crosses, gathers, to dense and through variants. Values are those of TensorFlow's
 * ragged_cross_op_test, ragged_tensor_to_tensor_op_test, ragged_gather_op_test and
 * ragged_to_variant documentation. */
#include "tests/lib/session_case.h"

#define NONE                                                                                      \
        "Nsparse: 0, ragged_values_types: [], ragged_splits_types: [], sparse_values_types: [], " \
        "dense_types: [], "
#define TEXT   "hashed_output: false, num_buckets: 0, hash_key: 0, out_values_type: string, "
#define SPLITS "out_row_splits_type: int64, "
#define RAGGED2                                                                                   \
        "Nsparse: 0, ragged_values_types: [string, int64], ragged_splits_types: [int64, int32], " \
        "sparse_values_types: [], dense_types: [], input_order: \"RR\""
#define HASH(key, order)                                                                   \
        "hashed_output: true, num_buckets: 0, hash_key: " key ", out_values_type: int64, " \
        "Nsparse: 1, ragged_values_types: [string], ragged_splits_types: [int64], "        \
        "sparse_values_types: [string], dense_types: [string], input_order: \"" order "\""
#define MIXED                                                                                    \
        STR((1), "batch1-FC1-F1"), I64((2), 0, 1), I64((1, 2), 0, 0), STR((1), "batch1-FC2-F1"), \
                I64((2), 1, 1), STR((1, 1), "batch1-FC3-F1")

static const OpCase ragged_cross[] = {
        { "crosses nothing", "RaggedCross", TEXT SPLITS NONE "input_order: \"\"",
          .out = { STR((0)), I64((1), 0) } },
        { "crosses ragged rows", "RaggedCross", TEXT SPLITS RAGGED2,
          .in = { STR((3), "a", "b", "c"), I64((4), 1, 2, 3, 4), I64((4), 0, 2, 2, 3),
                  I32((4), 0, 2, 3, 4) },
          .out = { STR((5), "a_X_1", "a_X_2", "b_X_1", "b_X_2", "c_X_4"), I64((4), 0, 4, 4, 5) } },
        { "hashes in the order asked for", "RaggedCross", SPLITS HASH("956888297470", "RSD"),
          .in = { MIXED }, .out = { I64((1), 1971693436396284976), I64((2), 0, 1) } },
        { "hashes by another key", "RaggedCross", SPLITS HASH("956888297471", "RSD"),
          .in = { MIXED }, .out = { I64((1), 4847552627144134031), I64((2), 0, 1) } },
        { "hashes by no key", "RaggedCross", SPLITS HASH("0", "RSD"), .in = { MIXED },
          .out = { I64((1), 9077905385164735582), I64((2), 0, 1) } },
        { "refuses an order that misses inputs", "RaggedCross", SPLITS HASH("0", "RS"),
          .in = { MIXED }, .fails = SR_INVALID_ARGUMENT,
          .message = "Invalid value for `input_order`" },
        { "refuses batches of other sizes", "RaggedCross", TEXT SPLITS RAGGED2,
          .in = { STR((1), "a"), I64((1), 1), I64((2), 0, 1), I32((3), 0, 1, 1) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "inputs must all have the same batch dimension size." },
        { "refuses ragged cubes", "RaggedCross", TEXT SPLITS RAGGED2,
          .in = { STR((1, 1), "a"), I64((1), 1), I64((2), 0, 1), I32((2), 0, 1) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "tf.ragged.cross only supports inputs with rank=2." },
        { "refuses splits beyond the values", "RaggedCross", TEXT SPLITS RAGGED2,
          .in = { STR((1), "a"), I64((1), 1), I64((2), 0, 9), I32((2), 0, 1) },
          .fails = SR_INVALID_ARGUMENT },
};
OP_CASES(ragged_cross, ragged_cross)

#define ROWIDS  "row_partition_types: [\"FIRST_DIM_SIZE\", \"VALUE_ROWIDS\"]"
#define ROWIDS2 "row_partition_types: [\"FIRST_DIM_SIZE\", \"VALUE_ROWIDS\", \"VALUE_ROWIDS\"]"
#define ROWS    "row_partition_types: [\"ROW_SPLITS\"]"
/* [[.1, .2], [.3], [], [.4, .5, .6]] */
#define FIVE I64((), 4), I64((6), 0, 0, 1, 3, 3, 3)

static const OpCase ragged_dense[] = {
        { "fills rows up", "RaggedTensorToTensor", ROWIDS,
          .in = { I64((), -1), F32((6), .1f, .2f, .3f, .4f, .5f, .6f), F32((), 1.5f), FIVE },
          .out = { F32((4, 3), .1f, .2f, 1.5f, .3f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, .4f, .5f, .6f) },
          .sweep = false },
        { "cuts rows to a shape", "RaggedTensorToTensor", ROWIDS,
          .in = { I32((2), 5, 2), I32((6), 1, 2, 3, 4, 5, 6), I32((), 9), FIVE },
          .out = { I32((5, 2), 1, 2, 3, 9, 9, 9, 4, 5, 9, 9) } },
        { "cuts the number of rows", "RaggedTensorToTensor", ROWS,
          .in = { I64((2), 1, -1), STR((3), "a", "b", "c"), STR((), "z"), I64((3), 0, 2, 3) },
          .out = { STR((1, 2), "a", "b") } },
        { "takes nested rows", "RaggedTensorToTensor", ROWIDS2,
          .in = { I64((3), -1, 3, -1), I32((5), 1, 2, 3, 4, 5), I32((), 0), I64((), 2),
                  I64((3), 0, 0, 1), I64((5), 0, 0, 1, 2, 2) },
          .out = { I32((2, 3, 2), 1, 2, 3, 0, 0, 0, 4, 5) } },
        { "spreads a default over inner values", "RaggedTensorToTensor", ROWS,
          .in = { I64((), -1), F32((3, 2), 1, 2, 3, 4, 5, 6), F32((1, ), 7), I32((3), 0, 2, 3) },
          .out = { F32((2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 7) } },
        { "takes a default of their shape", "RaggedTensorToTensor", ROWS,
          .in = { I64((), -1), F32((1, 2), 1, 2), F32((2), 7, 8), I32((3), 0, 0, 1) },
          .out = { F32((2, 1, 2), 7, 8, 1, 2) } },
        { "makes nothing of nothing", "RaggedTensorToTensor", ROWS,
          .in = { I64((), -1), F32((0)), F32((), 7), I64((1), 0) }, .out = { F32((0, 0)) } },
        { "refuses rows that are not there", "RaggedTensorToTensor", ROWIDS,
          .in = { I64((), -1), F32((1)), F32((), 7), I64((), 2), I64((1), 2) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Got current_value_rowid=2 which is not less than 2" },
        { "refuses as many rows as it likes", "RaggedTensorToTensor", ROWIDS,
          .in = { I64((2), 1, 1), F32((1)), F32((), 7), I64((), INT64_MAX), I64((1), 5) },
          .fails = SR_RESOURCE_EXHAUSTED },
        { "refuses splits that do not end with the values", "RaggedTensorToTensor", ROWS,
          .in = { I64((), -1), F32((3)), F32((), 7), I64((2), 0, 2) },
          .fails = SR_INVALID_ARGUMENT },
        { "refuses unknown partitions", "RaggedTensorToTensor", "row_partition_types: [\"ROWS\"]",
          .in = { I64((), -1), F32((3)), F32((), 7), I64((2), 0, 3) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Unknown string for partition info type: ROWS" },
        { "refuses ids in the first place", "RaggedTensorToTensor",
          "row_partition_types: [\"VALUE_ROWIDS\"]",
          .in = { I64((), -1), F32((3)), F32((), 7), I64((3)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Cannot handle VALUE_ROWIDS in first dimension." },
        { "refuses shapes of another rank", "RaggedTensorToTensor", ROWS,
          .in = { I64((3), 1, 1, 1), F32((1)), F32((), 7), I64((2), 0, 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "rt_input.rank = 2 but shape.rank = 3" },
        { "refuses defaults of the values' rank", "RaggedTensorToTensor", ROWS,
          .in = { I64((), -1), F32((1)), F32((1), 7), I64((2), 0, 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "default_value.rank = 1  must be less than" },

        /* params = [['a', 'b', 'c', 'd', 'e'], [], ['f'], ['g', 'h']] */
        { "gathers rows", "RaggedGather", "PARAMS_RAGGED_RANK: 1, OUTPUT_RAGGED_RANK: 1",
          .in = { I64((4), 0, 2, 2, 3), STR((3), "a", "b", "c"), I32((4), 2, 1, 0, 2) },
          .out = { I64((5), 0, 1, 1, 3, 4), STR((4), "c", "a", "b", "c") } },
        { "gathers by a matrix", "RaggedGather", "PARAMS_RAGGED_RANK: 1, OUTPUT_RAGGED_RANK: 2",
          .in = { I32((3), 0, 2, 3), F32((3, 1), 1, 2, 3), I64((1, 2), 1, 0) },
          .out = { I32((2), 0, 2), I32((3), 0, 1, 3), F32((3, 1), 3, 1, 2) } },
        { "gathers one nested row", "RaggedGather", "PARAMS_RAGGED_RANK: 2, OUTPUT_RAGGED_RANK: 1",
          .in = { I64((3), 0, 1, 3), I64((4), 0, 2, 2, 3), I32((3), 7, 8, 9), I32((), 1) },
          .out = { I64((3), 0, 0, 1), I32((1), 9) } },
        { "refuses rows beyond", "RaggedGather", "PARAMS_RAGGED_RANK: 1, OUTPUT_RAGGED_RANK: 1",
          .in = { I64((2), 0, 1), F32((1)), I32((2), 0, 1) }, .fails = SR_INVALID_ARGUMENT,
          .message = "indices[1] = 1 is not in [0, 1)" },
        { "refuses splits past the values", "RaggedGather",
          "PARAMS_RAGGED_RANK: 1, OUTPUT_RAGGED_RANK: 1",
          .in = { I64((2), 0, 2), F32((1)), I32((1), 0) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Ragged splits must not point past values" },
        { "refuses splits in no order", "RaggedGather",
          "PARAMS_RAGGED_RANK: 1, OUTPUT_RAGGED_RANK: 1",
          .in = { I64((3), 0, 1, 0), F32((1)), I32((1), 0) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Ragged splits must be sorted" },
        { "refuses another rank", "RaggedGather", "PARAMS_RAGGED_RANK: 1, OUTPUT_RAGGED_RANK: 2",
          .in = { I64((2), 0, 1), F32((1)), I32((1), 0) }, .fails = SR_INVALID_ARGUMENT },
};
OP_CASES(ragged_dense, ragged_dense)

/* [[[1, 2], []], [[3]]] */
static const char nested[] =
        "a = Const int64 [3] { 0, 2, 3 }\n"
        "b = Const int64 [4] { 0, 2, 2, 3 }\n"
        "v = Const float [3] { 1, 2, 3 }\n"
        "whole = RaggedTensorToVariant(a, b, v) RAGGED_RANK: 2, batched_input: false\n"
        "rows = RaggedTensorToVariant(a, b, v) RAGGED_RANK: 2, batched_input: true\n"
        "dense = RaggedTensorToVariant(v) RAGGED_RANK: 0, batched_input: true, Tsplits: int64\n"
        "w = RaggedTensorFromVariant(whole) input_ragged_rank: 2, output_ragged_rank: 2, "
        "Tvalues: float\n"
        "r = RaggedTensorFromVariant(rows) input_ragged_rank: -1, output_ragged_rank: 2, "
        "Tvalues: float\n"
        "two = Const int32 [2] { 1, 2 }\n"
        "m = Reshape(rows, two)\n"
        "d = RaggedTensorFromVariant(m) input_ragged_rank: 1, output_ragged_rank: 3, "
        "Tvalues: float\n"
        "bad = RaggedTensorFromVariant(rows) input_ragged_rank: 1, output_ragged_rank: 2, "
        "Tvalues: int32\n"
        "far = RaggedTensorFromVariant(rows) input_ragged_rank: 9223372036854775807, "
        "output_ragged_rank: 2, Tvalues: float\n"
        "three = Const int32 [1] { 3 }\n"
        "ends = Const int64 [3] { 0, 2, 3 }\n"
        "g = RaggedTensorToVariantGradient(rows, ends, three) Tvalues: float\n"
        "four = Const int32 [1] { 4 }\n"
        "h = RaggedTensorToVariantGradient(rows, ends, four) Tvalues: float\n";

Test(ragged_variant, a_ragged_tensor_goes_through_one_variant_or_one_a_row)
{
        autoptr(TestSession) s = NULL;
        Tensor *t = NULL;
        expect_ok(test_session_text(nested, &s));
        EXPECT(s, "w:0", I64((3), 0, 2, 3));
        EXPECT(s, "w:1", I64((4), 0, 2, 2, 3));
        EXPECT(s, "w:2", F32((3), 1, 2, 3));
        EXPECT(s, "r:0", I64((3), 0, 2, 3));
        EXPECT(s, "r:1", I64((4), 0, 2, 2, 3));
        EXPECT(s, "r:2", F32((3), 1, 2, 3));
        EXPECT(s, "d:0", I64((2), 0, 2));
        EXPECT(s, "d:1", I64((3), 0, 2, 3));
        EXPECT(s, "d:3", F32((3), 1, 2, 3));
        expect_error(test_session_fetch(s, "bad:0", &t), SR_INVALID_ARGUMENT,
                     "Expected values Tensor dtype: int32, found: float");
        expect_error(test_session_fetch(s, "far:0", &t), SR_INVALID_ARGUMENT,
                     "output_ragged_rank must be equal to input_ragged_rank + ");
}

Test(ragged_variant, gradients_of_rows_become_one_tensor)
{
        autoptr(TestSession) s = NULL;
        Tensor *t = NULL;
        expect_ok(test_session_text(nested, &s));
        EXPECT(s, "g:0", F32((3), 1, 2, 3));
        expect_error(test_session_fetch(s, "h:0", &t), SR_INVALID_ARGUMENT,
                     "The gradients' values are fewer than [4] holds");
}
