// SPDX-License-Identifier: Apache-2.0
/* Sequences worked out anew: a second Philox, written from the paper (Salmon et al. 2011), and what
 * TensorFlow's kernels draw from it, in which order, and how much of it a run passes over. */
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

#include <math.h>
#include <stdio.h>

TestSuite(random_worked, .timeout = 30);

/* ---- the generator ---- */

typedef unsigned __int128 Wide;

typedef struct Gen {
        Wide counter;
        uint64_t key;
} Gen;

/* The seeds of an op: the first is the key, the second the upper half of the counter. */
static Gen by_seeds(uint64_t seed, uint64_t seed2)
{
        return (Gen){ .counter = (Wide)seed2 << 64, .key = seed };
}

static void block(Gen *g, uint32_t x[4])
{
        uint32_t key[2] = { (uint32_t)g->key, (uint32_t)(g->key >> 32) };
        for (int i = 0; i < 4; i++)
                x[i] = (uint32_t)(g->counter >> (32 * i));
        for (int round = 0; round < 10; round++) {
                uint64_t left = (uint64_t)x[0] * 0xd2511f53, right = (uint64_t)x[2] * 0xcd9e8d57;
                uint32_t y[4] = { (uint32_t)(right >> 32) ^ x[1] ^ key[0], (uint32_t)right,
                                  (uint32_t)(left >> 32) ^ x[3] ^ key[1], (uint32_t)left };
                memcpy(x, y, sizeof y);
                key[0] += 0x9e3779b9;
                key[1] += 0xbb67ae85;
        }
        g->counter++;
}

/* The two seeds of a stateless op, scrambled by the generator itself. */
static Gen by_pair(uint64_t a, uint64_t b)
{
        uint32_t x[4];
        Gen g = { .counter = (Wide)b << 64 | a, .key = 0x02461e293ec8f720 };
        block(&g, x);
        return (Gen){ .counter = (Wide)(x[2] | (uint64_t)x[3] << 32) << 64,
                      .key = x[0] | (uint64_t)x[1] << 32 };
}

/* 52 bits: 20 of the first word, all of the second. */
static double unit(uint32_t hi, uint32_t lo)
{
        return ldexp((double)((uint64_t)(hi & 0xfffff) << 32 | lo), -52);
}

/* Numbers two by two, the second first. */
typedef struct Pairs {
        bool normal;
        int left;
        double d[2];
} Pairs;

static double next(Pairs *p, Gen *g)
{
        uint32_t x[4];
        if (!p->left) {
                block(g, x);
                double u = unit(x[0], x[1]), v = unit(x[2], x[3]);
                double r = sqrt(-2 * log(fmax(u, 1e-7)));
                p->d[0] = p->normal ? sin(2 * M_PI * v) * r : u;
                p->d[1] = p->normal ? cos(2 * M_PI * v) * r : v;
                p->left = 2;
        }
        return p->d[--p->left];
}

/* ---- the distributions; g is the sample's own ---- */

static double gamma_of(double alpha, Gen g)
{
        Pairs normals = { .normal = true }, uniforms = { 0 };
        double d = alpha < 1 ? alpha + 2.0 / 3 : alpha - 1.0 / 3;
        if (alpha == 1)
                return -log1p(-next(&uniforms, &g));
        for (;;) {
                double x = next(&normals, &g), v = 1 + x / (3 * sqrt(d));
                if (v <= 0)
                        continue;
                double u = next(&uniforms, &g), x4 = x * x * x * x;
                v = v * v * v;
                if (u >= 1 - 0.0331 * x4 && log(u) >= x * x / 2 + d * (1 - v + log(v)))
                        continue;
                return alpha < 1 ? d * v * pow(next(&uniforms, &g), 1 / alpha) : d * v;
        }
}

static double small_poisson(double rate, Gen g)
{
        Pairs uniforms = { 0 };
        double product = next(&uniforms, &g), n = 0;
        for (; product > exp(-rate); n++)
                product *= next(&uniforms, &g);
        return n;
}

static double poisson_of(double rate, Gen g)
{
        Pairs uniforms = { 0 };
        double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
        if (rate < 10)
                return small_poisson(rate, g);
        for (;;) {
                double u = next(&uniforms, &g) - 0.5, v = next(&uniforms, &g);
                double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + rate + 0.43);
                if (us >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2))
                        return k;
                if (k < 0 || (us < 0.013 && v > us))
                        continue;
                double alpha = 1.1239 + 1.1328 / (b - 3.4);
                if (log(v * alpha / (a / (us * us) + b)) <= k * log(rate) - rate - lgamma(k + 1))
                        return k;
        }
}

typedef double (*Distribution)(double parameter, Gen g);

/* Samples of each parameter in turn have 256 blocks each; they lie one row after another. */
static void expect_samples(const Tensor *got, Distribution f, const double *params, int n, int rows,
                           Gen g)
{
        cr_assert_eq(tensor_count(got), rows * n);
        for (int i = 0; i < rows * n; i++) {
                Gen own = g;
                own.counter += 256 * (Wide)(unsigned)i;
                double want = f(params[i / rows], own),
                       is = tensor_double(got, i % rows * n + i / rows);
                cr_assert(fabs(is - want) <= 1e-12 * fabs(want),
                          "sample %d of %g is %.17g, not %.17g", i % rows, params[i / rows], is,
                          want);
        }
}

/* ---- the ops ---- */

static TestSession *session_of(const char *text)
{
        TestSession *s = NULL;
        expect_ok(test_session_text(text, &s));
        return s;
}

static Tensor *fetch(TestSession *s, const char *name)
{
        Tensor *t = NULL;
        expect_ok(test_session_fetch(s, name, &t));
        return t;
}

