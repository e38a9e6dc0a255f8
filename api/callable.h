// SPDX-License-Identifier: Apache-2.0
/* Callable: a run whose names were resolved once, as a saved endpoint of its session. Immutable:
 * calls under way go on when it is released. A session's callables are in its record. */
#pragma once
#include "api/fetch.h"
#include "api/json_scan.h"
#include "engine/engine.h"
#include "storage/store.h"
#include <pthread.h>
#include <stdatomic.h>

typedef struct Request Request; /* api/request.h */

typedef struct Callable {
        atomic_int refs;
        Arena *arena; /* of all below */
        const char *name;
        const char *spec; /* what it was made from: JSON */
        int64_t created_us;
        atomic_llong calls; /* since the daemon started */
        Fetch root;
        bool has_fetches;
        FetchNames fetches, targets, feeds;
        const RunOptions *options; /* may be NULL */
        Batcher *batcher;          /* NULL: each call is a run of its own */
        SessionCallable *prepared; /* its names, looked up */
        bool core;                 /* from CallableOptions: names are those of TensorFlow's core */
        const Tensorflow__CallableOptions *core_options; /* NULL: not core */
        const TensorConnection *connections;
        int n_connections;
} Callable;

/* From {"fetches", "feed_list", "targets", "options"}, or from {"callable_options"},
 * CallableOptions in JSON; the session's graph is not looked at. Client-layer errors, with
 * pointers. */
Status *callable_new(const char *name, JsonSpan spec, int64_t created_us, Callable **ret) MUST_USE;
Callable *callable_ref(Callable *c);
void callable_unref(Callable *c);
AUTOPTR_DEFINE(Callable, callable_unref)
/* callable_core.c: reads CallableOptions into c. UNIMPLEMENTED for debug watches. */
Status *callable_parse_core(Callable *c, JsonSpan options) MUST_USE;
/* Its feed_devices and fetch_devices: are there such devices in the session? */
Status *callable_check_devices(const Callable *c, Session *session) MUST_USE;
/* Stores a callable of a session that is open and makes it callable; name NULL: the daemon gives
 * one. The caller owns *ret. */
Status *callable_make(Request *r, Session *session, const char *name, JsonSpan spec,
                      Callable **ret) MUST_USE;
/* The names of a run of it; feeds, metadata and cancel are the caller's. */
RunRequest callable_request(const Callable *c);
/* Are all names there? The error is that of a run; compiles what a call will need. */
Status *callable_check(const Callable *c, Session *session) MUST_USE;

enum { RELEASED_KEPT = 64 };

/* The callables of one session. */
typedef struct Callables {
        pthread_mutex_t lock;          /* guards: everything below */
        Map live;                      /* name -> Callable, one reference each */
        int64_t next;                  /* the name of the next one that is given none */
        char *released[RELEASED_KEPT]; /* ring of names that are gone */
        unsigned n_released;
} Callables;

void callables_init(Callables *all, int64_t next);
void callables_done(Callables *all);
int callables_count(Callables *all);
/* The next name that nobody has; the number behind it is *ret_next. Commit it, then add. */
Status *callables_name(Callables *all, Arena *a, const char **ret, int64_t *ret_next) MUST_USE;
/* Takes a new reference. ALREADY_EXISTS. next: as above, or 0. */
Status *callables_add(Callables *all, Callable *c, int64_t next) MUST_USE;
/* A new reference. INVALID_ARGUMENT when it was released, NOT_FOUND with the nearest names. */
Status *callables_get(Callables *all, const char *name, Callable **ret) MUST_USE;
/* False when there was none. */
bool callables_remove(Callables *all, const char *name);
/* References to all, by name: mem_free() the list. */
Status *callables_list(Callables *all, Callable ***ret, int *ret_n) MUST_USE;
