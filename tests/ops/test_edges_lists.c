// SPDX-License-Identifier: Apache-2.0
/* Tensor lists, tensor maps and composite variants of nothing, and what cannot be done with them.
 */
#include "tests/lib/graph_case.h"

#define VALUES                                                                                    \
        "zero = Const int32 [] { 0 }\none = Const int32 [] { 1 }\ntwo = Const int32 [] { 2 }\n"   \
        "minus = Const int32 [] { -1 }\nvec = Const int32 [1] { 2 }\nrow = Const int32 [1] { -1 " \
        "}\n"                                                                                     \
        "none = Const int32 [0] {}\nother = Const int32 [1] { 3 }\n"                              \
        "both = Const int32 [2] { 0, 1 }\nback = Const int32 [2] { 0, -1 }\n"                     \
        "s = Const float [] { 7 }\nx = Const float [2] { 1, 2 }\n"                                \
        "y3 = Const float [3] { 1, 2, 3 }\ni2 = Const int32 [2] { 1, 2 }\n"                       \
        "nothing = Const float [0] {}\nrows = Const float [2, 0] {}\n"                            \
        "nl = Const int64 [0] {}\nl0 = Const int64 [2] { 0, 0 }\nl = Const int64 [2] { 1, 1 }\n"  \
        "lm = Const int64 [2] { 3, -1 }\nl1 = Const int64 [1] { 1 }\n"                            \
        "far = Const int64 [2] { 1, 5 }\nls = Const int64 [] { 2 }\n"                             \
        "e = EmptyTensorList(minus, minus) element_dtype: float\n"                                \
        "r = TensorListReserve(minus, two) element_dtype: float\n"                                \
        "v = TensorListReserve(vec, two) element_dtype: float\n"                                  \
        "k = TensorListFromTensor(x, none) element_dtype: float\n"                                \
        "m = EmptyTensorMap()\n"
#define F             "element_dtype: float\n"
#define REFUSES(text) .fails = SR_INVALID_ARGUMENT, .message = text
#define NO_LIST \
        "Input handle is not a list. Saw: 'Variant<type: tensorflow::TensorMap value: TensorMap>'"
#define NO_SCALAR "Input list must be a scalar saw: [1]"

