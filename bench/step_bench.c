// SPDX-License-Identifier: Apache-2.0
/* What a step costs: nothing, many cheap nodes, a loop, and matrix products on one and two threads.
 * Peers are bare loops of the same arithmetic, and of the same BLAS calls, in the same process.
 * usage: step_bench [steps | products | tails] */
#include "bench/stepper.h"
#include "bench/table.h"

#include <cblas.h>
#include <pthread.h>
#include <string.h>

enum { CHAIN = 1000, ITERATIONS = 10000, WIDE = 16, SIDE = 192, ROUNDS = 9 };

static int rounds(int n)
{
        return bench_quick() ? MAX(n / 10, 1) : n;
}

static Tensor *filled(int64_t rows, int64_t cols)
{
        Tensor *t = NULL;
        Shape shape = { .rank = rows ? 2 : 0, .dim = { rows, cols } };
        bench_must(tensor_new(DT_FLOAT, &shape, &t));
        float *v = tensor_fill(t);
        for (int64_t i = 0; i < (rows ? rows * cols : 1); i++)
                v[i] = 1.0f / (float)(1 + i % 7);
        return t;
}

/* ---- peers ---- */

static float plus(float a, float b)
{
        return a + b;
}

/* A chain of calls that the compiler cannot see through. */
static double time_calls(int n)
{
        float (*volatile f)(float, float) = plus;
        volatile float sink;
        double v[ROUNDS];
        for (int r = 0; r < ROUNDS; r++) {
                float x = 1;
                double start = bench_cpu();
                for (int i = 0; i < n; i++)
                        x = f(x, 1);
                sink = x;
                v[r] = bench_cpu() - start;
        }
        (void)sink;
        return bench_best(v, ROUNDS);
}

typedef struct Products {
        const float *a, *b;
        float *out;
        int n;
} Products;

static void *multiply(void *arg)
{
        const Products *p = arg;
        for (int i = 0; i < p->n; i++)
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIDE, SIDE, SIDE, 1, p->a,
                            SIDE, p->b, SIDE, 0, p->out + (size_t)i * SIDE * SIDE, SIDE);
        return NULL;
}

/* WIDE products by one thread, or half of them by each of two. */
static double time_products(const Tensor *x, int threads)
{
        Tensor *out = filled((int64_t)2 * WIDE * SIDE, SIDE);
        Products p[2];
        for (int i = 0; i < 2; i++)
                p[i] = (Products){ tensor_data(x), tensor_data(x),
                                   (float *)tensor_fill(out) + (size_t)i * WIDE * SIDE * SIDE,
                                   WIDE / threads };
        double v[ROUNDS];
        for (int r = 0; r < ROUNDS; r++) {
                pthread_t other;
                double start = bench_now();
                bool two = threads == 2 && pthread_create(&other, NULL, multiply, &p[1]) == 0;
                multiply(&p[0]);
                if (two)
                        pthread_join(other, NULL);
                v[r] = bench_now() - start;
        }
        tensor_unref(out);
        return bench_best(v, ROUNDS);
}

/* ---- graphs ---- */

static void chain(Buf *g)
{
        buf_puts(g, "x = Placeholder dtype: float, shape: []\none = Const float [] { 1 }\n"
                    "n0 = Add(x, one)\n");
        for (int i = 1; i < CHAIN; i++)
                buf_printf(g, "n%d = Add(n%d, one)\n", i, i - 1);
}

static void products(Buf *g)
{
        buf_printf(g,
                   "x = Placeholder dtype: float, shape: [%d, %d]\n"
                   "dims = Const int32 [2] { %d, %d }\n",
                   SIDE, SIDE, SIDE, SIDE);
        /* Each has a factor of its own, so that none can be merged with another. */
        for (int i = 0; i < WIDE; i++)
                buf_printf(g,
                           "c%d = Const float [] { %d }\nw%d = Fill(dims, c%d)\n"
                           "m%d = MatMul(x, w%d)\n",
                           i, i, i, i, i, i);
        buf_puts(g, "all = NoOp(");
        for (int i = 0; i < WIDE; i++)
                buf_printf(g, "%s^m%d", i ? ", " : "", i);
        buf_puts(g, ")\n");
}

#define ONE_ADD                                     \
        "x = Placeholder dtype: float, shape: []\n" \
        "one = Const float [] { 1 }\ny = Add(x, one)\n"

