// SPDX-License-Identifier: Apache-2.0
/* Ops that call functions of the library: by rows, by batches, by device. The functions are those
 * of tests/data/functions.pbtxt. */
#include "tests/engine/session_fixture.h"
#include "tests/lib/op_case.h"

static void setup(void)
{
        session_setup();
        grow_file("tests/data/functions.pbtxt");
}

TestSuite(function_ops, .init = setup, .fini = session_teardown, .timeout = 60);

#define EXPECT(name, ...)                               \
        do {                                            \
                expect_ok(finish(start(name, "", ""))); \
                expect_tensor(got[0], __VA_ARGS__);     \
        } while (0)

#define MAP "Targuments: [float], Tcaptured: [], f: add_one, output_types: [float], "

Test(function_ops, map_defun_calls_a_function_for_each_row)
{
        grow_ok("m = Const float [3, 2] { 1, 2, 3, 4, 5, 6 }\n"
                "none = Const float [0, 2]\n"
                "s = Const float [] { 1 }\n"
                "rows = MapDefun(m) " MAP "output_shapes: [[2]]\n"
                "open = MapDefun(m) " MAP "output_shapes: [?]\n"
                "empty = MapDefun(none) " MAP "output_shapes: [[?]]\n"
                "wrong = MapDefun(m) " MAP "output_shapes: [[3]]\n"
                "bad = MapDefun(s) " MAP "output_shapes: [[]]\n");
        EXPECT("rows:0", F32((3, 2), 2, 3, 4, 5, 6, 7));
        EXPECT("open:0", F32((3, 2), 2, 3, 4, 5, 6, 7));
        EXPECT("empty:0", F32((0, 0)));
        run_fails("wrong:0", "", SR_INVALID_ARGUMENT,
                  "Mismatch in function retval shape, [2], and expected output shape, [3].");
        run_fails("bad:0", "", SR_INVALID_ARGUMENT,
                  "All inputs must have rank at least 1. Input 0 has a rank of 0.");
}

Test(function_ops, map_defun_ends_when_its_step_is_cancelled)
{
        grow_ok("m = Const float [3] { 1, 2, 3 }\n"
                "y = MapDefun(m) Targuments: [float], Tcaptured: [], output_types: [float], "
                "output_shapes: [[]], f: waits\n");
        autoptr(Cancel) token = NULL;
        expect_ok(cancel_new(&token));
        Call *c = start_with("y:0", "", "", NULL, token);
        wait_until(1);
        cancel_fire(token, cancelled("enough"));
        expect_error(finish(c), SR_CANCELLED, "");
}

#define BATCH                                                                          \
        "num_batch_threads: 1, batch_timeout_micros: 0, Tin: [float], Tcaptured: [], " \
        "Tout: [float], f: add_one, "

Test(function_ops, batch_function_calls_a_function_on_allowed_sizes)
{
        grow_ok("m = Const float [5, 1] { 1, 2, 3, 4, 5 }\n"
                "none = Const float [0, 1]\n"
                "whole = BatchFunction(m) " BATCH "max_batch_size: 5\n"
                "padded = BatchFunction(m) " BATCH
                "max_batch_size: 8, allowed_batch_sizes: [4, 8]\n"
                "split = BatchFunction(m) " BATCH
                "max_batch_size: 4, allowed_batch_sizes: [2], enable_large_batch_splitting: true\n"
                "empty = BatchFunction(none) " BATCH "max_batch_size: 4, allowed_batch_sizes: [4]\n"
                "large = BatchFunction(m) " BATCH "max_batch_size: 4\n"
                "falls = BatchFunction(m) " BATCH "max_batch_size: 4, allowed_batch_sizes: [4, 4]\n"
                "misses = BatchFunction(m) " BATCH "max_batch_size: 4, allowed_batch_sizes: [2]\n");
        EXPECT("whole:0", F32((5, 1), 2, 3, 4, 5, 6));
        EXPECT("padded:0", F32((5, 1), 2, 3, 4, 5, 6));
        EXPECT("split:0", F32((5, 1), 2, 3, 4, 5, 6));
        EXPECT("empty:0", F32((0, 1)));
        run_fails("large:0", "", SR_INVALID_ARGUMENT,
                  "Task size 5 is larger than maximum input batch size 4");
        run_fails("falls:0", "", SR_INVALID_ARGUMENT,
                  "allowed_batch_sizes entries must be monotonically increasing");
        run_fails("misses:0", "", SR_INVALID_ARGUMENT,
                  "final entry in allowed_batch_sizes must equal max_batch_size");
}

