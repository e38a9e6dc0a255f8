// SPDX-License-Identifier: Apache-2.0
/* Casts between the usual types in vectors: every length up to 67, values beyond each type's range
 * in every lane. */
#include "engine/base/buf.h"
#include "tests/lib/op_session.h"
#include <criterion/criterion.h>
#include <math.h>

TestSuite(vector_casts, .timeout = 120);

enum { LONGEST = 67 };

static const double reals[] = { 0,      -0.0,     0.5,         -0.5,       1,      -1,   1.9,
                                -1.9,   255,      256.5,       -255.5,     1e-40,  3e9,  -3e9,
                                0x1p31, -0x1p31,  -0x1p31 - 1, 0x1p31 - 1, 0x1p63, 1e19, -0x1p63,
                                NAN,    INFINITY, -INFINITY,   16777217,   1e300 };

static const int64_t wholes[] = { 0,
                                  1,
                                  -1,
                                  2,
                                  7,
                                  -7,
                                  255,
                                  256,
                                  -256,
                                  16777217,
                                  INT32_MAX,
                                  INT32_MIN,
                                  (int64_t)1 << 32,
                                  -65537,
                                  INT64_MAX,
                                  INT64_MIN,
                                  ((int64_t)1 << 53) + 1 };

static Tensor *to_be_cast(DType t, int64_t n, int64_t seed)
{
        Tensor *x = NULL;
        cr_assert_null(tensor_new(t, &SHAPE(n), &x));
        for (int64_t i = 0; i < n; i++) {
                double v = reals[(size_t)(i * 5 + seed) % COUNTOF(reals)];
                int64_t k = wholes[(size_t)(i * 7 + seed) % COUNTOF(wholes)];
                void *p = tensor_fill(x);
                switch ((int)t) {
                case DT_FLOAT: ((float *)p)[i] = (float)v; break;
                case DT_DOUBLE: ((double *)p)[i] = v; break;
                case DT_INT32: ((int32_t *)p)[i] = (int32_t)k; break;
                case DT_INT64: ((int64_t *)p)[i] = k; break;
                case DT_UINT8: ((uint8_t *)p)[i] = (uint8_t)k; break;
                default: ((bool *)p)[i] = k & 1; break;
                }
        }
        return x;
}

/* What a processor of x86 makes of v; int64_t first for whole numbers, which wrap. */
static double cast_real(double v, DType to)
{
        int32_t k = v > -0x1p31 - 1 && v < 0x1p31 ? (int32_t)v : INT32_MIN;
        switch ((int)to) {
        case DT_FLOAT: return (double)(float)v;
        case DT_INT32: return k;
        case DT_INT64: return v >= -0x1p63 && v < 0x1p63 ? trunc(v) : -0x1p63;
        case DT_UINT8: return (uint8_t)k;
        case DT_BOOL: return v != 0;
        default: return v;
        }
}
static double cast_whole(int64_t k, DType to)
{
        switch ((int)to) {
        case DT_FLOAT: return (double)(float)k;
        case DT_INT32: return (int32_t)k;
        case DT_UINT8: return (uint8_t)k;
        case DT_BOOL: return k != 0;
        default: return (double)k;
        }
}

static void expect_cast(DType from, DType to)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        buf_printf(&graph, "x = Placeholder dtype: %s\nz = Cast(x) SrcT: %s, DstT: %s\n",
                   dtype_name(from), dtype_name(from), dtype_name(to));
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        for (int64_t n = 1; n <= LONGEST; n++) {
                autoptr(Tensor) x = to_be_cast(from, n, n);
                autoptr(Tensor) z = NULL;
                const char *fetch = "z:0";
                Feed feed = { "x:0", x };
                RunRequest r = { .feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1 };
                cr_assert_null(test_session_run(s, &r, &z));
                for (int64_t i = 0; i < n; i++) {
                        double want = dtype_is_floating(from) ? cast_real(tensor_double(x, i), to)
                                                              : cast_whole(tensor_int(x, i), to);
                        double got = tensor_double(z, i);
                        cr_assert((isnan(got) && isnan(want)) || got == want,
                                  "%s of %s %.17g: %.17g, not %.17g", dtype_name(to),
                                  dtype_name(from), tensor_double(x, i), got, want);
                }
        }
}

Test(vector_casts, cut_and_wrap_as_x86_does)
{
        static const DType types[] = { DT_FLOAT, DT_DOUBLE, DT_INT32, DT_INT64, DT_UINT8, DT_BOOL };
        for (size_t i = 0; i < COUNTOF(types); i++)
                for (size_t j = 0; j < COUNTOF(types); j++)
                        if (i != j)
                                expect_cast(types[i], types[j]);
}
