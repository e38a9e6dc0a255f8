// SPDX-License-Identifier: Apache-2.0
/* Ops over rows and places in vectors: every length up to 67, short and long rows, against loops
 * that go one element at a time. Values are small whole numbers, so that sums are exact in any
 * order and all types. */
#include "engine/base/buf.h"
#include "engine/tensor/short_float.h"
#include "tests/lib/op_session.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

TestSuite(vector_rows, .timeout = 120);

enum { LONGEST = 67 };

/* -3 to 4, in no order. */
static double at(int64_t i)
{
        return (double)((uint32_t)(i * 2654435761u + 12345) >> 29) - 3;
}

static Tensor *filled(DType t, const Shape *s)
{
        Tensor *x = NULL;
        cr_assert_null(tensor_new(t, s, &x));
        for (int64_t i = 0; i < tensor_count(x); i++) {
                void *p = tensor_fill(x);
                switch ((int)t) {
                case DT_FLOAT: ((float *)p)[i] = (float)at(i); break;
                case DT_DOUBLE: ((double *)p)[i] = at(i); break;
                case DT_INT32: ((int32_t *)p)[i] = (int32_t)at(i); break;
                case DT_INT64: ((int64_t *)p)[i] = (int64_t)at(i); break;
                case DT_UINT8: ((uint8_t *)p)[i] = (uint8_t)(at(i) + 3); break;
                case DT_HALF: ((Half *)p)[i] = half_from_float((float)at(i)); break;
                default: ((BFloat16 *)p)[i] = bfloat16_from_float((float)at(i)); break;
                }
        }
        return x;
}

/* What the graph makes of x. */
static Tensor *run(DType t, const char *text, Tensor *x)
{
        autobuf graph = BUF(4096);
        autoptr(TestSession) s = NULL;
        Tensor *z = NULL;
        const char *fetch = "z:0";
        Feed feed = { "x:0", x };
        RunRequest r = { .feeds = &feed, .n_feeds = 1, .fetches = &fetch, .n_fetches = 1 };
        buf_printf(&graph, "x = Placeholder dtype: %s\n%s\n", dtype_name(t), text);
        cr_assert_null(test_session_text(buf_cstr(&graph), &s));
        Status *st = test_session_run(s, &r, &z);
        cr_assert_null(st, "%s: %s", text, st ? status_message(st) : "");
        return z;
}

static const DType numbers[] = { DT_FLOAT, DT_DOUBLE, DT_HALF, DT_BFLOAT16, DT_INT32, DT_INT64 };

static double reduced(const Tensor *x, int64_t from, int64_t n, int64_t step, bool largest)
{
        double r = largest ? -INFINITY : 0;
        for (int64_t i = 0; i < n; i++) {
                double v = tensor_double(x, from + i * step);
                r = largest ? fmax(r, v) : r + v;
        }
        return r;
}

/* [rows, n] along either dimension. */
static void expect_reduced(DType t, int64_t rows, int64_t n, bool largest)
{
        char text[128];
        autoptr(Tensor) x = filled(t, &SHAPE(rows, n));
        for (int axis = 0; axis < 2; axis++) {
                snprintf(text, sizeof text, "a = Const int32 [] { %d }\nz = %s(x, a)", axis,
                         largest ? "Max" : "Sum");
                autoptr(Tensor) z = run(t, text, x);
                for (int64_t i = 0; i < tensor_count(z); i++) {
                        double want = axis ? reduced(x, i * n, n, 1, largest)
                                           : reduced(x, i, rows, n, largest);
                        cr_assert_eq(tensor_double(z, i), want, "%s of %ldx%ld %s over %d at %ld",
                                     largest ? "max" : "sum", (long)rows, (long)n, dtype_name(t),
                                     axis, (long)i);
                }
        }
}

