// SPDX-License-Identifier: Apache-2.0
/* Control flow of TensorFlow 1.x, tensor arrays and stacks in loops; assertions. */
#include "tests/lib/session_case.h"

#include <stdio.h>

static const OpCase logging[] = {
        { "accepts what holds", "Assert", .in = { BOOL((), true), F32((1), 1) } },
        { "quotes what does not", "Assert",
          .in = { BOOL((), false), STR((), "x"), I32((2, 2), 1, 2, 3, 4) },
          .fails = SR_INVALID_ARGUMENT, .message = "assertion failed: [x] [[1 2][3...]...]" },
        { "quotes as much as asked for", "Assert", "summarize: -1",
          .in = { BOOL((), false), F32((4), 1, 0.5f, 0.1f, 1e10f) }, .fails = SR_INVALID_ARGUMENT,
          .message = "assertion failed: [1 0.5 0.1 1e+10]" },
        { "wants a scalar", "Assert", .in = { BOOL((1), true), F32((1), 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "In[0] should be a scalar: [1]" },
        { "prints and passes on", "Print", "message: \"\", summarize: 0, first_n: 0",
          .in = { F32((1), 1), I32((1), 2) }, .out = { F32((1), 1) } },
        { "refuses to print to an unknown stream", "PrintV2", "output_stream: \"tty\"",
          .in = { STR((), "x") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Unknown output stream: tty" },
        { "tells the time", "Timestamp", .out = { ANY(DOUBLE) }, .random = true },
        { "never ends the process", "Abort", "error_msg: \"boom\"", .fails = SR_ABORTED,
          .message = "boom" },
        { "passes a condition on", "LoopCond", .in = { BOOL((), true) },
          .out = { BOOL((), true) } },
};
OP_CASES(control_flow, logging)

Test(control_flow, a_condition_takes_one_side)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text("p = Const bool [] { true }\n"
                                    "x = Const float [] { 3 }\n"
                                    "s = Switch(x, p)\n"
                                    "f = Neg(s:0)\n"
                                    "t = Square(s:1)\n"
                                    "m = Merge(f, t)\n",
                                    &s));
        autoptr(Tensor) value = fetch(s, "m:0");
        autoptr(Tensor) index = fetch(s, "m:1");
        expect_tensor(value, F32((), 9));
        expect_tensor(index, I32((), 1));
}

/* One way of three; a number that names none means the last. */
static int32_t way_of(const char *number)
{
        autoptr(TestSession) s = NULL;
        char text[256];
        snprintf(text, sizeof text,
                 "i = Const int32 [] { %s }\nx = Const float [] { 3 }\n"
                 "s = _SwitchN(x, i) num_outs: 3\nm = Merge(s:0, s:1, s:2)\n",
                 number);
        expect_ok(test_session_text(text, &s));
        autoptr(Tensor) way = fetch(s, "m:1");
        return *(const int32_t *)tensor_data(way);
}

Test(control_flow, a_case_takes_one_way_and_what_names_none_the_last)
{
        cr_assert_eq(way_of("0"), 0);
        cr_assert_eq(way_of("1"), 1);
        cr_assert_eq(way_of("2"), 2);
        cr_assert_eq(way_of("3"), 2);
        cr_assert_eq(way_of("-1"), 2);
}

/* i = 0; while (i < 4) write i * i at i; then what is asked for. */
#define LOOP                                                         \
        "zero = Const int32 [] { 0 }\n"                              \
        "four = Const int32 [] { 4 }\n"                              \
        "ta = TensorArrayV3(four) dtype: int32\n"                    \
        "ei = Enter(zero) frame_name: \"loop\"\n"                    \
        "ef = Enter(ta:1) frame_name: \"loop\"\n"                    \
        "eh = Enter(ta:0) frame_name: \"loop\", is_constant: true\n" \
        "en = Enter(four) frame_name: \"loop\", is_constant: true\n" \
        "mi = Merge(ei, ni) T: int32, N: 2\n"                        \
        "mf = Merge(ef, nf) T: float, N: 2\n"                        \
        "less = Less(mi, en)\n"                                      \
        "cond = LoopCond(less)\n"                                    \
        "si = Switch(mi, cond)\n"                                    \
        "sf = Switch(mf, cond)\n"                                    \
        "one = Const(^si) dtype: int32, value: int32 [] { 1 }\n"     \
        "sq = Mul(si:1, si:1)\n"                                     \
        "w = TensorArrayWriteV3(eh, si:1, sq, sf:1)\n"               \
        "add = Add(si:1, one)\n"                                     \
        "ni = NextIteration(add)\n"                                  \
        "nf = NextIteration(w)\n"                                    \
        "xi = Exit(si:0)\n"                                          \
        "xf = Exit(sf:0)\n"

Test(control_flow, a_loop_writes_a_tensor_array)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(LOOP "all = Const int32 [4] { 0, 1, 2, 3 }\n"
                                         "g = TensorArrayGatherV3(ta:0, all, xf) dtype: int32\n"
                                         "n = TensorArraySizeV3(ta:0, xf)\n",
                                    &s));
        autoptr(Tensor) g = fetch(s, "g:0");
        autoptr(Tensor) n = fetch(s, "n:0");
        autoptr(Tensor) i = fetch(s, "xi:0");
        expect_tensor(g, I32((4), 0, 1, 4, 9));
        expect_tensor(n, I32((), 4));
        expect_tensor(i, I32((), 4));
}

