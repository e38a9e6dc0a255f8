// SPDX-License-Identifier: Apache-2.0
/* Tensor arrays and stacks of nothing, and what is done with them that cannot be. */
#include "tests/lib/graph_case.h"

#define VALUES                                                               \
        "zero = Const int32 [] { 0 }\none = Const int32 [] { 1 }\n"          \
        "two = Const int32 [] { 2 }\nfive = Const int32 [] { 5 }\n"          \
        "minus = Const int32 [] { -1 }\nvec = Const int32 [1] { 2 }\n"       \
        "both = Const int32 [2] { 0, 1 }\nfar = Const int32 [2] { 0, 5 }\n"  \
        "flow = Const float [] { 0 }\ns = Const float [] { 7 }\n"            \
        "none = Const float [0] {}\nrows = Const float [2, 0] {}\n"          \
        "x = Const float [2] { 1, 2 }\nlong = Const float [3] { 1, 2, 3 }\n" \
        "nl = Const int64 [2] { 0, 0 }\nl = Const int64 [2] { 1, 1 }\n"      \
        "l3 = Const int64 [3] { 1, 1, 1 }\n"
#define ARRAY(v, more) VALUES "a = TensorArray" v "(two) dtype: float" more "\n"

#define REFUSES(text) .fails = SR_INVALID_ARGUMENT, .message = text
/* Rows for one version of the ops; `it` is its name in the sentences. */
#define ROWS(it, v)                                                                                \
        { it "passes an element of nothing",                                                       \
          ARRAY(v, "") "w = TensorArrayWrite" v "(a, zero, none, flow)\n"                          \
                       "y = TensorArrayRead" v "(a, zero, w) dtype: float\n",                      \
          "y:0",                                                                                   \
          { F32((0)) } },                                                                          \
                { it "spreads and gathers rows of nothing",                                        \
                  ARRAY(v, "") "w = TensorArrayScatter" v "(a, both, rows, flow)\n"                \
                               "y = TensorArrayGather" v "(a, both, w) dtype: float\n",            \
                  "y:0",                                                                           \
                  { F32((2, 0)) } },                                                               \
                { it "cuts and joins nothing",                                                     \
                  ARRAY(v, "") "w = TensorArraySplit" v "(a, none, nl, flow)\n"                    \
                               "y = TensorArrayConcat" v "(a, w) dtype: float\n",                  \
                  "y:0 y:1",                                                                       \
                  { F32((0)), I64((2), 0, 0) } },                                                  \
                { it "of no elements joins to the shape that is asked for",                        \
                  ARRAY(v, "") "e = TensorArray" v "(zero) dtype: float\n"                         \
                               "y = TensorArrayConcat" v                                           \
                               "(e, flow) dtype: float, element_shape_except0: [3]\n",             \
                  "y:0 y:1",                                                                       \
                  { F32((0, 3)), I64((0)) } },                                                     \
                { it "of no elements does not join without a shape",                               \
                  VALUES "e = TensorArray" v "(zero) dtype: float\n"                               \
                         "y = TensorArrayConcat" v "(e, flow) dtype: float\n",                     \
                  "y:0", .fails = SR_UNIMPLEMENTED,                                                \
                  .message = "TensorArray has size zero, but element_shape_except0 <unknown> is "  \
                             "not fully defined. Currently only static shapes are supported when " \
                             "concatenating zero-size TensorArrays." },                            \
                { it "tells its size",                                                             \
                  ARRAY(v, "") "y = TensorArraySize" v "(a, flow)\n",                              \
                  "y:0",                                                                           \
                  { I32((), 2) } },                                                                \
                { it "of less than nothing", VALUES "a = TensorArray" v "(minus) dtype: float\n",  \
                  "a", REFUSES("Size should be >= 0.") },                                          \
                { it "is closed: no size",                                                         \
                  ARRAY(v, "") "c = TensorArrayClose" v "(a)\n"                                    \
                               "y = TensorArraySize" v "(a, flow, ^c)\n",                          \
                  "y:0", REFUSES("has already been closed.") },                                    \
                { it "is closed", ARRAY(v, "") "c = TensorArrayClose" v "(a)\n", "c" },            \
                { it "is closed: not again",                                                       \
                  ARRAY(v, "") "c = TensorArrayClose" v "(a)\nd = TensorArrayClose" v "(a, ^c)\n", \
                  "d", REFUSES("has already been closed.") },                                      \
                { it "takes one type",                                                             \
                  ARRAY(v, "") "w = TensorArrayWrite" v "(a, zero, one, flow)\n", "w",             \
                  REFUSES("TensorArray dtype is float but Op is trying to write dtype int32.") },  \
                { it "takes one type from rows",                                                   \
                  ARRAY(v, "") "w = TensorArrayScatter" v "(a, both, both, flow)\n", "w",          \
                  REFUSES("TensorArray dtype is float but Op is trying to write dtype int32.") },  \
                { it "takes one type from parts",                                                  \
                  ARRAY(v, "") "w = TensorArraySplit" v "(a, both, l, flow)\n", "w",               \
                  REFUSES("TensorArray dtype is float but Op is trying to write dtype int32.") },  \
                { it "gives one type",                                                             \
                  ARRAY(v, "") "y = TensorArrayRead" v "(a, zero, flow) dtype: int32\n", "y",      \
                  REFUSES("TensorArray dtype is float but Op requested dtype int32.") },           \
                { it "gives what is there",                                                        \
                  ARRAY(v, "") "y = TensorArrayRead" v "(a, two, flow) dtype: float\n", "y",       \
                  REFUSES("Tried to read from index 2 but array size is: 2") },                    \
                { it "takes what it has a place for",                                              \
                  ARRAY(v, "") "w = TensorArrayWrite" v "(a, two, s, flow)\n", "w",                \
                  REFUSES("Tried to write to index 2 but array is not resizeable and size is: "    \
                          "2") },                                                                  \
                { it "has places for all rows",                                                    \
                  ARRAY(v, "") "w = TensorArrayScatter" v "(a, far, x, flow)\n", "w",              \
                  REFUSES("Max scatter index must be < array size (5 vs. 2)") },                   \
                { it "has as many rows as indices",                                                \
                  ARRAY(v, "") "w = TensorArrayScatter" v "(a, vec, x, flow)\n", "w",              \
                  REFUSES("Expected len(indices) == values.shape[0], but saw: 1 vs. 2") },         \
                { it "takes rows, not scalars",                                                    \
                  ARRAY(v, "") "w = TensorArrayScatter" v "(a, both, s, flow)\n", "w",             \
                  REFUSES("Input value for unpack must be at least a vector but received shape: "  \
                          "[]") },                                                                 \
                { it "gathers by a vector",                                                        \
                  ARRAY(v, "") "y = TensorArrayGather" v "(a, zero, flow) dtype: float\n", "y",    \
                  REFUSES("Expected indices to be a vector, but received shape: []") },            \
                { it "gathers what agrees with what is known",                                     \
                  ARRAY(v, ", element_shape: [2]") "y = TensorArrayGather" v                       \
                                                   "(a, both, flow) dtype: float, "                \
                                                   "element_shape: [3]\n",                         \
                  "y",                                                                             \
                  REFUSES("PartialTensorShape: Incompatible shapes during merge: [2] vs. "         \
                          "[3]") },                                                                \
                { it "is cut to its size",                                                         \
                  ARRAY(v, "") "w = TensorArraySplit" v "(a, long, l3, flow)\n", "w",              \
                  REFUSES("TensorArray's size is not equal to the size of lengths (2 vs. 3), and " \
                          "the TensorArray is not marked as dynamically resizeable") },            \
                { it "is cut to its size even if it may grow",                                     \
                  VALUES "a = TensorArray" v "(five) dtype: float, dynamic_size: true\n"           \
                         "w = TensorArraySplit" v "(a, long, l3, flow)\n",                         \
                  "w", REFUSES("(5 vs. 3)") },                                                     \
                { it "is cut whole", ARRAY(v, "") "w = TensorArraySplit" v "(a, long, l, flow)\n", \
                  "w",                                                                             \
                  REFUSES("Expected sum of lengths to be equal to values.shape[0], but sum of "    \
                          "lengths is 2 and value's shape is: [3]") },                             \
                { it "joins no scalars",                                                           \
                  ARRAY(v, "") "w = TensorArrayWrite" v "(a, zero, s, flow)\n"                     \
                               "u = TensorArrayWrite" v "(a, one, s, w)\n"                         \
                               "y = TensorArrayConcat" v "(a, u) dtype: float\n",                  \
                  "y",                                                                             \
                  REFUSES("Concat saw a scalar shape at index 0 but requires at least "            \
                          "vectors.  Did you mean to call pack?") },                               \
                { it "joins what was asked for",                                                   \
                  ARRAY(v, "") "w = TensorArraySplit" v "(a, x, l, flow)\n"                        \
                               "y = TensorArrayConcat" v                                           \
                               "(a, w) dtype: float, element_shape_except0: [4]\n",                \
                  "y",                                                                             \
                  REFUSES("TensorArray was passed element_shape_except0 [4] but index 0 has "      \
                          "(excepting dimension 0) shape: [] which does not match.") },            \
        {                                                                                          \
                it "has gradients that are zeros at first",                                        \
                        ARRAY(v, ", element_shape: [0]") "g = TensorArrayGrad" v                   \
                                                         "(a, flow) source: \"d\"\n"               \
                                                         "y = TensorArrayRead" v                   \
                                                         "(g, one, flow) dtype: float\n"           \
                                                         "n = TensorArraySize" v "(g, flow)\n",    \
                        "y:0 n:0",                                                                 \
                {                                                                                  \
                        F32((0)), I32((), 2)                                                       \
                }                                                                                  \
        }

