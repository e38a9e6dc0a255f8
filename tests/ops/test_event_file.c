// SPDX-License-Identifier: Apache-2.0
/* Files of events, images and sounds for TensorBoard. */
#include "engine/base/clock.h"
#include "tensorflow/core/util/event.pb-c.h"
#include "tests/lib/folder.h"
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TestSuite(event_file, .init = folder_setup, .fini = folder_teardown);

/* The only file below log, into a static buffer. */
static size_t read_events(const unsigned char **ret)
{
        static unsigned char bytes[1 << 16];
        char path[600];
        snprintf(path, sizeof path, "%s/log/run", folder);
        DIR *dir = opendir(path);
        cr_assert(dir);
        struct dirent *e = readdir(dir);
        while (e && strncmp(e->d_name, "events.out.tfevents.", 20) != 0)
                e = readdir(dir);
        cr_assert(e, "no events file");
        cr_assert(strstr(e->d_name, ".end"), "%s has no suffix", e->d_name);
        snprintf(path, sizeof path, "%s/log/run/%s", folder, e->d_name);
        closedir(dir);
        FILE *f = fopen(path, "r");
        cr_assert(f);
        size_t n = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        *ret = bytes;
        return n;
}

/* Event i of the file. */
static Tensorflow__Event *event_at(int i)
{
        const unsigned char *p;
        size_t n = read_events(&p);
        for (;; i--) {
                uint64_t len;
                cr_assert(n >= 16, "the file has too few events");
                memcpy(&len, p, 8);
                cr_assert(len <= n - 16);
                if (!i) {
                        Tensorflow__Event *e = tensorflow__event__unpack(NULL, len, p + 12);
                        cr_assert(e);
                        return e;
                }
                p += len + 16;
                n -= len + 16;
        }
}

#define WRITER                                                                 \
        "w = SummaryWriter() shared_name: \"w\"\n"                             \
        "dir = Const string [] { \"log/run\" }\nq = Const int32 [] { 10 }\n"   \
        "ms = Const int32 [] { 100000 }\nend = Const string [] { \".end\" }\n" \
        "open = CreateSummaryFileWriter(w, dir, q, ms, end)\n"                 \
        "flush = FlushSummaryWriter(w)\nclose = CloseSummaryWriter(w)\n"       \
        "step = Const int64 [] { 7 }\ntag = Const string [] { \"t\" }\n"       \
        "v = Const float [] { 1.5 }\n"                                         \
        "scalar = WriteScalarSummary(w, step, tag, v)\n"

static TestSession *opened(const char *text)
{
        TestSession *s;
        expect_ok(test_session_text(text, &s));
        expect_ok(test_session_target(s, "open"));
        return s;
}

/* 24 bytes of event are framed as in every events file of TensorFlow's: its CRC is a37f4b22. */
Test(event_file, begins_with_the_version_that_tensorboard_looks_for)
{
        autoptr(TestSession) s = opened(WRITER);
        const unsigned char *p;
        size_t n = read_events(&p);
        static const unsigned char head[] = {
                0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22, 9
        };
        cr_assert_eq(n, 24 + 16);
        cr_assert_arr_eq(p, head, sizeof head);
        cr_assert_arr_eq(p + 21,
                         "\x1a\x0d"
                         "brain.Event:2",
                         15);
}

Test(event_file, holds_scalars_when_flushed)
{
        autoptr(TestSession) s = opened(WRITER);
        const unsigned char *p;
        expect_ok(test_session_target(s, "scalar"));
        cr_assert_eq(read_events(&p), 24 + 16);
        expect_ok(test_session_target(s, "flush"));
        Tensorflow__Event *e = event_at(1);
        cr_assert_eq(e->step, 7);
        cr_assert(fabs(e->wall_time - (double)clock_wall_us() / 1e6) < 1000);
        cr_assert_eq(e->what_case, TENSORFLOW__EVENT__WHAT_SUMMARY);
        cr_assert_eq(e->summary->n_value, 1);
        cr_assert_str_eq(e->summary->value[0]->tag, "t");
        cr_assert_float_eq(e->summary->value[0]->simple_value, 1.5f, 0);
        tensorflow__event__free_unpacked(e, NULL);
}

