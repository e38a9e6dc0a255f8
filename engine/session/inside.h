// SPDX-License-Identifier: Apache-2.0
/* The inside of Engine and Session, shared by the files of this room only.
 *
 * Lock order: Engine.lock > Session.lock > PartialRun.lock, Loop.lock, Coordinator.lock > (plan
 * cache, resources, timers). No callback runs under any of them. */
#pragma once
#include "engine/base/map.h"
#include "engine/exec/plan.h"
#include "engine/exec/pool.h"
#include "engine/exec/step.h"
#include "engine/exec/timer.h"
#include "engine/exec/trace.h"
#include "engine/session/config.h"
#include "engine/session/placement.h"
#include "engine/session/sessions.h"
#include "engine/session/threads.h"
#include "engine/state/resource.h"
#include "proto/wire.h"
#include <pthread.h>

typedef struct Running Running;
typedef struct PartialRun PartialRun;

struct Engine {
        pthread_mutex_t lock; /* guards: the maps, shared */
        pthread_cond_t closed;
        Map sessions; /* name -> Session, one reference each */
        Map targets;  /* "engine:NAME" -> Target, kept until the engine ends */
        Map metadata; /* "name/version" -> the live Session that has it; no reference */
        Map named;    /* global_name -> NamedPool, kept until the engine ends */
        Pool *pool;
        Pool *shared;       /* what sessions share: pool, or one that the first session sized;
                               NULL: no session yet */
        bool deterministic; /* EngineOptions.deterministic */
        bool sized;         /* the daemon's settings say how many threads there are */
        Timers *timers;
        void (*log)(const char *session, const char *line); /* may be NULL */
        FileRoots *roots;
};

/* A named engine: containers that its sessions share and that outlive them. */
typedef struct Target {
        char *name;
        Resources *resources;
} Target;

enum { RECENT_STEPS = 32 };

typedef struct CloseWaiter {
        void (*done)(void *arg);
        void *arg;
        struct CloseWaiter *next;
} CloseWaiter;

struct Session {
        atomic_int refs;
        Engine *engine;
        char *name, *target, *container;
        Arena *config_arena;
        const ConfigProto *config; /* never NULL */
        OptimizerOptions optimizer;
        SessionThreads threads;
        char *metadata_key; /* in Engine.metadata; guarded by the engine's lock; NULL: none */
        Resources *resources, *private_;
        const FileRoots *roots;
        void *origin; /* may be NULL */
        void (*origin_free)(void *);
        uint64_t incarnation;
        bool shares_resources; /* with the other sessions of a named engine */

        pthread_mutex_t lock; /* guards: everything below */
        Graph *graph;         /* never NULL while open */
        bool closed, finalized;
        bool finished; /* closed, and nothing is left of it */
        Placement placement;
        Map run_counts;    /* executions of signatures, for the cost model: see cost.c */
        size_t cost_bytes; /* of the cost models in it */
        Running *running;  /* steps under way */
        int n_running;
        int n_holding; /* those, and ended ones whose memory is not given back yet */
        int64_t steps, last_run_us;
        StepInfo recent[RECENT_STEPS]; /* ring: the step with number n at n % RECENT_STEPS of those
                                          ended */
        int64_t n_ended;
        Map partials; /* handle -> PartialRun, one reference each */
        int64_t next_partial;
        struct Loop *loops;                 /* newest first, one reference each */
        int64_t n_loops;                    /* started so far */
        struct Coordinator *coordinator;    /* of queue runners; NULL: none were asked for */
        SessionCallable *callables;         /* that have looked something up here */
        CloseWaiter *waiters, first_waiter; /* the first to close needs no memory */
};

/* ---- running steps: run.c ---- */

struct Running {
        Running *prev, *next; /* in the session's list */
        int64_t id, started_us;
        int64_t started_ns, ended_ns; /* by clock_ns(); ended_ns 0: to be looked up */
        bool partial;
        Cancel *cancel; /* the step's token, one reference */
};

/* Enters a step into the session; FAILED_PRECONDITION (RuntimeError) when it is closed. */
Status *running_begin(Session *s, Running *r, bool partial) MUST_USE;
/* Takes it out of the list and notes how it ended. */
void running_end(Session *s, Running *r, StatusCode code);
/* Follows running_end() when the step uses nothing of the session any more; the last one of a
 * closed session frees what is left. */
void running_leave(Session *s);
/* Cancels the steps that run now, partial ones too. */
void session_cancel_all(Session *s, StatusCode code, const char *why);
/* Called when a closed session's last step has ended: frees what it holds, tells who waits. */
void session_finish_close(Session *s);
/* What steps of this session see. o may be NULL; its thread pool exists. */
OpEnv session_env(Session *s, const RunOptions *o, Cancel *cancel, int64_t step_id);
/* The timeout that holds for a run, in nanoseconds; 0: none. */
int64_t session_timeout_ns(const Session *s, const RunOptions *o);

