// SPDX-License-Identifier: Apache-2.0
/* Queues, barriers, staging areas, accumulators, locks and session handles: with tensors of no
 * elements, and with handles, types and names that are not theirs. */
#include "tests/lib/graph_case.h"

#define VALUES                                                                                  \
        "zero = Const int32 [] { 0 }\none = Const int32 [] { 1 }\ntwo = Const int32 [] { 2 }\n" \
        "minus = Const int32 [] { -1 }\nvec = Const int32 [1] { 1 }\n"                          \
        "s = Const float [] { 7 }\nd = Const double [] { 7 }\nx = Const float [2] { 1, 2 }\n"   \
        "none = Const float [0] {}\nrows = Const float [2, 0] {}\n"                             \
        "step = Const int64 [] { 0 }\nsteps = Const int64 [1] { 0 }\n"                          \
        "v = VarHandleOp dtype: float, shape: []\n"                                             \
        "oldq = FIFOQueue component_types: [float], shared_name: \"q\"\n"                       \
        "oldb = Barrier component_types: [float], shapes: [[]], shared_name: \"b\"\n"
#define REFUSES(text) .fails = SR_INVALID_ARGUMENT, .message = text
#define MISSING(text) .fails = SR_NOT_FOUND, .message = text
#define NO_NAME(op, attrs)                                                 \
        {                                                                  \
#op " has no name that begins with _",                     \
                        "q = " #op " " attrs "shared_name: \"_q\"\n", "q", \
                        REFUSES("shared_name cannot start with '_':_q")    \
        }
#define NOT_A(what, got) \
        REFUSES("Trying to access resource using the wrong type. Expected " what " got " got)
#define VAR   "N10tensorflow3VarE"
#define QUEUE "N10tensorflow14QueueInterfaceE"

#define QUEUES(v, handle)                                                                          \
        { "a queue passes nothing on",                                                             \
          VALUES "q = FIFOQueue" v " component_types: [float]\ne = QueueEnqueue" v "(q, none)\n"   \
                 "y = QueueDequeue" v "(q, ^e) component_types: [float]\n",                        \
          "y:0",                                                                                   \
          { F32((0)) } },                                                                          \
                { "a queue passes rows of nothing on",                                             \
                  VALUES "q = FIFOQueue" v " component_types: [float], shapes: [[0]]\n"            \
                         "e = QueueEnqueueMany" v "(q, rows)\n"                                    \
                         "y = QueueDequeueMany" v "(q, two, ^e) component_types: [float]\n"        \
                         "f = QueueEnqueueMany" v "(q, rows, ^y)\n"                                \
                         "z = QueueDequeueUpTo" v "(q, two, ^f) component_types: [float]\n"        \
                         "n = QueueDequeueMany" v "(q, zero, ^z) component_types: [float]\n",      \
                  "y:0 z:0 n:0",                                                                   \
                  { F32((2, 0)), F32((2, 0)), F32((0, 0)) } },                                     \
                { "a row has as many components as the queue's",                                   \
                  VALUES "q = FIFOQueue" v " component_types: [float, int32]\n"                    \
                         "e = QueueEnqueue" v "(q, s)\n",                                          \
                  "e", REFUSES("Wrong number of components in tuple. Expected 2, got 1") },        \
                { "rows are of the queue's types",                                                 \
                  VALUES "q = FIFOQueue" v " component_types: [int32]\n"                           \
                         "e = QueueEnqueueMany" v "(q, x)\n",                                      \
                  "e", REFUSES("Type mismatch in tuple component 0. Expected int32, got float") }, \
                { "a row that comes out is of the queue's types",                                  \
                  VALUES "q = FIFOQueue" v " component_types: [int32]\n"                           \
                         "y = QueueDequeue" v "(q) component_types: [float]\n",                    \
                  "y",                                                                             \
                  REFUSES("Signature mismatch, have: " handle "->float expected: " handle          \
                          "->int32") },                                                            \
                { "and so are many",                                                               \
                  VALUES "q = FIFOQueue" v " component_types: [int32]\n"                           \
                         "y = QueueDequeueMany" v "(q, one) component_types: [float]\n",           \
                  "y",                                                                             \
                  REFUSES("Signature mismatch, have: " handle ", int32->float expected: " handle   \
                          ", int32->int32") },                                                     \
                { "no fewer than none come out",                                                   \
                  VALUES "q = FIFOQueue" v " component_types: [float], shapes: [[]]\n"             \
                         "y = QueueDequeueMany" v "(q, minus) component_types: [float]\n",         \
                  "y", REFUSES("DequeueManyOp requested -1 < 0 elements") },                       \
        {                                                                                          \
                "nor when fewer would do",                                                         \
                        VALUES "q = FIFOQueue" v " component_types: [float], shapes: [[]]\n"       \
                               "y = QueueDequeueUpTo" v "(q, minus) component_types: [float]\n",   \
                        "y", REFUSES("DequeueUpToOp requested -1 < 0 elements")                    \
        }

