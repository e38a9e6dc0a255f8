// SPDX-License-Identifier: Apache-2.0
/* Datasets that choose, group and window elements, and those made by functions. Lots were worked
 * out in Python from the Philox paper. */
#include "tests/engine/data_fixture.h"

#include "engine/base/buf.h"
#include <unistd.h>

TestSuite(data_group, .init = data_setup, .fini = session_teardown, .timeout = 60);

#define WINDOWS "output_types: [variant], output_shapes: [[]]"
#define FLAT    "\nd = FlatMapDataset(e) Targuments: [], f: in_batches, " INT64S

static const DataCase windows[] = {
        { "windows one after the other", "e = WindowDataset(r5, c2, c2, c1, no) " WINDOWS FLAT,
          .want = "[0 1] [2 3] [4]" },
        { "windows that overlap", "e = WindowDataset(r5, c3, c1, c1, yes) " WINDOWS FLAT,
          .want = "[0 1 2] [1 2 3] [2 3 4]" },
        { "windows with holes", "e = WindowDataset(r5, c2, c1, c2, no) " WINDOWS FLAT,
          .want = "[0 2] [1 3] [2 4] [3] [4]" },
        { "windows far apart", "e = WindowDataset(r5, c1, c3, c1, no) " WINDOWS FLAT,
          .want = "[0] [3]" },
        { "a huge window",
          "n = Const int64 [] { 4611686018427387904 }\n"
          "e = WindowDataset(r3, n, n, n, no) " WINDOWS FLAT,
          .want = "[0]" },
        { "sliding windows are batches", "d = SlidingWindowDataset(r5, c2, c2, c1) " INT64S,
          .want = "[0 1] [2 3]" },
        { "a window has a size", "d = WindowDataset(r5, c0, c1, c1, no) " WINDOWS,
          .types = "variant", .want = "!Window size must be greater than zero." },
};
DATA_CASES(data_group, windows)

static const DataCase choosing[] = {
        { "unbatch", "e = BatchDataset(r5, c2) " INT64S "\nd = UnbatchDataset(e) " INT64S,
          .want = "0 1 2 3 4" },
        { "only what has a first dimension", "d = UnbatchDataset(r5) " INT64S,
          .want = "!Input element must have a non-scalar value in each component." },
        { "each value once", "e = RepeatDataset(r3, c2) " INT64S "\nd = UniqueDataset(e) " INT64S,
          .want = "0 1 2" },
        { "each text once",
          "x = Const string [4] { \"a\", \"\", \"a\", \"\" }\n"
          "e = TensorSliceDataset(x) output_shapes: [[]]\n"
          "d = UniqueDataset(e) output_types: [string], output_shapes: [?]",
          "string", "a " },
        { "every second", "d = ShardDataset(r5, c2, c1) " INT64S, .want = "1 3" },
        { "there are not so many shards", "d = ShardDataset(r5, c2, c2) " INT64S,
          .want = "!Index must be between 0 and 1 (currently index = 2)." },
        { "numbers by lot", "e = RandomDataset(c1, c2) " INT64S "\nd = TakeDataset(e, c3) " INT64S,
          .want = "3878945999 2364392915 1057429302" },
        { "half of the elements",
          "r = Const float [] { 0.5 }\nr10 = RangeDataset(c0, c10, c1) " INT64S "\n"
          "d = SamplingDataset(r10, r, c1, c2) " INT64S,
          .want = "0 2 3 4 5 7 9" },
        { "what fails is left out",
          "e = MapDataset(r5) Targuments: [], f: ratio, " INT64S "\n"
          "d = IgnoreErrorsDataset(e) " INT64S,
          .want = "-6 -12 12 6" },
        { "as many as said", "d = AssertCardinalityDataset(r3, c3) " INT64S, .want = "0 1 2" },
        { "too few", "d = AssertCardinalityDataset(r2, c3) " INT64S,
          .want = "0 1 !Input dataset was expected to contain 3 elements but contained 2 "
                  "elements." },
        { "too many", "d = AssertCardinalityDataset(r3, c2) " INT64S,
          .want = "0 1 !expected to contain 2 elements but contained at least 3 elements." },
        { "what follows is as said",
          "s = Const string [2] { \"Take\", \"Repeat\" }\ne = AssertNextDataset(r3, s) " INT64S "\n"
          "f = TakeDataset(e, c1) " INT64S "\nd = RepeatDataset(f, c2) " INT64S,
          .want = "0 0" },
        { "what follows is not",
          "s = Const string [1] { \"Map\" }\ne = AssertNextDataset(r3, s) " INT64S "\n"
          "d = TakeDataset(e, c1) " INT64S,
          .want = "!Asserted Map transformation at offset 0 but encountered Take transformation" },
        { "a dataset chooses",
          "x = Const int64 [5] { 1, 0, 1, 1, 0 }\n"
          "s = TensorSliceDataset(x) output_shapes: [[]]\n"
          "d = DirectedInterleaveDataset(s, r3, r2) N: 2, " INT64S,
          .want = "0 0 1 1" },
        { "from what there is",
          "x = Const int64 [1] { 2 }\ns = TensorSliceDataset(x) output_shapes: [[]]\n"
          "d = DirectedInterleaveDataset(s, r3, r2) N: 2, " INT64S,
          .want = "!Selector index out of range: 2 >= 2" },
};
DATA_CASES(data_group, choosing)

