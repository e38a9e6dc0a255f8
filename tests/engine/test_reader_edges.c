// SPDX-License-Identifier: Apache-2.0
/* Readers by their first names, of several kinds under one name, and what is no reader. */
#include "tests/engine/reader_fixture.h"

TestSuite(reader_edges, .init = reader_setup, .fini = reader_teardown, .timeout = 60);

typedef struct First {
        const char *reader, *file, *key, *value;
} First;

static const First firsts[] = {
        { "IdentityReader", "", "a", "a" },
        { "WholeFileReader", "all\nof it", "a", "all\nof it" },
        { "TextLineReader", "one\n", "a:1", "one" },
        { "FixedLengthRecordReader record_bytes: 3", "abc", "a:0", "abc" },
};

static void first_run(const First *rows, int i)
{
        write_text("a", rows[i].file);
        grow_reader(rows[i].reader);
        run_ok("", "", "put_a");
        reads(rows[i].key, rows[i].value);
        cr_assert_eq(value_of("produced:0", ""), 1);
        run_ok("completed:0", "", "");
        run_ok("", "", "reset");
        cr_assert_eq(value_of("produced:0", ""), 0);
        run_ok("", "", "shut");
        run_fails("read:0", "", SR_OUT_OF_RANGE, "FIFOQueue 'work' is closed");
}
TEST_ROWS(reader_edges, firsts, first_run)

Test(reader_edges, the_first_ones_read_several_and_keep_their_state)
{
        grow_reader("IdentityReader");
        run_ok("", "", "put_a");
        run_ok("upto:0 upto:1", "", "");
        cr_assert_eq(tensor_count(got[0]), 1);
        expect_string(got[1], 0, "a");
        run_ok("save:0", "", "copy");
        cr_assert_eq(value_of("produced:0", ""), 1);
}

/* The first that runs makes it, as in TensorFlow. */
Test(reader_edges, of_one_name_are_one)
{
        grow_ok("q = FIFOQueueV2 component_types: [string]\n"
                "a = IdentityReaderV2 shared_name: \"r\"\n"
                "b = WholeFileReaderV2 shared_name: \"r\"\n"
                "w = Const string [] { \"work\" }\nput = QueueEnqueueV2(q, w)\n"
                "read = ReaderReadV2(b, q)\n");
        run_ok("", "", "a");
        run_ok("", "", "put");
        reads("work", "work");
}

Test(reader_edges, of_a_database_are_made_before_there_is_one)
{
        grow_ok("r = LMDBReader\n");
        run_ok("r:0", "", "");
}

#define QUEUE_1                                                                   \
        "q = FIFOQueue component_types: [string]\ns = Const string [] { \"\" }\n" \
        "n = Const int64 [] { 2 }\n"
#define QUEUE_2                                                                         \
        "q = FIFOQueueV2 component_types: [string]\ns = Const string [] { \"\" }\n"     \
        "n = Const int64 [] { 2 }\nzero = Const int64 [] { 0 }\nr = IdentityReaderV2\n" \
        "two = Const int64 [2] { 1, 1 }\nf = FIFOQueueV2 component_types: [float]\n"    \
        "pairs = FIFOQueueV2 component_types: [string, string]\n"
#define NOT_READER SR_INVALID_ARGUMENT, "Trying to access resource using the wrong type."
#define NO_READER \
        SR_NOT_FOUND, "Resource localhost/_0_q/N10tensorflow15ReaderInterfaceE does not exist."

