// SPDX-License-Identifier: Apache-2.0
/* Right before a first step a process takes more memory than the step will, touches it and gives it
 * back, and reads the files that its code is in. A virtual machine waits for its host at each page
 * that it never had, or gave back while nobody used it, and some machines drop what they have read
 * of files within seconds: first steps would look two to ten times as long as they are. */
#include "bench/model_bench_first.h"

#include "bench/memory.h"
#include "bench/models.h"
#include "bench/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* More than any first step here takes; twice, because the kernel joins what is given back with free
 * memory beside it, which the step may be given instead. */
enum { WARM_GB = 1, WARMS = 2 };
enum { PROCESSES = 5, NUMBERS = sizeof(FirstStep) / sizeof(double) };

static double disk_reads(void)
{
        struct rusage r;
        getrusage(RUSAGE_SELF, &r);
        return (double)r.ru_majflt;
}

/* *ret_cpu: of all threads. Returns milliseconds by the clock. */
static double timed_step(Stepper *s, double *ret_cpu)
{
        double start = bench_now(), start_cpu = bench_cpu();
        stepper_step(s);
        *ret_cpu = (bench_cpu() - start_cpu) * 1e3;
        return (bench_now() - start) * 1e3;
}

static Stepper *new_session(Engine *e, const char *model, int batch)
{
        GraphSource *src = NULL;
        int64_t floats;
        bench_must(model_source(model, false, &src, &floats));
        return stepper_of(e, src, model_pictures(batch), "softmax:0");
}

static void time_first(Stepper *s, FirstStep *f)
{
        for (int i = 0; i < WARMS; i++)
                memory_warm((size_t)WARM_GB << 30);
        memory_read_program();
        double resident = memory_resident(), reads = disk_reads();
        int64_t blocks = mem_stats().block_bytes;
        f->ms = timed_step(s, &f->cpu);
        f->fresh = memory_resident() - resident;
        f->packed = (double)(mem_stats().block_bytes - blocks);
        f->reads = disk_reads() - reads;
}

static void time_warmed(Stepper *s, int batch, FirstStep *f)
{
        Tensor *zeros = model_pictures(batch);
        memset(tensor_fill(zeros), 0, tensor_bytes(zeros));
        stepper_feed(s, zeros);
        stepper_tune(s);
        stepper_feed(s, model_pictures(batch));
        f->warmed = timed_step(s, &f->warmed_cpu);
}

void first_step_child(const char *model, int batch, int threads)
{
        Engine *e = NULL;
        FirstStep f;
        bench_must(engine_new(&(EngineOptions){ .threads = threads }, &e));
        Stepper *first = new_session(e, model, batch);
        time_first(first, &f);
        stepper_free(first);
        Stepper *second = new_session(e, model, batch);
        time_warmed(second, batch, &f);
        stepper_free(second);
        engine_free(e);
        printf("%.9g %.9g %.9g %.9g %.9g %.9g %.9g\n", f.ms, f.cpu, f.warmed, f.warmed_cpu, f.fresh,
               f.packed, f.reads);
}

static void run_child(const char *command, double ret[NUMBERS])
{
        char line[256] = "";
        FILE *p = popen(command, "r");
        bool ok = p && fgets(line, sizeof(line), p) &&
                  sscanf(line, "%lf %lf %lf %lf %lf %lf %lf", &ret[0], &ret[1], &ret[2], &ret[3],
                         &ret[4], &ret[5], &ret[6]) == NUMBERS;
        if (!p || pclose(p) || !ok)
                bench_must(internal_error("%s: failed", command));
}

FirstStep first_step(const char *program, const char *model, int batch, int threads)
{
        char command[512];
        double each[NUMBERS][PROCESSES], found[NUMBERS], v[NUMBERS];
        int n = bench_quick() ? 1 : PROCESSES;
        FirstStep ret;
        snprintf(command, sizeof(command), "'%s' " FIRST_STEP_OPTION " %s %d %d", program, model,
                 batch, threads);
        for (int i = 0; i < n; i++) {
                run_child(command, v);
                for (int k = 0; k < NUMBERS; k++)
                        each[k][i] = v[k];
        }
        for (int k = 0; k < NUMBERS; k++)
                found[k] = bench_median(each[k], n);
        memcpy(&ret, found, sizeof(ret));
        return ret;
}