static const GraphCase of_nothing[] = {
        { "a list passes nothing on",
          VALUES "p = TensorListPushBack(e, nothing)\nq = TensorListSetItem(p, zero, nothing)\n"
                 "g = TensorListGetItem(q, zero, minus) " F,
          "g:0",
          { F32((0)) } },
        { "a list of rows of nothing is stacked and gathered",
          VALUES "f = TensorListFromTensor(rows, minus)\na = TensorListStack(f, minus) " F
                 "g = TensorListGather(f, both, minus) " F,
          "a:0 g:0",
          { F32((2, 0)), F32((2, 0)) } },
        { "rows of nothing are scattered",
          VALUES "f = TensorListScatter(rows, both, minus)\n"
                 "t = TensorListScatterIntoExistingList(f, rows, both)\n"
                 "u = TensorListScatterV2(rows, both, minus, two)\na = TensorListStack(t, minus) " F
                 "b = TensorListStack(u, minus) " F,
          "a:0 b:0",
          { F32((2, 0)), F32((2, 0)) } },
        { "nothing is cut and joined",
          VALUES "f = TensorListSplit(nothing, minus, l0)\nc = TensorListConcat(f) " F
                 "d = TensorListConcatV2(f, minus, nl) " F,
          "c:0 c:1 d:0 d:1",
          { F32((0)), I64((2), 0, 0), F32((0)), I64((2), 0, 0) } },
        { "a list of no elements joins to what is known of them",
          VALUES "c = TensorListConcat(e) element_shape: [?, 3], " F,
          "c:0 c:1",
          { F32((0, 3)), I64((0)) } },
        { "a list shrinks to nothing",
          VALUES "z = TensorListResize(k, zero)\nn = TensorListLength(z)\n"
                 "a = TensorListStack(z, none) " F,
          "n:0 a:0",
          { I32((), 0), F32((0)) } },
        { "a list grows by what is not set",
          VALUES "three = Const int32 [] { 3 }\nz = TensorListResize(k, three)\n"
                 "a = TensorListStack(z, none) " F,
          "a:0",
          { F32((3), 1, 2, 0) } },
        { "tensors of no lists are joined",
          VALUES "a = Const float [0] {}\nn = Pack(e)\nb = Const int32 [1] { 0 }\n"
                 "q = Slice(n, b, b)\nj = TensorListConcatLists(q, q) " F "t = Shape(j)\n",
          "t:0",
          { I32((1), 0) } },
        { "lists are joined pair by pair",
          VALUES "n = Pack(k, k)\nj = TensorListConcatLists(n, n) " F
                 "u = Unpack(j) num: 2, T: variant\na = TensorListStack(u:1, none) " F,
          "a:0",
          { F32((4), 1, 2, 1, 2) } },
        { "no lists grow by no rows",
          VALUES "n = Pack(e)\nb = Const int32 [1] { 0 }\nq = Slice(n, b, b)\n"
                 "g = TensorListPushBackBatch(q, nothing)\nt = Shape(g)\n",
          "t:0",
          { I32((1), 0) } },
        { "a list of unset elements is zeros",
          VALUES "a = TensorListStack(v, minus) " F "c = TensorListConcatV2(v, minus, nl) " F,
          "a:0 c:0 c:1",
          { F32((2, 2)), F32((4)), I64((2), 2, 2) } },
        { "leading dims tell the rows of unset elements",
          VALUES "c = TensorListConcatV2(r, row, l) " F,
          "c:0 c:1",
          { F32((2)), I64((2), 1, 1) } },
        { "unset elements have the rows that all others have",
          VALUES "w = TensorListSetItem(r, one, x)\nc = TensorListConcatV2(w, minus, nl) " F,
          "c:0 c:1",
          { F32((4), 0, 0, 1, 2), I64((2), 2, 2) } },
        { "the last one, unset, is zeros",
          VALUES "p = TensorListPopBack(v, minus) " F,
          "p:1",
          { F32((2), 0, 0) } },
};
GRAPH_CASES(edges_lists, of_nothing)

