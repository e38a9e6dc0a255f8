// SPDX-License-Identifier: Apache-2.0
/* Each op that makes a dataset: under its other names, of nothing, and given what it cannot use.
 * The errors' words are those of TensorFlow's kernels. */
#include "tests/engine/data_fixture.h"

static void setup(void)
{
        data_files_setup();
        grow_ok("two = Const int64 [2] { 1, 1 }\n"
                "opt = OptionalNone\n"
                "words = Const string [2] { \"a\", \"b\" }\n"
                "matrix = Const string [1, 1] { \"a\" }\n"
                "half = Const float [] { 0.5 }\n"
                "of_two = TensorSliceDataset(two, two) output_shapes: [[], []]\n"
                "of_float = TensorDataset(half) output_shapes: [[]]\n"
                "batches = BatchDataset(r5, c2) " INT64S "\n");
}

TestSuite(data_edges, .init = setup, .fini = data_files_teardown, .timeout = 60);

#define NO_DATASET "!Tensor must be a Dataset object."
#define F(name)    "Targuments: [], f: " name ", " INT64S
#define F_OF(name) "Targuments: [int64], f: " name ", " INT64S

/* ---- what only hands elements on ---- */

static const DataCase passes[] = {
        { "of bytes, experimental", "d = ExperimentalBytesProducedStatsDataset(r3, none) " INT64S,
          .want = "0 1 2" },
        { "of bytes", "d = BytesProducedStatsDataset(r3, none) " INT64S, .want = "0 1 2" },
        { "of times, experimental", "d = ExperimentalLatencyStatsDataset(r3, none) " INT64S,
          .want = "0 1 2" },
        { "of times", "d = LatencyStatsDataset(r0, none) " INT64S, .want = "" },
        { "not to be saved", "d = NonSerializableDataset(r3) " INT64S, .want = "0 1 2" },
        { "not to be saved, experimental", "d = ExperimentalNonSerializableDataset(r3) " INT64S,
          .want = "0 1 2" },
        { "to be the last", "d = FinalizeDataset(r3) " INT64S, .want = "0 1 2" },
        { "threads within an op", "d = MaxIntraOpParallelismDataset(r3, c0) " INT64S,
          .want = "0 1 2" },
        { "threads within an op, experimental",
          "d = ExperimentalMaxIntraOpParallelismDataset(r3, c1) " INT64S, .want = "0 1 2" },
        { "threads of its own", "d = PrivateThreadPoolDataset(r3, c0) " INT64S, .want = "0 1 2" },
        { "threads of its own, experimental",
          "d = ExperimentalPrivateThreadPoolDataset(r3, c2) " INT64S, .want = "0 1 2" },
        { "threads of a pool, experimental",
          "t = ExperimentalThreadPoolHandle num_threads: 2, display_name: \"t\"\n"
          "d = ExperimentalThreadPoolDataset(r3, t) " INT64S,
          .want = "0 1 2" },
        { "optimizations", "d = OptimizeDatasetV2(r3, words, words, words) " INT64S,
          .want = "0 1 2" },
        { "a nap", "d = ExperimentalSleepDataset(r3, c1) " INT64S, .want = "0 1 2" },
        { "what follows, experimental",
          "s = Const string [1] { \"Take\" }\ne = ExperimentalAssertNextDataset(r3, s) " INT64S "\n"
          "d = TakeDataset(e, c2) " INT64S,
          .want = "0 1" },
        { "errors, experimental",
          "e = MapDataset(r4) " F("ratio") "\nd = ExperimentalIgnoreErrorsDataset(e) " INT64S,
          .want = "-6 -12 12" },
        { "the fastest of the same",
          "d = ChooseFastestDataset(r3, r3) num_experiments: 2, N: 2, " INT64S, .want = "0 1 2" },
        { "the fastest, experimental",
          "d = ExperimentalChooseFastestDataset(r0, r0) num_experiments: 2, N: 2, " INT64S,
          .want = "" },
        { "in a variant and out of it", "e = WrapDatasetVariant(r3)\nd = UnwrapDatasetVariant(e)",
          .want = "0 1 2" },
        { "a cache of a handle",
          "m = AnonymousMemoryCache\nd = CacheDatasetV2(r3, none, m) " INT64S, .want = "0 1 2" },
        { "a cache of no handle",
          "m = DummyMemoryCache\ne = CacheDatasetV2(r2, none, m) " INT64S "\n"
          "d = RepeatDataset(e, c2) " INT64S,
          .want = "0 1 0 1" },
};
DATA_CASES(data_edges, passes)

