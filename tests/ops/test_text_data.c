// SPDX-License-Identifier: Apache-2.0
/* Ops that read vocabularies, texts and matrices from files. */
#include "engine/base/buf.h"
#include "tests/lib/folder.h"
#include "tests/lib/session_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The text so many times. */
static void write_times(const char *name, const char *text, int times)
{
        autobuf b = BUF(1 << 16);
        for (int i = 0; i < times; i++)
                buf_puts(&b, text);
        write_file(name, b.data, b.len);
}

static void setup(void)
{
        folder_setup();
        write_text("old", "knitting\nskiing\nseeking\n");
        write_text("new", "eat\nknitting\nskiing\nsurfing\n");
        write_text("twice", "a\na\n");
        write_times("text", "the cat and the dog\n", 20);
}

TestSuite(text_data, .init = setup, .fini = folder_teardown);

Test(text_data, bytes_of_a_file_are_a_tensor)
{
        autoptr(TestSession) s = session_of(
                "x = ImmutableConst dtype: uint8, shape: [2, 3], memory_region_name: \"old\"\n"
                "none = ImmutableConst dtype: float, shape: [0, 3], memory_region_name: \"old\"\n"
                "truths = ImmutableConst dtype: bool, shape: [2], memory_region_name: \"old\"\n"
                "long = ImmutableConst dtype: float, shape: [100], memory_region_name: \"old\"\n"
                "gone = ImmutableConst dtype: float, shape: [1], memory_region_name: \"no\"\n"
                "text = ImmutableConst dtype: string, shape: [], memory_region_name: \"old\"\n"
                "handle = ImmutableConst dtype: variant, shape: [], memory_region_name: "
                "\"old\"\n");
        EXPECT(s, "x:0", U8((2, 3), 'k', 'n', 'i', 't', 't', 'i'));
        EXPECT(s, "none:0", F32((0, 3)));
        EXPECT(s, "truths:0", BOOL((2), true, true));
        EXPECT_ERROR(s, "long:0", SR_INTERNAL,
                     "Readonly memory region has wrong length (24) when allocating 400");
        EXPECT_ERROR(s, "gone:0", SR_NOT_FOUND, "no; No such file or directory");
        EXPECT_ERROR(s, "text:0", SR_UNIMPLEMENTED,
                     "Sorry, DT_STRING is not currently supported for ImmutableConstOp.");
        EXPECT_ERROR(s, "handle:0", SR_INVALID_ARGUMENT,
                     "Resource and variant dtypes are invalid for this op.");
}

Test(text_data, a_vocabulary_is_mapped_to_an_older_one)
{
        autoptr(TestSession) s = session_of(
                "old = Const string [] { \"old\" }\n"
                "new = Const string [] { \"new\" }\n"
                "none = Const string [] { \"\" }\n"
                "twice = Const string [] { \"twice\" }\n"
                "all = GenerateVocabRemapping(new, old) new_vocab_offset: 0, num_new_vocab: 4\n"
                "part = GenerateVocabRemapping(new, old) new_vocab_offset: 1, num_new_vocab: 2, "
                "old_vocab_size: 1\n"
                "empty = GenerateVocabRemapping(new, old) new_vocab_offset: 4, num_new_vocab: 0\n"
                "long = GenerateVocabRemapping(new, old) new_vocab_offset: 2, num_new_vocab: 3\n"
                "short = GenerateVocabRemapping(new, old) new_vocab_offset: 0, num_new_vocab: 1, "
                "old_vocab_size: 9\n"
                "nameless = GenerateVocabRemapping(new, none) new_vocab_offset: 0, "
                "num_new_vocab: 1\n"
                "doubled = GenerateVocabRemapping(new, twice) new_vocab_offset: 0, "
                "num_new_vocab: 1\n");
        EXPECT(s, "all:0", I64((4), -1, 0, 1, -1));
        EXPECT(s, "all:1", I32((), 2));
        EXPECT(s, "part:0", I64((2), 0, -1));
        EXPECT(s, "empty:0", I64((0)));
        EXPECT_ERROR(s, "long:0", SR_INVALID_ARGUMENT,
                     "lookup table size must be larger than last new vocab entry's line");
        EXPECT_ERROR(s, "short:0", SR_INVALID_ARGUMENT, "expected 9 but got 3");
        EXPECT_ERROR(s, "nameless:0", SR_INVALID_ARGUMENT, "vocab filename cannot be empty.");
        EXPECT_ERROR(s, "doubled:0", SR_FAILED_PRECONDITION,
                     "HashTable has different value for same key. Key a");
}