Test(vector_rows, of_any_length_are_reduced_one_by_one_or_together)
{
        for (size_t i = 0; i < COUNTOF(numbers); i++)
                for (int64_t n = 1; n <= LONGEST; n += 1 + (n > 20) * 7) {
                        expect_reduced(numbers[i], 5, n, n % 2);
                        expect_reduced(numbers[i], 37, n, true);
                        expect_reduced(numbers[i], n, 40, n % 2);
                }
        for (int64_t n = 95; n <= 640; n += 109)
                for (size_t i = 0; i < COUNTOF(numbers); i++)
                        expect_reduced(numbers[i], 18, n, n % 2 || dtype_is_short(numbers[i]));
        expect_reduced(DT_HALF, 2, 3000, true);
        expect_reduced(DT_FLOAT, 3000, 3, false);
}

Test(vector_rows, that_hold_one_nan_have_it_for_their_maximum)
{
        for (int64_t n = 1; n <= LONGEST; n++) {
                autoptr(Tensor) x = filled(DT_FLOAT, &SHAPE(3, n));
                ((float *)tensor_fill(x))[n + (n * 5) % n] = NAN;
                autoptr(Tensor) z = run(DT_FLOAT, "a = Const int32 [] { 1 }\nz = Max(x, a)", x);
                cr_assert(isnan(tensor_double(z, 1)) && !isnan(tensor_double(z, 0)));
        }
}

Test(vector_rows, have_the_first_of_equal_extremes)
{
        for (size_t k = 0; k < COUNTOF(numbers); k++)
                for (int64_t n = 1; n <= 2 * LONGEST; n += 3) {
                        autoptr(Tensor) x = filled(numbers[k], &SHAPE(3, n));
                        autoptr(Tensor) rows =
                                run(numbers[k], "a = Const int32 [] { 1 }\nz = ArgMax(x, a)", x);
                        autoptr(Tensor) columns =
                                run(numbers[k], "a = Const int32 [] { 0 }\nz = ArgMin(x, a)", x);
                        for (int64_t r = 0; r < 3; r++) {
                                int64_t best = 0;
                                for (int64_t i = 1; i < n; i++)
                                        best = tensor_double(x, r * n + i) >
                                                               tensor_double(x, r * n + best)
                                                       ? i
                                                       : best;
                                cr_assert_eq(tensor_int(rows, r), best);
                        }
                        for (int64_t i = 0; i < n; i++) {
                                int64_t least = 0;
                                for (int64_t r = 1; r < 3; r++)
                                        least = tensor_double(x, r * n + i) <
                                                                tensor_double(x, least * n + i)
                                                        ? r
                                                        : least;
                                cr_assert_eq(tensor_int(columns, i), least);
                        }
                }
}

static void expect_running(DType t, int64_t n, bool exclusive, bool reverse)
{
        char text[128];
        autoptr(Tensor) x = filled(t, &SHAPE(2, n));
        snprintf(text, sizeof text,
                 "a = Const int32 [] { 1 }\nz = Cumsum(x, a) exclusive: %s, reverse: %s",
                 exclusive ? "true" : "false", reverse ? "true" : "false");
        autoptr(Tensor) z = run(t, text, x);
        for (int64_t r = 0; r < 2; r++) {
                double sum = 0;
                for (int64_t k = 0; k < n; k++) {
                        int64_t i = r * n + (reverse ? n - 1 - k : k);
                        double before = sum;
                        sum += tensor_double(x, i);
                        cr_assert_eq(tensor_double(z, i), exclusive ? before : sum,
                                     "%s, %d %d, %ld of %ld", dtype_name(t), exclusive, reverse,
                                     (long)k, (long)n);
                }
        }
}

Test(vector_rows, are_summed_up_from_either_end)
{
        for (size_t k = 0; k < COUNTOF(numbers); k++)
                for (int64_t n = 1; n <= LONGEST; n++)
                        expect_running(numbers[k], n, n % 2, n % 3 == 0);
        expect_running(DT_FLOAT, 48, false, false);
        expect_running(DT_FLOAT, 48, true, true);
}

