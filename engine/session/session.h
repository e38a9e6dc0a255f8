// SPDX-License-Identifier: Apache-2.0
/* Session: tf.Session by name: a graph, its variables and other resources, its running steps
 *.
 *
 * Fetch and feed names follow api.md: as a fetch "a" is an operation (its value is NULL) and "a:0"
 * a tensor; as a feed "a" means "a:0". Errors of the client layer carry their Python class
 * (status_exception()). */
#pragma once
#include "engine/base/cancel.h"
#include "engine/graph/graph.h"
#include "engine/state/debug_log.h"
#include "engine/state/queue.h"
#include "engine/tensor/tensor.h"
#include "tensorflow/core/protobuf/config.pb-c.h"

typedef struct Session Session;
typedef struct FileRoots FileRoots; /* engine/state/roots.h */
typedef Tensorflow__ConfigProto ConfigProto;
typedef Tensorflow__RunOptions RunOptions;
typedef Tensorflow__RunMetadata RunMetadata;

typedef struct SessionOptions {
        const char *name;                  /* copied */
        const char *target;                /* "" or "engine:NAME"; NULL is "" */
        const char *container;             /* default container; NULL is "localhost" */
        const ConfigProto *config;         /* copied; may be NULL */
        Graph *graph;                      /* a new reference is taken; NULL: empty */
        const FileRoots *roots;            /* where its ops find files; NULL: the engine's */
        void *origin;                      /* what it is made from; kept as long as the session */
        void (*origin_free)(void *origin); /* called once, if the session was made */
} SessionOptions;

Session *session_ref(Session *s);
void session_unref(Session *s);
AUTOPTR_DEFINE(Session, session_unref)

const char *session_name(const Session *s);
void *session_origin(const Session *s); /* SessionOptions.origin */
bool session_closed(Session *s);
int64_t session_last_run_us(Session *s); /* wall clock; 0: never */
int64_t session_steps(Session *s);       /* steps started so far */
int session_partial_runs(Session *s);    /* live handles */

/* ---- graph ---- */
typedef struct ExtendResult {
        int first, nodes_added; /* ids [first, first + nodes_added) are new */
        int graph_version;
} ExtendResult;
/* Takes the source's memory over on success. FAILED_PRECONDITION on a closed session. */
Status *session_extend(Session *s, GraphSource *src, bool validate_only,
                       ExtendResult *ret) MUST_USE;
/* Calls fn with the session's graph while it cannot change; fn must not call back into the session.
 */
Status *session_read_graph(Session *s, Status *(*fn)(void *arg, const Graph *g),
                           void *arg) MUST_USE;
/* dtype and static shape of what a feed key names ("x" is "x:0"), to convert a value for it.
 * Client-layer errors
 * ("Cannot interpret feed_dict key as Tensor: ..."), hints with the nearest names. */
Status *session_feed_info(Session *s, const char *key, DType *ret_dtype, Shape *ret_shape) MUST_USE;
/* Does a value of that shape fit the tensor of that name, whose shape is want as far as it is
 * known? INVALID_ARGUMENT (ValueError) in TensorFlow's words. */
Status *session_check_feed_shape(const char *key, const Shape *want, const Shape *shape) MUST_USE;

/* ---- run ---- */
typedef struct Feed {
        const char *key;
        Tensor *value; /* of the dtype that session_feed_info() gave; a new reference is taken */
} Feed;

/* Consumers of one tensor take another instead. */
typedef struct TensorConnection {
        const char *from, *to;
} TensorConnection;

/* What runs of the same names share, so that names are looked up once (tf.Session.make_callable).
 */
typedef struct SessionCallable SessionCallable;
Status *session_callable_new(SessionCallable **ret) MUST_USE;
/* NULL is fine; no run may be under way that was given it, but for its callback. */
void session_callable_free(SessionCallable *c);