/* ---- what does something, by another name ---- */

#define CYCLE   "r2_5, c2, c1"
#define R2_5    "r2_5 = RangeDataset(c2, c5, c1) " INT64S "\n"
#define BY_TURN "0 0 1 1 2 0 1 2 3"

static const DataCase interleaves[] = {
        { "the first parallel one",
          R2_5 "d = ParallelInterleaveDataset(" CYCLE ", no, c1, c0) " F("upto"), .want = BY_TURN },
        { "the experimental one",
          R2_5 "d = ExperimentalParallelInterleaveDataset(" CYCLE ", yes, c3, c1) " F("upto"),
          .want = BY_TURN },
        { "the legacy one",
          R2_5 "d = LegacyParallelInterleaveDatasetV2(" CYCLE ", c1, c0) " F("upto"),
          .want = BY_TURN },
        { "the third one", R2_5 "d = ParallelInterleaveDatasetV3(" CYCLE ", c2) " F("upto"),
          .want = BY_TURN },
        { "the fourth one",
          R2_5 "d = ParallelInterleaveDatasetV4(" CYCLE ", cm1, cm1, cm1) " F("upto"),
          .want = BY_TURN },
        { "of nothing", "d = ParallelInterleaveDatasetV4(r0, cm1, c1, c1, c0, c1) " F("upto"),
          .want = "" },
        { "wants a cycle", "d = InterleaveDataset(r2, c0, c1) " F("upto"),
          .want = "!cycle_length must be greater than zero." },
        { "wants a block", "d = InterleaveDataset(r2, c1, c0) " F("upto"),
          .want = "!block_length must be greater than zero." },
        { "wants one length", "d = InterleaveDataset(r2, two, c1) " F("upto"),
          .want = "!cycle_length must be a scalar" },
        { "wants a cycle", "d = ParallelInterleaveDataset(r2, cm1, c1, no, c1, c0) " F("upto"),
          .want = "!`cycle_length` must be > 0" },
        { "wants a buffer",
          "d = ExperimentalParallelInterleaveDataset(r2, c1, c1, no, c0, c0) " F("upto"),
          .want = "!`buffer_output_elements` must be > 0" },
        { "wants to look ahead, not back",
          "d = LegacyParallelInterleaveDatasetV2(r2, c1, c1, c1, cm1) " F("upto"),
          .want = "!`prefetch_input_elements` must be >= 0" },
        { "wants a block", "d = ParallelInterleaveDatasetV2(r2, c1, c0, c1) " F("upto"),
          .want = "!`block_length` must be > 0" },
        { "wants calls", "d = ParallelInterleaveDatasetV3(r2, c1, c1, c0) " F("upto"),
          .want = "!num_parallel_calls must be greater than zero." },
        { "wants a buffer", "d = ParallelInterleaveDatasetV4(r2, c1, c1, c0, c1, c1) " F("upto"),
          .want = "!`buffer_output_elements` must be `tf.data.AUTOTUNE` or > 0 but is 0" },
        { "wants to look ahead, not back",
          "m = Const int64 [] { -2 }\n"
          "d = ParallelInterleaveDatasetV4(r2, c1, c1, c1, m, c1) " F("upto"),
          .want = "!`prefetch_input_elements` must be `tf.data.AUTOTUNE` or >= 0 but is -2" },
};
DATA_CASES(data_edges, interleaves)

#define GROUPED                                                              \
        "key_func: parity, reduce_func: batched, window_size_func: two_of, " \
        "Tkey_func_other_arguments: [], Treduce_func_other_arguments: [], "  \
        "Twindow_size_func_other_arguments: [], " INT64S
#define REDUCED                                                                           \
        "key_func: parity, init_func: itself, reduce_func: plus, finalize_func: itself, " \
        "Tkey_func_other_arguments: [], Tinit_func_other_arguments: [], "                 \
        "Treduce_func_other_arguments: [], Tfinalize_func_other_arguments: [], " INT64S