Test(vector_rows, give_their_largest_in_order_and_the_first_of_equals)
{
        for (int64_t n = 5; n <= 3 * LONGEST; n += 4) {
                autoptr(Tensor) x = filled(DT_FLOAT, &SHAPE(2, n));
                ((float *)tensor_fill(x))[n - 1] = 50;
                autoptr(Tensor) z =
                        run(DT_FLOAT,
                            "k = Const int32 [] { 5 }\nt = TopKV2(x, k)\nz = Identity(t:1)", x);
                for (int64_t r = 0; r < 2; r++)
                        for (int64_t k = 1; k < 5; k++) {
                                int64_t a = tensor_int(z, r * 5 + k - 1),
                                        b = tensor_int(z, r * 5 + k);
                                double va = tensor_double(x, r * n + a),
                                       vb = tensor_double(x, r * n + b);
                                cr_assert(va > vb || (va == vb && a < b));
                                int64_t above = 0;
                                for (int64_t i = 0; i < n; i++)
                                        above += tensor_double(x, r * n + i) > vb;
                                cr_assert_leq(above, k);
                        }
        }
}

/* Does row r of x have its k largest at these places, largest first, the first of equals first? */
static void expect_largest(const Tensor *x, const Tensor *places, int64_t r, int64_t n, int64_t k)
{
        bool taken[4096] = { false };
        for (int64_t j = 0; j < k; j++) {
                int64_t best = -1;
                for (int64_t i = 0; i < n; i++)
                        if (!taken[i] && (best < 0 || tensor_double(x, r * n + i) >
                                                              tensor_double(x, r * n + best)))
                                best = i;
                taken[best] = true;
                cr_assert_eq(tensor_int(places, r * k + j), best, "%s, %ld of %ld: %ld is at %ld",
                             dtype_name(tensor_dtype(x)), (long)k, (long)n, (long)j,
                             (long)tensor_int(places, r * k + j));
        }
}

/* Most values differ when `spread`, else there are eight. */
static Tensor *spread_out(DType t, int64_t n, bool spread)
{
        Tensor *x = filled(t, &SHAPE(2, n));
        for (int64_t i = 0; i < 2 * n && spread; i++) {
                int32_t v = (int32_t)((uint32_t)(i * 2654435761u) >> 18) - 8000;
                if (t == DT_FLOAT)
                        ((float *)tensor_fill(x))[i] = i % 97 == 5 ? -INFINITY : (float)v;
                else if (t == DT_DOUBLE)
                        ((double *)tensor_fill(x))[i] = v;
                else if (t == DT_INT32)
                        ((int32_t *)tensor_fill(x))[i] = v;
        }
        return x;
}

Test(vector_rows, that_are_long_give_few_or_many_of_their_largest)
{
        static const int32_t some[] = { 1, 2, 5, 8, 9, 16, 17, 32, 33, 100 };
        static const DType types[] = { DT_FLOAT, DT_DOUBLE, DT_INT32, DT_UINT8, DT_HALF };
        char text[128];
        for (size_t t = 0; t < 2 * COUNTOF(types); t++)
                for (int64_t n = 500; n <= 2100; n += 523)
                        for (size_t j = 0; j < COUNTOF(some); j++) {
                                autoptr(Tensor) x = spread_out(types[t / 2], n, t % 2);
                                snprintf(text, sizeof text,
                                         "k = Const int32 [] { %d }\nt = TopKV2(x, k)\n"
                                         "z = Identity(t:1)",
                                         some[j]);
                                autoptr(Tensor) z = run(types[t / 2], text, x);
                                expect_largest(x, z, 0, n, some[j]);
                                expect_largest(x, z, 1, n, some[j]);
                        }
}

Test(vector_rows, that_are_long_and_hold_a_nan_still_give_largest)
{
        autoptr(Tensor) x = spread_out(DT_FLOAT, 1000, true);
        ((float *)tensor_fill(x))[999] = NAN;
        autoptr(Tensor) z =
                run(DT_FLOAT, "k = Const int32 [] { 4 }\nt = TopKV2(x, k)\nz = Identity(t:1)", x);
        ((float *)tensor_fill(x))[999] = -INFINITY;
        expect_largest(x, z, 0, 1000, 4);
        expect_largest(x, z, 1, 1000, 4);
}