#define KINDS(v)                                                                          \
        NO_NAME(FIFOQueue##v, "component_types: [float], "),                              \
                NO_NAME(PaddingFIFOQueue##v, "component_types: [float], shapes: [[]], "), \
                NO_NAME(PriorityQueue##v, "component_types: [float], shapes: [[]], "),    \
                NO_NAME(RandomShuffleQueue##v, "component_types: [float], ")
/* Ops that take the handle of a queue, or a barrier, and are given one that is of something else.
 */
#define OLD(op, given, kind, more)                                                        \
        {                                                                                 \
#op " wants another handle", VALUES "y = " #op "(" given more ")\n", "y", \
                        MISSING("Resource localhost/" kind " does not exist.")            \
        }
#define NEW(op, given, what, got, more)                                                   \
        {                                                                                 \
#op " wants another handle", VALUES "y = " #op "(" given more ")\n", "y", \
                        NOT_A(what, got)                                                  \
        }

static const GraphCase queues[] = {
        QUEUES("", "string_ref"),
        QUEUES("V2", "resource"),
        KINDS(),
        KINDS(V2),
        OLD(QueueSize, "oldb", "b/" QUEUE, ""),
        OLD(QueueIsClosed, "oldb", "b/" QUEUE, ""),
        OLD(QueueClose, "oldb", "b/" QUEUE, ""),
        NEW(QueueSizeV2, "v", VAR, QUEUE, ""),
        NEW(QueueIsClosedV2, "v", VAR, QUEUE, ""),
        NEW(QueueCloseV2, "v", VAR, QUEUE, ""),
        NEW(FakeQueue, "v", VAR, QUEUE, ""),
        { "a barrier passes no rows on",
          VALUES "keys = Const string [0] {}\ni = BarrierInsertMany(oldb, keys, none) "
                 "component_index: 0\n"
                 "t = BarrierTakeMany(oldb, zero, ^i) component_types: [float]\n",
          "t:0 t:1 t:2",
          { I64((0)), STR((0)), F32((0)) } },
        { "a barrier takes no rows of nothing",
          VALUES "b = Barrier component_types: [float], shapes: [[0]], shared_name: \"n\"\n"
                 "keys = Const string [2] { \"a\", \"b\" }\n"
                 "i = BarrierInsertMany(b, keys, rows) component_index: 0\n",
          "i", REFUSES("Tensors with no elements are not supported n: received shape [2,0]") },
        { "a barrier takes its types",
          VALUES "keys = Const string [1] { \"a\" }\n"
                 "i = BarrierInsertMany(oldb, keys, vec) component_index: 0\n",
          "i",
          REFUSES("Signature mismatch, have: string_ref, string, int32-> expected: string_ref, "
                  "string, float->") },
        { "a barrier gives its types",
          VALUES "t = BarrierTakeMany(oldb, one) component_types: [int32]\n", "t",
          REFUSES("Signature mismatch, have: string_ref, int32->int64, string, int32 expected: "
                  "string_ref, int32->int64, string, float") },
        { "a barrier is asked for one number",
          VALUES "t = BarrierTakeMany(oldb, vec) component_types: [float]\n", "t",
          REFUSES("num_elements must be a scalar.") },
        OLD(BarrierReadySize, "oldq", "q/N10tensorflow7barrier7BarrierE", ""),
        OLD(BarrierIncompleteSize, "oldq", "q/N10tensorflow7barrier7BarrierE", ""),
        OLD(BarrierClose, "oldq", "q/N10tensorflow7barrier7BarrierE", ""),
};
GRAPH_CASES(edges_queues, queues)

#define AREA(types) "dtypes: [" types "], shared_name: \"a\"\n"
#define STAGED                                                                                    \
        "key = Const int64 [] { 3 }\nat = Const int32 [1] { 0 }\ntwice = Const int32 [2] { 0, 0 " \
        "}\n"
#define NAMELESS(op) NO_NAME(op, "dtypes: [float], ")
#define MAPS(P)                                                                                    \
        { #P "MapStage passes nothing on",                                                         \
          VALUES STAGED                                                                            \
          "p = " #P                                                                                \
          "MapStage(key, at, none) " AREA("float") "k = " #P "MapPeek(key, at, ^p) " AREA(         \
                  "float") "u = " #P                                                               \
                           "MapUnstage(key, at, ^k) " AREA(                                        \
                                   "float") "q = " #P                                              \
                                            "MapStage(key, at, none, ^u) " AREA(                   \
                                                    "float") "a = " #P                             \
                                                             "MapUnstageNoKey(at, ^q) " AREA(      \
                                                                     "float"),                     \
          "k:0 u:0 a:0 a:1",                                                                       \
          { F32((0)), F32((0)), I64((), 3), F32((0)) } },                                          \
                { #P "MapStage wants its indices in order",                                        \
                  VALUES STAGED "p = " #P "MapStage(key, twice, x, x) " AREA("float, float"), "p", \
                  REFUSES("Indices are not strictly ordered") },                                   \
                { #P "MapPeek, too",                                                               \
                  VALUES STAGED "p = " #P "MapPeek(key, twice) " AREA("float, float"), "p",        \
                  REFUSES("Indices are not strictly ordered") },                                   \
                { #P "MapUnstage, too",                                                            \
                  VALUES STAGED "p = " #P "MapUnstage(key, twice) " AREA("float, float"), "p",     \
                  REFUSES("Indices are not strictly ordered") },                                   \
                { #P "MapUnstageNoKey, too",                                                       \
                  VALUES STAGED "p = " #P "MapUnstageNoKey(twice) " AREA("float, float"), "p",     \
                  REFUSES("Indices are not strictly ordered") },                                   \
                NAMELESS(P##MapSize), NAMELESS(P##MapIncompleteSize), NAMELESS(P##MapClear)

static const GraphCase staging[] = {
        { "an area passes nothing on",
          VALUES "p = Stage(none) " AREA("float") "k = StagePeek(zero, ^p) " AREA(
                  "float") "u = Unstage(^k) " AREA("float"),
          "k:0 u:0",
          { F32((0)), F32((0)) } },
        { "an area is looked into at one place", VALUES "k = StagePeek(vec) " AREA("float"), "k",
          REFUSES("index must be scalar") },
        NAMELESS(StageSize),
        NAMELESS(StageClear),
        NAMELESS(Unstage),
        MAPS(),
        MAPS(Ordered),
};
GRAPH_CASES(edges_queues, staging)

#define MEAN "N10tensorflow26ConditionalAccumulatorBaseE"
#define ACCUMULATORS(P, handle)                                                                   \
        { #P "ConditionalAccumulator adds up nothing",                                            \
          VALUES "a = " #P "ConditionalAccumulator dtype: float, shape: [0]\n"                    \
                 "p = " #P "AccumulatorApplyGradient(a, step, none)\n"                            \
                 "n = " #P "AccumulatorNumAccumulated(a, ^p)\n"                                   \
                 "g = " #P "AccumulatorSetGlobalStep(a, step, ^n)\n"                              \
                 "t = " #P "AccumulatorTakeGradient(a, one, ^g) dtype: float\n",                  \
          "n:0 t:0",                                                                              \
          { I32((), 1), F32((0)) } },                                                             \
                { #P "AccumulatorApplyGradient takes its type",                                   \
                  VALUES "a = " #P "ConditionalAccumulator dtype: float, shape: []\n"             \
                         "p = " #P "AccumulatorApplyGradient(a, step, d)\n",                      \
                  "p",                                                                            \
                  REFUSES("Signature mismatch, have: " handle                                     \
                          ", int64, double-> expected: " handle ", int64, float->") },            \
                { #P "AccumulatorApplyGradient wants one step",                                   \
                  VALUES "a = " #P "ConditionalAccumulator dtype: float, shape: []\n"             \
                         "p = " #P "AccumulatorApplyGradient(a, steps, s)\n",                     \
                  "p", REFUSES("Argument local_step must be scalar, but had bad shape [1]") },    \
                { #P "AccumulatorApplyGradient takes its shape",                                  \
                  VALUES "a = " #P "ConditionalAccumulator dtype: float, shape: [?]\n"            \
                         "p = " #P "AccumulatorApplyGradient(a, step, s)\n",                      \
                  "p", REFUSES("Shape mismatch: expected [?], got []") },                         \
                { #P "AccumulatorTakeGradient gives its type",                                    \
                  VALUES "a = " #P "ConditionalAccumulator dtype: float, shape: []\n"             \
                         "t = " #P "AccumulatorTakeGradient(a, one) dtype: double\n",             \
                  "t",                                                                            \
                  REFUSES("Signature mismatch, have: " handle ", int32->double expected: " handle \
                          ", int32->float") },                                                    \
                { #P "AccumulatorTakeGradient wants one at least",                                \
                  VALUES "a = " #P "ConditionalAccumulator dtype: float, shape: []\n"             \
                         "t = " #P "AccumulatorTakeGradient(a, zero) dtype: float\n",             \
                  "t", REFUSES("Argument num_required must be positive, but was 0") },            \
                { #P "AccumulatorSetGlobalStep wants one number, and calls it so",                \
                  VALUES "a = " #P "ConditionalAccumulator dtype: float, shape: []\n"             \
                         "g = " #P "AccumulatorSetGlobalStep(a, steps)\n",                        \
                  "g", REFUSES("Argument num_required must be scalar, but had bad shape [1]") },  \
                NO_NAME(P##ConditionalAccumulator, "dtype: float, shape: [], ")

#define SPARSE(shape)                                                            \
        VALUES "at = Const int64 [1] { 1 }\nrow = Const float [1, 2] { 3, 4 }\n" \
               "a = SparseConditionalAccumulator dtype: float, shape: " shape "\n"
#define APPLY(indices, values, said, known)                                          \
        "p = SparseAccumulatorApplyGradient(a, step, " indices ", " values ", " said \
        ") has_known_shape: " known "\n"

static const GraphCase accumulators[] = {
        ACCUMULATORS(, "string_ref"),
        ACCUMULATORS(Resource, "resource"),
        OLD(AccumulatorNumAccumulated, "oldq", "q/" MEAN, ""),
        NEW(ResourceAccumulatorNumAccumulated, "v", VAR, MEAN, ""),
        NO_NAME(SparseConditionalAccumulator, "dtype: float, shape: [], "),
        { "no rows add up to none",
          SPARSE("[4, 2]") "no = Const int64 [0] {}\nn2 = Const float [0, 2] {}\n" APPLY(
                  "no", "n2", "no",
                  "false") "t = SparseAccumulatorTakeGradient(a, one, ^p) dtype: float\n",
          "t:0 t:1 t:2",
          { I64((0)), F32((0, 2)), I64((2), 4, 2) } },
        { "a stale gradient is not looked at",
          SPARSE("[4, 2]") "new = Const int64 [] { 9 }\ng = AccumulatorSetGlobalStep(a, new)\n"
                           "p = SparseAccumulatorApplyGradient(a, step, at, s, at, ^g) "
                           "has_known_shape: false\n"
                           "n = AccumulatorNumAccumulated(a, ^p)\n",
          "n:0",
          { I32((), 0) } },
        { "indices are a vector", SPARSE("[4, 2]") APPLY("step", "row", "at", "false"), "p",
          REFUSES("Input indices should be vector but received shape: []") },
        { "values are rows", SPARSE("[4, 2]") APPLY("at", "s", "at", "false"), "p",
          REFUSES("Values cannot be 0-dimensional.") },
        { "one for each index", SPARSE("[4]") APPLY("at", "x", "at", "false"), "p",
          REFUSES("Expected 1 non-empty input values, got 2") },
        { "the shape that is said has the accumulator's rank",
          SPARSE("[4, 2]") APPLY("at", "row", "at", "true"), "p",
          REFUSES("Shape mismatch: expected shape rank at least 2, got 1") },
        { "and its sizes",
          SPARSE("[4, 2]") "said = Const int64 [2] { 5, 2 }\n" APPLY("at", "row", "said", "true"),
          "p", REFUSES("Shape mismatch: expected shape dim 0 to be 4, got 5") },
        { "indices are within the accumulator", SPARSE("[1, 2]") APPLY("at", "row", "at", "false"),
          "p",
          REFUSES("Shape mismatch: index of slice 0 exceeded limits of shape; index is 1 exceeded "
                  "1") },
        { "values have its rank", SPARSE("[4, 2, 1]") APPLY("at", "row", "at", "false"), "p",
          REFUSES("Shape mismatch: expected values rank at least 3, got 2") },
        { "and its sizes, too", SPARSE("[4, 3]") APPLY("at", "row", "at", "false"), "p",
          REFUSES("Shape mismatch: expected values dim 1 to be 3, got 2") },
        { "rows are taken by one number",
          SPARSE("[4, 3]") "t = SparseAccumulatorTakeGradient(a, vec) dtype: float\n", "t",
          REFUSES("Argument num_required must be scalar, but had bad shape [1]") },
        { "rows are given in their type",
          SPARSE("[4, 3]") "t = SparseAccumulatorTakeGradient(a, one) dtype: double\n", "t",
          REFUSES("Signature mismatch, have: string_ref, int32->int64, double, int64 expected: "
                  "string_ref, int32->int64, float, int64") },
};
GRAPH_CASES(edges_queues, accumulators)

#define TWO_TURNS                                                                           \
        "i0 = Const int32 [] { 0 }\ni1 = Const int32 [] { 1 }\ni2 = Const int32 [] { 2 }\n" \
        "ei = Enter(i0) frame_name: \"f\"\n"                                                \
        "e1 = Enter(i1) frame_name: \"f\", is_constant: true\n"                             \
        "e2 = Enter(i2) frame_name: \"f\", is_constant: true\n"                             \
        "m = Merge(ei, n) N: 2, T: int32\nl = Less(m, e2)\nc = LoopCond(l)\nw = Switch(m, c)\n"
static const GraphCase rest[] = {
        NO_NAME(MutexV2, ""),
        NEW(MutexLock, "v", VAR, "N10tensorflow12_GLOBAL__N_15MutexE", ""),
        { "a handle is made once in a step",
          TWO_TURNS "h = GetSessionHandle(w:1)\na = Add(w:1, e1, ^h)\nn = NextIteration(a)\n"
                    "o = Exit(w:0)\n",
          "o:0", REFUSES("Failed to add a tensor with name 'h' to the tensor store.") },
        { "and so is one of version 2",
          TWO_TURNS "h = GetSessionHandleV2(w:1)\na = Add(w:1, e1, ^h)\nn = NextIteration(a)\n"
                    "o = Exit(w:0)\n",
          "o:0", REFUSES("Failed to add a tensor with name 'h' to the tensor store.") },
};
GRAPH_CASES(edges_queues, rest)
