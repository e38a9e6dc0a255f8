// SPDX-License-Identifier: Apache-2.0
/* Variables, behind ref edges and resource handles. In a row a variable's value stands for the
 * variable; what it holds afterwards follows the outputs. */
#include "tests/lib/session_case.h"

static const OpCase updates[] = {
        { "scatters rows", "ScatterUpdate",
          .in = { F32((2, 2), 1, 2, 3, 4), I32((1), 1), F32((1, 2), 8, 9) },
          .out = { F32((2, 2), 1, 2, 8, 9) }, .sweep = true },
        { "scatters a scalar", "ScatterUpdate", .in = { F32((2), 1, 2), I64((), 0), F32((), 9) },
          .out = { F32((2), 9, 2) } },
        { "adds rows twice", "ScatterAdd",
          .in = { F32((2), 1, 2), I32((2), 0, 0), F32((2), 10, 20) }, .out = { F32((2), 31, 2) },
          .sweep = true },
        { "subtracts rows", "ScatterSub", .in = { F32((2), 9, 2), I32((1), 0), F32((1), 1) },
          .out = { F32((2), 8, 2) } },
        { "multiplies rows", "ScatterMul", .in = { F32((2), 9, 2), I32((1), 0), F32((1), 2) },
          .out = { F32((2), 18, 2) } },
        { "divides rows", "ScatterDiv", .in = { F32((2), 9, 2), I32((1), 0), F32((1), 3) },
          .out = { F32((2), 3, 2) } },
        { "refuses to divide integers by zero", "ScatterDiv",
          .in = { I32((1), 9), I32((1), 0), I32((1), 0) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Integer division by zero" },
        { "survives the smallest integer", "ScatterDiv",
          .in = { I32((1), INT32_MIN), I32((1), 0), I32((1), -1) },
          .out = { I32((1), INT32_MIN) } },
        { "keeps smaller rows", "ScatterMin", .in = { F32((2), 9, 2), I32((2), 0, 1), F32((), 5) },
          .out = { F32((2), 5, 2) } },
        { "keeps larger rows", "ScatterMax", .in = { F32((2), 9, 2), I32((2), 0, 1), F32((), 5) },
          .out = { F32((2), 9, 5) } },
        { "refuses a row beyond", "ScatterAdd", .in = { F32((2)), I32((1), 2), F32((1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "indices[0] = 2 is not in [0, 2)" },
        { "refuses updates of another shape", "ScatterAdd",
          .in = { F32((2)), I32((1), 0), F32((2)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Must have updates.shape = indices.shape + params.shape[1:] or "
                     "updates.shape = [], got updates.shape [2]" },
        { "scatters by vectors", "ScatterNdUpdate",
          .in = { F32((2, 2), 1, 2, 3, 4), I32((1, 2), 1, 0), F32((1), 9) },
          .out = { F32((2, 2), 1, 2, 9, 4) } },
        { "adds by vectors", "ScatterNdAdd",
          .in = { F32((2), 1, 2), I32((2, 1), 0, 0), F32((2), 10, 20) },
          .out = { F32((2), 31, 2) } },
        { "subtracts by vectors", "ScatterNdSub",
          .in = { F32((2), 1, 2), I32((1, 1), 1), F32((1), 10) }, .out = { F32((2), 1, -8) } },
        { "scatters rows of a resource", "ResourceScatterUpdate",
          .in = { F32((2), 1, 2), I32((1), 1), F32((1), 9) }, .out = { F32((2), 1, 9) } },
        { "adds rows of a resource", "ResourceScatterAdd",
          .in = { F32((2), 1, 2), I64((1), 1), F32((1), 9) }, .out = { F32((2), 1, 11) } },
        { "keeps the larger of a resource", "ResourceScatterMax",
          .in = { F32((2), 1, 2), I32((1), 1), F32((), 9) }, .out = { F32((2), 1, 9) } },
        { "scatters by vectors on a resource", "ResourceScatterNdAdd",
          .in = { F32((2), 1, 2), I32((1, 1), 1), F32((1), 9) }, .out = { F32((2), 1, 11) } },
        { "refuses a resource's row beyond", "ResourceScatterSub",
          .in = { F32((2)), I32((1), -1), F32((1)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "indices[0] = -1 is not in [0, 2)" },
        { "adds", "AssignAdd", .in = { F32((2), 1, 2), F32((2), 10, 20) },
          .out = { F32((2), 11, 22) }, .sweep = true },
        { "subtracts", "AssignSub", .in = { F32((2), 1, 2), F32((2), 10, 20) },
          .out = { F32((2), -9, -18) } },
        { "refuses to add another shape", "AssignAdd", .in = { F32((2)), F32((3)) },
          .fails = SR_INVALID_ARGUMENT },
        { "adds to a resource", "AssignAddVariableOp", .in = { F32((2), 1, 2), F32((2), 10, 20) },
          .out = { F32((2), 11, 22) } },
        { "subtracts from a resource", "AssignSubVariableOp",
          .in = { F32((2), 1, 2), F32((2), 10, 20) }, .out = { F32((2), -9, -18) } },
        { "refuses to add another shape to a resource", "AssignAddVariableOp",
          .in = { F32((2)), F32((1)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Cannot update variable with shape [2] using a Tensor with shape [1], shapes "
                     "must be equal." },
        { "reads", "ReadVariableOp", "dtype: float", .in = { F32((2), 1, 2) },
          .out = { F32((2), 1, 2) } },
        { "gives the shape", "VariableShape", .in = { F32((2, 3)) }, .out = { I32((2), 2, 3) } },
        { "says that it is there", "VarIsInitializedOp", .in = { F32((1)) },
          .out = { BOOL((), true) } },
        { "gathers", "ResourceGather", "dtype: float", .in = { F32((2), 1, 2), I32((2), 1, 0) },
          .out = { F32((2), 2, 1) } },
        { "refuses to gather beyond", "ResourceGather", "dtype: float",
          .in = { F32((2), 1, 2), I32((1), 2) }, .fails = SR_INVALID_ARGUMENT,
          .message = "indices[0] = 2 is not in [0, 2)" },
        { "gathers by vectors", "ResourceGatherNd", "dtype: float",
          .in = { F32((2), 1, 2), I32((1, 1), 1) }, .out = { F32((1), 2) } },
        { "counts", "CountUpTo", "limit: 3", .in = { I32((), 2) }, .out = { I32((), 2) } },
        { "counts no further", "CountUpTo", "limit: 3", .in = { I32((), 3) },
          .fails = SR_OUT_OF_RANGE, .message = "Reached limit of 3" },
        { "counts a resource", "ResourceCountUpTo", "limit: 3, T: int64", .in = { I64((), 2) },
          .out = { I64((), 2) } },
        { "assigns to a slice", "StridedSliceAssign",
          .in = { F32((3), 1, 2, 3), I32((1), 1), I32((1), 3), I32((1), 1), F32((2), 8, 9) },
          .out = { F32((3), 1, 8, 9) } },
        { "assigns to a resource's slice", "ResourceStridedSliceAssign", "begin_mask: 1",
          .in = { F32((3), 1, 2, 3), I32((1)), I32((1), 3), I32((1), 2), F32((2), 8, 9) },
          .out = { F32((3), 8, 2, 9) } },
        { "refuses a value that does not fit the slice", "StridedSliceAssign",
          .in = { F32((3)), I32((1), 1), I32((1), 3), I32((1), 1), F32((3)) },
          .fails = SR_INVALID_ARGUMENT },
};
OP_CASES(state, updates)

static const char *const ref_graph = "v = VariableV2 dtype: float, shape: [2]\n"
                                     "x = Const float [2] { 1, 2 }\n"
                                     "y = Const float [3] { 1, 2, 3 }\n"
                                     "i = Assign(v, x)\n"
                                     "wrong = Assign(v, y)\n"
                                     "other = Assign(v, y) validate_shape: false\n"
                                     "more = AssignAdd(v, x)\n"
                                     "there = IsVariableInitialized(v)\n"
                                     "r = Identity(v)\n";

Test(state, a_ref_variable_starts_without_a_value)
{
        autoptr(TestSession) s = NULL;
        autoptr(Tensor) t = NULL;
        expect_ok(test_session_text(ref_graph, &s));
        expect_error(test_session_fetch(s, "r:0", &t), SR_FAILED_PRECONDITION,
                     "Attempting to use uninitialized value v");
        expect_error(test_session_target(s, "more"), SR_FAILED_PRECONDITION,
                     "Attempting to use uninitialized value v");
        t = fetch(s, "there:0");
        expect_tensor(t, BOOL((), false));
}

Test(state, a_ref_variable_keeps_its_value_between_steps)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(ref_graph, &s));
        expect_ok(test_session_target(s, "i"));
        autoptr(Tensor) before = fetch(s, "r:0");
        expect_ok(test_session_target(s, "more"));
        autoptr(Tensor) after = fetch(s, "v:0");
        expect_tensor(before, F32((2), 1, 2));
        expect_tensor(after, F32((2), 2, 4));
}

Test(state, assigning_another_shape_needs_permission)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text(ref_graph, &s));
        expect_error(test_session_target(s, "wrong"), SR_INVALID_ARGUMENT, "");
        expect_ok(test_session_target(s, "other"));
        autoptr(Tensor) t = fetch(s, "v:0");
        expect_tensor(t, F32((3), 1, 2, 3));
}

static const char *const resource_graph =
        "v = VarHandleOp dtype: float, shape: [2], shared_name: \"shared\"\n"
        "x = Const float [2] { 1, 2 }\n"
        "i = AssignVariableOp(v, x)\n"
        "more = AssignAddVariableOp(v, x)\n"
        "there = VarIsInitializedOp(v)\n"
        "gone = DestroyResourceOp(v)\n"
        "r = ReadVariableOp(v) dtype: float\n"
        "typed = ReadVariableOp(v) dtype: int32\n";

Test(state, a_resource_variable_starts_without_a_value)
{
        autoptr(TestSession) s = NULL;
        autoptr(Tensor) t = NULL;
        expect_ok(test_session_text(resource_graph, &s));
        expect_error(test_session_fetch(s, "r:0", &t), SR_FAILED_PRECONDITION,
                     "Error while reading resource variable shared from Container: localhost. This "
                     "could mean that the variable was uninitialized. Not found: Container "
                     "localhost does not exist. (Could not find resource: localhost/shared)");
        expect_error(test_session_target(s, "more"), SR_NOT_FOUND, "does not exist.");
        t = fetch(s, "there:0");
        expect_tensor(t, BOOL((), false));
}

Test(state, a_resource_variable_keeps_its_value_until_it_is_destroyed)
{
        autoptr(TestSession) s = NULL;
        autoptr(Tensor) t = NULL;
        expect_ok(test_session_text(resource_graph, &s));
        expect_ok(test_session_target(s, "i"));
        autoptr(Tensor) before = fetch(s, "r:0");
        expect_ok(test_session_target(s, "more"));
        autoptr(Tensor) after = fetch(s, "r:0");
        expect_tensor(before, F32((2), 1, 2));
        expect_tensor(after, F32((2), 2, 4));
        expect_error(test_session_fetch(s, "typed:0", &t), SR_INVALID_ARGUMENT,
                     "Trying to read variable with wrong dtype. Expected int32 got float");
        expect_ok(test_session_target(s, "gone"));
        expect_error(test_session_fetch(s, "r:0", &t), SR_FAILED_PRECONDITION, "uninitialized");
}

Test(state, a_temporary_variable_lives_for_a_step)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text("t = TemporaryVariable dtype: float, shape: [2], var_name: "
                                    "\"tmp\"\n"
                                    "x = Const float [2] { 1, 2 }\n"
                                    "a = AssignAdd(t, x)\n"
                                    "d = DestroyTemporaryVariable(a) var_name: \"tmp\"\n",
                                    &s));
        for (int i = 0; i < 2; i++) {
                autoptr(Tensor) t = fetch(s, "d:0");
                expect_tensor(t, F32((2), 1, 2));
        }
}
