// SPDX-License-Identifier: Apache-2.0
/* Switches, loops and functions with tensors of no elements, and with conditions, ranges and
 * numbers of results that are none. */
#include "tests/lib/graph_case.h"

#define VALUES                                                                                  \
        "zero = Const int32 [] { 0 }\none = Const int32 [] { 1 }\ntwo = Const int32 [] { 2 }\n" \
        "vec = Const int32 [1] { 1 }\ns = Const float [] { 7 }\nh = Const half [] { 1 }\n"      \
        "none = Const float [0] {}\nx = Const float [2] { 1, 2 }\n"                             \
        "p = Const bool [] { true }\nps = Const bool [2] { true, false }\n"                     \
        "v = VariableV2 dtype: float, shape: [0]\nav = Assign(v, none)\n"
#define REFUSES(text) .fails = SR_INVALID_ARGUMENT, .message = text
#define NO_TRUTH      REFUSES("half cannot be converted to a boolean")
/* The condition k of a loop "f" that is true once. */
#define ONE_TURN                                                                  \
        "t = Const bool [] { true }\nu = Const bool [] { false }\n"               \
        "et = Enter(t) frame_name: \"f\"\neu = Enter(u) frame_name: \"f\", "      \
        "is_constant: true\nmt = Merge(et, nt) N: 2, T: bool\nk = LoopCond(mt)\n" \
        "wt = Switch(mt, k) T: bool\nlt = LogicalAnd(wt:1, eu)\n"                 \
        "nt = NextIteration(lt)\n"

static const GraphCase flow[] = {
        { "a switch passes nothing on",
          VALUES "w = Switch(none, p)\nm = Merge(w:0, w:1)\n",
          "m:0 m:1",
          { F32((0)), I32((), 1) } },
        { "a switch with many ways, too",
          VALUES "w = _SwitchN(none, one) num_outs: 3\nm = Merge(w:0, w:1, w:2)\n",
          "m:0 m:1",
          { F32((0)), I32((), 1) } },
        { "a loop passes nothing on",
          VALUES ONE_TURN "e = Enter(none) frame_name: \"f\"\nm = Merge(e, n) N: 2, T: float\n"
                          "w = Switch(m, k) T: float\nn = NextIteration(w:1) T: float\n"
                          "y = Exit(w:0) T: float\n",
          "y:0",
          { F32((0)) } },
        { "references to nothing are passed on",
          VALUES "w = RefSwitch(av, p)\nm = RefMerge(w:0, w:1)\nl = RefSelect(zero, m)\n"
                 "i = RefIdentity(l)\ny = Identity(i)\n",
          "y:0",
          { F32((0)) } },
        { "and through loops",
          VALUES ONE_TURN "e = RefEnter(av) frame_name: \"f\"\n"
                          "m = RefMerge(e, n) N: 2, T: float\nw = RefSwitch(m, k) T: float\n"
                          "n = RefNextIteration(w:1) T: float\no = RefExit(w:0) T: float\n"
                          "y = Identity(o) T: float\n",
          "y:0",
          { F32((0)) } },
        { "a trigger runs, whatever came before it", VALUES "t = ControlTrigger(^x)\n", "t" },
        { "a switch takes one truth", VALUES "w = Switch(x, ps)\n", "w",
          REFUSES("The second input must be a scalar, but it has shape [2]") },
        { "a switch of references, too", VALUES "w = RefSwitch(av, ps)\n", "w",
          REFUSES("The second input must be a scalar, but it has shape [2]") },
        { "a switch with many ways takes one number", VALUES "w = _SwitchN(x, vec) num_outs: 3\n",
          "w", REFUSES("The second input must be a scalar, but it has shape [1]") },
};
GRAPH_CASES(edges_flow, flow)