enum { ROWS = 40, RUNS = 3 };
static const double alphas[] = { 0.25, 1, 1.5, 30 }, rates[] = { 0.5, 9.75, 10, 400 };

#define PARAMS                                                            \
        "n = Const int32 [1] { 40 }\npair = Const int64 [2] { 11, -5 }\n" \
        "shape = Const int32 [2] { 40, 4 }\n"                             \
        "a = Const double [4] { 0.25, 1, 1.5, 30 }\n"                     \
        "r = Const float [4] { 0.5, 9.75, 10, 400 }\nh = Cast(r) DstT: half\n"

/* Each run passes over 256 blocks a sample. */
static void expect_runs(const char *op, Distribution f, const double *params)
{
        autoptr(TestSession) s = session_of(op);
        Gen g = by_seeds(87654321, 42);
        for (int run = 0; run < RUNS; run++) {
                autoptr(Tensor) t = fetch(s, "y:0");
                expect_samples(t, f, params, 4, ROWS, g);
                g.counter += 256 * ROWS * 4;
        }
}

Test(random_worked, gamma_numbers_follow_marsaglia_and_tsang)
{
        expect_runs(PARAMS "y = RandomGamma(n, a) seed: 87654321, seed2: 42\n", gamma_of, alphas);
}

/* In double, whatever the types. */
Test(random_worked, poisson_numbers_follow_knuth_and_hormann)
{
        expect_runs(PARAMS "y = RandomPoissonV2(n, r) seed: 87654321, seed2: 42, dtype: int32\n",
                    poisson_of, rates);
        expect_runs(PARAMS "y = RandomPoissonV2(n, h) seed: 87654321, seed2: 42, dtype: double\n",
                    poisson_of, rates);
        expect_runs(PARAMS "y = RandomPoisson(n, r) seed: 87654321, seed2: 42\n", poisson_of,
                    rates);
}

Test(random_worked, stateless_ones_begin_where_a_pair_of_seeds_says)
{
        autoptr(TestSession) s =
                session_of(PARAMS "g = StatelessRandomGammaV2(shape, pair, a)\n"
                                  "p = StatelessRandomPoisson(shape, pair, r) dtype: int64\n");
        autoptr(Tensor) g = fetch(s, "g:0");
        autoptr(Tensor) p = fetch(s, "p:0");
        expect_samples(g, gamma_of, alphas, 4, ROWS, by_pair(11, (uint64_t)-5));
        expect_samples(p, poisson_of, rates, 4, ROWS, by_pair(11, (uint64_t)-5));
}

/* ---- classes ---- */

enum { CLASSES = 4, SAMPLES = 7 };
static const double logits[2][CLASSES] = { { 0, 1, -1, 2 }, { 5, -3, -INFINITY, 5.5 } };
#define LOGITS                                                                                 \
        "x = Const float [2, 4] { 0, 1, -1, 2, 5, -3, -inf, 5.5 }\nn = Const int32 [] { 7 }\n" \
        "pair = Const int64 [2] { 11, -5 }\n"

/* One after another from two words each, by the cumulative weights that they reach. */
static void expect_classes(const Tensor *got, Gen g)
{
        uint32_t x[4];
        for (int i = 0; i < 2 * SAMPLES; i++) {
                const double *row = logits[i / SAMPLES];
                double total = 0, sum = 0, max = fmax(fmax(row[0], row[1]), row[3]);
                int class = 0;
                for (int k = 0; k < CLASSES; k++)
                        total += exp(row[k] - max);
                if (i % 2 == 0)
                        block(&g, x);
                double at = unit(x[i % 2 * 2], x[i % 2 * 2 + 1]) * total;
                while ((sum += exp(row[class] - max)) <= at)
                        class ++;
                cr_assert_eq(tensor_int(got, i), class, "sample %d is %d, not %d", i,
                             (int)tensor_int(got, i), class);
        }
}

Test(random_worked, classes_are_drawn_by_their_weights)
{
        autoptr(TestSession) s =
                session_of(LOGITS "y = Multinomial(x, n) seed: 87654321, seed2: 42\n"
                                  "z = StatelessMultinomial(x, n, pair)\n");
        Gen g = by_seeds(87654321, 42);
        for (int run = 0; run < RUNS; run++) {
                autoptr(Tensor) t = fetch(s, "y:0");
                expect_classes(t, g);
                g.counter += 256 * 2 * 2 * 8; /* two words, two rows, samples by fours */
        }
        autoptr(Tensor) z = fetch(s, "z:0");
        expect_classes(z, by_pair(11, (uint64_t)-5));
}

/* ---- orders ---- */

/* From the front, each place changes with one behind it or itself; one word each. */
Test(random_worked, rows_change_places_from_the_front)
{
        enum { N = 11 };
        autoptr(TestSession) s = session_of("a = Const int32 [] { 0 }\nb = Const int32 [] { 11 }\n"
                                            "d = Const int32 [] { 1 }\nx = Range(a, b, d)\n"
                                            "y = RandomShuffle(x) seed: 87654321, seed2: 42\n");
        Gen g = by_seeds(87654321, 42);
        for (int run = 0; run < RUNS; run++) {
                uint32_t x[4], order[N];
                autoptr(Tensor) t = fetch(s, "y:0");
                for (uint32_t i = 0; i < N; i++)
                        order[i] = i;
                for (uint32_t i = 0; i + 1 < N; i++) {
                        if (i % 4 == 0)
                                block(&g, x);
                        uint32_t j = i + x[i % 4] % (N - i), v = order[i];
                        order[i] = order[j];
                        order[j] = v;
                }
                for (int i = 0; i < N; i++)
                        cr_assert_eq(tensor_int(t, i), order[i], "place %d in run %d", i, run);
        }
}
