// SPDX-License-Identifier: Apache-2.0
/* A partial run and its waiting calls, shared by partial.c and partial_check.c. */
#pragma once
#include "engine/session/inside.h"

typedef struct Call {
        PartialRun *run;
        int n;      /* fetches of this call */
        int *fetch; /* each: index in the plan */
        bool last;  /* waits for the step's end, too: it used up the handle */
        RunDone done;
        void *arg;
        Timer timer;
        bool has_timer;
        CancelHook hook;
        Cancel *request_cancel;
        Status *status; /* set when it must end badly */
        struct Call *next;
} Call;

struct PartialRun {
        atomic_int refs;
        Running running;
        Session *session;
        Compiled *compiled;
        Step *step;
        char *handle;
        size_t n_nodes; /* of the graph at setup */

        pthread_mutex_t lock; /* guards: everything below */
        char **feed_names, **fetch_names;
        bool *fed, *fetched; /* used up by a call */
        Tensor **values;     /* arrived */
        bool *dead;          /* arrived without a value */
        int feeds_left, fetches_left;
        Call *calls; /* waiting */
        bool ended;
        Status *status; /* how the step ended */
};

PartialRun *partial_ref(PartialRun *p);
void partial_unref(PartialRun *p);
AUTOPTR_DEFINE(PartialRun, partial_unref)
/* Cancels the step and takes the handle out of the session. Takes why. */
void partial_end(PartialRun *p, Status *why);

/* The checks of a call in TensorFlow's order; none changes anything. On success feeds[i] and
 * fetches[i] are the plan's indexes of the request's. Under the run's lock. */
Status *partial_check(PartialRun *p, const RunRequest *r, int *feeds, int *fetches) MUST_USE;
