// SPDX-License-Identifier: Apache-2.0
/* Draws whose order others have seen, and the one seed behind two kinds of ops: as TensorFlow's own
 * stateless_random_ops_test does it, a stateless op whose seed is scrambled backwards must give
 * what the op with a state gives in its first run. */
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

#include <stdio.h>

TestSuite(random_seeds, .timeout = 30);

static Tensor *fetch(const char *text, const char *name)
{
        autoptr(TestSession) s = NULL;
        Tensor *t = NULL;
        expect_ok(test_session_text(text, &s));
        expect_ok(test_session_fetch(s, name, &t));
        return t;
}

/* not_shuffled = [[10, 7], [3, 4], [2, 5]], tf.random.set_seed(42), tf.random.shuffle(not_shuffled,
 * seed=42) and the same without seed, as the notebooks of the course "TensorFlow for Deep Learning
 * Bootcamp" print it. Without a seed, Python's random.Random(42).randint(0, 2**31 - 1) is one. */
Test(random_seeds, rows_are_shuffled_as_in_the_notebooks)
{
        autoptr(Tensor) both = fetch("x = Const int32 [3, 2] { 10, 7, 3, 4, 2, 5 }\n"
                                     "y = RandomShuffle(x) seed: 42, seed2: 42\n",
                                     "y:0");
        expect_tensor(both, I32((3, 2), 10, 7, 3, 4, 2, 5));
        autoptr(Tensor) one = fetch("x = Const int32 [3, 2] { 10, 7, 3, 4, 2, 5 }\n"
                                    "y = RandomShuffle(x) seed: 42, seed2: 478163327\n",
                                    "y:0");
        expect_tensor(one, I32((3, 2), 3, 4, 2, 5, 10, 7));
}

/* The tutorial about word2vec: log_uniform_candidate_sampler with seed=42, 4 of 8 words. */
Test(random_seeds, candidates_are_drawn_as_in_the_tutorial)
{
        autoptr(Tensor) drawn = fetch(
                "t = Const int64 [1, 1] { 3 }\n"
                "y = LogUniformCandidateSampler(t) num_true: 1, num_sampled: 4, unique: true, "
                "range_max: 8, seed: 87654321, seed2: 42\n",
                "y:0");
        expect_tensor(drawn, I64((4), 2, 1, 4, 3));
}

/* tf.random.uniform([1], seed=n) after set_seed(1), from several people's notes. */
Test(random_seeds, uniform_numbers_by_both_seeds)
{
        static const float want[] = { 0.05554414f, 0.40639675f, 0.7787856f };
        for (int i = 0; i < 3; i++) {
                char text[200];
                snprintf(text, sizeof text,
                         "n = Const int32 [1] { 1 }\n"
                         "y = RandomUniform(n) seed: 1, seed2: %d, dtype: float\n",
                         i + 1);
                autoptr(Tensor) y = fetch(text, "y:0");
                expect_tensor(y, F32((1), want[i]));
        }
}

#define PARAMS                                                                                \
        "n = Const int32 [1] { 5 }\nm = Const int32 [2] { 5, 3 }\nk = Const int32 [] { 7 }\n" \
        "a = Const float [3] { 0.3, 1, 20 }\nb = Const double [3] { 0.3, 1, 20 }\n"           \
        "r = Const float [3] { 0.5, 9, 40 }\nl = Const float [2, 3] { 0.1, 2, 0.7, 1, 1, 0 }\n"
typedef struct Pair {
        const char *with_state, *without; /* the first lacks its seeds, the other's are "s" */
} Pair;

static const Pair pairs[] = {
        { "RandomUniform(n) dtype: float", "StatelessRandomUniform(n, s) dtype: float" },
        { "RandomUniform(n) dtype: double", "StatelessRandomUniform(n, s) dtype: double" },
        { "RandomStandardNormal(n) dtype: float", "StatelessRandomNormal(n, s) dtype: float" },
        { "TruncatedNormal(n) dtype: float", "StatelessTruncatedNormal(n, s) dtype: float" },
        { "Multinomial(l, k) output_dtype: int64", "StatelessMultinomial(l, k, s)" },
        { "RandomGamma(n, a) S: int32", "StatelessRandomGammaV2(m, s, a)" },
        { "RandomGamma(n, b) S: int32", "StatelessRandomGammaV2(m, s, b)" },
        { "RandomPoissonV2(n, r) dtype: int32", "StatelessRandomPoisson(m, s, r) dtype: int32" },
        { "RandomPoissonV2(n, b) dtype: double", "StatelessRandomPoisson(m, s, b) dtype: double" },
};

/* What TensorFlow's test computes by turning Philox round: seeds that are scrambled into 7 and 17,
 * and so on. */
static const struct {
        const char *state, *scrambled;
} seeds[] = {
        { "seed: 7, seed2: 17", "{ -6258109613908243942, -7560937365046657119 }" },
        { "seed: 11, seed2: 5", "{ 1313727725763744443, 6938135887402765872 }" },
        { "seed: 2, seed2: 3", "{ 5863043690987714530, -6784961129843225734 }" },
};

Test(random_seeds, ops_without_state_draw_what_those_with_one_do)
{
        for (size_t i = 0; i < COUNTOF(pairs) * COUNTOF(seeds); i++) {
                const Pair *p = &pairs[i / COUNTOF(seeds)];
                char text[1024], with[200];
                snprintf(with, sizeof with, "%s, %s", p->with_state,
                         seeds[i % COUNTOF(seeds)].state);
                snprintf(text, sizeof text, PARAMS "s = Const int64 [2] %s\ny = %s\nz = %s\n",
                         seeds[i % COUNTOF(seeds)].scrambled, with, p->without);
                autoptr(Tensor) y = fetch(text, "y:0");
                autoptr(Tensor) z = fetch(text, "z:0");
                cr_assert(shape_equal(tensor_shape(y), tensor_shape(z)), "%s", with);
                cr_assert_arr_eq(tensor_data(y), tensor_data(z), tensor_bytes(y), "%s", with);
        }
}
