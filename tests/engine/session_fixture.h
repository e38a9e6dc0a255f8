// SPDX-License-Identifier: Apache-2.0
/* Words for tests of sessions: a session from text, one-line runs, an op that waits until it is
 * told. */
#pragma once
#include "engine/base/mem.h"
#include "engine/session/sessions.h"
#include "tests/engine/wait_op.h"
#include "tests/lib/rows.h"
#include <criterion/criterion.h>

extern Session *session; /* fresh for each test, empty */

void session_setup(void);
void session_teardown(void);

Engine *engine_of_tests(void);
/* Another session, on a target; the caller gives the reference back. */
Status *engine_session(const char *name, const char *target, Session **ret) MUST_USE;

/* Extends the session by graph_text(). */
Status *grow(const char *text) MUST_USE;
void grow_ok(const char *text);
/* Extends it by a GraphDef in text, from a file below the project. */
void grow_file(const char *path);

/* A run under way. */
typedef struct Call Call;
/* Starts a run: fetches and targets are names separated by blanks ("" none), feeds "x=1.5 y:0=2"
 * (float scalars). */
Call *start(const char *fetches, const char *feeds, const char *targets);
/* The same with RunOptions and a token. */
Call *start_with(const char *fetches, const char *feeds, const char *targets, const RunOptions *o,
                 Cancel *c);
Call *start_partial(const char *handle, const char *fetches, const char *feeds);
bool is_done(Call *c);
/* Waits; ends the test when it takes 10 s. The error, or NULL. Frees the call; values stay in
 * `got`. */
Status *finish(Call *c) MUST_USE;
extern Tensor *got[16]; /* what the last finish() brought; owned by the fixture */
extern int n_got;

/* Runs and returns the first fetch as a number; ends the test on an error. */
double value_of(const char *fetch, const char *feeds);
/* Runs and ends the test unless it fails with code and a message that starts with text. */
void run_fails(const char *fetches, const char *feeds, StatusCode code, const char *text);
void run_ok(const char *fetches, const char *feeds, const char *targets);
char *setup_partial(const char *fetches, const char *feeds, const char *targets);
/* partial_run: the first fetch's value; ends the test on an error. */
double partial_value(const char *handle, const char *fetches, const char *feeds);
void partial_fails(const char *handle, const char *fetches, const char *feeds, StatusCode code,
                   const char *text);

/* Until n TestWait wait; ends the test after 10 s. */
void wait_until(int n);

/* ---- tables of rows ---- */

/* A node that must fail. */
typedef struct Refusal {
        const char *name;
        const char *text; /* nodes; x is the one */
        StatusCode code;
        const char *message; /* what its error begins with */
} Refusal;

#define REFUSALS(suite, rows) TEST_ROWS(suite, rows, refusal_run)
void refusal_run(const Refusal *rows, int i);