/* i < ITERATIONS: i += 1, a *= 1, b = a + a: Less, LoopCond, two Add, one Mul. */
static const char loop[] = "zero = Const int32 [] { 0 }\n"
                           "x = Placeholder dtype: float, shape: []\n"
                           "ei = Enter(zero) frame_name: \"f\", T: int32\n"
                           "ea = Enter(x) frame_name: \"f\", T: float\n"
                           "mi = Merge(ei, ni) N: 2, T: int32\n"
                           "ma = Merge(ea, na) N: 2, T: float\n"
                           "end = Const int32 [] { 10000 }\n"
                           "ee = Enter(end) frame_name: \"f\", is_constant: true, T: int32\n"
                           "less = Less(mi, ee) T: int32\n"
                           "cond = LoopCond(less)\n"
                           "si = Switch(mi, cond) T: int32\n"
                           "sa = Switch(ma, cond) T: float\n"
                           "one = Const int32 [] { 1 }\n"
                           "eo = Enter(one) frame_name: \"f\", is_constant: true, T: int32\n"
                           "half = Const float [] { 0.5 }\n"
                           "eh = Enter(half) frame_name: \"f\", is_constant: true, T: float\n"
                           "pi = Add(si:1, eo) T: int32\n"
                           "pm = Mul(sa:1, eh) T: float\n"
                           "pa = Add(pm, eh) T: float\n"
                           "ni = NextIteration(pi) T: int32\n"
                           "na = NextIteration(pa) T: float\n"
                           "xi = Exit(si) T: int32\n"
                           "xa = Exit(sa) T: float\n";

/* ---- cases ---- */

static double time_graph(Engine *e, const char *graph, Tensor *x, const char *fetch, int n,
                         double (*clock)(void), double *ret_mallocs)
{
        Stepper *s = stepper_new(e, graph, x, fetch);
        double seconds = stepper_time(s, n, clock);
        int64_t before = mem_stats().mallocs;
        for (int i = 0; i < 10; i++)
                stepper_step(s);
        *ret_mallocs = (double)(mem_stats().mallocs - before) / 10;
        stepper_free(s);
        return seconds;
}

static void overhead(Engine *e)
{
        autobuf g = BUF(1 << 20);
        double mallocs[4];
        chain(&g);
        table_begin("step: CPU time | a call per node", "us");
        double t = time_graph(e, "nothing = NoOp()\n", NULL, "nothing", rounds(20000), bench_cpu,
                              &mallocs[0]);
        table_row("null step (one NoOp)", 0, t * 1e6);
        t = time_graph(e, buf_cstr(&g), filled(0, 0), "n0:0", rounds(20000), bench_cpu,
                       &mallocs[1]);
        table_row("one Add, one feed, one fetch", 0, t * 1e6);
        t = time_graph(e, buf_cstr(&g), filled(0, 0), "n999:0", rounds(500), bench_cpu,
                       &mallocs[2]);
        table_row("chain of 1,000 scalar Adds", time_calls(CHAIN) * 1e6, t * 1e6);
        table_note("%.0f ns per node", t * 1e9 / CHAIN);
        t = time_graph(e, loop, filled(0, 0), "xa:0", rounds(20), bench_cpu, &mallocs[3]);
        table_row("v1 while, 10,000 iterations of 5 ops", time_calls(5 * ITERATIONS) * 1e6,
                  t * 1e6);
        table_note("%.0f ns per iteration, %.0f per op of the body", t * 1e9 / ITERATIONS,
                   t * 1e9 / ITERATIONS / 5);
        table_note("tensor mallocs per steady step: null %.1f, one Add %.1f, chain %.1f, loop %.1f",
                   mallocs[0], mallocs[1], mallocs[2], mallocs[3]);
}

/* The same two through a callable, whose names are looked up once. */
static void callables(Engine *e)
{
        Stepper *s = stepper_new(e, "nothing = NoOp()\n", NULL, "nothing");
        stepper_prepare(s);
        table_row("null step through a callable", 0,
                  stepper_time(s, rounds(20000), bench_cpu) * 1e6);
        stepper_free(s);
        s = stepper_new(e, ONE_ADD, filled(0, 0), "y:0");
        stepper_prepare(s);
        table_row("one Add, one feed, one fetch, the same", 0,
                  stepper_time(s, rounds(20000), bench_cpu) * 1e6);
        stepper_free(s);
}

/* ---- tails ---- */

enum { TAIL_STEPS = 200000 };

typedef struct Tail {
        Stepper *s;
        int n;
        double *v;
} Tail;

static void *step_and_time(void *arg)
{
        Tail *t = arg;
        t->v = stepper_each(t->s, t->n);
        return NULL;
}

static void print_tail(const char *name, double *v, int n)
{
        double p50 = bench_median(v, n); /* sorts */
        table_row(name, p50 * 1e6, v[n - 1 - n / 100] * 1e6);
        table_note("p99.9 %.4g us, longest %.4g us", v[n - 1 - n / 1000] * 1e6, v[n - 1] * 1e6);
}