Test(function_ops, a_batch_finds_its_way_back)
{
        grow_ok("m = Const float [2, 1] { 1, 2 }\n"
                "none = Const float [0, 1]\n"
                "other = Const int64 [] { 1152921504606846975 }\n"
                "b = Batch(m) num_batch_threads: 1, max_batch_size: 4, batch_timeout_micros: 0, "
                "grad_timeout_micros: 0\n"
                "y = AddV2(b:0, b:0)\n"
                "back = Unbatch(y, b:1, b:2) timeout_micros: 0\n"
                "strange = Unbatch(y, b:1, other) timeout_micros: 0\n"
                "grad = UnbatchGrad(b:0, b:1, back, b:2)\n"
                "nothing = UnbatchGrad(none, b:1, back, b:2)\n");
        EXPECT("back:0", F32((2, 1), 2, 4));
        EXPECT("grad:0", F32((2, 1), 2, 4));
        EXPECT("nothing:0", F32((0, 1)));
        run_fails("strange:0", "", SR_INVALID_ARGUMENT, "batch_index has no row for id");
}

#define REMOTE "Tin: [float], Tout: [float], f: add_one\n"

Test(function_ops, a_remote_call_stays_here)
{
        grow_ok("here = Const string [] { \"/job:localhost/replica:0/task:0/device:CPU:0\" }\n"
                "old = Const string [] { \"/cpu:0\" }\n"
                "there = Const string [] { \"/job:localhost/replica:0/task:0/device:GPU:0\" }\n"
                "uno = Const float [] { 1 }\n"
                "y = RemoteCall(here, uno) " REMOTE "z = RemoteCall(old, uno) " REMOTE
                "w = RemoteCall(there, uno) " REMOTE);
        EXPECT("y:0", F32((), 2));
        EXPECT("z:0", F32((), 2));
        run_fails("w:0", "", SR_INVALID_ARGUMENT, "RemoteCall target");
}

static const OpCase functional[] = {
        { "a value that nobody reads", "FakeParam", "dtype: float, shape: [2, ?]",
          .out = { F32((2, 0)) } },
        { "a scalar when nothing is known", "FakeParam", "dtype: int32, shape: ?",
          .out = { I32((), 0) } },
        { "the device among others", "DeviceIndex", "device_names: [\"GPU\", \"CPU\"]",
          .out = { I32((), 1) } },
        { "the device among none", "DeviceIndex", "device_names: [\"GPU\"]",
          .out = { I32((), 1) } },
        { "a number holds when it is not zero", "ToBool", .in = { F32((), -0.5f) },
          .out = { BOOL((), true) }, .sweep = false },
        { "zero does not", "ToBool", .in = { I64((), 0) }, .out = { BOOL((), false) } },
        { "a text holds when it is not empty", "ToBool", .in = { STR((), "") },
          .out = { BOOL((), false) } },
        { "a list holds when it is not empty", "ToBool", .in = { F32((1), 0) },
          .out = { BOOL((), true) } },
        { "refuses what is neither", "ToBool", .in = { C64((), 1) }, .fails = SR_INVALID_ARGUMENT,
          .message = "complex64 cannot be converted to a boolean" },
};
OP_CASES(functional, functional)
