// SPDX-License-Identifier: Apache-2.0
/* Random numbers that others have seen: what TensorFlow's documentation and its users print. The
 * graph seed is 87654321 where none is set. */
#include "engine/base/mem.h"
#include "tests/lib/session_case.h"

#define FULL "dtype: int32"

static const OpCase known[] = {
        /* tf.random.split([1, 2], num=3) */
        { "integers of all bits by two seeds", "StatelessRandomUniformFullInt", FULL,
          .in = { I32((2), 3, 2), I32((2), 1, 2) },
          .out = { I32((3, 2), 1105988140, 1738052849, -335576002, 370444179, 10670227,
                       -246211131) } },
        { "normal numbers by the first two of them", "StatelessRandomNormal", "dtype: float",
          .in = { I32((1), 3), I32((2), 1105988140, 1738052849) },
          .out = { F32((3), -0.59835213f, -0.9578608f, 0.9002807f) }, .tol = 1e-6 },
        /* tf.random.fold_in([1, 2], 1) gives the seeds */
        { "normal numbers by other seeds", "StatelessRandomNormal", "dtype: float",
          .in = { I32((1), 3), I32((2), 1105988140, 3) },
          .out = { F32((3), 0.03197195f, 0.8979765f, 0.13253039f) }, .tol = 1e-6 },
        /* tf.image.stateless_random_contrast(x, 0.2, 0.5, (1, 2)) scales by 0.45321813 */
        { "one uniform number by two seeds", "StatelessRandomUniform", "dtype: float",
          .in = { I32((0)), I32((2), 1, 2) }, .out = { F32((), (0.45321813f - 0.2f) / 0.3f) },
          .tol = 2e-6 },
};
OP_CASES(random_known, known)

static void expect_near(TestSession *s, const char *name, const Lit *want)
{
        autoptr(Tensor) t = fetch(s, name);
        autofree char *why = NULL;
        cr_assert(lit_equal(want, t, 1e-6, &why), "%s", why);
}

/* tf.random_normal([2, 3], stddev=1, seed=1), in many a tutorial; and what is left of it within two
 * deviations */
Test(random_generator, normal_numbers_by_an_op_seed)
{
        autoptr(TestSession) s =
                session_of("n = Const int32 [2] { 2, 3 }\nm = Const int32 [1] { 4 }\n"
                           "y = RandomStandardNormal(n) seed: 87654321, seed2: 1, dtype: float\n"
                           "z = TruncatedNormal(m) seed: 87654321, seed2: 1, dtype: float\n");
        expect_near(s, "y:0",
                    &(const Lit)F32((2, 3), -0.8113182f, 1.4845988f, 0.06532937f, -2.4427042f,
                                    0.0992484f, 0.5912243f));
        expect_near(s, "z:0",
                    &(const Lit)F32((4), -0.8113182f, 1.4845988f, 0.06532937f, 0.0992484f));
}

/* tf.random.normal: tf.random.set_seed(5), seed=1 */
Test(random_generator, normal_numbers_by_both_seeds)
{
        autoptr(TestSession) s =
                session_of("n = Const int32 [2] { 2, 2 }\n"
                           "y = RandomStandardNormal(n) seed: 5, seed2: 1, dtype: float\n");
        expect_near(s, "y:0",
                    &(const Lit)F32((2, 2), -1.3768897f, -0.01258316f, -0.169515f, 1.0824056f));
}

/* tf.random.uniform: set_seed(5), then twice uniform(shape=[], maxval=3, dtype=tf.int32, seed=10)
 */
Test(random_generator, integers_follow_each_other_as_documented)
{
        autoptr(TestSession) s = session_of("n = Const int32 [0]\nlo = Const int32 [] { 0 }\n"
                                            "hi = Const int32 [] { 3 }\n"
                                            "y = RandomUniformInt(n, lo, hi) seed: 5, seed2: 10\n");
        autoptr(Tensor) first = fetch(s, "y:0");
        expect_tensor(first, I32((), 2));
        autoptr(Tensor) second = fetch(s, "y:0");
        expect_tensor(second, I32((), 0));
}