typedef struct RunRequest {
        const char *const *fetches; /* may repeat */
        int n_fetches;
        const Feed *feeds;
        int n_feeds;
        const char *const *targets;
        int n_targets;
        const TensorConnection *connections; /* with core_names only */
        int n_connections;
        const RunOptions *options; /* may be NULL; read during the call only */
        bool metadata;
        bool tunes;      /* a warm-up: kernels may try which way is the fastest, and remember it */
        bool callable;   /* errors of the core speak of MakeCallable() */
        bool core_names; /* a fetch "a" is "a:0"; names are checked, and errors said, as by
                            TensorFlow's core */
        Cancel *cancel;  /* may be NULL; when it fires the step is cancelled with its reason */
        SessionCallable *prepared; /* always the same for these names and this session; NULL: names
                                      are looked up each time. Used during the call only */
} RunRequest;

typedef struct RunResult {
        int n;           /* = n_fetches */
        Tensor **values; /* borrowed during the callback (take references); NULL for an operation */
        int64_t step_id;
        const RunMetadata *metadata; /* NULL unless asked for */
        const DebugLog *debug;       /* what watches without a URL saw; NULL: nothing was watched */
} RunResult;

/* r is NULL when s is an error. Takes s over. */
typedef void (*RunDone)(void *arg, Status *s, const RunResult *r);

/* Runs a step. All strings and arrays of the request may go once the call has returned. */
void session_run(Session *s, const RunRequest *r, RunDone done, void *arg);

/* Checks the names of a request and compiles what a run of it will need; values of feeds and the
 * token are not looked at. The errors are those of session_run(). */
Status *session_prepare(Session *s, const RunRequest *r) MUST_USE;

/* Declares a partial run: feeds by name, fetches, targets; starts it. *ret is an opaque handle for
 * mem_free(). */
Status *session_partial_run_setup(Session *s, const RunRequest *r, char **ret) MUST_USE;
void session_partial_run(Session *s, const char *handle, const RunRequest *r, RunDone done,
                         void *arg);

typedef struct PartialName {
        const char *name;
        bool done; /* fed, or fetched */
} PartialName;
typedef struct PartialInfo {
        const char *handle;
        int64_t step_id, started_us; /* wall clock */
        const PartialName *feeds, *fetches;
        int n_feeds, n_fetches;
        int waiting; /* calls that are not answered yet */
} PartialInfo;
/* The live ones, oldest first. fn is called under locks: it must not call back. */
Status *session_each_partial_run(Session *s, Status *(*fn)(void *arg, const PartialInfo *i),
                                 void *arg) MUST_USE;
/* Ends one; its waiting calls are CANCELLED. INVALID_ARGUMENT as in a call with such a handle. */
Status *session_partial_run_end(Session *s, const char *handle) MUST_USE;

/* ---- steps ---- */
typedef struct StepInfo {
        int64_t id, started_us, ended_us; /* wall clock; ended_us 0 while running */
        StatusCode code;                  /* of an ended one */
        bool partial;
} StepInfo;
/* Running steps, then the most recent ended ones, newest first. */
Status *session_each_step(Session *s, Status *(*fn)(void *arg, const StepInfo *i),
                          void *arg) MUST_USE;
/* NOT_FOUND when there is no such running step. */
Status *session_cancel_step(Session *s, int64_t id) MUST_USE;

/* ---- state ---- */
typedef struct VariableInfo {
        const char *name, *container;
        DType dtype;
        Shape shape; /* of the value, or as declared while uninitialized */
        int64_t bytes;
        bool initialized;
} VariableInfo;
Status *session_each_variable(Session *s, Status *(*fn)(void *arg, const VariableInfo *v),
                              void *arg) MUST_USE;
/* A new reference to a variable's value; NOT_FOUND, or FAILED_PRECONDITION while uninitialized. */
Status *session_get_variable(Session *s, const char *name, Tensor **ret) MUST_USE;
/* Sets a variable; INVALID_ARGUMENT for another dtype or an incompatible shape. */
Status *session_set_variable(Session *s, const char *name, Tensor *value) MUST_USE;
/* The same, but ABORTED when the value is no longer the one that session_get_variable() gave. */
Status *session_replace_variable(Session *s, const char *name, const Tensor *read,
                                 Tensor *value) MUST_USE;

