// SPDX-License-Identifier: Apache-2.0
/* Checkpoints of version 1: what Save and SaveSlices write is what Restore, RestoreSlice and
 * RestoreV2 read. */
#include "tests/lib/folder.h"
#include "tests/lib/session_case.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(restore, .init = folder_setup, .fini = folder_teardown);

/* Two files of one checkpoint: "w" by rows in both, the rest in the first. */
static const char graph[] =
        "one = Const string [] { \"c-00000-of-00002\" }\n"
        "two = Const string [] { \"c-00001-of-00002\" }\n"
        "names = Const string [6] { \"w\", \"i\", \"s\", \"b\", \"d\", \"l\" }\n"
        "specs = Const string [6] { \"3 2 0,1:-\", \"\", \"\", \"\", \"\", \"\" }\n"
        "top = Const float [1, 2] { 1, 2 }\n"
        "i = Const uint8 [2] { 7, 255 }\n"
        "s = Const string [2] { \"\", \"abc\" }\n"
        "b = Const bool [2] { true, false }\n"
        "d = Const double [] { 0.5 }\n"
        "l = Const int64 [1] { -5 }\n"
        "save1 = SaveSlices(one, names, specs, top, i, s, b, d, l) "
        "T: [DT_FLOAT, DT_UINT8, DT_STRING, DT_BOOL, DT_DOUBLE, DT_INT64]\n"
        "w = Const string [1] { \"w\" }\n"
        "rest_spec = Const string [1] { \"3 2 1,2:-\" }\n"
        "rest = Const float [2, 2] { 3, 4, 5, 6 }\n"
        "save2 = SaveSlices(two, w, rest_spec, rest) T: [DT_FLOAT]\n"
        "all = Const string [] { \"c-\?\?\?\?\?-of-00002\" }\n"
        "name = Const string [] { \"w\" }\n"
        "whole = Restore(all, name) dt: DT_FLOAT\n"
        "row = Const string [] { \"3 2 2,1:-\" }\n"
        "part = RestoreSlice(all, name, row) dt: DT_FLOAT\n"
        "no_specs = Const string [6] { \"\", \"\", \"\", \"\", \"\", \"\" }\n"
        "v2 = RestoreV2(all, names, no_specs) "
        "dtypes: [DT_FLOAT, DT_UINT8, DT_STRING, DT_BOOL, DT_DOUBLE, DT_INT64]\n"
        "wrong = Restore(all, name) dt: DT_INT32\n"
        "nobody = Const string [] { \"x\" }\n"
        "missing = Restore(all, nobody) dt: DT_FLOAT\n"
        "nowhere = Restore(nobody, name) dt: DT_FLOAT\n"
        "bad_spec = Const string [] { \"4 2 -:-\" }\n"
        "misfit = RestoreSlice(all, name, bad_spec) dt: DT_FLOAT\n"
        "plain_name = Const string [1] { \"w\" }\n"
        "plain_file = Const string [] { \"plain\" }\n"
        "plain = Save(plain_file, plain_name, rest) T: [DT_FLOAT]\n"
        "plain_back = Restore(plain_file, name) dt: DT_FLOAT\n";

static TestSession *saved(void)
{
        TestSession *s;
        expect_ok(test_session_text(graph, &s));
        expect_ok(test_session_target(s, "save1"));
        expect_ok(test_session_target(s, "save2"));
        return s;
}

Test(restore, parts_of_several_files_make_a_tensor)
{
        autoptr(TestSession) s = saved();
        autoptr(Tensor) whole = fetch(s, "whole:0");
        autoptr(Tensor) part = fetch(s, "part:0");
        expect_tensor(whole, F32((3, 2), 1, 2, 3, 4, 5, 6));
        expect_tensor(part, F32((1, 2), 5, 6));
}

Test(restore, every_type_comes_back_through_restore_v2)
{
        autoptr(TestSession) s = saved();
        autoptr(Tensor) i = fetch(s, "v2:1");
        autoptr(Tensor) text = fetch(s, "v2:2");
        autoptr(Tensor) b = fetch(s, "v2:3");
        autoptr(Tensor) d = fetch(s, "v2:4");
        autoptr(Tensor) l = fetch(s, "v2:5");
        expect_tensor(i, U8((2), 7, 255));
        expect_tensor(text, STR((2), "", "abc"));
        expect_tensor(b, BOOL((2), true, false));
        expect_tensor(d, F64((), 0.5));
        expect_tensor(l, I64((1), -5));
}

Test(restore, save_writes_whole_tensors)
{
        autoptr(TestSession) s = saved();
        expect_ok(test_session_target(s, "plain"));
        autoptr(Tensor) back = fetch(s, "plain_back:0");
        expect_tensor(back, F32((2, 2), 3, 4, 5, 6));
}