Test(event_file, holds_all_kinds_of_summaries)
{
        autoptr(TestSession) s = opened(
                WRITER "b = Const bool [3] { true, false, true }\n"
                       "histogram = WriteHistogramSummary(w, step, tag, b)\n"
                       "pixel = Const float [1, 1, 2, 1] { 1, -1 }\n"
                       "red = Const uint8 [4] { 255, 0, 0, 255 }\n"
                       "image = WriteImageSummary(w, step, tag, pixel, red) max_images: 1\n"
                       "sound = Const float [1, 2] { 0.5, -0.5 }\nrate = Const float [] { 8000 }\n"
                       "audio = WriteAudioSummary(w, step, tag, sound, rate)\n"
                       "none = Const string [] { \"\" }\n"
                       "tensor = WriteSummary(w, step, b, tag, none)\n"
                       "graph = WriteGraphSummary(w, step, none)\n"
                       "raw_in = ScalarSummary(tag, v)\n"
                       "raw = WriteRawProtoSummary(w, step, raw_in)\n"
                       "import = ImportEvent(w, none)\n");
        static const char *const order[] = { "histogram", "image", "audio",  "tensor",
                                             "graph",     "raw",   "import", "flush" };
        for (size_t i = 0; i < COUNTOF(order); i++)
                expect_ok(test_session_target(s, order[i]));
        Tensorflow__Event *e = event_at(1);
        cr_assert_float_eq(e->summary->value[0]->histo->sum, 2, 0);
        tensorflow__event__free_unpacked(e, NULL);
        e = event_at(2);
        cr_assert_str_eq(e->summary->value[0]->tag, "t/image");
        cr_assert_eq(e->summary->value[0]->image->width, 2);
        cr_assert_arr_eq(e->summary->value[0]->image->encoded_image_string.data, "\x89PNG", 4);
        tensorflow__event__free_unpacked(e, NULL);
        e = event_at(3);
        cr_assert_str_eq(e->summary->value[0]->tag, "t/audio/0");
        cr_assert_str_eq(e->summary->value[0]->audio->content_type, "audio/wav");
        cr_assert_eq(e->summary->value[0]->audio->length_frames, 2);
        cr_assert_arr_eq(e->summary->value[0]->audio->encoded_audio_string.data + 44,
                         "\x00\x40\x00\xc0", 4);
        tensorflow__event__free_unpacked(e, NULL);
        e = event_at(4);
        cr_assert_eq(e->summary->value[0]->tensor->dtype, TENSORFLOW__DATA_TYPE__DT_BOOL);
        tensorflow__event__free_unpacked(e, NULL);
        e = event_at(5);
        cr_assert_eq(e->what_case, TENSORFLOW__EVENT__WHAT_GRAPH_DEF);
        tensorflow__event__free_unpacked(e, NULL);
        e = event_at(6);
        cr_assert_float_eq(e->summary->value[0]->simple_value, 1.5f, 0);
        tensorflow__event__free_unpacked(e, NULL);
        e = event_at(7);
        cr_assert_eq(e->step, 0);
        tensorflow__event__free_unpacked(e, NULL);
}

Test(event_file, refuses_what_it_cannot_hold)
{
        autoptr(TestSession) s =
                opened(WRITER "bad = Const string [] { \"x\" }\n"
                              "graph = WriteGraphSummary(w, step, bad)\n"
                              "import = ImportEvent(w, bad)\n"
                              "up = Const string [] { \"../up\" }\n"
                              "w2 = SummaryWriter() shared_name: \"w2\"\n"
                              "out = CreateSummaryFileWriter(w2, up, q, ms, end)\n"
                              "slash = Const string [] { \"/x\" }\n"
                              "name = CreateSummaryFileWriter(w2, dir, q, ms, slash)\n"
                              "lost = WriteScalarSummary(w2, step, tag, v)\n");
        expect_error(test_session_target(s, "graph"), SR_DATA_LOSS,
                     "Bad tf.GraphDef binary proto scalar string");
        expect_error(test_session_target(s, "import"), SR_DATA_LOSS, "Bad tf.Event");
        Status *out = test_session_target(s, "out");
        cr_assert(out, "a folder outside the roots was made");
        status_free(out);
        expect_error(test_session_target(s, "name"), SR_INVALID_ARGUMENT, "no part of a file name");
        expect_error(test_session_target(s, "lost"), SR_NOT_FOUND, "does not exist.");
        expect_ok(test_session_target(s, "close"));
        expect_error(test_session_target(s, "scalar"), SR_NOT_FOUND, "does not exist.");
}

