// SPDX-License-Identifier: Apache-2.0
/* Long arrays of plain numbers, which are read many at a time: the values are the C library's, and
 * what jansson refuses is refused, wherever in the text it stands. */
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "tests/api/json_fixture.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

TestSuite(json_wide, .timeout = 120);

enum { NUMBERS = 700 };

static uint64_t next_random(void)
{
        static uint64_t x = 88172645463325252u;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return x;
}

/* What clients send: digits of floats and doubles, whole numbers, zeros, and the numbers next to
 * the middle between two floats. */
static void random_number(char *text, size_t n)
{
        static const char *const odd[] = { "0",
                                           "-0",
                                           "-0.0",
                                           "1e-5",
                                           "-2.5E+3",
                                           "16777217",
                                           "16777217.0000000000000",
                                           "1.00000005960464477",
                                           "1.000000059604644776",
                                           "1.0000000596046447754",
                                           "0.10000000000000000000001",
                                           "123456789012345678901234",
                                           "-12345678901234567890123",
                                           "9007199254740993",
                                           "0.0000000000000000000001",
                                           "3.4028234663852886e38" };
        static const int digits[] = { 8, 9, 17, 16 }, decimals[] = { 3, 1, 0, 20, 7, 18 };
        uint64_t r = next_random();
        double v = (double)(int64_t)next_random() * 0x1p-63;
        v *= (double)((r >> 8) % 3 == 0 ? 1 : (r >> 8) % 3 == 1 ? 255 : 1000000);
        if (r & 128)
                v = (double)(float)v;
        if (r % 64 == 0)
                snprintf(text, n, "%s", odd[(r >> 16) % COUNTOF(odd)]);
        else if (r & 256)
                snprintf(text, n, "%.*g", digits[(r >> 32) % COUNTOF(digits)], v);
        else
                snprintf(text, n, "%.*f", decimals[(r >> 32) % COUNTOF(decimals)], v);
}

static bool same_bits(const void *a, const void *b, size_t n)
{
        return memcmp(a, b, n) == 0;
}

/* One that has so many characters at most. */
static void random_short(char *text, size_t n, size_t most)
{
        do
                random_number(text, n);
        while (strlen(text) > most);
}

/* NUMBERS / row rows of numbers of at most so many characters; row 0: no rows. */
static void check_random(int row, const char *comma, size_t most)
{
        static char texts[NUMBERS][64];
        autobuf text = BUF(1 << 20);
        int n = row ? NUMBERS / row * row : NUMBERS;
        buf_puts(&text, row ? "[[" : "[");
        for (int i = 0; i < n; i++) {
                random_short(texts[i], sizeof texts[i], most);
                if (i)
                        buf_printf(&text, "%s", row && i % row == 0 ? "]" : "");
                buf_printf(&text, "%s%s%s", i ? comma : "", i && row && i % row == 0 ? "[" : "",
                           texts[i]);
        }
        buf_puts(&text, row ? "]]" : "]");
        autoptr(Tensor) f = parsed(buf_cstr(&text), DT_FLOAT);
        autoptr(Tensor) d = parsed(buf_cstr(&text), DT_DOUBLE);
        cr_assert(shape_equal(tensor_shape(f), row ? &SHAPE(n / row, row) : &SHAPE(n)));
        for (int i = 0; i < n; i++) {
                float want = strtof(texts[i], NULL), got = ((const float *)f->data)[i];
                double wide = strtod(texts[i], NULL), gave = ((const double *)d->data)[i];
                cr_assert(same_bits(&want, &got, sizeof got), "%s is %a", texts[i], (double)got);
                cr_assert(same_bits(&wide, &gave, sizeof gave), "%s is %a", texts[i], gave);
        }
}

Test(json_wide, numbers_are_those_of_the_c_library)
{
        static const int rows[] = { 0, 1, 2, 3, 5, 16, 63, 64, 65, 100, 350 };
        for (int round = 0; round < 40; round++)
                for (size_t i = 0; i < COUNTOF(rows); i++)
                        check_random(rows[i], round % 2 ? "," : ", ", round % 4 < 2 ? 64 : 16);
}

