// SPDX-License-Identifier: Apache-2.0
/* Many floats to text at once: each reads back to itself, no shorter text does, and the layout is
 * that of single numbers. */
#include "api/json_floats.h"

#include "api/json_number.h"
#include "engine/base/mem.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(json_floats, .init = number_init, .timeout = 120);

enum { N = 1024 };

static float float_of(uint32_t bits)
{
        float v;
        memcpy(&v, &bits, sizeof v);
        return v;
}

/* Significant digits of a number's text, without zeros at either end. */
static int digits_in(const char *p, const char *end)
{
        int n = 0, zeros = 0;
        for (; p < end && *p != 'e'; p++) {
                if (*p < '0' || *p > '9' || (*p == '0' && !n))
                        continue;
                zeros = *p == '0' ? zeros + 1 : 0;
                n++;
        }
        return n - zeros;
}

static void check_text(float v, const char *p, const char *end)
{
        char text[64], single[64], rounded[64];
        size_t n = (size_t)(end - p);
        cr_assert_lt(n, sizeof text);
        memcpy(text, p, n);
        text[n] = 0;
        float back = strtof(text, NULL);
        cr_assert(memcmp(&back, &v, sizeof v) == 0, "%a is written as %s", (double)v, text);
        *number_write_float(v, single) = 0;
        cr_assert_str_eq(text, single);
        int digits = digits_in(p, end);
        if (digits < 2)
                return;
        snprintf(rounded, sizeof rounded, "%.*e", digits - 2, (double)v);
        cr_assert_neq(strtof(rounded, NULL), v, "%s is longer than %s", text, rounded);
}

static void check_all(const float *v, int64_t n)
{
        static char out[FLOATS_ROOM(N)];
        const char *end = floats_write(v, n, 0, out), *p = out;
        for (int64_t i = 0; i < n; i++) {
                const char *comma = memchr(p, ',', (size_t)(end - p));
                cr_assert_not_null(comma);
                check_text(v[i], p, comma);
                p = comma + 1;
        }
        cr_assert_eq(p, end);
}

Test(json_floats, random_bits_read_back_and_are_short)
{
        static float v[N];
        uint64_t x = 88172645463325252u;
        for (int round = 0; round < 300; round++) {
                for (int i = 0; i < N; i++) {
                        x ^= x << 13;
                        x ^= x >> 7;
                        x ^= x << 17;
                        v[i] = float_of((uint32_t)(x >> 20));
                        if (!isfinite(v[i]))
                                v[i] = 1;
                }
                check_all(v, N);
        }
}

Test(json_floats, the_edges_of_each_power_of_two_read_back_and_are_short)
{
        for (uint32_t field = 0; field < 255; field++) {
                float v[2 * 24];
                for (uint32_t i = 0; i < 24; i++) {
                        v[2 * i] = float_of(field << 23 | i % 12);
                        v[2 * i + 1] = -float_of(field << 23 | (0x7fffff - i));
                }
                check_all(v, 2 * 24);
        }
}

Test(json_floats, whole_and_decimal_numbers_are_written_as_people_do)
{
        static const float v[] = {
                0,           -0.0F,   1,        -1,       0.5F,         100,       1234567,
                16777216,    9999999, 10000000, 99999992, 1e8F,         123456784, 1e15F,
                1e16F,       0.1F,    0.0001F,  0.00001F, 1e-4F,        0.001F,    3e10F,
                -0.0009765F, 0.3F,    255,      1e-45F,   3.4028235e38F
        };
        static const char want[] =
                "0.0,-0.0,1.0,-1.0,0.5,100.0,1234567.0,16777216.0,9999999.0,10000000.0,99999990.0,"
                "100000000.0,123456780.0,1000000000000000.0,1e+16,0.1,0.0001,1e-05,0.0001,0.001,"
                "30000000000.0,-0.0009765,0.3,255.0,1e-45,3.4028235e+38,";
        char out[FLOATS_ROOM(N)];
        *floats_write(v, sizeof v / sizeof *v, 0, out) = 0;
        cr_expect_str_eq(out, want);
}

Test(json_floats, rows_of_any_length_have_brackets)
{
        char out[FLOATS_ROOM(N)], want[4 * FLOATS_ROOM(N)];
        float v[120];
        for (int i = 0; i < 120; i++)
                v[i] = i % 11 == 5 ? NAN : i % 17 == 3 ? -INFINITY : i % 13 == 2 ? 0 : (float)i / 8;
        for (int row = 1; row <= 40; row++) {
                char *p = want;
                int n = 120 / row * row;
                for (int i = 0; i < n; i++) {
                        p += snprintf(p, 16, "%s", i % row ? "" : "[");
                        if (isfinite(v[i]))
                                p = number_write_float(v[i], p);
                        else
                                p += snprintf(p, 16, "%s",
                                              isnan(v[i]) ? "\"NaN\"" : "\"-Infinity\"");
                        p += snprintf(p, 16, "%s,", i % row == row - 1 ? "]" : "");
                }
                *floats_write(v, n, row, out) = 0;
                cr_expect_str_eq(out, want);
        }
}
