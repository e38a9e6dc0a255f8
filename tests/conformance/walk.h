// SPDX-License-Identifier: Apache-2.0
/* Walk: every model of the folder, with a reference or without, loads and gives finite numbers,
 * twice the same. What that takes besides the model itself is here. */
#pragma once
#include "tests/conformance/corpus.h"

/* What is known of models that cannot be played like all others. Members may be NULL. */
typedef struct Hint {
        const char *model;  /* fnmatch() pattern of the name below the models' folder */
        const char *cannot; /* why it cannot run; a model listed so that runs is a failure */
        const char *feeds;  /* members of the feeds' JSON with ' for "; the others are chosen */
        const char *fetch;  /* members of the fetches, instead of signatures or sinks */
        const char *init;   /* members of the targets that are run first */
        bool infinite;      /* it holds infinities of its own */
        const char *except; /* fnmatch() pattern of nodes that are not fetched */
} Hint;

/* The first row that matches, or NULL. */
const Hint *hint_find(const char *name);

/* How many ways of choosing feeds there are. */
int feeds_ways(void);
/* Chooses a value for each placeholder among the nodes, by dtype and shape, in one of feeds_ways()
 * ways; only (NULL: all) has the names of the tensors that are wanted as its members, given (may be
 * NULL) is the text of those that have one. Appends the members of a JSON object. False when there
 * is nothing to choose: the other ways are the same. */
bool feeds_choose(const json_t *nodes, const json_t *only, const char *given, int way, Buf *ret);

/* Plays one model; the trial's row is its hint. */
Outcome walk_play(Stage *s, const Trial *t);

/* Texts of runs may be so long. */
#define RUN_BYTES ((size_t)64 << 20)
/* Appends what is uploaded of a model: a file, or a folder as an archive. */
Status *walk_read(const char *path, Buf *ret) MUST_USE;
/* Runs what the hint says first. Variables of graphs that come without values (has_values: with a
 * checkpoint) get their first ones: from the nodes that are named so, else from their own. */
Outcome walk_initialize(Stage *s, const Hint *hint, const json_t *nodes, bool has_values);
