// SPDX-License-Identifier: Apache-2.0
/* Constant matrices are packed after some steps: nobody can tell when, nor by what was multiplied
 * before. */
#include "engine/ops/lanes.h"
#include "tests/engine/fuse_fixture.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(kept, .timeout = 60);

/* So many rows, and so much work, are shared out among threads. */
enum { DEPTH = 128, COLUMNS = 100, ROWS_MOST = 200, STEPS = 6 };

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
        static const int64_t between[STEPS] = { 1, 40, 3, ROWS_MOST, 97, 2 };
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
        expect_steady("p = MatMul(x, w)\n", "128, 100", "y = Identity(p)\n");
        expect_steady("p = MatMul(x, w) transpose_b: true\n", "100, 128", "y = Identity(p)\n");
        expect_steady("p = MatMul(x, w)\n", "128, 100", "c = BiasAdd(p, b)\ny = Relu(c)\n");
        expect_steady("swap = Const int32 [2] { 1, 0 }\nt = Transpose(x, swap)\n"
                      "p = MatMul(t, w) transpose_a: true\n",
                      "128, 100", "y = Identity(p)\n");
}

/* The node that graph optimizers make of a product, a bias and an activation. */
Test(kept, a_fused_product_has_the_bits_of_its_parts)
{
        autobuf b = BUF(1 << 16);
        autoptr(TestSession) s = NULL;
        buf_puts(&b, "x = Placeholder dtype: float\n");
        sines(&b, "w", "128, 100", 2, DEPTH * COLUMNS, 0.73, 1.1);
        sines(&b, "b", "100", 1, COLUMNS, 0.3, 0);
        buf_puts(&b, "one = _FusedMatMul(x, w, b) num_args: 1, fused_ops: [\"BiasAdd\", \"Relu\"]\n"
                     "p = MatMul(x, w)\nc = BiasAdd(p, b)\nr = Relu(c)\ny = Sub(one, r)\n");
        cr_assert_null(test_session_text(buf_cstr(&b), &s));
        for (int i = 0; i < STEPS; i++) {
                autoptr(Tensor) y = step(s, ROWS_MOST);
                const float *v = tensor_data(y);
                for (int64_t k = 0; k < ROWS_MOST * COLUMNS; k++)
                        cr_assert_eq(v[k], 0, "element %d in step %d", (int)k, i);
        }
}

/* Those are copied before they are multiplied. */
Test(kept, rows_a_multiple_of_4_kb_apart_give_the_same_bits_in_each_step)
{
        expect_steady("right = Const int32 [2] { 1, 8 }\ndown = Const int32 [2] { 8, 1 }\n"
                      "wide = Tile(x, right)\ntall = Tile(w, down)\np = MatMul(wide, tall)\n",
                      "128, 100", "y = Identity(p)\n");
}

/* ---- the switch ---- */

/* Bytes of blocks that some steps leave behind in a session of that configuration; its result. */
static int64_t left_behind(const ConfigProto *config, Tensor **ret)
{
        autobuf b = BUF(1 << 16);
        autoptr(TestSession) s = NULL;
        buf_puts(&b, "x = Placeholder dtype: float\n");
        sines(&b, "w", "128, 100", 2, DEPTH * COLUMNS, 0.73, 1.1);
        buf_puts(&b, "y = MatMul(x, w)\n");
        cr_assert_null(test_session_with(config, buf_cstr(&b), &s));
        *ret = step(s, ROWS_MOST);
        int64_t before = test_settled_bytes();
        for (int i = 0; i < STEPS; i++)
                tensor_unref(step(s, ROWS_MOST));
        return test_settled_bytes() - before;
}

Test(kept, nothing_is_kept_where_layouts_are_the_clients)
{
        Tensorflow__RewriterConfig rewriter = TENSORFLOW__REWRITER_CONFIG__INIT;
        Tensorflow__GraphOptions graph = TENSORFLOW__GRAPH_OPTIONS__INIT;
        ConfigProto off = TENSORFLOW__CONFIG_PROTO__INIT;
        autoptr(Tensor) plain = NULL;
        autoptr(Tensor) packed = NULL;
        rewriter.layout_optimizer = TENSORFLOW__REWRITER_CONFIG__TOGGLE__OFF;
        graph.rewrite_options = &rewriter;
        off.graph_options = &graph;
        cr_assert_eq(left_behind(&off, &plain), 0);
        int64_t bytes = left_behind(NULL, &packed);
        cr_assert(lanes_usable() ? bytes >= DEPTH * COLUMNS * 4 : bytes == 0, "%lld",
                  (long long)bytes);
        cr_assert_eq(memcmp(tensor_data(plain), tensor_data(packed),
                            ROWS_MOST * COLUMNS * sizeof(float)),
                     0);
}