static void fails(TestSession *s, const char *fetch_name, StatusCode code, const char *text)
{
        Tensor *t = NULL;
        autoptr(Status) e = test_session_fetch(s, fetch_name, &t);
        cr_assert(e, "%s", fetch_name);
        cr_expect_eq(status_code(e), code);
        cr_expect(!strncmp(status_message(e), text, strlen(text)), "%s", status_message(e));
}

Test(restore, what_is_not_there_or_does_not_fit_is_said)
{
        autoptr(TestSession) s = saved();
        fails(s, "wrong:0", SR_INVALID_ARGUMENT,
              "Expected to restore a tensor of type int32, got a tensor of type float instead: "
              "tensor_name = w");
        fails(s, "missing:0", SR_NOT_FOUND, "Tensor name \"x\" not found in checkpoint files c-");
        fails(s, "nowhere:0", SR_NOT_FOUND,
              "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for "
              "x");
        fails(s, "misfit:0", SR_INVALID_ARGUMENT,
              "Shape in shape_and_slice spec [4,2] does not match the shape stored in checkpoint: "
              "[3,2]");
}

/* The file with one byte changed, or cut there; and as it was. */
static void with_damage(TestSession *s, int fd, off_t at, off_t size)
{
        char good, bad;
        Tensor *t = NULL;
        cr_assert(pread(fd, &good, 1, at) == 1);
        bad = good ^ 0x11;
        cr_assert(pwrite(fd, &bad, 1, at) == 1);
        status_free(test_session_fetch(s, "plain_back:0", &t));
        tensor_unref(steal(&t));
        cr_assert(pwrite(fd, &good, 1, at) == 1);
        cr_assert(size > at);
}

Test(restore, damaged_files_are_refused_or_harmless)
{
        char path[128];
        struct stat st;
        autoptr(TestSession) s = saved();
        expect_ok(test_session_target(s, "plain"));
        snprintf(path, sizeof path, "%s/plain", folder);
        int fd = open(path, O_RDWR);
        cr_assert(fd >= 0 && !fstat(fd, &st));
        for (off_t at = 0; at < st.st_size; at++)
                with_damage(s, fd, at, st.st_size);
        for (off_t n = st.st_size - 1; n >= 0; n--) {
                Tensor *t = NULL;
                cr_assert(!ftruncate(fd, n));
                autoptr(Status) e = test_session_fetch(s, "plain_back:0", &t);
                cr_expect(e && !t);
        }
        close(fd);
}

/* ---- of nothing ---- */

Test(restore, tensors_of_nothing_come_back)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text("one = Const string [] { \"v1\" }\n"
                                    "parts = Const string [] { \"v1s\" }\n"
                                    "two = Const string [] { \"v2\" }\n"
                                    "name = Const string [1] { \"e\" }\n"
                                    "n = Const string [] { \"e\" }\n"
                                    "all = Const string [1] { \"\" }\n"
                                    "spec = Const string [1] { \"0 2 -:-\" }\n"
                                    "sp = Const string [] { \"0 2 -:-\" }\n"
                                    "e = Const float [0, 2] { }\n"
                                    "save = Save(one, name, e)\n"
                                    "slices = SaveSlices(parts, name, spec, e)\n"
                                    "save2 = SaveV2(two, name, all, e)\n"
                                    "back = Restore(one, n, ^save) dt: float\n"
                                    "part = RestoreSlice(parts, n, sp, ^slices) dt: float\n"
                                    "back2 = RestoreV2(two, name, all, ^save2) dtypes: [float]\n",
                                    &s));
        static const char *const names[] = { "back:0", "part:0", "back2:0" };
        for (int i = 0; i < (int)COUNTOF(names); i++) {
                autoptr(Tensor) t = fetch(s, names[i]);
                expect_tensor(t, F32((0, 2)));
        }
}

Test(restore, no_checkpoints_make_one)
{
        autoptr(TestSession) s = NULL;
        expect_ok(
                test_session_text("no = Const string [0] { }\nto = Const string [] { \"d/all\" }\n"
                                  "merge = MergeV2Checkpoints(no, to)\n"
                                  "p = Const string [] { \"d/all.*\" }\n"
                                  "files = MatchingFiles(p, ^merge)\n",
                                  &s));
        autoptr(Tensor) t = fetch(s, "files:0");
        expect_tensor(t, STR((1), "d/all.index"));
}

/* ---- files as they are ---- */

Test(restore, files_are_written_found_and_read)
{
        autoptr(TestSession) s = NULL;
        expect_ok(test_session_text("f = Const string [] { \"new/a.txt\" }\n"
                                    "x = Const string [] { \"some text\" }\n"
                                    "write = WriteFile(f, x)\nread = ReadFile(f, ^write)\n"
                                    "p = Const string [2] { \"new/*\", \"nothing*\" }\n"
                                    "found = MatchingFiles(p, ^write)\n",
                                    &s));
        autoptr(Tensor) text = fetch(s, "read:0");
        autoptr(Tensor) found = fetch(s, "found:0");
        expect_tensor(text, STR((), "some text"));
        expect_tensor(found, STR((1), "new/a.txt"));
}

