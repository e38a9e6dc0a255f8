// SPDX-License-Identifier: Apache-2.0
/* Ops that take whole datasets, iterators, elements, optionals and handles: of nothing, and given
 * what they cannot use. The errors' words are those of TensorFlow's kernels. */
#include "tests/engine/data_fixture.h"

static void setup(void)
{
        data_setup();
        grow_ok("two = Const int64 [2] { 1, 1 }\n"
                "opt = OptionalNone\n"
                "nothing = Const int64 [0] { }\n"
                "words = Const string [2] { \"a\", \"b\" }\n");
}

TestSuite(data_ops, .init = setup, .fini = session_teardown, .timeout = 60);

#define NOT_DATASET SR_INVALID_ARGUMENT, "Tensor must be a Dataset object."
#define WRONG_KIND  SR_INVALID_ARGUMENT, "Trying to access resource using the wrong type."
#define UNREADY \
        SR_FAILED_PRECONDITION, "GetNext() failed because the iterator has not been initialized."
#define CACHE    "m = AnonymousMemoryCache\n"
#define ITERATOR "it = IteratorV2 shared_name: \"\", container: \"\", " INT64S "\n"

static const Refusal refusals[] = {
        { "the size of none", "x = DatasetCardinality(opt)", NOT_DATASET },
        { "the size of none", "x = ExperimentalDatasetCardinality(opt)", NOT_DATASET },
        { "a batch of none", "x = ComputeBatchSize(opt)", NOT_DATASET },
        { "options of none", "x = GetOptions(opt)", NOT_DATASET },
        { "a sum of none",
          "x = ReduceDataset(opt, c1) Tstate: [int64], Targuments: [], f: plus, " INT64S,
          NOT_DATASET },
        { "a sum of another type",
          "x = ReduceDataset(r3, c1) Tstate: [int64], Targuments: [], f: plus, output_types: "
          "[float], output_shapes: [?]",
          SR_INVALID_ARGUMENT,
          "The result does not match the expected type for component 0. Expected: float. Actual: "
          "int64." },
        { "records of none", "x = DatasetToTFRecord(opt, none, none)", NOT_DATASET },
        { "records of none", "x = ExperimentalDatasetToTFRecord(opt, none, none)", NOT_DATASET },
        { "records into many", "x = ExperimentalDatasetToTFRecord(r3, words, none)",
          SR_INVALID_ARGUMENT, "filename must be a scalar" },
        { "an iterator over none", ITERATOR "x = MakeIterator(opt, it)", NOT_DATASET },
        { "an iterator that is none", CACHE "x = MakeIterator(r3, m)", WRONG_KIND },
        { "none as a string", CACHE "x = IteratorToStringHandle(m)", WRONG_KIND },
        { "from a string that is none", "x = IteratorFromStringHandle(none)", SR_INVALID_ARGUMENT,
          "Could not parse string_handle as a valid ResourceHandle" },
        { "from several", "x = IteratorFromStringHandleV2(words)", SR_INVALID_ARGUMENT,
          "string_handle must be a scalar" },
        { "where is none", CACHE "x = IteratorGetDevice(m)", WRONG_KIND },
        { "where is none", CACHE "x = ExperimentalIteratorGetDevice(m)", WRONG_KIND },
        { "deleting none", CACHE "x = DeleteIterator(m, opt)", WRONG_KIND },
        { "restoring none", CACHE "x = DeserializeIterator(m, opt)", WRONG_KIND },
        { "restoring", ITERATOR "x = DeserializeIterator(it, opt)", SR_UNIMPLEMENTED,
          "DeserializeIterator: the state of iterators is not saved" },
        { "too early", ITERATOR "x = IteratorGetNextSync(it) " INT64S, UNREADY },
        { "too early", ITERATOR "x = IteratorGetNextAsOptional(it) " INT64S, UNREADY },
        { "of another type",
          ITERATOR "fill = MakeIterator(r3, it)\n"
                   "x = IteratorGetNextAsOptional(it, ^fill) output_types: [float], output_shapes: "
                   "[?]",
          SR_INVALID_ARGUMENT,
          "The given optional does not match the expected type for component 0. Expected: float. "
          "Actual: int64." },
        { "shapes that are too many",
          "x = AnonymousIterator output_types: [int64], output_shapes: [?, ?]", SR_INVALID_ARGUMENT,
          "Number of components does not match" },
        { "shapes that are too many",
          "x = AnonymousIteratorV2 output_types: [int64], output_shapes: [?, ?]",
          SR_INVALID_ARGUMENT, "Number of components does not match" },
        { "shapes that are too many",
          "x = Iterator shared_name: \"\", container: \"\", output_types: [int64], output_shapes: "
          "[?, ?]",
          SR_INVALID_ARGUMENT, "Number of components does not match" },
        { "no optional", "x = OptionalHasValue(r3)", SR_INVALID_ARGUMENT,
          "Input to OptionalHasValue must be an OptionalVariant object." },
        { "no optional", "x = OptionalGetValue(r3) " INT64S, SR_INVALID_ARGUMENT,
          "Input to OptionalHasValue must be an OptionalVariant object." },
        { "several optionals", "p = Pack(opt, opt) N: 2, T: variant\nx = OptionalHasValue(p)",
          SR_INVALID_ARGUMENT,
          "Input to OptionalHasValue must be a scalar tensor containing an OptionalVariant "
          "object." },
        { "an optional of another shape",
          "o = OptionalFromValue(c1) Toutput_types: [int64]\nx = OptionalGetValue(o) output_types: "
          "[int64], "
          "output_shapes: [[2]]",
          SR_INVALID_ARGUMENT,
          "The given optional does not match the expected shape for component 0. Expected: [2]. "
          "Actual: []." },
        { "several seeds", "x = AnonymousSeedGenerator(two, c1, no)", SR_INVALID_ARGUMENT,
          "seed must be a scalar" },
        { "several seeds", "x = AnonymousRandomSeedGenerator(c1, two)", SR_INVALID_ARGUMENT,
          "seed2 must be a scalar" },
        { "no threads", "x = ThreadPoolHandle num_threads: 0, display_name: \"t\"",
          SR_INVALID_ARGUMENT, "`num_threads` must be greater than zero." },
        { "no threads", "x = ExperimentalThreadPoolHandle num_threads: -1, display_name: \"t\"",
          SR_INVALID_ARGUMENT, "`num_threads` must be greater than zero." },
        { "several datasets", "p = Pack(r3, r3) N: 2, T: variant\nx = TakeDataset(p, c1) " INT64S,
          SR_INVALID_ARGUMENT, "Dataset tensor must be a scalar of dtype DT_VARIANT." },
};

