// SPDX-License-Identifier: Apache-2.0
/* Numbers as texts: those of printf, to the last digit. */
#include "engine/ops/number_print.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

TestSuite(number_print, .timeout = 30);

static void format_text(const NumberFormat *f, const char *kind, char ret[32])
{
        char width[12] = "", precision[12] = "";
        if (f->width >= 0)
                snprintf(width, sizeof width, "%d", f->width);
        if (f->precision >= 0)
                snprintf(precision, sizeof precision, ".%d", f->precision);
        snprintf(ret, 32, "%%%.1s%s%s%s", &f->flag, width, precision, kind);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* True when it was printed, as printf does. */
static bool same_real(const NumberFormat *f, double v)
{
        char text[32], want[1024], kind[] = { f->kind, 0 };
        autobuf b = BUF(4096);
        format_text(f, kind, text);
        int n = snprintf(want, sizeof want, text, v);
        bool done = number_print_real(&b, f, v);
        if (done)
                cr_assert(b.len == (size_t)n && !memcmp(b.data, want, b.len),
                          "%s of %a: '%.*s', not '%s'", text, v, (int)b.len, b.data, want);
        else
                cr_assert_eq(b.len, 0);
        return done;
}

static void same_int(const NumberFormat *f, int64_t v)
{
        char text[32], want[128];
        autobuf b = BUF(4096);
        format_text(f, f->kind == 'd' ? "lld" : "llu", text);
        int n = snprintf(want, sizeof want, text, (long long)v);
        number_print_int(&b, f, v);
        cr_assert(b.len == (size_t)n && !memcmp(b.data, want, b.len),
                  "%s of %lld: '%.*s', not '%s'", text, (long long)v, (int)b.len, b.data, want);
}
#pragma GCC diagnostic pop

static uint64_t random_bits(void)
{
        static uint64_t bits = 88172645463325252u;
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        return bits;
}

/* A double of any bits, a float of any, one that people print, one in the middle between two
 * texts. */
static double any_real(int i)
{
        uint64_t bits = random_bits();
        uint32_t half = (uint32_t)bits;
        double d;
        float f;
        memcpy(&d, &bits, sizeof d);
        memcpy(&f, &half, sizeof f);
        switch (i % 4) {
        case 0: return d;
        case 1: return (double)f;
        case 2: return (double)((float)(int32_t)half * 1e-5f);
        default: return ldexp((double)((int32_t)half >> (bits >> 59)), -(int)(bits >> 32 & 31));
        }
}

Test(number_print, reals_of_any_bits_are_printfs)
{
        static const char kinds[] = "feg";
        int printed = 0, rounds = 400000;
        for (int i = 0; i < rounds; i++) {
                uint64_t bits = random_bits();
                NumberFormat f = { .flag = " +-0\0\0\0\0"[bits & 7],
                                   .kind = kinds[(bits >> 3) % 3],
                                   .width = (int)(bits >> 8 & 31) - 1,
                                   .precision = (int)(bits >> 16 & 31) - 1 };
                if (bits >> 24 & 1)
                        f.width = -1, f.precision = -1;
                printed += same_real(&f, any_real(i));
        }
        cr_assert_gt(printed, rounds / 3, "%d", printed);
}

Test(number_print, what_people_print_needs_no_printf)
{
        static const double some[] = { 0,    -0.0,         1,          -1,       0.5,      0.37,
                                       1e-5, 9.9999995e-5, 123456.5,   1e6,      999999.5, 1e9,
                                       1e12, 0.1f,         3.1415927f, 16777216, 1e-20f,   3.4e38f,
                                       9.5,  0.96,         2.5,        1e15 };
        static const char kinds[] = "feg";
        for (size_t i = 0; i < COUNTOF(some); i++)
                for (int k = 0; k < 3; k++)
                        for (int p = -1; p < 10; p++) {
                                NumberFormat f = { .kind = kinds[k], .width = -1, .precision = p };
                                bool large = kinds[k] == 'f' && some[i] > 1e9;
                                cr_assert(same_real(&f, some[i]) || large, "%%.%d%c of %g", p,
                                          kinds[k], some[i]);
                        }
}

Test(number_print, what_is_left_to_printf_is_not_touched)
{
        static const double some[] = { INFINITY, -INFINITY, NAN, 1e300, 5e-324, -1e-300 };
        for (size_t i = 0; i < COUNTOF(some); i++)
                cr_assert_not(same_real(
                        &(NumberFormat){ .kind = 'g', .width = -1, .precision = 17 }, some[i]));
        cr_assert_not(same_real(
                &(NumberFormat){ .flag = '#', .kind = 'f', .width = 5, .precision = 0 }, 1));
        cr_assert_not(same_real(&(NumberFormat){ .kind = 'f', .width = -1, .precision = 40 }, 1));
}

Test(number_print, integers_are_printfs)
{
        static const int64_t some[] = { 0, 1, -1, 7, 10, -99, INT64_MAX, INT64_MIN, INT32_MIN };
        for (int i = 0; i < 100000; i++) {
                uint64_t bits = random_bits();
                int64_t v = i % 9 ? (int64_t)(random_bits() >> (bits >> 58)) : some[bits % 9];
                same_int(&(NumberFormat){ .flag = " +-0\0\0\0\0"[bits & 7],
                                          .kind = bits & 8 ? 'd' : 'u',
                                          .width = (int)(bits >> 8 & 31) - 1,
                                          .precision = -1 },
                         bits & 16 ? v : (int64_t)(0 - (uint64_t)v));
        }
}