static const GraphCase elements[] = {
        { "a list has one number of elements at most", VALUES "q = EmptyTensorList(minus, vec) " F,
          "q", REFUSES("max_num_elements expected to be a scalar but got shape: [1]") },
        { "only -1 stands for an unknown shape", VALUES "q = EmptyTensorList(two, minus) " F, "q",
          REFUSES("The only valid scalar shape tensor is the fully unknown shape specified as "
                  "-1.") },
        { "a list reserves no less than nothing", VALUES "q = TensorListReserve(minus, minus) " F,
          "q", REFUSES("The num_elements to reserve must be a non negative number, but got -1") },
        { "a list has a length, a map has none", VALUES "n = TensorListLength(m)\n", "n",
          REFUSES(NO_LIST) },
        { "a list is one handle", VALUES "p = Pack(k)\nn = TensorListLength(p)\n", "n",
          REFUSES(NO_SCALAR) },
        { "a map has no shape of its elements",
          VALUES "n = TensorListElementShape(m) shape_type: int32\n", "n", REFUSES(NO_LIST) },
        { "a list takes what fits", VALUES "p = TensorListPushBack(v, y3)\n", "p",
          REFUSES("Tried to append a tensor with incompatible shape to a list. Op element shape: "
                  "[3] list shape: [2]") },
        { "a list takes one type", VALUES "p = TensorListPushBack(e, i2)\n", "p",
          REFUSES("Invalid data types; op elements int32 but list elements float") },
        { "a full list takes no more",
          VALUES "q = EmptyTensorList(minus, one) " F "p = TensorListPushBack(q, s)\n"
                 "o = TensorListPushBack(p, s)\n",
          "o", REFUSES("Tried to push item into a full list list size: 1 max_num_elements: 1") },
        { "the last one, unset and of unknown shape", VALUES "p = TensorListPopBack(r, minus) " F,
          "p",
          REFUSES("Trying to read an uninitialized tensor but element_shape is not fully "
                  "defined.<unknown>") },
        { "the last one of another shape", VALUES "p = TensorListPopBack(v, other) " F, "p",
          REFUSES("PartialTensorShape: Incompatible shapes during merge: [3] vs. [2]") },
        { "an unset one of another rank", VALUES "p = TensorListGetItem(v, zero, none) " F, "p",
          REFUSES("PartialTensorShape: Incompatible ranks during merge: 0 vs. 1") },
        { "an element that is there is set", VALUES "p = TensorListSetItem(k, two, s)\n", "p",
          REFUSES("Trying to modify element 2 in a list with 2 elements.") },
        { "an element is set to what fits", VALUES "p = TensorListSetItem(k, one, x)\n", "p",
          REFUSES("Tried to set a tensor with incompatible shape at a list index. Item element "
                  "shape: [2] list shape: []") },
        { "a list is no shorter than nothing", VALUES "p = TensorListResize(k, minus)\n", "p",
          REFUSES("TensorListSlice expects size to be non-negative. Got: -1") },
        { "as many pairs of lists as lists",
          VALUES "n = Pack(k, k)\nj = TensorListConcatLists(n, k) " F, "j",
          REFUSES("Incompatible input TensorList tensor shapes: [2] vs. []") },
        { "the first of a pair is a list", VALUES "j = TensorListConcatLists(m, k) " F, "j",
          REFUSES("input_a is not a TensorList at index 0.  Saw: 'Variant<type: "
                  "tensorflow::TensorMap value: TensorMap>'") },
        { "the second is of the op's type",
          VALUES "d = EmptyTensorList(none, minus) element_dtype: int32\n"
                 "j = TensorListConcatLists(k, d) " F,
          "j", REFUSES("input_b[0].dtype != element_dtype.  Saw: int32 vs. float") },
        { "both are of one shape", VALUES "j = TensorListConcatLists(k, e) " F, "j",
          REFUSES("input_a and input_b TensorList element shapes are not identical at index 0.  "
                  "Saw [] vs. <unknown>") },
        { "rows go to lists only", VALUES "n = Pack(k, m)\ng = TensorListPushBackBatch(n, x)\n",
          "g",
          REFUSES("Input handle at index 1 is not a list. Saw: 'Variant<type: "
                  "tensorflow::TensorMap value: TensorMap>'") },
        { "rows go to lists that they fit",
          VALUES "n = Pack(k, v)\ng = TensorListPushBackBatch(n, x)\n", "g",
          REFUSES("Tried to append a tensor with incompatible shape to a list at index 1. Op "
                  "element shape: [] list shape: [2]") },
        { "as many rows as lists", VALUES "n = Pack(k)\ng = TensorListPushBackBatch(n, x)\n", "g",
          REFUSES("Expected tensor.shape[0] == input_handles.size, but saw 2 vs. 1"),
          "TensorListPushBackBatch" },
};
GRAPH_CASES(edges_lists, elements)

