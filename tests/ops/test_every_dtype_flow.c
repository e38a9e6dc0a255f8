// SPDX-License-Identifier: Apache-2.0
/* Values of every dtype through variables, control flow, queues, staging areas, stacks, barriers,
 * arrays, lists, handles and calls. */
#include "tests/ops/every_dtype.h"

/* One queue, V1 or V2: one row in and out, two rows in, two and up to two out. */
#define QUEUE(kind, v, more)                                                                  \
        {                                                                                     \
#kind #v,                                                                     \
                        "q = " #kind #v " component_types: [$T], shapes: [[]]" more "\n"      \
                        "two = Const int32 [] { 2 }\n"                                        \
                        "e = QueueEnqueue" #v "(q, s)\n"                                      \
                        "d = QueueDequeue" #v "(q, ^e) component_types: [$T]\n"               \
                        "m = QueueEnqueueMany" #v "(q, x, ^d)\n"                              \
                        "u = QueueDequeueMany" #v "(q, two, ^m) component_types: [$T]\n"      \
                        "n = QueueEnqueueMany" #v "(q, x, ^u)\n"                              \
                        "y = QueueDequeueUpTo" #v "(q, two, ^n, ^d) component_types: [$T]\n", \
                        0, ALL                                                                \
        }
#define PRIORITY(v)                                                                     \
        {                                                                               \
                "PriorityQueue" #v,                                                     \
                        "q = PriorityQueue" #v " component_types: [$T], shapes: [[]]\n" \
                        "first = Const int64 [] { 1 }\n"                                \
                        "e = QueueEnqueue" #v "(q, first, s)\n"                         \
                        "d = QueueDequeue" #v "(q, ^e) component_types: [int64, $T]\n"  \
                        "y = Identity(d:1)\n",                                          \
                        's', ALL                                                        \
        }
/* The condition k of a loop "f" that is true once. */
#define ONE_TURN                                                                  \
        "t = Const bool [] { true }\nu = Const bool [] { false }\n"               \
        "et = Enter(t) frame_name: \"f\"\neu = Enter(u) frame_name: \"f\", "      \
        "is_constant: true\nmt = Merge(et, nt) N: 2, T: bool\nk = LoopCond(mt)\n" \
        "wt = Switch(mt, k) T: bool\nlt = LogicalAnd(wt:1, eu)\n"                 \
        "nt = NextIteration(lt)\n"
/* A map stage; ordered or not. */
#define MAP_STAGE(kind)                                                                          \
        { #kind "Stage",                                                                         \
          "key = Const int64 [] { 7 }\nat = Const int32 [1] { 0 }\n"                             \
          "put = " #kind "Stage(key, at, x) dtypes: [$T], shared_name: \"area\"\n"               \
          "peek = " #kind "Peek(key, at, ^put) dtypes: [$T], shared_name: \"area\"\n"            \
          "size = " #kind "Size(^peek) dtypes: [$T], shared_name: \"area\"\n"                    \
          "y = " #kind "Unstage(key, at, ^size) dtypes: [$T], shared_name: \"area\"\n",          \
          'x', ALL },                                                                            \
        {                                                                                        \
#kind "UnstageNoKey",                                                            \
                        "key = Const int64 [] { 7 }\nat = Const int32 [1] { 0 }\n"               \
                        "put = " #kind "Stage(key, at, x) dtypes: [$T], shared_name: \"area\"\n" \
                        "any = " #kind                                                           \
                        "UnstageNoKey(at, ^put) dtypes: [$T], shared_name: \"area\"\n"           \
                        "left = " #kind                                                          \
                        "IncompleteSize(^any) dtypes: [$T], shared_name: \"area\"\n"             \
                        "clear = " #kind "Clear(^left) dtypes: [$T], shared_name: \"area\"\n"    \
                        "y = Identity(any:1, ^clear)\n",                                         \
                        'x', ALL                                                                 \
        }