static void expect_softmax(DType t, int64_t rows, int64_t n, double error)
{
        autoptr(Tensor) x = filled(t, &SHAPE(rows, n));
        autoptr(Tensor) y = run(t, "z = Softmax(x)", x);
        autoptr(Tensor) l = run(t, "z = LogSoftmax(x)", x);
        for (int64_t r = 0; r < rows; r++) {
                double sum = 0;
                for (int64_t i = 0; i < n; i++)
                        sum += exp(tensor_double(x, r * n + i));
                for (int64_t i = r * n; i < r * n + n; i++) {
                        double v = tensor_double(x, i);
                        cr_assert_float_eq(tensor_double(y, i), exp(v) / sum, error);
                        cr_assert_float_eq(tensor_double(l, i), v - log(sum), 10 * error);
                }
        }
}

Test(vector_rows, of_softmaxes_are_right_to_the_last_element)
{
        for (int64_t n = 1; n <= 5 * LONGEST; n += 1 + n / 8) {
                expect_softmax(DT_FLOAT, 2, n, 1e-6);
                expect_softmax(DT_FLOAT, 21, n, 1e-6);
                expect_softmax(DT_DOUBLE, 17, n, 1e-14);
                expect_softmax(DT_HALF, 19, n, 1e-3);
        }
}

Test(vector_rows, of_softmaxes_keep_nans_and_infinities_to_themselves)
{
        for (int64_t n = 2; n <= LONGEST; n++) {
                autoptr(Tensor) x = filled(DT_FLOAT, &SHAPE(20, n));
                float *v = tensor_fill(x);
                v[3 * n + n / 2] = NAN;
                v[5 * n + n - 1] = INFINITY;
                v[6 * n] = -INFINITY;
                for (int64_t i = 0; i < n; i++)
                        v[8 * n + i] = -INFINITY;
                autoptr(Tensor) y = run(DT_FLOAT, "z = Softmax(x)", x);
                cr_assert_eq(tensor_double(y, 6 * n), 0);
                for (int64_t i = 0; i < 20 * n; i++) {
                        int64_t r = i / n;
                        cr_assert_eq(isnan(tensor_double(y, i)), r == 3 || r == 5 || r == 8,
                                     "%ld of %ld", (long)i, (long)n);
                }
        }
}

/* ---- places ---- */

static const DType sizes[] = { DT_UINT8, DT_HALF, DT_FLOAT, DT_DOUBLE };

Test(vector_rows, and_columns_change_places)
{
        for (size_t k = 0; k < COUNTOF(sizes); k++)
                for (int64_t n = 1; n <= LONGEST; n += 1 + n / 5) {
                        int64_t m = LONGEST + 2 - n;
                        autoptr(Tensor) x = filled(sizes[k], &SHAPE(2, n, m));
                        autoptr(Tensor) z =
                                run(sizes[k],
                                    "p = Const int32 [3] { 0, 2, 1 }\nz = Transpose(x, p)", x);
                        for (int64_t i = 0; i < 2 * n * m; i++) {
                                int64_t b = i / (n * m), r = i / m % n, c = i % m;
                                cr_assert_eq(tensor_double(z, b * n * m + c * n + r),
                                             tensor_double(x, i));
                        }
                }
}

Test(vector_rows, are_reversed_and_every_second_element_is_taken)
{
        for (size_t k = 0; k < COUNTOF(sizes); k++)
                for (int64_t n = 1; n <= LONGEST; n++) {
                        autoptr(Tensor) x = filled(sizes[k], &SHAPE(3, n));
                        autoptr(Tensor) back =
                                run(sizes[k], "a = Const int32 [1] { 1 }\nz = ReverseV2(x, a)", x);
                        autoptr(Tensor) half =
                                run(sizes[k],
                                    "b = Const int32 [2] { 0, 0 }\ns = Const int32 [2] { 1, 2 }\n"
                                    "z = StridedSlice(x, b, b, s) end_mask: 3",
                                    x);
                        int64_t m = (n + 1) / 2;
                        for (int64_t i = 0; i < 3 * n; i++)
                                cr_assert_eq(tensor_double(back, i),
                                             tensor_double(x, i / n * n + n - 1 - i % n));
                        for (int64_t i = 0; i < 3 * m; i++)
                                cr_assert_eq(tensor_double(half, i),
                                             tensor_double(x, i / m * n + i % m * 2));
                }
}

