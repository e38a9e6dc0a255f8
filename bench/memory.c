// SPDX-License-Identifier: Apache-2.0
/* The plan is taken from RunMetadata: the graph as it ran, and when each node ran with what
 * outputs. */
#include "bench/memory.h"

#include "bench/table.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef Tensorflow__NodeExecStats Stats;

/* An output of a node that ran. */
typedef struct Value {
        double bytes;
        size_t made, last; /* by whom, and who takes it last: places in the order of the run */
} Value;

typedef struct Lives {
        Map values; /* "node:slot" -> Value */
        const Stats **run;
        size_t n;
        double scratch, fed; /* fed: bytes of the only feed */
} Lives;

static int by_start(const void *a, const void *b)
{
        const Stats *const *x = a, *const *y = b;
        return ((*x)->all_start_nanos > (*y)->all_start_nanos) -
               ((*x)->all_start_nanos < (*y)->all_start_nanos);
}

static void *must(void *p)
{
        if (!p)
                bench_must(status_oom());
        return p;
}

/* Whatever costs nothing: weights, and what only hands them on. */
static bool is_free(const NodeDef *d)
{
        return !strcmp(d->op, "Const") || !strncmp(d->op, "Variable", 8);
}

static void put_value(Lives *l, const char *node, int slot, double bytes, size_t at)
{
        Value *v = must(mem_calloc(1, sizeof *v));
        *v = (Value){ bytes, at, at };
        bench_must(map_set(&l->values, must(mem_printf("%s:%d", node, slot)), v));
}

static void put_values(Lives *l, const Stats *s, size_t at)
{
        if (s->memory_stats)
                l->scratch = MAX(l->scratch, (double)s->memory_stats->temp_memory_size);
        for (size_t i = 0; i < s->n_output; i++) {
                const Tensorflow__TensorDescription *d = s->output[i]->tensor_description;
                double bytes = d && d->allocation_description
                                       ? (double)d->allocation_description->requested_bytes
                                       : 0;
                put_value(l, s->node_name, s->output[i]->slot, bytes, at);
        }
}

static void note_uses(Lives *l, const NodeDef *d, size_t at)
{
        for (size_t i = 0; i < d->n_input; i++) {
                const char *in = d->input[i];
                char key[512];
                snprintf(key, sizeof key, strchr(in, ':') ? "%s" : "%s:0", in);
                Value *v = map_get(&l->values, key);
                if (v)
                        v->last = MAX(v->last, at);
        }
}

/* The most that lives at one time, if what has been taken by all goes at once. */
static double most_alive(const Lives *l)
{
        double most = 0, *change = must(mem_calloc(l->n + 2, sizeof *change)), alive = 0;
        map_each (e, &l->values) {
                const Value *v = e->value;
                change[v->made] += v->bytes;
                change[v->last + 1] -= v->bytes;
        }
        for (size_t i = 0; i <= l->n; i++)
                most = MAX(most, alive += change[i]);
        mem_free(change);
        return most;
}

static void read_metadata(const RunMetadata *m, Lives *l)
{
        const Tensorflow__DeviceStepStats *d = m->step_stats->dev_stats[0];
        const GraphDef *g = m->partition_graphs[0];
        Map defs = { 0 };
        for (size_t i = 0; i < g->n_node; i++) {
                bench_must(map_set(&defs, g->node[i]->name, g->node[i]));
                if (!strcmp(g->node[i]->op, "_Arg"))
                        put_value(l, g->node[i]->name, 0, l->fed, 0);
        }
        l->run = must(mem_calloc(d->n_node_stats + 1, sizeof *l->run));
        for (size_t i = 0; i < d->n_node_stats; i++)
                l->run[i] = d->node_stats[i];
        l->n = d->n_node_stats;
        qsort(l->run, l->n, sizeof *l->run, by_start);
        for (size_t i = 0; i < l->n; i++) {
                const NodeDef *def = map_get(&defs, l->run[i]->node_name);
                if (!def || !is_free(def))
                        put_values(l, l->run[i], i);
                if (def)
                        note_uses(l, def, i);
        }
        map_done(&defs);
}

static void on_metadata(void *arg, const RunMetadata *m)
{
        read_metadata(m, arg);
}

/* ---- watching ---- */

typedef struct Watch {
        atomic_bool over;
        int64_t peak;
} Watch;

/* A kernel of these networks takes longer than one look. */
static void *watch(void *arg)
{
        Watch *w = arg;
        while (!atomic_load(&w->over))
                w->peak = MAX(w->peak, mem_stats().block_bytes);
        return NULL;
}

static double watched_peak(Stepper *s)
{
        pthread_t other;
        Watch w = { .peak = 0 };
        stepper_step(s);
        int64_t idle = mem_stats().block_bytes;
        if (pthread_create(&other, NULL, watch, &w))
                bench_must(status_oom());
        for (int i = 0; i < 5; i++)
                stepper_step(s);
        atomic_store(&w.over, true);
        pthread_join(other, NULL);
        return (double)(w.peak - idle);
}

StepMemory step_memory(Stepper *s)
{
        Lives l = { .fed = stepper_fed_bytes(s) };
        StepMemory ret = { .needed = 0 };
        stepper_trace(s, on_metadata, &l);
        ret.needed = most_alive(&l);
        ret.scratch = l.scratch;
        ret.peak = watched_peak(s) + l.fed;
        map_each (e, &l.values) {
                mem_free(e->value);
                mem_free((char *)e->key);
        }
        map_done(&l.values);
        mem_free(l.run);
        return ret;
}

/* ---- what the system has yet to give ---- */

void memory_warm(size_t bytes)
{
        long page = sysconf(_SC_PAGESIZE);
        char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
                bench_must(status_oom());
        madvise(p, bytes, MADV_HUGEPAGE); /* a wish: without it pages are small */
        for (size_t i = 0; i < bytes; i += (size_t)page)
                p[i] = 1;
        munmap(p, bytes);
}

static void read_file(const char *path)
{
        char buf[64 << 10];
        FILE *f = fopen(path, "r");
        while (f && fread(buf, 1, sizeof buf, f) > 0) {
        }
        if (f)
                fclose(f);
}

/* Files that are mapped to be run. */
void memory_read_program(void)
{
        char line[4096], path[4000], flags[8];
        FILE *f = fopen("/proc/self/maps", "r");
        while (f && fgets(line, sizeof line, f))
                if (sscanf(line, "%*s %7s %*s %*s %*s %3999s", flags, path) == 2 &&
                    strchr(flags, 'x') && path[0] == '/')
                        read_file(path);
        if (f)
                fclose(f);
}

double memory_resident(void)
{
        long all, resident = 0;
        FILE *f = fopen("/proc/self/statm", "r");
        if (f && fscanf(f, "%ld %ld", &all, &resident) != 2)
                resident = 0;
        if (f)
                fclose(f);
        return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

double memory_fresh_ms(double bytes)
{
        if (bytes < 1)
                return 0;
        double start = bench_cpu();
        memory_warm((size_t)bytes);
        return (bench_cpu() - start) * 1e3;
}
