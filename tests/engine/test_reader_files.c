// SPDX-License-Identifier: Apache-2.0
/* LMDBReader on databases made by LMDB's own program, and RecordInput. */
#include "tests/engine/reader_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(reader_files, .init = reader_setup, .fini = reader_teardown, .timeout = 60);

/* ---- LMDB ---- */

Test(reader_files, a_database_is_read_in_the_order_of_its_keys)
{
        grow_reader("LMDBReader");
        lmdb_load("a", true, LMDB_HEAD " key2\n two\n key1\n one\n key3\n \nDATA=END\n");
        lmdb_load("b", false, LMDB_HEAD "DATA=END\n");
        run_ok("", "", "put_b");
        run_ok("", "", "put_a");
        reads("key1", "one");
        cr_assert_eq(value_of("completed:0", ""), 1);
        reads("key2", "two");
        reads("key3", "");
        run_ok("", "", "shut");
        run_fails("read:0", "", SR_OUT_OF_RANGE, "FIFOQueue");
        cr_assert_eq(value_of("completed:0", ""), 2);
        run_fails("save:0", "", SR_UNIMPLEMENTED, "Reader SerializeState");
}

static int digits(int i)
{
        return 1 + i % 90 * (i % 50 ? 1 : 90);
}

/* Branch pages, and values that take pages of their own. */
Test(reader_files, a_large_database)
{
        enum { N = 3000, BIG = 100000 };
        grow_reader("LMDBReader");
        autobuf dump = BUF(1 << 24);
        buf_puts(&dump, LMDB_HEAD);
        for (int i = 0; i < N; i++)
                buf_printf(&dump, " %08d\n %0*d\n", i, digits(i), i);
        char *big = mem_alloc(BIG + 1);
        memset(big, 'z', BIG);
        big[BIG] = 0;
        buf_printf(&dump, " big\n %s\nDATA=END\n", big);
        lmdb_load("a", false, buf_cstr(&dump));
        run_ok("", "", "put_a");
        for (int i = 0; i < N; i++) {
                char key[16];
                snprintf(key, sizeof key, "%08d", i);
                run_ok("read:0 read:1", "", "");
                expect_string(got[0], 0, key);
                const TString *v = &tensor_strings(got[1])[0];
                char want[10000];
                snprintf(want, sizeof want, "%0*d", digits(i), i);
                cr_assert_eq(v->len, strlen(want), "%d", i);
        }
        reads("big", big);
        mem_free(big);
}

Test(reader_files, a_database_that_is_broken_anywhere_is_refused_or_read)
{
        char path[128];
        static unsigned char good[65536], bad[65536];
        grow_reader("LMDBReader");
        lmdb_load("b", false, LMDB_HEAD " key1\n one\n key2\n two\nDATA=END\n");
        snprintf(path, sizeof path, "%s/b", folder);
        FILE *f = fopen(path, "rb");
        size_t n = fread(good, 1, sizeof good, f);
        fclose(f);
        unsigned seed = 1;
        for (int i = 0; i < 600; i++) {
                memcpy(bad, good, n);
                size_t at = (size_t)rand_r(&seed) % 160 + (size_t)(i % 3) * 4096;
                bad[i % 2 ? at : (size_t)rand_r(&seed) % n] ^= (unsigned char)(1 + i % 255);
                write_file("a", bad, i % 7 ? n : (size_t)rand_r(&seed) % n);
                run_ok("", "", "put_a");
                for (int k = 0; k < 3; k++) { /* beyond the last, "b" is read */
                        run_ok("", "", "put_b");
                        Status *s = finish(start("read:0", "", ""));
                        StatusCode c = status_code(s);
                        cr_expect(!s || c == SR_DATA_LOSS || c == SR_UNIMPLEMENTED ||
                                          c == SR_RESOURCE_EXHAUSTED,
                                  "%s", status_message(s));
                        status_free(s);
                }
                run_ok("", "", "reset");
        }
        write_file("a", "hello", 5);
        run_ok("", "", "reset");
}

/* ---- RecordInput ---- */

/* Files "f0", "f1", ... of some records each, whose texts are numbers from 0 on. */
static int write_shards(int files, int each)
{
        int next = 0;
        for (int i = 0; i < files; i++) {
                unsigned char bytes[4096];
                size_t n = 0;
                char name[16], text[16];
                for (int k = 0; k < each; k++) {
                        snprintf(text, sizeof text, "%d", next++);
                        n += tfrecord(bytes + n, text);
                }
                snprintf(name, sizeof name, "f%d", i);
                write_file(name, bytes, n);
        }
        return next;
}

