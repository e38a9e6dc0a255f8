// SPDX-License-Identifier: Apache-2.0
/* Datasets of comma separated values: fields, quotes, columns, and records that are wrong. */
#include "tests/engine/data_fixture.h"

TestSuite(data_csv, .init = data_files_setup, .fini = data_files_teardown, .timeout = 60);

#define CSV(op, header, quotes, columns, defaults, types)                                        \
        "f = Const string [] { \"csv\" }\ncomma = Const string [] { \",\" }\n"                   \
        "na = Const string [] { \"NA\" }\ni = Const int64 [1] { 9 }\n"                           \
        "must = Const int64 [0] { }\ns = Const string [1] { \"-\" }\n"                           \
        "x = Const float [1] { 0.5 }\nfirst = Const int64 [1] { 0 }\n"                           \
        "second = Const int64 [1] { 1 }\nlast = Const int64 [1] { 2 }\n"                         \
        "bad = Const int64 [2] { 1, 1 }\nless = Const int64 [1] { -1 }\n"                        \
        "d = " op "(f, none, c5, " header ", comma, " quotes ", na, " columns ", " defaults ") " \
        "output_types: [" types "], output_shapes: [[], []]\n"
#define CSV_INTS(...) CSV("CSVDataset", "no", "yes", "must", "i, must", "int64, int64")

typedef struct CsvCase {
        const char *name, *file, *text, *want;
} CsvCase;

static const CsvCase csvs[] = {
        { "a line each", "1,2\r\n3,4\r5,6", CSV_INTS(), "1/2 3/4 5/6" },
        { "what is missing or not there", ",1\nNA,2\n", CSV_INTS(), "9/1 9/2" },
        { "of nothing", "", CSV_INTS(), "" },
        { "an empty field at the end of the file", "1,2\n3,", CSV_INTS(),
          "1/2 !Field 1 is required but missing in record!" },
        { "no number", "1,a\n", CSV_INTS(), "!Field 1 in record is not a valid int64: a" },
        { "too many fields", "1,2,3\n", CSV_INTS(), "!Expect 2 fields but have more in record" },
        { "too few", "1\n", CSV_INTS(), "!Expect 2 fields but have 1 in record" },
        { "quotes within a field end no line", "1,2\"\n3,4\n", CSV_INTS(),
          "!Unquoted fields cannot have quotes inside" },
        { "quotes that end before the field does", "\"1\"1\",2\n", CSV_INTS(),
          "!Quote inside a string has to be escaped by another quote" },
        { "quotes without an end", "1,\"2\n", CSV_INTS(),
          "!Reached end of file without closing quoted field in record" },
        { "fields in quotes", "\"a\"\"\r\nb\",\"\"\n\"NA\",x\n",
          CSV("CSVDataset", "no", "yes", "must", "s, s", "string, string"), "a\\\"\\r\\nb/- -/x" },
        { "quotes that are none", "\"a,b\"\n",
          CSV("CSVDataset", "no", "no", "must", "s, s", "string, string"), "\\\"a/b\\\"" },
        { "a header of two lines", "\"x\ny\",z\n1,2\n",
          CSV("ExperimentalCSVDataset", "yes", "yes", "must", "x, i", "float, int64"), "1/2" },
        { "without the first", "1,2,3\n4,5,6\n",
          CSV("CSVDatasetV2", "no", "yes", "must", "i, i, first", "int64, int64"), "2/3 5/6" },
        { "without what is not there", "1,2\n",
          CSV("CSVDatasetV2", "no", "yes", "must", "i, i, last", "int64, int64"), "1/2" },
        { "without too many", "1\n",
          CSV("CSVDatasetV2", "no", "yes", "must", "i, i, second", "int64, int64"),
          "!Expect 2 fields but have 1 in record" },
        { "wants one order", "",
          CSV("CSVDatasetV2", "no", "yes", "must", "i, i, bad", "int64, int64"),
          "!exclude_cols should be strictly increasing indices" },
        { "wants columns", "",
          CSV("CSVDatasetV2", "no", "yes", "must", "i, i, less", "int64, int64"),
          "!exclude_cols should be non-negative indices" },
        { "wants a list of columns", "",
          CSV("CSVDatasetV2", "no", "yes", "must", "i, i, c1", "int64, int64"),
          "!`exclude_cols` must be a vector" },
        { "wants one of the two", "",
          CSV("CSVDatasetV2", "no", "yes", "bad", "i, i, first", "int64, int64"),
          "!select_cols should be strictly increasing indices" },
        { "wants a list of columns", "",
          CSV("CSVDataset", "no", "yes", "c1", "i, i", "int64, int64"),
          "!`select_cols` must be a vector." },
        { "wants a column for each", "",
          CSV("ExperimentalCSVDataset", "no", "yes", "first", "i, i", "int64, int64"),
          "!select_cols should match output size" },
        { "wants one default", "", CSV("CSVDataset", "no", "yes", "must", "i, bad", "int64, int64"),
          "!There should only be 1 default per field but field 1 has 2" },
};

