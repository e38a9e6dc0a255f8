// SPDX-License-Identifier: Apache-2.0
#include "bench/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock)
{
        struct timespec t;
        clock_gettime(clock, &t);
        return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_now(void)
{
        return seconds(CLOCK_MONOTONIC);
}

double bench_cpu(void)
{
        return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static int ascending(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

double bench_median(double *v, int n)
{
        qsort(v, (size_t)n, sizeof(*v), ascending);
        return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double bench_best(const double *v, int n)
{
        double best = v[0];
        for (int i = 1; i < n; i++)
                best = MIN(best, v[i]);
        return best;
}

void bench_must(Status *s)
{
        if (!s)
                return;
        fprintf(stderr, "bench: %s\n", status_message(s));
        exit(1);
}

bool bench_quick(void)
{
        return getenv("SESSRUN_BENCH_QUICK");
}

void bench_share_environment(void)
{
        static const char *const names[] = { "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS",
                                             "GOMP_SPINCOUNT" };
        for (size_t i = 0; i < COUNTOF(names); i++)
                if (getenv(names[i]))
                        setenv(names[i], getenv(names[i]), 1);
}

static void print_model(void)
{
        char line[256];
        FILE *f = fopen("/proc/cpuinfo", "re");
        while (f && fgets(line, sizeof(line), f)) {
                char *colon = strchr(line, ':');
                if (colon && strncmp(line, "model name", 10) == 0) {
                        printf("%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
                        break;
                }
        }
        if (f)
                fclose(f);
}

void table_machine(void)
{
        char date[32];
        time_t now = time(NULL);
        struct tm tm;
        strftime(date, sizeof(date), "%Y-%m-%d", gmtime_r(&now, &tm));
        print_model();
        printf(", %ld cores, %s%s\n", sysconf(_SC_NPROCESSORS_ONLN), date,
               bench_quick() ? ", quick" : "");
}

void table_begin(const char *title, const char *unit)
{
        printf("\n%-46s %12s %12s %8s\n", title, "peer", "ours", "ratio");
        printf("%-46s %12s %12s\n", "", unit, unit);
}

void table_row(const char *name, double peer, double ours)
{
        if (peer > 0)
                printf("%-46s %12.5g %12.5g %8.2f\n", name, peer, ours, ours / peer);
        else
                printf("%-46s %12s %12.5g\n", name, "", ours);
        fflush(stdout);
}

void table_note(const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        fputs("  ", stdout);
        vprintf(fmt, ap);
        va_end(ap);
        putchar('\n');
        fflush(stdout);
}
