// SPDX-License-Identifier: Apache-2.0
/* Constant matrices are packed after some steps: nobody can tell when, nor by what was multiplied
 * before. */
#include "tests/engine/fuse_fixture.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(kept, .timeout = 60);

enum { DEPTH = 70, COLUMNS = 100, ROWS_MOST = 90, STEPS = 6 };

/* Rows of fractions. */
static Tensor *rows(int64_t n)
{
        Tensor *t = NULL;
        cr_assert_null(tensor_new(DT_FLOAT, &SHAPE(n, DEPTH), &t));
        float *v = tensor_fill(t);
        for (int64_t i = 0; i < n * DEPTH; i++)
                v[i] = 1 / (1 + (float)(i % 113)) - 0.25F;
        return t;
}

static Tensor *step(TestSession *s, int64_t n)
{
        autoptr(Tensor) x = rows(n);
        const char *fetch = "y:0";
        Feed feed = { "x:0", x };
        Tensor *y = NULL;
        RunRequest r = { .fetches = &fetch, .n_fetches = 1, .feeds = &feed, .n_feeds = 1 };
        cr_assert_null(test_session_run(s, &r, &y));
        return y;
}

/* Each step gives the bits of the first, whatever came between. */
static void expect_steady(const char *product, const char *shape, const char *end)
{
        static const int64_t between[STEPS] = { 1, 40, 3, ROWS_MOST, 64, 2 };
        autobuf b = BUF(1 << 16);
        autoptr(TestSession) s = NULL;
        buf_puts(&b, "x = Placeholder dtype: float\n");
        sines(&b, "w", shape, 2, DEPTH * COLUMNS, 0.73, 1.1);
        sines(&b, "b", "100", 1, COLUMNS, 0.3, 0);
        buf_puts(&b, product);
        buf_puts(&b, end);
        cr_assert_null(test_session_text(buf_cstr(&b), &s));
        autoptr(Tensor) first = step(s, ROWS_MOST);
        for (int i = 0; i < STEPS; i++) {
                autoptr(Tensor) other = step(s, between[i]);
                autoptr(Tensor) again = step(s, ROWS_MOST);
                cr_assert_eq(memcmp(tensor_data(first), tensor_data(again),
                                    ROWS_MOST * COLUMNS * sizeof(float)),
                             0, "step %d of %s", i, product);
                autoptr(Tensor) once_more = step(s, between[i]);
                cr_assert_eq(memcmp(tensor_data(other), tensor_data(once_more),
                                    (size_t)between[i] * COLUMNS * sizeof(float)),
                             0, "%d rows by %s", (int)between[i], product);
        }
}

Test(kept, every_step_has_the_bits_of_the_first)
{
        expect_steady("p = MatMul(x, w)\n", "70, 100", "y = Identity(p)\n");
        expect_steady("p = MatMul(x, w) transpose_b: true\n", "100, 70", "y = Identity(p)\n");
        expect_steady("p = MatMul(x, w)\n", "70, 100", "c = BiasAdd(p, b)\ny = Relu(c)\n");
}