/* Each op that writes, to a writer that is not open; and what is wrong with what it would write. */
Test(event_file, is_open_before_it_is_written)
{
        autoptr(TestSession) s =
                opened(WRITER "w2 = SummaryWriter() shared_name: \"w2\"\n"
                              "none = Const string [] { \"\" }\nno_sum = Const string [0] { }\n"
                              "pixel = Const float [1, 1, 1, 1] { 1 }\n"
                              "red = Const uint8 [4] { 255, 0, 0, 255 }\n"
                              "flat = Const uint8 [] { 255 }\n"
                              "sound = Const float [1, 1] { 0.5 }\n"
                              "rate = Const float [] { 8000 }\n"
                              "flush2 = FlushSummaryWriter(w2)\nclose2 = CloseSummaryWriter(w2)\n"
                              "histogram2 = WriteHistogramSummary(w2, step, tag, v)\n"
                              "image2 = WriteImageSummary(w2, step, tag, pixel, red)\n"
                              "audio2 = WriteAudioSummary(w2, step, tag, sound, rate)\n"
                              "tensor2 = WriteSummary(w2, step, v, tag, none)\n"
                              "raw2 = WriteRawProtoSummary(w2, step, none)\n"
                              "no_raw = WriteRawProtoSummary(w, step, no_sum)\n"
                              "bad_raw = WriteRawProtoSummary(w, step, tag)\n"
                              "bad_color = WriteImageSummary(w, step, tag, pixel, flat)\n"
                              "bad_meta = WriteSummary(w, step, v, tag, tag)\n");
        static const char *const lost[] = { "flush2", "close2",  "histogram2", "image2",
                                            "audio2", "tensor2", "raw2" };
        for (int i = 0; i < (int)COUNTOF(lost); i++)
                expect_error(test_session_target(s, lost[i]), SR_NOT_FOUND,
                             "Resource localhost/w2/N10tensorflow22SummaryWriterInterfaceE does "
                             "not exist.");
        expect_ok(test_session_target(s, "no_raw"));
        expect_ok(test_session_target(s, "bad_meta"));
        expect_error(test_session_target(s, "bad_raw"), SR_DATA_LOSS,
                     "Bad tf.compat.v1.Summary binary proto tensor string");
        expect_error(test_session_target(s, "bad_color"), SR_INVALID_ARGUMENT,
                     "bad_color must be a vector, got shape []");
}

static const OpCase pictures[] = {
        { "images of bytes", "ImageSummary", "max_images: 2",
          .in = { STR((), "a"), U8((3, 1, 1, 3)) }, .out = { ANY_SHAPE(STRING) } },
        { "images of what is not finite", "ImageSummary",
          .in = { STR((), "a"), F32((1, 1, 2, 1), NAN, 1) }, .out = { ANY_SHAPE(STRING) } },
        { "no images", "ImageSummary", .in = { STR((), "a"), F16((0, 1, 1, 4)) },
          .out = { STR((), "") } },
        { "refuses two channels", "ImageSummary", .in = { STR((), "a"), F32((1, 1, 1, 2)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Tensor must be 4-D with last dim 1, 3, or 4, not [1,1,1,2]" },
        { "refuses several tags", "ImageSummary", .in = { STR((2)), F32((1, 1, 1, 1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "Tags must be a scalar" },
        { "refuses a short bad color", "ImageSummary", "bad_color: uint8 [1] { 1 }",
          .in = { STR((), "a"), F32((1, 1, 1, 3)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "expected depth <= bad_color.size, got depth = 3, bad_color.size = 1" },
        { "a sound", "AudioSummaryV2", "max_outputs: 1",
          .in = { STR((), "a"), F32((1, 1), 1), F32((), 8000) },
          .out = { BYTES((), B("\x0a\x4f\x0a\x07"
                               "a/audio\x32\x44\x0d\x00\x00\xfa\x45\x10\x01\x18\x01\x22\x2e"
                               "RIFF\x26\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
                               "\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"
                               "data\x02\x00\x00\x00\xff\x7f\x2a\x09"
                               "audio/wav")) } },
        { "sounds of two channels", "AudioSummary", "sample_rate: 8000",
          .in = { STR((), "a"), F32((2, 1, 2)) }, .out = { ANY_SHAPE(STRING) } },
        { "refuses no rate", "AudioSummaryV2", .in = { STR((), "a"), F32((1, 1)), F32((), 0) },
          .fails = SR_INVALID_ARGUMENT, .message = "sample_rate must be in (0, 2^32), got: 0" },
        { "refuses a flat sound", "AudioSummaryV2", .in = { STR((), "a"), F32((3)), F32((), 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "Tensor must be 3-D or 2-D, got: [3]" },
};
OP_CASES(pictures, pictures)