#define ARRAY                            \
        "size = Const int32 [] { 2 }\n"  \
        "i0 = Const int32 [] { 0 }\n"    \
        "i1 = Const int32 [] { 1 }\n"    \
        "x = Const float [2] { 1, 2 }\n" \
        "y = Const float [1] { 3 }\n"

Test(control_flow, an_element_is_read_once)
{
        autoptr(TestSession) s = NULL;
        autoptr(Tensor) t = NULL;
        expect_ok(test_session_text(
                ARRAY "ta = TensorArrayV3(size) dtype: float, tensor_array_name: \"a\"\n"
                      "w = TensorArrayWriteV3(ta:0, i0, x, ta:1)\n"
                      "r = TensorArrayReadV3(ta:0, i0, w) dtype: float\n"
                      "again = TensorArrayReadV3(ta:0, i0, w, ^r) dtype: float\n"
                      "beyond = TensorArrayReadV3(ta:0, size, w) dtype: float\n"
                      "unwritten = TensorArrayReadV3(ta:0, i1, w) dtype: float\n"
                      "typed = TensorArrayReadV3(ta:0, i0, w) dtype: int32\n"
                      "twice = TensorArrayWriteV3(ta:0, i0, x, w)\n",
                &s));
        t = fetch(s, "r:0");
        expect_tensor(t, F32((2), 1, 2));
        expect_error(test_session_target(s, "again"), SR_INVALID_ARGUMENT,
                     "twice because it was cleared after a previous read");
        expect_error(test_session_target(s, "beyond"), SR_INVALID_ARGUMENT,
                     "Tried to read from index 2 but array size is: 2");
        expect_error(test_session_target(s, "unwritten"), SR_INVALID_ARGUMENT,
                     "Could not read from TensorArray index 1");
        expect_error(test_session_target(s, "typed"), SR_INVALID_ARGUMENT,
                     "TensorArray dtype is float but Op requested dtype int32.");
        expect_error(test_session_target(s, "twice"), SR_INVALID_ARGUMENT,
                     "because it has already been written to.");
}

Test(control_flow, arrays_are_split_and_concatenated)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(ARRAY "ta = TensorArrayV3(size) dtype: float\n"
                                          "v = Const float [3] { 1, 2, 3 }\n"
                                          "lens = Const int64 [2] { 2, 1 }\n"
                                          "bad = Const int64 [2] { 2, 2 }\n"
                                          "sp = TensorArraySplitV3(ta:0, v, lens, ta:1)\n"
                                          "wrong = TensorArraySplitV3(ta:0, v, bad, ta:1)\n"
                                          "c = TensorArrayConcatV3(ta:0, sp) dtype: float\n",
                                    &s));
        autoptr(Tensor) value = NULL;
        const char *names[] = { "c:0", "c:1" };
        Tensor *out[2] = { NULL, NULL };
        expect_ok(test_session_run(s, &(RunRequest){ .fetches = names, .n_fetches = 2 }, out));
        expect_tensor(out[0], F32((3), 1, 2, 3));
        expect_tensor(out[1], I64((2), 2, 1));
        tensor_unref(out[0]);
        tensor_unref(out[1]);
        expect_error(test_session_target(s, "wrong"), SR_INVALID_ARGUMENT,
                     "Expected sum of lengths to be equal to values.shape[0]");
}