#define GENERATOR(seed)                                                      \
        "g = VarHandleOp() dtype: int64, shape: [3]\n"                       \
        "start = Const int64 [3] { " seed ", 0, 0 }\n"                       \
        "init = AssignVariableOp(g, start)\n"                                \
        "philox = Const int64 [] { 1 }\nalg32 = Const int32 [] { 1 }\n"      \
        "shape = Const int32 [2] { 2, 3 }\n"                                 \
        "normal = StatefulStandardNormalV2(g, philox, shape) dtype: float\n" \
        "state = ReadVariableOp(g) dtype: int64\n"

static TestSession *generator(const char *text)
{
        TestSession *s = session_of(text);
        expect_ok(test_session_target(s, "init"));
        return s;
}

/* tf.random.Generator.from_seed(1).normal([2, 3]), the guide to random numbers */
Test(random_generator, a_generator_of_seed_1_gives_the_guides_numbers)
{
        autoptr(TestSession) s = generator(GENERATOR("1"));
        expect_near(s, "normal:0",
                    &(const Lit)F32((2, 3), 0.43842277f, -0.53439844f, -0.07710262f, 1.5658046f,
                                    -0.1012345f, -0.2744976f));
}

/* tf.random.Generator.from_seed(1234), whose state is then [2770, 0, 0] */
Test(random_generator, a_generator_of_seed_1234_moves_on_as_documented)
{
        autoptr(TestSession) s = generator(GENERATOR("1234"));
        expect_near(s, "normal:0",
                    &(const Lit)F32((2, 3), 0.9356609f, 1.0854305f, -0.93788373f, -0.5061547f,
                                    1.3169702f, 0.7137579f));
        autoptr(Tensor) state = fetch(s, "state:0");
        expect_tensor(state, I64((3), 2770, 0, 0));
}

/* tf.random.Generator.from_seed(123, alg="philox") */
Test(random_generator, a_generator_of_seed_123_gives_the_documented_numbers)
{
        autoptr(TestSession) s = generator(GENERATOR("123"));
        expect_near(s, "normal:0",
                    &(const Lit)F32((2, 3), 0.8673864f, -0.29899067f, -0.9310337f, -1.5828488f,
                                    1.2481191f, -0.6770643f));
}

Test(random_generator, skipping_is_drawing)
{
        autoptr(TestSession) s = generator(GENERATOR(
                "7") "six = Const int64 [] { 6 }\nusix = Cast(six) DstT: uint64\n"
                     "skip = RngSkip(g, philox, six)\n"
                     "read = RngReadAndSkip(g, alg32, usix)\n"
                     "tag = VarHandleOp() dtype: int64, shape: [4], shared_name: \"tag\"\n"
                     "tagged = Const int64 [4] { 1, 7, 0, 0 }\n"
                     "init2 = AssignVariableOp(tag, tagged)\n"
                     "old = StatefulStandardNormal(tag, shape) dtype: float\n");
        expect_ok(test_session_target(s, "init2"));
        autoptr(Tensor) drawn = fetch(s, "normal:0");
        autoptr(Tensor) old = fetch(s, "old:0");
        cr_assert(!memcmp(tensor_data(drawn), tensor_data(old), tensor_bytes(old)));
        autoptr(Tensor) read = fetch(s, "read:0");
        expect_tensor(read, I64((3), 7 + 1536, 0, 0));
        expect_ok(test_session_target(s, "skip"));
        autoptr(Tensor) state = fetch(s, "state:0");
        expect_tensor(state, I64((3), 7 + 3 * 1536, 0, 0));
}