Test(vector_rows, are_put_side_by_side_and_padded)
{
        for (size_t k = 0; k < COUNTOF(sizes); k++)
                for (int64_t n = 1; n <= 2 * LONGEST; n += 1 + n / 16) {
                        autoptr(Tensor) x = filled(sizes[k], &SHAPE(40, n));
                        autoptr(Tensor) two =
                                run(sizes[k], "a = Const int32 [] { 1 }\nz = ConcatV2(x, x, a)", x);
                        autoptr(Tensor) pad = run(sizes[k],
                                                  "p = Const int32 [2, 2] { 1, 2, 3, 0 }\n"
                                                  "z = Pad(x, p)",
                                                  x);
                        for (int64_t i = 0; i < 80 * n; i++)
                                cr_assert_eq(tensor_double(two, i),
                                             tensor_double(x, i / (2 * n) * n + i % n));
                        for (int64_t i = 0; i < 43 * (n + 3); i++) {
                                int64_t r = i / (n + 3) - 1, c = i % (n + 3) - 3;
                                double want =
                                        r < 0 || r >= 40 || c < 0 ? 0 : tensor_double(x, r * n + c);
                                cr_assert_eq(tensor_double(pad, i), want);
                        }
                }
}

Test(vector_rows, are_taken_apart_by_columns)
{
        static const int64_t lengths[] = { 2, 17, 500, 5461, 20000 };
        char text[64];
        for (size_t k = 0; k < COUNTOF(sizes); k++)
                for (size_t j = 0; j < COUNTOF(lengths) * 4; j++) {
                        int64_t n = lengths[j / 4], of = 2 + (int64_t)j % 4, part = n % of;
                        autoptr(Tensor) x = filled(sizes[k], &SHAPE(n, of));
                        snprintf(text, sizeof text,
                                 "u = Unpack(x) num: %d, axis: 1\nz = Identity(u:%d)", (int)of,
                                 (int)part);
                        autoptr(Tensor) z = run(sizes[k], text, x);
                        cr_assert_eq(tensor_count(z), n);
                        for (int64_t i = 0; i < n; i++)
                                cr_assert_eq(tensor_double(z, i), tensor_double(x, of * i + part));
                }
}

Test(vector_rows, are_split_unevenly_and_tiled)
{
        static const int64_t widths[] = { 4, 9, 700, 9001 };
        for (size_t k = 0; k < COUNTOF(sizes); k++)
                for (size_t j = 0; j < COUNTOF(widths); j++) {
                        int64_t n = widths[j], m = n - 3;
                        autoptr(Tensor) x = filled(sizes[k], &SHAPE(19, n));
                        autoptr(Tensor) part = run(sizes[k],
                                                   "s = Const int32 [3] { 1, 2, -1 }\n"
                                                   "a = Const int32 [] { 1 }\n"
                                                   "u = SplitV(x, s, a) num_split: 3\n"
                                                   "z = Identity(u:2)",
                                                   x);
                        autoptr(Tensor) thrice =
                                run(sizes[k], "m = Const int32 [2] { 3, 1 }\nz = Tile(x, m)", x);
                        cr_assert(shape_equal(tensor_shape(part), &SHAPE(19, m)));
                        for (int64_t i = 0; i < 19 * m; i++)
                                cr_assert_eq(tensor_double(part, i),
                                             tensor_double(x, i / m * n + 3 + i % m));
                        for (int64_t i = 0; i < 3 * 19 * n; i++)
                                cr_assert_eq(tensor_double(thrice, i),
                                             tensor_double(x, i % (19 * n)));
                }
}

