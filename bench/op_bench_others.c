// SPDX-License-Identifier: Apache-2.0
/* Strings, examples, pictures: the peer is libjpeg, protobuf-c, libc's number conversions, or a
 * plain loop. */
#include "bench/op_bench_others.h"

#include "bench/table.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "tensorflow/core/example/example.pb-c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { LINES = 10000, WORDS = 8, FEATURES = 32, PICTURE = 256, ROUNDS = 9 };

/* A row: the graph with x as its feed and z as its target; what the peer does with x. */
typedef struct Other {
        const char *name, *graph;
        Tensor *(*input)(void);
        void (*peer)(const Tensor *x);
} Other;

static volatile size_t sink; /* keeps peers from being left out */

/* ---- strings ---- */

static Tensor *strings(void (*print)(Buf *b, int i))
{
        Tensor *t = NULL;
        bench_must(tensor_new(DT_STRING, &SHAPE(LINES), &t));
        for (int i = 0; i < LINES; i++) {
                autobuf b = BUF(1 << 20);
                print(&b, i);
                bench_must(tensor_set_string(t, i, b.data, b.len));
        }
        return t;
}

static void print_line(Buf *b, int i)
{
        for (int w = 0; w < WORDS; w++)
                buf_printf(b, "%sword%d", w ? "," : "", (i * 31 + w * 7) % 1000);
}
static void print_number(Buf *b, int i)
{
        buf_printf(b, "%.6g", (double)i * 0.37 - 1000);
}
static Tensor *lines(void)
{
        return strings(print_line);
}
static Tensor *number_texts(void)
{
        return strings(print_number);
}
static Tensor *numbers(void)
{
        Tensor *t = NULL;
        bench_must(tensor_new(DT_FLOAT, &SHAPE(LINES), &t));
        for (int i = 0; i < LINES; i++)
                ((float *)tensor_fill(t))[i] = (float)i * 0.37f - 1000;
        return t;
}

/* Each word into memory of its own, with its place. */
static void split_peer(const Tensor *x)
{
        char **word = mem_alloc(sizeof(*word) * LINES * WORDS);
        int64_t(*at)[2] = mem_alloc(sizeof(*at) * LINES * WORDS);
        size_t n = 0;
        for (int64_t i = 0; i < LINES; i++) {
                const char *p = tensor_strings(x)[i].data, *end = p + tensor_strings(x)[i].len;
                for (int64_t col = 0; p < end; col++) {
                        const char *q = memchr(p, ',', (size_t)(end - p));
                        size_t len = (size_t)((q ? q : end) - p);
                        word[n] = mem_alloc(len);
                        memcpy(word[n], p, len);
                        at[n][0] = i;
                        at[n++][1] = col;
                        p += len + 1;
                }
        }
        for (size_t i = 0; i < n; i++)
                mem_free(word[i]);
        mem_free(word);
        mem_free(at);
        sink = n;
}

static void join_peer(const Tensor *x)
{
        const TString *s = tensor_strings(x);
        char **joined = mem_alloc(sizeof(*joined) * LINES);
        for (int i = 0; i < LINES; i++) {
                joined[i] = mem_alloc(2 * s[i].len);
                memcpy(joined[i], s[i].data, s[i].len);
                memcpy(joined[i] + s[i].len, s[i].data, s[i].len);
        }
        for (int i = 0; i < LINES; i++)
                mem_free(joined[i]);
        mem_free(joined);
}

static void print_peer(const Tensor *x)
{
        char text[64];
        for (int i = 0; i < LINES; i++)
                sink = (size_t)snprintf(text, sizeof text, "%g",
                                        (double)((const float *)tensor_data(x))[i]);
}
static void parse_peer(const Tensor *x)
{
        float sum = 0;
        for (int i = 0; i < LINES; i++) {
                char text[64] = "";
                memcpy(text, tensor_strings(x)[i].data, tensor_strings(x)[i].len);
                sum += strtof(text, NULL);
        }
        sink = (size_t)fabsf(sum);
}

/* ---- examples: a batch of 256, each with two features ---- */

/* Example { features { feature { key: "d", float_list of FEATURES }, { key: "s", int64_list } } }
 */
