// SPDX-License-Identifier: Apache-2.0
/* Datasets of the records of files. */
#include "tests/engine/data_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

TestSuite(data_files, .init = data_files_setup, .fini = data_files_teardown, .timeout = 60);

static void write_gzip(const char *name, const char *text)
{
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        gzFile f = gzopen(path, "wb");
        cr_assert_eq(gzwrite(f, text, (unsigned)strlen(text)), (int)strlen(text));
        gzclose(f);
}

/* Dataset `d` by that op over those files. */
static void expect(const char *op, const char *want)
{
        char text[1024];
        snprintf(text, sizeof text,
                 "a = Const string [] { \"a\" }\nb = Const string [] { \"b\" }\n"
                 "both = Pack(a, b) N: 2, T: string\n"
                 "gz = Const string [] { \"GZIP\" }\nodd = Const string [] { \"LZ\" }\nd = %s\n",
                 op);
        data_expect(text, "string", want);
}

Test(data_files, lines_of_several)
{
        write_file("a", "one\ntwo\r\n", 9);
        write_file("b", "three", 5);
        expect("TextLineDataset(both, none, c0)", "one two three");
}

Test(data_files, packed_lines)
{
        write_gzip("a", "one\ntwo\n");
        expect("TextLineDataset(a, gz, c0)", "one two");
}

Test(data_files, refuse_an_odd_packing)
{
        expect("TextLineDataset(a, odd, c0)", "!Unsupported compression_type.");
}

Test(data_files, a_file_that_is_missing_is_one_error)
{
        write_file("b", "three", 5);
        data_expect("names = Const string [2] { \"a\", \"b\" }\n"
                    "f = TextLineDataset(names, none, c0)\n"
                    "d = IgnoreErrorsDataset(f) output_types: [string], output_shapes: [?]\n",
                    "string", "three");
}

Test(data_files, outside_of_the_roots_are_refused)
{
        grow_ok("f = Const string [] { \"/etc/passwd\" }\nd = TextLineDataset(f, none, c0)\n");
        grow_iterator("string");
        run_ok("", "", "init");
        run_fails("next:0", "", SR_PERMISSION_DENIED, "");
}

Test(data_files, records_of_one_length)
{
        write_file("a", "HHabcdefF", 9);
        expect("FixedLengthRecordDataset(a, c2, c2, c1, c0)", "ab cd ef");
}

Test(data_files, packed_records_of_one_length)
{
        write_gzip("a", "HHabcdefF");
        expect("FixedLengthRecordDatasetV2(a, c2, c2, c1, c0, gz)", "ab cd ef");
}

Test(data_files, a_body_must_be_whole_records)
{
        write_file("a", "HHabcdeF", 8);
        expect("FixedLengthRecordDataset(a, c2, c2, c1, c0)",
               "!has body length 5 bytes, which is not an exact multiple of the record length (2");
}

Test(data_files, tfrecords)
{
        char bytes[128];
        size_t n = tfrecord(bytes, "first");
        n += tfrecord(bytes + n, "2nd");
        write_file("a", bytes, n);
        expect("TFRecordDataset(a, none, c0)", "first 2nd");
}

Test(data_files, damaged_tfrecords)
{
        char bytes[128];
        size_t n = tfrecord(bytes, "first");
        n += tfrecord(bytes + n, "2nd");
        bytes[n - 6] ^= 1;
        write_file("a", bytes, n);
        expect("TFRecordDataset(a, none, c0)", "first !corrupted record at 21");
}

Test(data_files, that_match_a_pattern)
{
        write_file("b.txt", "", 0);
        write_file("a.txt", "", 0);
        write_file("c.csv", "", 0);
        data_expect("p = Const string [1] { \"*.txt\" }\nd = MatchingFilesDataset(p)\n", "string",
                    "a.txt b.txt");
}