Test(control_flow, gradients_of_an_element_add_up)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(ARRAY "ta = TensorArrayV3(size) dtype: float\n"
                                          "w = TensorArrayWriteV3(ta:0, i0, x, ta:1)\n"
                                          "g = TensorArrayGradV3(ta:0, w) source: \"gradients\"\n"
                                          "g2 = TensorArrayGradV3(ta:0, w) source: \"gradients\"\n"
                                          "w1 = TensorArrayWriteV3(g:0, i0, x, g:1)\n"
                                          "w2 = TensorArrayWriteV3(g2:0, i0, x, w1)\n"
                                          "r = TensorArrayReadV3(g:0, i0, w2) dtype: float\n"
                                          "zeros = TensorArrayReadV3(g:0, i0, g:1) dtype: float\n"
                                          "odd = TensorArrayWriteV3(g:0, i0, y, g:1)\n",
                                    &s));
        autoptr(Tensor) sum = fetch(s, "r:0");
        autoptr(Tensor) zeros = fetch(s, "zeros:0");
        expect_tensor(sum, F32((2), 2, 4));
        expect_tensor(zeros, F32((2), 0, 0));
        expect_error(test_session_target(s, "odd"), SR_INVALID_ARGUMENT,
                     "because the existing shape is [2] but the new input shape is [1].");
}

Test(control_flow, an_array_grows_only_when_it_may)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(ARRAY "a = TensorArrayV3(i0) dtype: float\n"
                                          "b = TensorArrayV3(i0) dtype: float, dynamic_size: true\n"
                                          "wa = TensorArrayWriteV3(a:0, i0, x, a:1)\n"
                                          "wb = TensorArrayWriteV3(b:0, i1, x, b:1)\n"
                                          "n = TensorArraySizeV3(b:0, wb)\n"
                                          "cl = TensorArrayCloseV3(b:0, ^wb)\n"
                                          "late = TensorArraySizeV3(b:0, b:1, ^cl)\n"
                                          "minus = Const int32 [] { -1 }\n"
                                          "neg = TensorArrayV3(minus) dtype: float\n"
                                          "huge = Const int32 [] { 2147483647 }\n"
                                          "far = TensorArrayV3(huge) dtype: float\n"
                                          "jump = TensorArrayWriteV3(b:0, huge, x, b:1)\n",
                                    &s));
        autoptr(Tensor) n = fetch(s, "n:0");
        expect_tensor(n, I32((), 2));
        expect_error(test_session_target(s, "wa"), SR_INVALID_ARGUMENT,
                     "Tried to write to index 0 but array is not resizeable and size is: 0");
        expect_error(test_session_target(s, "late"), SR_INVALID_ARGUMENT,
                     "has already been closed.");
        expect_error(test_session_target(s, "neg"), SR_INVALID_ARGUMENT, "Size should be >= 0.");
        expect_error(test_session_target(s, "far"), SR_RESOURCE_EXHAUSTED, "more than the");
        expect_error(test_session_target(s, "jump"), SR_RESOURCE_EXHAUSTED, "more than the");
}

Test(control_flow, older_arrays_go_by_name)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(ARRAY "flow = Const float [] { 0 }\n"
                                          "ta = TensorArrayV2(size) dtype: float\n"
                                          "w = TensorArrayWriteV2(ta, i0, x, flow)\n"
                                          "r = TensorArrayReadV2(ta, i0, w) dtype: float\n"
                                          "old = TensorArray(size) dtype: float\n"
                                          "ow = TensorArrayWrite(old, i1, x, flow)\n"
                                          "or = TensorArrayRead(old, i1, ow) dtype: float\n",
                                    &s));
        autoptr(Tensor) v2 = fetch(s, "r:0");
        autoptr(Tensor) v1 = fetch(s, "or:0");
        expect_tensor(v2, F32((2), 1, 2));
        expect_tensor(v1, F32((2), 1, 2));
}

Test(control_flow, a_stack_gives_back_the_last_first)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(ARRAY "st = StackV2(size) elem_type: float\n"
                                          "p = StackPushV2(st, x)\n"
                                          "q = StackPushV2(st, y, ^p)\n"
                                          "o = StackPopV2(st, ^q) elem_type: float\n"
                                          "o2 = StackPopV2(st, ^o) elem_type: float\n"
                                          "empty = StackPopV2(st) elem_type: float\n"
                                          "over = StackPushV2(st, x, ^q)\n"
                                          "cl = StackCloseV2(st, ^p)\n"
                                          "late = StackPushV2(st, x, ^cl)\n",
                                    &s));
        autoptr(Tensor) last = fetch(s, "o:0");
        autoptr(Tensor) first = fetch(s, "o2:0");
        expect_tensor(last, F32((1), 3));
        expect_tensor(first, F32((2), 1, 2));
        expect_error(test_session_target(s, "empty"), SR_INVALID_ARGUMENT,
                     "is empty when calling Pop().");
        expect_error(test_session_target(s, "over"), SR_INVALID_ARGUMENT,
                     "overflowed its max_size (2)");
        expect_error(test_session_target(s, "late"), SR_INVALID_ARGUMENT,
                     "has already been closed.");
}