static const GraphCase v1[] = {
        ROWS("An array ", ""),
};
GRAPH_CASES(edges_arrays, v1)
static const GraphCase v2[] = {
        ROWS("An array of version 2 ", "V2"),
};
GRAPH_CASES(edges_arrays, v2)
static const GraphCase v3[] = {
        ROWS("An array of version 3 ", "V3"),
};
GRAPH_CASES(edges_arrays, v3)

#define OF_GRADIENTS(v, text)                                                             \
        {                                                                                 \
                "gradients have no gradients",                                            \
                        ARRAY(v, "") "g = TensorArrayGrad" v "(a, flow) source: \"d\"\n"  \
                                     "h = TensorArrayGrad" v "(g, flow) source: \"d\"\n", \
                        "h", REFUSES(text)                                                \
        }

static const GraphCase rest[] = {
        OF_GRADIENTS("", "Input container should be '_tensor_arrays',  but received "
                         "'_tensor_array_grads'"),
        OF_GRADIENTS("V2", "Input container should be '_tensor_arrays',  but received "
                           "'_tensor_array_grads'"),
        OF_GRADIENTS("V3", "Wrong input container. _tensor_array_gradsa_"),
        { "gradients may have dims in front of the elements'",
          ARRAY("V3",
                ", element_shape: [0]") "g = TensorArrayGradWithShape(a, flow, vec) source: \"d\"\n"
                                        "y = TensorArrayReadV3(g, zero, g:1) dtype: float\n",
          "y:0",
          { F32((2, 0)) } },
        { "but not less than none",
          ARRAY("V3", "") "less = Const int32 [1] { -1 }\n"
                          "g = TensorArrayGradWithShape(a, flow, less) source: \"d\"\n",
          "g", REFUSES("Dimension -1 must be >= 0") },
        { "gradients of an array that grew read as zeros",
          VALUES "a = TensorArrayV3(zero) dtype: float, element_shape: [2], dynamic_size: true\n"
                 "g = TensorArrayGradV3(a, flow) source: \"d\"\n"
                 "y = TensorArrayReadV3(g, two, g:1) dtype: float\n",
          "y:0",
          { F32((2), 0, 0) } },
        { "gradients of unknown shape have no zeros",
          ARRAY("V3", "") "g = TensorArrayGradV3(a, flow) source: \"d\"\n"
                          "y = TensorArrayReadV3(g, five, g:1) dtype: float\n",
          "y",
          REFUSES("Could not read from TensorArray index 5.  Furthermore, the element shape is "
                  "not fully defined: <unknown>.") },
        { "an array unpacks and packs rows of nothing",
          ARRAY("", "") "w = TensorArrayUnpack(a, rows, flow)\n"
                        "y = TensorArrayPack(a, w) dtype: float\n",
          "y:0",
          { F32((2, 0)) } },
        { "an array unpacks as many rows as it has places",
          ARRAY("", "") "w = TensorArrayUnpack(a, long, flow)\n", "w",
          REFUSES("Input value must have first dimension equal to the array size (3 vs. 2)") },
        { "an array that may grow unpacks no fewer rows",
          VALUES "a = TensorArray(five) dtype: float, dynamic_size: true\n"
                 "w = TensorArrayUnpack(a, long, flow)\n",
          "w", REFUSES("Input value must have first dimension equal to the array size (3 vs. 5)") },
        { "an array that may grow unpacks more rows",
          VALUES "a = TensorArray(two) dtype: float, dynamic_size: true\n"
                 "w = TensorArrayUnpack(a, long, flow)\ny = TensorArrayPack(a, w) dtype: float\n",
          "y:0",
          { F32((3), 1, 2, 3) } },
        { "an array packs what it holds",
          ARRAY("", "") "y = TensorArrayPack(a, flow) dtype: double\n", "y",
          REFUSES("TensorArray dtype is float but Op requested dtype double.") },
        { "an array of no elements packs to the shape that is asked for",
          VALUES "a = TensorArray(zero) dtype: float\n"
                 "y = TensorArrayPack(a, flow) dtype: float, element_shape: [3]\n",
          "y:0",
          { F32((0, 3)) } },
        { "an array of no elements does not pack without a shape",
          VALUES "a = TensorArray(zero) dtype: float\ny = TensorArrayPack(a, flow) dtype: float\n",
          "y", .fails = SR_UNIMPLEMENTED,
          .message =
                  "TensorArray has size zero, but element shape <unknown> is not fully defined." },
        { "an array's handle is where it lies and what it is called",
          ARRAY("", "") "n = Identity(a)\nh = Gather(n, zero)\n",
          "h:0",
          { STR((), "_tensor_arrays") } },
};
GRAPH_CASES(edges_arrays, rest)