static Tensor *examples(void)
{
        Tensor *t = NULL;
        float values[FEATURES];
        int64_t ids[FEATURES];
        for (int i = 0; i < FEATURES; i++)
                values[i] = (float)i, ids[i] = i * 37;
        Tensorflow__FloatList floats = TENSORFLOW__FLOAT_LIST__INIT;
        Tensorflow__Int64List ints = TENSORFLOW__INT64_LIST__INIT;
        Tensorflow__Feature f = TENSORFLOW__FEATURE__INIT, i = TENSORFLOW__FEATURE__INIT;
        Tensorflow__Features__FeatureEntry d = TENSORFLOW__FEATURES__FEATURE_ENTRY__INIT,
                                           s = TENSORFLOW__FEATURES__FEATURE_ENTRY__INIT;
        Tensorflow__Features all = TENSORFLOW__FEATURES__INIT;
        Tensorflow__Example e = TENSORFLOW__EXAMPLE__INIT;
        Tensorflow__Features__FeatureEntry *entries[] = { &d, &s };
        floats.n_value = ints.n_value = FEATURES;
        floats.value = values;
        ints.value = ids;
        f.kind_case = TENSORFLOW__FEATURE__KIND_FLOAT_LIST;
        f.float_list = &floats;
        i.kind_case = TENSORFLOW__FEATURE__KIND_INT64_LIST;
        i.int64_list = &ints;
        d.key = (char[]){ "d" }, d.value = &f;
        s.key = (char[]){ "s" }, s.value = &i;
        all.n_feature = COUNTOF(entries);
        all.feature = entries;
        e.features = &all;
        uint8_t bytes[4096];
        size_t n = tensorflow__example__pack(&e, bytes);
        bench_must(tensor_new(DT_STRING, &SHAPE(256), &t));
        for (int k = 0; k < 256; k++)
                bench_must(tensor_set_string(t, k, bytes, n));
        return t;
}

static void example_peer(const Tensor *x)
{
        for (int i = 0; i < 256; i++) {
                const TString *s = &tensor_strings(x)[i];
                Tensorflow__Example *e =
                        tensorflow__example__unpack(NULL, s->len, (const uint8_t *)s->data);
                sink = e->features->n_feature;
                tensorflow__example__free_unpacked(e, NULL);
        }
}

/* ---- pictures ---- */

static Tensor *picture(void)
{
        Tensor *t = NULL;
        bench_must(tensor_new(DT_FLOAT, &SHAPE(1, PICTURE, PICTURE, 3), &t));
        for (int64_t i = 0; i < tensor_count(t); i++)
                ((float *)tensor_fill(t))[i] = (float)(i * 2654435761u % 255);
        return t;
}

/* The same arithmetic for 3 channels, to twice the size. */
static void resize_peer(const Tensor *t)
{
        enum { OUT = 2 * PICTURE };
        static float y[OUT][OUT][3];
        const float(*x)[PICTURE][3] = tensor_data(t);
        for (int i = 0; i < OUT; i++)
                for (int j = 0; j < OUT; j++) {
                        int u = i / 2, d = MIN((i + 1) / 2, PICTURE - 1), l = j / 2,
                            r = MIN((j + 1) / 2, PICTURE - 1);
                        float v = (float)(i % 2) / 2, h = (float)(j % 2) / 2;
                        for (int c = 0; c < 3; c++) {
                                float top = x[u][l][c] + (x[u][r][c] - x[u][l][c]) * h;
                                float low = x[d][l][c] + (x[d][r][c] - x[d][l][c]) * h;
                                y[i][j][c] = top + (low - top) * v;
                        }
                }
        sink = (size_t)y[OUT / 2][OUT / 2][0];
}

/* A smooth picture as JPEG. */
static Tensor *jpeg(void)
{
        Tensor *t = NULL;
        struct jpeg_compress_struct c;
        struct jpeg_error_mgr handler;
        unsigned char *bytes = NULL, line[PICTURE * 3];
        unsigned long n = 0;
        c.err = jpeg_std_error(&handler);
        jpeg_create_compress(&c);
        jpeg_mem_dest(&c, &bytes, &n);
        c.image_width = c.image_height = PICTURE;
        c.input_components = 3;
        c.in_color_space = JCS_RGB;
        jpeg_set_defaults(&c);
        jpeg_set_quality(&c, 90, TRUE);
        jpeg_start_compress(&c, TRUE);
        for (int i = 0; i < PICTURE; i++) {
                JSAMPROW rows[] = { line };
                for (int j = 0; j < PICTURE * 3; j++)
                        line[j] = (unsigned char)(i + j * (j % 3) + (i * j) % 17);
                jpeg_write_scanlines(&c, rows, 1);
        }
        jpeg_finish_compress(&c);
        jpeg_destroy_compress(&c);
        bench_must(tensor_string(bytes, n, &t));
        (free)(bytes);
        return t;
}

