// SPDX-License-Identifier: Apache-2.0
/* Datasets that go into files, and come out of databases; elements by number, and as one. */
#include "tests/engine/data_fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(data_stores, .init = data_files_setup, .fini = data_files_teardown, .timeout = 60);

/* ---- TFRecord ---- */

#define STRINGS "output_types: [string], output_shapes: [?]"
#define WORDS                                                                      \
        "x = Const string [3] { \"one\", \"\", \"three\" }\n"                      \
        "e = TensorSliceDataset(x) Toutput_types: [string], output_shapes: [[]]\n" \
        "f = Const string [] { \"out\" }\n"

Test(data_stores, records_that_are_written_can_be_read)
{
        grow_ok(WORDS "w = DatasetToTFRecord(e, f, none)\nd = TFRecordDataset(f, none, c0)\n");
        run_ok("", "", "w");
        data_expect("", "string", "one  three");
}

#define PACKED(kind)                                   \
        WORDS "p = Const string [] { \"" kind "\" }\n" \
              "w = ExperimentalDatasetToTFRecord(e, f, p)\nd = TFRecordDataset(f, p, c0)\n"

Test(data_stores, records_packed_by_zlib)
{
        grow_ok(PACKED("ZLIB"));
        run_ok("", "", "w");
        data_expect("", "string", "one  three");
}

Test(data_stores, records_packed_by_gzip)
{
        grow_ok(PACKED("GZIP"));
        run_ok("", "", "w");
        data_expect("", "string", "one  three");
}

Test(data_stores, only_strings_are_records)
{
        grow_ok("f = Const string [] { \"out\" }\nodd = Const string [] { \"LZ\" }\n"
                "w = DatasetToTFRecord(r3, f, none)\nv = DatasetToTFRecord(r3, f, odd)\n"
                "o = Const string [] { \"/etc/out\" }\nu = DatasetToTFRecord(r3, o, none)\n");
        run_fails("w", "", SR_INVALID_ARGUMENT, "TFRecordWriter accepts only scalar strings");
        run_fails("v", "", SR_INVALID_ARGUMENT, "Unsupported compression_type.");
        run_fails("u", "", SR_PERMISSION_DENIED, "");
}

/* ---- a cache ---- */

/* The second dataset reads what the first one wrote: its own input would give other numbers. */
Test(data_stores, a_cache_in_a_file_is_written_once_and_read_by_others)
{
        grow_ok("f = Const string [] { \"cache\" }\n"
                "first = CacheDataset(r3, f) " INT64S "\nd = CacheDataset(r5, f) " INT64S "\n"
                "all = BatchDataset(first, c10) " INT64S "\n"
                "g = DatasetToSingleElement(all) " INT64S "\n");
        run_ok("g:0", "", "");
        cr_assert_eq(tensor_count(got[0]), 3);
        data_expect("", "int64", "0 1 2");
}

Test(data_stores, a_cache_that_was_not_run_to_its_end_is_not_written)
{
        grow_ok("f = Const string [] { \"cache\" }\n"
                "first = CacheDataset(r3, f) " INT64S "\nd = CacheDataset(r5, f) " INT64S "\n"
                "two = TakeDataset(first, c2) " INT64S "\nall = BatchDataset(two, c10) " INT64S
                "\ng = DatasetToSingleElement(all) " INT64S "\n");
        run_ok("g:0", "", "");
        data_expect("", "int64", "0 1 2 3 4");
}

Test(data_stores, a_cache_keeps_to_the_roots)
{
        grow_ok("f = Const string [] { \"/etc/cache\" }\nd = CacheDataset(r3, f) " INT64S "\n");
        grow_iterator("int64");
        run_ok("", "", "init");
        run_fails("next:0", "", SR_PERMISSION_DENIED, "");
}

/* ---- databases ---- */

