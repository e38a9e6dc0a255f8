// SPDX-License-Identifier: Apache-2.0
/* What a step of a real network costs: MobileNet v1 and ResNet-50 in a session of this process, on
 * one and two threads, one picture and eight, weights as constants and as variables. The peer is
 * ONNX Runtime in node, on the same network; without it the column stays empty. And what weights
 * as bfloat16 gain, and how far results are then off; and what a warm-up gains by trying. First
 * steps are measured in processes of their own. usage: model_bench [MODEL [BATCH [THREADS]]], each
 * of which may be "-" */
#include "bench/memory.h"
#include "bench/model_bench_first.h"
#include "bench/models.h"
#include "bench/stepper.h"
#include "bench/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Case {
        const char *model;
        int batch, threads;
} Case;

/* What else a session of constants showed. */
typedef struct Found {
        char name[64];
        FirstStep first;
        double steady, steady_cpu; /* milliseconds: the best, the mean */
        double mallocs;            /* of tensors, per steady step */
        StepMemory memory;
} Found;

/* Milliseconds of ONNX Runtime; 0 when it is not there. */
static double time_peer(const Case *c, double *ret_cpu)
{
        char command[256], line[64] = "", *end;
        *ret_cpu = 0;
        if (getenv("SESSRUN_BENCH_NO_PEER"))
                return 0;
        snprintf(command, sizeof(command), "node bench/model_peer.mjs %s %d %d 2>/dev/null",
                 c->model, c->batch, c->threads);
        FILE *f = popen(command, "r");
        if (f && !fgets(line, sizeof(line), f))
                line[0] = 0;
        if (f)
                pclose(f);
        double best = strtod(line, &end);
        *ret_cpu = strtod(end, NULL);
        return best;
}

/* Milliseconds of the best of single steps over a second or so by the clock, the peer's way, and of
 * the mean one by CPU time: what threads on other processors have used the kernel counts now and
 * then only. */
static double time_best(Stepper *s, int batch, double *ret_cpu)
{
        double best = 1e9, cpu = bench_cpu();
        double end = bench_now() + (bench_quick() ? 0.1 : 1) * (1 + 0.2 * batch);
        int n = 0;
        for (; n < 5 || bench_now() < end; n++) {
                double start = bench_now();
                stepper_step(s);
                best = MIN(best, bench_now() - start);
        }
        *ret_cpu = (bench_cpu() - cpu) / n * 1e3;
        return best * 1e3;
}

static double steady_mallocs(Stepper *s)
{
        enum { STEPS = 10 };
        for (int i = 0; i < 2 * STEPS; i++)
                stepper_step(s);
        int64_t before = mem_stats().mallocs;
        for (int i = 0; i < STEPS; i++)
                stepper_step(s);
        return (double)(mem_stats().mallocs - before) / STEPS;
}

static void measure(Engine *e, const Case *c, bool variables, double peer, double peer_cpu,
                    Found *f)
{
        char name[64];
        double cpu;
        int64_t floats;
        GraphSource *src = NULL;
        bench_must(model_source(c->model, variables, &src, &floats));
        Stepper *s = stepper_of(e, src, model_pictures(c->batch), "softmax:0");
        if (variables)
                stepper_target(s, "init");
        snprintf(name, sizeof(name), "%s, %s, batch %d, %d thread%s", c->model,
                 variables ? "variables" : "constants", c->batch, c->threads,
                 c->threads > 1 ? "s" : "");
        double best = time_best(s, c->batch, &cpu);
        table_row(name, peer, best);
        table_note("CPU time: %.4g ms, peer %.4g ms, ratio %.2f", cpu, peer_cpu,
                   peer_cpu > 0 ? cpu / peer_cpu : 0);
        if (!variables) {
                *f = (Found){ .steady = best, .steady_cpu = cpu };
                memcpy(f->name, name, sizeof(name));
                f->mallocs = steady_mallocs(s);
                f->memory = step_memory(s);
        }
        stepper_free(s);
}

/* ---- weights as bfloat16 ---- */

/* A session of constants. */
static Stepper *constant_stepper(Engine *e, const Case *c, bool narrow, const char *fetch)
{
        Tensorflow__RewriterConfig rewriter = TENSORFLOW__REWRITER_CONFIG__INIT;
        Tensorflow__GraphOptions graph = TENSORFLOW__GRAPH_OPTIONS__INIT;
        ConfigProto config = TENSORFLOW__CONFIG_PROTO__INIT;
        GraphSource *src = NULL;
        int64_t floats;
        rewriter.auto_mixed_precision_mkl = TENSORFLOW__REWRITER_CONFIG__TOGGLE__ON;
        graph.rewrite_options = &rewriter;
        config.graph_options = &graph;
        bench_must(model_source(c->model, false, &src, &floats));
        return stepper_with(e, narrow ? &config : NULL, src, model_pictures(c->batch), fetch);
}

/* Largest difference over the largest value of a. */
static double difference(Engine *e, const Case *c, const char *fetch)
{
        double most = 0, size = 0;
        Tensor *t[2];
        for (int i = 0; i < 2; i++) {
                Stepper *s = constant_stepper(e, c, i, fetch);
                t[i] = stepper_value(s);
                stepper_free(s);
        }
        for (int64_t i = 0; i < tensor_count(t[0]); i++) {
                size = MAX(size, fabs(tensor_double(t[0], i)));
                most = MAX(most, fabs(tensor_double(t[0], i) - tensor_double(t[1], i)));
        }
        tensor_unref(t[0]);
        tensor_unref(t[1]);
        return most / size;
}

