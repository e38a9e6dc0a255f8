// SPDX-License-Identifier: Apache-2.0
/* Stage: where one trial plays: a graph stored on the daemon and a session of it. */
#pragma once
#include "tests/conformance/expected.h"
#include "tests/conformance/http.h"
#include "tests/conformance/report.h"

typedef struct Stage {
        Http *http;         /* borrowed */
        const char *config; /* the session's ConfigProto as JSON; borrowed */
        char name[32];      /* of graph and session */
        Buf why;            /* a sentence, for what did not pass */
        char missing[64];   /* the op or format that is not there yet */
        bool digests;       /* the next two are wanted */
        uint64_t digest;    /* of the results of all runs, bit by bit */
        bool draws;         /* the graph draws random numbers: known when the stage is closed */
} Stage;

/* Stores the file, or the folder as an archive, as a graph and creates a session of it. PASSED, or
 * UNSUPPORTED or FAILED with why and missing set. */
Outcome stage_open(Stage *s, const char *file);
/* The same of bytes. */
Outcome stage_open_bytes(Stage *s, const Buf *bytes);
/* A new session of the stored graph in the place of the one that is there. */
Outcome stage_reopen(Stage *s);
/* What the daemon tells of the stored graph: "nodes", "signatures". */
Outcome stage_look(Stage *s, const char *what, Answer *ret);
/* Offers bytes as a graph and makes a session of them, whatever is answered. False when nothing is.
 */
bool stage_offer(Stage *s, const Buf *bytes);
/* Deletes session and graph; what fails is left. */
void stage_close(Stage *s);
/* Runs: body is the JSON of a :run. PASSED fills ret, to be answer_done(). */
Outcome stage_run(Stage *s, const Buf *body, Answer *ret);

/* One tensor to fetch, and what it must be. */
typedef struct Fetch {
        char *tensor;
        Expected expected;
} Fetch;

typedef struct Fetches {
        Fetch *at;
        size_t n, cap;
} Fetches;

void fetches_done(Fetches *f);
#define autofetches __attribute__((cleanup(fetches_done))) Fetches
/* Room for one more, zeroed; NULL without memory. */
Fetch *fetches_add(Fetches *f);
/* Runs the session with feeds (the text of a JSON object) and compares each fetch. Where values
 * differ and the graph draws random numbers, shapes decide and the outcome is RANDOM. */
Outcome stage_compare(Stage *s, const char *feeds, const Fetches *f, Tolerance t);