#define NO_ARGS(a, b, c)                                                        \
        "T" a "_func_other_arguments: [], T" b "_func_other_arguments: [], T" c \
        "_func_other_arguments: []"

static const DataCase grouping[] = {
        { "windows of each key, the rest at the end",
          "d = GroupByWindowDataset(r5) key_func: parity, reduce_func: batched, "
          "window_size_func: two_of, " NO_ARGS("key", "reduce", "window_size") ", " INT64S,
          .want = "[0 2] [1 3] [4]" },
        { "one result of each key",
          "d = GroupByReducerDataset(r5) key_func: parity, init_func: itself, reduce_func: plus, "
          "finalize_func: itself, Tfinalize_func_other_arguments: [], " NO_ARGS(
                  "key", "init", "reduce") ", " INT64S,
          .want = "6 5" },
        { "a running sum",
          "d = ScanDataset(r5, c10) Tstate: [int64], Targuments: [], f: scan, " INT64S,
          .want = "10 11 13 16 20" },
        { "a generator ends when its function says so",
          "src = IteratorV2 shared_name: \"\", container: \"\", " INT64S "\n"
          "fill = MakeIterator(r3, src)\n"
          "d = GeneratorDataset(src, ^fill) Tinit_func_args: [resource], Tnext_func_args: [], "
          "Tfinalize_func_args: [], init_func: handle, next_func: draws, finalize_func: "
          "finish, " INT64S,
          .want = "0 1 2" },
        { "and so does a map",
          "src = IteratorV2 shared_name: \"\", container: \"\", " INT64S "\n"
          "fill = MakeIterator(r3, src)\n"
          "d = MapDataset(r5, src, ^fill) Targuments: [resource], f: mine, " INT64S,
          .want = "0 2 4" },
};
DATA_CASES(data_group, grouping)

/* ---- sparse ---- */

static const DataCase sparse[] = {
        { "slices of a sparse tensor",
          "i = Const int64 [3, 2] { 0, 1, 2, 0, 2, 3 }\nv = Const int64 [3] { 5, 6, 7 }\n"
          "s = Const int64 [2] { 4, 4 }\nd = SparseTensorSliceDataset(i, v, s) Tvalues: int64",
          "int64, int64, int64", "[1]/[5]/[4] //[4] [0][3]/[6 7]/[4] //[4]" },
        { "entries must be in order",
          "i = Const int64 [2, 2] { 1, 1, 0, 0 }\nv = Const int64 [2] { 5, 6 }\n"
          "s = Const int64 [2] { 2, 2 }\nd = SparseTensorSliceDataset(i, v, s) Tvalues: int64",
          "int64, int64, int64", "!The SparseTensor must be ordered in the batch dimension" },
        { "batches in parts",
          "e = BatchDataset(r5, c3) " INT64S "\nd = RebatchDataset(e, c2) " INT64S,
          .want = "[0 1] [2] [3] [4]" },
        { "on other threads",
          "t = ThreadPoolHandle num_threads: 2, display_name: \"t\"\n"
          "d = ThreadPoolDataset(r3, t) " INT64S,
          .want = "0 1 2" },
};
DATA_CASES(data_group, sparse)

/* Another op of the same kind: nodes with "@" for its name. */
static void grow_of(const char *op, const char *text)
{
        autobuf b = BUF(1 << 16);
        for (; *text; text++)
                if (*text == '@')
                        buf_puts(&b, op);
                else
                        buf_putc(&b, *text);
        grow_ok(buf_cstr(&b));
}

static void batches_sparsely(const char *op)
{
        grow_of(op, "e = BatchDataset(r3, c2) " INT64S "\nrow = Const int64 [1] { -1 }\n"
                    "s = @(e, c2, row) output_types: [variant], "
                    "output_shapes: [[3]]\n"
                    "it = IteratorV2 shared_name: \"\", container: \"\", output_types: [variant], "
                    "output_shapes: [[3]]\n"
                    "init = MakeIterator(s, it)\n"
                    "n = IteratorGetNext(it) output_types: [variant], output_shapes: [[3]]\n"
                    "next = DeserializeSparse(n) dtype: int64, Tserialized: variant\n");
        run_ok("", "", "init");
        autofree char *is = draw_all("next", 3, 10);
        cr_assert_str_eq(is, "[0 0][0 1][1 0]/[0 1 2]/[2 2]");
}