/* A row of steps of both kinds in turn, so that both have the same machine. */
static void compare(const Case *c, Stepper *const s[2])
{
        char name[64];
        double best[2] = { 1e9, 1e9 }, cpu;
        for (int round = 0; round < 3; round++)
                for (int i = 0; i < 2; i++)
                        best[i] = MIN(best[i], time_best(s[i], c->batch, &cpu));
        snprintf(name, sizeof(name), "%s, batch %d, %d thread%s", c->model, c->batch, c->threads,
                 c->threads > 1 ? "s" : "");
        table_row(name, best[0], best[1]);
}

static void measure_narrow(Engine *e, const Case *c)
{
        Stepper *s[2] = { constant_stepper(e, c, false, "softmax:0"),
                          constant_stepper(e, c, true, "softmax:0") };
        compare(c, s);
        stepper_free(s[0]);
        stepper_free(s[1]);
        table_note("largest difference over largest value: logits %.2g, softmax %.2g",
                   difference(e, c, "logits:0"), difference(e, c, "softmax:0"));
}

/* ---- ways that a warm-up has tried ---- */

/* The first session has gone the model's ways before, and keeps to them. */
static void measure_tuned(Engine *e, const Case *c)
{
        Stepper *s[2] = { constant_stepper(e, c, false, "softmax:0"),
                          constant_stepper(e, c, false, "softmax:0") };
        stepper_step(s[0]);
        double start = bench_now();
        stepper_tune(s[1]);
        double warm_up = (bench_now() - start) * 1e3;
        compare(c, s);
        table_note("the warm-up took %.4g ms", warm_up);
        stepper_free(s[0]);
        stepper_free(s[1]);
}

static void print_found(const Found *f, size_t n)
{
        table_begin("first step of a process | a steady one", "ms");
        for (size_t i = 0; i < n; i++) {
                const FirstStep *first = &f[i].first;
                table_row(f[i].name, f[i].steady, first->ms);
                table_note("CPU time: first %.4g, steady %.4g ms; page faults that waited for a "
                           "disk: %.0f",
                           first->cpu, f[i].steady_cpu, first->reads);
                table_note("%.4g MB of it from the system, which takes %.3g ms to give so many",
                           first->fresh / 1e6, memory_fresh_ms(first->fresh));
                table_note("keeps %.4g MB of packed weights and plan; %.1f tensor mallocs per "
                           "steady step",
                           first->packed / 1e6, f[i].mallocs);
        }
        table_begin("first after :warmup | a steady one", "ms");
        for (size_t i = 0; i < n; i++) {
                table_row(f[i].name, f[i].steady, f[i].first.warmed);
                table_note("CPU time: %.4g, steady %.4g ms", f[i].first.warmed_cpu,
                           f[i].steady_cpu);
        }
        table_begin("peak of a step | the least for its plan", "MB");
        for (size_t i = 0; i < n; i++) {
                table_row(f[i].name, f[i].memory.needed / 1e6, f[i].memory.peak / 1e6);
                table_note("scratch in it: at most %.4g MB", f[i].memory.scratch / 1e6);
        }
}

static int number(const char *text)
{
        return (int)strtol(text, NULL, 10);
}

/* Argument i, where it is given and not "-". */
static const char *given(int argc, char **argv, int i)
{
        return i < argc && strcmp(argv[i], "-") != 0 ? argv[i] : NULL;
}

/* Is the case among those that the command line names? A quick run has single pictures only. */
static bool chosen(const Case *c, int argc, char **argv)
{
        const char *model = given(argc, argv, 1), *batch = given(argc, argv, 2);
        const char *threads = given(argc, argv, 3);
        if (bench_quick() && !batch && c->batch > 1)
                return false;
        return (!model || !strcmp(model, c->model)) && (!batch || c->batch == number(batch)) &&
               (!threads || c->threads == number(threads));
}

int main(int argc, char **argv)
{
        static const Case cases[] = {
                { "mobilenet", 1, 1 }, { "mobilenet", 1, 2 }, { "mobilenet", 8, 1 },
                { "mobilenet", 8, 2 }, { "resnet50", 1, 1 },  { "resnet50", 1, 2 },
                { "resnet50", 8, 1 },  { "resnet50", 8, 2 },
        };
        Engine *engines[3] = { NULL };
        Found found[COUNTOF(cases)];
        size_t n = 0;
        if (argc == 5 && !strcmp(argv[1], FIRST_STEP_OPTION)) {
                first_step_child(argv[2], number(argv[3]), number(argv[4]));
                return 0;
        }
        for (int k = 1; k <= 2; k++)
                bench_must(engine_new(&(EngineOptions){ .threads = k }, &engines[k]));
        bench_share_environment();
        table_machine();
        table_begin("model: time of a step | ONNX Runtime", "ms");
        for (size_t i = 0; i < COUNTOF(cases); i++) {
                const Case *c = &cases[i];
                if (!chosen(c, argc, argv))
                        continue;
                double peer_cpu, peer = time_peer(c, &peer_cpu);
                for (int variables = 0; variables < 2; variables++)
                        measure(engines[c->threads], c, variables, peer, peer_cpu, &found[n]);
                found[n++].first = first_step(argv[0], c->model, c->batch, c->threads);
        }
        table_begin("weights as bfloat16 | as float", "ms");
        for (size_t i = 0; i < COUNTOF(cases); i++)
                if (chosen(&cases[i], argc, argv))
                        measure_narrow(engines[cases[i].threads], &cases[i]);
        table_begin("after a warm-up with trials | without", "ms");
        for (size_t i = 0; i < COUNTOF(cases); i++)
                if (chosen(&cases[i], argc, argv))
                        measure_tuned(engines[cases[i].threads], &cases[i]);
        print_found(found, n);
        engine_free(engines[1]);
        engine_free(engines[2]);
        return 0;
}