static const GraphCase many[] = {
        { "as many elements as are asked for",
          VALUES "a = TensorListStack(k, minus) num_elements: 3, " F, "a",
          REFUSES("Operation expected a list with 3 elements but got a list with 2 elements.") },
        { "an empty list has no shape", VALUES "a = TensorListStack(e, minus) " F, "a",
          REFUSES("Tried to stack elements of an empty list with non-fully-defined element_shape: "
                  "<unknown>") },
        { "nor have elements that are all unset", VALUES "a = TensorListStack(r, minus) " F, "a",
          REFUSES("Tried to stack list which only contains uninitialized tensors and has a "
                  "non-fully-defined element_shape: <unknown>") },
        { "elements that are stacked are of one shape",
          VALUES "p = TensorListPushBack(e, x)\nq = TensorListPushBack(p, y3)\n"
                 "a = TensorListStack(q, minus) " F,
          "a", REFUSES("PartialTensorShape: Incompatible shapes during merge: [2] vs. [3]") },
        { "no elements are gathered without a shape",
          VALUES "g = TensorListGather(r, none, minus) " F, "g",
          REFUSES("Tried to gather 0-elements from a list with non-fully-defined shape: "
                  "<unknown>") },
        { "nor unset ones", VALUES "g = TensorListGather(r, both, minus) " F, "g",
          REFUSES("Tried to gather uninitialized tensors from a list with non-fully-defined "
                  "element_shape: <unknown>") },
        { "no elements are gathered with one",
          VALUES "g = TensorListGather(k, none, minus) " F,
          "g:0",
          { F32((0)) } },
        { "a list comes from rows", VALUES "f = TensorListFromTensor(s, minus)\n", "f",
          REFUSES("Tensor must be at least a vector, but saw shape: []") },
        { "that are as it says", VALUES "f = TensorListFromTensor(x, vec)\n", "f",
          REFUSES("Specified a list with shape [2] from a tensor with shape []") },
        { "a row for each index", VALUES "f = TensorListScatter(x, vec, minus)\n", "f",
          REFUSES("Invalid number of rows in input tensor. Expected: 1 Actual: 2") },
        { "indices begin with 0", VALUES "f = TensorListScatter(x, back, minus)\n", "f",
          REFUSES("Indices in TensorListScatter must all be non-negative.") },
        { "and end with the list", VALUES "f = TensorListScatterV2(x, both, minus, one)\n", "f",
          REFUSES("TensorListScatter: Trying to scatter at index 1 in list with size 1") },
        { "a list has -1 elements at least",
          VALUES "less = Const int32 [] { -2 }\nf = TensorListScatterV2(x, both, minus, less)\n",
          "f", REFUSES("TensorListScatter expects num_elements >= -1, found: -2") },
        { "rows go into a list of their type",
          VALUES "f = TensorListScatterIntoExistingList(k, i2, both)\n", "f",
          REFUSES("Invalid data types; input tensor type: int32 list element_type: float") },
        { "by a vector", VALUES "f = TensorListScatterIntoExistingList(k, x, one)\n", "f",
          REFUSES("Expected indices to be a vector, but received shape: []") },
        { "as long as they are", VALUES "f = TensorListScatterIntoExistingList(k, x, vec)\n", "f",
          REFUSES("Expected len(indices) == tensor.shape[0], but saw: 1 vs. 2") },
        { "a scalar is not cut", VALUES "f = TensorListSplit(s, minus, l)\n", "f",
          REFUSES("Tensor must be at least a vector, but saw shape: []") },
        { "parts are no scalars", VALUES "f = TensorListSplit(x, none, l)\n", "f",
          REFUSES("TensorListSplit requires element_shape to be at least of rank 1, but saw: "
                  "[]") },
        { "parts are like the whole",
          VALUES "wide = Const int32 [2] { 1, 4 }\nf = TensorListSplit(x, wide, l)\n", "f",
          REFUSES("tensor shape [2] is not compatible with element_shape [1,4]") },
        { "lengths are a vector", VALUES "f = TensorListSplit(x, minus, ls)\n", "f",
          REFUSES("Expected lengths to be a vector, received shape: []") },
        { "a length is not negative", VALUES "f = TensorListSplit(y3, minus, lm)\n", "f",
          REFUSES("Invalid value in lengths: -1") },
        { "nor more than there is", VALUES "f = TensorListSplit(x, minus, far)\n", "f",
          REFUSES("Attempting to slice [1, 6] from tensor with length 2") },
        { "all is cut", VALUES "f = TensorListSplit(x, minus, l1)\n", "f",
          REFUSES("Unused values in tensor. Length of tensor: 2 Values used: 1") },
        { "scalars are not joined",
          VALUES "p = TensorListPushBack(e, s)\nc = TensorListConcat(p) " F, "c",
          REFUSES("Concat saw a scalar shape at index 0 but requires at least vectors.") },
        { "nor what is called scalar", VALUES "c = TensorListConcatV2(k, minus, nl) " F, "c",
          REFUSES("Concat requires elements to be at least vectors, found scalars instead.") },
        { "an empty list does not join without a shape", VALUES "c = TensorListConcat(e) " F, "c",
          REFUSES("All except the first dimension must be fully defined when concating an empty "
                  "tensor list. element_shape: <unknown>") },
        { "nor do unset elements", VALUES "c = TensorListConcatV2(r, minus, l) " F, "c",
          REFUSES("Trying to concat list with only uninitialized tensors but "
                  "element_shape_except_first_dim_ is not fully defined: <unknown>") },
        { "the first version knows no rows of unset elements",
          VALUES "c = TensorListConcat(r) element_shape: [?], " F, "c",
          REFUSES("Concating lists with uninitialized tensors is not supported in this version of "
                  "TensorListConcat. Consider updating your GraphDef to run the newer version.") },
        { "the second one must be told", VALUES "c = TensorListConcatV2(r, row, l1) " F, "c",
          REFUSES("List contains uninitialized tensor at index 1 but leading_dims has only 1 "
                  "elements.") },
        { "elements have the rows that are asked for",
          VALUES "p = TensorListPushBack(e, x)\nc = TensorListConcatV2(p, other, nl) " F, "c",
          REFUSES("First entry of element_shape input does not match the first dim of list element "
                  "at index: 0 Expected: 3 Actual: 2") },
};
GRAPH_CASES(edges_lists, many)

