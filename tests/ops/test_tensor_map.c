// SPDX-License-Identifier: Apache-2.0
/* Maps as values, locks across steps, and several tensors as one variant. */
#include "tests/lib/session_case.h"

#define MAP                                                                           \
        "a = Const string [] { \"a\" }\n"                                             \
        "b = Const string [] { \"b\" }\n"                                             \
        "one = Const int32 [] { 7 }\n"                                                \
        "two = Const float [2] { 1, 2 }\n"                                            \
        "e = EmptyTensorMap()\n"                                                      \
        "m1 = TensorMapInsert(e, a, one) key_dtype: string value_dtype: int32\n"      \
        "m2 = TensorMapInsert(m1, b, two) key_dtype: string value_dtype: float\n"     \
        "la = TensorMapLookup(m2, a) key_dtype: string value_dtype: int32\n"          \
        "lb = TensorMapLookup(m2, b) key_dtype: string value_dtype: float\n"          \
        "n = TensorMapSize(m2)\n"                                                     \
        "n1 = TensorMapSize(m1, ^m2)\n"                                               \
        "has = TensorMapHasKey(m2, b) key_dtype: string\n"                            \
        "hasnt = TensorMapHasKey(m1, b) key_dtype: string\n"                          \
        "m3 = TensorMapErase(m2, b) key_dtype: string value_dtype: float\n"           \
        "keys = TensorMapStackKeys(m3) key_dtype: string\n"                           \
        "n3 = TensorMapSize(m3)\n"                                                    \
        "no = TensorMapLookup(m1, b) key_dtype: string value_dtype: int32\n"          \
        "typed = TensorMapLookup(m1, a) key_dtype: string value_dtype: float\n"       \
        "gone = TensorMapErase(m3, b) key_dtype: string value_dtype: float\n"         \
        "rest = TensorMapSize(gone)\n"                                                \
        "m4 = TensorMapInsert(m2, one, one) key_dtype: int32 value_dtype: int32\n"    \
        "mixed = TensorMapStackKeys(m4) key_dtype: string\n"                          \
        "m5 = TensorMapInsert(m2, two, one) key_dtype: float value_dtype: int32\n"    \
        "vector = TensorMapLookup(m5, two) key_dtype: float value_dtype: int32\n"     \
        "again = TensorMapInsert(m2, a, two) key_dtype: string value_dtype: float\n"  \
        "replaced = TensorMapLookup(again, a) key_dtype: string value_dtype: float\n" \
        "nagain = TensorMapSize(again)\n"                                             \
        "none = TensorMapStackKeys(e) key_dtype: int64\n"                             \
        "any = Const int32 [] { -1 }\n"                                               \
        "list = EmptyTensorList(any, any) element_dtype: float\n"                     \
        "wrong = TensorMapSize(list)\n"

Test(tensor_map, what_was_inserted_is_looked_up)
{
        autoptr(TestSession) s = session_of(MAP);
        EXPECT(s, "la:0", I32((), 7));
        EXPECT(s, "lb:0", F32((2), 1, 2));
        EXPECT(s, "n:0", I32((), 2));
        EXPECT(s, "has:0", BOOL((), true));
        EXPECT(s, "vector:0", I32((), 7));
        EXPECT(s, "replaced:0", F32((2), 1, 2));
        EXPECT(s, "nagain:0", I32((), 2));
}

Test(tensor_map, a_change_leaves_the_old_map)
{
        autoptr(TestSession) s = session_of(MAP);
        EXPECT(s, "n1:0", I32((), 1));
        EXPECT(s, "hasnt:0", BOOL((), false));
        EXPECT(s, "n3:0", I32((), 1));
        EXPECT(s, "keys:0", STR((1), "a"));
}

Test(tensor_map, refuses_what_is_not_there)
{
        autoptr(TestSession) s = session_of(MAP);
        EXPECT_ERROR(s, "no:0", SR_INVALID_ARGUMENT,
                     "Trying to lookup non-existent key. Could not find key \"b\".");
        EXPECT_ERROR(s, "rest:0", SR_INVALID_ARGUMENT,
                     "Trying to erase non-existent item. Could not find key \"b\".");
        EXPECT_ERROR(s, "typed:0", SR_INVALID_ARGUMENT, "The value is of type int32, not float");
        EXPECT_ERROR(s, "mixed:0", SR_INVALID_ARGUMENT, "Key does not match requested dtype.");
        EXPECT_ERROR(s, "wrong:0", SR_INVALID_ARGUMENT,
                     "Input handle is not a map. Saw: 'Variant<type: tensorflow::TensorList value: "
                     "TensorList>'");
        EXPECT_ERROR(s, "none:0", SR_INVALID_ARGUMENT,
                     "TensorMapStackKeys cannot be called on empty map.");
}