/* A tensor array of one version: written and read, unpacked and packed, split and concatenated. */
#define TENSOR_ARRAY(make, write, read, scatter, gather, split, concat, handle) \
        { make " written and read",                                             \
          FLOW "a = " make "(one) dtype: $T\n"                                  \
               "w = " write "(" handle ", zero, x, flow)\n"                     \
               "y = " read "(" handle ", zero, w) dtype: $T\n",                 \
          'x', ALL },                                                           \
                { make " scattered and gathered",                               \
                  FLOW "a = " make "(two) dtype: $T, element_shape: []\n"       \
                       "w = " scatter "(" handle ", both, x, flow)\n"           \
                       "y = " gather "(" handle ", both, w) dtype: $T\n",       \
                  'x', ALL },                                                   \
        {                                                                       \
                make " split and concatenated",                                 \
                        FLOW "a = " make "(two) dtype: $T\n"                    \
                             "w = " split "(" handle ", x, lengths, flow)\n"    \
                             "y = " concat "(" handle ", w) dtype: $T\n",       \
                        'x', ALL                                                \
        }

static const Row flow[] = {
        { "reference variables",
          "v = VariableV2 dtype: $T, shape: [2]\nz = Variable dtype: $T, shape: [2]\n"
          "a = Assign(v, x)\nb = Assign(z, a)\ni = IsVariableInitialized(v, ^b)\n"
          "r = RefIdentity(z, ^i)\ny = Identity(r)\n",
          'x', HELD },
        { "resource variables",
          "v = VarHandleOp dtype: $T, shape: [2]\na = AssignVariableOp(v, x)\n"
          "y = ReadVariableOp(v, ^a) dtype: $T\n",
          'x', HELD },
        { "temporary variables",
          "v = TemporaryVariable dtype: $T, shape: [2], var_name: \"t\"\na = Assign(v, x)\n"
          "y = DestroyTemporaryVariable(a) var_name: \"t\"\n",
          'x', HELD },
        { "switches and merges",
          "p = Const bool [] { true }\nw = Switch(x, p)\nm = Merge(w:0, w:1)\ny = Identity(m)\n",
          'x', ALL },
        { "switches with several ways",
          ZERO "w = _SwitchN(x, one) num_outs: 3\nm = Merge(w:0, w:1, w:2)\ny = Identity(m)\n", 'x',
          ALL },
        { "loops",
          ONE_TURN "e = Enter(x) frame_name: \"f\"\nm = Merge(e, n) N: 2, T: $T\n"
                   "w = Switch(m, k) T: $T\nn = NextIteration(w:1) T: $T\n"
                   "y = Exit(w:0) T: $T\n",
          'x', ALL },
        { "reference control flow",
          ZERO "v = VariableV2 dtype: $T, shape: [2]\na = Assign(v, x)\n"
               "p = Const bool [] { true }\nw = RefSwitch(a, p)\nm = RefMerge(w:0, w:1)\n"
               "l = RefSelect(zero, m)\ny = Identity(l)\n",
          'x', HELD },
        { "reference loops",
          ONE_TURN "v = VariableV2 dtype: $T, shape: [2]\na = Assign(v, x)\n"
                   "e = RefEnter(a) frame_name: \"f\"\nm = RefMerge(e, n) N: 2, T: $T\n"
                   "w = RefSwitch(m, k) T: $T\nn = RefNextIteration(w:1) T: $T\n"
                   "o = RefExit(w:0) T: $T\ny = Identity(o) T: $T\n",
          'x', HELD },
        QUEUE(FIFOQueue, , ),
        QUEUE(FIFOQueue, V2, ),
        QUEUE(PaddingFIFOQueue, , ),
        QUEUE(PaddingFIFOQueue, V2, ),
        QUEUE(RandomShuffleQueue, , ", min_after_dequeue: 0"),
        QUEUE(RandomShuffleQueue, V2, ", min_after_dequeue: 0"),
        PRIORITY(),
        PRIORITY(V2),
        { "barriers",
          "b = Barrier component_types: [$T], shapes: [[]]\nk = Const string [2] { \"a\", \"b\" }\n"
          "n = Const int32 [] { 2 }\ni = BarrierInsertMany(b, k, x) component_index: 0\n"
          "t = BarrierTakeMany(b, n, ^i) component_types: [$T]\ny = Identity(t:2)\n",
          'x', ALL },
        { "staging",
          ZERO "put = Stage(x) shared_name: \"area\"\npeek = StagePeek(zero, ^put) dtypes: [$T], "
               "shared_name: \"area\"\n"
               "size = StageSize(^peek) dtypes: [$T], shared_name: \"area\"\ny = Unstage(^size) "
               "dtypes: [$T], shared_name: \"area\"\n"
               "clear = StageClear(^y) dtypes: [$T], shared_name: \"area\"\n",
          'x', ALL },
        MAP_STAGE(Map),
        MAP_STAGE(OrderedMap),
        { "stacks",
          "h = Stack elem_type: $T\np = StackPush(h, x)\ny = StackPop(h, ^p) elem_type: $T\n", 'x',
          ALL },
        { "stacks of resources",
          "n = Const int32 [] { -1 }\nh = StackV2(n) elem_type: $T\np = StackPushV2(h, x)\n"
          "y = StackPopV2(h, ^p) elem_type: $T\n",
          'x', ALL },
        TENSOR_ARRAY("TensorArray", "TensorArrayWrite", "TensorArrayRead", "TensorArrayScatter",
                     "TensorArrayGather", "TensorArraySplit", "TensorArrayConcat", "a"),
        TENSOR_ARRAY("TensorArrayV2", "TensorArrayWriteV2", "TensorArrayReadV2",
                     "TensorArrayScatterV2", "TensorArrayGatherV2", "TensorArraySplitV2",
                     "TensorArrayConcatV2", "a"),
        TENSOR_ARRAY("TensorArrayV3", "TensorArrayWriteV3", "TensorArrayReadV3",
                     "TensorArrayScatterV3", "TensorArrayGatherV3", "TensorArraySplitV3",
                     "TensorArrayConcatV3", "a"),
        { "packed tensor arrays",
          FLOW "a = TensorArray(two) dtype: $T, element_shape: []\n"
               "w = TensorArrayUnpack(a, x, flow)\ny = TensorArrayPack(a, w) dtype: $T\n",
          'x', ALL },
        { "tensor lists of elements",
          SHAPES "l = EmptyTensorList(none, any) element_dtype: $T\n"
                 "b = TensorListPushBack(l, s)\n"
                 "g = TensorListGetItem(b, zero, none) element_dtype: $T\n"
                 "r = TensorListReserve(none, one) element_dtype: $T\n"
                 "i = TensorListSetItem(r, zero, g)\n"
                 "p = TensorListPopBack(i, none) element_dtype: $T\ny = Identity(p:1)\n",
          's', HELD },
        { "tensor lists of rows",
          SHAPES "l = TensorListFromTensor(x, none)\n"
                 "k = TensorListStack(l, none) element_dtype: $T\n"
                 "f = TensorListScatter(k, both, none)\n"
                 "g = TensorListGather(f, both, none) element_dtype: $T\n"
                 "v = TensorListScatterV2(g, both, none, any)\n"
                 "i = TensorListScatterIntoExistingList(v, g, both)\n"
                 "y = TensorListStack(i, none) element_dtype: $T\n",
          'x', HELD },
        { "tensor lists of pieces",
          SHAPES "l = TensorListSplit(x, any, lengths)\n"
                 "c = TensorListConcat(l) element_dtype: $T\n"
                 "k = TensorListSplit(c, any, lengths)\nleading = Const int64 [0] { }\n"
                 "row = Const int32 [1] { -1 }\n"
                 "y = TensorListConcatV2(k, row, leading) element_dtype: $T\n",
          'x', HELD },
        { "tensor lists by long shapes",
          SHAPES "any64 = Const int64 [] { -1 }\nrow64 = Const int64 [1] { -1 }\nnone64 = Const "
                 "int64 [0] { }\n"
                 "l = TensorListSplit(x, any64, lengths)\nleading = Const int64 [0] { }\n"
                 "c = TensorListConcatV2(l, row64, leading) element_dtype: $T\n"
                 "v = TensorListScatterV2(c, both, none64, any)\n"
                 "e = TensorListElementShape(v) shape_type: int64\n"
                 "k = TensorListStack(v, none, ^e) element_dtype: $T\n"
                 "f = TensorListScatter(k, both, none64)\n"
                 "y = TensorListStack(f, none) element_dtype: $T\n",
          'x', HELD },
        { "joined tensor lists",
          SHAPES "l = TensorListFromTensor(x, none)\nm = TensorListFromTensor(x, none)\n"
                 "p = Pack(l)\nq = Pack(m)\nj = TensorListConcatLists(p, q) element_dtype: $T\n"
                 "y = Identity(x, ^j)\n",
          'x', HELD },
        { "handles of one session",
          "h = GetSessionHandle(x)\nv = GetSessionHandleV2(x)\ny = Identity(x, ^h, ^v)\n", 'x',
          ALL },
        { "gathering from variables",
          INDICES "v = VarHandleOp dtype: $T, shape: [2]\na = AssignVariableOp(v, x)\n"
                  "y = ResourceGather(v, both, ^a) dtype: $T\n",
          'x', HELD },
        { "gathering points from variables",
          INDICES "v = VarHandleOp dtype: $T, shape: [2]\na = AssignVariableOp(v, x)\n"
                  "at = Const int32 [2, 1] { 0, 1 }\ny = ResourceGatherNd(v, at, ^a) dtype: $T\n",
          'x', HELD },
        { "updating variables",
          INDICES "v = VarHandleOp dtype: $T, shape: [2]\na = AssignVariableOp(v, x)\n"
                  "u = ResourceScatterUpdate(v, both, x, ^a)\n"
                  "at = Const int32 [2, 1] { 0, 1 }\nn = ResourceScatterNdUpdate(v, at, x, ^u)\n"
                  "y = ReadVariableOp(v, ^n) dtype: $T\n",
          'x', HELD },
        { "accumulators",
          ZERO "step = Const int64 [] { 0 }\n"
               "c = ConditionalAccumulator dtype: $T, shape: [2]\n"
               "g = AccumulatorApplyGradient(c, step, x)\n"
               "y = AccumulatorTakeGradient(c, one, ^g) dtype: $T\n",
          'x', REAL },
        { "accumulators that are resources",
          ZERO "step = Const int64 [] { 0 }\n"
               "c = ResourceConditionalAccumulator dtype: $T, shape: [2]\n"
               "g = ResourceAccumulatorApplyGradient(c, step, x)\n"
               "y = ResourceAccumulatorTakeGradient(c, one, ^g) dtype: $T\n",
          'x', REAL },
        { "accumulators of rows",
          ZERO "step = Const int64 [] { 0 }\n"
               "at = Const int64 [2] { 0, 1 }\n"
               "n = Const int64 [1] { 2 }\n"
               "c = SparseConditionalAccumulator dtype: $T, shape: [2]\n"
               "g = SparseAccumulatorApplyGradient(c, step, at, x, n) has_known_shape: true\n"
               "t = SparseAccumulatorTakeGradient(c, one, ^g) dtype: $T\n"
               "y = Identity(t:1)\n",
          'x', REAL },
        { "batches",
          "b = Batch(x) num_batch_threads: 1, max_batch_size: 2, batch_timeout_micros: 0, "
          "grad_timeout_micros: 0\n"
          "y = Unbatch(b:0, b:1, b:2) timeout_micros: 100000\n",
          'x', PLAIN },
        { "calls",
          "p = PartitionedCall(x) f: same, Tout: [$T]\n"
          "y = StatefulPartitionedCall(p) f: same, Tout: [$T]\n",
          'x', ALL },
        { "branches",
          ZERO "i = If(one, x) then_branch: same, else_branch: same, Tout: [$T]\n"
               "j = StatelessIf(one, i) then_branch: same, else_branch: same, Tout: [$T]\n"
               "c = Case(one, j) branches: [same, same], Tout: [$T]\n"
               "y = StatelessCase(zero, c) branches: [same, same], Tout: [$T]\n",
          'x', ALL },
        { "functional loops",
          ZERO "w = While(x) cond: never, body: same\n"
               "v = StatelessWhile(w) cond: never, body: same\n"
               "y = For(zero, one, one, v) body: indexed\n",
          'x', ALL },
        { "conditions",
          "i = If(x, x) then_branch: same, else_branch: same, Tout: [$T]\n"
          "y = StatelessIf(i, i) then_branch: same, else_branch: same, Tout: [$T]\n",
          'x', PLAIN },
};
EVERY_DTYPE(flow)