static const DataCase functions[] = {
        { "map, experimental", "d = ExperimentalMapDataset(r3, c10) " F_OF("plus"),
          .want = "10 11 12" },
        { "map and batch, experimental",
          "d = ExperimentalMapAndBatchDataset(r5, c10, c2, c1, yes) " F_OF("plus"),
          .want = "[10 11] [12 13]" },
        { "scan, experimental", "d = ExperimentalScanDataset(r5, c10) Tstate: [int64], " F("scan"),
          .want = "10 11 13 16 20" },
        { "take while, experimental",
          "d = ExperimentalTakeWhileDataset(r5, c2) Targuments: [int64], predicate: "
          "below, " INT64S,
          .want = "0 1" },
        { "group by window, experimental", "d = ExperimentalGroupByWindowDataset(r5) " GROUPED,
          .want = "[0 2] [1 3] [4]" },
        { "group by reducer, experimental", "d = ExperimentalGroupByReducerDataset(r5) " REDUCED,
          .want = "6 5" },
        { "of what is none", "d = MapDataset(opt) " F("itself"), .want = NO_DATASET },
        { "of what is none", "d = ExperimentalMapDataset(opt) " F("itself"), .want = NO_DATASET },
        { "wants calls", "d = ParallelMapDataset(r3, n) " F("itself") "\nn = Const int32 [] { 0 }",
          .want = "!num_parallel_calls must be greater than zero." },
        { "wants a batch", "d = MapAndBatchDataset(r5, c0, c1, no) " F("itself"),
          .want = "!batch_size must be greater than zero." },
        { "wants calls", "d = MapAndBatchDataset(r5, c1, c0, no) " F("itself"),
          .want = "!num_parallel_calls must be greater than zero." },
        { "wants one size", "d = ExperimentalMapAndBatchDataset(r5, two, c1, no) " F("itself"),
          .want = "!batch_size must be a scalar" },
        { "of what is none", "d = ScanDataset(opt, c1) Tstate: [int64], " F("scan"),
          .want = NO_DATASET },
        { "of what is none", "d = ExperimentalScanDataset(opt, c1) Tstate: [int64], " F("scan"),
          .want = NO_DATASET },
        { "of what is none", "d = FilterDataset(opt) Targuments: [], predicate: parity, " INT64S,
          .want = NO_DATASET },
        { "of what is none", "d = TakeWhileDataset(opt) Targuments: [], predicate: parity, " INT64S,
          .want = NO_DATASET },
        { "of what is none",
          "d = ExperimentalTakeWhileDataset(opt) Targuments: [], predicate: parity, " INT64S,
          .want = NO_DATASET },
        { "wants a bool", "d = TakeWhileDataset(r3) Targuments: [], predicate: parity, " INT64S,
          .want = "!`predicate` must returns a scalar bool tensor." },
        { "a state of another type",
          "h = Const float [] { 1 }\n"
          "d = ScanDataset(r3, h) Tstate: [float], Targuments: [], f: forgets, " INT64S,
          .want = "!Got wrong type for scan_func return value 0 (expected float, got int64)." },
        { "elements of another type",
          "d = ScanDataset(r3, c1) Tstate: [int64], Targuments: [], f: scan, output_types: "
          "[float], output_shapes: [?]",
          "float", "!Got wrong type for scan_func return value 1 (expected float, got int64)." },
        { "elements of another shape",
          "d = ScanDataset(r3, c1) Tstate: [int64], Targuments: [], f: scan, output_types: "
          "[int64], output_shapes: [[2]]",
          .want = "!Got wrong shape for scan_func return value 1 (expected [2], got [])." },
        { "of what is none", "d = FlatMapDataset(opt) " F("upto"), .want = NO_DATASET },
        { "of what is none", "d = GroupByWindowDataset(opt) " GROUPED, .want = NO_DATASET },
        { "of what is none", "d = ExperimentalGroupByWindowDataset(opt) " GROUPED,
          .want = NO_DATASET },
        { "of what is none", "d = GroupByReducerDataset(opt) " REDUCED, .want = NO_DATASET },
        { "of what is none", "d = ExperimentalGroupByReducerDataset(opt) " REDUCED,
          .want = NO_DATASET },
        { "a function that gives something else",
          "d = GeneratorDataset(c1) Tinit_func_args: [int64], Tnext_func_args: [], "
          "Tfinalize_func_args: [], init_func: itself, next_func: ratio, finalize_func: itself, "
          "output_types: [float], output_shapes: [?]",
          "float", "!Data type mismatch at component 0: expected float but got int64." },
        { "wants two components", "d = FilterByLastComponentDataset(r3) " INT64S,
          .want = "!Input dataset must have at least two components." },
        { "wants a bool", "d = FilterByLastComponentDataset(of_two) " INT64S,
          .want = "!Last component must be a bool scalar." },
};
DATA_CASES(data_edges, functions)

