// SPDX-License-Identifier: Apache-2.0
/* Corpora: where trials come from. Each lists its trials first and plays them later, on any
 * thread. */
#pragma once
#include "tests/conformance/stage.h"

typedef struct Trial Trial;
struct Trial {
        char *family, *name; /* name: below the models' folder, unique */
        char *path;          /* what the corpus plays: a folder or file */
        const void *row;     /* the corpus's own, static */
        /* Plays on an empty stage, and closes it. */
        Outcome (*play)(Stage *s, const Trial *t);
};

typedef struct Trials {
        Trial *at;
        size_t n, cap;
} Trials;

/* Adds a trial; texts are copied. */
Status *trials_add(Trials *ts, const char *family, const char *name, const char *path,
                   const void *row, Outcome (*play)(Stage *s, const Trial *t)) MUST_USE;
void trials_done(Trials *ts);

/* Each adds the trials that it finds below a folder of models. */
Status *dl4j_list(const char *models, Trials *ts) MUST_USE;      /* one op or few: 1,351 graphs */
Status *reference_list(const char *models, Trials *ts) MUST_USE; /* models with .npy references */
Status *rule_list(const char *models, Trials *ts) MUST_USE;      /* models with a stated rule */
Status *negative_list(const char *models, Trials *ts) MUST_USE;  /* what must be refused */
bool negative_is(const char *name); /* is that one of those? name: below the models' folder */
Status *walk_list(const char *models, Trials *ts) MUST_USE; /* every model, twice */
/* Files cut and changed at n places each; none when n is 0. */
Status *damage_list(const char *models, int n, Trials *ts) MUST_USE;

/* Prints the tensors of a checkpoint with the hashes of their bytes; 1 when it is none. */
int checkpoint_print(const char *prefix);