static void make_database(void)
{
        char path[128];
        sqlite3 *db;
        snprintf(path, sizeof path, "%s/db", folder);
        cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
        cr_assert_eq(sqlite3_exec(db,
                                  "create table t (name text, n integer, x real);"
                                  "insert into t values ('John', 5, 0.5), ('Jane', -7, 2.25);",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
        sqlite3_close(db);
}

#define QUERY(text)                                                               \
        "drv = Const string [] { \"sqlite\" }\ndb = Const string [] { \"db\" }\n" \
        "q = Const string [] { \"" text "\" }\n"
#define THREE "output_types: [string, int32, double], output_shapes: [[], [], []]"
#define ONE   "output_types: [int64], output_shapes: [[]]"

Test(data_stores, rows_of_a_query)
{
        make_database();
        data_expect(
                QUERY("select name, n, x from t order by n") "d = SqlDataset(drv, db, q) " THREE,
                "string, int32, double", "Jane/-7/2.25 John/5/0.5");
}

Test(data_stores, a_query_that_gives_nothing_ends)
{
        make_database();
        data_expect(
                QUERY("select n from t where n > 99") "d = ExperimentalSqlDataset(drv, db, q) " ONE,
                "int64", "");
}

Test(data_stores, columns_must_be_as_many_as_declared)
{
        make_database();
        data_expect(QUERY("select name, n from t") "d = SqlDataset(drv, db, q) " ONE, "int64",
                    "!The number of columns in query (2) must match the number of elements in "
                    "output_types (1).");
}

Test(data_stores, queries_can_neither_write_nor_open_other_files)
{
        make_database();
        data_expect(QUERY("insert into t values ('x', 1, 1) returning n") "d = SqlDataset(drv, db, "
                                                                          "q) " ONE,
                    "int64", "!readonly");
        grow_ok("q2 = Const string [] { \"attach '/etc/passwd' as p\" }\n"
                "q3 = Const string [] { \"select load_extension('x')\" }\n"
                "d2 = SqlDataset(drv, db, q2) " ONE "\nd3 = SqlDataset(drv, db, q3) " ONE "\n"
                "g2 = DatasetToSingleElement(d2) " ONE "\n"
                "g3 = DatasetToSingleElement(d3) " ONE "\n");
        run_fails("g2:0", "", SR_INVALID_ARGUMENT, "Failed to prepare the query: not authorized");
        run_fails("g3:0", "", SR_INVALID_ARGUMENT, "Failed to prepare the query: not authorized");
}

Test(data_stores, databases_are_checked)
{
        grow_ok(QUERY("select 1") "pg = Const string [] { \"postgres\" }\n"
                                  "d = SqlDataset(pg, db, q) " ONE
                                  "\ng = DatasetToSingleElement(d) " ONE
                                  "\nd2 = SqlDataset(drv, db, q) " ONE
                                  "\ng2 = DatasetToSingleElement(d2) " ONE
                                  "\nd3 = SqlDataset(drv, db, q) output_types: [float], "
                                  "output_shapes: [[]]\n"
                                  "g3 = DatasetToSingleElement(d3) output_types: [float], "
                                  "output_shapes: [[]]\n");
        run_fails("g:0", "", SR_INVALID_ARGUMENT,
                  "The database type, postgres, is not supported by SqlDataset.");
        run_fails("g2:0", "", SR_NOT_FOUND, "");
        run_fails("g3:0", "", SR_INVALID_ARGUMENT, "Each element of `output_types_` must be one");
}

Test(data_stores, keys_and_values_of_lmdb)
{
        lmdb_load("lm", false, LMDB_HEAD " k1\n one\n k2\n two\nDATA=END\n");
        data_expect("f = Const string [2] { \"lm\", \"lm\" }\n"
                    "d = LMDBDataset(f) output_types: [string, string], output_shapes: [[], []]\n"
                    "e = ExperimentalLMDBDataset(f) output_types: [string, string], "
                    "output_shapes: [[], []]\n"
                    "a = TakeDataset(e, c1) output_types: [string, string], output_shapes: [[], "
                    "[]]\n"
                    "g = DatasetToSingleElement(a) output_types: [string, string], output_shapes: "
                    "[[], []]\n",
                    "string, string", "k1/one k2/two k1/one k2/two");
        run_ok("g:0 g:1", "", "");
        cr_assert_eq(memcmp(tensor_strings(got[1])->data, "one", 3), 0);
}

/* ---- elements ---- */

static const DataCase rebatched[] = {
        { "batches of sizes in turn",
          "e = BatchDataset(r5, c3) " INT64S "\ns = Const int64 [2] { 2, 1 }\n"
          "d = RebatchDatasetV2(e, s, no) " INT64S,
          .want = "[0 1] [2] [3 4]" },
        { "the rest is smaller",
          "e = BatchDataset(r5, c2) " INT64S "\nd = RebatchDatasetV2(e, c3, no) " INT64S,
          .want = "[0 1 2] [3 4]" },
        { "or left out",
          "e = BatchDataset(r5, c2) " INT64S "\nd = RebatchDatasetV2(e, c3, yes) " INT64S,
          .want = "[0 1 2]" },
        { "empty batches come without an input",
          "e = BatchDataset(r3, c2) " INT64S "\ns = Const int64 [2] { 3, 0 }\n"
          "d = RebatchDatasetV2(e, s, no) " INT64S,
          .want = "[0 1 2] " },
        { "batches have a size", "d = RebatchDatasetV2(r5, c3, no) " INT64S,
          .want = "!Input element must have a non-scalar value in each component." },
        { "sizes are not negative", "d = RebatchDatasetV2(r5, cm1, no) " INT64S,
          .want = "!`batch_sizes` must be >= 0." },
};
DATA_CASES(data_stores, rebatched)

Test(data_stores, an_element_by_its_number)
{
        grow_ok("s = SkipDataset(r5, c2) " INT64S "\na = GetElementAtIndex(s, c1) " INT64S "\n"
                "b = GetElementAtIndex(s, c3) " INT64S "\nc = GetElementAtIndex(s, cm1) " INT64S
                "\n");
        cr_assert_eq(value_of("a:0", ""), 3);
        run_fails("b:0", "", SR_OUT_OF_RANGE, "Index out of range [0, 3):3");
        run_fails("c:0", "", SR_OUT_OF_RANGE, "Index out of range [0, 3):-1");
}

Test(data_stores, an_element_as_one_and_back)
{
        grow_ok("e = CompressElement(c3, none) input_types: [int64, string]\n"
                "u = UncompressElement(e) output_types: [int64, string], output_shapes: [[], []]\n"
                "w = UncompressElement(e) output_types: [int64], output_shapes: [[]]\n"
                "x = UncompressElement(r3) output_types: [int64], output_shapes: [[]]\n");
        cr_assert_eq(value_of("u:0", ""), 3);
        run_fails("w:0", "", SR_INVALID_ARGUMENT, "Number of components does not match");
        run_fails("x:0", "", SR_INVALID_ARGUMENT, "Input does not contain a compressed element.");
}

Test(data_stores, the_size_of_batches_is_seen_through_what_leaves_them_alone)
{
        grow_ok("e = BatchDataset(r5, c3) " INT64S "\nt = TakeDataset(e, c2) " INT64S "\n"
                "p = PrefetchDataset(t, c2) " INT64S "\na = ComputeBatchSize(p)\n"
                "b = ComputeBatchSize(r5)\nfact = Fact\nn = DummyIterationCounter\n");
        cr_assert_eq(value_of("a:0", ""), 3);
        cr_assert_eq(value_of("b:0", ""), -1);
        run_ok("fact:0", "", "n");
        cr_assert_eq(memcmp(tensor_strings(got[0])->data, "0! == 1", 7), 0);
}

/* Field 2 of the message, and field 1 of the input's: the input's come first. */
Test(data_stores, options_of_a_pipeline_are_those_of_its_parts)
{
        grow_ok("a = OptionsDataset(r3) serialized_options: \"\\x08\\x01\", " INT64S "\n"
                "b = BatchDataset(a, c2) " INT64S "\n"
                "c = OptionsDataset(b) serialized_options: \"\\x10\\x01\", " INT64S "\n"
                "both = GetOptions(c)\nnothing = GetOptions(r3)\n"
                "d1 = ZipDataset(a, a) N: 2, " TWO_INT64S "\nzip = GetOptions(d1)\n");
        run_ok("both:0 nothing:0 zip:0", "", "");
        cr_assert_eq(tensor_strings(got[0])->len, 4);
        cr_assert_eq(memcmp(tensor_strings(got[0])->data, "\x08\x01\x10\x01", 4), 0);
        cr_assert_eq(tensor_strings(got[1])->len, 0);
        cr_assert_eq(tensor_strings(got[2])->len, 4);
}
