// SPDX-License-Identifier: Apache-2.0
/* Texts as numbers: the bits that libc makes of them, and nothing of what is no number. */
#include "engine/base/auto.h"
#include "engine/ops/number.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(number, .timeout = 20);

static void expect_real(const char *text)
{
        float f = -7, want_f = strtof(text, NULL);
        double d = -7, want_d = strtod(text, NULL);
        cr_assert(number_parse(text, strlen(text), DT_FLOAT, &f), "%s", text);
        cr_assert(number_parse(text, strlen(text), DT_DOUBLE, &d), "%s", text);
        cr_assert(memcmp(&f, &want_f, sizeof f) == 0, "%s: %a, not %a", text, (double)f,
                  (double)want_f);
        cr_assert(memcmp(&d, &want_d, sizeof d) == 0, "%s: %a, not %a", text, d, want_d);
}

Test(number, reals_of_any_bits_are_libcs)
{
        uint64_t bits = 88172645463325252u;
        for (int i = 0; i < 60000; i++) {
                char text[400];
                float f;
                bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
                uint32_t half = (uint32_t)bits;
                memcpy(&f, &half, sizeof f);
                if (f != f || i % 2)
                        f = (float)(int32_t)half * 1e-5f;
                switch (i % 7) {
                case 0: snprintf(text, sizeof text, "%.9g", (double)f); break;
                case 1: snprintf(text, sizeof text, "%.6f", (double)f); break;
                case 2: snprintf(text, sizeof text, "%.17g", (double)f); break;
                case 3: snprintf(text, sizeof text, "%e", (double)f); break;
                case 4: snprintf(text, sizeof text, "%.1f", (double)f); break;
                default: snprintf(text, sizeof text, "%.12g", (double)f); break;
                }
                expect_real(text);
        }
}

Test(number, reals_in_the_middle_between_two_are_rounded_once)
{
        static const char *const texts[] = {
                "16777217",
                "16777219",
                "16777217.0000001",
                "16777216.9999999",
                "1.00000005960464477539",
                "33554433.5",
                "0.1",
                "-0",
                "+.5",
                "5.",
                "9007199254740993",
                "1e22",
                "1e23",
                "123456789012345678",
                "1e-22",
                "3.4028236e38",
                "1e39",
                "1e-46",
                "1.17549435e-38",
                "0e9999",
                "1e99999",
                "-1e-99999",
                "12345678901234567890123",
                "00000000000000000000001",
                "4503599627370497.5",
                "1000000178813934326171875e-24",
                " 7 ",
        };
        for (size_t i = 0; i < COUNTOF(texts); i++)
                expect_real(texts[i]);
}

Test(number, what_is_no_number_is_refused)
{
        static const char *const texts[] = { "",    " ",   "-",   "+",    ".",   "e5",    "1e",
                                             "1e+", "1 2", "1,5", "0x10", "--1", "1.2.3", "1e5x" };
        static const DType types[] = { DT_FLOAT, DT_DOUBLE, DT_INT32, DT_INT64 };
        double any;
        for (size_t i = 0; i < COUNTOF(texts); i++)
                for (size_t t = 0; t < COUNTOF(types); t++)
                        cr_assert_not(number_parse(texts[i], strlen(texts[i]), types[t], &any),
                                      "'%s'", texts[i]);
}

typedef struct Whole {
        const char *text;
        bool small, large; /* does it fit int32, int64? */
        int64_t value;
} Whole;

Test(number, integers_are_taken_up_to_their_ends)
{
        static const Whole cases[] = {
                { "0", true, true, 0 },
                { " -7", true, true, -7 },
                { "+2147483647", true, true, INT32_MAX },
                { "-2147483648", true, true, INT32_MIN },
                { "2147483648", false, true, 2147483648 },
                { "9223372036854775807", false, true, INT64_MAX },
                { "-9223372036854775808", false, true, INT64_MIN },
                { "9223372036854775808", false, false, 0 },
                { "18446744073709551617", false, false, 0 },
                { "99999999999999999999", false, false, 0 },
                { "1.0", false, false, 0 },
                { "1e3", false, false, 0 },
        };
        for (size_t i = 0; i < COUNTOF(cases); i++) {
                const Whole *k = &cases[i];
                int32_t a = 0;
                int64_t b = 0;
                cr_assert_eq(number_parse(k->text, strlen(k->text), DT_INT32, &a), k->small, "%s",
                             k->text);
                cr_assert_eq(number_parse(k->text, strlen(k->text), DT_INT64, &b), k->large, "%s",
                             k->text);
                cr_assert(!k->small || a == k->value, "%s", k->text);
                cr_assert(!k->large || b == k->value, "%s", k->text);
        }
}