Test(random_generator, the_state_of_a_generator_is_checked)
{
        autoptr(TestSession) s =
                session_of("g = VarHandleOp() dtype: int64, shape: [2]\n"
                           "start = Const int64 [2] { 1, 2 }\ninit = AssignVariableOp(g, start)\n"
                           "f = VarHandleOp() dtype: float, shape: [3], shared_name: \"f\"\n"
                           "real = Const float [3] { 1, 2, 3 }\ninit2 = AssignVariableOp(f, real)\n"
                           "philox = Const int64 [] { 1 }\nother = Const int64 [] { 2 }\n"
                           "shape = Const int32 [1] { 3 }\n"
                           "short = StatefulUniform(g, philox, shape) dtype: float\n"
                           "threefry = StatefulUniformFullInt(g, other, shape) dtype: int32\n"
                           "wrong = StatefulTruncatedNormal(f, philox, shape) dtype: double\n");
        Tensor *t = NULL;
        expect_ok(test_session_target(s, "init"));
        expect_ok(test_session_target(s, "init2"));
        expect_error(test_session_fetch(s, "short:0", &t), SR_INVALID_ARGUMENT,
                     "the size of state must be at least 3; got 2");
        expect_error(test_session_fetch(s, "threefry:0", &t), SR_INVALID_ARGUMENT,
                     "Unsupported algorithm id: 2");
        expect_error(test_session_fetch(s, "wrong:0", &t), SR_INVALID_ARGUMENT,
                     "dtype of RNG state variable must be int64, not float");
}

/* ---- properties, where nobody has published values ---- */

static double mean_of(TestSession *s, const char *name, double *ret_min, double *ret_max)
{
        autoptr(Tensor) t = fetch(s, name);
        double sum = 0;
        *ret_min = *ret_max = tensor_double(t, 0);
        for (int64_t i = 0; i < tensor_count(t); i++) {
                double v = tensor_double(t, i);
                sum += v;
                *ret_min = fmin(*ret_min, v);
                *ret_max = fmax(*ret_max, v);
        }
        return sum / (double)tensor_count(t);
}

static void expect_mean(TestSession *s, const char *name, double want, double tol, double lo,
                        double hi)
{
        double min, max, mean = mean_of(s, name, &min, &max);
        cr_assert(fabs(mean - want) < tol, "%s: mean %g is not %g", name, mean, want);
        cr_assert(min >= lo && max <= hi, "%s: [%g, %g] is not in [%g, %g]", name, min, max, lo,
                  hi);
}

Test(random_moments, samples_have_the_moments_of_their_distribution)
{
        autoptr(TestSession) s = session_of(
                "n = Const int32 [1] { 20000 }\nseed = Const int32 [2] { 3, 4 }\n"
                "three = Const float [] { 3 }\none = Const double [] { 1 }\n"
                "half = Const float [] { 0.5 }\nfew = Const float [] { 0.1 }\n"
                "many = Const float [] { 100 }\nzero = Const float [] { 0 }\n"
                "two = Const float [] { 2 }\nfour = Const float [] { 4 }\n"
                "close = Const float [] { 0.25 }\ninf = Const float [] { inf }\n"
                "gamma = StatelessRandomGammaV2(n, seed, three)\n"
                "exponential = StatelessRandomGammaV2(n, seed, one)\n"
                "flat = StatelessRandomGammaV2(n, seed, half)\n"
                "poisson = StatelessRandomPoisson(n, seed, three) dtype: int32\n"
                "often = StatelessRandomPoisson(n, seed, many) dtype: double\n"
                "binomial = StatelessRandomBinomial(n, seed, many, half) dtype: int64\n"
                "rare = StatelessRandomBinomial(n, seed, three, few) dtype: float\n"
                "likely = StatelessRandomBinomial(n, seed, four, close) dtype: int32\n"
                "around = StatelessParameterizedTruncatedNormal(n, seed, zero, two, zero, four)\n"
                "narrow = StatelessParameterizedTruncatedNormal(n, seed, zero, two, few, close)\n"
                "tail = ParameterizedTruncatedNormal(n, zero, two, four, inf) seed: 5\n");
        expect_mean(s, "gamma:0", 3, 0.05, 0, 40);
        expect_mean(s, "exponential:0", 1, 0.03, 0, 20);
        expect_mean(s, "flat:0", 0.5, 0.03, 0, 20);
        expect_mean(s, "poisson:0", 3, 0.05, 0, 30);
        expect_mean(s, "often:0", 100, 0.4, 40, 170);
        expect_mean(s, "binomial:0", 50, 0.2, 20, 80);
        expect_mean(s, "rare:0", 0.3, 0.02, 0, 3);
        expect_mean(s, "likely:0", 1, 0.04, 0, 4);
        /* half a normal distribution cut at two deviations: 2 * 0.7228 */
        expect_mean(s, "around:0", 1.4457, 0.04, 0, 4);
        expect_mean(s, "narrow:0", 0.175, 0.002, 0.1f, 0.25);
        /* beyond two deviations the mean is 2 * 2.3732 */
        expect_mean(s, "tail:0", 4.7464, 0.04, 4, 30);
}