static const GraphCase maps[] = {
        { "a map holds nothing by nothing",
          VALUES "i = TensorMapInsert(m, nothing, nothing)\nh = TensorMapHasKey(i, nothing)\n"
                 "g = TensorMapLookup(i, nothing) key_dtype: float, value_dtype: float\n"
                 "d = TensorMapErase(i, nothing) key_dtype: float, value_dtype: float\n"
                 "n = TensorMapSize(d)\nk2 = TensorMapStackKeys(i) key_dtype: float\n",
          "h:0 g:0 n:0 k2:0",
          { BOOL((), true), F32((0)), I32((), 0), F32((1, 0)) } },
        { "only a map has keys", VALUES "h = TensorMapHasKey(k, s)\n", "h",
          REFUSES("Input handle is not a map. Saw: 'Variant<type: tensorflow::TensorList value: "
                  "TensorList>'") },
        { "only a map takes more", VALUES "h = TensorMapInsert(k, s, s)\n", "h",
          REFUSES("Input handle is not a map. Saw: ") },
        { "a map is one handle", VALUES "p = Pack(m)\nh = TensorMapInsert(p, s, s)\n", "h",
          REFUSES("Input map must be a scalar. Saw: [1]") },
        { "keys are of one shape",
          VALUES "i = TensorMapInsert(m, s, s)\nj = TensorMapInsert(i, x, s)\n"
                 "h = TensorMapStackKeys(j) key_dtype: float\n",
          "h", REFUSES("Keys must all have the same shape.") },
        { "a composite holds nothing",
          VALUES "c = CompositeTensorVariantFromComponents(nothing) metadata: \"\"\n"
                 "d = CompositeTensorVariantToComponents(c) metadata: \"\", Tcomponents: [float]\n",
          "d:0",
          { F32((0)) } },
        { "a composite says what it is",
          VALUES "c = CompositeTensorVariantFromComponents(s) metadata: \"m\"\n", "c",
          REFUSES("Error parsing metadata"), "CompositeTensorVariantFromComponents" },
        { "and so does who takes it apart",
          VALUES
          "c = CompositeTensorVariantFromComponents(s) metadata: \"\"\n"
          "d = CompositeTensorVariantToComponents(c) metadata: \"m\", Tcomponents: [float]\n",
          "d", REFUSES("Error parsing `metadata`") },
        { "both say the same",
          VALUES "c = CompositeTensorVariantFromComponents(s) metadata: \"\\n\\x02\\x08\\x03\"\n"
                 "d = CompositeTensorVariantToComponents(c) metadata: \"\\n\\x02\\x08\\x01\", "
                 "Tcomponents: [float]\n",
          "d",
          REFUSES("Expected a SPARSE_TENSOR_SPEC (based on `type_spec`), but `encoded` contains a "
                  "RAGGED_TENSOR_SPEC") },
        { "a list is no composite",
          VALUES "d = CompositeTensorVariantToComponents(k) metadata: \"\", Tcomponents: [float]\n",
          "d",
          REFUSES("The input `encoded` is not a valid CompositeTensorVariant tensor, got "
                  "Tensor<type: variant shape: [] values: Variant<type: tensorflow::TensorList "
                  "value: TensorList>>") },
};
GRAPH_CASES(edges_lists, maps)
