// SPDX-License-Identifier: Apache-2.0
/* How costs grow: nodes of a graph, sessions, variables, elements of a queue, rows of a batch. Each
 * row says what one unit costs at that size; its peer is what one unit costs at the smallest size
 * but one, so that a ratio much above 1 is growth beyond the linear. */
#include "bench/stepper.h"
#include "bench/table.h"
#include "tests/lib/graph_builder.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int largest(int n)
{
        return bench_quick() ? n / 10 : n;
}

/* ---- one run, waited for ---- */

typedef struct Wait {
        pthread_mutex_t lock; /* guards done */
        pthread_cond_t cond;
        bool done;
} Wait;

static void run_done(void *arg, Status *s, const RunResult *r UNUSED)
{
        Wait *w = arg;
        bench_must(s);
        pthread_mutex_lock(&w->lock);
        w->done = true;
        pthread_cond_signal(&w->cond);
        pthread_mutex_unlock(&w->lock);
}

static void run_target(Session *s, const char *target)
{
        Wait w = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
        session_run(s, &(RunRequest){ .targets = &target, .n_targets = 1 }, run_done, &w);
        pthread_mutex_lock(&w.lock);
        while (!w.done)
                pthread_cond_wait(&w.cond, &w.lock);
        pthread_mutex_unlock(&w.lock);
}

static Session *session_of(Engine *e, const char *name, const char *graph)
{
        Session *s = NULL;
        GraphSource *src = NULL;
        ExtendResult extended;
        bench_must(engine_create_session(e, &(SessionOptions){ .name = name }, &s));
        if (!graph)
                return s;
        bench_must(graph_text(graph, &src));
        bench_must(session_extend(s, src, false, &extended));
        graph_source_free(src);
        return s;
}

static void end(Engine *e, Session *s)
{
        char name[64];
        snprintf(name, sizeof(name), "%s", session_name(s));
        session_close(s, NULL, NULL);
        session_unref(s);
        status_free(engine_forget(e, name));
}

/* ---- curves ---- */

/* Prints what a unit costs, against what it cost at the first size that was not tiny. */
static void point(const char *what, int n, double seconds, double *first)
{
        char name[64];
        double unit = seconds / n * 1e9;
        snprintf(name, sizeof(name), "%s %d", what, n);
        if (n >= 100 && *first == 0)
                *first = unit;
        table_row(name, n >= 100 ? *first : 0, unit);
}

static void graphs(Engine *e)
{
        double extend = 0, compile = 0, run = 0;
        for (int n = 10; n <= largest(100000); n *= 10) {
                autobuf g = BUF(64 << 20);
                GraphSource *src = NULL;
                ExtendResult extended;
                buf_puts(&g,
                         "d = Const int32 [1] { 1 }\nf = RandomUniform(d) dtype: float, T: int32\n"
                         "n0 = Neg(f) T: float\n");
                for (int i = 1; i < n; i++)
                        buf_printf(&g, "n%d = Add(n%d, n%d) T: float\n", i, i - 1, MAX(i - 2, 0));
                buf_printf(&g, "last = NoOp(^n%d)\n", n - 1);
                Session *s = session_of(e, "curve", NULL);
                bench_must(graph_text(buf_cstr(&g), &src));
                double start = bench_cpu();
                bench_must(session_extend(s, src, false, &extended));
                point("extend, nodes:", n, bench_cpu() - start, &extend);
                graph_source_free(src);
                start = bench_cpu();
                run_target(s, "last");
                point("first run, nodes:", n, bench_cpu() - start, &compile);
                start = bench_cpu();
                run_target(s, "last");
                point("second run, nodes:", n, bench_cpu() - start, &run);
                end(e, s);
        }
}

static void sessions(Engine *e)
{
        double create = 0, close = 0;
        for (int n = 10; n <= largest(10000); n *= 10) {
                Session **s = mem_calloc((size_t)n, sizeof(*s));
                double start = bench_cpu();
                for (int i = 0; i < n; i++) {
                        char name[32];
                        snprintf(name, sizeof(name), "many%d", i);
                        s[i] = session_of(e, name, "a = NoOp()\n");
                        run_target(s[i], "a");
                }
                point("create, extend, run, sessions:", n, bench_cpu() - start, &create);
                start = bench_cpu();
                for (int i = 0; i < n; i++)
                        end(e, s[i]);
                point("close, sessions:", n, bench_cpu() - start, &close);
                mem_free(s);
        }
}