#define STACKS(v, make)                                                                           \
        { "a stack passes nothing on",                                                            \
          VALUES make "p = StackPush" v "(h, none)\ny = StackPop" v "(h, ^p) elem_type: float\n", \
          "y:0 p:0",                                                                              \
          { F32((0)), F32((0)) } },                                                               \
                { "a stack takes one type", VALUES make "p = StackPush" v "(h, one)\n", "p",      \
                  REFUSES("Must have type 1 but got 3") },                                        \
                { "a stack that is empty", VALUES make "y = StackPop" v "(h) elem_type: float\n", \
                  "y", REFUSES("is empty when calling Pop().") },                                 \
                { "a stack that is closed takes nothing",                                         \
                  VALUES make "c = StackClose" v "(h)\np = StackPush" v "(h, s, ^c)\n", "p",      \
                  REFUSES("has already been closed.") },                                          \
                { "a stack is closed", VALUES make "c = StackClose" v "(h)\n", "c" },             \
        {                                                                                         \
                "a stack that is closed gives nothing",                                           \
                        VALUES make "c = StackClose" v "(h)\ny = StackPop" v                      \
                                    "(h, ^c) elem_type: float\n",                                 \
                        "y", REFUSES("has already been closed.")                                  \
        }

static const GraphCase stacks[] = {
        STACKS("", "h = Stack elem_type: float\n"),
        STACKS("V2", "h = StackV2(two) elem_type: float\n"),
        { "a stack has a size that is one number", VALUES "h = StackV2(vec) elem_type: float\n",
          "h", REFUSES("Stack size must be a scalar, but had shape: [1]"), "StackV2" },
        { "a stack's handle is where it lies and what it is called",
          VALUES "h = Stack elem_type: float\nn = Identity(h)\nk = Shape(n)\n",
          "k:0",
          { I32((1), 2) } },
        { "what is no stack is not closed",
          "h = FIFOQueue component_types: [float] shared_name: \"q\"\nc = StackClose(h)\n", "c",
          .fails = SR_NOT_FOUND,
          .message = "Resource localhost/q/N10tensorflow5StackE does not exist." },
        { "a variable is not closed as a stack",
          "h = VarHandleOp dtype: float shape: []\nc = StackCloseV2(h)\n", "c",
          REFUSES("Expected N10tensorflow3VarE got N10tensorflow5StackE") },
};
GRAPH_CASES(edges_arrays, stacks)
