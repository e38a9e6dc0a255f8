// SPDX-License-Identifier: Apache-2.0
/* What a step of other work costs: recurrent loops, lookups with dense layers, attention, training
 * steps, in a session of this process, on one and two threads. Peers are ONNX Runtime in node and
 * PyTorch (eager and compiled), with the same numbers: a row for each, and what differs is said.
 * usage: work_bench [WORK [BATCH [THREADS]]], each of which may be "-" */
#include "bench/stepper.h"
#include "bench/table.h"
#include "bench/works.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEERS_MAX = 4, TRAIN_STEPS = 5 };

/* What a program says of one way to do the work. */
typedef struct Peer {
        char name[32];
        double ms, cpu, check;
} Peer;

/* Adds what the command prints, lines of "MS CPU CHECK NAME". */
static int ask(const char *command, Peer *peers, int n)
{
        char line[128];
        FILE *f = popen(command, "r");
        while (f && n < PEERS_MAX && fgets(line, sizeof(line), f)) {
                char *at = line;
                Peer *p = &peers[n];
                p->ms = strtod(at, &at);
                p->cpu = strtod(at, &at);
                p->check = strtod(at, &at);
                snprintf(p->name, sizeof(p->name), "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
                n += p->ms > 0;
        }
        if (f)
                pclose(f);
        return n;
}

/* Debian's BLAS makes threads of its own, as many as its variable says. */
static int time_peers(const Work *w, int threads, Peer *peers)
{
        char command[256];
        int n = 0;
        if (getenv("SESSRUN_BENCH_NO_PEER"))
                return 0;
        snprintf(command, sizeof(command), "node bench/work_peer.mjs %s %d %d 2>/dev/null", w->name,
                 w->batch, threads);
        n = ask(command, peers, n);
        if (bench_quick()) /* PyTorch takes seconds to begin */
                return n;
        snprintf(command, sizeof(command),
                 "OPENBLAS_NUM_THREADS=%d OMP_NUM_THREADS=%d /usr/bin/python3 bench/work_peer.py "
                 "%s %d %d 2>/dev/null",
                 threads, threads, w->name, w->batch, threads);
        return ask(command, peers, n);
}

/* Milliseconds of the best of single steps over a second by the clock, and of the mean one by CPU
 * time: what threads on other processors have used the kernel counts now and then only. */
static double time_best(Stepper *s, double *ret_cpu)
{
        double best = 1e9, end = bench_now() + (bench_quick() ? 0.1 : 1.5), cpu = bench_cpu();
        int n = 0;
        for (; n < 5 || bench_now() < end; n++) {
                double start = bench_now();
                stepper_step(s);
                best = MIN(best, bench_now() - start);
        }
        *ret_cpu = (bench_cpu() - cpu) / n * 1e3;
        return best * 1e3;
}

/* One number of the result: the mean size of its elements; of training, the loss of step 5. */
static double check(const Work *w, Stepper *s)
{
        double sum = 0;
        for (int i = 1; w->trains && i < TRAIN_STEPS; i++)
                stepper_step(s);
        Tensor *t = stepper_value(s);
        const float *v = tensor_data(t);
        for (int64_t i = 0; i < tensor_count(t); i++)
                sum += fabs(v[i]);
        sum /= (double)tensor_count(t);
        tensor_unref(t);
        return sum;
}

static void measure(Engine *e, const Work *w, int threads)
{
        Peer peers[PEERS_MAX];
        char name[256];
        Tensor *x;
        double cpu;
        GraphSource *src = NULL;
        int n = time_peers(w, threads, peers);
        bench_must(work_source(w, &src));
        bench_must(work_input(w, &x));
        Stepper *s = stepper_of(e, src, x, "out:0");
        if (w->trains)
                stepper_target(s, "init");
        double value = check(w, s), ours = time_best(s, &cpu);
        for (int i = 0; i < MAX(n, 1); i++) {
                snprintf(name, sizeof(name), "%s, batch %d, %d thr.%s%s", w->name, w->batch,
                         threads, n ? " | " : "", n ? peers[i].name : "");
                table_row(name, n ? peers[i].ms : 0, ours);
                if (n)
                        table_note("CPU time: %.4g ms, peer %.4g ms, ratio %.2f", cpu, peers[i].cpu,
                                   cpu / peers[i].cpu);
                else
                        table_note("CPU time: %.4g ms", cpu);
                /* Different orders of sums, and several steps of them. */
                if (n && !(fabs(peers[i].check - value) <= 1e-3 * fabs(value)))
                        table_note("DIFFERENT RESULTS: %.6g, peer %.6g", value, peers[i].check);
        }
        stepper_free(s);
}

/* Is the command line's word i this one, or does it leave the choice? */
static bool chosen(int argc, char **argv, int i, const char *is)
{
        return argc <= i || !strcmp(argv[i], "-") || !strcmp(argv[i], is);
}

int main(int argc, char **argv)
{
        int n;
        const Work *w = works(&n);
        bench_share_environment();
        table_machine();
        table_begin("work: time of a step | peer", "ms");
        for (int threads = 1; threads <= 2; threads++) {
                Engine *e;
                char batch[16], t[16];
                bench_must(engine_new(&(EngineOptions){ .threads = threads }, &e));
                snprintf(t, sizeof(t), "%d", threads);
                for (int i = 0; i < n; i++) {
                        snprintf(batch, sizeof(batch), "%d", w[i].batch);
                        if (chosen(argc, argv, 1, w[i].name) && chosen(argc, argv, 2, batch) &&
                            chosen(argc, argv, 3, t))
                                measure(e, &w[i], threads);
                }
                engine_free(e);
        }
        return 0;
}
