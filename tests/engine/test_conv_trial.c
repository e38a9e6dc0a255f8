// SPDX-License-Identifier: Apache-2.0
/* Warm-ups try the ways of a convolution, remember what wins, and change nobody else's bits. What
 * wins is told by a measure of the test's own; without AVX-512 there is one way and no trial. */
#include "engine/kernels/nn/conv_trial.h"
#include "engine/kernels/nn/winograd.h"
#include "engine/ops/lanes.h"
#include "engine/ops/panels.h"
#include "tests/engine/fuse_fixture.h"
#include <criterion/criterion.h>

enum { SIDE = 14, IN = 64, OUT = 96, THREADS = 2 };

static atomic_int measured; /* runs */
static int wanted = -1;     /* the way that is to win; -1: each fails */
static Cancel *cancel_at;   /* fired by the third run */

static double measure(OpCtx *c UNUSED, const ConvForward *f UNUSED, int tile, bool far)
{
        if (atomic_fetch_add(&measured, 1) == 2 && cancel_at)
                cancel_fire(cancel_at, cancelled("enough"));
        return wanted < 0 ? INFINITY : tile == wanted ? 1 : far ? 3 : 2;
}

static void setup(void)
{
        conv_trial_measure_by(measure);
}

TestSuite(conv_trial, .init = setup, .timeout = 60);

static Conv conv_of(int side, int stride)
{
        Conv v = { .spatial = 2, .batch = 1, .in_c = IN, .out_c = OUT };
        v.w[0] = (Window){ .in = 1, .size = 1, .stride = 1, .dilation = 1, .out = 1 };
        for (int i = 1; i < WINDOW_AXES; i++)
                v.w[i] = (Window){ .in = side,
                                   .size = 3,
                                   .stride = stride,
                                   .dilation = 1,
                                   .before = 1,
                                   .after = 1,
                                   .out = (side - 1) / stride + 1 };
        return v;
}

/* A way that the model holds possible, but does not choose. */
static int other_way(void)
{
        Conv v = conv_of(SIDE, 1);
        ConvWays ways = conv_ways(&v, THREADS, false);
        cr_assert_eq(ways.n > 1, lanes_usable());
        return ways.tile[ways.n - 1];
}

/* ---- sessions of one convolution with a Relu ---- */

static TestSession *new_session(const ConfigProto *config)
{
        static const char *const shape[] = { "1, 14, 14, 64", "3, 3, 64, 96" };
        autobuf b = BUF(1 << 16);
        TestSession *s = NULL;
        sines(&b, "x", shape[0], 4, SIDE * SIDE * IN, 0.37, 1.1);
        sines(&b, "w", shape[1], 4, 9 * IN * OUT, 0.73, 0.1);
        buf_puts(&b, "one = Placeholder dtype: float\nx1 = Mul(x, one)\n"
                     "c = Conv2D(x1, w) strides: [1, 1, 1, 1], padding: \"SAME\"\n"
                     "y = Relu(c)\n");
        cr_assert_null(test_session_with(config, buf_cstr(&b), &s));
        return s;
}

static Status *run(TestSession *s, bool tunes, Cancel *cancel, Tensor **ret)
{
        float one = 1;
        autoptr(Tensor) scalar = NULL;
        TRY(tensor_scalar(DT_FLOAT, &one, &scalar));
        Feed feed = { "one:0", scalar };
        const char *fetch = "y:0";
        RunRequest r = { .fetches = &fetch,
                         .n_fetches = 1,
                         .feeds = &feed,
                         .n_feeds = 1,
                         .tunes = tunes,
                         .cancel = cancel };
        return test_session_run(s, &r, ret);
}

static Tensor *bits_of(TestSession *s, bool tunes)
{
        Tensor *t = NULL;
        cr_assert_null(run(s, tunes, NULL, &t));
        return t;
}

