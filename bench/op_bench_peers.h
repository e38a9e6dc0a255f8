// SPDX-License-Identifier: Apache-2.0
/* Libraries that have the ops of op_bench, and the table of what ops cost against them. */
#pragma once
#include "engine/base/buf.h"
#include "engine/engine.h"

typedef struct Peers Peers;

/* Starts what asks PyTorch and numpy (a child process); says which libraries there are. */
Peers *peers_new(void);
/* CPU seconds of the fastest library that has the op for x's type, and its name; 0: none has. */
double peers_best(Peers *p, const char *key, const Tensor *x, char *name, size_t size);
void peers_free(Peers *p);

/* What a row is held against, in seconds. library 0: no library has the op. */
typedef struct Bars {
        double memory, library;
        char name[32];
} Bars;

/* Rows so far, and those that are slower than both bars by more than a fifth. */
typedef struct BarsList {
        int rows, missed;
        Buf names;
} BarsList;

void bars_begin(BarsList *l, const char *title);
/* Prints a row, marked when it misses both bars. ours: CPU seconds. */
void bars_row(BarsList *l, const char *name, const Bars *b, double ours);
/* Says how many rows there were and which missed; frees the list. */
void bars_end(BarsList *l);
