// SPDX-License-Identifier: Apache-2.0
/* Lists of tensors, as values. */
#include "tests/lib/session_case.h"

#define CONSTANTS                        \
        "any = Const int32 [] { -1 }\n"  \
        "two = Const int32 [] { 2 }\n"   \
        "i0 = Const int32 [] { 0 }\n"    \
        "i1 = Const int32 [] { 1 }\n"    \
        "x = Const float [2] { 1, 2 }\n" \
        "y = Const float [2] { 3, 4 }\n" \
        "m = Const float [2, 2] { 5, 6, 7, 8 }\n"

Test(tensor_list, a_list_grows_and_shrinks_at_its_end)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(CONSTANTS
                                    "e = EmptyTensorList(any, any) element_dtype: float\n"
                                    "a = TensorListPushBack(e, x) element_dtype: float\n"
                                    "b = TensorListPushBack(a, y) element_dtype: float\n"
                                    "n = TensorListLength(b)\n"
                                    "p = TensorListPopBack(b, any) element_dtype: float\n"
                                    "q = TensorListPopBack(p:0, any) element_dtype: float\n"
                                    "r = TensorListPopBack(q:0, any) element_dtype: float\n"
                                    "st = TensorListStack(b, any) element_dtype: float\n"
                                    "typed = TensorListPushBack(a, i0) element_dtype: int32\n",
                                    &s));
        autoptr(Tensor) n = fetch(s, "n:0");
        autoptr(Tensor) last = fetch(s, "p:1");
        autoptr(Tensor) first = fetch(s, "q:1");
        autoptr(Tensor) all = fetch(s, "st:0");
        expect_tensor(n, I32((), 2));
        expect_tensor(last, F32((2), 3, 4));
        expect_tensor(first, F32((2), 1, 2));
        expect_tensor(all, F32((2, 2), 1, 2, 3, 4));
        expect_error(test_session_target(s, "r"), SR_INVALID_ARGUMENT,
                     "Trying to pop from an empty list.");
        expect_error(test_session_target(s, "typed"), SR_INVALID_ARGUMENT,
                     "Invalid data types; op elements int32 but list elements float");
}

Test(tensor_list, changing_a_list_leaves_the_old_one)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(
                CONSTANTS "l = TensorListFromTensor(m, any) element_dtype: float\n"
                          "c = TensorListSetItem(l, i0, x) element_dtype: float\n"
                          "old = TensorListGetItem(l, i0, any, ^c) element_dtype: float\n"
                          "new = TensorListGetItem(c, i0, any) element_dtype: float\n"
                          "beyond = TensorListGetItem(c, two, any) element_dtype: float\n",
                &s));
        autoptr(Tensor) old = fetch(s, "old:0");
        autoptr(Tensor) new = fetch(s, "new:0");
        expect_tensor(old, F32((2), 5, 6));
        expect_tensor(new, F32((2), 1, 2));
        expect_error(test_session_target(s, "beyond"), SR_INVALID_ARGUMENT,
                     "Trying to access element 2 in a list with 2 elements.");
}

Test(tensor_list, what_is_not_set_is_zero_when_its_shape_is_known)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(CONSTANTS
                                    "vec = Const int32 [1] { 2 }\n"
                                    "l = TensorListReserve(vec, two) element_dtype: float\n"
                                    "z = TensorListGetItem(l, i1, any) element_dtype: float\n"
                                    "c = TensorListSetItem(l, i1, x) element_dtype: float\n"
                                    "st = TensorListStack(c, any) element_dtype: float\n"
                                    "u = TensorListReserve(any, two) element_dtype: float\n"
                                    "open = TensorListGetItem(u, i1, any) element_dtype: float\n"
                                    "es = TensorListElementShape(l) shape_type: int32\n"
                                    "huge = Const int32 [] { 2147483647 }\n"
                                    "far = TensorListReserve(any, huge) element_dtype: float\n",
                                    &s));
        autoptr(Tensor) z = fetch(s, "z:0");
        autoptr(Tensor) all = fetch(s, "st:0");
        autoptr(Tensor) es = fetch(s, "es:0");
        expect_tensor(z, F32((2), 0, 0));
        expect_tensor(all, F32((2, 2), 0, 0, 1, 2));
        expect_tensor(es, I32((1), 2));
        expect_error(test_session_target(s, "open"), SR_INVALID_ARGUMENT,
                     "Trying to read an uninitialized tensor but element_shape is not fully "
                     "defined: <unknown> and no list element is set.");
        expect_error(test_session_target(s, "far"), SR_RESOURCE_EXHAUSTED, "more than the");
}