static bool same_bits(const Tensor *a, const Tensor *b)
{
        return !memcmp(tensor_data(a), tensor_data(b), tensor_bytes(a));
}

/* Does a step of s give these bits? */
static bool gives(TestSession *s, bool tunes, const Tensor *want)
{
        autoptr(Tensor) t = bits_of(s, tunes);
        return same_bits(t, want);
}

/* ---- ways ---- */

Test(conv_trial, the_models_choice_comes_first_and_none_twice)
{
        for (int side = 3; side < 80; side++) {
                Conv v = conv_of(side, 1);
                ConvWays ways = conv_ways(&v, THREADS, false);
                cr_assert(ways.n >= 1 && ways.n <= CONV_WAYS);
                cr_assert_eq(ways.tile[0], winograd_tile(&v, THREADS, false));
                for (int i = 1; i < ways.n; i++)
                        cr_assert(ways.tile[i] != ways.tile[i - 1] && ways.tile[i] != ways.tile[0]);
        }
}

Test(conv_trial, what_tiles_cannot_do_has_one_way)
{
        Conv v = conv_of(SIDE, 2);
        ConvWays ways = conv_ways(&v, THREADS, false);
        cr_assert_eq(ways.n, 1);
        cr_assert_eq(ways.tile[0], 0);
}

/* ---- trials ---- */

Test(conv_trial, a_plain_step_tries_nothing)
{
        autoptr(TestSession) s = new_session(NULL);
        autoptr(Tensor) first UNUSED = bits_of(s, false);
        cr_assert_eq(atomic_load(&measured), 0);
}

Test(conv_trial, what_won_is_taken_by_new_sessions_and_by_no_other)
{
        autoptr(TestSession) before = new_session(NULL);
        autoptr(TestSession) warm = new_session(NULL);
        autoptr(TestSession) after = new_session(NULL);
        autoptr(Tensor) model = bits_of(before, false);
        wanted = other_way();
        autoptr(Tensor) won = bits_of(warm, true);
        int tried = atomic_load(&measured);
        cr_assert_eq(tried > 0, lanes_usable());
        cr_assert_eq(!same_bits(won, model), lanes_usable());
        expect_near(won, model);
        cr_assert(gives(warm, false, won));
        cr_assert(gives(after, false, won));
        cr_assert(gives(before, false, model));
        cr_assert(gives(before, true, won)); /* its own warm-up: what is known is not tried again */
        cr_assert(gives(before, false, won));
        cr_assert_eq(atomic_load(&measured), tried);
}

Test(conv_trial, the_models_choice_may_win)
{
        autoptr(TestSession) plain = new_session(NULL);
        autoptr(TestSession) warm = new_session(NULL);
        autoptr(Tensor) model = bits_of(plain, false);
        Conv v = conv_of(SIDE, 1);
        wanted = winograd_tile(&v, THREADS, false);
        cr_assert(gives(warm, true, model));
        cr_assert(gives(warm, false, model));
}

/* Two sessions on one graph have the packed filters in common, but not the choice. */
Test(conv_trial, a_session_on_the_same_graph_keeps_its_bits)
{
        autoptr(TestSession) before = new_session(NULL);
        autoptr(TestSession) warm = NULL;
        cr_assert_null(test_session_twin(before, &warm));
        autoptr(Tensor) model = bits_of(before, false);
        wanted = other_way();
        autoptr(Tensor) won = bits_of(warm, true);
        cr_assert_eq(!same_bits(won, model), lanes_usable());
        for (int i = 0; i < 2; i++) {
                cr_assert(gives(before, false, model));
                cr_assert(gives(warm, false, won));
        }
}

static int64_t packed_bytes(int tile)
{
        Conv v = conv_of(SIDE, 1);
        return (int64_t)(tile ? winograd_filter_bytes(&v, tile, false)
                              : panels_bytes(9 * IN, OUT, false));
}