Test(json_wide, integers_of_each_type_are_exact_and_bounded)
{
        static const struct {
                DType dtype;
                int64_t least, most;
        } types[] = { { DT_INT32, INT32_MIN, INT32_MAX },
                      { DT_INT64, -9999999999999999, 9999999999999999 },
                      { DT_UINT8, 0, 255 } };
        for (size_t k = 0; k < COUNTOF(types); k++) {
                autobuf text = BUF(1 << 16), beyond = BUF(1 << 16);
                int64_t v[NUMBERS];
                uint64_t span = (uint64_t)types[k].most - (uint64_t)types[k].least + 1;
                for (int i = 0; i < NUMBERS; i++) {
                        v[i] = types[k].least + (int64_t)(next_random() % span);
                        v[i] = i % 50 == 7 ? types[k].least : i % 50 == 8 ? types[k].most : v[i];
                        buf_printf(&text, "%s%lld", i ? "," : "[", (long long)v[i]);
                }
                buf_append(&beyond, text.data, text.len);
                buf_puts(&text, "]");
                autoptr(Tensor) t = parsed(buf_cstr(&text), types[k].dtype);
                for (int i = 0; i < NUMBERS; i++)
                        cr_assert_eq(tensor_int(t, i), v[i]);
                for (int i = 0; i < 40; i++)
                        buf_printf(&beyond, ",%s", i == 3 ? "1.5" : "1");
                buf_puts(&beyond, "]");
                refused(buf_cstr(&beyond), types[k].dtype, SR_INVALID_ARGUMENT, "/703",
                        "does not fit");
        }
}

/* ---- a wrong byte ---- */

/* Is it an array of equal arrays of numbers, and which ones? */
static bool oracle(const char *text, size_t n, Buf *ret)
{
        json_error_t e;
        json_t *all = json_loadb(text, n, JSON_DECODE_INT_AS_REAL, &e), *row, *item;
        bool good = json_is_array(all);
        size_t i, k, length = json_array_size(json_array_get(all, 0));
        json_array_foreach (all, i, row) {
                good = good && json_is_array(row) && json_array_size(row) == length;
                json_array_foreach (row, k, item) {
                        float v = (float)json_real_value(item);
                        good = good && json_is_real(item) && v - v == 0;
                        buf_append(ret, &v, sizeof v);
                }
        }
        json_decref(all);
        return good;
}

static void compare(const char *text, size_t n)
{
        const TensorLimits limits = { .max_bytes = 1 << 20 };
        autobuf want = BUF(1 << 20);
        Tensor *t = NULL;
        bool good = oracle(text, n, &want);
        autoptr(Status) s =
                json_tensor_parse((JsonSpan){ text, n }, DT_FLOAT, NULL, NULL, &limits, &t);
        cr_assert_eq(!s, good, "%.*s: %s", (int)n, text, s ? status_message(s) : "taken");
        if (t)
                cr_assert(tensor_bytes(t) == want.len &&
                                  same_bits(tensor_data(t), want.data, want.len),
                          "%.*s", (int)n, text);
        tensor_unref(t);
}

static void break_each_byte(const char *row, const char *comma)
{
        autobuf text = BUF(1 << 16);
        for (int i = 0; i < 24; i++)
                buf_printf(&text, "%s[%s]", i ? comma : "[", row);
        buf_puts(&text, "]");
        compare(text.data, text.len);
        for (size_t at = 0; at < text.len; at++)
                for (const char *c = ",.-[]0 5exE+\"\t"; *c; c++) {
                        char was = text.data[at];
                        text.data[at] = *c;
                        compare(text.data, text.len);
                        text.data[at] = was;
                }
}

Test(json_wide, a_wrong_byte_is_found_wherever_it_is)
{
        break_each_byte("1.5,-20.25,0", ",");
        break_each_byte("0.25, 7, -3.125", ", ");
        break_each_byte("12345678.5", ",");
}

Test(json_wide, a_text_may_end_anywhere)
{
        autobuf text = BUF(1 << 16);
        for (int i = 0; i < 60; i++)
                buf_printf(&text, "%s[%d.5,-%d]", i ? "," : "[", i, i);
        buf_puts(&text, "]");
        for (size_t n = 0; n <= text.len; n++) {
                autofree char *copy = mem_strndup(text.data, n); /* its end is memory's end */
                compare(copy, n);
        }
}

/* Words, strings and what is nothing at all, in front of so many numbers that they are read
 * together. */
Test(json_wide, what_is_no_number_in_front_of_many_is_not_passed_over)
{
        static const char *const words[] = { "\"NaN\"", "nan", "\"x\"", "{", "}",
                                             "1x",      "-",   "[",     "\"" };
        const TensorLimits limits = { .max_bytes = 1 << 20 };
        for (size_t i = 0; i < COUNTOF(words); i++) {
                autobuf text = BUF(1 << 16);
                autoptr(Tensor) t = NULL;
                buf_printf(&text, "[%s", words[i]);
                for (int k = 0; k < 200; k++)
                        buf_puts(&text, ",-1.5");
                buf_puts(&text, "]");
                autoptr(Status) s = json_tensor_parse((JsonSpan){ text.data, text.len }, DT_FLOAT,
                                                      NULL, NULL, &limits, &t);
                cr_assert_eq(!s, i == 0, "%s is %s", words[i], s ? "refused" : "taken");
                if (t)
                        cr_expect(t->count == 201 && isnan(*(const float *)tensor_data(t)));
        }
}
