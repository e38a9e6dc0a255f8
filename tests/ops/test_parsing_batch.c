// SPDX-License-Identifier: Apache-2.0
/* Examples so many that threads share them: each has its number in all of its features. */
#include "tests/lib/session_case.h"

#include "engine/base/buf.h"
#include <stdio.h>

TestSuite(parsing_batch, .timeout = 60);

enum { BATCH = 3000, VALUES = 16, FETCHES = 5 };

#define GRAPH                                                                             \
        "x = Placeholder dtype: string\nnames = Const string [0] { }\n"                   \
        "i = Const string [] { \"i\" }\ns = Const string [] { \"s\" }\n"                  \
        "f = Const string [] { \"f\" }\nnone = Const float [0] { }\n"                     \
        "y = ParseExample(x, names, i, s, f, none) Nsparse: 2, Ndense: 1, sparse_types: " \
        "[int64, string], Tdense: [float], dense_shapes: [[16]]\n"

static void put_varint(Buf *b, uint64_t v)
{
        for (; v >= 0x80; v >>= 7)
                buf_putc(b, (char)(v | 0x80));
        buf_putc(b, (char)v);
}

static void put_bytes(Buf *b, int field, const Buf *inner)
{
        put_varint(b, (uint64_t)field << 3 | 2);
        put_varint(b, inner->len);
        buf_append(b, inner->data, inner->len);
}

/* An entry of a map of features: list is of that kind. */
static void put_feature(Buf *features, const char *key, int kind, const Buf *list)
{
        autobuf feature = BUF(1 << 16), name = BUF(64), entry = BUF(1 << 16);
        buf_puts(&name, key);
        put_bytes(&feature, kind, list);
        put_bytes(&entry, 1, &name);
        put_bytes(&entry, 2, &feature);
        put_bytes(features, 1, &entry);
}

/* i: as many times as its last digit says; s: as text, twice; f: and what follows it. */
static void put_example(Buf *b, int example)
{
        autobuf all = BUF(1 << 16), ints = BUF(1 << 16), texts = BUF(1 << 16),
                floats = BUF(1 << 16);
        autobuf list = BUF(1 << 16), text = BUF(64);
        for (int k = 0; k < example % 10; k++)
                put_varint(&ints, (uint64_t)example * 1000003);
        put_bytes(&list, 1, &ints);
        put_feature(&all, "i", 3, &list);
        buf_printf(&text, "text %d", example);
        put_bytes(&texts, 1, &text);
        put_bytes(&texts, 1, &text);
        put_feature(&all, "s", 1, &texts);
        for (int k = 0; k < VALUES; k++) {
                float v = (float)(example + k);
                buf_append(&floats, &v, sizeof v);
        }
        buf_reset(&list);
        put_bytes(&list, 1, &floats);
        put_feature(&all, "f", 2, &list);
        put_bytes(b, 1, &all);
}

static Tensor *examples(void)
{
        Tensor *t = NULL;
        expect_ok(tensor_new(DT_STRING, &SHAPE(BATCH), &t));
        for (int i = 0; i < BATCH; i++) {
                autobuf b = BUF(1 << 16);
                put_example(&b, i);
                expect_ok(tensor_set_string(t, i, b.data, b.len));
        }
        return t;
}

static Status *parse(Tensor *x, Tensor *ret[FETCHES])
{
        static const char *const names[] = { "y:0", "y:2", "y:1", "y:3", "y:6" };
        autoptr(TestSession) s = NULL;
        Feed feed = { "x:0", x };
        RunRequest r = { .feeds = &feed, .n_feeds = 1, .fetches = names, .n_fetches = FETCHES };
        expect_ok(test_session_text(GRAPH, &s));
        return test_session_run(s, &r, ret);
}

/* Value `at` of a sparse feature is value k of the example. */
static void expect_place(const Tensor *places, int64_t at, int example, int k)
{
        cr_assert_eq(tensor_int(places, 2 * at), example);
        cr_assert_eq(tensor_int(places, 2 * at + 1), k);
}

Test(parsing_batch, threads_find_the_values_of_each_example)
{
        autoptr(Tensor) x = examples();
        Tensor *y[FETCHES] = { NULL };
        expect_ok(parse(x, y));
        int64_t at = 0;
        for (int i = 0; i < BATCH; i++) {
                for (int k = 0; k < i % 10; k++, at++) {
                        expect_place(y[0], at, i, k);
                        cr_assert_eq(tensor_int(y[1], at), (int64_t)i * 1000003);
                }
                for (int k = 0; k < 2; k++) {
                        char want[32];
                        const TString *s = &tensor_strings(y[3])[2 * i + k];
                        int n = snprintf(want, sizeof want, "text %d", i);
                        expect_place(y[2], 2 * i + k, i, k);
                        cr_assert(s->len == (size_t)n && !memcmp(s->data, want, s->len));
                }
                for (int k = 0; k < VALUES; k++)
                        cr_assert_eq(tensor_double(y[4], i * VALUES + k), i + k);
        }
        cr_assert_eq(tensor_count(y[1]), at);
        for (int k = 0; k < FETCHES; k++)
                tensor_unref(y[k]);
}

Test(parsing_batch, the_first_bad_example_is_named)
{
        for (int round = 0; round < 5; round++) {
                autoptr(Tensor) x = examples();
                Tensor *y[FETCHES] = { NULL };
                expect_ok(tensor_set_string(x, 2900, "\x12", 1));
                expect_ok(tensor_set_string(x, 1400, "", 0));
                expect_ok(tensor_set_string(x, 1500, "\x13", 1));
                expect_error(parse(x, y), SR_INVALID_ARGUMENT,
                             "Feature: f (data type: float) is required but could not be found.");
                expect_ok(tensor_set_string(x, 200, "\x13", 1));
                expect_error(parse(x, y), SR_INVALID_ARGUMENT,
                             "Could not parse example input, value: '\\023'");
        }
}