static const OpCase refused[] = {
        { "wants one file", "ReadFile", .in = { STR((1), "a") }, .fails = SR_INVALID_ARGUMENT,
          .message = "Input filename tensor must be scalar, but had shape: [1]" },
        { "wants a file that is there", "ReadFile", .in = { STR((), "none") },
          .fails = SR_NOT_FOUND, .message = "none" },
        { "wants one file", "WriteFile", .in = { STR((0)), STR((), "a") },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input filename tensor must be scalar, but had shape: [0]" },
        { "wants one text", "WriteFile", .in = { STR((), "a"), STR((2)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Contents tensor must be scalar, but had shape: [2]" },
        { "wants a list of patterns", "MatchingFiles", .in = { STR((1, 1), "a") },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input patterns tensor must be scalar or vector, but had shape: [1,1]" },
        { "of no patterns", "MatchingFiles", .in = { STR((0)) }, .out = { STR((0)) } },
        { "a part of a checkpoint", "ShardedFilename",
          .in = { STR((), "a"), I32((), 2), I32((), 10) }, .out = { STR((), "a-00002-of-00010") } },
        { "wants one base", "ShardedFilename", .in = { STR((1), "a"), I32((), 2), I32((), 10) },
          .fails = SR_INVALID_ARGUMENT, .message = "basename must be a scalar, got shape [1]" },
        { "wants one part", "ShardedFilename", .in = { STR((), "a"), I32((0)), I32((), 10) },
          .fails = SR_INVALID_ARGUMENT, .message = "shard must be a scalar, got shape [0]" },
        { "all parts of a checkpoint", "ShardedFilespec", .in = { STR((), "a"), I32((), 10) },
          .out = { STR((), "a-\?\?\?\?\?-of-00010") } },
        { "wants one number", "ShardedFilespec", .in = { STR((), "a"), I32((1), 10) },
          .fails = SR_INVALID_ARGUMENT, .message = "num_shards must be a scalar, got shape [1]" },
        { "wants a list of checkpoints", "MergeV2Checkpoints", .in = { STR((), "a"), STR((), "b") },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input checkpoint_prefixes should be an 1-D tensor, got [] instead." },
        { "wants one place to go", "MergeV2Checkpoints", .in = { STR((1), "a"), STR((1), "b") },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input destination_prefix should be a scalar tensor, got [1] instead." },
        { "wants checkpoints that are there", "MergeV2Checkpoints",
          .in = { STR((1), "none"), STR((), "b") }, .fails = SR_NOT_FOUND, .message = "none" },
        { "wants one file", "Restore", "dt: float", .in = { STR((2)), STR((), "a") },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input 0 (file_pattern) must be a string scalar; got a tensor of size 2 "
                     "instead" },
        { "wants one name", "RestoreSlice", "dt: float", .in = { STR(()), STR((0)), STR(()) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input 1 (tensor_name) must be a string scalar; got a tensor of size 0 "
                     "instead" },
        { "wants a prefix", "SaveV2", .in = { STR((0)), STR((1)), STR((1)), F32(()) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input prefix should have a single element, got 0 instead." },
        { "wants a list of names", "SaveV2", .in = { STR(()), STR(()), STR((1)), F32(()) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input tensor_names should be an 1-D tensor, got [] instead." },
        { "wants a list of slices", "SaveV2", .in = { STR(()), STR((1)), STR(()), F32(()) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input shape_and_slices should be an 1-D tensor, got [] instead." },
        { "wants a slice for each name", "SaveV2", .in = { STR(()), STR((1)), STR((2)), F32(()) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "tensor_names and shape_and_slices have different number of elements: 1 vs. "
                     "2" },
        { "wants a name for each tensor", "SaveV2", .in = { STR(()), STR((2)), STR((2)), F32(()) },
          .fails = SR_INVALID_ARGUMENT, .message = "Got 2 tensor names but 1 tensors." },
        { "wants the slice that it says", "SaveV2",
          .in = { STR((), "x"), STR((1), "a"), STR((1), "2 -"), F32((3)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Slice in shape_and_slice specification does not match the shape of the "
                     "tensor to  save: 2 -, tensor: [3]" },
        { "wants a name for each tensor", "RestoreV2", "dtypes: [float]",
          .in = { STR(()), STR((2)), STR((2)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Got 2 tensor names, but 1 expected dtypes." },
        { "wants a slice for each name", "RestoreV2", "dtypes: [float]",
          .in = { STR(()), STR((1)), STR((0)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "tensor_names and shape_and_slices have different number of elements: 1 vs. "
                     "0" },
        { "wants a checkpoint", "RestoreV2", "dtypes: [float]",
          .in = { STR((), "none"), STR((1)), STR((1)) }, .fails = SR_NOT_FOUND,
          .message = "Unsuccessful TensorSliceReader constructor: Failed to find any matching "
                     "files for none" },
};
OP_CASES(restore, refused)