static const DataCase choices[] = {
        { "unbatch, experimental", "d = ExperimentalUnbatchDataset(batches) " INT64S,
          .want = "0 1 2 3 4" },
        { "each once, experimental",
          "e = RepeatDataset(r2, c2) " INT64S "\nd = ExperimentalUniqueDataset(e) " INT64S,
          .want = "0 1" },
        { "windows, experimental", "d = ExperimentalSlidingWindowDataset(r5, c2, c1, c2) " INT64S,
          .want = "[0 2] [1 3] [2 4]" },
        { "batches in parts, experimental; the last may be empty",
          "d = ExperimentalRebatchDataset(batches, c2) " INT64S, .want = "[0] [1] [2] [3] [4] " },
        { "a dataset chooses, experimental",
          "x = Const int64 [3] { 1, 0, 1 }\ns = TensorSliceDataset(x) output_shapes: [[]]\n"
          "d = ExperimentalDirectedInterleaveDataset(s, r3, r2) N: 2, " INT64S,
          .want = "0 0 1" },
        { "numbers, experimental",
          "e = ExperimentalRandomDataset(c1, c2) " INT64S "\nd = TakeDataset(e, c2) " INT64S,
          .want = "3878945999 2364392915" },
        { "batches by many hands", "d = ParallelBatchDataset(r5, c2, c2, no) " INT64S,
          .want = "[0 1] [2 3] [4]" },
        { "shuffles by a generator",
          "s = AnonymousRandomSeedGenerator(c1, c2)\nd = ShuffleDatasetV2(r5, c3, s) " INT64S,
          .want = "1 3 2 0 4" },
        { "rounds by a generator",
          "s = AnonymousSeedGenerator(c1, c2, no)\n"
          "d = ShuffleAndRepeatDatasetV2(r5, c4, c1, c2, c3, s) " INT64S,
          .want = "3 4 2 1 0 2 0 3 4 1 2 4 1 0 3" },
        { "files by a pattern, experimental",
          "p = Const string [] { \"*.none\" }\nd = ExperimentalMatchingFilesDataset(p)", "string",
          "" },

        { "wants a batch", "d = BatchDatasetV2(r3, c0, no) " INT64S,
          .want = "!Batch size must be greater than zero." },
        { "wants one size", "d = ParallelBatchDataset(r3, two, c1, no) " INT64S,
          .want = "!batch_size must be a scalar" },
        { "wants something", "d = TakeDataset(opt, c1) " INT64S, .want = NO_DATASET },
        { "wants one number", "d = TakeDataset(r3, two) " INT64S,
          .want = "!count must be a scalar" },
        { "wants one number", "d = SkipDataset(r3, two) " INT64S,
          .want = "!count must be a scalar" },
        { "wants one number", "d = RepeatDataset(r3, two) " INT64S,
          .want = "!count must be a scalar" },
        { "wants a buffer", "d = ShuffleDatasetV2(r3, c0, s) " INT64S "\ns = DummySeedGenerator",
          .want = "!buffer_size must be greater than zero." },
        { "wants a buffer",
          "d = ShuffleDatasetV3(r3, cm1, c1, c1, s) " INT64S "\ns = DummySeedGenerator",
          .want = "!buffer_size must be greater than zero." },
        { "wants rounds", "d = ShuffleAndRepeatDataset(r3, c1, c1, c1, c0) " INT64S,
          .want = "!count must be greater than zero or equal to -1." },
        { "wants rounds",
          "d = ShuffleAndRepeatDatasetV2(r3, c1, c1, c1, c0, s) " INT64S "\ns = DummySeedGenerator",
          .want = "!count must be greater than zero or equal to -1." },
        { "wants a generator",
          "d = ShuffleDatasetV2(r3, c1, m) " INT64S "\nm = AnonymousMemoryCache",
          .want = "!Trying to access" },
        { "wants a window", "d = SlidingWindowDataset(r3, c0, c1, c1) " INT64S,
          .want = "!Window size must be greater than zero." },
        { "wants to move on", "d = SlidingWindowDataset(r3, c1, c0, c1) " INT64S,
          .want = "!Window shift must be greater than zero." },
        { "wants a stride", "d = ExperimentalSlidingWindowDataset(r3, c1, c1, c0) " INT64S,
          .want = "!window_stride must be greater than zero." },
        { "wants a stride",
          "d = WindowDataset(r3, c1, c1, c0, no) output_types: [variant], "
          "output_shapes: [[]]",
          "variant", "!Window stride must be greater than zero." },
        { "wants batches", "d = RebatchDataset(r3, c2) " INT64S,
          .want = "!Cannot rebatch dataset: All components must have at least one dimension. "
                  "Perhaps your input dataset is not batched? Component 0 is scalar." },
        { "wants replicas", "d = RebatchDataset(batches, c0) " INT64S,
          .want = "!num_replicas must be greater than zero." },
        { "wants replicas", "d = ExperimentalRebatchDataset(batches, cm1) " INT64S,
          .want = "!num_replicas must be greater than zero." },
        { "wants batches of one size",
          "x = Const int64 [1, 2] { 1, 2 }\ny = Const int64 [1, 3] { 1, 2, 3 }\n"
          "e = TensorSliceDataset(x, y) output_shapes: [[2], [3]]\n"
          "d = UnbatchDataset(e) " TWO_INT64S,
          "int64, int64",
          "!Input element must have the same batch size in each component. Component 0 had size 2 "
          "but component 1 had size, 3." },
        { "wants batches", "d = ExperimentalUnbatchDataset(opt) " INT64S, .want = NO_DATASET },
        { "wants one component", "d = UniqueDataset(of_two) " INT64S,
          .want = "!UniqueDataset only supports inputs with a single component." },
        { "wants what can be told apart", "d = ExperimentalUniqueDataset(of_float) " INT64S,
          .want = "!UniqueDataset only supports inputs with a single `tf.int32`, `tf.int64`, or "
                  "`tf.string` component." },
        { "wants numbers to choose by", "d = DirectedInterleaveDataset(of_float, r3) N: 1, " INT64S,
          .want = "!The selector input must be a dataset of scalar int64 elements." },
        { "wants one type",
          "d = ExperimentalDirectedInterleaveDataset(r3, r3, of_float) N: 2, " INT64S,
          .want = "!All inputs must have the same output_dtypes. First input has types int64, and "
                  "input 1 has types float" },
        { "wants one seed", "d = RandomDataset(two, c1) " INT64S,
          .want = "!seed must be a scalar" },
        { "wants one seed", "d = ExperimentalRandomDataset(c1, two) " INT64S,
          .want = "!seed2 must be a scalar" },
        { "wants one rate", "r = Const float [1] { 1 }\nd = SamplingDataset(r3, r, c1, c1) " INT64S,
          .want = "!rate must be a scalar" },
        { "wants one type",
          "d = ChooseFastestDataset(r3, of_float) num_experiments: 1, N: 2, " INT64S,
          .want = "!All inputs to ChooseFastestDataset must have the same output types. Input 1 "
                  "has output types: float. Expected: int64." },
        { "wants as many",
          "d = ExperimentalChooseFastestDataset(r3, r2) num_experiments: 1, N: 2, " INT64S,
          .want = "!All inputs to ChooseFastestDataset must have compatible cardinalities. Input 1 "
                  "has cardinality: 2, while all prior inputs have cardinality: 3." },
        { "wants shapes that fit",
          "d = ChooseFastestDataset(r3, batches) num_experiments: 1, N: 2, output_types: [int64], "
          "output_shapes: [[]]",
          .want = "!All inputs to ChooseFastestDataset must have compatible output shapes. "
                  "Component 0 of input 1 has shape: [?]. Expected to be compatible with shape: "
                  "[]." },
        { "wants datasets", "d = ZipDataset(r3, opt) N: 2, " TWO_INT64S, "int64, int64",
          NO_DATASET },
        { "wants a size",
          "s = Const int64 [1] { 2 }\n"
          "d = PaddedBatchDatasetV2(batches, c0, s, c9, no) N: 1, Toutput_types: "
          "[int64], output_shapes: [?]",
          .want = "!Batch size must be greater than zero." },
        { "wants one component",
          "d = DenseToSparseBatchDataset(of_two, c1, two) output_types: "
          "[variant], output_shapes: [?]",
          "variant", "!DenseToSparseBatchDataset only supports inputs with a single component." },
        { "wants a row",
          "d = ExperimentalDenseToSparseBatchDataset(r3, c1, c1) output_types: "
          "[variant], output_shapes: [?]",
          "variant", "!row_shape must be a vector" },
        { "wants rows of that rank",
          "d = DenseToSparseBatchDataset(r3, c1, two) output_types: "
          "[variant], output_shapes: [?]",
          "variant",
          "!Input element had shape ([]) that is incompatible with the row shape ([1,1])." },
        { "wants tensors",
          "s = Const int64 [1] { 1 }\n"
          "e = WindowDataset(r3, c1, c1, c1, no) output_types: [variant], "
          "output_shapes: [[]]\n"
          "d = DenseToSparseBatchDataset(e, c1, s) output_types: [variant], "
          "output_shapes: [?]",
          "variant", "!DenseToSparseBatchDataset unhandled data type: 21" },
};
DATA_CASES(data_edges, choices)