/* Reads one epoch by batches: each record comes once. The order is kept in ret. */
static void one_epoch(int records, int batch, int *ret)
{
        bool seen[256] = { 0 };
        for (int i = 0; i < records; i += batch) {
                run_ok("in:0", "", "");
                cr_assert_eq(tensor_count(got[0]), batch);
                for (int k = 0; k < batch; k++) {
                        const TString *s = &tensor_strings(got[0])[k];
                        int v = 0;
                        for (size_t j = 0; j < s->len; j++)
                                v = v * 10 + (s->data[j] - '0');
                        cr_assert(v < records && !seen[v], "%d comes twice", v);
                        seen[v] = true;
                        ret[i + k] = v;
                }
        }
}

static void epochs_differ(const char *attrs, int batch)
{
        char text[400];
        int n = write_shards(5, 12), first[60], second[60], sorted = 0;
        snprintf(text, sizeof text,
                 "in = RecordInput file_pattern: \"%s/f[0-2],%s/f[34]\", batch_size: %d%s\n",
                 folder, folder, batch, attrs);
        grow_ok(text);
        one_epoch(n, batch, first);
        one_epoch(n, batch, second);
        cr_expect(memcmp(first, second, sizeof first) != 0);
        for (int i = 1; i < n; i++)
                sorted += first[i] == first[i - 1] + 1;
        cr_expect_lt(sorted, n / 2);
}

Test(reader_files, record_input_gives_each_record_once_an_epoch_in_another_order)
{
        epochs_differ("", 12);
}

Test(reader_files, record_input_with_a_small_buffer_and_few_strands)
{
        epochs_differ(", file_buffer_size: 30, file_parallelism: 2, file_shuffle_shift_ratio: 0.5",
                      4);
}

Test(reader_files, record_input_repeats_its_order_from_the_same_seed)
{
        char text[400];
        int n = write_shards(3, 8), a[24], b[24];
        snprintf(text, sizeof text,
                 "in = RecordInput file_pattern: \"%s/f*\", batch_size: 8, file_random_seed: 7\n",
                 folder);
        grow_ok(text);
        one_epoch(n, 8, a);
        session_teardown();
        session_setup();
        grow_ok(text);
        one_epoch(n, 8, b);
        cr_expect_arr_eq(a, b, sizeof a);
}

Test(reader_files, record_input_says_what_is_wrong_and_keeps_saying_it)
{
        char text[1200];
        unsigned char bytes[64];
        size_t n = tfrecord(bytes, "fine");
        bytes[n - 1] ^= 1;
        write_file("bad", bytes, n);
        write_file("empty", "", 0);
        snprintf(text, sizeof text,
                 "none = RecordInput file_pattern: \"%s/nothing*\"\n"
                 "bad = RecordInput file_pattern: \"%s/bad\", batch_size: 1\n"
                 "empty = RecordInput file_pattern: \"%s/empty\"\n"
                 "out = RecordInput file_pattern: \"/etc/*\"\n"
                 "what = RecordInput file_pattern: \"%s/bad\", compression_type: \"LZO\"\n"
                 "few = RecordInput file_pattern: \"%s/bad\", batch_size: 0\n",
                 folder, folder, folder, folder, folder);
        grow_ok(text);
        run_fails("none:0", "", SR_NOT_FOUND, "Found no files at ");
        run_fails("bad:0", "", SR_DATA_LOSS, "corrupted record at 0");
        write_shards(1, 1);
        run_fails("bad:0", "", SR_DATA_LOSS, "corrupted record at 0");
        run_fails("empty:0", "", SR_NOT_FOUND, "Found no records at ");
        run_fails("out:0", "", SR_PERMISSION_DENIED, "");
        run_fails("what:0", "", SR_INVALID_ARGUMENT, "Unsupported compression_type:LZO");
        run_ok("few:0", "", "");
        cr_expect_eq(tensor_count(got[0]), 0);
        grow_ok("minus = RecordInput file_pattern: \"x\", batch_size: -1\n");
        run_fails("minus:0", "", SR_INVALID_ARGUMENT, "batch_size must be non-negative but got -1");
}