/* Two sessions that step all the time, each on a thread of its own: both cores are busy. */
static void tails(Engine *e, const char *name, const char *graph, Tensor *x, const char *fetch,
                  int n)
{
        Tail t[2] = { { stepper_new(e, graph, tensor_ref(x), fetch), n, NULL },
                      { stepper_new(e, graph, x, fetch), n, NULL } };
        pthread_t other;
        char alone[80];
        for (int i = 0; i < 2; i++)
                mem_free(stepper_each(t[i].s, n / 10));
        double *v = stepper_each(t[0].s, n);
        snprintf(alone, sizeof(alone), "%s, alone", name);
        print_tail(alone, v, n);
        mem_free(v);
        bool two = pthread_create(&other, NULL, step_and_time, &t[1]) == 0;
        step_and_time(&t[0]);
        if (two)
                pthread_join(other, NULL);
        print_tail(name, t[0].v, n);
        for (int i = 0; i < 2; i++) {
                mem_free(t[i].v);
                stepper_free(t[i].s);
        }
}

static void all_tails(Engine *e)
{
        autobuf g = BUF(1 << 20);
        tails(e, "one Add, two sessions at once", ONE_ADD, filled(0, 0), "y:0", rounds(TAIL_STEPS));
        chain(&g);
        tails(e, "chain of 100, two sessions", buf_cstr(&g), filled(0, 0), "n99:0",
              rounds(TAIL_STEPS / 10));
        buf_reset(&g);
        products(&g);
        tails(e, "16 MatMul 192x192, two sessions", buf_cstr(&g), filled(SIDE, SIDE), "all",
              rounds(TAIL_STEPS / 100));
}

static void matmuls(Engine *e, int threads)
{
        autobuf g = BUF(1 << 20);
        char name[64];
        double mallocs;
        Tensor *x = filled(SIDE, SIDE);
        products(&g);
        double peer = time_products(x, threads);
        double t = time_graph(e, buf_cstr(&g), x, "all", rounds(50), bench_now, &mallocs);
        snprintf(name, sizeof(name), "%d MatMul %dx%d, %d thread%s", WIDE, SIDE, SIDE, threads,
                 threads > 1 ? "s" : "");
        table_row(name, peer * 1e3, t * 1e3);
        table_note("tensor mallocs per steady step: %.1f", mallocs);
}

static void *step_often(void *arg)
{
        for (int i = 0; i < rounds(50); i++)
                stepper_step(arg);
        return NULL;
}

/* Two sessions, each stepped by its own thread: both cores should be busy with products. */
static void two_sessions(Engine *e)
{
        autobuf g = BUF(1 << 20);
        Tensor *x = filled(SIDE, SIDE);
        products(&g);
        double peer = time_products(x, 2) * 2;
        Stepper *s[2] = { stepper_new(e, buf_cstr(&g), tensor_ref(x), "all"),
                          stepper_new(e, buf_cstr(&g), tensor_ref(x), "all") };
        double v[ROUNDS];
        for (int r = 0; r < ROUNDS; r++) {
                pthread_t other;
                double start = bench_now();
                bool two = pthread_create(&other, NULL, step_often, s[1]) == 0;
                step_often(s[0]);
                if (two)
                        pthread_join(other, NULL);
                v[r] = (bench_now() - start) / rounds(50);
        }
        table_row("two sessions at once, both on 2 threads", peer * 1e3,
                  bench_best(v, ROUNDS) * 1e3);
        stepper_free(s[0]);
        stepper_free(s[1]);
        tensor_unref(x);
}

static bool wanted(int argc, char **argv, const char *part)
{
        return argc < 2 || strcmp(argv[1], part) == 0;
}

int main(int argc, char **argv)
{
        Engine *one = NULL, *two = NULL;
        bench_must(engine_new(&(EngineOptions){ .threads = 1 }, &one));
        bench_must(engine_new(&(EngineOptions){ .threads = 2 }, &two));
        table_machine();
        if (wanted(argc, argv, "steps")) {
                overhead(two);
                callables(two);
        }
        if (wanted(argc, argv, "products")) {
                table_begin("matrix products: time | sgemm", "ms");
                matmuls(one, 1);
                matmuls(two, 2);
                two_sessions(two);
        }
        if (wanted(argc, argv, "tails")) {
                table_begin("waiting times on two busy cores: p99 | p50", "us");
                all_tails(two);
        }
        engine_free(one);
        engine_free(two);
        return 0;
}