static const DataCase settings[] = {
        { "wants no less than no time", "d = SleepDataset(r3, cm1) " INT64S,
          .want = "!`sleep_microseconds` must be >= 0" },
        { "wants one time", "d = ExperimentalSleepDataset(r3, two) " INT64S,
          .want = "!sleep_microseconds must be a scalar" },
        { "wants a dataset", "d = ExperimentalLatencyStatsDataset(opt, none) " INT64S,
          .want = NO_DATASET },
        { "wants a dataset", "d = LatencyStatsDataset(opt, none) " INT64S, .want = NO_DATASET },
        { "wants a dataset", "d = ExperimentalBytesProducedStatsDataset(opt, none) " INT64S,
          .want = NO_DATASET },
        { "wants a dataset", "d = BytesProducedStatsDataset(opt, none) " INT64S,
          .want = NO_DATASET },
        { "wants one tag", "d = BytesProducedStatsDataset(r3, words) " INT64S,
          .want = "!tag must be a scalar" },
        { "wants one tag", "d = LatencyStatsDataset(r3, words) " INT64S,
          .want = "!tag must be a scalar" },
        { "wants a dataset", "d = OptionsDataset(opt) serialized_options: \"\", " INT64S,
          .want = NO_DATASET },
        { "wants a dataset", "d = ModelDataset(opt) " INT64S, .want = NO_DATASET },
        { "wants a dataset", "d = OptimizeDataset(opt, words) " INT64S, .want = NO_DATASET },
        { "wants a dataset", "d = OptimizeDatasetV2(opt, words, words, words) " INT64S,
          .want = NO_DATASET },
        { "wants a dataset", "d = FinalizeDataset(opt) " INT64S, .want = NO_DATASET },
        { "wants a dataset", "d = NonSerializableDataset(opt) " INT64S, .want = NO_DATASET },
        { "wants a dataset", "d = ExperimentalNonSerializableDataset(opt) " INT64S,
          .want = NO_DATASET },
        { "wants a dataset", "d = IgnoreErrorsDataset(opt) " INT64S, .want = NO_DATASET },
        { "wants a dataset", "d = ExperimentalIgnoreErrorsDataset(opt) " INT64S,
          .want = NO_DATASET },
        { "wants as many as follow",
          "s = Const string [2] { \"Take\", \"Map\" }\nd = AssertNextDataset(r3, s) " INT64S,
          .want = "!Asserted next 2 transformations but encountered only 0." },
        { "wants words", "d = ExperimentalAssertNextDataset(r3, words) " INT64S,
          .want = "!Asserted next 2 transformations but encountered only 0." },
        { "wants one number", "d = AssertCardinalityDataset(r3, two) " INT64S,
          .want = "!cardinality must be a scalar" },
        { "wants threads", "d = PrivateThreadPoolDataset(r3, cm1) " INT64S,
          .want = "!`num_threads` must be >= 0" },
        { "wants threads", "d = ExperimentalPrivateThreadPoolDataset(r3, c0) " INT64S,
          .want = "!`num_threads` must be greater than zero." },
        { "wants threads", "d = MaxIntraOpParallelismDataset(r3, cm1) " INT64S,
          .want = "!`max_intra_op_parallelism` must be >= 0" },
        { "wants threads", "d = ExperimentalMaxIntraOpParallelismDataset(r3, c0) " INT64S,
          .want = "!`max_intra_op_parallelism` must be greater than zero." },
        { "wants a pool", "m = AnonymousMemoryCache\nd = ThreadPoolDataset(r3, m) " INT64S,
          .want = "!Trying to access" },
        { "wants a pool",
          "m = AnonymousMemoryCache\nd = ExperimentalThreadPoolDataset(r3, m) " INT64S,
          .want = "!Trying to access" },
        { "wants one name", "d = CacheDataset(r3, words) " INT64S,
          .want = "!filename must be a scalar" },
        { "wants a cache",
          "s = AnonymousSeedGenerator(c1, c1, no)\nd = CacheDatasetV2(r3, none, s) " INT64S,
          .want = "!Trying to access" },
        { "wants true shapes",
          "d = TensorDataset(two) Toutput_types: [int64], output_shapes: [[3]]",
          .want = "!Incompatible shapes at "
                  "component 0: expected [2] but got [3]." },
        { "wants true shapes",
          "d = TensorSliceDataset(two) Toutput_types: [int64], output_shapes: [[2]]",
          .want = "!Incompatible shapes at component 0: expected [] but got [2]." },
        { "wants a dataset", "d = WrapDatasetVariant(opt)", .want = NO_DATASET },
        { "wants a wrapped dataset", "d = UnwrapDatasetVariant(r3)",
          .want = "!Tensor must be a WrappedDataset variant object." },
        { "a wrapped dataset is none", "d = WrapDatasetVariant(r3)", .want = NO_DATASET },
};
DATA_CASES(data_edges, settings)