Test(data_group, elements_of_different_sizes_become_a_sparse_batch)
{
        batches_sparsely("DenseToSparseBatchDataset");
}

Test(data_group, elements_of_different_sizes_become_a_sparse_batch_experimentally)
{
        batches_sparsely("ExperimentalDenseToSparseBatchDataset");
}

/* An Example { a: [1, 2], b: [7] } of int64s, by hand; and one { b: [8] }. */
#define EXAMPLE_1                                                                                \
        "\\n\\x19\\n\\x0b\\n\\x01\\x61\\x12\\x06\\x1a\\x04\\n\\x02\\x01\\x02\\n\\n\\n\\x01\\x62" \
        "\\x12\\x05\\x1a\\x03\\n\\x01\\x07"
#define EXAMPLE_2 "\\n\\x0c\\n\\n\\n\\x01\\x62\\x12\\x05\\x1a\\x03\\n\\x01\\x08"

static void parses_examples(const char *op)
{
        grow_of(op, "x = Const string [2] { \"" EXAMPLE_1 "\", \"" EXAMPLE_2 "\" }\n"
                    "e = TensorDataset(x) output_shapes: [[2]]\n"
                    "fallback = Const int64 [0] { }\n"
                    "p = @(e, c2, fallback) sparse_keys: [\"a\"], dense_keys: "
                    "[\"b\"], sparse_types: [int64], Tdense: [int64], dense_shapes: [[1]], "
                    "output_types: [variant, int64], output_shapes: [[3], [2, 1]]\n"
                    "it = IteratorV2 shared_name: \"\", container: \"\", output_types: [variant, "
                    "int64], output_shapes: [[3], [2, 1]]\n"
                    "init = MakeIterator(p, it)\n"
                    "n = IteratorGetNext(it) output_types: [variant, int64], output_shapes: [[3], "
                    "[2, 1]]\n"
                    "next = DeserializeSparse(n) dtype: int64, Tserialized: variant\n");
        run_ok("", "", "init");
        run_ok("next:0 next:1 next:2 n:1", "", "");
        cr_assert_eq(tensor_count(got[0]), 4);
        cr_assert_eq(tensor_int(got[1], 0), 1);
        cr_assert_eq(tensor_int(got[1], 1), 2);
        cr_assert_eq(tensor_int(got[2], 1), 2);
        cr_assert_eq(tensor_int(got[3], 0), 7);
        cr_assert_eq(tensor_int(got[3], 1), 8);
}

Test(data_group, examples_are_parsed_into_components_in_the_order_of_their_keys)
{
        parses_examples("ParseExampleDataset");
}

Test(data_group, examples_are_parsed_by_the_second_version)
{
        parses_examples("ParseExampleDatasetV2");
}

Test(data_group, examples_are_parsed_by_the_experimental_version)
{
        parses_examples("ExperimentalParseExampleDataset");
}

#define PARSE(op, calls, fallbacks, keys, types, shapes)                                         \
        "x = Const string [1] { \"\" }\ne = TensorDataset(x) output_shapes: [[1]]\n"             \
        "f = Const int64 [0] { }\ng = Const float [0] { }\nfour = Const int64 [4] { 1, 1, 1, 1 " \
        "}\n"                                                                                    \
        "d = " op "(e, " calls ", " fallbacks ") sparse_keys: [], dense_keys: [" keys            \
        "], sparse_types: [], Tdense: [" types "], dense_shapes: [" shapes                       \
        "], output_types: [int64], output_shapes: [?]"

static const DataCase parsing[] = {
        { "wants calls", PARSE("ParseExampleDatasetV2", "c0", "f", "\"a\"", "int64", "[1]"),
          .want = "!num_parallel_calls must be greater than zero." },
        { "wants a default for each",
          PARSE("ParseExampleDataset", "c1", "f", "\"a\", \"b\"", "int64", "[1], [1]"),
          .want = "!Expected len(dense_defaults) == len(dense_keys) but got: 1 vs. 2" },
        { "wants to know the inner sizes",
          PARSE("ExperimentalParseExampleDataset", "c1", "f", "\"a\"", "int64", "[1, ?]"),
          .want = "!dense_shapes[0] has unknown rank or unknown inner dimensions: [1,?]" },
        { "wants one value to pad with",
          PARSE("ParseExampleDatasetV2", "c1", "f", "\"a\"", "int64", "[?]"),
          .want = "!dense_shape[0] is a variable length shape: [?], therefore def_value[0] must "
                  "contain a single element (the padding element).  But its shape is: [0]" },
        { "wants defaults that fit",
          PARSE("ParseExampleDatasetV2", "c1", "four", "\"a\"", "int64", "[2, 2]"),
          .want = "!def_value[0].shape() == [4] is not compatible with dense_shapes_[0] == [2,2]" },
        { "wants what is not there",
          PARSE("ParseExampleDatasetV2", "c1", "f", "\"a\"", "int64", "[2]"),
          .want = "!Feature: a (data type: int64) is required but could not be found." },
};
DATA_CASES(data_group, parsing)