Test(vector_rows, say_where_they_are_not_zero)
{
        for (int64_t n = 1; n <= 5 * LONGEST; n += 1 + n / 8) {
                autoptr(Tensor) x = filled(DT_INT32, &SHAPE(2, 3, n));
                autoptr(Tensor) z = run(DT_INT32, "z = Where(x)", x);
                int64_t k = 0;
                for (int64_t i = 0; i < 6 * n; i++) {
                        if (tensor_int(x, i) == 0)
                                continue;
                        cr_assert_eq(tensor_int(z, 3 * k), i / (3 * n));
                        cr_assert_eq(tensor_int(z, 3 * k + 1), i / n % 3);
                        cr_assert_eq(tensor_int(z, 3 * k++ + 2), i % n);
                }
                cr_assert_eq(tensor_dim(z, 0), k);
        }
}

Test(vector_rows, say_where_they_are_not_zero_in_one_and_two_dimensions)
{
        for (int64_t n = 1; n <= 9 * LONGEST; n += 1 + n / 8) {
                autoptr(Tensor) flat = filled(DT_HALF, &SHAPE(n));
                autoptr(Tensor) matrix = filled(DT_UINT8, &SHAPE(3, n));
                autoptr(Tensor) one = run(DT_HALF, "z = Where(x)", flat);
                autoptr(Tensor) two = run(DT_UINT8, "z = Where(x)", matrix);
                int64_t k = 0;
                for (int64_t i = 0; i < n; i++)
                        if (tensor_double(flat, i) != 0)
                                cr_assert_eq(tensor_int(one, k++), i);
                cr_assert_eq(tensor_dim(one, 0), k);
                k = 0;
                for (int64_t i = 0; i < 3 * n; i++) {
                        if (tensor_int(matrix, i) == 0)
                                continue;
                        cr_assert_eq(tensor_int(two, 2 * k), i / n);
                        cr_assert_eq(tensor_int(two, 2 * k++ + 1), i % n);
                }
                cr_assert_eq(tensor_dim(two, 0), k);
        }
}

Test(vector_rows, are_clipped_by_one_bound_and_by_many)
{
        for (size_t t = 0; t < COUNTOF(numbers); t++)
                for (int64_t n = 1; n <= 1100; n += 1 + n / 4) {
                        autoptr(Tensor) x = filled(numbers[t], &SHAPE(n));
                        autoptr(Tensor) z =
                                run(numbers[t],
                                    "o = OnesLike(x)\nb = Const int32 [1] { 0 }\n"
                                    "e = Const int32 [1] { 1 }\nf = Slice(o, b, e)\n"
                                    "s = Const int32 [0] { }\nl = Reshape(f, s)\nh = Add(o, o)\n"
                                    "z = ClipByValue(x, l, h)",
                                    x);
                        for (int64_t i = 0; i < n; i++)
                                cr_assert_eq(tensor_double(z, i),
                                             fmin(fmax(tensor_double(x, i), 1), 2));
                }
}

Test(vector_rows, of_channels_are_normalized_by_their_own_moments)
{
        for (int64_t n = 1; n <= 5 * LONGEST; n += 1 + n / 4) {
                char text[512];
                autoptr(Tensor) x = filled(DT_FLOAT, &SHAPE(2, 3, 5, n));
                snprintf(text, sizeof text,
                         "s = Const float [%d] { 2 }\no = Const float [%d] { 0 }\n"
                         "e = Const float [0] { }\nz = FusedBatchNorm(x, s, o, e, e) epsilon: 0.5",
                         (int)n, (int)n);
                autoptr(Tensor) z = run(DT_FLOAT, text, x);
                for (int64_t c = 0; c < n; c++) {
                        double mean = reduced(x, c, 30, n, false) / 30, var = 0;
                        for (int64_t i = 0; i < 30; i++)
                                var += pow(tensor_double(x, c + i * n) - mean, 2) / 30;
                        for (int64_t i = c; i < 30 * n; i += n)
                                cr_assert_float_eq(
                                        tensor_double(z, i),
                                        2 * (tensor_double(x, i) - mean) / sqrt(var + 0.5), 1e-5);
                }
        }
}
