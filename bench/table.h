// SPDX-License-Identifier: Apache-2.0
/* What benchmarks share: a clock, medians, and one table: case, peer, ours, ratio. */
#pragma once
#include "engine/base/status.h"
#include <stdbool.h>

/* Seconds of a clock that only goes forward. */
double bench_now(void);
/* CPU seconds of this process, all threads: does not count what others took of the machine. */
double bench_cpu(void);
/* Median of n numbers, which it sorts. */
double bench_median(double *v, int n);
/* The smallest of n numbers: what the machine can do when nothing else disturbs. */
double bench_best(const double *v, int n);
/* Prints the error and ends the program, unless it is NULL. */
void bench_must(Status *s);
/* True when SESSRUN_BENCH_QUICK is set: rounds are few, figures are rough. */
bool bench_quick(void);
/* Peers that are started from here on find the environment that our own math libraries found
 * (daemon/getenv.c): one BLAS thread, the processor's kernels. */
void bench_share_environment(void);

/* Prints machine, cores, date. */
void table_machine(void);
/* Prints a title and the heads of the columns. */
void table_begin(const char *title, const char *unit);
/* One row. peer 0: there is no peer, the ratio is left out. The ratio is ours / peer. */
void table_row(const char *name, double peer, double ours);
/* One more line of text below the last row. */
void table_note(const char *fmt, ...) PRINTF(1, 2);
