// SPDX-License-Identifier: Apache-2.0
/* Lookup tables: filled once or over and over, from tensors and from files. */
#include "tests/engine/queue_fixture.h"

#include <string.h>

TestSuite(table, .init = session_setup, .fini = session_teardown, .timeout = 60);

static const char fixed[] =
        "t = HashTableV2 key_dtype: string, value_dtype: int64, shared_name: \"t\"\n"
        "keys = Const string [3] { \"a\", \"b\", \"\" }\n"
        "values = Const int64 [3] { 1, 2, 3 }\n"
        "others = Const int64 [3] { 1, 2, 4 }\n"
        "init = InitializeTableV2(t, keys, values)\n"
        "again = InitializeTableV2(t, keys, others)\n"
        "q = Const string [2, 2] { \"b\", \"x\", \"\", \"a\" }\n"
        "none = Const int64 [] { -1 }\n"
        "find = LookupTableFindV2(t, q, none)\n"
        "bad = LookupTableFindV2(t, values, none)\n"
        "size = LookupTableSizeV2(t)\n"
        "put = LookupTableInsertV2(t, keys, values)\n";

Test(table, finds_what_it_was_filled_with_and_says_the_default_else)
{
        grow_ok(fixed);
        run_ok("", "", "init");
        FINISH_FLOATS(start("find:0", "", ""), 2, -1, 3, 1);
        cr_assert_str_eq(shape_text(tensor_shape(got[0])).s, "[2,2]");
        cr_assert_eq(value_of("size:0", ""), 3);
}

Test(table, must_be_filled_first_and_only_once)
{
        grow_ok(fixed);
        run_fails("find:0", "", SR_FAILED_PRECONDITION, "Table not initialized.");
        run_ok("", "", "init");
        run_ok("", "", "init");
        finish_fails(start("", "", "again"), SR_FAILED_PRECONDITION,
                     "Table was already initialized with different data.");
        finish_fails(start("", "", "put"), SR_UNIMPLEMENTED, "Insert not supported by");
        run_fails("bad:0", "", SR_INVALID_ARGUMENT, "Key must be type string but got int64");
}

Test(table, a_key_has_one_value)
{
        grow_ok("t = HashTableV2 key_dtype: int64, value_dtype: string\n"
                "keys = Const int64 [2] { 7, 7 }\n"
                "values = Const string [2] { \"a\", \"b\" }\n"
                "init = InitializeTableV2(t, keys, values)\n"
                "one = Const int64 [1] { 7 }\n"
                "short = InitializeTableV2(t, one, values)\n");
        finish_fails(start("", "", "init"), SR_INVALID_ARGUMENT,
                     "HashTable has different value for same key.");
        finish_fails(start("", "", "short"), SR_INVALID_ARGUMENT,
                     "Keys and values must have the same size 1 vs 2");
}

Test(table, a_mutable_one_takes_replaces_removes_imports_and_exports)
{
        grow_ok("t = MutableHashTableOfTensorsV2 key_dtype: int64, value_dtype: float, "
                "value_shape: [2]\n"
                "keys = Const int64 [2] { 5, 6 }\n"
                "values = Const float [2, 2] { 1, 2, 3, 4 }\n"
                "put = LookupTableInsertV2(t, keys, values)\n"
                "six = Const int64 [1] { 6 }\n"
                "drop = LookupTableRemoveV2(t, six)\n"
                "all = LookupTableExportV2(t) Tkeys: int64, Tvalues: float\n"
                "def = Const float [2] { 8, 9 }\n"
                "find = LookupTableFindV2(t, keys, def)\n"
                "more = Const float [1, 2] { 7, 7 }\n"
                "import = LookupTableImportV2(t, six, more)\n"
                "size = LookupTableSizeV2(t)\n"
                "scalar = LookupTableInsertV2(t, keys, keys)\n"
                "shape = LookupTableInsertV2(t, keys, def)\n");
        run_ok("", "", "put");
        run_ok("", "", "put");
        cr_assert_eq(value_of("size:0", ""), 2);
        run_ok("", "", "drop");
        FINISH_FLOATS(start("find:0", "", ""), 1, 2, 8, 9);
        run_ok("all:0 all:1", "", "");
        cr_assert_eq(tensor_int(got[0], 0), 5);
        cr_assert_str_eq(shape_text(tensor_shape(got[1])).s, "[1,2]");
        run_ok("", "", "import");
        FINISH_FLOATS(start("find:0", "", ""), 8, 9, 7, 7);
        finish_fails(start("", "", "scalar"), SR_INVALID_ARGUMENT, "Value must be type float");
        finish_fails(start("", "", "shape"), SR_INVALID_ARGUMENT,
                     "Expected shape [2,2] for value, got [2]");
}