Test(text_data, a_matrix_is_loaded_with_rows_and_columns_moved)
{
        autoptr(TestSession) s = session_of(
                "file = Const string [] { \"ckpt\" }\n"
                "names = Const string [2] { \"m\", \"v\" }\n"
                "specs = Const string [2] { \"\", \"\" }\n"
                "m = Const float [3, 2] { 0, 1, 10, 11, 20, 21 }\n"
                "v = Const int32 [1] { 1 }\n"
                "save = SaveV2(file, names, specs, m, v) dtypes: [float, int32]\n"
                "name = Const string [] { \"m\" }\n"
                "vector = Const string [] { \"v\" }\n"
                "rows = Const int64 [3] { 2, -1, 0 }\n"
                "twice = Const int64 [3] { 2, -1, 2 }\n"
                "far = Const int64 [3] { 3, -1, -1 }\n"
                "cols = Const int64 [2] { 1, -1 }\n"
                "same = Const int64 [0]\n"
                "two = Const float [2] { 7, 8 }\n"
                "four = Const float [4] { 5, 6, 7, 8 }\n"
                "by_row = LoadAndRemapMatrix(file, name, rows, same, two) num_rows: 3, num_cols: "
                "2\n"
                "both = LoadAndRemapMatrix(file, name, rows, cols, four) num_rows: 3, num_cols: 2\n"
                "few = LoadAndRemapMatrix(file, name, rows, cols, two) num_rows: 3, num_cols: 2\n"
                "many = LoadAndRemapMatrix(file, name, rows, same, four) num_rows: 3, num_cols: 2\n"
                "dup = LoadAndRemapMatrix(file, name, twice, same, two) num_rows: 3, num_cols: 2\n"
                "over = LoadAndRemapMatrix(file, name, far, same, four) num_rows: 3, num_cols: 2\n"
                "wide = LoadAndRemapMatrix(file, name, rows, same, two) num_rows: 3, num_cols: 3\n"
                "ints = LoadAndRemapMatrix(file, vector, rows, same, two) num_rows: 3, "
                "num_cols: 2\n");
        expect_ok(test_session_target(s, "save"));
        EXPECT(s, "by_row:0", F32((3, 2), 20, 21, 7, 8, 0, 1));
        EXPECT(s, "both:0", F32((3, 2), 21, 5, 6, 7, 1, 8));
        EXPECT_ERROR(s, "few:0", SR_INVALID_ARGUMENT,
                     "initializing_values contained 2 elements, but more missing values remain.");
        EXPECT_ERROR(s, "many:0", SR_INVALID_ARGUMENT, "but only 2 elements were used");
        EXPECT_ERROR(s, "dup:0", SR_UNIMPLEMENTED,
                     "Old ID 2 is mapped to both new ID 0 and 2, which is not supported.");
        EXPECT_ERROR(s, "over:0", SR_INVALID_ARGUMENT, "out of bounds");
        EXPECT_ERROR(s, "wide:0", SR_INVALID_ARGUMENT, "instead of being equal to num_cols=3");
        EXPECT_ERROR(s, "ints:0", SR_INVALID_ARGUMENT,
                     "Tensor v has invalid type int32 instead of expected type float");
}

Test(text_data, skipgrams_are_words_near_one_another)
{
        autoptr(TestSession) s =
                session_of("g = Skipgram() filename: \"text\", batch_size: 4000, window_size: 1, "
                           "min_count: 21, subsample: 0\n"
                           "empty = Skipgram() filename: \"text\", batch_size: 0\n"
                           "short = Skipgram() filename: \"old\", batch_size: 1\n"
                           "none = Skipgram() filename: \"nothing\", batch_size: 1\n");
        EXPECT(s, "g:0", STR((2), "UNK", "the"));
        EXPECT(s, "g:1", I32((2), 60, 40));
        EXPECT(s, "g:2", I64((), 100));
        autoptr(Tensor) x = fetch(s, "g:5");
        cr_assert_eq(tensor_count(x), 4000);
        autoptr(Tensor) y = fetch(s, "g:6");
        int64_t the = 0;
        for (int i = 0; i < 4000; i++)
                the += ((const int32_t *)tensor_data(y))[i];
        cr_assert(the > 1500 && the < 1700, "%lld of 4000 are \"the\"", (long long)the);
        EXPECT(s, "empty:5", I32((0)));
        EXPECT_ERROR(s, "short:0", SR_INVALID_ARGUMENT, "contains too little data: 3 words");
        EXPECT_ERROR(s, "none:0", SR_NOT_FOUND, "nothing");
}
