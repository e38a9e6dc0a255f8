// SPDX-License-Identifier: Apache-2.0
/* Random numbers: the first values of given seeds are TensorFlow's own, as its documentation of
 * tf.random.set_seed prints them; the rest are properties. */
#include "tests/lib/session_case.h"

static const OpCase random_ops[] = {
        { "shapes by int64, too", "RandomStandardNormal", "dtype: DT_HALF",
          .in = { I64((2), 2, 3) }, .out = { ANY(HALF, 2, 3) }, .random = true },
        { "makes nothing", "TruncatedNormal", "dtype: DT_DOUBLE", .in = { I32((2), 0, 3) },
          .out = { F64((0, 3)) } },
        { "refuses a negative size", "RandomUniform", "dtype: DT_FLOAT", .in = { I32((1), -1) },
          .fails = SR_INVALID_ARGUMENT, .message = "Dimension -1 must be >= 0" },
        { "draws integers below the bound", "RandomUniformInt", "seed: 1",
          .in = { I32((1), 3), I32((), 7), I32((), 8) }, .out = { I32((3), 7, 7, 7) } },
        { "refuses an empty range", "RandomUniformInt",
          .in = { I32((1), 3), I64((), 5), I64((), 5) }, .fails = SR_INVALID_ARGUMENT,
          .message = "Need minval < maxval, got 5 >= 5" },
        { "takes the widest range", "RandomUniformInt",
          .in = { I32((1), 3), I64((), INT64_MIN), I64((), INT64_MAX) }, .out = { ANY(INT64, 3) },
          .random = true },
        { "shuffles one row to itself", "RandomShuffle", .in = { STR((1), "a") },
          .out = { STR((1), "a") } },
        { "draws the only class", "Multinomial", .in = { F32((1, 2), 0, -INFINITY), I32((), 3) },
          .out = { I64((1, 3), 0, 0, 0) } },
        { "refuses no classes", "Multinomial", .in = { F32((1, 0)), I32((), 3) },
          .fails = SR_INVALID_ARGUMENT, .message = "num_classes should be positive" },
        { "draws zero at rate zero", "RandomPoissonV2", "dtype: DT_INT32",
          .in = { I32((1), 2), F64((1), 0) }, .out = { I32((2, 1), 0, 0) } },
        { "ends at a rate that is none", "RandomPoissonV2", "dtype: DT_FLOAT",
          .in = { I32((1), 1), F64((2), NAN, -1) }, .out = { F32((1, 2), NAN, 0) } },
        { "ends at a shape that is none", "RandomGamma", .in = { I32((1), 1), F32((1), NAN) },
          .out = { F32((1, 1), NAN) } },
        { "repeats without state", "StatelessRandomUniformInt",
          .in = { I32((1), 2), I64((2), 1, 2), I32((), 5), I32((), 6) },
          .out = { I32((2), 5, 5) } },
        { "wants two seeds", "StatelessRandomUniform", "dtype: DT_FLOAT",
          .in = { I32((1), 2), I64((3), 1, 2, 3) }, .fails = SR_INVALID_ARGUMENT,
          .message = "seed must have shape [2], not [3]" },
};
OP_CASES(random, random_ops)

/* One fetch of "y:0" must give this first element. */
static void expect_next(TestSession *s, float want)
{
        autoptr(Tensor) y = NULL;
        expect_ok(test_session_fetch(s, "y:0", &y));
        float got = *(const float *)tensor_data(y);
        cr_assert(fabsf(got - want) < 1e-6f, "%.8g is not %.8g", (double)got, (double)want);
}

Test(random, a_seed_gives_tensorflows_sequence_over_steps)
{
        autoptr(TestSession) s =
                session_of("n = Const int32 [1] { 1 }\n"
                           "y = RandomUniform(n) seed: 1234, seed2: 1, dtype: float");
        expect_next(s, 0.1689806f);
        expect_next(s, 0.7539084f);
}

Test(random, the_default_graph_seed_gives_tensorflows_sequence)
{
        autoptr(TestSession) s =
                session_of("n = Const int32 [1] { 1 }\n"
                           "y = RandomUniform(n) seed: 87654321, seed2: 1, dtype: float");
        expect_next(s, 0.2390374f);
        expect_next(s, 0.2226712f);
}

Test(random, no_seed_gives_another_sequence_each_time)
{
        const char *text = "n = Const int32 [1] { 4 }\ny = RandomUniform(n) dtype: float";
        autoptr(TestSession) a = session_of(text);
        autoptr(TestSession) b = session_of(text);
        autoptr(Tensor) x = NULL;
        autoptr(Tensor) y = NULL;
        expect_ok(test_session_fetch(a, "y:0", &x));
        expect_ok(test_session_fetch(b, "y:0", &y));
        cr_assert(memcmp(tensor_data(x), tensor_data(y), tensor_bytes(x)) != 0);
}

Test(random, a_value_depends_on_its_index_alone)
{
        autoptr(TestSession) s =
                session_of("n = Const int32 [1] { 40000 }\nm = Const int32 [1] { 39998 }\n"
                           "y = TruncatedNormal(n) seed: 3, dtype: float\n"
                           "z = TruncatedNormal(m) seed: 3, dtype: float");
        autoptr(Tensor) y = NULL;
        autoptr(Tensor) z = NULL;
        expect_ok(test_session_fetch(s, "y:0", &y));
        expect_ok(test_session_fetch(s, "z:0", &z));
        cr_assert(!memcmp(tensor_data(y), tensor_data(z), tensor_bytes(z)));
        for (int64_t i = 0; i < tensor_count(y); i++)
                cr_assert(fabs(tensor_double(y, i)) < 2);
}