static const GraphCase calls[] = {
        { "a call passes nothing on",
          VALUES "y = PartitionedCall(none) f: same, Tout: [float]\n",
          "y:0",
          { F32((0)) } },
        { "a call with state, too",
          VALUES "y = StatefulPartitionedCall(none) f: same, Tout: [float]\n",
          "y:0",
          { F32((0)) } },
        { "a call elsewhere, too",
          VALUES "w = Const string [] { \"/cpu:0\" }\n"
                 "y = RemoteCall(w, none) f: same, Tout: [float]\n",
          "y:0",
          { F32((0)) } },
        { "nothing is false",
          VALUES "b = ToBool(none)\n"
                 "y = If(none, x) then_branch: fails, else_branch: same, Tout: [float]\n"
                 "z = StatelessIf(none, x) then_branch: fails, else_branch: same, Tout: [float]\n",
          "b:0 y:0 z:0",
          { BOOL((), false), F32((2), 1, 2), F32((2), 1, 2) } },
        { "a case passes nothing on",
          VALUES "y = Case(one, none) branches: [fails, same], Tout: [float]\n"
                 "z = StatelessCase(two, none) branches: [fails, same], Tout: [float]\n",
          "y:0 z:0",
          { F32((0)), F32((0)) } },
        { "a loop of functions passes nothing on",
          VALUES "y = While(none) cond: never, body: same\n"
                 "z = StatelessWhile(none) cond: never, body: same\n"
                 "f = For(zero, two, one, none) body: indexed\n",
          "y:0 z:0 f:0",
          { F32((0)), F32((0)), F32((0)) } },
        { "a gradient of nothing is nothing",
          VALUES "g = SymbolicGradient(none, none) f: same, Tout: [float]\n",
          "g:0",
          { F32((0)) } },
        { "a batch of no rows",
          VALUES "b = Batch(none) num_batch_threads: 1, max_batch_size: 2, "
                 "batch_timeout_micros: 0, grad_timeout_micros: 0\n"
                 "y = Unbatch(b:0, b:1, b:2) timeout_micros: 100000\n",
          "y:0",
          { F32((0)) } },
        { "a call with state fails as its function does",
          VALUES "y = StatefulPartitionedCall(x) f: fails, Tout: [float]\n", "y",
          REFUSES("assertion failed: [no]"), "StatefulPartitionedCall" },
        { "a half is neither true nor false",
          VALUES "y = If(h, x) then_branch: same, else_branch: same, Tout: [float]\n", "y",
          NO_TRUTH },
        { "nor without state",
          VALUES "y = StatelessIf(h, x) then_branch: same, else_branch: same, Tout: [float]\n", "y",
          NO_TRUTH },
        { "nor by itself", VALUES "y = ToBool(h)\n", "y", NO_TRUTH },
        { "nor in a loop", VALUES "y = While(s) cond: half, body: same\n", "y", NO_TRUTH },
        { "nor in one without state", VALUES "y = StatelessWhile(s) cond: half, body: same\n", "y",
          NO_TRUTH },
        { "a case takes one number",
          VALUES "y = Case(vec, x) branches: [same, same], Tout: [float]\n", "y",
          REFUSES("branch_index must be scalar") },
        { "and so without state",
          VALUES "y = StatelessCase(vec, x) branches: [same, same], Tout: [float]\n", "y",
          REFUSES("branch_index must be scalar") },
        { "a range is of numbers", VALUES "y = For(zero, vec, one, x) body: indexed\n", "y",
          REFUSES("limit must be a scalar, but [1]") },
        { "a range does not end before it begins",
          VALUES "y = For(two, zero, one, x) body: indexed\n", "y",
          REFUSES("Invalid start/limit/delta: 2 0 1") },
        { "a range goes on", VALUES "y = For(zero, one, zero, x) body: indexed\n", "y",
          REFUSES("Invalid start/limit/delta: 0 1 0") },
        { "a range of nothing",
          VALUES "y = For(one, one, zero, x) body: indexed\n",
          "y:0",
          { F32((2), 1, 2) } },
        { "a batch is of rows",
          VALUES "b = Batch(s) num_batch_threads: 1, max_batch_size: 2, "
                 "batch_timeout_micros: 0, grad_timeout_micros: 0\n",
          "b", REFUSES("Batching input tensors must have at least one dimension"), "Batch" },
        { "a batch is no larger than it may be",
          VALUES "y = Const float [3] {}\nb = Batch(y) num_batch_threads: 1, max_batch_size: 2, "
                 "batch_timeout_micros: 0, grad_timeout_micros: 0\n",
          "b", REFUSES("Task size 3 is larger than maximum input batch size 2") },
        { "a gradient goes to a batch by a matrix",
          VALUES "i = Const int64 [3] { 1, 0, 2 }\nid = Const int64 [] { 1 }\n"
                 "g = UnbatchGrad(x, i, x, id)\n",
          "g", REFUSES("batch_index must be a matrix"), "UnbatchGrad" },
};
GRAPH_CASES(edges_flow, calls)