static void jpeg_peer(const Tensor *x)
{
        static unsigned char y[PICTURE][PICTURE * 3];
        struct jpeg_decompress_struct d;
        struct jpeg_error_mgr handler;
        d.err = jpeg_std_error(&handler);
        jpeg_create_decompress(&d);
        jpeg_mem_src(&d, (const unsigned char *)tensor_strings(x)->data, tensor_strings(x)->len);
        jpeg_read_header(&d, TRUE);
        d.dct_method = JDCT_IFAST; /* as TensorFlow, unless told otherwise */
        jpeg_start_decompress(&d);
        for (JSAMPROW row; d.output_scanline < PICTURE;) {
                row = y[d.output_scanline];
                jpeg_read_scanlines(&d, &row, 1);
        }
        jpeg_finish_decompress(&d);
        jpeg_destroy_decompress(&d);
        sink = y[7][7];
}

#define PARSE(n_sparse, n_dense, keys, types, shapes)                                             \
        "names = Const string [0] { }\nd = Const string [] { \"d\" }\n"                           \
        "s = Const string [] { \"s\" }\ndef = Const float [32] { 0 }\n"                           \
        "z = ParseExample(x, names, " keys ") Nsparse: " n_sparse ", Ndense: " n_dense ", " types \
        ", dense_shapes: [" shapes "]"

static const Other others[] = {
        { "StringSplit of 10,000 lines | loop",
          "d = Const string [] { \",\" }\nz = StringSplit(x, d)", lines, split_peer },
        { "StringSplitV2 of 10,000 lines | loop",
          "d = Const string [] { \",\" }\nz = StringSplitV2(x, d)", lines, split_peer },
        { "StringJoin of 10,000 lines | loop", "z = StringJoin(x, x)", lines, join_peer },
        { "AsString of 10,000 floats | snprintf", "z = AsString(x) shortest: true", numbers,
          print_peer },
        { "StringToNumber of 10,000 texts | strtof", "z = StringToNumber(x)", number_texts,
          parse_peer },
        { "ParseExample, 256 x 32 dense floats | protobuf-c",
          PARSE("0", "1", "d, def", "sparse_types: [], Tdense: [float]", "[32]"), examples,
          example_peer },
        { "ParseExample, 256 x 32 sparse int64 | protobuf-c",
          PARSE("1", "0", "s", "sparse_types: [int64], Tdense: []", ""), examples, example_peer },
        { "ResizeBilinear 256x256x3 to 512x512 | loop",
          "d = Const int32 [2] { 512, 512 }\nz = ResizeBilinear(x, d)", picture, resize_peer },
        { "DecodeJpeg 256x256 | libjpeg", "z = DecodeJpeg(x)", jpeg, jpeg_peer },
};

static double peer_time(const Other *o, const Tensor *x)
{
        double v[ROUNDS];
        for (int r = 0; r < ROUNDS; r++) {
                double start = bench_cpu();
                for (int i = 0; i < 5; i++)
                        o->peer(x);
                v[r] = (bench_cpu() - start) / 5;
        }
        return bench_best(v, ROUNDS);
}

void others_run(Engine *e, const char *filter)
{
        for (size_t i = 0; i < COUNTOF(others); i++) {
                const Other *o = &others[i];
                if (filter && !strstr(o->name, filter))
                        continue;
                autobuf g = BUF(1 << 16);
                Tensor *x = o->input();
                buf_printf(&g, "x = Placeholder dtype: %s, shape: ?\n%s\n",
                           dtype_name(tensor_dtype(x)), o->graph);
                double peer = peer_time(o, x);
                Stepper *s = stepper_new(e, buf_cstr(&g), x, "z");
                table_row(o->name, peer * 1e6, stepper_time(s, 5, bench_cpu) * 1e6);
                stepper_free(s);
        }
}