static const Refusal refusals[] = {
        { "reading", QUEUE_1 "x = ReaderRead(q, q)", NO_READER },
        { "reading several", QUEUE_1 "x = ReaderReadUpTo(q, q, n)", NO_READER },
        { "counting", QUEUE_1 "x = ReaderNumRecordsProduced(q)", NO_READER },
        { "counting", QUEUE_1 "x = ReaderNumWorkUnitsCompleted(q)", NO_READER },
        { "storing", QUEUE_1 "x = ReaderSerializeState(q)", NO_READER },
        { "restoring", QUEUE_1 "x = ReaderRestoreState(q, s)", NO_READER },
        { "beginning anew", QUEUE_1 "x = ReaderReset(q)", NO_READER },
        { "reading", QUEUE_2 "x = ReaderReadV2(q, q)", NOT_READER },
        { "reading several", QUEUE_2 "x = ReaderReadUpToV2(q, q, n)", NOT_READER },
        { "counting", QUEUE_2 "x = ReaderNumRecordsProducedV2(q)", NOT_READER },
        { "counting", QUEUE_2 "x = ReaderNumWorkUnitsCompletedV2(q)", NOT_READER },
        { "storing", QUEUE_2 "x = ReaderSerializeStateV2(q)", NOT_READER },
        { "restoring", QUEUE_2 "x = ReaderRestoreStateV2(q, s)", NOT_READER },
        { "beginning anew", QUEUE_2 "x = ReaderResetV2(q)", NOT_READER },
        { "no work", QUEUE_2 "x = ReaderReadV2(r, r)", NOT_READER },
        { "work that is no name", QUEUE_2 "x = ReaderReadV2(r, f)", SR_INVALID_ARGUMENT,
          "Expected queue with single string component" },
        { "work of two parts", QUEUE_2 "x = ReaderReadUpToV2(r, pairs, n)", SR_INVALID_ARGUMENT,
          "Expected single component queue" },
        { "none", QUEUE_2 "x = ReaderReadUpToV2(r, q, zero)", SR_INVALID_ARGUMENT,
          "num_records must be positive, not 0" },
        { "several states",
          QUEUE_2 "p = Pack(s, s) N: 2, T: string\nx = ReaderRestoreStateV2(r, p)",
          SR_INVALID_ARGUMENT, "Reader state must be scalar, but had shape: [2]" },
        { "records of nothing", "x = FixedLengthRecordReader record_bytes: 0", SR_INVALID_ARGUMENT,
          "record_bytes must be >= 0 but got 0" },
        { "a header of less", "x = FixedLengthRecordReaderV2 record_bytes: 1, header_bytes: -1",
          SR_INVALID_ARGUMENT, "header_bytes must be >= 0 but got -1" },
        { "a footer of less", "x = FixedLengthRecordReaderV2 record_bytes: 1, footer_bytes: -1",
          SR_INVALID_ARGUMENT, "footer_bytes must be >= 0 but got -1" },
        { "a hop back", "x = FixedLengthRecordReaderV2 record_bytes: 1, hop_bytes: -1",
          SR_INVALID_ARGUMENT, "hop_bytes must be >= 0 but got -1" },
        { "lines of less", "x = TextLineReader skip_header_lines: -1", SR_INVALID_ARGUMENT,
          "skip_header_lines must be >= 0 not -1" },
        { "lines of less", "x = TextLineReaderV2 skip_header_lines: -2", SR_INVALID_ARGUMENT,
          "skip_header_lines must be >= 0 not -2" },
};
REFUSALS(reader_edges, refusals)

Test(reader_edges, a_table_from_a_vocabulary_by_its_first_name)
{
        write_text("words", "one\ntwo\n");
        write_text("no_words", "");
        grow_ok("t = HashTable key_dtype: string, value_dtype: int64\n"
                "none = HashTable key_dtype: string, value_dtype: int64\n"
                "f = Const string [] { \"words\" }\ng = Const string [] { \"no_words\" }\n"
                "init = InitializeTableFromTextFile(t, f) key_index: -2, value_index: -1\n"
                "init_none = InitializeTableFromTextFile(none, g) key_index: -2, value_index: -1\n"
                "k = Const string [] { \"two\" }\nd = Const int64 [] { 7 }\n"
                "find = LookupTableFind(t, k, d)\nfind_none = LookupTableFind(none, k, d)\n"
                "size = LookupTableSize(t)\n");
        run_ok("", "", "init");
        run_ok("", "", "init_none");
        cr_assert_eq(value_of("find:0", ""), 1);
        cr_assert_eq(value_of("find_none:0", ""), 7);
        cr_assert_eq(value_of("size:0", ""), 2);
}