/* graph_text() knows no lists of functions. The inputs say how many elements come out for how many.
 */
static void grow_branches(const char *out, const char *in, int lengths)
{
        static const char text[] =
                "node { name: 'd' op: 'ChooseFastestBranchDataset' input: ['r5', '%s', '%s'] "
                "attr { key: 'Targuments' value { list {} } } "
                "attr { key: 'num_elements_per_branch' value { i: 10 } } "
                "attr { key: 'branches' value { list { func { name: 'in_batches' } "
                "func { name: 'in_batches' } } } } "
                "attr { key: 'other_arguments_lengths' value { list { i: [%s] } } } "
                "attr { key: 'output_types' value { list { type: DT_INT64 } } } "
                "attr { key: 'output_shapes' value { list { shape { unknown_rank: true } } } } }";
        autofree char *graph = mem_printf(text, out, in, lengths == 2 ? "0, 0" : "0");
        autoptr(GraphSource) src = NULL;
        ExtendResult r;
        Status *s = graph_source_parse(graph, strlen(graph), "graph_def_text", NULL, &src);
        cr_assert_null(s, "%s", status_message(s));
        s = session_extend(session, src, false, &r);
        cr_assert_null(s, "%s", status_message(s));
}

Test(data_group, of_several_branches_one_is_taken)
{
        grow_branches("c1", "c10", 2);
        data_expect("n = DatasetCardinality(d)\n", "int64", "[0 1 2 3 4]");
        cr_assert_eq(value_of("n:0", ""), 0, "5 elements make half of what 10 make");
}

Test(data_group, branches_give_something_for_something)
{
        static const char *const rows[][3] = {
                { "c0", "c1", "`ratio_numerator` must be greater than zero." },
                { "c1", "c0", "`ratio_denominator` must be greater than zero." },
                { "c1", "c4",
                  "`num_elements_per_branch` must be divisible by `ratio_denominator`." },
                { "c1", "c1", "branches and other_arguments_lengths must have the same length." },
        };
        for (int i = 0; i < (int)COUNTOF(rows); i++) {
                session_teardown();
                data_setup();
                grow_branches(rows[i][0], rows[i][1], i < 3 ? 2 : 1);
                run_fails("d:0", "", SR_INVALID_ARGUMENT, rows[i][2]);
        }
}

/* ---- no memory ---- */

static void on_done(void *arg, Status *s, const RunResult *r)
{
        (void)r;
        status_free(s);
        atomic_store((atomic_bool *)arg, true);
}

static void run_quietly(const RunRequest *r)
{
        atomic_bool done = false;
        session_run(session, r, on_done, &done);
        while (!atomic_load(&done))
                usleep(10);
}

/* Every allocation fails in turn; the leak checker sees what is left behind. */
Test(data_group, a_pipeline_survives_each_failing_allocation)
{
        grow_ok("e = ParallelMapDatasetV2(r5, c10, c3) Targuments: [int64], f: plus, " INT64S "\n"
                "s = ShuffleDataset(e, c3, c1, c2) " INT64S "\n"
                "c = CacheDataset(s, none) " INT64S "\n"
                "w = GroupByWindowDataset(c) key_func: parity, reduce_func: batched, "
                "window_size_func: two_of, " NO_ARGS(
                        "key", "reduce",
                        "window_size") ", " INT64S "\n"
                                       "i = FlatMapDataset(r3) Targuments: [], f: upto, " INT64S
                                       "\n"
                                       "z = ZipDataset(w, i) N: 2, " TWO_INT64S "\n"
                                       "it = IteratorV2 shared_name: \"\", container: "
                                       "\"\", " TWO_INT64S "\n"
                                       "init = MakeIterator(z, it)\n"
                                       "next = IteratorGetNext(it) " TWO_INT64S "\n");
        const char *next[] = { "next:0", "next:1" }, *init = "init";
        const RunRequest start_over = { .targets = &init, .n_targets = 1 },
                         draw = { .fetches = next, .n_fetches = 2 };
        for (int64_t n = 1; n < 5000; n++) {
                mem_fail_at(n);
                run_quietly(&start_over);
                run_quietly(&draw);
                run_quietly(&draw);
                bool all = mem_fail_count() < n;
                mem_fail_at(0);
                if (all)
                        return;
        }
        cr_assert_fail("more allocations than were thought");
}