/* A step that ends lets go, with or without ConsumeMutexLock. */
Test(tensor_map, a_lock_is_taken_step_after_step)
{
        autoptr(TestSession) s = session_of("m = MutexV2() shared_name: \"m\"\n"
                                            "l = MutexLock(m)\n"
                                            "c = ConsumeMutexLock(l)\n"
                                            "l2 = MutexLock(m, ^c)\n"
                                            "c2 = ConsumeMutexLock(l2)\n"
                                            "any = Const int32 [] { -1 }\n"
                                            "e = EmptyTensorList(any, any) element_dtype: float\n"
                                            "wrong = ConsumeMutexLock(e)\n");
        for (int i = 0; i < 3; i++) {
                expect_ok(test_session_target(s, "l"));
                expect_ok(test_session_target(s, "c"));
                expect_ok(test_session_target(s, "c2"));
        }
        expect_error(test_session_target(s, "wrong"), SR_INVALID_ARGUMENT,
                     "Expected input to contain a SharedLockReleaser object, but saw variant: "
                     "'Variant<type: tensorflow::TensorList value: TensorList>'");
}

Test(tensor_map, several_tensors_are_one_variant)
{
        autoptr(TestSession) s = session_of(
                "a = Const int32 [2] { 1, 2 }\n"
                "b = Const string [] { \"x\" }\n"
                "v = CompositeTensorVariantFromComponents(a, b) metadata: \"\" Tcomponents: "
                "[int32, "
                "string]\n"
                "y = CompositeTensorVariantToComponents(v) metadata: \"\" Tcomponents: [int32, "
                "string]\n"
                "few = CompositeTensorVariantToComponents(v) metadata: \"\" Tcomponents: [int32]\n"
                "typed = CompositeTensorVariantToComponents(v) metadata: \"\" Tcomponents: "
                "[int32, "
                "int32]\n");
        EXPECT(s, "y:0", I32((2), 1, 2));
        EXPECT(s, "y:1", STR((), "x"));
        EXPECT_ERROR(s, "few:0", SR_INVALID_ARGUMENT,
                     "Encoded value has 2 tensor components; expected 1 components based on "
                     "type_spec");
        EXPECT_ERROR(s, "typed:0", SR_INVALID_ARGUMENT,
                     "Tensor component 1 had dtype DT_STRING; expected dtype DT_INT32");
}

Test(tensor_map, a_batch_of_lists_grows)
{
        autoptr(TestSession) s =
                session_of("any = Const int32 [] { -1 }\n"
                           "m = Const float [2, 2] { 1, 2, 3, 4 }\n"
                           "one = Const float [1, 2] { 1, 2 }\n"
                           "e = EmptyTensorList(any, any) element_dtype: float\n"
                           "es = Pack(e, e) T: variant N: 2\n"
                           "y = TensorListPushBackBatch(es, m) element_dtype: float\n"
                           "y2 = TensorListPushBackBatch(y, m) element_dtype: float\n"
                           "l = Unpack(y2) T: variant num: 2\n"
                           "st = TensorListStack(l:1, any) element_dtype: float\n"
                           "n = TensorListLength(e, ^y2)\n"
                           "bad = TensorListPushBackBatch(es, one) element_dtype: float\n"
                           "i = Const int32 [2] { 1, 2 }\n"
                           "typed = TensorListPushBackBatch(es, i) element_dtype: int32\n");
        EXPECT(s, "st:0", F32((2, 2), 3, 4, 3, 4));
        EXPECT(s, "n:0", I32((), 0));
        EXPECT_ERROR(s, "bad:0", SR_INVALID_ARGUMENT, "");
        EXPECT_ERROR(s, "typed:0", SR_INVALID_ARGUMENT,
                     "Invalid data type at index 0; op elements int32 but list "
                     "elements float");
}