Test(tensor_list, lists_are_scattered_split_gathered_and_concatenated)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(CONSTANTS
                                    "at = Const int32 [2] { 2, 0 }\n"
                                    "sc = TensorListScatter(m, at, any) element_dtype: float\n"
                                    "g = TensorListGather(sc, at, any) element_dtype: float\n"
                                    "v = Const float [3] { 1, 2, 3 }\n"
                                    "lens = Const int64 [2] { 2, 1 }\n"
                                    "sp = TensorListSplit(v, any, lens) element_dtype: float\n"
                                    "c = TensorListConcat(sp) element_dtype: float\n"
                                    "bad = TensorListGather(sp, at, any) element_dtype: float\n",
                                    &s));
        autoptr(Tensor) g = fetch(s, "g:0");
        autoptr(Tensor) c = fetch(s, "c:0");
        autoptr(Tensor) n = fetch(s, "c:1");
        expect_tensor(g, F32((2, 2), 5, 6, 7, 8));
        expect_tensor(c, F32((3), 1, 2, 3));
        expect_tensor(n, I64((2), 2, 1));
        expect_error(test_session_target(s, "bad"), SR_INVALID_ARGUMENT,
                     "Index 2 out o range; list only has 2 elements.");
}

Test(tensor_list, lists_nest_only_so_deep)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(
                CONSTANTS "hundred = Const int32 [] { 100 }\n"
                          "e = EmptyTensorList(any, any) element_dtype: float\n"
                          "ei = Enter(i0) frame_name: \"loop\"\n"
                          "el = Enter(e) frame_name: \"loop\"\n"
                          "ea = Enter(any) frame_name: \"loop\", is_constant: true\n"
                          "e1 = Enter(i1) frame_name: \"loop\", is_constant: true\n"
                          "en = Enter(hundred) frame_name: \"loop\", is_constant: true\n"
                          "mi = Merge(ei, ni) T: int32, N: 2\n"
                          "ml = Merge(el, nl) T: variant, N: 2\n"
                          "less = Less(mi, en)\n"
                          "cond = LoopCond(less)\n"
                          "si = Switch(mi, cond)\n"
                          "sl = Switch(ml, cond)\n"
                          "add = Add(si:1, e1)\n"
                          "outer = EmptyTensorList(ea, ea) element_dtype: variant\n"
                          "push = TensorListPushBack(outer, sl:1) element_dtype: variant\n"
                          "ni = NextIteration(add)\n"
                          "nl = NextIteration(push)\n"
                          "xl = Exit(sl:0)\n"
                          "n = TensorListLength(xl)\n",
                &s));
        expect_error(test_session_target(s, "n"), SR_INVALID_ARGUMENT,
                     "Lists cannot be nested more than 64 deep");
}

Test(tensor_list, an_array_cannot_hold_itself)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(CONSTANTS "ta = TensorArrayV3(two) dtype: resource\n"
                                              "w = TensorArrayWriteV3(ta:0, i0, ta:0, ta:1)\n"
                                              "st = StackV2(two) elem_type: resource\n"
                                              "p = StackPushV2(st, st)\n"
                                              "v = VarHandleOp dtype: resource, shape: []\n",
                                    &s));
        expect_error(test_session_target(s, "w"), SR_INVALID_ARGUMENT, "cannot be kept in another");
        expect_error(test_session_target(s, "p"), SR_INVALID_ARGUMENT, "cannot be kept in another");
        expect_error(test_session_target(s, "v"), SR_INVALID_ARGUMENT,
                     "No OpKernel was registered to support Op 'VarHandleOp'");
}