REFUSALS(data_ops, refusals)

#define EMPTY "output_types: [int64], output_shapes: [[0]]"

Test(data_ops, elements_of_nothing)
{
        grow_ok("e = TensorDataset(nothing) Toutput_types: [int64], output_shapes: [[0]]\n"
                "single = DatasetToSingleElement(e) " EMPTY "\n"
                "at = GetElementAtIndex(e, c0) " EMPTY "\n"
                "packed = CompressElement(nothing) input_types: [int64]\n"
                "unpacked = UncompressElement(packed) " EMPTY "\n"
                "some = OptionalFromValue(nothing) Toutput_types: [int64]\n"
                "value = OptionalGetValue(some) " EMPTY "\n");
        run_ok("single:0 at:0 unpacked:0 value:0", "", "");
        for (int i = 0; i < n_got; i++)
                cr_assert_eq(tensor_count(got[i]), 0);
}

Test(data_ops, iterators_by_their_first_names)
{
        grow_ok("it = Iterator shared_name: \"\", container: \"\", " INT64S "\n"
                "init = MakeIterator(r3, it)\nnext = IteratorGetNextSync(it) " INT64S "\n"
                "where = ExperimentalIteratorGetDevice(it)\n"
                "n = ExperimentalDatasetCardinality(r3)\n"
                "has = OptionalHasValue(opt)\nhasf = Cast(has) SrcT: bool, DstT: float\n");
        run_ok("", "", "init");
        autofree char *is = draw_all("next", 1, 10);
        cr_assert_str_eq(is, "0 1 2");
        run_fails("next:0", "", SR_OUT_OF_RANGE, "End of sequence");
        run_ok("where:0", "", "");
        cr_assert_eq(tensor_strings(got[0])->len, 44);
        cr_assert_eq(value_of("n:0", ""), 3);
        cr_assert_eq(value_of("hasf:0", ""), 0);
}

Test(data_ops, what_is_deleted_may_be_deleted_again)
{
        grow_ok("it = Iterator shared_name: \"\", container: \"\", " INT64S "\n"
                "no_it = DeleteIterator(it, opt)\n"
                "m = AnonymousMemoryCache\nno_m = DeleteMemoryCache(m, m:1)\n"
                "no_more = DeleteMemoryCache(m, m:1, ^no_m)\n"
                "s = AnonymousSeedGenerator(c1, c2, no)\nno_s = DeleteSeedGenerator(s, s:1)\n"
                "r = AnonymousRandomSeedGenerator(c1, c2)\n"
                "no_r = DeleteRandomSeedGenerator(r, r:1)\n");
        run_ok("", "", "no_it no_more no_s no_r");
}
