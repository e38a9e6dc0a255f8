// SPDX-License-Identifier: Apache-2.0
/* Sparse tensors as strings and variants, and kept in the session: what goes in comes out. */
#include "tests/lib/session_case.h"

#define BATCH                                                    \
        "i = Const int64 [3, 3] { 0, 0, 1, 2, 1, 0, 2, 1, 1 }\n" \
        "v = Const string [3] { \"a\", \"b\", \"c\" }\n"         \
        "d = Const int64 [3] { 3, 2, 2 }\n"

/* The batch of BATCH, back at node y. */
static void expect_batch(TestSession *s)
{
        EXPECT(s, "y:0", I64((3, 3), 0, 0, 1, 2, 1, 0, 2, 1, 1));
        EXPECT(s, "y:1", STR((3), "a", "b", "c"));
        EXPECT(s, "y:2", I64((3), 3, 2, 2));
}

Test(sparse_kept, a_batch_goes_through_strings)
{
        autoptr(TestSession) s = session_of(BATCH "x = SerializeManySparse(i, v, d)\n"
                                                  "y = DeserializeManySparse(x) dtype: string\n"
                                                  "z = DeserializeSparse(x) dtype: string\n"
                                                  "w = DeserializeSparse(x) dtype: float\n");
        expect_batch(s);
        EXPECT(s, "z:2", I64((3), 3, 2, 2));
        EXPECT_ERROR(s, "w:0", SR_INVALID_ARGUMENT,
                     "Requested SparseTensor of type float but SparseTensor[0].values.dtype() == "
                     "string");
}

Test(sparse_kept, a_batch_goes_through_variants)
{
        autoptr(TestSession) s =
                session_of(BATCH "x = SerializeManySparse(i, v, d) out_type: variant\n"
                                 "y = DeserializeSparse(x) dtype: string\n");
        expect_batch(s);
}

Test(sparse_kept, one_goes_through_strings_and_variants)
{
        autoptr(TestSession) s = session_of("i = Const int64 [1, 1] { 1 }\nv = Const float [1] { 5 "
                                            "}\nd = Const int64 [1] { 3 }\n"
                                            "x = SerializeSparse(i, v, d)\n"
                                            "y = DeserializeSparse(x) dtype: float\n"
                                            "u = SerializeSparse(i, v, d) out_type: variant\n"
                                            "w = DeserializeSparse(u) dtype: float\n"
                                            "many = SerializeManySparse(i, v, d)\n");
        EXPECT(s, "y:0", I64((1, 1), 1));
        EXPECT(s, "y:1", F32((1), 5));
        EXPECT(s, "w:2", I64((1), 3));
        EXPECT_ERROR(s, "many:0", SR_INVALID_ARGUMENT,
                     "Rank of input SparseTensor should be > 1, but saw rank: 1");
}

Test(sparse_kept, a_batch_is_kept_until_it_is_taken)
{
        autoptr(TestSession) s = session_of(
                BATCH "h = AddManySparseToTensorsMap(i, v, d) shared_name: \"m\"\n"
                      "one = AddSparseToTensorsMap(i, v, d) shared_name: \"m\"\n"
                      "all = Const int64 [3] { 0, 1, 2 }\n"
                      "last = Const int64 [1] { 3 }\n"
                      "y = TakeManySparseFromTensorsMap(all) dtype: string, shared_name: \"m\"\n"
                      "z = TakeManySparseFromTensorsMap(last) dtype: string, shared_name: \"m\"\n");
        EXPECT(s, "h:0", I64((3), 0, 1, 2));
        EXPECT(s, "one:0", I64((), 3));
        EXPECT(s, "y:1", STR((3), "a", "b", "c"));
        EXPECT_ERROR(s, "y:1", SR_INVALID_ARGUMENT, "Unable to find SparseTensor: 0 in map: m");
        EXPECT(s, "z:2", I64((4), 1, 3, 2, 2));
}

Test(sparse_kept, what_has_no_elements_comes_back)
{
        autoptr(TestSession) s = session_of(
                "i = Const int64 [0, 2] { }\nv = Const float [0] { }\n"
                "d = Const int64 [2] { 3, 2 }\n"
                "x = SerializeSparse(i, v, d)\n"
                "row = ExpandDims(x, zero) T: string\nzero = Const int32 [] { 0 }\n"
                "y = DeserializeSparse(x) dtype: float\n"
                "z = DeserializeManySparse(row) dtype: float\n"
                "h = AddManySparseToTensorsMap(i, v, d) shared_name: \"m\"\n"
                "w = TakeManySparseFromTensorsMap(h) dtype: float, shared_name: \"m\"\n");
        EXPECT(s, "y:0", I64((0, 2)));
        EXPECT(s, "y:2", I64((2), 3, 2));
        EXPECT(s, "z:0", I64((0, 3)));
        EXPECT(s, "z:2", I64((3), 1, 3, 2));
        EXPECT(s, "w:1", F32((0)));
}

static const OpCase kept[] = {
        { "refuses what is no tensor", "DeserializeManySparse", "dtype: float",
          .in = { STR((1, 3), "\n\x7f", "", "") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Could not parse serialized_sparse[0, 0]" },
        { "refuses tensors of other ranks", "DeserializeManySparse", "dtype: float",
          .in = { BYTES((1, 3), B("\x08\x01\x12\x00"), B(""), B("")) },
          .fails = SR_INVALID_ARGUMENT },
        { "refuses rows of two", "DeserializeManySparse", "dtype: float", .in = { STR((1, 2)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Serialized sparse should have 3 as the last dimension [1,2]" },
        { "refuses no rows", "DeserializeManySparse", "dtype: float", .in = { STR((0, 3)) },
          .fails = SR_INVALID_ARGUMENT, .message = "Must have at least 1 serialized SparseTensor" },
        { "refuses rows out of order", "SerializeManySparse",
          .in = { I64((2, 2), 1, 0, 0, 0), F32((2)), I64((2), 2, 1) }, .fails = SR_INVALID_ARGUMENT,
          .message = "out of order" },
};
OP_CASES(kept, kept)
