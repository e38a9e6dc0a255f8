// SPDX-License-Identifier: Apache-2.0
/* Engine: the table of named sessions, with what they share: thread pool, timers, named in-process
 * engines, file roots. */
#pragma once
#include "engine/session/session.h"
#include "engine/state/roots.h"

typedef struct Engine Engine;

typedef struct EngineOptions {
        int threads;                    /* inter-op pool; 0: number of cores */
        const char *const *model_roots; /* NULL-terminated; may be NULL: none */
        const char *const *data_roots;  /* NULL-terminated; may be NULL: none */
        bool data_writable;
        bool deterministic; /* warm-ups try nothing: every process computes the same bits */
        /* Writes a line about a session to the log (log_device_placement); may be NULL. */
        void (*log)(const char *session, const char *line);
} EngineOptions;

/* Also initializes the op registry. INVALID_ARGUMENT when an op's signature is malformed. */
Status *engine_new(const EngineOptions *o, Engine **ret) MUST_USE;
/* Closes every session, waits for their steps, frees everything. */
void engine_free(Engine *e);
/* Cancels every running step with UNAVAILABLE (drain deadline). */
void engine_cancel_all(Engine *e);
/* Steps running now, over all sessions. */
int64_t engine_running(const Engine *e);

/* Processors and the libraries that compute; the texts live as long as the process. */
typedef struct EngineHost {
        int cores, threads;              /* processors usable; of the inter-op pool */
        const char *blas, *blas_kernels; /* OpenBLAS: how it is built, which kernels it took */
        const char *onednn_kernels;      /* which instructions oneDNN uses at most */
        char onednn[32];                 /* its version */
        bool deterministic;              /* as it was told */
} EngineHost;
void engine_host(const Engine *e, EngineHost *ret);

/* Calls fn(arg, from, to) over [0, n), in pieces of at least grain, but for the last, on this
 * thread and on those of the inter-op pool that have nothing to do; returns when all is done.
 * engine: an Engine *. */
void engine_share(void *engine, int64_t n, int64_t grain, void (*fn)(void *, int64_t, int64_t),
                  void *arg);

/* Does the inter-op pool compute just now? A guess, since that changes all the time. */
bool engine_computes(const Engine *e);
/* Calls fn(arg) on this thread, one of the inter-op pool's, once it has ended what it does: fn may
 * start steps, close sessions and so on. False: it is none of those, or has another to call. */
bool engine_call_after(const Engine *e, void (*fn)(void *), void *arg);

/* Where ops may touch files; lives as long as the engine. */
const FileRoots *engine_roots(const Engine *e);
/* Creates a session under o->name. ALREADY_EXISTS when the name is taken by a session that was not
 * forgotten; NOT_FOUND for a target that no factory takes; INVALID_ARGUMENT for a bad config. *ret
 * is a new reference. */
Status *engine_create_session(Engine *e, const SessionOptions *o, Session **ret) MUST_USE;
/* *ret is a new reference; NOT_FOUND with the nearest names as hints. Closed sessions are found,
 * too. */
Status *engine_acquire(Engine *e, const char *name, Session **ret) MUST_USE;
/* Session::Reset's part that is not a session's: drops what the containers of a named engine hold
 * (n 0: the default container, as TensorFlow's code does); unknown containers are fine. For target
 * "" there is nothing to do: private resources go with their sessions. The caller closes the
 * target's sessions. NOT_FOUND for a target that no factory takes. */
Status *engine_clear(Engine *e, const char *target, const char *const *containers, int n) MUST_USE;
/* Takes the name out of the table (after a close); a session in use lives until its last reference
 * goes. */
Status *engine_forget(Engine *e, const char *name) MUST_USE;
/* Calls fn for each session in name order (a snapshot; each held during its call). */
Status *engine_each_session(Engine *e, Status *(*fn)(void *arg, Session *s), void *arg) MUST_USE;