static const OpCase params[] = {
        { "counts that decide themselves", "StatelessRandomBinomial", "dtype: int32",
          .in = { I32((2), 2, 3), I64((2), 1, 2), F64((3), 0, 5, 7), F64((1), 1) },
          .out = { I32((2, 3), 0, 5, 7, 0, 5, 7) } },
        { "ends at counts that are none", "StatelessRandomBinomial", "dtype: double",
          .in = { I32((1), 2), I64((2), 1, 2), F64((), NAN), F64((), 0.25) },
          .out = { F64((2), NAN, NAN) } },
        { "ends at endless counts", "StatelessRandomBinomial", "dtype: double",
          .in = { I32((1), 2), I64((2), 1, 2), F64((), INFINITY), F64((), 0.25) },
          .out = { ANY(DOUBLE, 2) } },
        { "wants the batches' shape at the end", "StatelessRandomBinomial", "dtype: int32",
          .in = { I32((2), 3, 2), I64((2), 1, 2), F64((3)), F64(()) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Shape passed in must end with broadcasted shape." },
        { "wants the rates' shape at the end", "StatelessRandomPoisson", "dtype: int32",
          .in = { I32((1), 3), I64((2), 1, 2), F32((1, 3)) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Shape passed in must end with broadcasted shape." },
        { "draws nothing", "StatelessRandomGammaV2", .in = { I32((2), 0, 2), I64((2)), F32((2)) },
          .out = { F32((0, 2)) } },
        { "refuses bounds that cross", "ParameterizedTruncatedNormal",
          .in = { I32((1), 2), F32((), 0), F32((), 1), F32((), 2), F32((), 1) },
          .fails = SR_INVALID_ARGUMENT, .message = "Invalid parameters" },
        { "refuses no bounds", "ParameterizedTruncatedNormal",
          .in = { I32((1), 2), F64((), 0), F64((), 1), F64((), -INFINITY), F64((), INFINITY) },
          .fails = SR_INVALID_ARGUMENT, .message = "Invalid parameters" },
        { "refuses as many bounds as it likes", "ParameterizedTruncatedNormal",
          .in = { I32((1), 2), F32((3)), F32((), 1), F32((), 2), F32((), 1) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Input means should have length 1 or shape[0], got shape: [3]" },
        { "keeps to bounds row by row", "ParameterizedTruncatedNormal",
          .in = { I32((2), 2, 3), F16((2), 0, 0), F16((), 1), F16((2), 1, -3), F16((2), 2, -2) },
          .out = { ANY(HALF, 2, 3) }, .random = true },
        { "makes entropy", "NonDeterministicInts", "dtype: uint32", .in = { I64((2), 2, 700) },
          .out = { ANY(UINT32, 2, 700) }, .random = true },
        { "makes no entropy", "NonDeterministicInts", "dtype: int64", .in = { I32((1), 0) },
          .out = { I64((0)) } },
};
OP_CASES(random_params, params)
