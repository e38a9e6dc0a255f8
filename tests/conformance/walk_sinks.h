// SPDX-License-Identifier: Apache-2.0
/* Sinks: what a graph computes and does not use itself. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Sinks {
        char **tensor; /* names, "node:0" */
        size_t n, cap;
} Sinks;

void sinks_done(Sinks *s);
#define autosinks __attribute__((cleanup(sinks_done))) Sinks
/* Adds those of the nodes that /v1/graphs/{g}/nodes tells, but for what changes state or writes
 * files, and for names that match a pattern (NULL: none). Without memory it adds fewer. */
void sinks_find(const json_t *nodes, const char *except, Sinks *ret);
/* Is it a saver's node, which writes or reads a checkpoint: below "save", "save_1", ...? */
bool sinks_saver(const char *name);