Test(table, a_dense_one_has_vectors_as_keys_and_two_that_are_not_allowed)
{
        grow_ok("e = Const int64 [2] { 0, 0 }\n"
                "d = Const int64 [2] { -1, -1 }\n"
                "t = MutableDenseHashTableV2(e, d) key_dtype: int64, value_dtype: string\n"
                "twice = MutableDenseHashTableV2(e, e) key_dtype: int64, value_dtype: string\n"
                "keys = Const int64 [2, 2] { 1, 2, 2, 1 }\n"
                "values = Const string [2] { \"x\", \"y\" }\n"
                "put = LookupTableInsertV2(t, keys, values)\n"
                "none = Const string [] { \"-\" }\n"
                "find = LookupTableFindV2(t, keys, none)\n"
                "bad = LookupTableFindV2(t, e, none)\n"
                "vector = Const int64 [3] { 1, 2, 3 }\n"
                "shape = LookupTableFindV2(t, vector, none)\n");
        run_ok("", "", "put");
        run_ok("find:0", "", "");
        cr_assert_eq(tensor_strings(got[0])[1].data[0], 'y');
        run_fails("bad:0", "", SR_INVALID_ARGUMENT,
                  "Using the empty_key as a table key is not allowed");
        run_fails("shape:0", "", SR_INVALID_ARGUMENT, "Input key shape [3] must end with");
        finish_fails(start("", "", "twice"), SR_INVALID_ARGUMENT,
                     "Empty and deleted keys cannot be equal");
}

Test(table, old_handles_shared_names_and_anonymous_ones)
{
        grow_ok("a = HashTable key_dtype: int64, value_dtype: int64, shared_name: \"t\"\n"
                "b = HashTable key_dtype: int64, value_dtype: int64, shared_name: \"t\"\n"
                "c = HashTable key_dtype: int64, value_dtype: float, shared_name: \"t\"\n"
                "k = Const int64 [1] { 4 }\n"
                "init = InitializeTable(a, k, k)\n"
                "find = LookupTableFind(b, k, k)\n"
                "size = LookupTableSize(c)\n"
                "n = AnonymousHashTable key_dtype: int64, value_dtype: int64\n"
                "sn = LookupTableSizeV2(n)\n");
        run_ok("", "", "init");
        cr_assert_eq(value_of("find:0", ""), 4);
        run_fails("size:0", "", SR_INVALID_ARGUMENT, "Conflicting key/value dtypes");
        run_ok("a:0", "", "");
        cr_assert_eq(tensor_strings(got[0])[1].data[0], 't');
        cr_assert_eq(value_of("sn:0", ""), 0);
}

/* ---- of nothing, and what is no table ---- */

static const char *const tables[][2] = {
        { "HashTable", "" },
        { "HashTableV2", "V2" },
        { "MutableHashTable", "" },
        { "MutableHashTableV2", "V2" },
        { "MutableHashTableOfTensors", "" },
        { "MutableHashTableOfTensorsV2", "V2" },
};

/* Puts no keys into each kind, looks for none, and takes out all that there are. */
Test(table, of_nothing)
{
        for (int i = 0; i < (int)COUNTOF(tables); i++) {
                const char *v = tables[i][1];
                bool once = tables[i][0][0] == 'H';
                autofree char *text = mem_printf(
                        "t%1$d = %2$s key_dtype: int64, value_dtype: float\n"
                        "k%1$d = Const int64 [0] { }\nv%1$d = Const float [0] { }\n"
                        "d%1$d = Const float [] { 5 }\n"
                        "put%1$d = %3$s%4$s(t%1$d, k%1$d, v%1$d)\n"
                        "import%1$d = %5$s%4$s(t%1$d, k%1$d, v%1$d)\n"
                        "find%1$d = LookupTableFind%4$s(t%1$d, k%1$d, d%1$d)\n"
                        "all%1$d = LookupTableExport%4$s(t%1$d) Tkeys: int64, Tvalues: float\n"
                        "size%1$d = LookupTableSize%4$s(t%1$d)\n",
                        i, tables[i][0], once ? "InitializeTable" : "LookupTableInsert", v,
                        once ? "InitializeTable" : "LookupTableImport");
                grow_ok(text);
                autofree char *puts = mem_printf("put%d", i);
                autofree char *imports = mem_printf("import%d", i);
                autofree char *asks = mem_printf("find%1$d:0 all%1$d:0 all%1$d:1 size%1$d:0", i);
                run_ok("", "", puts);
                run_ok("", "", imports);
                run_ok(asks, "", "");
                for (int k = 0; k < 3; k++)
                        cr_assert_eq(tensor_count(got[k]), 0, "%s %d", tables[i][0], k);
                cr_assert_eq(tensor_int(got[3], 0), 0);
        }
}