/* ---- queues: queues.c ----
 * By the queue's name (shared_name, "_<n>_<node>") or, of a private one, its node's name. NOT_FOUND
 * when there is none: a queue is made when its node first runs. */
Status *session_each_queue(Session *s, Status *(*fn)(void *arg, const QueueInfo *q),
                           void *arg) MUST_USE;
Status *session_get_queue(Session *s, const char *name,
                          Status *(*fn)(void *arg, const QueueInfo *q), void *arg) MUST_USE;
typedef struct QueueWait {
        int64_t wait_ns; /* 0: not at all; negative: for ever. Afterwards DEADLINE_EXCEEDED */
        Cancel *cancel;  /* the request's token; may be NULL */
} QueueWait;
/* Each calls done exactly once, on any thread, without making the caller wait. many: the components
 * are batches of rows. All pointers may go once the call has returned. */
void session_queue_enqueue(Session *s, const char *name, Tensor *const *components, int n,
                           bool many, const QueueWait *w, QueueDone done, void *arg);
enum { QUEUE_ONE = -1 };
/* n rows as a batch, or one row as it is (QUEUE_ONE). up_to: fewer when the queue is closed. */
void session_queue_dequeue(Session *s, const char *name, int64_t n, bool up_to, const QueueWait *w,
                           QueueDone done, void *arg);
/* Waits for the enqueues that wait, unless they are to be cancelled. */
void session_queue_close(Session *s, const char *name, bool cancel_pending, QueueDone done,
                         void *arg);

/* ---- tensor handles: handles.c; what GetSessionHandle leaves, too ---- */
/* fn is called under a lock: it must not call back. */
Status *session_each_handle(Session *s,
                            Status *(*fn)(void *arg, const char *handle, const Tensor *t),
                            void *arg) MUST_USE;
/* Keeps a value (a new reference is taken). *ret is its handle "name;id;", for mem_free(). */
Status *session_put_handle(Session *s, const char *name, Tensor *value, char **ret) MUST_USE;
/* A new reference; INVALID_ARGUMENT for an unknown handle. */
Status *session_get_handle(Session *s, const char *handle, Tensor **ret) MUST_USE;
Status *session_delete_handle(Session *s, const char *handle) MUST_USE;

/* Calls fn for each container that holds something, by name. */
Status *session_each_container(Session *s,
                               Status *(*fn)(void *arg, const char *container, int resources),
                               void *arg) MUST_USE;
typedef struct SessionCounts {
        int variables, initialized, queues, partial_runs, nodes;
        int64_t variable_bytes, steps, running;
} SessionCounts;
void session_counts(Session *s, SessionCounts *ret);

typedef struct DeviceInfo {
        const char *name, *device_type;
        int64_t memory_limit;
        uint64_t incarnation;
} DeviceInfo;
Status *session_each_device(Session *s, Status *(*fn)(void *arg, const DeviceInfo *d),
                            void *arg) MUST_USE;
/* Is that the whole name of one of its devices? *ret_parsed: it is a device name at all. */
bool session_has_device(const Session *s, const char *name, bool *ret_parsed);
/* TensorFlow's answer where no device is a card: CPUs are not in its mapping. */
#define DEVICE_MAPPING "Device mapping: no known devices."
typedef struct PlacementInfo {
        const char *name, *op;
        const char *device; /* NULL: a session with place_pruned_graph has not needed it yet */
} PlacementInfo;
/* Where each node runs, in the graph's order. Fails as every run would when a node fits no device.
 */
Status *session_each_placement(Session *s, Status *(*fn)(void *arg, const PlacementInfo *p),
                               void *arg) MUST_USE;
const ConfigProto *session_config(const Session *s);
const char *session_target(const Session *s);
const char *session_container(const Session *s);

/* Cancels running steps, aborts partial runs, wakes waiters, drops resources; done(arg) when the
 * last step has ended. Closing a closed session is fine. */
void session_close(Session *s, void (*done)(void *arg), void *arg);
