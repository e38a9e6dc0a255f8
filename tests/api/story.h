// SPDX-License-Identifier: Apache-2.0
/* Stories: what the runs of one session give, one after the other, and what other clients hear who
 * wait meanwhile. All of it over HTTP. */
#pragma once
#include "tests/lib/http_client.h"

/* Everywhere {root} stands for test_root.
 * run: a run's members, as "'fetches':'x:0'". Before them
 *      "&"  another client begins the run; the next step comes when it waits,
 *      "ms=20 "  the run has a timeout.
 * Or   ">0"  what the first of those clients hears; ">1" the second, ...
 *      "c0"  its step is cancelled, by its number; "x0"  it hangs up.
 * want: the result as JSON, or "CODE: text" of an error, whose detail begins with the text. NULL:
 *      whatever comes. */
typedef struct Step {
        const char *run, *want;
} Step;

typedef struct Story {
        const char *what;
        const char *script; /* $ stands for the version of the ops */
        const Step *steps;
} Story;

#define STEPS(...)           \
        (const Step[])       \
        {                    \
                __VA_ARGS__, \
                {            \
                        0    \
                }            \
        }

/* Tells a story, for ops of a version ("", "V2"), in a session of its own. */
void tell(const Story *s, const char *version);
/* All of them, for both versions or one. */
void tell_all(const Story *stories, size_t n, const char *version);
void tell_both(const Story *stories, size_t n);