Test(table, removing_nothing)
{
        grow_ok("t = MutableHashTableV2 key_dtype: int64, value_dtype: float\n"
                "k = Const int64 [0] { }\nx = LookupTableRemoveV2(t, k)\n");
        run_ok("", "", "x");
}

#define QUEUE_1   "q = FIFOQueue component_types: [string]\nk = Const int64 [1] { 1 }\n"
#define QUEUE_2   "q = FIFOQueueV2 component_types: [string]\nk = Const int64 [1] { 1 }\n"
#define NOT_TABLE SR_INVALID_ARGUMENT, "Trying to access resource using the wrong type. Expected "
#define NO_TABLE      \
        SR_NOT_FOUND, \
                "Resource localhost/_0_q/N10tensorflow6lookup15LookupInterfaceE does not exist."
#define TABLE_2 "t = MutableHashTableV2 key_dtype: int64, value_dtype: float\n"

static const Refusal refusals[] = {
        { "filling", QUEUE_1 "x = InitializeTable(q, k, k)", NO_TABLE },
        { "finding", QUEUE_1 "x = LookupTableFind(q, k, k)", NO_TABLE },
        { "putting", QUEUE_1 "x = LookupTableInsert(q, k, k)", NO_TABLE },
        { "importing", QUEUE_1 "x = LookupTableImport(q, k, k)", NO_TABLE },
        { "exporting", QUEUE_1 "x = LookupTableExport(q) Tkeys: int64, Tvalues: int64", NO_TABLE },
        { "counting", QUEUE_1 "x = LookupTableSize(q)", NO_TABLE },
        { "reading a file",
          QUEUE_1 "f = Const string [] { \"f\" }\n"
                  "x = InitializeTableFromTextFile(q, f) key_index: -2, value_index: -1",
          NO_TABLE },
        { "importing", QUEUE_2 "x = LookupTableImportV2(q, k, k)", NOT_TABLE },
        { "exporting", QUEUE_2 "x = LookupTableExportV2(q) Tkeys: int64, Tvalues: int64",
          NOT_TABLE },
        { "counting", QUEUE_2 "x = LookupTableSizeV2(q)", NOT_TABLE },
        { "removing", QUEUE_2 "x = LookupTableRemoveV2(q, k)", NOT_TABLE },
        { "keys of another type",
          TABLE_2 "k = Const string [1] { \"a\" }\nx = LookupTableRemoveV2(t, k)",
          SR_INVALID_ARGUMENT, "Key must be type int64 but got string" },
        { "importing keys of another type",
          TABLE_2 "k = Const string [1] { \"a\" }\nv = Const float [1] { 1 }\n"
                  "x = LookupTableImportV2(t, k, v)",
          SR_INVALID_ARGUMENT, "Key must be type int64 but got string" },
};
REFUSALS(table, refusals)

/* Tables of one name are of one kind. */
Test(table, types_that_differ_from_those_of_the_name)
{
        for (int i = 0; i <= (int)COUNTOF(tables); i++) {
                bool dense = i == COUNTOF(tables);
                autofree char *text = mem_printf(
                        "e = Const int64 [] { 0 }\nf = Const string [] { \"\" }\n"
                        "a = %1$s%2$s key_dtype: int64, value_dtype: float, shared_name: \"t\"\n"
                        "b = %1$s%3$s key_dtype: string, value_dtype: float, shared_name: \"t\"\n",
                        dense ? "MutableDenseHashTable" : tables[i][0], dense ? "(e)" : "",
                        dense ? "(f)" : "");
                session_teardown();
                session_setup();
                grow_ok(text);
                run_ok("", "", "a");
                finish_fails(start("", "", "b"), SR_INVALID_ARGUMENT,
                             "Conflicting key/value dtypes string->float with int64-float for "
                             "table t");
        }
}