static void csv_run(const CsvCase *rows, int i)
{
        static const char at[] = "output_types: [";
        const CsvCase *row = &rows[i];
        const char *types = strstr(row->text, at) + sizeof at - 1;
        autofree char *list = mem_strndup(types, strcspn(types, "]"));
        write_text("csv", row->file);
        data_expect(row->text, list, row->want);
}
TEST_ROWS(data_csv, csvs, csv_run)

Test(data_csv, a_record_that_fails_leaves_the_next_alone)
{
        write_text("csv", "1,2\"\n3,4\n5\n6,7\n");
        grow_ok(CSV_INTS());
        grow_ok("e = IgnoreErrorsDataset(d) output_types: [int64, int64], output_shapes: [[], []]\n"
                "it = IteratorV2 shared_name: \"\", container: \"\", " TWO_INT64S "\n"
                "init = MakeIterator(e, it)\nnext = IteratorGetNext(it) " TWO_INT64S "\n");
        run_ok("", "", "init");
        autofree char *is = draw_all("next", 2, 10);
        cr_assert_str_eq(is, "3/4 6/7");
}

Test(data_csv, of_several_types)
{
        write_text("a", "x,y,z\n1,2.5,\"a,\"\"b\"\"\nc\"\n,7,\n");
        data_expect(
                "a = Const string [] { \"a\" }\ncomma = Const string [] { \",\" }\n"
                "i = Const int64 [1] { 9 }\nf = Const float [0] { }\ns = Const string [1] { \"-\" "
                "}\n"
                "cols = Const int64 [0] { }\n"
                "d = CSVDataset(a, none, c1, yes, comma, yes, none, cols, i, f, s) "
                "output_types: [int64, float, string], output_shapes: [[], [], []]\n",
                "int64, float, string", "1/2.5/a,\\\"b\\\"\\nc 9/7/-");
}

Test(data_csv, of_chosen_columns)
{
        write_file("a", "1,2,3\n4,5\n", 10);
        data_expect("a = Const string [] { \"a\" }\ncomma = Const string [] { \",\" }\n"
                    "i = Const int64 [0] { }\ncols = Const int64 [2] { 0, 2 }\n"
                    "d = CSVDataset(a, none, c1, no, comma, yes, none, cols, i, i) "
                    "output_types: [int64, int64], output_shapes: [[], []]\n",
                    "int64, int64", "1/3 !Expect 2 fields but have 1 in record");
}

Test(data_csv, without_excluded_columns)
{
        write_file("a", "1,2,3\n4,5,6\n", 12);
        data_expect("a = Const string [] { \"a\" }\ncomma = Const string [] { \",\" }\n"
                    "i = Const int64 [0] { }\nout = Const int64 [1] { 1 }\n"
                    "d = CSVDatasetV2(a, none, c1, no, comma, yes, none, i, i, i, out) "
                    "output_types: [int64, int64], output_shapes: [[], []]\n",
                    "int64, int64", "1/3 4/6");
}