Test(conv_trial, only_the_winners_packing_stays)
{
        enum { SLACK = 1 << 16 };
        Conv v = conv_of(SIDE, 1);
        autoptr(TestSession) s = new_session(NULL);
        autoptr(Tensor) model = bits_of(s, false);
        int64_t before = test_settled_bytes();
        wanted = other_way();
        autoptr(Tensor) won = bits_of(s, true);
        cr_assert(gives(s, false, won));
        int64_t more = test_settled_bytes() - before - (int64_t)tensor_bytes(won);
        int64_t want = packed_bytes(wanted) - packed_bytes(winograd_tile(&v, THREADS, false));
        cr_assert_lt(llabs(more - want), SLACK, "%lld more bytes instead of %lld", (long long)more,
                     (long long)want);
}

Test(conv_trial, a_trial_that_fails_leaves_the_models_choice)
{
        autoptr(TestSession) plain = new_session(NULL);
        autoptr(TestSession) warm = new_session(NULL);
        autoptr(Tensor) model = bits_of(plain, false);
        cr_assert(gives(warm, true, model));
        cr_assert_eq(atomic_load(&measured) > 0, lanes_usable());
        wanted = other_way();
        autoptr(Tensor) won = bits_of(warm, true); /* nothing was remembered */
        cr_assert_eq(!same_bits(won, model), lanes_usable());
}

Test(conv_trial, a_cancelled_warm_up_remembers_nothing)
{
        autoptr(TestSession) s = new_session(NULL);
        autoptr(TestSession) later = new_session(NULL);
        autoptr(Tensor) model = bits_of(s, false);
        autoptr(Cancel) token = NULL;
        Tensor *none = NULL;
        cr_assert_null(cancel_new(&token));
        wanted = other_way();
        cancel_at = token;
        autoptr(Status) ended = run(s, true, token, &none);
        cr_assert_eq(ended != NULL, lanes_usable());
        tensor_unref(none);
        cr_assert(gives(s, false, model));
        cr_assert(gives(later, false, model));
        cancel_at = NULL;
        cr_assert_eq(!gives(s, true, model), lanes_usable());
}

/* ---- off ---- */

Test(conv_trial, deterministic_mode_tries_nothing)
{
        test_deterministic = true;
        autoptr(TestSession) plain = new_session(NULL);
        autoptr(TestSession) warm = new_session(NULL);
        wanted = other_way();
        autoptr(Tensor) model = bits_of(plain, false);
        cr_assert(gives(warm, true, model));
        cr_assert(gives(plain, true, model));
        cr_assert_eq(atomic_load(&measured), 0);
}

Test(conv_trial, sessions_that_fuse_nothing_try_nothing)
{
        Tensorflow__RewriterConfig rewriter = TENSORFLOW__REWRITER_CONFIG__INIT;
        Tensorflow__GraphOptions graph = TENSORFLOW__GRAPH_OPTIONS__INIT;
        ConfigProto config = TENSORFLOW__CONFIG_PROTO__INIT;
        rewriter.remapping = TENSORFLOW__REWRITER_CONFIG__TOGGLE__OFF;
        graph.rewrite_options = &rewriter;
        config.graph_options = &graph;
        autoptr(TestSession) s = new_session(&config);
        wanted = other_way();
        autoptr(Tensor) before = bits_of(s, false);
        cr_assert(gives(s, true, before));
        cr_assert_eq(atomic_load(&measured), 0);
}

/* ---- by the clock ---- */

Test(conv_trial, the_clock_lets_one_of_the_ways_win)
{
        conv_trial_measure_by(NULL);
        autoptr(TestSession) warm = new_session(NULL);
        autoptr(TestSession) after = new_session(NULL);
        autoptr(Tensor) won = bits_of(warm, true);
        autoptr(Tensor) again = bits_of(warm, false);
        cr_assert(same_bits(won, again));
        cr_assert(gives(after, false, won));
        cr_assert(gives(after, true, won));
}