/* NAME, a target that runs all of what0 .. what(n-1), by a chain of groups. */
static void group(Buf *g, const char *name, const char *what, int n)
{
        enum { GROUP = 50 };
        for (int from = 0; from < n; from += GROUP) {
                if (from + GROUP < n)
                        buf_printf(g, "%s_%d = NoOp(^%s%d", name, from, what, from);
                else
                        buf_printf(g, "%s = NoOp(^%s%d", name, what, from);
                for (int i = from + 1; i < MIN(n, from + GROUP); i++)
                        buf_printf(g, ", ^%s%d", what, i);
                if (from)
                        buf_printf(g, ", ^%s_%d", name, from - GROUP);
                buf_puts(g, ")\n");
        }
}

static void variables(Engine *e)
{
        double init = 0, read = 0;
        for (int n = 10; n <= largest(10000); n *= 10) {
                autobuf g = BUF(64 << 20);
                buf_puts(&g, "zero = Const float [] { 0 }\n");
                for (int i = 0; i < n; i++)
                        buf_printf(
                                &g,
                                "v%d = VariableV2() dtype: float, shape: []\n"
                                "a%d = Assign(v%d, zero) T: float\nr%d = Identity(v%d) T: float\n",
                                i, i, i, i, i);
                group(&g, "init", "a", n);
                group(&g, "read", "r", n);
                Session *s = session_of(e, "curve", buf_cstr(&g));
                double start = bench_cpu();
                run_target(s, "init");
                point("initialize, variables:", n, bench_cpu() - start, &init);
                run_target(s, "read");
                start = bench_cpu();
                run_target(s, "read");
                point("read, variables:", n, bench_cpu() - start, &read);
                end(e, s);
        }
}

/* An enqueue at once of n elements, then n dequeues of one. */
static void queues(Engine *e)
{
        double in = 0, out = 0;
        for (int n = 10; n <= largest(100000); n *= 10) {
                autobuf g = BUF(1 << 16);
                buf_printf(&g,
                           "q = FIFOQueueV2() component_types: [float], shapes: [[]]\n"
                           "d = Const int32 [1] { %d }\nv = Const float [] { 1 }\nf = Fill(d, v)\n"
                           "in = QueueEnqueueManyV2(q, f) Tcomponents: [float]\n"
                           "out = QueueDequeueV2(q) component_types: [float]\n",
                           n);
                Session *s = session_of(e, "curve", buf_cstr(&g));
                double start = bench_cpu();
                run_target(s, "in");
                point("enqueue_many, elements:", n, bench_cpu() - start, &in);
                start = bench_cpu();
                for (int i = 0; i < n; i++)
                        run_target(s, "out");
                point("dequeue, elements:", n, bench_cpu() - start, &out);
                end(e, s);
        }
}

/* A matrix product by rows: more rows, same cost each. */
static void batches(Engine *e)
{
        double first = 0;
        for (int n = 1; n <= largest(10000); n *= 10) {
                autobuf g = BUF(1 << 16);
                Tensor *x = NULL;
                bench_must(tensor_new(DT_FLOAT, &SHAPE(n, 256), &x));
                memset(tensor_fill(x), 0, tensor_bytes(x));
                buf_puts(&g, "x = Placeholder dtype: float, shape: [?, 256]\n"
                             "d = Const int32 [2] { 256, 256 }\nv = Const float [] { 0.5 }\n"
                             "w = Fill(d, v)\nm = MatMul(x, w)\nz = Relu(m)\n");
                Stepper *s = stepper_new(e, buf_cstr(&g), x, "z");
                point("MatMul and Relu, rows:", n, stepper_time(s, MAX(2000 / n, 3), bench_cpu),
                      &first);
                stepper_free(s);
        }
}

int main(void)
{
        Engine *e = NULL;
        bench_must(engine_new(&(EngineOptions){ .threads = 2 }, &e));
        table_machine();
        table_begin("growth: CPU time of one unit | of one of 100", "ns");
        graphs(e);
        sessions(e);
        variables(e);
        queues(e);
        batches(e);
        engine_free(e);
        return 0;
}