/* ---- signatures: signature.c ---- */

/* A compiled signature, shared by all sessions that share the graph. */
typedef struct Compiled {
        atomic_int refs;
        char *key;
        size_t key_len;
        char *count_key; /* the same for the same names in any order */
        size_t count_key_len;
        Plan *plan;
        Graph *watched; /* that the plan is of, with a debugger's nodes; NULL: the session's */
        _Atomic int64_t watched_runs; /* of such a plan */
        int n_fetches;
        int *fetch; /* per fetch of the request: index in the plan's fetches, or -1 for an operation
                     */
        TensorId *feeds;    /* per feed */
        TensorId *fetches;  /* per plan fetch */
        bool makes_handles; /* runs GetSessionHandle */
} Compiled;

/* Finds or makes the plan for a request, under the session's lock. All client-layer checks of names
 * happen here. */
Status *signature_compile(Session *s, const RunRequest *r, bool partial, Compiled **ret) MUST_USE;
void compiled_unref(Compiled *c);
AUTOPTR_DEFINE(Compiled, compiled_unref)
/* Checks the values of feeds against dtype and static shape. */
Status *signature_check_feeds(const Compiled *c, const RunRequest *r) MUST_USE;

/* ---- callable.c ---- */

/* signature_compile(), or what the request's callable has of it. Under the session's lock. */
Status *callable_compile(Session *s, const RunRequest *r, Compiled **ret) MUST_USE;
/* Takes back what callables looked up here. Under the session's lock, or when nobody else has it.
 */
void callables_forget(Session *s);

/* ---- metadata.c ---- */

/* What a run tells about itself, made while it runs and read once it is done. */
typedef struct Report {
        Trace *trace; /* NULL: nothing is measured */
        Arena *arena;
        bool traced; /* step_stats wanted */
        bool graphs; /* partition_graphs and function_graphs wanted */
        bool cost;   /* cost_graph wanted */
} Report;

/* NULL *ret: the request wants nothing. */
Status *report_new(Session *s, const RunRequest *r, const Compiled *c, Report **ret) MUST_USE;
void report_free(Report *r);
AUTOPTR_DEFINE(Report, report_free)
/* The metadata, which lives in the report, the session's config and the plan. */
Status *report_metadata(Report *r, Session *s, const Compiled *c, RunMetadata **ret) MUST_USE;

/* ---- handles.c ---- */

enum { NO_STEP = -1 };
bool handles_in_plan(const Plan *p);
/* A step has ended: handles that it made and that were fetched stay. values: per plan fetch; NULL
 * when it failed. */
void handles_settle(Session *s, const Compiled *c, int64_t step, Tensor *const *values);

/* ---- names: client.c ---- */

Status *client_closed(void) MUST_USE;      /* RuntimeError "Attempted to use a closed Session." */
Status *client_empty_graph(void) MUST_USE; /* RuntimeError "The Session graph is empty. ..." */
/* A fetch: "a:0" a tensor, "a" an operation (output -1). ValueError otherwise. */
Status *client_fetch(const Graph *g, const char *name, TensorId *ret) MUST_USE;
/* Is there such an operation or tensor? KeyError otherwise, as of Graph.as_graph_element(). */
Status *client_element(const Graph *g, const char *name) MUST_USE;
/* A feed key: "a" is "a:0". TypeError otherwise; what says "feed_dict" or "feed_list". */
Status *client_feed(const Graph *g, const char *key, const char *what, TensorId *ret) MUST_USE;

/* ---- the same for core_names: core.c ---- */

Status *core_closed(void) MUST_USE;
Status *core_empty_graph(const RunRequest *r, bool partial) MUST_USE;
/* What is wrong with a request's names as texts: nothing to run, fed twice, fed and fetched. */
Status *core_check(const RunRequest *r) MUST_USE;
Status *core_fetch(const Graph *g, const char *name, TensorId *ret) MUST_USE;
Status *core_feed(const Graph *g, const char *key, TensorId *ret) MUST_USE;

/* ---- connect.c ---- */

/* Finds what the request's connections name; INVALID_ARGUMENT for an unknown source or a cycle. */
Status *connections_resolve(const Graph *g, const RunRequest *r, PlanConnection *ret) MUST_USE;

/* ---- partial.c ---- */

/* Forgets the handles that a session had left when its last step ended. */
void partials_clear(Map *partials);

/* ---- loop.c ---- */

/* Forgets a list of loops. */
void loops_free(struct Loop *list);

/* ---- coordinator.c ---- */

/* NULL is fine; nothing of it may run any more. */
void coordinator_free(struct Coordinator *c);
