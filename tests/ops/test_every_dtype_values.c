// SPDX-License-Identifier: Apache-2.0
/* Values of every dtype through ops on arrays, tables and checkpoints. */
#include "tests/ops/every_dtype.h"

static const Row values[] = {
        { "stitching in parallel", INDICES "y = ParallelDynamicStitch(both, x)\n", 'x', ALL },
        { "passing on",
          "a = Identity(x)\n"
          "b = IdentityN(a)\n"
          "c = Snapshot(b)\n"
          "d = StopGradient(c)\n"
          "e = PreventGradient(d)\n"
          "f = GuaranteeConst(e)\n"
          "g = Copy(f)\n"
          "h = CopyHost(g)\n"
          "i = DebugIdentity(h)\n"
          "i2 = DebugIdentityV2(i)\n"
          "i3 = DebugGradientIdentity(i2)\n"
          "j = DeepCopy(i3)\n"
          "k = PlaceholderWithDefault(j) dtype: $T, shape: [2]\n"
          "y = Identity(k)\n",
          'x', ALL },
        { "reshaping",
          ZERO "a = ExpandDims(x, zero)\n"
               "b = Squeeze(a)\n"
               "n = Shape(b)\n"
               "m = ShapeN(b)\n"
               "z = Size(b, ^m)\n"
               "r = Rank(b, ^z)\n"
               "c = Reshape(b, n, ^r)\n"
               "y = EnsureShape(c) shape: [2]\n",
          'x', ALL },
        { "packing",
          ZERO "a = Pack(s, s)\n"
               "b = Unpack(a) num: 2\n"
               "c = Pack(b:0, b:1)\n"
               "b2 = ExpandDims(s, zero)\n"
               "d = ParallelConcat(b2, b2) shape: [2]\n"
               "y = Identity(x, ^c, ^d)\n",
          'x', ALL },
        { "joining and splitting",
          ZERO "a = ConcatV2(x, x, zero)\n"
               "b = Split(zero, a) num_split: 2\n"
               "two = Const int32 [2] { 2, 0 }\n"
               "c = SplitV(b:0, two, zero) num_split: 2\n"
               "d = Concat(zero, c:0, c:1)\n"
               "y = Identity(d)\n",
          'x', ALL },
        { "slicing",
          "b = Const int32 [1] { 0 }\n"
          "n = Const int32 [1] { 2 }\n"
          "o = Const int32 [1] { 1 }\n"
          "a = Slice(x, b, n)\n"
          "c = StridedSlice(a, b, n, o)\n"
          "y = Identity(c)\n",
          'x', ALL },
        { "gathering",
          INDICES "a = Gather(x, both)\n"
                  "b = GatherV2(a, both, zero)\n"
                  "i = Const int32 [2, 1] { 0, 1 }\n"
                  "y = GatherNd(b, i)\n",
          'x', ALL },
        { "choosing",
          "c = Const bool [2] { true, false }\n"
          "a = Select(c, x, x)\n"
          "y = SelectV2(c, a, a)\n",
          'x', ALL },
        { "partitioning and stitching",
          INDICES "p = DynamicPartition(x, both) num_partitions: 2\n"
                  "i = Const int32 [1] { 0 }\n"
                  "j = Const int32 [1] { 1 }\n"
                  "y = DynamicStitch(i, j, p:0, p:1)\n",
          'x', ALL },
        { "turning",
          ZERO "e = Const int32 [1] { 0 }\n"
               "a = Transpose(x, e)\n"
               "b = ConjugateTranspose(a, e)\n"
               "bb = ConjugateTranspose(b, e)\n"
               "n = Const int32 [1] { 2 }\n"
               "c = BroadcastTo(s, n)\n"
               "d = Roll(bb, zero, zero)\n"
               "k = Const int64 [1] { 1 }\n"
               "l = Const int32 [2] { 1, 2 }\n"
               "r = Reshape(d, l)\n"
               "q = ReverseSequence(r, k) seq_dim: 1, batch_dim: 0\n"
               "y = Reshape(q, n, ^c)\n",
          'x', ALL },
        { "tables",
          "h = HashTableV2 key_dtype: $T, value_dtype: $T\n"
          "i = InitializeTableV2(h, x, x)\n"
          "f = LookupTableFindV2(h, x, s, ^i)\n"
          "m = MutableHashTableV2 key_dtype: $T, value_dtype: $T\n"
          "j = LookupTableInsertV2(m, f, f)\n"
          "e = LookupTableExportV2(m, ^j) Tkeys: $T, Tvalues: $T\n"
          "k = LookupTableImportV2(m, e:0, e:1)\n"
          "g = LookupTableFindV2(m, x, s, ^k)\n"
          "r = LookupTableRemoveV2(m, x, ^g)\n"
          "y = Identity(g, ^r)\n",
          'x', PLAIN },
        { "tables of old graphs",
          "h = HashTable key_dtype: $T, value_dtype: $T\n"
          "i = InitializeTable(h, x, x)\n"
          "f = LookupTableFind(h, x, s, ^i)\n"
          "m = MutableHashTable key_dtype: $T, value_dtype: $T\n"
          "j = LookupTableInsert(m, f, f)\n"
          "e = LookupTableExport(m, ^j) Tkeys: $T, Tvalues: $T\n"
          "k = LookupTableImport(m, e:0, e:1)\n"
          "y = LookupTableFind(m, x, s, ^k)\n",
          'x', PLAIN },
        { "tables of tensors",
          "k = Const string [2] { \"a\", \"b\" }\n"
          "r = Const int32 [2] { 2, 1 }\n"
          "v = Reshape(x, r)\n"
          "one = Const int32 [1] { 1 }\n"
          "d = Reshape(s, one)\n"
          "a = MutableHashTableOfTensors key_dtype: string, value_dtype: $T, shared_name: \"a\", "
          "value_shape: [1]\n"
          "b = MutableHashTableOfTensorsV2 key_dtype: string, value_dtype: $T, shared_name: \"b\", "
          "value_shape: [1]\n"
          "i = LookupTableInsert(a, k, v)\n"
          "j = LookupTableInsertV2(b, k, v)\n"
          "f = LookupTableFind(a, k, d, ^i)\n"
          "g = LookupTableFindV2(b, k, d, ^j)\n"
          "n = Const int32 [1] { 2 }\n"
          "z = Reshape(f, n)\n"
          "y = Reshape(g, n, ^z)\n",
          'x', PLAIN },
        { "tables by tensors",
          "k = Const string [2] { \"a\", \"b\" }\n"
          "e = Const string [1] { \"a\" }\n"
          "a = MutableHashTableOfTensors key_dtype: $T, value_dtype: string, shared_name: \"a\", "
          "value_shape: [1]\n"
          "b = MutableHashTableOfTensorsV2 key_dtype: $T, value_dtype: string, shared_name: \"b\", "
          "value_shape: [1]\n"
          "r = Const int32 [2] { 2, 1 }\n"
          "v = Reshape(k, r)\n"
          "i = LookupTableInsert(a, x, v)\n"
          "j = LookupTableInsertV2(b, x, v)\n"
          "f = LookupTableFind(a, x, e, ^i)\n"
          "g = LookupTableFindV2(b, x, e, ^j)\n"
          "y = Identity(x, ^f, ^g)\n",
          'x', PLAIN },
        { "dense tables",
          "k = Const int64 [2] { 5, 6 }\n"
          "n = Const int64 [] { -1 }\n"
          "m = Const int64 [] { -2 }\n"
          "a = MutableDenseHashTable(n) value_dtype: $T, shared_name: \"a\"\n"
          "b = MutableDenseHashTableV2(n, m) value_dtype: $T, shared_name: \"b\"\n"
          "i = LookupTableInsert(a, k, x)\n"
          "j = LookupTableInsertV2(b, k, x)\n"
          "f = LookupTableFind(a, k, s, ^i)\n"
          "y = LookupTableFindV2(b, k, s, ^j, ^f)\n",
          'x', PLAIN },
        { "anonymous tables",
          "h = AnonymousHashTable key_dtype: $T, value_dtype: $T\n"
          "i = InitializeTableV2(h, x, x)\n"
          "y = LookupTableFindV2(h, x, s, ^i)\n",
          'x', PLAIN },
        { "checkpoints of old",
          FILENAME "slice = Const string [1] { \"\" }\n"
                   "names = Const string [1] { \"v\" }\n"
                   "name = Const string [] { \"v\" }\n"
                   "none = Const string [] { \"\" }\n"
                   "w = Save(file, names, x)\n"
                   "r = Restore(file, name, ^w) dt: $T\n"
                   "v = SaveSlices(file, names, slice, r)\n"
                   "y = RestoreSlice(file, name, none, ^v) dt: $T\n",
          'x', OLD },
        { "messages",
          "p = Print(x, x)\n"
          "y = Identity(p)\n",
          'x', PLAIN },
        { "casting to themselves", "y = Cast(x) DstT: $T\n", 'x', ALL },
        { "looking at bits", "y = Bitcast(x) type: $T\n", 'x', NUMBERS },
        { "matrices",
          ZERO "m = BatchMatrixDiag(x)\n"
               "w = Const int64 [] { 1 }\n"
               "b = BatchMatrixBandPart(m, w, w)\n"
               "d = BatchMatrixDiagPart(b)\n"
               "e = BatchMatrixSetDiag(m, d)\n"
               "f = MatrixSetDiagV2(e, d, zero)\n"
               "y = MatrixDiagPart(f)\n",
          'x', PLAIN },
        { "diagonals with padding",
          ZERO "own = Const int32 [] { -1 }\nm = MatrixDiagV3(x, zero, own, own, s)\n"
               "y = Identity(m)\n",
          0, HELD },
        { "parsing",
          "z = SerializeTensor(x)\n"
          "y = ParseTensor(z) out_type: $T\n",
          'x', PLAIN },
        { "serialized sparse tensors",
          "i = Const int64 [2, 1] { 0, 1 }\n"
          "n = Const int64 [1] { 2 }\n"
          "i2 = Const int64 [2, 2] { 0, 0, 1, 0 }\n"
          "n2 = Const int64 [2] { 2, 1 }\n"
          "a = SerializeSparse(i, x, n)\n"
          "b = DeserializeSparse(a) dtype: $T\n"
          "m = SerializeManySparse(i2, b:1, n2)\n"
          "q = DeserializeManySparse(m) dtype: $T\n"
          "v = SerializeSparse(i, q:1, n) out_type: variant\n"
          "u = DeserializeSparse(v) dtype: $T\n"
          "y = Identity(u:1)\n",
          'x', PLAIN },
        { "kept sparse tensors",
          "i = Const int64 [2, 1] { 0, 1 }\n"
          "n = Const int64 [1] { 2 }\n"
          "i2 = Const int64 [2, 2] { 0, 0, 1, 0 }\n"
          "n2 = Const int64 [2] { 2, 1 }\n"
          "h = AddManySparseToTensorsMap(i2, x, n2) shared_name: \"map\"\n"
          "t = TakeManySparseFromTensorsMap(h) dtype: $T, shared_name: \"map\"\n"
          "g = AddSparseToTensorsMap(i, t:1, n) shared_name: \"map\"\n"
          "p = Pack(g)\n"
          "r = TakeManySparseFromTensorsMap(p) dtype: $T, shared_name: \"map\"\n"
          "y = Identity(r:1)\n",
          'x', PLAIN },
        { "joined sparse tensors",
          "i = Const int64 [2, 1] { 0, 1 }\n"
          "n = Const int64 [1] { 2 }\n"
          "i2 = Const int64 [2, 2] { 0, 0, 1, 0 }\n"
          "n2 = Const int64 [2] { 2, 1 }\n"
          "c = SparseConcat(i, i, x, x, n, n) concat_dim: 0\n"
          "b = Const int32 [1] { 0 }\n"
          "e = Const int32 [1] { 2 }\n"
          "y = Slice(c:1, b, e)\n",
          'x', PLAIN },
        { "sparse slices of datasets",
          "i = Const int64 [2, 1] { 0, 1 }\n"
          "n = Const int64 [1] { 2 }\n"
          "i2 = Const int64 [2, 2] { 0, 0, 1, 0 }\n"
          "n2 = Const int64 [2] { 2, 1 }\n"
          "d = SparseTensorSliceDataset(i2, x, n2)\n"
          "y = Identity(x, ^d)\n",
          'x', PLAIN },
        { "gradients of ragged variants",
          "p = Const int64 [3] { 0, 1, 2 }\n"
          "v = RaggedTensorToVariant(p, x) batched_input: true\n"
          "n = Const int32 [1] { 2 }\n"
          "y = RaggedTensorToVariantGradient(v, p, n) Tvalues: $T\n",
          'x', NUMBERS },
        { "gradients of batches",
          "b = Batch(x) num_batch_threads: 1, max_batch_size: 2, batch_timeout_micros: 0, "
          "grad_timeout_micros: 0\n"
          "y = UnbatchGrad(x, b:1, x, b:2)\n",
          'x', PLAIN },
        { "summaries of numbers",
          FILENAME "w = SummaryWriter shared_name: \"w\"\nq = Const int32 [] { 10 }\nm = Const "
                   "int32 [] { 1000 }\n"
                   "end = Const string [] { \"\" }\nstep = Const int64 [] { 1 }\ntag = Const "
                   "string [] { \"t\" }\n"
                   "c = CreateSummaryFileWriter(w, file, q, m, end)\n"
                   "a = WriteScalarSummary(w, step, tag, s, ^c)\nb = WriteHistogramSummary(w, "
                   "step, tag, x, ^a)\n"
                   "d = CloseSummaryWriter(w, ^b)\ny = Identity(x, ^d)\n",
          'x', ORDERED },
        { "summaries of images",
          FILENAME "w = SummaryWriter shared_name: \"w\"\nq = Const int32 [] { 10 }\nm = Const "
                   "int32 [] { 1000 }\n"
                   "end = Const string [] { \"\" }\nstep = Const int64 [] { 1 }\ntag = Const "
                   "string [] { \"t\" }\n"
                   "c = CreateSummaryFileWriter(w, file, q, m, end)\n"
                   "n = Const int32 [4] { 1, 1, 2, 1 }\ni = Reshape(x, n)\nbad = Const uint8 [4] { "
                   "255, 0, 0, 255 }\nh = Cast(x) DstT: bool\n"
                   "a = WriteImageSummary(w, step, tag, i, bad, ^c)\nb = WriteHistogramSummary(w, "
                   "step, tag, h, ^a)\n"
                   "d = CloseSummaryWriter(w, ^b)\ny = Identity(x, ^d)\n",
          'x', PIXELS },
        { "summaries of tensors",
          FILENAME "w = SummaryWriter shared_name: \"w\"\nq = Const int32 [] { 10 }\nm = Const "
                   "int32 [] { 1000 }\n"
                   "end = Const string [] { \"\" }\nstep = Const int64 [] { 1 }\ntag = Const "
                   "string [] { \"t\" }\n"
                   "c = CreateSummaryFileWriter(w, file, q, m, end)\n"
                   "a = WriteSummary(w, step, x, tag, end, ^c)\n"
                   "d = CloseSummaryWriter(w, ^a)\ny = Identity(x, ^d)\n",
          'x', PLAIN },
        { "gradients of ragged variants by short splits",
          "p = Const int32 [3] { 0, 1, 2 }\nv = RaggedTensorToVariant(p, x) batched_input: true\n"
          "n = Const int32 [1] { 2 }\ny = RaggedTensorToVariantGradient(v, p, n) Tvalues: $T\n",
          'x', NUMBERS },
        { "maps of tensors",
          "m = EmptyTensorMap\n"
          "i = TensorMapInsert(m, s, x)\n"
          "h = TensorMapHasKey(i, s)\n"
          "k = TensorMapStackKeys(i, ^h) key_dtype: $T\n"
          "e = TensorMapErase(i, s, ^k) value_dtype: $T\n"
          "z = TensorMapSize(e)\n"
          "y = TensorMapLookup(i, s, ^z) value_dtype: $T\n",
          'x', PLAIN },
        { "compressed rows",
          ZERO "i = Const int64 [2, 2] { 0, 0, 1, 1 }\n"
               "n = Const int64 [2] { 2, 2 }\n"
               "c = SparseTensorToCSRSparseMatrix(i, x, n)\n"
               "p = CSRSparseMatrixComponents(c, zero) type: $T\n"
               "t = CSRSparseMatrixToSparseTensor(c, ^p) type: $T\n"
               "y = Identity(t:1)\n",
          'x', FIELDS },
        { "arithmetic of compressed rows",
          "i = Const int64 [2, 2] { 0, 0, 1, 1 }\n"
          "n = Const int64 [2] { 2, 2 }\n"
          "f = Const float [2] { 4, 9 }\n"
          "v = Cast(f) DstT: $T\n"
          "g = Const float [] { 1 }\n"
          "one = Cast(g) DstT: $T\n"
          "c = SparseTensorToCSRSparseMatrix(i, v, n)\n"
          "a = SparseMatrixAdd(c, c, one, one)\n"
          "b = SparseMatrixMul(a, one)\n"
          "d = SparseMatrixTranspose(b) type: $T\n"
          "e = SparseMatrixSparseMatMul(d, c) type: $T\n"
          "w = CSRSparseMatrixToDense(e) type: $T\n"
          "q = SparseMatrixMatMul(c, w)\n"
          "o = SparseMatrixOrderingAMD(c)\n"
          "h = SparseMatrixSparseCholesky(c, o) type: $T\n"
          "y = Identity(x, ^q, ^h)\n",
          'x', FIELDS },
        { "softmax of compressed rows",
          "i = Const int64 [2, 2] { 0, 0, 1, 1 }\n"
          "n = Const int64 [2] { 2, 2 }\n"
          "d = Cast(x) DstT: double\n"
          "c = SparseTensorToCSRSparseMatrix(i, d, n)\n"
          "m = SparseMatrixSoftmax(c) type: double\n"
          "g = SparseMatrixSoftmaxGrad(m, m) type: double\n"
          "y = Identity(x, ^g)\n",
          'x', REAL },
        { "checkpoints",
          FILENAME "names = Const string [1] { \"$T\" }\n"
                   "w = SaveV2(file, names, whole, x)\n"
                   "y = RestoreV2(file, names, whole, ^w) dtypes: [$T]\n",
          'x', PLAIN },
};
EVERY_DTYPE(values)