/* ---- files ---- */

#define STRINGS "output_types: [string], output_shapes: [?]"

static const DataCase files[] = {
        { "wants a list of files", "d = TFRecordDataset(matrix, none, c0)", "string",
          "!`filenames` must be a scalar or a vector." },
        { "wants a buffer", "d = TFRecordDataset(none, none, cm1)", "string",
          "!`buffer_size` must be >= 0 (0 == no buffering)" },
        { "wants a header", "d = FixedLengthRecordDataset(none, cm1, c1, c0, c0)", "string",
          "!`header_bytes` must be >= 0" },
        { "wants records", "d = FixedLengthRecordDataset(none, c0, c0, c0, c0)", "string",
          "!`record_bytes` must be > 0" },
        { "wants a footer", "d = FixedLengthRecordDatasetV2(none, c0, c1, cm1, c0, none)", "string",
          "!`footer_bytes` must be >= 0" },
        { "wants a list of files",
          "d = LMDBDataset(matrix) output_types: [string, string], "
          "output_shapes: [?, ?]",
          "string, string", "!`filenames` must be a scalar or a vector." },
        { "wants a list of files",
          "d = ExperimentalLMDBDataset(matrix) output_types: [string, "
          "string], output_shapes: [?, ?]",
          "string, string", "!`filenames` must be a scalar or a vector." },
        { "wants files", "d = ExperimentalLMDBDataset(words) " STRINGS, "string, string", "!" },
        { "of no files",
          "n = Const string [0] { }\nd = ExperimentalLMDBDataset(n) output_types: [string], "
          "output_shapes: [?]",
          "string, string", "" },
        { "wants a list of patterns", "d = MatchingFilesDataset(matrix)", "string",
          "!`patterns` must be a scalar or a vector." },
        { "wants a list of patterns", "d = ExperimentalMatchingFilesDataset(matrix)", "string",
          "!`patterns` must be a scalar or a vector." },
        { "wants sqlite",
          "d = ExperimentalSqlDataset(none, none, none) output_types: [int64], output_shapes: [[]]",
          .want = "!The database type, , is not supported by SqlDataset. The set of supported "
                  "databases is: {'sqlite'}." },
};
DATA_CASES(data_edges, files)
